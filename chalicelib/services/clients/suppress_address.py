"""Bury an address: one at which a channel fails for good is not tried again."""

from contextlib import suppress

from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client, DeadAddress
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World


def suppress_address(world: World, network_id: str, client_id: str, dead: DeadAddress) -> None:
    """Takes it down with the client, once. Raises SaveConflict when too many change them at once."""
    for _ in world.tries():
        client = world.store.get(Client, network_id=network_id, id=client_id)
        if client is None:
            return
        if any(
            (each.channel, each.address) == (dead.channel, dead.address) for each in client.dead_addresses
        ):
            return
        with suppress(SaveConflict):
            world.store.save(replace(client, dead_addresses=(*client.dead_addresses, dead)))
            return
    raise SaveConflict(dead)
