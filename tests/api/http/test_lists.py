"""Lists: a cursor leads on in the very list that handed it out, and an empty filter is refused."""

from base64 import urlsafe_b64decode
from typing import Any

import pytest

from chalicelib.api.http.openapi import ApiRoute, routes
from chalicelib.domain.networks.network import Role
from chalicelib.services.networks.manage_keys import make_key
from infra.testkit.api_client import Http
from infra.testkit.builders import (
    NETWORK,
    OTHER_NETWORK,
    a_booking,
    a_client,
    a_town,
    save_booking,
    save_client,
)

MARIA = "cli_maria00000000001"


def lists(app: Any) -> list[ApiRoute]:
    found = [
        each
        for each in routes(app.routes)
        if each.method == "GET" and "cursor" in each.contract.query.__struct_fields__
    ]
    assert len(found) > 20
    return found


def address(route: ApiRoute) -> str:
    """Of a list that is there: each parameter of the path names something that exists."""
    return route.path.format(client_id=MARIA, salon_id="sal_centru", month="2026-10", name="retention")


def needed(route: ApiRoute) -> str:
    """The filters that the list cannot do without."""
    return {
        "/v1/reports/bonus/clearing": "month=2026-10&",
        "/v1/reports/{name}": "definition=window&list=base&",
    }.get(route.path, "")


@pytest.fixture
def many(http: Http, world: Any, town: Any) -> None:
    """Two of what lists show."""
    save_client(world.store, a_client("cli_boris00000000001", phone="+37369000444", email=None))
    for number in (1, 2):
        save_booking(world.store, a_booking(f"bkg_{number:016}"))
        http.post("/v1/services", {"name": f"Service {number}", "minutes": 30})
        http.post(f"/v1/clients/{MARIA}/bonus/entries", {"kind": "grant", "points": 5, "reason": "gift"})


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("of", ["/v1/services", "/v1/clients", f"/v1/clients/{MARIA}/bookings"])
def test_no_list_takes_the_cursor_of_another(of: str, http: Http, app: Any) -> None:
    cursor = http.get(f"{of}?limit=1").json["next_cursor"]
    assert http.get(f"{of}?cursor={cursor}").status == 200
    for route in lists(app):
        if address(route) == of:
            continue
        for foreign in (cursor, cursor[:-4], "x", "nonsense", "eyJQSyI6IngifQ", "%F0%9F%92%A9"):
            answer = http.get(f"{address(route)}?{needed(route)}cursor={foreign}")
            assert (answer.status, answer.code) == (400, "INVALID_CURSOR"), (route.path, answer)


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    ("of", "other_filter"),
    [
        ("/v1/clients", "source=x"),
        ("/v1/clients", "q=maria"),
        ("/v1/bookings", "status=booked"),
        ("/v1/bookings", "from=2026-11-01"),
        ("/v1/services", None),
    ],
)
def test_a_cursor_belongs_to_its_filters(of: str, other_filter: str | None, http: Http) -> None:
    cursor = http.get(f"{of}?limit=1").json["next_cursor"]
    assert http.get(f"{of}?limit=7&cursor={cursor}").status == 200
    if other_filter is not None:
        assert http.get(f"{of}?{other_filter}&cursor={cursor}").code == "INVALID_CURSOR"


@pytest.mark.usefixtures("many")
def test_a_cursor_does_not_lead_into_the_same_list_of_another_network(http: Http, world: Any) -> None:
    a_town(world.store, OTHER_NETWORK)
    _, secret = make_key(world, OTHER_NETWORK, Role.OWNER, name="owner")
    for of in ("/v1/services", "/v1/clients", "/v1/bookings"):
        cursor = http.get(f"{of}?limit=1").json["next_cursor"]
        assert http.with_key(secret).get(f"{of}?cursor={cursor}").code == "INVALID_CURSOR"


@pytest.mark.usefixtures("many")
def test_a_cursor_tells_nothing_of_what_it_points_at(http: Http) -> None:
    """It names the item that was read last, which the caller may not be allowed to see."""
    cursor = http.get("/v1/clients?limit=1").json["next_cursor"]
    plain = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    for secret in (b"cli_", b"NET#", NETWORK.encode(), b"2026-"):
        assert secret not in plain


@pytest.mark.usefixtures("many")
def test_a_list_comes_to_its_end_by_its_cursors(http: Http) -> None:
    entries = f"/v1/clients/{MARIA}/bonus/entries"
    for of, number in (("/v1/services", 4), ("/v1/clients", 2), ("/v1/bookings", 2), (entries, 2)):
        found, cursor = [], ""
        while cursor is not None:
            page = http.get(f"{of}?limit=1&cursor={cursor}").json
            found += [each["id"] for each in page["items"]]
            cursor = page["next_cursor"]
        assert (len(found), len(set(found))) == (number, number), of


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("empty", ["", "%20", "+"])
def test_an_empty_filter_is_refused_in_every_list(empty: str, http: Http, app: Any) -> None:
    """It would select everything."""
    for route in lists(app):
        for name in route.contract.query.__struct_encode_fields__:
            if name != "cursor":
                answer = http.get(f"{address(route)}?{name}={empty}")
                assert (answer.status, answer.code) == (400, "INVALID_FIELD"), (route.path, name, answer)
                assert answer.json["details"] == {"field": name}


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize("name", ["phone", "email", "q", "card"])
def test_an_empty_search_finds_nobody(name: str, http: Http, keys: dict[str, str]) -> None:
    for role in ("owner", "manager", "reception", "partner"):
        answer = http.with_key(keys[role]).get(f"/v1/clients?{name}=")
        assert (answer.status, answer.code) == (400, "INVALID_FIELD")
