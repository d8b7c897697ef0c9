"""A salon's life on the use cases: books, gets webhooks, lets the sweep run, and remembers what was sent.

Used by the tests of services, of crashes and of concurrency, with whatever store and sender they bring.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.intake.inbox import InboxItem, InboxState
from chalicelib.domain.intake.site_events import (
    BookingReported,
    ClientReported,
    SiteClient,
    SiteContext,
    SiteEvent,
    SiteLine,
    SiteStatus,
    WebhookNotUnderstood,
    guard,
)
from chalicelib.domain.loyalty.ledger_check import faults
from chalicelib.domain.messages.message_facts import MessageFacts
from chalicelib.domain.messages.messages import Message, Worded
from chalicelib.domain.networks.network import Connection, Template
from chalicelib.domain.shared.ids import derived
from chalicelib.services.bookings import book, change_booking, step_booking
from chalicelib.services.intake.ingest import Intake, ingest
from chalicelib.services.messages.budgets import Budgets
from chalicelib.services.messages.sending import Sending
from chalicelib.services.shared.links import Links
from chalicelib.services.shared.world import World
from chalicelib.services.visits import complete_visit, reopen_booking
from chalicelib.services.waking.handlers import handlers
from chalicelib.services.waking.sweep_shards import sweep
from chalicelib.services.waking.wake_items import Drained, drain_shard
from chalicelib.store.keys import shard_names
from infra.testkit.builders import NETWORK, a_visit_bill, access

BASE_URL = "https://salon.example"


def plain_text(
    kind: str, channel: str, language: str, facts: MessageFacts, template: Template | None
) -> Worded:
    """The words of a message, for those whom wording does not concern."""
    when = f" {facts.starts_at:%d %H:%M}" if facts.starts_at else ""
    return Worded(f"{kind}{when} {','.join(facts.services)}".strip())


class ScriptedSite:
    """A booking site whose webhooks are canonical events already: the body names the event."""

    def __init__(self) -> None:
        self.events: dict[bytes, Sequence[SiteEvent]] = {}

    def normalise(self, raw: bytes, context: SiteContext) -> list[SiteEvent]:
        if raw not in self.events:
            raise WebhookNotUnderstood("NOT_JSON", "nobody can read this")
        return list(self.events[raw])


class SalonDriver(Struct):
    """One network's days. `sender` and `intake_queue` are those of the test."""

    world: World
    sender: Any
    intake_queue: Any
    site: ScriptedSite = field(default_factory=ScriptedSite)

    @property
    def store(self) -> Any:
        return self.world.store

    # --- at the desk

    def book(self, starts_at: datetime, **said: Any) -> Booking:
        given: dict[str, Any] = {
            "salon_id": "sal_centru",
            "client": "cli_maria00000000001",
            "lines": [book.WantedLine(service_id="srv_cut", staff_id="stf_anna")],
        }
        request_id = said.pop("request_id", None)
        new = book.NewBooking(starts_at=starts_at, **{**given, **said})
        return book.book(self.world, access(), new, request_id)

    def move(self, booking: Booking, starts_at: datetime) -> Booking:
        return change_booking.change_booking(self.world, access(), booking.id, {"starts_at": starts_at})

    def cancel(self, booking: Booking) -> Booking:
        return step_booking.cancel(self.world, access(), booking.id)

    def confirm(self, booking: Booking) -> Booking:
        return step_booking.confirm(self.world, access(), booking.id)

    def complete(self, booking: Booking, **bill: int) -> complete_visit.Completed:
        said = a_visit_bill(booking.currency, **bill)
        return complete_visit.complete(self.world, access(), booking.id, said)

    def reopen(self, booking: Booking) -> Booking:
        return reopen_booking.reopen(self.world, access(), booking.id)

    # --- the clockwork

    def sending(self) -> Sending:
        senders = self.sender if isinstance(self.sender, dict) else {self.sender.channel: self.sender}
        return Sending(self.world, senders, Links(b"k" * 32, BASE_URL), plain_text, Budgets(self.world))

    def drain(self) -> list[Drained]:
        """What one sweep finds is woken."""
        sending = self.sending()
        awake = handlers(sending, self.intake_queue)
        found = sweep(self.world, shard_names(self.store.shards))
        drained = [drain_shard(self.world, awake, shard, lambda: True) for shard in found]
        sending.budgets.close()
        return drained

    def run_until(self, until: datetime, step: timedelta = timedelta(minutes=1)) -> None:
        """Sweeps at every instant at which something is due, like a sweep each minute would, until then."""
        clock: Any = self.world.clock
        for _ in range(500):
            self.drain()
            at = self.next_wake_at()
            if at is None or at > until:
                clock.now = max(clock.now, until)
                return
            clock.now = max(at, clock.now + step)
        raise AssertionError("this salon never comes to rest")

    def next_wake_at(self) -> datetime | None:
        asleep = [
            item.wake_at for item in self.store.item.scan(attributes_to_get=["wake_at"]) if item.wake_at
        ]
        return datetime.fromisoformat(min(asleep)) if asleep else None

    # --- what is told from outside

    def told(self, connection: Connection, *events: SiteEvent, body: bytes = b"") -> InboxItem:
        """A webhook with those events, received but not yet taken in."""
        raw = body or f"{connection.id}{events}".encode()
        self.site.events[raw] = events
        item = InboxItem(
            network_id=connection.network_id,
            id=derived("inb", connection.id, raw.decode()),
            connection_id=connection.id,
            site=connection.site,
            raw=raw,
            received_at=self.world.now(),
        )
        stands = self.store.get(InboxItem, network_id=connection.network_id, id=item.id)
        return stands if stands is not None else self.store.save(item)[0]  # type: ignore[no-any-return]

    def intake(self) -> Intake:
        sites: Any = {name: self.site for name in ("standard", "yclients", "square", "calcom", "altegio")}
        return Intake(self.world, sites, lambda: BASE_URL)

    def ingest(self, item: InboxItem) -> InboxState | None:
        return ingest(self.intake(), item.network_id, item.id)

    def hear(self, connection: Connection, *events: SiteEvent) -> InboxItem:
        """A webhook received and taken in; answers with the inbox item as it then stands."""
        item = self.told(connection, *events)
        self.ingest(item)
        found: InboxItem = self.store.get(InboxItem, network_id=connection.network_id, id=item.id)
        return found

    # --- looking

    def booking(self, booking_id: str) -> Booking:
        found: Booking = self.store.get(Booking, network_id=NETWORK, id=booking_id)
        return found

    def client(self, client_id: str = "cli_maria00000000001") -> Client:
        found: Client = self.store.get(Client, network_id=NETWORK, id=client_id)
        return found

    def bookings(self, salon_id: str = "sal_centru") -> list[Booking]:
        return list(self.store.bookings_of_salon(NETWORK, salon_id, limit=200).items)

    def only_booking(self) -> Booking:
        (found,) = self.bookings()
        return found

    def log(self, client_id: str = "cli_maria00000000001") -> list[Message]:
        """The client's messages, oldest first."""
        return list(
            reversed(self.store.get_page(Message, network_id=NETWORK, client_id=client_id, limit=200).items)
        )

    def kinds_sent(self) -> list[str]:
        return [outgoing.kind for outgoing in self.sender.sent]

    def ledger_faults(self, client_id: str = "cli_maria00000000001") -> list[str]:
        account, entries = self.store.account(NETWORK, client_id), self.store.entries(NETWORK, client_id)
        return faults(account, entries)


# --- canonical events

MARIA = SiteClient(external_id="c-1", name="Maria Popescu", phone="069123456")
LINE = SiteLine(service_id="s-1", service_name="Haircut", staff_id="p-1", staff_name="Anna", minutes=60,
                price_minor=50_000)  # fmt: skip


def reported(external_id: str, version: int, starts_at: datetime | None, **said: Any) -> BookingReported:
    """What a site says of a booking: booked, by Maria, one haircut, unless said otherwise."""
    given: dict[str, Any] = {"status": SiteStatus.BOOKED, "client": MARIA, "lines": (LINE,)}
    return BookingReported(
        external_id=external_id, guard=guard(version=version), starts_at=starts_at, **{**given, **said}
    )


def client_reported(external_id: str, version: int, client: SiteClient, **said: Any) -> ClientReported:
    return ClientReported(external_id=external_id, guard=guard(version=version), client=client, **said)


def thin(event: BookingReported) -> BookingReported:
    """The event as sites send it that tell only what changed."""
    return replace(event, starts_at=None, client=None, lines=(), partial=True)


Check = Callable[[SalonDriver], None]
