"""Write-back: what a client did here is done on the booking's site, too, by the site's API or by the desk."""

from collections.abc import Mapping
from enum import StrEnum


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
