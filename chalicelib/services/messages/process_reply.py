"""Process a reply of a client: it stops messages, resumes them, confirms a booking, or becomes a task of the
salon.

A reply that is delivered again changes nothing. Which booking it answers follows from the instant at which
the client wrote, not from the booking's state now. One task collects what a phone writes in a day about a
booking, so that nobody fills the salon's tasks by writing.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec.structs import replace

from chalicelib.domain.bookings.booking_access import ReplyAuthor
from chalicelib.domain.bookings.booking_plan import asked_to_confirm
from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client, ConsentChange
from chalicelib.domain.messages.messages import Message, MessageState
from chalicelib.domain.messages.replies import MOST_STARTS, Meaning, Reply, meaning, words_kept
from chalicelib.domain.shared.aliases import PHONE, REPLY, Alias, InboundNumber
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.ids import digest, time_ordered
from chalicelib.domain.shared.tasks import Task, TaskKind, with_reply
from chalicelib.domain.shared.touches import Purpose, Touch
from chalicelib.services.bookings.confirm_visit import confirm_visit
from chalicelib.services.clients.consents import Statement, set_consents, stop_messages
from chalicelib.services.clients.contact_person import sharing
from chalicelib.services.clients.next_booking import next_booking
from chalicelib.services.clients.surviving_client import surviving_client
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World

HOW = "reply"
REPLIED_WITHIN = timedelta(days=7)
NOTED_AGAIN_AFTER = timedelta(hours=1)
"""How long a note of when a client wrote stands: one write an hour, however many replies come."""
STARTS_WITHIN = timedelta(days=1)
_LINES_OF_STOP_AND_START = 12
"""Lines of history that a STOP and a START make together at most: eight refusals, four grants."""


class ReplyOutcome(StrEnum):
    """What a reply led to. unknown_sender: the phone is no client's, and the reply is STOP or START, or its
    number is used by several networks; nothing is done."""

    STOPPED = "stopped"
    RESUMED = "resumed"
    CONFIRMED = "confirmed"
    TASK = "task"
    UNKNOWN_NUMBER = "unknown_number"
    UNKNOWN_SENDER = "unknown_sender"


def process_reply(world: World, reply: Reply) -> ReplyOutcome:
    """Raises SaveConflict or TRY_AGAIN when too many write at once: then the reply should be delivered
    again."""
    number = world.store.get(InboundNumber, number=reply.to)
    if number is None or not number.network_ids:
        return ReplyOutcome.UNKNOWN_NUMBER
    found = (_client(world, network_id, reply) for network_id in number.network_ids)
    clients = [client for client in found if client is not None]
    wanted = meaning(reply.text)
    if not clients:
        return _of_a_stranger(world, number.network_ids, reply, wanted)
    if reply.channel == "whatsapp":
        for client in clients:
            _opens_conversation(world, client, reply.at)
    if wanted is Meaning.STOP:
        return _stopped(world, clients, reply)
    if wanted is Meaning.START:
        return _resumed(world, clients, reply)
    client = _addressed(world, clients)
    asked = _asked_about(world, client, reply)
    if wanted is Meaning.YES and asked is not None and _confirmed(world, asked):
        return ReplyOutcome.CONFIRMED
    return _call_client(world, client, asked or next_booking(client, world.store, world.now()), reply)


# --- the client


def _client(world: World, network_id: str, reply: Reply) -> Client | None:
    client_id = world.store.alias(network_id, PHONE, reply.sender)
    if client_id is None:
        return None
    return surviving_client(world, world.store.get(Client, network_id=network_id, id=client_id))


def _opens_conversation(world: World, client: Client, at: datetime) -> None:
    """Notes when the client wrote: WhatsApp allows free text for a while after that."""
    current: Client | None = client
    for _ in world.tries():
        if current is None or (current.written_at and at < current.written_at + NOTED_AGAIN_AFTER):
            return
        with suppress(SaveConflict):
            world.store.save(replace(current, written_at=at))
            return
        current = world.store.get(Client, network_id=client.network_id, id=client.id)
    raise SaveConflict(client)


def _addressed(world: World, clients: Sequence[Client]) -> Client:
    """The client to whom the reply belongs. Where several networks share the number, it is the client of the
    network that wrote last."""
    if len(clients) == 1:
        return clients[0]
    since = world.now() - REPLIED_WITHIN

    def wrote_at(client: Client) -> datetime:
        return max((message.recorded_at for message in _sent_since(world, client, since)), default=since)

    return max(clients, key=wrote_at)


def _sent_since(world: World, client: Client, since: datetime) -> list[Message]:
    found = world.store.messages_since(client.network_id, client.id, since)
    return [message for message in found if message.state is not MessageState.SKIPPED]


# --- what is done


def _stopped(world: World, clients: Sequence[Client], reply: Reply) -> ReplyOutcome:
    """Stops all messages of every network that sends by this number. A client who was asked to confirm may
    have meant the booking, so that the salon gets a task as well."""
    for client in clients:
        stop_messages(world, client.network_id, client.id, Statement(HOW, at=reply.at))
        asked = _asked_about(world, client, reply)
        if asked is not None:
            _call_client(world, client, asked, reply)
    return ReplyOutcome.STOPPED


def _resumed(world: World, clients: Sequence[Client], reply: Reply) -> ReplyOutcome:
    """Grants service messages again where they were refused. Marketing needs a consent of its own. A client
    who goes to and fro more often than MOST_STARTS is left to the salon."""
    outcome = ReplyOutcome.RESUMED
    for client in clients:
        service = [each for each in client.consents if each.purpose is Purpose.SERVICE]
        pairs = [(each.channel, each.purpose.value) for each in service if not each.granted]
        if pairs and _starts_before(world, client, reply.at) >= MOST_STARTS:
            outcome = _call_client(world, client, None, reply)
            continue
        statement = Statement(HOW, at=reply.at)
        set_consents(world, client.network_id, client.id, pairs, statement, granted=True)
    return outcome


def _starts_before(world: World, client: Client, at: datetime) -> int:
    """How many other STARTs of the last 24 hours took up messages, as far as it matters. One that is
    delivered again does not count itself."""
    limit = _LINES_OF_STOP_AND_START * (MOST_STARTS + 1)
    page = world.store.get_page(ConsentChange, network_id=client.network_id, client_id=client.id, limit=limit)
    granted = (line.consent for line in page.items if line.consent.granted and line.consent.how == HOW)
    return len({each.at for each in granted if each.at > at - STARTS_WITHIN} - {at})


def _asked_about(world: World, client: Client, reply: Reply) -> Booking | None:
    """The booking that the reply answers: the booking of the message that it replies to, else the one about
    which the client was asked last before the reply. It may be of somebody who shares the client's phone."""
    people, asked = (client, *sharing(world, client)), list[tuple[Touch, Booking]]()
    for each in people:
        page = world.store.bookings_of_client(
            client.network_id, each.id, since=reply.at, newest_first=False, limit=20
        )
        asked += [(touch, booking) for booking in page.items if (touch := _request(booking, reply.at))]
    if len(asked) < 2 or reply.in_reply_to is None:
        named: set[str | None] = set()
    else:
        since = reply.at - REPLIED_WITHIN
        sent = [message for each in people for message in _sent_since(world, each, since)]
        named = {message.booking_id for message in sent if message.provider_id == reply.in_reply_to}
    asked.sort(key=lambda each: (each[1].id in named, each[0].at), reverse=True)
    return asked[0][1] if asked else None


