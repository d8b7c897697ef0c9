"""The points of a completed visit: points that pay for a part of the bill, points that the bill earns, and
the turnover that decides the client's tier. Nothing is written here."""

from collections.abc import Sequence
from datetime import date, datetime

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.loyalty import programme
from chalicelib.domain.loyalty.account import Account, Entry, EntryKind, Posting
from chalicelib.domain.loyalty.ledger import post, release_points, settled
from chalicelib.domain.loyalty.lots import with_activity
from chalicelib.domain.networks.bonus_rules import BonusRules, Programme
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.errors import refused
from chalicelib.domain.shared.ids import entry_id
from chalicelib.domain.shared.zones import local_date


class VisitPoints(Struct, frozen=True):
    """The account after a visit, and the visit's entries. earned: the points that the bill earned, even where
    they paid a debt. percent: of the bill."""

    account: Account
    entries: tuple[Entry, ...]
    earned: int = 0
    percent: int = 0


def posting_id(
    booking: Booking, kind: EntryKind, *, correction: int | None = None, holder_id: str | None = None
) -> str:
    """The id of a posting of that kind, by the completion or by a correction of its sum. It follows from the
    booking, so that a repeated posting is the same entry.

    correction: its number; 0: the completion itself; None: the booking's latest. holder_id: whose ledger has
    the entry; None: the booking's client.
    """
    number = booking.corrections if correction is None else correction
    cause = ("visit", booking.id, kind, str(booking.reopened), *([str(number)] if number else []))
    return entry_id(holder_id or str(booking.client_id), *cause)


def posting_ids(booking: Booking, kind: EntryKind, ledger: Sequence[Entry] = ()) -> list[str]:
    """The ids that the postings of that kind may have, the completion's first. ledger: of the booking's
    client and of the clients merged with the client."""
    holders = dict.fromkeys((str(booking.client_id), *(entry.client_id for entry in ledger)))
    return [
        posting_id(booking, kind, correction=number, holder_id=holder)
        for number in range(booking.corrections + 1)
        for holder in holders
    ]


def bill_of_booking(
    booking: Booking, directory: Directory, paid_minor: int, goods_minor: int
) -> programme.Bill:
    """The bill of a booking. Its charges are the services that the booking names, at their list prices."""
    charges = []
    for line in booking.lines:
        service = directory.services.get(line.service_id)
        category = service.category if service else None
        charges.append(programme.Charge(line.service_id, category, line.price_minor or 0))
    return programme.Bill(paid_minor=paid_minor, goods_minor=goods_minor, charges=tuple(charges))


def visited_on(booking: Booking, directory: Directory) -> date:
    return local_date(booking.visited_at, directory.salons[booking.salon_id].timezone)


def programme_of(booking: Booking, directory: Directory) -> Programme:
    """The programme that holds in the booking's salon on its day."""
    return programme.programme_for(directory.rules.bonuses, booking.salon_id, visited_on(booking, directory))


def makes_other_points(directory: Directory, before: Booking, after: Booking) -> bool:
    """Whether other lines make other points of a bill that was told, by the programme of the visit: what
    counts of the bill, and what points may pay of it."""
    if before.paid_minor is None or before.is_bill_open or before.lines == after.lines:
        return False
    terms = programme_of(after, directory)
    value = directory.rules.bonuses.point_value(after.currency)
    one, other = (
        bill_of_booking(each, directory, before.paid_minor, before.goods_minor or 0)
        for each in (before, after)
    )
    return terms.enabled and (
        programme.earned_points(one, 0, terms, 100, 1) != programme.earned_points(other, 0, terms, 100, 1)
        or programme.cap_points(one, terms, value) != programme.cap_points(other, terms, value)
    )


