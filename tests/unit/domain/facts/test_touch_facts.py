"""What the index of a salon tells of each message, and the fact that is made of it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.domain.facts.touch_facts import (
    ListedMessage,
    day_counted,
    listed_message,
    listed_words,
    summary_of,
    tells_reason,
    touch_fact,
)
from chalicelib.domain.messages.messages import Message, MessageState, MessageSummary
from chalicelib.domain.shared.touches import TouchKind
from infra.testkit.builders import NETWORK, NOW

CHISINAU = "Europe/Chisinau"


def a_message(**fields: Any) -> Message:
    of_all: dict[str, Any] = {
        "network_id": NETWORK, "id": "msg_1", "client_id": "cli_1", "salon_id": "sal_1",
        "kind": TouchKind.WIN_BACK, "channel": "sms", "state": MessageState.SENT, "planned_at": NOW,
        "recorded_at": NOW,
    }  # fmt: skip
    return Message(**of_all | fields)


def test_words_of_a_message_that_was_sent() -> None:
    message = a_message(booking_id="bkg_0123456789abcdef", parts=2, cost_micros=64_000)
    assert listed_words(message) == "win_back sent sms 2 64000 0  0123456789abcdef"
    assert summary_of(listed_words(message)) == MessageSummary("win_back", "sent", "sms", 2, 64_000, False)


def test_words_of_a_message_of_which_there_is_no_more_to_tell() -> None:
    """An empty reason, by which they are no words of an earlier release."""
    assert listed_words(a_message()) == "win_back sent sms 0 0 0 "
    assert tells_reason(listed_words(a_message()))


def test_a_skip_tells_its_reason() -> None:
    held_out = a_message(state=MessageState.SKIPPED, reason="held_out", campaign_id="cmp_1", cost_micros=9)
    fact = touch_fact(listed_message(held_out), "sal_1", CHISINAU)
    assert (fact.state, fact.reason, fact.campaign, fact.cost_micros) == ("skipped", "held_out", "cmp_1", 0)


def test_words_of_an_earlier_release_are_read() -> None:
    words = "at_risk delivered email 0 120 1"
    fact = touch_fact(ListedMessage("cli_1", "msg_1", NOW, words), "sal_1", CHISINAU)
    assert not tells_reason(words)
    assert summary_of(words) == MessageSummary("at_risk", "delivered", "email", 0, 120, True)
    assert (fact.kind, fact.state, fact.reason, fact.booking, fact.charged) == (
        "at_risk", "delivered", None, None, True,
    )  # fmt: skip
    assert fact.touch_on == date(2026, 11, 23)


def test_a_touch_belongs_to_the_local_date_on_which_it_was_due() -> None:
    """It was due at 23:30 in Chisinau, and put off until the next morning."""
    due_at = datetime(2026, 11, 22, 21, 30, tzinfo=UTC)
    message = a_message(planned_at=due_at, recorded_at=datetime(2026, 11, 23, 8, tzinfo=UTC))
    fact = touch_fact(listed_message(message), "sal_1", CHISINAU)
    assert (fact.touch_on, fact.touch_at) == (date(2026, 11, 22), message.recorded_at)
    assert day_counted(message) == date(2026, 11, 23)


@pytest.mark.parametrize("elsewhere", [{"salon_id": None}, {"with_message": "msg_2"}])
def test_what_the_index_of_no_salon_has_is_on_no_page(elsewhere: dict[str, Any]) -> None:
    assert day_counted(a_message(**elsewhere)) is None


IDS = st.none() | st.text(st.characters(codec="ascii"), max_size=70).map(lambda text: f"bkg_{text}")


@given(
    st.none() | st.text(max_size=90),
    IDS,
    IDS,
    st.timedeltas(timedelta(0), timedelta(days=3_000)).map(lambda passed: NOW - passed),
    st.timedeltas(timedelta(0), timedelta(days=40)),
)
def test_whatever_a_message_says_its_words_are_read(
    reason: str | None, booking: str | None, campaign: str | None, at: datetime, late: timedelta
) -> None:
    message = a_message(
        reason=reason, booking_id=booking, campaign_id=campaign, recorded_at=at, planned_at=at - late
    )
    fact = touch_fact(listed_message(message), "sal_1", "UTC")
    assert fact.touch_on == (at - late).date()
    assert fact.reason == ("_".join((reason or "").split())[:60] or None)
    for told, said in ((fact.booking, booking), (fact.campaign, campaign)):
        assert told in (said, None)
    plain = replace(message, reason="held_out", booking_id="bkg_1", campaign_id="other")
    fact = touch_fact(listed_message(plain), "sal_1", "UTC")
    assert (fact.reason, fact.booking, fact.campaign) == ("held_out", "bkg_1", "other")
