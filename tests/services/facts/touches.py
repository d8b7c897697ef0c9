"""Messages of the test town, and their facts as the log of each client tells them."""

from datetime import timedelta

from msgspec.structs import replace

from chalicelib.domain.clients.client_plan import with_wake
from chalicelib.domain.clients.clients import Client, Due
from chalicelib.domain.facts.fact_kinds import FACT_KINDS
from chalicelib.domain.facts.fact_pages import TOUCHES
from chalicelib.domain.facts.touch_facts import TouchFact, day_counted, listed_message, touch_fact
from chalicelib.domain.messages.messages import Message, MessageState
from chalicelib.domain.messages.receipts import Receipt
from chalicelib.domain.networks.network import Network
from chalicelib.domain.networks.rules import MessageRules, Rules
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.services.messages.process_receipt import process_receipt
from infra.testkit.builders import NETWORK, a_consent
from infra.testkit.salon_driver import SalonDriver


def hold_out_all(driver: SalonDriver) -> None:
    """The rules leave everybody out of repeat invitations."""
    network = driver.store.get(Network, network_id=NETWORK)
    rules = MessageRules(holdout_percent={TouchKind.REPEAT_INVITATION: 100})
    driver.store.save(replace(network, rules=Rules(messages=rules)))
    driver.world.directories.forget(NETWORK)


def invitation_due(driver: SalonDriver) -> Client:
    """Maria, for whom an invitation is due now."""
    now = driver.world.now()
    maria = driver.client()
    again = {"due": (Due("srv_cut", now, "bkg_1"),), "invitations": maria.invitations + 1}
    due = replace(maria, consents=(a_consent(),), **again)
    (saved,) = driver.store.save(with_wake(due, driver.world.directory(NETWORK), now))
    return saved  # type: ignore[no-any-return]


def invite(driver: SalonDriver) -> Message:
    """The message of an invitation that is due now, sent or skipped."""
    driver.wake(invitation_due(driver))
    return invitations(driver)[-1]


def invitations(driver: SalonDriver) -> list[Message]:
    found = [each for each in driver.log() if each.kind is TouchKind.REPEAT_INVITATION]
    return sorted(found, key=lambda each: each.id)


def delivered(driver: SalonDriver, message: Message) -> None:
    """The channel reports a delivery a minute after the message, and its price."""
    receipt = Receipt(
        network_id=NETWORK,
        client_id=message.client_id,
        message_id=message.id,
        state=MessageState.DELIVERED,
        at=message.recorded_at + timedelta(minutes=1),
        parts=1,
        cost_micros=70_000,
    )
    process_receipt(driver.world, receipt)


def told_by_logs(driver: SalonDriver) -> list[TouchFact]:
    """The facts of all messages, read one by one."""
    directory = driver.world.directory(NETWORK)
    client_ids = [each.id for each in driver.store.clients(NETWORK, limit=100).items]
    found = []
    for message in (each for client_id in client_ids for each in driver.log(client_id)):
        if day_counted(message) is not None:
            salon = directory.salons[str(message.salon_id)]
            found.append(touch_fact(listed_message(message), salon.id, salon.timezone))
    return sorted(found, key=FACT_KINDS[TOUCHES].order)
