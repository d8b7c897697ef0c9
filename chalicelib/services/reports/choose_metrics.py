"""A network chooses its metrics. Nothing is measured here: each new metric wakes at once, and is measured by
the function that renews pages."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.networks.access import Access
from chalicelib.domain.reports.chosen_metrics import (
    FIGURES,
    MOST_BASELINE_MONTHS,
    MOST_KEPT,
    MOST_METRICS,
    Baseline,
    ChosenMetric,
    months_due,
    next_measuring,
    question_of_month,
)
from chalicelib.domain.reports.questions import PARAMETERS, Question
from chalicelib.domain.reports.settle_question import settled
from chalicelib.domain.shared.errors import refused
from chalicelib.domain.shared.ids import derived
from chalicelib.domain.shared.months import month_number
from chalicelib.domain.shared.waking import Wake
from chalicelib.services.reports.ask_report import ensure_known, first_today
from chalicelib.services.shared.rate_limit import DAY, count_use
from chalicelib.services.shared.storable import Storable
from chalicelib.services.shared.world import World

NEW_A_DAY = 24
"""So many new metrics a network may choose in a day: each is measured for twelve months."""

_PERIODS: Mapping[str, Any] = {
    "first": None, "last": None, "return_first": None, "return_last": None, "by": None, "listed": None,
}  # fmt: skip


class WantedMetric(Struct, frozen=True):
    """question: without a period. figure None: the usual one of the report."""

    name: str
    question: Question
    figure: str | None = None
    baseline: Baseline = Baseline()


def chosen_metrics(world: World, network_id: str) -> list[ChosenMetric]:
    """The metrics that the network chooses now, in the order in which they were chosen."""
    found = world.store.get_all(ChosenMetric, network_id=network_id)
    return sorted((each for each in found if not each.stopped), key=lambda each: (each.chosen_at, each.id))


def choose_metrics(world: World, access: Access, wanted: Sequence[WantedMetric]) -> list[ChosenMetric]:
    """These metrics, in place of those that the network has. One that asks the same as before keeps its
    values, also where it was not chosen for a while. The same again changes nothing.

    Raises FORBIDDEN for a key of some salons, UNKNOWN_CHOICE, OUT_OF_RANGE, ONE_WINDOW_NEEDED, METRIC_TWICE,
    TOO_MANY after NEW_A_DAY new ones, what `settled` raises of a question, and TRY_AGAIN.
    """
    access.ensure_whole_network()
    today = first_today(world, world.directory(access.network_id))
    if len(wanted) > MOST_METRICS:
        words = f"Choose {MOST_METRICS} metrics at most."
        raise refused("OUT_OF_RANGE", words, field="metrics", least=0, most=MOST_METRICS)
    new = [_settled(world, access.network_id, each, today, place) for place, each in enumerate(wanted)]
    if len({each.id for each in new}) < len(new):
        raise refused("METRIC_TWICE", "Two of the metrics ask the same: leave one of them out.")
    known = {each.id for each in world.store.get_all(ChosenMetric, network_id=access.network_id)}
    for each in new:
        if each.id not in known:
            count_use(world, access.network_id, "new metrics", each.id, NEW_A_DAY, within=DAY)
    world.retrying(lambda: _save(world, access.network_id, new, today))
    return chosen_metrics(world, access.network_id)


def _settled(
    world: World, network_id: str, wanted: WantedMetric, today: date, place: int
) -> ChosenMetric:
    figures = FIGURES.get(wanted.question.report)
    if figures is None:
        raise _unknown("report", list(FIGURES))
    figure = wanted.figure or next(iter(figures))
    if figure not in figures:
        raise _unknown("figure", list(figures))
    ensure_known(world.directory(network_id), wanted.question)
    question = settled(question_of_month(wanted.question, month_number(today) - 1), today)
    if len(question.days) > 1:
        raise refused("ONE_WINDOW_NEEDED", "A metric has one window: name one number of days.", field="days")
    question = replace(question, **_PERIODS)
    if not 1 <= wanted.baseline.months <= MOST_BASELINE_MONTHS:
        words = f"A baseline has 1 to {MOST_BASELINE_MONTHS} months."
        raise refused("OUT_OF_RANGE", words, field="baseline", least=1, most=MOST_BASELINE_MONTHS)
    parameters = {name: getattr(question, name) for name in PARAMETERS}
    given = {name: value for name, value in parameters.items() if value not in (None, ())}
    asked = msgspec.json.encode({"report": question.report, **given}, order="sorted").decode()
    return ChosenMetric(
        network_id=network_id,
        id=derived("mtr", network_id, asked, figure),
        name=wanted.name,
        question=question,
        figure=figure,
        baseline=wanted.baseline,
        chosen_at=world.now(),
    )


def _unknown(field: str, known: list[str]) -> Exception:
    return refused("UNKNOWN_CHOICE", f"Choose one of {', '.join(known)}.", field=field, known=known)


def _save(world: World, network_id: str, new: Sequence[ChosenMetric], today: date) -> None:
    known = {each.id: each for each in world.store.get_all(ChosenMetric, network_id=network_id)}
    saved: list[Storable] = []
    for each in new:
        before = known.pop(each.id, None)
        after = _chosen(world, before, each, today)
        if after != before:
            saved.append(after)
    stopping = [each for each in known.values() if not each.stopped]
    saved += [replace(each, stopped=True, wake=None, trouble=None) for each in stopping]
    stopped = sorted(known.values(), key=lambda each: (not each.stopped, each.chosen_at), reverse=True)
    removed = [each for each in stopped[MOST_KEPT - len(new) :] if each.stopped]
    if saved or removed:
        world.store.save(*saved, remove=removed)


def _chosen(world: World, before: ChosenMetric | None, new: ChosenMetric, today: date) -> ChosenMetric:
    """A metric that has months to be measured wakes at once."""
    if before is None:
        return replace(new, wake=Wake(world.now(), "measure"))
    after = replace(before, name=new.name, baseline=new.baseline, stopped=False)
    if not before.stopped:
        return after
    zone = world.directory(new.network_id).zone
    due = months_due(after, today, zone)
    wake = Wake(world.now(), "measure") if due else next_measuring(after, world.now(), zone)
    return replace(after, chosen_at=new.chosen_at, wake=wake)
