"""Caps of messages, and the group of clients that marketing leaves alone."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.domain.messages.caps import WEEK, counts, is_capped, over_cap
from chalicelib.domain.messages.messages import Message, MessageState
from chalicelib.domain.networks.rules import MessageRules
from chalicelib.domain.shared.holdout import is_held_out
from chalicelib.domain.shared.touches import ESSENTIAL, MARKETING, TouchKind
from infra.testkit.builders import NETWORK, NOW

REVIEW, BIRTHDAY, INVITATION = TouchKind.REVIEW_REQUEST, TouchKind.BIRTHDAY, TouchKind.REPEAT_INVITATION
RULES = MessageRules()
Sent = list[tuple[TouchKind, datetime]]


def sent(*kinds_and_days_ago: tuple[TouchKind, float]) -> Sent:
    return [(kind, NOW - timedelta(days=days)) for kind, days in kinds_and_days_ago]


# --- what is capped and what counts


def test_what_a_booking_cannot_do_without_is_neither_capped_nor_counted() -> None:
    assert {kind for kind in TouchKind if not is_capped(kind)} == set(ESSENTIAL)
    assert {TouchKind.NOTICE, TouchKind.CONFIRM_REQUEST, TouchKind.CONTROL_REMINDER} == set(ESSENTIAL)


def logged(kind: TouchKind = REVIEW, state: MessageState = MessageState.SENT, **fields: object) -> Message:
    message = Message(network_id=NETWORK, id="msg_1", client_id="cli_1", kind=kind, channel="sms",
                      state=state, planned_at=NOW, recorded_at=NOW)  # fmt: skip
    return replace(message, **fields)


@pytest.mark.parametrize(
    ("state", "counted"),
    [
        (MessageState.SENDING, True),
        (MessageState.SENT, True),
        (MessageState.DELIVERED, True),
        (MessageState.UNKNOWN, True),
        (MessageState.FAILED, False),
        (MessageState.SKIPPED, False),
    ],
)
def test_what_may_have_arrived_counts_and_what_surely_did_not_does_not(
    state: MessageState, counted: bool
) -> None:
    assert counts(logged(state=state)) is counted


def test_what_goes_along_in_another_message_is_no_message_of_its_own() -> None:
    assert not counts(logged(TouchKind.BONUS_NOTICE, with_message="msg_2"))
    assert counts(logged(TouchKind.BONUS_NOTICE))


@pytest.mark.parametrize("kind", sorted(ESSENTIAL))
def test_an_essential_message_does_not_count(kind: TouchKind) -> None:
    assert not counts(logged(kind))


# --- when it is too much


def test_three_in_a_week_are_enough_and_the_fourth_waits_until_the_first_is_a_week_old() -> None:
    three = sent((REVIEW, 6), (REVIEW, 3), (REVIEW, 1))
    assert over_cap(REVIEW, three[1:], RULES) is None
    assert over_cap(REVIEW, three, RULES) == ("weekly_cap", NOW + timedelta(days=1))


def test_one_of_marketing_is_enough_and_the_next_waits_a_week() -> None:
    assert over_cap(INVITATION, sent((BIRTHDAY, 2)), RULES) == (
        "weekly_marketing_cap", NOW + timedelta(days=5),
    )  # fmt: skip
    assert over_cap(INVITATION, sent((REVIEW, 2)), RULES) is None
    assert over_cap(REVIEW, sent((BIRTHDAY, 2)), RULES) is None


def test_marketing_counts_towards_the_three_as_well() -> None:
    assert over_cap(REVIEW, sent((BIRTHDAY, 5), (REVIEW, 4), (REVIEW, 1)), RULES) == (
        "weekly_cap", NOW + timedelta(days=2),
    )  # fmt: skip


def test_where_both_are_full_the_one_that_is_full_longer_decides() -> None:
    full = sent((REVIEW, 6), (REVIEW, 5), (BIRTHDAY, 1))
    assert over_cap(INVITATION, full, RULES) == ("weekly_marketing_cap", NOW + timedelta(days=6))


def test_a_cap_of_none_at_all_never_frees() -> None:
    nothing = MessageRules(weekly_marketing_cap=0)
    assert over_cap(INVITATION, [], nothing) == ("weekly_marketing_cap", None)
    full = sent((REVIEW, 6), (REVIEW, 5), (REVIEW, 1))
    assert over_cap(INVITATION, full, nothing) == ("weekly_marketing_cap", None)
    assert over_cap(REVIEW, [], nothing) is None


def test_a_cap_that_was_lowered_waits_for_as_many_as_are_too_many() -> None:
    """Three were sent and one is allowed now: all three must be a week old."""
    lower = MessageRules(weekly_cap=1)
    assert over_cap(REVIEW, sent((REVIEW, 6), (REVIEW, 5), (REVIEW, 1)), lower) == (
        "weekly_cap", NOW + timedelta(days=6),
    )  # fmt: skip


kinds = st.sampled_from([kind for kind in TouchKind if is_capped(kind)])
moments = st.integers(0, 60 * 24 * 60).map(lambda minutes: NOW + timedelta(minutes=minutes))


@given(
    wanted=st.lists(st.tuples(kinds, moments), max_size=40),
    cap=st.integers(1, 4),
    marketing_cap=st.integers(1, 3),
)
def test_who_asks_before_sending_and_waits_as_told_never_has_more_than_the_cap_in_any_seven_days(
    wanted: Sent, cap: int, marketing_cap: int
) -> None:
    rules = MessageRules(weekly_cap=cap, weekly_marketing_cap=marketing_cap)
    log: Sent = []
    for kind, at in sorted(wanted, key=lambda each: each[1]):
        while (
            over := over_cap(kind, [each for each in log if at - WEEK < each[1] <= at], rules)
        ) is not None:
            assert over[1] is not None
            assert over[1] > at
            at = over[1]
        log.append((kind, at))
    for _, at in log:
        within = [kind for kind, other in log if at - WEEK < other <= at]
        assert len(within) <= cap
        assert sum(kind in MARKETING for kind in within) <= marketing_cap


# --- hold-out groups


clients = [f"cli_{number:016d}" for number in range(4000)]


def held_out(kind: TouchKind, percent: int, network_id: str = NETWORK) -> set[str]:
    return {client for client in clients if is_held_out(network_id, client, kind, percent)}


@pytest.mark.parametrize("percent", [5, 10, 33, 50, 90])
def test_the_share_that_is_held_out_is_the_share_that_was_asked_for(percent: int) -> None:
    share = len(held_out(BIRTHDAY, percent)) / len(clients) * 100
    assert share == pytest.approx(percent, abs=3)


def test_nobody_is_held_out_at_none_and_everybody_at_a_hundred() -> None:
    assert held_out(BIRTHDAY, 0) == set()
    assert held_out(BIRTHDAY, 100) == set(clients)


def test_it_is_the_same_clients_whenever_it_is_asked_and_a_greater_share_adds_to_a_smaller() -> None:
    assert held_out(BIRTHDAY, 10) == held_out(BIRTHDAY, 10) < held_out(BIRTHDAY, 20)


def test_the_choice_is_for_ever_the_same() -> None:
    """A change of the hash would mix the groups of an experiment that is under way."""
    first = [number for number in range(60) if is_held_out(NETWORK, clients[number], BIRTHDAY, 10)]
    assert first == [25, 31, 46, 57]


def test_other_kinds_and_other_networks_hold_out_others() -> None:
    """A tenth of a tenth is in both, not all of it."""
    tenth = held_out(BIRTHDAY, 10)
    for others in (held_out(INVITATION, 10), held_out(BIRTHDAY, 10, "net_orchid0002")):
        assert len(tenth & others) / len(tenth) == pytest.approx(0.1, abs=0.06)
