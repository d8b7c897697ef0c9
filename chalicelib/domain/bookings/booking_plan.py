"""The touches that a booking calls for, and the instant at which it next wakes. Both are pure functions of
the booking's state and the network's rules."""

from datetime import datetime, time, timedelta

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Status, pending_write_back
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.networks.rules import MessageRules
from chalicelib.domain.shared.touches import (
    Plan,
    Touch,
    TouchKind,
    TouchState,
    due_at,
    open_plans,
    timely,
    touch_of,
)
from chalicelib.domain.shared.waking import Wake, first_wake
from chalicelib.domain.shared.zones import day_start, local_date, local_instant

THANKS_USEFUL = timedelta(days=7)
NO_SHOW_USEFUL = timedelta(days=7)
OPEN_BILL = "open_bill"
"""Why a booking wakes whose bill is counted by its lines, since nobody has told what was paid."""
WRITE_BACK = "write_back"
"""Why a booking wakes whose site is to take the client's step."""
_ASKED = frozenset({TouchState.SENDING, TouchState.SENT, TouchState.AWAITING, TouchState.UNKNOWN})
ASKED_AFTER, ASKED_BEFORE = timedelta(hours=1), timedelta(minutes=30)
"""When the desk is asked for an unknown client: so long after the booking, or so long before the start."""
ATTACH_RETRIES = (timedelta(minutes=1), timedelta(hours=1), timedelta(days=1))


def plans(booking: Booking, rules: MessageRules, zone: str, now: datetime) -> tuple[Plan, ...]:
    """Every touch that the booking's present state calls for, each due at an instant or left out for a
    reason.

    zone: whose clock the quiet hours are read on (the client's, else the salon's).
    """
    if booking.client_id is None:
        return ()
    if booking.is_upcoming:
        wanted = [_notice(booking), _confirm_request(booking, rules), _control_reminder(booking, rules)]
    elif booking.status is Status.COMPLETED and booking.closed_at is not None:
        wanted = _thanks(booking, rules, zone, booking.closed_at)
    elif booking.tell_cancelled and booking.closed_at is not None:
        wanted = [Plan(TouchKind.NOTICE, booking.closed_at, booking.starts_at)]
    elif booking.status is Status.NO_SHOW and booking.closed_at is not None:
        wanted = [_no_show_invitation(booking, rules, zone, booking.closed_at)]
    else:
        return ()
    since = booking.closed_at or booking.made_at
    occurring = (replace(plan, occurrence=booking.moves) for plan in wanted)
    return tuple(
        replace(plan, reason="switched_off")
        if rules.is_off(plan.kind)
        else timely(plan, touch_of(booking.touches, plan), rules.quiet_hours, zone, made_at=since, now=now)
        for plan in occurring
    )


def _notice(booking: Booking) -> Plan:
    plan = Plan(TouchKind.NOTICE, booking.made_at, booking.starts_at)
    return replace(plan, reason="made_afterwards") if booking.made_at >= booking.starts_at else plan


def _confirm_request(booking: Booking, rules: MessageRules) -> Plan:
    at = booking.starts_at - timedelta(hours=rules.confirm_request_hours_before)
    until = booking.starts_at - timedelta(hours=rules.confirm_cutoff_hours_before)
    plan = Plan(TouchKind.CONFIRM_REQUEST, at, until)
    if booking.status is Status.CONFIRMED:
        return replace(plan, reason="already_confirmed")
    return replace(plan, reason="booked_late") if booking.made_at > at else plan


def _control_reminder(booking: Booking, rules: MessageRules) -> Plan:
    at = booking.starts_at - timedelta(minutes=rules.control_reminder_minutes_before)
    plan = Plan(TouchKind.CONTROL_REMINDER, at, booking.starts_at)
    return replace(plan, reason="booked_late") if booking.made_at > at else plan


def _thanks(booking: Booking, rules: MessageRules, zone: str, closed_at: datetime) -> list[Plan]:
    """Review request and bonus notice. Their times count from the end of the visit, since a site may tell
    that the client came when the visit begins; or from the closing, so that a visit that was closed late is
    still thanked for."""
    at = max(closed_at, booking.ends_at) + timedelta(minutes=rules.review_request_minutes_after)
    review = Plan(TouchKind.REVIEW_REQUEST, at, at + THANKS_USEFUL)
    bonus = Plan(TouchKind.BONUS_NOTICE, at, at + THANKS_USEFUL)
    if closed_at - booking.ends_at > THANKS_USEFUL:
        return [replace(review, reason="closed_too_late"), replace(bonus, reason="closed_too_late")]
    if booking.review is not None:
        review = replace(review, reason="already_reviewed")
    elif _was_asked_that_day(booking, zone):
        review = replace(review, reason="already_asked")
    if booking.earned_points <= 0:
        bonus = replace(bonus, reason="nothing_earned")
    return [review, bonus]


