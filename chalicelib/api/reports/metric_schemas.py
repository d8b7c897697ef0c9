"""Chosen metrics and their trend, as they are answered."""

from datetime import date, datetime
from typing import Any, Literal

from chalicelib.api.http.parsing import Body
from chalicelib.api.http.schemas import Answered
from chalicelib.domain.reports.chosen_metrics import (
    BaselineValue,
    ChosenMetric,
    TrendMonth,
    baseline_of,
    trend_of,
)
from chalicelib.domain.reports.questions import PARAMETERS, form_of
from chalicelib.domain.shared.months import name_of_month


class TrendQuery(Body):
    """format: csv, a row for each metric and month as a file."""

    format: Literal["json", "csv"] = "json"


class BaselineAnswer(Answered):
    """What the network chose: one month, or the first so many."""

    month: str | None
    months: int


class ChosenMetricAnswer(Answered):
    """parameters: of the report, by their names in a request. next_at: when it is measured next. problem:
    the code of the error that the last month met; null: there was none."""

    id: str
    name: str
    report: str
    figure: str
    definition: str
    says: str
    parameters: dict[str, Any]
    baseline: BaselineAnswer
    measured_months: int
    next_at: datetime | None
    problem: str | None


class BaselineValueAnswer(Answered):
    """months: those that it is made of, as `2026-03`. clients, returned: of a share, over all of them."""

    months: list[str]
    definition_version: int
    value: float
    clients: int | None
    returned: int | None
    currency: str | None


class DefinitionNamed(Answered):
    """The definition that made a value."""

    id: str
    version: int


class TrendMonthAnswer(Answered):
    """month: `2026-03`. value: null where nobody is counted. clients, returned, interval: of a share.

    maturing     clients whose window was open when the value was measured; final: no window was.
    backfilled   it was measured later than in the month after.
    comparable   the definition's version is that of the baseline. new_version: it is not that of the month
                 before.
    difference   from the baseline; null in the baseline's months, and where there is none to compare with.
    """

    month: str
    value: float | None
    clients: int | None
    returned: int | None
    interval: tuple[float, float] | None
    currency: str | None
    maturing: int
    final: bool
    final_on: date
    as_of: datetime
    definition: DefinitionNamed
    backfilled: bool
    in_baseline: bool
    comparable: bool
    new_version: bool
    difference: float | None
    difference_interval: tuple[float, float] | None


class MetricTrendAnswer(Answered):
    """baseline null: its months have no final value yet, or several versions made them."""

    metric: ChosenMetricAnswer
    baseline: BaselineValueAnswer | None
    months: list[TrendMonthAnswer]


class TrendAnswer(Answered):
    report: str
    zone: str
    as_of: datetime
    metrics: list[MetricTrendAnswer]


def metric_shown(metric: ChosenMetric) -> ChosenMetricAnswer:
    form, question = form_of(metric.question), metric.question
    parameters = {PARAMETERS[name]: getattr(question, name) for name in PARAMETERS if name in form.takes}
    month = metric.baseline.month
    return ChosenMetricAnswer(
        id=metric.id,
        name=metric.name,
        report=question.report,
        figure=metric.figure,
        definition=form.id,
        says=form.says,
        parameters={name: value for name, value in parameters.items() if value not in (None, ())},
        baseline=BaselineAnswer(
            month=name_of_month(month) if month is not None else None, months=metric.baseline.months
        ),
        measured_months=len(metric.values),
        next_at=metric.wake.at if metric.wake else None,
        problem=metric.problem,
    )


def trend_shown(metric: ChosenMetric) -> MetricTrendAnswer:
    baseline = baseline_of(metric)
    return MetricTrendAnswer(
        metric=metric_shown(metric),
        baseline=_baseline_shown(baseline) if baseline else None,
        months=[_month_shown(each) for each in trend_of(metric)],
    )


def _baseline_shown(baseline: BaselineValue) -> BaselineValueAnswer:
    return BaselineValueAnswer(
        months=[name_of_month(each) for each in baseline.months],
        definition_version=baseline.version,
        value=baseline.value,
        clients=baseline.clients,
        returned=baseline.returned,
        currency=baseline.currency,
    )


def _month_shown(month: TrendMonth) -> TrendMonthAnswer:
    value = month.value
    same = ("value", "clients", "returned", "currency", "maturing", "final", "final_on", "as_of",
            "backfilled")  # fmt: skip
    return TrendMonthAnswer(
        **{name: getattr(value, name) for name in same},
        month=name_of_month(value.month),
        interval=month.interval,
        definition=DefinitionNamed(id=value.definition, version=value.version),
        in_baseline=month.in_baseline,
        comparable=month.comparable,
        new_version=month.new_version,
        difference=month.difference,
        difference_interval=month.difference_interval,
    )


def rows_of(trend: MetricTrendAnswer) -> list[dict[str, Any]]:
    """A row for each month, for a file."""
    named = {"metric": trend.metric.name, "metric_id": trend.metric.id}
    baseline = trend.baseline.value if trend.baseline else None
    figures = [name for name in TrendMonthAnswer.__struct_fields__ if name != "definition"]
    return [
        {
            **named,
            **{name: getattr(month, name) for name in figures},
            "definition": month.definition.id,
            "definition_version": month.definition.version,
            "baseline": baseline,
        }
        for month in trend.months
    ]
