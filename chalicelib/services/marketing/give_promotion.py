"""Give a promotion's grants. From the promotion's start on, a walk passes a network's clients. It gives the
points to each client of the audience once, until the cap is reached.

An entry's id follows from promotion and client, and the same transaction saves the shares that count it. So a
slice may be repeated after a crash, or done by two workers at once: no client gets a second grant, and no
grant is counted twice."""

from contextlib import suppress
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.clients.client_plan import salon_of
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty.account import Account, Entry, EntryKind, Posting
from chalicelib.domain.loyalty.ledger import Posted, post
from chalicelib.domain.loyalty.programme import gift_end
from chalicelib.domain.marketing.promotions import (
    Promotion,
    PromotionShare,
    PromotionState,
    with_points_given,
)
from chalicelib.domain.networks.bonus_rules import Gift
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.actors import BY_SYSTEM
from chalicelib.domain.shared.ids import entry_id
from chalicelib.domain.waking.walks import CLIENTS, DONE, SUPERSEDED, Granting, Walk
from chalicelib.services.clients.segments import BATCH_SIZE, is_member
from chalicelib.services.loyalty.post_once import post_once
from chalicelib.services.marketing.count_promotion import shares_for
from chalicelib.services.networks.go_live import is_in_trial
from chalicelib.services.shared.world import World

CAP_REACHED, NOT_LIVE = "cap_reached", "not_live"


class _CapReached(Exception):
    """Less is left of the cap than one client gets."""


class _AlreadyGranted(Exception):
    """The client has the grant already, by another client who was merged into this one."""


def grant_id(promotion_id: str, client_id: str) -> str:
    """The id of the entry of a grant."""
    return entry_id(client_id, "promotion", promotion_id)


def grant_some(world: World, walk: Walk[Granting]) -> Walk[Granting]:
    """The walk after its next slice. The walk ends when its promotion was stopped or has ended, and at once
    in trial: nobody gets the grant, now or later."""
    promotion = world.store.get(Promotion, network_id=walk.network_id, id=walk.state.promotion_id)
    if promotion is None or promotion.grant is None or promotion.state is not PromotionState.RUNNING:
        return replace(walk, stage=SUPERSEDED, finished_at=world.now())
    if is_in_trial(world, walk.network_id):
        return replace(walk, stage=NOT_LIVE, finished_at=world.now())
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
    """Raises _AlreadyGranted, _CapReached."""
    grant = _Grant(world, directory, promotion, gift, client)
    post_once(
        world,
        promotion.network_id,
        client.id,
        grant_id(promotion.id, client.id),
        grant.post,
        client=client,
        also_saved=grant.shares,
    )


class _Grant(Struct, frozen=True):
    world: World
    directory: Directory
    promotion: Promotion
    gift: Gift
    client: Client

    def post(self, account: Account, now: datetime) -> Posted:
        """Raises _AlreadyGranted."""
        promotion, gift = self.promotion, self.gift
        for source_id in account.came_from:
            entry = grant_id(promotion.id, source_id)
            if self.world.store.get(Entry, network_id=promotion.network_id, client_id=source_id, id=entry):
                raise _AlreadyGranted
        posting = Posting(
            id=grant_id(promotion.id, self.client.id),
            kind=EntryKind.PROMOTION,
            points=gift.points,
            reason="promotion",
            actor=BY_SYSTEM,
            expires_at=gift_end(gift, now, self.directory.zone),
            cause=promotion.id,
        )
        return post(account, posting, now)

    def shares(self, posted: Posted) -> list[PromotionShare]:
        """The shares that count the grant. Raises _CapReached."""
        promotion, points = self.promotion, self.gift.points
        parts = shares_for(self.world, promotion.network_id, promotion.id, promotion.cap_points, points)
        if sum(part for _, part in parts) < points:
            raise _CapReached
        salon = salon_of(self.client, self.directory)
        currency = salon.currency if salon else ""
        return [
            with_points_given(share, currency, part, clients=int(number == 0), visits=0)
            for number, (share, part) in enumerate(parts)
        ]
