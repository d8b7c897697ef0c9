"""Draw surprises: on the first of a month, walk over a network's clients twice, count the regulars and then
give the lowest lots a gift (domain/loyalty/surprises.py); then sleep until the next month.

The budget is kept by the month's own item: it changes with each gift, in the same transaction, on the
condition of its version. So it holds whatever happens to the walk, and whoever becomes a regular between the
two passes. A gift's entry follows from client and month, and the account remembers the month.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty.account import Account, EntryKind, Posting
from chalicelib.domain.loyalty.ledger import Posted, post
from chalicelib.domain.loyalty.programme import gift_end
from chalicelib.domain.loyalty.surprises import (
    SURPRISE,
    Draw,
    SurpriseMonth,
    begin_draw,
    draw_number_of,
    is_held_out_of_draws,
    is_on_cooldown,
    wins_at_once,
    with_cut,
    with_regular,
    with_waiting,
)
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.networks.segments import Segment
from chalicelib.domain.shared.actors import BY_SYSTEM
from chalicelib.domain.shared.ids import entry_id
from chalicelib.domain.shared.months import month_name, number_of_month
from chalicelib.domain.shared.zones import local_date
from chalicelib.domain.waking.walks import SUPERSEDED, Walk
from chalicelib.services.clients.segments import BATCH_SIZE, is_member
from chalicelib.services.loyalty.post_once import post_once
from chalicelib.services.shared.walks import asleep_until_next_draw, sleeps_until
from chalicelib.services.shared.world import World

COUNTING, DRAWING, LAST = "counting", "drawing", "last"
REGULARS = Segment(categories=("regular",))


class _NoGift(Exception):
    """The client has had one lately, or nothing is left of the budget."""


# --- a slice of it


def draw_some(world: World, walk: Walk) -> Walk:
    """The walk after its next slice. What is left of a draw when its month is over is not drawn any more, so
    that a gift is given in the month that it counts for."""
    now, directory = world.now(), world.directory(walk.network_id)
    surprise = directory.rules.bonuses.surprise
    if surprise is None:
        return replace(walk, stage=SUPERSEDED, cursor=None, draw=None, finished_at=now)
    if walk.draw is None:
        if now < sleeps_until(walk):
            return walk
        draw = begin_draw(surprise, now, directory.zone)
        if _is_done(world.store.get(SurpriseMonth, network_id=walk.network_id, month=draw.month)):
            return asleep_until_next_draw(walk, now, directory.zone)
        walk = replace(walk, begun_at=now, seen=0, changed=0, sleeps_until=None, stage=COUNTING)
    elif walk.draw.month != month_name(local_date(now, directory.zone)):
        return asleep_until_next_draw(walk, now, directory.zone)
    else:
        draw = walk.draw
    if walk.stage == COUNTING:
        return _count(world, directory, walk, draw)
    if walk.stage == DRAWING:
        return _give_page(world, directory, walk, draw)
    return _give_waiting(world, directory, walk, draw)


def _is_done(month: SurpriseMonth | None) -> bool:
    """The network may have moved to another time zone, and so come to the same first of a month again."""
    return month is not None and month.done_at is not None


def _regulars(
    world: World, directory: Directory, walk: Walk, draw: Draw
) -> tuple[list[tuple[Client, int | None]], int, str | None]:
    """Of the next page of clients the regulars, as at the beginning of the draw, with the month of their last
    gift; how many there were in all, and where the next page begins."""
    page = world.store.clients(walk.network_id, limit=BATCH_SIZE, cursor=walk.cursor)
    found = [each for each in page.items if is_member(world, REGULARS, each, directory, draw.at)]
    accounts = world.store.accounts_named(walk.network_id, [each.id for each in found])
    months = {account.client_id: account.surprised_month for account in accounts}
    return [(each, months.get(each.id)) for each in found], len(page.items), page.cursor


def _count(world: World, directory: Directory, walk: Walk, draw: Draw) -> Walk:
    regulars, seen, cursor = _regulars(world, directory, walk, draw)
    for client, last_month in regulars:
        draw = with_regular(draw, walk.network_id, client.id, last_month)
    walk = replace(walk, seen=walk.seen + seen, cursor=cursor)
    if cursor is not None:
        return replace(walk, draw=draw)
    if world.store.get(SurpriseMonth, network_id=walk.network_id, month=draw.month) is None:
        world.store.save(_month(walk.network_id, draw))
    return replace(walk, stage=DRAWING, draw=with_cut(draw))


def _month(network_id: str, draw: Draw) -> SurpriseMonth:
    same = ("month", "budget_points", "regulars", "held_out", "rested")
    return SurpriseMonth(
        network_id=network_id, begun_at=draw.at, **{name: getattr(draw, name) for name in same}
    )


def _give_page(world: World, directory: Directory, walk: Walk, draw: Draw) -> Walk:
    regulars, seen, cursor = _regulars(world, directory, walk, draw)
    drawn = 0
    for client, last_month in regulars:
        if is_held_out_of_draws(draw, walk.network_id, client.id) or is_on_cooldown(last_month, draw.month):
            continue
        number = draw_number_of(walk.network_id, draw.month, client.id)
        if wins_at_once(draw, number):
            drawn += _give(world, directory, draw, client)
        else:
            draw = with_waiting(draw, number, client.id)
    stage = LAST if cursor is None else DRAWING
    return replace(
        walk, stage=stage, draw=draw, cursor=cursor, seen=walk.seen + seen, changed=walk.changed + drawn
    )


def _give_waiting(world: World, directory: Directory, walk: Walk, draw: Draw) -> Walk:
    now = world.now()
    ids = [each.client_id for each in draw.waiting[:BATCH_SIZE]]
    clients = world.store.clients_named(walk.network_id, ids)
    there = [client for client in clients if client.merged is None]
    drawn = sum(_give(world, directory, draw, client) for client in there)
    walk = replace(walk, changed=walk.changed + drawn)
    if draw.waiting[BATCH_SIZE:]:
        return replace(walk, draw=replace(draw, waiting=draw.waiting[BATCH_SIZE:]))
    month = world.store.get(SurpriseMonth, network_id=walk.network_id, month=draw.month)
    if month is not None and month.done_at is None:
        world.store.save(replace(month, done_at=now))
    return asleep_until_next_draw(walk, now, directory.zone)


def _give(world: World, directory: Directory, draw: Draw, client: Client) -> bool:
    """Whether the client got one now."""
    network_id, id = client.network_id, entry_id(client.id, SURPRISE, draw.month)

    def operation(account: Account, now: datetime) -> Posted:
        if is_on_cooldown(account.surprised_month, draw.month):
            raise _NoGift
        posting = Posting(
            id=id,
            kind=EntryKind.SURPRISE,
            points=draw.gift.points,
            reason=SURPRISE,
            actor=BY_SYSTEM,
            expires_at=gift_end(draw.gift, now, directory.zone),
        )
        done = post(account, posting, now)
        return replace(done, account=replace(done.account, surprised_month=number_of_month(draw.month)))

    def spent(done: Posted) -> Sequence[Any]:
        month = world.store.get(SurpriseMonth, network_id=network_id, month=draw.month)
        if month is None or month.spent_points + draw.gift.points > month.budget_points:
            raise _NoGift
        after = month.spent_points + draw.gift.points
        return [replace(month, spent_points=after, drawn=month.drawn + 1)]

    try:
        post_once(world, network_id, client.id, id, operation, client=client, also_saved=spent)
    except _NoGift:
        return False
    return True


# --- what it came to


def surprises_of(world: World, access: Access, month: str | None) -> tuple[str, SurpriseMonth | None]:
    """A month, by default the present one of the network's zone, and what was drawn in it; None: nothing
    yet."""
    access.ensure_whole_network()
    zone = world.directory(access.network_id).zone
    month = month or month_name(local_date(world.now(), zone))
    return month, world.store.get(SurpriseMonth, network_id=access.network_id, month=month)
