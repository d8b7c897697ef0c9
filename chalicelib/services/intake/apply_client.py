"""Apply what a booking site says of a client."""

from types import MappingProxyType

from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.intake.site_events import ClientReported, SiteClient
from chalicelib.domain.networks.network import Connection
from chalicelib.domain.shared.aliases import site_client
from chalicelib.services.clients.register_client import client_change, contact_aliases
from chalicelib.services.clients.surviving_client import surviving_client
from chalicelib.services.intake.apply_booking import Applied
from chalicelib.services.intake.attach_client import attach_waiting
from chalicelib.services.intake.site_clients import find_or_draft, known, link_site_id, normal, told_anew
from chalicelib.services.shared.world import World


def apply_client(world: World, connection: Connection, event: ClientReported) -> Applied:
    """Makes or updates the client. A client deleted on the site is kept: visits and bonuses are theirs
    still."""
    if event.deleted:
        return Applied(changed=False, reason="deleted_on_site")
    told = replace(normal(world, connection, event.client), external_id=event.external_id)
    client, by = known(world, connection, told)
    client = client or _merged(world, connection, event)
    if client is None:
        found = find_or_draft(world, connection, told)
        client = _guarded(found.client, connection, event)
        world.store.save(client, *contact_aliases(client))
    else:
        if by != site_client(connection.id):
            link_site_id(world, connection, event.external_id, client.id)
        stands = client.guards.get(connection.id, "")
        if event.guard > stands:
            _update(world, connection, client, event, told)
    attached = attach_waiting(world, connection, event.external_id)
    return Applied(changed=True, booking_id=attached[0].id if attached else None)


def _merged(world: World, connection: Connection, event: ClientReported) -> Client | None:
    """The client that one of the merged site clients is."""
    kind = site_client(connection.id)
    found = (world.store.alias(connection.network_id, kind, id) for id in event.merged_from)
    id = next((id for id in found if id), None)
    client = world.store.get(Client, network_id=connection.network_id, id=id) if id else None
    return surviving_client(world, client)


def _guarded(client: Client, connection: Connection, event: ClientReported) -> Client:
    return replace(client, guards=MappingProxyType({**client.guards, connection.id: event.guard}))


def _update(
    world: World, connection: Connection, client: Client, event: ClientReported, told: SiteClient
) -> None:
    """A phone or e-mail that belongs to somebody else already is left where it is."""
    wanted = _guarded(told_anew(client, told), connection, event)
    before = contact_aliases(client)
    new = [alias for alias in contact_aliases(wanted) if alias not in before]
    for alias in new:
        owner = world.store.alias(alias.network_id, alias.kind, alias.value)
        if owner is not None and owner != client.id:
            wanted = replace(wanted, **{alias.kind: getattr(client, alias.kind)})
    values, gone = client_change(world, client, wanted, f"connection:{connection.id}")
    world.wake_if_due(world.store.save(*values, remove=gone)[0])
