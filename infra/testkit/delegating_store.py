"""A store that answers as another one does, but for what its subclass does otherwise."""

from typing import Any


class DelegatingStore:
    """store: whose answers these are."""

    def __init__(self, store: Any) -> None:
        self.store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)
