"""Webhooks that were received."""

from chalicelib.domain.intake.inbox import InboxItem, InboxState
from chalicelib.services.shared.ports import Page
from chalicelib.store import keys
from chalicelib.store.reader import Reader


class IntakeReads:
    """The contract: `Store` in services/shared/ports.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def inbox(
        self, network_id: str, *, state: InboxState | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[InboxItem]:
        """Webhooks, newest first. Quarantined ones have an index; other states are sifted from a page."""
        if state is InboxState.QUARANTINED:
            page = self._reader.index_page(
                self._reader.item.by_network,
                keys.quarantine_of(network_id),
                newest_first=True,
                limit=limit,
                cursor=cursor,
            )
            return Page(self._reader.batch(InboxItem, page.items), page.cursor)
        found = self._reader.get_page(InboxItem, network_id=network_id, limit=limit, cursor=cursor)
        return Page([item for item in found.items if state in (None, item.state)], found.cursor)
