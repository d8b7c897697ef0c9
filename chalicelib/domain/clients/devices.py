"""The devices on which a client takes push messages. Pure."""

from msgspec.structs import replace

from chalicelib.domain.clients.clients import DEVICES_KEPT, Client, Device


def with_device(client: Client, device: Device) -> Client:
    """The client with a device that takes push messages from now on, the newest last. The oldest device goes
    when there are too many. Failures at the device's endpoint are forgotten."""
    others = [each for each in client.devices if each.endpoint != device.endpoint]
    return _with_devices(client, (*others, device)[-DEVICES_KEPT:], {device.endpoint})


def without_device(client: Client, device_id: str) -> Client:
    return _with_devices(client, tuple(each for each in client.devices if each.id != device_id), set())


def _with_devices(client: Client, devices: tuple[Device, ...], well: set[str]) -> Client:
    kept = {device.endpoint for device in devices} - well
    dead = tuple(each for each in client.dead_addresses if each.channel != "push" or each.address in kept)
    return replace(client, devices=devices, dead_addresses=dead)
