"""The engine and a real client of SMS against a local server in the provider's place, on its bad days: what
may have been sent is sent once more only if it must arrive, and what was not sent is tried within bounds."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.messages.messages import MessageState
from chalicelib.domain.shared.touches import GRACE, MUST_ARRIVE
from chalicelib.services.clients import consents
from infra.testkit.builders import NETWORK, NOW
from infra.testkit.salon_driver import SalonDriver
from tests.unit.channels.channels import CHANNELS, a_client
from tests.unit.channels.unreliable import (
    Handler,
    a_port_where_nobody_is,
    a_provider,
    answering,
    breaking_off,
    hanging_up,
    silent,
)

SMS = CHANNELS["sms, End User Messaging"]
IN_TWO_DAYS = NOW + timedelta(days=2, hours=2)
WELL, THROTTLED = answering(200, {}, SMS.well), answering(*SMS.throttled)

Behaviour = Callable[[Handler], None]


@dataclass
class Day:
    """What reached the provider: kinds of touches, and when. `behave` is how it takes the next ones."""

    driver: SalonDriver
    behave: Behaviour = WELL
    asked: list[tuple[str, datetime]] = field(default_factory=list)

    def take(self, request: Handler) -> None:
        now: datetime = self.driver.world.clock()
        self.asked.append((json.loads(request.body)["MessageBody"].split()[0], now))
        self.behave(request)

    def times_of(self, kind: str) -> list[datetime]:
        return [at for asked, at in self.asked if asked == kind]


@pytest.fixture
def day(driver: SalonDriver) -> Iterator[Day]:
    """A salon whose SMS go to the local provider."""
    day = Day(driver)
    with a_provider(day.take) as provider:
        client = a_client(SMS.service, provider.url, connect_timeout=0.5, read_timeout=0.15)
        day.driver = replace(driver, sender=SMS.sender(lambda: client))
        consents.set_consents(driver.world, NETWORK, "cli_maria00000000001", [("sms", "marketing")],
                                   consents.Statement("asked", "key:test"), granted=True)  # fmt: skip
        yield day
        client.close()


def lived(driver: SalonDriver) -> None:
    """A visit's whole life, and the months after it."""
    booking = driver.book(IN_TWO_DAYS)
    driver.run_until(booking.ends_at)
    driver.complete(booking)
    driver.run_until(NOW + timedelta(days=90))


def test_on_good_days_each_message_reaches_the_provider_once(day: Day) -> None:
    lived(day.driver)
    assert Counter(kind for kind, _ in day.asked) == {
        "notice": 1, "confirm_request": 1, "control_reminder": 1, "review_request": 1,
        "repeat_invitation": 1, "win_back": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    "behave", [silent, answering(*SMS.failing), hanging_up, breaking_off],
    ids=["times out", "answers 500", "hangs up", "breaks off"],
)  # fmt: skip
def test_what_may_have_been_sent_is_sent_twice_at_most_and_marketing_never(
    day: Day, behave: Behaviour
) -> None:
    day.behave = behave
    lived(day.driver)
    times = {kind: day.times_of(kind) for kind, _ in day.asked}
    assert times.keys() >= {"notice", "confirm_request", "control_reminder", "review_request",
                            "repeat_invitation", "win_back"}  # fmt: skip
    for kind, asked in times.items():
        assert len(asked) == (2 if kind in MUST_ARRIVE else 1), kind
        assert all(later - earlier >= GRACE for earlier, later in pairwise(asked))
    assert {message.state for message in day.driver.log()} == {MessageState.UNKNOWN}


def test_what_is_throttled_is_asked_for_again_ever_more_slowly_and_sent_once(day: Day) -> None:
    day.behave = THROTTLED
    day.driver.book(IN_TWO_DAYS)
    day.driver.run_until(NOW + timedelta(minutes=4))
    day.behave = WELL
    day.driver.run_until(NOW + timedelta(hours=1))
    waits = [later - earlier for earlier, later in pairwise(day.times_of("notice"))]
    assert waits == [timedelta(minutes=minutes) for minutes in (1, 2, 4)]
    assert [message.state for message in day.driver.log()] == [MessageState.SENT]


def test_what_is_throttled_for_ever_is_asked_for_four_times_an_hour_until_it_is_of_no_use(day: Day) -> None:
    day.behave = THROTTLED
    day.driver.book(NOW + timedelta(hours=3))
    day.driver.run_until(NOW + timedelta(hours=5))
    assert 8 < len(day.times_of("notice")) <= 3 * 4 + 5
    assert max(at for _, at in day.asked) < NOW + timedelta(hours=3)
    assert not [message for message in day.driver.log() if message.state is MessageState.SENT]


def test_where_nobody_answers_messages_wait_and_go_out_when_somebody_does(day: Day) -> None:
    nobody = a_client(SMS.service, f"http://127.0.0.1:{a_port_where_nobody_is()}", connect_timeout=0.5)
    reachable: Any = day.driver.sender
    day.driver.sender = SMS.sender(lambda: nobody)
    day.driver.book(IN_TWO_DAYS)
    day.driver.run_until(NOW + timedelta(minutes=4))
    assert day.asked == []
    day.driver.sender = reachable
    day.driver.run_until(NOW + timedelta(hours=1))
    assert [kind for kind, _ in day.asked] == ["notice"]
