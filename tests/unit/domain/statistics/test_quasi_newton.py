"""The search for a minimum: functions whose minimum is known, and functions that have none."""

from collections.abc import Sequence
from math import exp, inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.statistics.quasi_newton import FARTHEST, minimum


def valley(point: Sequence[float]) -> tuple[float, list[float]]:
    """Rosenbrock's: a long, bent valley with its minimum at (1, 1)."""
    x, y = point
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2, [-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)]


def slope(point: Sequence[float]) -> tuple[float, list[float]]:
    """Down for ever, ever more flatly."""
    return exp(-point[0] / 10), [-exp(-point[0] / 10) / 10]


@given(st.floats(-2, 2), st.floats(-2, 2))
def test_the_end_of_a_bent_valley_is_found_from_anywhere(x: float, y: float) -> None:
    found = minimum(valley, (x, y), 1e-8)
    assert found.converged
    assert found.point == pytest.approx([1, 1], abs=1e-5)


def test_a_function_that_falls_for_ever_does_not_converge() -> None:
    found = minimum(slope, [0.0], 1e-8)
    assert not found.converged
    assert found.point[0] > FARTHEST


def test_a_minimum_that_is_the_start_takes_no_step() -> None:
    found = minimum(valley, (1, 1), 1e-8)
    assert (found.converged, found.steps, found.value) == (True, 0, 0)


def test_where_no_step_leads_down_the_search_ends() -> None:
    """The slope promises what the values do not keep."""
    assert not minimum(lambda point: (abs(point[0]), [1.0]), [0.0], 1e-8).converged


def test_what_is_not_finite_is_not_stepped_on() -> None:
    def walled(point: Sequence[float]) -> tuple[float, list[float]]:
        x = point[0]
        return (inf, [0.0]) if x > 0.6 else ((x - 0.5) ** 2, [2 * (x - 0.5)])

    found = minimum(walled, [-3.0], 1e-8)
    assert found.converged
    assert found.point == pytest.approx([0.5])


def test_what_a_former_search_learnt_shortens_the_next() -> None:
    first = minimum(valley, (-1.2, 1.0), 1e-8)
    again = minimum(valley, (1.02, 1.05), 1e-8, first.inverse)
    assert again.converged
    assert again.steps < minimum(valley, (1.02, 1.05), 1e-8).steps
