"""A store on which somebody else is quicker: between what a use case has read and what it writes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass
class InterleavedStore:
    """The store; just before its first save somebody else does something."""

    store: Any
    other: Callable[[], Any] | None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def save(self, *values: Any, **said: Any) -> Any:
        other, self.other = self.other, None
        if other is not None:
            other()
        return self.store.save(*values, **said)
