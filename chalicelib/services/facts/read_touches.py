"""Read the facts of a salon's messages from its index, as they are now."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta

from chalicelib.domain.facts.recorded_visits import zone_of_salon
from chalicelib.domain.facts.touch_facts import (
    ListedMessage,
    TouchFact,
    listed_message,
    tells_reason,
    touch_fact,
)
from chalicelib.domain.messages.messages import MessageState
from chalicelib.domain.shared.touches import MARKETING
from chalicelib.services.shared.world import World

READ_AT_ONCE = 100
A_DAY = timedelta(days=1)


def messages_between(
    world: World, network_id: str, salon_id: str, since: date | None, until: date | None
) -> Iterator[ListedMessage]:
    """The index's entries of all messages of the salon from one day (UTC) to another one. None: without a
    beginning, or an end."""
    first = datetime.combine(since, time(), UTC) if since is not None else None
    last = datetime.combine(until + A_DAY, time(), UTC) if until is not None else None
    return world.store.listed_messages(network_id, salon_id, first, last)


def day_of_message(listed: ListedMessage, zone_name: str) -> date:
    return listed.at.date()


def tells_all(listed: ListedMessage) -> bool:
    """Whether the index tells what reports need. It does not tell why an earlier release skipped a message of
    marketing."""
    kind, state, *_ = listed.words.split(" ")
    return tells_reason(listed.words) or state != MessageState.SKIPPED or kind not in MARKETING


def facts_of_messages(
    world: World, network_id: str, salon_id: str, listed: Iterable[ListedMessage]
) -> Iterator[TouchFact]:
    """The facts of messages in a list. Where the list does not tell them, the messages are read. Raises
    Unreadable for one that cannot be read."""
    zone_name = zone_of_salon(world.directory(network_id), salon_id)
    unread: list[tuple[str, str]] = []
    for each in listed:
        if tells_all(each):
            yield touch_fact(each, salon_id, zone_name)
        else:
            unread.append((each.client_id, each.id))
    for place in range(0, len(unread), READ_AT_ONCE):
        named = unread[place : place + READ_AT_ONCE]
        for message in world.store.messages_named(network_id, named, whole=True):
            yield touch_fact(listed_message(message), salon_id, zone_name)
