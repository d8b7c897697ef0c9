"""Merge two clients who turn out to be one person. The target gets the source's points and debt, visits,
phone, e-mail, refusals, notes, devices, open coupons and upcoming bookings. What was done under the source's
name stays there. unmerge_clients.py undoes a merge.
"""

from datetime import timedelta
from functools import partial

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients import client_plan
from chalicelib.domain.clients.category_changes import CategoryCause
from chalicelib.domain.clients.clients import Client, ConsentChange, Merge
from chalicelib.domain.loyalty.coupons import Coupon, voided
from chalicelib.domain.loyalty.merged_lots import transfer_in_id
from chalicelib.domain.merging.merged_client import with_visits_of
from chalicelib.domain.merging.merged_consents import with_consents_of
from chalicelib.domain.merging.merged_facts import before_merge, filled_fields, own_channels, with_facts_of
from chalicelib.domain.merging.transfer import attach, transfer_in, transfer_out
from chalicelib.domain.networks.access import Access
from chalicelib.domain.shared.aliases import Alias
from chalicelib.domain.shared.errors import refused
from chalicelib.domain.shared.ids import entry_id
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.clients.register_client import contact_aliases
from chalicelib.services.clients.surviving_client import ensure_not_merged
from chalicelib.services.loyalty.coupons import open_coupons
from chalicelib.services.merging.merge_context import (
    MERGED,
    MergeContext,
    MergedClients,
    TransferredPoints,
    bookings_given_to,
    get_source_and_target,
    get_transfer_entries,
    target_coupon_id,
    with_former_records,
)
from chalicelib.services.shared.world import World

MAX_BOOKINGS, MAX_COUPONS = 30, 20
"""So many upcoming bookings and open coupons of the source may be merged: all are in one transaction."""

_UNDER_WAY = timedelta(days=1)


def merge_clients(world: World, access: Access, source_id: str, target_id: str) -> MergedClients:
    """Moves everything that the source has to the target. A repetition answers the existing merge.

    Raises NOT_FOUND, SAME_CLIENT, CLIENT_MERGED (source or target is merged into another client, or the
    source is a partner's record), HOLDS_OPEN, TOO_MANY_BOOKINGS, TOO_MANY_COUPONS.
    """
    if source_id == target_id:
        raise refused("SAME_CLIENT", "A client is merged into another one.", client_id=source_id)
    return world.retrying(partial(_attempt, world, access, source_id, target_id))


def _attempt(world: World, access: Access, source_id: str, target_id: str) -> MergedClients:
    source, target = get_source_and_target(world, access, source_id, target_id)
    if source.merged is not None and source.merged.out_id and source.merged.into == target_id:
        return MergedClients(source, target, get_transfer_entries(world, source))
    ensure_not_merged(source)
    ensure_not_merged(target)
    context = _context(world, access, source, target)
    points = _transfer_points(context)
    bookings = _upcoming_bookings(context)
    source, target, lines = _merged_clients(context, bookings)
    source, target, *_ = world.store.save(
        source,
        target,
        *points.accounts(context, None, target),
        *points.entries(),
        *lines,
        *_aliases(context),
        *_transfer_coupons(context),
        *bookings_given_to(target, bookings, context),
    )
    return MergedClients(source, target, (points.source.entry, points.target.entry))


def _context(world: World, access: Access, source: Client, target: Client) -> MergeContext:
    transfer_out_id = entry_id(source.id, "merge", target.id, str(source.merges))
    return MergeContext(
        world=world,
        access=access,
        directory=world.directory(source.network_id),
        now=world.now(),
        source=source,
        target=target,
        source_entry_id=transfer_out_id,
        target_entry_id=transfer_in_id(target.id, transfer_out_id),
    )


def _transfer_points(context: MergeContext) -> TransferredPoints:
    """Points and debt, turnover, rewarded visits and the wallets go from the source's account to the
    target's. Raises HOLDS_OPEN."""
    store, now, network_id = context.world.store, context.now, context.source.network_id
    source_before = store.account(network_id, context.source.id)
    target_before = store.account(network_id, context.target.id)
    posted_out = transfer_out(source_before, context.source_posting(), now)
    posted_in = transfer_in(target_before, posted_out.entry, context.target_posting(), now)
    source_after = replace(posted_out.account, moved_to=context.target.id, shown=None)
    target_after = attach(posted_in.account, posted_out.account)
    return TransferredPoints(
        replace(posted_out, account=source_after), replace(posted_in, account=target_after)
    )


