"""Pages of facts: which Parquet object holds the facts of a salon's month, and which of its days have changed
since. Pure; instants UTC, days of the salon."""

from datetime import date, datetime

from msgspec import Struct

from chalicelib.domain.shared.waking import Trouble, Wake

VISITS = "visits"
"""The table of facts that a page belongs to."""


class FactPage(Struct, frozen=True, kw_only=True):
    """The facts of one salon and month.

    month       of the visits' local dates, such as `2026-03`.
    part        the key of the valid Parquet object; None: not made yet, so that a report reads all of the
                month from the salon's index.
    former_part the object that `part` took the place of. Reports that began before may still read it.
    rows        of `part`. renewed_at: when it was made.
    days        of the month, whose visits may have changed since: a report reads these from the index.
    renew_at    from this instant on the page may be renewed. None: no day is marked.
    tries       how often the page was handed over for renewal since `renew_at`.
    """

    network_id: str
    salon_id: str
    month: str
    table: str = VISITS
    part: str | None = None
    former_part: str | None = None
    rows: int = 0
    renewed_at: datetime | None = None
    days: tuple[date, ...] = ()
    renew_at: datetime | None = None
    tries: int = 0
    wake: Wake | None = None
    trouble: Trouble | None = None
    version: int = 0

    @property
    def id(self) -> str:
        return f"{self.salon_id}.{self.month}"
