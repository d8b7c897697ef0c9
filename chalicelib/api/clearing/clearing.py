"""The clearing of points between salons: where the points of a month were granted, and where they were
honoured."""

from collections.abc import Iterable
from datetime import datetime

from chalicelib.api.http.endpoint import OFFICE, Ask, endpoint, get, post
from chalicelib.api.http.parsing import Body
from chalicelib.api.http.schemas import Answered, Cursor, Limit, Listing, Money, in_pages, money
from chalicelib.api.messages.reports import Month
from chalicelib.api.waking.walks import WalkAnswer, answer_of
from chalicelib.domain.clearing.clearing import Clearing, MonthSums, PairSum, total_of
from chalicelib.domain.networks.network import Directory
from chalicelib.services.clearing.audit_nightly import ensure_nightly
from chalicelib.services.clearing.clear_month import clearing_of, start_clearing


class ClearingFilter(Body):
    """month: `2026-11`, in the network's zone. limit: number of pairs on a page at most."""

    month: Month
    limit: Limit = 50
    cursor: Cursor | None = None


class CountMonthRequest(Body):
    month: Month


class ClearingTotals(Answered):
    """Points, signed as in entries. net: their sum, the change of all balances. reversed: returned and taken
    back."""

    granted: int
    redeemed: int
    expired: int
    reversed: int
    merged: int
    corrected: int
    net: int


class PairAnswer(Answered):
    """Points of lots of the granting salon, moved by entries of the honouring salon; null: no salon.

    Points are signed as in entries. returned: by reversals, mostly of redemptions; taken_back: by reversals,
    and by payment of debts. honoured: redeemed less returned points, positive; value: what the granting salon
    owes the honouring salon for them.
    """

    granting_salon_id: str | None
    honouring_salon_id: str | None
    granted: int
    redeemed: int
    returned: int
    taken_back: int
    expired: int
    merged: int
    corrected: int
    net: int
    honoured: int
    value: Money | None


class ClearingSalonAnswer(Answered):
    """What points paid for in a salon. completed: number of its completed bookings of the month.
    cost_per_visit: value divided by completed; null where there were none. redemptions: number of
    redemptions."""

    salon_id: str
    completed: int
    redemptions: int
    honoured: int
    value: Money | None
    cost_per_visit: Money | None


class LiabilityAnswer(Answered):
    """Points that were open at the end of the month, or at as_of, if that is earlier. expires: the month of
    the last day on which they can be used; or `never`; or `inactivity`: each visit extends their life. value:
    in the currency of the granting salon."""

    expires: str
    points: int
    value: Money | None


class ClearingAnswer(Answered):
    """items: a page of pairs of salons; all other fields are of the whole month. as_of: entries that were
    recorded later are left out. final: no further entry can belong to the month. entries: number. debt: the
    increase of the clients' debts. breakage: expired points, positive. breakage and liability are by currency
    of the granting salon."""

    month: str
    since: datetime
    until: datetime
    as_of: datetime
    final: bool
    walk_id: str
    entries: int
    totals: ClearingTotals
    debt: int
    items: list[PairAnswer]
    salons: list[ClearingSalonAnswer]
    liability: list[LiabilityAnswer]
    breakage: list[LiabilityAnswer]
    next_cursor: str | None


class _Values:
    """Values of points in the currency of a salon. Points of no salon are in the currency of the network's
    first salon."""

    def __init__(self, clearing: Clearing, directory: Directory) -> None:
        self._clearing, self._salons = clearing, directory.salons

    def currency(self, salon_id: str) -> str | None:
        salon = self._salons.get(salon_id) or self._salons.get(min(self._salons, default=""))
        return salon.currency if salon is not None else None

    def of(self, points: int, currency: str | None) -> Money | None:
        value = self._clearing.point_values.get(currency or "")
        return money(points * value, currency) if value is not None else None


