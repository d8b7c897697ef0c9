"""The forecast of visits: random bases get BG/NBD, regular ones their own rhythm, and none gets a forecast
that last year would have proved worse than "as many visits as last year"."""

from datetime import date, timedelta
from functools import cache
from random import Random

import pytest

from chalicelib.domain.reports.visit_forecast import ClientVisits, VisitForecast, forecast
from tests.unit.domain.reports.bases import UNTIL, YEAR_LATER, at_random, by_the_clock, lives


@cache
def random_base() -> list[ClientVisits]:
    return lives(Random(1), 1500, at_random)


@cache
def regular_base() -> list[ClientVisits]:
    return lives(Random(2), 1500, by_the_clock)


@cache
def of_random_base() -> VisitForecast:
    return forecast(random_base(), UNTIL)


@cache
def of_regular_base() -> VisitForecast:
    return forecast(regular_base(), UNTIL)


def visits_after(clients: list[ClientVisits]) -> int:
    return sum(UNTIL < day <= YEAR_LATER for client in clients for day in client.days)


def test_visits_at_random_are_foretold_by_bg_nbd() -> None:
    found = of_random_base()
    assert found.method == "bg_nbd"
    assert found.regularity == pytest.approx(1, abs=0.2)
    (tried,) = found.tried
    assert tried.error is not None
    assert tried.last_year_error is not None
    assert tried.error < tried.last_year_error
    assert sum(found.expected) == pytest.approx(visits_after(random_base()), rel=0.1)


def test_regular_visits_are_foretold_by_each_client_s_own_rhythm() -> None:
    found = of_regular_base()
    assert found.method == "own_rhythm"
    assert found.regularity is not None
    assert found.regularity > 1.5
    assert [each.refused for each in found.tried] == ["too_regular", None]
    assert sum(found.expected) == pytest.approx(visits_after(regular_base()), rel=0.1)


def test_what_comes_after_the_day_changes_nothing() -> None:
    known = [
        ClientVisits(each.client, tuple(day for day in each.days if day <= UNTIL), ())
        for each in regular_base()
    ]
    assert forecast(known, UNTIL) == of_regular_base()


def test_the_forecast_is_of_each_client_in_their_order() -> None:
    later = ClientVisits("later", (YEAR_LATER,), (300,))
    lost = ClientVisits("lost", (date(2023, 1, 2), date(2023, 2, 2), date(2023, 3, 2)), (300,) * 3)
    weekly = ClientVisits("weekly", tuple(UNTIL - timedelta(days=7 * ago) for ago in range(50, -1, -1)), ())
    found = forecast([later, lost, *regular_base(), weekly], UNTIL)
    assert len(found.expected) == 1503
    assert found.expected[0] == 0
    assert found.expected[1] < 0.5
    assert found.expected[-1] > 10


def test_a_forecast_that_is_worse_than_last_year_is_refused() -> None:
    """Half of the clients come every 28 days for ever. The others came every 28 days and stopped, all on
    one day two years ago. So nobody has left since, and the share that was kept then foretells too few."""
    begin = UNTIL - timedelta(days=1110)
    stay = tuple(begin + timedelta(days=28 * n) for n in range(40))
    stop = tuple(day for day in stay if day <= UNTIL - timedelta(days=740))
    clients = [ClientVisits(f"c{n}", stay if n % 2 else stop, ()) for n in range(100)]
    found = forecast(clients, UNTIL)
    assert (found.method, found.expected) == (None, ())
    assert [each.refused for each in found.tried] == ["too_regular", "worse_than_last_year"]
    assert found.tried[1].error > found.tried[1].last_year_error  # type: ignore[operator]


def test_a_young_base_gets_no_forecast() -> None:
    clients = [ClientVisits(f"c{n}", (UNTIL - timedelta(days=n),), ()) for n in range(300)]
    found = forecast(clients, UNTIL)
    assert found.method is None
    assert [each.refused for each in found.tried] == ["too_few_clients", "too_few_clients"]


def test_a_base_without_repeats_has_no_model() -> None:
    clients = [ClientVisits(f"c{n}", (UNTIL - timedelta(days=n),), ()) for n in range(700)]
    assert forecast(clients, UNTIL).tried[0].refused == "not_converged"


def test_nobody_is_foretold_nothing() -> None:
    found = forecast([], UNTIL)
    assert (found.method, found.regularity, found.expected) == (None, None, ())


def test_no_days_ahead_are_refused() -> None:
    with pytest.raises(ValueError, match="0 days ahead"):
        forecast([], UNTIL, 0)
