"""The metrics that a network chooses, and their trend."""

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta

from chalicelib.api.http.endpoint import OFFICE, Answer, Ask, endpoint, get, put
from chalicelib.api.http.kept import kept_of
from chalicelib.api.http.parsing import Body
from chalicelib.api.http.schemas import Id, Line, PageOf, Word
from chalicelib.api.reports.metric_schemas import (
    ChosenMetricAnswer,
    TrendAnswer,
    TrendQuery,
    metric_shown,
    rows_of,
    trend_shown,
)
from chalicelib.api.reports.report_schemas import Days, Salons, csv_text, file_of, flat_row, salons_named
from chalicelib.domain.networks.access import Access
from chalicelib.domain.reports.chosen_metrics import BASELINE_MONTHS, Baseline, ChosenMetric
from chalicelib.domain.reports.questions import Question
from chalicelib.domain.shared.months import number_of_month
from chalicelib.domain.shared.quotas import CallerKind
from chalicelib.services.reports.choose_metrics import WantedMetric, choose_metrics, chosen_metrics

Month = Annotated[str, Meta(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]


class BaselineRequest(Body):
    """What months are compared with: one `month`, or the first so many `months` that have a value."""

    month: Month | None = None
    months: int = BASELINE_MONTHS


class MetricRequest(Body):
    """A report, with the parameters that it takes beside a period. figure: of its total; by default its usual
    one. Filters as in a report."""

    name: Line
    report: Word
    figure: Word | None = None
    definition: Word | None = None
    days: Days | None = None
    who: Word | None = None
    returned_to: Word | None = None
    salon_id: Salons | None = None
    staff_id: Id | None = None
    service_id: Id | None = None
    service_category: Word | None = None
    source: Word | None = None
    baseline: BaselineRequest | None = None


class MetricsRequest(Body):
    metrics: Annotated[tuple[MetricRequest, ...], Meta(max_length=50)]


@get("/v1/reports/metrics")
@endpoint(roles=OFFICE, answer=PageOf[ChosenMetricAnswer])
def see_metrics(ask: Ask) -> PageOf[ChosenMetricAnswer]:
    """The metrics that the network chooses, of the salons that the key reaches."""
    return PageOf(items=[metric_shown(each) for each in _reached(ask)])


@put("/v1/reports/metrics")
@endpoint(roles=OFFICE, body=MetricsRequest, answer=PageOf[ChosenMetricAnswer])
def set_metrics(ask: Ask) -> PageOf[ChosenMetricAnswer]:
    """These metrics in place of all. The months before are measured within minutes, the others once a
    month."""
    request: MetricsRequest = ask.body
    chosen = choose_metrics(ask.world, ask.access, [_wanted(each) for each in request.metrics])
    return PageOf(items=[metric_shown(each) for each in chosen])


@get("/v1/reports/trend")
@endpoint(roles=OFFICE, query=TrendQuery, answer=TrendAnswer)
def trend(ask: Ask) -> TrendAnswer | Answer:
    """Each chosen metric with its months beside the baseline."""
    kept_of(ask.world).quotas.count(
        ask.access.network_id, ask.access.actor, CallerKind(ask.access.role.value)
    )
    shown = [trend_shown(each) for each in _reached(ask)]
    if ask.query.format == "csv":
        rows: list[dict[str, Any]] = [flat_row(row) for each in shown for row in rows_of(each)]
        return file_of("trend", csv_text(rows))
    as_of: datetime = ask.world.now()
    zone = ask.world.directory(ask.access.network_id).zone
    return TrendAnswer(report="trend", zone=zone, as_of=as_of, metrics=shown)


def _reached(ask: Ask) -> list[ChosenMetric]:
    """A key of some salons sees the metrics that are of these salons alone."""
    found = chosen_metrics(ask.world, ask.access.network_id)
    return [each for each in found if _is_reached(ask.access, each)]


def _is_reached(access: Access, metric: ChosenMetric) -> bool:
    if access.sees_whole_network:
        return True
    salon_ids = metric.question.salon_ids
    return salon_ids is not None and all(access.reaches_salon(each) for each in salon_ids)


def _wanted(request: MetricRequest) -> WantedMetric:
    question = Question(
        report=request.report,
        definition=request.definition,
        days=tuple(int(each) for each in request.days.split(",")) if request.days else (),
        who=request.who,
        returned_to=request.returned_to,
        salon_ids=salons_named(request.salon_id),
        staff_id=request.staff_id,
        service_id=request.service_id,
        service_category=request.service_category,
        source=request.source,
    )
    asked = request.baseline or BaselineRequest()
    baseline = Baseline(number_of_month(asked.month) if asked.month else None, asked.months)
    return WantedMetric(request.name, question, request.figure, baseline)
