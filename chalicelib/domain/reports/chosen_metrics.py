"""Metrics that a network chooses, their monthly values, and how these compare with a baseline. Pure; months
are numbers (`domain/shared/months.py`), dates are local dates of the salons.

A value names the definition and version that made it, and stays as it is once it is final: a later version
makes later values only, and values of two versions are not compared.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any
from zlib import crc32

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.reports.questions import Question, Report
from chalicelib.domain.reports.report_forms import PERIOD, REBOOKING, REPURCHASE, RETENTION, SPEND, UPSELL
from chalicelib.domain.shared.months import first_day_of_month, last_day_of_month, month_number
from chalicelib.domain.shared.waking import Trouble, Wake
from chalicelib.domain.shared.zones import local_date, local_instant
from chalicelib.domain.statistics.wilson import Interval, difference, wilson

MOST_METRICS = 12
MOST_KEPT = 48
"""How many metrics a network has with those that it does not choose any more, whose values are kept."""
MONTHS_BACK = 12
"""How many months before the choice are measured, from the visits as they are now."""
MONTHS_KEPT = 60
BASELINE_MONTHS = 3
MOST_BASELINE_MONTHS = 24
MEASURED_AT_ONCE = 4
"""How many months are measured in one go: each is a report, which may take half a minute."""
MEASURE = "measure"

NIGHT, SPREAD = time(3), timedelta(hours=3)
DAY_OF_MONTH = 2
AGAIN_AFTER = timedelta(minutes=15)
"""How long after it was handed over a metric is handed over again, unless it was measured; doubled each
time."""
MOST_DOUBLED = 6

Share = tuple[str, tuple[str, ...]]
"""A share of clients, or of visits: the figure that counts those with the trait, and those that add up to
all."""

FIGURES: Mapping[str, Mapping[str, Share | None]] = MappingProxyType(
    {
        RETENTION: {"rate": ("returned", ("clients",))},
        REPURCHASE: {"rate": ("repeated", ("clients",))},
        REBOOKING: {"rate": ("rebooked", ("visits",))},
        UPSELL: {"rate": ("of_several_categories", ("of_one_category", "of_several_categories"))},
        SPEND: {
            "spend_per_visit_minor": None,
            "sales_per_client_minor": None,
            "sales_minor": None,
            "visits": None,
            "clients": None,
        },
    }
)
"""Report -> figures of its total that can be chosen, the usual one first. None: an amount or a count."""


class MonthValue(Struct, frozen=True):
    """The value of one month. returned, clients: of a share, what it is made of. amount: of a figure that is
    no share, with its currency.

    final       whether all windows were over when it was measured. maturing: the clients whose window was
                open.
    backfilled  whether it was measured later than in the month after: visits of long ago, as they are now.
    """

    month: int
    definition: str
    version: int
    as_of: datetime
    final_on: date
    final: bool
    amount: int | None = None
    clients: int | None = None
    returned: int | None = None
    maturing: int = 0
    currency: str | None = None
    backfilled: bool = False

    @property
    def value(self) -> float | None:
        """None where nobody is counted."""
        if self.returned is None:
            return self.amount
        return self.returned / self.clients if self.clients else None


class Baseline(Struct, frozen=True):
    """What months are compared with: one month, or the first so many that have a value."""

    month: int | None = None
    months: int = BASELINE_MONTHS


class ChosenMetric(Struct, frozen=True, kw_only=True):
    """A metric of a network, and its values.

    question  settled, without a period; figure: which figure of its total.
    values    by month, the oldest first.
    problem   the code of the error that the last month met: what was asked about is gone.
    stopped   the network does not choose it any more. tries: how often it was handed over since it was last
              measured.
    """

    network_id: str
    id: str
    name: str
    question: Question
    figure: str
    baseline: Baseline
    chosen_at: datetime
    values: tuple[MonthValue, ...] = ()
    problem: str | None = None
    stopped: bool = False
    tries: int = 0
    wake: Wake | None = None
    trouble: Trouble | None = None
    version: int = 0


# --- when


def months_due(metric: ChosenMetric, today: date, zone: str) -> list[int]:
    """The months that are to be measured now, the oldest first: those that are over and have no value, and
    those whose value was not final when it was measured in an earlier month."""
    this = month_number(today)
    known = {each.month: each for each in metric.values}
    first = min([this - MONTHS_BACK, *known])
    return [
        month
        for month in range(max(first, this - MONTHS_KEPT), this)
        if (value := known.get(month)) is None
        or (not value.final and month_number(local_date(value.as_of, zone)) < this)
    ]


def next_measuring(metric: ChosenMetric, now: datetime, zone: str) -> Wake:
    """The wake in the night after the first of a month. Metrics have different instants."""
    spread = timedelta(seconds=crc32(metric.id.encode()) % int(SPREAD.total_seconds()))
    month = month_number(local_date(now, zone))
    days = (first_day_of_month(month + ahead).replace(day=DAY_OF_MONTH) for ahead in (0, 1))
    instants = (local_instant(day, NIGHT, zone) + spread for day in days)
    return Wake(next(each for each in instants if each > now), MEASURE)


def handed_over(metric: ChosenMetric, now: datetime) -> ChosenMetric:
    """The metric with its pointer at the instant at which it is handed over again, unless it was measured."""
    again = now + AGAIN_AFTER * 2 ** min(metric.tries, MOST_DOUBLED)
    return replace(metric, tries=metric.tries + 1, wake=Wake(again, MEASURE), trouble=None)


# --- what


def question_of_month(question: Question, month: int) -> Question:
    """A metric's question about one month. Where a second period is asked about, it is the month after."""
    asked = replace(question, first=first_day_of_month(month), last=last_day_of_month(month))
    if question.definition != PERIOD:
        return asked
    after = first_day_of_month(month + 1), last_day_of_month(month + 1)
    return replace(asked, return_first=after[0], return_last=after[1])


