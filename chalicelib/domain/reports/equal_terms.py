"""Specialists on equal terms: who brings clients back, had all served the same services and the same share of
new clients (docs/metrics.md, "On equal terms").

Direct standardisation: the clients of a specialist are divided into strata, a service category and new or
returning clients each. The rate of each stratum is weighted by the network's own mix, for the specialist and
for the colleagues alike. Only strata that both sides have served count.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from msgspec import Struct

from chalicelib.domain.statistics.wilson import Interval, difference_of_rates, wilson_of_rate

TOO_FEW = 30
"""Below so many effective clients, on either side, a comparison says only that there are too few to tell."""

STRATUM_CLIENTS = 5
"""A stratum counts where either side has served so many clients of it."""

COVERED = 0.5
"""A specialist with a smaller share of clients in strata that colleagues serve is compared with the past."""


class StaffStratum(Struct, frozen=True, kw_only=True):
    """The clients of one specialist in one stratum. Each client of a specialist counts in one stratum: that
    of the first visit to the specialist within the period.

    service_category  of that visit; None where the service has none.
    new               whether the visit was the client's first ever.
    clients           in the base of the retention figure. returned: how many of them returned.
    """

    staff: str
    service_category: str | None
    new: bool
    clients: int
    returned: int


class OnEqualTerms(Struct, frozen=True, kw_only=True):
    """How one specialist compares.

    clients, returned    all of the specialist's, as in the report of retention.
    compared_with        `colleagues`; `own_past`: the specialist's own clients of the former period.
    verdict              `better`, `worse`, `alike` (the interval of the difference holds 0), `too_few`.
    covered              the share of the specialist's clients that are in strata of both sides.
    effective_clients    so many clients, all weighing the same, would measure the rate as well.
    rate, other_rate     returned, on the same mix; None where no stratum is common.
    difference           rate - other_rate. Intervals: 95 %.
    """

    staff: str
    clients: int
    returned: int
    compared_with: str
    verdict: str
    covered: float
    effective_clients: float
    rate: float | None = None
    interval: Interval | None = None
    other_rate: float | None = None
    difference: float | None = None
    difference_interval: Interval | None = None


_Counts = tuple[int, int]
_Strata = Mapping[tuple[str | None, bool], _Counts]


class _Standardised(Struct, frozen=True):
    rate: float
    interval: Interval
    effective_clients: float


def on_equal_terms(
    period: Iterable[StaffStratum], former_period: Iterable[StaffStratum] = ()
) -> list[OnEqualTerms]:
    """Each specialist of the period against the colleagues, by id. A specialist who shares too few strata
    with colleagues, such as a sole master, is compared with the specialist's own former period. ValueError
    where more returned than there are clients."""
    of_staff, of_past = _by_staff(period), _by_staff(former_period)
    everyone = _sum(of_staff.values())
    return [
        _compared(staff, strata, _without(everyone, strata), of_past.get(staff, {}))
        for staff, strata in sorted(of_staff.items())
    ]


def _compared(staff: str, own: _Strata, colleagues: _Strata, past: _Strata) -> OnEqualTerms:
    by_colleagues, by_past = _covered(own, colleagues), _covered(own, past)
    if by_colleagues >= COVERED or by_past <= by_colleagues:
        return _comparison(staff, own, colleagues, "colleagues", by_colleagues)
    return _comparison(staff, own, past, "own_past", by_past)


def _comparison(staff: str, own: _Strata, other: _Strata, compared_with: str, covered: float) -> OnEqualTerms:
    clients, returned = _total(own)
    common = _common(own, other)
    if not common:
        return OnEqualTerms(
            staff=staff, clients=clients, returned=returned, compared_with=compared_with, verdict="too_few",
            covered=covered, effective_clients=0.0,
        )  # fmt: skip
    # The network's mix of the common strata: both sides together.
    weights = {key: float(own[key][0] + other[key][0]) for key in common}
    ours, others = _standardised(own, weights), _standardised(other, weights)
    between = difference_of_rates(ours.rate, ours.interval, others.rate, others.interval)
    return OnEqualTerms(
        staff=staff,
        clients=clients,
        returned=returned,
        compared_with=compared_with,
        verdict=_verdict(min(ours.effective_clients, others.effective_clients), between),
        covered=covered,
        effective_clients=ours.effective_clients,
        rate=ours.rate,
        interval=ours.interval,
        other_rate=others.rate,
        difference=ours.rate - others.rate,
        difference_interval=between,
    )


def _standardised(strata: _Strata, weights: Mapping[tuple[str | None, bool], float]) -> _Standardised:
    """The weighted rate, with Wilson's interval at the number of clients that gives the same variance (Kott
    and Carr 1997; Dean and Pagano 2015). One client more of each outcome keeps the variance of a small
    stratum above 0. With one stratum this is Wilson's interval itself."""
    total = sum(weights.values())
    rate = middle = variance = spread = 0.0
    for key, weight in weights.items():
        clients, returned = strata[key]
        share = weight / total
        likely = (returned + 1) / (clients + 2)
        rate += share * returned / clients
        middle += share * likely
        variance += share * share * likely * (1 - likely) / clients
        spread += share * share / clients
    interval = wilson_of_rate(min(1.0, rate), middle * (1 - middle) / variance)
    return _Standardised(min(1.0, rate), interval, 1 / spread)


def _verdict(effective_clients: float, between: Interval) -> str:
    if effective_clients < TOO_FEW:
        return "too_few"
    if between[0] > 0:
        return "better"
    return "worse" if between[1] < 0 else "alike"


def _common(own: _Strata, other: _Strata) -> list[tuple[str | None, bool]]:
    return [
        key for key, (clients, _) in own.items() if min(clients, other.get(key, (0, 0))[0]) >= STRATUM_CLIENTS
    ]


def _covered(own: _Strata, other: _Strata) -> float:
    clients = _total(own)[0]
    return sum(own[key][0] for key in _common(own, other)) / clients if clients else 0.0


def _total(strata: _Strata) -> _Counts:
    return sum(clients for clients, _ in strata.values()), sum(returned for _, returned in strata.values())


def _by_staff(rows: Iterable[StaffStratum]) -> dict[str, _Strata]:
    found: dict[str, list[_Strata]] = defaultdict(list)
    for row in rows:
        if not 0 <= row.returned <= row.clients:
            raise ValueError(f"{row.returned} returned of {row.clients}")
        found[row.staff].append({(row.service_category, row.new): (row.clients, row.returned)})
    return {staff: _sum(strata) for staff, strata in found.items()}


def _sum(all_strata: Iterable[_Strata]) -> _Strata:
    found: dict[tuple[str | None, bool], _Counts] = {}
    for strata in all_strata:
        for key, (clients, returned) in strata.items():
            so_far = found.get(key, (0, 0))
            found[key] = (so_far[0] + clients, so_far[1] + returned)
    return found


def _without(everyone: _Strata, own: _Strata) -> _Strata:
    return {
        key: (clients - own.get(key, (0, 0))[0], returned - own.get(key, (0, 0))[1])
        for key, (clients, returned) in everyone.items()
    }
