"""Settings of connections over HTTP: what is misspelt or cannot be read is refused by name."""

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.networks.network import Connection
from infra.testkit.api_client import Answer, Http
from infra.testkit.builders import a_connection

OFTEN_MISSPELT = [
    ("yclients", "compnay_id", "company_id"),
    ("altegio", "companyId", "company_id"),
    ("yclients", "company_id ", "company_id"),
    ("yclients", "salonn:1", "salon:1"),
    ("yclients", "Salon:71001", "salon:71001"),
    ("square", "salon", "salon:<location>"),
    ("square", "salon_L1", "salon:<location>"),
    ("square", "merchant", "merchant_id"),
    ("yclients", "money_units", "money_unit"),
    ("yclients", "largest_visits", "largest_visit"),
    ("standard", "sources", "source"),
    ("standard", "source_range", "source_ranges"),
    ("standard", "URL", "url"),
    ("calcom", "new_per_day", "new_a_day"),
    ("calcom", "colour", None),
]


def asked(http: Http, site: str, settings: dict[str, Any]) -> list[Answer]:
    """A new connection with the settings, and a known one that is given them."""
    wanted = {"site": site, "salon_id": "sal_centru"}
    known = http.post("/v1/connections", wanted).json["id"]
    return [
        http.post("/v1/connections", {**wanted, "settings": settings}),
        http.patch(f"/v1/connections/{known}", {"settings": settings}),
    ]


@pytest.mark.parametrize(("site", "name", "nearest"), OFTEN_MISSPELT)
def test_a_misspelt_setting_is_refused_with_the_name_that_was_meant(
    site: str, name: str, nearest: str | None, http: Http
) -> None:
    for answer in asked(http, site, {name: "1"}):
        assert (answer.status, answer.code) == (422, "UNKNOWN_SETTING")
        assert answer.json["details"]["setting"] == name
        assert answer.json["details"]["nearest"] == nearest
        assert "source_ranges" in answer.json["details"]["known"]
        assert nearest is None or f"Did you mean {nearest}?" in answer.json["message"]


@pytest.mark.parametrize(
    ("site", "name"),
    [("calcom", "salon:7"), ("square", "company_id"), ("yclients", "merchant_id"), ("square", "bridge"),
     ("standard", "largest_visit"), ("standard", "money_unit")],
)  # fmt: skip
def test_a_setting_that_the_site_never_reads_is_refused(site: str, name: str, http: Http) -> None:
    for answer in asked(http, site, {name: "sal_centru"}):
        assert (answer.status, answer.code) == (422, "UNKNOWN_SETTING")


@pytest.mark.parametrize(
    ("site", "name", "value"),
    [
        *(("yclients", "company_id", value) for value in ("", " ", "Lotos", "71 001", "71001,", "-1")),
        *(("yclients", "company_id", value) for value in ("0", "\u0667")),
        *(("altegio", "company_id", value) for value in ("First", "any,71001", "1" * 30)),
        *(("yclients", "money_unit", value) for value in ("cents", "Minor", "")),
        *(("yclients", "new_a_day", value) for value in ("", "ten", "1.5", "+5")),
        *(("square", "merchant_id", value) for value in ("", "M 1", "M1\n")),
        *(("standard", "bridge", value) for value in ("", "  ", "one\u200b")),
        *(("standard", "source", value) for value in ("", " Instagram", "x" * 101)),
        *(("square", "url", value) for value in ("", "salon.example/hook", "https://salon.example/a hook")),
        *(("square", name, "sal_centru") for name in ("salon:", "salon: ", "salon: L1", "salon:L1\u200b")),
        *(("yclients", name, "sal_centru") for name in ("salon:", "salon:Lotos", "salon:71 001", "salon:0")),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_meant_is_refused_by_its_name(
    site: str, name: str, value: str, http: Http
) -> None:
    for answer in asked(http, site, {name: value}):
        assert (answer.status, answer.code) == (422, "INVALID_SETTINGS")
        assert answer.json["details"] == {"setting": name}


@pytest.mark.parametrize("value", [71001, None, True, ["71001"], {"id": "71001"}, 1.5])
def test_a_setting_is_a_text(value: Any, http: Http) -> None:
    answer = http.post("/v1/connections", {"site": "yclients", "settings": {"company_id": value}})
    assert (answer.status, answer.code) == (400, "INVALID_FIELD")
    assert "company_id" in answer.json["message"] or "settings" in answer.json["message"]


def test_a_location_is_mapped_to_a_salon_that_the_network_has_and_uses(http: Http) -> None:
    for salon_id in ("sal_none", "sal centru", "Lotos Centru"):
        for answer in asked(http, "square", {"salon:L1": salon_id}):
            assert (answer.status, answer.code) == (404, "NOT_FOUND")
            assert answer.json["details"] == {"what": "salon", "id": salon_id, "setting": "salon:L1"}
    assert http.patch("/v1/salons/sal_york", {"archived": True, "version": 1}).status == 200
    for answer in asked(http, "square", {"salon:L1": "sal_york"}):
        assert (answer.status, answer.code) == (422, "INVALID_SETTINGS")
        assert "Lotos New York, which is archived" in answer.json["message"]


def test_no_connection_is_made_for_an_archived_salon(http: Http) -> None:
    assert http.patch("/v1/salons/sal_york", {"archived": True, "version": 1}).status == 200
    answer = http.post("/v1/connections", {"site": "square", "salon_id": "sal_york"})
    assert (answer.status, answer.code, answer.json["details"]["what"]) == (422, "ARCHIVED", "salon")


def test_nothing_is_changed_where_one_of_several_settings_is_misspelt(http: Http) -> None:
    wanted = {"site": "yclients", "salon_id": "sal_centru", "settings": {"company_id": "1"}}
    path = f"/v1/connections/{http.post('/v1/connections', wanted).json['id']}"
    refused = http.patch(path, {"settings": {"company_id": "2", "compnay_id": None}})
    assert (refused.status, refused.code) == (422, "UNKNOWN_SETTING")
    assert http.get(path).json["settings"] == {"company_id": "1"}


ODD = {"company_id": "Lotos", "compnay_id": "5", "salon:x": "sal_gone", "largest_visit": "300"}


@pytest.fixture
def of_before(world: Any, town: Any) -> str:
    """The path of a connection that has settings which an earlier version took."""
    before: Connection = replace(a_connection("yclients", "con_before"), settings=ODD)
    world.store.save(before)
    return f"/v1/connections/{before.id}"


def test_a_connection_of_before_keeps_odd_settings_and_can_be_changed(http: Http, of_before: str) -> None:
    assert http.get(of_before).json["settings"] == ODD
    changed = http.patch(of_before, {"settings": {"largest_visit": "400", "salon:x": "sal_gone"}})
    assert (changed.status, changed.json["settings"]) == (200, {**ODD, "largest_visit": "400"})
    mended = http.patch(of_before, {"settings": {"company_id": "5", "compnay_id": None, "salon:x": None}})
    assert (mended.status, mended.json["settings"]) == (200, {"company_id": "5", "largest_visit": "400"})


def test_an_odd_setting_of_before_is_not_set_to_something_else(http: Http, of_before: str) -> None:
    answer = http.patch(of_before, {"settings": {"compnay_id": "6"}})
    assert (answer.status, answer.code) == (422, "UNKNOWN_SETTING")
