"""The API of YCLIENTS and Altegio: a record is deleted, or marked as confirmed.

https://developers.yclients.com: the header names the partner's token and the user's. A record is changed only
as a whole, so that it is read first, and sent back with another `attendance`.
"""

from collections.abc import Collection
from typing import Any

from chalicelib.booking_sites.site_api import NOT_THERE, TAKEN, ApiAnswer, SiteApi, in_object, refusal
from chalicelib.domain.bookings.write_back import SiteStep
from chalicelib.services.bookings.site_steps import StepAnswer, StepOnSite, StepOutcome

MEDIA_TYPE = "application/vnd.api.v2+json"
CAME, CONFIRMED, MISSED = 1, 2, -1
CONFLICT = 409
_SAME_DIGITS = 8
"""How many digits at the end make two phones the same, with and without the country's code."""
_KEPT = ("staff_id", "comment", "custom_color", "custom_fields", "api_id", "activity_id", "seance_length")
"""What a changed record keeps under the same name."""
_OF_SERVICE = ("id", "first_cost", "discount", "cost", "amount")
_OF_CLIENT = ("phone", "name", "email")


def authorization(token: str) -> str:
    """The header's value. token: the partner's token and the user's, with a comma between."""
    partner, _, user = (part.strip() for part in token.partition(","))
    return f"Bearer {partner}, User {user}"


def take_step(api: SiteApi, step: StepOnSite) -> StepAnswer:
    """Raises OSError where there is no answer."""
    if step.location is None:
        return StepAnswer(StepOutcome.REFUSED, "the company is not known")
    path = f"/api/v1/record/{step.location}/{step.external_id}"
    headers = {"Authorization": authorization(step.token), "Accept": MEDIA_TYPE}
    answer = _taken_once(api, step, path, headers)
    if answer.status == CONFLICT:  # it was changed meanwhile
        answer = _taken_once(api, step, path, headers)
    return TAKEN if answer.is_done or answer.status in NOT_THERE else refusal(answer)


def _taken_once(api: SiteApi, step: StepOnSite, path: str, headers: dict[str, str]) -> ApiAnswer:
    """The answer to the step; to the reading, where that says enough."""
    read = api("GET", path, headers)
    record = in_object(read.body, "data")
    if not read.is_done or in_object(record, "deleted"):
        return read
    if not isinstance(record, dict):
        return ApiAnswer(502)
    if not _is_of(step.contacts, record):
        return ApiAnswer(422)
    attendance = record.get("attendance", record.get("visit_attendance"))
    if step.step is SiteStep.CANCEL:
        return ApiAnswer(422) if attendance == CAME else api("DELETE", path, headers)
    if attendance in (CONFIRMED, CAME):
        return read
    return ApiAnswer(422) if attendance == MISSED else api("PUT", path, headers, _confirmed(record))


def _is_of(contacts: Collection[str], record: dict[str, Any]) -> bool:
    """Whether the site itself has the client's phone or e-mail in the record. A webhook that proves nothing
    may have named another client's record."""
    phone = "".join(filter(str.isdigit, str(in_object(record, "client", "phone") or "")))
    email = str(in_object(record, "client", "email") or "").strip().lower()
    ends = [each[-_SAME_DIGITS:] for each in contacts if "@" not in each]
    is_same_phone = any(phone.endswith(end) and len(end) == _SAME_DIGITS for end in ends)
    return is_same_phone or (email != "" and email in contacts)


def _confirmed(record: dict[str, Any]) -> dict[str, Any]:
    """The record as it is changed: all that it was, and confirmed. Its time may be taken twice, as the salon
    wished; the site sends the client no message."""
    services = record.get("services") or []
    client = record.get("client") or {}
    labels = record.get("record_labels")
    changed = {name: record[name] for name in _KEPT if record.get(name) is not None}
    if isinstance(labels, list):
        changed["record_labels"] = [each["id"] for each in labels if isinstance(each, dict) and "id" in each]
    for name, read_as in (("sms_remain_hours", "sms_before"), ("email_remain_hours", "email_before")):
        if record.get(read_as) is not None:
            changed[name] = record[read_as]
    return {
        **changed,
        "services": [{name: each[name] for name in _OF_SERVICE if name in each} for each in services],
        "client": {name: client[name] for name in _OF_CLIENT if client.get(name) is not None},
        "datetime": record.get("datetime") or record.get("date"),
        "save_if_busy": True,
        "send_sms": False,
        "attendance": CONFIRMED,
    }
