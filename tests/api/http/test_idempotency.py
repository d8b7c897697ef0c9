"""Asked twice with the same Idempotency-Key: done once, answered alike."""

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.shared.operations import GivenAnswer
from chalicelib.services.shared.ports import SaveConflict
from infra.testkit.api_client import Answer, Http
from infra.testkit.builders import NETWORK
from infra.testkit.delegating_store import DelegatingStore
from infra.testkit.interleaved_store import InterleavedStore
from tests.api.conftest import TestContainer

MARIA = "cli_maria00000000001"
BOOKING = {
    "salon_id": "sal_centru",
    "client": {"name": "Ion", "phone": "069222333"},
    "starts_at": "2026-11-25T10:00:00+02:00",
    "lines": [{"service_id": "srv_cut"}],
}
GRANT = {"kind": "grant", "points": 5, "reason": "x"}
MAKING = [
    ("/v1/bookings", BOOKING),
    ("/v1/clients", {"name": "Ion", "phone": "069222333"}),
    (f"/v1/clients/{MARIA}/bonus/entries", GRANT),
    ("/v1/salons", {"name": "B", "timezone": "Europe/Chisinau", "currency": "MDL", "address": "x"}),
    ("/v1/staff", {"name": "Ion"}),
    ("/v1/services", {"name": "Massage"}),
    ("/v1/keys", {"role": "manager", "name": "Office"}),
    ("/v1/connections", {"site": "standard"}),
]
PATHS = [path for path, _ in MAKING]


def things(world: Any) -> int:
    return sum(1 for item in world.store.item.scan() if item.sk != "ANSWER")


@pytest.mark.parametrize(("path", "body"), MAKING, ids=PATHS)
def test_the_same_again_gets_the_same_answer(path: str, body: Any, http: Http, world: Any) -> None:
    first = http.post(path, body, Idempotency_Key="k-1")
    before = things(world)
    again = http.post(path, body, Idempotency_Key="k-1")
    assert (first.status, again.status) == (201, 201)
    assert again.json == first.json
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert things(world) == before
    other = http.post(path, body, Idempotency_Key="k-2")
    assert other.json.get("id") != first.json["id"]


@pytest.mark.parametrize(("path", "body"), MAKING, ids=PATHS)
def test_a_crash_between_doing_and_keeping_counts_once(
    path: str, body: Any, http: Http, given_container: TestContainer, world: Any
) -> None:
    """The first request did its work, and the process died before it kept the answer."""
    dying = Forgetful(world.store)
    given_container.the_world = replace(world, store=dying)
    died = http.post(path, body, Idempotency_Key="k-1")
    assert (died.status, died.code) == (500, "INTERNAL")
    given_container.the_world = world
    before = things(world)
    again = http.post(path, body, Idempotency_Key="k-1")
    assert again.status == 201
    assert things(world) == before


@pytest.mark.parametrize(("path", "body"), MAKING, ids=PATHS)
def test_two_at_once_count_once(
    path: str, body: Any, http: Http, given_container: TestContainer, world: Any
) -> None:
    """The second comes while the first is at work: there is a claim, and no answer yet."""
    quick: list[Answer] = []
    racing = InterleavedStore(
        world.store, lambda: quick.append(http.post(path, body, Idempotency_Key="k-1")), after=True
    )
    given_container.the_world = replace(world, store=racing)
    slow = http.post(path, body, Idempotency_Key="k-1")
    assert slow.status == 201
    assert quick[0].json["id"] == slow.json["id"]
    before = things(world)
    assert http.post(path, body, Idempotency_Key="k-1").json["id"] == slow.json["id"]
    assert things(world) == before


def test_the_same_key_with_another_body_is_a_conflict(http: Http) -> None:
    http.post("/v1/clients", {"name": "Ion"}, Idempotency_Key="k-1")
    answer = http.post("/v1/clients", {"name": "Ana"}, Idempotency_Key="k-1")
    assert (answer.status, answer.code) == (409, "IDEMPOTENCY_MISMATCH")
    spaced = http.post("/v1/clients", '{ "name" : "Ion" }', Idempotency_Key="k-1")
    assert spaced.headers["Idempotency-Replayed"] == "true"


