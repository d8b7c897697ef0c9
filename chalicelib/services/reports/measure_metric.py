"""The monthly values of a chosen metric are measured: by the function that renews pages, which asks the
reports function."""

from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.reports.chosen_metrics import (
    MEASURE,
    MEASURED_AT_ONCE,
    ChosenMetric,
    MonthValue,
    handed_over,
    months_due,
    next_measuring,
    question_of_month,
    value_of_month,
    with_values,
)
from chalicelib.domain.reports.questions import Report
from chalicelib.domain.shared.errors import DomainError, ErrorKind
from chalicelib.domain.shared.waking import Wake
from chalicelib.services.facts.fact_ports import RenewalQueue
from chalicelib.services.reports.ask_report import first_today
from chalicelib.services.reports.report_engine import ReportEngine
from chalicelib.services.shared.world import World


def wake_metric(world: World, renewals: RenewalQueue | None, metric: ChosenMetric) -> None:
    """Hands the metric over, and wakes it again later, in case that is lost. renewals: None where no function
    measures metrics."""
    if metric.stopped:
        world.store.save(replace(metric, wake=None))
        return
    (saved,) = world.store.save(handed_over(metric, world.now()))
    if renewals is not None:
        renewals.measure(saved.network_id, saved.id, saved.version)


def measure_metric(
    world: World, engine: ReportEngine, network_id: str, metric_id: str
) -> ChosenMetric | None:
    """Measures some months that are due, and sets the pointer: at once for the rest of them, else in the next
    month. None: nobody chooses the metric any more.

    A question that is refused, such as one about a specialist who is gone, is noted as `problem`. Where a
    report cannot be made now, the metric wakes again. Raises TRY_AGAIN and Unreadable.
    """
    metric = world.store.get(ChosenMetric, network_id=network_id, id=metric_id)
    if metric is None or metric.stopped:
        return None
    today = first_today(world, world.directory(network_id))
    due = months_due(metric, today, world.directory(network_id).zone)[:MEASURED_AT_ONCE]
    measured = _measured(engine, metric, due)
    return world.retrying(lambda: _save(world, network_id, metric_id, measured, today))


class _Measured(Struct, frozen=True):
    """problem: the code of the error at which measuring ended. is_passing: whether it may succeed later."""

    values: list[MonthValue]
    problem: str | None = None
    is_passing: bool = False


def _measured(engine: ReportEngine, metric: ChosenMetric, months: list[int]) -> _Measured:
    values: list[MonthValue] = []
    try:
        for month in months:
            answer = engine.report(metric.network_id, question_of_month(metric.question, month))
            assert isinstance(answer, Report)
            values.append(value_of_month(metric, month, answer))
    except DomainError as error:
        return _Measured(values, error.code, is_passing=error.kind is ErrorKind.UNAVAILABLE)
    return _Measured(values)


def _save(
    world: World, network_id: str, metric_id: str, measured: _Measured, today: date
) -> ChosenMetric | None:
    metric = world.store.get(ChosenMetric, network_id=network_id, id=metric_id)
    if metric is None or metric.stopped:
        return None
    zone, now = world.directory(network_id).zone, world.now()
    after = with_values(metric, measured.values)
    if not measured.is_passing:
        more = measured.problem is None and months_due(after, today, zone)
        wake = Wake(now, MEASURE) if more else next_measuring(after, now, zone)
        after = replace(after, problem=measured.problem, tries=0, trouble=None, wake=wake)
    return after if after == metric else world.store.save(after)[0]
