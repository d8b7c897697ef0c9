"""What has changed at YCLIENTS or Altegio, by their API: a company's records, as their webhooks have them.

https://developers.yclients.com: `GET /api/v1/records/{company_id}` tells those that were made, changed or
deleted since `changed_after`, by the company's clock.
"""

from typing import Any
from urllib.parse import urlencode

from chalicelib.booking_sites.reported_changes import as_body, without_page
from chalicelib.booking_sites.site_api import SiteApi, in_object
from chalicelib.booking_sites.yclients_api import MEDIA_TYPE, authorization
from chalicelib.services.intake.booking_site import AskedOutcome, ChangesWanted, SiteChanges

RECORDS_OF_PAGE = 50


def changes(api: SiteApi, wanted: ChangesWanted) -> SiteChanges:
    """Raises OSError where there is no answer."""
    query = {
        "changed_after": wanted.since.isoformat(timespec="seconds"),
        "with_deleted": 1,
        "count": RECORDS_OF_PAGE,
        "page": wanted.page,
    }
    headers = {"Authorization": authorization(wanted.token), "Accept": MEDIA_TYPE}
    answer = api("GET", f"/api/v1/records/{wanted.location}?{urlencode(query)}", headers)
    records = in_object(answer.body, "data")
    if not answer.is_done or not isinstance(records, list):
        return without_page(answer)
    bodies = tuple(
        as_body(_webhook(wanted.location, each))
        for each in records
        if isinstance(each, dict) and each.get("id")
    )
    return SiteChanges(AskedOutcome.ANSWERED, bodies, is_last=len(records) < RECORDS_OF_PAGE)


def _webhook(company_id: str, record: dict[str, Any]) -> dict[str, Any]:
    return {
        "company_id": int(company_id) if company_id.isdigit() else company_id,
        "resource": "record",
        "resource_id": record["id"],
        "status": "delete" if record.get("deleted") else "update",
        "data": record,
    }
