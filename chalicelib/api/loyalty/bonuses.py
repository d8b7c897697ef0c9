"""Bonuses: a client's points, quotes of what may be redeemed, and postings by hand."""

from datetime import date, datetime
from typing import Annotated

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from chalicelib.api.http.endpoint import DESK, OFFICE, Ask, endpoint, get, post
from chalicelib.api.http.parsing import Body
from chalicelib.api.http.schemas import Answered, Id, Listing, Money, PageOf, Word
from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.client_plan import salon_of
from chalicelib.domain.loyalty.account import Account, Entry, Lot
from chalicelib.domain.loyalty.account_plan import last_day
from chalicelib.domain.loyalty.ledger import settled
from chalicelib.domain.loyalty.programme import Bill, programme_for, standing
from chalicelib.domain.networks.network import Directory, Role, Salon
from chalicelib.domain.shared.errors import malformed, missing, refused
from chalicelib.domain.shared.tasks import Task
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.bookings.read_booking import get_booking
from chalicelib.services.clients.register_client import get_client
from chalicelib.services.loyalty.post_bonus import PostingByHand, account_to_quote, post_by_hand, quote_for
from chalicelib.services.loyalty.reverse_entry import reverse_entry
from chalicelib.services.networks.set_up import get_salon

Reason = Annotated[str, Meta(min_length=1, max_length=300)]
Points = Annotated[int, Meta(ge=-(10**12), le=10**12)]
CARERS = DESK | {Role.SPECIALIST}


class EntryRequest(Body):
    """kind: grant, redeem, compensation or correction. points: positive; a correction is signed. salon_id:
    where points are given or spent; by default the booking's salon. expires_on: the last local day of granted
    points. complaint_id: the task or booking that a compensation is for."""

    kind: Word
    points: Points
    reason: Reason
    booking_id: Id | None = None
    salon_id: Id | None = None
    expires_on: date | None = None
    complaint_id: Id | None = None


class ReversalRequest(Body):
    reason: Reason


class BillRequest(Body):
    """booking_id: the programme is that of its salon, and its services count separately. salon_id: the
    programme is that of this salon."""

    bill: Money
    goods: Money | None = None
    booking_id: Id | None = None
    salon_id: Id | None = None


class LotAnswer(Answered):
    """Points granted together. expires_on: the last local day on which they can be used; null: no limit.
    held: the part of the remaining points that is set aside."""

    id: str
    granted_on: date
    expires_on: date | None
    available_at: datetime
    remaining: int
    held: int
    reason: str


class HoldAnswer(Answered):
    """Points set aside for a booking, or for a bill in a salon. They become available again at expires_at."""

    id: str
    points: int
    booking_id: str | None
    salon_id: str | None
    expires_at: datetime


class TierAnswer(Answered):
    """turnover: of the window, in minor units or visits. missing: what the next tier needs; null: there is no
    next tier."""

    name: str
    percent: int
    turnover: int
    next: str | None
    missing: int | None


class BonusAnswer(Answered):
    """balance: available, pending and held points. debt: points that a reversal could not take back; the next
    points pay it."""

    balance: int
    available: int
    pending: int
    held: int
    debt: int
    lots: list[LotAnswer]
    holds: list[HoldAnswer]
    tier: TierAnswer | None


class LotChangeAnswer(Answered):
    id: str
    points: int
    held: int


class EntryAnswer(Answered):
    """points: signed; points that leave the balance are negative. held, debt: the change of held points and
    of the debt. cause: the id of a hold, promotion, complaint, or client of a merge that the entry is
    about."""

    id: str
    kind: str
    points: int
    balance_after: int
    lots: list[LotChangeAnswer]
    reason: str
    actor: str
    held: int
    debt: int
    booking_id: str | None
    salon_id: str | None
    cause: str | None
    effective_at: datetime
    recorded_at: datetime
    reverses: str | msgspec.UnsetType = msgspec.UNSET


class QuoteAnswer(Answered):
    """points: the most that may be redeemed. limited_by: balance, cap, minimum or disabled."""

    points: int
    value: Money
    limited_by: str
    available: int
    balance: int


def lot_id(number: int) -> str:
    return f"lot_{number}"


