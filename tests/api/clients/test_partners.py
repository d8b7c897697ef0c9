"""A partner learns of nobody else's clients: whatever it asks about a phone, the answers are alike whether
the network knew the person or not. The network loses nothing by it."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.touches import Purpose
from chalicelib.services.clients.consents import Statement, stop_messages
from chalicelib.services.networks.manage_keys import KeyScope, make_key
from infra.testkit.api_client import Answer, Http
from infra.testkit.builders import NETWORK, NOW, a_client, save_client
from tests.api.conftest import SOURCE

KNOWN, UNKNOWN = "+37369600123", "+37369600999"
VERA = "cli_vera000000000001"
STARTS_AT = (NOW + timedelta(days=4)).isoformat()


@pytest.fixture
def vera(world: Any, town: Any) -> Client:
    """A client of the network's own, whom the partner does not know."""
    return save_client(
        world.store, a_client(VERA, name="Vera", phone=KNOWN, email="vera@example.com", source=None)
    )


@pytest.fixture
def partner(http: Http, keys: dict[str, str], vera: Client) -> Http:
    return http.with_key(keys["partner"])


def booked(partner: Http, days: float = 4, **client: Any) -> Answer:
    starts_at = (NOW + timedelta(days=days)).isoformat()
    body = {"salon_id": "sal_centru", "starts_at": starts_at, "lines": [{"service_id": "srv_cut"}]}
    return partner.post("/v1/bookings", {**body, **client})


def alike(answer: Answer, phone: str) -> tuple[int, Any]:
    """The answer without what must differ: ids, and what the partner itself told."""
    text = json.dumps(answer.json).replace(phone, "PHONE")
    return answer.status, json.loads(re.sub(r"(cli|bkg)_\w+", r"\1_ID", text))


def story(partner: Http, http: Http, phone: str) -> list[tuple[int, Any]]:
    """All that a partner can ask about a person, before and after their visit."""
    answers = [partner.post("/v1/clients", {"name": "X", "phone": phone})]
    client_id = answers[0].json["id"]
    path = f"/v1/clients/{client_id}"
    searched = f"/v1/clients?phone=%2B{phone[1:]}"
    by_id = booked(partner, 0.25, client_id=client_id)
    by_phone = booked(partner, 5, client={"name": "X", "phone": phone})
    asked = (path, f"{path}/bookings", f"{path}/devices", searched, f"/v1/clients?q={phone[1:]}",
             f"/v1/bookings/{by_id.json['id']}", f"/v1/bookings/{by_phone.json['id']}")  # fmt: skip
    answers += [by_id, by_phone, partner.post("/v1/clients", {"name": "Y", "phone": phone})]
    answers += [partner.get(each) for each in asked]
    paid = {"amount_minor": 50_000, "currency": "MDL"}
    assert http.post(f"/v1/bookings/{by_id.json['id']}/complete", {"paid": paid}).status == 200
    answers += [partner.get(each) for each in (*asked, "/v1/clients?category=potential")]
    return [alike(each, phone) for each in answers]


def test_every_answer_is_alike_whether_the_network_knew_the_person(
    partner: Http, http: Http, world: Any
) -> None:
    """Also where the person wants no messages, as only the network knows."""
    stop_messages(world, NETWORK, VERA, Statement("reply"))
    of_unknown = story(partner, http, UNKNOWN)
    other = KeyScope(source="another")
    http_of_another = http.with_key(make_key(world, NETWORK, Role.PARTNER, other, name="another")[1])
    of_known = story(http_of_another, http, KNOWN)
    for known, unknown in zip(of_known, of_unknown, strict=True):
        assert json.loads(json.dumps(known).replace("another", SOURCE)) == [*unknown]


def test_a_known_phone_or_email_is_registered_like_a_new_one(partner: Http, vera: Client) -> None:
    for contact in ({"phone": KNOWN}, {"email": vera.email}, {"phone": UNKNOWN}):
        made = partner.post("/v1/clients", {"name": "X", **contact})
        assert made.status == 201
        assert VERA not in made.text
        assert made.json["merged_into"] is None
        again = partner.post("/v1/clients", {"name": "X", **contact})
        assert (again.status, again.code) == (409, "CLIENT_EXISTS")
        assert again.json["details"] == {"client_id": made.json["id"]}


