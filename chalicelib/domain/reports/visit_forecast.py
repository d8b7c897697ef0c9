"""How many visits clients will make: by BG/NBD where visits come at random, and else by each client's own
rhythm. No forecast is given that the last year would have proved worse than "as many visits as last year"
(docs/metrics.md, "Value")."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from msgspec import Struct

from chalicelib.domain.statistics.regularity import FEWEST, REGULAR

BG_NBD, OWN_RHYTHM = "bg_nbd", "own_rhythm"
TOO_FEW_CLIENTS, TOO_REGULAR = "too_few_clients", "too_regular"
NOT_CONVERGED, WORSE = "not_converged", "worse_than_last_year"

AHEAD_DAYS = 365
"""The days that are foretold, which begin after today. The days before them of the same number prove a
method."""

_NOTHING_FOUND = MappingProxyType({BG_NBD: NOT_CONVERGED, OWN_RHYTHM: TOO_FEW_CLIENTS})
"""The own rhythm needs clients who were known a year before those whom it foretells."""

Parameters = Mapping[str, float]
"""What a fitted model has; own_rhythm has none."""


class Trial(Struct, frozen=True):
    """How a method would have done a year ago, against the visits since.

    error            root of the mean squared difference between a client's foretold and real visits.
    last_year_error  the same of "as many visits as in the year before".
    foretold, real   visits of all clients together.
    """

    error: float
    last_year_error: float
    foretold: float
    real: int


class VisitBase(Protocol):
    """Clients and the local dates of their visits until today. They may lie in a database."""

    @property
    def regularity(self) -> float | None:
        """See regularity.py; None below 30 clients with three visits."""

    @property
    def known_a_year_ago(self) -> int:
        """The clients who had come by then."""

    def foretell(self, method: str, years_ago: int) -> Parameters | None:
        """Foretells the year after the day that is so many years before today, of each client who had come
        by then, from what was known on that day. None: the method found nothing."""

    def trial(self) -> Trial:
        """What was foretold a year ago, against what has come."""


class TriedMethod(Struct, frozen=True, kw_only=True):
    """A method, and its trial, None where there was none.

    refused  why its forecast is not given: too_few_clients, too_regular, not_converged or
             worse_than_last_year. None: it is given.
    """

    method: str
    refused: str | None = None
    trial: Trial | None = None


class VisitForecast(Struct, frozen=True, kw_only=True):
    """The method that the base now has the forecast of: bg_nbd or own_rhythm; None: no method is good
    enough."""

    method: str | None
    parameters: Parameters
    tried: tuple[TriedMethod, ...]


def forecast(base: VisitBase) -> VisitForecast:
    """Has the base foretell the year after today, by the first method that proves itself."""
    tried: list[TriedMethod] = []
    for method in (BG_NBD, OWN_RHYTHM):
        found = _tried(base, method)
        if found.refused is None:
            parameters = base.foretell(method, 0)
            if parameters is not None:
                return VisitForecast(method=method, parameters=parameters, tried=(*tried, found))
            found = TriedMethod(method=method, refused=_NOTHING_FOUND[method], trial=found.trial)
        tried.append(found)
    return VisitForecast(method=None, parameters={}, tried=tuple(tried))


def _tried(base: VisitBase, method: str) -> TriedMethod:
    if method == BG_NBD and base.regularity is not None and base.regularity > REGULAR:
        return TriedMethod(method=method, refused=TOO_REGULAR)
    if base.known_a_year_ago < FEWEST:
        return TriedMethod(method=method, refused=TOO_FEW_CLIENTS)
    if base.foretell(method, 1) is None:
        return TriedMethod(method=method, refused=_NOTHING_FOUND[method])
    trial = base.trial()
    refused = WORSE if trial.error > trial.last_year_error else None
    return TriedMethod(method=method, refused=refused, trial=trial)
