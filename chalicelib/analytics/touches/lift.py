"""The lift of touches: who returned with the touch, and who without it (docs/metrics.md, "Lift").

The connection has the view `touches`, columns as TouchFact, merged clients under their final target."""

from collections.abc import Mapping
from typing import Any

from chalicelib.analytics.lists import listed_clients
from chalicelib.analytics.statements import Asked, Figures
from chalicelib.domain.reports.lift import MOST_PUT_OFF, NOT_DUE, TouchGroups, lift_of
from chalicelib.domain.reports.questions import ListedClients
from chalicelib.domain.reports.report_forms import LIFT_DAYS
from chalicelib.domain.reports.settle_question import KINDS
from chalicelib.domain.statistics.wilson import wilson

_FILE = "lift_outcomes"


def lift(asked: Asked) -> tuple[list[Figures], Figures]:
    """A row for each kind of marketing, or for the one that is asked about. The total is the row's figures;
    of several kinds it adds up messages and costs alone: a client may be held out of one kind and not of
    another."""
    kind = asked.question.kind
    found = lift_of_kinds(asked, (kind,) if kind is not None else KINDS)
    rows: list[Figures] = [{"key": name, "name": name} | figures for name, figures in sorted(found.items())]
    if kind is not None:
        return rows, found[kind]
    return rows, {name: sum(each[name] for each in found.values()) for name in ("messages", "cost_micros")}


def lift_of_kinds(asked: Asked, kinds: tuple[str, ...]) -> Mapping[str, Figures]:
    """Kind -> figures. The question gives period, days and salons; its report needs the table `touches`."""
    found = {kind: _figures(0, 0, 0, 0) for kind in kinds}
    for kind, *counts in asked.rows(_FILE, "lift_figures", **_values(asked, kinds)):
        found[kind] = _figures(*counts)
    return found


def listed_by_lift(asked: Asked) -> ListedClients:
    """The clients of a kind, or of any: base, returned, lost and maturing are those who were not held out."""
    kind = asked.question.kind
    values = _values(asked, (kind,) if kind is not None else KINDS)
    return listed_clients(asked, _FILE, "lift_listed", **values)


def _values(asked: Asked, kinds: tuple[str, ...]) -> dict[str, Any]:
    return {
        "kinds": kinds,
        "not_due": NOT_DUE,
        "most_put_off": MOST_PUT_OFF.days,
        "within": max(asked.question.days or LIFT_DAYS),
    }


def _figures(
    due: int,
    due_returned: int,
    held_out: int,
    held_out_returned: int,
    maturing: int = 0,
    reached: int = 0,
    messages: int = 0,
    cost_micros: int = 0,
) -> Figures:
    """clients: those who were not held out. interval, held_out_interval: Wilson's of the rates;
    lift_interval: Newcombe's of their difference."""
    found = lift_of(
        TouchGroups(
            due=due,
            due_returned=due_returned,
            held_out=held_out,
            held_out_returned=held_out_returned,
            maturing=maturing,
            cost=cost_micros,
        )
    )
    return {
        "clients": due,
        "returned": due_returned,
        "rate": found.rate,
        "interval": wilson(due_returned, due),
        "held_out": held_out,
        "held_out_returned": held_out_returned,
        "held_out_rate": found.held_out_rate,
        "held_out_interval": wilson(held_out_returned, held_out),
        "lift": found.lift,
        "lift_interval": found.interval,
        "verdict": found.verdict,
        "more_returned": found.more_returned,
        "maturing": maturing,
        "reached": reached,
        "messages": messages,
        "cost_micros": cost_micros,
        "cost_of_each_micros": None if found.cost_of_each is None else round(found.cost_of_each),
    }
