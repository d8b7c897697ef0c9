"""Merge a client who turned out to be another: the other gets their points and debts, visits, phone and
e-mail, and the bookings that are to come. What was done under the old name stays there, and leads to the
other. It can be undone.
"""

from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.bookings.booking_plan import with_wake
from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients import client_plan
from chalicelib.domain.clients.clients import TAKEN_OVER, Client, Merge
from chalicelib.domain.loyalty import account_plan
from chalicelib.domain.loyalty.account import NOT_UPDATED, Account, Entry, EntryKind, Posting, WalletUpdate
from chalicelib.domain.loyalty.coupons import Coupon, coupon_id, reopened, voided
from chalicelib.domain.loyalty.ledger import Posted, settled
from chalicelib.domain.loyalty.programme import turnover_transferred, turnover_without_reversed
from chalicelib.domain.loyalty.reversal_history import points_expired, reversals_since_merge, transfer_in_id
from chalicelib.domain.loyalty.surprises import latest_month
from chalicelib.domain.merging.transfer import (
    attach,
    detach,
    transfer_in,
    transfer_out,
    with_rewards_still_used,
)
from chalicelib.domain.merging.unmerging import unmerge_source, unmerge_target
from chalicelib.domain.merging.visits_of_merged import unmerged_client, with_visits_of, without_visits_of
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.errors import conflict, missing, refused
from chalicelib.domain.shared.ids import entry_id
from chalicelib.services.clients.register_client import contact_aliases
from chalicelib.services.clients.surviving_client import ensure_not_merged
from chalicelib.services.loyalty.coupons import open_coupons
from chalicelib.services.loyalty.reverse_entry import entries_across_merges, grace_end
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World

MAX_BOOKINGS, MAX_COUPONS = 40, 20
"""So many bookings to come, and open coupons, go over with a client: they are all in one transaction."""

_UNDER_WAY = timedelta(days=1)
MERGED = "clients merged"


class Merged(Struct, frozen=True):
    """Both clients after a merge, or after its undoing, and the entry of each."""

    client: Client
    other: Client
    entries: tuple[Entry, Entry]


def merge_clients(world: World, access: Access, client_id: str, into_id: str) -> Merged:
    """Moves all that a client has to another. The same again: as it stands.

    Raises NOT_FOUND, SAME_CLIENT, CLIENT_MERGED (one of them was merged elsewhere), HOLDS_OPEN,
    TOO_MANY_BOOKINGS, TOO_MANY_COUPONS.
    """
    if client_id == into_id:
        raise refused("SAME_CLIENT", "A client is merged into another one.", client_id=client_id)
    for _ in world.tries():
        client, other = _both(world, access, client_id, into_id)
        if client.merged is not None and client.merged.into == into_id:
            return _as_it_stands(world, client, other)
        ensure_not_merged(client)
        ensure_not_merged(other)
        done = _merged(world, access, client, other)
        try:
            client, other, *_ = world.store.save(*done.values)
        except SaveConflict:
            continue
        return Merged(client, other, (done.left.entry, done.came.entry))
    raise conflict("TRY_AGAIN", "Somebody else changed these clients at the same moment; try again.")


def _both(world: World, access: Access, client_id: str, other_id: str) -> tuple[Client, Client]:
    found = [world.store.get(Client, network_id=access.network_id, id=id) for id in (client_id, other_id)]
    for id, client in zip((client_id, other_id), found, strict=True):
        if client is None:
            raise missing("client", id)
    client, other = (client for client in found if client is not None)
    return client, other


def _as_it_stands(world: World, client: Client, other: Client) -> Merged:
    merge = client.merged
    assert merge is not None
    left = world.store.get(Entry, network_id=client.network_id, client_id=client.id, id=merge.out_id)
    came = world.store.get(Entry, network_id=client.network_id, client_id=merge.into, id=merge.in_id)
    if left is None or came is None:
        raise missing("entry", merge.out_id)
    return Merged(client, other, (left, came))


class _Done(Struct, frozen=True):
    """values: the client and the other first."""

    values: list[Any]
    left: Posted
    came: Posted


