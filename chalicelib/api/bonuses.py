"""Bonuses: what a client has, what may be redeemed, and postings by hand."""

from datetime import date, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.api.endpoint import DESK, OFFICE, Ask, endpoint, get, post
from chalicelib.api.reading import Body
from chalicelib.api.shapes import Answered, Id, Listing, Money, PageOf, Word
from chalicelib.domain.errors import malformed, refused
from chalicelib.domain.ledger import Entry
from chalicelib.domain.network import Role
from chalicelib.domain.zones import local_date
from chalicelib.services.book import see_booking
from chalicelib.services.keep_client import see_client
from chalicelib.services.post_bonus import ByHand, post_by_hand, quote_for, reverse

Reason = Annotated[str, Meta(min_length=1, max_length=300)]
Points = Annotated[int, Meta(ge=-(10**12), le=10**12)]
THEIRS = DESK | {Role.SPECIALIST}


class EntrySaid(Body):
    """kind: grant, redeem, compensation or correction. points: positive; a correction is signed."""

    kind: Word
    points: Points
    reason: Reason
    booking_id: Id | None = None
    expires_on: date | None = None


class Reversing(Body):
    reason: Reason


class Bill(Body):
    bill: Money
    goods: Money | None = None


class LotAnswer(Answered):
    """Points granted together. expires_on: the last local day on which they can be used; null: no limit."""

    id: str
    granted_on: date
    expires_on: date | None
    available_at: datetime
    remaining: int
    reason: str


class BonusAnswer(Answered):
    balance: int
    available: int
    pending: int
    debt: int
    lots: list[LotAnswer]


class LotChangeAnswer(Answered):
    id: str
    points: int


class EntryAnswer(Answered):
    """points: signed, what leaves the balance is negative."""

    id: str
    kind: str
    points: int
    balance_after: int
    lots: list[LotChangeAnswer]
    reason: str
    actor: str
    booking_id: str | None
    effective_at: datetime
    recorded_at: datetime
    reverses: str | msgspec.UnsetType = msgspec.UNSET


class QuoteAnswer(Answered):
    """The most that may be redeemed. limited_by: balance, cap, minimum or disabled."""

    points: int
    value: Money
    limited_by: str
    available: int
    balance: int


def _lot_id(number: int) -> str:
    return f"lot_{number}"


def _entry(entry: Entry) -> EntryAnswer:
    same = ("id", "points", "balance_after", "reason", "actor", "booking_id", "effective_at", "recorded_at")
    return EntryAnswer(
        **{name: getattr(entry, name) for name in same},
        kind=entry.kind.value,
        lots=[LotChangeAnswer(id=_lot_id(change.number), points=change.points) for change in entry.lots],
        reverses=entry.reverses or msgspec.UNSET,
    )


@get("/v1/clients/{client_id}/bonus")
@endpoint(roles=THEIRS, answer=BonusAnswer)
def see(ask: Ask, client_id: str) -> BonusAnswer:
    see_client(ask.world, ask.access, client_id)
    network_id, now = ask.access.network_id, ask.world.now()
    account = ask.world.store.account(network_id, client_id)
    salons = ask.world.directory(network_id).salons
    zone = salons[min(salons)].timezone if salons else "UTC"
    lots = [
        LotAnswer(
            id=_lot_id(lot.number),
            granted_on=local_date(lot.granted_at, zone),
            expires_on=local_date(lot.expires_at, zone) if lot.expires_at else None,
            available_at=lot.available_at,
            remaining=lot.remaining,
            reason=lot.reason.value,
        )
        for lot in account.lots
    ]
    return BonusAnswer(
        balance=account.balance,
        available=account.available(now),
        pending=account.pending(now),
        debt=account.debt,
        lots=lots,
    )


@get("/v1/clients/{client_id}/bonus/entries")
@endpoint(roles=THEIRS, query=Listing, answer=PageOf[EntryAnswer])
def entries(ask: Ask, client_id: str) -> PageOf[EntryAnswer]:
    """Newest first."""
    see_client(ask.world, ask.access, client_id)
    found = ask.world.store.entries(ask.access.network_id, client_id)[::-1]
    first = _position(ask.query.cursor, len(found))
    shown, rest = found[first : first + ask.query.limit], found[first + ask.query.limit :]
    # By the entry's own number, so that entries posted meanwhile do not move the pages.
    return PageOf(items=[_entry(entry) for entry in shown], next_cursor=str(rest[0].number) if rest else None)


def _position(cursor: str | None, count: int) -> int:
    if cursor is None:
        return 0
    if not cursor.isascii() or not cursor.isdigit() or int(cursor) >= count:
        raise malformed("INVALID_CURSOR", "This cursor was not given out here.")
    return count - 1 - int(cursor)


@post("/v1/clients/{client_id}/bonus/entries")
@endpoint(roles=DESK, body=EntrySaid, answer=EntryAnswer, status=201)
def post_entry(ask: Ask, client_id: str) -> EntryAnswer:
    said: EntrySaid = ask.body
    if said.booking_id is not None:
        booking = see_booking(ask.world, ask.access, said.booking_id)
        if booking.client_id != client_id:
            raise refused("OTHER_CLIENT", "That booking is another client's.", booking_id=booking.id)
    asked = ByHand(
        kind=said.kind,
        points=said.points,
        reason=said.reason,
        booking_id=said.booking_id,
        expires_on=said.expires_on,
    )
    return _entry(post_by_hand(ask.world, ask.access, client_id, asked, ask.request_id))


@post("/v1/bonus/entries/{entry_id}/reverse")
@endpoint(roles=OFFICE, body=Reversing, answer=EntryAnswer, status=201)
def undo(ask: Ask, entry_id: str) -> EntryAnswer:
    """Again: the same reversal."""
    return _entry(reverse(ask.world, ask.access, entry_id, ask.body.reason))


@post("/v1/clients/{client_id}/bonus/quote")
@endpoint(roles=DESK, body=Bill, answer=QuoteAnswer)
def quote(ask: Ask, client_id: str) -> QuoteAnswer:
    """What may be redeemed on a bill now. Nothing is held."""
    bill: Money = ask.body.bill
    see_client(ask.world, ask.access, client_id)
    _check(ask, bill, ask.body.goods)
    account, found = quote_for(ask.world, ask.access, client_id, bill.amount_minor)
    return QuoteAnswer(
        points=found.points,
        value=Money(amount_minor=found.value_minor, currency=bill.currency),
        limited_by=found.limited_by,
        available=account.available(ask.world.now()),
        balance=account.balance,
    )


def _check(ask: Ask, bill: Money, goods: Money | None) -> None:
    """A quote is for no salon in particular: any of the network's currencies will do."""
    currencies = sorted(
        {each.currency for each in ask.world.directory(ask.access.network_id).salons.values()}
    )
    if bill.currency not in currencies or (goods is not None and goods.currency != bill.currency):
        raise refused("CURRENCY_MISMATCH", f"Salons here count in {', '.join(currencies)}.", field="bill")
    if goods is not None and not 0 <= goods.amount_minor <= bill.amount_minor:
        raise refused("INVALID_AMOUNT", "Goods are a part of the bill.", field="goods")
