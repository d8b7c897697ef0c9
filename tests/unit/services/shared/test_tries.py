"""Who was too slow starts over, after a pause that keeps the same writers from meeting again."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.shared.ids import ALPHABET, fraction
from chalicelib.services.shared.world import CONFLICT_TRIES, World
from infra.testkit.builders import SeededChance

NOTHING: Any = None


def pauses(chance: Any, most: int | None = None) -> list[float]:
    """Before which tries, and how long."""
    found: list[float] = []
    world = World(NOTHING, NOTHING, NOTHING, chance, NOTHING, found.append)
    assert list(world.tries(*[most] if most else [])) == list(range(most or CONFLICT_TRIES))
    return found


def test_who_gets_through_at_once_waits_for_nothing() -> None:
    waited: list[float] = []
    world = World(NOTHING, NOTHING, NOTHING, SeededChance(), NOTHING, waited.append)
    assert next(world.tries()) == 0
    assert waited == []


def test_the_longest_pause_doubles_up_to_a_sixth_of_a_second() -> None:
    longest = [round(pause, 3) for pause in pauses(lambda characters: "z" * characters)]
    assert longest == [0.01, 0.02, 0.04, 0.08, 0.16, 0.16, 0.16]


@pytest.mark.parametrize("most", [8, 24])
def test_two_who_met_wait_for_different_times(most: int) -> None:
    one, other = pauses(SeededChance(1), most), pauses(SeededChance(2), most)
    assert len(one) == most - 1
    assert one != other
    assert all(0 <= pause < 0.16 for pause in (*one, *other))


@given(st.text(ALPHABET, min_size=1, max_size=7))
def test_a_fraction_is_from_0_to_just_below_1(text: str) -> None:
    assert 0 <= fraction(text) < 1
    assert fraction(text) == pytest.approx(sum(ALPHABET.index(c) / 32 ** (n + 1) for n, c in enumerate(text)))
