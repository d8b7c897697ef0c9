"""Unmerge two clients: source and target each get what they would have had without the merge. Source points
that the target has spent since the merge become the target's debt. What the target gained since stays with
the target. A no that was said since holds for both.
"""

from collections.abc import Sequence
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients import client_plan
from chalicelib.domain.clients.category_changes import CategoryCause
from chalicelib.domain.clients.clients import Client, ConsentChange, Merge
from chalicelib.domain.clients.kept_category import is_overdue
from chalicelib.domain.loyalty.account import Account, Entry
from chalicelib.domain.loyalty.coupons import Coupon, reopened, voided
from chalicelib.domain.loyalty.ledger import settled
from chalicelib.domain.merging.merged_client import unmerged_client, without_visits_of
from chalicelib.domain.merging.merged_consents import with_refusals_since, without_consents_of
from chalicelib.domain.merging.merged_facts import unmerged_facts, without_facts_of
from chalicelib.domain.merging.since_merge import SinceMerge, since_merge
from chalicelib.domain.merging.transfer import detach, restore
from chalicelib.domain.merging.unmerging import unmerge_source, unmerge_target
from chalicelib.domain.networks.access import Access
from chalicelib.domain.shared.aliases import Alias
from chalicelib.domain.shared.errors import conflict
from chalicelib.domain.shared.ids import entry_id
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.clients.booked_ahead import booked_day
from chalicelib.services.clients.register_client import contact_aliases
from chalicelib.services.clients.surviving_client import ensure_not_merged
from chalicelib.services.loyalty.coupons import open_coupons
from chalicelib.services.loyalty.reverse_entry import entries_across_merges, grace_end
from chalicelib.services.merging.merge_context import (
    MERGED,
    MergeContext,
    MergedClients,
    TransferredPoints,
    bookings_given_to,
    get_client,
    get_transfer_entries,
    target_coupon_id,
    with_former_records,
)
from chalicelib.services.shared.world import World

_UNMERGED = "clients unmerged"
"""The reason of the target's coupons that unmerging makes void."""


class _BeforeUnmerging(Struct, frozen=True):
    """The merge that is undone, and both accounts as they were read. expirations: entries that settle the
    target's account."""

    merge: Merge
    transfer_out: Entry
    transfer_in: Entry
    source_account: Account
    target_account: Account
    expirations: tuple[Entry, ...]


def unmerge_clients(world: World, access: Access, source_id: str) -> MergedClients:
    """Undoes the merge of a source. Raises NOT_FOUND, NOT_MERGED, HOLDS_OPEN, CLIENT_MERGED (the target is
    merged into a third client, who has the points: unmerge the target first)."""
    return world.retrying(partial(_attempt, world, access, source_id))


def _attempt(world: World, access: Access, source_id: str) -> MergedClients:
    source = get_client(world, access, source_id)
    if source.merged is None:
        raise conflict("NOT_MERGED", "This client is not merged into another.", client_id=source_id)
    if not source.merged.out_id:  # docs/decisions/clients.md, a partner's record
        raise conflict("NOT_MERGED", "This is a partner's record of a client.", client_id=source_id)
    target = get_client(world, access, source.merged.into)
    ensure_not_merged(target)
    context = _context(world, access, source, target)
    before = _before_unmerging(context, source.merged)
    bookings = _bookings_to_return(context, before)
    points = _return_points(context, before)
    source, target, lines = _unmerged_clients(context, before, bookings)
    source, aliases = _returned_aliases(context, source)
    source, target, *_ = world.store.save(
        source,
        target,
        *points.accounts(context, source, target),
        *points.entries(),
        *lines,
        *aliases,
        *_return_coupons(context, before.transfer_out),
        *bookings_given_to(source, bookings, context),
    )
    return MergedClients(source, target, (points.source.entry, points.target.entry))


def _context(world: World, access: Access, source: Client, target: Client) -> MergeContext:
    assert source.merged is not None
    return MergeContext(
        world=world,
        access=access,
        directory=world.directory(source.network_id),
        now=world.now(),
        source=source,
        target=target,
        source_entry_id=entry_id(source.id, "unmerge", source.merged.out_id),
        target_entry_id=entry_id(target.id, "unmerge", source.merged.out_id),
    )


def _before_unmerging(context: MergeContext, merge: Merge) -> _BeforeUnmerging:
    """Raises NOT_FOUND."""
    store, network_id = context.world.store, context.source.network_id
    transfer_out, transfer_in = get_transfer_entries(context.world, context.source)
    target_account = store.account(network_id, context.target.id)
    source_account = store.account(network_id, context.source.id)
    target_account, expirations = settled(target_account, context.now)
    return _BeforeUnmerging(merge, transfer_out, transfer_in, source_account, target_account, expirations)


def _bookings_to_return(context: MergeContext, before: _BeforeUnmerging) -> list[Booking]:
    """The bookings that return to the source: they came by the merge, and are upcoming. Points that the
    target holds for such a booking would stay with the target, so it raises HOLDS_OPEN."""
    target_account = before.target_account
    bookings = [
        booking
        for booking in context.world.store.bookings(target_account.network_id, before.merge.booking_ids)
        if booking.is_upcoming and booking.client_id == context.target.id
    ]
    held_for = [booking.id for booking in bookings if target_account.hold_of_booking(booking.id)]
    if held_for:
        message = "Points are held for bookings that would go back: release them first."
        raise conflict("HOLDS_OPEN", message, held_for=held_for)
    return bookings


