"""What became of a touch, and whether anything is still to be done about it."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from chalicelib.domain.shared.touches import (
    ESSENTIAL,
    GRACE,
    IN_FLIGHT,
    MARKETING,
    MAX_DOUBTS,
    MUST_ARRIVE,
    PRIORITY,
    UNSETTLED,
    Plan,
    Purpose,
    Touch,
    TouchKind,
    TouchState,
    due_at,
    is_open,
    may_try_again,
    open_plans,
    purpose_of,
    touch_of,
    with_touches,
)
from infra.testkit.builders import NOW, a_booking

NOTICE, REMINDER, REVIEW = TouchKind.NOTICE, TouchKind.CONTROL_REMINDER, TouchKind.REVIEW_REQUEST
LATER = NOW + timedelta(hours=2)


def touch(kind: TouchKind = NOTICE, state: TouchState = TouchState.SENT, **fields: object) -> Touch:
    return replace(Touch(kind, state, NOW), **fields)


def plan(kind: TouchKind = NOTICE, **fields: object) -> Plan:
    return replace(Plan(kind, NOW, LATER), **fields)


# --- kinds


def test_reminders_come_first_and_campaigns_last() -> None:
    """The order of docs/product.md, Touches, and when they are due."""
    ordered = [
        TouchKind.CONTROL_REMINDER, TouchKind.CONFIRM_REQUEST, TouchKind.NOTICE, TouchKind.REVIEW_REQUEST,
        TouchKind.BONUS_NOTICE, TouchKind.REPEAT_INVITATION, TouchKind.BIRTHDAY, TouchKind.WIN_BACK,
        TouchKind.CAMPAIGN,
    ]  # fmt: skip
    assert sorted(ordered, key=lambda kind: PRIORITY[kind]) == ordered


def test_every_kind_is_for_service_or_marketing_and_what_is_essential_is_service() -> None:
    assert {kind for kind in TouchKind if purpose_of(kind) is Purpose.MARKETING} == MARKETING
    assert not ESSENTIAL & MARKETING
    assert MUST_ARRIVE < ESSENTIAL


# --- occurrences


def test_what_was_done_for_another_occurrence_was_not_done_for_this_one() -> None:
    touches = {NOTICE: touch(occurrence=1)}
    assert touch_of(touches, plan(occurrence=1)) == touches[NOTICE]
    assert touch_of(touches, plan(occurrence=2)) is None
    assert touch_of({}, plan()) is None


def test_an_earlier_occurrence_never_takes_the_place_of_a_later_one() -> None:
    """The booking was moved, and the new time told, while the old notice was on its way."""
    booking = with_touches(a_booking(), touch(occurrence=1))
    late = with_touches(booking, touch(occurrence=0), touch(REVIEW))
    assert late.touches[NOTICE].occurrence == 1
    assert late.touches[REVIEW].occurrence == 0
    assert with_touches(booking, touch(occurrence=1, attempt=2)).touches[NOTICE].attempt == 2


# --- open or not


@pytest.mark.parametrize("state", sorted(UNSETTLED))
def test_what_is_unsettled_is_open_even_when_it_is_too_late(state: TouchState) -> None:
    assert is_open(touch(state=state), LATER, until=LATER)


@pytest.mark.parametrize("state", [TouchState.SENT, TouchState.SKIPPED, TouchState.FAILED])
@pytest.mark.parametrize("kind", sorted(TouchKind))
def test_what_is_settled_is_closed(kind: TouchKind, state: TouchState) -> None:
    assert not is_open(touch(kind, state), NOW, until=LATER)


def test_what_was_never_tried_is_open() -> None:
    assert is_open(None, LATER, until=NOW)


@pytest.mark.parametrize("kind", sorted(TouchKind))
def test_only_what_must_arrive_is_tried_again_when_nobody_knows(kind: TouchKind) -> None:
    unknown = touch(kind, TouchState.UNKNOWN, doubts=1)
    assert may_try_again(unknown) is (kind in MUST_ARRIVE)
    assert is_open(unknown, NOW, until=LATER) is (kind in MUST_ARRIVE)
    assert not is_open(unknown, LATER, until=LATER)


def test_two_doubts_are_too_many() -> None:
    assert may_try_again(touch(REMINDER, TouchState.UNKNOWN, doubts=MAX_DOUBTS))
    assert not may_try_again(touch(REMINDER, TouchState.UNKNOWN, doubts=MAX_DOUBTS + 1))


# --- when it is looked at


def test_a_touch_is_looked_at_at_its_time_then_when_its_grace_is_over() -> None:
    assert due_at(plan(), None) == NOW
    for state in (TouchState.SENDING, TouchState.UNKNOWN):
        assert due_at(plan(REMINDER), touch(REMINDER, state)) == NOW + GRACE


def test_what_waits_or_was_put_off_is_looked_at_when_it_says() -> None:
    for state in (TouchState.AWAITING, TouchState.DEFERRED, TouchState.UNKNOWN):
        assert due_at(plan(REMINDER), touch(REMINDER, state, again_at=LATER)) == LATER


def test_what_was_put_off_and_whose_time_moved_on_waits_for_its_time() -> None:
    put_off = touch(state=TouchState.DEFERRED, again_at=NOW)
    assert due_at(plan(at=LATER), put_off) == LATER
    assert due_at(plan(at=LATER), touch(state=TouchState.AWAITING, again_at=NOW)) == NOW


# --- what is left to do


def test_what_is_open_comes_in_the_order_of_priority_without_what_was_left_out() -> None:
    wanted = [
        plan(REVIEW),
        plan(NOTICE),
        plan(TouchKind.CONFIRM_REQUEST, reason="booked_late"),
        plan(REMINDER),
    ]
    assert [each.kind for each in open_plans(wanted, {}, NOW)] == [REMINDER, NOTICE, REVIEW]


@pytest.mark.parametrize("state", sorted(TouchState))
def test_of_what_nothing_calls_for_any_more_only_what_is_in_flight_is_left_to_take_down(
    state: TouchState,
) -> None:
    left = open_plans([], {NOTICE: touch(state=state)}, LATER)
    assert [each.kind for each in left] == ([NOTICE] if state in IN_FLIGHT else [])
    assert all(each.until <= LATER for each in left), "nothing more may be sent of it"


def test_what_is_in_flight_for_an_older_occurrence_is_taken_down_beside_the_new_one() -> None:
    in_flight = touch(state=TouchState.SENDING, occurrence=0)
    left = open_plans([plan(occurrence=1)], {NOTICE: in_flight}, NOW)
    assert sorted(each.occurrence for each in left) == [0, 1]


def test_what_is_in_flight_and_planned_is_there_once() -> None:
    left = open_plans([plan()], {NOTICE: touch(state=TouchState.SENDING)}, NOW)
    assert [(each.kind, each.until) for each in left] == [(NOTICE, LATER)]
