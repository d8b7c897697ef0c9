"""Which touches a client calls for apart from any one booking, and when they next wake: the repeat invitation, so far."""

from datetime import datetime, timedelta

from chalicelib.domain.bookings import Booking
from chalicelib.domain.categories import usual_gap_days
from chalicelib.domain.clients import Client, Due
from chalicelib.domain.network import Service
from chalicelib.domain.rules import MessageRules
from chalicelib.domain.touches import Plan, TouchKind, due_at, is_open
from chalicelib.domain.waking import Wake

INVITATION_USEFUL = timedelta(days=30)
OWN_RHYTHM_FROM_VISITS = 3


def dues_after(booking: Booking, services: dict[str, Service], client: Client, completed_at: datetime) -> tuple[Due, ...]:
    """When each service of a completed booking is due again: after the service's days, or the client's own rhythm once
    they have come three times. The hour of the visit is kept: it is an hour at which the client has time."""
    rhythm = usual_gap_days([v.on for v in client.recent_visits])
    own = rhythm if rhythm and client.visits_count >= OWN_RHYTHM_FROM_VISITS else None
    found = []
    for service_id in dict.fromkeys(line.service_id for line in booking.lines):
        service = services.get(service_id)
        if service is None or service.repeat_after_days is None:
            continue
        days = own or service.repeat_after_days
        at = max(booking.starts_at + timedelta(days=days), completed_at)
        found.append(Due(service_id, at, booking.id))
    return tuple(found)


def invitation_plan(client: Client, rules: MessageRules, zone: str) -> Plan | None:
    """The one invitation for all services that are due, at the time of the first of them."""
    if not rules.enabled or not client.due:
        return None
    first = min(due.at for due in client.due)
    at = rules.quiet_hours.ends_after(first, zone)
    return Plan(TouchKind.REPEAT_INVITATION, at, first + INVITATION_USEFUL)


def next_wake(client: Client, rules: MessageRules, zone: str, now: datetime) -> Wake | None:
    """The instant at which the client next needs attention."""
    if client.trouble is not None and client.trouble.parked:
        return None
    plan = invitation_plan(client, rules, zone)
    touch = client.touched(TouchKind.REPEAT_INVITATION)
    if plan is None or not is_open(touch, now, plan.until):
        return None
    return Wake(due_at(plan, touch), plan.kind.value)
