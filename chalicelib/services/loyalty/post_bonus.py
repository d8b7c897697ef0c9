"""Postings to the ledger that a person makes, and quotes of what may be redeemed on a bill."""

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
from chalicelib.services.clients.surviving_client import ensure_account_is_own, ensure_not_moved
from chalicelib.services.loyalty.limit_by_hand import counted_by_hand, ensure_at_once
from chalicelib.services.loyalty.post_once import AlsoSaved, post_once
from chalicelib.services.loyalty.visit_points import bill_of_booking, programme_of
from chalicelib.services.networks.go_live import ensure_live
from chalicelib.services.shared.world import World

LAST_YEAR = 2199


class PostingByHand(Struct, frozen=True, kw_only=True):
    """A person's request for a posting. points: positive, or signed for a correction. expires_on: the last
    local day of granted points, in the network's zone. complaint_id: the task or booking that a compensation
    is for."""

    kind: str
    points: int
    reason: str
    booking_id: str | None = None
    salon_id: str | None = None
    expires_on: date | None = None
    complaint_id: str | None = None


def post_by_hand(
    world: World, access: Access, client_id: str, request: PostingByHand, request_id: str | None = None
) -> Entry:
    """Posts a grant, redemption, compensation or correction. The same request_id posts once.

    Raises NOT_FOUND, FORBIDDEN, INVALID_KIND, INVALID_POINTS, INVALID_EXPIRY, INSUFFICIENT_POINTS,
    OVER_LIMIT, ENTRY_EXISTS, CLIENT_MERGED, NOT_LIVE.
    """
    kind = _kind(request.kind)
    ensure_live(world, access.network_id)
    _ensure_allowed(access, kind, request)
    if kind is EntryKind.REDEEM or request.points < 0:
        ensure_at_once(world, access, abs(request.points))
    client = world.store.get(Client, network_id=access.network_id, id=client_id)
    if client is None:
        raise missing("client", client_id)
    ensure_account_is_own(client)
    cause = ("request", request_id) if request_id else ("random", world.randomness(16))
    posting = Posting(
        id=entry_id(client_id, access.network_id, *cause),
        kind=kind,
        points=-request.points if kind is EntryKind.REDEEM else request.points,
        reason=request.reason,
        actor=access.actor,
        booking_id=request.booking_id,
        salon_id=request.salon_id,
        expires_at=_end_of(world, access, request.expires_on),
        cause=request.complaint_id,
    )
    return post_to_client(
        world, client, posting, lambda posted: counted_by_hand(world, access, posted.account, posting.points)
    )


def _kind(text: str) -> EntryKind:
    if text not in {str(kind) for kind in BY_HAND}:
        raise refused("INVALID_KIND", "By hand: grant, redeem, compensation or correction.", kind=text)
    return EntryKind(text)


def _ensure_allowed(access: Access, kind: EntryKind, request: PostingByHand) -> None:
    if request.points == 0 or (request.points < 0 and kind is not EntryKind.CORRECTION):
        raise refused(
            "INVALID_POINTS",
            "Points are whole and positive; only a correction is signed.",
            points=request.points,
        )
    if kind is EntryKind.COMPENSATION:
        return
    if request.complaint_id is not None:
        raise refused("INVALID_KIND", "Only a compensation is for a complaint.", field="complaint_id")
    if access.role is Role.SPECIALIST:
        raise forbidden("A specialist may give compensations only.", kind=kind.value)


def _end_of(world: World, access: Access, day: date | None) -> datetime | None:
    """The local midnight that ends a day, in the network's zone. Raises INVALID_EXPIRY."""
    if day is None:
        return None
    if day.year > LAST_YEAR:
        message = f"Points expire by {LAST_YEAR}; leave expires_on out for those that never do."
        raise refused("INVALID_EXPIRY", message, expires_on=day)
    return day_end(day, world.directory(access.network_id).zone)


def post_to_client(
    world: World, client: Client, posting: Posting, also_saved: AlsoSaved = lambda posted: ()
) -> Entry:
    """Posts to a client's account. A repeated posting returns the existing entry. also_saved: see
    `post_once`."""
    return post_once(
        world,
        client.network_id,
        client.id,
        posting.id,
        lambda account, now: post(account, posting, now),
        client=client,
        ensure_same=lambda existing: ensure_same(posting, existing),
        also_saved=also_saved,
    )


def account_to_quote(world: World, network_id: str, client_id: str) -> Account:
    """The client's account as of now. One read, since every account has a client; a client who never had
    points is read, too. Raises NOT_FOUND, CLIENT_MERGED."""
    account = world.store.account(network_id, client_id)
    if not account.version:
        client = world.store.get(Client, network_id=network_id, id=client_id)
        if client is None:
            raise missing("client", client_id)
        ensure_account_is_own(client)
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
    """What may be redeemed on a bill now. The programme is that of the booking's salon, else of the salon,
    else of the network. Points held for the booking count as available. Raises INVALID_AMOUNT."""
    if bill.paid_minor < 0:
        raise refused("INVALID_AMOUNT", "A bill is not negative.", amount_minor=bill.paid_minor)
    directory, now = world.directory(account.network_id), world.now()
    rules = directory.rules.bonuses
    if booking is not None:
        terms = programme_of(booking, directory)
        bill = bill_of_booking(booking, directory, bill.paid_minor, bill.goods_minor)
    else:
        zone = directory.salons[salon_id].timezone if salon_id else directory.zone
        terms = programme_for(rules, salon_id, local_date(now, zone))
    hold = account.hold_of_booking(booking.id) if booking else None
    available = account.available(now) + (hold.points if hold else 0)
    return quote(available, bill, terms, rules.point_value(currency))
