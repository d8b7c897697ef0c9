"""A site merged clients of its own into one: the clients that they are here are merged, too, with points and
bookings, so that it can be undone. Safe to repeat, and in any order with the events of those clients."""

from collections.abc import Sequence

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.intake.site_events import ClientReported
from chalicelib.domain.intake.site_people import MERGED_AWAY, card_guard, site_person, with_card_guard
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Connection, Role
from chalicelib.domain.shared.aliases import Alias, site_client
from chalicelib.domain.shared.errors import DomainError
from chalicelib.services.intake.site_clients import (
    KnownPerson,
    NormalisedClient,
    led_to,
    new_client,
    new_link,
    site_alias,
)
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World


def after_site_merge(
    world: World,
    connection: Connection,
    event: ClientReported,
    reported: NormalisedClient,
    known: KnownPerson,
) -> KnownPerson:
    """As whom the site's client is known after the merge: as a client who says nothing more under the ids
    that the site merged away. An id that was merged away before says nothing, so that what the desk unmerged
    since stays so. Raises HOLDS_OPEN, TOO_MANY_BOOKINGS, TOO_MANY_COUPONS, TRY_AGAIN, SaveConflict."""
    kind = site_client(connection.id)
    site_ids = [each for each in event.merged_from if not _was_merged_away(connection, known, each)]
    if not site_ids:
        return known
    found = {site_id: led_to(world, connection, kind, site_id) for site_id in site_ids}
    sources = {client.id: client for *_, client in found.values() if client is not None}
    target = known.client or next(iter(sources.values()), None)
    links: list[Alias] = []
    if target is None:
        target = _new(world, connection, event, reported, known)  # and linked
    else:
        links += new_link(connection, event.external_id, known, target)
    sources.pop(target.id, None)
    for source in sources.values():
        target = _merged(world, connection, source, target)
    links += [
        site_alias(connection, site_id, target.id, moved=link is not None)
        for site_id, (link, _, client) in found.items()
        if client is None
    ]
    target = _noted(world, connection, event, target, site_ids, links)
    return KnownPerson(target, kind, target, link=target.id)


def _was_merged_away(connection: Connection, known: KnownPerson, site_id: str) -> bool:
    """Whether the merge of that id into this client was made, and noted, before."""
    return any(
        each is not None and each.guards.get(site_person(connection.id, site_id)) == MERGED_AWAY
        for each in (known.record, known.client)
    )


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
    try:
        return merge_clients(world, access, source.id, target.id).target
    except DomainError as error:
        if error.code == "CLIENT_MERGED":  # by the desk, since the two were read: look again
            raise SaveConflict(source) from error
        raise


def _noted(
    world: World,
    connection: Connection,
    event: ClientReported,
    target: Client,
    site_ids: Sequence[str],
    links: Sequence[Alias],
) -> Client:
    """The target, known by the site's id that stays; later cards of the others say nothing. Saved after the
    merges, so that those of a crash halfway are gone through again."""
    noted = target
    for site_id in site_ids:
        noted = with_card_guard(noted, connection.id, site_id, MERGED_AWAY)
    own = card_guard(target, connection.id, event.external_id)
    noted = with_card_guard(noted, connection.id, event.external_id, own)
    if noted == target and not links:
        return target
    (saved, *_) = world.store.save(noted, *links)
    return saved
