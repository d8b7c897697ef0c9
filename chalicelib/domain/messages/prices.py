"""What a message is taken to cost before it is sent, in millionths of a US dollar."""

from chalicelib.domain.networks.network import Directory
from chalicelib.domain.networks.rules import MessageRules
from chalicelib.domain.shared.sms import parts as parts_of

PART_MICROS = {"sms": 50_000, "whatsapp": 30_000, "email": 100, "push": 1}
"""By channel, where neither receipts nor the network have told: rather too much than too little, since a
budget is held against it. Prices differ by country and change; nothing here is a tariff."""


def billed_parts(channel: str, text: str) -> int:
    """What the channel charges for: an SMS by its parts, any other message as one."""
    return parts_of(text) if channel == "sms" else 1


def estimated_micros(directory: Directory, rules: MessageRules, channel: str, to: str, parts: int) -> int:
    """Parts times what a part was last charged to that country, else what the network says, else a guess. An
    e-mail or a push is one part."""
    learned = [
        price
        for (of_channel, code), price in directory.prices.items()
        if of_channel == channel and to.startswith(code)
    ]
    if learned:
        micros = max(learned, key=lambda price: len(price.country_code)).micros
    else:
        micros = rules.part_price_micros.get(channel, PART_MICROS[channel])
    return micros * max(parts, 1)
