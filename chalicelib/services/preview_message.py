"""Preview a message: its text for a real booking or client, from the saved words or from a draft, and
what it costs."""

import re
from dataclasses import dataclass, replace
from datetime import timedelta

from chalicelib.domain.clients import CHANNELS, Client
from chalicelib.domain.errors import missing, refused
from chalicelib.domain.links import LinkPurpose
from chalicelib.domain.message_facts import MessageFacts
from chalicelib.domain.sms import alphabet, parts
from chalicelib.domain.touches import Plan, TouchKind
from chalicelib.domain.zones import zone
from chalicelib.services.keep_client import LANGUAGES
from chalicelib.services.make_links import Links
from chalicelib.services.send_touches import Texts
from chalicelib.services.subjects import Subject, about_booking, about_client
from chalicelib.services.world import World

NEEDS_BOOKING = frozenset({TouchKind.NOTICE, TouchKind.CONFIRM_REQUEST, TouchKind.CONTROL_REMINDER})
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_PURPOSES = {TouchKind.REVIEW_REQUEST: LinkPurpose.REVIEW}


@dataclass(frozen=True, slots=True)
class Preview:
    text: str
    parts: int
    alphabet: str


def preview(
    world: World,
    links: Links,
    texts: Texts,
    network_id: str,
    *,
    kind: str,
    channel: str,
    language: str,
    booking_id: str | None,
    client_id: str | None,
    draft: str | None,
) -> Preview:
    """Exactly one of booking_id and client_id. draft: a template in place of the saved words.

    Raises UNKNOWN_KIND, UNKNOWN_CHANNEL, UNKNOWN_LANGUAGE, BOOKING_NEEDED, UNKNOWN_PLACEHOLDER, NOT_FOUND.
    """
    touch = _touch(kind)
    if channel not in CHANNELS:
        raise refused("UNKNOWN_CHANNEL", f"Channels are {', '.join(CHANNELS)}.", channel=channel)
    if language not in LANGUAGES:
        raise refused("UNKNOWN_LANGUAGE", "Languages are ru, ro and en.", language=language)
    if booking_id is None and touch in NEEDS_BOOKING:
        raise refused("BOOKING_NEEDED", "This message is about a booking: name one.", kind=kind)
    subject = _subject(world, network_id, booking_id, client_id)
    facts = _facts(world, links, subject, touch)
    text = texts(kind, language, facts) if draft is None else filled(draft, facts, subject.client)
    return Preview(text, parts(text), alphabet(text))


def _touch(kind: str) -> TouchKind:
    try:
        return TouchKind(kind)
    except ValueError:
        raise refused("UNKNOWN_KIND", f"Kinds are {', '.join(sorted(TouchKind))}.", kind=kind) from None


def _subject(world: World, network_id: str, booking_id: str | None, client_id: str | None) -> Subject:
    directory = world.directory(network_id)
    if booking_id is not None:
        booking = world.store.booking(network_id, booking_id)
        if booking is None:
            raise missing("booking", booking_id)
        client = world.store.client(network_id, booking.client_id) if booking.client_id else None
        if client is None:
            raise refused("NO_CLIENT", "This booking has no client to write to.", booking_id=booking_id)
        return about_booking(booking, client, directory)
    client = world.store.client(network_id, str(client_id))
    if client is None:
        raise missing("client", str(client_id))
    if not directory.salons:
        raise refused("NO_SALON", "Add a salon first: messages speak for one.")
    return about_client(client, directory)


def _facts(world: World, links: Links, subject: Subject, kind: TouchKind) -> MessageFacts:
    """What the message would speak of if it were sent now."""
    now = world.now()
    facts = subject.facts(Plan(kind, now, now + timedelta(days=1)), now)
    link = links.link(subject.item.network_id, subject.client.id, subject.booking_id, now)
    account = world.store.account(subject.item.network_id, subject.client.id)
    return replace(
        facts,
        link=links.url(link, _PURPOSES.get(kind, LinkPurpose.BOOKING)) if subject.booking_id else None,
        stop_link=links.url(link, LinkPurpose.STOP),
        points_balance=account.balance,
    )


def filled(draft: str, facts: MessageFacts, client: Client) -> str:
    """The draft with the facts in its {placeholders}; a fact that is not known leaves nothing. Raises
    UNKNOWN_PLACEHOLDER."""
    values = _values(facts, client)

    def value(found: re.Match[str]) -> str:
        if found[1] not in values:
            known = sorted(values)
            raise refused(
                "UNKNOWN_PLACEHOLDER",
                f"There is no {{{found[1][:40]}}}; there are {', '.join(known)}.",
                placeholder=found[1][:40],
                known=known,
            )
        return values[found[1]]

    return " ".join(_PLACEHOLDER.sub(value, draft).split())


def _values(facts: MessageFacts, client: Client) -> dict[str, str]:
    local = facts.starts_at.astimezone(zone(facts.zone)) if facts.starts_at else None
    values = {
        "client": client.name,
        "salon": facts.salon_name,
        "address": facts.address,
        "map": facts.map_url,
        "services": ", ".join(facts.services),
        "staff": facts.staff,
        "date": f"{local:%d.%m}" if local else None,
        "time": f"{local:%H:%M}" if local else None,
        "link": facts.link,
        "stop": facts.stop_link,
        "points": facts.points_earned,
        "balance": facts.points_balance,
    }
    return {name: str(value or "") if name != "balance" else str(value) for name, value in values.items()}
