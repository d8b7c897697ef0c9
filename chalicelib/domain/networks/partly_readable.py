"""A part of a network's set-up in which some items cannot be read."""

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from chalicelib.domain.shared.errors import Unreadable

K = TypeVar("K")
V = TypeVar("V")


class PartlyReadable(dict[K, V]):
    """The readable items by their names; lists hold no other. Whoever asks for an unreadable item by its name
    gets `Unreadable`, never the answer that there is no such item: what needs that item waits until the item
    is mended.

    unreadable  by name, the items that cannot be read.
    nameless    set where unreadable items are not known by these names: then any unknown name may be one.
    """

    def __init__(
        self, readable: Mapping[K, V], unreadable: Mapping[K, Unreadable], nameless: Unreadable | None = None
    ) -> None:
        super().__init__(readable)
        self.unreadable, self.nameless = unreadable, nameless

    def __missing__(self, name: K) -> V:
        self._refuse(name)
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or self._refuse(name)

    def get(self, name: Any, default: Any = None) -> Any:
        if name not in self:  # which refuses an unreadable one
            return default
        return self[name]

    def refuse_new(self, name: K, known_as: Collection[str], *, waited: bool) -> None:
        """Raises Unreadable: a new item with this name may be one that cannot be read. known_as: the new
        item's own name and outside ids, casefolded. waited: an unreadable item whose body tells neither is
        waited for no longer."""
        self._refuse(name)
        for found in self.unreadable.values():
            if not waited if found.known_as is None else not found.known_as.isdisjoint(known_as):
                raise found.again()

    def _refuse(self, name: Any) -> bool:
        """False for a name that no unreadable item has."""
        found = self.unreadable.get(name, self.nameless)
        if found is not None:
            raise found.again()
        return False
