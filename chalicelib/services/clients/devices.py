"""Keep the devices on which a client takes push messages."""

from collections.abc import Callable

from chalicelib.domain.clients.clients import Client, Device, with_device, without_device
from chalicelib.domain.networks.access import Access
from chalicelib.domain.shared.errors import conflict, refused
from chalicelib.services.clients.register_client import get_client
from chalicelib.services.shared.ports import DeviceRefused, PlatformMissing, PushRegistry, SaveConflict
from chalicelib.services.shared.world import World


def add_device(
    world: World, access: Access, registry: PushRegistry, client_id: str, platform: str, token: str
) -> Client:
    """Makes the device known to the push service and keeps it. The same again changes nothing, unless another
    was added since: then it counts as the newest.

    Raises NOT_FOUND, INVALID_DEVICE_TOKEN, UNKNOWN_PLATFORM.
    """
    get_client(world, access, client_id)
    try:
        endpoint = registry.register(platform, token)
    except DeviceRefused:
        raise refused(
            "INVALID_DEVICE_TOKEN", "The push service does not take this token; ask the app for a new one."
        ) from None
    except PlatformMissing:
        raise refused(
            "UNKNOWN_PLATFORM", "There is no app here for that platform.", platform=platform
        ) from None
    device = Device(endpoint, platform, world.now())

    def added(client: Client) -> Client:
        newest = client.devices[-1] if client.devices else None
        same = newest is not None and newest.endpoint == endpoint
        is_dead = any(each.address == endpoint for each in client.dead_addresses)
        return client if same and not is_dead else with_device(client, device)

    return _changed(world, access, client_id, added)


def remove_device(world: World, access: Access, client_id: str, device_id: str) -> Client:
    """Sends no more to that device; nothing happens if it is not there. The push service keeps its endpoint:
    the same device may take messages of another client, or network, of this deployment."""
    return _changed(world, access, client_id, lambda client: without_device(client, device_id))


def _changed(world: World, access: Access, client_id: str, change: Callable[[Client], Client]) -> Client:
    for _ in world.tries():
        client = get_client(world, access, client_id)
        wanted = change(client)
        if wanted == client:
            return client
        try:
            return world.store.save(wanted)[0]
        except SaveConflict:
            continue
    raise conflict("TRY_AGAIN", "Somebody else changed this client at the same moment; try again.")
