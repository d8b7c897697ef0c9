"""Apply a site's event about a client."""

from types import MappingProxyType

from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.intake.site_events import ClientReported, believable
from chalicelib.domain.intake.trust import AHEAD, may_change
from chalicelib.domain.networks.network import Connection
from chalicelib.domain.shared.aliases import site_client
from chalicelib.services.clients.register_client import client_change, contact_aliases
from chalicelib.services.clients.surviving_client import surviving_client
from chalicelib.services.intake.apply_booking import Applied
from chalicelib.services.intake.ask_person import ask_about_card
from chalicelib.services.intake.attach_client import attach_waiting
from chalicelib.services.intake.site_clients import (
    NormalisedClient,
    find_known,
    find_or_draft,
    link_site_id,
    normalised,
    with_reported_details,
)
from chalicelib.services.shared.world import World


def apply_client(
    world: World, connection: Connection, event: ClientReported, *, released: bool = False
) -> Applied:
    """Makes or updates the client. A client who is deleted on the site is kept here, with visits and points.
    A site that proves nothing changes only clients who came from it; of others the desk is asked.

    released: a person let the webhook through. Raises TOO_MUCH_AT_ONCE, SaveConflict.
    """
    if event.deleted:
        return Applied(changed=False, reason="deleted_on_site")
    reported = normalised(world, connection, replace(event.client, external_id=event.external_id))
    client, kind = find_known(world, connection, reported)
    reason = None
    client = client or _merged(world, connection, event)
    if client is None:
        match = find_or_draft(world, connection, reported)
        client = _guarded(match.client, connection, event)
        world.store.save(client, *contact_aliases(client))
    else:
        if kind != site_client(connection.id):
            link_site_id(world, connection, event.external_id, client.id)
        reason = _updated(world, connection, client, event, reported, released=released)
    attached = attach_waiting(world, connection, event.external_id)
    changed = reason is None or bool(attached)
    return Applied(changed=changed, booking_id=attached[0].id if attached else None, reason=reason)


def _updated(
    world: World,
    connection: Connection,
    client: Client,
    event: ClientReported,
    reported: NormalisedClient,
    *,
    released: bool,
) -> str | None:
    """Updates the client, or asks a person where the site is not believed. Answers why nothing changed."""
    current_guard = believable(client.guards.get(connection.id), world.now() + AHEAD)
    if event.guard <= (current_guard or ""):
        return None
    if may_change(connection, client, event.external_id):
        _update(world, connection, client, event, reported)
        return None
    asked = ask_about_card(world, connection, client, reported, released=released)
    return "asked_the_desk" if asked else "client_of_others"


def _merged(world: World, connection: Connection, event: ClientReported) -> Client | None:
    """The client whom one of the site's merged clients leads to."""
    network_id, kind = connection.network_id, site_client(connection.id)
    found = (world.store.alias(network_id, kind, site_id) for site_id in event.merged_from)
    client_id = next((each for each in found if each), None)
    if client_id is None:
        return None
    return surviving_client(world, world.store.get(Client, network_id=network_id, id=client_id))


def _guarded(client: Client, connection: Connection, event: ClientReported) -> Client:
    return replace(client, guards=MappingProxyType({**client.guards, connection.id: event.guard}))


def _update(
    world: World,
    connection: Connection,
    client: Client,
    event: ClientReported,
    reported: NormalisedClient,
) -> None:
    """Saves what the site reports of the client. A phone or e-mail that leads to another client stays with
    that client."""
    wanted = _guarded(with_reported_details(client, reported), connection, event)
    current_aliases = contact_aliases(client)
    for alias in contact_aliases(wanted):
        if alias in current_aliases:
            continue
        owner = world.store.alias(alias.network_id, alias.kind, alias.value)
        if owner is not None and owner != client.id:
            wanted = replace(wanted, **{alias.kind: getattr(client, alias.kind)})
    change = client_change(world, client, wanted, f"connection:{connection.id}")
    saved, *_ = world.store.save(change.client, *change.beside, remove=change.removed)
    world.wake_if_due(saved)
