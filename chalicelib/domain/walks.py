"""Walks: long work over all of a network's clients or bookings, a page at a time. A walk is an item that
wakes: it keeps its own place, so that it goes on after a crash, and shows how far it is."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.waking import Trouble, Wake


class WalkKind(StrEnum):
    REPLAN = "replan"
    """Sets every pointer anew after a change of the rules."""
    INVITE = "invite"
    """Finds the recipients of a campaign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """stage: which list is being walked; cursor: where in it. seen, changed: how many items it came by, and
    how many of them it wrote. campaign_id: of an INVITE."""

    network_id: str
    id: str
    kind: WalkKind
    begun_at: datetime
    campaign_id: str | None = None
    stage: str = ""
    cursor: str | None = None
    seen: int = 0
    changed: int = 0
    finished_at: datetime | None = None
    wake: Wake | None = None
    trouble: Trouble | None = None
    version: int = 0
