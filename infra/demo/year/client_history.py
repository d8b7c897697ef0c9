"""One client's year, kept by the same functions that the running system uses: so the ledger adds up, and each
pointer stands where the rules want it. What was due before the present counts as done, unless left to do.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from chalicelib.domain.bookings import booking_plan
from chalicelib.domain.bookings.booking_plan import with_wake
from chalicelib.domain.bookings.bookings import Booking, Line, Review, Status, stepped
from chalicelib.domain.clients import client_plan
from chalicelib.domain.clients.category_changes import CategoryCause
from chalicelib.domain.clients.clients import Client, may_send
from chalicelib.domain.facts.recorded_visits import with_record
from chalicelib.domain.loyalty import account_plan
from chalicelib.domain.loyalty.account import Account, Entry, EntryKind, Posting
from chalicelib.domain.loyalty.ledger import post
from chalicelib.domain.messages.messages import Message, MessageState, message_id
from chalicelib.domain.messages.prices import estimated_micros
from chalicelib.domain.networks.network import Directory, Salon
from chalicelib.domain.shared.holdout import is_held_out
from chalicelib.domain.shared.ids import derived, entry_id
from chalicelib.domain.shared.links import Link
from chalicelib.domain.shared.touches import (
    Plan,
    Touch,
    TouchKind,
    TouchState,
    open_plans,
    purpose_of,
    with_touches,
)
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.clients.register_client import contact_aliases
from chalicelib.services.messages.about_client import about_client
from chalicelib.services.messages.subjects import settle_touches
from chalicelib.services.shared.links import Links
from chalicelib.services.visits.complete_visit import completed_by_programme
from chalicelib.services.visits.visit_bill import VisitBill
from chalicelib.services.visits.visit_in_progress import VisitInProgress, with_pointers

RECEPTION = "key:reception"
CHANNEL = "sms"
LINKS_OF = timedelta(days=30)
"""The links in older messages are not laid out."""

LAPSES = frozenset({TouchKind.AT_RISK, TouchKind.WIN_BACK})
ON_DAYS = LAPSES | {TouchKind.BIRTHDAY}
PARTS = 1
"""The parts of an SMS about a lapse."""


def booking_id(client_id: str, number: int) -> str:
    """The id of a client's booking, counted from 0."""
    return derived("bkg", client_id, str(number))


