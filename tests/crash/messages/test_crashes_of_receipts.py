"""Every AWS call of receipts and replies fails in turn; delivered again, all is there once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Status
from chalicelib.domain.clients.clients import CHANNELS
from chalicelib.domain.messages.messages import Message, MessageState
from chalicelib.domain.messages.receipts import Receipt
from chalicelib.domain.messages.replies import Reply
from chalicelib.domain.networks.network import Network, Price
from chalicelib.domain.networks.rules import MessageRules, Rules
from chalicelib.domain.shared.aliases import InboundNumber
from chalicelib.domain.shared.touches import Purpose, TouchKind, TouchState
from chalicelib.services.messages.take_receipt import take_receipt
from chalicelib.services.messages.take_reply import take_reply
from chalicelib.services.networks.set_identities import answer_at, set_identities
from infra.testkit.builders import NETWORK
from infra.testkit.failing_calls import Failure
from infra.testkit.salon_driver import Life
from tests.crash.arranged import IN_TWO_DAYS, MARIA_ID, Story, fail_each_call, sent_by_sms

OURS, MARIAS_PHONE = "+37360000000", "+37369123456"
CHARGED = {"parts": 1, "cost_micros": 81_000}


def at(life: Life, moment: Any) -> None:
    life.world.clock.now = moment  # type: ignore[attr-defined]


def only(life: Life, kind: TouchKind = TouchKind.NOTICE) -> Message:
    (found,) = [message for message in life.log() if message.kind is kind]
    return found


def told(life: Life, message: Message, state: MessageState, **said: Any) -> Receipt:
    return Receipt(network_id=NETWORK, client_id=MARIA_ID, message_id=message.id, state=state,
                   at=life.world.now(), **{**CHARGED, **said})  # fmt: skip


def before_receipt(life: Life) -> None:
    """A notice went out, in a network with a budget."""
    network = life.store.get(Network, network_id=NETWORK)
    rules = MessageRules(monthly_budget_usd_cents=10_000, part_price_micros={"sms": 50_000})
    life.store.save(replace(network, rules=Rules(messages=rules)))
    life.world.directories.forget(NETWORK)
    life.book(IN_TWO_DAYS)
    life.drain()


def before_doubtful_receipt(life: Life) -> None:
    """Its fate is not known."""
    before_receipt(life)
    life.store.save(replace(only(life), state=MessageState.UNKNOWN, sent_at=None))
    booking = life.only_booking()
    touch = replace(booking.touches[TouchKind.NOTICE], state=TouchState.UNKNOWN, doubts=1)
    life.store.save(replace(booking, touches={TouchKind.NOTICE: touch}))


def before_receipt_of_two(life: Life) -> None:
    before_receipt(life)
    at(life, IN_TWO_DAYS + timedelta(hours=1))
    life.complete(life.only_booking())
    life.world.clock.now += timedelta(hours=2)  # type: ignore[attr-defined]
    life.drain()


def delivered(life: Life, _: Any) -> None:
    take_receipt(life.world, told(life, only(life), MessageState.DELIVERED))


def failed(life: Life, _: Any) -> None:
    take_receipt(life.world, told(life, only(life), MessageState.FAILED, reason="invalid", bad_address=True))


def both_failed(life: Life, _: Any) -> None:
    review = only(life, TouchKind.REVIEW_REQUEST)
    take_receipt(life.world, told(life, review, MessageState.FAILED, reason="spam"))


def complained(life: Life, _: Any) -> None:
    receipt = told(
        life, only(life), MessageState.DELIVERED, reason="complained", bad_address=True, complaint=True
    )
    take_receipt(life.world, receipt)


def again(job: Callable[[Life, Any], None]) -> Callable[[Life, Any], None]:
    """The queue delivers the event again, and the next sweep comes by."""

    def run(life: Life, subject: Any) -> None:
        job(life, subject)
        life.drain()

    return run


def spent_once(life: Life) -> None:
    assert life.store.spending(NETWORK, "2026-11").reserved_micros == 81_000
    price = life.store.get(Price, network_id=NETWORK, channel="sms", country_code="+373")
    assert price.micros == 81_000


def it_was_delivered(life: Life, _: Any) -> None:
    message = only(life)
    assert (message.state, message.cost_micros, message.charged) == (MessageState.DELIVERED, 81_000, True)
    assert life.only_booking().touches[TouchKind.NOTICE].state is TouchState.SENT
    assert sent_by_sms()["notice"] == 1
    spent_once(life)


def it_failed_for_good(life: Life, _: Any) -> None:
    assert only(life).state is MessageState.FAILED
    assert life.only_booking().touches[TouchKind.NOTICE].state is TouchState.FAILED
    assert [dead.address for dead in life.client().dead_addresses] == [MARIAS_PHONE]
    assert sent_by_sms()["notice"] == 1
    spent_once(life)


def both_failed_for_good(life: Life, _: Any) -> None:
    for kind in (TouchKind.REVIEW_REQUEST, TouchKind.BONUS_NOTICE):
        assert only(life, kind).state is MessageState.FAILED
        assert life.only_booking().touches[kind].state is TouchState.FAILED
    assert only(life, TouchKind.BONUS_NOTICE).cost_micros is None


def nothing_more_comes_that_way(life: Life, _: Any) -> None:
    client = life.client()
    refused = {each.purpose for each in client.consents if each.channel == "sms" and not each.granted}
    assert refused == set(Purpose)
    assert len(life.store.consent_history(NETWORK, MARIA_ID)) == len(Purpose)
    assert len(client.dead_addresses) == 1


# --- replies


def before_reply(life: Life) -> None:
    """Two bookings of a visit, about which the client was just asked."""
    set_identities(life.world, NETWORK, {"sms": OURS})
    life.book(IN_TWO_DAYS)
    life.book(IN_TWO_DAYS + timedelta(hours=2))
    life.run_until(IN_TWO_DAYS - timedelta(hours=23))


def reply(text: str, channel: str = "sms") -> Callable[[Life, Any], None]:
    def write(life: Life, _: Any) -> None:
        said = Reply(channel=channel, to=OURS, sender=MARIAS_PHONE, text=text, id="in-1",
                     at=IN_TWO_DAYS - timedelta(hours=23))  # fmt: skip
        take_reply(life.world, said)

    return write


def all_is_refused_once(life: Life, _: Any) -> None:
    client = life.client()
    assert len(client.consents) == len(CHANNELS) * len(Purpose)
    assert not any(consent.granted for consent in client.consents)
    assert len(life.store.consent_history(NETWORK, MARIA_ID)) == len(client.consents)
    assert len(life.store.tasks(NETWORK).items) == 1  # they were asked to confirm: the salon is told


def the_visit_is_confirmed(life: Life, _: Any) -> None:
    assert [booking.status for booking in life.bookings()] == [Status.CONFIRMED] * 2
    assert life.store.tasks(NETWORK).items == []


def the_salon_is_told_once(life: Life, _: Any) -> None:
    (task,) = life.store.tasks(NETWORK).items
    assert (task.words, task.client_id) == ("позже?", MARIA_ID)
    assert life.client().written_at == IN_TWO_DAYS - timedelta(hours=23)


def set_number(life: Life, _: Any) -> None:
    set_identities(life.world, NETWORK, {"sms": "+37360000001"})
    answer_at(life.world, NETWORK, "+37360000002")


def the_new_numbers_are_answered(life: Life, _: Any) -> None:
    numbers = [life.store.get(InboundNumber, number=f"+3736000000{last}") for last in (0, 1, 2)]
    assert [number.network_ids for number in numbers] == [(), (NETWORK,), (NETWORK,)]
    assert life.store.get(Network, network_id=NETWORK).identities == {"sms": "+37360000001"}


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
}  # fmt: skip


@pytest.mark.parametrize("failure", list(Failure))
@pytest.mark.parametrize("story", STORIES)
def test_any_call_may_fail_and_nothing_is_lost_or_doubled(
    aws: dict[str, Any], story: str, failure: Failure
) -> None:
    assert fail_each_call(aws, STORIES[story], failure) > 2
