"""The addresses at which channels reach a client: phone, e-mail, devices. Pure."""

from chalicelib.domain.clients.clients import Client, DeadAddress


def address_of(client: Client, channel: str) -> str | None:
    """The address at which the channel reaches the client; None where it cannot."""
    dead = {each.address for each in client.dead_addresses if each.channel == channel}
    return next((address for address in _addresses(client, channel) if address not in dead), None)


def is_known(client: Client, channel: str) -> bool:
    """Whether the client has an address for the channel, suppressed or not."""
    return bool(_addresses(client, channel))


def _addresses(client: Client, channel: str) -> list[str]:
    """The client's addresses for the channel, the one to be tried first first."""
    if channel == "push":
        return [device.endpoint for device in reversed(client.devices)]
    return [each for each in (client.email if channel == "email" else client.phone,) if each]


def dead_address(client: Client, channel: str) -> DeadAddress | None:
    """The failed address because of which the channel does not reach the client, though there is an address;
    of several the latest that failed."""
    if address_of(client, channel) is not None:
        return None
    known = _addresses(client, channel)
    dead = [each for each in client.dead_addresses if each.channel == channel and each.address in known]
    return max(dead, key=lambda each: each.at, default=None)
