"""Draw surprises on the first of a month (domain/loyalty/surprises.py). A walk passes a network's clients
twice: it counts the regulars, then gives a gift to those with the lowest draw numbers. Then it sleeps until
the next month.

The month's item keeps the budget. It changes with each gift, in the same transaction, on the condition of its
version. So the budget holds when a slice is repeated, and when a client becomes a regular between the two
passes. The id of a gift's entry follows from client and month, and the account keeps the month.
"""

from datetime import datetime

from msgspec import Struct
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
from chalicelib.domain.waking.walks import SUPERSEDED, DrawingSurprises, Walk
from chalicelib.services.clients.segments import BATCH_SIZE, is_member
from chalicelib.services.loyalty.post_once import post_once
from chalicelib.services.networks.go_live import is_in_trial
from chalicelib.services.shared.storable import Storable
from chalicelib.services.shared.walks import asleep_until_next_draw, sleeps_until
from chalicelib.services.shared.world import World

COUNTING, DRAWING, LAST = "counting", "drawing", "last"
REGULARS = Segment(categories=("regular",))


class _NoGift(Exception):
    """The client is on cooldown, or too little is left of the budget."""


# --- a slice of it


def draw_some(world: World, walk: Walk[DrawingSurprises]) -> Walk[DrawingSurprises]:
    """The walk after its next slice. A draw ends with its month, so that each gift is given in the month that
    it counts for. In trial there is no draw: the walk sleeps until the next month."""
    now, directory = world.now(), world.directory(walk.network_id)
    surprise = directory.rules.bonuses.surprise
    if surprise is None:
        return replace(walk, stage=SUPERSEDED, cursor=None, state=DrawingSurprises(), finished_at=now)
    if walk.state.draw is None:
        if now < sleeps_until(walk):
            return walk
        if is_in_trial(world, walk.network_id):
            return asleep_until_next_draw(walk, now, directory.zone)
        draw = begin_draw(surprise, now, directory.zone)
        if _is_done(world.store.get(SurpriseMonth, network_id=walk.network_id, month=draw.month)):
            return asleep_until_next_draw(walk, now, directory.zone)
        walk = replace(walk, begun_at=now, seen=0, changed=0, sleeps_until=None, stage=COUNTING)
    elif walk.state.draw.month != month_name(local_date(now, directory.zone)):
        return asleep_until_next_draw(walk, now, directory.zone)
    else:
        draw = walk.state.draw
    if walk.stage == COUNTING:
        return _count(world, directory, walk, draw)
    if walk.stage == DRAWING:
        return _give_page(world, directory, walk, draw)
    return _give_waiting(world, directory, walk, draw)


def _is_done(month: SurpriseMonth | None) -> bool:
    """Whether that month is drawn already: a network with a new time zone may come to the same first of a
    month again."""
    return month is not None and month.done_at is not None


def _regulars(
    world: World, directory: Directory, walk: Walk[DrawingSurprises], draw: Draw
) -> tuple[list[tuple[Client, int | None]], int, str | None]:
    """The next page of clients: its regulars at the beginning of the draw, each with the number of the month
    of the last gift; the number of clients on the page; the cursor of the following page."""
    page = world.store.clients(walk.network_id, limit=BATCH_SIZE, cursor=walk.cursor)
    found = [each for each in page.items if is_member(world, REGULARS, each, directory, draw.at)]
    accounts = world.store.accounts_named(walk.network_id, [each.id for each in found])
    months = {account.client_id: account.surprised_month for account in accounts}
    return [(each, months.get(each.id)) for each in found], len(page.items), page.cursor


def _count(
    world: World, directory: Directory, walk: Walk[DrawingSurprises], draw: Draw
) -> Walk[DrawingSurprises]:
    regulars, seen, cursor = _regulars(world, directory, walk, draw)
    for client, last_month in regulars:
        draw = with_regular(draw, walk.network_id, client.id, last_month)
    walk = replace(walk, seen=walk.seen + seen, cursor=cursor)
    if cursor is not None:
        return replace(walk, state=DrawingSurprises(draw))
    if world.store.get(SurpriseMonth, network_id=walk.network_id, month=draw.month) is None:
        world.store.save(_month(walk.network_id, draw))
    return replace(walk, stage=DRAWING, state=DrawingSurprises(with_cut(draw)))


