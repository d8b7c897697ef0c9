"""What sending needs besides the world."""

from collections.abc import Callable, Mapping
from contextlib import suppress

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.messages.messages import Message
from chalicelib.services.messages.budgets import Budgets
from chalicelib.services.shared.links import Links
from chalicelib.services.shared.ports import SaveConflict, Sender, Texts
from chalicelib.services.shared.world import World

LOST = "worker_lost"
"""Why the fate of a message is unknown of which there is a claim and no record."""


class Sending(Struct, frozen=True):
    """senders: by channel, those that messages can leave by. count: told of every message's state, for the
    metrics."""

    world: World
    senders: Mapping[str, Sender]
    links: Links
    texts: Texts
    budgets: Budgets
    count: Callable[[str], None] = lambda metric: None


def record_message(sending: Sending, message: Message) -> None:
    """A line of the log. One that was written before a crash is the truth, unless it only says that nobody
    knew."""
    store = sending.world.store
    try:
        store.save(message)
    except SaveConflict:
        stands = store.get(Message, network_id=message.network_id, client_id=message.client_id, id=message.id)
        if stands is not None and stands.reason == LOST and message.reason != LOST:
            with suppress(SaveConflict):
                store.save(replace(message, version=stands.version))
    sending.count(f"Messages{message.state.value.capitalize()}")
