"""Give a promotion's points: walk over a network's clients from the promotion's start on, and give those of
its audience what it grants, once each, until the cap is reached.

An entry's id follows from promotion and client, and where it is counted is written in the same transaction:
whatever slice is done again, after whatever crash, and even by two workers at once, nobody gets it twice and
nothing is counted twice.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from chalicelib.domain.clients.client_plan import salon_of
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty.account import Account, Entry, EntryKind, Posting
from chalicelib.domain.loyalty.ledger import Posted, post
from chalicelib.domain.loyalty.programme import gift_end
from chalicelib.domain.marketing.promotions import Promotion, PromotionState, with_points_given
from chalicelib.domain.networks.bonus_rules import Gift
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.actors import BY_SYSTEM
from chalicelib.domain.shared.ids import entry_id
from chalicelib.domain.waking.walks import CLIENTS, DONE, SUPERSEDED, Walk
from chalicelib.services.clients.segments import BATCH_SIZE, is_member
from chalicelib.services.loyalty.post_once import post_once
from chalicelib.services.marketing.count_promotion import shares_for
from chalicelib.services.shared.world import World

CAP_REACHED = "cap_reached"


class _CapReached(Exception):
    """Less is left than one client gets."""


class _AlreadyGranted(Exception):
    """The client was given it under another name, and merged since."""


def grant_id(promotion_id: str, client_id: str) -> str:
    return entry_id(client_id, "promotion", promotion_id)


def grant_some(world: World, walk: Walk) -> Walk:
    """The walk after its next slice. A promotion that was stopped, or is over, is not gone on with."""
    promotion = world.store.get(Promotion, network_id=walk.network_id, id=str(walk.promotion_id))
    if promotion is None or promotion.grant is None or promotion.state is not PromotionState.RUNNING:
        return replace(walk, stage=SUPERSEDED, finished_at=world.now())
    directory = world.directory(walk.network_id, lambda known: bool(known.salons))
    page = world.store.clients(walk.network_id, limit=BATCH_SIZE, cursor=walk.cursor)
    changed = 0
    try:
        for client in page.items:
            if is_member(world, promotion.audience, client, directory, world.now()):
                with suppress(_AlreadyGranted):
                    _grant(world, directory, promotion, promotion.grant, client)
                    changed += 1
    except _CapReached:
        return replace(walk, stage=CAP_REACHED, changed=walk.changed + changed, finished_at=world.now())
    is_last = page.cursor is None
    return replace(
        walk,
        stage=DONE if is_last else CLIENTS,
        cursor=page.cursor,
        seen=walk.seen + len(page.items),
        changed=walk.changed + changed,
        finished_at=world.now() if is_last else None,
    )


def _grant(world: World, directory: Directory, promotion: Promotion, gift: Gift, client: Client) -> None:
    salon = salon_of(client, directory)

    def operation(account: Account, now: datetime) -> Posted:
        for former in account.came_from:
            if world.store.get(
                Entry, network_id=promotion.network_id, client_id=former, id=grant_id(promotion.id, former)
            ):
                raise _AlreadyGranted
        posting = Posting(
            id=grant_id(promotion.id, client.id),
            kind=EntryKind.PROMOTION,
            points=gift.points,
            reason="promotion",
            actor=BY_SYSTEM,
            expires_at=gift_end(gift, now, directory.zone),
            cause=promotion.id,
        )
        return post(account, posting, now)

    def counted(done: Posted) -> Sequence[Any]:
        parts = shares_for(world, promotion.network_id, promotion.id, promotion.cap_points, gift.points)
        if sum(points for _, points in parts) < gift.points:
            raise _CapReached
        currency = salon.currency if salon else ""
        return [
            with_points_given(share, currency, points, clients=int(number == 0), visits=0)
            for number, (share, points) in enumerate(parts)
        ]

    id = grant_id(promotion.id, client.id)
    post_once(world, promotion.network_id, client.id, id, operation, client=client, also_saved=counted)
