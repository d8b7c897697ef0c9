"""A client's account as large as accounts become: fifty open lots of a year, from five salons, and two years
of turnover. The same each time."""

import random
from datetime import datetime, timedelta

from chalicelib.domain.loyalty.account import Account, Entry, EntryKind, Lot, LotChange, MonthTurnover
from chalicelib.domain.shared.actors import BY_SYSTEM
from chalicelib.domain.shared.ids import derived, entry_id
from chalicelib.domain.shared.months import month_number
from chalicelib.domain.shared.zones import day_start, local_date

LOTS, SALONS, MONTHS = 50, 5, 24
KEPT_DAYS, PENDING_DAYS = 365, 1
ZONE = "Europe/Chisinau"


def salon_ids() -> list[str]:
    return [derived("sal", "purse", str(place)) for place in range(SALONS)]


def full(network_id: str, client_id: str, now: datetime, *, lots: int = LOTS) -> Account:
    """Without its pointer. Every lot can be spent at `now`; a lot in five came by a gift. Its one entry is
    `opening`."""
    randomness = random.Random(client_id)
    days = sorted(randomness.uniform(PENDING_DAYS + 1, KEPT_DAYS - 1) for _ in range(lots))
    made = tuple(
        _lot(randomness, number, now - timedelta(days=ago)) for number, ago in enumerate(reversed(days))
    )
    first = month_number(now) - MONTHS + 1
    turnover = tuple(
        MonthTurnover(first + place, "MDL", randomness.randrange(200, 3000) * 100, randomness.randint(1, 3))
        for place in range(MONTHS)
    )
    return Account(
        network_id=network_id,
        client_id=client_id,
        balance=sum(lot.remaining for lot in made),
        entries=1,
        lots_made=lots,
        lots=made,
        turnover=turnover,
    )


def opening(account: Account, now: datetime) -> Entry:
    """The entry by which all its lots have come from elsewhere."""
    return Entry(
        network_id=account.network_id,
        client_id=account.client_id,
        id=entry_id(account.client_id, "opening"),
        number=0,
        kind=EntryKind.MERGE,
        points=account.balance,
        balance_after=account.balance,
        lots=tuple(_granted(lot) for lot in account.lots),
        reason="brought along",
        actor=BY_SYSTEM,
        effective_at=now,
        recorded_at=now,
        input_hash="0" * 16,
    )


def _granted(lot: Lot) -> LotChange:
    terms = (lot.granted_at, lot.available_at, lot.expires_at, lot.reason, lot.salon_id, lot.idle_days)
    return LotChange(lot.number, lot.remaining, *terms)


def _lot(randomness: random.Random, number: int, at: datetime) -> Lot:
    at, day = at.replace(microsecond=0), local_date(at, ZONE)
    return Lot(
        number,
        at,
        day_start(day + timedelta(days=PENDING_DAYS), ZONE),
        day_start(day + timedelta(days=KEPT_DAYS + 1), ZONE),
        randomness.randrange(20, 2000),
        randomness.choice([EntryKind.CASHBACK] * 4 + [EntryKind.BIRTHDAY]),
        randomness.choice(salon_ids()),
    )
