"""The tables of facts: what a row of each is, on whose day's page it stands, and the order of rows. Pure."""

from collections.abc import Callable, Mapping
from datetime import date
from operator import attrgetter
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from chalicelib.domain.facts.fact_pages import TOUCHES, VISITS
from chalicelib.domain.facts.touch_facts import TouchFact
from chalicelib.domain.facts.visit_facts import VisitFact

Fact = VisitFact | TouchFact


class FactKind(Struct, frozen=True):
    """fact: the Struct of a row. day: the day of a row, by which pages are marked. order: by what rows are
    sorted."""

    fact: type[Fact]
    day: Callable[[Any], date]
    order: Callable[[Any], tuple[Any, ...]]


def _utc_day(fact: TouchFact) -> date:
    return fact.touch_at.date()


FACT_KINDS: Mapping[str, FactKind] = MappingProxyType(
    {
        VISITS: FactKind(
            VisitFact, attrgetter("visit_on"), attrgetter("visit_on", "visit_at", "booking", "line")
        ),
        TOUCHES: FactKind(TouchFact, _utc_day, attrgetter("touch_at", "message")),
    }
)
"""Table -> kind."""
