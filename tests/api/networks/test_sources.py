"""Sources over HTTP: an owner lists them and tells their costs, a manager reads."""

from datetime import timedelta
from typing import Any

import pytest

from infra.testkit.api_client import Http
from infra.testkit.builders import NOW

INSTAGRAM = {"name": "Instagram", "type": "social", "aliases": ["insta", "INSTA ", "instagram.com"]}


@pytest.fixture
def source_id(http: Http) -> str:
    made = http.post("/v1/sources", INSTAGRAM)
    assert made.status == 201
    return str(made.json["id"])


def test_a_source_is_listed_changed_and_archived(http: Http, source_id: str) -> None:
    path = f"/v1/sources/{source_id}"
    assert http.get(path).json == {
        "id": source_id, "name": "Instagram", "type": "social", "aliases": ["insta", "instagram.com"],
        "costs": [], "archived": False, "version": 1,
    }  # fmt: skip
    changed = http.patch(path, {"name": "Lotos in Instagram", "type": "platform", "version": 1}).json
    assert (changed["type"], changed["aliases"]) == ("platform", ["insta", "instagram.com", "instagram"])
    assert http.patch(path, {"version": 1}).code == "STALE_VERSION"
    assert http.delete(path).json["archived"] is True
    assert http.get("/v1/sources").json["items"] == []
    assert [each["id"] for each in http.get("/v1/sources?archived=true").json["items"]] == [source_id]


def test_costs_are_told_by_month(http: Http, source_id: str) -> None:
    path = f"/v1/sources/{source_id}/costs"
    cost = {"amount_minor": 150_000, "currency": "MDL"}
    http.put(f"{path}/2026-09", {"cost": {"amount_minor": 0, "currency": "EUR"}})
    told = http.put(f"{path}/2026-10", {"cost": cost}).json
    assert told["costs"][0] == {"month": "2026-10", "cost": cost}
    assert [each["month"] for each in told["costs"]] == ["2026-10", "2026-09"]
    left = http.put(f"{path}/2026-10", {"cost": None}).json["costs"]
    assert [each["month"] for each in left] == ["2026-09"]
    for month in ("2026-13", "yesterday", "2016-01"):
        assert http.put(f"{path}/{month}", {"cost": cost}).code == "INVALID_MONTH"
    assert http.put(f"{path}/2026-10", {}).code == "MISSING_FIELD"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": "insta"}, "SOURCE_TAKEN"),
        ({"name": "–"}, "INVALID_NAME"),
        ({"type": "rumour"}, "INVALID_FIELD"),
        ({"aliases": [""]}, "INVALID_FIELD"),
        ({"colour": "red"}, "UNKNOWN_FIELD"),
    ],
)
@pytest.mark.usefixtures("source_id")
def test_what_is_wrong_is_named(fields: dict[str, Any], code: str, http: Http) -> None:
    assert http.post("/v1/sources", {"name": "Google", "type": "platform", **fields}).code == code


def test_only_an_owner_writes_and_only_the_office_reads(
    http: Http, keys: dict[str, str], source_id: str
) -> None:
    path = f"/v1/sources/{source_id}"
    for role in ("manager", "reception", "specialist", "partner"):
        asked = http.with_key(keys[role])
        reads = [asked.get(each).status for each in ("/v1/sources", "/v1/sources/unknown", path)]
        writes = [
            asked.post("/v1/sources", INSTAGRAM).status,
            asked.patch(path, {"name": "X"}).status,
            asked.delete(path).status,
            asked.put(f"{path}/costs/2026-10", {"cost": None}).status,
        ]
        assert reads == [200 if role == "manager" else 403] * 3
        assert writes == [403] * 4


def test_a_source_of_nobody_is_missing(http: Http) -> None:
    for answer in (
        http.get("/v1/sources/src_x"),
        http.patch("/v1/sources/src_x", {"name": "X"}),
        http.put("/v1/sources/src_x/costs/2026-10", {"cost": None}),
    ):
        assert (answer.status, answer.json["details"]["what"]) == (404, "source")


def test_unknown_words_are_shown_until_an_owner_adopts_them(http: Http, clock: Any, source_id: str) -> None:
    clients = [("Tik Tok", 0), ("insta?utm_medium=x", 0), ("blog", 1), ("TikTok", 1), ("blog", 2)]
    for number, (source, days) in enumerate(clients):
        clock.now = NOW + timedelta(days=days)
        made = http.post("/v1/clients", {"name": "Ion", "phone": f"06911000{number}", "source": source}).json
        assert (made["source"], made["source_id"]) == (source, source_id if "insta" in source else None)
    found = http.get("/v1/sources/unknown").json["items"]
    assert found[0] == {"word": "blog", "days": 2, "first_on": "2026-11-24", "last_on": "2026-11-25"}
    assert sorted(each["word"] for each in found) == ["Tik Tok", "TikTok", "blog"]
    http.patch(f"/v1/sources/{source_id}", {"aliases": ["insta", "Blog"]})
    assert "blog" not in [each["word"] for each in http.get("/v1/sources/unknown").json["items"]]
    listed = http.get(f"/v1/clients?source={source_id}").json["items"]
    assert [each["source"] for each in listed] == ["blog", "blog", "insta?utm_medium=x"]
    assert {each["source_id"] for each in listed} == {source_id}
    first = http.get("/v1/sources/unknown?limit=1").json
    assert len(http.get(f"/v1/sources/unknown?cursor={first['next_cursor']}").json["items"]) == 1
