"""Keep the devices on which a client takes push messages."""

from chalicelib.domain.clients.clients import Client, Device
from chalicelib.domain.clients.devices import with_device, without_device
from chalicelib.domain.networks.access import Access
from chalicelib.domain.shared.errors import refused
from chalicelib.services.clients.register_client import get_client
from chalicelib.services.shared.ports import DeviceRefused, PlatformMissing, PushRegistry
from chalicelib.services.shared.world import World


def add_device(
    world: World, access: Access, registry: PushRegistry, client_id: str, platform: str, token: str
) -> Client:
    """Registers the device with the push service and adds it to the client, as the newest. A device that is
    the newest already, and not suppressed, changes nothing.

    Raises NOT_FOUND, INVALID_DEVICE_TOKEN, UNKNOWN_PLATFORM, TRY_AGAIN.
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

    return world.retrying(lambda: _add_device(world, access, client_id, device))


def _add_device(world: World, access: Access, client_id: str, device: Device) -> Client:
    client = get_client(world, access, client_id)
    newest = client.devices[-1] if client.devices else None
    is_newest = newest is not None and newest.endpoint == device.endpoint
    is_suppressed = any(each.address == device.endpoint for each in client.dead_addresses)
    if is_newest and not is_suppressed:
        return client
    return _saved(world, client, with_device(client, device))


def remove_device(world: World, access: Access, client_id: str, device_id: str) -> Client:
    """Sends no more to that device; nothing happens if it is not there. The push service keeps its endpoint:
    the same device may take messages of another client, or network, of this deployment. Raises NOT_FOUND,
    TRY_AGAIN."""
    return world.retrying(lambda: _remove_device(world, access, client_id, device_id))


def _remove_device(world: World, access: Access, client_id: str, device_id: str) -> Client:
    client = get_client(world, access, client_id)
    return _saved(world, client, without_device(client, device_id))


def _saved(world: World, client: Client, wanted: Client) -> Client:
    return client if wanted == client else world.store.save(wanted)[0]
