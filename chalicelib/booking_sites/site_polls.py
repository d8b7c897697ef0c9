"""The polls of all booking sites, as one function. Everything is imported and made at the first call."""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from chalicelib.booking_sites.site_apis import BASES, REST_SECONDS
from chalicelib.domain.intake.site_polls import POLLED_SITES
from chalicelib.services.intake.booking_site import AskChanges, AskedOutcome, ChangesWanted, SiteChanges

if TYPE_CHECKING:
    from chalicelib.booking_sites.site_api import Patience, SiteApi

log = logging.getLogger(__name__)


def site_polls(
    bases: Mapping[str, str],
    clock: Callable[[], float] = time.monotonic,
    patience: "Patience | None" = None,
) -> AskChanges:
    """bases, clock, patience: as of `site_apis`."""
    rests: dict[str, float] = {}

    @cache
    def api_of(site: str) -> "SiteApi":
        from chalicelib.booking_sites.site_api import Patience, api_at

        return api_at(bases.get(site) or BASES[site], patience or Patience())

    def ask(wanted: ChangesWanted) -> SiteChanges:
        if wanted.site not in POLLED_SITES:
            return SiteChanges(AskedOutcome.LATER, reason="it is not polled")
        if not wanted.location.isascii() or (not wanted.location.isalnum() and wanted.location):
            return SiteChanges(AskedOutcome.LATER, reason="the company's id is none of the site's")
        now = clock()
        if now < rests.get(wanted.site, now):
            rest = timedelta(seconds=REST_SECONDS)
            return SiteChanges(AskedOutcome.LATER, reason="it did not answer just now", wait=rest)
        try:
            return _asked(api_of(wanted.site), wanted)
        except OSError as error:
            rests[wanted.site] = clock() + REST_SECONDS
            log.warning("a booking site did not answer: %s", error, extra={"site": wanted.site})
            return SiteChanges(AskedOutcome.LATER, reason=f"it did not answer: {error}")

    return ask


def _asked(api: "SiteApi", wanted: ChangesWanted) -> SiteChanges:
    from chalicelib.booking_sites import calcom_changes, yclients_changes

    if wanted.site == "calcom":
        return calcom_changes.changes(api, wanted)
    return yclients_changes.changes(api, wanted)
