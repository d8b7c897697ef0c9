"""Intervals of proportions, against the published values of Newcombe's two papers of 1998."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.statistics.wilson import difference, wilson


@pytest.mark.parametrize(
    ("successes", "of", "low", "high"),
    [  # Newcombe 1998 (one proportion), table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_published_intervals(successes: int, of: int, low: float, high: float) -> None:
    assert wilson(successes, of) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [  # Newcombe 1998 (differences), table II, method 10
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
    ],
)
def test_newcombe_gives_the_published_intervals(
    first: tuple[int, int], second: tuple[int, int], low: float, high: float
) -> None:
    assert difference(*first, *second) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_nobody_has_no_interval() -> None:
    assert wilson(0, 0) is None
    assert difference(0, 0, 3, 10) is None
    assert difference(3, 10, 0, 0) is None


@pytest.mark.parametrize(("successes", "of"), [(-1, 5), (6, 5), (0, -1)])
def test_counts_that_cannot_be_are_refused(successes: int, of: int) -> None:
    with pytest.raises(ValueError, match=f"{successes} successes of {of}"):
        wilson(successes, of)


@given(st.integers(0, 10**9).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_the_rate_lies_in_its_interval_and_the_interval_between_0_and_1(counts: tuple[int, int]) -> None:
    successes, of = counts
    interval = wilson(successes, of)
    if interval is not None:
        low, high = interval
        assert 0 <= low <= successes / of <= high <= 1
        assert low < high
        assert (low == 0, high == 1) == (successes == 0, successes == of)


def test_the_interval_holds_the_true_rate_in_19_of_20_samples() -> None:
    """Seeded: 2,000 samples of 40 clients, of whom 30 % return."""
    random = Random(12)
    held = 0
    for _ in range(2000):
        interval = wilson(sum(random.random() < 0.3 for _ in range(40)), 40)
        assert interval is not None
        held += interval[0] <= 0.3 <= interval[1]
    assert 0.93 <= held / 2000 <= 0.97