def entry_answer(entry: Entry) -> EntryAnswer:
    same = ("id", "points", "balance_after", "reason", "actor", "effective_at", "recorded_at")
    details = ("held", "debt", "booking_id", "salon_id", "cause")
    return EntryAnswer(
        **{name: getattr(entry, name) for name in (*same, *details)},
        kind=entry.kind.value,
        lots=[
            LotChangeAnswer(id=lot_id(change.number), points=change.points, held=change.held)
            for change in entry.lots
        ],
        reverses=entry.reverses or msgspec.UNSET,
    )


@get("/v1/clients/{client_id}/bonus")
@endpoint(roles=CARERS, answer=BonusAnswer)
def see(ask: Ask, client_id: str) -> BonusAnswer:
    """The points as of now. Expired points are left out, even where their expiry is not posted yet."""
    client = get_client(ask.world, ask.access, client_id)
    directory, now = ask.world.directory(ask.access.network_id), ask.world.now()
    account, _ = settled(ask.world.store.account(ask.access.network_id, client_id), now)
    held = account.held_by_lot()
    return BonusAnswer(
        balance=account.balance,
        available=account.available(now),
        pending=account.pending(now),
        held=account.held,
        debt=account.debt,
        lots=[_lot(lot, held.get(lot.number, 0), directory.zone) for lot in account.lots],
        holds=[
            HoldAnswer(
                id=hold.id,
                points=hold.points,
                booking_id=hold.booking_id,
                salon_id=hold.salon_id,
                expires_at=hold.expires_at,
            )
            for hold in account.holds
        ],
        tier=_tier(account, salon_of(client, directory), directory, now),
    )


def _lot(lot: Lot, held: int, zone: str) -> LotAnswer:
    return LotAnswer(
        id=lot_id(lot.number),
        granted_on=local_date(lot.granted_at, zone),
        expires_on=last_day(lot.expires_at, zone) if lot.expires_at else None,
        available_at=lot.available_at,
        remaining=lot.remaining,
        held=held,
        reason=lot.reason.value,
    )


def _tier(account: Account, salon: Salon | None, directory: Directory, now: datetime) -> TierAnswer | None:
    """The tier by the programme of the salon of the last visit; None: there is no salon or no tier."""
    if salon is None:
        return None
    day = local_date(now, salon.timezone)
    programme = programme_for(directory.rules.bonuses, salon.id, day)
    current = standing(account, programme, salon.currency, day)
    if current is None:
        return None
    return TierAnswer(
        name=current.tier.name,
        percent=current.tier.percent,
        turnover=current.turnover,
        next=current.above.name if current.above else None,
        missing=current.missing if current.above else None,
    )


@get("/v1/clients/{client_id}/bonus/entries")
@endpoint(roles=CARERS, query=Listing, answer=PageOf[EntryAnswer])
def entries(ask: Ask, client_id: str) -> PageOf[EntryAnswer]:
    """Newest first."""
    get_client(ask.world, ask.access, client_id)
    found = ask.world.store.entries(ask.access.network_id, client_id)[::-1]
    first = _position(ask.query.cursor, len(found))
    shown, rest = found[first : first + ask.query.limit], found[first + ask.query.limit :]
    # The cursor is an entry's number, so that newly posted entries do not move the pages.
    items = [entry_answer(replace(each, reason=ask.access.as_shown(each.reason))) for each in shown]
    return PageOf(items=items, next_cursor=str(rest[0].number) if rest else None)


def _position(cursor: str | None, count: int) -> int:
    if cursor is None:
        return 0
    if not cursor.isascii() or not cursor.isdigit() or int(cursor) >= count:
        raise malformed("INVALID_CURSOR", "This cursor was not given out here.")
    return count - 1 - int(cursor)


