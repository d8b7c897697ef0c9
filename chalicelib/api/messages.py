"""Messages: what was sent, to whom and why, or why not; and what one would look like."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from chalicelib.api.endpoint import DESK, Ask, endpoint, get, post, salons_of
from chalicelib.api.reading import Body, bound
from chalicelib.api.shapes import Answered, Id, Listing, PageOf, Word, one_after_another, sifted
from chalicelib.domain.access import Access
from chalicelib.domain.errors import malformed
from chalicelib.domain.messages import Message, MessageState
from chalicelib.domain.network import Role
from chalicelib.domain.phones import masked_phone
from chalicelib.domain.reasons import reason_words
from chalicelib.services.keep_client import see_client
from chalicelib.services.preview_message import preview
from chalicelib.services.set_up import see_salon

READERS = DESK | {Role.SPECIALIST}
Kind = Literal[
    "notice",
    "confirm_request",
    "control_reminder",
    "review_request",
    "bonus_notice",
    "repeat_invitation",
    "no_show_invitation",
    "birthday",
    "bonus_expiry",
    "at_risk",
    "win_back",
    "campaign",
]
"""What the contract knows, also what is not made yet: who asks for it finds nothing."""


class MessageFilter(Listing, rename={"from_": "from"}):
    """from: included. to: an instant, not included, or a date, of which the whole day is."""

    salon_id: Id | None = None
    from_: Word | None = None
    to: Word | None = None
    state: MessageState | None = None
    kind: Kind | None = None


class MessagesOfClient(Listing):
    state: MessageState | None = None
    kind: Kind | None = None


class CostOfMessage(Answered):
    """Millionths of a US dollar, in which carriers charge. charged: told by a receipt; else it is what the
    message was taken to cost."""

    amount_micros: int
    currency: Literal["USD"]
    charged: bool


class MessageAnswer(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One line of the log; skips are lines too, with their reason and the same in words. `to` is masked for
    specialists. with_message: in whose text it went along; that one `carries` it."""

    id: str
    kind: str
    channel: str
    client_id: str
    to: str | None
    text: str
    parts: int
    alphabet: str | None
    state: str
    planned_at: datetime
    recorded_at: datetime
    cost: CostOfMessage | None = None
    reason: str | None = None
    reason_words: str | None = None
    provider_id: str | None = None
    booking_id: str | None = None
    salon_id: str | None = None
    sent_at: datetime | None = None
    with_message: str | None = None
    carries: str | None = None
    campaign_id: str | None = None
    told_at: datetime | None = None


class Previewing(Body):
    """text: a draft in place of the saved template, with {placeholders}."""

    kind: Word
    channel: Word
    language: Word
    booking_id: Id | None = None
    client_id: Id | None = None
    text: Annotated[str, Meta(min_length=1, max_length=1600)] | None = None


class PreviewAnswer(Answered):
    text: str
    parts: int
    alphabet: str


def _answer(access: Access, message: Message) -> MessageAnswer:
    names = set(MessageAnswer.__struct_fields__) - {"to", "cost", "kind", "state", "reason_words"}
    return MessageAnswer(
        **{name: getattr(message, name) for name in names},
        cost=_cost(message),
        reason_words=reason_words(message.reason),
        kind=message.kind.value,
        state=message.state.value,
        to=message.to if access.sees_contacts else masked_phone(message.to),
    )


def _cost(message: Message) -> CostOfMessage | None:
    if message.cost_micros is None:
        return None
    return CostOfMessage(amount_micros=message.cost_micros, currency="USD", charged=message.charged)


@get("/v1/messages")
@endpoint(roles=READERS, query=MessageFilter, answer=PageOf[MessageAnswer])
def find(ask: Ask) -> PageOf[MessageAnswer]:
    """Newest first within each salon; without salon_id one salon after another."""
    asked: MessageFilter = ask.query
    network_id = ask.access.network_id
    if asked.salon_id is not None:
        names = [see_salon(ask.world, ask.access, asked.salon_id).id]
    else:
        names = salons_of(ask)

    reached: set[str] = set()

    def read(salon_id: str, limit: int, cursor: str | None) -> Any:
        zone = ask.world.directory(network_id).salons[salon_id].timezone
        since, until = bound(asked.from_, "from", zone), bound(asked.to, "to", zone, end=True)
        page = ask.world.store.messages_of_salon(
            network_id, salon_id, since=since, until=until, limit=limit, cursor=cursor
        )
        reached.update(message.id for message in _reached(ask, page.items))
        return page

    found, cursor = sifted(
        one_after_another(names, read), lambda each: each.id in reached and _is_wanted(each, asked), asked
    )
    return PageOf(items=[_answer(ask.access, each) for each in found], next_cursor=cursor)


def _is_wanted(message: Message, asked: MessageFilter | MessagesOfClient) -> bool:
    return asked.state in (None, message.state) and asked.kind in (None, message.kind)


def _reached(ask: Ask, messages: Sequence[Message]) -> Sequence[Message]:
    """A specialist sees what was sent about their own bookings, others all."""
    if ask.access.role is not Role.SPECIALIST:
        return messages
    ids = [message.booking_id for message in messages if message.booking_id]
    bookings = ask.world.store.bookings(ask.access.network_id, ids)
    theirs = {booking.id for booking in bookings if ask.access.reaches_booking(booking)}
    return [message for message in messages if message.booking_id in theirs]


@get("/v1/clients/{client_id}/messages")
@endpoint(roles=READERS, query=MessagesOfClient, answer=PageOf[MessageAnswer])
def of_client(ask: Ask, client_id: str) -> PageOf[MessageAnswer]:
    """Newest first: what was sent, what was not, and why."""
    see_client(ask.world, ask.access, client_id)
    asked: MessagesOfClient = ask.query
    found, cursor = sifted(
        lambda limit, cursor: ask.world.store.messages_of_client(
            ask.access.network_id, client_id, limit=limit, cursor=cursor
        ),
        lambda each: _is_wanted(each, asked),
        asked,
    )
    return PageOf(items=[_answer(ask.access, each) for each in _reached(ask, found)], next_cursor=cursor)


@post("/v1/messages/preview")
@endpoint(roles=DESK, body=Previewing, answer=PreviewAnswer)
def see(ask: Ask) -> PreviewAnswer:
    from chalicelib.web.wording import message_text

    said: Previewing = ask.body
    if (said.booking_id is None) == (said.client_id is None):
        raise malformed("INVALID_FIELD", "Give either booking_id or client_id.", field="booking_id")
    shown = preview(
        ask.world,
        ask.parts.links(),
        message_text,
        ask.access.network_id,
        kind=said.kind,
        channel=said.channel,
        language=said.language,
        booking_id=said.booking_id,
        client_id=said.client_id,
        draft=said.text,
    )
    return PreviewAnswer(text=shown.text, parts=shown.parts, alphabet=shown.alphabet)
