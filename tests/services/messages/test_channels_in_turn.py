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
from infra.testkit.builders import NETWORK, NOW, RecordingSender, a_consent
from infra.testkit.salon_driver import Life

IN_TWO_DAYS = NOW + timedelta(days=2, hours=2)
CASCADE = (ChannelStep("push", 10), ChannelStep("whatsapp", 30), ChannelStep("sms"))
FAILED = Outcome(MessageState.FAILED, reason="refused")
UNKNOWN = Outcome(MessageState.UNKNOWN, reason="timed_out")
CONFIRM = TouchKind.CONFIRM_REQUEST


@pytest.fixture
def life(life: Life) -> Life:
    """With three channels, and a client whom all of them reach."""
    set_rules(life, channels=CASCADE)
    life.sender = {name: RecordingSender(name) for name in ("push", "whatsapp", "sms")}
    device = Device("arn:endpoint/1", "ios", NOW)
    life.store.save(replace(life.client(), devices=(device,)))
    return life


def set_rules(life: Life, **said: Any) -> None:
    network = life.store.get(Network, network_id=NETWORK)
    life.store.save(replace(network, rules=Rules(messages=MessageRules(**said))))
    life.world.directories.forget(NETWORK)


def sent(life: Life, kind: str = "notice") -> list[str]:
    """The channels by which a kind went out, in the order of the log."""
    return [each.channel for each in life.log() if each.kind == kind and each.state != "skipped"]


def delivered(life: Life, channel: str) -> None:
    (message,) = [each for each in life.log() if each.channel == channel]
    life.store.save(replace(message, state=MessageState.DELIVERED))


def test_what_is_delivered_in_time_goes_no_further(life: Life) -> None:
    life.book(IN_TWO_DAYS)
    life.drain()
    delivered(life, "push")
    life.run_until(NOW + timedelta(hours=3))
    assert sent(life) == ["push"]
    assert life.only_booking().touches[TouchKind.NOTICE].state == "sent"


def test_what_is_not_delivered_in_time_goes_to_the_next_channel_and_the_next(life: Life) -> None:
    life.book(IN_TWO_DAYS)
    life.run_until(NOW + timedelta(minutes=9))
    assert sent(life) == ["push"]
    assert life.only_booking().touches[TouchKind.NOTICE].state == "awaiting"
    life.run_until(NOW + timedelta(minutes=11))
    assert sent(life) == ["push", "whatsapp"]
    life.run_until(NOW + timedelta(minutes=39))
    assert sent(life) == ["push", "whatsapp"]
    life.run_until(NOW + timedelta(minutes=42))
    assert sent(life) == ["push", "whatsapp", "sms"]
    life.run_until(NOW + timedelta(hours=10))
    assert sent(life) == ["push", "whatsapp", "sms"]


def test_a_channel_that_refuses_is_left_for_the_next_within_a_minute(life: Life) -> None:
    life.sender["push"].answers = [FAILED]
    life.book(IN_TWO_DAYS)
    life.run_until(NOW + timedelta(minutes=2))
    assert sent(life) == ["push", "whatsapp"]


def test_when_every_channel_refuses_the_touch_has_failed_and_says_why(life: Life) -> None:
    for sender in life.sender.values():
        sender.answers = [FAILED] * 3
    life.book(IN_TWO_DAYS)
    life.run_until(NOW + timedelta(hours=3))
    touch = life.only_booking().touches[TouchKind.NOTICE]
    assert (touch.state, touch.reason) == ("failed", "refused")
    assert sent(life) == ["push", "whatsapp", "sms"]


def test_channels_without_consent_or_address_are_passed_over(life: Life) -> None:
    refused = a_consent(granted=False, channel="whatsapp")
    life.store.save(replace(life.client(), devices=(), consents=(replace(refused, purpose="service"),)))
    life.book(IN_TWO_DAYS)
    life.run_until(NOW + timedelta(hours=3))
    assert sent(life) == ["sms"]


def test_of_a_reminder_whose_fate_is_unknown_the_next_channel_carries_one_more_after_the_grace_time(
    life: Life,
) -> None:
    life.sender["push"].answers = [Outcome(MessageState.SENT), UNKNOWN]
    life.book(IN_TWO_DAYS)
    life.drain()
    delivered(life, "push")
    asked_at = IN_TWO_DAYS - timedelta(hours=24)
    life.run_until(asked_at + GRACE - timedelta(seconds=10))
    assert sent(life, "confirm_request") == ["push"]
    life.sender["whatsapp"].answers = [UNKNOWN]
    life.run_until(asked_at + timedelta(hours=3))
    assert sent(life, "confirm_request") == ["push", "whatsapp"]


def test_a_notice_whose_fate_is_unknown_is_never_sent_again(life: Life) -> None:
    life.sender["push"].answers = [UNKNOWN]
    life.book(IN_TWO_DAYS)
    life.run_until(NOW + timedelta(hours=3))
    assert sent(life) == ["push"]


def test_a_late_receipt_settles_what_was_unknown_and_spares_the_second_attempt(life: Life) -> None:
    life.sender["push"].answers = [Outcome(MessageState.SENT), UNKNOWN]
    life.book(IN_TWO_DAYS)
    life.drain()
    delivered(life, "push")
    life.run_until(IN_TWO_DAYS - timedelta(hours=24))
    (asked,) = [each for each in life.log() if each.kind is CONFIRM]
    life.store.save(replace(asked, state=MessageState.DELIVERED))
    life.run_until(IN_TWO_DAYS - timedelta(hours=20))
    assert sent(life, "confirm_request") == ["push"]
    assert life.only_booking().touches[CONFIRM].state == "sent"


def test_a_number_that_takes_no_sms_is_not_tried_again(life: Life) -> None:
    life.store.save(replace(life.client(), devices=()))
    set_rules(life, channels=(ChannelStep("sms"),))
    dead = Outcome(MessageState.FAILED, reason="no_sms_there", bad_address=True)
    life.sender["sms"].answers = [dead]
    life.book(IN_TWO_DAYS)
    life.run_until(IN_TWO_DAYS)
    assert len(life.sender["sms"].sent) == 1
    reasons = {each.kind: each.reason for each in life.log()}
    assert reasons[TouchKind.NOTICE] == "no_sms_there"
    assert reasons[CONFIRM] == "dead_address"


def test_a_kind_may_have_a_cascade_of_its_own(life: Life) -> None:
    set_rules(life, channels=CASCADE, channels_of={CONFIRM: (ChannelStep("sms"),)})
    life.book(IN_TWO_DAYS)
    life.drain()
    delivered(life, "push")
    life.run_until(IN_TWO_DAYS - timedelta(hours=23))
    assert sent(life) == ["push"]
    assert sent(life, "confirm_request") == ["sms"]


def test_a_channel_that_the_deployment_does_not_have_is_said_to_be_missing(life: Life) -> None:
    set_rules(life, channels=(ChannelStep("email"),))
    life.book(IN_TWO_DAYS)
    life.drain()
    (skipped,) = life.log()
    assert (skipped.state, skipped.reason) == ("skipped", "no_channel")
