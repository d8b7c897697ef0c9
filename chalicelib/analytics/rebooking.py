"""Rebooking: visits after which the client already held the next booking."""

from chalicelib.analytics.lists import listed_clients
from chalicelib.analytics.names import names_of_keys
from chalicelib.analytics.statements import Asked, Figures
from chalicelib.domain.reports.questions import ListedClients
from chalicelib.domain.statistics.wilson import Interval, wilson

_FILES = "asked_lines", "rebooking"


def rebooking(asked: Asked) -> tuple[list[Figures], Figures]:
    """Rows and total."""
    (total,) = _counted(asked, None).values() or [_figures(0, 0, 0, 0, 0)]
    by = asked.question.by
    if by is None:
        return [], total
    names = names_of_keys(asked.connection, by)
    rows = _counted(asked, by).items()
    return [{"key": key, "name": names.get(key, key)} | figures for key, figures in rows], total


def listed_by_rebooking(asked: Asked) -> ListedClients:
    """The clients of the counted visits; those who rebooked at one of them at least, or at none."""
    return listed_clients(asked, *_FILES, "rebooking_list")


def _counted(asked: Asked, by: str | None) -> dict[str, Figures]:
    return {key: _figures(*counts) for key, *counts in asked.rows(*_FILES, "rebooking_figures", by=by)}


def _figures(visits: int, rebooked: int, clients: int, unknown: int, maturing: int) -> Figures:
    return {
        "visits": visits,
        "rebooked": rebooked,
        "rate": rebooked / visits if visits else None,
        "interval": _interval(rebooked, visits, unknown),
        "clients": clients,
        "unknown": unknown,
        "maturing": maturing,
    }


def _interval(rebooked: int, visits: int, unknown: int) -> Interval | None:
    """Wilson's interval; its ends are as if none of the unknown visits were rebooked, and as if all were."""
    least, most = wilson(rebooked, visits + unknown), wilson(rebooked + unknown, visits + unknown)
    return (least[0], most[1]) if least is not None and most is not None else None
