"""What each key is shown of a client: a specialist no phone, wherever it stands; a key of chosen salons
nothing of the others."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Review, Status
from chalicelib.domain.messages.messages import Message, MessageState
from chalicelib.domain.networks.network import Network, Role
from chalicelib.domain.shared.ids import time_ordered
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.services.networks.manage_keys import KeyScope, make_key
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK, NOW, a_booking, a_client, save_booking, save_client

MARIA, NAMELESS = "cli_maria00000000001", "cli_nameless00007kq2"
PHONE, EMAIL = "+37369701234", "hidden.person@private.example"
CENTRU, YORK = "sal_centru", "sal_york"
KINDS = (TouchKind.NOTICE, TouchKind.CONFIRM_REQUEST)


@pytest.fixture
def specialist(http: Http, keys: dict[str, str]) -> Http:
    return http.with_key(keys["specialist"])


def nameless(world: Any, **fields: Any) -> None:
    """A client of whom a site told nothing but a phone and an e-mail, with a booking of Anna's."""
    save_client(world.store, a_client(NAMELESS, **{"name": "", "phone": PHONE, "email": EMAIL, **fields}))
    save_booking(world.store, a_booking("bkg_of_nameless", client_id=NAMELESS))


def a_message(salon_id: str | None, number: int, booking_id: str | None = None, **fields: Any) -> Message:
    at = NOW + timedelta(seconds=number)
    given: dict[str, Any] = {
        "network_id": NETWORK, "id": time_ordered("msg", at, f"{number:010}"), "client_id": MARIA,
        "salon_id": salon_id, "kind": KINDS[number % 2], "channel": "sms", "state": MessageState.SENT,
        "planned_at": at, "recorded_at": at, "to": PHONE, "text": "Hello", "booking_id": booking_id,
    }  # fmt: skip
    return Message(**{**given, **fields})


# --- a specialist


@pytest.mark.parametrize("name", ["", "?", PHONE, EMAIL])
@pytest.mark.parametrize(("language", "word"), [("en", "Client"), ("ru", "Клиент"), ("ro", "Client")])
def test_a_client_without_a_name_is_named_by_a_word(
    name: str, language: str, word: str, http: Http, specialist: Http, world: Any, town: Any
) -> None:
    """Earlier releases saved the phone, the e-mail or a question mark as the name."""
    world.store.save(replace(world.store.get(Network, network_id=NETWORK), language=language))
    nameless(world, name=name)
    for reader in (http, specialist):
        assert reader.get(f"/v1/clients/{NAMELESS}").json["name"] == f"{word} 7KQ2"


@pytest.mark.usefixtures("town")
def test_a_specialist_sees_no_phone_and_no_email_wherever_they_stand(specialist: Http, world: Any) -> None:
    """In a name, a note, a wish, a review, a reason, the text of a message."""
    hint = f"call {PHONE}, 37369701234 or {EMAIL}"
    nameless(world, name=hint, note=hint, preferences=hint)
    booking = a_booking("bkg_done", client_id=NAMELESS, note=hint, reason=hint, move_wish=hint,
                        status=Status.COMPLETED, closed_at=NOW, review=Review(5, hint, NOW))  # fmt: skip
    save_booking(world.store, booking)
    text = f"{hint} https://perennial.example/api/w/0123456789abcdef"
    world.store.save(a_message(CENTRU, 1, "bkg_done", client_id=NAMELESS, text=text))
    paths = (
        f"/v1/clients/{NAMELESS}",
        f"/v1/clients/{NAMELESS}/bookings",
        f"/v1/clients/{NAMELESS}/messages",
        "/v1/bookings",
        "/v1/bookings/bkg_done",
        "/v1/messages",
    )
    for path in paths:
        answer = specialist.get(path)
        assert answer.status == 200
        assert "call " in answer.text, path
        for told in (PHONE, PHONE[1:], "hidden.person", "0123456789abcdef"):
            assert told not in answer.text, path


