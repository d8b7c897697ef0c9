"""YCLIENTS and Altegio: the full record with each event, no signature, local times, types that vary."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from chalicelib.booking_sites import ADAPTERS
from chalicelib.domain.intake.site_events import (
    BookingReported,
    ClientReported,
    Ignored,
    SiteClient,
    SiteContext,
    SiteLine,
    SiteStatus,
    WebhookNotUnderstood,
)
from tests.unit.booking_sites.samples import CONTEXT, YCLIENTS_CLIENT, YCLIENTS_RECORD, body, changed, without

SITE = ADAPTERS["yclients"]


def reported(message: Any, **settings: str) -> Any:
    (event,) = SITE.normalise(body(message), SiteContext(url=CONTEXT.url, settings=settings))
    return event


def refusal(message: Any, **settings: str) -> WebhookNotUnderstood:
    with pytest.raises(WebhookNotUnderstood) as error:
        reported(message, **settings)
    return error.value


def test_a_record_is_a_booking_in_the_salons_local_time():
    event = reported(YCLIENTS_RECORD)
    assert event == BookingReported(
        utc_offset=180,
        external_id="880001",
        guard=event.guard,
        status=SiteStatus.BOOKED,
        starts_at=datetime(2026, 3, 28, 14, 30),  # noqa: DTZ001 - the salon's wall clock
        salon_external_id="71001",
        client=SiteClient("90210", "Анна Мунтяну", "37369111222", birth_date=date(1990, 2, 28)),
        lines=(SiteLine("31", "Стрижка", "501", "Лилия", minutes=45, price_minor=40000),),
        note="просит тишины",
        minutes=45,
    )


def test_altegio_is_the_same_site_under_another_name():
    assert ADAPTERS["altegio"] is SITE


@pytest.mark.parametrize(
    ("attendance", "status"),
    [
        (2, SiteStatus.CONFIRMED),
        (1, SiteStatus.COMPLETED),
        (0, SiteStatus.BOOKED),
        (-1, SiteStatus.NO_SHOW),
        ("-1", SiteStatus.NO_SHOW),
    ],
)
def test_attendance_is_the_status(attendance: int, status: SiteStatus):
    assert reported(changed(YCLIENTS_RECORD, data__visit_attendance=attendance)).status is status


def test_the_visits_attendance_goes_before_the_records_own():
    assert (
        reported(changed(YCLIENTS_RECORD, data__attendance=0, data__visit_attendance=1)).status == "completed"
    )
    assert (
        reported(changed(YCLIENTS_RECORD, data__attendance=1, data__visit_attendance=None)).status
        == "completed"
    )


@pytest.mark.parametrize("changes", [{"status": "delete"}, {"data__deleted": True}, {"data__deleted": 1}])
def test_a_deleted_record_is_a_cancelled_booking(changes: dict[str, Any]):
    assert (
        reported(changed(YCLIENTS_RECORD, data__visit_attendance=1, **changes)).status is SiteStatus.CANCELLED
    )


@pytest.mark.parametrize("nobody", [None, [], {}, {"id": 0, "name": "", "phone": ""}])
def test_a_record_without_a_client_is_anonymous(nobody: object):
    event = reported(changed(YCLIENTS_RECORD, data__client=nobody))
    assert event.client is None
    assert event.anonymous


def test_a_client_who_is_not_mentioned_is_not_anonymous():
    event = reported(without(YCLIENTS_RECORD, "data__client"))
    assert event.client is None
    assert not event.anonymous


@pytest.mark.parametrize(
    ("sent", "phone"),
    [(37369111222, "37369111222"), ("+37369111222", "+37369111222"), ("", None), (None, None), (0, None)],
)
def test_a_phone_may_be_a_number_a_text_or_nothing(sent: object, phone: str | None):
    assert reported(changed(YCLIENTS_RECORD, data__client__phone=sent)).client.phone == phone


def test_a_name_is_put_together_where_the_site_has_not_done_it():
    event = reported(changed(YCLIENTS_RECORD, data__client__display_name="", data__client__name=" Анна \n"))
    assert event.client.name == "Анна Мунтяну"


def test_the_length_is_shared_among_the_services_and_adds_up():
    services = [{"id": n, "title": f"Услуга {n}", "cost": 100} for n in (1, 2, 3)]
    event = reported(changed(YCLIENTS_RECORD, data__services=services, data__seance_length=100 * 60))
    assert [line.minutes for line in event.lines] == [34, 33, 33]
    assert event.minutes == 100


def test_a_record_without_services_keeps_its_length():
    event = reported(changed(YCLIENTS_RECORD, data__services=[]))
    assert event.lines == ()
    assert event.minutes == 45


def test_the_staff_is_known_by_id_when_the_card_is_missing():
    (line,) = reported(changed(YCLIENTS_RECORD, data__staff=[])).lines
    assert (line.staff_id, line.staff_name) == ("501", None)


@pytest.mark.parametrize(
    ("settings", "cost", "price_minor"),
    [
        ({}, 400, 40000),
        ({}, 99.995, 10000),
        ({}, "400.50", 40050),
        ({"money_unit": "major"}, 0.03, 3),
        ({"money_unit": "minor"}, 40000, 40000),
    ],
)
def test_the_unit_of_money_is_the_connections_choice(
    settings: dict[str, str], cost: object, price_minor: int
):
    service = {"id": 31, "title": "Стрижка", "cost": cost}
    (line,) = reported(changed(YCLIENTS_RECORD, data__services=[service]), **settings).lines
    assert line.price_minor == price_minor


def test_a_visit_that_took_place_and_is_paid_in_full_tells_the_sum():
    services = [{"id": 1, "cost": 500, "cost_to_pay": 450}, {"id": 2, "cost": 100}]
    paid = changed(YCLIENTS_RECORD, data__visit_attendance=1, data__paid_full=1, data__services=services)
    assert reported(paid).paid_minor == 55000
    assert reported(changed(paid, data__visit_attendance=0)).paid_minor is None
    assert reported(changed(paid, data__paid_full=0)).paid_minor is None
    assert reported(changed(paid, data__services=[{"id": 1}])).paid_minor is None


def test_the_wall_clock_of_datetime_serves_where_date_is_missing():
    assert reported(without(YCLIENTS_RECORD, "data__date")).starts_at == datetime(2026, 3, 28, 14, 30)  # noqa: DTZ001


def test_an_event_of_another_company_is_quarantined():
    assert reported(YCLIENTS_RECORD, company_id="71001").external_id == "880001"
    assert refusal(YCLIENTS_RECORD, company_id="71002").code == "WRONG_COMPANY"


def test_a_list_of_events_is_taken_whole_or_not_at_all():
    later = changed(YCLIENTS_RECORD, resource_id=880002, data__id=880002)
    events = SITE.normalise(body([YCLIENTS_RECORD, later]), CONTEXT)
    assert [event.external_id for event in events if isinstance(event, BookingReported)] == [
        "880001",
        "880002",
    ]
    with pytest.raises(WebhookNotUnderstood):
        SITE.normalise(body([YCLIENTS_RECORD, {"resource": "record"}]), CONTEXT)
    assert SITE.normalise(b" []", CONTEXT) == [Ignored("empty")]


@pytest.mark.parametrize(
    ("message", "event"),
    [
        (
            {"company_id": 1, "resource": "schedule", "resource_id": 5, "status": "update", "data": []},
            "schedule",
        ),
        (
            {"company_id": 1, "resource": "goods_operations_sale", "data": {"cost": 0.03}},
            "goods_operations_sale",
        ),
    ],
)
def test_other_resources_are_ignored(message: dict[str, Any], event: str):
    assert reported(message) == Ignored("not_used", event)


def test_the_marketplaces_events_are_ignored():
    uninstalled = {"salon_id": 5, "application_id": 6, "event": "uninstall", "partner_token": "t"}
    assert reported(uninstalled) == Ignored("marketplace", "uninstall")


def test_a_clients_card_reports_the_client():
    event = reported(YCLIENTS_CLIENT)
    assert isinstance(event, ClientReported)
    assert event.client == SiteClient(
        "90210", "Анна", "+37369111222", "anna@example.com", birth_date=date(1990, 2, 28)
    )
    assert reported(changed(YCLIENTS_CLIENT, status="delete")).deleted
    assert reported(changed(YCLIENTS_CLIENT, data=[])) == Ignored("undated_client")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"data__id": 10**40}, "$.data.id"),
        ({"data__id": "x" * 201}, "$.data.id"),
        ({"data__id": None}, "$.data.id"),
        ({"data__date": None, "data__datetime": None}, "$.data.date"),
        ({"data__last_change_date": None}, "$.data.last_change_date"),
        ({"resource": 5.5}, "$.resource"),
    ],
)
def test_what_leaves_a_record_without_meaning_is_refused_and_named(changes: dict[str, Any], field: str):
    error = refusal(changed(YCLIENTS_RECORD, **changes))
    assert error.code == "INVALID_FIELD"
    assert f"`{field}`" in error.message


def test_a_rest_answer_is_no_webhook():
    assert refusal({"success": True, "data": YCLIENTS_RECORD["data"], "meta": []}).code == "INVALID_FIELD"


def test_a_delivery_is_known_by_its_names_and_its_bytes():
    delivery = SITE.identify(body(YCLIENTS_RECORD), {})
    assert delivery.occurred_at == datetime(2026, 3, 20, 8, tzinfo=UTC)
    assert delivery.dedupe_key.startswith("71001:record:880001:create:20260320T080000Z:")
    assert delivery == SITE.identify(body(YCLIENTS_RECORD), {"X-Anything": "else"})
    in_the_same_second = changed(YCLIENTS_RECORD, data__comment="другое")
    assert SITE.identify(body(in_the_same_second), {}).dedupe_key != delivery.dedupe_key


def test_anybody_who_knows_the_address_is_let_in():
    SITE.verify(b"anything", {}, CONTEXT, datetime(2026, 1, 1, tzinfo=UTC))
