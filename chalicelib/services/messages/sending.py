"""The value that sending needs besides the world."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime

from msgspec import Struct, field
from msgspec.structs import replace

from chalicelib.domain.messages.messages import Message
from chalicelib.services.messages.budgets import Budgets
from chalicelib.services.shared.links import Links
from chalicelib.services.shared.ports import SaveConflict, Sender, Texts
from chalicelib.services.shared.world import World

LOST = "worker_lost"
"""The reason of a message with a claim and without a record: its fate is unknown."""


class Sending(Struct, frozen=True):
    """What a worker sends with. senders: by channel. count: adds one to the named metric; called for each
    recorded message. notified: network, reason and day of the tasks that this worker knows to be made."""

    world: World
    senders: Mapping[str, Sender]
    links: Links
    texts: Texts
    budgets: Budgets
    count: Callable[[str], None] = lambda metric: None
    notified: set[tuple[str, str, datetime]] = field(default_factory=set)


def record_message(sending: Sending, message: Message) -> None:
    """Saves a message to the log. A record from before a crash is kept, unless it only says that the worker
    was lost."""
    store = sending.world.store
    try:
        store.save(message)
    except SaveConflict:
        saved = store.get(Message, network_id=message.network_id, client_id=message.client_id, id=message.id)
        if saved is not None and saved.reason == LOST and message.reason != LOST:
            with suppress(SaveConflict):
                store.save(replace(message, version=saved.version))
    sending.count(f"Messages{message.state.value.capitalize()}")
