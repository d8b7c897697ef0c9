"""Replan: set the pointers of all that is upcoming, and the categories of all clients, after a change of the
rules. The walk goes over every salon's bookings, then over all clients and their accounts. It writes the
items whose pointer or category changes, and only reads the others. Touches that wait for a country are due at
once if the rules allow it by now."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from msgspec.structs import replace

from chalicelib.domain.bookings import booking_plan
from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients import client_plan
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.intake.site_words import with_wall_clock
from chalicelib.domain.loyalty.account import Account
from chalicelib.domain.messages.allowed_numbers import COUNTRY, refusal
from chalicelib.domain.networks.network import Directory, Network
from chalicelib.domain.shared.touches import UNSETTLED, with_touches
from chalicelib.domain.waking.walks import CLIENTS, DONE, SUPERSEDED, AnyWalk, Replanning, Walk, WalkKind
from chalicelib.services.clients.booked_ahead import with_look_ahead
from chalicelib.services.messages.about_account import AboutAccount, about_account
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World

Planned = TypeVar("Planned", Booking, Client, Account)

LOOKED_BACK = timedelta(days=22)
"""How long after its start a booking may still call for something. It may be closed a week late, its thanks
may be due a week later and are useful for another week."""

BATCH_SIZE = 200
READS_BATCH_SIZE = 25
"""A slice ends after so many items, or after so many reads where the items are few. So no shard waits longer
for it than some seconds."""

_BOOKINGS = "bookings "


def running_replan(world: World, network_id: str) -> AnyWalk | None:
    """The replan that has not ended yet, if there is one."""
    newest = next((walk for walk in _newest(world, network_id) if walk.kind is WalkKind.REPLAN), None)
    return newest if newest is not None and newest.finished_at is None else None


def _newest(world: World, network_id: str) -> Sequence[AnyWalk]:
    return world.store.get_page(Walk, network_id=network_id, limit=20).items


def salon_of_stage(stage: str) -> str | None:
    """The salon whose bookings are being walked at a stage, if any are."""
    return stage.removeprefix(_BOOKINGS) if stage.startswith(_BOOKINGS) else None


def replan_some(world: World, walk: Walk[Replanning]) -> Walk[Replanning]:
    """The walk after its next slice. A slice that is done again after a crash changes nothing more. A walk
    that a newer replan follows ends: the newer one plans all by newer rules."""
    if _is_superseded(world, walk):
        return replace(walk, stage=SUPERSEDED, cursor=None, finished_at=world.now())
    directory = world.directory(walk.network_id)
    enough = walk.seen + BATCH_SIZE
    for _ in range(READS_BATCH_SIZE):
        walk = _after_page(world, directory, walk)
        if walk.finished_at is not None or walk.seen >= enough:
            break
    return walk


def _is_superseded(world: World, walk: Walk[Replanning]) -> bool:
    others = _newest(world, walk.network_id)
    return any(other.kind is WalkKind.REPLAN and other.id > walk.id for other in others)


def _after_page(world: World, directory: Directory, walk: Walk[Replanning]) -> Walk[Replanning]:
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
        if walk.state.keeps_categories and not directory.network.lists_categories:
            world.retrying(partial(_note_lists, world, walk.network_id))
        return replace(walk, stage=DONE, finished_at=world.now())
    later = (salon for salon in directory.salons if salon > str(salon_id))
    following = min(later, default=None)
    return replace(walk, stage=CLIENTS if following is None else f"{_BOOKINGS}{following}")


def _note_lists(world: World, network_id: str) -> None:
    """Notes that each client is in the list of their category now."""
    network = world.store.get(Network, network_id=network_id)
    if network is not None and not network.lists_categories:
        world.store.save(replace(network, lists_categories=True))
        world.directories.forget(network_id)


_Page = tuple[int, int, str | None]
"""How many items were seen, how many were changed, and where the next page begins."""


def _bookings(world: World, directory: Directory, walk: Walk[Replanning], salon_id: str) -> _Page:
    store, network_id = world.store, walk.network_id
    since = walk.begun_at - LOOKED_BACK
    page = store.bookings_of_salon(network_id, salon_id, since=since, limit=BATCH_SIZE, cursor=walk.cursor)
    client_ids = [booking.client_id for booking in page.items if booking.client_id]
    clients = {client.id: client for client in store.clients_named(network_id, client_ids)}
    changed = 0
    for booking in page.items:
        client = clients.get(booking.client_id or "")
        plan = partial(_plan_booking, directory=directory, client=client)
        changed += _replanned(world, booking, plan)
    return len(page.items), changed, page.cursor


def _plan_booking(booking: Booking, now: datetime, *, directory: Directory, client: Client | None) -> Booking:
    """A booking without a client is no matter of the rules, but of its salon's zone."""
    booking = with_wall_clock(booking, directory.salons[booking.salon_id].timezone)
    if client is None:
        return booking
    return booking_plan.with_wake(_released(booking, client, directory, now), directory, client, now)


