"""Apply a site's event about a client."""

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client, ConsentChange
from chalicelib.domain.intake.site_events import ClientReported, believable
from chalicelib.domain.intake.site_people import (
    after_card,
    card_guard,
    with_card_guard,
    with_card_word,
)
from chalicelib.domain.intake.trust import AHEAD, may_change
from chalicelib.domain.networks.network import Connection
from chalicelib.domain.shared.aliases import EMAIL, Alias, site_client
from chalicelib.services.clients.register_client import client_change, contact_aliases
from chalicelib.services.intake.ask_person import ask_about_card, phone_question
from chalicelib.services.intake.attach_client import attach_waiting
from chalicelib.services.intake.booking_report import Applied
from chalicelib.services.intake.merge_site_clients import after_site_merge
from chalicelib.services.intake.site_clients import (
    KnownPerson,
    NormalisedClient,
    find_known,
    is_own_card,
    known_client,
    led_to,
    new_client,
    new_link,
    normalised,
    with_contact,
    with_refusals,
)
from chalicelib.services.shared.world import World


def apply_client(
    world: World, connection: Connection, event: ClientReported, *, released: bool = False
) -> Applied:
    """Makes or updates the client. A client who is deleted on the site is kept here, with visits and points.
    A site that proves nothing changes only clients who came from it; of others the desk is asked.

    released: a person let the webhook through. Raises TOO_MUCH_AT_ONCE, what merging raises, SaveConflict.
    """
    if event.deleted:
        return Applied(changed=False, reason="deleted_on_site")
    reported = normalised(world, connection, replace(event.client, external_id=event.external_id))
    known = find_known(world, connection, reported)
    if event.merged_from and connection.is_signed:
        known = after_site_merge(world, connection, event, reported, known)
    reason, match = None, None
    if known.client is None:
        match = new_client(world, connection, reported, known, event.guard)
    if match is not None and match.is_new:
        world.store.save(*match.to_save)
    else:
        if match is not None:  # saved before, and linked only now
            known = KnownPerson(match.client, site_client(connection.id), match.client)
        reason = _updated(world, connection, event, reported, known, released=released)
    attached = [
        booking
        for site_id in (event.external_id, *event.merged_from)
        for booking in attach_waiting(world, connection, site_id)
    ]
    changed = reason is None or bool(attached)
    return Applied(changed=changed, booking_id=attached[0].id if attached else None, reason=reason)


def _updated(
    world: World,
    connection: Connection,
    event: ClientReported,
    reported: NormalisedClient,
    known: KnownPerson,
    *,
    released: bool,
) -> str | None:
    """Updates the client, or asks a person where the site is not believed. Answers why nothing changed."""
    assert known.client is not None
    believed, latest = may_change(connection, known.client, event.external_id), world.now() + AHEAD
    guards = [
        card_guard(each, connection.id, event.external_id) for each in (known.record, known.client) if each
    ]
    is_newer = event.guard > max(believable(each, latest) or "" for each in guards)
    if is_newer and believed and is_own_card(connection, known, reported):
        _update(world, connection, event, reported, known)
        return None
    match = known_client(world, connection, reported, known, is_older=not is_newer)
    if match.to_save:
        world.store.save(*match.to_save)
    if believed or not is_newer:
        return None
    asked = ask_about_card(world, connection, known.client, reported, released=released)
    return "asked_the_desk" if asked else "client_of_others"


def _update(
    world: World,
    connection: Connection,
    event: ClientReported,
    reported: NormalisedClient,
    known: KnownPerson,
) -> None:
    """Saves what the site reports of the client."""
    client, site_id = known.client, event.external_id
    assert client is not None
    wanted = with_card_word(after_card(client, connection.id, reported), connection.id, reported)
    wanted = with_card_guard(wanted, connection.id, site_id, event.guard)
    free = _with_free_contacts(world, connection, client, wanted)
    change = client_change(world, client, free.client, f"connection:{connection.id}")
    changed = [each for each in change.beside if each not in free.held]
    lines_before = sum(isinstance(each, ConsentChange) for each in changed)
    wanted, lines = with_refusals(world, connection, change.client, reported, lines_before)
    question = phone_question(world, connection, wanted, reported.phone_text)
    links = new_link(connection, site_id, known, client)
    beside = (*changed, *lines, *free.contacts, *links, *question)
    saved, *_ = world.store.save(wanted, *beside, remove=change.removed)
    world.wake_if_due(saved)


class _FreeContacts(Struct, frozen=True):
    """The client with the phone and e-mail that they may have.

    held      aliases that lead to the client already, as a merge brings them.
    contacts  the contact person, to be saved with the client.
    """

    client: Client
    held: tuple[Alias, ...] = ()
    contacts: tuple[Client, ...] = ()


def _with_free_contacts(
    world: World, connection: Connection, client: Client, wanted: Client
) -> _FreeContacts:
    """A phone or an e-mail that leads to another client stays with that client. Whoever has no phone, or has
    shared that one before, has that client as contact person."""
    held: list[Alias] = []
    contacts: tuple[Client, ...] = ()
    current = contact_aliases(client)
    for alias in contact_aliases(wanted):
        if alias in current:
            continue
        *_, owner = led_to(world, connection, alias.kind, alias.value)
        if owner is None:
            continue
        if owner.id == client.id:
            held.append(alias)
        elif alias.kind == EMAIL:
            wanted = replace(wanted, email=client.email)
        elif client.phone and client.id not in owner.contact_of:
            wanted = replace(wanted, phone=client.phone)
        else:
            wanted, contacts = with_contact(world, replace(wanted, phone=None), owner)
    return _FreeContacts(wanted, tuple(held), contacts)