def points_of_visit(
    directory: Directory,
    booking: Booking,
    account: Account,
    redeem_points: int,
    actor: str,
    now: datetime,
    *,
    is_new_visit: bool,
) -> VisitPoints:
    """The points of a closed booking. Points held for the booking pay first; held points that are not
    redeemed are free again.

    booking: with its bill. is_new_visit: no other booking has counted for the client in that salon on that
    day. Raises OVER_CAP, UNDER_MINIMUM, WRONG_STEP, INSUFFICIENT_POINTS.
    """
    rules, terms = directory.rules.bonuses, programme_of(booking, directory)
    value, day = rules.point_value(booking.currency), visited_on(booking, directory)
    bill = bill_of_booking(booking, directory, booking.paid_minor or 0, booking.goods_minor or 0)
    account, expirations = settled(account, now)
    entries = [*expirations]
    hold = account.hold_of_booking(booking.id)
    if redeem_points:
        ensure_redeemable(redeem_points, bill, terms, rules, booking.currency)
        posting = _posting(booking, EntryKind.REDEEM, -redeem_points, actor)
        done = post(account, posting, now, hold_id=hold.id if hold else None)
        account, entries = done.account, [*entries, *done.entries]
    elif hold is not None:
        release_id = entry_id(account.client_id, "release", hold.id)
        posting = replace(_posting(booking, EntryKind.RELEASE, 0, actor), id=release_id)
        done = release_points(account, hold.id, posting, now)
        account, entries = done.account, [*entries, *done.entries]
    percent = programme.earning_percent(account, terms, booking.currency, day)
    earned = programme.earned_points(bill, redeem_points, terms, percent, value)
    if earned:
        salon_zone = directory.salons[booking.salon_id].timezone
        lot = programme.earned_terms(terms, now, salon_zone, directory.zone)
        posting = replace(
            _posting(booking, EntryKind.CASHBACK, earned, actor),
            available_at=lot.available_at,
            expires_at=lot.expires_at,
            idle_days=lot.idle_days,
        )
        done = post(account, posting, now)
        account, entries = done.account, [*entries, *done.entries]
    account = programme.with_turnover(account, day, booking.currency, bill.paid_minor, int(is_new_visit))
    return VisitPoints(with_activity(account, now, directory.zone), tuple(entries), earned, percent)


def with_open_visit(
    directory: Directory, booking: Booking, account: Account, now: datetime, *, is_new_visit: bool
) -> tuple[Account, int]:
    """The account after a visit whose bill is open, and the percentage that the bill will earn. The visit
    counts; points held for it stay held."""
    day = visited_on(booking, directory)
    percent = programme.earning_percent(account, programme_of(booking, directory), booking.currency, day)
    account = programme.with_turnover(account, day, booking.currency, 0, int(is_new_visit))
    return with_activity(account, now, directory.zone), percent


def points_paid_by_hold(
    directory: Directory, booking: Booking, account: Account, money_minor: int, now: datetime
) -> int:
    """The number of held points that pay for a part of a booking which a booking site closes: all that are
    held for the booking, as far as the programme allows. The client must not have them twice, as a discount
    and as points.

    money_minor: what was paid in money, as the site reports it.
    """
    hold = settled(account, now)[0].hold_of_booking(booking.id)
    return points_beside(directory, booking, hold.points, money_minor) if hold is not None else 0


def points_beside(directory: Directory, booking: Booking, most: int, money_minor: int) -> int:
    """How many points, of `most` at most, pay for a bill besides the money, as far as the programme
    allows."""
    terms, value = programme_of(booking, directory), directory.rules.bonuses.point_value(booking.currency)

    def cap(points: int) -> int:
        """The most points for a bill of the money and so many points. Fewer points make a smaller bill, and
        so a lower cap."""
        bill = bill_of_booking(booking, directory, money_minor + points * value, booking.goods_minor or 0)
        return programme.cap_points(bill, terms, value)

    points = most - most % terms.redeem_step_points  # the step may have changed since
    while (most := cap(points)) < points:
        points = most
    return points if terms.enabled and points >= terms.redeem_minimum_points else 0


def ensure_redeemable(
    points: int, bill: programme.Bill, terms: Programme, rules: BonusRules, currency: str
) -> None:
    """Raises OVER_CAP, UNDER_MINIMUM, WRONG_STEP."""
    cap = programme.cap_points(bill, terms, rules.point_value(currency)) if terms.enabled else 0
    if points > cap:
        raise refused(
            "OVER_CAP",
            f"Points may pay for at most {terms.redeem_cap_percent} % of the bill: {cap} points.",
            cap=cap,
            wanted=points,
        )
    ensure_minimum_and_step(points, terms)


def ensure_minimum_and_step(points: int, terms: Programme) -> None:
    """Raises UNDER_MINIMUM, WRONG_STEP."""
    if points < terms.redeem_minimum_points:
        raise refused(
            "UNDER_MINIMUM",
            f"At least {terms.redeem_minimum_points} points are redeemed at once.",
            minimum=terms.redeem_minimum_points,
            wanted=points,
        )
    if points % terms.redeem_step_points:
        step = terms.redeem_step_points
        raise refused("WRONG_STEP", f"Points are redeemed in steps of {step}.", step=step, wanted=points)


def _posting(booking: Booking, kind: EntryKind, points: int, actor: str) -> Posting:
    return Posting(
        id=posting_id(booking, kind),
        kind=kind,
        points=points,
        reason="visit",
        actor=actor,
        booking_id=booking.id,
        salon_id=booking.salon_id,
    )
