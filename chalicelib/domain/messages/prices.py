"""The expected cost of a message before it is sent, in millionths of a US dollar."""

from chalicelib.domain.networks.network import Directory
from chalicelib.domain.networks.rules import MessageRules
from chalicelib.domain.shared.sms import parts as parts_of

PART_MICROS = {"sms": 50_000, "whatsapp": 30_000, "email": 100, "push": 1}
"""The price of a part by channel, where neither receipts nor the network give one. It is rather too high than
too low, since budgets count by it. Prices differ by country and change; nothing here is a tariff."""


def billed_parts(channel: str, text: str) -> int:
    """How many parts the channel charges: an SMS by its parts, any other message as one."""
    return parts_of(text) if channel == "sms" else 1


def estimated_micros(directory: Directory, rules: MessageRules, channel: str, to: str, parts: int) -> int:
    """Parts times the price of one: the last price charged for that country, else the network's price, else a
    guess. An e-mail or a push is one part."""
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
