"""Campaigns: one text to a segment of a network's clients, sent by the same engine as every other touch."""

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
    """The state of a campaign.

    draft     may be changed.
    inviting  started; its recipients are being found, and messages go out.
    running   all recipients are found.
    paused    no message goes out until it is resumed; recipients are found all the same.
    stopped   no message goes out any more.
    done      all recipients are decided on, or its end has passed.
    """

    DRAFT = "draft"
    INVITING = "inviting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    DONE = "done"


UNDER_WAY = frozenset({CampaignState.INVITING, CampaignState.RUNNING})


class Campaign(Struct, frozen=True, kw_only=True):
    """A campaign with its plan and its results.

    texts           by language, with {placeholders}; subjects: of e-mails, likewise.
    starts_at       the instant of the first message; ends_at: no message goes out from then on.
    per_minute      the pace: messages a minute.
    found_at        when all recipients were found; invited: how many they are.
    invite_walk_id  the walk that finds the recipients.
    count_walk_id   the last walk that was begun to count.
    forecast        the result of the last dry run of this draft.
    results         the last count of its recipients.
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
    """A client's place in a campaign. It is made once, wakes once, and keeps what became of the message. at:
    when the message is due."""

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
    """The instants of the recipients one after another, from `first` on, at the campaign's pace; endless. No
    instant lies in quiet hours. So messages of the night do not all go out at once in the morning."""
    apart = timedelta(milliseconds=60_000 // per_minute)
    at = first
    while True:
        at = quiet.ends_after(at, zone)
        yield at
        at += apart
