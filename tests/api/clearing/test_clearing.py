"""The clearing over HTTP: counted by a walk, in points and in money, for those who see the whole network."""

from typing import Any

import pytest

from chalicelib.domain.bookings.bookings import Status
from chalicelib.domain.networks.network import Role
from chalicelib.domain.waking.walks import Walk
from chalicelib.services.networks.manage_keys import make_key
from chalicelib.services.waking.walk_on import walk_on
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK, NOW, OTHER_NETWORK, a_booking, a_network
from infra.testkit.doubles import SettableClock

PATH = "/v1/reports/bonus/clearing"
MONTH = f"{PATH}?month=2026-11"
MARIA = "cli_maria00000000001"
CENTRU, YORK = "sal_centru", "sal_york"


@pytest.fixture
def posted(http: Http, world: Any) -> None:
    """Maria got 100 points in Chisinau and 50 in New York, 20 of which expire with the year, and spent 120 in
    New York, where three bookings were completed."""
    for kind, points, salon_id, expires_on in (
        ("grant", 100, CENTRU, None),
        ("grant", 30, YORK, None),
        ("grant", 20, YORK, "2026-12-31"),
        ("redeem", 120, YORK, None),
    ):
        said = {"kind": kind, "points": points, "reason": "test", "salon_id": salon_id}
        said |= {"expires_on": expires_on} if expires_on else {}
        assert http.post(f"/v1/clients/{MARIA}/bonus/entries", said).status == 201
    for number in range(3):
        done = {"salon_id": YORK, "status": Status.COMPLETED, "starts_at": NOW, "currency": "USD"}
        world.store.save(a_booking(f"bkg_{number}", **done))
    world.store.save(a_booking("bkg_no", salon_id=YORK, status=Status.NO_SHOW, starts_at=NOW))


def counted(http: Http, world: Any, clock: SettableClock, month: str = "2026-11") -> dict[str, Any]:
    clock.forward(minutes=2)
    begun = http.post(PATH, {"month": month})
    assert (begun.status, begun.json["kind"], begun.json["month"]) == (202, "clearing", month)
    for _ in range(2):
        walk_on(world, world.store.get(Walk, network_id=NETWORK, id=begun.json["id"]))
    assert http.get(f"/v1/walks/{begun.json['id']}").json["stage"] == "done"
    found: dict[str, Any] = http.get(f"{PATH}?month={month}").json
    return found


def usd(amount: int) -> dict[str, Any]:
    return {"amount_minor": amount, "currency": "USD"}


@pytest.mark.usefixtures("posted")
def test_a_month_is_told_in_points_and_in_money(http: Http, world: Any, clock: SettableClock) -> None:
    assert http.get(MONTH).code == "NOT_COUNTED"
    report = counted(http, world, clock)
    assert report["totals"] == {
        "granted": 150,
        "redeemed": -120,
        "expired": 0,
        "reversed": 0,
        "merged": 0,
        "corrected": 0,
        "net": 30,
    }
    honoured = [
        (each["granting_salon_id"], each["honouring_salon_id"], each["honoured"], each["value"])
        for each in report["items"]
    ]
    assert honoured == [
        (CENTRU, CENTRU, 0, {"amount_minor": 0, "currency": "MDL"}),
        (CENTRU, YORK, 100, usd(10_000)),
        (YORK, YORK, 20, usd(2_000)),
    ]
    assert report["salons"] == [
        {
            "salon_id": YORK,
            "completed": 3,
            "redemptions": 1,
            "honoured": 120,
            "value": usd(12_000),
            "cost_per_visit": usd(4_000),
        }
    ]
    assert report["liability"] == [{"expires": "never", "points": 30, "value": usd(3_000)}]
    assert (report["breakage"], report["debt"], report["entries"]) == ([], 0, 4)
    assert (report["since"], report["until"]) == ("2026-10-31T22:00:00Z", "2026-11-30T22:00:00Z")
    assert (report["final"], report["as_of"]) == (False, "2026-11-23T08:01:00Z")


@pytest.mark.usefixtures("posted")
def test_pairs_come_in_pages_and_sum_to_the_totals(http: Http, world: Any, clock: SettableClock) -> None:
    whole = counted(http, world, clock)
    items, cursor = [], ""
    while cursor is not None:
        page = http.get(f"{MONTH}&limit=1&cursor={cursor}").json
        assert page["totals"] == whole["totals"]
        items += page["items"]
        cursor = page["next_cursor"]
    assert items == whole["items"]
    for column in ("granted", "redeemed", "expired", "merged", "corrected", "net"):
        assert sum(each[column] for each in items) == whole["totals"][column]
    back = sum(each["returned"] + each["taken_back"] for each in items)
    assert back == whole["totals"]["reversed"]


@pytest.mark.usefixtures("posted")
def test_the_value_is_that_of_the_day_of_the_count(http: Http, world: Any, clock: SettableClock) -> None:
    assert counted(http, world, clock)["salons"][0]["value"] == usd(12_000)
    http.put("/v1/rules", {"version": 1, "bonuses": {"point_value_minor": 50}})
    assert http.get(MONTH).json["salons"][0]["value"] == usd(12_000)
    assert counted(http, world, clock)["salons"][0]["value"] == usd(6_000)


@pytest.mark.usefixtures("posted")
def test_it_is_for_those_who_see_the_whole_network(
    http: Http, world: Any, clock: SettableClock, keys: dict[str, str]
) -> None:
    counted(http, world, clock)
    assert http.with_key(keys["manager"]).get(MONTH).status == 200
    for role in ("reception", "specialist", "partner"):
        assert http.with_key(keys[role]).get(MONTH).code == "FORBIDDEN"
        assert http.with_key(keys[role]).post(PATH, {"month": "2026-11"}).code == "FORBIDDEN"
    said = {"role": "manager", "name": "York", "salon_ids": [YORK]}
    york = http.with_key(http.post("/v1/keys", said).json["secret"])
    assert york.get(MONTH).code == "FORBIDDEN"
    assert york.post(PATH, {"month": "2026-11"}).code == "FORBIDDEN"


@pytest.mark.usefixtures("posted")
def test_another_network_sees_nothing(http: Http, world: Any, clock: SettableClock) -> None:
    counted(http, world, clock)
    world.store.save(a_network(OTHER_NETWORK, name="Orchid"))
    stranger = http.with_key(make_key(world, OTHER_NETWORK, Role.OWNER, name="owner")[1])
    assert (stranger.get(MONTH).status, stranger.get(MONTH).code) == (404, "NOT_COUNTED")


@pytest.mark.parametrize("month", ["2026-13", "26-11", "november", "2026-11-01"])
def test_what_is_no_month_is_refused(month: str, http: Http) -> None:
    assert http.get(f"{PATH}?month={month}").code == "INVALID_FIELD"
    assert http.post(PATH, {"month": month}).code == "INVALID_FIELD"


def test_a_month_is_needed_and_not_one_to_come(http: Http) -> None:
    assert http.get(PATH).code == "MISSING_FIELD"
    assert http.post(PATH).code == "MISSING_FIELD"
    refused = http.post(PATH, {"month": "2026-12"})
    assert (refused.status, refused.code) == (422, "MONTH_NOT_BEGUN")


def test_a_month_in_which_nothing_happened_is_all_zeros(http: Http, world: Any, clock: SettableClock) -> None:
    report = counted(http, world, clock, "2026-10")
    assert set(report["totals"].values()) == {0}
    assert (report["items"], report["salons"], report["liability"]) == ([], [], [])
    assert report["final"]