def value_of_month(metric: ChosenMetric, month: int, report: Report) -> MonthValue:
    total, share = report.total, FIGURES[metric.question.report][metric.figure]
    counts: dict[str, Any] = {}
    if share is not None:
        counts = {"returned": total[share[0]], "clients": sum(total[name] for name in share[1])}
    else:
        counts = {"amount": total[metric.figure], "currency": total.get("currency")}
    return MonthValue(
        month=month,
        definition=report.definition.id,
        version=report.definition.version,
        as_of=report.as_of,
        final_on=report.final_on,
        final=local_date(report.as_of, report.zone) >= report.final_on,
        maturing=total.get("maturing", 0),
        backfilled=month_number(local_date(report.as_of, report.zone)) > month + 1,
        **counts,
    )


def with_values(metric: ChosenMetric, new: Iterable[MonthValue]) -> ChosenMetric:
    """The metric with these values. A final value stays as it is."""
    known = {each.month: each for each in metric.values}
    for value in new:
        existing = known.get(value.month)
        if existing is None or not existing.final:
            known[value.month] = _as_first_measured(value, existing)
    values = tuple(known[month] for month in sorted(known))
    return replace(metric, values=values[-MONTHS_KEPT:])


def _as_first_measured(value: MonthValue, existing: MonthValue | None) -> MonthValue:
    """A value that was measured in time and matures is no backfilled one."""
    return value if existing is None else replace(value, backfilled=existing.backfilled)


# --- against a baseline


class BaselineValue(Struct, frozen=True):
    """What the baseline's months come to. Of a share, all their clients together; else the mean."""

    months: tuple[int, ...]
    version: int
    value: float
    clients: int | None = None
    returned: int | None = None
    currency: str | None = None


class TrendMonth(Struct, frozen=True):
    """A month beside the baseline. interval: Wilson's, of a share.

    in_baseline  it is a month of the baseline, so that it has no difference from it.
    comparable   the same version made it and the baseline.
    new_version  another version made the month before.
    difference   from the baseline, with Newcombe's interval for a share.
    """

    value: MonthValue
    interval: Interval | None
    in_baseline: bool
    comparable: bool
    new_version: bool
    difference: float | None = None
    difference_interval: Interval | None = None


def baseline_of(metric: ChosenMetric) -> BaselineValue | None:
    """None while one of its months has no final value, or where two versions or two currencies made them."""
    known = [each for each in metric.values if each.value is not None]
    if metric.baseline.month is not None:
        months, wanted = [each for each in known if each.month == metric.baseline.month], 1
    else:
        months, wanted = known[: metric.baseline.months], metric.baseline.months
    kinds = {(each.version, each.definition, each.currency) for each in months}
    if len(months) < wanted or len(kinds) != 1 or not all(each.final for each in months):
        return None
    return _together(months)


def _together(months: Sequence[MonthValue]) -> BaselineValue:
    first, named = months[0], tuple(each.month for each in months)
    if first.clients is None or first.returned is None:
        mean = sum(each.value or 0 for each in months) / len(months)
        return BaselineValue(named, first.version, mean, currency=first.currency)
    clients = sum(each.clients or 0 for each in months)
    returned = sum(each.returned or 0 for each in months)
    return BaselineValue(named, first.version, returned / clients, clients, returned)


def trend_of(metric: ChosenMetric) -> list[TrendMonth]:
    """The months of a metric, the oldest first."""
    baseline, before = baseline_of(metric), None
    found = []
    for value in metric.values:
        made_otherwise = before is not None and before.version != value.version
        found.append(_beside(value, baseline, new_version=made_otherwise))
        before = value
    return found


def _beside(value: MonthValue, baseline: BaselineValue | None, *, new_version: bool) -> TrendMonth:
    interval = None
    if value.returned is not None and value.clients is not None:
        interval = wilson(value.returned, value.clients)
    comparable = (
        baseline is not None
        and (baseline.version, baseline.currency) == (value.version, value.currency)
        and value.value is not None
    )
    is_in = baseline is not None and value.month in baseline.months
    if baseline is None or value.value is None or not comparable or is_in:
        return TrendMonth(value, interval, is_in, comparable, new_version)
    between = None
    if value.returned is not None and value.clients and baseline.returned is not None and baseline.clients:
        between = difference(value.returned, value.clients, baseline.returned, baseline.clients)
    return TrendMonth(
        value, interval, is_in, comparable, new_version, value.value - baseline.value, between
    )