def test_a_partner_does_not_see_a_client_of_another_source(partner: Http) -> None:
    assert partner.get(f"/v1/clients/{VERA}").status == 404
    assert booked(partner, client_id=VERA).status == 404
    assert partner.get("/v1/clients?phone=%2B37369600123").json["items"] == []
    assert partner.get("/v1/clients?email=vera@example.com").json["items"] == []
    assert partner.get("/v1/clients?q=vera").json["items"] == []


def test_what_a_partner_books_is_the_clients_own(partner: Http, http: Http, world: Any) -> None:
    """With their consents and their points. The desk sees the client, and whom the partner named."""
    made = booked(partner, client={"name": "Evil", "phone": KNOWN}).json
    assert made["client_id"] != VERA
    booking = world.store.get(Booking, network_id=NETWORK, id=made["id"])
    assert (booking.client_id, booking.booked_as) == (VERA, made["client_id"])
    assert http.get(f"/v1/bookings/{made['id']}").json["client_id"] == VERA
    assert http.get(f"/v1/clients/{made['client_id']}").json["merged_into"] == VERA
    vera = world.store.get(Client, network_id=NETWORK, id=VERA)
    assert (vera.name, vera.phone) == ("Vera", KNOWN)
    assert vera.consent("sms", Purpose.SERVICE) is None


def test_a_partner_sees_its_bookings_of_a_client_only(partner: Http, http: Http) -> None:
    desk = {"salon_id": "sal_centru", "starts_at": STARTS_AT, "lines": [{"service_id": "srv_cut"}]}
    http.post("/v1/bookings", {**desk, "client_id": VERA})
    made = booked(partner, client={"name": "X", "phone": KNOWN}).json
    listed = partner.get(f"/v1/clients/{made['client_id']}/bookings").json["items"]
    assert [each["id"] for each in listed] == [made["id"]]
    assert {each["client_id"] for each in partner.get("/v1/bookings").json["items"]} == {made["client_id"]}


def test_after_a_merge_at_the_desk_a_partner_goes_on_with_its_record(partner: Http, http: Http) -> None:
    made = booked(partner, client={"name": "X", "phone": UNKNOWN}).json
    assert http.post(f"/v1/clients/{made['client_id']}/merge", {"into": VERA}).status == 200
    for answer in (
        partner.get(f"/v1/bookings/{made['id']}"),
        partner.get(f"/v1/clients/{made['client_id']}/bookings"),
        partner.get(f"/v1/clients/{made['client_id']}"),
        booked(partner, client_id=made["client_id"]),
    ):
        assert answer.status in (200, 201)
        assert made["client_id"] in answer.text
        assert VERA not in answer.text


def test_a_repeated_request_registers_once(partner: Http) -> None:
    for body in ({"name": "X", "phone": KNOWN}, {"name": "X"}, {"name": "X", "phone": UNKNOWN}):
        key = f"key-{body.get('phone', 'none')}"
        made = [partner.post("/v1/clients", body, Idempotency_Key=key) for _ in range(2)]
        assert [each.status for each in made] == [201, 201]
        assert made[0].json["id"] == made[1].json["id"]


def test_a_partners_record_is_not_unmerged(partner: Http, http: Http) -> None:
    made = partner.post("/v1/clients", {"name": "X", "phone": KNOWN}).json
    answer = http.post(f"/v1/clients/{made['id']}/unmerge")
    assert (answer.status, answer.code) == (409, "NOT_MERGED")


def test_a_device_that_a_partner_registers_gets_nothing_of_the_clients(partner: Http, world: Any) -> None:
    made = partner.post("/v1/clients", {"name": "X", "phone": KNOWN}).json
    answer = partner.put(f"/v1/clients/{made['id']}/devices", {"platform": "android", "token": "a" * 40})
    assert answer.status == 200
    assert world.store.get(Client, network_id=NETWORK, id=VERA).devices == ()


def visitor(world: Any, answer: Answer) -> Client:
    """The client for whom the booking of an answer is."""
    booking = world.store.get(Booking, network_id=NETWORK, id=answer.json["id"])
    found: Client = world.store.get(Client, network_id=NETWORK, id=booking.client_id)
    return found


