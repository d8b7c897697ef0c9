"""Walks: long work over all of a network's bookings or clients, a page at a time. A walk is an item that
wakes. It keeps its own place, so that it goes on after a crash and shows how far it is."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from chalicelib.domain.clearing.audit import AuditSums
from chalicelib.domain.clearing.clearing import Period
from chalicelib.domain.loyalty.surprises import Draw
from chalicelib.domain.marketing.counts import CampaignCount
from chalicelib.domain.shared.waking import Trouble, Wake

CLIENTS, DONE, SUPERSEDED = "clients", "done", "superseded"
"""Stages that several kinds of walk have: over all clients, at the end, and left to a newer walk."""


class WalkKind(StrEnum):
    REPLAN = "replan"
    """Sets every pointer again after a change of the rules."""
    INVITE = "invite"
    """Finds the recipients of a campaign."""
    RESUME = "resume"
    """Gives new times to those whom a campaign could not write to while it was paused."""
    COUNT = "count"
    """Counts whom a campaign would reach, and at what cost."""
    TALLY = "tally"
    """Counts what has become of a campaign's recipients."""
    PROMOTE = "promote"
    """Gives a promotion's points to its audience."""
    SURPRISE = "surprise"
    """Draws a month's surprise gifts, then sleeps until the next month."""
    AUDIT = "audit"
    """Recomputes every account from its entries."""
    AUDIT_SAMPLE = "audit_sample"
    """Recomputes some accounts each night; it never ends."""
    CLEARING = "clearing"
    """Adds up a month of the ledger, by pairs of salons."""
    SIMULATE = "simulate"
    """Lives through the past under a proposed programme."""


class Walk(Struct, frozen=True, kw_only=True):
    """stage: which list is being walked; cursor: where in it. seen, changed: how many items it came by, and
    how many of them it wrote or found. The other fields are state of some kinds alone:

    INVITE, RESUME    campaign_id  the campaign whose recipients it is about
                      next_at      when the next of them is due
    COUNT             campaign_id, next_at, and count: what it has counted so far
    TALLY             campaign_id, count
    PROMOTE           promotion_id  the promotion whose points it gives
    SURPRISE          draw          the surprises that it draws
                      sleeps_until  the walk does not go on before
    AUDIT             audit         what it has found in the accounts so far
    AUDIT_SAMPLE      audit, the sums of its last night, and sleeps_until
    CLEARING          period        the month that it adds up
                      audit         what it has found in the accounts on its way
    SIMULATE          simulation_id
    """

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
