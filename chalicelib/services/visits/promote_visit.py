"""Promotions of a completed visit: the best promotion gives points on top of what the bill earned, never two.
Nothing is written here: all is saved with the visit."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.clients.segment_members import matches
from chalicelib.domain.loyalty import programme
from chalicelib.domain.loyalty.account import EntryKind, Posting
from chalicelib.domain.loyalty.ledger import post
from chalicelib.domain.marketing.promotions import ClientPromotionTotal, with_points_given
from chalicelib.domain.networks.offers import Offer
from chalicelib.services.clients.next_booking import next_booking
from chalicelib.services.loyalty.visit_points import posting_id, posting_ids
from chalicelib.services.marketing.count_promotion import Parts, any_share, shares_for
from chalicelib.services.shared.storable import Storable
from chalicelib.services.shared.world import World
from chalicelib.services.visits.visit_in_progress import VisitInProgress


class _Room(Struct, frozen=True):
    """The points that an offer can give this client now, by share of its cap. taken: what the client has got
    from the promotion. is_new: neither the client nor a client merged into them has got anything from it
    yet."""

    offer: Offer
    taken: ClientPromotionTotal
    is_new: bool
    parts: Parts

    @property
    def points(self) -> int:
        return sum(points for _, points in self.parts)


def with_promotion(world: World, visit: VisitInProgress, before: Client) -> VisitInProgress:
    """The completed visit with what the best promotion gives on top of what its bill earned, and with the
    promotion's counts. Where no promotion runs that day, nothing is read.

    before: the client before the visit, so that a promotion for new or for lost clients reaches them.
    """
    best = _best(world, visit, before)
    return visit if best is None else _with_points(visit, best, visits=1)


def _with_points(visit: VisitInProgress, room: _Room, visits: int) -> VisitInProgress:
    """visits: how many visits the promotion counts with these points, 0 or 1."""
    booking, zone = visit.booking, visit.directory.zone
    salon_zone = visit.directory.salons[booking.salon_id].timezone
    terms = programme.earned_terms(visit.programme, visit.now, salon_zone, zone)
    posting = Posting(
        id=posting_id(booking, EntryKind.PROMOTION, holder_id=visit.account.client_id),
        kind=EntryKind.PROMOTION,
        points=room.points,
        reason="promotion",
        actor=visit.actor,
        booking_id=booking.id,
        salon_id=booking.salon_id,
        available_at=terms.available_at,
        expires_at=terms.expires_at,
        idle_days=terms.idle_days,
        cause=room.offer.id,
    )
    visit = visit.after(post(visit.account, posting, visit.now))
    visit = visit.saving(*_counted(room, booking.currency, visits=visits))
    return replace(visit, booking=replace(booking, earned_points=booking.earned_points + room.points))


def with_more_promoted(world: World, visit: VisitInProgress, offer_id: str, points: int) -> VisitInProgress:
    """The visit with more points of the promotion that it has got points of, as far as the promotion's caps
    allow. A promotion that is forgotten gives no more."""
    offer = visit.directory.offers.get(offer_id)
    if offer is None:
        return visit
    room = _room(world, offer, visit.visitor, visit.account.came_from, points)
    return _with_points(visit, room, visits=0) if room.points else visit


def _best(world: World, visit: VisitInProgress, before: Client) -> _Room | None:
    """The offer that gives the most, caps considered; of equal offers the one made first."""
    day, earned = visit.day.on, visit.booking.earned_points
    running = [
        each for each in visit.directory.offers.values() if each.holds_on(day) and each.more_than(earned) > 0
    ]
    best: _Room | None = None
    for offer in sorted(running, key=lambda each: (-each.multiplier_percent, each.id)):
        if not _is_for(world, offer, visit, before):
            continue
        room = _room(world, offer, before, visit.account.came_from, offer.more_than(earned))
        if room.points > (best.points if best else 0):
            best = room
        if room.points == offer.more_than(earned):  # the offers that follow have less to give
            break
    return best


def _is_for(world: World, offer: Offer, visit: VisitInProgress, before: Client) -> bool:
    """Whether the offer's audience includes this visit: its salon, its services, and its client as they were
    before."""
    audience, booking = offer.audience, visit.booking
    if audience.salon_ids and booking.salon_id not in audience.salon_ids:
        return False
    done = {line.service_id for line in booking.lines}
    if audience.service_ids and done.isdisjoint(audience.service_ids):
        return False
    return matches(
        replace(audience, salon_ids=(), service_ids=()),
        before,
        visit.day.on,
        has_booking=lambda: next_booking(before, world.store, visit.now, but=booking.id) is not None,
        services_had=frozenset,
        sources=visit.directory.sources,
    )


def _room(world: World, offer: Offer, client: Client, merged_ids: Sequence[str], wanted: int) -> _Room:
    ids = (client.id, *merged_ids)
    taken, *earlier = (world.store.promotion_taken(offer.network_id, offer.id, each_id) for each_id in ids)
    is_new = not any(each.visits for each in (taken, *earlier))
    if offer.client_cap_points is not None:
        wanted = min(wanted, offer.client_cap_points - sum(each.points for each in (taken, *earlier)))
    if wanted <= 0:
        return _Room(offer, taken, is_new, [])
    parts = shares_for(world, offer.network_id, offer.id, offer.cap_points, wanted)
    return _Room(offer, taken, is_new, parts)


def _counted(room: _Room, currency: str, visits: int) -> tuple[Storable, ...]:
    """The promotion's counts with this visit. The visit and its client are counted in the first share that
    gives."""
    taken = replace(room.taken, points=room.taken.points + room.points, visits=room.taken.visits + visits)
    shares = []
    for number, (share, points) in enumerate(room.parts):
        is_first = number == 0 and visits > 0
        clients = int(is_first and room.is_new)
        shares.append(with_points_given(share, currency, points, clients=clients, visits=int(is_first)))
    return (taken, *shares)


def without_promotion(world: World, visit: VisitInProgress, *, is_reversed: bool) -> VisitInProgress:
    """The visit with its promotion's cap enlarged again by what the entries posted so far take back of the
    promotion's points. is_reversed: the visit itself is taken back, and no longer counted."""
    booking, account = visit.booking, visit.account
    ids = posting_ids(booking, EntryKind.PROMOTION, visit.ledger)
    points = -sum(entry.worth for entry in visit.entries if entry.reverses in ids)
    entry = next((entry for entry in visit.ledger if entry.id in ids), None)
    if not points or entry is None or entry.cause is None:
        return visit
    taken = world.store.promotion_taken(booking.network_id, entry.cause, entry.client_id)
    other_ids = {account.client_id, *account.came_from} - {entry.client_id}
    visits = taken.visits + sum(
        world.store.promotion_taken(booking.network_id, entry.cause, each_id).visits for each_id in other_ids
    )
    share = any_share(world, booking.network_id, entry.cause)
    was_only_visit = is_reversed and visits == 1
    return visit.saving(
        replace(taken, points=taken.points - points, visits=taken.visits - is_reversed),
        with_points_given(share, booking.currency, -points, clients=-was_only_visit, visits=-is_reversed),
    )
