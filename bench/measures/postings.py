"""What each kind of posting costs on an account of fifty open lots, and what a quote does."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from bench.report.figures import Figure
from bench.setting.environment import Ground
from bench.setting.http import Http
from bench.setting.layout import planned
from bench.setting.meter import Spent
from bench.setting.metered_driver import SALON, Salon
from bench.setting.occasions import Scene
from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty import account_plan
from chalicelib.domain.loyalty.account import Account, Entry, EntryKind, Posting
from chalicelib.domain.loyalty.account_plan import EXPIRY
from chalicelib.domain.loyalty.ledger_check import faults
from chalicelib.domain.loyalty.programme import Bill
from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.ids import derived, entry_id
from chalicelib.services.loyalty.hold_points import hold_at_desk, redeem_hold, release_hold
from chalicelib.services.loyalty.post_bonus import post
from chalicelib.services.loyalty.undo_entry import reverse
from chalicelib.services.visits.complete_visit import Bill as VisitBill
from chalicelib.services.visits.complete_visit import complete
from chalicelib.services.visits.refund_visit import refund
from infra.testkit import full_account
from infra.testkit.builders import NETWORK, access

WRITTEN_MOST = 6
OWNER = access(Role.OWNER)
BILL_MINOR = 40_000_000
"""Of which a quarter pays for any number of points here."""


@dataclass(frozen=True)
class Purse:
    """A client of the salon with fifty open lots, the account's pointer set."""

    salon: Salon
    client: Client
    cause: str

    @property
    def account(self) -> Account:
        with self.salon.meter.step("aside"):
            return self.salon.table.account(self.client.network_id, self.client.id)

    def post(self, kind: EntryKind, points: int, **said: Any) -> Entry:
        """As a person's posting is."""
        posting = Posting(
            id=entry_id(self.client.id, "request", kind, str(points)),
            kind=kind,
            points=points,
            reason="asked at the desk",
            actor="key:" + derived("key", "bench"),
            salon_id=SALON,
            **said,
        )
        return post(self.salon.world, self.client, posting)

    def hold(self, points: int) -> Entry:
        bill = Bill(paid_minor=BILL_MINOR)
        return hold_at_desk(self.salon.world, OWNER, self.client, points, SALON, bill, "bench")

    def check(self) -> None:
        """Its ledger is right."""
        with self.salon.meter.step("aside"):
            entries = self.salon.table.entries(self.client.network_id, self.client.id)
        assert faults(self.account, entries) == []


def purse_of(salon: Salon, cause: str) -> Purse:
    scene = Scene(salon, cause)
    client = scene.client()
    account = full_account.full(scene.network_id, client.id, scene.now)
    entry = full_account.opening(account, scene.now)
    account = account_plan.with_wake(account, scene.directory, scene.now, client)
    with salon.meter.step("set-up"):
        salon.table.save(client, account, entry)
    return Purse(salon, client, cause)


# --- each kind: what is done beforehand, and what is measured


def _granted(purse: Purse) -> Callable[[], Any]:
    ends = (purse.salon.clock.now + timedelta(days=366)).replace(minute=0, second=0, microsecond=0)
    return lambda: purse.post(EntryKind.GRANT, 100, expires_at=ends)


def _redeemed_of_one(purse: Purse) -> Callable[[], Any]:
    return lambda: purse.post(EntryKind.REDEEM, -5)


def _redeemed_of_all(purse: Purse) -> Callable[[], Any]:
    points = purse.account.balance - 1
    return lambda: purse.post(EntryKind.REDEEM, -points)


def _held_of_one(purse: Purse) -> Callable[[], Any]:
    return lambda: purse.hold(5)


def _held_of_all(purse: Purse) -> Callable[[], Any]:
    points = purse.account.balance
    return lambda: purse.hold(points)


def _released(purse: Purse) -> Callable[[], Any]:
    held = purse.hold(5)
    return lambda: release_hold(purse.salon.world, OWNER, held.id)


def _hold_redeemed(purse: Purse) -> Callable[[], Any]:
    held = purse.hold(5)
    return lambda: redeem_hold(purse.salon.world, OWNER, held.id, 5, SALON)


def _reversed(purse: Purse) -> Callable[[], Any]:
    entry = purse.post(EntryKind.REDEEM, 1 - purse.account.balance)
    return lambda: reverse(purse.salon.world, OWNER, entry.id, "by mistake")


