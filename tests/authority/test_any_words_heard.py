"""Whatever a site, the desk and the client say of a booking: the client hears of it as it stands, nothing of
a visit that is off, and nothing twice."""

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.domain.bookings.bookings import UPCOMING, Booking, Status
from chalicelib.domain.messages.message_facts import MessageFacts
from chalicelib.domain.messages.messages import Worded
from chalicelib.domain.networks.network import Template
from tests.authority.sites import SITES
from tests.authority.test_any_words import DAYS_AHEAD, STEPS, WORDS, Salon, opened
from tests.profile import tries

OF_A_VISIT_TO_COME = ("notice", "confirm_request", "control_reminder")
SWEEP = timedelta(minutes=20)

words = st.lists(
    st.one_of(
        st.tuples(st.just("says"), st.sampled_from(WORDS), st.booleans()),
        st.tuples(st.just("desk"), st.sampled_from(STEPS), st.just(False)),
        st.tuples(st.just("client"), st.sampled_from(["confirm", "cancel"]), st.just(True)),
        st.tuples(st.just("late"), st.just(""), st.just(False)),
        st.tuples(st.just("again"), st.integers(0, 20), st.just(False)),
        st.tuples(st.just("time"), st.sampled_from([1, 3, 12, 60, 140]), st.just(False)),
    ),
    max_size=14,
)


REPEATED_START = [
    ("desk", "complete", False), ("says", "move", False), ("desk", "reopen", False), ("says", "note", False),
]  # fmt: skip
"""The site repeats a start that it said, in vain, of a completed visit."""
ASKED_TWICE = [
    ("desk", "complete", False), ("time", 12, False), ("desk", "reopen", False), ("says", "move", False),
    ("desk", "complete", False),
]  # fmt: skip
"""A visit is moved by minutes after its client was asked to review it."""


def what_it_tells(
    kind: str, channel: str, language: str, facts: MessageFacts, template: Template | None
) -> Worded:
    return Worded(f"{kind}{' cancelled' if facts.cancelled else ''} {facts.starts_at}")


@dataclass
class Heard:
    """What the client has heard, with the booking as it stood then."""

    salon: Salon
    log: list[tuple[str, Booking]] = field(default_factory=list)

    def sweeps(self, times: int) -> None:
        driver = self.salon.driver
        for _ in range(times):
            driver.clock.now += SWEEP
            driver.drain()
            new = driver.sender.sent[len(self.log) :]
            self.log += [(outgoing.worded.text, self.salon.booking) for outgoing in new]

    def holds(self) -> None:
        for told, booking in self.log:
            kind = told.split()[0]
            if kind in OF_A_VISIT_TO_COME:
                assert (" cancelled " in told) == (not booking.is_upcoming), told
                assert booking.status in (*UPCOMING, Status.CANCELLED), told
                assert str(booking.starts_at) in told, told
            elif kind == "review_request":
                assert booking.status is Status.COMPLETED, told
        told_of_it = [told for told, _ in self.log if told.startswith("notice")]
        assert all(one != other for one, other in pairwise(told_of_it)), told_of_it
        others = [told for told, _ in self.log if told.startswith(("confirm_request", "control_reminder"))]
        assert all(one != other for one, other in pairwise(others)), [told for told, _ in self.log]
        assert sum(told.startswith("review_request") for told, _ in self.log) <= 1


@pytest.mark.parametrize("name", SITES)
@given(history=words)
@example(history=REPEATED_START)
@example(history=ASKED_TWICE)
@tries(few=20)
def test_a_client_hears_what_stands_and_nothing_twice(
    name: str, history: list[tuple[str, Any, bool]]
) -> None:
    salon = opened(SITES[name], DAYS_AHEAD)
    salon.driver.texts = what_it_tells
    heard = Heard(salon)
    for kind, what, flag in history:
        salon.driver.clock.now += timedelta(minutes=2)
        if kind == "time":
            heard.sweeps(what)
        elif kind == "says":
            salon.says(what, flag)
        elif kind == "late":
            salon.comes_late()
        elif kind == "again":
            salon.comes_again(what)
        elif not flag or salon.driver.clock.now < salon.held.start:  # a link changes no visit that has begun
            salon.steps(what, by_client=flag)
        heard.sweeps(1)
        salon.agrees()
    heard.sweeps(40)
    heard.holds()
