"""Days in the words of a wall clock, for tests of what is planned when."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from chalicelib.domain.bookings.booking_plan import plans
from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.networks.rules import MessageRules
from chalicelib.domain.shared.touches import Plan, Touch, TouchKind, TouchState, open_plans
from infra.testkit.builders import a_booking

NOTICE, CONFIRM, REMINDER = TouchKind.NOTICE, TouchKind.CONFIRM_REQUEST, TouchKind.CONTROL_REMINDER
CHISINAU, MOSCOW, NEW_YORK = "Europe/Chisinau", "Europe/Moscow", "America/New_York"
RULES = MessageRules()


def local(text: str, zone: str = CHISINAU) -> datetime:
    """`2026-11-24 11:00` on that zone's wall clock, as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def booked(starts: str, made: str = "2026-01-01 12:00", zone: str = CHISINAU, **said: object) -> Booking:
    return a_booking(starts_at=local(starts, zone), made_at=local(made, zone), **said)


def planned(booking: Booking, zone: str = CHISINAU, rules: MessageRules = RULES) -> dict[TouchKind, Plan]:
    found = plans(booking, rules, zone, now=booking.closed_at or booking.made_at)
    return {plan.kind: plan for plan in found}


def clock_of(plan: Plan, zone: str = CHISINAU) -> str:
    return f"{plan.at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def opened(booking: Booking, now: datetime, rules: MessageRules = RULES) -> list[Plan]:
    return open_plans(plans(booking, rules, CHISINAU, now), booking.touches, now)


def done(kind: TouchKind, at: datetime, state: TouchState = TouchState.SENT, **said: object) -> Touch:
    return replace(Touch(kind, state, at), **said)
