"""How it came about which source counts for a client; see `first_source.py`. Pure."""

from datetime import datetime

from msgspec import Struct


class SourceCorrection(Struct, frozen=True):
    """What a person of the salon said that the source really is. word None: it is not known."""

    word: str | None
    at: datetime
    actor: str


class MergedSource(Struct, frozen=True):
    """The source of a client who is merged into this one, and when that client was registered."""

    client_id: str
    registered_at: datetime
    word: str


class SourceRecord(Struct, frozen=True, kw_only=True):
    """Kept of a client for whom another source counts, or may count, than the one they were registered with.

    first      what was said first.
    partner    the word by which a partner may see the client. No merge and no correction changes it.
    corrected  corrections by people, the latest first.
    merged     the sources of clients who were merged into this one since the latest correction.
    """

    first: str | None
    partner: str | None
    corrected: tuple[SourceCorrection, ...] = ()
    merged: tuple[MergedSource, ...] = ()
