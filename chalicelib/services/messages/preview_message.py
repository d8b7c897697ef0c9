"""Preview a message: what it would say to a real client, from the saved text or from a draft, and what it
would cost."""

from collections.abc import Sequence
from datetime import timedelta

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.clients.addresses import address_of
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.messages.message_facts import MessageFacts
from chalicelib.domain.messages.messages import Worded
from chalicelib.domain.messages.prices import billed_parts, estimated_micros
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Directory, Template
from chalicelib.domain.shared.errors import refused
from chalicelib.domain.shared.sms import Alphabet, alphabet
from chalicelib.domain.shared.templates import placeholders_of
from chalicelib.domain.shared.touches import Plan, TouchKind
from chalicelib.services.bookings.read_booking import get_booking
from chalicelib.services.clients.contact_person import reached
from chalicelib.services.clients.register_client import get_client
from chalicelib.services.messages.about_account import about_account
from chalicelib.services.messages.about_booking import about_booking
from chalicelib.services.messages.about_client import about_client
from chalicelib.services.messages.sample_facts import TextWarning, sample_facts, warnings_of
from chalicelib.services.messages.subjects import Subject
from chalicelib.services.messages.templates import TemplateKey, Words, as_template
from chalicelib.services.messages.word_touch import facts_of, link_of
from chalicelib.services.shared.world import World

ABOUT_BOOKING = frozenset(kind for kind in TouchKind if "when" in placeholders_of(kind))
"""Kinds whose messages are about a booking and its time."""


class Draft(Struct, frozen=True):
    """A text that is tried before it is saved. subject: an e-mail's."""

    text: str
    subject: str | None = None


class PreviewRequest(Struct, frozen=True):
    """The message to be shown: its text and its client. Exactly one of booking_id and client_id is
    given. draft: the text to try; None: the saved one."""

    key: TemplateKey
    booking_id: str | None
    client_id: str | None
    draft: Draft | None


class Preview(Struct, frozen=True):
    """A message that was not sent. micros: its expected cost, in millionths of a US dollar."""

    worded: Worded
    parts: int
    alphabet: Alphabet
    micros: int
    warnings: Sequence[TextWarning]
    facts: MessageFacts
    client: Client


def preview(world: World, words: Words, access: Access, request: PreviewRequest) -> Preview:
    """The message as it would be sent now.

    Raises BOOKING_NEEDED, TEXT_NEEDED, NO_CLIENT, NO_SALON, NOT_FOUND, and what saving the draft would raise.
    """
    key, draft, template = request.key, request.draft, None
    if draft is not None:
        template = as_template(access.network_id, key, draft.text, draft.subject, world)
    elif key.kind is TouchKind.CAMPAIGN:
        raise refused("TEXT_NEEDED", "A campaign brings its own text: give one.", kind=key.kind.value)
    subject = _subject(world, access, request)
    template = template or subject.template(key.kind, key.channel, key.language)
    facts = _facts(world, words, subject, key)
    worded = words.texts(key.kind.value, key.channel, key.language, facts, template)
    parts, to = billed_parts(key.channel, worded.text), address_of(subject.client, key.channel)
    return Preview(
        worded,
        parts,
        alphabet(worded.text),
        estimated_micros(subject.directory, subject.rules, key.channel, to or "", parts),
        _warnings(world, words, subject, key, template),
        facts,
        subject.client,
    )


def _subject(world: World, access: Access, request: PreviewRequest) -> Subject:
    kind, directory = request.key.kind, world.directory(access.network_id)
    if request.booking_id is None:
        if kind in ABOUT_BOOKING:
            raise refused("BOOKING_NEEDED", "This message is about a booking: name one.", kind=kind.value)
        client = get_client(world, access, str(request.client_id))
        return _about(world, kind, client, directory)
    booking = get_booking(world, access, request.booking_id)
    found = (
        world.store.get(Client, network_id=access.network_id, id=booking.client_id)
        if booking.client_id
        else None
    )
    if found is None:
        raise refused("NO_CLIENT", "This booking has no client to write to.", booking_id=request.booking_id)
    if kind not in ABOUT_BOOKING:
        return _about(world, kind, found, directory)
    now = world.now()
    found = reached(world, found)
    return about_booking(booking, found, directory).prepared(world.store, [_plan(kind, world)], now)


def _about(world: World, kind: TouchKind, client: Client, directory: Directory) -> Subject:
    if kind is not TouchKind.BONUS_EXPIRY:
        return about_client(client, directory)
    return about_account(world.store.account(client.network_id, client.id), client, directory)


def _plan(kind: TouchKind, world: World) -> Plan:
    return Plan(kind, world.now(), world.now() + timedelta(days=1))


def _facts(world: World, words: Words, subject: Subject, key: TemplateKey) -> MessageFacts:
    """The facts of the message if it were sent now. Facts that are known only later come from a sample."""
    now, names = world.now(), placeholders_of(key.kind)
    planned = (plan for plan in subject.plans(now) if plan.kind is key.kind and plan.occurrence)
    plan = next(planned, _plan(key.kind, world))
    account = None
    if key.kind is TouchKind.BONUS_NOTICE:
        account = world.store.account(subject.client.network_id, subject.client.id)
    facts = facts_of(words.links, subject, plan, link_of(words.links, subject, now), now, account)
    sample = sample_facts(subject.directory, words.links, key.kind, key.language, now)
    if "points" in names and facts.points_earned is None:
        facts = replace(facts, points_earned=sample.points_earned)
    if "expiring" in names and not (facts.points_expiring and facts.points_until):
        facts = replace(facts, points_expiring=sample.points_expiring, points_until=sample.points_until)
    return facts


def _warnings(
    world: World, words: Words, subject: Subject, key: TemplateKey, template: Template | None
) -> Sequence[TextWarning]:
    if template is None:
        return ()
    facts = sample_facts(subject.directory, words.links, key.kind, key.language, world.now())
    return warnings_of(words.texts, subject.directory, template, facts)
