"""The APIs of booking sites tell what has changed, by their documentation; a server on this machine stands in
for them. What they tell is understood as a webhook is."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from chalicelib.booking_sites import calcom, yclients
from chalicelib.booking_sites.calcom_changes import BOOKINGS_OF_PAGE
from chalicelib.booking_sites.site_api import Patience
from chalicelib.booking_sites.site_apis import BASES, REST_SECONDS
from chalicelib.booking_sites.site_polls import site_polls
from chalicelib.booking_sites.yclients_changes import RECORDS_OF_PAGE
from chalicelib.domain.intake.site_events import (
    BookingReported,
    Ignored,
    SeatsReported,
    SiteContext,
    SiteStatus,
)
from chalicelib.services.intake.booking_site import AskChanges, AskedOutcome, ChangesWanted, SiteChanges
from tests.unit.booking_sites.site_server import BREAKS, GIANT, SILENT, SLOW, SiteServer, site_server

SINCE = datetime(2026, 11, 25, 10, 30, 15, tzinfo=timezone(timedelta(hours=2)))
RECORDS = (
    "GET /api/v1/records/9911?changed_after=2026-11-25T10%3A30%3A15%2B02%3A00&with_deleted=1&count=50&page="
)
BOOKINGS = (
    "GET /v2/bookings?afterUpdatedAt=2026-11-25T08%3A30%3A15.000Z"
    "&status=upcoming%2Crecurring%2Cpast%2Ccancelled%2Cunconfirmed&sortCreated=asc&take=50&skip="
)
ANSWERED, LATER, REFUSED = AskedOutcome.ANSWERED, AskedOutcome.LATER, AskedOutcome.TOKEN_REFUSED
A_RECORD = {
    "id": 501, "company_id": 9911, "staff_id": 7, "staff": {"id": 7, "name": "Anna"}, "attendance": 2,
    "date": "2026-11-28 10:00:00", "datetime": "2026-11-28T10:00:00+02:00", "seance_length": 3600,
    "last_change_date": "2026-11-25T10:31:00+0200", "deleted": False, "online": True, "comment": "",
    "services": [{"id": 11, "title": "Cut", "cost": 450, "amount": 1}], "goods_transactions": [],
    "client": {"id": 5, "name": "Maria", "phone": "+37369123456", "email": ""}, "visit_id": 1, "length": 3600,
}  # fmt: skip
A_BOOKING = {
    "id": 123, "uid": "bkg-1", "title": "Cut between Anna and Maria", "description": "by the window",
    "hosts": [{"id": 7, "name": "Anna", "email": "anna@salon.example", "timeZone": "Europe/Chisinau"}],
    "status": "accepted", "start": "2026-11-28T08:00:00.000Z", "end": "2026-11-28T09:00:00.000Z",
    "duration": 60, "eventTypeId": 50, "eventType": {"id": 50, "slug": "cut"}, "location": "the salon",
    "createdAt": "2026-11-25T08:00:00.000Z", "updatedAt": "2026-11-25T08:31:00.123Z", "guests": [],
    "attendees": [{
        "name": "Maria", "email": "maria@client.example", "timeZone": "Europe/Chisinau", "language": "ro",
        "absent": False, "phoneNumber": "+37369123456",
    }],
    "bookingFieldsResponses": {"email": "maria@client.example", "name": "Maria"},
}  # fmt: skip


@pytest.fixture
def site() -> Iterator[SiteServer]:
    with site_server() as server:
        yield server


@pytest.fixture
def seconds() -> list[float]:
    """A clock that stands still."""
    return [100.0]


@pytest.fixture
def ask(site: SiteServer, seconds: list[float]) -> AskChanges:
    patience = Patience(connect=0.3, read=0.3, whole=0.4)
    return site_polls(dict.fromkeys(BASES, site.base), lambda: seconds[0], patience)


def wanted(site: str = "yclients", page: int = 1, location: str = "9911") -> ChangesWanted:
    is_calcom = site == "calcom"
    return ChangesWanted(
        site=site,
        location="" if is_calcom else location,
        token="secret-key" if is_calcom else "part, user",
        since=SINCE,
        page=page,
    )


def context() -> SiteContext:
    return SiteContext(url="", secret="s", settings={}, currency_of=lambda location: "MDL")


def understood(found: SiteChanges, adapter: Any) -> list[Any]:
    return [event for body in found.bodies for event in adapter.normalise(body, context())]


# --- YCLIENTS and Altegio


@pytest.mark.parametrize("name", ["yclients", "altegio"])
def test_records_are_told_as_webhooks(site: SiteServer, ask: AskChanges, name: str) -> None:
    gone = {**A_RECORD, "id": 502, "deleted": True}
    site.says(RECORDS + "1", (200, {"success": True, "data": [A_RECORD, gone], "meta": {"total_count": 2}}))
    found = ask(wanted(name))
    assert (found.outcome, found.is_last) == (ANSWERED, True)
    kept, cancelled = understood(found, yclients)
    assert (kept.external_id, kept.status, kept.client.phone) == ("501", SiteStatus.CONFIRMED, "+37369123456")
    assert kept.starts_at == datetime(2026, 11, 28, 10, tzinfo=None)  # noqa: DTZ001 - the salon's clock
    assert kept.lines[0].price_minor == 45000
    assert (cancelled.external_id, cancelled.status) == ("502", SiteStatus.CANCELLED)
    delivery = yclients.identify(found.bodies[0], {})
    assert delivery.occurred_at == datetime(2026, 11, 25, 8, 31, tzinfo=UTC)


def test_the_tokens_are_in_the_header_alone(site: SiteServer, ask: AskChanges) -> None:
    site.says(RECORDS + "1", (200, {"data": []}))
    ask(wanted())
    assert site.headers[0]["authorization"] == "Bearer part, User user"
    assert site.headers[0]["accept"] == "application/vnd.api.v2+json"
    assert "user" not in site.asked[0]


def test_a_full_page_has_a_next_one(site: SiteServer, ask: AskChanges) -> None:
    full = [{**A_RECORD, "id": 500 + number} for number in range(RECORDS_OF_PAGE)]
    site.says(RECORDS + "1", (200, {"data": full}))
    site.says(RECORDS + "2", (200, {"data": full[:1]}))
    first, second = ask(wanted()), ask(wanted(page=2))
    assert (len(first.bodies), first.is_last) == (RECORDS_OF_PAGE, False)
    assert (len(second.bodies), second.is_last) == (1, True)


def test_the_same_record_is_the_same_body_in_whatever_order_its_fields_come(
    site: SiteServer, ask: AskChanges
) -> None:
    other_order = dict(reversed(list(A_RECORD.items())))
    site.says(RECORDS + "1", (200, {"data": [A_RECORD]}), (200, {"data": [other_order]}))
    assert ask(wanted()).bodies == ask(wanted()).bodies


def test_what_is_no_record_is_left_out(site: SiteServer, ask: AskChanges) -> None:
    site.says(RECORDS + "1", (200, {"data": [None, 7, {}, {"id": None}, A_RECORD]}))
    assert len(ask(wanted()).bodies) == 1


@pytest.mark.parametrize("company", ["../../v2/x", "1?x=1", "1/2", "é", " "])
def test_a_company_that_is_none_is_not_asked_for(site: SiteServer, ask: AskChanges, company: str) -> None:
    assert ask(wanted(location=company)).outcome is LATER
    assert site.asked == []


# --- Cal.com


def reported_by(site: SiteServer, ask: AskChanges, *bookings: Any) -> list[Any]:
    site.says(BOOKINGS + "0", (200, {"status": "success", "data": list(bookings)}))
    found = ask(wanted("calcom"))
    assert (found.outcome, found.is_last) == (ANSWERED, True)
    return understood(found, calcom)


def test_a_booking_is_told_as_a_webhook(site: SiteServer, ask: AskChanges) -> None:
    (event,) = reported_by(site, ask, A_BOOKING)
    assert isinstance(event, BookingReported)
    assert (event.external_id, event.status) == ("bkg-1", SiteStatus.BOOKED)
    assert event.starts_at == datetime(2026, 11, 28, 8, tzinfo=UTC)
    assert event.client is not None
    assert (event.client.name, event.client.phone) == ("Maria", "+37369123456")
    assert (event.client.email, event.client.language) == ("maria@client.example", "ro")
    (line,) = event.lines
    assert (line.service_id, line.staff_id, line.staff_name, line.minutes) == ("50", "7", "Anna", 60)
    assert line.service_name is None  # a part of an address renames no service
    assert event.note == "by the window"
    headers = site.headers[0]
    assert (headers["authorization"], headers["cal-api-version"]) == ("Bearer secret-key", "2024-08-13")


@pytest.mark.parametrize("status", ["cancelled", "rejected"])
def test_a_booking_that_was_closed_is_told_so(site: SiteServer, ask: AskChanges, status: str) -> None:
    (event,) = reported_by(site, ask, {**A_BOOKING, "status": status})
    assert event.status is SiteStatus.CANCELLED


def test_a_moved_booking_is_one_with_two_ids(site: SiteServer, ask: AskChanges) -> None:
    old = {**A_BOOKING, "status": "cancelled", "rescheduledToUid": "bkg-2"}
    new = {**A_BOOKING, "uid": "bkg-2", "rescheduledFromUid": "bkg-1"}
    left, moved = reported_by(site, ask, old, new)
    assert (left.external_id, left.status) == ("bkg-1", SiteStatus.MOVING)
    assert (moved.external_id, moved.moved_from, moved.status) == ("bkg-2", "bkg-1", SiteStatus.BOOKED)


def test_a_request_is_no_booking_yet(site: SiteServer, ask: AskChanges) -> None:
    (event,) = reported_by(site, ask, {**A_BOOKING, "status": "pending"})
    assert isinstance(event, Ignored)


def test_who_was_marked_as_absent_did_not_come(site: SiteServer, ask: AskChanges) -> None:
    absent = [{**A_BOOKING["attendees"][0], "absent": True}]  # type: ignore[index]
    event, marks = reported_by(site, ask, {**A_BOOKING, "attendees": absent})
    assert (event.status, event.client.name) == (None, "Maria")
    assert isinstance(marks, SeatsReported)
    assert marks.event.status is SiteStatus.NO_SHOW


def test_each_seat_of_a_shared_booking_is_told_by_itself(site: SiteServer, ask: AskChanges) -> None:
    seats = [
        {"name": name, "email": f"{name.lower()}@client.example", "seatUid": f"seat-{name}", "absent": False,
         "bookingFieldsResponses": {"email": f"{name.lower()}@client.example"}}
        for name in ("Ana", "Ion")
    ]  # fmt: skip
    events = reported_by(site, ask, {**A_BOOKING, "attendees": seats})
    assert [each.client.name for each in events] == ["Ana", "Ion"]
    assert [each.seat for each in events] == ["seat-Ana", "seat-Ion"]
    assert {each.shared_id for each in events} == {"bkg-1"}
    assert len({each.external_id for each in events}) == 2


def test_one_seat_that_was_missed_is_marked_alone(site: SiteServer, ask: AskChanges) -> None:
    seats = [
        {"name": name, "email": f"{name}@client.example", "seatUid": f"seat-{name}", "absent": name == "ion"}
        for name in ("ana", "ion")
    ]
    ana, marks = reported_by(site, ask, {**A_BOOKING, "attendees": seats})
    assert (ana.client.name, ana.status) == ("ana", SiteStatus.BOOKED)
    ((_, status),) = marks.marks
    assert status is SiteStatus.NO_SHOW


def test_a_date_of_a_series_names_its_series(site: SiteServer, ask: AskChanges) -> None:
    (event,) = reported_by(site, ask, {**A_BOOKING, "recurringBookingUid": "rec-1"})
    assert event.series == "series rec-1"


def test_pages_of_bookings_are_skipped_by_number(site: SiteServer, ask: AskChanges) -> None:
    full = [{**A_BOOKING, "uid": f"bkg-{number}"} for number in range(BOOKINGS_OF_PAGE)]
    site.says(BOOKINGS + "0", (200, {"data": full}))
    site.says(BOOKINGS + str(BOOKINGS_OF_PAGE), (200, {"data": []}))
    assert ask(wanted("calcom")).is_last is False
    assert ask(wanted("calcom", page=2)).is_last is True


def test_a_booking_without_what_it_needs_is_left_out(site: SiteServer, ask: AskChanges) -> None:
    assert reported_by(site, ask, None, {"uid": "x"}, {**A_BOOKING, "updatedAt": None}) == []


# --- any site


@pytest.mark.parametrize("name", ["yclients", "calcom"])
@pytest.mark.parametrize(
    ("status", "outcome"),
    [(401, REFUSED), (403, REFUSED), *((each, LATER) for each in (301, 404, 422, 429, 500, 503))],
)
def test_what_each_status_means(
    site: SiteServer, ask: AskChanges, name: str, status: int, outcome: AskedOutcome
) -> None:
    site.says((BOOKINGS + "0") if name == "calcom" else (RECORDS + "1"), (status, {"data": [A_RECORD]}))
    found = ask(wanted(name))
    assert (found.outcome, found.bodies, found.reason) == (outcome, (), f"it answered {status}")


def test_the_wait_that_the_site_wishes_is_told(site: SiteServer, ask: AskChanges) -> None:
    site.retry_after = "120"
    site.says(RECORDS + "1", (429, {}))
    assert ask(wanted()).wait == timedelta(minutes=2)


@pytest.mark.parametrize("body", [[], "text", {"data": {}}, {"data": None}, {"success": False}, None])
def test_an_answer_that_is_none_of_the_api_is_none(site: SiteServer, ask: AskChanges, body: Any) -> None:
    site.says(RECORDS + "1", (200, body))
    found = ask(wanted())
    assert (found.outcome, found.reason) == (LATER, "its answer is none of its API")


@pytest.mark.parametrize("fault", [SILENT, SLOW, GIANT, BREAKS])
def test_a_site_that_does_not_answer_is_left_alone_for_a_minute(
    site: SiteServer, ask: AskChanges, seconds: list[float], fault: str
) -> None:
    site.says(RECORDS + "1", fault, (200, {"data": []}))
    assert ask(wanted()).outcome is LATER
    again = ask(wanted())
    assert (again.outcome, again.wait, len(site.asked)) == (LATER, timedelta(seconds=REST_SECONDS), 1)
    seconds[0] += REST_SECONDS
    assert ask(wanted()).outcome is ANSWERED


@pytest.mark.parametrize("name", ["square", "standard"])
def test_sites_that_repeat_their_webhooks_are_not_asked(site: SiteServer, ask: AskChanges, name: str) -> None:
    assert ask(wanted(name)).outcome is LATER
    assert site.asked == []


def test_a_deployment_asks_by_its_own_clock(site: SiteServer) -> None:
    """A clock that goes on between two looks at it does not count as a rest."""
    site.says(f"{RECORDS}1", (200, {"success": True, "data": [A_RECORD]}))
    ask = site_polls(dict.fromkeys(BASES, site.base))
    assert [ask(wanted()).outcome for _ in range(3)] == [ANSWERED] * 3
