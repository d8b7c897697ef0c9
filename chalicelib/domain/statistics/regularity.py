"""How regular the gaps between visits are: Wheat and Morrison (1990), Estimating Purchase Regularity with Two
Interpurchase Times, Journal of Marketing Research 27(1), 87-93."""

from collections.abc import Iterable
from math import inf
from statistics import variance

REGULAR = 1.5
"""Above it visits are too regular for BG/NBD, which takes them as random (1). Salons often have 2 to 4."""

FEWEST = 30
"""Below so many clients nothing is said about regularity."""


def regularity(gaps: Iterable[tuple[float, float]]) -> float | None:
    """The shape k of the gaps between visits, from two gaps of each client that follow each other, above 0.
    It is 1 where visits come at random, and greater the more regular they are. None below 30 clients."""
    shares = [first / (first + second) for first, second in gaps]
    return shape_of(len(shares), variance(shares) if len(shares) > 1 else None)


def shape_of(clients: int, spread: float | None) -> float | None:
    """The same from the variance of first gap / both gaps, over so many clients."""
    if clients < FEWEST or spread is None:
        return None
    return (1 - 4 * spread) / (8 * spread) if spread > 0 else inf
