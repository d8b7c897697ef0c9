"""Plan anew what is upcoming, after a change of the rules: a walk over every salon's bookings, then over all
clients and their accounts. Whatever is woken at another instant now is written; the rest is only read."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from msgspec.structs import replace

from chalicelib.domain.bookings import booking_plan
from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients import client_plan
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty.account import Account
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.waking.walks import CLIENTS, DONE, SUPERSEDED, Walk, WalkKind
from chalicelib.services.messages.about_account import about_account
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World

Planned = TypeVar("Planned", Booking, Client, Account)

LOOKED_BACK = timedelta(days=22)
"""How long after its start a booking may still call for something: closed a week late, thanked for a week
later, of use for another week."""

BATCH_SIZE = 200
READS_BATCH_SIZE = 25
"""A slice ends after so many items, or so many reads where they are few: no shard waits longer for it than
some seconds."""

_BOOKINGS = "bookings "


def running_replan(world: World, network_id: str) -> Walk | None:
    """The walk that has yet to plan anew all that is upcoming, if any has."""
    newest = next((walk for walk in _newest(world, network_id) if walk.kind is WalkKind.REPLAN), None)
    return newest if newest is not None and newest.finished_at is None else None


def _newest(world: World, network_id: str) -> Sequence[Walk]:
    return world.store.get_page(Walk, network_id=network_id, limit=20).items


def salon_of_stage(stage: str) -> str | None:
    """The salon whose bookings are being walked at a stage, if any are."""
    return stage.removeprefix(_BOOKINGS) if stage.startswith(_BOOKINGS) else None


def replan_some(world: World, walk: Walk) -> Walk:
    """The walk after its next slice. Done again after a crash it changes nothing more. One that a newer walk
    follows ends: that one does it all, by newer rules."""
    if _is_superseded(world, walk):
        return replace(walk, stage=SUPERSEDED, cursor=None, finished_at=world.now())
    directory = world.directory(walk.network_id)
    enough = walk.seen + BATCH_SIZE
    for _ in range(READS_BATCH_SIZE):
        walk = _after_page(world, directory, walk)
        if walk.finished_at is not None or walk.seen >= enough:
            break
    return walk


def _is_superseded(world: World, walk: Walk) -> bool:
    others = _newest(world, walk.network_id)
    return any(other.kind is WalkKind.REPLAN and other.id > walk.id for other in others)


def _after_page(world: World, directory: Directory, walk: Walk) -> Walk:
    salon_id = salon_of_stage(walk.stage) if walk.stage else min(directory.salons, default=None)
    if salon_id is not None:
        seen, changed, cursor = _bookings(world, directory, walk, salon_id)
        stage = f"{_BOOKINGS}{salon_id}"
    else:
        seen, changed, cursor = _clients(world, directory, walk)
        stage = CLIENTS
    walk = replace(walk, stage=stage, cursor=cursor, seen=walk.seen + seen, changed=walk.changed + changed)
    if cursor is not None:
        return walk
    if stage == CLIENTS:
        return replace(walk, stage=DONE, finished_at=world.now())
    later = (salon for salon in directory.salons if salon > str(salon_id))
    following = min(later, default=None)
    return replace(walk, stage=CLIENTS if following is None else f"{_BOOKINGS}{following}")


_Page = tuple[int, int, str | None]
"""How many items were seen, how many were changed, and where the next page begins."""


def _bookings(world: World, directory: Directory, walk: Walk, salon_id: str) -> _Page:
    store, network_id = world.store, walk.network_id
    since = walk.begun_at - LOOKED_BACK
    page = store.bookings_of_salon(network_id, salon_id, since=since, limit=BATCH_SIZE, cursor=walk.cursor)
    ids = [booking.client_id for booking in page.items if booking.client_id]
    clients = {client.id: client for client in store.clients_named(network_id, ids)}

    def changed(booking: Booking) -> bool:
        client = clients.get(booking.client_id or "")
        if client is None:  # it waits for its client, which no rule concerns
            return False
        return _replanned(
            world,
            booking,
            lambda stands, now: booking_plan.with_wake(stands, directory, client, now),
            lambda: store.get(Booking, network_id=network_id, id=booking.id),
        )

    return len(page.items), sum(map(changed, page.items)), page.cursor


def _clients(world: World, directory: Directory, walk: Walk) -> _Page:
    store, network_id = world.store, walk.network_id
    page = store.clients(network_id, limit=BATCH_SIZE, cursor=walk.cursor)
    accounts = store.accounts_named(network_id, [client.id for client in page.items])

    def changed(client: Client) -> bool:
        return _replanned(
            world,
            client,
            lambda stands, now: client_plan.with_wake(stands, directory, now),
            lambda: store.get(Client, network_id=network_id, id=client.id),
        )

    changes = sum(map(changed, page.items)) + _accounts(world, directory, page.items, accounts)
    return len(page.items), changes, page.cursor


def _accounts(
    world: World, directory: Directory, clients: Sequence[Client], accounts: Sequence[Account]
) -> int:
    """Only those that points can expire from, or that wake already."""
    of = {client.id: client for client in clients}

    def changed(account: Account) -> bool:
        if account.wake is None and not any(lot.expires_at and lot.remaining > 0 for lot in account.lots):
            return False
        about = about_account(account, of[account.client_id], directory)
        return _replanned(
            world,
            account,
            lambda stands, now: about.replanned(stands, (), now),
            lambda: world.store.account(account.network_id, account.client_id),
        )

    return sum(map(changed, accounts)) if directory.salons else 0


def _replanned(
    world: World,
    value: Planned,
    planned: Callable[[Planned, datetime], Planned],
    reread: Callable[[], Planned | None],
) -> bool:
    """Whether its pointer had to be changed. Somebody else's change is taken into account, never undone."""
    for _ in world.tries():
        wanted = planned(value, world.now())
        if wanted.wake == value.wake:
            return False
        try:
            world.store.save(wanted)
        except SaveConflict:
            stands = reread()
            if stands is None:
                return False
            value = stands
        else:
            return True
    raise SaveConflict(value)
