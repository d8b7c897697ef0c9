"""A salon's days: desk, clock, workers and providers in one hand; and all that was sent, with what was true
then."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.client_plan import with_wake
from chalicelib.domain.clients.clients import CHANNELS, Client, Consent, Device, VisitDay
from chalicelib.domain.loyalty.account import Account
from chalicelib.domain.messages.message_facts import MessageFacts
from chalicelib.domain.messages.messages import Message, MessageState, Outcome, Outgoing, Worded
from chalicelib.domain.messages.receipts import Receipt
from chalicelib.domain.networks.network import Directory, Salon, Template
from chalicelib.domain.shared.operations import Parked
from chalicelib.domain.shared.touches import Purpose
from chalicelib.services.messages.process_receipt import NotThereYet, process_receipt
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.waking.retry_parked import retry_parked
from chalicelib.store.keys import shard_names
from infra.testkit.builders import NETWORK, a_client, a_salon, a_town, save_client
from infra.testkit.doubles import (
    SettableClock,
)  # fmt: skip
from infra.testkit.failing_calls import Calls, WorkerDied
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.world import a_world

CLIENTS = ("cli_maria00000000001", "cli_petru00000000001", "cli_ann000000000001")
"""Clients in the salon's zone, in Moscow and in New York."""

SALONS = ("sal_centru", "sal_york", "sal_moscow")
SERVICES = ("srv_cut", "srv_nails")
FAR = datetime(9999, 1, 1, tzinfo=UTC)
SWEEP = timedelta(minutes=1)

OUTCOMES = {
    "sent": Outcome(MessageState.SENT, "provider-1"),
    "failed": Outcome(MessageState.FAILED, reason="refused"),
    "bad_address": Outcome(MessageState.FAILED, reason="no_such_number", bad_address=True),
    "unknown": Outcome(MessageState.UNKNOWN, reason="timed_out"),
    "throttled": Outcome(MessageState.FAILED, reason="throttled", throttled=True),
}
DIES = "dies"
"""The provider takes the message, and the worker dies before it hears so."""


@dataclass(frozen=True)
class Truth:
    """What was so from an instant on, as the desk has it."""

    at: datetime
    directory: Directory
    bookings: Mapping[str, Booking]
    clients: Mapping[str, Client]
    accounts: Mapping[str, Account]

    def speaker(self, client_id: str) -> Salon:
        """The salon visited last, else the first: it speaks to the client apart from any booking."""
        visited = [visit.salon_id for visit in self.clients[client_id].recent_visits]
        return self.directory.salons[next(iter(visited), None) or min(self.directory.salons)]

    def upcoming(self, client_id: str, now: datetime) -> bool:
        of = (b for b in self.bookings.values() if b.client_id == client_id)
        return any(booking.is_upcoming and booking.starts_at >= now for booking in of)


@dataclass(frozen=True)
class Taken:
    """One attempt as the provider saw it. sweep: the number of the sweep that made it."""

    at: datetime
    channel: str
    outgoing: Outgoing
    answer: str
    truth: Truth
    sweep: int

    @property
    def id(self) -> str:
        return self.outgoing.message_id

    @property
    def may_have_arrived(self) -> bool:
        return self.answer in ("sent", "unknown", DIES)


class Reported(Struct, frozen=True):
    """A receipt: after which sweep it came first, and after which it was taken; it may have to come again."""

    state: MessageState
    came: int
    taken: int | None = None


