"""Walks: long work over all of a network's bookings or clients, a page at a time. A walk is an item that
wakes. It keeps its own place, so that it goes on after a crash and shows how far it is."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar, Generic, TypeVar, get_args

from msgspec import Struct, field

from chalicelib.domain.clearing.audit import AuditSums
from chalicelib.domain.clearing.clearing import Period
from chalicelib.domain.loyalty.surprises import Draw
from chalicelib.domain.marketing.counts import CampaignCount
from chalicelib.domain.networks.category_definitions import CategoryDefinitions
from chalicelib.domain.shared.waking import Trouble, Wake

CLIENTS, DONE, SUPERSEDED = "clients", "done", "superseded"
"""Stages that several kinds of walk have: over all clients, at the end, and left to a newer walk."""


class WalkKind(StrEnum):
    REPLAN = "replan"
    INVITE = "invite"
    RESUME = "resume"
    COUNT = "count"
    TALLY = "tally"
    PROMOTE = "promote"
    SURPRISE = "surprise"
    AUDIT = "audit"
    AUDIT_SAMPLE = "audit_sample"
    CLEARING = "clearing"
    SIMULATE = "simulate"
    SPLIT = "split"
    TRY_CATEGORIES = "try_categories"


# --- the state of each kind: what it is about, and what it has found so far


class Replanning(Struct, frozen=True):
    """Sets every pointer again after a change of the rules. keeps_categories: also the category of each
    client; a walk that an earlier release began does not from its start on."""

    kind: ClassVar[WalkKind] = WalkKind.REPLAN
    keeps_categories: bool = False


class Inviting(Struct, frozen=True):
    """Finds the recipients of a campaign. next_at: when the next of them is due."""

    kind: ClassVar[WalkKind] = WalkKind.INVITE
    campaign_id: str
    next_at: datetime | None = None


class Resuming(Struct, frozen=True):
    """Gives new times to those whom a campaign could not write to while it was paused. next_at: when the next
    of them is due."""

    kind: ClassVar[WalkKind] = WalkKind.RESUME
    campaign_id: str
    next_at: datetime | None = None


class Counting(Struct, frozen=True):
    """Counts whom a campaign would reach, and at what cost. next_at: when the next of them would be due."""

    kind: ClassVar[WalkKind] = WalkKind.COUNT
    campaign_id: str
    next_at: datetime | None = None
    count: CampaignCount | None = None


class Tallying(Struct, frozen=True):
    """Counts what has become of a campaign's recipients."""

    kind: ClassVar[WalkKind] = WalkKind.TALLY
    campaign_id: str
    count: CampaignCount | None = None


class Granting(Struct, frozen=True):
    """Gives a promotion's points to its audience."""

    kind: ClassVar[WalkKind] = WalkKind.PROMOTE
    promotion_id: str


class DrawingSurprises(Struct, frozen=True):
    """Draws a month's surprise gifts, then sleeps until the next month. draw: None while it sleeps."""

    kind: ClassVar[WalkKind] = WalkKind.SURPRISE
    draw: Draw | None = None


class Auditing(Struct, frozen=True):
    """Recomputes every account from its entries. audit: what it has found so far."""

    kind: ClassVar[WalkKind] = WalkKind.AUDIT
    audit: AuditSums | None = None


class AuditingSample(Struct, frozen=True):
    """Recomputes some accounts each night; it never ends. audit: what it found in its last night."""

    kind: ClassVar[WalkKind] = WalkKind.AUDIT_SAMPLE
    audit: AuditSums | None = None


class ClearingMonth(Struct, frozen=True):
    """Adds up a month of the ledger, by pairs of salons. audit: what it has found in the accounts on its
    way."""

    kind: ClassVar[WalkKind] = WalkKind.CLEARING
    period: Period
    audit: AuditSums | None = None


class Simulating(Struct, frozen=True):
    """Lives through the past under a proposed programme."""

    kind: ClassVar[WalkKind] = WalkKind.SIMULATE
    simulation_id: str


class Splitting(Struct, frozen=True):
    """Lets upcoming bookings follow from a service or specialist, `source_id`, to the one that was separated
    from it, `split_id`. connection_ids: those through which such bookings came."""

    kind: ClassVar[WalkKind] = WalkKind.SPLIT
    source_id: str
    split_id: str
    connection_ids: tuple[str, ...] = ()


MOVE = ">"
"""Between the former and the new category of a move."""


class TryingCategories(Struct, frozen=True):
    """Counts which clients other definitions would move. moves: how many, by `former>new` category."""

    kind: ClassVar[WalkKind] = WalkKind.TRY_CATEGORIES
    definitions: CategoryDefinitions
    moves: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


WalkState = (
    Replanning
    | Inviting
    | Resuming
    | Counting
    | Tallying
    | Granting
    | DrawingSurprises
    | Auditing
    | AuditingSample
    | ClearingMonth
    | Simulating
    | Splitting
    | TryingCategories
)
STATES: Mapping[WalkKind, type[WalkState]] = {each.kind: each for each in get_args(WalkState)}

State = TypeVar("State", bound=WalkState, covariant=True)


class Walk(Struct, Generic[State], frozen=True, kw_only=True):
    """stage: which list is being walked; cursor: where in it. seen, changed: how many items it came by, and
    how many of them it wrote or found. sleeps_until: it does not go on before."""

    network_id: str
    id: str
    state: State
    begun_at: datetime
    stage: str = ""
    cursor: str | None = None
    seen: int = 0
    changed: int = 0
    sleeps_until: datetime | None = None
    finished_at: datetime | None = None
    wake: Wake | None = None
    trouble: Trouble | None = None
    version: int = 0

    @property
    def kind(self) -> WalkKind:
        return self.state.kind


AnyWalk = Walk[WalkState]
