"""What clients write back: stops, starts, confirms, or is put before the salon."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.clients.clients import CHANNELS, Client, ConsentChange
from chalicelib.domain.messages.replies import MOST_STARTS, Reply
from chalicelib.domain.shared.tasks import MOST_REPLIES, Task, TaskKind
from chalicelib.domain.shared.touches import Purpose, TouchKind, TouchState
from chalicelib.services.bookings.book import WantedLine
from chalicelib.services.clients.tasks import finish_task
from chalicelib.services.messages.process_reply import ReplyOutcome, process_reply
from chalicelib.services.networks.set_identities import answer_at
from infra.testkit.builders import NETWORK, NOW, OTHER_NETWORK, a_town, access
from infra.testkit.salon_driver import SalonDriver

IN_TWO_DAYS = NOW + timedelta(days=2, hours=2)
MARIA, MARIAS_PHONE, OURS = "cli_maria00000000001", "+37369123456", "+37360000000"


@pytest.fixture
def driver(driver: SalonDriver) -> SalonDriver:
    """A salon with a number to which clients write."""
    answer_at(driver.world, NETWORK, OURS)
    return driver


def writes(driver: SalonDriver, text: str, **fields: Any) -> ReplyOutcome:
    given: dict[str, Any] = {"channel": "sms", "to": OURS, "sender": MARIAS_PHONE, "id": "in-1", **fields}
    return process_reply(driver.world, Reply(text=text, at=driver.world.now(), **given))


def tasks(driver: SalonDriver, network_id: str = NETWORK) -> list[Task]:
    return list(driver.store.get_page(Task, network_id=network_id).items)


def asked(driver: SalonDriver, starts_at: Any = IN_TWO_DAYS, **fields: Any) -> Booking:
    """A booking that the client was just asked to confirm."""
    booking = driver.book(starts_at, **fields)
    driver.run_until(starts_at - timedelta(hours=23, minutes=59))
    assert driver.booking(booking.id).touches[TouchKind.CONFIRM_REQUEST].state is TouchState.SENT
    return driver.booking(booking.id)


# --- stop and start


@pytest.mark.parametrize("text", ["STOP", "С Т О П", "dezabonare."])
def test_stop_refuses_everything_at_once_and_once(driver: SalonDriver, text: str) -> None:
    for _ in range(2):
        assert writes(driver, text) is ReplyOutcome.STOPPED
    client = driver.client()
    granted = {(each.channel, each.purpose): (each.granted, each.how, each.actor) for each in client.consents}
    assert granted == {
        (channel, purpose): (False, "reply", "client") for channel in CHANNELS for purpose in Purpose
    }
    assert len(driver.store.get_all(ConsentChange, network_id=NETWORK, client_id=MARIA)) == len(
        CHANNELS
    ) * len(Purpose)
    assert tasks(driver) == []
    driver.book(IN_TWO_DAYS)
    driver.run_until(IN_TWO_DAYS)
    assert driver.sender.sent == []
    assert {message.reason for message in driver.log()} == {"no_consent"}


def test_stop_holds_in_every_network_that_sends_by_the_number(driver: SalonDriver) -> None:
    a_town(driver.store, OTHER_NETWORK)
    answer_at(driver.world, OTHER_NETWORK, OURS)
    assert writes(driver, "стоп") is ReplyOutcome.STOPPED
    for network_id in (NETWORK, OTHER_NETWORK):
        consent = driver.store.get(Client, network_id=network_id, id=MARIA).consent("sms", Purpose.SERVICE)
        assert consent is not None
        assert not consent.granted


def test_stop_concerns_no_network_of_another_number(driver: SalonDriver) -> None:
    a_town(driver.store, OTHER_NETWORK)
    writes(driver, "стоп")
    assert driver.store.get(Client, network_id=OTHER_NETWORK, id=MARIA).consents == ()


def test_start_brings_service_messages_back_and_no_marketing(driver: SalonDriver) -> None:
    writes(driver, "STOP", id="in-1")
    assert writes(driver, "СТАРТ", id="in-2") is ReplyOutcome.RESUMED
    client = driver.client()
    granted = {each.purpose for each in client.consents if each.granted}
    assert granted == {Purpose.SERVICE}
    assert writes(driver, "START", id="in-3") is ReplyOutcome.RESUMED
    assert driver.client() == client


def test_who_goes_to_and_fro_all_day_stays_stopped_and_is_called_by_the_salon(driver: SalonDriver) -> None:
    for number in range(MOST_STARTS + 20):
        assert writes(driver, "STOP", id=f"stop-{number}") is ReplyOutcome.STOPPED
        driver.clock.forward(minutes=1)
        writes(driver, "START", id=f"start-{number}")
        driver.clock.forward(minutes=1)
    service = [each for each in driver.client().consents if each.purpose is Purpose.SERVICE]
    assert not any(each.granted for each in service)
    changes = driver.store.get_all(ConsentChange, network_id=NETWORK, client_id=MARIA)
    # each STOP but the first finds marketing refused already
    assert len(changes) == len(CHANNELS) * (1 + (MOST_STARTS + 1) + MOST_STARTS)
    (task,) = tasks(driver)
    assert (task.kind, task.client_id, task.replies) == (TaskKind.CALL_CLIENT, MARIA, 20)
    driver.clock.forward(hours=25)
    writes(driver, "START", id="tomorrow")
    service = [each for each in driver.client().consents if each.purpose is Purpose.SERVICE]
    assert all(each.granted for each in service)


def test_the_last_start_of_a_day_delivered_again_makes_no_task(driver: SalonDriver) -> None:
    for number in range(MOST_STARTS):
        writes(driver, "STOP", id=f"stop-{number}")
        driver.clock.forward(minutes=1)
        last, given = driver.clock(), {"channel": "sms", "to": OURS, "sender": MARIAS_PHONE}
        writes(driver, "START", id=f"start-{number}")
        driver.clock.forward(minutes=1)
    writes(driver, "STOP", id="stop-last")
    process_reply(driver.world, Reply(text="START", id="start-2", at=last, **given))
    assert tasks(driver) == []
    assert not any(each.granted for each in driver.client().consents)


def test_of_a_stop_and_a_start_the_newer_holds_whatever_comes_twice_or_late(driver: SalonDriver) -> None:
    def write(text: str, minutes: int) -> None:
        at = NOW + timedelta(minutes=minutes)
        process_reply(
            driver.world, Reply(channel="sms", to=OURS, sender=MARIAS_PHONE, text=text, id=text, at=at)
        )

    def allowed() -> list[bool]:
        return [each.granted for each in driver.client().consents if each.purpose is Purpose.SERVICE]

    driver.world.clock.forward(hours=1)  # type: ignore[attr-defined]
    write("STOP", 1)
    write("START", 5)
    write("STOP", 1)
    assert all(allowed())
    write("STOP", 9)
    write("START", 5)
    assert not any(allowed())


def test_cancel_stops_and_tells_the_salon_since_it_may_have_meant_the_booking(driver: SalonDriver) -> None:
    booking = asked(driver)
    assert writes(driver, "Cancel") is ReplyOutcome.STOPPED
    (task,) = tasks(driver)
    assert (task.booking_id, task.words) == (booking.id, "Cancel")
    assert driver.booking(booking.id).status is Status.BOOKED


# --- yes


@pytest.mark.parametrize("text", ["+", "Да!", "da", "Yes please"])
def test_a_yes_confirms_the_booking_that_was_asked_about(driver: SalonDriver, text: str) -> None:
    booking = asked(driver)
    for _ in range(2):
        assert writes(driver, text) is ReplyOutcome.CONFIRMED
    assert driver.booking(booking.id).status is Status.CONFIRMED
    assert tasks(driver) == []


def test_a_yes_confirms_the_whole_visit(driver: SalonDriver) -> None:
    second = driver.book(IN_TWO_DAYS + timedelta(hours=2))
    other_salon = driver.book(IN_TWO_DAYS + timedelta(hours=3), salon_id="sal_york",
                            lines=[WantedLine(service_id="srv_cut", staff_id="stf_vera")])  # fmt: skip
    first = asked(driver)
    assert writes(driver, "+") is ReplyOutcome.CONFIRMED
    assert driver.booking(first.id).status is driver.booking(second.id).status is Status.CONFIRMED
    assert driver.booking(other_salon.id).status is Status.BOOKED


def test_a_yes_twice_delivered_does_not_confirm_another_booking(driver: SalonDriver) -> None:
    """Asked about two, the second is the one that is answered; the same answer again changes nothing."""
    first = driver.book(IN_TWO_DAYS)
    second = driver.book(IN_TWO_DAYS + timedelta(hours=20))
    driver.run_until(IN_TWO_DAYS - timedelta(hours=3))
    both = [driver.booking(booking.id) for booking in (first, second)]
    assert all(TouchKind.CONFIRM_REQUEST in booking.touches for booking in both)
    for _ in range(2):
        assert writes(driver, "+") is ReplyOutcome.CONFIRMED
    assert driver.booking(first.id).status is Status.BOOKED
    assert driver.booking(second.id).status is Status.CONFIRMED


def test_a_yes_to_a_named_message_confirms_its_booking(driver: SalonDriver) -> None:
    first = driver.book(IN_TWO_DAYS)
    driver.book(IN_TWO_DAYS + timedelta(hours=20))
    driver.run_until(IN_TWO_DAYS - timedelta(hours=3))
    request = next(
        m for m in driver.log() if m.booking_id == first.id and m.kind is TouchKind.CONFIRM_REQUEST
    )
    assert writes(driver, "+", in_reply_to=request.provider_id) is ReplyOutcome.CONFIRMED
    assert driver.booking(first.id).status is Status.CONFIRMED


def test_a_yes_to_nothing_is_put_before_the_salon(driver: SalonDriver) -> None:
    booking = driver.book(IN_TWO_DAYS)
    driver.drain()
    assert writes(driver, "да") is ReplyOutcome.TASK
    (task,) = tasks(driver)
    assert (task.booking_id, task.words, driver.booking(booking.id).status) == (
        booking.id,
        "да",
        Status.BOOKED,
    )


def test_a_yes_to_the_old_time_does_not_confirm_the_new_one(driver: SalonDriver) -> None:
    booking = asked(driver)
    driver.move(booking, IN_TWO_DAYS + timedelta(days=3))
    assert writes(driver, "+") is ReplyOutcome.TASK
    assert driver.booking(booking.id).status is Status.BOOKED


def test_a_yes_to_a_cancelled_booking_is_put_before_the_salon(driver: SalonDriver) -> None:
    driver.cancel(asked(driver))
    assert writes(driver, "+") is ReplyOutcome.TASK


# --- all else


@pytest.mark.parametrize("text", ["-", "нет", "Nu pot", "No", "А можно на час позже?", "\x00\n[image]"])
def test_all_else_is_a_task_of_the_salon_made_once(driver: SalonDriver, text: str) -> None:
    booking = asked(driver)
    for _ in range(2):
        assert writes(driver, text) is ReplyOutcome.TASK
        driver.world.clock.forward(minutes=3)  # type: ignore[attr-defined]
    (task,) = tasks(driver)
    assert task.kind is TaskKind.CALL_CLIENT
    assert (task.client_id, task.booking_id, task.salon_id) == (MARIA, booking.id, "sal_centru")
    assert task.words == " ".join(text.replace("\x00", " ").split())


def test_what_a_phone_writes_in_a_day_is_one_task_with_all_its_words(driver: SalonDriver) -> None:
    for number, text in enumerate(("Я опоздаю", "на час", "на час")):
        for _ in range(2):
            writes(driver, text, id=f"in-{number}")
        driver.clock.forward(minutes=3)
    (task,) = tasks(driver)
    assert (task.words, task.at) == ("Я опоздаю\nна час\nна час", NOW)
    driver.clock.forward(days=1)
    writes(driver, "на час", id="in-9")
    assert len(tasks(driver)) == 2


def test_a_reply_after_the_salon_has_called_opens_the_task_again(driver: SalonDriver) -> None:
    writes(driver, "Перезвоните", id="in-1")
    finish_task(driver.world, access(), tasks(driver)[0].id)
    writes(driver, "Перезвоните", id="in-1")
    assert tasks(driver)[0].done_at is not None, "the same reply again is no new word"
    writes(driver, "И ещё раз", id="in-2")
    (task,) = tasks(driver)
    assert (task.words, task.done_at, task.actor) == ("Перезвоните\nИ ещё раз", None, None)


@pytest.mark.parametrize("phone", [MARIAS_PHONE, "+37369999999"])
def test_a_phone_that_never_stops_writing_makes_one_task_a_day(driver: SalonDriver, phone: str) -> None:
    for number in range(MOST_REPLIES + 20):
        writes(driver, f"text {number}", id=f"in-{number}", sender=phone)
    (task,) = tasks(driver)
    lines = (task.words or "").split("\n")
    assert [line.removeprefix(f"{phone}: ") for line in lines[-2:]] == [f"text {MOST_REPLIES - 1}", "…"]
    assert writes(driver, "STOP", id="last", sender=phone) is not ReplyOutcome.TASK, "a stop always counts"


def test_replies_about_two_bookings_are_two_tasks(driver: SalonDriver) -> None:
    first = asked(driver)
    second = driver.book(IN_TWO_DAYS + timedelta(days=9))
    writes(driver, "нет", id="in-1")
    driver.cancel(first)
    writes(driver, "и это нет", id="in-2")
    assert {task.booking_id for task in tasks(driver)} == {first.id, second.id}


def test_a_stranger_is_heard_where_it_is_sure_whom_they_meant(driver: SalonDriver) -> None:
    assert writes(driver, "Вы открыты?", sender="+37369999999") is ReplyOutcome.TASK
    (task,) = tasks(driver)
    assert (task.client_id, task.words) == (None, "+37369999999: Вы открыты?")
    assert writes(driver, "STOP", sender="+37369999999", id="in-2") is ReplyOutcome.UNKNOWN_SENDER
    a_town(driver.store, OTHER_NETWORK)
    answer_at(driver.world, OTHER_NETWORK, OURS)
    assert writes(driver, "Вы открыты?", sender="+37369999999", id="in-3") is ReplyOutcome.UNKNOWN_SENDER
    assert len(tasks(driver)) == 1


def test_a_number_that_is_nobodys_leads_nowhere(driver: SalonDriver) -> None:
    assert writes(driver, "STOP", to="+37360000001") is ReplyOutcome.UNKNOWN_NUMBER
    assert driver.client().consents == ()


def test_of_two_networks_the_one_that_wrote_last_is_answered(driver: SalonDriver) -> None:
    a_town(driver.store, OTHER_NETWORK)
    answer_at(driver.world, OTHER_NETWORK, OURS)
    booking = asked(driver)
    assert writes(driver, "нет") is ReplyOutcome.TASK
    assert [task.booking_id for task in tasks(driver)] == [booking.id]
    assert tasks(driver, OTHER_NETWORK) == []


def test_whatsapp_opens_a_conversation(driver: SalonDriver) -> None:
    answer_at(driver.world, NETWORK, "phone-number-id-1")
    writes(driver, "Сколько стоит?", channel="whatsapp", to="phone-number-id-1")
    assert driver.client().written_at == NOW
    earlier = Reply(channel="whatsapp", to="phone-number-id-1", sender=MARIAS_PHONE, text="?", id="in-0",
                    at=NOW - timedelta(hours=1))  # fmt: skip
    process_reply(driver.world, earlier)
    assert driver.client().written_at == NOW


def test_a_phone_that_writes_all_day_by_whatsapp_is_noted_once_an_hour(driver: SalonDriver) -> None:
    answer_at(driver.world, NETWORK, "phone-number-id-1")
    for number in range(60):
        writes(driver, "START", channel="whatsapp", to="phone-number-id-1", id=f"in-{number}")
        driver.clock.forward(minutes=2)
    assert driver.client().version == 1 + 2
    assert driver.client().written_at == NOW + timedelta(hours=1)
