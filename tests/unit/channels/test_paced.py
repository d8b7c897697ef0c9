"""A pace that waits, and connections that are not trusted after a rest."""

from dataclasses import dataclass, field

import pytest

from chalicelib.channels.fresh_connections import IDLE_SECONDS, FreshConnections
from chalicelib.channels.paced import MAX_GAP, Paced
from chalicelib.domain.messages.messages import MessageState
from infra.testkit.doubles import RecordingSender
from tests.unit.channels.channels import CHANNELS, a_client, an_outgoing
from tests.unit.channels.unreliable import a_provider, answering


@dataclass
class Seconds:
    """A clock that passes only when somebody sleeps, or the test says so."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class Slow(RecordingSender):
    """Takes its time for each message, and notes when it was asked."""

    clock: Seconds = field(default_factory=Seconds)
    seconds: float = 0.0
    asked: list[float] = field(default_factory=list)

    def send(self, outgoing):  # type: ignore[no-untyped-def]
        self.asked.append(self.clock.now)
        self.clock.now += self.seconds
        return super().send(outgoing)


def paced(sender: Slow, per_second: float) -> Paced:
    return Paced(sender, per_second, sender.clock, sender.clock.sleep)


def test_the_first_message_does_not_wait() -> None:
    sender = Slow()
    outcome = paced(sender, 5).send(an_outgoing())
    assert outcome.state is MessageState.SENT
    assert sender.clock.slept == []


def test_a_row_of_messages_is_spaced_evenly() -> None:
    sender = Slow()
    pace = paced(sender, 5)
    for _ in range(51):
        pace.send(an_outgoing())
    assert len(sender.sent) == 51
    assert sender.asked[-1] - sender.asked[0] == pytest.approx(10)
    for begin in sender.asked:
        assert sum(begin <= at < begin + 0.999 for at in sender.asked) <= 5


def test_a_sender_slower_than_its_pace_never_waits() -> None:
    sender = Slow(seconds=0.3)
    pace = paced(sender, 5)
    for _ in range(10):
        pace.send(an_outgoing())
    assert sender.clock.slept == []


def test_idle_time_is_not_saved_up_for_a_burst() -> None:
    sender = Slow()
    pace = paced(sender, 5)
    pace.send(an_outgoing())
    sender.clock.now += 3600
    for _ in range(3):
        pace.send(an_outgoing())
    assert sender.clock.slept == [pytest.approx(0.2), pytest.approx(0.2)]


def test_each_identity_has_its_own_pace() -> None:
    sender = Slow()
    pace = paced(sender, 1)
    for identity in (None, "LOTOS", "ORCHID"):
        pace.send(an_outgoing(identity=identity))
    assert sender.clock.slept == []
    pace.send(an_outgoing(identity="LOTOS"))
    assert sender.clock.slept == [pytest.approx(1)]


def test_a_message_of_three_parts_counts_for_three() -> None:
    sender = Slow()
    pace = Paced(sender, 5, sender.clock, sender.clock.sleep, lambda outgoing: 3)
    pace.send(an_outgoing())
    pace.send(an_outgoing())
    assert sender.clock.slept == [pytest.approx(0.6)]


def test_no_message_waits_longer_than_its_worker_can_spare() -> None:
    sender = Slow()
    pace = paced(sender, 1 / 60)
    pace.send(an_outgoing())
    pace.send(an_outgoing())
    assert sender.clock.slept == [MAX_GAP]


def test_workers_together_keep_the_senders_limit() -> None:
    limit, shards = 20, 8
    asked: list[float] = []
    for _ in range(shards):
        sender = Slow()
        pace = paced(sender, limit / shards)
        for _ in range(30):
            pace.send(an_outgoing())
        asked += sender.asked
    for second in range(1001, 1011):
        assert sum(second <= at < second + 1 for at in asked) <= limit + shards


def test_a_connection_is_used_again_while_it_is_fresh_and_not_after_a_rest() -> None:
    channel = CHANNELS["email"]
    clock = Seconds()
    with a_provider(answering(200, {}, channel.well)) as provider:
        client = a_client(channel.service, provider.url)
        fresh = FreshConnections(channel.sender(lambda: client), client.close, clock)
        for _ in range(3):
            fresh.send(an_outgoing(to=channel.to))
            clock.now += IDLE_SECONDS - 1
        assert (provider.requests, provider.connections) == (3, 1)
        clock.now += 1
        assert fresh.send(an_outgoing(to=channel.to)).state is MessageState.SENT
        assert (provider.requests, provider.connections) == (4, 2)
        client.close()
