"""What it costs to take in what a channel tells of a message."""

from typing import Any

from bench.report.figures import Figure
from bench.setting import occasions
from bench.setting.environment import BenchEnvironment
from bench.setting.meter import Spent
from bench.setting.metered_driver import MeteredDriver, a_metered_driver
from bench.setting.occasions import Scene
from chalicelib.domain.messages.messages import Message, MessageState
from chalicelib.domain.messages.receipts import Receipt
from chalicelib.domain.networks.rules import MessageRules, Rules
from chalicelib.services.messages.process_receipt import ReceiptOutcome, process_receipt

CHARGED = 95_820


def figures(environment: BenchEnvironment) -> list[Figure]:
    sent, delivered, again = _receipts_spent(environment, None)
    _, held, _ = _receipts_spent(environment, Rules(messages=MessageRules(monthly_budget_usd_cents=100_000)))
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


def _receipts_spent(environment: BenchEnvironment, rules: Rules | None) -> list[Spent]:
    """On its way, delivered, delivered once more: of the second message of a salon, where the price of its
    country has been learned by the first."""
    driver = a_metered_driver(environment, rules=rules)
    for cause in ("first", "second"):
        message = _sent(driver, cause)
        reported = [
            _taken(driver, message, f"{cause} {number}", state, body)
            for number, (state, body) in enumerate(
                [
                    (MessageState.SENT, {}),
                    (MessageState.DELIVERED, {"parts": 2, "cost_micros": CHARGED}),
                    (MessageState.DELIVERED, {"parts": 2, "cost_micros": CHARGED}),
                ]
            )
        ]
    environment.drop(driver.table)
    return reported


def _sent(driver: MeteredDriver, cause: str) -> Message:
    scene = Scene(driver, cause)
    with driver.meter.step("laid out"):
        first, *others = occasions.confirm_request(scene)
        (booking,) = driver.table.save(first)
        for value in others:
            driver.table.save(value)
        driver.wake(booking)
        (message,) = driver.table.get_page(
            Message, network_id=driver.network_id, client_id=scene.client_id
        ).items
    return message


def _taken(
    driver: MeteredDriver, message: Message, step: str, state: MessageState, body: dict[str, Any]
) -> Spent:
    receipt = Receipt(
        network_id=message.network_id,
        client_id=message.client_id,
        message_id=message.id,
        state=state,
        at=driver.clock.now,
        provider_id=message.provider_id,
        **body,
    )
    with driver.meter.step(step) as spent:
        assert process_receipt(driver.world, receipt) in (ReceiptOutcome.APPLIED, ReceiptOutcome.KNOWN)
    return spent
