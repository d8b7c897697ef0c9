"""Regularity of gaps, against bases whose gaps have a known shape."""

from random import Random

import pytest

from chalicelib.domain.statistics.regularity import REGULAR, regularity


@pytest.mark.parametrize("shape", [1, 2, 4, 8])
def test_the_shape_of_gaps_is_found(shape: int) -> None:
    """Erlang gaps, with a mean that differs between clients."""
    random = Random(shape)
    gaps = []
    for _ in range(4000):
        mean = random.uniform(15, 90)
        gaps.append((random.gammavariate(shape, mean / shape), random.gammavariate(shape, mean / shape)))
    found = regularity(gaps)
    assert found == pytest.approx(shape, rel=0.08)
    assert (found > REGULAR) == (shape >= 2)


def test_the_worked_example() -> None:
    """docs/metrics.md: half of the clients wait 20 then 40 days, half 40 then 20. k = 1.7 (1 / 35 less a
    client)."""
    gaps = [(20, 40), (40, 20)] * 500
    spread = sum((share - 0.5) ** 2 for share in (1 / 3, 2 / 3)) / 2 * 1000 / 999
    assert regularity(gaps) == pytest.approx((1 - 4 * spread) / (8 * spread))


def test_gaps_that_never_change_are_regular_beyond_measure() -> None:
    assert regularity([(28, 28)] * 30) == float("inf")


def test_below_30_clients_nothing_is_known() -> None:
    assert regularity([(28, 30)] * 29) is None
