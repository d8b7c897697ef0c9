"""A store whose lists of clients come in pages of two, so that a walk over a handful takes several slices."""

from dataclasses import dataclass
from typing import Any


@dataclass
class PagedStore:
    """The store, but for its pages."""

    store: Any
    size: int = 2

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def clients(self, network_id: str, *, limit: int = 50, cursor: str | None = None) -> Any:
        return self.store.clients(network_id, limit=min(limit, self.size), cursor=cursor)

    def client_ids(self, network_id: str, *, limit: int = 50, **said: Any) -> Any:
        return self.store.client_ids(network_id, limit=min(limit, self.size), **said)
