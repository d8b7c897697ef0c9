"""Drives the services as a salon does: books, completes, posts points, gets webhooks, lets the sweep run.

Tests of services, of crashes and of concurrency bring the store and the senders. So does the bench.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Self, cast

from msgspec import Struct, field
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.bookings.visit_times import CLOSED_AHEAD, is_too_early
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.intake.inbox import InboxItem, InboxState
from chalicelib.domain.intake.site_events import BookingReported, SiteEvent, SiteStatus
from chalicelib.domain.loyalty.account import Entry
from chalicelib.domain.loyalty.ledger_check import faults
from chalicelib.domain.messages.message_facts import MessageFacts
from chalicelib.domain.messages.messages import Message, Worded
from chalicelib.domain.messages.spending import Ceilings
from chalicelib.domain.networks.network import Connection, Template
from chalicelib.domain.shared.ids import derived
from chalicelib.domain.shared.zones import as_instant
from chalicelib.services.bookings import book, change_booking, step_booking
from chalicelib.services.bookings.site_steps import TakeStep, no_site
from chalicelib.services.intake.booking_site import AskChanges, nothing_asked
from chalicelib.services.intake.ingest import Intake, ingest
from chalicelib.services.intake.receive_webhook import Receiving
from chalicelib.services.loyalty import hold_points, post_bonus, reverse_entry
from chalicelib.services.merging.merge_clients import merge_clients
from chalicelib.services.merging.merge_context import MergedClients
from chalicelib.services.merging.unmerge_clients import unmerge_clients
from chalicelib.services.messages.budgets import Budgets
from chalicelib.services.messages.sending import Sending
from chalicelib.services.shared.links import Links
from chalicelib.services.shared.ports import Texts
from chalicelib.services.shared.world import World
from chalicelib.services.visits import complete_visit, refund_visit, reopen_booking
from chalicelib.services.waking.handlers import handlers
from chalicelib.services.waking.poll_site import Polling
from chalicelib.services.waking.sweep_shards import sweep
from chalicelib.services.waking.wake_items import Drained, Handlers, drain_shard, wake_one
from chalicelib.store.keys import place_of, shard_names
from infra.testkit.builders import NETWORK, a_visit_bill, access, an_amount
from infra.testkit.doubles import InstantRenewals, RecordingIntake, RecordingSender, SettableClock
from infra.testkit.site_events import ScriptedSite

BASE_URL = "https://salon.example"
MARIA_ID = "cli_maria00000000001"
_OVER = (SiteStatus.COMPLETED, SiteStatus.NO_SHOW)


def plain_text(
    kind: str, channel: str, language: str, facts: MessageFacts, template: Template | None
) -> Worded:
    """The words of a message, for those whom wording does not concern."""
    when = f" {facts.starts_at:%d %H:%M}" if facts.starts_at else ""
    return Worded(f"{kind}{when} {','.join(facts.services)}".strip())


class SalonDriver(Struct):
    """One network's services. sender: what all messages leave by, or one for each channel. take_step,
    ask_changes: the booking sites' APIs."""

    world: World
    sender: Any = field(default_factory=RecordingSender)
    intake_queue: Any = field(default_factory=RecordingIntake)
    site: ScriptedSite = field(default_factory=ScriptedSite)
    texts: Texts = plain_text
    base_url: str = BASE_URL
    ceilings: Ceilings = Ceilings()
    take_step: TakeStep = no_site
    ask_changes: AskChanges = nothing_asked

    @property
    def store(self) -> Any:
        return self.world.store

    @property
    def clock(self) -> SettableClock:
        return cast(SettableClock, self.world.clock)

    @property
    def links(self) -> Links:
        return Links(b"k" * 32, self.base_url)

    def on(self, store: Any) -> Self:
        """The same salon, whose services work on that store."""
        return replace(self, world=replace(self.world, store=store))

    # --- bookings, at the desk; each is named by its value or by its id

    def book(self, starts_at: datetime, **fields: Any) -> Booking:
        given: dict[str, Any] = {
            "salon_id": "sal_centru",
            "client": MARIA_ID,
            "lines": [book.WantedLine(service_id="srv_cut", staff_id="stf_anna")],
        }
        request_id = fields.pop("request_id", None)
        new = book.NewBooking(starts_at=starts_at, **{**given, **fields})
        return book.book(self.world, access(), new, request_id)

    def move(self, booking: Booking, starts_at: datetime) -> Booking:
        return change_booking.change_booking(self.world, access(), booking.id, {"starts_at": starts_at})

    def cancel(self, booking: Booking | str) -> Booking:
        return step_booking.cancel(self.world, access(), _id(booking))

    def confirm(self, booking: Booking | str) -> Booking:
        return step_booking.confirm(self.world, access(), _id(booking))

    def mark_no_show(self, booking: Booking | str) -> Booking:
        self.wait_for(booking if isinstance(booking, Booking) else self.booking(booking))
        return step_booking.mark_no_show(self.world, access(), _id(booking))

    def wait_for(self, booking: Booking) -> None:
        """Until the start of a booking that cannot be closed yet."""
        if booking.starts_at <= self.world.now() + CLOSED_AHEAD:
            return
        zone = self.store.directory(booking.network_id).salons[booking.salon_id].timezone
        if is_too_early(booking.starts_at, self.world.now(), zone):
            self.clock.now = booking.starts_at

    def complete(self, booking: Booking, **bill: int) -> complete_visit.Completed:
        self.wait_for(booking)
        made_out = a_visit_bill(booking.currency, **bill)
        return complete_visit.complete(self.world, access(), booking.id, made_out)

    def reopen(self, booking: Booking | str) -> Booking:
        return reopen_booking.reopen(self.world, access(), _id(booking))

    def refund(
        self, booking: Booking | str, amount_minor: int, request_id: str | None = None
    ) -> refund_visit.Refunded:
        amount = an_amount(amount_minor)
        return refund_visit.refund(self.world, access(), _id(booking), amount, "unhappy", request_id)

    # --- points and clients, at the desk

    def post(
        self,
        kind: str,
        points: int,
        client_id: str = MARIA_ID,
        request_id: str | None = None,
        *,
        expires_on: date | None = None,
    ) -> Entry:
        """By hand, as a manager does."""
        asked = post_bonus.PostingByHand(kind=kind, points=points, reason="by hand", expires_on=expires_on)
        return post_bonus.post_by_hand(self.world, access(), client_id, asked, request_id)

    def reverse(self, entry_id: str) -> Entry:
        return reverse_entry.reverse_entry(self.world, access(), entry_id, "mistake")

    def hold(self, booking: Booking | str, points: int) -> Entry:
        return hold_points.hold_for_booking(self.world, access(), _id(booking), points)

    def merge(self, source_id: str, target_id: str) -> MergedClients:
        return merge_clients(self.world, access(), source_id, target_id)

    def unmerge(self, source_id: str) -> MergedClients:
        return unmerge_clients(self.world, access(), source_id)

    # --- the clockwork

    def sending(self) -> Sending:
        """As a worker begins: it knows nothing yet of what the month has cost."""
        senders = self.sender if isinstance(self.sender, dict) else {self.sender.channel: self.sender}
        return Sending(self.world, senders, self.links, self.texts, Budgets(self.world, self.ceilings))

    def handlers(self, sending: Sending) -> Handlers:
        return handlers(
            sending,
            self.intake_queue,
            take_step=self.take_step,
            polling=self.polling,
            renewals=InstantRenewals(self.store),
        )

    def polling(self) -> Polling:
        return Polling(self.receiving(), self.ask_changes)

    def sweep(self) -> list[str]:
        """The shards with something due."""
        return sweep(self.world, shard_names(self.store.shards))

    def drain(self) -> list[Drained]:
        """What one sweep finds is woken."""
        sending = self.sending()
        awake = self.handlers(sending)
        drained = [drain_shard(self.world, awake, shard, lambda: True) for shard in self.sweep()]
        sending.budgets.close()
        return drained

    def wake(self, value: Any) -> str:
        """What a worker does that is given one item, if that is due. Answers as `wake_one`."""
        place, sending = place_of(value), self.sending()
        trouble = wake_one(self.world, self.handlers(sending), place.pk, place.sk)
        sending.budgets.close()
        return trouble

    def run_until(self, until: datetime, step: timedelta = timedelta(minutes=1)) -> None:
        """Sweeps at every instant at which something is due, like a sweep each minute would, until then."""
        clock = self.clock
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

    def adapters(self) -> Mapping[str, Any]:
        """Booking sites: each says what the test has it say."""
        return dict.fromkeys(("standard", "yclients", "square", "calcom", "altegio"), self.site)

    def receiving(self) -> Receiving:
        return Receiving(self.world, self.adapters(), self.intake_queue, lambda: self.base_url)

    def intake(self) -> Intake:
        return Intake(self.world, self.adapters(), lambda: self.base_url)

    def received(self, connection: Connection, *events: SiteEvent, body: bytes = b"") -> InboxItem:
        """A webhook with those events, received but not yet taken in. That a visit took place or was missed
        comes on its day, unless the event has an instant of its own."""
        for event in events:
            if isinstance(event, BookingReported) and event.status in _OVER and event.occurred_at is None:
                self._wait_for_event(event)
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
        existing: InboxItem | None = self.store.get(
            InboxItem, network_id=connection.network_id, id=item.id
        )
        saved: InboxItem = self.store.save(item)[0] if existing is None else existing
        return saved

    def _wait_for_event(self, event: BookingReported) -> None:
        known = [each for each in self.bookings() if each.external_id == event.external_id]
        starts_at = event.starts_at or next((booking.starts_at for booking in known), self.clock.now)
        if is_too_early(as_instant(starts_at, "UTC"), self.clock.now, "UTC"):
            self.clock.now = as_instant(starts_at, "UTC")

    def ingest(self, item: InboxItem) -> InboxState | None:
        return ingest(self.intake(), item.network_id, item.id)

    def hear(self, connection: Connection, *events: SiteEvent) -> InboxItem:
        """A webhook received and taken in; answers with the inbox item as it then stands."""
        item = self.received(connection, *events)
        self.ingest(item)
        found: InboxItem = self.store.get(InboxItem, network_id=connection.network_id, id=item.id)
        return found

    # --- looking

    def booking(self, booking_id: str) -> Booking:
        found: Booking = self.store.get(Booking, network_id=NETWORK, id=booking_id)
        return found

    def client(self, client_id: str = MARIA_ID) -> Client:
        found: Client = self.store.get(Client, network_id=NETWORK, id=client_id)
        return found

    def bookings(self, salon_id: str = "sal_centru") -> list[Booking]:
        return list(self.store.bookings_of_salon(NETWORK, salon_id, limit=200).items)

    def only_booking(self) -> Booking:
        (found,) = self.bookings()
        return found

    def log(self, client_id: str = MARIA_ID) -> list[Message]:
        """The client's messages, oldest first."""
        return list(
            reversed(self.store.get_page(Message, network_id=NETWORK, client_id=client_id, limit=200).items)
        )

    def kinds_sent(self) -> list[str]:
        return [outgoing.kind for outgoing in self.sender.sent]

    def ledger_faults(self, client_id: str = MARIA_ID) -> list[str]:
        account, entries = self.store.account(NETWORK, client_id), self.store.entries(NETWORK, client_id)
        return faults(account, entries)


def _id(booking: Booking | str) -> str:
    return booking if isinstance(booking, str) else booking.id
