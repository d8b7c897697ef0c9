"""Monthly values of chosen metrics: which months are measured, what is kept, and what is compared."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.reports.chosen_metrics import (
    Baseline,
    ChosenMetric,
    MonthValue,
    baseline_of,
    handed_over,
    months_due,
    next_measuring,
    question_of_month,
    trend_of,
    value_of_month,
    with_values,
)
from chalicelib.domain.reports.questions import Definition, Question, Report, final_on
from chalicelib.domain.reports.settle_question import settled
from chalicelib.domain.shared.months import name_of_month, number_of_month
from chalicelib.domain.statistics.wilson import difference, wilson

ZONE = "Europe/Chisinau"
TODAY = date(2026, 11, 29)
NOW = datetime(2026, 11, 29, 9, tzinfo=UTC)
WINDOW = Question(report="retention", definition="window", days=(60,))


def a_metric(*values: MonthValue, **fields: Any) -> ChosenMetric:
    given: dict[str, Any] = {"question": WINDOW, "figure": "rate", "baseline": Baseline()}
    return ChosenMetric(
        network_id="net_1", id="mtr_1", name="Return", chosen_at=NOW, values=values, **{**given, **fields}
    )


def a_value(month: str, returned: int = 50, clients: int = 100, **fields: Any) -> MonthValue:
    given: dict[str, Any] = {"version": 1, "final": True}
    return MonthValue(
        month=number_of_month(month), definition="window", as_of=NOW, final_on=TODAY, clients=clients,
        returned=returned, **{**given, **fields},
    )  # fmt: skip


def due(metric: ChosenMetric, today: date = TODAY) -> list[str]:
    return [name_of_month(each) for each in months_due(metric, today, ZONE)]


# --- when


def test_a_new_metric_measures_the_twelve_months_before_the_oldest_first() -> None:
    found = due(a_metric())
    assert (found[0], found[-1], len(found)) == ("2025-11", "2026-10", 12)


def test_a_month_is_measured_once_it_is_over_and_again_each_month_until_it_is_final() -> None:
    months = [name_of_month(number_of_month("2025-11") + ago) for ago in range(12)]
    metric = a_metric(*(a_value(month, final=month < "2026-09") for month in months))
    assert due(metric) == []
    assert due(metric, date(2026, 12, 1)) == ["2026-09", "2026-10", "2026-11"]
    later = replace(metric, values=tuple(replace(each, final=True) for each in metric.values))
    assert due(later, date(2026, 12, 1)) == ["2026-11"]


def test_months_that_were_missed_are_made_up_for() -> None:
    metric = a_metric(a_value("2024-05"))
    assert (due(metric)[0], len(due(metric))) == ("2024-06", 29)


def test_a_metric_wakes_in_a_night_at_the_beginning_of_the_next_month() -> None:
    wake = next_measuring(a_metric(), NOW, ZONE)
    assert datetime(2026, 12, 2, 1, tzinfo=UTC) <= wake.at < datetime(2026, 12, 2, 4, tzinfo=UTC)
    assert next_measuring(a_metric(), wake.at, ZONE).at.date() == date(2027, 1, 2)
    again = handed_over(replace(a_metric(), tries=2), NOW)
    assert again.wake is not None
    assert (again.wake.at - NOW, again.tries) == (timedelta(hours=1), 3)


# --- what


def test_the_second_period_of_a_metric_is_the_month_after() -> None:
    period = Question(report="retention", definition="period")
    asked = settled(question_of_month(period, number_of_month("2026-02")), TODAY)
    assert (asked.first, asked.last) == (date(2026, 2, 1), date(2026, 2, 28))
    assert (asked.return_first, asked.return_last) == (date(2026, 3, 1), date(2026, 3, 31))
    trailing = question_of_month(replace(period, definition="trailing"), number_of_month("2026-02"))
    assert final_on(settled(trailing, TODAY)) == date(2026, 3, 1)


@pytest.mark.parametrize(
    ("report", "figure", "total", "value", "clients", "returned"),
    [
        ("retention", "rate", {"rate": 0.3, "returned": 3, "clients": 10, "maturing": 2}, 0.3, 10, 3),
        ("repurchase", "rate", {"rate": 0.5, "repeated": 5, "clients": 10}, 0.5, 10, 5),
        ("rebooking", "rate", {"rate": 0.5, "rebooked": 4, "visits": 8, "clients": 6}, 0.5, 8, 4),
        (
            "upsell", "rate",
            {"rate": 0.25, "of_several_categories": 1, "of_one_category": 3, "clients": 9}, 0.25, 4, 1,
        ),
        ("spend", "spend_per_visit_minor", {"spend_per_visit_minor": 9, "currency": "MDL"}, 9, None, None),
    ],
)  # fmt: skip
def test_a_value_is_a_figure_of_the_reports_total(
    report: str, figure: str, total: dict[str, Any], value: float, clients: int | None, returned: int | None
) -> None:
    answer = Report(
        report=report, definition=Definition("window", 2, "", {}), zone=ZONE, as_of=NOW,
        final_on=date(2026, 11, 29), rows=(), total=total,
    )  # fmt: skip
    metric = a_metric(question=Question(report=report), figure=figure)
    found = value_of_month(metric, number_of_month("2026-09"), answer)
    assert (found.value, found.clients, found.returned) == (value, clients, returned)
    assert (found.version, found.final, found.backfilled) == (2, True, True)
    assert found.maturing == total.get("maturing", 0)
    assert not value_of_month(metric, number_of_month("2026-10"), answer).backfilled
    tomorrow = replace(answer, final_on=date(2026, 11, 30))
    assert not value_of_month(metric, number_of_month("2026-10"), tomorrow).final


def test_a_final_value_stays_and_one_that_matures_gives_way() -> None:
    metric = a_metric(a_value("2026-01", 10), a_value("2026-02", 20, final=False))
    after = with_values(metric, [a_value("2026-01", 90), a_value("2026-02", 30, backfilled=True)])
    assert [each.returned for each in after.values] == [10, 30]
    assert not after.values[1].backfilled
    assert with_values(after, [a_value("2026-02", 99)]) == after


# --- against a baseline


def test_the_baseline_of_a_share_is_of_all_clients_of_its_months() -> None:
    """The worked example of docs/metrics.md, a month later, after a month of nobody."""
    metric = a_metric(
        a_value("2026-01", 0, 0), a_value("2026-02", 10, 100), a_value("2026-03", 30, 300),
        a_value("2026-04", 80, 200), a_value("2026-05", 60, 100),
    )  # fmt: skip
    baseline = baseline_of(metric)
    assert baseline is not None
    assert (baseline.returned, baseline.clients, baseline.value) == (120, 600, 0.2)
    trend = trend_of(metric)
    assert [each.in_baseline for each in trend] == [False, True, True, True, False]
    last = trend[-1]
    assert last.difference == pytest.approx(0.4)
    assert last.difference_interval == difference(60, 100, 120, 600)
    assert [round(end, 3) for end in last.difference_interval or ()] == [0.296, 0.495]
    assert last.interval == wilson(60, 100)
    assert (trend[0].value.value, trend[0].difference) == (None, None)


def test_the_baseline_is_a_month_that_the_network_names() -> None:
    metric = a_metric(
        a_value("2026-01", 10), a_value("2026-02", 40), baseline=Baseline(number_of_month("2026-02"))
    )
    first, second = trend_of(metric)
    assert (first.difference, second.in_baseline) == (pytest.approx(-0.3), True)


def test_the_baseline_of_an_amount_is_the_mean_and_has_no_interval() -> None:
    amounts = [
        replace(a_value(month), clients=None, returned=None, amount=amount, currency="MDL")
        for month, amount in (("2026-01", 100), ("2026-02", 200), ("2026-03", 600), ("2026-04", 450))
    ]
    metric = a_metric(*amounts)
    last = trend_of(metric)[-1]
    assert (last.difference, last.difference_interval, last.interval) == (150, None, None)
    other = replace(metric.values[-1], currency="USD")
    assert trend_of(replace(metric, values=(*metric.values[:-1], other)))[-1].difference is None


@pytest.mark.parametrize(
    "values",
    [
        (a_value("2026-01"), a_value("2026-02")),
        (a_value("2026-01"), a_value("2026-02", final=False), a_value("2026-03")),
        (a_value("2026-01"), a_value("2026-02", version=2), a_value("2026-03")),
    ],
)
def test_there_is_no_baseline_while_its_months_are_not_final_or_of_one_version(
    values: tuple[MonthValue, ...],
) -> None:
    assert baseline_of(a_metric(*values)) is None
    assert all(each.difference is None for each in trend_of(a_metric(*values)))


def test_values_of_two_versions_are_marked_and_not_compared() -> None:
    old = [a_value(f"2026-0{month}") for month in (1, 2, 3, 4)]
    new = [a_value(f"2026-0{month}", version=2) for month in (5, 6)]
    found = trend_of(a_metric(*old, *new))
    assert [each.new_version for each in found] == [False, False, False, False, True, False]
    assert [each.comparable for each in found] == [True, True, True, True, False, False]
    assert [each.difference for each in found[3:]] == [0.0, None, None]
