"""Messages: what was sent to which client, what was skipped and why, and previews of messages."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from chalicelib.api.http.endpoint import DESK, OFFICE, Ask, endpoint, get, post, salons_of
from chalicelib.api.http.parsing import Body, bound
from chalicelib.api.http.schemas import CostOfMessage, Id, Listing, PageOf, Word, one_after_another, sifted
from chalicelib.api.messages.templates import MessageText, Subject, WarningAnswer, warned, words
from chalicelib.domain.bookings.booking_access import reaches_booking
from chalicelib.domain.messages.messages import Message, MessageState
from chalicelib.domain.messages.reasons import reason_words
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.errors import malformed
from chalicelib.domain.shared.masks import masked_address, masked_contacts, masked_links
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.services.clients.register_client import get_client
from chalicelib.services.messages.preview_message import Draft, Preview, PreviewRequest, preview
from chalicelib.services.messages.templates import key_of_template
from chalicelib.services.messages.try_message import try_message
from chalicelib.services.networks.set_up import get_salon

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
"""All kinds of the contract, also those without messages yet, for which a filter finds nothing."""


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


class MessageAnswer(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One line of the log; skips are lines too, with their reason and the same in words. For specialists
    phones, e-mails and the addresses of the client's pages are masked, in `to` and in the text. with_message:
    in whose text it went along; that one `carries` it."""

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


class About(Body):
    """The message to be made. Exactly one of booking_id and client_id is given. text, subject: a draft in
    place of the saved text, with {placeholders}."""

    kind: Word
    channel: Word
    language: Word
    booking_id: Id | None = None
    client_id: Id | None = None
    text: MessageText | None = None
    subject: Subject | None = None


class Trying(About, kw_only=True):
    """to: one's own phone or e-mail address; for a push the endpoint of a device of the client's."""

    to: Annotated[str, Meta(min_length=1, max_length=500)]


class PreviewAnswer(msgspec.Struct, kw_only=True, omit_defaults=True):
    """warnings: what one should know of one's own text."""

    text: str
    parts: int
    alphabet: str
    cost: CostOfMessage
    warnings: list[WarningAnswer]
    subject: str | None = None
    html: str | None = None


class SentTestAnswer(PreviewAnswer, kw_only=True, omit_defaults=True):
    """state: sent, failed or unknown, as of a message; reason: why it is not sent."""

    to: str
    state: str
    reason: str | None = None
    provider_id: str | None = None


def _answer(access: Access, message: Message) -> MessageAnswer:
    names = set(MessageAnswer.__struct_fields__) - {"to", "text", "cost", "kind", "state", "reason_words"}
    return MessageAnswer(
        **{name: getattr(message, name) for name in names},
        cost=_cost(message),
        reason_words=reason_words(message.reason),
        kind=message.kind.value,
        state=message.state.value,
        to=message.to if access.sees_contacts else masked_address(message.channel, message.to),
        text=message.text if access.sees_contacts else masked_contacts(masked_links(message.text)),
    )


def _cost(message: Message) -> CostOfMessage | None:
    if message.cost_micros is None:
        return None
    return CostOfMessage(amount_micros=message.cost_micros, charged=message.charged)


@get("/v1/messages")
@endpoint(roles=READERS, query=MessageFilter, answer=PageOf[MessageAnswer])
def find(ask: Ask) -> PageOf[MessageAnswer]:
    """Newest first within each salon; without salon_id one salon after another. What went along in the text
    of another message has its own line in the client's log only; here it is told by `carries`."""
    asked: MessageFilter = ask.query
    network_id = ask.access.network_id
    if asked.salon_id is not None:
        names = [get_salon(ask.world, ask.access, asked.salon_id).id]
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
        one_after_another(names, read), lambda each: each.id in reached and _is_selected(each, asked), asked
    )
    return PageOf(items=[_answer(ask.access, each) for each in found], next_cursor=cursor)


