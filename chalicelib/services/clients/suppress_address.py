"""Suppress an address: where a channel fails for good, nothing is sent again."""

from contextlib import suppress

from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client, DeadAddress
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World


def suppress_address(world: World, network_id: str, client_id: str, dead: DeadAddress) -> None:
    """Adds the address to the client's suppressed addresses, once. Raises SaveConflict when too many others
    change the client at the same time."""
    for _ in world.tries():
        client = world.store.get(Client, network_id=network_id, id=client_id)
        if client is None:
            return
        suppressed = [(each.channel, each.address) for each in client.dead_addresses]
        if (dead.channel, dead.address) in suppressed:
            return
        with suppress(SaveConflict):
            world.store.save(replace(client, dead_addresses=(*client.dead_addresses, dead)))
            return
    raise SaveConflict(dead)
