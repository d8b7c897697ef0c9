"""Pages of facts: which Parquet object holds the facts of a salon's month, and which of its days have changed
since. Pure; instants UTC. Days of visits are of the salon, days of touches are of UTC.

Whoever changes a completed visit or a message marks its day first. A marked day stays marked until its page
is renewed, which is never before `renew_at`. So a process may remember until shortly before that instant that
a day is marked, and need not ask the table again.
"""

from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import Any
from zlib import crc32

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.shared.months import month_name
from chalicelib.domain.shared.waking import Trouble, Wake
from chalicelib.domain.shared.zones import local_date, local_instant

VISITS, TOUCHES = "visits", "touches"
FACT_TABLES = (VISITS, TOUCHES)
"""The tables of facts that pages belong to."""
SCHEMA = "v1"

NIGHT = time(2)
"""The local time from which on the pages of a salon are renewed."""
SPREAD = timedelta(hours=3)
"""The time over which the renewals of a night are spread."""
SETTLING = timedelta(minutes=15)
"""The shortest time between a mark and the renewal that takes it away: by then the change is saved."""
FORGOTTEN_BEFORE = timedelta(minutes=5)
"""How long before its renewal a process forgets that a day is marked."""
AGAIN_AFTER = timedelta(minutes=15)
"""How long after it was handed over a page is handed over again, unless it was renewed; doubled each time."""
MOST_DOUBLED = 6
RENEW = "renew"


class FactPage(Struct, frozen=True, kw_only=True):
    """The facts of one salon and month.

    table       visits or touches.
    month       of the facts' days, such as `2026-03`.
    part        the key of the valid Parquet object; None: not made yet, so that a report reads all of the
                month from the salon's index.
    former_part the object that `part` took the place of. Reports that began before may still read it.
    rows        of `part`. renewed_at: when it was made.
    days        of the month, whose facts may have changed since: a report reads these from the index.
    renew_at    from this instant on the page may be renewed and its days are no longer marked. None: no day
                is marked.
    tries       how often the page was handed over since it was last renewed.
    """

    network_id: str
    salon_id: str
    month: str
    table: str = VISITS
    part: str | None = None
    former_part: str | None = None
    rows: int = 0
    renewed_at: datetime | None = None
    days: tuple[date, ...] = ()
    renew_at: datetime | None = None
    tries: int = 0
    wake: Wake | None = None
    trouble: Trouble | None = None
    version: int = 0

    @property
    def id(self) -> str:
        """Salon and month, and before them the table, but for visits: once there was no other one."""
        named = f"{self.salon_id}.{self.month}"
        return named if self.table == VISITS else f"{self.table}.{named}"


class PageName(Struct, frozen=True):
    """Which page of a network."""

    table: str
    salon_id: str
    month: str

    @property
    def key(self) -> dict[str, Any]:
        """The parts of the page's key besides the network."""
        return {"table": self.table, "salon_id": self.salon_id, "month": self.month}


def named_by(page_id: str) -> PageName:
    """The name of the page with that id, with the table or without it. Raises ValueError for what is none."""
    *table, salon_id, month = page_id.split(".")
    return PageName(table[0] if table else VISITS, salon_id, month)


def page_of(network_id: str, salon_id: str, day: date, table: str = VISITS) -> FactPage:
    """The page of a day before it is saved for the first time."""
    return FactPage(network_id=network_id, table=table, salon_id=salon_id, month=month_name(day))


def marked(page: FactPage, day: date, now: datetime, zone_name: str) -> FactPage:
    """The page with the day marked; the same object where it is marked for long enough. A mark shortly before
    the renewal puts it off to the next night."""
    is_open = now < remembered_until(page)
    if is_open and day in page.days:
        return page
    renew_at = page.renew_at if is_open and page.renew_at is not None else _next_night(page, now, zone_name)
    return replace(
        page,
        days=tuple(sorted({*page.days, day})),
        renew_at=renew_at,
        tries=0,
        wake=Wake(renew_at, RENEW),
        trouble=None,
    )


def remembered_until(page: FactPage) -> datetime:
    """Until when a process may remember that the page's days are marked."""
    if page.renew_at is None:
        return datetime.min.replace(tzinfo=UTC)
    return page.renew_at - FORGOTTEN_BEFORE


def waits_for_renewal(page: FactPage, now: datetime) -> bool:
    """Whether its marks may be taken away by now."""
    return page.renew_at is not None and page.renew_at <= now


def handed_over(page: FactPage, now: datetime) -> FactPage:
    """The page with its pointer at the instant at which it is handed over again, unless it was renewed."""
    again = now + AGAIN_AFTER * 2 ** min(page.tries, MOST_DOUBLED)
    return replace(page, tries=page.tries + 1, wake=Wake(again, RENEW), trouble=None)


def renewed(page: FactPage, part: str, rows: int, now: datetime) -> FactPage:
    """The page with its new part. Marks that may not be taken away yet stay."""
    after = replace(page, part=part, former_part=page.part, rows=rows, renewed_at=now, tries=0, trouble=None)
    if page.renew_at is not None and not waits_for_renewal(page, now):
        return replace(after, wake=Wake(page.renew_at, RENEW))
    return replace(after, days=(), renew_at=None, wake=None)


def part_key(page: FactPage, content: bytes) -> str:
    """The key of the part that the page's next version has. It tells the content, so that a part is known by
    its key to be whole."""
    return f"{parts_prefix(page)}part-{page.version + 1:06d}-{_told_of(content)}.parquet"


def is_intact(key: str, content: bytes) -> bool:
    """Whether this is what was put under that key."""
    return key.endswith(f"-{_told_of(content)}.parquet")


def _told_of(content: bytes) -> str:
    return sha256(content).hexdigest()[:20]


def parts_prefix(page: FactPage) -> str:
    """How the keys of all parts of a page begin."""
    return f"facts/{page.table}/{SCHEMA}/network={page.network_id}/salon={page.salon_id}/month={page.month}/"


def is_superseded(page: FactPage, key: str) -> bool:
    """Whether a part is of no use once this page is saved. A part of a later version may be another renewal's
    that has not saved its page yet."""
    number = key.removeprefix(parts_prefix(page)).removeprefix("part-").partition("-")[0]
    return key not in (page.part, page.former_part) and number.isdecimal() and int(number) <= page.version


def _next_night(page: FactPage, now: datetime, zone_name: str) -> datetime:
    """The page's instant in the first night that leaves time for the change to be saved."""
    spread = timedelta(seconds=crc32(f"{page.network_id} {page.id}".encode()) % int(SPREAD.total_seconds()))
    today = local_date(now, zone_name)
    nights = (local_instant(today + timedelta(days), NIGHT, zone_name) + spread for days in range(3))
    return next(each for each in nights if each >= now + SETTLING)
