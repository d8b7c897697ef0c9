"""A webhook as it was received. It is kept until it is applied, and for some weeks after, so that no report
of a site is lost."""

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.shared.waking import Trouble, Wake

KEPT = timedelta(days=30)
"""Longer than any site retries (Square: 72 h)."""
RETRY_LOST = timedelta(minutes=2)
"""When a webhook that was received but never ingested is looked at again."""
WAITS = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
"""How long an event about an unknown booking waits for that booking, before it is quarantined."""


MAX_NOTES = 20
"""How many fields that were left out are named: a body may be wrong in every place."""


class InboxState(StrEnum):
    RECEIVED = "received"
    WAITING = "waiting"
    APPLIED = "applied"
    IGNORED = "ignored"
    QUARANTINED = "quarantined"


class InboxItem(Struct, frozen=True, kw_only=True):
    """One webhook. raw: the body's bytes as received. reason: why it was ignored, waits, or is quarantined.
    released: a person replayed it, so that bounds on strangers' data do not hold it back. notes: fields of
    the body that were left out, with what is wrong in them; never what a client wrote."""

    network_id: str
    id: str
    connection_id: str
    site: str
    raw: bytes
    received_at: datetime
    state: InboxState = InboxState.RECEIVED
    reason: str | None = None
    detail: str | None = None
    booking_ids: tuple[str, ...] = ()
    tries: int = 0
    wake: Wake | None = None
    trouble: Trouble | None = None
    released: bool = False
    notes: tuple[str, ...] = ()
    version: int = 0


def quarantined(item: InboxItem, code: str, detail: str) -> InboxItem:
    """The item, quarantined: a person may replay it."""
    return replace(item, state=InboxState.QUARANTINED, reason=code, detail=detail[:300], wake=None)
