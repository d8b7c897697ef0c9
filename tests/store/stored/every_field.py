"""Values of every stored type with every field set: none at its default, tuples short and long, and each word
of every enum that is a field. The values need not make sense together: they are only written and read.

Belongs to make_items.py, and runs where that runs.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

from msgspec import NODEFAULT, Struct
from msgspec.structs import fields, replace

from chalicelib.domain.aliases import Alias
from chalicelib.domain.bookings import Booking, Status
from chalicelib.domain.clients import Client
from chalicelib.domain.messages import Message, MessageState
from chalicelib.domain.network import Network
from chalicelib.domain.touches import TouchKind
from chalicelib.domain.walks import Walk, WalkKind
from chalicelib.store.keys import _PLACES, TEMPLATES, place_of

NETWORK = "net_fields0000"
BEGIN = datetime(2026, 3, 28, 21, 30, 5, 123_000, UTC)
FEW, MANY = 1, 9
"""How many items a tuple has: from eight on, rows are written as columns."""


class Sampler:
    """Makes a value of any type that may be stored; each is another than the one before."""

    def __init__(self, number: int, items: int) -> None:
        self._number, self._items = number, items

    def value(self, cls: type, **given: Any) -> Any:
        """One with all its fields set, but for those that are given."""
        hints = get_type_hints(cls)
        made = {each.name: self._field(each, hints[each.name]) for each in fields(cls)}
        return cls(**{**made, **given})

    def _field(self, of: Any, hint: Any) -> Any:
        if of.name == "network_id":
            return NETWORK
        if of.name == "version":
            return 0  # it is another once it is saved
        default = of.default if of.default_factory is NODEFAULT else of.default_factory()
        for _ in range(3):
            made = self._any(hint, of.name)
            if made != default:
                return made
        raise AssertionError(f"{of.name}: {hint} has nothing but its default")

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _any(self, hint: Any, name: str) -> Any:
        origin, args = get_origin(hint), get_args(hint)
        if origin is Union or type(hint).__name__ == "UnionType":
            return self._any(next(each for each in args if each is not type(None)), name)
        if origin is tuple:
            return tuple(self._any(args[0], name) for _ in range(self._items))
        if origin is Mapping:
            return self._mapping(*args, name)
        if isinstance(hint, type) and issubclass(hint, Struct):
            return self.value(hint)
        if isinstance(hint, type) and issubclass(hint, Enum):
            return [*hint][self._next() % len(hint)]
        return self._plain(hint, name)

    def _mapping(self, of_key: Any, of_item: Any, name: str) -> dict[Any, Any]:
        """An item that begins with what it is kept by says the same."""
        keys = [self._any(of_key, name) for _ in range(self._items)]
        found = {}
        for key in keys:
            item = self._any(of_item, name)
            if isinstance(item, Struct):
                first = fields(type(item))[0].name
                item = replace(item, **{first: key}) if type(getattr(item, first)) is type(key) else item
            found[key] = item
        return found

    def _plain(self, hint: Any, name: str) -> Any:
        number = self._next()
        made: dict[Any, Any] = {
            str: f"{name} {number} Ștefan, Мария",
            int: number + 1_000,
            bool: number % 2 == 0,
            bytes: f'{{"{name}": {number}}}\xff'.encode("latin-1") * 3,
            datetime: BEGIN + timedelta(days=number % 90, minutes=number),
            date: date(2026, 1, 1) + timedelta(days=number % 300),
            time: time(number % 24, number % 60),
        }
        return made[hint]


def every_field() -> list[Any]:
    """Of each stored type two values at least; their ids tell them apart."""
    return [each for number, cls in enumerate(_PLACES) for each in _of(cls, number * 700)]


def _of(cls: type, number: int) -> list[Any]:
    hints = get_type_hints(cls)
    plain = {name: hint for name, hint in hints.items() if isinstance(hint, type)}
    enums = {name: [*hint] for name, hint in plain.items() if issubclass(hint, Enum)}
    turns = max(3, *(len(words) for words in enums.values())) if enums else 3
    found = []
    for turn in range(turns):
        given = {name: words[turn % len(words)] for name, words in enums.items()}
        items = MANY if turn == 1 else FEW
        sensible = _sensible(cls, turn) | (_other_state(given["kind"]) if cls is Walk else {})
        found.append(Sampler(number + turn * 40, items).value(cls, **given, **sensible))
    found += [_bare(found[-1], turns)]
    return found


def _sensible(cls: type, turn: int) -> dict[str, Any]:
    """What a key or an index must be able to tell; and, of some, instants finer than those tell."""
    fine = {"microsecond": 123_456}
    if cls is Message:
        of_index = {"channel": ("sms", "email", "whatsapp", "push")[turn % 4]}
        return of_index if turn != 1 else {**of_index, "recorded_at": BEGIN.replace(**fine)}
    if cls is Booking:
        waiting = {"client_id": None} if turn == 2 else {}
        return waiting if turn != 1 else {"starts_at": BEGIN.replace(**fine)}
    if cls is Client and turn == 1:
        return {"created_at": BEGIN.replace(**fine)}
    if cls is Network:
        return {"network_id": f"net_fields000{turn}"}
    return {"moved": False} if cls is Alias else {}


STATE_OF = {
    WalkKind.REPLAN: set(),
    WalkKind.INVITE: {"campaign_id", "next_at"},
    WalkKind.RESUME: {"campaign_id", "next_at"},
    WalkKind.COUNT: {"campaign_id", "next_at", "count"},
    WalkKind.TALLY: {"campaign_id", "count"},
    WalkKind.PROMOTE: {"promotion_id"},
    WalkKind.SURPRISE: {"draw"},
    WalkKind.AUDIT: {"audit"},
    WalkKind.AUDIT_SAMPLE: {"audit"},
    WalkKind.CLEARING: {"period", "audit"},
    WalkKind.SIMULATE: {"simulation_id"},
}
"""Fields of a walk that only some kinds have: this commit writes no others into a walk of that kind."""


def _other_state(kind: WalkKind) -> dict[str, None]:
    return dict.fromkeys(set().union(*STATE_OF.values()) - STATE_OF[kind])


def _bare(full: Any, turn: int) -> Any:
    """The same with nothing but what it must have, under another key. Of walks one to plan again: the others
    must say what they are about."""
    cls: Any = type(full)
    must = [each for each in fields(cls) if each.default is NODEFAULT and each.default_factory is NODEFAULT]
    given = {each.name: getattr(full, each.name) for each in must}
    kind = place_of(full).sk.partition("#")[0]
    *_, last = re.findall(r"{(\w+)}", "".join(TEMPLATES[kind]))
    if cls is Walk:
        given["kind"] = WalkKind.REPLAN
    given[last] = f"net_fields000{turn}" if last == "network_id" else f"bare {last} {turn}"
    return cls(**given)


def moved(alias: Alias) -> Alias:
    """It leads to somebody else by now."""
    return replace(alias, leads_to=f"{alias.leads_to} now", moved=True)


def unset_fields(values: list[Any]) -> list[str]:
    """`Type.field` of what is at its default in all of the values, whatever they are nested in."""
    known: dict[str, bool] = {}
    for value in values:
        _look(value, known)
    return sorted(name for name, is_set in known.items() if not is_set)


def _look(value: Any, known: dict[str, bool]) -> None:
    if isinstance(value, Struct):
        cls = type(value)
        for each in fields(cls):
            item = getattr(value, each.name)
            default = each.default if each.default_factory is NODEFAULT else each.default_factory()
            name = f"{cls.__name__}.{each.name}"
            known[name] = known.get(name, False) or item != default
            _look(item, known)
    elif isinstance(value, Mapping):
        for item in value.values():
            _look(item, known)
    elif isinstance(value, tuple):
        for item in value:
            _look(item, known)


def unmet_words(values: list[Any]) -> list[str]:
    """Statuses of bookings, states and kinds of messages of which there is none."""
    met = {(type(each), word) for each in values for word in (getattr(each, n, None) for n in _WORDS)}
    wanted = [(Booking, each) for each in Status] + [(Message, each) for each in (*MessageState, *TouchKind)]
    return [f"{cls.__name__} {word}" for cls, word in wanted if (cls, word) not in met]


_WORDS = ("status", "state", "kind")
