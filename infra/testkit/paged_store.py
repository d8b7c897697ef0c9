"""A store whose lists of clients come in small pages, so that a walk over a handful takes several slices."""

from typing import Any

from infra.testkit.delegating_store import DelegatingStore


class PagedStore(DelegatingStore):
    """size: clients a page, at most."""

    def __init__(self, store: Any, size: int = 2) -> None:
        super().__init__(store)
        self.size = size

    def clients(self, network_id: str, *, limit: int = 50, cursor: str | None = None) -> Any:
        return self.store.clients(network_id, limit=min(limit, self.size), cursor=cursor)

    def client_ids(self, network_id: str, *, limit: int = 50, **fields: Any) -> Any:
        return self.store.client_ids(network_id, limit=min(limit, self.size), **fields)
