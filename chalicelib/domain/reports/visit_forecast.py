"""How many visits each client will make: by BG/NBD where visits come at random, and else by the client's own
rhythm. No forecast is given that the last year would have proved worse than "as many visits as last year"
(docs/metrics.md, "Lifetime value")."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from math import sqrt

from msgspec import Struct

from chalicelib.domain.clients.categories import usual_gap_days
from chalicelib.domain.statistics.bgnbd import History, expected_visits_of_all, fit
from chalicelib.domain.statistics.regularity import FEWEST, REGULAR, regularity

BG_NBD, OWN_RHYTHM = "bg_nbd", "own_rhythm"
TOO_FEW_CLIENTS, TOO_REGULAR = "too_few_clients", "too_regular"
NOT_CONVERGED, WORSE = "not_converged", "worse_than_last_year"

GAPS = (1, 2, 5, 10)
"""Kinds of clients begin at so many gaps: who has come for long is more likely to stay."""

SHORTEST_GAP = 7
"""Days. A client whose usual gap is shorter is taken to come once a week."""


class ClientVisits(Struct, frozen=True):
    """One client's visits: local dates, each once, in their order; and what was paid at each, in minor
    units of one currency, refunds taken off."""

    client: str
    days: tuple[date, ...]
    bills: tuple[int, ...]


class TriedMethod(Struct, frozen=True, kw_only=True):
    """A method, and how it would have done: what was known `ahead_days` ago, against the visits since.

    refused          why its forecast is not given: too_few_clients, too_regular, not_converged or
    worse_than_last_year. None: it is given. error            root of the mean squared difference between a
    client's foretold and real visits. None: the method was not tried. last_year_error  the same of "as many
    visits as in the same time before". foretold, real   visits of all clients together."""

    method: str
    refused: str | None = None
    error: float | None = None
    last_year_error: float | None = None
    foretold: float | None = None
    real: int | None = None


class VisitForecast(Struct, frozen=True, kw_only=True):
    """The forecast of the `ahead_days` from a day on. method: bg_nbd or own_rhythm; None: no method is good
    enough. expected: visits of each client, in the order of the clients; empty where there is no method.
    regularity: see regularity.py; None below 30 clients with three visits."""

    method: str | None
    ahead_days: int
    regularity: float | None
    tried: tuple[TriedMethod, ...]
    expected: tuple[float, ...]


def forecast(clients: Sequence[ClientVisits], until: date, ahead_days: int = 365) -> VisitForecast:
    """The visits that each client will make in `ahead_days` after `until`. Visits after `until` are not
    looked at; a client without an earlier one is expected to make none. ValueError for ahead_days below
    1."""
    if ahead_days < 1:
        raise ValueError(f"{ahead_days} days ahead")
    histories = [client.days[: bisect_right(client.days, until)] for client in clients]
    shape = regularity(_last_gaps(days) for days in histories if len(days) > 2)
    tried = []
    for method in (BG_NBD, OWN_RHYTHM):
        found = _tried(method, shape, histories, until, ahead_days)
        tried.append(found)
        if found.refused is None:
            expected = _foretold(method, histories, until, ahead_days)
            if expected is not None:
                return VisitForecast(
                    method=method,
                    ahead_days=ahead_days,
                    regularity=shape,
                    tried=tuple(tried),
                    expected=tuple(expected),
                )
            tried[-1] = TriedMethod(method=method, refused=NOT_CONVERGED)
    return VisitForecast(
        method=None, ahead_days=ahead_days, regularity=shape, tried=tuple(tried), expected=()
    )


def _last_gaps(days: Sequence[date]) -> tuple[float, float]:
    return (days[-2] - days[-3]).days, (days[-1] - days[-2]).days