def _was_asked_that_day(booking: Booking, zone: str) -> bool:
    """Whether a review was asked for before the visit was reopened and moved, and not before its present
    day: one visit is one day. A visit moved to a later day is another one."""
    asked = booking.touches.get(TouchKind.REVIEW_REQUEST)
    if asked is None or asked.state not in _ASKED or asked.occurrence >= booking.moves:
        return False
    return local_date(asked.at, zone) >= local_date(booking.starts_at, zone)


def next_wake(booking: Booking, rules: MessageRules, zone: str, now: datetime) -> Wake | None:
    """The instant at which the booking next needs attention; None if nothing becomes due by itself any
    more."""
    pending = pending_write_back(booking)
    steps = [Wake(pending.due_at, WRITE_BACK)] if pending is not None else []
    if booking.waiting_for is not None:
        return first_wake([*steps, *_attach_wakes(booking, now)], booking.trouble)
    if booking.bill_due_at is not None:
        steps.append(Wake(booking.bill_due_at, OPEN_BILL))
    open_now = open_plans(plans(booking, rules, zone, now), booking.touches, now)
    wakes = [Wake(due_at(plan, touch_of(booking.touches, plan)), plan.kind.value) for plan in open_now]
    wakes += steps
    cut_off = unconfirmed_at(booking, rules)
    if cut_off is not None:
        wakes.append(Wake(cut_off, "unconfirmed"))
    return first_wake(wakes, booking.trouble)


def bill_due_at(closed_at: datetime, salon_zone: str) -> datetime:
    """When an open bill counts by the prices of what was sold, if nobody tells what was paid: at the end of
    the salon's local day after the one on which the visit was completed."""
    return day_start(local_date(closed_at, salon_zone) + timedelta(days=2), salon_zone)


def unconfirmed_at(booking: Booking, rules: MessageRules) -> datetime | None:
    """The instant at which the salon is notified that the client was asked to confirm and has not confirmed.
    None if there is nothing to notify of, or the salon was notified already."""
    if booking.status is not Status.BOOKED or booking.unconfirmed_told == booking.moves:
        return None
    asked = asked_to_confirm(booking)
    if asked is None or asked.state is TouchState.SENDING:
        return None
    return booking.starts_at - timedelta(hours=rules.confirm_cutoff_hours_before)


def asked_to_confirm(booking: Booking) -> Touch | None:
    """The request to confirm the present start, if it may have reached the client."""
    asked = booking.touches.get(TouchKind.CONFIRM_REQUEST)
    if asked is None or asked.occurrence != booking.moves or asked.state not in _ASKED:
        return None
    return asked


def _no_show_invitation(booking: Booking, rules: MessageRules, zone: str, closed_at: datetime) -> Plan:
    """An invitation some days after the missed visit, when nobody is cross any more."""
    day = local_date(booking.starts_at, zone) + timedelta(days=rules.no_show_invitation_days_after)
    at = max(local_instant(day, time(rules.day_touch_hour), zone), closed_at)
    plan = Plan(TouchKind.NO_SHOW_INVITATION, at, at + NO_SHOW_USEFUL)
    late = closed_at - booking.ends_at > NO_SHOW_USEFUL
    return replace(plan, reason="closed_too_late") if late else plan


def _attach_wakes(booking: Booking, now: datetime) -> list[Wake]:
    """A booking whose client the site has not reported yet looks for the client a few times. The site's two
    events may have arrived in the wrong order."""
    later = (booking.made_at + wait for wait in ATTACH_RETRIES)
    wakes = [Wake(at, "find_client") for at in later if at > now]
    asks_at = asks_for_client_at(booking)
    return wakes if asks_at is None else [*wakes, Wake(asks_at, "ask_for_client")]


def asks_for_client_at(booking: Booking) -> datetime | None:
    """The instant at which the desk is asked who the client is that the site names by nothing but an id; None
    if nobody has to be asked any more. A site tells its two events within minutes."""
    is_asked = booking.asked_for == booking.waiting_for
    if booking.waiting_for is None or is_asked or booking.status in (Status.CANCELLED, Status.NO_SHOW):
        return None
    soon = booking.made_at + ATTACH_RETRIES[0]
    return min(booking.made_at + ASKED_AFTER, max(soon, booking.starts_at - ASKED_BEFORE))


def as_planned(booking: Booking, directory: Directory) -> Booking:
    """The booking as its touches are planned: in trial with the points that it would have earned, so that its
    bonus notice is planned as it would have been."""
    if not directory.network.trial:
        return booking
    return replace(booking, earned_points=booking.earned_points + booking.would_earn)


def with_wake(booking: Booking, directory: Directory, client: Client | None, now: datetime) -> Booking:
    """The booking with the pointer that its present state asks for."""
    salon = directory.salons[booking.salon_id]
    zone = (client.timezone if client else None) or salon.timezone
    rules = directory.messages_for(booking.salon_id, [line.service_id for line in booking.lines])
    return replace(booking, wake=next_wake(as_planned(booking, directory), rules, zone, now))
