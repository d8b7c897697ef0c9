"""What a network has set up."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from operator import attrgetter
from typing import Any

import msgspec

from chalicelib.domain.networks.network import (
    Connection,
    Directory,
    Network,
    Price,
    Salon,
    Service,
    Staff,
    Template,
)
from chalicelib.domain.networks.offers import Offer
from chalicelib.domain.networks.partly_readable import PartlyReadable
from chalicelib.domain.networks.sources import HeardSource, Source
from chalicelib.domain.shared.errors import Unreadable
from chalicelib.store import keys
from chalicelib.store.item import body_of, value_of
from chalicelib.store.reader import Reader

_IN_DIRECTORY: dict[str, type[Any]] = {
    "SALON": Salon,
    "STAFF": Staff,
    "SERVICE": Service,
    "HOOK": Connection,
    "TEMPLATE": Template,
    "PRICE": Price,
    "OFFER": Offer,
    "SOURCE": Source,
    "HEARD": HeardSource,
}
"""The parts of the set-up, in the order of the fields of Directory."""

_NAMES: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(_IN_DIRECTORY, attrgetter("id")),
    "TEMPLATE": attrgetter("kind", "channel", "language"),
    "PRICE": attrgetter("channel", "country_code"),
}
"""What a part of the set-up is kept by."""

_SPARED = frozenset({"PRICE", "OFFER", "SOURCE", "HEARD"})
"""What the network goes on without."""


class NetworkReads:
    """The contract: `Store` in services/shared/ports.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def directory(self, network_id: str) -> Directory | None:
        """All that a network has set up: one query of its partition. An item that cannot be read is left out
        and noted; the network's own cannot be left out, so that it raises Unreadable."""
        network: Network | None = None
        found: dict[str, dict[Any, Any]] = {kind: {} for kind in _IN_DIRECTORY}
        unreadable: dict[str, dict[Any, Unreadable]] = {kind: {} for kind in _IN_DIRECTORY}
        for item in self._reader.item.query(keys.network_partition(network_id)):
            kind, _, rest = item.sk.partition("#")
            if kind == "NETWORK":
                network = self._reader.certain(Network, item)
            elif kind in _IN_DIRECTORY:
                try:
                    value = value_of(_IN_DIRECTORY[kind], item)
                    if getattr(value, "deleted_at", None) is None:  # a deleted connection is no part of it
                        found[kind][_NAMES[kind](value)] = value
                except Unreadable as error:
                    error.known_as = _known_as(item) if kind in ("SERVICE", "STAFF") else None
                    self._reader.note(error)
                    unreadable[kind][tuple(rest.split("#")) if kind == "TEMPLATE" else rest] = error
        if network is None:
            return None
        guarded = {kind: _guarded(kind, found[kind], unreadable[kind]) for kind in _IN_DIRECTORY}
        return Directory(network, *(guarded[kind] for kind in _IN_DIRECTORY))


def _known_as(item: Any) -> frozenset[str] | None:
    """All words of an unreadable item's body, casefolded, among them its name and outside ids; None: it tells
    no name."""
    with suppress(Exception):  # whatever is wrong with it
        body = msgspec.json.decode(body_of(item))
        if isinstance(body["name"], str):
            return frozenset(_words(body))
    return None


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value.casefold()
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _words(each)


def _guarded(kind: str, found: dict[Any, Any], unreadable: dict[Any, Unreadable]) -> dict[Any, Any]:
    """A part of the set-up. Without a price the default is reckoned with, without an offer a visit earns no
    more than usual, and a source's clients keep their word: none of these holds anything up. A connection is
    known by its token, not by its id."""
    if not unreadable or kind in _SPARED:
        return found
    if kind == "HOOK":
        return PartlyReadable(found, {}, next(iter(unreadable.values())))
    return PartlyReadable(found, unreadable)
