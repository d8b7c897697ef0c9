"""Campaigns: one text to a segment of a network's clients, sent through the same engine as every other
touch."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct, field

from chalicelib.domain.marketing.counts import CampaignCount
from chalicelib.domain.networks.segments import Segment
from chalicelib.domain.shared.quiet_hours import QuietHours
from chalicelib.domain.shared.touches import Touch, TouchKind
from chalicelib.domain.shared.waking import Trouble, Wake


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
    forecast: CampaignCount | None = None
    results: CampaignCount | None = None
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


def slots(first: datetime, per_minute: int, quiet: QuietHours, zone: str) -> Iterator[datetime]:
    """When one recipient after another is due, from `first` on: so many a minute, and none in quiet hours, so
    that what the night holds back does not come all at once in the morning. Endless."""
    apart = timedelta(milliseconds=60_000 // per_minute)
    at = first
    while True:
        at = quiet.ends_after(at, zone)
        yield at
        at += apart
