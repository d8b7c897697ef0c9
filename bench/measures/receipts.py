"""What it costs to take in what a channel tells of a message."""

from typing import Any

from bench.report.figures import Figure
from bench.setting import occasions
from bench.setting.environment import Ground
from bench.setting.meter import Spent
from bench.setting.metered_driver import Salon
from bench.setting.occasions import Scene
from chalicelib.domain.messages.messages import Message, MessageState
from chalicelib.domain.messages.receipts import Receipt
from chalicelib.domain.networks.rules import MessageRules, Rules
from chalicelib.services.messages.take_receipt import Taken, take_receipt

CHARGED = 95_820


def figures(ground: Ground) -> list[Figure]:
    sent, delivered, again = _told(ground, None)
    _, held, _ = _told(ground, Rules(messages=MessageRules(monthly_budget_usd_cents=100_000)))
    return [
        _figure("receipt: on its way", sent, "the line of the log"),
        _figure(
            "receipt: delivered, with its price", delivered, "the line and its entry in the salon's list"
        ),
        _figure("receipt: the same again", again, "nothing new"),
        _figure(
            "receipt: delivered, and another price than expected of a budget",
            held,
            "the line, its entry and what is reserved of the month, in one transaction",
        ),
    ]


def _figure(name: str, spent: Spent, what: str) -> Figure:
    return Figure(f"{name}, written", spent.write, "write units", None, f"{what}; read {spent.read:g} units")


def _told(ground: Ground, rules: Rules | None) -> list[Spent]:
    """On its way, delivered, delivered once more: of the second message of a salon, where the price of its
    country has been learned by the first."""
    salon = Salon(ground, rules=rules)
    for cause in ("first", "second"):
        message = _sent(salon, cause)
        told = [
            _taken(salon, message, f"{cause} {number}", state, said)
            for number, (state, said) in enumerate(
                [
                    (MessageState.SENT, {}),
                    (MessageState.DELIVERED, {"parts": 2, "cost_micros": CHARGED}),
                    (MessageState.DELIVERED, {"parts": 2, "cost_micros": CHARGED}),
                ]
            )
        ]
    ground.drop(salon.table)
    return told


def _sent(salon: Salon, cause: str) -> Message:
    scene = Scene(salon, cause)
    with salon.meter.step("laid out"):
        first, *others = occasions.confirm_request(scene)
        (booking,) = salon.table.save(first)
        for value in others:
            salon.table.save(value)
        salon.wake(booking)
        (message,) = salon.table.messages_of_client(salon.network_id, scene.client_id).items
    return message


def _taken(salon: Salon, message: Message, step: str, state: MessageState, said: dict[str, Any]) -> Spent:
    receipt = Receipt(
        network_id=message.network_id,
        client_id=message.client_id,
        message_id=message.id,
        state=state,
        at=salon.clock.now,
        provider_id=message.provider_id,
        **said,
    )
    with salon.meter.step(step) as spent:
        assert take_receipt(salon.world, receipt) in (Taken.APPLIED, Taken.KNOWN)
    return spent