def test_after_the_desk_corrects_a_phone_a_partner_books_for_its_owner(
    partner: Http, http: Http, world: Any
) -> None:
    """The same where nobody has the phone now, and where another client has it."""
    person = {"client": {"name": "X", "phone": KNOWN}}
    first = booked(partner, **person)
    assert visitor(world, first).id == VERA
    http.patch(f"/v1/clients/{VERA}", {"phone": "+37369600777"})
    second = booked(partner, 5, **person)
    assert (visitor(world, second).id, visitor(world, second).phone) == (second.json["client_id"], KNOWN)
    assert booked(partner, 6, **person).json["client_id"] == second.json["client_id"]
    http.patch(f"/v1/clients/{second.json['client_id']}", {"phone": "+37369600778"})
    owner = http.post("/v1/clients", {"name": "Owner", "phone": KNOWN}).json
    third = booked(partner, 7, **person)
    assert visitor(world, third).id == owner["id"]
    assert third.json["client_id"] not in (first.json["client_id"], second.json["client_id"], owner["id"])
    assert booked(partner, 8, **person).json["client_id"] == third.json["client_id"]
    found = partner.get(f"/v1/clients?phone=%2B{KNOWN[1:]}").json["items"]
    assert [each["id"] for each in found] == [third.json["client_id"]]


def test_a_record_named_by_its_id_stands_for_the_person_and_not_for_the_client_of_then(
    partner: Http, http: Http, world: Any
) -> None:
    old = booked(partner, client={"name": "X", "phone": KNOWN, "email": "x@example.com"})
    assert visitor(world, old).id == VERA
    assert booked(partner, 5, client_id=old.json["client_id"]).json["client_id"] == old.json["client_id"]
    http.patch(f"/v1/clients/{VERA}", {"phone": "+37369600777"})
    second = booked(partner, 6, client_id=old.json["client_id"])
    assert second.json["client_id"] != old.json["client_id"]
    assert (visitor(world, second).phone, visitor(world, second).name) == (KNOWN, "X")
    again = [booked(partner, 7, client_id=each.json["client_id"]) for each in (old, second)]
    assert {each.json["client_id"] for each in again} == {second.json["client_id"]}
    listed = partner.get(f"/v1/clients?phone=%2B{KNOWN[1:]}").json["items"]
    assert [each["id"] for each in listed] == [second.json["client_id"]]


def test_a_partner_reads_of_a_booking_what_it_told(partner: Http, http: Http, world: Any) -> None:
    made = [booked(partner, day, client={"name": "X", "phone": KNOWN}, note=note).json
            for day, note in ((4, "by the window"), (5, None))]  # fmt: skip
    for each, told in zip(made, ("by the window", None), strict=True):
        path = f"/v1/bookings/{each['id']}"
        assert (partner.get(path).json["note"], http.get(path).json["note"]) == (told, told)
        for words in ("owes us", "never again"):
            assert http.patch(path, {"note": words}).status == 200
        assert http.post(f"{path}/cancel", {"reason": "Vera is ill"}).status == 200
        seen, at_desk = partner.get(path).json, http.get(path).json
        assert (seen["note"], seen["reason"], seen["move_wish"]) == (told, None, None)
        assert (at_desk["note"], at_desk["reason"]) == ("never again", "Vera is ill")


def test_a_partner_reads_no_note_of_a_booking_that_the_desk_made(
    partner: Http, http: Http, world: Any
) -> None:
    client = partner.post("/v1/clients", {"name": "Z", "phone": UNKNOWN}).json
    body = {"salon_id": "sal_centru", "starts_at": STARTS_AT, "lines": [{"service_id": "srv_cut"}]}
    of_desk = {"client_id": client["id"], "source": SOURCE, "note": "owes us"}
    made = http.post("/v1/bookings", {**body, **of_desk}).json
    assert partner.get(f"/v1/bookings/{made['id']}").json["note"] is None


def test_who_shares_an_email_and_has_another_phone_is_another_client(
    partner: Http, world: Any, vera: Client
) -> None:
    both = {"client": {"name": "Ion", "phone": UNKNOWN, "email": vera.email}}
    made = [booked(partner, 4, **both), booked(partner, 5, client={"name": "Ion", "phone": UNKNOWN})]
    ion = visitor(world, made[1])
    assert [visitor(world, each).id for each in made] == [ion.id, ion.id]
    assert (ion.phone, ion.email) == (UNKNOWN, None)
    assert ion.id != VERA
    assert made[0].json["client_id"] == made[1].json["client_id"]
    assert world.store.alias(NETWORK, "email", vera.email) == VERA
    mother = booked(partner, 6, client={"name": "V", "phone": KNOWN, "email": vera.email})
    assert visitor(world, mother).id == VERA