@post("/v1/clients/{client_id}/bonus/entries")
@endpoint(roles=CARERS, body=EntryRequest, answer=EntryAnswer, status=201)
def post_entry(ask: Ask, client_id: str) -> EntryAnswer:
    """Posts by hand. A specialist may give compensations only, to their own clients."""
    request: EntryRequest = ask.body
    if ask.access.role is Role.SPECIALIST:
        get_client(ask.world, ask.access, client_id)
    if not request.reason.strip():
        raise malformed("INVALID_FIELD", "Say why.", field="reason")
    booking = booking_of(ask, request.booking_id, client_id)
    if request.salon_id is not None:
        get_salon(ask.world, ask.access, request.salon_id)
    asked = PostingByHand(
        kind=request.kind,
        points=request.points,
        reason=request.reason,
        booking_id=request.booking_id,
        salon_id=request.salon_id or (booking.salon_id if booking else None),
        expires_on=request.expires_on,
        complaint_id=_complaint(ask, request.complaint_id, client_id),
    )
    return entry_answer(post_by_hand(ask.world, ask.access, client_id, asked, ask.request_id))


def _complaint(ask: Ask, complaint_id: str | None, client_id: str) -> str | None:
    """The id of a complaint, after a check that it exists: a task or a booking. Raises NOT_FOUND, FORBIDDEN,
    OTHER_CLIENT."""
    if complaint_id is None:
        return None
    if complaint_id.startswith("bkg_"):
        booking_of(ask, complaint_id, client_id)
        return complaint_id
    task = ask.world.store.get(Task, network_id=ask.access.network_id, id=complaint_id)
    if task is None or (task.salon_id is not None and not ask.access.reaches_salon(task.salon_id)):
        raise missing("complaint", complaint_id)
    if task.client_id not in (None, client_id):
        raise refused("OTHER_CLIENT", "That task is about another client.", complaint_id=complaint_id)
    return complaint_id


def booking_of(ask: Ask, booking_id: str | None, client_id: str) -> Booking | None:
    """The booking with that id; None for no id. Raises NOT_FOUND, FORBIDDEN, OTHER_CLIENT."""
    if booking_id is None:
        return None
    booking = get_booking(ask.world, ask.access, booking_id)
    if booking.client_id != client_id:
        raise refused("OTHER_CLIENT", "That booking is another client's.", booking_id=booking.id)
    return booking


@post("/v1/bonus/entries/{entry_id}/reverse")
@endpoint(roles=OFFICE, body=ReversalRequest, answer=EntryAnswer, status=201)
def undo(ask: Ask, entry_id: str) -> EntryAnswer:
    """Reverses what is left of an entry. A repeated request returns the same reversal."""
    return entry_answer(reverse_entry(ask.world, ask.access, entry_id, ask.body.reason))


@post("/v1/clients/{client_id}/bonus/quote")
@endpoint(roles=DESK, body=BillRequest, answer=QuoteAnswer)
def quote(ask: Ask, client_id: str) -> QuoteAnswer:
    """What may be redeemed on a bill now. No points are held."""
    request: BillRequest = ask.body
    account = account_to_quote(ask.world, ask.access.network_id, client_id)
    booking = booking_of(ask, request.booking_id, client_id)
    salon_id = booking.salon_id if booking else request.salon_id
    if salon_id is not None:
        currencies = [get_salon(ask.world, ask.access, salon_id).currency]
    else:
        salons = ask.world.directory(ask.access.network_id).salons.values()
        currencies = sorted({each.currency for each in salons})
    found = quote_for(
        ask.world,
        account,
        bill_of_request(request.bill, request.goods, currencies),
        currency=request.bill.currency,
        salon_id=salon_id,
        booking=booking,
    )
    return QuoteAnswer(
        points=found.points,
        value=Money(amount_minor=found.value_minor, currency=request.bill.currency),
        limited_by=found.limited_by,
        available=account.available(ask.world.now()),
        balance=account.balance,
    )


def bill_of_request(bill: Money, goods: Money | None, currencies: list[str]) -> Bill:
    """The bill of a request. currencies: those that the bill may be in. Raises CURRENCY_MISMATCH,
    INVALID_AMOUNT."""
    if bill.currency not in currencies or (goods is not None and goods.currency != bill.currency):
        raise refused("CURRENCY_MISMATCH", f"Salons here count in {', '.join(currencies)}.", field="bill")
    if goods is not None and not 0 <= goods.amount_minor <= bill.amount_minor:
        raise refused("INVALID_AMOUNT", "Goods are a part of the bill.", field="goods")
    return Bill(paid_minor=bill.amount_minor, goods_minor=goods.amount_minor if goods else 0)