def _merged(world: World, access: Access, client: Client, other: Client) -> _Done:
    now, directory, store = world.now(), world.directory(client.network_id), world.store
    out_id = entry_id(client.id, "merge", other.id, str(client.merges))
    in_id = transfer_in_id(other.id, out_id)
    left = transfer_out(store.account(client.network_id, client.id), _posting(out_id, in_id, access), now)
    theirs = store.account(other.network_id, other.id)
    came = transfer_in(theirs, left.entry, _posting(in_id, out_id, access), now)
    ahead = _ahead(world, client, now)
    grown = with_visits_of(other, client)
    filled = tuple(name for name in TAKEN_OVER if getattr(client, name) and not getattr(other, name))
    grown = replace(grown, **{name: getattr(client, name) for name in filled})
    merge = Merge(
        into=other.id,
        at=now,
        actor=access.actor,
        out_id=out_id,
        in_id=in_id,
        booking_ids=tuple(booking.id for booking in ahead),
        filled=filled,
        gifted_year=other.gifted_year,
    )
    gone = client_plan.with_wake(replace(client, merged=merge, merges=client.merges + 1), directory, now)
    grown = client_plan.with_wake(grown, directory, now)
    aliases = [replace(alias, leads_to=other.id, moved=True) for alias in contact_aliases(client)]
    came_to = turnover_transferred(came.account, left.account, 1)
    came_to = replace(
        came_to, surprised_month=latest_month(theirs.surprised_month, left.account.surprised_month)
    )
    came_to = attach(came_to, left.account)
    left = replace(left, account=replace(left.account, moved_to=other.id, shown=None))
    accounts = _accounts(directory, left, came_to, None, grown, now)
    coupons = _coupons_gone_over(world, client, grown, out_id, access, now)
    values = [gone, grown, *accounts, *left.entries, *came.entries, *aliases, *coupons]
    return _Done([*values, *_given_to(directory, ahead, grown, now)], left, came)


def _coupons_gone_over(
    world: World, client: Client, other: Client, out_id: str, access: Access, now: datetime
) -> list[Coupon]:
    """A coupon stands with its client: the open ones are void there, and the other gets their like."""
    found = []
    coupons = open_coupons(world, client.network_id, client.id)
    if len(coupons) > MAX_COUPONS:
        raise refused(
            "TOO_MANY_COUPONS",
            f"More than {MAX_COUPONS} open coupons: make some void first.",
            most=MAX_COUPONS,
        )
    for coupon in coupons:
        like = replace(coupon, client_id=other.id, id=_like_id(coupon, other, out_id), version=0)
        found += [voided(coupon, MERGED, access.actor, now), like]
    return found


def _like_id(coupon: Coupon, other: Client, out_id: str) -> str:
    return coupon_id(other.id, out_id, coupon.id)


def _coupons_come_back(
    world: World, client: Client, other: Client, out_id: str, access: Access, now: datetime
) -> list[Coupon]:
    """Of those that had gone over, the ones that the other has not used are open again, and void there."""
    theirs = {each.id: each for each in open_coupons(world, other.network_id, other.id)}
    found = []
    for coupon in world.store.coupons(client.network_id, client.id):
        like = theirs.get(_like_id(coupon, other, out_id))
        if like is not None and coupon.void_reason == MERGED:
            found += [reopened(coupon), voided(like, "clients unmerged", access.actor, now)]
    return found


def _posting(id: str, other_id: str, access: Access) -> Posting:
    return Posting(id=id, kind=EntryKind.MERGE, points=0, reason=MERGED, actor=access.actor, cause=other_id)


def _ahead(world: World, client: Client, now: datetime) -> list[Booking]:
    """With those that have begun and are not closed: who somebody is often turns out at the desk."""
    page = world.store.bookings_of_client(
        client.network_id, client.id, since=now - _UNDER_WAY, newest_first=False, limit=MAX_BOOKINGS + 1
    )
    if len(page.items) > MAX_BOOKINGS:
        raise refused(
            "TOO_MANY_BOOKINGS",
            f"More than {MAX_BOOKINGS} bookings to come: cancel some first.",
            most=MAX_BOOKINGS,
        )
    return [booking for booking in page.items if booking.is_upcoming]


def _accounts(
    directory: Directory, left: Posted, came: Account, client: Client | None, other: Client, now: datetime
) -> list[Account]:
    """client None: nobody is told any more of what is left."""
    return [
        account_plan.with_wake(left.account, directory, now, client),
        account_plan.with_wake(came, directory, now, other),
    ]


def _given_to(directory: Directory, bookings: list[Booking], client: Client, now: datetime) -> list[Booking]:
    """Nothing is told anew: it is the same person."""
    return [with_wake(replace(each, client_id=client.id), directory, client, now) for each in bookings]


