"""Post to the bonus ledger by hand, and say what may be redeemed."""

from datetime import date, datetime

from msgspec import Struct

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty.account import BY_HAND, Account, Entry, EntryKind, Posting
from chalicelib.domain.loyalty.ledger import ensure_same, post, settled
from chalicelib.domain.loyalty.programme import Bill, Quote, day_end, programme_for, quote
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.errors import forbidden, missing, refused
from chalicelib.domain.shared.ids import entry_id
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.clients.surviving_client import ensure_not_moved
from chalicelib.services.loyalty.limit_compensation import count_within_limits
from chalicelib.services.loyalty.post_once import AlsoSaved, post_once
from chalicelib.services.loyalty.visit_points import bill_of, programme_of
from chalicelib.services.shared.world import World

LAST_YEAR = 2199


class PostingByHand(Struct, frozen=True, kw_only=True):
    """A posting asked for by a person. points: positive, signed for a correction. expires_on: the last local
    day of points that are given, in the network's zone. complaint_id: the task or booking that a compensation
    is for."""

    kind: str
    points: int
    reason: str
    booking_id: str | None = None
    salon_id: str | None = None
    expires_on: date | None = None
    complaint_id: str | None = None


def post_by_hand(
    world: World, access: Access, client_id: str, asked: PostingByHand, request_id: str | None = None
) -> Entry:
    """Posts a grant, redemption, compensation or correction. The same request_id posts once.

    Raises INVALID_KIND, INVALID_POINTS, INVALID_EXPIRY, INSUFFICIENT_POINTS, OVER_LIMIT, ENTRY_EXISTS.
    """
    kind = _kind(asked.kind)
    _ensure_within_limits(world, access, kind, asked)
    client = world.store.get(Client, network_id=access.network_id, id=client_id)
    if client is None:
        raise missing("client", client_id)
    cause = ("request", request_id) if request_id else ("random", world.chance(16))
    posting = Posting(
        id=entry_id(client_id, access.network_id, *cause),
        kind=kind,
        points=-asked.points if kind is EntryKind.REDEEM else asked.points,
        reason=asked.reason,
        actor=access.actor,
        booking_id=asked.booking_id,
        salon_id=asked.salon_id,
        expires_at=_end_of(world, access, asked.expires_on),
        cause=asked.complaint_id,
    )
    if kind is EntryKind.COMPENSATION:
        return post_to_client(world, client, posting, count_within_limits(world, access, posting, client.id))
    return post_to_client(world, client, posting)


def _kind(text: str) -> EntryKind:
    if text not in {str(kind) for kind in BY_HAND}:
        raise refused("INVALID_KIND", "By hand: grant, redeem, compensation or correction.", kind=text)
    return EntryKind(text)


def _ensure_within_limits(world: World, access: Access, kind: EntryKind, asked: PostingByHand) -> None:
    if asked.points == 0 or (asked.points < 0 and kind is not EntryKind.CORRECTION):
        raise refused(
            "INVALID_POINTS",
            "Points are whole and positive; only a correction is signed.",
            points=asked.points,
        )
    if kind is EntryKind.COMPENSATION:
        return  # by limits of its own
    if asked.complaint_id is not None:
        raise refused("INVALID_KIND", "Only a compensation is for a complaint.", field="complaint_id")
    if access.role is Role.SPECIALIST:
        raise forbidden("A specialist may give compensations only.", kind=kind.value)
    limit = world.directory(access.network_id).rules.bonuses.by_hand_limit_points
    if abs(asked.points) > limit and access.role is not Role.OWNER:
        raise refused("OVER_LIMIT", f"More than {limit} points at once need the owner.", limit=limit)


def _end_of(world: World, access: Access, day: date | None) -> datetime | None:
    """The local midnight that ends a day, in the network's zone. Raises INVALID_EXPIRY."""
    if day is None:
        return None
    if day.year > LAST_YEAR:
        message = f"Points expire by {LAST_YEAR}; leave expires_on out for those that never do."
        raise refused("INVALID_EXPIRY", message, expires_on=day)
    return day_end(day, world.directory(access.network_id).zone)


def post_to_client(
    world: World, client: Client, posting: Posting, also_saved: AlsoSaved = lambda done: ()
) -> Entry:
    """A replay answers with the entry that stands."""
    return post_once(
        world,
        client.network_id,
        client.id,
        posting.id,
        lambda account, now: post(account, posting, now),
        client=client,
        ensure_same=lambda stands: ensure_same(posting, stands),
        also_saved=also_saved,
    )


def account_to_quote(world: World, network_id: str, client_id: str) -> Account:
    """One read: where there is an account, there is its client. Raises NOT_FOUND, CLIENT_MERGED."""
    account = world.store.account(network_id, client_id)
    if not account.version and world.store.get(Client, network_id=network_id, id=client_id) is None:
        raise missing("client", client_id)
    ensure_not_moved(account)
    return settled(account, world.now())[0]


def quote_for(
    world: World,
    account: Account,
    bill: Bill,
    *,
    currency: str,
    salon_id: str | None = None,
    booking: Booking | None = None,
) -> Quote:
    """What may be redeemed on a bill now, by the programme of the booking's salon, of that salon, or of the
    network; what is held for the booking counts as there. Raises INVALID_AMOUNT."""
    if bill.paid_minor < 0:
        raise refused("INVALID_AMOUNT", "A bill is not negative.", amount_minor=bill.paid_minor)
    directory, now = world.directory(account.network_id), world.now()
    rules = directory.rules.bonuses
    if booking is not None:
        terms = programme_of(booking, directory)
        bill = bill_of(booking, directory, bill.paid_minor, bill.goods_minor)
    else:
        zone = directory.salons[salon_id].timezone if salon_id else directory.zone
        terms = programme_for(rules, salon_id, local_date(now, zone))
    hold = account.hold_of_booking(booking.id) if booking else None
    available = account.available(now) + (hold.points if hold else 0)
    return quote(available, bill, terms, rules.point_value(currency))