@dataclass
class Days:
    """calls: lets one call to the store fail, as `failing_calls.calls` does.

    answers    what the providers answer next; taken: all that they were given.
    receipts   those that are to be delivered again; reported: what receipts said of a message.
    logged_in  in which sweep a message's line was first seen; lost: those whose worker was taken for dead.
    crashed    the sweeps in which a call failed or a worker died.
    """

    store: Any
    calls: Callable[[Calls], AbstractContextManager[Calls]]
    begin: datetime
    taken: list[Taken] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    reported: dict[str, Reported] = field(default_factory=dict)
    truths: list[Truth] = field(default_factory=list)
    log: dict[str, Message] = field(default_factory=dict)
    logged_in: dict[str, int] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    booking_ids: list[str] = field(default_factory=list)
    crashed: set[int] = field(default_factory=set)
    sweeps: int = 0

    def __post_init__(self) -> None:
        self.clock = SettableClock(self.begin)
        senders = {channel: _Channel(channel, self) for channel in CHANNELS}
        self.driver = SalonDriver(a_world(self.store, self.clock), senders, texts=exact_text)
        _settle_town(self.store, self.begin)
        self.look()

    @property
    def now(self) -> datetime:
        return self.clock.now

    # --- what is so

    def look(self) -> None:
        """Takes down what the desk has made of the town."""
        bookings = {each: self.store.get(Booking, network_id=NETWORK, id=each) for each in self.booking_ids}
        clients = {each: self.store.get(Client, network_id=NETWORK, id=each) for each in CLIENTS}
        accounts = {each: self.store.account(NETWORK, each) for each in CLIENTS}
        directory = self.store.directory(NETWORK)
        self.truths.append(Truth(self.now, directory, bookings, clients, accounts))

    def _read_log(self) -> None:
        for client_id in CLIENTS:
            for message in self.store.get_page(
                Message, network_id=NETWORK, client_id=client_id, limit=1000
            ).items:
                self.log[message.id] = message
                self.logged_in.setdefault(message.id, self.sweeps)
                if message.reason == "worker_lost":
                    self.lost.add(message.id)

    # --- the clockwork

    def sweep(self, failing: Calls | None = None) -> None:
        """One sweep and all that it wakes; a call of it may fail."""
        self.sweeps += 1
        if failing:
            self.crashed.add(self.sweeps)
        try:
            with self.calls(failing) if failing else nullcontext():
                self.driver.drain()
        except WorkerDied:
            self.crashed.add(self.sweeps)
        except Exception:
            if failing is None:
                raise
        self._read_log()
        self._deliver()

    def tell(self, receipt: Receipt) -> None:
        self.reported[receipt.message_id] = Reported(receipt.state, self.sweeps)
        self.receipts.append(receipt)
        self._deliver()

    def _deliver(self) -> None:
        """What cannot be taken yet is delivered again."""
        for receipt in list(self.receipts):
            with suppress(NotThereYet, SaveConflict):
                process_receipt(self.driver.world, receipt)
                self.receipts.remove(receipt)
                known = self.reported[receipt.message_id]
                self.reported[receipt.message_id] = replace(known, taken=self.sweeps)

    def live_until(self, until: datetime) -> None:
        """Sweeps whenever something is due, as a sweep each minute would."""
        for _ in range(500):
            self.sweep()
            at = self.next_wake_at()
            if at is None or at > until:
                self.clock.now = max(self.now, until)
                return
            self.clock.now = max(at, self.now + SWEEP)
        raise AssertionError("this salon never comes to rest")

    def next_wake_at(self) -> datetime | None:
        first = [self.store.due(shard, FAR, limit=1) for shard in shard_names(self.store.shards)]
        instants = [datetime.fromisoformat(due[0].wake_at) for due in first if due]
        return min(instants, default=None)

    def settle(self, days: int) -> None:
        """From now on nothing fails. Parked items are retried, and so much time passes."""
        self.answers.clear()
        for parked in self.store.get_all(Parked, network_id=NETWORK):
            retry_parked(self.driver.world, NETWORK, parked.item.split()[-1])
        self.live_until(self.now + timedelta(days=days))
        self.look()


def exact_text(
    kind: str, channel: str, language: str, facts: MessageFacts, template: Template | None
) -> Worded:
    starts_at = facts.starts_at.isoformat() if facts.starts_at else ""
    return Worded(f"{kind}|{starts_at}|{facts.points_expiring or 0}")


@dataclass
class _Channel:
    channel: str
    days: Days

    def send(self, outgoing: Outgoing) -> Outcome:
        days = self.days
        answer = days.answers.pop(0) if days.answers else "sent"
        days.taken.append(Taken(days.now, self.channel, outgoing, answer, days.truths[-1], days.sweeps))
        if answer == DIES:
            raise WorkerDied
        return OUTCOMES[answer]


def _settle_town(store: Any, begin: datetime) -> None:
    a_town(store)
    store.save(a_salon("sal_moscow", name="Lotos Moscow", timezone="Europe/Moscow", currency="RUB"))
    maria, petru, ann = CLIENTS
    allowed = tuple(
        Consent(channel, Purpose.MARKETING, True, begin, "key:test", "asked") for channel in CHANNELS
    )
    existing = store.get(Client, network_id=NETWORK, id=maria)
    device = Device("arn:aws:sns:us-east-1:123456789012:endpoint/GCM/app/1", "android", begin)
    visits = [VisitDay((begin - timedelta(days=ago)).date(), "sal_centru") for ago in (5, 17, 29)]
    regular = replace(existing, visits_count=3, recent_visits=tuple(visits), first_visit_on=visits[-1].on)
    regular = replace(regular, consents=allowed, devices=(device,), created_at=begin - timedelta(days=100))
    store.save(with_wake(regular, store.directory(NETWORK), begin))
    for client_id, phone, email, zone, consents in (
        (petru, "+37369000001", None, "Europe/Moscow", allowed),
        (ann, "+12125550199", "ann@example.com", "America/New_York", ()),
    ):
        created_at = begin - timedelta(days=50)
        save_client(store, a_client(client_id, phone=phone, email=email, timezone=zone, birth_date=None,
                                    consents=consents, created_at=created_at))  # fmt: skip