def _request(booking: Booking, before: datetime) -> Touch | None:
    """The confirm request of this booking, if it was sent before that instant."""
    asked = asked_to_confirm(booking) if booking.is_upcoming else None
    return asked if asked is not None and asked.at <= before else None


def _confirmed(world: World, asked: Booking) -> bool:
    """Confirms the booking. False: its status no longer allows that, as after a cancellation."""
    try:
        confirm_visit(world, ReplyAuthor(asked.network_id, asked.client_id), asked.id)
    except DomainError as error:
        if error.code != "WRONG_STATUS":
            raise
        return False
    return True


def _call_client(world: World, client: Client, booking: Booking | None, reply: Reply) -> ReplyOutcome:
    """Makes a task with the client's words, and with the booking that they are about, if any."""
    task = _task(client.network_id, reply, words_kept(reply.text))
    if booking is not None:
        task = replace(task, booking_id=booking.id, salon_id=booking.salon_id)
    return _put(world, replace(task, client_id=client.id), reply)


def _of_a_stranger(world: World, network_ids: Sequence[str], reply: Reply, wanted: Meaning) -> ReplyOutcome:
    """Handles a reply from a phone that is no client's. It becomes a task only where one network uses the
    number and the reply is neither STOP nor START."""
    if len(network_ids) > 1 or wanted in (Meaning.STOP, Meaning.START):
        return ReplyOutcome.UNKNOWN_SENDER
    return _put(world, _task(network_ids[0], reply, words_kept(f"{reply.sender}: {reply.text}")), reply)


def _task(network_id: str, reply: Reply, words: str) -> Task:
    return Task(network_id=network_id, id="", kind=TaskKind.CALL_CLIENT, at=reply.at, words=words, replies=1)


def _put(world: World, task: Task, reply: Reply) -> ReplyOutcome:
    """Saves the reply in the task of its phone, day (UTC) and booking."""
    today = reply.at.replace(hour=0, minute=0, second=0, microsecond=0)
    about = (task.network_id, reply.sender, f"{today:%Y-%m-%d}", task.booking_id or "")
    task_id = time_ordered("tsk", today, digest(*about, length=10))
    world.retrying(lambda: _collected(world, replace(task, id=task_id), reply.id))
    return ReplyOutcome.TASK


def _collected(world: World, task: Task, reply_id: str) -> None:
    existing = world.store.get(Task, network_id=task.network_id, id=task.id)
    collected = task if existing is None else with_reply(existing, task.words or "")
    if collected is existing:
        return
    once = Alias(network_id=task.network_id, kind=REPLY, value=reply_id, leads_to=task.id)
    try:
        world.store.save(collected, once)
    except SaveConflict:
        if world.store.alias(task.network_id, REPLY, reply_id) is None:
            raise
        # an earlier delivery is in the task