def test_a_specialist_does_not_search_clients(specialist: Http) -> None:
    """Neither by phone nor by anything else: an answer would tell whose phone it is."""
    for query in ("phone=%2B37369123456", "email=maria@example.com", "q=maria"):
        assert specialist.get(f"/v1/clients?{query}").status == 403


# --- chosen salons


@pytest.fixture(params=[Role.MANAGER, Role.RECEPTION])
def of_centru(http: Http, world: Any, town: Any, request: Any) -> Http:
    _, secret = make_key(world, NETWORK, request.param, KeyScope(salon_ids=(CENTRU,)), name="Centru")
    return http.with_key(secret)


def test_a_key_of_chosen_salons_sees_no_other_salons_messages(
    of_centru: Http, http: Http, keys: dict[str, str], world: Any
) -> None:
    link = "https://perennial.example/api/b/0123456789abcdef"
    world.store.save(a_message(YORK, 1, text=f"Come to New York {link}"))
    world.store.save(a_message(None, 2, text="Of the whole network"))
    world.store.save(a_message(CENTRU, 3, text="Come to Centru"))
    path = f"/v1/clients/{MARIA}/messages"
    assert [each["text"] for each in of_centru.get(path).json["items"]] == ["Come to Centru"]
    for each in (http, http.with_key(keys["reception"])):
        assert len(each.get(path).json["items"]) == 3


def test_a_key_of_chosen_salons_sees_its_own_next_booking_only(
    of_centru: Http, http: Http, world: Any
) -> None:
    save_booking(world.store, a_booking("bkg_york", salon_id=YORK, currency="USD"))
    path = f"/v1/clients/{MARIA}"
    assert of_centru.get(path).json["next_booking"] is None
    assert of_centru.get(f"{path}/bookings").json["items"] == []
    assert of_centru.get("/v1/bookings/bkg_york").status == 403
    save_booking(world.store, a_booking("bkg_centru", starts_at=NOW + timedelta(days=9)))
    assert of_centru.get(path).json["next_booking"]["id"] == "bkg_centru"
    assert http.get(path).json["next_booking"]["id"] == "bkg_york"


@pytest.mark.parametrize(("role", "shown"), [("specialist", "bkg_own"), ("partner", None)])
def test_nor_does_another_key_see_a_booking_that_it_does_not_reach(
    role: str, shown: str | None, http: Http, keys: dict[str, str], world: Any, town: Any
) -> None:
    save_client(world.store, a_client(NAMELESS, phone=PHONE, email=None, source="instagram"))
    later = {"client_id": NAMELESS, "starts_at": NOW + timedelta(days=9)}
    save_booking(world.store, a_booking("bkg_own", source="instagram", **later))
    lines = (replace(a_booking().lines[0], staff_id=None),)
    save_booking(world.store, a_booking("bkg_anothers", client_id=NAMELESS, lines=lines))
    seen = http.with_key(keys[role]).get(f"/v1/clients/{NAMELESS}").json
    assert (seen["next_booking"] or {}).get("id") == shown


def test_when_a_client_next_wakes_is_told_by_the_salon_that_writes_to_them(
    of_centru: Http, http: Http, world: Any
) -> None:
    """Maria's birthday greeting is the salon's that she visited last."""
    path = f"/v1/clients/{MARIA}"
    http.patch(path, {"birth_date": "1990-12-31"})
    assert of_centru.get(path).json["upcoming"] == http.get(path).json["upcoming"]
    assert http.get(path).json["upcoming"]["why"] == "birthday"
    visits_elsewhere(http, world)
    assert http.get(path).json["upcoming"] is not None
    assert of_centru.get(path).json["upcoming"] is None


def visits_elsewhere(http: Http, world: Any) -> None:
    save_booking(world.store, a_booking("bkg_york", salon_id=YORK, currency="USD", starts_at=NOW))
    paid = {"amount_minor": 5000, "currency": "USD"}
    assert http.post("/v1/bookings/bkg_york/complete", {"paid": paid}).status == 200
