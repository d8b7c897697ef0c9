"""Why a touch will be made, or will not: over HTTP, by the checks of the sender itself."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.messages.messages import Message, MessageState
from chalicelib.domain.shared.ids import time_ordered
from chalicelib.domain.shared.touches import Purpose, Touch, TouchKind, TouchState, with_touches
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK, NOW, a_booking, a_consent, save_booking

MARIA = "cli_maria00000000001"


def explained(http: Http, kind: str, booking: str = "bkg_0000000000000001") -> Any:
    return http.get(f"/v1/bookings/{booking}/touches/{kind}/explain").json


def failed(answer: Any) -> list[tuple[str, str]]:
    return [(each["rule"], each["reason"]) for each in answer["checks"] if not each["passed"]]


def change(world: Any, **fields: Any) -> None:
    world.store.save(replace(world.store.get(Client, network_id=NETWORK, id=MARIA), **fields))


def test_a_touch_that_is_due_would_be_sent(http: Http, mine: Booking) -> None:
    answer = explained(http, "notice")
    assert (answer["decision"], answer["channel"], answer["at"]) == ("send", "sms", "2026-11-23T08:00:00Z")
    assert (answer["reason"], answer["decided_by"], failed(answer)) == (None, None, [])
    assert answer["plan"]["until"] == "2026-11-25T08:00:00Z"


def test_a_touch_that_is_not_due_waits_for_its_time(http: Http, mine: Booking) -> None:
    answer = explained(http, "confirm_request")
    assert (answer["decision"], answer["at"], answer["as_of"]) == (
        "wait",
        "2026-11-24T08:00:00Z",
        "2026-11-24T08:00:00Z",
    )
    assert [each["rule"] for each in answer["checks"]][:2] == ["confirm_request_hours_before", "useful_until"]
    first = answer["checks"][0]
    assert (first["value"], first["passed"]) == (24, True)
    assert all(len(each["about"]) > 20 for each in answer["checks"])
    quiet = next(each for each in answer["checks"] if each["rule"] == "quiet_hours")
    assert quiet["value"] == "21:00-09:00 Europe/Chisinau"


def test_without_consent_it_would_be_skipped(http: Http, mine: Booking, world: Any) -> None:
    change(world, consents=(a_consent(Purpose.SERVICE, granted=False),))
    answer = explained(http, "notice")
    assert (answer["decision"], answer["decided_by"], answer["reason"]) == ("skip", "channels", "no_consent")
    assert answer["reason_words"].startswith("The client has not agreed")
    assert failed(answer) == [("channels", "no_consent")]


def test_a_touch_that_a_rule_leaves_out_names_the_rule(http: Http, world: Any, town: Any) -> None:
    save_booking(world.store, a_booking("bkg_1", starts_at=NOW + timedelta(hours=5)))
    answer = explained(http, "confirm_request", "bkg_1")
    assert (answer["decision"], answer["decided_by"], answer["reason"]) == (
        "not_planned",
        "confirm_request_hours_before",
        "booked_late",
    )
    assert answer["checks"][0]["value"] == 24
    http.put("/v1/rules", {"version": 1, "messages": {"off": ["notice"]}})
    off = explained(http, "notice", "bkg_1")
    assert (off["decision"], off["decided_by"], off["reason"]) == ("not_planned", "off", "switched_off")


def test_what_the_booking_does_not_call_for_is_not_planned(http: Http, mine: Booking) -> None:
    answer = explained(http, "review_request")
    assert (answer["decision"], answer["reason"], answer["plan"]) == ("not_planned", "not_called_for", None)


def test_what_was_decided_is_told_as_it_was(http: Http, world: Any, town: Any) -> None:
    sent = Touch(TouchKind.NOTICE, TouchState.SKIPPED, NOW, reason="no_phone")
    save_booking(world.store, with_touches(a_booking("bkg_1"), sent))
    answer = explained(http, "notice", "bkg_1")
    assert (answer["decision"], answer["reason"], answer["checks"]) == ("done", "no_phone", [])


@pytest.fixture
def completed(world: Any, town: Any) -> Booking:
    """Closed two hours ago: the review request is due."""
    done = a_booking(
        starts_at=NOW - timedelta(hours=4),
        made_at=NOW - timedelta(days=2),
        status=Status.COMPLETED,
        closed_at=NOW - timedelta(hours=2),
    )
    return save_booking(world.store, done)


def test_over_the_cap_it_would_be_put_off(http: Http, world: Any, completed: Booking) -> None:
    for number in range(3):
        at = NOW - timedelta(days=3, hours=number)
        message = Message(
            network_id=NETWORK, id=time_ordered("msg", at, str(number)), client_id=MARIA, channel="sms",
            kind=TouchKind.REVIEW_REQUEST, state=MessageState.SENT, planned_at=at, recorded_at=at,
        )  # fmt: skip
        world.store.save(message)
    answer = explained(http, "review_request")
    assert (answer["decision"], answer["decided_by"], answer["reason"]) == ("put_off", "caps", "weekly_cap")
    assert answer["at"] > "2026-11-27"
    (caps,) = (each for each in answer["checks"] if each["rule"] == "caps")
    assert caps["value"] == {"weekly_cap": 3, "weekly_marketing_cap": 1}


def test_what_goes_along_in_anothers_text_is_not_capped(http: Http, world: Any, town: Any) -> None:
    """Two messages this week: a third goes, and the bonus notice goes along in it."""
    closed = {"status": Status.COMPLETED, "closed_at": NOW - timedelta(hours=2), "earned_points": 25}
    save_booking(world.store, a_booking(starts_at=NOW - timedelta(hours=4), **closed))
    http.put("/v1/rules", {"version": 1, "messages": {"weekly_cap": 1}})
    assert explained(http, "review_request")["decision"] == "send"
    answer = explained(http, "bonus_notice")
    assert (answer["decision"], failed(answer)) == ("send", [])


def test_a_spent_budget_would_stop_it(http: Http, world: Any, completed: Booking) -> None:
    http.put("/v1/rules", {"version": 1, "messages": {"monthly_budget_usd_cents": 100}})
    world.store.save(replace(world.store.spending(NETWORK, "2026-11"), reserved_micros=1_000_000))
    answer = explained(http, "review_request")
    assert (answer["decision"], answer["reason"]) == ("skip", "budget")
    assert (explained(http, "bonus_notice"))["reason"] == "nothing_earned"


def test_quiet_hours_put_it_off(http: Http, clock: Any, completed: Booking) -> None:
    clock.forward(hours=13)
    answer = explained(http, "review_request")
    assert (answer["decision"], answer["at"]) == ("wait", "2026-11-24T07:00:00Z")


def test_whose_own_rules_hold_is_told(http: Http, mine: Booking) -> None:
    overrides = [{"salon_id": "sal_centru", "messages": {"confirm_request_hours_before": 20}}]
    http.put(
        "/v1/rules", {"version": 1, "overrides": [*overrides, {"service_id": "srv_nails", "messages": {}}]}
    )
    answer = explained(http, "confirm_request")
    assert (answer["own_rules"], answer["checks"][0]["value"]) == (["sal_centru"], 20)
    assert answer["at"] == "2026-11-24T12:00:00Z"


@pytest.mark.parametrize(
    "kind", ["repeat_invitation", "birthday", "bonus_expiry", "at_risk", "win_back", "no_show_invitation"]
)
def test_what_the_client_calls_for_is_explained_too(kind: str, http: Http, mine: Booking) -> None:
    answer = http.get(f"/v1/bookings/{mine.id}/touches/{kind}/explain")
    assert answer.status == 200
    assert answer.json["decision"] in ("not_planned", "wait", "skip")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("bkg_none/touches/notice", 404, "NOT_FOUND"),
        ("bkg_0000000000000001/touches/greeting", 422, "UNKNOWN_KIND"),
        ("bkg_0000000000000001/touches/campaign", 422, "UNKNOWN_KIND"),
    ],
)
def test_what_cannot_be_explained(path: str, status: int, code: str, http: Http, mine: Booking) -> None:
    answer = http.get(f"/v1/bookings/{path}/explain")
    assert (answer.status, answer.code) == (status, code)


def test_a_booking_whose_client_is_not_known_explains_nothing(http: Http, world: Any, town: Any) -> None:
    save_booking(world.store, a_booking("bkg_1", client_id=None))
    assert http.get("/v1/bookings/bkg_1/touches/notice/explain").code == "NO_CLIENT"


def test_a_specialist_asks_about_their_own(
    http: Http, keys: dict[str, str], mine: Booking, world: Any
) -> None:
    anna = http.with_key(keys["specialist"])
    assert explained(anna, "notice")["decision"] == "send"
    lines = (replace(mine.lines[0], staff_id="stf_vera"),)
    save_booking(world.store, a_booking("bkg_2", lines=lines))
    assert anna.get("/v1/bookings/bkg_2/touches/notice/explain").code == "FORBIDDEN"
