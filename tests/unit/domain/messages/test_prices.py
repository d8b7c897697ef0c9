"""What a message is taken to cost before it is sent."""

from types import MappingProxyType

import pytest

from chalicelib.domain.messages.prices import PART_MICROS, billed_parts, estimated_micros
from chalicelib.domain.networks.network import Directory, Price
from chalicelib.domain.networks.rules import MessageRules
from infra.testkit.builders import NETWORK, NOW, a_network


def directory(**learned: int) -> Directory:
    """learned: by calling code, such as `_373`."""
    codes = {code.replace("_", "+"): micros for code, micros in learned.items()}
    prices = {
        ("sms", code): Price(network_id=NETWORK, channel="sms", country_code=code, micros=micros, at=NOW)
        for code, micros in codes.items()
    }
    return Directory(a_network(), {}, {}, {}, prices=prices)


@pytest.mark.parametrize(
    ("to", "micros"), [("+37369123456", 53), ("+373", 53), ("+37491234567", 3), ("+12125550142", 9)]
)
def test_the_longest_calling_code_tells(to, micros):
    assert estimated_micros(directory(_3=3, _373=53, _1=9), MessageRules(), "sms", to, 1) == micros


def test_what_no_receipt_has_told_the_rules_tell_and_else_a_guess():
    rules = MessageRules(part_price_micros=MappingProxyType({"sms": 70_000}))
    assert estimated_micros(directory(_1=9), rules, "sms", "+37369123456", 2) == 140_000
    assert estimated_micros(directory(_1=9), rules, "whatsapp", "+12125550142", 1) == PART_MICROS["whatsapp"]
    assert estimated_micros(directory(), MessageRules(), "sms", "", 3) == 3 * PART_MICROS["sms"]


def test_only_an_sms_is_charged_by_its_parts():
    text = "x" * 161
    assert [billed_parts(channel, text) for channel in ("sms", "whatsapp", "email", "push")] == [2, 1, 1, 1]
