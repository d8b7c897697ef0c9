"""Every AWS call of receipts and replies fails in turn; delivered again, all is there once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Status
from chalicelib.domain.clients.clients import CHANNELS, ConsentChange
from chalicelib.domain.messages.messages import Message, MessageState
from chalicelib.domain.messages.receipts import Receipt
from chalicelib.domain.messages.replies import Reply
from chalicelib.domain.networks.network import Network, Price
from chalicelib.domain.networks.rules import MessageRules, Rules
from chalicelib.domain.shared.aliases import InboundNumber
from chalicelib.domain.shared.tasks import Task
from chalicelib.domain.shared.touches import Purpose, TouchKind, TouchState
from chalicelib.services.messages.process_receipt import process_receipt
from chalicelib.services.messages.process_reply import process_reply
from chalicelib.services.networks.set_identities import answer_at, set_identities
from infra.testkit.builders import NETWORK
from infra.testkit.failing_calls import Failure
from infra.testkit.salon_driver import SalonDriver
from tests.crash.arranged import IN_TWO_DAYS, MARIA_ID, Story, fail_each_call, sent_by_sms

OURS, MARIAS_PHONE = "+37360000000", "+37369123456"
CHARGED = {"parts": 1, "cost_micros": 81_000}


def at(driver: SalonDriver, moment: Any) -> None:
    driver.world.clock.now = moment  # type: ignore[attr-defined]


def only(driver: SalonDriver, kind: TouchKind = TouchKind.NOTICE) -> Message:
    (found,) = [message for message in driver.log() if message.kind is kind]
    return found


def a_receipt(driver: SalonDriver, message: Message, state: MessageState, **fields: Any) -> Receipt:
    return Receipt(network_id=NETWORK, client_id=MARIA_ID, message_id=message.id, state=state,
                   at=driver.world.now(), **{**CHARGED, **fields})  # fmt: skip


def before_receipt(driver: SalonDriver) -> None:
    """A notice went out, in a network with a budget."""
    network = driver.store.get(Network, network_id=NETWORK)
    rules = MessageRules(monthly_budget_usd_cents=10_000, part_price_micros={"sms": 50_000})
    driver.store.save(replace(network, rules=Rules(messages=rules)))
    driver.world.directories.forget(NETWORK)
    driver.book(IN_TWO_DAYS)
    driver.drain()


def before_doubtful_receipt(driver: SalonDriver) -> None:
    """Its fate is not known."""
    before_receipt(driver)
    driver.store.save(replace(only(driver), state=MessageState.UNKNOWN, sent_at=None))
    booking = driver.only_booking()
    touch = replace(booking.touches[TouchKind.NOTICE], state=TouchState.UNKNOWN, doubts=1)
    driver.store.save(replace(booking, touches={TouchKind.NOTICE: touch}))


def before_receipt_of_two(driver: SalonDriver) -> None:
    before_receipt(driver)
    at(driver, IN_TWO_DAYS + timedelta(hours=1))
    driver.complete(driver.only_booking())
    driver.world.clock.now += timedelta(hours=2)  # type: ignore[attr-defined]
    driver.drain()


def delivered(driver: SalonDriver, _: Any) -> None:
    process_receipt(driver.world, a_receipt(driver, only(driver), MessageState.DELIVERED))


def failed(driver: SalonDriver, _: Any) -> None:
    process_receipt(
        driver.world, a_receipt(driver, only(driver), MessageState.FAILED, reason="invalid", bad_address=True)
    )


def both_failed(driver: SalonDriver, _: Any) -> None:
    review = only(driver, TouchKind.REVIEW_REQUEST)
    process_receipt(driver.world, a_receipt(driver, review, MessageState.FAILED, reason="spam"))


def complained(driver: SalonDriver, _: Any) -> None:
    receipt = a_receipt(
        driver, only(driver), MessageState.DELIVERED, reason="complained", bad_address=True, complaint=True
    )
    process_receipt(driver.world, receipt)


def again(job: Callable[[SalonDriver, Any], None]) -> Callable[[SalonDriver, Any], None]:
    """The queue delivers the event again, and the next sweep comes by."""

    def run(driver: SalonDriver, subject: Any) -> None:
        job(driver, subject)
        driver.drain()

    return run


def spent_once(driver: SalonDriver) -> None:
    assert driver.store.spending(NETWORK, "2026-11").reserved_micros == 81_000
    price = driver.store.get(Price, network_id=NETWORK, channel="sms", country_code="+373")
    assert price.micros == 81_000


def it_was_delivered(driver: SalonDriver, _: Any) -> None:
    message = only(driver)
    assert (message.state, message.cost_micros, message.charged) == (MessageState.DELIVERED, 81_000, True)
    assert driver.only_booking().touches[TouchKind.NOTICE].state is TouchState.SENT
    assert sent_by_sms()["notice"] == 1
    spent_once(driver)


def it_failed_for_good(driver: SalonDriver, _: Any) -> None:
    assert only(driver).state is MessageState.FAILED
    assert driver.only_booking().touches[TouchKind.NOTICE].state is TouchState.FAILED
    assert [dead.address for dead in driver.client().dead_addresses] == [MARIAS_PHONE]
    assert sent_by_sms()["notice"] == 1
    spent_once(driver)


def both_failed_for_good(driver: SalonDriver, _: Any) -> None:
    for kind in (TouchKind.REVIEW_REQUEST, TouchKind.BONUS_NOTICE):
        assert only(driver, kind).state is MessageState.FAILED
        assert driver.only_booking().touches[kind].state is TouchState.FAILED
    assert only(driver, TouchKind.BONUS_NOTICE).cost_micros is None


def nothing_more_comes_that_way(driver: SalonDriver, _: Any) -> None:
    client = driver.client()
    refused = {each.purpose for each in client.consents if each.channel == "sms" and not each.granted}
    assert refused == set(Purpose)
    assert len(driver.store.get_all(ConsentChange, network_id=NETWORK, client_id=MARIA_ID)) == len(Purpose)
    assert len(client.dead_addresses) == 1


# --- replies


def before_reply(driver: SalonDriver) -> None:
    """Two bookings of a visit, about which the client was just asked."""
    set_identities(driver.world, NETWORK, {"sms": OURS})
    driver.book(IN_TWO_DAYS)
    driver.book(IN_TWO_DAYS + timedelta(hours=2))
    driver.run_until(IN_TWO_DAYS - timedelta(hours=23))


def reply(text: str, channel: str = "sms") -> Callable[[SalonDriver, Any], None]:
    def write(driver: SalonDriver, _: Any) -> None:
        reply = Reply(channel=channel, to=OURS, sender=MARIAS_PHONE, text=text, id="in-1",
                     at=IN_TWO_DAYS - timedelta(hours=23))  # fmt: skip
        process_reply(driver.world, reply)

    return write


def all_is_refused_once(driver: SalonDriver, _: Any) -> None:
    client = driver.client()
    assert len(client.consents) == len(CHANNELS) * len(Purpose)
    assert not any(consent.granted for consent in client.consents)
    assert len(driver.store.get_all(ConsentChange, network_id=NETWORK, client_id=MARIA_ID)) == len(
        client.consents
    )
    assert (
        len(driver.store.get_page(Task, network_id=NETWORK).items) == 1
    )  # they were asked to confirm: the salon is told


def the_visit_is_confirmed(driver: SalonDriver, _: Any) -> None:
    assert [booking.status for booking in driver.bookings()] == [Status.CONFIRMED] * 2
    assert driver.store.get_page(Task, network_id=NETWORK).items == []


def the_salon_is_told_once(driver: SalonDriver, _: Any) -> None:
    (task,) = driver.store.get_page(Task, network_id=NETWORK).items
    assert (task.words, task.client_id) == ("позже?", MARIA_ID)
    assert driver.client().written_at == IN_TWO_DAYS - timedelta(hours=23)


def before_second_reply(driver: SalonDriver) -> None:
    before_reply(driver)
    first = Reply(channel="sms", to=OURS, sender=MARIAS_PHONE, text="позже?", id="in-0",
                  at=IN_TWO_DAYS - timedelta(hours=23))  # fmt: skip
    process_reply(driver.world, first)


def both_replies_are_in_one_task(driver: SalonDriver, _: Any) -> None:
    (task,) = driver.store.get_page(Task, network_id=NETWORK).items
    assert (task.words, task.replies) == ("позже?\nна час", 2)


def set_number(driver: SalonDriver, _: Any) -> None:
    set_identities(driver.world, NETWORK, {"sms": "+37360000001"})
    answer_at(driver.world, NETWORK, "+37360000002")


def the_new_numbers_are_answered(driver: SalonDriver, _: Any) -> None:
    numbers = [driver.store.get(InboundNumber, number=f"+3736000000{last}") for last in (0, 1, 2)]
    assert [number.network_ids for number in numbers] == [(), (NETWORK,), (NETWORK,)]
    assert driver.store.get(Network, network_id=NETWORK).identities == {"sms": "+37360000001"}


STORIES: dict[str, Story] = {
    "a delivery": (before_receipt, delivered, again(delivered), it_was_delivered),
    "a delivery that was in doubt": (before_doubtful_receipt, delivered, again(delivered), it_was_delivered),
    "a failure": (before_receipt, failed, again(failed), it_failed_for_good),
    "a failure of two in one": (
        before_receipt_of_two, both_failed, again(both_failed), both_failed_for_good),
    "a complaint": (before_receipt, complained, again(complained), nothing_more_comes_that_way),
    "STOP": (before_reply, reply("STOP"), reply("STOP"), all_is_refused_once),
    "a yes": (before_reply, reply("+"), reply("+"), the_visit_is_confirmed),
    "a question": (
        before_reply, reply("позже?", "whatsapp"), reply("позже?", "whatsapp"), the_salon_is_told_once),
    "another number": (before_reply, set_number, set_number, the_new_numbers_are_answered),
    "a second reply": (
        before_second_reply, reply("на час"), reply("на час"), both_replies_are_in_one_task),
}  # fmt: skip


@pytest.mark.parametrize("failure", list(Failure))
@pytest.mark.parametrize("story", STORIES)
def test_any_call_may_fail_and_nothing_is_lost_or_doubled(
    aws: dict[str, Any], story: str, failure: Failure
) -> None:
    assert fail_each_call(aws, STORIES[story], failure) > 2
