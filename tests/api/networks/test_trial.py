"""A network in trial over HTTP: what is missing, what would go out and be given, and going live."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.messages.messages import MessageState, Outcome
from chalicelib.domain.networks.network import Network
from chalicelib.services.waking.handlers import wake_booking
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK, NOW, a_booking, save_booking
from tests.api.conftest import TestContainer

CLIENT, BOOKING = "cli_maria00000000001", "bkg_0000000000000001"
PAID = {"paid": {"amount_minor": 50_000, "currency": "MDL"}}


@pytest.fixture(autouse=True)
def in_trial(world: Any, http: Http) -> None:
    world.store.save(replace(world.store.get(Network, network_id=NETWORK), trial=True))
    world.directories.forget(NETWORK)


def test_the_network_says_that_it_is_not_live_and_what_is_missing(http: Http) -> None:
    seen = http.get("/v1/network").json
    assert seen["live"] is False
    assert [gap["item"] for gap in seen["missing"]] == ["connection", "texts", "hours", "budget", "programme"]
    assert all(gap["says"].endswith(".") for gap in seen["missing"])


def test_an_owner_reviews_and_goes_live(http: Http) -> None:
    reviewed = http.patch("/v1/network", {"reviewed": ["texts", "hours", "connection"]}).json
    assert [gap["item"] for gap in reviewed["missing"]] == ["budget", "programme"]
    live = http.post("/v1/network/live")
    assert (live.status, live.json["live"]) == (200, True)
    assert [gap["item"] for gap in live.json["missing"]] == ["budget", "programme"]
    assert http.post("/v1/network/live").json == live.json
    assert http.get("/v1/network").json == live.json
    seen = http.get("/v1/network/trial").json
    assert seen["live"] is True
    assert (seen["live_since"], seen["live_by"]) == ("2026-11-23T08:00:00Z", "key:key_owner")


def test_an_unknown_part_cannot_be_reviewed(http: Http) -> None:
    answer = http.patch("/v1/network", {"reviewed": ["salon"]})
    assert (answer.status, answer.code) == (400, "INVALID_FIELD")


@pytest.mark.parametrize("role", ["manager", "reception", "specialist", "partner"])
def test_nobody_but_an_owner_goes_live(http: Http, keys: dict[str, str], role: str) -> None:
    assert http.with_key(keys[role]).post("/v1/network/live").status == 403
    assert http.get("/v1/network").json["live"] is False


def test_the_log_and_the_summary_show_what_would_go_out(
    http: Http, world: Any, given_container: TestContainer, clock: Any
) -> None:
    booking = save_booking(world.store, a_booking())
    wake_booking(given_container.sending(), booking)
    (message,) = http.get("/v1/messages?state=skipped").json["items"]
    assert (message["kind"], message["channel"], message["reason"]) == ("notice", "sms", "trial")
    assert message["to"] == "+37369123456"
    assert message["parts"] >= 1
    assert message["reason_words"]
    seen = http.get("/v1/network/trial").json
    assert seen["messages"] == [
        {
            "kind": "notice",
            "channel": "sms",
            "messages": 1,
            "parts": message["parts"],
            "cost": message["cost"],
        }
    ]
    assert seen["cost"] == message["cost"]
    assert given_container.sender.sent == []
    lines = http.get("/v1/reports/messages/costs").json["items"]
    assert [(each["messages"], each["skipped"], each["parts"]) for each in lines] == [(0, 1, 0)]


def test_a_completion_says_what_the_visit_would_have_earned(http: Http, begun: Any) -> None:
    bonus = http.post(f"/v1/bookings/{BOOKING}/complete", PAID).json["bonus"]
    assert (bonus["earned"], bonus["would_earn"], bonus["balance"], bonus["entry_ids"]) == (0, 25, 0, [])
    seen = http.get("/v1/network/trial").json
    assert (seen["visits"], seen["points"]) == (1, {"cashback": 25})


def test_a_live_visit_would_earn_nothing_besides(http: Http, begun: Any) -> None:
    http.post("/v1/network/live")
    bonus = http.post(f"/v1/bookings/{BOOKING}/complete", PAID).json["bonus"]
    assert (bonus["earned"], bonus["would_earn"]) == (25, 0)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"/v1/clients/{CLIENT}/bonus/entries", {"kind": "grant", "points": 5, "reason": "x"}),
        (f"/v1/clients/{CLIENT}/coupons", {"name": "10 %", "reason": "x", "percent": 10}),
        (f"/v1/bookings/{BOOKING}/complete", {**PAID, "redeem_points": 5}),
        (
            f"/v1/clients/{CLIENT}/bonus/holds",
            {"points": 5, "salon_id": "sal_centru", "bill": PAID["paid"]},
        ),
    ],
)
def test_points_and_coupons_by_hand_wait_until_the_network_is_live(
    http: Http, begun: Any, path: str, body: Any
) -> None:
    answer = http.post(path, body)
    assert (answer.status, answer.code) == (409, "NOT_LIVE")
    assert "POST /v1/network/live" in answer.json["message"]


def test_a_test_send_goes_to_oneself_a_few_times_an_hour(http: Http, given_container: TestContainer) -> None:
    given_container.sender.outcomes = [Outcome(MessageState.SENT, provider_id="p")] * 9
    body = {
        "kind": "birthday", "channel": "sms", "language": "ru", "client_id": CLIENT, "to": "+37369000111",
    }  # fmt: skip
    answers = [http.post("/v1/messages/test", body) for _ in range(6)]
    assert [each.status for each in answers] == [200] * 5 + [429]
    assert len(given_container.sender.sent) == 5


def test_a_booking_of_the_trial_gets_its_later_messages_once_the_network_is_live(
    http: Http, world: Any, given_container: TestContainer, clock: Any
) -> None:
    booking = save_booking(world.store, a_booking())
    wake_booking(given_container.sending(), booking)
    http.post("/v1/network/live")
    clock.now = NOW + timedelta(days=1, minutes=1)
    wake_booking(given_container.sending(), world.store.get(Booking, network_id=NETWORK, id=BOOKING))
    assert [each.kind for each in given_container.sender.sent] == ["confirm_request"]