def unmerge_clients(world: World, access: Access, client_id: str) -> Merged:
    """Undoes a merge: what had come leaves the other again, and what of it they have spent since they owe.
    What the other gained by themselves since stays theirs. Raises NOT_FOUND, NOT_MERGED, HOLDS_OPEN,
    CLIENT_MERGED (the other was merged further: unmerge them first, since the points are there)."""
    for _ in world.tries():
        client = world.store.get(Client, network_id=access.network_id, id=client_id)
        if client is None:
            raise missing("client", client_id)
        if client.merged is None:
            raise conflict("NOT_MERGED", "This client is not merged into another.", client_id=client_id)
        client, other = _both(world, access, client_id, client.merged.into)
        ensure_not_merged(other)
        done = _unmerged(world, access, client, other)
        try:
            client, other, *_ = world.store.save(*done.values)
        except SaveConflict:
            continue
        return Merged(client, other, (done.left.entry, done.came.entry))
    raise conflict("TRY_AGAIN", "Somebody else changed these clients at the same moment; try again.")


def _to_give_back(world: World, theirs: Account, merge: Merge) -> list[Booking]:
    """The bookings that go back. What the other has set aside for one would be theirs still: raises
    HOLDS_OPEN."""
    found = [
        booking
        for booking in world.store.bookings(theirs.network_id, merge.booking_ids)
        if booking.is_upcoming and booking.client_id == theirs.client_id
    ]
    held_for = [booking.id for booking in found if theirs.hold_of_booking(booking.id)]
    if held_for:
        message = "Points are held for bookings that would go back: release them first."
        raise conflict("HOLDS_OPEN", message, held_for=held_for)
    return found


def _remaining(world: World, theirs: Account, gone: Account) -> list[Client]:
    """Who is merged into the other still, when one goes again with those who had come to them."""
    ids = [id for id in theirs.came_from if id not in (gone.client_id, *gone.came_from)]
    found = (world.store.get(Client, network_id=theirs.network_id, id=id) for id in ids)
    return [each for each in found if each and each.merged and each.merged.into == theirs.client_id]


def _unmerged(world: World, access: Access, client: Client, other: Client) -> _Done:
    now, directory, merge = world.now(), world.directory(client.network_id), client.merged
    stands = _as_it_stands(world, client, other)
    assert merge is not None
    left, came = stands.entries
    back_id, out_id = entry_id(client.id, "unmerge", left.id), entry_id(other.id, "unmerge", left.id)
    theirs = world.store.account(other.network_id, other.id)
    own = world.store.account(client.network_id, client.id)
    theirs, expirations = settled(theirs, now)
    bookings = _to_give_back(world, theirs, merge)
    entries = [*entries_across_merges(world, client.network_id, client.id, other.id), *expirations]
    since = reversals_since_merge(came, {client.id, *own.came_from}, entries)
    took: dict[str, Any] = {
        "since": since,
        "expired": sum(points_expired(each, entries) for each in [came, *(each.by for each in since)]),
        "grace_until": grace_end(directory, now),
    }
    back = unmerge_source(own, left, _posting(back_id, out_id, access), now, **took)
    gone = unmerge_target(theirs, came, _posting(out_id, back_id, access), now, **took)
    gone = replace(gone, expirations=(*expirations, *gone.expirations))
    own = with_rewards_still_used(turnover_without_reversed(back.account, merge), theirs)
    shown = WalletUpdate(NOT_UPDATED) if theirs.shown else None
    back = replace(back, account=replace(own, moved_to=None, shown=shown))
    again = unmerged_client(client)
    shrunk = without_visits_of(other, again, merge, _remaining(world, theirs, own))
    theirs_still = {name: getattr(shrunk, name) != getattr(client, name) for name in merge.filled}
    emptied: dict[str, Any] = {name: None for name, still in theirs_still.items() if not still}
    shrunk = replace(shrunk, **emptied)
    again = client_plan.with_wake(again, directory, now)
    shrunk = client_plan.with_wake(shrunk, directory, now)
    aliases = [replace(alias, moved=True) for alias in contact_aliases(client)]
    left_there = detach(turnover_transferred(gone.account, own, -1), own)
    accounts = _accounts(directory, back, left_there, again, shrunk, now)
    coupons = _coupons_come_back(world, again, shrunk, left.id, access, now)
    values = [again, shrunk, *accounts, *back.entries, *gone.entries, *aliases, *coupons]
    return _Done([*values, *_given_to(directory, bookings, again, now)], back, gone)
