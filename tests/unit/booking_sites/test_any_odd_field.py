"""Whatever stands in one field of a proper webhook, the booking or client is taken in, unless it is a field
without which the event has no meaning."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.booking_sites import ADAPTERS
from chalicelib.domain.intake.site_events import BookingReported, ClientReported, Ignored, SiteContext
from tests.profile import tries
from tests.unit.booking_sites.samples import (
    CONTEXT,
    SQUARE_BOOKING,
    SQUARE_CUSTOMER,
    YCLIENTS_CLIENT,
    YCLIENTS_RECORD,
    changed,
)
from tests.unit.booking_sites.test_hostile_input import places, values

RECEIVED = datetime(2026, 3, 20, 8, 0, 5, tzinfo=UTC)
UPDATED_RECORD = changed(YCLIENTS_RECORD, status="update")
UPDATED_BOOKING = changed(SQUARE_BOOKING, type="booking.updated", data__object__booking__version=4)

NEEDED = {
    "yclients record": {("company_id",), ("resource",), ("data",), ("data", "id")},
    "yclients client": {("company_id",), ("resource",), ("resource_id",), ("data",)},
    "square booking": {
        ("type",), ("data",), ("data", "object"), ("data", "object", "booking"),
        ("data", "object", "booking", "id"),
    },
    "square customer": {
        ("type",), ("data",), ("data", "object"), ("data", "object", "customer"),
        ("data", "object", "customer", "id"),
    },
}  # fmt: skip
SAMPLES: dict[str, tuple[str, dict[str, Any], str]] = {
    "yclients record": ("yclients", UPDATED_RECORD, "880001"),
    "yclients client": ("yclients", YCLIENTS_CLIENT, "90210"),
    "square booking": ("square", UPDATED_BOOKING, "bk7f3"),
    "square customer": ("square", SQUARE_CUSTOMER, "CUSTOMER1"),
}
"""Sort of event -> site, a proper webhook, and the site's id in it."""


@pytest.mark.parametrize("sort", SAMPLES)
@tries(150)
@given(data=st.data())
def test_one_odd_field_loses_nothing(sort: str, data: st.DataObject):
    site, proper, external_id = SAMPLES[sort]
    message = deepcopy(proper)
    optional = [place for place in places(message) if place not in NEEDED[sort]]
    *path, last = data.draw(st.sampled_from(optional))
    place: Any = message
    for step in path:
        place = place[step]
    place[last] = data.draw(values)
    context = SiteContext(url=CONTEXT.url, received_at=RECEIVED)
    (event,) = ADAPTERS[site].normalise(json.dumps(message).encode(), context)
    if isinstance(event, Ignored):  # Square: a change that waits for the seller, without its version
        assert event.reason == "awaiting_acceptance"
        return
    assert isinstance(event, BookingReported | ClientReported)
    assert event.external_id == external_id
