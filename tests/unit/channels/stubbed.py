"""A provider as botocore's model of the service has it: what the model does not know is an error."""

from typing import Any

from botocore.stub import Stubber

from chalicelib.domain.messages.messages import Outcome, Outgoing
from tests.unit.channels.channels import Channel, a_client


def given_to(channel: Channel, outgoing: Outgoing) -> dict[str, Any]:
    """The parameters of the one call that sending makes, checked against the service's model."""
    client = a_client(channel.service)
    given: dict[str, Any] = {}
    client.meta.events.register("provide-client-params.*.*", lambda params, **_: given.update(params))
    with Stubber(client) as stub:
        stub.add_response(channel.operation, channel.answer)
        channel.sender(lambda: client).send(outgoing)
        stub.assert_no_pending_responses()
    return given


def refused_with(
    channel: Channel, outgoing: Outgoing, code: str, words: str = "", status: int = 400, **fields: Any
) -> Outcome:
    """The outcome of sending to a provider that answers with an error. fields: the error's own fields."""
    client = a_client(channel.service)
    with Stubber(client) as stub:
        stub.add_client_error(channel.operation, code, words, status, modeled_fields=fields or None)
        outcome = channel.sender(lambda: client).send(outgoing)
        stub.assert_no_pending_responses()
    return outcome
