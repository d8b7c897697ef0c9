"""What clients write back: stops, starts, confirms, or is put before the salon."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.clients.clients import CHANNELS, Client
from chalicelib.domain.messages.replies import Reply
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.domain.shared.touches import Purpose, TouchKind, TouchState
from chalicelib.services.bookings.book import WantedLine
from chalicelib.services.messages.take_reply import Heard, take_reply
from chalicelib.services.networks.set_identities import answer_at
from infra.testkit.builders import NETWORK, NOW, OTHER_NETWORK, a_town
from infra.testkit.salon_driver import Life

IN_TWO_DAYS = NOW + timedelta(days=2, hours=2)
MARIA, MARIAS_PHONE, OURS = "cli_maria00000000001", "+37369123456", "+37360000000"


@pytest.fixture
def life(life: Life) -> Life:
    """With a number that clients write to."""
    answer_at(life.world, NETWORK, OURS)
    return life


def writes(life: Life, text: str, **said: Any) -> Heard:
    given: dict[str, Any] = {"channel": "sms", "to": OURS, "sender": MARIAS_PHONE, "id": "in-1", **said}
    return take_reply(life.world, Reply(text=text, at=life.world.now(), **given))


def tasks(life: Life, network_id: str = NETWORK) -> list[Task]:
    return list(life.store.tasks(network_id).items)


def asked(life: Life, starts_at: Any = IN_TWO_DAYS, **said: Any) -> Booking:
    """A booking that the client was just asked to confirm."""
    booking = life.book(starts_at, **said)
    life.run_until(starts_at - timedelta(hours=23, minutes=59))
    assert life.booking(booking.id).touches[TouchKind.CONFIRM_REQUEST].state is TouchState.SENT
    return life.booking(booking.id)


# --- stop and start


@pytest.mark.parametrize("text", ["STOP", "С Т О П", "dezabonare."])
def test_stop_refuses_everything_at_once_and_once(life: Life, text: str) -> None:
    for _ in range(2):
        assert writes(life, text) is Heard.STOPPED
    client = life.client()
    said = {(each.channel, each.purpose): (each.granted, each.how, each.actor) for each in client.consents}
    assert said == {
        (channel, purpose): (False, "reply", "client") for channel in CHANNELS for purpose in Purpose
    }
    assert len(life.store.consent_history(NETWORK, MARIA)) == len(CHANNELS) * len(Purpose)
    assert tasks(life) == []
    life.book(IN_TWO_DAYS)
    life.run_until(IN_TWO_DAYS)
    assert life.sender.sent == []
    assert {message.reason for message in life.log()} == {"no_consent"}


def test_stop_holds_in_every_network_that_sends_by_the_number(life: Life) -> None:
    a_town(life.store, OTHER_NETWORK)
    answer_at(life.world, OTHER_NETWORK, OURS)
    assert writes(life, "стоп") is Heard.STOPPED
    for network_id in (NETWORK, OTHER_NETWORK):
        consent = life.store.get(Client, network_id=network_id, id=MARIA).consent("sms", Purpose.SERVICE)
        assert consent is not None
        assert not consent.granted


def test_stop_concerns_no_network_of_another_number(life: Life) -> None:
    a_town(life.store, OTHER_NETWORK)
    writes(life, "стоп")
    assert life.store.get(Client, network_id=OTHER_NETWORK, id=MARIA).consents == ()


def test_start_brings_service_messages_back_and_no_marketing(life: Life) -> None:
    writes(life, "STOP", id="in-1")
    assert writes(life, "СТАРТ", id="in-2") is Heard.RESUMED
    client = life.client()
    granted = {each.purpose for each in client.consents if each.granted}
    assert granted == {Purpose.SERVICE}
    assert writes(life, "START", id="in-3") is Heard.RESUMED
    assert life.client() == client


def test_of_a_stop_and_a_start_the_newer_holds_whatever_comes_twice_or_late(life: Life) -> None:
    def told(text: str, minutes: int) -> None:
        at = NOW + timedelta(minutes=minutes)
        take_reply(life.world, Reply(channel="sms", to=OURS, sender=MARIAS_PHONE, text=text, id=text, at=at))

    def allowed() -> list[bool]:
        return [each.granted for each in life.client().consents if each.purpose is Purpose.SERVICE]

    life.world.clock.forward(hours=1)  # type: ignore[attr-defined]
    told("STOP", 1)
    told("START", 5)
    told("STOP", 1)
    assert all(allowed())
    told("STOP", 9)
    told("START", 5)
    assert not any(allowed())


def test_cancel_stops_and_tells_the_salon_since_it_may_have_meant_the_booking(life: Life) -> None:
    booking = asked(life)
    assert writes(life, "Cancel") is Heard.STOPPED
    (task,) = tasks(life)
    assert (task.booking_id, task.words) == (booking.id, "Cancel")
    assert life.booking(booking.id).status is Status.BOOKED


# --- yes


@pytest.mark.parametrize("text", ["+", "Да!", "da", "Yes please"])
def test_a_yes_confirms_the_booking_that_was_asked_about(life: Life, text: str) -> None:
    booking = asked(life)
    for _ in range(2):
        assert writes(life, text) is Heard.CONFIRMED
    assert life.booking(booking.id).status is Status.CONFIRMED
    assert tasks(life) == []


def test_a_yes_confirms_the_whole_visit(life: Life) -> None:
    second = life.book(IN_TWO_DAYS + timedelta(hours=2))
    other_salon = life.book(IN_TWO_DAYS + timedelta(hours=3), salon_id="sal_york",
                            lines=[WantedLine(service_id="srv_cut", staff_id="stf_vera")])  # fmt: skip
    first = asked(life)
    assert writes(life, "+") is Heard.CONFIRMED
    assert life.booking(first.id).status is life.booking(second.id).status is Status.CONFIRMED
    assert life.booking(other_salon.id).status is Status.BOOKED


def test_a_yes_twice_delivered_does_not_confirm_another_booking(life: Life) -> None:
    """Asked about two, the second is the one that is answered; the same answer again changes nothing."""
    first = life.book(IN_TWO_DAYS)
    second = life.book(IN_TWO_DAYS + timedelta(hours=20))
    life.run_until(IN_TWO_DAYS - timedelta(hours=3))
    both = [life.booking(booking.id) for booking in (first, second)]
    assert all(TouchKind.CONFIRM_REQUEST in booking.touches for booking in both)
    for _ in range(2):
        assert writes(life, "+") is Heard.CONFIRMED
    assert life.booking(first.id).status is Status.BOOKED
    assert life.booking(second.id).status is Status.CONFIRMED


def test_a_yes_to_a_named_message_confirms_its_booking(life: Life) -> None:
    first = life.book(IN_TWO_DAYS)
    life.book(IN_TWO_DAYS + timedelta(hours=20))
    life.run_until(IN_TWO_DAYS - timedelta(hours=3))
    request = next(m for m in life.log() if m.booking_id == first.id and m.kind is TouchKind.CONFIRM_REQUEST)
    assert writes(life, "+", in_reply_to=request.provider_id) is Heard.CONFIRMED
    assert life.booking(first.id).status is Status.CONFIRMED


def test_a_yes_to_nothing_is_put_before_the_salon(life: Life) -> None:
    booking = life.book(IN_TWO_DAYS)
    life.drain()
    assert writes(life, "да") is Heard.TASK
    (task,) = tasks(life)
    assert (task.booking_id, task.words, life.booking(booking.id).status) == (booking.id, "да", Status.BOOKED)


def test_a_yes_to_the_old_time_does_not_confirm_the_new_one(life: Life) -> None:
    booking = asked(life)
    life.move(booking, IN_TWO_DAYS + timedelta(days=3))
    assert writes(life, "+") is Heard.TASK
    assert life.booking(booking.id).status is Status.BOOKED


def test_a_yes_to_a_cancelled_booking_is_put_before_the_salon(life: Life) -> None:
    life.cancel(asked(life))
    assert writes(life, "+") is Heard.TASK


# --- all else


@pytest.mark.parametrize("text", ["-", "нет", "Nu pot", "No", "А можно на час позже?", "\x00\n[image]"])
def test_all_else_is_a_task_of_the_salon_made_once(life: Life, text: str) -> None:
    booking = asked(life)
    for _ in range(2):
        assert writes(life, text) is Heard.TASK
        life.world.clock.forward(minutes=3)  # type: ignore[attr-defined]
    (task,) = tasks(life)
    assert task.kind is TaskKind.CALL_CLIENT
    assert (task.client_id, task.booking_id, task.salon_id) == (MARIA, booking.id, "sal_centru")
    assert task.words == " ".join(text.replace("\x00", " ").split())


def test_two_replies_with_the_same_words_are_two_tasks(life: Life) -> None:
    writes(life, "?", id="in-1")
    writes(life, "?", id="in-2")
    assert len(tasks(life)) == 2


def test_a_stranger_is_heard_where_it_is_sure_whom_they_meant(life: Life) -> None:
    assert writes(life, "Вы открыты?", sender="+37369999999") is Heard.TASK
    (task,) = tasks(life)
    assert (task.client_id, task.words) == (None, "+37369999999: Вы открыты?")
    assert writes(life, "STOP", sender="+37369999999", id="in-2") is Heard.UNKNOWN_SENDER
    a_town(life.store, OTHER_NETWORK)
    answer_at(life.world, OTHER_NETWORK, OURS)
    assert writes(life, "Вы открыты?", sender="+37369999999", id="in-3") is Heard.UNKNOWN_SENDER
    assert len(tasks(life)) == 1


def test_a_number_that_is_nobodys_leads_nowhere(life: Life) -> None:
    assert writes(life, "STOP", to="+37360000001") is Heard.UNKNOWN_NUMBER
    assert life.client().consents == ()


def test_of_two_networks_the_one_that_wrote_last_is_answered(life: Life) -> None:
    a_town(life.store, OTHER_NETWORK)
    answer_at(life.world, OTHER_NETWORK, OURS)
    booking = asked(life)
    assert writes(life, "нет") is Heard.TASK
    assert [task.booking_id for task in tasks(life)] == [booking.id]
    assert tasks(life, OTHER_NETWORK) == []


def test_whatsapp_opens_a_conversation(life: Life) -> None:
    answer_at(life.world, NETWORK, "phone-number-id-1")
    writes(life, "Сколько стоит?", channel="whatsapp", to="phone-number-id-1")
    assert life.client().written_at == NOW
    earlier = Reply(channel="whatsapp", to="phone-number-id-1", sender=MARIAS_PHONE, text="?", id="in-0",
                    at=NOW - timedelta(hours=1))  # fmt: skip
    take_reply(life.world, earlier)
    assert life.client().written_at == NOW
