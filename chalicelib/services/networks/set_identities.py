"""Set whom a network's messages come from, and with that, which network a number stands for when clients
write to it."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from msgspec.structs import replace

from chalicelib.domain.networks.network import Network
from chalicelib.domain.shared.aliases import InboundNumber
from chalicelib.domain.shared.errors import conflict, missing, refused
from chalicelib.services.shared.contact_details import email_or_none
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World

_WHATSAPP_ARN = re.compile(r"arn:[a-z-]+:social-messaging:[a-z0-9-]+:[0-9]+:phone-number-id/([0-9A-Za-z]+)")
_SHAPES = {
    "sms": re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{3,6}|pool-[0-9a-f]{32}|(?=.*[A-Za-z])[A-Za-z0-9-]{1,11}"),
    "whatsapp": re.compile(r"phone-number-id-[0-9A-Za-z]{1,64}"),
}


def set_identities(world: World, network_id: str, said: Mapping[str, str | None]) -> Network:
    """Sets the identity of each channel that is named; None or empty: the deployment's own again.

    sms: a phone (E.164), a short code, a pool or a sender id; whatsapp: a phone number's id or ARN; email: an
    address. Phones, codes and WhatsApp ids are also what clients write to. Networks may share one, since this
    is the operator's word. Raises NOT_FOUND, UNKNOWN_CHANNEL, INVALID_IDENTITY.
    """
    for _ in world.tries():
        network = world.store.get(Network, network_id=network_id)
        if network is None:
            raise missing("network", network_id)
        after = identified(network, said)
        if after == network:
            return network
        try:
            saved: Network = world.store.save(after, *numbers_taken(world, network, after, shared=True))[0]
        except SaveConflict:
            continue
        world.directories.forget(network_id)
        return saved
    raise conflict("TRY_AGAIN", "Somebody else changed this at the same moment; try again.")


def identified(network: Network, said: Mapping[str, str | None]) -> Network:
    """The network with these identities; to be saved with the `numbers_taken`."""
    wanted = {channel: _identity(channel, text) for channel, text in said.items()}
    kept = {channel: text for channel, text in {**network.identities, **wanted}.items() if text}
    return replace(network, identities=MappingProxyType(kept))


def answer_at(world: World, network_id: str, number: str) -> InboundNumber:
    """What is written to that phone or WhatsApp id is for this network, too: one of a pool's, say, or
    of the deployment's own. Raises NOT_FOUND, INVALID_IDENTITY."""
    if world.store.get(Network, network_id=network_id) is None:
        raise missing("network", network_id)
    channel = "whatsapp" if "phone-number-id" in number else "sms"
    plain = _identity(channel, number) or ""
    for _ in world.tries():
        stands = world.store.get(InboundNumber, number=plain) or InboundNumber(number=plain, network_ids=())
        if network_id in stands.network_ids:
            return stands
        try:
            wanted = replace(stands, network_ids=(*stands.network_ids, network_id))
            return world.store.save(wanted)[0]
        except SaveConflict:
            continue
    raise conflict("TRY_AGAIN", "Somebody else changed this at the same moment; try again.")


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
        found = found if _SHAPES[channel].fullmatch(found) else None
    if found is None:
        raise refused("INVALID_IDENTITY", f"Nothing can be sent by {channel} as this.", channel=channel)
    return found


def numbers_taken(
    world: World, before: Network, after: Network, *, shared: bool = False
) -> list[InboundNumber]:
    """What the network gives up, and what it takes, to be saved with it. An identity is one network's: nobody
    sends as another tenant, or hears its clients. Raises IDENTITY_TAKEN, unless it may be shared."""
    old, new = set(before.identities.values()), set(after.identities.values())
    found = []
    for number in sorted(old ^ new):
        stands = world.store.get(InboundNumber, number=number) or InboundNumber(number=number, network_ids=())
        others = tuple(network_id for network_id in stands.network_ids if network_id != before.network_id)
        if number in new and others and not shared:
            raise conflict("IDENTITY_TAKEN", "Another network sends as this; ask who runs this deployment.")
        ids = (*others, before.network_id) if number in new else others
        found.append(replace(stands, network_ids=ids))
    return found
