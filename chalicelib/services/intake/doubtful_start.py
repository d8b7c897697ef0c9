"""A start whose time zone and whose offset from UTC contradict each other: one of the two is wrong."""

from contextlib import suppress
from datetime import datetime, timedelta

from chalicelib.domain.intake.site_events import BookingReported
from chalicelib.domain.networks.network import Connection
from chalicelib.domain.shared.errors import DomainError, refused
from chalicelib.domain.shared.zones import as_instant, zone
from chalicelib.services.intake.ask_person import ask_about_zone
from chalicelib.services.intake.locate_booking import salon_of
from chalicelib.services.shared.world import World

ZONE_CONTRADICTS = "ZONE_CONTRADICTS"
HALF_A_YEAR = timedelta(days=182)


def ensure_zone_fits(world: World, connection: Connection, event: BookingReported) -> None:
    """Raises ZONE_CONTRADICTS for a start whose offset is none of the zone that the body names. Where the
    body names no zone, the salon's clock counts, and a task asks about the salon's zone once a day."""
    if event.utc_offset is None or event.starts_at is None:
        return
    name = event.zone or _zone_of_salon(world, connection, event)
    if name is None or event.utc_offset in _offsets(event.starts_at, name, both=event.zone is None):
        return
    words = f"Its offset from UTC is {_written(event.utc_offset)}, which {name} does not have then."
    if event.zone is None:
        ask_about_zone(world, connection, words)
        return
    raise refused("ZONE_CONTRADICTS", f"{words} A replay takes the offset's word.")


def _zone_of_salon(world: World, connection: Connection, event: BookingReported) -> str | None:
    with suppress(DomainError):  # an unknown salon is looked at by itself
        return salon_of(connection, world.directory(connection.network_id), event).timezone
    return None


def _offsets(starts_at: datetime, name: str, *, both: bool) -> set[int]:
    """The minutes that the zone is ahead of UTC at that instant. both: in summer and in winter, since sites
    are known to give the offset of today."""
    instant = as_instant(starts_at, name)
    around = (instant, instant + HALF_A_YEAR, instant - HALF_A_YEAR) if both else (instant,)
    ahead = (at.astimezone(zone(name)).utcoffset() or timedelta() for at in around)
    return {int(offset.total_seconds()) // 60 for offset in ahead}


def _written(minutes: int) -> str:
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02d}:{rest:02d}"
