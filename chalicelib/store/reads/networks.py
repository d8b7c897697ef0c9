"""What a network has set up."""

from typing import Any

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
from chalicelib.store import keys
from chalicelib.store.item import value_of
from chalicelib.store.reader import Reader

_IN_DIRECTORY: dict[str, type[Any]] = {
    "SALON": Salon,
    "STAFF": Staff,
    "SERVICE": Service,
    "HOOK": Connection,
    "TEMPLATE": Template,
    "PRICE": Price,
    "OFFER": Offer,
}


class NetworkReads:
    """The contract: `Store` in services/shared/ports.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def directory(self, network_id: str) -> Directory | None:
        """All that a network has set up: one query of its partition."""
        network: Network | None = None
        found: dict[str, list[Any]] = {kind: [] for kind in _IN_DIRECTORY}
        for item in self._reader.item.query(keys.network_partition(network_id)):
            kind = item.sk.partition("#")[0]
            if kind == "NETWORK":
                network = value_of(Network, item)
            elif kind in _IN_DIRECTORY:
                found[kind].append(value_of(_IN_DIRECTORY[kind], item))
        if network is None:
            return None
        templates = {(each.kind, each.channel, each.language): each for each in found["TEMPLATE"]}
        prices = {(each.channel, each.country_code): each for each in found["PRICE"]}
        salons, staff, services = (
            {each.id: each for each in found[kind]} for kind in ("SALON", "STAFF", "SERVICE")
        )
        connections = {each.id: each for each in found["HOOK"] if each.deleted_at is None}
        offers = {each.id: each for each in found["OFFER"]}
        return Directory(network, salons, staff, services, connections, templates, prices, offers)
