"""A message that tells of several dates and fails later: the other dates are not forgotten."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.messages.messages import Message, MessageState
from chalicelib.domain.messages.receipts import Receipt
from chalicelib.domain.networks.network import Network
from chalicelib.domain.networks.rules import ChannelStep, MessageRules, Rules
from chalicelib.services.messages.process_receipt import process_receipt
from chalicelib.texts.wording import message_words
from infra.testkit.builders import NETWORK, NOW
from infra.testkit.doubles import RecordingSender
from infra.testkit.salon_driver import SalonDriver

FIRST = NOW + timedelta(days=9, hours=2)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def with_channels(driver: SalonDriver, *steps: ChannelStep) -> SalonDriver:
    network = driver.store.get(Network, network_id=NETWORK)
    driver.store.save(replace(network, rules=Rules(messages=MessageRules(channels=steps))))
    driver.world.directories.forget(NETWORK)
    return replace(
        driver, sender={step.channel: RecordingSender(step.channel) for step in steps}, texts=message_words
    )


def a_course_told(driver: SalonDriver, dates: int = 4) -> list[Any]:
    booked = []
    for number in range(dates):
        booked.append(driver.book(FIRST + number * DAY))
        driver.drain()
    driver.run_until(NOW + 2 * MINUTE)
    return booked


def gathered_message(driver: SalonDriver) -> Message:
    (message,) = [each for each in driver.log() if each.tells_of]
    return message


def fails(driver: SalonDriver, message: Message) -> None:
    receipt = Receipt(
        network_id=NETWORK, client_id=message.client_id, message_id=message.id,
        state=MessageState.FAILED, at=driver.clock(), reason="carrier_blocked",
    )  # fmt: skip
    for _ in range(2):
        process_receipt(driver.world, receipt)


def sent_by(driver: SalonDriver, channel: str) -> list[str]:
    return [each.worded.text for each in driver.sender[channel].sent]


@pytest.mark.parametrize("wait", [None, 60], ids=["no time given", "a receipt awaited"])
def test_the_second_channel_tells_of_all_dates(driver: SalonDriver, wait: int | None) -> None:
    first = ChannelStep("whatsapp", wait) if wait else ChannelStep("whatsapp")
    driver = with_channels(driver, first, ChannelStep("sms"))
    booked = a_course_told(driver)
    fails(driver, gathered_message(driver))
    driver.run_until(NOW + HOUR - MINUTE)
    text = next(text for text in sent_by(driver, "sms") if f"{booked[2].starts_at:%d.%m}" in text)
    assert all(f"{booking.starts_at:%d.%m}" in text for booking in booked[1:])


def test_the_second_channel_leaves_out_what_has_moved_on_or_was_cancelled(driver: SalonDriver) -> None:
    driver = with_channels(driver, ChannelStep("whatsapp"), ChannelStep("sms"))
    booked = a_course_told(driver)
    message = gathered_message(driver)
    others = [each for each in booked[1:] if each.id != message.booking_id]
    driver.cancel(driver.booking(others[0].id))
    fails(driver, message)
    driver.run_until(NOW + HOUR)
    (text,) = [text for text in sent_by(driver, "sms") if f"{others[1].starts_at:%d.%m}" in text]
    assert f"{others[0].starts_at:%d.%m}" not in text


def test_where_no_channel_is_left_the_other_dates_tell_of_themselves(driver: SalonDriver) -> None:
    driver = with_channels(driver, ChannelStep("sms"))
    booked = a_course_told(driver)
    message = gathered_message(driver)
    fails(driver, message)
    driver.run_until(NOW + HOUR)
    *_, last = sent_by(driver, "sms")
    others = [each for each in booked[1:] if each.id != message.booking_id]
    assert len(sent_by(driver, "sms")) == 3
    assert all(f"{booking.starts_at:%d.%m}" in last for booking in others)
    assert all(driver.booking(each.id).touches["notice"].state != "deferred" for each in booked)


def test_a_lead_that_has_moved_on_does_not_leave_the_others_untold(driver: SalonDriver) -> None:
    driver = with_channels(driver, ChannelStep("sms"))
    booked = a_course_told(driver)
    message = gathered_message(driver)
    lead = driver.booking(message.booking_id or "")
    driver.run_until(NOW + HOUR)
    driver.move(lead, lead.starts_at + HOUR)
    driver.run_until(NOW + 2 * HOUR)
    before = len(sent_by(driver, "sms"))
    fails(driver, message)
    driver.run_until(NOW + 3 * HOUR)
    told = " ".join(sent_by(driver, "sms")[before:])
    assert all(f"{each.starts_at:%d.%m}" in told for each in booked[1:] if each.id != lead.id)
