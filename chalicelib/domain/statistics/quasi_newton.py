"""The minimum of a smooth function of a few numbers, by the method of Broyden, Fletcher, Goldfarb and Shanno
(Nocedal and Wright 2006, Numerical Optimization, algorithm 6.1), with a line search that halves its steps.

For the likelihoods of bgnbd.py and gamma_gamma.py. docs/decisions/reports.md says why no library is used.
"""

from collections.abc import Callable, Sequence
from math import isfinite, log

from msgspec import Struct

MAX_STEPS = 200
FARTHEST = log(1000)
"""A search that goes beyond this distance from 0 has left what is sensible, and ends."""

LONGEST_STEP = 1.0
"""No number changes by more in one step: far from the minimum, the curvature that was learnt says little."""

FLAT = 10
"""Where no step leads down any more, the slope may be so many times the tolerance: what is left to gain is
then less than the digits of the function tell."""

SUFFICIENT = 1e-4
"""Share of the decrease that the slope promises, below which a step is halved (Armijo)."""

Function = Callable[[Sequence[float]], tuple[float, list[float]]]
"""A function of a point: its value there, and its gradient."""


class Minimum(Struct, frozen=True):
    """Where the search ended.

    converged   whether the search ended within FARTHEST, where no part of the gradient exceeds the tolerance,
                or FLAT times as much where no step leads down any more.
    inverse     of the curvature there, as far as the search learnt it.
    """

    point: list[float]
    value: float
    converged: bool
    steps: int
    inverse: list[list[float]]


def minimum(
    function: Function, start: Sequence[float], tolerance: float, inverse: list[list[float]] | None = None
) -> Minimum:
    """Searches from `start`. The search also ends beyond FARTHEST, after 200 steps, and where no step leads
    down any more. inverse: of the curvature at the start, where a search of a like function has learnt
    it."""
    point = list(start)
    value, gradient = function(point)
    inverse = inverse or _identity(len(point))
    for steps in range(MAX_STEPS):
        near = max(map(abs, point)) <= FARTHEST
        if not near or max(map(abs, gradient)) <= tolerance:
            return Minimum(point, value, near, steps, inverse)
        direction = [-_dot(row, gradient) for row in inverse]
        slope = _dot(direction, gradient)
        if slope >= 0:
            inverse, direction = _identity(len(point)), [-each for each in gradient]
            slope = _dot(direction, gradient)
        found = _step(function, point, value, direction, slope)
        if found is None:
            return Minimum(point, value, max(map(abs, gradient)) <= FLAT * tolerance, steps, inverse)
        new_point, new_value, new_gradient = found
        moved = [new - old for new, old in zip(new_point, point, strict=True)]
        turned = [new - old for new, old in zip(new_gradient, gradient, strict=True)]
        inverse = _updated(inverse, moved, turned)
        point, value, gradient = new_point, new_value, new_gradient
    return Minimum(point, value, False, MAX_STEPS, inverse)


def _step(
    function: Function, point: list[float], value: float, direction: list[float], slope: float
) -> tuple[list[float], float, list[float]] | None:
    """The first of ever shorter steps that leads down enough; None where none of them does."""
    length = min(1.0, LONGEST_STEP / max(map(abs, direction)))
    for _ in range(40):
        new = [at + length * along for at, along in zip(point, direction, strict=True)]
        new_value, gradient = function(new)
        if isfinite(new_value) and new_value <= value + SUFFICIENT * length * slope:
            return new, new_value, gradient
        length /= 2
    return None


def _updated(inverse: list[list[float]], moved: list[float], turned: list[float]) -> list[list[float]]:
    """The inverse of the curvature, with what the last step showed; unchanged where the function does not
    curve upwards along the step."""
    curved = _dot(moved, turned)
    if curved <= 0:
        return inverse
    towards = [_dot(row, turned) for row in inverse]
    stretch = (1 + _dot(turned, towards) / curved) / curved
    return [
        [
            value + stretch * moved_i * moved_j - (towards_i * moved_j + moved_i * towards_j) / curved
            for value, moved_j, towards_j in zip(row, moved, towards, strict=True)
        ]
        for row, moved_i, towards_i in zip(inverse, moved, towards, strict=True)
    ]


def _identity(size: int) -> list[list[float]]:
    return [[1.0 if row == column else 0.0 for column in range(size)] for row in range(size)]


def _dot(first: Sequence[float], second: Sequence[float]) -> float:
    return sum(one * other for one, other in zip(first, second, strict=True))
