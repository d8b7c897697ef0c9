"""Campaigns: one text to a segment of a network's clients, sent through the same engine as every other
touch."""

from collections.abc import Callable, Collection, Iterator, Mapping, Set
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct, field

from chalicelib.domain.clients.categories import category
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.shared.quiet_hours import QuietHours
from chalicelib.domain.shared.touches import Touch, TouchKind
from chalicelib.domain.shared.waking import Trouble, Wake
from chalicelib.domain.waking.walks import Count


class CampaignState(StrEnum):
    """draft: may be changed. inviting: started, not all of its recipients are found yet. running: all are
    found. paused: none is sent until it goes on; recipients are found all the same. stopped: none is sent any
    more. done: all were decided on, or its end has come."""

    DRAFT = "draft"
    INVITING = "inviting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    DONE = "done"


UNDER_WAY = frozenset({CampaignState.INVITING, CampaignState.RUNNING})


class Segment(Struct, frozen=True, kw_only=True):
    """Which clients: all conditions that are given hold, each of several words for any of them.

    categories              as they are on the day; a future booking counts.
    service_ids             what the client has had, among their latest 50 bookings.
    salon_ids               where the last visit was.
    visited_from, visited_to  the local day of the last visit, both included.
    birth_month             1-12.
    """

    categories: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    service_ids: tuple[str, ...] = ()
    salon_ids: tuple[str, ...] = ()
    visited_from: date | None = None
    visited_to: date | None = None
    birth_month: int | None = None


class Campaign(Struct, frozen=True, kw_only=True):
    """texts, subjects (of e-mails): by language, with {placeholders}. starts_at: the first message; ends_at:
    none from then on. per_minute: how fast it goes out.

    found_at                 when all of its recipients were found; invited: how many they are.
    invite_walk_id           the walk that finds them.
    count_walk_id            the walk that was last asked to count.
    forecast                 what the last dry run of this draft came to.
    results                  what had become of its recipients when they were last counted.
    """

    network_id: str
    id: str
    name: str
    texts: Mapping[str, str]
    subjects: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    segment: Segment = field(default_factory=Segment)
    starts_at: datetime
    ends_at: datetime
    per_minute: int = 60
    state: CampaignState = CampaignState.DRAFT
    created_at: datetime
    actor: str
    invited: int = 0
    found_at: datetime | None = None
    invite_walk_id: str | None = None
    count_walk_id: str | None = None
    forecast: Count | None = None
    results: Count | None = None
    version: int = 0


class Recipient(Struct, frozen=True, kw_only=True):
    """A client's place in a campaign: written once, wakes once, and says what became of it."""

    network_id: str
    client_id: str
    campaign_id: str
    at: datetime
    touches: Mapping[TouchKind, Touch] = field(default_factory=lambda: MappingProxyType({}))
    wake: Wake | None = None
    trouble: Trouble | None = None
    version: int = 0

    @property
    def id(self) -> str:
        return f"{self.campaign_id}.{self.client_id}"


def matches(
    segment: Segment,
    client: Client,
    today: date,
    *,
    has_booking: Callable[[], bool],
    services_had: Callable[[], Set[str]],
) -> bool:
    """Whether the client is of the segment on a local date. has_booking (ahead of now), services_had: asked
    only where all else that is known of the client leaves them in, and the answer decides."""
    return (
        _by_facts(segment, client)
        and _by_category(segment.categories, client, today, has_booking)
        and (not segment.service_ids or not services_had().isdisjoint(segment.service_ids))
    )


def _by_facts(segment: Segment, client: Client) -> bool:
    if client.merged is not None:
        return False
    if segment.sources and client.source not in segment.sources:
        return False
    if segment.birth_month is not None and segment.birth_month != _birth_month(client):
        return False
    if not (segment.service_ids or segment.salon_ids or segment.visited_from or segment.visited_to):
        return True
    last = client.recent_visits[0] if client.recent_visits else None
    return (
        last is not None
        and (not segment.salon_ids or last.salon_id in segment.salon_ids)
        and (segment.visited_from or last.on) <= last.on <= (segment.visited_to or last.on)
    )


def _birth_month(client: Client) -> int | None:
    return client.birth_date.month if client.birth_date else None


def _by_category(
    wanted: Collection[str], client: Client, today: date, has_booking: Callable[[], bool]
) -> bool:
    if not wanted:
        return True
    days = [visit.on for visit in client.recent_visits]
    alone, booked = (category(client.visits_count, days, today, ahead) for ahead in (False, True))
    if (alone in wanted) == (booked in wanted):
        return alone in wanted
    return (booked if has_booking() else alone) in wanted


def slots(first: datetime, per_minute: int, quiet: QuietHours, zone: str) -> Iterator[datetime]:
    """When one recipient after another is due, from `first` on: so many a minute, and none in quiet hours, so
    that what the night holds back does not come all at once in the morning. Endless."""
    apart = timedelta(milliseconds=60_000 // per_minute)
    at = first
    while True:
        at = quiet.ends_after(at, zone)
        yield at
        at += apart
