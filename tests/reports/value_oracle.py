"""The report `value` by brute force: what clients have paid, and what they are expected to pay. Plain lists
of visits, walked client by client, with nothing of the SQL. docs/metrics.md says the same in words."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from math import sqrt
from statistics import StatisticsError, correlation
from typing import NamedTuple

from chalicelib.domain.statistics.bgnbd import expected_visits, fit
from chalicelib.domain.statistics.gamma_gamma import expected_spend, fit_spending
from chalicelib.domain.statistics.regularity import regularity

AHEAD = 365
FEWEST = 30


class ClientVisits(NamedTuple):
    """One client's visits: local dates, each once, in their order; and what was paid at each, in minor
    units of one currency, refunds taken off."""

    client: str
    days: tuple[date, ...]
    bills: tuple[int, ...]


class Tried(NamedTuple):
    method: str
    refused: str | None = None
    error: float | None = None
    last_year_error: float | None = None
    foretold: float | None = None
    real: int | None = None


class PlainForecast(NamedTuple):
    """expected: visits of each client, in the order of the clients; empty where there is no method."""

    method: str | None
    regularity: float | None
    tried: tuple[Tried, ...]
    expected: tuple[float, ...]


class ClientValue(NamedTuple):
    client: str
    realised: int
    expected_visits: float | None
    expected: int | None


class CohortValue(NamedTuple):
    """spent: in the month of the first visits, and in each month after it."""

    month: str
    clients: int
    spent: tuple[int, ...]


class PlainValue(NamedTuple):
    clients: tuple[ClientValue, ...]
    cohorts: tuple[CohortValue, ...]
    visits: PlainForecast
    spend_refused: str | None
    frequency_correlation: float | None


def plain_value(clients: Iterable[ClientVisits], until: date) -> PlainValue:
    """What clients paid until a local date, and what they are expected to pay in the year after it."""
    known = [_until(client, until) for client in clients if client.days and client.days[0] <= until]
    visits = plain_forecast(known, until)
    repeats = [_repeat_bills(client) for client in known]
    rows = [(count, total / count) for count, total in repeats if count]
    spending = fit_spending(rows) if len(rows) >= FEWEST else None
    refused = "too_few_clients" if spending is None else None if spending.converged else "not_converged"
    expected = visits.expected if visits.method else (None,) * len(known)
    found = []
    for client, (count, total), more in zip(known, repeats, expected, strict=True):
        bill = None
        if spending is not None and refused is None:
            bill = expected_spend(spending, count, total / count if count else 0.0)
        value = None if more is None or bill is None else round(more * bill)
        found.append(ClientValue(client.client, sum(client.bills), more, value))
    return PlainValue(tuple(found), cohort_values(known, until), visits, refused, _correlation(rows))


def cohort_values(clients: Sequence[ClientVisits], until: date) -> tuple[CohortValue, ...]:
    """What each cohort paid, month by month, until the month of a local date."""
    last = _month(until)
    members: Counter[int] = Counter()
    spent: dict[int, list[int]] = {}
    for client in clients:
        first = _month(client.days[0])
        months = spent.setdefault(first, [0] * (last - first + 1))
        members[first] += 1
        for day, bill in zip(client.days, client.bills, strict=True):
            months[_month(day) - first] += bill
    return tuple(
        CohortValue(f"{month // 12:04d}-{month % 12 + 1:02d}", members[month], tuple(months))
        for month, months in sorted(spent.items())
    )


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def _until(client: ClientVisits, until: date) -> ClientVisits:
    count = sum(day <= until for day in client.days)
    return ClientVisits(client.client, client.days[:count], client.bills[:count])


def _repeat_bills(client: ClientVisits) -> tuple[int, int]:
    """Number and sum of the bills above 0 after the first visit."""
    bills = [bill for bill in client.bills[1:] if bill > 0]
    return len(bills), sum(bills)


def _correlation(rows: Sequence[tuple[int, float]]) -> float | None:
    if len(rows) < FEWEST:
        return None
    try:
        return correlation([visits for visits, _ in rows], [mean for _, mean in rows])
    except StatisticsError:
        return None


# --- visits


def plain_forecast(clients: Sequence[ClientVisits], until: date) -> PlainForecast:
    """The visits that each client will make in the year after `until`."""
    histories = [client.days[: bisect_right(client.days, until)] for client in clients]
    shape = regularity(
        ((days[-2] - days[-3]).days, (days[-1] - days[-2]).days) for days in histories if len(days) > 2
    )
    tried = []
    for method in ("bg_nbd", "own_rhythm"):
        found = _tried(method, shape, histories, until)
        tried.append(found)
        if found.refused is None:
            expected = _foretold(method, histories, until)
            if expected is not None:
                return PlainForecast(method, shape, tuple(tried), tuple(expected))
            tried[-1] = found._replace(refused="not_converged")
    return PlainForecast(None, shape, tuple(tried), ())


def _tried(method: str, shape: float | None, histories: Sequence[Sequence[date]], until: date) -> Tried:
    """The method's forecast of the year that has just passed, by what was known before it."""
    if method == "bg_nbd" and shape is not None and shape > 1.5:
        return Tried(method, "too_regular")
    then, before = until - timedelta(days=AHEAD), until - timedelta(days=2 * AHEAD)
    known = [days for days in histories if days and days[0] <= then]
    if len(known) < FEWEST:
        return Tried(method, "too_few_clients")
    past = [days[: bisect_right(days, then)] for days in known]
    foretold = _foretold(method, past, then)
    if foretold is None:
        return Tried(method, "not_converged" if method == "bg_nbd" else "too_few_clients")
    real = [len(days) - len(old) for days, old in zip(known, past, strict=True)]
    last_year = [float(len(old) - bisect_right(old, before)) for old in past]
    error, last_year_error = _error(foretold, real), _error(last_year, real)
    refused = "worse_than_last_year" if error > last_year_error else None
    return Tried(method, refused, error, last_year_error, sum(foretold), sum(real))