def _upcoming_bookings(context: MergeContext) -> list[Booking]:
    """The source's upcoming bookings, and those that have begun and are not closed: reception often finds out
    who a client is during the visit. Raises TOO_MANY_BOOKINGS."""
    source = context.source
    page = context.world.store.bookings_of_client(
        source.network_id,
        source.id,
        since=context.now - _UNDER_WAY,
        newest_first=False,
        limit=MAX_BOOKINGS + 1,
    )
    if len(page.items) > MAX_BOOKINGS:
        raise refused(
            "TOO_MANY_BOOKINGS",
            f"More than {MAX_BOOKINGS} bookings to come: cancel some first.",
            most=MAX_BOOKINGS,
        )
    return [booking for booking in page.items if booking.is_upcoming]


def _merged_clients(
    context: MergeContext, bookings: list[Booking]
) -> tuple[Client, Client, list[ConsentChange]]:
    """The source, marked as merged, and the target with all that is known of the source; and the lines of
    the target's consents."""
    source, target, now = context.source, context.target, context.now
    filled = filled_fields(target, source)
    merge = Merge(
        into=target.id,
        at=now,
        actor=context.access.actor,
        out_id=context.source_entry_id,
        in_id=context.target_entry_id,
        booking_ids=tuple(booking.id for booking in bookings),
        filled=filled,
        gifted_year=target.gifted_year,
        before=before_merge(target),
    )
    channels = own_channels(target, source, filled)
    target, lines = with_consents_of(target, source, channels, now)
    target = with_facts_of(with_visits_of(target, source), source, filled, now)
    source = replace(source, merged=merge, merges=source.merges + 1)
    target = _booked_by_merge(context, target, bookings)
    return (
        client_plan.with_wake(source, context.directory, now),
        client_plan.with_wake(target, context.directory, now, CategoryCause.MERGE),
        lines,
    )


def _booked_by_merge(context: MergeContext, target: Client, bookings: list[Booking]) -> Client:
    """The target with the bookings ahead that were the source's: they keep the target from being overdue."""
    zone = client_plan.salon_zone(target, context.directory)
    days = [local_date(each.starts_at, zone) for each in bookings]
    days += [each.booked_on for each in (context.source, target) if each.booked_on]
    return replace(target, booked_on=max(days, default=None))


def _aliases(context: MergeContext) -> list[Alias]:
    """The phone and the e-mail of the source, and of those merged into the source, lead to the target."""
    records = with_former_records(context.world, context.source)
    own_ids, found = {each.id for each in records}, dict[tuple[str, str], Alias]()
    for alias in (alias for each in records for alias in contact_aliases(each)):
        is_own = alias.leads_to == context.source.id or _leads_to(context.world, alias) in own_ids
        if is_own:
            moved = replace(alias, leads_to=context.target.id, moved=True)
            found.setdefault((alias.kind, alias.value), moved)
    return list(found.values())


def _leads_to(world: World, alias: Alias) -> str | None:
    return world.store.alias(alias.network_id, alias.kind, alias.value)


def _transfer_coupons(context: MergeContext) -> list[Coupon]:
    """A coupon belongs to one client. So the source's open coupons become void, and the target gets a copy of
    each. Raises TOO_MANY_COUPONS."""
    source, target = context.source, context.target
    coupons = open_coupons(context.world, source.network_id, source.id)
    if len(coupons) > MAX_COUPONS:
        raise refused(
            "TOO_MANY_COUPONS",
            f"More than {MAX_COUPONS} open coupons: make some void first.",
            most=MAX_COUPONS,
        )
    changed: list[Coupon] = []
    for coupon in coupons:
        copy_id = target_coupon_id(coupon, target, context.source_entry_id)
        changed.append(voided(coupon, MERGED, context.access.actor, context.now))
        changed.append(replace(coupon, client_id=target.id, id=copy_id, version=0))
    return changed
