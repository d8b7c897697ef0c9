"""Make the messages of touches: the text of each, its links, its expected cost, and which touches another
message carries."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.clients.client_plan import language_of
from chalicelib.domain.loyalty.account import Account
from chalicelib.domain.messages.carried_touches import carried_by
from chalicelib.domain.messages.message_facts import MessageFacts
from chalicelib.domain.messages.messages import Outgoing, Worded
from chalicelib.domain.messages.prices import billed_parts, estimated_micros
from chalicelib.domain.shared.errors import Unreadable
from chalicelib.domain.shared.links import Link, LinkPurpose
from chalicelib.domain.shared.sms import Alphabet, alphabet
from chalicelib.domain.shared.touches import ESSENTIAL, MARKETING, Plan, TouchKind
from chalicelib.services.messages.decide_touch import Check, Route
from chalicelib.services.messages.sending import Sending
from chalicelib.services.messages.subjects import Subject
from chalicelib.services.shared.links import Links

REVIEW, BONUS = TouchKind.REVIEW_REQUEST, TouchKind.BONUS_NOTICE
CONVERSATION = timedelta(hours=24)
"""How long after a client has written to us WhatsApp takes free text."""

HELD = timedelta(minutes=10)
"""When a touch is decided again for which something cannot be read."""
USEFUL_SECONDS_LEAST = 5
_PURPOSES = {
    **dict.fromkeys(ESSENTIAL, LinkPurpose.BOOKING),
    REVIEW: LinkPurpose.REVIEW,
    BONUS: LinkPurpose.CARD,
}
"""The page of ours that a kind of message leads to; the others lead to where the salon takes bookings."""


class MessageContent(Struct, frozen=True):
    """The content of one message.

    micros      its expected cost, in millionths of a US dollar.
    carried_by  the kind whose message carries this touch; carries: the kind that this message carries.
    """

    worded: Worded
    link: Link
    language: str
    url: str | None
    stop_url: str | None
    alphabet: Alphabet
    parts: int
    micros: int
    carried_by: TouchKind | None = None
    carries: TouchKind | None = None


def message_contents(
    sending: Sending,
    subject: Subject,
    wanted: Sequence[tuple[Plan, Route]],
    now: datetime,
    link: Link | None = None,
) -> dict[TouchKind, MessageContent]:
    """The contents of all messages that leave in one wake, by kind. The text of a carried touch
    (`carried_by`) is part of its carrying message's text. The account is read once, and only for a bonus
    notice. link: the link in their texts; None: the subject's."""
    going = {plan.kind: chosen.channel for plan, chosen in wanted}
    carrying_kinds = {kind: carried_by(kind, channel, going) for kind, channel in going.items()}
    link = link or link_of(sending.links, subject, now)
    account = None
    if BONUS in going:
        account = sending.world.store.account(subject.item.network_id, subject.client.id)
    found: dict[TouchKind, MessageContent] = {}
    for plan, chosen in wanted:
        if carrying_kinds[plan.kind] is None:
            with_bonus = carrying_kinds.get(BONUS) == plan.kind
            content = _content(sending, subject, plan, chosen, link, now, account, with_bonus=with_bonus)
            found[plan.kind] = content
    for kind, carrying in carrying_kinds.items():
        if carrying is not None:
            found[kind] = replace(found[carrying], carried_by=carrying, micros=0)
            found[carrying] = replace(found[carrying], carries=kind)
    return found


def unreadable(now: datetime) -> Check:
    """The check of a touch whose text, or something that the text names, cannot be read."""
    return Check("set_up", None, "unreadable", now + HELD)


def readable_contents(
    sending: Sending,
    subject: Subject,
    wanted: Sequence[tuple[Plan, Route]],
    now: datetime,
    link: Link | None = None,
) -> dict[TouchKind, MessageContent]:
    """The same, without the kinds that need a text, a service or a staff member that cannot be read."""
    if not wanted:
        return {}
    try:
        return message_contents(sending, subject, wanted, now, link)
    except Unreadable:
        alone = [each for each in wanted if _is_readable(sending, subject, each, now)]
        return message_contents(sending, subject, alone, now, link)


def _is_readable(sending: Sending, subject: Subject, wanted: tuple[Plan, Route], now: datetime) -> bool:
    try:
        message_contents(sending, subject, [wanted], now)
    except Unreadable:
        return False
    return True


def _content(
    sending: Sending,
    subject: Subject,
    plan: Plan,
    chosen: Route,
    link: Link,
    now: datetime,
    account: Account | None,
    *,
    with_bonus: bool,
) -> MessageContent:
    facts = facts_of(sending.links, subject, plan, link, now, account)
    facts = replace(facts, with_bonus=with_bonus)
    language = language_of(subject.client, subject.directory, subject.salon)
    template = subject.template(plan.kind, chosen.channel, language)
    worded = sending.texts(plan.kind.value, chosen.channel, language, facts, template)
    parts = billed_parts(chosen.channel, worded.text)
    return MessageContent(
        worded=worded,
        link=link,
        language=language,
        url=facts.link,
        stop_url=facts.stop_link,
        alphabet=alphabet(worded.text),
        parts=parts,
        micros=estimated_micros(subject.directory, subject.rules, chosen.channel, chosen.address, parts),
    )


def link_of(links: Links, subject: Subject, now: datetime) -> Link:
    """The link of the subject's messages. It opens until long after the messages are of use."""
    useful_from = max(subject.useful_from or now, now)
    network_id, client_id = subject.item.network_id, subject.client.id
    return links.link(network_id, client_id, subject.link_booking_id, useful_from, subject.link_number)


def facts_of(
    links: Links, subject: Subject, plan: Plan, link: Link, now: datetime, account: Account | None
) -> MessageFacts:
    """The facts of a message, with the link to its page and the link that stops such messages. account: as
    for `Subject.facts`."""
    facts, purpose = subject.facts(plan, now, account), _PURPOSES.get(plan.kind)
    return replace(
        facts,
        link=links.url(link, purpose) if purpose else facts.link,
        stop_link=None if plan.kind in ESSENTIAL else links.url(link, LinkPurpose.STOP),
    )


def outgoing(
    subject: Subject, content: MessageContent, plan: Plan, chosen: Route, message_id: str, now: datetime
) -> Outgoing:
    written_at = subject.client.written_at
    return Outgoing(
        network_id=subject.item.network_id,
        client_id=subject.client.id,
        message_id=message_id,
        kind=plan.kind.value,
        language=content.language,
        to=chosen.address,
        worded=content.worded,
        useful_seconds=max(int((plan.until - now).total_seconds()), USEFUL_SECONDS_LEAST),
        marketing=plan.kind in MARKETING,
        identity=subject.directory.network.identities.get(chosen.channel),
        link=content.url,
        stop_url=content.stop_url if plan.kind in MARKETING else None,  # one tap there stops marketing
        in_conversation=written_at is not None and now - written_at < CONVERSATION,
    )
