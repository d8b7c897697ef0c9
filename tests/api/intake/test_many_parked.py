"""Hundreds of parked items are retried, or removed, by their kind, a part of their error, or their ids."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.shared.operations import Parked
from chalicelib.domain.shared.waking import Trouble
from chalicelib.services.waking.many_parked import MAX_PARKED_AT_ONCE
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK, NOW, a_booking, save_booking

IN_TWO_DAYS = NOW + timedelta(days=2)


def park(store: Any, number: int, error: str = "KeyError: no such text") -> str:
    """A booking whose wake failed six times."""
    trouble = Trouble(6, error, NOW, NOW, parked=True)
    booking = a_booking(f"bkg_parked{number:08d}", starts_at=IN_TWO_DAYS + timedelta(minutes=number))
    save_booking(store, replace(booking, trouble=trouble, wake=None))
    store.save(Parked(network_id=NETWORK, item=f"BOOKING {booking.id}", error=error, at=NOW))
    return booking.id


def make_unreadable(store: Any, booking_id: str) -> None:
    item = store.item.get(f"NET#{NETWORK}#BKG#{booking_id}", "BOOKING")
    item.body, item.packed = "{", None
    item.save()


def listed(http: Http) -> list[str]:
    return [each["id"] for each in http.get("/v1/parked?limit=200").json["items"]]


def test_all_of_one_error_are_retried_and_wake_again(http: Http, store: Any, town: Any) -> None:
    mended = [park(store, number) for number in range(3)]
    other = park(store, 3, "ValueError: no such picture")
    answer = http.post("/v1/parked/retry", {"kind": "booking", "error": "no such TEXT"})
    assert (answer.status, answer.json) == (200, {"done": 3, "left": [], "next": None})
    assert listed(http) == [other]
    for booking_id in mended:
        item = store.item.get(f"NET#{NETWORK}#BKG#{booking_id}", "BOOKING")
        assert item.wake_at is not None


def test_a_hundred_at_once_and_the_rest_with_next(http: Http, store: Any, town: Any) -> None:
    ids = [park(store, number) for number in range(MAX_PARKED_AT_ONCE + 5)]
    first = http.post("/v1/parked/remove", {"kind": "booking"}).json
    assert (first["done"], first["left"], len(listed(http))) == (MAX_PARKED_AT_ONCE, [], 5)
    rest = http.post("/v1/parked/remove", {"kind": "booking", "after": first["next"]}).json
    assert (rest, listed(http)) == ({"done": 5, "left": [], "next": None}, [])
    removed = http.get("/v1/parked?removed=true&limit=200").json["items"]
    assert {each["id"] for each in removed} == set(ids)


def test_what_cannot_be_retried_stays_with_its_code_and_stops_no_other(
    http: Http, store: Any, town: Any
) -> None:
    bad, good = park(store, 1), park(store, 2)
    make_unreadable(store, bad)
    answer = http.post("/v1/parked/retry", {"ids": [bad, good, "bkg_unknown"]}).json
    assert (answer["done"], [(each["id"], each["code"]) for each in answer["left"]]) == (
        1,
        [(bad, "UNREADABLE_ITEM")],
    )
    assert listed(http) == [bad]


@pytest.mark.parametrize("body", [{}, {"after": "0 BOOKING"}])
def test_nothing_is_retried_or_removed_unless_it_is_said_what(body: Any, http: Http, town: Any) -> None:
    for path in ("/v1/parked/retry", "/v1/parked/remove"):
        answer = http.post(path, body)
        assert (answer.status, answer.code) == (422, "INVALID_CHOICE")


def test_done_again_it_does_nothing(http: Http, store: Any, town: Any) -> None:
    park(store, 1)
    for done in (1, 0):
        assert http.post("/v1/parked/retry", {"kind": "booking"}).json["done"] == done
