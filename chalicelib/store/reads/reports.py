"""Pages of facts, and what the index by category tells of whom to call."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date

from chalicelib.domain.facts.fact_pages import FactPage
from chalicelib.domain.reports.call_hints import OverdueHint, PointsHint, overdue_hint, points_hint
from chalicelib.store import keys
from chalicelib.store.reader import Reader


class ReportReads:
    """The contract: `Store` in services/shared/ports.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def fact_pages(self, network_id: str, table: str, salon_id: str | None = None) -> list[FactPage]:
        pk, sk = keys.key("FACTPAGE", network_id=network_id, table=table, salon_id=salon_id or "", month="")
        found = self._reader.item.query(pk, self._reader.item.sk.startswith(sk.rstrip("#") + "#"))
        return self._reader.readable(FactPage, found)

    def overdue_hints(
        self, network_id: str, category: str, since: date, until: date, *, limit: int
    ) -> list[OverdueHint]:
        found: list[OverdueHint] = []
        for client_id, day, text in self._hints(network_id, category, since, until, limit, newest_first=True):
            with suppress(ValueError):
                found.append(overdue_hint(client_id, day, text))
        return found

    def points_hints(self, network_id: str, since: date, until: date, *, limit: int) -> list[PointsHint]:
        found: list[PointsHint] = []
        for client_id, day, text in self._hints(
            network_id, keys.EXPIRING, since, until, limit, newest_first=False
        ):
            with suppress(ValueError):
                found.append(points_hint(client_id, day, text))
        return found

    def _hints(
        self, network_id: str, listed: str, since: date, until: date, limit: int, *, newest_first: bool
    ) -> Iterator[tuple[str, str, str]]:
        """Client, day and text of entries of a list that have one: one query of so many entries."""
        entries = self._reader.item.by_category.query(
            keys.clients_of_category(network_id, listed),
            self._reader.item.category_at.between(since.isoformat(), until.isoformat()),
            scan_index_forward=not newest_first,
            page_size=limit,
        )
        for each in next(entries.page_iter)["Items"][:limit]:
            text = each.get("to_call")
            if text is not None:
                facts = keys.key_facts(each["PK"]["S"], each["SK"]["S"])
                yield facts.get("client_id") or facts["id"], each["category_at"]["S"], text["S"]
