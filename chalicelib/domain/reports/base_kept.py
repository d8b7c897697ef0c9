"""How much of a base was kept, and what it saves to keep clients (docs/metrics.md, "Base-kept")."""

from msgspec import Struct

from chalicelib.domain.statistics.wilson import Interval, difference

SAVED_ASSUMES = (
    "Without the clients who were kept beyond the former rate, as many new clients would have been needed,"
    " each at the cost of a new client."
)


class BaseKept(Struct, frozen=True, kw_only=True):
    """How much of a base was kept, against a former rate, and what that saved.

    kept, clients    who returned, of the base. rate, former_rate: None where a base is empty.
    kept_more        clients kept beyond those whom the former rate would have kept; interval: 95 %. Below 0:
                     fewer were kept.
    saved            kept_more, at the cost of a new client, in minor units; None where no cost is known.
    saved_interval   of `saved`, from that of kept_more.
    assumes          what `saved` takes as true, in words.
    """

    kept: int
    clients: int
    rate: float | None
    former_rate: float | None
    kept_more: float | None
    interval: Interval | None
    saved: int | None
    saved_interval: tuple[int, int] | None
    assumes: str = SAVED_ASSUMES


def base_kept(
    kept: int, clients: int, former_kept: int, former_clients: int, new_client_cost: int | None
) -> BaseKept:
    """The base of a period against that of a former period, by the same definition of retention.
    new_client_cost: advertising of the period, by the clients whom it brought, in minor units. ValueError for
    counts that cannot be."""
    between = difference(kept, clients, former_kept, former_clients)
    more = interval = saved = saved_interval = None
    if between is not None:
        more = (kept / clients - former_kept / former_clients) * clients
        interval = between[0] * clients, between[1] * clients
        if new_client_cost is not None:
            saved = round(more * new_client_cost)
            saved_interval = round(interval[0] * new_client_cost), round(interval[1] * new_client_cost)
    return BaseKept(
        kept=kept,
        clients=clients,
        rate=kept / clients if clients else None,
        former_rate=former_kept / former_clients if former_clients else None,
        kept_more=more,
        interval=interval,
        saved=saved,
        saved_interval=saved_interval,
    )