@dataclass
class ClientHistory:
    """One client's year. `leave`: kinds of touches that are due and not done yet."""

    directory: Directory
    links: Links
    salon: Salon
    now: datetime
    client: Client
    account: Account
    leave: frozenset[TouchKind] = frozenset()
    entries: list[Entry] = field(default_factory=list)
    bookings: list[Booking] = field(default_factory=list)
    opened: list[Link] = field(default_factory=list)
    log: list[Message] = field(default_factory=list)

    def book(self, starts_at: datetime, made_at: datetime, lines: tuple[Line, ...], source: str) -> Booking:
        self.invited_until(made_at)
        self.lapses_until(made_at)
        self._stayed_away_until(made_at, starts_at)
        return Booking(
            network_id=self.client.network_id,
            id=booking_id(self.client.id, len(self.bookings)),
            salon_id=self.salon.id,
            client_id=self.client.id,
            starts_at=starts_at,
            lines=lines,
            currency=self.salon.currency,
            made_at=max(made_at, self.client.created_at),
            source=source,
        )

    def came(
        self, booking: Booking, closed_at: datetime, bill: VisitBill, review: Review | None = None
    ) -> None:
        visit = VisitInProgress(
            directory=self.directory,
            booking=booking,
            client=self.client,
            account=self.account,
            actor=RECEPTION,
            now=closed_at,
        )
        done = with_pointers(completed_by_programme(visit, bill), CategoryCause.VISIT)
        self.client, self.account = done.visitor, done.account
        self.entries.extend(done.entries)
        self.keep(with_record(replace(done.booking, review=review), self.directory, self.client))

    def given(
        self, kind: EntryKind, points: int, reason: str, at: datetime, expires_at: datetime | None = None
    ) -> None:
        each_id = entry_id(self.client.id, "demo", str(self.account.entries))
        posting = Posting(
            id=each_id, kind=kind, points=points, reason=reason, actor=RECEPTION, expires_at=expires_at
        )
        done = post(self.account, posting, at)
        self.account = done.account
        self.entries.extend(done.entries)

    def keep(self, booking: Booking, *, confirmed: bool = False, salon_told: bool = True) -> None:
        """What was due of it by now has been sent (and answered, if so), and its pointer is at what comes
        next. salon_told: that nobody confirmed it, if it has come to that."""
        services = [line.service_id for line in booking.lines]
        rules, zone = self.directory.messages_for(booking.salon_id, services), self.salon.timezone
        due = self._due(booking_plan.plans(booking, rules, zone, self.now), booking)
        booking = with_touches(booking, *(_sent(plan) for plan in due))
        if confirmed:
            booking = stepped(booking, Status.CONFIRMED, self.now)
        cut_off = booking_plan.unconfirmed_at(booking, rules)
        if cut_off is not None and cut_off <= self.now and salon_told:
            booking = replace(booking, unconfirmed_told=booking.moves)
        booking = with_wake(booking, self.directory, self.client, self.now)
        self.bookings.append(booking)
        if booking.touches and booking.starts_at > self.now - LINKS_OF:
            link = self.links.link(booking.network_id, self.client.id, booking.id, booking.starts_at)
            self.opened.append(link)

    def invited_until(self, until: datetime) -> None:
        """Whatever the client was due for by that time, they were invited to, or not, without a consent."""
        while self.client.due and (first := min(due.at for due in self.client.due)) <= until:
            plan = Plan(TouchKind.REPEAT_INVITATION, first, first, occurrence=self.client.invitations)
            subject = about_client(self.client, self.directory)
            done = settle_touches(subject, [self._made(plan)], [], None, first)
            assert isinstance(done, Client)
            self.client = done

    def written(self, kind: TouchKind, at: datetime) -> None:
        """A message that stands in the log, about nothing that is laid out; nothing is charged for it."""
        self._logged(kind, at, state=MessageState.DELIVERED, to=self.client.phone, text="…", sent_at=at)

    def _logged(self, kind: TouchKind, at: datetime, **more: Any) -> None:
        self.log.append(
            Message(
                network_id=self.client.network_id,
                id=message_id(self.client.id, kind, len(self.log), 1, at),
                client_id=self.client.id,
                salon_id=self.salon.id,
                kind=kind,
                channel=CHANNEL,
                planned_at=at,
                recorded_at=at,
                **more,
            )
        )

    def values(self) -> list[Any]:
        """All there is to lay out of the client, who comes first."""
        self._done_on_days(self.now)
        self.warned_until(self.now)
        ahead = min((each.starts_at for each in self.bookings if each.is_upcoming), default=None)
        self._stayed_away_until(self.now, ahead)
        client = client_plan.with_wake(self.client, self.directory, self.now)
        account = account_plan.with_wake(self.account, self.directory, self.now, self.client)
        ledger = [account, *self.entries] if self.entries else []
        return [client, *contact_aliases(client), *ledger, *self.opened, *self.bookings, *self.log]

    def _stayed_away_until(self, until: datetime, starts_at: datetime | None) -> None:
        """Lapses until then are recorded, and that a booking ends the last one."""
        self.client = client_plan.with_wake(self.client, self.directory, until, looked=True)
        if starts_at is not None:
            on = local_date(starts_at, client_plan.salon_zone(self.client, self.directory))
            booked = replace(self.client, booked_on=on)
            self.client = client_plan.with_wake(booked, self.directory, until, CategoryCause.BOOKING)

    def lapses_until(self, until: datetime) -> Mapping[TouchKind, Touch]:
        """Lapses that began by that time: written about, unless left to do. Answers the client's touches."""
        self._done_on_days(until, LAPSES)
        return self.client.touches

    def _done_on_days(self, until: datetime, kinds: Set[TouchKind] = ON_DAYS) -> None:
        """Birthdays that came, and lapses: written about, unless left to do. A lapse stands in the log."""
        zone = client_plan.zone_of(self.client, self.directory)
        rules = self.directory.messages_for(self.salon.id)
        plans = client_plan.plans(self.client, rules, zone, until)
        while due := self._due([plan for plan in plans if plan.kind in kinds], self.client, until):
            made = [self._made(plan) for plan in due]
            self.client = with_touches(self.client, *made)
            for touch in (each for each in made if each.kind in LAPSES):
                self._lapse_logged(touch)
            plans = client_plan.plans(self.client, rules, zone, until)

    def _lapse_logged(self, touch: Touch) -> None:
        if touch.state is TouchState.SKIPPED:
            self._logged(touch.kind, touch.at, state=MessageState.SKIPPED, reason=touch.reason)
            return
        phone, rules = str(self.client.phone), self.directory.messages_for(self.salon.id)
        micros = estimated_micros(self.directory, rules, CHANNEL, phone, PARTS)
        self._logged(
            touch.kind, touch.at, state=MessageState.DELIVERED, to=phone, text="…", sent_at=touch.at,
            parts=PARTS, cost_micros=micros,
        )  # fmt: skip

    def warned_until(self, until: datetime) -> None:
        """Warnings of points that expire: made by that time, unless left to do."""
        rules, zone = self.directory.messages_for(self.salon.id), self.salon.timezone
        points_zone = self.directory.zone

        def due() -> list[Plan]:
            planned = account_plan.plans(self.account, rules, zone, points_zone, until)
            return self._due(planned, self.account, until)

        while made := due():
            self.account = with_touches(self.account, *map(_sent, made))

    def _due(self, plans: Sequence[Plan], item: Any, until: datetime | None = None) -> list[Plan]:
        """What is to be done by now and not left to do."""
        now = until or self.now
        still = open_plans(plans, item.touches, now)
        return [plan for plan in still if plan.at <= now and plan.kind not in self.leave]

    def _made(self, plan: Plan) -> Touch:
        """Sent, or skipped: the client is in the hold-out group, or gave no consent."""
        percent = self.directory.messages_for(self.salon.id).holdout_percent.get(plan.kind, 0)
        if is_held_out(self.client.network_id, self.client.id, plan.kind, percent):
            return replace(_sent(plan), state=TouchState.SKIPPED, reason="held_out")
        if may_send(self.client, CHANNEL, purpose_of(plan.kind), marketing_needs_consent=True):
            return _sent(plan)
        return replace(_sent(plan), state=TouchState.SKIPPED, reason="no_consent")


def _sent(plan: Plan) -> Touch:
    return Touch(plan.kind, TouchState.SENT, plan.at, plan.occurrence, channel=CHANNEL)
