"""A site merged clients of its own into one: the clients that they are here are merged, too, with points and
bookings, so that it can be undone. Safe to repeat, and in any order with the events of those clients."""

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.intake.site_events import ClientReported
from chalicelib.domain.intake.site_people import MERGED_AWAY, card_guard, with_card_guard
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Connection, Role
from chalicelib.domain.shared.aliases import Alias, site_client
from chalicelib.services.intake.site_clients import (
    KnownPerson,
    NormalisedClient,
    led_to,
    new_client,
    site_alias,
)
from chalicelib.services.shared.world import World


def after_site_merge(
    world: World,
    connection: Connection,
    event: ClientReported,
    reported: NormalisedClient,
    known: KnownPerson,
) -> KnownPerson:
    """As whom the site's client is known after the merge: as a client who says nothing more under the ids
    that the site merged away. Raises HOLDS_OPEN, TOO_MANY_BOOKINGS, TOO_MANY_COUPONS, SaveConflict."""
    kind = site_client(connection.id)
    found = {site_id: led_to(world, connection, kind, site_id) for site_id in event.merged_from}
    sources = {client.id: client for _, client in found.values() if client is not None}
    target = known.client or next(iter(sources.values()), None)
    is_linked = target is not None and (known.by == kind or known.mixed_up)
    if target is None:
        target, is_linked = _new(world, connection, event, reported, known), True
    sources.pop(target.id, None)
    for source in sources.values():
        target = _merged(world, connection, source, target)
    aliases = [
        site_alias(connection, site_id, target.id) for site_id, (record, _) in found.items() if record is None
    ]
    if not is_linked:
        aliases.append(site_alias(connection, event.external_id, target.id))
    target = _noted(world, connection, event, target, aliases)
    return KnownPerson(target, kind, target)


def _new(
    world: World,
    connection: Connection,
    event: ClientReported,
    reported: NormalisedClient,
    known: KnownPerson,
) -> Client:
    match = new_client(world, connection, reported, known, event.guard)
    if not match.is_new:
        return match.client
    (saved, *_) = world.store.save(match.client, *match.to_save[1:])
    return saved


def _merged(world: World, connection: Connection, source: Client, target: Client) -> Client:
    from chalicelib.services.merging.merge_clients import merge_clients  # a merge on a site is rare

    access = Access(network_id=connection.network_id, role=Role.OWNER, actor=f"connection:{connection.id}")
    return merge_clients(world, access, source.id, target.id).target


def _noted(
    world: World, connection: Connection, event: ClientReported, target: Client, aliases: list[Alias]
) -> Client:
    """The target, known by the site's id that stays; later cards of the others say nothing."""
    noted = target
    for site_id in event.merged_from:
        noted = with_card_guard(noted, connection.id, site_id, MERGED_AWAY)
    own = card_guard(target, connection.id, event.external_id)
    noted = with_card_guard(noted, connection.id, event.external_id, own)
    if noted == target and not aliases:
        return target
    (saved, *_) = world.store.save(noted, *aliases)
    return saved
