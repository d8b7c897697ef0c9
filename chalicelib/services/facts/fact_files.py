"""The files of pages of facts: where they lie, and what makes a Parquet file of facts."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Protocol

from msgspec import Struct

from chalicelib.domain.facts.visit_facts import VisitFact
from chalicelib.services.facts.fact_ports import FactObjects


class FactPart(Struct, frozen=True):
    """A Parquet file of facts, sorted by day, instant, booking and line."""

    content: bytes
    rows: int


class DamagedPart(Exception):
    """An object that should be a Parquet file of facts cannot be read as one."""


class MakeParts(Protocol):
    def __call__(
        self, facts: Sequence[VisitFact], former: bytes | None = None, days: Collection[date] = ()
    ) -> FactPart:
        """A part of these facts, and of what `former` has of other days than `days`. Raises DamagedPart."""


class FactFiles(Struct, frozen=True):
    objects: FactObjects
    make_part: MakeParts
