"""Pages of facts."""

from chalicelib.domain.facts.fact_pages import VISITS, FactPage
from chalicelib.store import keys
from chalicelib.store.reader import Reader


class ReportReads:
    """The contract: `Store` in services/shared/ports.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def fact_pages(self, network_id: str, salon_id: str | None = None) -> list[FactPage]:
        pk, sk = keys.key("FACTPAGE", network_id=network_id, table=VISITS, salon_id=salon_id or "", month="")
        found = self._reader.item.query(pk, self._reader.item.sk.startswith(sk.rstrip("#") + "#"))
        return self._reader.readable(FactPage, found)
