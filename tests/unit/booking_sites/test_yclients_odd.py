"""YCLIENTS and Altegio as they really are: zeros for nothing, text for numbers, blocks, goods."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from chalicelib.booking_sites import ADAPTERS
from chalicelib.domain.clients.birthdays import YEARLESS
from chalicelib.domain.intake.site_events import (
    BookingReported,
    ClientReported,
    SiteClient,
    SiteContext,
    SiteStatus,
)
from tests.unit.booking_sites.samples import CONTEXT, YCLIENTS_CLIENT, YCLIENTS_RECORD, body, changed, without

RECEIVED = datetime(2026, 3, 20, 8, 0, 5, tzinfo=UTC)
LOCAL = datetime(2026, 3, 28, 14, 30)  # noqa: DTZ001 - the salon's wall clock


def reported(message: Any, *, currency: str | None = None, **settings: str) -> Any:
    context = SiteContext(
        url=CONTEXT.url, settings=settings, received_at=RECEIVED, currency_of=lambda location: currency
    )
    (event,) = ADAPTERS["altegio"].normalise(body(message), context)
    return event


def record(**changes: Any) -> dict[str, Any]:
    return changed(YCLIENTS_RECORD, **{f"data__{name}": value for name, value in changes.items()})


def noted(message: Any) -> tuple[Any, list[str]]:
    """The event, and the paths of the fields that were left out."""
    event = reported(message)
    return event, [note.partition(":")[0] for note in event.odd]


def service(**fields: Any) -> dict[str, Any]:
    return {"id": 31, "title": "Стрижка", **fields}


# --- one odd field loses no booking


@pytest.mark.parametrize(
    ("changes", "odd"),
    [
        ({"client": {"id": 1, "name": "Анна", "birth_date": 0}}, "$.data.client.birth_date"),
        ({"client": {"id": 1, "name": "Анна", "birth_date": 1262304000}}, "$.data.client.birth_date"),
        ({"client": {"id": 1, "name": ["Анна"]}}, "$.data.client.name"),
        ({"client": {"id": 1, "phone": -5}}, "$.data.client.phone"),
        ({"client": [1]}, "$.data.client"),
        ({"client": "Анна"}, "$.data.client"),
        ({"staff": "Лилия"}, "$.data.staff"),
        ({"staff_id": [5]}, "$.data.staff_id"),
        ({"services": {"id": 1}}, "$.data.services"),
        ({"services": [5]}, "$.data.services[0]"),
        ({"services": [service(cost="free")]}, "$.data.services[0].cost"),
        ({"services": [service(cost="NaN")]}, "$.data.services[0].cost"),
        ({"services": [service(cost=-5)]}, "$.data.services[0].cost"),
        ({"services": [service(cost=1e300)]}, "$.data.services[0].cost"),
        ({"services": [service(cost=450, cost_to_pay=-50)]}, "$.data.services[0].cost_to_pay"),
        ({"visit_attendance": 3}, "$.data.visit_attendance"),
        ({"visit_attendance": "came"}, "$.data.visit_attendance"),
        ({"seance_length": "an hour"}, "$.data.seance_length"),
        ({"seance_length": 10**9}, "$.data.seance_length"),
        ({"seance_length": -60}, "$.data.seance_length"),
        ({"deleted": "no idea"}, "$.data.deleted"),
        ({"paid_full": []}, "$.data.paid_full"),
        ({"comment": 5}, "$.data.comment"),
        ({"last_change_date": None}, "$.data.last_change_date"),
        ({"last_change_date": "2026-03-20 10:00:00"}, "$.data.last_change_date"),
        ({"last_change_date": "9999-12-31T23:59:59-1200"}, "$.data.last_change_date"),
        ({"date": "28.03.2026 14:30"}, "$.data.date"),
        ({"date": "9999-12-31 23:59:59"}, "$.data.date"),
        ({"datetime": "soon"}, "$.data.datetime"),
        ({"goods_transactions": {"1": 2}}, "$.data.goods_transactions"),
    ],
)
def test_an_odd_field_is_left_out_and_noted(changes: dict[str, Any], odd: str):
    event, notes = noted(record(**changes))
    assert isinstance(event, BookingReported)
    assert (event.external_id, event.starts_at) == ("880001", LOCAL)
    assert notes == [odd]


def test_notes_never_have_what_a_client_wrote():
    event = reported(record(client={"name": ["Анна"], "birth_date": "секрет"}, visit_attendance="секрет"))
    assert event.odd
    assert "секрет" not in "".join(event.odd)


@pytest.mark.parametrize(
    "changes",
    [
        {"staff": None},
        {"services": None},
        {"client": []},
        {"client": {"id": 0, "name": "", "phone": ""}},
        {"seance_length": 0, "length": 0},
        {"seance_length": "2700"},
        {"attendance": "0"},
        {"deleted": 0},
        {"staff_id": "501"},
        {"comment": None},
    ],
)
def test_what_the_site_writes_every_day_is_not_odd(changes: dict[str, Any]):
    assert reported(record(**changes)).odd == ()


def test_a_client_of_another_type_is_not_taken_for_nobody():
    assert not reported(record(client=[1])).anonymous
    assert reported(record(client=[])).anonymous


def test_an_attendance_that_nobody_knows_says_nothing_of_the_status():
    assert reported(record(visit_attendance=3, attendance=3)).status is None
    assert reported(record(visit_attendance=3, attendance=-1)).status is SiteStatus.NO_SHOW
    assert reported(record(visit_attendance=None, attendance=None)).status is SiteStatus.BOOKED


def test_a_word_for_a_change_that_nobody_knows_is_a_change():
    event = reported(changed(YCLIENTS_RECORD, status="restore"))
    assert event.status is SiteStatus.BOOKED
    assert event.odd == ("$.status: Unknown word; read as `update`",)
    assert reported(changed(YCLIENTS_CLIENT, status="restore")).client.name == "Анна"


def test_a_record_without_a_time_is_ordered_by_its_receipt():
    at = "t2026-03-20T08:00:05.000000"
    for moment in (None, "2026-03-20 10:00:00"):
        assert reported(record(last_change_date=moment)).guard.startswith(at)
        assert reported(changed(YCLIENTS_CLIENT, data__last_change_date=moment)).guard.startswith(at)
    assert reported(without(YCLIENTS_RECORD, "data__last_change_date")).guard.startswith(at)


@pytest.mark.parametrize(
    ("changes", "starts_at"),
    [
        ({"date": "2026-03-28T14:30:00.000+02:00"}, LOCAL),
        ({"date": "2026-03-28"}, LOCAL),
        ({"date": None, "datetime": "2026-03-28T14:30:00+03:00"}, LOCAL),
        ({"date": None, "datetime": "2026-03-28T12:30:00Z"}, datetime(2026, 3, 28, 12, 30, tzinfo=UTC)),
        ({"date": 1774701000}, datetime(2026, 3, 28, 12, 30, tzinfo=UTC)),
    ],
)
def test_the_start_is_the_salons_wall_clock_unless_it_is_an_instant(
    changes: dict[str, Any], starts_at: datetime
):
    assert reported(record(**changes)).starts_at == starts_at


def test_a_change_without_a_start_reports_the_rest():
    event = reported(changed(record(date=None, datetime=None, visit_attendance=1), status="update"))
    assert event.starts_at is None
    assert event.status is SiteStatus.COMPLETED


# --- money


@pytest.mark.parametrize(
    ("cost", "price_minor"),
    [
        ("1500.50", 150050),
        ("1500,50", 150050),
        ("1 500", 150000),
        ("1\u00a0500,5", 150050),
        ("12 345.67", 1234567),
        ("1,500", None),
        ("15 00", None),
        ("1500 MDL", None),
        ("", None),
        (None, None),
        (True, None),
    ],
)
def test_a_price_in_words_is_read_where_it_can_mean_one_thing(cost: object, price_minor: int | None):
    (line,) = reported(record(services=[service(cost=cost)])).lines
    assert line.price_minor == price_minor


@pytest.mark.parametrize(
    ("currency", "cost", "price_minor"),
    [
        ("JPY", 5000, 5000),
        ("VND", 350000, 350000),
        ("XOF", 15000, 15000),
        ("UGX", 90000, 90000),
        ("KWD", 12.5, 12500),
        ("BHD", "12,750", None),
        ("TND", 45.125, 45125),
        ("KZT", 11523.81, 1152381),
        ("HUF", 12000, 1200000),
        (None, 35.5, 3550),
    ],
)
def test_prices_are_in_minor_units_of_the_salons_own_currency(
    currency: str | None, cost: object, price_minor: int | None
):
    (line,) = reported(record(services=[service(cost=cost)]), currency=currency).lines
    assert line.price_minor == price_minor


def test_minor_units_of_the_site_are_taken_as_they_are():
    (line,) = reported(record(services=[service(cost=5000)]), currency="KWD", money_unit="minor").lines
    assert line.price_minor == 5000


def test_the_goods_of_a_record_are_a_part_of_what_was_paid():
    goods = [{"title": "Шампунь", "cost": 300, "cost_to_pay": 250, "amount": -1}, {"cost": 100}]
    paid = record(goods_transactions=goods, visit_attendance=1, paid_full=1)
    event = reported(paid)
    assert (event.paid_minor, event.goods_minor) == (75000, 35000)
    assert reported(changed(paid, data__paid_full=0)).paid_minor is None
    assert reported(changed(paid, data__paid_full=True)).paid_minor == 75000


@pytest.mark.parametrize("goods", [[{"cost": "some"}], [5], {"1": 2}])
def test_a_sum_is_not_told_where_the_price_of_goods_is_not(goods: object):
    event = reported(record(goods_transactions=goods, visit_attendance=1, paid_full=1))
    assert (event.paid_minor, event.goods_minor) == (None, None)


# --- what is no booking


@pytest.mark.parametrize("client", [None, [], {"id": 0, "name": "", "phone": ""}])
@pytest.mark.parametrize("services", [[], None, [{"id": 0, "title": ""}]])
def test_time_that_is_kept_free_is_a_block_in_the_calendar(services: object, client: object):
    assert reported(record(services=services, client=client)).not_booking == "calendar_block"


@pytest.mark.parametrize(
    "changes",
    [
        {"services": []},
        {"client": None},
        {"services": [], "client": None, "activity_id": 7788},
        {"services": [], "client": None, "goods_transactions": [{"cost": 5}]},
        {"services": {"id": 1}, "client": None},
        {"services": [], "client": [1]},
    ],
)
def test_what_has_a_client_a_service_goods_or_a_group_is_no_block(changes: dict[str, Any]):
    assert reported(record(**changes)).not_booking is None


def test_who_waits_for_a_free_time_has_no_booking():
    waiting = record(staff=None, staff_id=0, date=None, datetime=None)
    event = reported(waiting)
    assert (event.not_booking, event.status) == ("waiting_list", SiteStatus.MOVING)
    assert reported(record(staff=None, staff_id=0)).not_booking is None


def test_services_that_the_site_took_away_are_none_while_null_says_nothing():
    assert reported(record(services=[])).no_services
    assert not reported(record(services=None)).no_services
    assert not reported(record(services="none")).no_services


# --- clients


@pytest.mark.parametrize(
    ("written", "birth_date"),
    [
        ("1996-02-29", date(1996, 2, 29)),
        ("05.03.1985", date(1985, 3, 5)),
        ("1985-12-05T00:00:00Z", date(1985, 12, 5)),
        ("0000-02-29", date(YEARLESS, 2, 29)),
        ("1604-05-17", date(YEARLESS, 5, 17)),
        ("1904-02-29", date(YEARLESS, 2, 29)),
        ("12-05", date(YEARLESS, 12, 5)),
    ],
)
def test_a_birthday_is_read_where_it_is_certain(written: str, birth_date: date):
    event = reported(changed(YCLIENTS_CLIENT, data__birth_date=written))
    assert (event.client.birth_date, event.odd) == (birth_date, ())


@pytest.mark.parametrize(
    "written",
    [
        "1900-01-01",
        "1904-01-01",
        "1970-01-01",
        "0001-01-01",
        "0000-00-00",
        "2026-03-20",
        "2027-05-17",
        "1890-05-17",
        "1985-13-05",
        "1985-12-04T22:00:00Z",
        "05/03/1985",
        "1900-02-29",
        "unknown",
    ],
)
def test_what_is_no_birthday_is_left_out_and_noted(written: str):
    event, notes = noted(changed(YCLIENTS_CLIENT, data__birth_date=written))
    assert isinstance(event, ClientReported)
    assert event.client.birth_date is None
    assert notes == ["$.data.birth_date"]


@pytest.mark.parametrize("nothing", ["", None, " "])
def test_no_birthday_is_not_odd(nothing: object):
    event = reported(changed(YCLIENTS_CLIENT, data__birth_date=nothing))
    assert (event.client.birth_date, event.odd) == (None, ())


@pytest.mark.parametrize(
    ("sms_not", "opted_out"),
    [
        (1, (("sms", "marketing"),)),
        ("1", (("sms", "marketing"),)),
        (True, (("sms", "marketing"),)),
        (0, ()),
        (None, None),
    ],
)
def test_who_is_left_out_of_mailings_gets_no_marketing_by_sms(sms_not: object, opted_out: object):
    assert reported(changed(YCLIENTS_CLIENT, data__sms_not=sms_not)).client.opted_out == opted_out


def test_a_mark_alone_makes_no_client():
    nobody = {"id": 0, "name": "", "phone": "", "sms_not": 0}
    assert reported(record(client=nobody)).anonymous


def test_signs_that_nobody_can_see_go_from_names_and_notes():
    event = reported(
        record(
            client={"id": 1, "display_name": "\u202eАн\u200bна\x07 \ufeffМунтяну"},
            comment="окно\x00\r\nчай\u200b",
            services=[service(title="Стри\u00adжка")],
        )
    )
    assert event.client == SiteClient("1", "Анна Мунтяну")
    assert event.note == "окно \nчай"
    assert event.lines[0].service_name == "Стрижка"
