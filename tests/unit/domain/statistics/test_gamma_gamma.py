"""Gamma-Gamma against the authors' figures of CDNOW, and against a seeded base."""

from math import lgamma, log
from random import Random

import pytest

from chalicelib.domain.statistics.gamma_gamma import GammaGamma, digamma, expected_spend, fit_spending
from tests.unit.domain.statistics.cdnow import customers


def test_the_authors_parameters_of_cdnow_are_found() -> None:
    """Fader and Hardie (2013): 946 customers with a repeat; p 6.25, q 3.74, gamma 15.44."""
    model = fit_spending(
        (each.repeats, each.spent_cents / 100 / each.repeats) for each in customers() if each.spent_cents
    )
    assert (model.converged, model.clients) == (True, 946)
    assert (round(model.p, 2), round(model.q, 2), round(model.scale, 2)) == (6.25, 3.74, 15.44)


def test_the_unit_of_money_does_not_matter() -> None:
    rows = [(each.repeats, each.spent_cents / each.repeats) for each in customers() if each.spent_cents]
    cents = fit_spending(rows)
    whole = fit_spending((visits, mean / 100) for visits, mean in rows)
    assert cents.scale == pytest.approx(whole.scale * 100, rel=1e-4)
    assert expected_spend(cents, 3, 2500.0) == pytest.approx(expected_spend(whole, 3, 25.0) * 100, rel=1e-4)


def test_the_log_likelihood_is_the_sum_of_the_densities() -> None:
    rows = [(1, 20.0), (2, 35.0), (5, 50.0), (1, 80.0), (3, 10.0), (4, 40.0), (2, 90.0), (1, 15.0)] * 5
    model = fit_spending(rows)

    def density(visits: int, mean: float) -> float:
        shape = model.p * visits
        return (
            lgamma(shape + model.q) - lgamma(shape) - lgamma(model.q)
            + model.q * log(model.scale) + (shape - 1) * log(mean) + shape * log(visits)
            - (shape + model.q) * log(model.scale + visits * mean)
        )  # fmt: skip

    assert model.log_likelihood == pytest.approx(sum(density(*row) for row in rows))


def test_few_visits_are_drawn_towards_the_mean_of_all() -> None:
    model = GammaGamma(p=6.25, q=3.74, scale=15.44)
    everyone = expected_spend(model, 0, 0.0)
    assert everyone == pytest.approx(6.25 * 15.44 / 2.74)
    assert everyone < expected_spend(model, 1, 100.0) < expected_spend(model, 10, 100.0) < 100
    assert expected_spend(model, 10_000, 100.0) == pytest.approx(100, rel=1e-3)


def test_a_base_that_spends_by_the_model_is_fitted() -> None:
    random, rows = Random(11), []
    for _ in range(3000):
        rate, visits = random.gammavariate(4.0, 1 / 30), random.randint(1, 8)
        rows.append((visits, sum(random.gammavariate(5.0, 1 / rate) for _ in range(visits)) / visits))
    model = fit_spending(rows)
    assert model.converged
    assert expected_spend(model, 0, 0.0) == pytest.approx(5 * 30 / 3, rel=0.05)


def test_equal_bills_do_not_converge() -> None:
    assert not fit_spending([(visits, 300.0) for visits in range(1, 9)] * 20).converged


@pytest.mark.parametrize("row", [(0, 10.0), (2, 0.0), (2, -5.0)])
def test_a_bill_that_is_not_above_0_is_refused(row: tuple[int, float]) -> None:
    with pytest.raises(ValueError, match="above 0"):
        fit_spending([row])


def test_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="no client"):
        fit_spending([])


@pytest.mark.parametrize("x", [0.01, 0.5, 1.0, 3.7, 10.0, 250.0])
def test_digamma_is_the_slope_of_lgamma(x: float) -> None:
    step = x * 1e-5
    assert digamma(x) == pytest.approx((lgamma(x + step) - lgamma(x - step)) / (2 * step), rel=1e-6, abs=1e-8)
