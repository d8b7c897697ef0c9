"""The clearing of points between salons: what was granted where and honoured where, in a month."""

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
    """month: `2026-11`, in the network's zone. limit: how many pairs make a page at most."""

    month: Month
    limit: Limit = 50
    cursor: Cursor | None = None


class CountMonthRequest(Body):
    month: Month


class ClearingTotals(Answered):
    """Points, signed as in entries: net, their sum, is by how much all balances changed. reversed: returned
    and taken back."""

    granted: int
    redeemed: int
    expired: int
    reversed: int
    merged: int
    corrected: int
    net: int


class PairAnswer(Answered):
    """Points of lots that one salon granted, moved by entries posted in the other; null: in no salon.

    Signed as in entries. returned: by reversals, mostly of redemptions; taken_back: by reversals, and as
    debts were paid. honoured: redeemed less returned, positive; value: what the granting salon owes for it to
    the honouring one.
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
    """What points paid for in a salon. completed: its bookings of the month that were completed.
    cost_per_visit: value by completed; null where there were none. redemptions: how often points were
    spent."""

    salon_id: str
    completed: int
    redemptions: int
    honoured: int
    value: Money | None
    cost_per_visit: Money | None


class LiabilityAnswer(Answered):
    """Points that were still open at the end of the month (or at as_of, if that is earlier). expires: the
    month of the last day on which they can be used; `never`; `inactivity`: each visit puts it off. value: in
    the currency of the salon that granted them."""

    expires: str
    points: int
    value: Money | None


class ClearingAnswer(Answered):
    """items: pairs of salons, a page of them; the rest is of the whole month. as_of: what was recorded later
    is not in it. final: nothing can come to it any more. entries: how many. debt: by how much more clients
    owe than before. breakage: points that expired, positive. breakage and liability by the granting salon's
    currency."""

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
    """What points are worth, in the currency of a salon; of none, in that of the network's first."""

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
    """As a walk has counted it last: of a month that is over, by itself on its second night; of any, when
    asked to by POST."""
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
    """Has a month counted (anew), be it over or not: `/v1/walks/{id}` tells how far it is. One that is under
    way is answered with."""
    _ensure_whole_network(ask)
    ensure_nightly(ask.world, ask.access.network_id)
    return answer_of(ask, start_clearing(ask.world, ask.access.network_id, ask.body.month))


def _ensure_whole_network(ask: Ask) -> None:
    """What is due between two salons concerns both, and shows the network's business."""
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
    at_work = {id for id, points in honoured.items() if points} | set(sums.bookings) | set(sums.redemptions)
    return [_salon(id, honoured.get(id, 0), sums, values) for id in sorted(at_work) if id]


def _salon(id: str, points: int, sums: MonthSums, values: _Values) -> ClearingSalonAnswer:
    completed, currency = sums.bookings.get(id, 0), values.currency(id)
    value = values.of(points, currency)
    each = rounded(value.amount_minor, completed) if value is not None and completed else None
    return ClearingSalonAnswer(
        salon_id=id,
        completed=completed,
        redemptions=sums.redemptions.get(id, 0),
        honoured=points,
        value=value,
        cost_per_visit=money(each, currency),
    )


def rounded(amount: int, parts: int) -> int:
    """A part of an amount, to the nearest whole."""
    return (2 * amount + parts) // (2 * parts)


def _by_month(found: Iterable[tuple[str, str, int]], values: _Values) -> list[LiabilityAnswer]:
    """Points by month, and by the currency of the salon that had granted them."""
    points: dict[tuple[str, str | None], int] = {}
    for granting, month, number in found:
        key = (month, values.currency(granting))
        points[key] = points.get(key, 0) + number
    return [
        LiabilityAnswer(expires=key[0], points=points[key], value=values.of(points[key], key[1]))
        for key in sorted(points, key=str)
        if points[key]
    ]
