"""A cascade: push, then WhatsApp, then SMS; the next where the former fails or is not delivered in time."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.clients.clients import Device
from chalicelib.domain.messages.messages import MessageState, Outcome
from chalicelib.domain.networks.network import Network
from chalicelib.domain.networks.rules import ChannelStep, MessageRules, Rules
from chalicelib.domain.shared.touches import GRACE, TouchKind
from infra.testkit.builders import NETWORK, NOW, a_consent
from infra.testkit.doubles import RecordingSender
from infra.testkit.salon_driver import SalonDriver

IN_TWO_DAYS = NOW + timedelta(days=2, hours=2)
CASCADE = (ChannelStep("push", 10), ChannelStep("whatsapp", 30), ChannelStep("sms"))
FAILED = Outcome(MessageState.FAILED, reason="refused")
UNKNOWN = Outcome(MessageState.UNKNOWN, reason="timed_out")
CONFIRM = TouchKind.CONFIRM_REQUEST


@pytest.fixture
def driver(driver: SalonDriver) -> SalonDriver:
    """A salon with three channels, and a client with an address in each."""
    set_rules(driver, channels=CASCADE)
    driver.sender = {name: RecordingSender(name) for name in ("push", "whatsapp", "sms")}
    device = Device("arn:endpoint/1", "ios", NOW)
    driver.store.save(replace(driver.client(), devices=(device,)))
    return driver


def set_rules(driver: SalonDriver, **fields: Any) -> None:
    network = driver.store.get(Network, network_id=NETWORK)
    driver.store.save(replace(network, rules=Rules(messages=MessageRules(**fields))))
    driver.world.directories.forget(NETWORK)


def sent(driver: SalonDriver, kind: str = "notice") -> list[str]:
    """The channels by which a kind went out, in the order of the log."""
    return [each.channel for each in driver.log() if each.kind == kind and each.state != "skipped"]


def delivered(driver: SalonDriver, channel: str) -> None:
    (message,) = [each for each in driver.log() if each.channel == channel]
    driver.store.save(replace(message, state=MessageState.DELIVERED))


def test_what_is_delivered_in_time_goes_no_further(driver: SalonDriver) -> None:
    driver.book(IN_TWO_DAYS)
    driver.drain()
    delivered(driver, "push")
    driver.run_until(NOW + timedelta(hours=3))
    assert sent(driver) == ["push"]
    assert driver.only_booking().touches[TouchKind.NOTICE].state == "sent"


def test_what_is_not_delivered_in_time_goes_to_the_next_channel_and_the_next(driver: SalonDriver) -> None:
    driver.book(IN_TWO_DAYS)
    driver.run_until(NOW + timedelta(minutes=9))
    assert sent(driver) == ["push"]
    assert driver.only_booking().touches[TouchKind.NOTICE].state == "awaiting"
    driver.run_until(NOW + timedelta(minutes=11))
    assert sent(driver) == ["push", "whatsapp"]
    driver.run_until(NOW + timedelta(minutes=39))
    assert sent(driver) == ["push", "whatsapp"]
    driver.run_until(NOW + timedelta(minutes=42))
    assert sent(driver) == ["push", "whatsapp", "sms"]
    driver.run_until(NOW + timedelta(hours=10))
    assert sent(driver) == ["push", "whatsapp", "sms"]


def test_a_channel_that_refuses_is_left_for_the_next_within_a_minute(driver: SalonDriver) -> None:
    driver.sender["push"].answers = [FAILED]
    driver.book(IN_TWO_DAYS)
    driver.run_until(NOW + timedelta(minutes=2))
    assert sent(driver) == ["push", "whatsapp"]


def test_when_every_channel_refuses_the_touch_has_failed_and_says_why(driver: SalonDriver) -> None:
    for sender in driver.sender.values():
        sender.answers = [FAILED] * 3
    driver.book(IN_TWO_DAYS)
    driver.run_until(NOW + timedelta(hours=3))
    touch = driver.only_booking().touches[TouchKind.NOTICE]
    assert (touch.state, touch.reason) == ("failed", "refused")
    assert sent(driver) == ["push", "whatsapp", "sms"]


def test_channels_without_consent_or_address_are_passed_over(driver: SalonDriver) -> None:
    refused = a_consent(granted=False, channel="whatsapp")
    driver.store.save(replace(driver.client(), devices=(), consents=(replace(refused, purpose="service"),)))
    driver.book(IN_TWO_DAYS)
    driver.run_until(NOW + timedelta(hours=3))
    assert sent(driver) == ["sms"]


def test_of_a_reminder_whose_fate_is_unknown_the_next_channel_carries_one_more_after_the_grace_time(
    driver: SalonDriver,
) -> None:
    driver.sender["push"].answers = [Outcome(MessageState.SENT), UNKNOWN]
    driver.book(IN_TWO_DAYS)
    driver.drain()
    delivered(driver, "push")
    asked_at = IN_TWO_DAYS - timedelta(hours=24)
    driver.run_until(asked_at + GRACE - timedelta(seconds=10))
    assert sent(driver, "confirm_request") == ["push"]
    driver.sender["whatsapp"].answers = [UNKNOWN]
    driver.run_until(asked_at + timedelta(hours=3))
    assert sent(driver, "confirm_request") == ["push", "whatsapp"]


def test_a_notice_whose_fate_is_unknown_is_never_sent_again(driver: SalonDriver) -> None:
    driver.sender["push"].answers = [UNKNOWN]
    driver.book(IN_TWO_DAYS)
    driver.run_until(NOW + timedelta(hours=3))
    assert sent(driver) == ["push"]


def test_a_late_receipt_settles_what_was_unknown_and_spares_the_second_attempt(driver: SalonDriver) -> None:
    driver.sender["push"].answers = [Outcome(MessageState.SENT), UNKNOWN]
    driver.book(IN_TWO_DAYS)
    driver.drain()
    delivered(driver, "push")
    driver.run_until(IN_TWO_DAYS - timedelta(hours=24))
    (asked,) = [each for each in driver.log() if each.kind is CONFIRM]
    driver.store.save(replace(asked, state=MessageState.DELIVERED))
    driver.run_until(IN_TWO_DAYS - timedelta(hours=20))
    assert sent(driver, "confirm_request") == ["push"]
    assert driver.only_booking().touches[CONFIRM].state == "sent"


def test_a_number_that_takes_no_sms_is_not_tried_again(driver: SalonDriver) -> None:
    driver.store.save(replace(driver.client(), devices=()))
    set_rules(driver, channels=(ChannelStep("sms"),))
    dead = Outcome(MessageState.FAILED, reason="no_sms_there", bad_address=True)
    driver.sender["sms"].answers = [dead]
    driver.book(IN_TWO_DAYS)
    driver.run_until(IN_TWO_DAYS)
    assert len(driver.sender["sms"].sent) == 1
    reasons = {each.kind: each.reason for each in driver.log()}
    assert reasons[TouchKind.NOTICE] == "no_sms_there"
    assert reasons[CONFIRM] == "dead_address"


def test_a_kind_may_have_a_cascade_of_its_own(driver: SalonDriver) -> None:
    set_rules(driver, channels=CASCADE, channels_of={CONFIRM: (ChannelStep("sms"),)})
    driver.book(IN_TWO_DAYS)
    driver.drain()
    delivered(driver, "push")
    driver.run_until(IN_TWO_DAYS - timedelta(hours=23))
    assert sent(driver) == ["push"]
    assert sent(driver, "confirm_request") == ["sms"]


def test_a_channel_that_the_deployment_does_not_have_is_said_to_be_missing(driver: SalonDriver) -> None:
    set_rules(driver, channels=(ChannelStep("email"),))
    driver.book(IN_TWO_DAYS)
    driver.drain()
    (skipped,) = driver.log()
    assert (skipped.state, skipped.reason) == ("skipped", "no_channel")
