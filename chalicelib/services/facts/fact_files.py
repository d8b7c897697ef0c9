"""The files of pages of facts: where they lie, and what makes a Parquet file of facts."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, Protocol

from msgspec import Struct

from chalicelib.services.facts.fact_ports import FactObjects


class FactPart(Struct, frozen=True):
    """A Parquet file of facts, in the order of their table."""

    content: bytes
    rows: int


class DamagedPart(Exception):
    """An object that should be a Parquet file of facts cannot be read as one."""


class MakeParts(Protocol):
    def __call__(
        self, table: str, facts: Sequence[Any], former: bytes | None = None, days: Collection[date] = ()
    ) -> FactPart:
        """A part of these facts of a table, and of what `former` has of other days than `days`. Raises
        DamagedPart."""


class FactFiles(Struct, frozen=True):
    objects: FactObjects
    make_part: MakeParts
