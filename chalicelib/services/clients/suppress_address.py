"""Suppress an address: where a channel fails for good, nothing is sent again."""

from contextlib import suppress

from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client, DeadAddress
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World


def suppress_address(world: World, network_id: str, client_id: str, dead: DeadAddress) -> None:
    """Adds the address to the client's suppressed addresses, once. Of a merged client, the same holds for the
    surviving client. Raises SaveConflict when too many others change the client at the same time."""
    next_id: str | None = client_id
    while next_id is not None:
        client = _suppressed(world, network_id, next_id, dead)
        next_id = client.merged.into if client is not None and client.merged is not None else None


def _suppressed(world: World, network_id: str, client_id: str, dead: DeadAddress) -> Client | None:
    """The client as saved, or as they were."""
    for _ in world.tries():
        client = world.store.get(Client, network_id=network_id, id=client_id)
        if client is None:
            return None
        suppressed = [(each.channel, each.address) for each in client.dead_addresses]
        if (dead.channel, dead.address) in suppressed:
            return client
        with suppress(SaveConflict):
            return world.store.save(replace(client, dead_addresses=(*client.dead_addresses, dead)))[0]
    raise SaveConflict(dead)
