"""BG/NBD: how many visits clients will make, from how often and how lately they came.

Fader, Hardie and Lee (2005), "Counting Your Customers" the Easy Way, Marketing Science 24(2), 275-284.
While a client is alive, visits come at random, at a rate that differs between clients (gamma r, alpha).
After each visit a client leaves with a probability that differs too (beta a, b). The likelihood is written
as in Fader and Hardie (2013), Overcoming the BG/NBD Model's #NUM! Error Problem."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate, islice
from math import copysign, exp, log, log1p

from msgspec import Struct

from chalicelib.domain.statistics.quasi_newton import minimum

SAMPLE = 5000
"""So many different histories of a large base are fitted first. The search among all begins where that
ended."""

TOLERANCE = 1e-6
"""Greatest part of the gradient of the mean log-likelihood, by the logarithm of a parameter, at a maximum."""

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


def fit(histories: Iterable[History], sample_size: int = SAMPLE) -> BgNbd:
    """The model of greatest likelihood. ValueError without a client, and for a history that cannot be."""
    counts = Counter(histories)
    likelihood = _VisitLikelihood(counts)
    start, inverse = [0.0, log(likelihood.mean_gap), 0.0, 0.0], None
    if len(counts) > 4 * sample_size:
        some = dict(islice(counts.items(), 0, None, len(counts) // sample_size))
        sample = _VisitLikelihood(Counter(some), likelihood.unit)
        first = minimum(sample.negative_mean, start, TOLERANCE)
        if first.converged:
            start, inverse = first.point, first.inverse
    found = minimum(likelihood.negative_mean, start, TOLERANCE, inverse)
    r, alpha, a, b = map(exp, found.point)
    return BgNbd(
        r=r,
        alpha=alpha * likelihood.unit,
        a=a,
        b=b,
        log_likelihood=-found.value * likelihood.clients - likelihood.repeats * log(likelihood.unit),
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
    return _if_alive(model, repeats, age, ahead) * probability_alive(model, history)


def expected_visits_of_all(model: BgNbd, histories: Iterable[History], ahead: float) -> list[float]:
    """expected_visits of each, in their order. What depends on repeats and age alone is made once."""
    known: dict[tuple[int, float], float] = {}
    found = []
    for history in histories:
        key = history[0], history[2]
        if key not in known:
            known[key] = _if_alive(model, history[0], history[2], ahead)
        found.append(known[key] * probability_alive(model, history))
    return found


def expected_repeats(model: BgNbd, time: float) -> float:
    """How many repeat visits a client makes on average within a time after the first visit."""
    return _if_alive(model, 0, 0.0, time)


def _if_alive(model: BgNbd, repeats: int, age: float, ahead: float) -> float:
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


class _VisitLikelihood:
    """The log-likelihood of histories. Equal histories are one; logarithms of times and sums over repeats
    are made once for each value. unit: of time, by default the longest history, so that the parameters are
    near 1."""

    def __init__(self, histories: Counter[History], unit: float | None = None) -> None:
        if not histories:
            raise ValueError("no client")
        times: dict[float, int] = {}
        self._once: Counter[int] = Counter()
        self._repeated: list[tuple[int, int, int, int]] = []
        counts: Counter[int] = Counter()
        for (repeats, recency, age), clients in histories.items():
            if repeats < 0 or not 0 <= recency <= age or (repeats > 0) != (recency > 0):
                raise ValueError(f"no history: {repeats} repeats, recency {recency}, age {age}")
            counts[repeats] += clients
            at = times.setdefault(age, len(times))
            if repeats:
                self._repeated.append((repeats, times.setdefault(recency, len(times)), at, clients))
            else:
                self._once[at] += clients
        self.unit = unit or max(times) or 1.0
        self._times = [time / self.unit for time in times]
        self.clients = counts.total()
        # at_least[i]: clients with more than i repeats, each of whom has a factor of visit i.
        most = max(counts)
        self._at_least = list(accumulate(counts[most - i] for i in range(most)))[::-1]
        self.repeats = sum(repeats * clients for repeats, clients in counts.items())
        time_known = sum(age * clients for (_, _, age), clients in histories.items()) / self.unit
        self.mean_gap = min(max(time_known, 0.01) / max(self.repeats, 1), 100.0)

    def negative_mean(self, logs: Sequence[float]) -> tuple[float, list[float]]:
        """- log-likelihood / clients, and its gradient, at the logarithms of r, alpha, a, b."""
        r, alpha, a, b = map(exp, logs)
        value, by_r, by_alpha, by_a, by_b = self._by_visits(r, alpha, a, b)
        more, more_r, more_alpha, leaving = self._by_times(r, alpha, a, b)
        value, by_r, by_alpha = value + more, by_r + more_r, by_alpha + more_alpha
        for before, weight in enumerate(leaving):  # the last visit of each client was number before + 1
            by_a += weight / a
            by_b -= weight / (b + before)
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

    def _by_times(
        self, r: float, alpha: float, a: float, b: float
    ) -> tuple[float, float, float, list[float]]:
        """What depends on times: log-likelihood, its derivatives by r and alpha, and by number of repeats the
        sum of the probabilities that the client left after the last visit."""
        logs = [log(alpha + time) for time in self._times]
        inverses = [1 / (alpha + time) for time in self._times]
        value = by_r = by_alpha = 0.0
        for at, clients in self._once.items():
            value -= clients * r * logs[at]
            by_r -= clients * logs[at]
            by_alpha -= clients * r * inverses[at]
        starts = [log(a / (b + before)) for before in range(len(self._at_least))]
        leaving = [0.0] * len(self._at_least)
        for repeats, last, at, clients in self._repeated:
            k, log_age = r + repeats, logs[at]
            since = log_age - logs[last]
            odds = starts[repeats - 1] + k * since
            if odds > 0:
                small = exp(-odds)
                left = clients / (1 + small)
                value += clients * (odds + log1p(small) - k * log_age)
            else:
                small = exp(odds)
                left = clients * small / (1 + small)
                value += clients * (log1p(small) - k * log_age)
            leaving[repeats - 1] += left
            by_r += left * since - clients * log_age
            by_alpha += k * (left * (inverses[at] - inverses[last]) - clients * inverses[at])
        return value, by_r, by_alpha, leaving
