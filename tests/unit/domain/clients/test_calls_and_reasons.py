"""What came of calls, and why clients leave: kept, counted once, merged and unmerged."""

from datetime import timedelta

from chalicelib.domain.clients.calls import (
    SAME_CALL,
    CallResult,
    PhoneCall,
    after_call,
    calls_of_both,
    calls_without,
)
from chalicelib.domain.clients.leaving import (
    OUTSIDE,
    REASONS_KEPT,
    LeavingReason,
    Stated,
    StatedReason,
    reason_in_force,
    reasons_of_both,
    reasons_without,
    with_reason,
)
from infra.testkit.builders import NOW

BOOKED, NO_ANSWER, REFUSED = CallResult.BOOKED, CallResult.NO_ANSWER, CallResult.REFUSED
DESK, OTHER_DESK = "key:desk", "key:another"
PRICE, MOVED = LeavingReason.PRICE, LeavingReason.MOVED


def stated(reason: LeavingReason | None, minutes: int = 0, words: str | None = None) -> StatedReason:
    return StatedReason(reason, NOW + timedelta(minutes=minutes), DESK, words)


def test_a_second_tap_is_the_same_call() -> None:
    first = after_call(None, BOOKED, NOW, DESK)
    assert first == PhoneCall(BOOKED, NOW, DESK, 1)
    assert after_call(first, BOOKED, NOW + timedelta(seconds=1), DESK) == first


def test_another_result_within_ten_minutes_puts_the_first_right() -> None:
    first = after_call(None, NO_ANSWER, NOW, DESK)
    assert after_call(first, REFUSED, NOW + timedelta(minutes=9), DESK) == PhoneCall(REFUSED, NOW, DESK, 1)


def test_a_later_call_and_one_by_somebody_else_are_calls_of_their_own() -> None:
    first = after_call(None, NO_ANSWER, NOW, DESK)
    assert after_call(first, NO_ANSWER, NOW + SAME_CALL, DESK).number == 2
    assert after_call(first, NO_ANSWER, NOW, OTHER_DESK) == PhoneCall(NO_ANSWER, NOW, OTHER_DESK, 2)


def test_calls_of_merged_clients_are_added_and_leave_again() -> None:
    early, late = PhoneCall(REFUSED, NOW, DESK, 2), PhoneCall(BOOKED, NOW + timedelta(days=1), DESK, 3)
    for target, source in ((early, late), (late, early)):
        both = calls_of_both(target, source)
        assert both == PhoneCall(BOOKED, late.at, DESK, 5)
        assert calls_without(both, source, target) == target
    assert calls_of_both(None, early) == calls_of_both(early, None) == early
    assert calls_without(early, early, None) is None


def test_a_call_since_the_merge_stays_with_the_target() -> None:
    target, source = PhoneCall(REFUSED, NOW, DESK, 2), PhoneCall(BOOKED, NOW, DESK, 3)
    since = after_call(calls_of_both(target, source), NO_ANSWER, NOW + timedelta(days=2), DESK)
    assert calls_without(since, source, target) == PhoneCall(NO_ANSWER, since.at, DESK, 3)


def test_the_same_reason_in_the_same_words_changes_nothing() -> None:
    once = with_reason((), stated(PRICE, words="too dear"))
    assert with_reason(once, stated(PRICE, 5, "too dear")) == once
    assert with_reason((), stated(None)) == ()


def test_the_last_reasons_are_kept_and_the_latest_is_in_force() -> None:
    found: Stated = ()
    for minutes in range(REASONS_KEPT + 2):
        found = with_reason(found, stated(PRICE, minutes, f"{minutes}"))
    assert [each.words for each in found] == ["4", "3", "2"]
    assert reason_in_force(found) == found[0]
    assert reason_in_force(with_reason(found, stated(None, 9))) is None


def test_reasons_of_merged_clients_stand_together_and_part_again() -> None:
    own, of_source, since = stated(PRICE), stated(MOVED, 5), stated(None, 9)
    both = reasons_of_both((own,), (of_source,))
    assert both == (of_source, own)
    assert reasons_without(with_reason(both, since), (of_source,), (own,)) == (since, own)
    assert reasons_without(reasons_of_both((own,), (own,)), (own,), (own,)) == (own,)


def test_outside_reasons_are_those_that_the_salon_cannot_change() -> None:
    assert {each.value for each in OUTSIDE} == {"moved", "health", "no_need"}
