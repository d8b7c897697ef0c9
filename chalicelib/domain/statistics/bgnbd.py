"""BG/NBD: how many visits clients will make, from how often and how lately they came.

Fader, Hardie and Lee (2005), "Counting Your Customers" the Easy Way, Marketing Science 24(2), 275-284.
While a client is alive, visits come at random, at a rate that differs between clients (gamma r, alpha).
After each visit a client leaves with a probability that differs too (beta a, b). The likelihood is written
as in Fader and Hardie (2013), Overcoming the BG/NBD Model's #NUM! Error Problem."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from math import copysign, cos, exp, log, log1p, pi
from typing import Protocol

from msgspec import Struct

from chalicelib.domain.statistics.quasi_newton import minimum

TOLERANCE = 1e-6
"""Greatest part of the gradient of the mean log-likelihood, by the logarithm of a parameter, at a maximum."""

NODES = 20
"""Ages at which visits are computed, where they are interpolated between."""

History = tuple[int, float, float]
"""Repeat visits (visits after the first), time from the first visit to the last (0 without a repeat), and
time from the first visit to the end of what is known. All times in one unit."""


class BgNbd(Struct, frozen=True, kw_only=True):
    """A fitted model. alpha is in the unit of time of the histories. converged: whether the likelihood has a
    maximum, and it was found; a model that did not converge is not to be printed."""

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float = 0.0
    clients: int = 0
    converged: bool = True


class TimeSums(Struct, frozen=True):
    """What depends on the times of histories: a part of the log-likelihood, its derivatives by r and alpha,
    and by number of repeats the sum of the probabilities that the client left after the last visit."""

    value: float
    by_r: float
    by_alpha: float
    leaving: Mapping[int, float]


class VisitHistories(Protocol):
    """The histories of a base, as far as the likelihood needs them. They may lie in a database."""

    @property
    def clients_by_repeats(self) -> Mapping[int, int]: ...

    @property
    def time_known(self) -> float:
        """The ages of all clients together."""

    @property
    def longest(self) -> float:
        """The greatest age."""

    def of_times(self, r: float, alpha: float, a: float, b: float) -> TimeSums: ...


def fit(histories: Iterable[History]) -> BgNbd:
    """The model of greatest likelihood. ValueError without a client, and for a history that cannot be."""
    return fit_sums(ListedVisits(histories))


def fit_sums(base: VisitHistories, sample: VisitHistories | None = None) -> BgNbd:
    """The model of greatest likelihood. sample: a part of a large base; the search among all begins where the
    search in the sample ended. ValueError without a client."""
    likelihood = _VisitLikelihood(base)
    start, inverse = [0.0, log(likelihood.mean_gap), 0.0, 0.0], None
    if sample is not None:
        some = _VisitLikelihood(sample, likelihood.unit)
        first = minimum(some.negative_mean, start, TOLERANCE)
        if first.converged:
            start, inverse = first.point, first.inverse
    found = minimum(likelihood.negative_mean, start, TOLERANCE, inverse)
    r, alpha, a, b = map(exp, found.point)
    return BgNbd(
        r=r,
        alpha=alpha * likelihood.unit,
        a=a,
        b=b,
        log_likelihood=-found.value * likelihood.clients,
        clients=likelihood.clients,
        converged=found.converged,
    )


def probability_alive(model: BgNbd, history: History) -> float:
    """The probability that the client has not left. 1 without a repeat visit: the model lets a client leave
    after a repeat visit only."""
    repeats, recency, age = history
    if repeats == 0:
        return 1.0
    odds = log(model.a / (model.b + repeats - 1))
    odds += (model.r + repeats) * log((model.alpha + age) / (model.alpha + recency))
    return 1 / (1 + exp(odds)) if odds < 700 else 0.0


def expected_visits(model: BgNbd, history: History, ahead: float) -> float:
    """How many visits the client is expected to make in the time `ahead` from the end of what is known."""
    repeats, _, age = history
    return visits_if_alive(model, repeats, age, ahead) * probability_alive(model, history)


def expected_repeats(model: BgNbd, time: float) -> float:
    """How many repeat visits a client makes on average within a time after the first visit."""
    return visits_if_alive(model, 0, 0.0, time)


def visits_if_alive(model: BgNbd, repeats: int, age: float, ahead: float) -> float:
    """Expected visits of a client who has not left (equations 9 and 10 of the paper)."""
    a = model.a if abs(model.a - 1) > 1e-4 else 1 + 1e-4  # the limit at 1, which the formula divides by
    c = a + model.b + repeats - 1
    if abs(c) < 1e-9:
        c = 1e-9
    share = _mean_ratio(model.r + repeats, ahead / (model.alpha + age + ahead), model.b + repeats, c)
    return c / (a - 1) * (1 - share)


def _mean_ratio(shape: float, share: float, b: float, c: float) -> float:
    """(1 - share) ** shape x 2F1(shape, b; c; share). It is the mean of (b)_n / (c)_n under a negative
    binomial n, so the sum is made without large powers."""
    if share <= 0:
        return 1.0
    scale, term, total, n = shape * log1p(-share), 1.0, 1.0, 0
    while True:
        ratio = (shape + n) / (n + 1) * (b + n) / (c + n) * share
        term *= ratio
        total += term
        n += 1
        if abs(term) > 1e250:
            scale, term, total = scale + log(1e250), term / 1e250, total / 1e250
        if 0 <= ratio < 1 and abs(term) < 1e-12 * (1 - ratio) * abs(total):
            return copysign(exp(scale + log(abs(total))), total)


def visits_if_alive_of_all(model: BgNbd, clients: Iterable[tuple[int, float]], ahead: float) -> list[float]:
    """visits_if_alive of each pair of repeats and age, in their order. Where many ages go with one number of
    repeats, it is interpolated, to 8 digits: it is smooth in the logarithm of alpha + age."""
    pairs = list(clients)
    ages: dict[int, set[float]] = defaultdict(set)
    for repeats, age in pairs:
        ages[repeats].add(age)
    known: dict[tuple[int, float], float] = {}
    for repeats, those in ages.items():
        if len(those) <= NODES:
            found = [visits_if_alive(model, repeats, age, ahead) for age in those]
        else:
            found = _interpolated(model, repeats, list(those), ahead)
        known |= {(repeats, age): visits for age, visits in zip(those, found, strict=True)}
    return [known[pair] for pair in pairs]


def _interpolated(model: BgNbd, repeats: int, ages: Sequence[float], ahead: float) -> list[float]:
    """The polynomial through Chebyshev's nodes, in its barycentric form (Berrut and Trefethen 2004, SIAM
    Review 46, 501-517)."""
    first, last = log(model.alpha + min(ages)), log(model.alpha + max(ages))
    nodes = [(first + last + (last - first) * cos(pi * i / (NODES - 1))) / 2 for i in range(NODES)]
    weights = [(-1) ** i * (0.5 if i in (0, NODES - 1) else 1.0) for i in range(NODES)]
    values = [visits_if_alive(model, repeats, max(0.0, exp(node) - model.alpha), ahead) for node in nodes]
    found = []
    for age in ages:
        at, over, under = log(model.alpha + age), 0.0, 0.0
        for node, weight, value in zip(nodes, weights, values, strict=True):
            if abs(at - node) < 1e-13:
                over, under = value, 1.0
                break
            share = weight / (at - node)
            over, under = over + share * value, under + share
        found.append(over / under)
    return found


class ListedVisits:
    """Histories in memory, as `VisitHistories`; equal ones are one. ValueError for one that cannot be."""

    def __init__(self, histories: Iterable[History]) -> None:
        self._histories = Counter(histories)
        self.clients_by_repeats: Mapping[int, int] = Counter()
        self.time_known = self.longest = 0.0
        for (repeats, recency, age), clients in self._histories.items():
            if repeats < 0 or not 0 <= recency <= age or (repeats > 0) != (recency > 0):
                raise ValueError(f"no history: {repeats} repeats, recency {recency}, age {age}")
            self.clients_by_repeats[repeats] += clients
            self.time_known += age * clients
            self.longest = max(self.longest, age)

    def of_times(self, r: float, alpha: float, a: float, b: float) -> TimeSums:
        value = by_r = by_alpha = 0.0
        leaving: Counter[int] = Counter()
        for (repeats, recency, age), clients in self._histories.items():
            k, log_age = r + repeats, log(alpha + age)
            value -= clients * k * log_age
            by_r -= clients * log_age
            by_alpha -= clients * k / (alpha + age)
            if repeats:
                since = log_age - log(alpha + recency)
                odds = log(a / (b + repeats - 1)) + k * since
                left = clients / (1 + exp(-odds)) if odds > -700 else 0.0
                value += clients * (max(odds, 0.0) + log1p(exp(-abs(odds))))
                leaving[repeats] += left  # type: ignore[assignment]
                by_r += left * since
                by_alpha += k * left * (1 / (alpha + age) - 1 / (alpha + recency))
        return TimeSums(value, by_r, by_alpha, leaving)


class _VisitLikelihood:
    """unit: of time, by default the longest history, so that the parameters are near 1."""

    def __init__(self, base: VisitHistories, unit: float | None = None) -> None:
        counts = base.clients_by_repeats
        self._base, self.clients = base, sum(counts.values())
        if not self.clients:
            raise ValueError("no client")
        self.unit = unit or base.longest or 1.0
        # at_least[i]: clients with more than i repeats, each of whom has a factor of visit i.
        most = max(counts)
        self._at_least = list(accumulate(counts.get(most - i, 0) for i in range(most)))[::-1]
        repeats = sum(number * clients for number, clients in counts.items())
        self.mean_gap = min(max(base.time_known / self.unit, 0.01) / max(repeats, 1), 100.0)

    def negative_mean(self, logs: Sequence[float]) -> tuple[float, list[float]]:
        """- log-likelihood / clients, and its gradient, at the logarithms of r, alpha / unit, a, b."""
        r, alpha, a, b = map(exp, logs)
        alpha *= self.unit
        value, by_r, by_alpha, by_a, by_b = self._by_visits(r, alpha, a, b)
        times = self._base.of_times(r, alpha, a, b)
        value, by_r, by_alpha = value + times.value, by_r + times.by_r, by_alpha + times.by_alpha
        for repeats, leaving in times.leaving.items():
            by_a += leaving / a
            by_b -= leaving / (b + repeats - 1)
        scale = -1 / self.clients
        gradient = [by_r * r, by_alpha * alpha, by_a * a, by_b * b]
        return value * scale, [each * scale for each in gradient]

    def _by_visits(self, r: float, alpha: float, a: float, b: float) -> tuple[float, ...]:
        """What depends on the numbers of repeats alone: log-likelihood, and its derivatives."""
        value, by_r = self.clients * r * log(alpha), self.clients * log(alpha)
        by_alpha, by_a, by_b = self.clients * r / alpha, 0.0, 0.0
        for i, clients in enumerate(self._at_least):
            value += clients * (log(r + i) + log((b + i) / (a + b + i)))
            by_r += clients / (r + i)
            by_a -= clients / (a + b + i)
            by_b += clients * (1 / (b + i) - 1 / (a + b + i))
        return value, by_r, by_alpha, by_a, by_b
