"""Receipts may come in any order and any number: the message ends the same."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.domain.messages.messages import Message, MessageState
from chalicelib.domain.messages.receipts import Receipt, applied, micros, price_of_a_part
from chalicelib.domain.shared.touches import TouchKind
from infra.testkit.builders import NETWORK, NOW

S = MessageState
EARLIER, LATER = NOW + timedelta(seconds=5), NOW + timedelta(minutes=5)


def a_message(state: MessageState = S.SENT, **fields: object) -> Message:
    given: dict[str, object] = {"cost_micros": 50_000, "parts": 1, "to": "+37369123456", **fields}
    return Message(network_id=NETWORK, id="msg_1", client_id="cli_1", kind=TouchKind.NOTICE, channel="sms",
                   state=state, planned_at=NOW, recorded_at=NOW, **given)  # type: ignore[arg-type]  # fmt: skip


def a_receipt(state: MessageState, at: datetime = EARLIER, **fields: object) -> Receipt:
    return Receipt(network_id=NETWORK, client_id="cli_1", message_id="msg_1", state=state, at=at, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "reported", "after"),
    [
        (S.SENDING, S.SENT, S.SENT),
        (S.UNKNOWN, S.SENT, S.SENT),
        (S.UNKNOWN, S.DELIVERED, S.DELIVERED),
        (S.UNKNOWN, S.FAILED, S.FAILED),
        (S.SENT, S.DELIVERED, S.DELIVERED),
        (S.SENT, S.FAILED, S.FAILED),
        (S.SENT, S.UNKNOWN, S.SENT),
        (S.DELIVERED, S.SENT, S.DELIVERED),
        (S.DELIVERED, S.FAILED, S.DELIVERED),
        (S.FAILED, S.SENT, S.FAILED),
        (S.FAILED, S.DELIVERED, S.DELIVERED),
        (S.SKIPPED, S.DELIVERED, S.SKIPPED),
    ],
)
def test_a_state_never_goes_backwards(before: S, reported: S, after: S) -> None:
    assert applied(a_message(before), a_receipt(reported)).state is after


def test_what_was_unknown_was_sent_when_it_was_decided() -> None:
    found = applied(a_message(S.UNKNOWN, reason="timed_out"), a_receipt(S.DELIVERED, provider_id="p-1"))
    assert (found.sent_at, found.reason, found.provider_id) == (NOW, None, "p-1")


def test_a_receipt_that_tells_nothing_new_leaves_the_very_same_message() -> None:
    receipt = a_receipt(S.DELIVERED, parts=2, cost_micros=90_000)
    once = applied(a_message(), receipt)
    assert applied(once, receipt) is once


def test_the_estimate_gives_way_to_the_price_and_a_provisional_price_to_the_final_one() -> None:
    found = applied(a_message(), a_receipt(S.SENT, parts=2, cost_micros=0))
    assert (found.cost_micros, found.parts, found.charged) == (0, 2, True)
    found = applied(found, a_receipt(S.DELIVERED, LATER, parts=2, cost_micros=90_000))
    assert (found.cost_micros, found.parts, found.charged) == (90_000, 2, True)


RECEIPTS = st.builds(
    a_receipt,
    st.sampled_from([S.UNKNOWN, S.SENT, S.FAILED, S.DELIVERED]),
    st.integers(0, 3 * 24 * 3600).map(lambda seconds: NOW + timedelta(seconds=seconds)),
    reason=st.sampled_from([None, "blocked", "spam", "ttl_expired"]),
    provider_id=st.just("p-1"),
    parts=st.sampled_from([None, 1, 2]),
    cost_micros=st.sampled_from([None, 0, 49_000, 50_000, 98_000]),
)


@given(
    st.sampled_from([S.SENDING, S.UNKNOWN, S.SENT, S.FAILED]),
    st.lists(RECEIPTS, min_size=1, max_size=6),
    st.data(),
)
def test_any_order_and_any_repetition_end_the_same(
    start: S, receipts: list[Receipt], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(receipts), max_size=6))
    shuffled = data.draw(st.permutations([*receipts, *again]))
    straight = crooked = a_message(start, reason="timed_out")
    for receipt in receipts:
        straight = applied(straight, receipt)
    for receipt in shuffled:
        crooked = applied(crooked, receipt)
    assert crooked == straight
    for receipt in shuffled:
        assert applied(crooked, receipt) is crooked


@pytest.mark.parametrize(
    ("dollars", "expected"),
    [("0.00581", 5810), ("0", 0), ("0.0000005", 1), ("0.0000004", 0), ("100", 100_000_000), ("100.1", None),
     ("-0.01", None), ("NaN", None), ("Infinity", None), ("1E+400000", None)],
)  # fmt: skip
def test_dollars_become_millionths_exactly(dollars: str, expected: int | None) -> None:
    assert micros(Decimal(dollars)) == expected


def test_the_price_of_a_part_is_rounded_to_the_nearest() -> None:
    receipt = a_receipt(S.SENT, parts=3, cost_micros=100_000)
    assert price_of_a_part(receipt) == 33_333
    assert price_of_a_part(replace(receipt, cost_micros=100_001)) == 33_334
    assert price_of_a_part(replace(receipt, cost_micros=0)) is None
    assert price_of_a_part(replace(receipt, parts=None)) is None
