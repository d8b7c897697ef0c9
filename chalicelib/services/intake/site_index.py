"""Which service, or which specialist, a booking site means: by its own id first, by name only where that is
beyond doubt."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic

from msgspec import Struct

from chalicelib.domain.networks.network import Connection, Staff
from chalicelib.domain.networks.site_names import (
    NAMES_ARE_IDS,
    Named,
    connection_of,
    external_id,
    has_id_of,
)
from chalicelib.domain.shared.ids import derived

_MOST_SALTS = 100


class SiteWord(Struct, frozen=True):
    """What a site's event says of one service or specialist. At least one of site_id and name is set.
    salon_id: where the event's booking is."""

    site_id: str | None
    name: str | None
    salon_id: str

    @property
    def is_one_word(self) -> bool:
        """Whether one word is both: a sender of `standard` names things by ids or by names."""
        if self.site_id is None or self.name is None:
            return False
        return _folded(self.site_id) == _folded(self.name)

    @property
    def reported_name(self) -> str | None:
        """The name that the site tells for its id; None where it tells none."""
        return None if self.is_one_word else self.name


class SiteIndex(Generic[Named]):
    """A network's services, or its staff, by all that one connection may name them by.

    prefix: of their ids. is_named: whether the name of a value is one that people use.
    """

    def __init__(
        self, prefix: str, connection: Connection, named: Iterable[Named], is_named: Callable[[Named], bool]
    ) -> None:
        self._prefix, self._connection = prefix, connection
        self._is_named: Callable[[Named], bool] = is_named
        self.by_id: dict[str, Named] = {}
        self._ids: dict[str, dict[str, None]] = {}
        self._names: dict[str, dict[str, None]] = {}
        for each in named:
            self.put(each)

    def put(self, value: Named) -> Named:
        """Adds the value, or takes it in place of its former state."""
        self.by_id[value.id] = value
        for external in value.external_ids:
            self._ids.setdefault(external, {})[value.id] = None
        self._names.setdefault(_folded(value.name), {})[value.id] = None
        return value

    def external_id(self, word: SiteWord) -> str | None:
        return external_id(self._connection.id, word.site_id) if word.site_id else None

    def find(self, word: SiteWord) -> Named | None:
        """The value with the site's id, in whatever salon. Else the one of that name that works in the salon
        and has no id of this connection. None where there is none, or several among which only a guess could
        choose."""
        external = self.external_id(word)
        of_id = [self.by_id[each] for each in self._ids.get(external or "", ())]
        here = [each for each in of_id if _works_in(each, word.salon_id)]
        if here or (of_id and not word.is_one_word):
            return (here or of_id)[0]
        return self._of_name(word, word.name) if word.name else None

    def free_id(self, word: SiteWord) -> str:
        """The id of a new value. It follows from what the site says, so that two workers make one item."""
        for each_id in self._ids_for(word.site_id or _folded(str(word.name)), word.salon_id):
            if each_id not in self.by_id:
                return each_id
        raise ValueError(f"no id is free for {word}")

    def _ids_for(self, word: str, salon_id: str) -> Iterator[str]:
        yield derived(self._prefix, self._connection.id, word)
        yield derived(self._prefix, self._connection.id, word, salon_id)
        for number in range(2, _MOST_SALTS):
            yield derived(self._prefix, self._connection.id, word, salon_id, str(number))

    def _of_name(self, word: SiteWord, name: str) -> Named | None:
        """What this connection made of the name before, whatever a person calls it now, goes before others of
        that name; what is offered goes before what is archived."""
        made = list(self._made_of(name, word.salon_id))
        found = {each.id: each for each in made if not self._has_id(each)}
        for each in map(self.by_id.__getitem__, self._names.get(_folded(name), ())):
            if _folded(each.name) == _folded(name) and self._may_be(each, word.salon_id):
                found[each.id] = each
        may_have_id = word.site_id is None
        for archived in (False, True):
            among = [
                each
                for each in found.values()
                if each.archived is archived and (may_have_id or not self._has_id(each))
            ]
            if among:
                return self._only(among)
        return made[0] if made and word.site_id is None else None

    def _only(self, among: Sequence[Named]) -> Named | None:
        """The only one, or the only one that this connection made of a name alone; None where nobody can
        know."""
        own = [each for each in among if each.made_by == self._connection.id and not self._has_id(each)]
        chosen = own or among
        return chosen[0] if len(chosen) == 1 else None

    def _made_of(self, name: str, salon_id: str) -> Iterator[Named]:
        for each_id in self._ids_for(_folded(name), salon_id):
            value = self.by_id.get(each_id)
            if value is None:
                return
            if self._may_be(value, salon_id):
                yield value

    def _may_be(self, value: Named, salon_id: str) -> bool:
        return _works_in(value, salon_id) and self._is_named(value)

    def _has_id(self, value: Named) -> bool:
        """Whether an id of this connection leads to the value. A name that was sent in an id's place is none:
        the sender may tell the id later."""
        if self._connection.site != NAMES_ARE_IDS:
            return has_id_of(value, self._connection.id)
        word = external_id(self._connection.id, _folded(value.name))
        ids = (each for each in value.external_ids if connection_of(each) == self._connection.id)
        return any(_folded(each) != _folded(word) for each in ids)


def _works_in(value: object, salon_id: str) -> bool:
    """A service is done in every salon; so works a specialist of no salon in particular."""
    return not isinstance(value, Staff) or not value.salon_ids or salon_id in value.salon_ids


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
