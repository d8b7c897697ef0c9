"""What each kind of posting costs on an account of fifty open lots, and what a quote does."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from bench.report.figures import Figure
from bench.setting.environment import BenchEnvironment
from bench.setting.http import Http
from bench.setting.layout import planned
from bench.setting.meter import Spent
from bench.setting.metered_driver import SALON, MeteredDriver, a_metered_driver
from bench.setting.occasions import Scene
from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty import account_plan
from chalicelib.domain.loyalty.account import Account, Entry, EntryKind, Posting
from chalicelib.domain.loyalty.account_plan import EXPIRY
from chalicelib.domain.loyalty.ledger_check import faults
from chalicelib.domain.loyalty.programme import Bill
from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.currencies import Amount
from chalicelib.domain.shared.ids import derived, entry_id
from chalicelib.services.loyalty.hold_points import hold_at_desk, redeem_hold, release_hold
from chalicelib.services.loyalty.post_bonus import post_to_client
from chalicelib.services.loyalty.reverse_entry import reverse_entry
from chalicelib.services.visits.complete_visit import complete
from chalicelib.services.visits.refund_visit import refund
from chalicelib.services.visits.visit_bill import VisitBill
from infra.testkit import full_account
from infra.testkit.builders import access

MAX_WRITTEN = 6
MAX_WRITTEN_BY_HAND = 10
"""With the two counts of the giver's limit (`services/loyalty/limit_by_hand.py`): by key and by client."""
OWNER = access(Role.OWNER)
BILL_MINOR = 40_000_000
"""Of which a quarter pays for any number of points here."""


@dataclass(frozen=True)
class AccountHolder:
    """A client of the salon with fifty open lots, the account's pointer set."""

    driver: MeteredDriver
    client: Client
    cause: str

    @property
    def account(self) -> Account:
        with self.driver.meter.step("aside"):
            return self.driver.table.account(self.client.network_id, self.client.id)

    def post(self, kind: EntryKind, points: int, **fields: Any) -> Entry:
        """As a person's posting is."""
        posting = Posting(
            id=entry_id(self.client.id, "request", kind, str(points)),
            kind=kind,
            points=points,
            reason="asked at the desk",
            actor="key:" + derived("key", "bench"),
            salon_id=SALON,
            **fields,
        )
        return post_to_client(self.driver.world, self.client, posting)

    def hold(self, points: int) -> Entry:
        bill = Bill(paid_minor=BILL_MINOR)
        return hold_at_desk(self.driver.world, OWNER, self.client, points, SALON, bill, "bench")

    def check(self) -> None:
        """Its ledger is right."""
        with self.driver.meter.step("aside"):
            entries = self.driver.table.entries(self.client.network_id, self.client.id)
        assert faults(self.account, entries) == []


def holder_of(driver: MeteredDriver, cause: str) -> AccountHolder:
    scene = Scene(driver, cause)
    client = scene.client()
    account = full_account.full(scene.network_id, client.id, scene.now)
    entry = full_account.opening(account, scene.now)
    account = account_plan.with_wake(account, scene.directory, scene.now, client)
    with driver.meter.step("set-up"):
        driver.table.save(client, account, entry)
    return AccountHolder(driver, client, cause)


# --- each kind: what is done beforehand, and what is measured


def _granted(holder: AccountHolder) -> Callable[[], Any]:
    ends = (holder.driver.clock.now + timedelta(days=366)).replace(minute=0, second=0, microsecond=0)
    return lambda: holder.post(EntryKind.GRANT, 100, expires_at=ends)


def _redeemed_of_one(holder: AccountHolder) -> Callable[[], Any]:
    return lambda: holder.post(EntryKind.REDEEM, -5)


def _redeemed_of_all(holder: AccountHolder) -> Callable[[], Any]:
    points = holder.account.balance - 1
    return lambda: holder.post(EntryKind.REDEEM, -points)


def _held_of_one(holder: AccountHolder) -> Callable[[], Any]:
    return lambda: holder.hold(5)


def _held_of_all(holder: AccountHolder) -> Callable[[], Any]:
    points = holder.account.balance
    return lambda: holder.hold(points)


def _released(holder: AccountHolder) -> Callable[[], Any]:
    held = holder.hold(5)
    return lambda: release_hold(holder.driver.world, OWNER, held.id)


