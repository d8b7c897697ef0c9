"""BG/NBD against the paper's figures of CDNOW, against sums made by brute force, and against a seeded
base."""

from collections import Counter, defaultdict
from functools import cache
from math import exp, lgamma, log
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.statistics.bgnbd import (
    BgNbd,
    History,
    ListedVisits,
    expected_repeats,
    expected_visits,
    fit,
    fit_sums,
    probability_alive,
    visits_if_alive,
    visits_if_alive_of_all,
)
from tests.unit.domain.statistics.cdnow import customers

PAPER = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
"""Fader, Hardie and Lee (2005), table 2. Times in weeks."""


@cache
def fitted() -> BgNbd:
    return fit(each.history for each in customers())


def test_the_paper_s_parameters_and_log_likelihood_are_found() -> None:
    model = fitted()
    assert (model.converged, model.clients) == (True, 2357)
    assert round(model.r, 3) == PAPER.r
    assert round(model.alpha, 3) == PAPER.alpha
    assert round(model.a, 3) == PAPER.a
    assert round(model.b, 3) == PAPER.b
    assert round(model.log_likelihood, 1) == -9582.4


@pytest.mark.parametrize(
    ("weeks", "repeats"),
    [(1 / 7, 0.0078), (1, 0.0532), (3, 0.1506), (223 / 7, 1.0405), (32, 1.0437), (78, 1.8576)],
)
def test_the_authors_expected_repeats_are_found(weeks: float, repeats: float) -> None:
    """The spreadsheet of the authors' note of 2005, Implementing the BG/NBD Model in Microsoft Excel."""
    assert expected_repeats(fitted(), weeks) == pytest.approx(repeats, abs=4e-4)


def test_the_authors_conditional_expectation_of_their_first_customer_is_found() -> None:
    """Two repeats, the last in week 30.43 of 38.86. The same spreadsheet has 1.226 for the next 39 weeks."""
    assert expected_visits(fitted(), (2, 30.43, 38.86), 39) == pytest.approx(1.226, abs=5e-4)


def test_conditional_expectations_by_repeats_are_those_of_the_paper_s_figure() -> None:
    """Figure 4 of the paper: repeats in weeks 40 to 78, by repeats in weeks 1 to 39 (7: or more). Actual
    ones are exact. Expected ones are within 1 % of an integral that shares no code with the model."""
    model, bins = fitted(), defaultdict(list)
    for each in customers():
        bins[min(each.repeats, 7)].append(each)
    actual = [sum(each.held_out for each in bins[x]) / len(bins[x]) for x in range(8)]
    expected = [
        sum(expected_visits(model, each.history, 39) for each in bins[x]) / len(bins[x]) for x in range(8)
    ]
    assert [round(each, 3) for each in actual] == [0.237, 0.697, 1.393, 1.560, 2.532, 2.947, 3.862, 6.359]
    assert expected == pytest.approx([0.225, 0.523, 1.044, 1.520, 2.164, 2.654, 3.504, 6.157], rel=0.01)


@pytest.mark.parametrize(
    "history",
    [
        (0, 0.0, 38.86),
        (1, 1.71, 38.86),
        (2, 30.43, 38.86),
        (5, 20.0, 30.0),
        (7, 29.43, 38.86),
        (26, 30.86, 31.0),
    ],
)
def test_the_closed_forms_are_the_integrals_of_the_model(history: History) -> None:
    """Brute force: rates and probabilities of leaving on a fine grid, each weighed by its likelihood."""
    alive, visits = integrals(PAPER, history, 39)
    assert probability_alive(PAPER, history) == pytest.approx(alive, rel=0.01)
    assert expected_visits(PAPER, history, 39) == pytest.approx(visits, rel=0.01)


def integrals(model: BgNbd, history: History, ahead: float) -> tuple[float, float]:
    """The probability that the client is alive, and the visits expected in `ahead`. Rates are taken at
    equal steps of their logarithm, probabilities at equal steps of the log odds."""
    repeats, recency, age = history
    total = alive = visits = 0.0
    for step in range(-600, 51):
        rate = exp(step * 0.1)
        log_rate = model.r * log(model.alpha) - lgamma(model.r) + model.r * log(rate) - model.alpha * rate
        for leaving_step in range(-80, 81):
            p = 1 / (1 + exp(-leaving_step * 0.2))
            log_p = lgamma(model.a + model.b) - lgamma(model.a) - lgamma(model.b)
            log_p += model.a * log(p) + model.b * log(1 - p) if p < 1 else -1e9
            stayed = exp(log_rate + log_p + repeats * log(rate) - rate * age + repeats * log(1 - p))
            left = 0.0
            if repeats:
                left = exp(
                    log_rate
                    + log_p
                    + repeats * log(rate)
                    - rate * recency
                    + log(p)
                    + (repeats - 1) * log(1 - p)
                )
            total += stayed + left
            alive += stayed
            visits += stayed * (1 - exp(-rate * p * ahead)) / p
    return alive / total, visits / total


