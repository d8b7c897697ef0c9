"""Mail the code by which an owner proves that they read an e-mail address."""

from collections.abc import Callable, Mapping

from chalicelib.domain.messages.messages import MessageState, Outgoing, Worded
from chalicelib.domain.networks.email_proof import VALID, shown_code
from chalicelib.domain.networks.network import Network
from chalicelib.domain.shared.errors import refused
from chalicelib.domain.shared.ids import derived
from chalicelib.services.networks.prove_email import make_code
from chalicelib.services.shared.ports import Sender
from chalicelib.services.shared.world import World

CodeWords = Callable[[str, str, str], Worded]
"""The words of the mail for an address, a code and a language."""
NO_CLIENT = "nobody"
"""Stands for a client among the ids that e-mail events return: no message of the log is found by it."""


def mail_code(world: World, senders: Mapping[str, Sender], words: CodeWords, network_id: str) -> Network:
    """Mails a new code to the address that is pending, from the deployment's own address, in one attempt. The
    code before it is void. It is neither in the log nor in the budget: MAX_MAILS in 24 hours are the most.

    Raises NO_CHANNEL, NO_PENDING_ADDRESS, TOO_MANY, MAIL_FAILED (ask again), TRY_AGAIN.
    """
    sender = senders.get("email")
    if sender is None:
        raise refused("NO_CHANNEL", "Messages cannot leave by this channel here.", channel="email")
    network, code = make_code(world, network_id)
    proof = network.email_proof
    assert proof is not None  # it has the code
    assert proof.address is not None
    outcome = sender.send(
        Outgoing(
            network_id=network_id,
            client_id=NO_CLIENT,
            message_id=derived("prf", network_id, str(proof.code_hash)),
            kind="email_code",
            language=network.language,
            to=proof.address,
            worded=words(proof.address, shown_code(code), network.language),
            useful_seconds=int(VALID.total_seconds()),
        )
    )
    if outcome.throttled or outcome.state is MessageState.FAILED:
        reason = outcome.reason or "throttled"
        message = f"The mail with the code did not leave ({reason}); ask for the address again."
        raise refused("MAIL_FAILED", message, reason=reason, address=proof.address)
    return network
