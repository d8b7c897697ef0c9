"""Gamma-Gamma: what a client spends at a visit, from the mean of the visits so far.

Fader, Hardie and Lee (2005), RFM and CLV, Journal of Marketing Research 42(4), 415-430; Fader and Hardie
(2013), The Gamma-Gamma Model of Monetary Value. The bills of a client are gamma (p, nu), and nu differs
between clients (gamma q, gamma). A client with few visits is drawn towards the mean of all. The model
assumes that who spends more does not come more often or less often."""

from collections import Counter
from collections.abc import Iterable, Sequence
from math import exp, lgamma, log

from msgspec import Struct

from chalicelib.domain.statistics.quasi_newton import minimum

TOLERANCE = 1e-6

Spending = tuple[int, float]
"""Number of visits with a bill, above 0, and their mean, above 0."""


class GammaGamma(Struct, frozen=True, kw_only=True):
    """A fitted model. scale: the parameter gamma, in the unit of the bills. converged: whether the likelihood
    has a maximum, it was found, and the mean of all clients is finite (q above 1)."""

    p: float
    q: float
    scale: float
    log_likelihood: float = 0.0
    clients: int = 0
    converged: bool = True


def fit_spending(clients: Iterable[Spending]) -> GammaGamma:
    """The model of greatest likelihood. ValueError without a client, and for a bill that is not above 0."""
    likelihood = _SpendingLikelihood(Counter(clients))
    found = minimum(likelihood.negative_mean, (1.0, 1.0, 1.0), TOLERANCE)
    p, q, scale = map(exp, found.point)
    return GammaGamma(
        p=p,
        q=q,
        scale=scale * likelihood.unit,
        log_likelihood=-(found.value + log(likelihood.unit)) * likelihood.clients,
        clients=likelihood.clients,
        converged=found.converged and q > 1,
    )


def expected_spend(model: GammaGamma, visits: int, mean: float) -> float:
    """The expected bill of a client's next visit; with visits 0 that of a client of whom nothing is known."""
    return (model.scale + visits * mean) * model.p / (model.p * visits + model.q - 1)


class _SpendingLikelihood:
    """The log-likelihood, of bills in units of their mean, so that the parameters are near 1."""

    def __init__(self, clients: Counter[Spending]) -> None:
        if not clients:
            raise ValueError("no client with a bill")
        if any(visits < 1 or not mean > 0 for visits, mean in clients):
            raise ValueError("a bill is above 0")
        self.clients = clients.total()
        self.unit = sum(mean * count for (_, mean), count in clients.items()) / self.clients
        self._rows = [(visits, mean / self.unit, count) for (visits, mean), count in clients.items()]
        self._of_visits: Counter[int] = Counter()
        self._logs = self._log_totals = 0.0  # sums of log(mean), and of visits x log(visits x mean)
        for visits, mean, count in self._rows:
            self._of_visits[visits] += count
            self._logs += count * log(mean)
            self._log_totals += count * visits * log(visits * mean)

    def negative_mean(self, logs: Sequence[float]) -> tuple[float, list[float]]:
        """- log-likelihood / clients, and its gradient, at the logarithms of p, q, scale."""
        p, q, scale = map(exp, logs)
        value = p * self._log_totals - self._logs + self.clients * (q * log(scale) - lgamma(q))
        by_p, by_q = self._log_totals, self.clients * (log(scale) - digamma(q))
        by_scale = self.clients * q / scale
        for visits, count in self._of_visits.items():
            value += count * (lgamma(p * visits + q) - lgamma(p * visits))
            both = digamma(p * visits + q)
            by_p += count * visits * (both - digamma(p * visits))
            by_q += count * both
        for visits, mean, count in self._rows:
            spent = scale + visits * mean
            log_spent = log(spent) * count
            value -= (p * visits + q) * log_spent
            by_p -= visits * log_spent
            by_q -= log_spent
            by_scale -= count * (p * visits + q) / spent
        share = -1 / self.clients
        return value * share, [by_p * p * share, by_q * q * share, by_scale * scale * share]


def digamma(x: float) -> float:
    """The derivative of lgamma, for x above 0 (Abramowitz and Stegun 1964, 6.3.5 and 6.3.18)."""
    below = 0.0
    while x < 10:
        below += 1 / x
        x += 1
    square = 1 / (x * x)
    series = square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square * (1 / 240 - square / 132))))
    return log(x) - 0.5 / x - series - below
