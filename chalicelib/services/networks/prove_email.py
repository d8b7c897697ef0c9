"""Prove that a network's owner reads the e-mail address that the network is to send from. Another network's
domain is known to the deployment's e-mail service as well, so that only the mailbox tells."""

from types import MappingProxyType

from msgspec.structs import replace

from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.email_proof import (
    CODE_CHARACTERS,
    MAILS_WITHIN,
    MAX_MAILS,
    EmailProof,
    mails_recently,
    with_code,
)
from chalicelib.domain.networks.network import Network
from chalicelib.domain.shared.errors import DomainError, ErrorKind, conflict, missing, refused
from chalicelib.services.networks.set_identities import numbers_taken
from chalicelib.services.shared.world import World


def make_code(world: World, network_id: str) -> tuple[Network, str]:
    """Makes a new code for the pending address; the network keeps its hash alone. Raises NOT_FOUND,
    NO_PENDING_ADDRESS, TOO_MANY, TRY_AGAIN."""
    code = world.randomness(CODE_CHARACTERS)
    return world.retrying(lambda: _with_code(world, network_id, code)), code


def _with_code(world: World, network_id: str, code: str) -> Network:
    network, proof = _network(world, network_id)
    if not proof.is_pending:
        raise _nothing_pending()
    if proof.is_code(network_id, code):  # an earlier try had saved it, and its answer was lost
        return network
    now = world.now()
    recently = mails_recently(proof, now)
    if len(recently) >= MAX_MAILS:
        raise DomainError(
            ErrorKind.TOO_MANY,
            "TOO_MANY",
            f"At most {MAX_MAILS} codes are mailed in 24 hours; try again later.",
            most=MAX_MAILS,
            retry_after_seconds=int((recently[0] + MAILS_WITHIN - now).total_seconds()) + 1,
        )
    return _saved(world, replace(network, email_proof=with_code(proof, network_id, code, now)))


def prove_email(world: World, access: Access, code: str) -> Network:
    """Makes the pending address the network's identity if this is the code that was mailed there. A
    repetition answers the same. Raises NOT_FOUND, NO_PENDING_ADDRESS, CODE_EXPIRED, WRONG_CODE,
    IDENTITY_TAKEN, TRY_AGAIN."""
    network = world.retrying(lambda: _prove(world, access.network_id, code))
    proof = network.email_proof
    if proof is None or not proof.proven:
        left = proof.tries_left if proof is not None else 0
        message = f"This is not the code that was mailed last; {left} more tries. Read the latest mail."
        raise refused("WRONG_CODE", message, field="code", tries_left=left)
    return network


def _prove(world: World, network_id: str, code: str) -> Network:
    """The network after one try: proven, or with one try less."""
    network, proof = _network(world, network_id)
    if proof.proven and network.identities.get("email") == proof.address and proof.is_code(network_id, code):
        return network
    if not proof.is_pending:
        raise _nothing_pending()
    if not proof.is_open(world.now()):
        message = "This code has ended; ask for the address again, and a new code is mailed."
        raise refused("CODE_EXPIRED", message, field="code")
    if not proof.is_code(network_id, code):
        return _saved(world, replace(network, email_proof=replace(proof, tries=proof.tries + 1)))
    identities = MappingProxyType({**network.identities, "email": str(proof.address)})
    proven = replace(network, identities=identities, email_proof=replace(proof, proven=True))
    return _saved(world, proven, current=network)


def _saved(world: World, wanted: Network, current: Network | None = None) -> Network:
    numbers = [] if current is None else numbers_taken(world, current, wanted)
    saved = world.store.save(wanted, *numbers)[0]
    world.directories.forget(wanted.network_id)
    return saved


def _network(world: World, network_id: str) -> tuple[Network, EmailProof]:
    network = world.store.get(Network, network_id=network_id)
    if network is None:
        raise missing("network", network_id)
    return network, network.email_proof or EmailProof()


def _nothing_pending() -> DomainError:
    message = "No address waits for a code; set identities.email of the network first."
    return conflict("NO_PENDING_ADDRESS", message)
