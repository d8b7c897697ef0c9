"""Intervals of proportions, 95 %: Wilson's for one proportion, Newcombe's for the difference of two.

Wilson (1927), Journal of the American Statistical Association 22, 209-212. Newcombe (1998), Statistics in
Medicine 17, 857-872 (method 3) and 873-890 (method 10).
"""

from math import sqrt

Z = 1.959963984540054
"""The 97.5 % point of the normal distribution: 2.5 % lie above it, and as many below its negative."""

Interval = tuple[float, float]


def wilson(successes: int, of: int) -> Interval | None:
    """The interval of successes / of, both ends between 0 and 1; None where nobody is counted. ValueError for
    counts that cannot be: a negative one, or more successes than `of`."""
    if of < 0 or not 0 <= successes <= of:
        raise ValueError(f"{successes} successes of {of}")
    if of == 0:
        return None
    return wilson_of_rate(successes / of, of)


def wilson_of_rate(rate: float, of: float) -> Interval:
    """Wilson's interval of a rate that was measured as well as by `of` independent clients. `of` is above 0
    and need not be whole: a weighted rate has an effective number (equal_terms.py)."""
    share = Z * Z / of
    centre = (rate + share / 2) / (1 + share)
    half = sqrt(share * (rate * (1 - rate) + share / 4)) / (1 + share)
    # The rate lies in its interval, also at 0 and 1, where the sum above may miss by the last digit.
    return min(rate, max(0.0, centre - half)), max(rate, min(1.0, centre + half))


def difference(successes: int, of: int, other_successes: int, other_of: int) -> Interval | None:
    """Newcombe's interval of successes / of minus other_successes / other_of, between -1 and 1; None where
    one of the groups is empty. The groups share no client. ValueError as wilson."""
    own, other = wilson(successes, of), wilson(other_successes, other_of)
    if own is None or other is None:
        return None
    return difference_of_rates(successes / of, own, other_successes / other_of, other)


def difference_of_rates(rate: float, interval: Interval, other: float, other_interval: Interval) -> Interval:
    """The interval of rate - other, from the Wilson interval of each: distances to the ends are squared and
    added."""
    (low, high), (other_low, other_high) = interval, other_interval
    between = rate - other
    below = sqrt((rate - low) ** 2 + (other_high - other) ** 2)
    above = sqrt((high - rate) ** 2 + (other - other_low) ** 2)
    return between - below, between + above
