"""Square: versions, customers told of apart from bookings, and a signature over the address and the body."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from chalicelib.booking_sites import ADAPTERS
from chalicelib.domain.clients.birthdays import YEARLESS
from chalicelib.domain.intake.site_events import (
    BadSignature,
    BookingReported,
    ClientReported,
    Ignored,
    SiteClient,
    SiteContext,
    SiteLine,
    SiteStatus,
    WebhookNotUnderstood,
    guard,
)
from tests.unit.booking_sites.samples import (
    CONTEXT,
    SQUARE_BOOKING,
    SQUARE_CUSTOMER,
    SQUARE_LOYALTY,
    body,
    changed,
    without,
)

SITE = ADAPTERS["square"]
NOW = datetime(2026, 3, 20, 8, tzinfo=UTC)


def reported(message: Any, **settings: str) -> Any:
    (event,) = SITE.normalise(body(message), SiteContext(url=CONTEXT.url, settings=settings))
    return event


def booking(**changes: Any) -> dict[str, Any]:
    return changed(
        SQUARE_BOOKING, **{f"data__object__booking__{name}": value for name, value in changes.items()}
    )


def customer(**changes: Any) -> dict[str, Any]:
    return changed(
        SQUARE_CUSTOMER, **{f"data__object__customer__{name}": value for name, value in changes.items()}
    )


def test_a_booking_has_a_line_for_each_segment_and_a_client_known_by_id():
    assert reported(SQUARE_BOOKING) == BookingReported(
        external_id="bk7f3",
        guard=guard(version=0),
        status=SiteStatus.BOOKED,
        starts_at=datetime(2026, 3, 28, 15, tzinfo=UTC),
        salon_external_id="LDOWNTOWN",
        client=SiteClient(external_id="CUSTOMER1"),
        lines=(
            SiteLine(service_id="CUT", staff_id="TM-1", minutes=30),
            SiteLine(service_id="COLOUR", staff_id="TM-2", minutes=45),
        ),
        note="by the window",
        minutes=75,
        occurred_at=datetime(2026, 3, 20, 8, 0, 0, 123457, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("ACCEPTED", SiteStatus.BOOKED),
        ("DECLINED", SiteStatus.CANCELLED),
        ("CANCELLED_BY_CUSTOMER", SiteStatus.CANCELLED),
        ("CANCELLED_BY_SELLER", SiteStatus.CANCELLED),
        ("NO_SHOW", SiteStatus.NO_SHOW),
    ],
)
def test_each_status_of_square_has_one_of_ours(sent: str, status: SiteStatus):
    assert reported(booking(status=sent)).status is status


def test_a_new_request_is_no_booking_until_the_seller_accepts_it():
    assert reported(booking(status="PENDING")) == Ignored("awaiting_acceptance")


def test_a_booking_that_is_to_be_accepted_anew_is_being_moved():
    assert reported(booking(status="PENDING", version=2)).status is SiteStatus.MOVING


@pytest.mark.parametrize("nobody", [None, ""])
def test_a_booking_without_a_customer_is_anonymous(nobody: str | None):
    event = reported(booking(customer_id=nobody))
    assert event.anonymous
    assert event.client is None


def test_a_customer_is_told_with_name_phone_and_birthday():
    assert reported(SQUARE_CUSTOMER) == ClientReported(
        external_id="CUSTOMER1",
        guard=guard(version=0),
        client=SiteClient(
            "CUSTOMER1",
            "Dora Quill",
            "+12025550143",
            "dora@example.com",
            birth_date=date(1984, 7, 9),
            opted_out=(),
        ),
    )


@pytest.mark.parametrize(
    ("birthday", "birth_date"),
    [
        ("0000-02-29", date(YEARLESS, 2, 29)),
        ("1998-09-01T00:00:00-00:00", date(1998, 9, 1)),
        ("1998-02-30", None),
        ("0000-09-01T00:00:00-00:00", date(YEARLESS, 9, 1)),
        ("12-05", date(YEARLESS, 12, 5)),
        ("1900-12-05", date(YEARLESS, 12, 5)),
        ("", None),
        (None, None),
    ],
)
def test_a_birthday_may_lack_its_year_or_be_none(birthday: str | None, birth_date: date | None):
    assert reported(customer(birthday=birthday)).client.birth_date == birth_date


def test_a_nickname_or_a_company_serves_as_a_name():
    assert reported(customer(given_name=None, family_name="", nickname="Dee")).client.name == "Dee"
    assert (
        reported(customer(given_name=None, family_name=None, company_name="Quill Ltd")).client.name
        == "Quill Ltd"
    )


def test_a_deletion_is_newer_than_the_change_whose_version_it_bears():
    deleted = reported(changed(customer(version=4), type="customer.deleted", data__deleted=True))
    assert deleted.deleted
    assert deleted.guard > reported(changed(customer(version=4), type="customer.updated")).guard
    assert deleted.guard < reported(changed(customer(version=5), type="customer.updated")).guard


def test_a_merge_is_told_by_the_customer_who_stays():
    merge = {"merge": {"from_customer_ids": ["OLD1", "CUSTOMER1"], "to_customer_id": "CUSTOMER1"}}
    assert reported(changed(SQUARE_CUSTOMER, data__object__event_context=merge)).merged_from == ("OLD1",)
    gone = changed(SQUARE_CUSTOMER, type="customer.deleted", data__object__event_context=merge)
    assert reported(gone) == Ignored("merged", "CUSTOMER1")


def test_a_loyalty_account_tells_a_phone_but_never_against_the_customers_own_record():
    event = reported(SQUARE_LOYALTY)
    assert event.client == SiteClient(external_id="CUSTOMER1", phone="+12025550143")
    assert event.guard < reported(SQUARE_CUSTOMER).guard
    account = "data__object__loyalty_account__"
    assert reported(without(SQUARE_LOYALTY, f"{account}mapping")) == Ignored(
        "not_used", "loyalty.account.created"
    )
    assert reported(without(SQUARE_LOYALTY, f"{account}customer_id")) == Ignored(
        "not_used", "loyalty.account.created"
    )


@pytest.mark.parametrize("kind", ["payment.updated", "team_member.updated", "of.tomorrow"])
def test_what_is_not_needed_is_ignored_by_name(kind: str):
    assert reported({"type": kind, "data": 5}) == Ignored("not_used", kind)


def test_the_consoles_test_is_ignored():
    assert reported({"type": "webhooks.test_notification"}) == Ignored("test_notification")


def test_an_event_of_another_merchant_is_quarantined():
    assert reported(SQUARE_BOOKING, merchant_id="MSALON1").external_id == "bk7f3"
    with pytest.raises(WebhookNotUnderstood) as error:
        reported(SQUARE_BOOKING, merchant_id="MSALON2")
    assert error.value.code == "WRONG_COMPANY"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": None}, "id"),
        ({"id": ""}, "id"),
        ({"start_at": "2026-03-28T15:00:00"}, "start_at"),
        ({"start_at": "0001-01-01T00:00:00Z"}, "start_at"),
    ],
)
def test_what_leaves_a_booking_without_meaning_is_refused_and_named(changes: dict[str, Any], field: str):
    with pytest.raises(WebhookNotUnderstood) as error:
        reported(booking(**changes))
    assert error.value.code == "INVALID_FIELD"
    assert f"`$.data.object.booking.{field}`" in error.value.message.replace("[...]", "[0]")


def test_a_delivery_is_known_by_its_event_id():
    delivery = SITE.identify(body(SQUARE_BOOKING), {})
    assert delivery.dedupe_key == SQUARE_BOOKING["event_id"]
    assert delivery.occurred_at == datetime(2026, 3, 20, 8, 0, 0, 123457, tzinfo=UTC)


# Vectors of Square's own SDKs: square/square-python-sdk tests/integration/test_webhooks_helper.py and
# square/square-nodejs-sdk tests/integration/webhooks.test.ts (key, address, body, base64 digest).
VECTORS = [
    (
        "Ibxx_5AKakO-3qeNVR61Dw",
        "https://webhook.site/679a4f3a-dcfa-49ee-bac5-9d0edad886b9",
        b'{"merchant_id":"MLEFBHHSJGVHD","type":"webhooks.test_notification",'
        b'"event_id":"ac3ac95b-f97d-458c-a6e6-18981597e05f","created_at":"2022-07-13T20:30:59.037339943Z",'
        b'"data":{"type":"webhooks","id":"bc368e64-01aa-407e-b46e-3231809b1129"}}',
        "GF4YkrJgGBDZ9NIYbNXBnMzqb2HoL4RW/S6vkZ9/2N4=",
    ),
    (
        "signature-key",
        "https://webhook.site/webhooks",
        b'{"data":{"type":"webhooks","id":">id<"}}',
        "Cxt7+aTi4rKgcA0bC4g9EHdVtLSDWdqccmL5MvihU4U=",
    ),
    (
        "signature-key",
        "https://webhook.site/webhooks",
        b'{"data":{"type":"webhooks","id":"fake_id"}}',
        "W3FlCNk5IA3ZQ2LHTWoajvzfaDu/OwY2tNHIHC3IUOA=",
    ),
]


@pytest.mark.parametrize(("key", "url", "raw", "digest"), VECTORS)
@pytest.mark.parametrize("header", ["x-square-hmacsha256-signature", "X-Square-HmacSha256-Signature"])
def test_squares_own_vectors_verify(key: str, url: str, raw: bytes, digest: str, header: str):
    SITE.verify(raw, {header: digest}, SiteContext(url=url, secret=key), NOW)


@pytest.mark.parametrize(
    ("changes", "raw", "digest"),
    [
        ({"url": "https://webhook.site/other"}, VECTORS[1][2], VECTORS[1][3]),
        ({"secret": "another-key"}, VECTORS[1][2], VECTORS[1][3]),
        ({"secret": ""}, VECTORS[1][2], VECTORS[1][3]),
        ({"secret": None}, VECTORS[1][2], VECTORS[1][3]),
        ({"url": ""}, VECTORS[1][2], VECTORS[1][3]),
        ({}, VECTORS[1][2].replace(b"id<", b"id>"), VECTORS[1][3]),
        ({}, b"", VECTORS[1][3]),
        ({}, VECTORS[1][2], "1z2n3DEJJiUPKcPzQo1ftvbxGdw="),
        ({}, VECTORS[1][2], "подпись"),
        ({}, VECTORS[1][2], ""),
    ],
)
def test_anything_else_is_a_bad_signature(changes: dict[str, Any], raw: bytes, digest: str):
    given = {"url": VECTORS[1][1], "secret": VECTORS[1][0]} | changes
    with pytest.raises(BadSignature):
        SITE.verify(raw, {"x-square-hmacsha256-signature": digest}, SiteContext(**given), NOW)


# --- odd fields


BOOKING = "$.data.object.booking"


def noted(message: dict[str, Any]) -> tuple[Any, list[str]]:
    """The event, and the paths of the fields that were left out."""
    event = reported(message)
    return event, [note.partition(":")[0] for note in event.odd]


@pytest.mark.parametrize("version", ["1", -1, 10**19, None])
def test_a_booking_without_a_usable_version_is_ordered_by_its_time(version: object):
    event, odd = noted(booking(version=version))
    assert event.guard.startswith("t2026-03-20T08:00:00.12345")
    assert event.guard < reported(booking(version=0)).guard
    assert f"{BOOKING}.version" in odd


def test_a_status_that_nobody_knows_says_nothing_of_the_status():
    event, odd = noted(booking(status="RESCHEDULED"))
    assert event.status is None
    assert odd == [f"{BOOKING}.status"]


def test_a_change_without_a_usable_start_reports_the_rest():
    event, odd = noted(changed(booking(start_at="soon", version=3), type="booking.updated"))
    assert event.starts_at is None
    assert event.lines
    assert odd == [f"{BOOKING}.start_at"]


def test_an_odd_length_is_left_out_and_the_segment_stays():
    segment = {"duration_minutes": 1e9, "service_variation_id": "CUT"}
    event, odd = noted(booking(appointment_segments=[segment]))
    assert [(line.service_id, line.minutes) for line in event.lines] == [("CUT", None)]
    assert odd == [f"{BOOKING}.appointment_segments[0].duration_minutes"]


def test_a_customers_id_of_another_type_is_not_taken_for_nobody():
    event, odd = noted(booking(customer_id=["CUSTOMER1"]))
    assert not event.anonymous
    assert odd == [f"{BOOKING}.customer_id"]


def test_a_booking_of_nobody_and_nothing_is_a_block_in_the_calendar():
    assert reported(booking(customer_id=None, appointment_segments=[])).not_booking == "calendar_block"
    assert reported(booking(customer_id=None)).not_booking is None
    assert reported(booking(appointment_segments=[])).not_booking is None


@pytest.mark.parametrize(
    ("preferences", "opted_out"),
    [
        ({"email_unsubscribed": True}, (("email", "marketing"),)),
        ({"email_unsubscribed": False}, ()),
        ({}, None),
        (None, None),
        ([], None),
    ],
)
def test_who_unsubscribed_from_mails_gets_no_marketing_mails(preferences: object, opted_out: object):
    assert reported(customer(preferences=preferences)).client.opted_out == opted_out


def test_a_customer_with_odd_fields_is_still_reported():
    event, odd = noted(customer(phone_number=5, birthday=0, email_address=["x"]))
    assert event.client == SiteClient("CUSTOMER1", "Dora Quill", opted_out=())
    assert odd == [
        f"$.data.object.customer.{field}" for field in ("phone_number", "email_address", "birthday")
    ]
