"""The stored form of a walk: one flat body, the fields of its state among the others. The order of the fields
is stored; a field of a new kind of walk stands at the end and has a default."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from msgspec import Struct, field
from msgspec.structs import fields

from chalicelib.domain.clearing.audit import AuditSums
from chalicelib.domain.clearing.clearing import Period
from chalicelib.domain.loyalty.surprises import Draw
from chalicelib.domain.marketing.counts import CampaignCount
from chalicelib.domain.networks.category_definitions import CategoryDefinitions
from chalicelib.domain.shared.waking import Trouble, Wake
from chalicelib.domain.waking.walks import STATES, AnyWalk, Walk, WalkKind, WalkState


class StoredWalk(Struct, frozen=True, kw_only=True):
    network_id: str
    id: str
    kind: WalkKind
    begun_at: datetime
    campaign_id: str | None = None
    simulation_id: str | None = None
    stage: str = ""
    cursor: str | None = None
    seen: int = 0
    changed: int = 0
    next_at: datetime | None = None
    count: CampaignCount | None = None
    promotion_id: str | None = None
    draw: Draw | None = None
    audit: AuditSums | None = None
    period: Period | None = None
    sleeps_until: datetime | None = None
    finished_at: datetime | None = None
    wake: Wake | None = None
    trouble: Trouble | None = None
    version: int = 0
    source_id: str | None = None
    split_id: str | None = None
    connection_ids: tuple[str, ...] = ()
    keeps_categories: bool = False
    definitions: CategoryDefinitions | None = None
    moves: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


_COMMON = tuple(each.name for each in fields(Walk) if each.name != "state")


def stored_walk(walk: AnyWalk) -> StoredWalk:
    """The same walk, flat."""
    return StoredWalk(kind=walk.kind, **_some(walk, _COMMON), **_some(walk.state, _own(type(walk.state))))


def walk_of(stored: StoredWalk) -> AnyWalk:
    """The same walk, with the state of its kind."""
    of_kind = STATES[stored.kind]
    return Walk(state=of_kind(**_some(stored, _own(of_kind))), **_some(stored, _COMMON))


def _own(of_kind: type[WalkState]) -> tuple[str, ...]:
    return tuple(each.name for each in fields(of_kind))


def _some(value: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(value, name) for name in names}
