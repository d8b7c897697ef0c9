"""Whatever a provider does, sending asks it exactly once, raises nothing, and says what can be known of the
message: each channel's real client against a local server in the provider's place."""

from collections.abc import Callable

import pytest

from chalicelib.domain.messages.messages import MessageState, Outcome
from tests.unit.channels.channels import CHANNELS, Channel, a_client, an_outgoing
from tests.unit.channels.unreliable import (
    Handler,
    a_port_where_nobody_is,
    a_provider,
    answering,
    breaking_off,
    hanging_up,
    silent,
)

SHORT = {"connect_timeout": 0.5, "read_timeout": 0.15}
LATER = {"state": MessageState.FAILED, "throttled": True}


def unknown(reason: str) -> Outcome:
    return Outcome(MessageState.UNKNOWN, reason=reason)


def sent_to(channel: Channel, behave: Callable[[Handler], None]) -> Outcome:
    """The outcome of one `send`, which has reached the provider once."""
    with a_provider(behave) as provider:
        client = a_client(channel.service, provider.url, **SHORT)
        outcome = channel.sender(lambda: client).send(an_outgoing(to=channel.to))
        client.close()
        assert provider.requests == 1
    return outcome


@pytest.fixture(params=CHANNELS.values(), ids=CHANNELS)
def channel(request: pytest.FixtureRequest) -> Channel:
    made: Channel = request.param
    return made


def test_on_a_good_day_the_message_is_sent_once(channel: Channel) -> None:
    assert sent_to(channel, answering(200, {}, channel.well)) == Outcome(MessageState.SENT, "m-1")


def test_a_provider_that_times_out_may_have_sent_it(channel: Channel) -> None:
    assert sent_to(channel, silent) == unknown("timed_out")


def test_a_provider_that_throttles_has_not_sent_it(channel: Channel) -> None:
    assert sent_to(channel, answering(*channel.throttled)) == Outcome(**LATER, reason="throttled")


def test_a_provider_with_an_error_of_its_own_may_have_sent_it(channel: Channel) -> None:
    assert sent_to(channel, answering(*channel.failing)) == unknown("provider_error")


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_so_may_one_whose_gateway_answers_in_its_place(channel: Channel, status: int) -> None:
    assert sent_to(channel, answering(status, {}, "<html>Bad Gateway</html>")) == unknown("provider_error")


def test_a_provider_that_takes_it_and_hangs_up_may_have_sent_it(channel: Channel) -> None:
    assert sent_to(channel, hanging_up) == unknown("connection_lost")


def test_a_provider_that_breaks_off_its_answer_may_have_sent_it(channel: Channel) -> None:
    assert sent_to(channel, breaking_off) == unknown("answer_not_understood")


@pytest.mark.parametrize("body", ["", "{}", "<html>Welcome to the hotel</html>", "[", "null"])
def test_an_answer_that_nobody_understands_says_nothing(channel: Channel, body: str) -> None:
    assert sent_to(channel, answering(200, {}, body)) == unknown("answer_not_understood")


def test_a_provider_that_refuses_connections_has_not_sent_it(channel: Channel) -> None:
    client = a_client(channel.service, f"http://127.0.0.1:{a_port_where_nobody_is()}", **SHORT)
    outcome = channel.sender(lambda: client).send(an_outgoing(to=channel.to))
    assert outcome == Outcome(**LATER, reason="unreachable")
