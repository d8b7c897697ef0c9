"""Who was too slow starts over, after a pause that keeps the same writers from meeting again."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.ids import ALPHABET, fraction
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import CONFLICT_TRIES, World
from infra.testkit.doubles import SeededRandomness

NOTHING: Any = None


def pauses(randomness: Any, most: int | None = None) -> list[float]:
    """Before which tries, and how long."""
    found: list[float] = []
    world = World(NOTHING, NOTHING, NOTHING, randomness, NOTHING, found.append)
    assert list(world.tries(*[most] if most else [])) == list(range(most or CONFLICT_TRIES))
    return found


def test_who_gets_through_at_once_waits_for_nothing() -> None:
    waited: list[float] = []
    world = World(NOTHING, NOTHING, NOTHING, SeededRandomness(), NOTHING, waited.append)
    assert next(world.tries()) == 0
    assert waited == []


def test_the_longest_pause_doubles_up_to_a_sixth_of_a_second() -> None:
    longest = [round(pause, 3) for pause in pauses(lambda characters: "z" * characters)]
    assert longest == [0.01, 0.02, 0.04, 0.08, 0.16, 0.16, 0.16]


@pytest.mark.parametrize("most", [8, 24])
def test_two_who_met_wait_for_different_times(most: int) -> None:
    one, other = pauses(SeededRandomness(1), most), pauses(SeededRandomness(2), most)
    assert len(one) == most - 1
    assert one != other
    assert all(0 <= pause < 0.16 for pause in (*one, *other))


def test_an_attempt_that_meets_another_writer_starts_over_until_it_gets_through() -> None:
    waited: list[float] = []
    world = World(NOTHING, NOTHING, NOTHING, SeededRandomness(), NOTHING, waited.append)
    outcomes = iter([SaveConflict("first"), SaveConflict("second"), "saved"])

    def attempt() -> str:
        outcome = next(outcomes)
        if isinstance(outcome, SaveConflict):
            raise outcome
        return outcome

    assert world.retrying(attempt) == "saved"
    assert len(waited) == 2


def test_an_attempt_that_never_gets_through_says_so_and_another_error_is_raised_at_once() -> None:
    waited: list[float] = []
    world = World(NOTHING, NOTHING, NOTHING, SeededRandomness(), NOTHING, waited.append)

    def always_late() -> None:
        raise SaveConflict("value")

    with pytest.raises(DomainError) as raised:
        world.retrying(always_late)
    assert raised.value.code == "TRY_AGAIN"
    assert len(waited) == CONFLICT_TRIES - 1
    with pytest.raises(ZeroDivisionError):
        world.retrying(lambda: 1 // 0)
    assert len(waited) == CONFLICT_TRIES - 1


@given(st.text(ALPHABET, min_size=1, max_size=7))
def test_a_fraction_is_from_0_to_just_below_1(text: str) -> None:
    assert 0 <= fraction(text) < 1
    assert fraction(text) == pytest.approx(sum(ALPHABET.index(c) / 32 ** (n + 1) for n, c in enumerate(text)))
