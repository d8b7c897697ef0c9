"""The canonical event of bridges: what a body of `booking.upserted` and of `client.upserted` comes to."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from chalicelib.booking_sites import ADAPTERS
from chalicelib.domain.clients.birthdays import YEARLESS
from chalicelib.domain.intake.site_events import (
    BookingReported,
    ClientReported,
    Ignored,
    SiteClient,
    SiteLine,
    SiteStatus,
    WebhookNotUnderstood,
    guard,
)
from tests.unit.booking_sites.samples import (
    CONTEXT,
    STANDARD_BOOKING,
    STANDARD_CLIENT,
    body,
    changed,
    without,
)

SITE = ADAPTERS["standard"]


def reported(message: Any) -> Any:
    (event,) = SITE.normalise(body(message), CONTEXT)
    return event


def booking(**changes: Any) -> dict[str, Any]:
    return changed(STANDARD_BOOKING, **{f"data__{name}": value for name, value in changes.items()})


def test_a_booking_is_told_in_full():
    assert reported(STANDARD_BOOKING) == BookingReported(
        external_id="b-1",
        guard=guard(version=3),
        status=SiteStatus.BOOKED,
        starts_at=datetime(2026, 3, 28, 12, 30, tzinfo=UTC),
        salon_external_id="centre",
        client=SiteClient("c-1", "Olga Rusu", "069 123 456", "olga@example.com"),
        lines=(
            SiteLine("Manicure", "Manicure", "Irina", "Irina", minutes=60, price_minor=35000),
            SiteLine("gel-polish", "gel-polish", minutes=30),
        ),
        currency="MDL",
        minutes=90,
        zone="Europe/Chisinau",
        occurred_at=datetime(2026, 3, 20, 8, 0, tzinfo=UTC),
    )


def test_ids_beside_the_names_are_the_senders_own():
    lines = [{"service": "Manicure", "service_id": 901, "staff": "Irina", "staff_id": "31"}]
    assert reported(booking(lines=lines)).lines == (SiteLine("901", "Manicure", "31", "Irina"),)


@pytest.mark.parametrize(
    ("starts_at", "timezone", "expected"),
    [
        ("2026-03-28T14:30:00+02:00", None, datetime(2026, 3, 28, 12, 30, tzinfo=UTC)),
        ("2026-03-28T14:30:00Z", "Europe/Chisinau", datetime(2026, 3, 28, 14, 30, tzinfo=UTC)),
        ("2026-07-28T14:30:00", "Europe/Chisinau", datetime(2026, 7, 28, 11, 30, tzinfo=UTC)),
        ("2026-03-28T14:30:00", None, datetime(2026, 3, 28, 14, 30)),  # noqa: DTZ001 - left to the salon's zone
    ],
)
def test_a_start_has_an_offset_a_zone_or_the_salons_zone(
    starts_at: str, timezone: str | None, expected: datetime
):
    event = reported(booking(starts_at=starts_at, timezone=timezone))
    assert event.starts_at == expected
    assert (event.starts_at.tzinfo is None) == (expected.tzinfo is None)


@pytest.mark.parametrize("timezone", ["Europe/Nowhere", "../etc/passwd", "Europe", "\x00", "x" * 200])
def test_an_unknown_zone_is_refused(timezone: str):
    with pytest.raises(WebhookNotUnderstood) as error:
        reported(booking(timezone=timezone))
    assert error.value.code == "UNKNOWN_TIMEZONE"


@pytest.mark.parametrize("status", ["booked", "confirmed"])
def test_attendance_refines_the_status_of_an_open_booking(status: str):
    assert reported(booking(status=status, attendance="arrived")).status is SiteStatus.COMPLETED
    assert reported(booking(status=status, attendance="no_show")).status is SiteStatus.NO_SHOW
    assert reported(booking(status=status, attendance="unknown")).status == status


def test_a_closed_booking_stays_what_its_status_says():
    assert reported(booking(status="cancelled", attendance="arrived")).status is SiteStatus.CANCELLED


@pytest.mark.parametrize("status", ["cancelled", "no_show", "completed", "moving"])
def test_what_closes_a_booking_may_be_thin(status: str):
    thin = changed(STANDARD_BOOKING, data={"external_id": 7, "status": status})
    event = reported(thin)
    assert (event.external_id, event.status, event.partial, event.client) == ("7", status, True, None)
    assert not event.anonymous


@pytest.mark.parametrize("field", ["starts_at", "client", "lines"])
def test_what_opens_a_booking_must_describe_it(field: str):
    with pytest.raises(WebhookNotUnderstood) as error:
        reported(without(STANDARD_BOOKING, f"data__{field}"))
    assert f"`{field}`" in error.value.message


def test_a_booking_of_nobody_is_anonymous():
    assert reported(booking(client=None)).anonymous


def test_the_price_paid_has_the_currency_of_the_lines():
    event = reported(booking(status="completed", paid={"amount_minor": 30000, "currency": "MDL"}))
    assert (event.paid_minor, event.currency) == (30000, "MDL")
    with pytest.raises(WebhookNotUnderstood) as error:
        reported(booking(paid={"amount_minor": 30000, "currency": "EUR"}))
    assert error.value.code == "MIXED_CURRENCIES"


def test_a_move_names_the_booking_that_it_continues():
    assert reported(booking(moved_from="b-0")).moved_from == "b-0"
    assert reported(booking(moved_from="b-1")).moved_from is None


def test_without_a_version_the_timestamp_orders_but_never_against_a_version():
    timed = reported(without(STANDARD_BOOKING, "data__version"))
    assert timed.guard.startswith("t2026-03-20T08:00:00")
    assert timed.guard < reported(booking(version=0)).guard < reported(booking(version=10)).guard


def test_a_client_is_told_alone():
    event = reported(STANDARD_CLIENT)
    assert event == ClientReported(
        external_id="c-1",
        guard=event.guard,
        client=SiteClient("c-1", "Olga Rusu", "37369123456", birth_date=date(YEARLESS, 2, 29)),
    )
    assert event.guard.startswith("t2026-03-20T06:00:00")
    gone = reported(changed(STANDARD_CLIENT, data__deleted=True, data__merged_from=["c-0", "c-1"]))
    assert gone.deleted
    assert gone.merged_from == ("c-0",)


def test_another_type_is_ignored():
    message = {"type": "contact.created", "timestamp": "2026-03-20T08:00:00Z", "data": {"id": "1"}}
    assert reported(message) == Ignored("unknown_type", "contact.created")


def test_unknown_fields_are_tolerated():
    assert reported(booking(colour="red", client={"name": "Olga", "shoe_size": 38})).client == SiteClient(
        name="Olga"
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"status": "paid"}, "status"),
        ({"external_id": ""}, "external_id"),
        ({"external_id": None}, "external_id"),
        ({"starts_at": "2026-03-28"}, "starts_at"),
        ({"starts_at": 1774700000}, "starts_at"),
        ({"starts_at": "1066-10-14T09:00:00Z"}, "starts_at"),
        ({"client": "Olga"}, "client"),
        ({"lines": "Manicure"}, "lines"),
        ({"version": 10**30}, "version"),
        ({"salon": {"id": 1}}, "salon"),
        ({"moved_from": ["b-0"]}, "moved_from"),
    ],
)
def test_a_wrong_field_without_which_it_would_be_another_event_is_named(changes: dict[str, Any], field: str):
    with pytest.raises(WebhookNotUnderstood) as error:
        reported(booking(**changes))
    assert error.value.code == "INVALID_FIELD"
    assert f"`$.data.{field}`" in error.value.message


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"client": {"name": 5, "phone": "069123456"}}, "client.name"),
        ({"client": {"name": "Olga", "birth_date": 1990}}, "client.birth_date"),
        ({"lines": [{"service": "Manicure"}, {"staff": "Irina"}]}, "lines[1]"),
        ({"lines": [{"service": "x", "minutes": -1}]}, "lines[0].minutes"),
        ({"lines": [{"service": "x", "price": 350}]}, "lines[0].price"),
        ({"paid": {"amount_minor": 3.5, "currency": "MDL"}}, "paid"),
        ({"paid": {"amount_minor": 350, "currency": "lei"}}, "paid"),
        ({"attendance": "late"}, "attendance"),
        ({"note": ["by the window"]}, "note"),
        ({"source": 7}, "source"),
    ],
)
def test_any_other_odd_field_loses_no_booking_and_is_noted(changes: dict[str, Any], field: str):
    event = reported(booking(**changes))
    assert (event.external_id, event.status) == ("b-1", SiteStatus.BOOKED)
    assert [note.partition(":")[0] for note in event.odd if f"$.data.{field}" in note]


STARTS = {
    "2026-03-28T14:30:00": datetime(2026, 3, 28, 12, 30, tzinfo=UTC),
    "2026-03-28T14:30": datetime(2026, 3, 28, 12, 30, tzinfo=UTC),
    "2026-03-28 14:30:00": datetime(2026, 3, 28, 12, 30, tzinfo=UTC),
    "2026-03-28T143000": datetime(2026, 3, 28, 12, 30, tzinfo=UTC),
    "2026-03-28T14:30:00+02:00": datetime(2026, 3, 28, 12, 30, tzinfo=UTC),
    "2026-03-28T14:30:00+0200": datetime(2026, 3, 28, 12, 30, tzinfo=UTC),
    "2026-03-28T14:30:00+02": datetime(2026, 3, 28, 12, 30, tzinfo=UTC),
    "2026-03-28T12:30:00Z": datetime(2026, 3, 28, 12, 30, tzinfo=UTC),
    "2026-03-28T12:30:00-00:00": datetime(2026, 3, 28, 12, 30, tzinfo=UTC),
    "2026-03-28T12:30:00.1234567Z": datetime(2026, 3, 28, 12, 30, 0, 123456, tzinfo=UTC),
    "2026-03-27T24:00:00": datetime(2026, 3, 27, 22, tzinfo=UTC),
    "2026-12-31T23:59:60Z": datetime(2027, 1, 1, tzinfo=UTC),
    "2026-03-29T02:30:00": datetime(2026, 3, 29, 0, 30, tzinfo=UTC),  # the clock skips it
    "2026-10-25T02:30:00": datetime(2026, 10, 24, 23, 30, tzinfo=UTC),  # the clock shows it twice
}


@pytest.mark.parametrize("written", STARTS)
def test_a_start_is_read_in_every_form_that_tells_a_time(written: str):
    assert reported(booking(starts_at=written)).starts_at == STARTS[written]


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-28",
        "14:30",
        "2026-03-28T25:00:00",
        "2026-03-28T24:00:01",
        "2026-03-28T24:30:00",
        "2026-03-28T14:60:00",
        "2026-03-28T14:30:61",
        "2026-02-30T14:30:00",
        "2026-13-01T14:30:00",
        "2026-03-28T14:30:00+15:00",
        "2026-03-28T14:30:00+02:17",
        "2026-03-28T14:30:00 EET",
        "28.03.2026 14:30",
        "03/28/2026 2:30 PM",
        "2026-W13-6T14:30",
        "٢٠٢٦-03-28T14:30:00",
        "tomorrow at ten",
        "",
    ],
)
def test_no_time_is_guessed(written: str):
    with pytest.raises(WebhookNotUnderstood) as error:
        reported(booking(starts_at=written))
    assert (error.value.code, "`$.data.starts_at`" in error.value.message) == ("INVALID_FIELD", True)


def test_a_cancellation_needs_no_start_that_can_be_read():
    event = reported(booking(status="cancelled", starts_at="soon"))
    assert (event.status, event.starts_at, len(event.odd)) == (SiteStatus.CANCELLED, None, 1)


@pytest.mark.parametrize("zone", ["W. Europe Standard Time", "EST", "UTC+2", "Chisinau", "+02:00", "Mars/X"])
def test_a_zone_that_is_no_iana_name_is_not_guessed(zone: str):
    with pytest.raises(WebhookNotUnderstood) as error:
        reported(booking(timezone=zone))
    assert error.value.code == "UNKNOWN_TIMEZONE"


@pytest.mark.parametrize("zone", ["", "  ", None])
def test_a_blank_zone_is_none(zone: str | None):
    starts_at = reported(booking(timezone=zone)).starts_at
    assert (starts_at.isoformat(), starts_at.tzinfo) == ("2026-03-28T14:30:00", None)


def test_an_offset_beside_a_zone_is_told_along_unless_it_is_utc():
    assert reported(booking(starts_at="2026-03-28T14:30:00+05:00")).utc_offset == 300
    assert reported(booking(starts_at="2026-03-28T14:30:00Z")).utc_offset is None
    assert reported(booking(starts_at="2026-03-28T14:30:00+05:00", timezone=None)).utc_offset is None


@pytest.mark.parametrize("timestamp", ["yesterday", "2026-03-20T08:00:00", None, 1774000000])
def test_an_event_without_its_time_is_not_understood(timestamp: object):
    with pytest.raises(WebhookNotUnderstood) as error:
        reported(changed(STANDARD_BOOKING, timestamp=timestamp))
    assert "`$.timestamp`" in error.value.message


def test_a_delivery_is_known_by_its_id_whatever_the_case_of_the_header():
    delivery = SITE.identify(body(STANDARD_BOOKING), {"Webhook-Id": "msg_1"})
    assert delivery.dedupe_key == "msg_1"
    assert delivery.occurred_at == datetime(2026, 3, 20, 8, tzinfo=UTC)
    assert SITE.identify(b"\xff", {"webhook-id": "msg_1"}).occurred_at is None


def test_an_endless_id_makes_a_short_key():
    assert len(SITE.identify(b"{}", {"webhook-id": "я" * 9000}).dedupe_key) == 64
