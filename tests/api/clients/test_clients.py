"""Clients over HTTP."""

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.clients.clients import VisitDay
from infra.testkit.api_client import Http
from infra.testkit.builders import NOW, a_booking, a_client, save_booking, save_client

MARIA = "cli_maria00000000001"


def test_a_client_is_registered_with_the_phone_in_any_usual_form(http: Http) -> None:
    body = {
        "name": "  Ion   Rusu ",
        "phone": "069 222-333",
        "email": "Ion@Example.COM",
        "birth_date": "1985-02-28",
        "language": "ro",
        "timezone": "Europe/Bucharest",
        "source": "google",
        "note": "likes tea",
        "consents": [{"channel": "sms", "purpose": "marketing", "how": "form"}],
    }
    made = http.post("/v1/clients", body)
    assert made.status == 201
    assert (made.json["name"], made.json["phone"], made.json["email"]) == (
        "Ion Rusu",
        "+37369222333",
        "ion@example.com",
    )
    assert made.json["category"] == "potential"
    assert made.json["bonus"] == {"balance": 0, "available": 0, "pending": 0}
    (consent,) = made.json["consents"]
    assert (consent["granted"], consent["how"], consent["actor"][:8]) == (True, "form", "key:key_")
    assert http.get(f"/v1/clients/{made.json['id']}").json == made.json


@pytest.mark.parametrize("body", [{"phone": "069123456"}, {"email": "MARIA@example.com"}])
def test_a_phone_or_mail_that_is_taken_names_its_client(body: Any, http: Http) -> None:
    answer = http.post("/v1/clients", {"name": "Another", **body})
    assert (answer.status, answer.code, answer.json["details"]["client_id"]) == (409, "CLIENT_EXISTS", MARIA)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"phone": "call me"}, "INVALID_PHONE"),
        ({"email": "at home"}, "INVALID_EMAIL"),
        ({"language": "fr"}, "UNKNOWN_LANGUAGE"),
        ({"timezone": "Moon/Base"}, "UNKNOWN_TIMEZONE"),
        ({"birth_date": "2030-01-01"}, "INVALID_BIRTH_DATE"),
        ({"birth_date": "1900-01-01"}, "INVALID_BIRTH_DATE"),
        ({"birth_date": "1970-01-01"}, "INVALID_BIRTH_DATE"),
        ({"birth_date": "1890-05-17"}, "INVALID_BIRTH_DATE"),
        ({"name": "   "}, "INVALID_NAME"),
        ({"consents": [{"channel": "pigeon", "purpose": "service"}]}, "UNKNOWN_CHANNEL"),
        ({"consents": [{"channel": "sms", "purpose": "fun"}]}, "UNKNOWN_PURPOSE"),
    ],
)
def test_what_cannot_be_true_of_a_client_is_refused(body: Any, code: str, http: Http, world: Any) -> None:
    answer = http.post("/v1/clients", {"name": "Ion", **body})
    assert (answer.status, answer.code) == (422, code)
    assert len(http.get("/v1/clients").json["items"]) == 1


def test_signs_that_nobody_can_see_go_from_what_the_desk_writes(http: Http) -> None:
    note = "нет\u200b аллергии\r\n\x00чай"
    made = http.post("/v1/clients", {"name": "А\u200bнна\ufeff", "note": note, "preferences": note})
    assert (made.status, made.json["name"]) == (201, "Анна")
    assert made.json["note"] == made.json["preferences"] == "нет аллергии\n чай"
    patched = http.patch(f"/v1/clients/{made.json['id']}", {"note": "\u202eокно"})
    assert patched.json["note"] == "окно"


def test_a_birthday_without_a_year_may_be_written_at_the_desk(http: Http) -> None:
    made = http.post("/v1/clients", {"name": "Ion", "birth_date": "1604-02-29"})
    assert (made.status, made.json["birth_date"]) == (201, "1604-02-29")


def test_a_client_is_found_by_phone_mail_and_pieces_of_the_name(http: Http, world: Any) -> None:
    save_client(
        world.store,
        a_client("cli_ion0000000000001", name="Ион Руссу", phone="+37369000001", email=None, source="google"),
    )

    def found(query: str) -> list[str]:
        return [each["id"][4:7] for each in http.get(f"/v1/clients?{query}").json["items"]]

    assert found("phone=069123456") == ["mar"]
    assert found("phone=%2B37369000001") == ["ion"]
    assert found("phone=+37369000001") == ["ion"]  # a plus that the address turned into a blank
    assert found("email=maria%40example.com") == ["mar"]
    assert found("email=nobody%40example.com") == []
    assert found("q=pop") == ["mar"]
    assert found("q=%D1%80%D1%83%D1%81%20%D0%B8%D0%BE%D0%BD") == ["ion"]
    assert found("q=123456") == ["mar"]
    assert found("source=google") == ["ion"]
    assert found("category=potential&limit=1") != []
    assert found("category=lost") == []