def _tried(
    method: str, shape: float | None, histories: Sequence[Sequence[date]], until: date, ahead_days: int
) -> TriedMethod:
    """The method's forecast of the time that has just passed, by what was known before it."""
    if method == BG_NBD and shape is not None and shape > REGULAR:
        return TriedMethod(method=method, refused=TOO_REGULAR)
    then, before = until - timedelta(days=ahead_days), until - timedelta(days=2 * ahead_days)
    known = [days for days in histories if days and days[0] <= then]
    if len(known) < FEWEST:
        return TriedMethod(method=method, refused=TOO_FEW_CLIENTS)
    past = [days[: bisect_right(days, then)] for days in known]
    foretold = _foretold(method, past, then, ahead_days)
    if foretold is None:
        return TriedMethod(method=method, refused=NOT_CONVERGED)
    real = [len(days) - len(old) for days, old in zip(known, past, strict=True)]
    last_year = [float(len(old) - bisect_right(old, before)) for old in past]
    error, last_year_error = _error(foretold, real), _error(last_year, real)
    return TriedMethod(
        method=method,
        refused=WORSE if error > last_year_error else None,
        error=error,
        last_year_error=last_year_error,
        foretold=sum(foretold),
        real=sum(real),
    )


def _error(foretold: Sequence[float], real: Sequence[int]) -> float:
    """Squares, since both forecasts are means, and a mean has the least squared error (Gneiting 2011)."""
    squares = sum((one - other) ** 2 for one, other in zip(foretold, real, strict=True))
    return sqrt(squares / len(real))


def _foretold(
    method: str, histories: Sequence[Sequence[date]], until: date, ahead_days: int
) -> list[float] | None:
    """Visits of each in `ahead_days` after `until`; None where the method finds none."""
    if method == OWN_RHYTHM:
        return _by_own_rhythm(histories, until, ahead_days)
    came = [_history(days, until) for days in histories if days]
    model = fit(came) if came else None
    if model is None or not model.converged:
        return None
    visits = iter(expected_visits_of_all(model, came, ahead_days))
    return [next(visits) if days else 0.0 for days in histories]


def _history(days: Sequence[date], until: date) -> History:
    first = days[0]
    return len(days) - 1, float((days[-1] - first).days), float((until - first).days)


def _by_own_rhythm(histories: Sequence[Sequence[date]], until: date, ahead_days: int) -> list[float] | None:
    """Each client's own pace, times the share of it that clients of the same kind kept in the last
    `ahead_days`. A kind with fewer than 30 clients then takes the share of all who are as late, and that of
    everyone where these are fewer than 30, too. None where everyone is."""
    then = until - timedelta(days=ahead_days)
    sums: dict[_Kind, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for days in histories:
        old = days[: bisect_right(days, then)]
        if old:
            (gaps, late), pace = _kind_and_pace(old, then, ahead_days)
            for kind in ((gaps, late), (None, late), (None, None)):
                real, expected, clients = sums[kind]
                sums[kind] = [real + len(days) - len(old), expected + pace, clients + 1]
    shares = {kind: real / expected for kind, (real, expected, clients) in sums.items() if clients >= FEWEST}
    if (None, None) not in shares:
        return None
    foretold = []
    for days in histories:
        (gaps, late), pace = _kind_and_pace(days, until, ahead_days) if days else ((None, None), 0.0)
        share = shares.get((gaps, late), shares.get((None, late), shares[None, None]))
        foretold.append(pace * share)
    return foretold


_Kind = tuple[int | None, int | None]


def _kind_and_pace(days: Sequence[date], until: date, ahead_days: int) -> tuple[_Kind, float]:
    """How many gaps are known (by GAPS), how late the client is, and the visits that the client would make
    without fail. Late is 0 until a quarter over the usual gap, 1 until three gaps, then 2. A client who came
    once has no gap: 60 days stand in its place, and one visit in the place of the pace."""
    usual = usual_gap_days(days[-4:])
    gap = max(usual, SHORTEST_GAP) if usual is not None else 60
    silent = (until - days[-1]).days / gap
    late = 0 if silent <= 1.25 else 1 if silent <= 3 else 2
    return (bisect_right(GAPS, len(days) - 1), late), 1.0 if usual is None else ahead_days / gap
