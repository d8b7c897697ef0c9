"""The lift of a touch: a worked example, the limits, and seeded touches with known true effects."""

from random import Random

import pytest

from chalicelib.domain.reports.lift import Lift, TouchGroups, lift_of
from chalicelib.domain.statistics.wilson import difference


def test_the_worked_example() -> None:
    """docs/metrics.md: 360 of 900 return with the touch, 30 of 100 without it. Messages cost 45.00."""
    found = lift_of(TouchGroups(due=900, due_returned=360, held_out=100, held_out_returned=30, cost=4500))
    assert (found.rate, found.held_out_rate, found.lift) == (0.4, 0.3, pytest.approx(0.1))
    assert found.interval == difference(360, 900, 30, 100)
    assert found.interval is not None
    assert [round(end, 3) for end in found.interval] == [-0.001, 0.187]
    assert found.more_returned == pytest.approx(90)
    assert (found.verdict, found.cost_of_each) == ("unclear", None)


def test_a_touch_that_works_says_what_a_returned_client_costs() -> None:
    found = lift_of(TouchGroups(due=900, due_returned=450, held_out=100, held_out_returned=30, cost=9000))
    assert found.verdict == "works"
    assert found.cost_of_each == pytest.approx(50)


def test_a_touch_that_harms_is_named() -> None:
    assert (
        lift_of(TouchGroups(due=900, due_returned=180, held_out=100, held_out_returned=40)).verdict == "harms"
    )


@pytest.mark.parametrize(
    ("held_out", "maturing", "verdict"),
    [(29, 1, "too_early"), (29, 0, "too_few"), (30, 1, "works"), (0, 5, "too_early")],
)
def test_below_30_clients_of_a_group_nothing_is_said(held_out: int, maturing: int, verdict: str) -> None:
    groups = TouchGroups(due=900, due_returned=800, held_out=held_out, held_out_returned=0, maturing=maturing)
    assert lift_of(groups).verdict == verdict


def test_nobody_has_no_lift() -> None:
    nobody = Lift(
        verdict="too_few", rate=None, held_out_rate=None, lift=None, interval=None, more_returned=None,
        cost_of_each=None,
    )  # fmt: skip
    assert lift_of(TouchGroups(due=0, due_returned=0, held_out=0, held_out_returned=0)) == nobody


def test_counts_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="5 successes of 4"):
        lift_of(TouchGroups(due=4, due_returned=5, held_out=10, held_out_returned=1))


def drawn(random: Random, clients: int, rate: float) -> int:
    return sum(random.random() < rate for _ in range(clients))


def test_a_touch_without_effect_is_unclear_19_times_of_20() -> None:
    random = Random(4)
    verdicts = [
        lift_of(
            TouchGroups(
                due=450,
                due_returned=drawn(random, 450, 0.35),
                held_out=50,
                held_out_returned=drawn(random, 50, 0.35),
            )
        ).verdict
        for _ in range(1000)
    ]
    assert 0.93 <= verdicts.count("unclear") / 1000 <= 0.97


def test_a_touch_with_an_effect_is_found() -> None:
    random = Random(9)
    verdicts = [
        lift_of(
            TouchGroups(
                due=1800,
                due_returned=drawn(random, 1800, 0.5),
                held_out=200,
                held_out_returned=drawn(random, 200, 0.35),
            )
        ).verdict
        for _ in range(100)
    ]
    assert verdicts.count("works") >= 90