def test_a_list_is_read_to_its_end_page_by_page(http: Http, world: Any) -> None:
    for number in range(7):
        save_client(
            world.store,
            a_client(
                f"cli_{number:016d}",
                name=f"Client {number}",
                phone=None,
                email=None,
                source="even" if number % 2 == 0 else "odd",
                created_at=NOW - timedelta(days=number),
            ),
        )
    seen, cursor = [], ""
    while True:
        page = http.get(f"/v1/clients?source=even&limit=2&cursor={cursor}").json
        assert len(page["items"]) <= 2
        seen += [each["name"] for each in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ["Client 0", "Client 2", "Client 4", "Client 6"]


def test_a_client_tells_category_rhythm_and_next_booking(http: Http, world: Any) -> None:
    visits = tuple(VisitDay(date(2026, 9, 1) - timedelta(days=30 * back), "sal_centru") for back in range(4))
    regular = a_client(
        "cli_vera000000000001",
        phone=None,
        email=None,
        visits_count=4,
        first_visit_on=visits[-1].on,
        recent_visits=visits,
        spent_minor={"MDL": 200_000},
    )
    save_client(world.store, regular)
    path = f"/v1/clients/{regular.id}"
    lost = http.get(path).json
    assert (lost["category"], lost["usual_gap_days"], lost["last_visit_on"]) == ("lost", 30, "2026-09-01")
    assert lost["spend"] == [{"amount_minor": 200_000, "currency": "MDL"}]
    assert [each["id"] for each in http.get("/v1/clients?category=lost").json["items"]] == [regular.id]
    save_booking(world.store, a_booking(client_id=regular.id))
    back = http.get(path).json
    assert back["category"] == "developing"
    assert back["next_booking"]["id"] == "bkg_0000000000000001"
    assert http.get("/v1/clients?category=lost").json["items"] == []


def test_a_category_that_is_none_is_refused(http: Http) -> None:
    answer = http.get("/v1/clients?category=zzz")
    assert (answer.status, answer.code, answer.json["details"]) == (
        400,
        "INVALID_FIELD",
        {"field": "category"},
    )
    for category in ("potential", "new", "developing", "regular", "at_risk", "lost"):
        assert http.get(f"/v1/clients?category={category}").status == 200


def test_today_is_today_in_the_salon_that_the_client_visits(http: Http, world: Any, clock: Any) -> None:
    """On 1 November at 2 in the morning in Chisinau it is still 31 October in New York."""
    clock.now = NOW.replace(day=1, hour=1)
    for salon, client_id in (("sal_centru", "cli_here000000000001"), ("sal_york", "cli_there00000000001")):
        client = a_client(
            client_id,
            phone=None,
            email=None,
            visits_count=1,
            recent_visits=(VisitDay(date(2026, 8, 31), salon),),
        )
        save_client(world.store, client)
    assert http.get("/v1/clients/cli_here000000000001").json["category"] == "lost"
    assert http.get("/v1/clients/cli_there00000000001").json["category"] == "new"


def test_a_changed_phone_leads_to_the_client_and_the_old_one_no_more(http: Http) -> None:
    changed = http.patch(f"/v1/clients/{MARIA}", {"phone": "069 77 77 77", "note": "moved", "email": None})
    assert (changed.json["phone"], changed.json["email"], changed.json["note"]) == (
        "+37369777777",
        None,
        "moved",
    )
    assert http.get("/v1/clients?phone=069123456").json["items"] == []
    assert http.get("/v1/clients?phone=069777777").json["items"][0]["id"] == MARIA


def test_a_phone_cannot_be_taken_from_another_client(http: Http) -> None:
    other = http.post("/v1/clients", {"name": "Ion", "phone": "069222333"}).json
    answer = http.patch(f"/v1/clients/{other['id']}", {"phone": "069123456"})
    assert (answer.status, answer.code, answer.json["details"]["client_id"]) == (409, "CLIENT_EXISTS", MARIA)


def test_a_client_of_nobody_is_not_there(http: Http) -> None:
    for path in ("", "/bookings", "/messages", "/consents", "/devices", "/bonus", "/bonus/entries"):
        assert http.get(f"/v1/clients/cli_nobody0000000001{path}").code == "NOT_FOUND"


def test_a_client_has_the_bookings_that_were_made_for_them(http: Http, world: Any, mine: Any) -> None:
    later = save_booking(world.store, replace(a_booking("bkg_later"), starts_at=NOW + timedelta(days=9)))
    listed = http.get(f"/v1/clients/{MARIA}/bookings").json["items"]
    assert [each["id"] for each in listed] == [later.id, mine.id]


def test_who_refers_must_be_somebody_else_who_is_known(http: Http) -> None:
    answer = http.post("/v1/clients", {"name": "Ion", "referred_by": "cli_nobody0000000000"})
    assert (answer.status, answer.code) == (404, "NOT_FOUND")
    answer = http.patch(f"/v1/clients/{MARIA}", {"referred_by": MARIA})
    assert (answer.status, answer.code) == (422, "SELF_REFERRAL")
    assert http.post("/v1/clients", {"name": "Ion", "referred_by": MARIA}).status == 201