def test_a_shared_email_is_answered_alike_whether_the_network_knew_it(partner: Http, vera: Client) -> None:
    """A partner sees the e-mail that it told, and one record for each phone."""

    def answers_about(email: str | None, phones: tuple[str, str]) -> list[tuple[int, Any]]:
        bodies = [{"name": "X", "phone": each, "email": email} for each in phones]
        answers = [partner.post("/v1/clients", each) for each in bodies]
        answers += [partner.get(f"/v1/clients/{each.json['id']}") for each in answers]
        answers.append(partner.get(f"/v1/clients?email={email}"))
        text = [(each.status, json.dumps(each.json).replace(str(email), "EMAIL")) for each in answers]
        return [(status, re.sub(r"cli_\w+|\+\d+", "ID", each)) for status, each in text]

    of_known = answers_about(vera.email, (UNKNOWN, "+37369600998"))
    of_unknown = answers_about("nobody@example.com", ("+37369600997", "+37369600996"))
    assert of_known == of_unknown
    assert [status for status, _ in of_known] == [201, 201, 200, 200, 200]
    found = partner.get(f"/v1/clients?email={vera.email}").json["items"]
    assert [each["phone"] for each in found] == [UNKNOWN]


def test_points_are_not_posted_to_a_partners_record(partner: Http, http: Http, world: Any) -> None:
    """The record's own account would strand them."""
    made = partner.post("/v1/clients", {"name": "X", "phone": KNOWN}).json
    path = f"/v1/clients/{made['id']}"
    bill = {"bill": {"amount_minor": 50_000, "currency": "MDL"}}
    for answer in (
        http.post(f"{path}/bonus/entries", {"kind": "grant", "points": 10, "reason": "sorry"}),
        http.post(f"{path}/bonus/quote", bill),
        http.post(f"{path}/merge", {"into": VERA}),
    ):
        assert (answer.status, answer.code) == (409, "CLIENT_MERGED")
        assert answer.json["details"] == {"client_id": VERA}
    assert world.store.account(NETWORK, made["id"]).version == 0


@pytest.mark.parametrize("phone", [KNOWN, UNKNOWN])
def test_a_partner_reads_what_it_told_and_never_what_the_desk_wrote(
    partner: Http, http: Http, phone: str
) -> None:
    person = {"name": "X", "phone": phone, "email": "x@example.com", "birth_date": "1990-01-02"}
    made = partner.post("/v1/clients", {**person, "note": "of the partner", "preferences": "tea"}).json
    desk_id = VERA if phone == KNOWN else made["id"]
    written = {"name": "Z", "phone": "+37369600555", "email": "z@example.com", "birth_date": "1991-01-02",
               "timezone": "Europe/Paris", "note": "owes us", "preferences": "coffee"}  # fmt: skip
    before = partner.get(f"/v1/clients/{made['id']}").json
    assert http.patch(f"/v1/clients/{desk_id}", written).status == 200
    seen = partner.get(f"/v1/clients/{made['id']}").json
    assert seen == before == made
    assert {name: seen[name] for name in person} == person
    assert (seen["note"], seen["preferences"], seen["timezone"]) == (None, None, None)
    assert partner.get("/v1/clients").json["items"][0]["phone"] == phone
    for asked in ("phone=%2B37369600555", "email=z@example.com", "q=600555", "q=Z"):
        assert partner.get(f"/v1/clients?{asked}").json["items"] == []


def test_a_client_whom_no_partner_registered_shows_a_partner_nothing_that_was_changed(
    partner: Http, http: Http
) -> None:
    made = http.post("/v1/clients", {"name": "Z", "phone": UNKNOWN, "source": SOURCE, "note": "owes us"}).json
    assert partner.get(f"/v1/clients/{made['id']}").json["note"] is None
    http.patch(f"/v1/clients/{made['id']}", {"phone": "+37369600555"})
    seen = partner.get(f"/v1/clients/{made['id']}").json
    assert (seen["phone"], seen["name"]) == (None, f"Клиент {made['id'][-4:].upper()}")
