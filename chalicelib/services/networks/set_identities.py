"""Set the senders of a network's messages, and with them the numbers at which it hears its clients."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from msgspec.structs import replace

from chalicelib.domain.networks.network import Network
from chalicelib.domain.shared.aliases import InboundNumber
from chalicelib.domain.shared.errors import conflict, missing, refused
from chalicelib.services.shared.contact_details import email_or_none
from chalicelib.services.shared.world import World

_WHATSAPP_ARN = re.compile(r"arn:[a-z-]+:social-messaging:[a-z0-9-]+:[0-9]+:phone-number-id/([0-9A-Za-z]+)")
_FORMS = {
    "sms": re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{3,6}|pool-[0-9a-f]{32}|(?=.*[A-Za-z])[A-Za-z0-9-]{1,11}"),
    "whatsapp": re.compile(r"phone-number-id-[0-9A-Za-z]{1,64}"),
}


def set_identities(world: World, network_id: str, identities: Mapping[str, str | None]) -> Network:
    """Sets the identity of each channel that is named. None or an empty text: the deployment's own again.

    sms: a phone (E.164), a short code, a pool or a sender id; whatsapp: a phone number's id or ARN; email: an
    address. Phones, codes and WhatsApp ids are also what clients write to. Networks may share one, since this
    is the operator's word. Raises NOT_FOUND, UNKNOWN_CHANNEL, INVALID_IDENTITY, TRY_AGAIN.
    """
    return world.retrying(lambda: _set_identities(world, network_id, identities))


def _set_identities(world: World, network_id: str, identities: Mapping[str, str | None]) -> Network:
    network = _network(world, network_id)
    wanted = identified(network, identities)
    if wanted == network:
        return network
    saved = world.store.save(wanted, *numbers_taken(world, network, wanted, shared=True))[0]
    world.directories.forget(network_id)
    return saved


def _network(world: World, network_id: str) -> Network:
    network = world.store.get(Network, network_id=network_id)
    if network is None:
        raise missing("network", network_id)
    return network


def identified(network: Network, identities: Mapping[str, str | None]) -> Network:
    """The network with these identities. It is saved with the `numbers_taken`."""
    wanted = {channel: _identity(channel, text) for channel, text in identities.items()}
    kept = {channel: text for channel, text in {**network.identities, **wanted}.items() if text}
    return replace(network, identities=MappingProxyType(kept))


def answer_at(world: World, network_id: str, number: str) -> InboundNumber:
    """Lets this network, too, get what clients write to a phone or WhatsApp id, such as a pool's number or
    the deployment's own. Raises NOT_FOUND, INVALID_IDENTITY, TRY_AGAIN."""
    _network(world, network_id)
    channel = "whatsapp" if "phone-number-id" in number else "sms"
    plain = _identity(channel, number) or ""
    return world.retrying(lambda: _answer_at(world, network_id, plain))


def _answer_at(world: World, network_id: str, number: str) -> InboundNumber:
    current = _inbound_number(world, number)
    if network_id in current.network_ids:
        return current
    return world.store.save(replace(current, network_ids=(*current.network_ids, network_id)))[0]


def _inbound_number(world: World, number: str) -> InboundNumber:
    existing = world.store.get(InboundNumber, number=number)
    return existing or InboundNumber(number=number, network_ids=())


def _identity(channel: str, text: str | None) -> str | None:
    if channel not in ("sms", "whatsapp", "email"):
        raise refused("UNKNOWN_CHANNEL", "Identities are of sms, whatsapp and email.", channel=channel)
    if not text:
        return None
    text = text.strip()
    if channel == "email":
        found = email_or_none(text)
    else:
        found = _WHATSAPP_ARN.sub(r"phone-number-id-\1", text)
        found = found if _FORMS[channel].fullmatch(found) else None
    if found is None:
        raise refused("INVALID_IDENTITY", f"Nothing can be sent by {channel} as this.", channel=channel)
    return found


def numbers_taken(
    world: World, current: Network, wanted: Network, *, shared: bool = False
) -> list[InboundNumber]:
    """The numbers that the network gives up and those that it takes, to be saved with the network. An
    identity belongs to one network: no tenant sends as another, or hears another's clients. Raises
    IDENTITY_TAKEN, unless identities may be shared."""
    old, new = set(current.identities.values()), set(wanted.identities.values())
    found = []
    for number in sorted(old ^ new):
        inbound = _inbound_number(world, number)
        others = tuple(each for each in inbound.network_ids if each != current.network_id)
        if number in new and others and not shared:
            raise conflict("IDENTITY_TAKEN", "Another network sends as this; ask who runs this deployment.")
        network_ids = (*others, current.network_id) if number in new else others
        found.append(replace(inbound, network_ids=network_ids))
    return found
