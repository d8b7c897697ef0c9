"""The API of Square: a booking is cancelled at the version that was read.

https://developer.squareup.com/reference/square/bookings-api: seller-level permissions (APPOINTMENTS_ALL_READ,
APPOINTMENTS_ALL_WRITE and APPOINTMENTS_WRITE), and the plans of Appointments that allow them.
"""

from chalicelib.booking_sites.site_api import NOT_THERE, TAKEN, ApiAnswer, SiteApi, in_object, refusal
from chalicelib.domain.bookings.write_back import SiteStep
from chalicelib.services.bookings.site_steps import StepAnswer, StepOnSite, StepOutcome

SQUARE_VERSION = "2024-12-18"
CLOSED = frozenset({"CANCELLED_BY_CUSTOMER", "CANCELLED_BY_SELLER", "DECLINED", "NO_SHOW"})
_CHANGED = frozenset({400, 409, 412})
"""What Square answers where the booking has another version, or another status, than the request supposes."""


def take_step(api: SiteApi, step: StepOnSite) -> StepAnswer:
    """Raises OSError where there is no answer."""
    if step.step is not SiteStep.CANCEL:
        return StepAnswer(StepOutcome.REFUSED, "it has no word for that")
    answer = _cancelled_once(api, step)
    if answer.status in _CHANGED:
        answer = _cancelled_once(api, step)
    return TAKEN if answer.is_done or answer.status in NOT_THERE else refusal(answer)


def _cancelled_once(api: SiteApi, step: StepOnSite) -> ApiAnswer:
    path = f"/v2/bookings/{step.external_id}"
    headers = {"Authorization": f"Bearer {step.token}", "Square-Version": SQUARE_VERSION}
    read = api("GET", path, headers)
    booking = in_object(read.body, "booking")
    if not read.is_done or in_object(booking, "status") in CLOSED:
        return read
    version = in_object(booking, "version")
    if not isinstance(version, int):
        return ApiAnswer(502)
    content = {"idempotency_key": f"{step.key}-{version}", "booking_version": version}
    return api("POST", f"{path}/cancel", headers, content)
