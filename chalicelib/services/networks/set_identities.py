"""Set the senders of a network's messages, and with them the numbers at which it hears its clients."""

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType

from msgspec.structs import replace

from chalicelib.domain.networks.email_proof import asked
from chalicelib.domain.networks.network import Network
from chalicelib.domain.shared.aliases import InboundNumber
from chalicelib.domain.shared.errors import DomainError, ErrorKind, conflict, missing, refused
from chalicelib.services.shared.contact_details import email_or_none
from chalicelib.services.shared.world import World

_WHATSAPP_ARN = re.compile(r"arn:[a-z-]+:social-messaging:[a-z0-9-]+:[0-9]+:phone-number-id/([0-9A-Za-z]+)")
_FORMS = {
    "sms": re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{3,6}|pool-[0-9a-f]{32}|(?=.*[A-Za-z])[A-Za-z0-9-]{1,11}"),
    "whatsapp": re.compile(r"phone-number-id-[0-9A-Za-z]{1,64}"),
}


def set_identities(
    world: World,
    network_id: str,
    identities: Mapping[str, str | None],
    *,
    own: Collection[str] = (),
) -> Network:
    """Sets the identity of each channel that is named: the operator's way, which takes no proof. None or an
    empty text: the deployment's own again.

    sms: a phone (E.164), a short code, a pool or a sender id; whatsapp: a phone number's id or ARN; email: an
    address. Phones, codes and WhatsApp ids are also what clients write to. own: the deployment's own
    identities, which are no network's. Raises NOT_FOUND, UNKNOWN_CHANNEL, INVALID_IDENTITY, IDENTITY_TAKEN,
    TRY_AGAIN.
    """
    return world.retrying(lambda: _set_identities(world, network_id, identities, own))


def _set_identities(
    world: World, network_id: str, identities: Mapping[str, str | None], own: Collection[str]
) -> Network:
    network = _network(world, network_id)
    wanted = network
    for channel, text in identities.items():
        identity = _identity(channel, text)
        _ensure_not_own(identity, own)
        wanted = _with_identity(wanted, channel, identity)
    if wanted == network:
        return network
    saved = world.store.save(wanted, *numbers_taken(world, network, wanted))[0]
    world.directories.forget(network_id)
    return saved


def _network(world: World, network_id: str) -> Network:
    network = world.store.get(Network, network_id=network_id)
    if network is None:
        raise missing("network", network_id)
    return network


def _with_identity(network: Network, channel: str, identity: str | None) -> Network:
    """The network with that identity and, of e-mail, with no address pending."""
    if identity == network.identities.get(channel):
        changed = network
    else:
        kept = {name: text for name, text in {**network.identities, channel: identity}.items() if text}
        changed = replace(network, identities=MappingProxyType(kept))
    proof = changed.email_proof
    if channel != "email" or proof is None or (proof.proven and proof.address == identity):
        return changed
    return replace(changed, email_proof=asked(proof, None))


def asked_by_owner(
    world: World, network: Network, identities: Mapping[str, str | None], own: Collection[str]
) -> Network:
    """The network as its owner asks for it. An owner gives identities up; numbers and sender ids are given by
    the operator alone, and an address is pending until it is proven (`prove_email`). It is saved with the
    `numbers_taken`. Raises UNKNOWN_CHANNEL, INVALID_IDENTITY, OPERATOR_ONLY, IDENTITY_TAKEN."""
    for channel, text in identities.items():
        identity = _identity(channel, text)
        if identity is None or identity == network.identities.get(channel):
            network = _with_identity(network, channel, identity)
        elif channel != "email":
            message = "Numbers and sender ids are given by whoever runs this deployment; ask them."
            raise DomainError(ErrorKind.FORBIDDEN, "OPERATOR_ONLY", message, channel=channel)
        else:
            _ensure_not_own(identity, own)
            _ensure_free(_inbound_number(world, identity), network)
            network = replace(network, email_proof=asked(network.email_proof, identity))
    return network


def _ensure_not_own(identity: str | None, own: Collection[str]) -> None:
    if identity is not None and identity in own:
        raise conflict("IDENTITY_TAKEN", "The deployment itself sends as this: it is no network's.")


def answer_at(world: World, network_id: str, number: str) -> InboundNumber:
    """Lets this network, too, get what clients write to a phone or WhatsApp id, such as a pool's number or
    the deployment's own. Raises NOT_FOUND, INVALID_IDENTITY, IDENTITY_TAKEN for another network's identity,
    TRY_AGAIN."""
    _network(world, network_id)
    channel = "whatsapp" if "phone-number-id" in number else "sms"
    plain = _identity(channel, number) or ""
    return world.retrying(lambda: _answer_at(world, network_id, plain))


def _answer_at(world: World, network_id: str, number: str) -> InboundNumber:
    current = _inbound_number(world, number)
    if network_id in current.network_ids:
        return current
    for other_id in current.network_ids:
        other = world.store.get(Network, network_id=other_id)
        if other is not None and number in other.identities.values():
            raise _taken()
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


def numbers_taken(world: World, current: Network, wanted: Network) -> list[InboundNumber]:
    """The numbers that the network gives up and those that it takes, to be saved with the network. An
    identity belongs to one network: no tenant sends as another, or hears another's clients. The versions of
    the numbers keep two networks at once from both taking one. Raises IDENTITY_TAKEN."""
    old, new = set(current.identities.values()), set(wanted.identities.values())
    found = []
    for number in sorted(old ^ new):
        inbound = _inbound_number(world, number)
        if number in new:
            _ensure_free(inbound, current)
            network_ids: tuple[str, ...] = (current.network_id,)
        else:
            network_ids = tuple(each for each in inbound.network_ids if each != current.network_id)
        found.append(replace(inbound, network_ids=network_ids))
    return found


def _ensure_free(inbound: InboundNumber, network: Network) -> None:
    """Checks that the number is no other network's. Raises IDENTITY_TAKEN."""
    if any(each != network.network_id for each in inbound.network_ids):
        raise _taken()


def _taken() -> DomainError:
    return conflict("IDENTITY_TAKEN", "Another network has this; ask who runs this deployment.")