def _return_points(context: MergeContext, before: _BeforeUnmerging) -> TransferredPoints:
    """Points and debt, turnover, rewarded visits and the wallets return to the source's account."""
    since, now = _since_merge(context, before), context.now
    posted_source = unmerge_source(
        before.source_account, before.transfer_out, context.source_posting(), now, since
    )
    posted_target = unmerge_target(
        before.target_account, before.transfer_in, context.target_posting(), now, since
    )
    source_after = restore(posted_source.account, before.target_account, before.merge)
    target_after = detach(posted_target.account, source_after)
    expirations = (*before.expirations, *posted_target.expirations)
    return TransferredPoints(
        replace(posted_source, account=source_after),
        replace(posted_target, account=target_after, expirations=expirations),
    )


def _since_merge(context: MergeContext, before: _BeforeUnmerging) -> SinceMerge:
    source = context.source
    entries = entries_across_merges(context.world, source.network_id, source.id, context.target.id)
    return since_merge(
        before.transfer_in,
        {source.id, *before.source_account.came_from},
        [*entries, *before.expirations],
        grace_end(context.directory, context.now),
    )


def _unmerged_clients(
    context: MergeContext, before: _BeforeUnmerging, bookings: Sequence[Booking]
) -> tuple[Client, Client, list[ConsentChange]]:
    """The source as a client of their own again, and the target without all that is the source's; and the
    lines of the consents of both."""
    merge, now, actor = before.merge, context.now, context.access.actor
    source = unmerged_facts(unmerged_client(context.source), merge, context.target)
    source, source_lines = with_refusals_since(source, context.target, merge.at, now)
    others = _other_sources(context, before)
    target, lines = without_consents_of(context.target, source, others, now, actor)
    target = without_visits_of(target, source, merge, others)
    target = without_facts_of(target, with_former_records(context.world, context.source), merge)
    zone = client_plan.salon_zone(source, context.directory)
    days = [local_date(each.starts_at, zone) for each in bookings]
    source = replace(source, booked_on=max(days, default=None))
    target = _booked_without(context, target, bookings)
    cause, looked = CategoryCause.UNMERGE, True
    return (
        client_plan.with_wake(source, context.directory, now, cause, looked=looked),
        client_plan.with_wake(target, context.directory, now, cause, looked=looked),
        [*lines, *source_lines],
    )


def _booked_without(context: MergeContext, target: Client, bookings: Sequence[Booking]) -> Client:
    """The target with a booking ahead that stays theirs. It is looked up where it decides their category."""
    directory, by = context.directory, context.directory.rules.categories
    if not is_overdue(target, by, client_plan.today_of(target, directory, context.now)):
        return target
    returned = {each.id for each in bookings}
    return replace(target, booked_on=booked_day(context.world, target, directory, but=returned))


def _other_sources(context: MergeContext, before: _BeforeUnmerging) -> list[Client]:
    """The clients who stay merged into the target. Clients who had been merged into the source leave the
    target together with the source."""
    leaving = (context.source.id, *before.source_account.came_from)
    staying = [each_id for each_id in before.target_account.came_from if each_id not in leaving]
    get, network_id = context.world.store.get, context.target.network_id
    clients = [get(Client, network_id=network_id, id=each_id) for each_id in staying]
    return [each for each in clients if each and each.merged and each.merged.into == context.target.id]


def _returned_aliases(context: MergeContext, source: Client) -> tuple[Client, list[Alias]]:
    """The phone and the e-mail of the source, and of those merged into the source, lead to the source again.
    Somebody else may have got one that the target gave up: then the source is left without it."""
    _, *former = with_former_records(context.world, source)
    own_ids = {source.id, context.target.id, *(each.id for each in former)}
    found: dict[tuple[str, str], Alias] = {}
    for alias in (alias for each in (source, *former) for alias in contact_aliases(each)):
        leads_to = context.world.store.alias(alias.network_id, alias.kind, alias.value)
        is_sources = alias.leads_to == source.id
        if leads_to in own_ids or (leads_to is None and is_sources):
            alias = replace(alias, leads_to=source.id, moved=leads_to is not None)
            found.setdefault((alias.kind, alias.value), alias)
        elif is_sources:
            source = replace(source, **{alias.kind: None})
    return source, list(found.values())


def _return_coupons(context: MergeContext, transfer_out: Entry) -> list[Coupon]:
    """The source's coupons that the merge made void are open again, where the target has not used the copy.
    The target's copies become void."""
    source, target, world = context.source, context.target, context.world
    open_copies = {each.id: each for each in open_coupons(world, target.network_id, target.id)}
    changed: list[Coupon] = []
    for coupon in world.store.coupons(source.network_id, source.id):
        copy = open_copies.get(target_coupon_id(coupon, target, transfer_out.id))
        if copy is not None and coupon.void_reason == MERGED:
            changed.append(reopened(coupon))
            changed.append(voided(copy, _UNMERGED, context.access.actor, context.now))
    return changed
