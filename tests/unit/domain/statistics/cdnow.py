"""The customers of CDNOW, of which Fader, Hardie and Lee (2005) is an analysis. cdnow.tsv names its
source."""

from pathlib import Path
from typing import NamedTuple

WEEK = 7


class Customer(NamedTuple):
    """Times in days. spent_cents: of the repeats, until the 39th week. held_out: repeats of the next 39
    weeks."""

    repeats: int
    recency_days: int
    age_days: int
    spent_cents: int
    held_out: int

    @property
    def history(self) -> tuple[int, float, float]:
        """In weeks, as in the paper."""
        return self.repeats, self.recency_days / WEEK, self.age_days / WEEK


def customers() -> list[Customer]:
    """All 2,357."""
    found = []
    for line in Path(__file__).with_name("cdnow.tsv").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            *values, same = map(int, line.split("\t"))
            found += [Customer(*values)] * same
    return found
