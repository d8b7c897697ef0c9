"""The APIs of booking sites take a client's step, by their documentation; a server on this machine stands in
for them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.booking_sites.site_api import Patience
from chalicelib.booking_sites.site_apis import BASES, BEGUN_SECONDS, REST_SECONDS, site_apis
from chalicelib.domain.bookings.write_back import SiteStep
from chalicelib.jobs.job import RESERVED_MS
from chalicelib.services.bookings.site_steps import StepAnswer, StepOnSite, StepOutcome
from chalicelib.settings import from_environment
from tests.unit.booking_sites.site_server import BREAKS, GIANT, SILENT, SLOW, SiteServer, site_server

RECORD, BOOKING = "/api/v1/record/9911/501", "/v2/bookings/bkg-1"
CANCEL, CONFIRM = SiteStep.CANCEL, SiteStep.CONFIRM
TAKEN, LATER = StepOutcome.TAKEN, StepOutcome.LATER
REFUSED, TOKEN_REFUSED = StepOutcome.REFUSED, StepOutcome.TOKEN_REFUSED
A_RECORD = {
    "id": 501, "company_id": 9911, "staff_id": 7, "attendance": 0, "deleted": False, "seance_length": 3600,
    "datetime": "2026-11-25T10:00:00+03:00", "comment": "by the window", "custom_color": "f00",
    "record_labels": [{"id": 3, "title": "VIP"}], "sms_before": 2, "email_before": 0, "length": 3600,
    "services": [{"id": 11, "title": "Cut", "cost": 450, "first_cost": 500, "discount": 10, "amount": 1}],
    "client": {"id": 5, "name": "Maria", "phone": "+37369123456", "email": "", "visits_count": 9},
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
def take(site: SiteServer, seconds: list[float]) -> Any:
    bases = dict.fromkeys(BASES, site.base)
    patience = Patience(connect=0.3, read=0.3, whole=0.3)
    return site_apis(bases, lambda language: f"reason ({language})", lambda: seconds[0], patience)


def step(site: str, kind: SiteStep = CANCEL, **fields: Any) -> StepOnSite:
    given: dict[str, Any] = {
        "external_id": "501" if site in ("yclients", "altegio") else "bkg-1",
        "location": "9911", "token": "part, user" if site in ("yclients", "altegio") else "secret-token",
        "key": "key-1", "language": "ru", "contacts": ("+37369123456",),
    }  # fmt: skip
    return StepOnSite(site=site, step=kind, **{**given, **fields})


# --- YCLIENTS and Altegio


@pytest.mark.parametrize("name", ["yclients", "altegio"])
def test_a_record_is_deleted(site: SiteServer, take: Any, name: str) -> None:
    site.says(f"GET {RECORD}", (200, {"success": True, "data": A_RECORD}))
    site.says(f"DELETE {RECORD}", (204, None))
    assert take(step(name)).outcome is TAKEN
    assert site.asked == [f"GET {RECORD}", f"DELETE {RECORD}"]
    assert site.headers[1]["authorization"] == "Bearer part, User user"
    assert site.headers[1]["accept"] == "application/vnd.api.v2+json"


def test_a_record_is_confirmed_and_all_else_of_it_stays(site: SiteServer, take: Any) -> None:
    site.says(f"GET {RECORD}", (200, {"success": True, "data": A_RECORD}))
    site.says(f"PUT {RECORD}", (200, {"success": True}))
    assert take(step("yclients", CONFIRM)).outcome is TAKEN
    assert site.bodies[1] == {
        "staff_id": 7, "comment": "by the window", "custom_color": "f00", "seance_length": 3600,
        "record_labels": [3], "sms_remain_hours": 2, "email_remain_hours": 0,
        "services": [{"id": 11, "first_cost": 500, "discount": 10, "cost": 450, "amount": 1}],
        "client": {"phone": "+37369123456", "name": "Maria", "email": ""},
        "datetime": "2026-11-25T10:00:00+03:00", "save_if_busy": True, "send_sms": False, "attendance": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "fields", "outcome"),
    [
        (CONFIRM, {"attendance": 2}, TAKEN),
        (CONFIRM, {"attendance": 1}, TAKEN),
        (CONFIRM, {"attendance": -1}, REFUSED),
        (CONFIRM, {"deleted": True}, TAKEN),
        (CANCEL, {"deleted": True}, TAKEN),
        (CANCEL, {"attendance": 1}, REFUSED),
    ],
)
def test_a_record_that_is_so_already_or_took_place_is_not_changed(
    site: SiteServer, take: Any, kind: SiteStep, fields: dict[str, Any], outcome: StepOutcome
) -> None:
    site.says(f"GET {RECORD}", (200, {"data": {**A_RECORD, **fields}}))
    assert take(step("yclients", kind)).outcome is outcome
    assert site.asked == [f"GET {RECORD}"]


def test_a_record_of_an_unknown_company_is_for_the_desk(site: SiteServer, take: Any) -> None:
    assert take(step("yclients", location=None)).outcome is REFUSED
    assert site.asked == []


def test_a_record_that_was_changed_meanwhile_is_read_once_more(site: SiteServer, take: Any) -> None:
    site.says(f"GET {RECORD}", (200, {"data": A_RECORD}))
    site.says(f"PUT {RECORD}", (409, {}), (200, {}))
    assert take(step("yclients", CONFIRM)).outcome is TAKEN
    site.says(f"PUT {RECORD}", (409, {}))
    assert take(step("yclients", CONFIRM)) == StepAnswer(REFUSED, "it answered 409")
    assert len(site.asked) == 8


# --- Square


def booking(version: int, status: str = "ACCEPTED") -> tuple[int, Any]:
    return 200, {"booking": {"id": "bkg-1", "version": version, "status": status}}


def test_a_booking_is_cancelled_at_its_version(site: SiteServer, take: Any) -> None:
    site.says(f"GET {BOOKING}", booking(4))
    site.says(f"POST {BOOKING}/cancel", booking(5, "CANCELLED_BY_SELLER"))
    assert take(step("square")).outcome is TAKEN
    assert site.bodies == [None, {"idempotency_key": "key-1-4", "booking_version": 4}]
    assert site.headers[1]["authorization"] == "Bearer secret-token"
    assert site.headers[1]["square-version"]


def test_another_version_is_read_once_more(site: SiteServer, take: Any) -> None:
    site.says(f"GET {BOOKING}", booking(4), booking(5))
    site.says(f"POST {BOOKING}/cancel", (409, {}), booking(6, "CANCELLED_BY_SELLER"))
    assert take(step("square")).outcome is TAKEN
    assert [each["booking_version"] for each in site.bodies if each] == [4, 5]


def test_a_booking_that_the_salon_cancelled_meanwhile_is_cancelled(site: SiteServer, take: Any) -> None:
    site.says(f"GET {BOOKING}", booking(4), booking(5, "CANCELLED_BY_SELLER"))
    site.says(f"POST {BOOKING}/cancel", (400, {"errors": [{"code": "BAD_REQUEST"}]}))
    assert take(step("square")).outcome is TAKEN
    assert len(site.asked) == 3


def test_a_booking_that_square_does_not_cancel_is_for_the_desk(site: SiteServer, take: Any) -> None:
    site.says(f"GET {BOOKING}", booking(4, "PENDING"))
    site.says(f"POST {BOOKING}/cancel", (400, {}))
    assert take(step("square")) == StepAnswer(REFUSED, "it answered 400")


# --- Cal.com


def test_a_booking_is_cancelled_for_a_reason_in_the_salons_language(site: SiteServer, take: Any) -> None:
    site.says(f"GET {BOOKING}", (200, {"status": "success", "data": {"status": "accepted"}}))
    site.says(f"POST {BOOKING}/cancel", (200, {}))
    assert take(step("calcom")).outcome is TAKEN
    assert site.bodies == [None, {"cancellationReason": "reason (ru)"}]
    assert site.headers[0]["cal-api-version"] == "2024-08-13"


@pytest.mark.parametrize(
    ("data", "outcome"),
    [
        ({"status": "cancelled"}, TAKEN),
        ({"status": "accepted", "seatsPerTimeSlot": 4}, REFUSED),
        ({"status": "accepted", "attendees": [{"name": "Ann", "seatUid": "s-1"}]}, REFUSED),
        ([{"status": "accepted"}, {"status": "accepted"}], REFUSED),
    ],
)
def test_what_is_cancelled_is_left_alone_and_so_are_seats_and_whole_series(
    site: SiteServer, take: Any, data: Any, outcome: StepOutcome
) -> None:
    site.says(f"GET {BOOKING}", (200, {"data": data}))
    assert take(step("calcom")).outcome is outcome
    assert not any(each.startswith("POST") for each in site.asked)


# --- any site


SITES = {"yclients": (RECORD, "DELETE", ""), "square": (BOOKING, "POST", "/cancel"),
         "calcom": (BOOKING, "POST", "/cancel")}  # fmt: skip
READ = {"yclients": {"data": A_RECORD}, "square": booking(4)[1], "calcom": {"data": {"status": "accepted"}}}
ANSWERS = {404: TAKEN, 410: TAKEN, 401: TOKEN_REFUSED, 403: TOKEN_REFUSED, 429: LATER, 500: LATER, 503: LATER,
           422: REFUSED, 302: REFUSED}  # fmt: skip


@pytest.mark.parametrize("at", ["reading", "changing"])
@pytest.mark.parametrize("status", ANSWERS)
@pytest.mark.parametrize("name", SITES)
def test_each_status_has_its_meaning(site: SiteServer, take: Any, name: str, status: int, at: str) -> None:
    path, method, tail = SITES[name]
    site.retry_after = "120" if status == 429 else ""
    site.says(f"GET {path}", (status, {}) if at == "reading" else (200, READ[name]))
    site.says(f"{method} {path}{tail}", (status, {}))
    answer = take(step(name))
    assert answer.outcome is ANSWERS[status]
    if status != 302:
        assert answer.wait == timedelta(seconds=120 if status == 429 else 0)


SENSELESS = [None, [], "text", {"data": None}, {"data": "x"}, {"booking": {"version": "x"}}]


@pytest.mark.parametrize("body", SENSELESS)
@pytest.mark.parametrize("name", SITES)
def test_an_answer_without_sense_changes_nothing(site: SiteServer, take: Any, name: str, body: Any) -> None:
    path, _, _ = SITES[name]
    site.says(f"GET {path}", (200, body))
    assert take(step(name)).outcome in (LATER, REFUSED)
    assert len(site.asked) == 1


@pytest.mark.parametrize("trouble", [SILENT, SLOW, GIANT, BREAKS])
@pytest.mark.parametrize("name", SITES)
def test_a_site_without_a_good_answer_is_asked_later_and_left_alone_for_a_minute(
    site: SiteServer, take: Any, seconds: list[float], name: str, trouble: str
) -> None:
    path, _, _ = SITES[name]
    site.says(f"GET {path}", trouble)
    assert take(step(name)).outcome is LATER
    assert take(step(name)).wait == timedelta(seconds=REST_SECONDS)
    assert len(site.asked) == 1
    seconds[0] += REST_SECONDS
    site.says(f"GET {path}", (404, {}))
    assert take(step(name)).outcome is TAKEN


def test_a_deployment_asks_by_its_own_clock(site: SiteServer) -> None:
    site.says(f"GET {BOOKING}", booking(4, "CANCELLED_BY_SELLER"))
    take = site_apis(dict.fromkeys(BASES, site.base), str)
    assert [take(step("square")).outcome for _ in range(3)] == [TAKEN] * 3


def test_a_slow_site_gets_no_further_call_of_a_step(site: SiteServer, seconds: list[float]) -> None:
    """The worker has other bookings to wake, and only so much time."""

    def slowly() -> float:
        seconds[0] += 2
        return seconds[0]

    site.says(f"GET {BOOKING}", booking(4))
    site.says(f"POST {BOOKING}/cancel", (409, {}))
    take = site_apis(dict.fromkeys(BASES, site.base), str, slowly)
    assert take(step("square")).outcome is LATER
    assert site.asked == [f"GET {BOOKING}", f"POST {BOOKING}/cancel"]


def test_a_step_takes_less_than_a_worker_has_in_reserve() -> None:
    assert (BEGUN_SECONDS + 2 + 3 + 3) * 1000 < RESERVED_MS


def test_a_wish_to_wait_is_bounded_and_may_be_nonsense(site: SiteServer, take: Any) -> None:
    site.says(f"GET {BOOKING}", (429, {}))
    for text, wait in (("999999", timedelta(hours=1)), ("soon", timedelta()), ("-5", timedelta())):
        site.retry_after = text
        assert take(step("square")).wait == wait


def test_an_id_stays_within_its_path(site: SiteServer, take: Any) -> None:
    for strange in ("../../admin", "..", "1?x=1", "1#2", "a b", "%2e%2e", "\n", "x" * 201):
        for name in SITES:
            assert take(step(name, external_id=strange)).outcome is REFUSED
        assert take(step("yclients", location=strange)).outcome is REFUSED
    assert site.asked == []


@pytest.mark.parametrize(
    ("contacts", "kept", "outcome"),
    [
        (("+37369123456",), {"phone": "069123456"}, TAKEN),
        (("+37369123456",), {"phone": "+373 69 123-456"}, TAKEN),
        (("maria@example.com",), {"phone": "", "email": "Maria@example.com"}, TAKEN),
        (("+37369999999",), {"phone": "+37369123456"}, REFUSED),
        (("maria@example.com",), {"phone": "+37369123456", "email": ""}, REFUSED),
        (("",), {"phone": "", "email": ""}, REFUSED),
        ((), {"phone": "+37369123456"}, REFUSED),
        (("+37369123456",), None, REFUSED),
    ],
)
@pytest.mark.parametrize("kind", list(SiteStep))
def test_only_a_record_that_has_the_clients_phone_or_email_is_touched(
    site: SiteServer, take: Any, kind: SiteStep, contacts: Any, kept: Any, outcome: StepOutcome
) -> None:
    """A webhook that nobody signs may have named the record of somebody else."""
    site.says(f"GET {RECORD}", (200, {"data": {**A_RECORD, "client": kept}}))
    for method in ("PUT", "DELETE"):
        site.says(f"{method} {RECORD}", (200, {}))
    assert take(step("yclients", kind, contacts=contacts)).outcome is outcome
    assert len(site.asked) == (2 if outcome is TAKEN else 1)


def test_a_site_without_an_api_is_for_the_desk(take: Any) -> None:
    assert take(step("standard")).outcome is REFUSED


@pytest.mark.parametrize("name", ["square", "calcom"])
def test_a_confirmation_is_no_word_of_square_and_calcom(site: SiteServer, take: Any, name: str) -> None:
    assert take(step(name, CONFIRM)).outcome is REFUSED
    assert site.asked == []


def test_a_token_is_in_no_text_of_a_step() -> None:
    assert "secret-token" not in repr(step("square"))


def test_the_deployments_setting_says_where_an_api_is_and_no_network_does() -> None:
    found = from_environment(
        {"TABLE_NAME": "t", "SITE_API_URLS": "square=https://a.example/s, calcom=https://b"}
    )
    assert found.site_api_urls == {"square": "https://a.example/s", "calcom": "https://b"}
    assert from_environment({"TABLE_NAME": "t"}).site_api_urls == {}


def test_the_addresses_are_the_sites_own_and_safe() -> None:
    assert all(each.startswith("https://") for each in BASES.values())
