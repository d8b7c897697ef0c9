"""The real side of the machine: the use cases on a store that is given to it, of which any call may fail;
what was asked may be asked again."""

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty.account import Account, Entry, EntryKind
from chalicelib.domain.loyalty.ledger import next_expiration, settled
from chalicelib.domain.loyalty.ledger_check import faults
from chalicelib.domain.loyalty.programme import Bill
from chalicelib.domain.networks.bonus_rules import BonusRules
from chalicelib.domain.networks.network import Network
from chalicelib.domain.shared.errors import DomainError
from chalicelib.services.bookings import step_booking
from chalicelib.services.bookings.book import WantedLine
from chalicelib.services.loyalty import hold_points, post_bonus
from chalicelib.services.visits import complete_visit
from chalicelib.services.visits.correct_bill import correct_bill
from chalicelib.wiring import CachedDirectories
from infra.testkit.builders import (
    NETWORK,
    a_client,
    a_network,
    a_salon,
    a_service,
    a_visit_bill,
    access,
    an_amount,
    save_client,
)
from infra.testkit.doubles import (
    SettableClock,
)
from infra.testkit.failing_calls import Calls, Failure, WorkerDied
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.world import a_world

CLIENTS = ("cli_maria00000000001", "cli_petru00000000001")
SALONS = {"sal_centru": "Europe/Chisinau", "sal_moscow": "Europe/Moscow"}
PRICE_MINOR = 50_000
VALUE_MINOR = 100

Failing = Callable[[Calls], AbstractContextManager[Calls]]
Crash = tuple[int, Failure]
"""Which call of an operation fails, and how."""