def _clients(world: World, directory: Directory, walk: Walk[Replanning]) -> _Page:
    store, network_id = world.store, walk.network_id
    page = store.clients(network_id, limit=BATCH_SIZE, cursor=walk.cursor)
    accounts = store.accounts_named(network_id, [client.id for client in page.items])
    plan = partial(_plan_client, world=world, directory=directory)
    enters = not directory.network.lists_categories  # of who was merged before, only the list is new
    changed = sum(
        _replanned(world, client, plan, anyway=enters and client.merged is not None) for client in page.items
    )
    return len(page.items), changed + _accounts(world, directory, page.items, accounts), page.cursor


def _plan_client(client: Client, now: datetime, *, world: World, directory: Directory) -> Client:
    """The client with pointer and category. A booking ahead is looked for where it decides: one read here is
    less than a wake of the client."""
    client, _ = with_look_ahead(world, _released(client, client, directory, now), directory)
    return client_plan.with_wake(client, directory, now)


def _accounts(
    world: World, directory: Directory, clients: Sequence[Client], accounts: Sequence[Account]
) -> int:
    """Sets the pointers of accounts that wake already, or from which points can expire; answers how many
    changed."""
    if not directory.salons:
        return 0
    owners = {client.id: client for client in clients}
    changed = 0
    for account in accounts:
        if account.wake is not None or any(lot.expires_at and lot.remaining > 0 for lot in account.lots):
            about = about_account(account, owners[account.client_id], directory)
            changed += _replanned(world, account, partial(_plan_account, about=about))
    return changed


def _plan_account(account: Account, now: datetime, *, about: AboutAccount) -> Account:
    planned: Account = about.replanned(_released(account, about.client, about.directory, now), (), now)
    return planned


def _released(item: Planned, client: Client, directory: Directory, now: datetime) -> Planned:
    """The item with its touches due that waited for the country of the client's number, if it is allowed."""
    waits = [
        touch
        for touch in item.touches.values()
        if touch.reason == COUNTRY and touch.state in UNSETTLED and touch.again_at and touch.again_at > now
    ]
    if not waits or client.phone is None or refusal(directory, "sms", client.phone) is not None:
        return item
    released: Planned = with_touches(item, *(replace(touch, again_at=now) for touch in waits))
    return released


def _pointing(value: Planned) -> tuple[object, ...]:
    """What a plan may change."""
    names = ("starts_at", "category", "category_since", "booked_on")
    facts: list[object] = [getattr(value, each, None) for each in names]
    return (value.wake, value.touches, *facts)


def _replanned(
    world: World, value: Planned, plan: Callable[[Planned, datetime], Planned], *, anyway: bool = False
) -> bool:
    """Whether the value's pointer, touches or category had to be changed, or it is saved anyway. A change by
    another writer is read again, never undone."""
    for _ in world.tries():
        wanted = plan(value, world.now())
        if not anyway and _pointing(wanted) == _pointing(value):
            return False
        try:
            world.store.save(wanted)
        except SaveConflict:
            current = _read_again(world, value)
            if current is None:
                return False
            value = current
        else:
            return True
    raise SaveConflict(value)


def _read_again(world: World, value: Planned) -> Planned | None:
    kind: type[Planned] = type(value)
    if isinstance(value, Account):
        return world.store.get(kind, network_id=value.network_id, client_id=value.client_id)
    return world.store.get(kind, network_id=value.network_id, id=value.id)
