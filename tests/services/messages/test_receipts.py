"""What a receipt does to the message, its booking, the client, the budget and the prices."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.client_plan import with_wake
from chalicelib.domain.clients.clients import ConsentChange, Due
from chalicelib.domain.messages.messages import Message, MessageState, Outcome
from chalicelib.domain.messages.receipts import Receipt
from chalicelib.domain.messages.spending import Spending
from chalicelib.domain.networks.network import Network, Price
from chalicelib.domain.networks.rules import ChannelStep, MessageRules, Rules
from chalicelib.domain.shared.touches import GRACE, Purpose, TouchKind, TouchState
from chalicelib.services.messages.process_receipt import (
    RECORDED_WITHIN,
    NotThereYet,
    ReceiptOutcome,
    process_receipt,
)
from infra.testkit.builders import NETWORK, NOW, a_consent
from infra.testkit.doubles import RecordingSender
from infra.testkit.salon_driver import SalonDriver

IN_TWO_DAYS = NOW + timedelta(days=2, hours=2)
S = MessageState
UNKNOWN = Outcome(S.UNKNOWN, reason="timed_out")


def set_rules(driver: SalonDriver, **fields: Any) -> None:
    network = driver.store.get(Network, network_id=NETWORK)
    driver.store.save(replace(network, rules=Rules(messages=MessageRules(**fields))))
    driver.world.directories.forget(NETWORK)


def noticed(driver: SalonDriver) -> Booking:
    """A booking whose notice just went out."""
    booking = driver.book(IN_TWO_DAYS)
    driver.drain()
    return booking


def only_message(driver: SalonDriver) -> Message:
    (message,) = driver.log()
    return message


def receipt_of(message: Message, state: MessageState = S.DELIVERED, **fields: Any) -> Receipt:
    given: dict[str, Any] = {"at": NOW + timedelta(seconds=9), **fields}
    return Receipt(network_id=message.network_id, client_id=message.client_id, message_id=message.id,
                   state=state, **given)  # fmt: skip


def tell(driver: SalonDriver, state: MessageState = S.DELIVERED, **fields: Any) -> ReceiptOutcome:
    return process_receipt(driver.world, receipt_of(only_message(driver), state, **fields))


# --- the message


def test_a_delivered_message_is_known_as_such(driver: SalonDriver) -> None:
    noticed(driver)
    assert tell(driver, parts=2, cost_micros=98_820) is ReceiptOutcome.APPLIED
    message = only_message(driver)
    assert (message.state, message.told_at) == (S.DELIVERED, NOW + timedelta(seconds=9))
    assert (message.parts, message.cost_micros, message.charged) == (2, 98_820, True)


def test_the_same_again_or_an_older_word_changes_nothing(driver: SalonDriver) -> None:
    noticed(driver)
    tell(driver)
    before = only_message(driver)
    assert tell(driver) is ReceiptOutcome.KNOWN
    assert tell(driver, S.SENT, at=NOW) is ReceiptOutcome.KNOWN
    assert only_message(driver) == before


def test_a_receipt_quicker_than_our_record_is_to_come_again(driver: SalonDriver) -> None:
    noticed(driver)
    message = only_message(driver)
    driver.store.delete(message)
    with pytest.raises(NotThereYet):
        process_receipt(driver.world, receipt_of(message))
    driver.world.clock.forward(seconds=RECORDED_WITHIN.total_seconds() + 1)  # type: ignore[attr-defined]
    assert process_receipt(driver.world, receipt_of(message)) is ReceiptOutcome.UNKNOWN_MESSAGE


@pytest.mark.parametrize("message_id", ["msg_1", "", "nonsense", "msg_" + "0" * 19, "msg_ж"])
def test_a_message_that_never_was_is_let_go(driver: SalonDriver, message_id: str) -> None:
    receipt = Receipt(network_id=NETWORK, client_id="cli_x", message_id=message_id, state=S.SENT, at=NOW)
    assert process_receipt(driver.world, receipt) is ReceiptOutcome.UNKNOWN_MESSAGE


def test_a_network_that_is_not_ours_is_let_go(driver: SalonDriver) -> None:
    noticed(driver)
    strange = replace(receipt_of(only_message(driver)), network_id="net_elsewhere0")
    assert process_receipt(driver.world, strange) is ReceiptOutcome.UNKNOWN_NETWORK
    assert only_message(driver).state is S.SENT


def test_what_went_along_in_the_text_shares_its_fate_but_not_its_price(driver: SalonDriver) -> None:
    booking = noticed(driver)
    tell(driver, parts=1, cost_micros=50_000)
    driver.world.clock.now = IN_TWO_DAYS + timedelta(hours=1)  # type: ignore[attr-defined]
    driver.complete(booking)
    driver.run_until(IN_TWO_DAYS + timedelta(hours=4))
    review = next(each for each in driver.log() if each.kind is TouchKind.REVIEW_REQUEST and each.carries)
    process_receipt(driver.world, receipt_of(review, parts=3, cost_micros=150_000, at=driver.world.now()))
    bonus = next(each for each in driver.log() if each.id == review.carries)
    assert (bonus.state, bonus.cost_micros, bonus.parts) == (S.DELIVERED, None, 0)


# --- the touch


def test_a_failure_goes_on_to_the_next_channel_at_once(driver: SalonDriver) -> None:
    set_rules(driver, channels=(ChannelStep("whatsapp", 60), ChannelStep("sms")))
    driver.sender = {name: RecordingSender(name) for name in ("whatsapp", "sms")}
    booking = noticed(driver)
    assert driver.booking(booking.id).touches[TouchKind.NOTICE].state is TouchState.AWAITING
    assert tell(driver, S.FAILED, reason="whatsapp_131026", bad_address=True) is ReceiptOutcome.APPLIED
    driver.drain()
    assert [message.channel for message in driver.log()] == ["whatsapp", "sms"]
    assert driver.booking(booking.id).touches[TouchKind.NOTICE].state is TouchState.SENT


def test_a_failure_goes_on_even_where_no_time_was_given(driver: SalonDriver) -> None:
    set_rules(driver, channels=(ChannelStep("whatsapp"), ChannelStep("sms")))
    driver.sender = {name: RecordingSender(name) for name in ("whatsapp", "sms")}
    booking = noticed(driver)
    assert driver.booking(booking.id).touches[TouchKind.NOTICE].state is TouchState.SENT
    tell(driver, S.FAILED, reason="whatsapp_1")
    driver.drain()
    assert [message.channel for message in driver.log()] == ["whatsapp", "sms"]


def test_an_invitation_that_fails_after_its_services_were_used_up_goes_on_too(driver: SalonDriver) -> None:
    set_rules(driver, channels=(ChannelStep("whatsapp"), ChannelStep("sms")))
    driver.sender = {name: RecordingSender(name) for name in ("whatsapp", "sms")}
    consents = tuple(a_consent(channel=channel) for channel in ("whatsapp", "sms"))
    invited = replace(driver.client(), due=(Due("srv_cut", NOW, "bkg_1"),), consents=consents)
    driver.store.save(with_wake(invited, driver.world.directory(NETWORK), NOW))
    driver.drain()
    assert driver.client().due == ()
    tell(driver, S.FAILED, reason="whatsapp_1")
    driver.run_until(NOW + timedelta(hours=1))
    assert {message.channel: message.state for message in driver.log()} == {
        "whatsapp": S.FAILED,
        "sms": S.SENT,
    }
    assert driver.client().invitations == 1


def test_a_failure_of_the_only_channel_is_the_touchs_failure(driver: SalonDriver) -> None:
    booking = noticed(driver)
    tell(driver, S.FAILED, reason="carrier_blocked")
    driver.drain()
    touch = driver.booking(booking.id).touches[TouchKind.NOTICE]
    assert (touch.state, touch.reason) == (TouchState.FAILED, "carrier_blocked")
    assert len(driver.sender.sent) == 1
    assert only_message(driver).state is S.FAILED


def test_a_failure_told_twice_is_tried_once_more_only_once(driver: SalonDriver) -> None:
    set_rules(driver, channels=(ChannelStep("whatsapp", 60), ChannelStep("sms")))
    driver.sender = {name: RecordingSender(name) for name in ("whatsapp", "sms")}
    noticed(driver)
    receipt = receipt_of(only_message(driver), S.FAILED, reason="whatsapp_1")
    for _ in range(2):
        process_receipt(driver.world, receipt)
        driver.drain()
        process_receipt(driver.world, receipt)
        driver.drain()
    assert [message.channel for message in driver.log()] == ["whatsapp", "sms"]


def test_a_failure_after_a_move_sends_nothing_for_the_old_time(driver: SalonDriver) -> None:
    set_rules(driver, channels=(ChannelStep("whatsapp", 60), ChannelStep("sms")))
    driver.sender = {name: RecordingSender(name) for name in ("whatsapp", "sms")}
    booking = noticed(driver)
    receipt = receipt_of(only_message(driver), S.FAILED, reason="whatsapp_1")
    driver.clock.forward(minutes=2)
    driver.move(booking, IN_TWO_DAYS + timedelta(days=1))
    driver.drain()
    process_receipt(driver.world, receipt)
    driver.drain()
    assert [message.channel for message in driver.log()] == ["whatsapp", "whatsapp"]


def test_a_failure_of_a_cancelled_booking_sends_nothing(driver: SalonDriver) -> None:
    set_rules(driver, channels=(ChannelStep("whatsapp", 60), ChannelStep("sms")))
    driver.sender = {name: RecordingSender(name) for name in ("whatsapp", "sms")}
    driver.cancel(noticed(driver))
    tell(driver, S.FAILED, reason="whatsapp_1")
    driver.run_until(IN_TWO_DAYS)
    assert [message.channel for message in driver.log() if message.occurrence == 0] == ["whatsapp"]


def test_while_its_worker_is_at_it_a_failure_waits(driver: SalonDriver) -> None:
    booking = noticed(driver)
    current = driver.booking(booking.id)
    touch = current.touches[TouchKind.NOTICE]
    driver.store.save(replace(current, touches={TouchKind.NOTICE: replace(touch, state=TouchState.SENDING)}))
    with pytest.raises(NotThereYet):
        tell(driver, S.FAILED)
    driver.world.clock.now = touch.at + GRACE + timedelta(seconds=1)  # type: ignore[attr-defined]
    assert tell(driver, S.FAILED) is ReceiptOutcome.KNOWN


@pytest.mark.parametrize("state", [S.SENT, S.DELIVERED])
def test_an_unknown_fate_is_resolved_and_nothing_is_sent_again(
    driver: SalonDriver, state: MessageState
) -> None:
    booking = driver.book(IN_TWO_DAYS)
    driver.drain()
    tell(driver)
    driver.sender.answers.append(UNKNOWN)
    driver.world.clock.now = IN_TWO_DAYS - timedelta(hours=24)  # type: ignore[attr-defined]
    driver.drain()
    assert driver.booking(booking.id).touches[TouchKind.CONFIRM_REQUEST].state is TouchState.UNKNOWN
    request = driver.log()[-1]
    process_receipt(driver.world, receipt_of(request, state, at=driver.world.now()))
    assert driver.booking(booking.id).touches[TouchKind.CONFIRM_REQUEST].state is TouchState.SENT
    assert driver.log()[-1].state is state
    driver.run_until(IN_TWO_DAYS - timedelta(hours=23))
    assert [message.kind for message in driver.log()] == [TouchKind.NOTICE, TouchKind.CONFIRM_REQUEST]


def test_an_unknown_fate_that_turns_out_a_failure_is_tried_by_another_channel(driver: SalonDriver) -> None:
    set_rules(driver, channels=(ChannelStep("whatsapp", 60), ChannelStep("sms")))
    driver.sender = {name: RecordingSender(name) for name in ("whatsapp", "sms")}
    driver.sender["whatsapp"].answers.append(UNKNOWN)
    noticed(driver)
    tell(driver, S.FAILED, reason="whatsapp_1")
    driver.drain()
    assert [message.channel for message in driver.log()] == ["whatsapp", "sms"]


# --- the client


def test_a_bad_address_is_remembered_once_and_written_to_no_more(driver: SalonDriver) -> None:
    noticed(driver)
    for _ in range(2):
        tell(driver, S.FAILED, reason="invalid", bad_address=True)
    (dead,) = driver.client().dead_addresses
    assert (dead.channel, dead.address, dead.reason) == ("sms", "+37369123456", "invalid")
    driver.run_until(IN_TWO_DAYS)
    assert {message.reason for message in driver.log() if message.state is S.SKIPPED} == {"dead_address"}
    assert len(driver.sender.sent) == 1


def test_a_complaint_refuses_the_channel_with_a_line_of_history(driver: SalonDriver) -> None:
    set_rules(driver, channels=(ChannelStep("email"),))
    driver.sender = RecordingSender("email")
    noticed(driver)
    for _ in range(2):
        tell(driver, reason="complained", bad_address=True, complaint=True)
    client = driver.client()
    for purpose in Purpose:
        consent = client.consent("email", purpose)
        assert consent is not None
        assert (consent.granted, consent.how) == (False, "complaint")
        assert client.consent("sms", purpose) is None
    assert len(driver.store.get_all(ConsentChange, network_id=NETWORK, client_id=client.id)) == len(Purpose)
    assert client.dead_addresses[0].address == "maria@example.com"


# --- money


def price(driver: SalonDriver) -> int | None:
    found = driver.store.get(Price, network_id=NETWORK, channel="sms", country_code="+373")
    return found.micros if found else None


def test_a_price_is_learned_and_then_followed_once_an_hour_at_most(driver: SalonDriver) -> None:
    noticed(driver)
    tell(driver, S.SENT, parts=2, cost_micros=100_000)
    assert price(driver) == 50_000
    tell(driver, S.DELIVERED, parts=2, cost_micros=120_000, at=NOW + timedelta(minutes=30))
    assert price(driver) == 50_000
    tell(driver, S.DELIVERED, parts=2, cost_micros=120_000, at=NOW + timedelta(hours=2))
    assert price(driver) == 60_000


def test_what_was_free_teaches_no_price(driver: SalonDriver) -> None:
    noticed(driver)
    tell(driver, S.FAILED, parts=1, cost_micros=0)
    assert price(driver) is None


def test_the_months_spending_is_settled_by_the_difference_and_once(driver: SalonDriver) -> None:
    set_rules(driver, monthly_budget_usd_cents=10_000, part_price_micros={"sms": 50_000})
    noticed(driver)
    reserved = driver.store.spending(NETWORK, "2026-11").reserved_micros
    estimate = only_message(driver).cost_micros
    assert reserved == estimate == 50_000
    for _ in range(2):
        tell(driver, parts=1, cost_micros=81_000)
    assert driver.store.spending(NETWORK, "2026-11").reserved_micros == 81_000
    tell(driver, parts=1, cost_micros=81_000, at=NOW + timedelta(minutes=1))
    assert driver.store.spending(NETWORK, "2026-11").reserved_micros == 81_000


def test_a_network_without_a_budget_counts_nothing(driver: SalonDriver) -> None:
    noticed(driver)
    tell(driver, parts=1, cost_micros=81_000)
    assert driver.store.spending(NETWORK, "2026-11") == Spending(network_id=NETWORK, month="2026-11")
