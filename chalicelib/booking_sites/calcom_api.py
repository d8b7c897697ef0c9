"""The API of Cal.com: a booking is cancelled by its host's key.

https://cal.com/docs/api-reference/v2/bookings: the host must give a reason, which the attendee reads. One
date of a series is cancelled alone. A host's key cancels no single seat, so that seats are never asked for.
"""

from collections.abc import Callable
from typing import Any

from chalicelib.booking_sites.site_api import NOT_THERE, TAKEN, ApiAnswer, SiteApi, in_object, refusal
from chalicelib.domain.bookings.write_back import SiteStep
from chalicelib.services.bookings.site_steps import StepAnswer, StepOnSite, StepOutcome

API_VERSION = "2024-08-13"
CLOSED = frozenset({"cancelled", "rejected"})
_CHANGED = frozenset({400, 409})


def take_step(api: SiteApi, step: StepOnSite, reason_in: Callable[[str], str]) -> StepAnswer:
    """reason_in: why it is cancelled, in a language. Raises OSError where there is no answer."""
    if step.step is not SiteStep.CANCEL:
        return StepAnswer(StepOutcome.REFUSED, "it has no word for that")
    answer = _cancelled_once(api, step, reason_in(step.language))
    if answer.status in _CHANGED:
        answer = _cancelled_once(api, step, reason_in(step.language))
    return TAKEN if answer.is_done or answer.status in NOT_THERE else refusal(answer)


def _cancelled_once(api: SiteApi, step: StepOnSite, reason: str) -> ApiAnswer:
    path = f"/v2/bookings/{step.external_id}"
    headers = {"Authorization": f"Bearer {step.token}", "cal-api-version": API_VERSION}
    read = api("GET", path, headers)
    booking = in_object(read.body, "data")
    if not read.is_done or in_object(booking, "status") in CLOSED:
        return read
    if not isinstance(booking, dict) or _has_seats(booking):
        return ApiAnswer(422)  # a list is a whole series, and seats are several people
    return api("POST", f"{path}/cancel", headers, {"cancellationReason": reason})


def _has_seats(booking: dict[str, Any]) -> bool:
    people = booking.get("attendees") or []
    return bool(booking.get("seatsPerTimeSlot")) or any(in_object(each, "seatUid") for each in people)
