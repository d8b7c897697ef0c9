"""When a visit may be entered, and when it may be closed. Pure; instants UTC, days of the salon's zone."""

from datetime import datetime, timedelta

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.errors import conflict, refused
from chalicelib.domain.shared.zones import local_date

CLOSED_AHEAD = timedelta(hours=12)
"""How long before its start a visit may be closed that begins on a later local day."""

ENTERED_DAYS = {Role.RECEPTION: 2, Role.MANAGER: 31, Role.OWNER: 366}
"""How many local days back a role may enter a visit that has begun. Other roles enter none."""


def is_too_early(starts_at: datetime, now: datetime, salon_zone: str) -> bool:
    """Whether a visit can neither have taken place nor been missed: it begins on a later local day than now,
    and not within CLOSED_AHEAD."""
    is_later_day = local_date(starts_at, salon_zone) > local_date(now, salon_zone)
    return is_later_day and starts_at > now + CLOSED_AHEAD


def ensure_not_too_early(booking: Booking, now: datetime, salon_zone: str) -> None:
    """Raises TOO_EARLY for a booking that cannot be closed yet as completed or missed."""
    if is_too_early(booking.starts_at, now, salon_zone):
        raise conflict(
            "TOO_EARLY",
            "This visit begins on a later day: close it on its day, move it to today, or cancel it.",
            starts_at=booking.starts_at.isoformat(),
        )


def ensure_may_enter(role: Role, starts_at: datetime, now: datetime, salon_zone: str) -> None:
    """Raises START_IN_PAST for a start in the past that this role may not enter. It names the roles that
    may."""
    if starts_at > now:
        return
    days = (local_date(now, salon_zone) - local_date(starts_at, salon_zone)).days
    if days <= ENTERED_DAYS.get(role, -1):
        return
    may = [each.value for each, most in ENTERED_DAYS.items() if days <= most]
    own = ENTERED_DAYS.get(role)
    limit = "enters no visit that has begun" if own is None else f"enters visits of at most {own} days ago"
    raise refused(
        "START_IN_PAST",
        f"This role {limit}. " + (f"Ask: {', '.join(may)}." if may else "Nobody enters a visit of that day."),
        starts_at=starts_at.isoformat(),
        role=role.value,
        days=own,
        may=may,
    )
