"""One client's year, kept by the same functions that the running system uses: so the ledger adds up, and each
pointer stands where the rules want it. What was due before the present counts as done, unless left to do.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain import client_plan
from chalicelib.domain.booking_plan import open_plans
from chalicelib.domain.bookings import Booking, Line, Review, Status, stepped
from chalicelib.domain.clients import Client, may_send
from chalicelib.domain.ids import derived, entry_id
from chalicelib.domain.ledger import Account, Entry, EntryKind, Posting, posted
from chalicelib.domain.links import Link
from chalicelib.domain.network import Directory, Salon
from chalicelib.domain.touches import Purpose, Touch, TouchKind, TouchState
from chalicelib.services.complete_visit import Bill, completion
from chalicelib.services.keep_client import contact_aliases
from chalicelib.services.make_links import Links
from chalicelib.services.plan_booking import with_wake
from chalicelib.services.subjects import about_client

RECEPTION = "key:reception"
LINKS_OF = timedelta(days=30)
"""The links in older messages are not laid out."""


def booking_id(client_id: str, number: int) -> str:
    """The id of a client's booking, counted from 0."""
    return derived("bkg", client_id, str(number))


@dataclass
class Life:
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

    def book(self, starts_at: datetime, made_at: datetime, lines: tuple[Line, ...], source: str) -> Booking:
        self.invited_until(made_at)
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

    def came(self, booking: Booking, closed_at: datetime, bill: Bill, review: Review | None = None) -> None:
        done = completion(
            self.directory, booking, self.client, self.account, bill, RECEPTION, closed_at
        )
        assert done.client is not None
        assert done.account is not None
        self.client, self.account = done.client, done.account
        self.entries.extend(done.entries)
        self.keep(replace(done.booking, review=review))

    def given(self, kind: EntryKind, points: int, reason: str, at: datetime) -> None:
        id = entry_id(self.client.id, "demo", str(self.account.entries))
        posting = Posting(id=id, kind=kind, points=points, reason=reason, actor=RECEPTION)
        self.account, entry = posted(self.account, posting, at)
        self.entries.append(entry)

    def keep(self, booking: Booking, *, confirmed: bool = False) -> None:
        """What was due of it by now has been sent (and answered, if so), and its pointer is at what comes
        next."""
        rules, zone = self.directory.rules.messages, self.salon.timezone
        due = [plan for plan in open_plans(booking, rules, zone, self.now) if plan.at <= self.now]
        sent = (Touch(plan.kind, TouchState.SENT, plan.at) for plan in due if plan.kind not in self.leave)
        booking = booking.with_touches(*sent)
        if confirmed:
            booking = stepped(booking, Status.CONFIRMED, self.now)
        booking = with_wake(booking, self.directory, self.client, self.now)
        self.bookings.append(booking)
        if booking.touches and booking.starts_at > self.now - LINKS_OF:
            link = self.links.link(booking.network_id, self.client.id, booking.id, booking.starts_at)
            self.opened.append(link)

    def invited_until(self, until: datetime) -> None:
        """Whatever the client was due for by that time, they were invited to, or not, without a consent."""
        while self.client.due and (first := min(due.at for due in self.client.due)) <= until:
            allowed = may_send(self.client, "sms", Purpose.MARKETING, marketing_needs_consent=True)
            state, reason = (TouchState.SENT, None) if allowed else (TouchState.SKIPPED, "no_consent")
            kind, occurrence = TouchKind.REPEAT_INVITATION, self.client.invitations
            touch = Touch(kind, state, first, occurrence=occurrence, reason=reason)
            settled = about_client(self.client, self.directory).settled([touch], [], None, first)
            assert isinstance(settled, Client)
            self.client = settled

    def values(self) -> list[Any]:
        """All there is to lay out of the client, who comes first."""
        rules = self.directory.rules.messages
        wake = client_plan.next_wake(self.client, rules, self.salon.timezone, self.now)
        client = replace(self.client, wake=wake)
        account = [self.account] if self.entries else []
        return [client, *contact_aliases(client), *account, *self.entries, *self.opened, *self.bookings]