def _error(foretold: Sequence[float], real: Sequence[int]) -> float:
    return sqrt(sum((one - other) ** 2 for one, other in zip(foretold, real, strict=True)) / len(real))


def _foretold(method: str, histories: Sequence[Sequence[date]], until: date) -> list[float] | None:
    """Visits of each in the year after `until`; None where the method finds none."""
    if method == "own_rhythm":
        return _by_own_rhythm(histories, until)
    came = [
        (len(days) - 1, float((days[-1] - days[0]).days), float((until - days[0]).days)) for days in histories
    ]
    model = fit(came) if came else None
    if model is None or not model.converged:
        return None
    return [expected_visits(model, history, AHEAD) for history in came]


def _by_own_rhythm(histories: Sequence[Sequence[date]], until: date) -> list[float] | None:
    """Each client's own pace, times the share of it that clients of the same kind kept in the last year. A
    kind with fewer than 30 clients then takes the share of all who are as late, and that of everyone where
    these are fewer than 30, too. None where everyone is."""
    then = until - timedelta(days=AHEAD)
    sums: dict[_Kind, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for days in histories:
        old = days[: bisect_right(days, then)]
        if old:
            (gaps, late), pace = _kind_and_pace(old, then)
            for kind in ((gaps, late), (None, late), (None, None)):
                real, expected, clients = sums[kind]
                sums[kind] = [real + len(days) - len(old), expected + pace, clients + 1]
    shares = {kind: real / expected for kind, (real, expected, clients) in sums.items() if clients >= FEWEST}
    if (None, None) not in shares:
        return None
    foretold = []
    for days in histories:
        (gaps, late), pace = _kind_and_pace(days, until)
        share = shares.get((gaps, late), shares.get((None, late), shares[None, None]))
        foretold.append(pace * share)
    return foretold


_Kind = tuple[int | None, int | None]


def _kind_and_pace(days: Sequence[date], until: date) -> tuple[_Kind, float]:
    """How many gaps are known, how late the client is, and the visits that the client would make without
    fail. A client who came once has no gap: 60 days stand in its place, and one visit in the place of the
    pace."""
    last = days[-4:]
    usual = round((last[-1] - last[0]).days / (len(last) - 1)) if len(last) > 1 else None
    gap = max(usual, 7) if usual is not None else 60
    silent = (until - days[-1]).days / gap
    late = 0 if silent <= 1.25 else 1 if silent <= 3 else 2
    return (bisect_right((1, 2, 5, 10), len(days) - 1), late), 1.0 if usual is None else AHEAD / gap
