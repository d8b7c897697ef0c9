"""A network chooses metrics; each is measured for the months before, and then once a month."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.networks.network import Role
from chalicelib.domain.reports.chosen_metrics import MOST_KEPT, Baseline, ChosenMetric
from chalicelib.domain.reports.questions import Question
from chalicelib.domain.shared.errors import DomainError, ErrorKind
from chalicelib.domain.shared.months import name_of_month
from chalicelib.services.reports.choose_metrics import choose_metrics, chosen_metrics
from chalicelib.services.reports.measure_metric import measure_metric
from infra.testkit.builders import NETWORK, access
from infra.testkit.salon_driver import SalonDriver
from tests.services.reports.metrics import RETURN, ScriptedReports, choose, measure_due, metric_of, wanted


def months(metric: ChosenMetric) -> list[str]:
    return [name_of_month(each.month) for each in metric.values]


def test_a_chosen_metric_is_measured_for_the_last_twelve_months(driver: SalonDriver) -> None:
    engine = ScriptedReports(driver, {"2026-03": 70})
    (chosen,) = choose(driver, wanted())
    assert chosen.question == replace(
        RETURN, who="all", returned_to="network", days=(30,)
    )
    assert (chosen.figure, chosen.values) == ("rate", ())
    measure_due(driver, engine)
    metric = metric_of(driver, chosen.id)
    assert (months(metric)[0], months(metric)[-1], len(metric.values)) == ("2025-11", "2026-10", 12)
    assert engine.asked == months(metric)
    assert [each.value for each in metric.values].count(0.7) == 1
    assert [each.final for each in metric.values] == [True] * 11 + [False]
    assert [each.backfilled for each in metric.values] == [True] * 11 + [False]
    assert metric.wake is not None
    assert metric.wake.at > datetime(2026, 12, 1, tzinfo=UTC)


def test_each_month_the_month_before_is_added_and_what_matured_is_measured_again(driver: SalonDriver) -> None:
    engine = ScriptedReports(driver)
    (chosen,) = choose(driver, wanted())
    measure_due(driver, engine)
    engine.asked.clear()
    engine.returned |= {"2026-10": 60, "2026-09": 99}
    driver.clock.now = metric_of(driver, chosen.id).wake.at  # type: ignore[union-attr]
    measure_due(driver, engine)
    assert engine.asked == ["2026-10", "2026-11"]
    metric = metric_of(driver, chosen.id)
    assert [(each.value, each.final) for each in metric.values[-3:]] == [
        (0.5, True), (0.6, True), (0.5, False)
    ]  # fmt: skip
    assert [each.backfilled for each in metric.values[-2:]] == [False, False]
    before = metric
    measure_metric(driver.world, engine, NETWORK, chosen.id)
    assert metric_of(driver, chosen.id).values == before.values


def test_a_network_that_chose_none_and_one_whose_metric_rests_cost_nothing(driver: SalonDriver) -> None:
    assert driver.store.get_all(ChosenMetric, network_id=NETWORK) == []
    (chosen,) = choose(driver, wanted())
    engine = ScriptedReports(driver)
    measure_due(driver, engine)
    version, engine.asked = metric_of(driver, chosen.id).version, []
    driver.clock.now += timedelta(days=3)
    measure_due(driver, engine)
    assert (metric_of(driver, chosen.id).version, engine.asked) == (version, [])


def test_the_same_choice_again_changes_nothing_and_another_name_keeps_the_values(driver: SalonDriver) -> None:
    (chosen,) = choose(driver, wanted())
    measure_due(driver, ScriptedReports(driver))
    before = metric_of(driver, chosen.id)
    assert choose(driver, wanted()) == [before]
    (renamed,) = choose(driver, wanted("Returns within a month", baseline=Baseline(months=6)))
    assert (renamed.id, renamed.values, renamed.wake) == (before.id, before.values, before.wake)
    assert (renamed.name, renamed.baseline.months) == ("Returns within a month", 6)


def test_a_metric_is_known_by_what_it_asks(driver: SalonDriver) -> None:
    """Pinned: an id that changes with a release would begin the values anew."""
    (chosen,) = choose(driver, wanted())
    assert chosen.id == "mtr_9v9pfdwc6wsc439p"
    (spelled_out,) = choose(driver, wanted(question=replace(RETURN, who="all", returned_to="network")))
    assert spelled_out.id == chosen.id


def test_a_metric_that_is_not_chosen_any_more_sleeps_and_keeps_its_values(driver: SalonDriver) -> None:
    engine = ScriptedReports(driver)
    (chosen,) = choose(driver, wanted())
    measure_due(driver, engine)
    assert choose(driver) == []
    stopped = metric_of(driver, chosen.id)
    assert (stopped.wake, len(stopped.values)) == (None, 12)
    assert measure_metric(driver.world, engine, NETWORK, chosen.id) is None
    driver.clock.now += timedelta(days=62)
    engine.asked.clear()
    choose(driver, wanted())
    measure_due(driver, engine)
    assert engine.asked == ["2026-10", "2026-11", "2026-12"]


def test_of_metrics_that_are_not_chosen_any_more_the_oldest_are_forgotten(driver: SalonDriver) -> None:
    (chosen,) = choose(driver, wanted(question=replace(RETURN, days=(200,))))
    for days in range(1, MOST_KEPT):
        at, question = chosen.chosen_at + timedelta(days=days - 100), replace(RETURN, days=(days,))
        stopped = replace(chosen, id=f"mtr_{days}", question=question, chosen_at=at, stopped=True, version=0)
        driver.store.save(replace(stopped, wake=None))
    choose(driver, wanted())
    found = driver.store.get_all(ChosenMetric, network_id=NETWORK)
    assert len(found) == MOST_KEPT
    assert "mtr_1" not in {each.id for each in found}
    assert not metric_of(driver, "mtr_2").wake
    assert metric_of(driver, chosen.id).stopped


@pytest.mark.parametrize(
    ("question", "code"),
    [
        (Question(report="cohorts"), "UNKNOWN_CHOICE"),
        (Question(report="none"), "UNKNOWN_CHOICE"),
        (Question(report="retention"), "UNKNOWN_DEFINITION"),
        (Question(report="retention", definition="since_visit"), "ONE_WINDOW_NEEDED"),
        (Question(report="retention", definition="window", days=(0,)), "OUT_OF_RANGE"),
        (Question(report="spend", days=(30,)), "UNUSED_PARAMETER"),
        (Question(report="spend", staff_id="stf_nobody"), "NOT_FOUND"),
        (Question(report="spend", salon_ids=("sal_none",)), "NOT_FOUND"),
    ],
)
def test_a_metric_that_makes_no_sense_is_refused(driver: SalonDriver, question: Question, code: str) -> None:
    with pytest.raises(DomainError) as refused:
        choose(driver, wanted(), wanted(question=question))
    assert refused.value.code == code
    assert chosen_metrics(driver.world, NETWORK) == []


@pytest.mark.parametrize(
    ("metrics", "code"),
    [
        ([wanted(), wanted("Again")], "METRIC_TWICE"),
        ([wanted(figure="clients")], "UNKNOWN_CHOICE"),
        ([wanted(baseline=Baseline(months=0))], "OUT_OF_RANGE"),
        ([wanted(question=replace(RETURN, days=(days,))) for days in range(1, 14)], "OUT_OF_RANGE"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(driver: SalonDriver, metrics: Any, code: str) -> None:
    with pytest.raises(DomainError) as refused:
        choose(driver, *metrics)
    assert refused.value.code == code


def test_a_network_chooses_so_many_new_metrics_a_day(driver: SalonDriver) -> None:
    for first in (1, 13):
        choose(driver, *(wanted(question=replace(RETURN, days=(first + more,))) for more in range(12)))
    choose(driver, wanted(question=replace(RETURN, days=(7,))))
    with pytest.raises(DomainError) as refused:
        choose(driver, wanted(question=replace(RETURN, days=(25,))))
    assert refused.value.code == "TOO_MANY"
    driver.clock.now += timedelta(days=1)
    assert len(choose(driver, wanted(question=replace(RETURN, days=(25,))))) == 1


def test_a_key_of_some_salons_chooses_nothing_for_the_network(driver: SalonDriver) -> None:
    with pytest.raises(DomainError) as refused:
        choose_metrics(driver.world, access(Role.MANAGER, salon_ids=("sal_york",)), [wanted()])
    assert refused.value.code == "FORBIDDEN"


def test_what_cannot_be_measured_now_is_measured_later_and_nothing_twice(driver: SalonDriver) -> None:
    engine = ScriptedReports(driver)
    busy = DomainError(ErrorKind.UNAVAILABLE, "FACTS_NOT_READY", "later")
    engine.errors["2026-01"] = busy
    (chosen,) = choose(driver, wanted())
    driver.wake(chosen)
    measure_metric(driver.world, engine, NETWORK, chosen.id)
    metric = metric_of(driver, chosen.id)
    assert (months(metric), metric.problem) == (["2025-11", "2025-12"], None)
    assert metric.wake is not None
    assert metric.wake.at == driver.world.now() + timedelta(minutes=15)
    engine.errors.clear()
    driver.clock.now = metric.wake.at
    measure_due(driver, engine)
    assert len(months(metric_of(driver, chosen.id))) == 12
    assert engine.asked.count("2025-11") == 1


def test_a_refused_question_is_noted_and_asked_again_next_month(driver: SalonDriver) -> None:
    engine = ScriptedReports(driver)
    engine.errors["2026-01"] = DomainError(ErrorKind.REFUSED, "UNKNOWN_CHOICE", "gone")
    (chosen,) = choose(driver, wanted())
    measure_due(driver, engine)
    metric = metric_of(driver, chosen.id)
    assert (metric.problem, months(metric)) == ("UNKNOWN_CHOICE", ["2025-11", "2025-12"])
    assert metric.wake is not None
    assert metric.wake.at > driver.world.now() + timedelta(days=5)


def test_two_workers_keep_what_each_has_measured(driver: SalonDriver) -> None:
    engine = ScriptedReports(driver)
    (chosen,) = choose(driver, wanted())

    class Slower(ScriptedReports):
        def report(self, network_id: str, question: Question) -> Any:
            if not engine.asked:
                measure_metric(driver.world, engine, NETWORK, chosen.id)
            return super().report(network_id, question)

    measure_metric(driver.world, Slower(driver), NETWORK, chosen.id)
    assert months(metric_of(driver, chosen.id)) == ["2025-11", "2025-12", "2026-01", "2026-02"]
