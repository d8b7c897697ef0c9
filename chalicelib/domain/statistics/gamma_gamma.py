"""Gamma-Gamma: what a client spends at a visit, from the mean of the visits so far.

Fader, Hardie and Lee (2005), RFM and CLV, Journal of Marketing Research 42(4), 415-430; Fader and Hardie
(2013), The Gamma-Gamma Model of Monetary Value. The bills of a client are gamma (p, nu), and nu differs
between clients (gamma q, gamma). A client with few visits is drawn towards the mean of all. The model
assumes that who spends more does not come more often or less often."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import exp, lgamma, log
from typing import Protocol

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


class BillSums(Protocol):
    """The bills of a base, as far as the likelihood needs them. They may lie in a database."""

    @property
    def clients_by_visits(self) -> Mapping[int, int]:
        """How many clients have so many visits with a bill."""

    @property
    def mean(self) -> float:
        """The mean of the clients' mean bills."""

    @property
    def logs(self) -> float:
        """The sum of log(mean bill) over all clients."""

    def of_spent(self, p: float, q: float, scale: float) -> tuple[float, float, float, float]:
        """Sums of p visits log(share) + q log(1 - share), visits x log(share), log(1 - share), and
        (p visits + q) / (scale + total). total is visits x mean bill, share is total / (scale + total)."""


def fit_spending(clients: Iterable[Spending]) -> GammaGamma:
    """The model of greatest likelihood. ValueError without a client, and for a bill that is not above 0."""
    return fit_bills(ListedBills(clients))


def fit_bills(base: BillSums) -> GammaGamma:
    """The model of greatest likelihood. ValueError without a client."""
    likelihood = _SpendingLikelihood(base)
    found = minimum(likelihood.negative_mean, (1.0, 1.0, 1.0), TOLERANCE)
    p, q, scale = map(exp, found.point)
    return GammaGamma(
        p=p,
        q=q,
        scale=scale * base.mean,
        log_likelihood=-found.value * likelihood.clients,
        clients=likelihood.clients,
        converged=found.converged and q > 1,
    )


def expected_spend(model: GammaGamma, visits: int, mean: float) -> float:
    """The expected bill of a client's next visit; with visits 0 that of a client of whom nothing is known."""
    return (model.scale + visits * mean) * model.p / (model.p * visits + model.q - 1)


class ListedBills:
    """Bills in memory, as `BillSums`. ValueError for a bill that is not above 0."""

    def __init__(self, clients: Iterable[Spending]) -> None:
        self._clients = Counter(clients)
        if any(visits < 1 or not mean > 0 for visits, mean in self._clients):
            raise ValueError("a bill is above 0")
        self.clients_by_visits: Mapping[int, int] = Counter()
        self.mean = self.logs = 0.0
        for (visits, mean), count in self._clients.items():
            self.clients_by_visits[visits] += count
            self.mean += count * mean / self._clients.total()
            self.logs += count * log(mean)

    def of_spent(self, p: float, q: float, scale: float) -> tuple[float, float, float, float]:
        by_p = by_q = inverses = 0.0
        for (visits, mean), count in self._clients.items():
            total = visits * mean
            by_p += count * visits * log(total / (scale + total))
            by_q += count * log(scale / (scale + total))
            inverses += count * (p * visits + q) / (scale + total)
        return p * by_p + q * by_q, by_p, by_q, inverses


class _SpendingLikelihood:
    """The unit of bills is their mean, so that the parameters are near 1."""

    def __init__(self, base: BillSums) -> None:
        self._base, self.clients = base, sum(base.clients_by_visits.values())
        if not self.clients:
            raise ValueError("no client with a bill")

    def negative_mean(self, logs: Sequence[float]) -> tuple[float, list[float]]:
        """- log-likelihood / clients, and its gradient, at the logarithms of p, q, scale / mean bill."""
        p, q, scale = map(exp, logs)
        scale *= self._base.mean
        value, by_p, by_q, inverses = self._base.of_spent(p, q, scale)
        value -= self._base.logs + self.clients * lgamma(q)
        by_q -= self.clients * digamma(q)
        by_scale = self.clients * q / scale - inverses
        for visits, count in self._base.clients_by_visits.items():
            value += count * (lgamma(p * visits + q) - lgamma(p * visits))
            both = digamma(p * visits + q)
            by_p += count * visits * (both - digamma(p * visits))
            by_q += count * both
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
