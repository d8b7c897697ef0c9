"""Local time of a salon or a client: IANA zones, local days, and local clock times on nights when the clock
changes."""

from datetime import UTC, date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=128)
def zone(name: str) -> ZoneInfo:
    """The zone of that IANA name. Raises ValueError for an unknown one."""
    try:
        if "/" not in name and name != "UTC":  # `localtime` and the like are no IANA zones of a place
            raise ValueError(name)
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"unknown time zone {name!r}") from error


def is_zone(name: str) -> bool:
    try:
        zone(name)
    except ValueError:
        return False
    return True


def local_date(instant: datetime, zone_name: str) -> date:
    return instant.astimezone(zone(zone_name)).date()


def local_instant(day: date, clock: time, zone_name: str) -> datetime:
    """The UTC instant of a local wall-clock time. A time that the clock skips in spring is read as if the
    clock had not been changed. A time that the clock shows twice in autumn is the first of the two (PEP 495,
    fold=0)."""
    return datetime.combine(day, clock, zone(zone_name)).astimezone(UTC)


def day_start(day: date, zone_name: str) -> datetime:
    """The UTC instant at which a local day begins: its midnight, or the first instant after it where the
    clock skips midnight."""
    return local_instant(day, time(0), zone_name)


def as_instant(moment: datetime, zone_name: str) -> datetime:
    """UTC of a moment that is either aware already or naive local time in `zone_name`."""
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    return local_instant(moment.date(), moment.time(), zone_name)


def utc_date(instant: datetime) -> date:
    return instant.astimezone(UTC).date()
