"""Write-back: what a client did here is done on the booking's site, too, by the site's API or by the desk."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace


class SiteStep(StrEnum):
    """What is to be done with a booking on its site."""

    CONFIRM = "confirm"
    CANCEL = "cancel"


STEPS_OF_SITES: Mapping[str, frozenset[SiteStep]] = {
    "yclients": frozenset(SiteStep),
    "altegio": frozenset(SiteStep),
    "square": frozenset({SiteStep.CANCEL}),
    "calcom": frozenset({SiteStep.CANCEL}),
    "standard": frozenset({SiteStep.CANCEL}),
}
"""The steps that a site has a word for. What Square and Cal.com call confirmed is the salon's acceptance, and
not the client's word."""

REPORTED_AS: Mapping[SiteStep, frozenset[str]] = {
    SiteStep.CONFIRM: frozenset({"confirmed", "completed"}),
    SiteStep.CANCEL: frozenset({"cancelled", "no_show"}),
}
"""The statuses by which a site says that a step was taken there."""

_WAITS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
"""How long after each try that failed the next one follows. After the last one, the desk is told."""
MAX_TRIES = len(_WAITS) + 1


class WriteBack(Struct, frozen=True):
    """A step that the site's API has not taken yet.

    at      when the client did so here.
    due_at  when the site is asked next.
    tries   how often it was asked, and could not say.
    """

    step: SiteStep
    at: datetime
    due_at: datetime
    tries: int = 0


def after_try(write_back: WriteBack, now: datetime, wait: timedelta, until: datetime) -> WriteBack | None:
    """The write-back after one more try that failed. wait: the least time until the next one, as the site
    wishes. None: there is no next try, since there were MAX_TRIES, or the next one would come after `until`.
    """
    if write_back.tries >= len(_WAITS):
        return None
    due_at = now + max(_WAITS[write_back.tries], wait)
    return replace(write_back, due_at=due_at, tries=write_back.tries + 1) if due_at < until else None
