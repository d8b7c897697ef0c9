"""Campaigns: one text to a segment of a network's clients, sent through the same engine as every other
touch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from chalicelib.domain.touches import Touch, TouchKind
from chalicelib.domain.waking import Trouble, Wake


class CampaignState(StrEnum):
    """draft: may be changed. inviting: its recipients are being found. running: all are found. paused: none
    is sent until it goes on. stopped: none is sent any more. done: every recipient was decided on."""

    DRAFT = "draft"
    INVITING = "inviting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Which clients: all conditions that are given hold. Dates are local to the client's salon; birth_month:
    1-12."""

    categories: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    service_ids: tuple[str, ...] = ()
    salon_ids: tuple[str, ...] = ()
    visited_from: date | None = None
    visited_to: date | None = None
    birth_month: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """texts: by language, with {placeholders}. starts_at: the first message; ends_at: none after it.
    per_minute: how fast it goes out."""

    network_id: str
    id: str
    name: str
    texts: Mapping[str, str]
    segment: Segment = field(default_factory=Segment)
    starts_at: datetime
    ends_at: datetime
    per_minute: int = 60
    state: CampaignState = CampaignState.DRAFT
    created_at: datetime
    actor: str
    invited: int = 0
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
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