def _month(network_id: str, draw: Draw) -> SurpriseMonth:
    same = ("month", "budget_points", "regulars", "held_out", "rested")
    return SurpriseMonth(
        network_id=network_id, begun_at=draw.at, **{name: getattr(draw, name) for name in same}
    )


def _give_page(
    world: World, directory: Directory, walk: Walk[DrawingSurprises], draw: Draw
) -> Walk[DrawingSurprises]:
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
        walk,
        stage=stage,
        state=DrawingSurprises(draw),
        cursor=cursor,
        seen=walk.seen + seen,
        changed=walk.changed + drawn,
    )


def _give_waiting(
    world: World, directory: Directory, walk: Walk[DrawingSurprises], draw: Draw
) -> Walk[DrawingSurprises]:
    now = world.now()
    ids = [each.client_id for each in draw.waiting[:BATCH_SIZE]]
    clients = world.store.clients_named(walk.network_id, ids)
    drawn = sum(_give(world, directory, draw, client) for client in clients if client.merged is None)
    walk = replace(walk, changed=walk.changed + drawn)
    if draw.waiting[BATCH_SIZE:]:
        rest = replace(draw, waiting=draw.waiting[BATCH_SIZE:])
        return replace(walk, state=DrawingSurprises(rest))
    month = world.store.get(SurpriseMonth, network_id=walk.network_id, month=draw.month)
    if month is not None and month.done_at is None:
        world.store.save(replace(month, done_at=now))
    return asleep_until_next_draw(walk, now, directory.zone)


def _give(world: World, directory: Directory, draw: Draw, client: Client) -> bool:
    """Whether the client got the gift now."""
    gift = _SurpriseGift(world, directory, draw, client)
    entry = entry_id(client.id, SURPRISE, draw.month)
    try:
        post_once(
            world, client.network_id, client.id, entry, gift.post, client=client, also_saved=gift.spend_budget
        )
    except _NoGift:
        return False
    return True


class _SurpriseGift(Struct, frozen=True):
    world: World
    directory: Directory
    draw: Draw
    client: Client

    def post(self, account: Account, now: datetime) -> Posted:
        """Raises _NoGift for a client on cooldown."""
        draw = self.draw
        if is_on_cooldown(account.surprised_month, draw.month):
            raise _NoGift
        posting = Posting(
            id=entry_id(self.client.id, SURPRISE, draw.month),
            kind=EntryKind.SURPRISE,
            points=draw.gift.points,
            reason=SURPRISE,
            actor=BY_SYSTEM,
            expires_at=gift_end(draw.gift, now, self.directory.zone),
        )
        posted = post(account, posting, now)
        month = number_of_month(draw.month)
        return replace(posted, account=replace(posted.account, surprised_month=month))

    def spend_budget(self, posted: Posted) -> list[Storable]:
        """The month's item with one more gift. Raises _NoGift where the budget does not suffice."""
        network_id, draw = self.client.network_id, self.draw
        month = self.world.store.get(SurpriseMonth, network_id=network_id, month=draw.month)
        if month is None or month.spent_points + draw.gift.points > month.budget_points:
            raise _NoGift
        spent_points = month.spent_points + draw.gift.points
        return [replace(month, spent_points=spent_points, drawn=month.drawn + 1)]


# --- what it came to


def surprises_of(world: World, access: Access, month: str | None) -> tuple[str, SurpriseMonth | None]:
    """The name of a month, by default the present one in the network's zone, and the result of its draw.
    None: there was no draw yet. Raises FORBIDDEN unless the access reaches the whole network."""
    access.ensure_whole_network()
    zone = world.directory(access.network_id).zone
    month = month or month_name(local_date(world.now(), zone))
    return month, world.store.get(SurpriseMonth, network_id=access.network_id, month=month)
