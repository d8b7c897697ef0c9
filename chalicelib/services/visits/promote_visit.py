"""What promotions give on top of what a completed visit earned: the best one counts, never two. Works it out
and reads what it must, writes nothing: all is saved with the visit."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.clients.segment_members import matches
from chalicelib.domain.loyalty import programme
from chalicelib.domain.loyalty.account import Account, Entry, EntryKind, Posting
from chalicelib.domain.loyalty.ledger import post
from chalicelib.domain.marketing.promotions import ClientPromotionTotal, with_points_given
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.networks.offers import Offer
from chalicelib.services.clients.next_booking import next_booking
from chalicelib.services.loyalty.visit_points import posting_id, programme_of, visited_on
from chalicelib.services.marketing.count_promotion import Parts, any_share, shares_for
from chalicelib.services.shared.storable import Storable
from chalicelib.services.shared.world import World


class Promoted(Struct, frozen=True):
    """The account with so many points more, the entries of that, and where it is counted."""

    account: Account
    entries: tuple[Entry, ...]
    points: int
    counted: tuple[Storable, ...]


class _Room(Struct, frozen=True):
    """What an offer can give this client now. is_new: they have got nothing by it yet, under whatever
    name."""

    offer: Offer
    taken: ClientPromotionTotal
    is_new: bool
    parts: Parts

    @property
    def points(self) -> int:
        return sum(points for _, points in self.parts)


def promotion_of_visit(
    world: World,
    directory: Directory,
    booking: Booking,
    before: Client,
    account: Account,
    actor: str,
    now: datetime,
) -> Promoted | None:
    """booking: completed, with what it earned; account: after that. before: the client as they were before
    the visit, so that a promotion for new faces, or for those who were lost, reaches them. None: no promotion
    gives anything; where none runs that day, nothing is read."""
    best = _best(world, directory, booking, before, account.came_from, now)
    if best is None:
        return None
    zone = directory.salons[booking.salon_id].timezone
    terms = programme.earned_terms(programme_of(booking, directory), now, zone, directory.zone)
    posting = Posting(
        id=posting_id(booking, EntryKind.PROMOTION),
        kind=EntryKind.PROMOTION,
        points=best.points,
        reason="promotion",
        actor=actor,
        booking_id=booking.id,
        salon_id=booking.salon_id,
        available_at=terms.available_at,
        expires_at=terms.expires_at,
        idle_days=terms.idle_days,
        cause=best.offer.id,
    )
    done = post(account, posting, now)
    return Promoted(done.account, done.entries, best.points, _counted(best, booking.currency))


def _best(
    world: World,
    directory: Directory,
    booking: Booking,
    before: Client,
    former: Sequence[str],
    now: datetime,
) -> _Room | None:
    """The offer that gives the most, caps considered; of equals the first made. former: the ids of those who
    were merged into the client."""
    day, earned = visited_on(booking, directory), booking.earned_points
    held = [each for each in directory.offers.values() if each.holds_on(day) and each.more_than(earned) > 0]
    best: _Room | None = None
    for offer in sorted(held, key=lambda each: (-each.multiplier_percent, each.id)):
        if not _is_for(world, offer, directory, booking, before, now):
            continue
        room = _room(world, offer, before, former, offer.more_than(earned))
        if room.points > (best.points if best else 0):
            best = room
        if room.points == offer.more_than(earned):  # those that follow have less to give
            break
    return best


def _is_for(
    world: World, offer: Offer, directory: Directory, booking: Booking, before: Client, now: datetime
) -> bool:
    """Salons and services are those of the visit; all else is asked of the client."""
    audience = offer.audience
    if audience.salon_ids and booking.salon_id not in audience.salon_ids:
        return False
    done = {line.service_id for line in booking.lines}
    if audience.service_ids and done.isdisjoint(audience.service_ids):
        return False
    return matches(
        replace(audience, salon_ids=(), service_ids=()),
        before,
        visited_on(booking, directory),
        has_booking=lambda: next_booking(before, world.store, now, but=booking.id) is not None,
        services_had=frozenset,
    )


def _room(world: World, offer: Offer, client: Client, former: Sequence[str], wanted: int) -> _Room:
    ids = (client.id, *former)
    taken, *earlier = (world.store.promotion_taken(offer.network_id, offer.id, id) for id in ids)
    is_new = not any(each.visits for each in (taken, *earlier))
    if offer.client_cap_points is not None:
        wanted = min(wanted, offer.client_cap_points - sum(each.points for each in (taken, *earlier)))
    if wanted <= 0:
        return _Room(offer, taken, is_new, [])
    parts = shares_for(world, offer.network_id, offer.id, offer.cap_points, wanted)
    return _Room(offer, taken, is_new, parts)


def _counted(room: _Room, currency: str) -> tuple[Storable, ...]:
    """The visit and its client stand in the first share that gives of it."""
    taken = replace(room.taken, points=room.taken.points + room.points, visits=room.taken.visits + 1)
    shares = []
    for number, (share, points) in enumerate(room.parts):
        is_first = number == 0
        clients = int(is_first and room.is_new)
        shares.append(with_points_given(share, currency, points, clients=clients, visits=int(is_first)))
    return (taken, *shares)


def given_back(
    world: World,
    booking: Booking,
    account: Account,
    entries: Sequence[Entry],
    reversals: Sequence[Entry],
    *,
    visit: bool,
) -> list[Storable]:
    """What must be saved with entries that take back what a promotion gave for a visit: the cap has that much
    room again. account: of whom the client is now. entries: theirs, and of those with whom they were merged.
    visit: whether the visit itself is taken back."""
    id = posting_id(booking, EntryKind.PROMOTION)
    points = -sum(entry.worth for entry in reversals if entry.reverses == id)
    entry = next((entry for entry in entries if entry.id == id), None)
    if not points or entry is None or entry.cause is None:
        return []
    taken = world.store.promotion_taken(booking.network_id, entry.cause, entry.client_id)
    others = {account.client_id, *account.came_from} - {entry.client_id}
    visits = taken.visits + sum(
        world.store.promotion_taken(booking.network_id, entry.cause, id).visits for id in others
    )
    share = any_share(world, booking.network_id, entry.cause)
    gone = visit and visits == 1
    return [
        replace(taken, points=taken.points - points, visits=taken.visits - visit),
        with_points_given(share, booking.currency, -points, clients=-gone, visits=-visit),
    ]
