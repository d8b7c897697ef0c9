"""What a receipt does to the message, its booking, the client, the budget and the prices."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.client_plan import with_wake
from chalicelib.domain.clients.clients import Due
from chalicelib.domain.messages.messages import Message, MessageState, Outcome
from chalicelib.domain.messages.receipts import Receipt
from chalicelib.domain.messages.spending import Spending
from chalicelib.domain.networks.network import Network, Price
from chalicelib.domain.networks.rules import ChannelStep, MessageRules, Rules
from chalicelib.domain.shared.touches import GRACE, Purpose, TouchKind, TouchState
from chalicelib.services.messages.take_receipt import RECORDED_WITHIN, NotThereYet, Taken, take_receipt
from infra.testkit.builders import NETWORK, NOW, RecordingSender, a_consent
from infra.testkit.salon_driver import Life

IN_TWO_DAYS = NOW + timedelta(days=2, hours=2)
S = MessageState
UNKNOWN = Outcome(S.UNKNOWN, reason="timed_out")


def set_rules(life: Life, **said: Any) -> None:
    network = life.store.get(Network, network_id=NETWORK)
    life.store.save(replace(network, rules=Rules(messages=MessageRules(**said))))
    life.world.directories.forget(NETWORK)


def noticed(life: Life) -> Booking:
    """A booking whose notice just went out."""
    booking = life.book(IN_TWO_DAYS)
    life.drain()
    return booking


def only_message(life: Life) -> Message:
    (message,) = life.log()
    return message


def receipt_of(message: Message, state: MessageState = S.DELIVERED, **said: Any) -> Receipt:
    given: dict[str, Any] = {"at": NOW + timedelta(seconds=9), **said}
    return Receipt(network_id=message.network_id, client_id=message.client_id, message_id=message.id,
                   state=state, **given)  # fmt: skip


def tell(life: Life, state: MessageState = S.DELIVERED, **said: Any) -> Taken:
    return take_receipt(life.world, receipt_of(only_message(life), state, **said))


# --- the message


def test_a_delivered_message_is_known_as_such(life: Life) -> None:
    noticed(life)
    assert tell(life, parts=2, cost_micros=98_820) is Taken.APPLIED
    message = only_message(life)
    assert (message.state, message.told_at) == (S.DELIVERED, NOW + timedelta(seconds=9))
    assert (message.parts, message.cost_micros, message.charged) == (2, 98_820, True)


def test_the_same_again_or_an_older_word_changes_nothing(life: Life) -> None:
    noticed(life)
    tell(life)
    before = only_message(life)
    assert tell(life) is Taken.KNOWN
    assert tell(life, S.SENT, at=NOW) is Taken.KNOWN
    assert only_message(life) == before


def test_a_receipt_quicker_than_our_record_is_to_come_again(life: Life) -> None:
    noticed(life)
    message = only_message(life)
    life.store.delete(message)
    with pytest.raises(NotThereYet):
        take_receipt(life.world, receipt_of(message))
    life.world.clock.forward(seconds=RECORDED_WITHIN.total_seconds() + 1)  # type: ignore[attr-defined]
    assert take_receipt(life.world, receipt_of(message)) is Taken.UNKNOWN_MESSAGE


@pytest.mark.parametrize("id", ["msg_1", "", "nonsense", "msg_" + "0" * 19, "msg_ж"])
def test_a_message_that_never_was_is_let_go(life: Life, id: str) -> None:
    receipt = Receipt(network_id=NETWORK, client_id="cli_x", message_id=id, state=S.SENT, at=NOW)
    assert take_receipt(life.world, receipt) is Taken.UNKNOWN_MESSAGE


def test_a_network_that_is_not_ours_is_let_go(life: Life) -> None:
    noticed(life)
    strange = replace(receipt_of(only_message(life)), network_id="net_elsewhere0")
    assert take_receipt(life.world, strange) is Taken.UNKNOWN_NETWORK
    assert only_message(life).state is S.SENT


def test_what_went_along_in_the_text_shares_its_fate_but_not_its_price(life: Life) -> None:
    booking = noticed(life)
    tell(life, parts=1, cost_micros=50_000)
    life.world.clock.now = IN_TWO_DAYS + timedelta(hours=1)  # type: ignore[attr-defined]
    life.complete(booking)
    life.run_until(IN_TWO_DAYS + timedelta(hours=4))
    review = next(each for each in life.log() if each.kind is TouchKind.REVIEW_REQUEST and each.carries)
    take_receipt(life.world, receipt_of(review, parts=3, cost_micros=150_000, at=life.world.now()))
    bonus = next(each for each in life.log() if each.id == review.carries)
    assert (bonus.state, bonus.cost_micros, bonus.parts) == (S.DELIVERED, None, 0)


# --- the touch


def test_a_failure_goes_on_to_the_next_channel_at_once(life: Life) -> None:
    set_rules(life, channels=(ChannelStep("whatsapp", 60), ChannelStep("sms")))
    life.sender = {name: RecordingSender(name) for name in ("whatsapp", "sms")}
    booking = noticed(life)
    assert life.booking(booking.id).touches[TouchKind.NOTICE].state is TouchState.AWAITING
    assert tell(life, S.FAILED, reason="whatsapp_131026", bad_address=True) is Taken.APPLIED
    life.drain()
    assert [message.channel for message in life.log()] == ["whatsapp", "sms"]
    assert life.booking(booking.id).touches[TouchKind.NOTICE].state is TouchState.SENT


def test_a_failure_goes_on_even_where_no_time_was_given(life: Life) -> None:
    set_rules(life, channels=(ChannelStep("whatsapp"), ChannelStep("sms")))
    life.sender = {name: RecordingSender(name) for name in ("whatsapp", "sms")}
    booking = noticed(life)
    assert life.booking(booking.id).touches[TouchKind.NOTICE].state is TouchState.SENT
    tell(life, S.FAILED, reason="whatsapp_1")
    life.drain()
    assert [message.channel for message in life.log()] == ["whatsapp", "sms"]


def test_an_invitation_that_fails_after_its_services_were_used_up_goes_on_too(life: Life) -> None:
    set_rules(life, channels=(ChannelStep("whatsapp"), ChannelStep("sms")))
    life.sender = {name: RecordingSender(name) for name in ("whatsapp", "sms")}
    consents = tuple(a_consent(channel=channel) for channel in ("whatsapp", "sms"))
    invited = replace(life.client(), due=(Due("srv_cut", NOW, "bkg_1"),), consents=consents)
    life.store.save(with_wake(invited, life.world.directory(NETWORK), NOW))
    life.drain()
    assert life.client().due == ()
    tell(life, S.FAILED, reason="whatsapp_1")
    life.run_until(NOW + timedelta(hours=1))
    assert {message.channel: message.state for message in life.log()} == {"whatsapp": S.FAILED, "sms": S.SENT}
    assert life.client().invitations == 1


def test_a_failure_of_the_only_channel_is_the_touchs_failure(life: Life) -> None:
    booking = noticed(life)
    tell(life, S.FAILED, reason="carrier_blocked")
    life.drain()
    touch = life.booking(booking.id).touches[TouchKind.NOTICE]
    assert (touch.state, touch.reason) == (TouchState.FAILED, "carrier_blocked")
    assert len(life.sender.sent) == 1
    assert only_message(life).state is S.FAILED


def test_a_failure_told_twice_is_tried_once_more_only_once(life: Life) -> None:
    set_rules(life, channels=(ChannelStep("whatsapp", 60), ChannelStep("sms")))
    life.sender = {name: RecordingSender(name) for name in ("whatsapp", "sms")}
    noticed(life)
    told = receipt_of(only_message(life), S.FAILED, reason="whatsapp_1")
    for _ in range(2):
        take_receipt(life.world, told)
        life.drain()
        take_receipt(life.world, told)
        life.drain()
    assert [message.channel for message in life.log()] == ["whatsapp", "sms"]


def test_a_failure_after_a_move_sends_nothing_for_the_old_time(life: Life) -> None:
    set_rules(life, channels=(ChannelStep("whatsapp", 60), ChannelStep("sms")))
    life.sender = {name: RecordingSender(name) for name in ("whatsapp", "sms")}
    booking = noticed(life)
    told = receipt_of(only_message(life), S.FAILED, reason="whatsapp_1")
    life.move(booking, IN_TWO_DAYS + timedelta(days=1))
    life.drain()
    take_receipt(life.world, told)
    life.drain()
    assert [message.channel for message in life.log()] == ["whatsapp", "whatsapp"]


def test_a_failure_of_a_cancelled_booking_sends_nothing(life: Life) -> None:
    set_rules(life, channels=(ChannelStep("whatsapp", 60), ChannelStep("sms")))
    life.sender = {name: RecordingSender(name) for name in ("whatsapp", "sms")}
    life.cancel(noticed(life))
    tell(life, S.FAILED, reason="whatsapp_1")
    life.run_until(IN_TWO_DAYS)
    assert [message.channel for message in life.log()] == ["whatsapp"]


def test_while_its_worker_is_at_it_a_failure_waits(life: Life) -> None:
    booking = noticed(life)
    stands = life.booking(booking.id)
    touch = stands.touches[TouchKind.NOTICE]
    life.store.save(replace(stands, touches={TouchKind.NOTICE: replace(touch, state=TouchState.SENDING)}))
    with pytest.raises(NotThereYet):
        tell(life, S.FAILED)
    life.world.clock.now = touch.at + GRACE + timedelta(seconds=1)  # type: ignore[attr-defined]
    assert tell(life, S.FAILED) is Taken.KNOWN


@pytest.mark.parametrize("state", [S.SENT, S.DELIVERED])
def test_an_unknown_fate_is_resolved_and_nothing_is_sent_again(life: Life, state: MessageState) -> None:
    booking = life.book(IN_TWO_DAYS)
    life.drain()
    tell(life)
    life.sender.answers.append(UNKNOWN)
    life.world.clock.now = IN_TWO_DAYS - timedelta(hours=24)  # type: ignore[attr-defined]
    life.drain()
    assert life.booking(booking.id).touches[TouchKind.CONFIRM_REQUEST].state is TouchState.UNKNOWN
    request = life.log()[-1]
    take_receipt(life.world, receipt_of(request, state, at=life.world.now()))
    assert life.booking(booking.id).touches[TouchKind.CONFIRM_REQUEST].state is TouchState.SENT
    assert life.log()[-1].state is state
    life.run_until(IN_TWO_DAYS - timedelta(hours=23))
    assert [message.kind for message in life.log()] == [TouchKind.NOTICE, TouchKind.CONFIRM_REQUEST]


def test_an_unknown_fate_that_turns_out_a_failure_is_tried_by_another_channel(life: Life) -> None:
    set_rules(life, channels=(ChannelStep("whatsapp", 60), ChannelStep("sms")))
    life.sender = {name: RecordingSender(name) for name in ("whatsapp", "sms")}
    life.sender["whatsapp"].answers.append(UNKNOWN)
    noticed(life)
    tell(life, S.FAILED, reason="whatsapp_1")
    life.drain()
    assert [message.channel for message in life.log()] == ["whatsapp", "sms"]


# --- the client


def test_a_bad_address_is_remembered_once_and_written_to_no_more(life: Life) -> None:
    noticed(life)
    for _ in range(2):
        tell(life, S.FAILED, reason="invalid", bad_address=True)
    (dead,) = life.client().dead_addresses
    assert (dead.channel, dead.address, dead.reason) == ("sms", "+37369123456", "invalid")
    life.run_until(IN_TWO_DAYS)
    assert {message.reason for message in life.log() if message.state is S.SKIPPED} == {"dead_address"}
    assert len(life.sender.sent) == 1


def test_a_complaint_refuses_the_channel_with_a_line_of_history(life: Life) -> None:
    set_rules(life, channels=(ChannelStep("email"),))
    life.sender = RecordingSender("email")
    noticed(life)
    for _ in range(2):
        tell(life, reason="complained", bad_address=True, complaint=True)
    client = life.client()
    for purpose in Purpose:
        consent = client.consent("email", purpose)
        assert consent is not None
        assert (consent.granted, consent.how) == (False, "complaint")
        assert client.consent("sms", purpose) is None
    assert len(life.store.consent_history(NETWORK, client.id)) == len(Purpose)
    assert client.dead_addresses[0].address == "maria@example.com"


# --- money


def price(life: Life) -> int | None:
    found = life.store.get(Price, network_id=NETWORK, channel="sms", country_code="+373")
    return found.micros if found else None


def test_a_price_is_learned_and_then_followed_once_an_hour_at_most(life: Life) -> None:
    noticed(life)
    tell(life, S.SENT, parts=2, cost_micros=100_000)
    assert price(life) == 50_000
    tell(life, S.DELIVERED, parts=2, cost_micros=120_000, at=NOW + timedelta(minutes=30))
    assert price(life) == 50_000
    tell(life, S.DELIVERED, parts=2, cost_micros=120_000, at=NOW + timedelta(hours=2))
    assert price(life) == 60_000


def test_what_was_free_teaches_no_price(life: Life) -> None:
    noticed(life)
    tell(life, S.FAILED, parts=1, cost_micros=0)
    assert price(life) is None


def test_the_months_spending_is_settled_by_the_difference_and_once(life: Life) -> None:
    set_rules(life, monthly_budget_usd_cents=10_000, part_price_micros={"sms": 50_000})
    noticed(life)
    reserved = life.store.spending(NETWORK, "2026-11").reserved_micros
    estimate = only_message(life).cost_micros
    assert reserved == estimate == 50_000
    for _ in range(2):
        tell(life, parts=1, cost_micros=81_000)
    assert life.store.spending(NETWORK, "2026-11").reserved_micros == 81_000
    tell(life, parts=1, cost_micros=81_000, at=NOW + timedelta(minutes=1))
    assert life.store.spending(NETWORK, "2026-11").reserved_micros == 81_000


def test_a_network_without_a_budget_counts_nothing(life: Life) -> None:
    noticed(life)
    tell(life, parts=1, cost_micros=81_000)
    assert life.store.spending(NETWORK, "2026-11") == Spending(network_id=NETWORK, month="2026-11")