def test_another_body_under_a_key_that_is_at_work_does_nothing(
    http: Http, given_container: TestContainer, world: Any
) -> None:
    quick: list[Answer] = []

    def another() -> None:
        quick.append(http.post("/v1/clients", {"name": "Ana"}, Idempotency_Key="k-1"))

    racing = InterleavedStore(world.store, another, after=True)
    given_container.the_world = replace(world, store=racing)
    assert http.post("/v1/clients", {"name": "Ion"}, Idempotency_Key="k-1").status == 201
    assert quick[0].code == "IDEMPOTENCY_MISMATCH"
    assert [client.name for client in world.store.clients(NETWORK).items if client.name == "Ana"] == []


def test_the_same_key_for_another_client_is_a_conflict(http: Http) -> None:
    other = http.post("/v1/clients", {"name": "Ion"}).json["id"]
    http.post(f"/v1/clients/{MARIA}/bonus/entries", GRANT, Idempotency_Key="k-1")
    answer = http.post(f"/v1/clients/{other}/bonus/entries", GRANT, Idempotency_Key="k-1")
    assert answer.code == "IDEMPOTENCY_MISMATCH"


def test_keys_of_different_people_have_nothing_to_do_with_each_other(
    http: Http, keys: dict[str, str]
) -> None:
    first = http.post("/v1/clients", {"name": "Ion"}, Idempotency_Key="k-1").json["id"]
    second = (
        http.with_key(keys["manager"]).post("/v1/clients", {"name": "Ana"}, Idempotency_Key="k-1").json["id"]
    )
    assert first != second


def test_a_refusal_is_not_kept(http: Http) -> None:
    redeem = {"kind": "redeem", "points": 5, "reason": "x"}
    path = f"/v1/clients/{MARIA}/bonus/entries"
    assert http.post(path, redeem, Idempotency_Key="k-1").code == "INSUFFICIENT_POINTS"
    http.post(path, {**redeem, "kind": "grant"})
    assert http.post(path, redeem, Idempotency_Key="k-1").status == 201


def test_answers_are_kept_for_two_days(http: Http, clock: Any) -> None:
    body = {"name": "Ion"}
    first = http.post("/v1/clients", body, Idempotency_Key="k-1").json["id"]
    clock.forward(hours=47)
    assert http.post("/v1/clients", body, Idempotency_Key="k-1").json["id"] == first
    clock.forward(hours=2)
    assert http.post("/v1/clients", {"name": "Ana"}, Idempotency_Key="k-1").status == 201


@pytest.mark.parametrize("key", ["", "x" * 201, "ключ", "a\tb"])
def test_a_key_that_is_none_is_refused(key: str, http: Http) -> None:
    answer = http.post("/v1/clients", {"name": "Ion"}, Idempotency_Key=key)
    assert (answer.status, answer.code) == (400, "INVALID_IDEMPOTENCY_KEY")


def test_steps_are_answered_once_too(http: Http, begun: Any) -> None:
    path = f"/v1/bookings/{begun.id}/complete"
    bill = {"paid": {"amount_minor": 50_000, "currency": "MDL"}}
    first = http.post(path, bill, Idempotency_Key="k-1")
    assert http.post(path, bill, Idempotency_Key="k-1").json == first.json
    assert http.get(f"/v1/clients/{MARIA}/bonus").json["balance"] == 25


class Forgetful(DelegatingStore):
    """Dies when an answer is to be kept."""

    def save(self, *values: Any, remove: Any = ()) -> Any:
        if values and isinstance(values[0], GivenAnswer) and values[0].status:
            raise RuntimeError("the process died")
        return self.store.save(*values, remove=remove)


def test_an_answer_is_written_once(world: Any, clock: Any) -> None:
    answer = GivenAnswer(
        network_id=NETWORK, key_hash="k", request_hash="r", status=200, body="{}", expires_at=clock.now
    )
    world.store.save(answer)
    with pytest.raises(SaveConflict):
        world.store.save(answer)
