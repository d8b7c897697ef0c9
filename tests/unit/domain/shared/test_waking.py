"""Pointers, and what becomes of them when an item fails."""

from datetime import timedelta

from chalicelib.domain.shared.waking import FAILURES_BEFORE_PARKING, Trouble, Wake, after_failure, first_wake
from infra.testkit.builders import NOW


def test_an_item_that_fails_waits_twice_as_long_each_time_and_is_parked_in_the_end() -> None:
    trouble: Trouble | None = None
    waits = []
    while trouble is None or not trouble.parked:
        trouble = after_failure(trouble, "ValueError: no", NOW)
        waits.append((trouble.retry_at - NOW) // timedelta(minutes=1))
    assert waits == [1, 2, 4, 8, 16, 32]
    assert len(waits) == FAILURES_BEFORE_PARKING


def test_what_heals_by_itself_is_never_parked_and_waits_a_quarter_of_an_hour_at_most() -> None:
    trouble: Trouble | None = None
    waits = []
    for _ in range(8):
        trouble = after_failure(trouble, "Throttled", NOW, parks=False)
        assert not trouble.parked
        waits.append((trouble.retry_at - NOW) // timedelta(minutes=1))
    assert waits == [1, 2, 4, 8, 16, 16, 16, 16]


def test_no_wait_is_longer_than_an_hour() -> None:
    trouble = Trouble(20, "", NOW, NOW)
    assert after_failure(trouble, "again", NOW).retry_at == NOW + timedelta(hours=1)


def test_an_endless_error_is_cut() -> None:
    assert len(after_failure(None, "x" * 10_000, NOW).error) == 200


def test_the_first_wake_counts_and_of_equals_the_one_named_first() -> None:
    soon, same, later = Wake(NOW, "notice"), Wake(NOW, "reminder"), Wake(NOW + timedelta(1), "review")
    assert first_wake([later, soon, same], None) == soon
    assert first_wake([], None) is None


def test_trouble_delays_but_never_hastens() -> None:
    trouble = Trouble(1, "", NOW, NOW + timedelta(minutes=1))
    assert first_wake([Wake(NOW, "notice")], trouble) == Wake(NOW + timedelta(minutes=1), "notice")
    assert first_wake([Wake(NOW + timedelta(1), "notice")], trouble) == Wake(NOW + timedelta(1), "notice")
    assert first_wake([Wake(NOW, "notice")], Trouble(6, "", NOW, NOW, parked=True)) is None
