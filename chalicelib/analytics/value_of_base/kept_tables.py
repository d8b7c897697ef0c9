"""The clients of the report `value`, in tables of the connection: however many there are, Python walks none
of them. tests/reports/value_oracle.py does the same with plain lists."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from chalicelib.analytics.statements import Asked
from chalicelib.domain.reports.visit_forecast import (
    AHEAD_DAYS,
    BG_NBD,
    Parameters,
    Trial,
)
from chalicelib.domain.statistics.bgnbd import TimeSums, fit_sums, visits_if_alive_of_all
from chalicelib.domain.statistics.regularity import FEWEST, shape_of

SAMPLED = 20_000
"""So many different histories are fitted first, of a larger base. The search among all begins where that
ended."""

PARTS = 100
"""The hundredth parts of the histories are chosen at random."""


class KeptVisits:
    """Visits of clients until today: see `VisitBase`."""

    def __init__(self, asked: Asked, currency: str) -> None:
        self._asked, self._has_paces = asked, False
        all_sources: dict[str, Any] = {"source": None, "needs_firsts": False}
        asked.keep("value_days", "asked_lines", "value/days", currency=currency, **all_sources)
        asked.keep("value_clients", "value/clients", ahead=AHEAD_DAYS)
        asked.keep("value_moments", "value/moments", ahead=AHEAD_DAYS)

    @cached_property
    def regularity(self) -> float | None:
        ((clients, spread),) = self._asked.rows("value/regularity")
        return shape_of(clients, spread)

    @cached_property
    def known_a_year_ago(self) -> int:
        ((clients,),) = self._asked.query("SELECT count(*) FROM value_moments WHERE years_ago = 1")
        return int(clients)

    def foretell(self, method: str, years_ago: int) -> Parameters | None:
        if method == BG_NBD:
            return self._by_bg_nbd(years_ago)
        if not self._has_paces:
            self._asked.keep("value_paces", "value/paces", ahead=AHEAD_DAYS)
            self._has_paces = True
        self._asked.keep("value_foretold", "value/by_own_rhythm", years_ago=years_ago, fewest=FEWEST)
        ((unknown,),) = self._asked.query("SELECT count(*) FROM value_foretold WHERE visits IS NULL")
        return None if unknown else {}

    def foretell_nothing(self) -> None:
        self._asked.keep("value_foretold", "value/nothing")

    def trial(self) -> Trial:
        (found,) = self._asked.rows("value/trial")
        return Trial(*found)

    def _by_bg_nbd(self, years_ago: int) -> Parameters | None:
        asked = self._asked
        asked.keep("value_histories", "value/histories", years_ago=years_ago)
        ((size,),) = asked.query("SELECT count(*) FROM value_histories")
        sample = _Histories(asked, PARTS * SAMPLED // size) if size > 2 * SAMPLED else None
        model = fit_sums(_Histories(asked, PARTS), sample)
        if not model.converged:
            return None
        pairs = asked.query("SELECT DISTINCT repeats, age FROM value_histories ORDER BY ALL")
        visits = visits_if_alive_of_all(model, [(repeats, age) for repeats, age in pairs], AHEAD_DAYS)
        asked.keep(
            "value_alive",
            "value/alive",
            repeats=[repeats for repeats, _ in pairs],
            ages=[age for _, age in pairs],
            visits=visits,
        )
        found = {name: getattr(model, name) for name in ("r", "alpha", "a", "b")}
        asked.keep("value_foretold", "value/by_bg_nbd", years_ago=years_ago, **found)
        return found


class _Histories:
    """See `VisitHistories`. parts: how many hundredth parts of them count."""

    def __init__(self, asked: Asked, parts: int) -> None:
        self._asked, self._parts = asked, parts
        rows = asked.rows("value/repeats", parts=parts)
        self.clients_by_repeats: Mapping[int, int] = {repeats: clients for repeats, clients, *_ in rows}
        self.time_known = float(sum(known for *_, known, _ in rows))
        self.longest = float(max(longest for *_, longest in rows))

    def of_times(self, r: float, alpha: float, a: float, b: float) -> TimeSums:
        rows = self._asked.rows("value/times", r=r, alpha=alpha, a=a, b=b, parts=self._parts)
        value, by_r, by_alpha = (sum(row[place] for row in rows) for place in (1, 2, 3))
        return TimeSums(value, by_r, by_alpha, {row[0]: row[4] for row in rows if row[0]})


class KeptBills:
    """See `BillSums`."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        rows = asked.rows("value/bills")
        self.clients_by_visits: Mapping[int, int] = {bills: clients for bills, clients, *_ in rows}
        self.clients = sum(self.clients_by_visits.values())
        means, self.logs = (sum(row[place] for row in rows) for place in (2, 3))
        self.mean = means / self.clients if self.clients else 0.0

    def of_spent(self, p: float, q: float, scale: float) -> tuple[float, float, float, float]:
        ((value, by_p, by_q, inverses),) = self._asked.rows("value/spent", p=p, q=q, scale=scale)
        return value, by_p, by_q, inverses

    def correlation(self) -> float | None:
        if self.clients < FEWEST:
            return None
        ((found,),) = self._asked.rows("value/correlation")
        return found if found is None else float(found)
