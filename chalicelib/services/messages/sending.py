"""The value that sending needs besides the world, and what a worker writes down: messages, and that some are
held back."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime

from msgspec import Struct, field
from msgspec.structs import replace

from chalicelib.domain.messages.allowed_numbers import COUNTRY, NUMBER_TYPE
from chalicelib.domain.messages.messages import Message
from chalicelib.domain.shared.ids import digest, time_ordered
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.services.messages.budgets import Budgets
from chalicelib.services.messages.subjects import Subject
from chalicelib.services.shared.links import Links
from chalicelib.services.shared.ports import SaveConflict, Sender, Texts
from chalicelib.services.shared.world import World

LOST = "worker_lost"
"""The reason of a message with a claim and without a record: its fate is unknown."""


BOUNDS = frozenset(
    {
        "essential_budget_percent",
        "network_daily_cap",
        "network_daily_usd_cents",
        "origin_hourly_cap",
        "origin_daily_cap",
        "deployment_daily_cap",
    }
)
"""Reasons that tell of more messages than a network should send."""

_TASK_KINDS = {
    **dict.fromkeys(BOUNDS | {"daily_notice_cap"}, TaskKind.MESSAGES_HELD_BACK),
    **dict.fromkeys((NUMBER_TYPE, COUNTRY), TaskKind.NUMBERS_REFUSED),
}
_MOST_NOTIFIED = 5000


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


class Throttled(Exception):
    """The channel took nothing: the item backs off, as if nothing was tried."""


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


def notify_held_back(sending: Sending, subject: Subject, reason: str, now: datetime) -> None:
    """Makes the day's task of that reason, unless it was made; other reasons make none."""
    if reason in BOUNDS:
        sending.count("MessagesHeldBack")
    kind, network_id = _TASK_KINDS.get(reason), subject.item.network_id
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    notified = (network_id, reason, today)
    if kind is None or notified in sending.notified:
        return
    task_id = time_ordered("tsk", today, digest(network_id, kind, reason, f"{today:%Y-%m-%d}", length=10))
    task = Task(
        network_id=network_id,
        id=task_id,
        kind=kind,
        at=now,
        booking_id=subject.booking_id,
        client_id=subject.client.id,
        words=reason,
    )
    with suppress(SaveConflict):  # another worker has made it
        sending.world.store.save(task)
    if len(sending.notified) >= _MOST_NOTIFIED:
        sending.notified.clear()
    sending.notified.add(notified)
