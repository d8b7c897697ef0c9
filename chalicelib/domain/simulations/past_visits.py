"""A client's past as a simulation lives through it: completed visits and birthdays in the order of time."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from msgspec import Struct

from chalicelib.domain.clients.client_plan import birthday_in
from chalicelib.domain.loyalty.account import Account
from chalicelib.domain.loyalty.programme import Bill, with_turnover
from chalicelib.domain.shared.months import month_name
from chalicelib.domain.shared.zones import day_start, local_date


class Span(Struct, frozen=True, kw_only=True):
    """What is simulated and how. Visits from `warm_from` on are lived through, those from `since` until
    `until` are counted. zone: the network's. redeem_share_percent: of what they could, clients redeem so much
    at every visit; None: the share that they did. birthday_days_before: when gifts for birthdays are
    given."""

    warm_from: datetime
    since: datetime
    until: datetime
    zone: str
    redeem_share_percent: int | None = None
    birthday_days_before: int = 0


class PastVisit(Struct, frozen=True, kw_only=True):
    """One completed booking. on: local date in the salon. redeemed_points, earned_points: what it really
    came to, refunds taken off; so with the bill."""

    at: datetime
    on: date
    salon_id: str
    salon_zone: str
    currency: str
    bill: Bill
    redeemed_points: int = 0
    earned_points: int = 0


class Step(Struct, frozen=True):
    """A visit with what does not depend on the rules. month: in which it is counted, if it is; turnover: an
    account that tells what had been spent before it, and after."""

    at: datetime
    visit: PastVisit
    month: str | None
    is_new_visit: bool
    before: Account
    after: Account


class PastBirthday(Struct, frozen=True):
    at: datetime
    month: str | None


def steps_of(past: Sequence[PastVisit], span: Span, has_tiers: bool) -> Iterator[Step]:
    """Several bookings on one day in one salon are one visit. Turnover is kept where tiers ask for it."""
    before = after = Account(network_id="", client_id="")
    seen: set[tuple[date, str]] = set()
    for visit in past:
        place = (visit.on, visit.salon_id)
        is_new = place not in seen
        seen.add(place)
        if has_tiers:
            after = with_turnover(before, visit.on, visit.currency, visit.bill.paid_minor, int(is_new))
        yield Step(visit.at, visit, month_counted(visit.at, span), is_new, before, after)
        before = after


def birthdays_of(born: date, first_at: datetime, span: Span) -> Iterator[PastBirthday]:
    """The local midnights at which something is given for them, after the first visit; 29 February is 28 in
    other years."""
    before = timedelta(days=span.birthday_days_before)
    for year in range(first_at.year, span.until.year + 2):
        at = day_start(birthday_in(year, born) - before, span.zone)
        if first_at < at < span.until:
            yield PastBirthday(at, month_counted(at, span))


def month_counted(at: datetime, span: Span) -> str | None:
    """The month in which something is counted; None: it is not."""
    return month_name(local_date(at, span.zone)) if span.since <= at < span.until else None
