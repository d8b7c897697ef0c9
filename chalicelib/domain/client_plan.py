"""Which touches a client calls for apart from any one booking, and when they next wake: the repeat
invitation, so far."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.domain.bookings import Booking
from chalicelib.domain.categories import usual_gap_days
from chalicelib.domain.clients import Client, Due
from chalicelib.domain.network import Service
from chalicelib.domain.rules import MessageRules
from chalicelib.domain.touches import Plan, TouchKind, due_at, is_open, timely
from chalicelib.domain.waking import Wake, first_wake

INVITATION_USEFUL = timedelta(days=30)
OWN_RHYTHM_FROM_VISITS = 3
TOGETHER = timedelta(days=7)


def with_dues_after(
    client: Client, booking: Booking, services: Mapping[str, Service], completed_at: datetime
) -> Client:
    """The client with each service of a completed booking due again, in place of what was due of it before.

    A service is due after its own days, or after the client's own rhythm once they have come three times. The
    hour of the visit is kept: it is an hour at which the client has time.
    """
    rhythm = usual_gap_days([visit.on for visit in client.recent_visits])
    own = rhythm if rhythm and client.visits_count >= OWN_RHYTHM_FROM_VISITS else None
    had = dict.fromkeys(line.service_id for line in booking.lines)
    again = []
    for service_id in had:
        service = services.get(service_id)
        if service is not None and service.repeat_after_days is not None:
            at = booking.visited_at + timedelta(days=own or service.repeat_after_days)
            again.append(Due(service_id, max(at, completed_at), booking.id))
    kept = tuple(due for due in client.due if due.service_id not in had)
    return replace(client, due=(*kept, *again))


def invitation_plan(client: Client, rules: MessageRules, zone: str, now: datetime) -> Plan | None:
    """The one invitation for all services that are due, at the time of the first of them; out of quiet
    hours."""
    if not rules.enabled or not client.due:
        return None
    first = min(due.at for due in client.due)
    plan = Plan(TouchKind.REPEAT_INVITATION, first, first + INVITATION_USEFUL)
    return timely(plan, client.touched(plan.kind), rules.quiet_hours, zone, made_at=first, now=now)


def services_due(client: Client, now: datetime) -> tuple[Due, ...]:
    """What an invitation made now is for: all that is due by the end of its week makes one message."""
    return tuple(due for due in client.due if due.at <= now + TOGETHER)


def next_wake(client: Client, rules: MessageRules, zone: str, now: datetime) -> Wake | None:
    """The instant at which the client next needs attention."""
    plan = invitation_plan(client, rules, zone, now)
    touch = client.touched(TouchKind.REPEAT_INVITATION)
    if plan is None or plan.reason is not None or not is_open(touch, now, plan.until):
        return None
    return first_wake([Wake(due_at(plan, touch), plan.kind.value)], client.trouble)