@dataclass
class Shop:
    """calls: lets one call to the store fail, as `failing_calls.calls` does."""

    store: Any
    calls: Failing
    zone: str
    begin: datetime
    granted: dict[tuple[str, int, datetime], tuple[Any, datetime | None]] = field(default_factory=dict)
    known: dict[str, Account] = field(default_factory=dict)
    looked_at: dict[str, Account] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = SettableClock(self.begin)
        directories = CachedDirectories(self.store.directory, self.clock)
        self.world = a_world(self.store, self.clock, directories=directories)
        self.driver = SalonDriver(self.world)
        made_at = self.begin
        self.store.save(
            a_network(timezone=self.zone, created_at=made_at),
            *(a_salon(salon_id, timezone=zone) for salon_id, zone in SALONS.items()),
            a_service(price_minor=PRICE_MINOR),
        )
        for number, client_id in enumerate(CLIENTS):
            phone = f"+3736900000{number}"
            save_client(self.store, a_client(client_id, phone=phone, email=None, created_at=made_at))

    # --- doing

    def do(self, action: Callable[[], Any], crash: Crash | None = None) -> Any:
        """What it answers, or the code of its refusal. crash: done by a process that fails in the middle of
        it, and then again."""
        self.known.clear()
        if crash is not None:
            with self.calls(Calls(*crash)), suppress(Exception, WorkerDied):
                action()
        try:
            return action()
        except DomainError as refusal:
            return refusal.code

    @property
    def now(self) -> datetime:
        return self.clock.now

    def client(self, client_id: str) -> Client:
        found: Client = self.store.get(Client, network_id=NETWORK, id=client_id)
        return found

    def booking(self, booking_id: str) -> Booking:
        return self.driver.booking(booking_id)

    def book(self, client_id: str, salon_id: str, starts_at: datetime, request_id: str) -> Booking:
        lines = [WantedLine(service_id="srv_cut")]
        return self.driver.book(
            starts_at, salon_id=salon_id, client=client_id, lines=lines, request_id=request_id
        )

    def move(self, booking_id: str, starts_at: datetime) -> Booking:
        return self.driver.move(self.booking(booking_id), starts_at)

    def complete(self, booking_id: str, paid_minor: int, redeem_points: int) -> Any:
        bill = a_visit_bill(paid_minor=paid_minor, redeem_points=redeem_points)
        return complete_visit.complete(self.world, access(), booking_id, bill)

    def correct(self, booking_id: str, paid_minor: int) -> Booking:
        return correct_bill(self.world, access(), booking_id, an_amount(paid_minor))

    def cancel(self, booking_id: str) -> Booking:
        return self.driver.cancel(booking_id)

    def no_show(self, booking_id: str) -> Booking:
        return step_booking.mark_no_show(self.world, access(), booking_id)

    def reopen(self, booking_id: str) -> Booking:
        return self.driver.reopen(booking_id)

    def refund(self, booking_id: str, amount_minor: int, request_id: str) -> str:
        return self.driver.refund(booking_id, amount_minor, request_id).refund.id

    def post(
        self, client_id: str, kind: str, points: int, request_id: str, expires_on: date | None = None
    ) -> Entry:
        return self.driver.post(kind, points, client_id, request_id, expires_on=expires_on)

    def reverse(self, entry_id: str) -> Entry:
        return self.driver.reverse(entry_id)

    def hold_for_booking(self, booking_id: str, points: int) -> Entry:
        return self.driver.hold(booking_id, points)

    def hold_at_desk(
        self, client_id: str, points: int, salon_id: str, paid_minor: int, request_id: str
    ) -> Entry:
        bill = Bill(paid_minor=paid_minor)
        return hold_points.hold_at_desk(
            self.world, access(), self.client(client_id), points, salon_id, bill, request_id
        )

    def redeem_hold(self, hold_id: str, points: int, salon_id: str) -> Entry:
        return hold_points.redeem_hold(self.world, access(), hold_id, points, salon_id)

    def release_hold(self, hold_id: str) -> Entry:
        return hold_points.release_hold(self.world, access(), hold_id)

    def merge(self, client_id: str, into_id: str) -> str:
        return self.driver.merge(client_id, into_id).source.id

    def unmerge(self, client_id: str) -> str:
        return self.driver.unmerge(client_id).source.id

    def is_merged(self, client_id: str) -> bool:
        return self.client(client_id).merged is not None

    def quote(self, client_id: str, paid_minor: int) -> int:
        account = post_bonus.account_to_quote(self.world, NETWORK, client_id)
        bill = Bill(paid_minor=paid_minor)
        return post_bonus.quote_for(self.world, account, bill, currency="MDL").points

    def wake(self, client_id: str) -> None:
        """As the sweep does, if the account's pointer is due."""
        self.driver.wake(Account(network_id=NETWORK, client_id=client_id))

    def change_rules(self, **fields: Any) -> None:
        network = self.store.get(Network, network_id=NETWORK)
        bonuses = BonusRules(**fields)
        self.store.save(replace(network, rules=replace(network.rules, bonuses=bonuses)))
        self.world.directories.forget(NETWORK)

    # --- looking

    def stored(self, client_id: str) -> Account:
        """Read again after something was done."""
        if client_id not in self.known:
            self.known[client_id] = self.store.account(NETWORK, client_id)
        return self.known[client_id]

    def now_of(self, account: Account) -> Account:
        """The account as of now, as a page shows it."""
        return settled(account, self.now)[0]

    def next_expiration(self, client_id: str) -> datetime | None:
        return next_expiration(self.now_of(self.stored(client_id)))

    def wrongs(self, account: Account) -> list[str]:
        """All that is wrong with an account, whatever should have become of it. Looked for again when it has
        changed."""
        client_id = account.client_id
        if self.looked_at.get(client_id) == account:
            return []
        self.looked_at[client_id] = account
        entries = self.store.entries(NETWORK, client_id)
        found = faults(account, entries)
        found += [f"lot {lot.number} is empty or below zero" for lot in account.lots if lot.remaining <= 0]
        if len({entry.id for entry in entries}) != len(entries):
            found.append("two entries have one id")
        if account.debt and account.balance > account.held:
            found.append("who owes has points to spend")
        end = next_expiration(account)
        if end is not None and not account.trouble and (account.wake is None or account.wake.at > end):
            found.append(f"it wakes {account.wake}, though something ends {end}")
        for entry in entries:
            found += _untimely(entry)
        for lot in account.lots:
            terms = (lot.available_at, lot.reason, lot.salon_id, lot.idle_days)
            begun = (client_id, lot.number, lot.granted_at)  # an expired lot may be a grace lot now
            first, until = self.granted.setdefault(begun, (terms, lot.expires_at))
            if terms != first or (lot.expires_at != until and (lot.idle_days is None or not until)):
                found.append(f"lot {lot.number} is not what it was when it was granted")
        return found


def _untimely(entry: Entry) -> list[str]:
    if entry.kind is not EntryKind.EXPIRY:
        return []
    dates = [change.expires_at for change in entry.lots]
    if entry.effective_at > entry.recorded_at or not dates:
        return [f"entry {entry.number} expired in the future, or nothing at all"]
    return [f"entry {entry.number} expired early" for at in dates if at is None or at > entry.effective_at]