def _hold_redeemed(holder: AccountHolder) -> Callable[[], Any]:
    held = holder.hold(5)
    return lambda: redeem_hold(holder.driver.world, OWNER, held.id, 5, SALON)


def _reversed(holder: AccountHolder) -> Callable[[], Any]:
    entry = holder.post(EntryKind.REDEEM, 1 - holder.account.balance)
    return lambda: reverse_entry(holder.driver.world, OWNER, entry.id, "by mistake")


def _expired(holder: AccountHolder) -> Callable[[], Any]:
    """Its midnight has come. Nobody is there to be warned, so that nothing else is written."""
    driver = holder.driver
    driver.table.delete(replace(holder.client, version=1))
    account = holder.account
    while account.wake is not None and account.wake.why != EXPIRY:
        driver.at(account.wake.at + timedelta(seconds=20))
        with driver.meter.step("aside"):
            driver.wake(account)
        account = holder.account
    assert account.wake is not None
    driver.at(account.wake.at + timedelta(seconds=20))
    return lambda: driver.wake(account)


def _completed(holder: AccountHolder) -> Callable[[], Any]:
    booking = _booked(holder)
    return lambda: _complete(holder, booking)


def _refunded(holder: AccountHolder) -> Callable[[], Any]:
    booking = _booked(holder)
    _complete(holder, booking)
    half, reason = Amount(BILL_MINOR // 2, booking.currency), "was not what she had wished for"
    return lambda: refund(holder.driver.world, OWNER, booking.id, half, reason)


def _booked(holder: AccountHolder) -> Booking:
    booking = planned(holder.driver, holder.cause, holder.driver.clock.now - timedelta(hours=1))
    holder.driver.table.save(booking)
    return booking


def _complete(holder: AccountHolder, booking: Booking) -> Any:
    bill = VisitBill(paid=Amount(BILL_MINOR, booking.currency), redeem_points=5)
    return complete(holder.driver.world, OWNER, booking.id, bill)


@dataclass(frozen=True)
class Kind:
    """prepare: what goes before, uncounted; the posting itself is what it returns. most: of write units; None
    where more than the ledger is written."""

    name: str
    prepare: Callable[[AccountHolder], Callable[[], Any]]
    most: int | None = MAX_WRITTEN


KINDS = (
    Kind("grant", _granted),
    Kind("redeem, of one lot", _redeemed_of_one),
    Kind("redeem, of all lots", _redeemed_of_all),
    Kind("hold, of one lot", _held_of_one),
    Kind("hold, of all lots", _held_of_all),
    Kind("release", _released),
    Kind("redeem a hold", _hold_redeemed),
    Kind("reversal, of all lots", _reversed, most=MAX_WRITTEN_BY_HAND),
    Kind("completion, redeemed and earned", _completed, most=None),
    Kind("refund of half of it", _refunded, most=None),
    Kind("expiry", _expired),
)


def measured(environment: BenchEnvironment) -> list[tuple[Kind, Spent]]:
    driver = a_metered_driver(environment)
    found = []
    for kind in KINDS:
        holder = holder_of(driver, kind.name)
        with driver.meter.step("set-up"):
            act = kind.prepare(holder)
        with driver.meter.step(kind.name) as spent:
            act()
        holder.check()
        found.append((kind, spent))
    environment.drop(driver.table)
    return found


def quoted(environment: BenchEnvironment) -> Spent:
    """Over HTTP, the network's rules and the key at hand."""
    driver = a_metered_driver(environment)
    holder, http = holder_of(driver, "quote"), Http(driver)
    address = f"/v1/clients/{holder.client.id}/bonus/quote"
    bill = {"bill": {"amount_minor": 50_000, "currency": "MDL"}, "salon_id": SALON}
    with driver.meter.step("warming"):
        http.get("/v1/salons")
    with driver.meter.step("quote") as spent:
        answer = http.post(address, bill)
    assert answer["points"] == 125, answer
    environment.drop(driver.table)
    return spent


def figures(environment: BenchEnvironment) -> list[Figure]:
    found = [_figure(kind, spent) for kind, spent in measured(environment)]
    quote = quoted(environment)
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
        kind.most,
        f"one transaction: {places}; {sizes}; {calls}; {spent.read:g} read units",
    )
