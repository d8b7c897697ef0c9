"""Events of WhatsApp from AWS End User Messaging Social: statuses of our messages, and replies of clients.

Meta's JSON is a string inside AWS's JSON. Meta names our phone number by its own id. AWS's header has the id
of AWS for it, by which we send.
"""

from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta, Struct, field

from chalicelib.channels import context
from chalicelib.domain.messages.message_events import NotUnderstood
from chalicelib.domain.messages.messages import MessageState
from chalicelib.domain.messages.receipts import Receipt
from chalicelib.domain.messages.replies import Reply
from chalicelib.events.parsing import Id, Shape, decode

Seconds = Annotated[str, Meta(pattern="^[0-9]{1,10}$")]
Text = Annotated[str, Meta(max_length=70_000)]

_STATES = {
    "sent": MessageState.SENT,
    "delivered": MessageState.DELIVERED,
    "read": MessageState.DELIVERED,
    "played": MessageState.DELIVERED,
    "failed": MessageState.FAILED,
}
_NO_WHATSAPP = 131026
"""Meta's code for a number that WhatsApp does not reach."""


class _Number(Shape, frozen=True):
    meta_phone_number_id: str
    arn: str


class _Header(Struct, frozen=True):
    MetaPhoneNumberIds: tuple[_Number, ...] = ()


class _WhatsappEvent(Shape, frozen=True):
    whats_app_webhook_entry: str
    context: _Header = _Header()


class _Error(Struct, frozen=True):
    code: int


class _Status(Struct, frozen=True):
    id: Id
    status: str
    timestamp: Seconds
    biz_opaque_callback_data: str | None = None
    errors: tuple[_Error, ...] = ()


class _Title(Struct, frozen=True):
    title: Text = ""


class _Words(Struct, frozen=True):
    """The words of a reply: the body of a text, the text of a template's button, or the title of a chosen
    answer."""

    body: Text = ""
    text: Text = ""
    button_reply: _Title = _Title()
    list_reply: _Title = _Title()

    @property
    def content(self) -> str:
        return self.body or self.text or self.button_reply.title or self.list_reply.title


class _Context(Struct, frozen=True):
    id: Id | None = None


class _Message(Struct, frozen=True):
    id: Id
    timestamp: Seconds
    type: str
    sender: Annotated[str, Meta(pattern="^[0-9]{5,20}$")] | None = field(default=None, name="from")
    text: _Words = _Words()
    button: _Words = _Words()
    interactive: _Words = _Words()
    context: _Context = _Context()

    @property
    def content(self) -> str:
        return self.text.content or self.button.content or self.interactive.content or f"[{self.type}]"


class _Ours(Struct, frozen=True):
    phone_number_id: str = ""


class _Value(Struct, frozen=True):
    metadata: _Ours = _Ours()
    statuses: tuple[_Status, ...] = ()
    messages: tuple[_Message, ...] = ()


class _WebhookChange(Struct, frozen=True):
    value: _Value = _Value()


class _Entry(Struct, frozen=True):
    changes: tuple[_WebhookChange, ...] = ()


def read(text: str) -> list[Receipt | Reply]:
    """The receipts and replies of an event. Raises NotUnderstood with NO_CONTEXT where it has entries, none
    of them about our messages or from a phone."""
    event = decode(text, _WhatsappEvent)
    values = [change.value for change in decode(event.whats_app_webhook_entry, _Entry).changes]
    numbers = {
        number.meta_phone_number_id: number_id(number.arn) for number in event.context.MetaPhoneNumberIds
    }
    found: list[Receipt | Reply] = []
    for value in values:
        found += [receipt for status in value.statuses if (receipt := _receipt(status)) is not None]
        to = numbers.get(value.metadata.phone_number_id, value.metadata.phone_number_id)
        found += [_reply(each, to, each.sender) for each in value.messages if each.sender is not None]
    if not found and any(value.statuses or value.messages for value in values):
        raise NotUnderstood("NO_CONTEXT")
    return found


def number_id(arn: str) -> str:
    """AWS's id of a phone number, from its ARN; any other text is returned unchanged."""
    name = arn.rpartition(":")[2].replace("/", "-")
    return name if name.startswith("phone-number-id-") else arn


def _receipt(status: _Status) -> Receipt | None:
    ours, state = context.of_text(status.biz_opaque_callback_data), _STATES.get(status.status)
    if ours is None or state is None:
        return None
    code = status.errors[0].code if status.errors else None
    failed = state is MessageState.FAILED
    return Receipt(
        **ours._asdict(),
        state=state,
        at=_at(status.timestamp),
        reason=f"whatsapp_{code or 'failed'}" if failed else None,
        provider_id=status.id,
        bad_address=failed and code == _NO_WHATSAPP,
    )


def _reply(message: _Message, to: str, sender: str) -> Reply:
    return Reply(
        channel="whatsapp",
        to=to,
        sender=f"+{sender}",
        text=message.content,
        id=message.id,
        at=_at(message.timestamp),
        in_reply_to=message.context.id,
    )


def _at(seconds: str) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