def _expired(purse: Purse) -> Callable[[], Any]:
    """Its midnight has come. Nobody is there to be warned, so that nothing else is written."""
    salon = purse.salon
    salon.table.delete(replace(purse.client, version=1))
    account = purse.account
    while account.wake is not None and account.wake.why != EXPIRY:
        salon.at(account.wake.at + timedelta(seconds=20))
        with salon.meter.step("aside"):
            salon.wake(account)
        account = purse.account
    assert account.wake is not None
    salon.at(account.wake.at + timedelta(seconds=20))
    return lambda: salon.wake(account)


def _completed(purse: Purse) -> Callable[[], Any]:
    booking = _booked(purse)
    return lambda: _complete(purse, booking)


def _refunded(purse: Purse) -> Callable[[], Any]:
    booking = _booked(purse)
    _complete(purse, booking)
    given = (NETWORK, booking.id, BILL_MINOR // 2, "was not what she had wished for", lambda _: None, "key:x")
    return lambda: refund(purse.salon.world, *given)


def _booked(purse: Purse) -> Booking:
    booking = planned(purse.salon, purse.cause, purse.salon.clock.now - timedelta(hours=1))
    purse.salon.table.save(booking)
    return booking


def _complete(purse: Purse, booking: Booking) -> Any:
    bill = VisitBill(paid_minor=BILL_MINOR, redeem_points=5)
    return complete(purse.salon.world, NETWORK, booking.id, bill, lambda _: None, "key:x")


@dataclass(frozen=True)
class Kind:
    """prepare: what goes before, uncounted; the posting itself is what it returns. ledger_only: nothing but
    the ledger is written."""

    name: str
    prepare: Callable[[Purse], Callable[[], Any]]
    ledger_only: bool = True


KINDS = (
    Kind("grant", _granted),
    Kind("redeem, of one lot", _redeemed_of_one),
    Kind("redeem, of all lots", _redeemed_of_all),
    Kind("hold, of one lot", _held_of_one),
    Kind("hold, of all lots", _held_of_all),
    Kind("release", _released),
    Kind("redeem a hold", _hold_redeemed),
    Kind("reversal, of all lots", _reversed),
    Kind("completion, redeemed and earned", _completed, ledger_only=False),
    Kind("refund of half of it", _refunded, ledger_only=False),
    Kind("expiry", _expired),
)


def measured(ground: Ground) -> list[tuple[Kind, Spent]]:
    salon = Salon(ground)
    found = []
    for kind in KINDS:
        purse = purse_of(salon, kind.name)
        with salon.meter.step("set-up"):
            act = kind.prepare(purse)
        with salon.meter.step(kind.name) as spent:
            act()
        purse.check()
        found.append((kind, spent))
    ground.drop(salon.table)
    return found


def quoted(ground: Ground) -> Spent:
    """Over HTTP, the network's rules and the key at hand."""
    salon = Salon(ground)
    purse, http = purse_of(salon, "quote"), Http(salon)
    address = f"/v1/clients/{purse.client.id}/bonus/quote"
    bill = {"bill": {"amount_minor": 50_000, "currency": "MDL"}, "salon_id": SALON}
    with salon.meter.step("warming"):
        http.get("/v1/salons")
    with salon.meter.step("quote") as spent:
        answer = http.post(address, bill)
    assert answer["points"] == 125, answer
    ground.drop(salon.table)
    return spent


def figures(ground: Ground) -> list[Figure]:
    found = [_figure(kind, spent) for kind, spent in measured(ground)]
    quote = quoted(ground)
    return [
        *found,
        Figure("quote: calls", sum(quote.calls.values()), "calls", 1, "over HTTP, rules and key at hand"),
        Figure("quote: read", quote.read, "read units", 1, "the account, consistently"),
    ]


def _figure(kind: Kind, spent: Spent) -> Figure:
    places = ", ".join(f"{place} {units}" for place, units in sorted(spent.by_place.items()))
    sizes = ", ".join(f"{name.lower()} {most} bytes" for name, most in sorted(spent.largest.items()))
    calls = ", ".join(f"{name.removeprefix('dynamodb.')} {n}" for name, n in sorted(spent.calls.items()))
    return Figure(
        f"posting, 50 open lots: {kind.name}",
        spent.write,
        "write units",
        WRITTEN_MOST if kind.ledger_only else None,
        f"one transaction: {places}; {sizes}; {calls}; {spent.read:g} read units",
    )
