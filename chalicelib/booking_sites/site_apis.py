"""The APIs of all booking sites, as one function. Everything is imported and made at the first call."""

import logging
import re
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from chalicelib.services.bookings.site_steps import StepAnswer, StepOnSite, StepOutcome, TakeStep

if TYPE_CHECKING:
    from chalicelib.booking_sites.site_api import ApiAnswer, Patience, SiteApi

log = logging.getLogger(__name__)

BASES: Mapping[str, str] = {
    "yclients": "https://api.yclients.com",
    "altegio": "https://api.alteg.io",
    "square": "https://connect.squareup.com",
    "calcom": "https://api.cal.com",
}
_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")
"""Ids become parts of addresses: nothing else may."""
BEGUN_SECONDS = 5
"""How long after a step began its last call may begin. With the patience of a call a step takes 13 seconds at
most: less than a worker has in reserve."""
REST_SECONDS = 60
"""How long a site is left alone that did not answer: what else waits in the shard shall not wait for it."""


def site_apis(
    bases: Mapping[str, str],
    reason_in: Callable[[str], str],
    clock: Callable[[], float] = time.monotonic,
    patience: "Patience | None" = None,
) -> TakeStep:
    """bases: in place of BASES, for sites that this deployment reaches elsewhere. reason_in: why a client's
    booking is cancelled, in a language. clock: in seconds."""
    rests: dict[str, float] = {}

    @cache
    def api_of(site: str) -> "SiteApi":
        from chalicelib.booking_sites.site_api import Patience, api_at

        return api_at(bases.get(site) or BASES[site], patience or Patience(connect=2, read=3, whole=5))

    def take_step(step: StepOnSite) -> StepAnswer:
        if step.site not in BASES:
            return StepAnswer(StepOutcome.REFUSED, "it has no API")
        if not all(map(_ID.fullmatch, filter(None, (step.external_id, step.location)))):
            return StepAnswer(StepOutcome.REFUSED, "the booking's id is none of the site's")
        now = clock()
        if now < rests.get(step.site, now):
            rest = timedelta(seconds=REST_SECONDS)
            return StepAnswer(StepOutcome.LATER, "it did not answer just now", rest)
        try:
            return _taken(_begun_within(BEGUN_SECONDS, api_of(step.site), clock), step, reason_in)
        except OSError as error:
            log.warning("a booking site did not answer: %s", error, extra={"site": step.site})
            rests[step.site] = clock() + REST_SECONDS
            return StepAnswer(StepOutcome.LATER, "it did not answer")

    return take_step


def _begun_within(seconds: float, api: "SiteApi", clock: Callable[[], float]) -> "SiteApi":
    """The API, of which no call begins later than that from now."""
    end = clock() + seconds

    def ask(method: str, path: str, headers: Mapping[str, str], content: Any = None) -> "ApiAnswer":
        if clock() > end:
            raise OSError("the site takes too long")
        return api(method, path, headers, content)

    return ask


def _taken(api: "SiteApi", step: StepOnSite, reason_in: Callable[[str], str]) -> StepAnswer:
    from chalicelib.booking_sites import calcom_api, square_api, yclients_api

    if step.site == "calcom":
        return calcom_api.take_step(api, step, reason_in)
    if step.site == "square":
        return square_api.take_step(api, step)
    return yclients_api.take_step(api, step)
