"""What polls of the sites' APIs have in common: a page that was not told, and a body made of a record."""

import json
from typing import Any

from chalicelib.booking_sites.site_api import ApiAnswer, refusal
from chalicelib.services.bookings.site_steps import StepOutcome
from chalicelib.services.intake.booking_site import AskedOutcome, SiteChanges


def without_page(answer: ApiAnswer) -> SiteChanges:
    """For an answer without a page."""
    if answer.is_done:
        return SiteChanges(AskedOutcome.LATER, reason="its answer is none of its API")
    refused = refusal(answer)
    is_refused = refused.outcome is StepOutcome.TOKEN_REFUSED
    outcome = AskedOutcome.TOKEN_REFUSED if is_refused else AskedOutcome.LATER
    return SiteChanges(outcome, reason=refused.reason, wait=refused.wait)


def as_body(value: Any) -> bytes:
    """The value as a webhook's body: the same bytes for the same value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(
        "utf-8", "replace"
    )