def base(random: Random, model: BgNbd, clients: int, days: int) -> list[tuple[History, int]]:
    """Clients who live by the model: what is known after `days`, and repeats in as many days again."""
    found = []
    for _ in range(clients):
        rate, leaves = random.gammavariate(model.r, 1 / model.alpha), random.betavariate(model.a, model.b)
        joined, at, visits, later, last = random.uniform(0, days * 0.6), 0.0, 0, 0, 0.0
        age = days - joined
        while True:
            at += random.expovariate(rate) if rate > 0 else 1e9
            if at > age + days:
                break
            if at <= age:
                visits, last = visits + 1, at
            else:
                later += 1
            if random.random() < leaves:
                break
        found.append(((visits, last, age), later))
    return found


def test_a_base_that_lives_by_the_model_is_fitted_and_foretold() -> None:
    """Seeded: 4,000 clients of two years. The next two years are foretold within 5 %."""
    true = BgNbd(r=1.4, alpha=60.0, a=0.9, b=6.0)
    clients = base(Random(3), true, 4000, 730)
    model = fit(history for history, _ in clients)
    assert model.converged
    assert model.r / model.alpha == pytest.approx(true.r / true.alpha, rel=0.1)
    assert model.a / (model.a + model.b) == pytest.approx(true.a / (true.a + true.b), rel=0.1)
    foretold = sum(expected_visits(model, history, 730) for history, _ in clients)
    assert foretold == pytest.approx(sum(later for _, later in clients), rel=0.05)


def test_a_base_that_never_leaves_and_comes_by_the_calendar_does_not_converge() -> None:
    """All come every 28 days until the end: no parameters are the best, and none may be printed."""
    clients = [(count, count * 28.0, count * 28.0 + 10) for count in range(5, 25) for _ in range(20)]
    assert not fit(clients).converged


def test_clients_without_a_repeat_do_not_make_a_model() -> None:
    assert not fit([(0, 0.0, float(age)) for age in range(1, 200)]).converged


def test_the_order_and_the_unit_of_time_do_not_matter() -> None:
    by_weeks = fitted()
    by_days = fit((each.repeats, each.recency_days, each.age_days) for each in reversed(customers()))
    assert by_days.alpha == pytest.approx(by_weeks.alpha * 7, rel=1e-4)
    assert by_days.r == pytest.approx(by_weeks.r, rel=1e-4)
    history = (3, 20.0, 30.0)
    assert expected_visits(by_days, (3, 140, 210), 273) == pytest.approx(
        expected_visits(by_weeks, history, 39), rel=1e-4
    )


@pytest.mark.parametrize("history", [(-1, 0, 5), (0, 3, 5), (2, 0, 5), (2, 6, 5), (1, 2, -1)])
def test_a_history_that_cannot_be_is_refused(history: History) -> None:
    with pytest.raises(ValueError, match="no history"):
        fit([history])


def test_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="no client"):
        fit([])


@given(
    st.integers(1, 3000), st.floats(0.01, 4000), st.floats(0, 4000), st.floats(0.1, 4000),
    st.sampled_from([PAPER, BgNbd(r=9.0, alpha=400.0, a=1.0, b=30.0), BgNbd(r=0.1, alpha=1.0, a=0.3, b=0.5)]),
)  # fmt: skip
def test_any_history_has_a_probability_and_a_finite_expectation(
    repeats: int, recency: float, since: float, ahead: float, model: BgNbd
) -> None:
    history = (repeats, recency, recency + since)
    assert 0 <= probability_alive(model, history) <= 1
    most = ahead * (model.r + repeats) / (model.alpha + recency + since)  # nobody leaves
    assert 0 <= expected_visits(model, history, ahead) <= most * (1 + 1e-6)


def test_who_is_silent_longer_is_less_likely_alive() -> None:
    chances = [probability_alive(PAPER, (10, 20.0, 20.0 + silent)) for silent in range(0, 40, 4)]
    assert chances == sorted(chances, reverse=True)
    assert probability_alive(PAPER, (0, 0.0, 500.0)) == 1.0
    assert probability_alive(PAPER, (900, 1.0, 5000.0)) == 0.0


def test_a_large_base_is_fitted_from_a_sample_to_the_same_maximum() -> None:
    histories = [each.history for each in customers()]
    model = fit_sums(ListedVisits(histories), ListedVisits(histories[::20]))
    assert model.r == pytest.approx(fitted().r, rel=1e-4)
    assert model.log_likelihood == pytest.approx(fitted().log_likelihood, abs=1e-4)


@pytest.mark.parametrize("model", [PAPER, BgNbd(r=1.4, alpha=60.0, a=1.0, b=6.0)])
def test_the_expectations_of_all_are_those_of_each(model: BgNbd) -> None:
    """Ten years of days, of which most are interpolated."""
    pairs = [(repeats, float(age)) for repeats in (0, 1, 7, 60) for age in range(repeats, 3650, 13)]
    each = [visits_if_alive(model, repeats, age, 365) for repeats, age in pairs]
    assert visits_if_alive_of_all(model, pairs, 365) == pytest.approx(each, rel=1e-7)


def test_equal_histories_count_as_often_as_they_are() -> None:
    once = Counter(each.history for each in customers())
    assert fit(history for history, count in once.items() for _ in range(count)).r == fitted().r