@get("/v1/reports/bonus/clearing")
@endpoint(roles=OFFICE, query=ClearingFilter, answer=ClearingAnswer)
def clearing(ask: Ask) -> ClearingAnswer:
    """The newest report on a month. A month that is over is counted on its second night; every month is
    counted on a POST request."""
    _ensure_whole_network(ask)
    asked: ClearingFilter = ask.query
    network_id = ask.access.network_id
    found, sums = clearing_of(ask.world, network_id, asked.month)
    values = _Values(found, ask.world.directory(network_id))
    page = in_pages(sums.pairs, Listing(limit=asked.limit, cursor=asked.cursor))
    return ClearingAnswer(
        month=found.month,
        since=found.period.since,
        until=found.period.until,
        as_of=found.as_of,
        final=found.is_final,
        walk_id=found.walk_id,
        entries=sums.entries,
        totals=_totals(total_of(sums.pairs)),
        debt=sums.debt,
        items=[_pair(pair, values) for pair in page.items],
        salons=_salons(sums, values),
        liability=_by_month(((each.granting, each.expires, each.points) for each in sums.owed), values),
        breakage=_by_month(((pair.granting, found.month, -pair.expired) for pair in sums.pairs), values),
        next_cursor=page.next_cursor,
    )


@post("/v1/reports/bonus/clearing")
@endpoint(roles=OFFICE, body=CountMonthRequest, answer=WalkAnswer, status=202)
def count(ask: Ask) -> WalkAnswer:
    """Begins to count a month, which may not be over yet: `/v1/walks/{id}` has the progress. A walk that is
    under way is returned."""
    _ensure_whole_network(ask)
    ensure_nightly(ask.world, ask.access.network_id)
    return answer_of(ask, start_clearing(ask.world, ask.access.network_id, ask.body.month))


def _ensure_whole_network(ask: Ask) -> None:
    """The report shows the whole network's business."""
    ask.access.ensure_whole_network()


def _totals(total: PairSum) -> ClearingTotals:
    return ClearingTotals(
        granted=total.granted,
        redeemed=total.redeemed,
        expired=total.expired,
        reversed=total.returned + total.taken_back,
        merged=total.merged,
        corrected=total.corrected,
        net=total.net,
    )


def _pair(pair: PairSum, values: _Values) -> PairAnswer:
    same = ("granted", "redeemed", "returned", "taken_back", "expired", "merged", "corrected", "net")
    return PairAnswer(
        **{name: getattr(pair, name) for name in same},
        granting_salon_id=pair.granting or None,
        honouring_salon_id=pair.honouring or None,
        honoured=pair.honoured,
        value=values.of(pair.honoured, values.currency(pair.honouring)),
    )


def _salons(sums: MonthSums, values: _Values) -> list[ClearingSalonAnswer]:
    honoured: dict[str, int] = {}
    for pair in sums.pairs:
        honoured[pair.honouring] = honoured.get(pair.honouring, 0) + pair.honoured
    active = (
        {salon_id for salon_id, points in honoured.items() if points}
        | set(sums.bookings)
        | set(sums.redemptions)
    )
    return [_salon(each, honoured.get(each, 0), sums, values) for each in sorted(active) if each]


def _salon(salon_id: str, points: int, sums: MonthSums, values: _Values) -> ClearingSalonAnswer:
    completed, currency = sums.bookings.get(salon_id, 0), values.currency(salon_id)
    value = values.of(points, currency)
    each = rounded(value.amount_minor, completed) if value is not None and completed else None
    return ClearingSalonAnswer(
        salon_id=salon_id,
        completed=completed,
        redemptions=sums.redemptions.get(salon_id, 0),
        honoured=points,
        value=value,
        cost_per_visit=money(each, currency),
    )


def rounded(amount: int, parts: int) -> int:
    """An amount divided by `parts`, rounded to the nearest integer."""
    return (2 * amount + parts) // (2 * parts)


def _by_month(found: Iterable[tuple[str, str, int]], values: _Values) -> list[LiabilityAnswer]:
    """Points by month of expiry, and by currency of the granting salon."""
    points: dict[tuple[str, str | None], int] = {}
    for granting, month, number in found:
        key = (month, values.currency(granting))
        points[key] = points.get(key, 0) + number
    return [
        LiabilityAnswer(expires=key[0], points=points[key], value=values.of(points[key], key[1]))
        for key in sorted(points, key=str)
        if points[key]
    ]