def _is_selected(message: Message, asked: MessageFilter) -> bool:
    """Whether the filter selects a message. A carried bonus notice is found by the message that carries
    it."""
    carries = message.carries is not None and asked.kind == TouchKind.BONUS_NOTICE
    return asked.state in (None, message.state) and (carries or asked.kind in (None, message.kind))


def _is_wanted(message: Message, asked: MessageFilter | MessagesOfClient) -> bool:
    return asked.state in (None, message.state) and asked.kind in (None, message.kind)


def _reached(ask: Ask, messages: Sequence[Message]) -> Sequence[Message]:
    """The messages that the caller may see: a specialist sees those about their own bookings, others those of
    the salons that their key reaches. A message of no salon is for keys that see the whole network."""
    if ask.access.role is not Role.SPECIALIST:
        return [message for message in messages if _is_of_reached_salon(ask.access, message)]
    ids = [message.booking_id for message in messages if message.booking_id]
    bookings = ask.world.store.bookings(ask.access.network_id, ids)
    reached = {booking.id for booking in bookings if reaches_booking(ask.access, booking)}
    return [message for message in messages if message.booking_id in reached]


def _is_of_reached_salon(access: Access, message: Message) -> bool:
    if message.salon_id is None:
        return access.sees_whole_network
    return access.reaches_salon(message.salon_id)


@get("/v1/clients/{client_id}/messages")
@endpoint(roles=READERS, query=MessagesOfClient, answer=PageOf[MessageAnswer])
def of_client(ask: Ask, client_id: str) -> PageOf[MessageAnswer]:
    """Newest first: what was sent, what was not, and why."""
    get_client(ask.world, ask.access, client_id)
    asked: MessagesOfClient = ask.query
    found, cursor = sifted(
        lambda limit, cursor: ask.world.store.get_page(
            Message, network_id=ask.access.network_id, client_id=client_id, limit=limit, cursor=cursor
        ),
        lambda each: _is_wanted(each, asked),
        asked,
    )
    return PageOf(items=[_answer(ask.access, each) for each in _reached(ask, found)], next_cursor=cursor)


@post("/v1/messages/preview")
@endpoint(roles=DESK, body=About, answer=PreviewAnswer)
def see(ask: Ask) -> PreviewAnswer:
    """What the message would say if it were sent now."""
    shown = preview(ask.world, words(ask), ask.access, _request(ask.body))
    return PreviewAnswer(**_shown(shown))


@post("/v1/messages/test")
@endpoint(roles=OFFICE, body=Trying, answer=SentTestAnswer)
def send_to_oneself(ask: Ask) -> SentTestAnswer:
    """Really sent, at most 20 an hour (in trial 5) and 60 a day. Its links lead nowhere, and it is no message
    to the client."""
    sent = try_message(
        ask.world,
        words(ask),
        ask.container.sending().senders,
        ask.access,
        _request(ask.body),
        to=ask.body.to,
        request_id=ask.request_id,
    )
    outcome = sent.outcome
    return SentTestAnswer(
        **_shown(sent.preview),
        to=sent.to,
        state="throttled" if outcome.throttled else outcome.state.value,
        reason=outcome.reason,
        provider_id=outcome.provider_id,
    )


def _request(request: About) -> PreviewRequest:
    if (request.booking_id is None) == (request.client_id is None):
        raise malformed("INVALID_FIELD", "Give either booking_id or client_id.", field="booking_id")
    key = key_of_template(request.kind, request.channel, request.language)
    draft = Draft(request.text, request.subject) if request.text is not None else None
    return PreviewRequest(key, request.booking_id, request.client_id, draft)


def _shown(shown: Preview) -> dict[str, Any]:
    return {
        "text": shown.worded.text,
        "subject": shown.worded.subject,
        "html": shown.worded.html,
        "parts": shown.parts,
        "alphabet": shown.alphabet,
        "cost": CostOfMessage(amount_micros=shown.micros),
        "warnings": warned(shown.warnings),
    }
