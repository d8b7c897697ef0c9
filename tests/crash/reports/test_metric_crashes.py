"""Every call to AWS fails in turn while metrics are chosen, woken and measured. Run again, each month has one
value."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.reports.chosen_metrics import ChosenMetric
from chalicelib.domain.shared.months import name_of_month
from chalicelib.services.reports.measure_metric import measure_metric
from infra.testkit.builders import NETWORK
from infra.testkit.failing_calls import Failure
from infra.testkit.salon_driver import SalonDriver
from tests.crash.arranged import Story, fail_each_call
from tests.services.reports.metrics import ScriptedReports, choose, measure_due, metric_of, wanted


def nothing(driver: SalonDriver) -> None:
    """The network has chosen no metric yet."""


def chosen(driver: SalonDriver) -> ChosenMetric:
    return choose(driver, wanted())[0]


def measured(driver: SalonDriver) -> ChosenMetric:
    metric = chosen(driver)
    measure_due(driver, ScriptedReports(driver))
    return metric


def choose_one(driver: SalonDriver, _: Any) -> None:
    choose(driver, wanted())


def choose_none(driver: SalonDriver, _: Any) -> None:
    choose(driver)


def wake(driver: SalonDriver, metric: ChosenMetric) -> None:
    driver.wake(metric_of(driver, metric.id))


def measure(driver: SalonDriver, metric: ChosenMetric) -> None:
    measure_metric(driver.world, ScriptedReports(driver), NETWORK, metric.id)


def a_quarter_of_an_hour_later(driver: SalonDriver, _: Any) -> None:
    driver.clock.now += timedelta(minutes=31)
    measure_due(driver, ScriptedReports(driver))


def each_month_has_one_value(driver: SalonDriver, _: Any) -> None:
    measure_due(driver, ScriptedReports(driver))
    (metric,) = driver.store.get_all(ChosenMetric, network_id=NETWORK)
    months = [name_of_month(each.month) for each in metric.values]
    assert (months[0], months[-1], len(set(months)), len(months)) == ("2025-11", "2026-10", 12, 12)
    assert metric.wake is not None
    assert metric.wake.at > driver.world.now()


def it_sleeps(driver: SalonDriver, metric: ChosenMetric) -> None:
    found = metric_of(driver, metric.id)
    assert (found.stopped, found.wake, len(found.values)) == (True, None, 12)


STORIES: dict[str, Story] = {
    "a metric is chosen": (nothing, choose_one, choose_one, each_month_has_one_value),
    "a metric wakes": (chosen, wake, a_quarter_of_an_hour_later, each_month_has_one_value),
    "a metric is measured": (chosen, measure, measure, each_month_has_one_value),
    "a metric is not chosen any more": (measured, choose_none, choose_none, it_sleeps),
}


@pytest.mark.parametrize("failure", [Failure.BEFORE, Failure.AFTER, Failure.DIED])
@pytest.mark.parametrize("story", STORIES)
def test_any_call_may_fail_and_each_month_has_one_value(
    aws: dict[str, Any], story: str, failure: Failure
) -> None:
    assert fail_each_call(aws, STORIES[story], failure) > 0
