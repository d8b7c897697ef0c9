"""A client's past for a simulation: completed visits and birthdays in the order of time."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from msgspec import Struct

from chalicelib.domain.clients.client_plan import birthday_in
from chalicelib.domain.loyalty.account import Account
from chalicelib.domain.loyalty.programme import Bill, with_turnover
from chalicelib.domain.shared.months import month_name
from chalicelib.domain.shared.zones import day_start, local_date


class Span(Struct, frozen=True, kw_only=True):
    """The span of a simulation, and how it is run.

    warm_from             the first instant whose visits are simulated.
    since, until          the counted part; until is excluded.
    zone                  the network's.
    redeem_share_percent  the share of redeemable points that clients redeem at every visit; None: the share
                          that they really redeemed.
    birthday_days_before  how many days before a birthday its gift is given.
    """

    warm_from: datetime
    since: datetime
    until: datetime
    zone: str
    redeem_share_percent: int | None = None
    birthday_days_before: int = 0


class PastVisit(Struct, frozen=True, kw_only=True):
    """One completed booking. on: the local date in the salon. bill, redeemed_points and earned_points are the
    real ones, without refunds."""

    at: datetime
    on: date
    salon_id: str
    salon_zone: str
    currency: str
    bill: Bill
    redeemed_points: int = 0
    earned_points: int = 0


class Step(Struct, frozen=True):
    """A visit with what depends on no rules. month: in which it is counted; None: it is not counted. before,
    after: accounts with the turnover before and after the visit."""

    at: datetime
    visit: PastVisit
    month: str | None
    is_new_visit: bool
    before: Account
    after: Account


class PastBirthday(Struct, frozen=True):
    """The instant of a birthday's gift. month: in which it is counted; None: it is not counted."""

    at: datetime
    month: str | None


def steps_of(past: Sequence[PastVisit], span: Span, has_tiers: bool) -> Iterator[Step]:
    """The steps of past visits. Several bookings on one day in one salon are one visit. Turnover is computed
    only where the rules have tiers."""
    before = after = Account(network_id="", client_id="")
    seen: set[tuple[date, str]] = set()
    for visit in past:
        day_and_salon = (visit.on, visit.salon_id)
        is_new = day_and_salon not in seen
        seen.add(day_and_salon)
        if has_tiers:
            after = with_turnover(before, visit.on, visit.currency, visit.bill.paid_minor, int(is_new))
        yield Step(visit.at, visit, month_counted(visit.at, span), is_new, before, after)
        before = after


def birthdays_of(birth_date: date, first_at: datetime, span: Span) -> Iterator[PastBirthday]:
    """The local midnights at which birthday gifts are given, after the first visit. In common years a
    birthday on 29 February is on the 28th."""
    ahead = timedelta(days=span.birthday_days_before)
    for year in range(first_at.year, span.until.year + 2):
        at = day_start(birthday_in(year, birth_date) - ahead, span.zone)
        if first_at < at < span.until:
            yield PastBirthday(at, month_counted(at, span))


def month_counted(at: datetime, span: Span) -> str | None:
    """The month in which an event at that instant is counted; None: it is not counted."""
    return month_name(local_date(at, span.zone)) if span.since <= at < span.until else None
