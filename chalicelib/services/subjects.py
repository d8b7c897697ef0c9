"""What messages are about: a booking, or a client apart from any booking. Both answer the same questions to
the sender."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Protocol, Self

from chalicelib.domain import booking_plan, client_plan
from chalicelib.domain.bookings import Booking
from chalicelib.domain.clients import Client
from chalicelib.domain.message_facts import MessageFacts
from chalicelib.domain.network import Directory, Salon
from chalicelib.domain.touches import Plan, Touch, TouchKind, TouchState
from chalicelib.domain.waking import Trouble
from chalicelib.services.ports import Store

AFTER_MISSED = timedelta(days=7)
"""A client who was not invited because they had a booking is looked at again a week later: it may have been
cancelled. Once they came, that visit tells when they are due."""


class Subject(Protocol):
    """A booking or a client, with all that is needed to decide and to write."""

    @property
    def client(self) -> Client: ...
    @property
    def salon(self) -> Salon: ...
    @property
    def zone(self) -> str: ...
    @property
    def item(self) -> Booking | Client: ...
    @property
    def booking_id(self) -> str | None: ...
    @property
    def occurrence(self) -> int: ...
    @property
    def link_is_kept(self) -> bool:
        """Whether an earlier message has put the link item already."""
        ...

    def open_plans(self, now: datetime) -> Sequence[Plan]: ...
    def touched(self, kind: TouchKind) -> Touch | None: ...
    def held_back(self, plan: Plan, store: Store, now: datetime) -> str | None:
        """Why the touch is not to be made after all; None when it is."""
        ...

    def facts(self, plan: Plan, now: datetime) -> MessageFacts: ...
    def claimed(self, touches: Sequence[Touch]) -> Booking | Client:
        """The item with touches in flight; its pointer stands."""
        ...

    def with_item(self, item: Any) -> Self:
        """The same subject with the item as it was saved."""
        ...

    def settled(
        self, touches: Sequence[Touch], undone: Sequence[TouchKind], trouble: Trouble | None, now: datetime
    ) -> Booking | Client:
        """The item with touches resolved, those in `undone` as if never tried, and its next pointer.

        The item may have begun another occurrence meanwhile: what was done for an earlier one is nothing to
        it."""
        ...

    def reread(self, store: Store) -> Self | None:
        """The same subject as it stands now; None when it is gone."""
        ...


@dataclass(frozen=True, slots=True)
class AboutBooking:
    booking: Booking
    client: Client
    salon: Salon
    directory: Directory

    @property
    def item(self) -> Booking:
        return self.booking

    @property
    def booking_id(self) -> str:
        return self.booking.id

    @property
    def zone(self) -> str:
        return self.client.timezone or self.salon.timezone

    @property
    def occurrence(self) -> int:
        return self.booking.moves

    @property
    def link_is_kept(self) -> bool:
        return any(
            t.state is TouchState.SENT and t.occurrence == self.occurrence
            for t in self.booking.touches.values()
        )

    def open_plans(self, now: datetime) -> Sequence[Plan]:
        return booking_plan.open_plans(self.booking, self.directory.rules.messages, self.zone, now)

    def touched(self, kind: TouchKind) -> Touch | None:
        return self.booking.touched(kind)

    def held_back(self, plan: Plan, store: Store, now: datetime) -> str | None:
        return None

    def facts(self, plan: Plan, now: datetime) -> MessageFacts:
        services = [self.directory.services.get(line.service_id) for line in self.booking.lines]
        staff = [self.directory.staff.get(line.staff_id or "") for line in self.booking.lines]
        return MessageFacts(
            salon_name=self.salon.name,
            now=now,
            zone=self.salon.timezone,
            starts_at=self.booking.starts_at,
            address=self.salon.address,
            map_url=self.salon.map_url,
            services=tuple(service.name for service in services if service),
            staff=next((person.name for person in staff if person), None),
            moved=self._told_another_time(),
            points_earned=self.booking.earned_points or None,
        )

    def _told_another_time(self) -> bool:
        """Whether the client knows of the booking already, at another start."""
        return any(
            touch.state is TouchState.SENT and touch.occurrence < self.booking.moves
            for touch in self.booking.touches.values()
        )

    def claimed(self, touches: Sequence[Touch]) -> Booking:
        return self.booking.with_touches(*touches)

    def settled(
        self, touches: Sequence[Touch], undone: Sequence[TouchKind], trouble: Trouble | None, now: datetime
    ) -> Booking:
        booking = self.booking.with_touches(*_of_now(self, touches))
        left = _without(booking.touches, undone)
        booking = replace(booking, touches=MappingProxyType(left), trouble=trouble)
        wake = booking_plan.next_wake(booking, self.directory.rules.messages, self.zone, now)
        return replace(booking, wake=wake)

    def reread(self, store: Store) -> Self | None:
        booking = store.booking(self.booking.network_id, self.booking.id)
        return self.with_item(booking) if booking is not None else None

    def with_item(self, item: Any) -> Self:
        return replace(self, booking=item)


@dataclass(frozen=True, slots=True)
class AboutClient:
    client: Client
    salon: Salon
    directory: Directory

    @property
    def item(self) -> Client:
        return self.client

    @property
    def booking_id(self) -> None:
        return None

    @property
    def zone(self) -> str:
        return self.client.timezone or self.salon.timezone

    @property
    def occurrence(self) -> int:
        return self.client.invitations

    @property
    def link_is_kept(self) -> bool:
        return False

    def open_plans(self, now: datetime) -> Sequence[Plan]:
        plan = client_plan.invitation_plan(self.client, self.directory.rules.messages, self.zone, now)
        return [plan] if plan is not None and plan.reason is None else []

    def touched(self, kind: TouchKind) -> Touch | None:
        return self.client.touched(kind)

    def held_back(self, plan: Plan, store: Store, now: datetime) -> str | None:
        return "has_booking" if self._next_booking(store, now) else None

    def _next_booking(self, store: Store, now: datetime) -> Booking | None:
        ahead = store.bookings_of_client(
            self.client.network_id, self.client.id, since=now, newest_first=False, limit=5
        )
        return next((booking for booking in ahead.items if booking.is_upcoming), None)

    def facts(self, plan: Plan, now: datetime) -> MessageFacts:
        due = [
            self.directory.services.get(due.service_id) for due in client_plan.services_due(self.client, now)
        ]
        return MessageFacts(
            salon_name=self.salon.name,
            now=now,
            zone=self.salon.timezone,
            address=self.salon.address,
            map_url=self.salon.map_url,
            services=tuple(service.name for service in due if service),
        )

    def claimed(self, touches: Sequence[Touch]) -> Client:
        return self.client.with_touches(*touches)

    def settled(
        self, touches: Sequence[Touch], undone: Sequence[TouchKind], trouble: Trouble | None, now: datetime
    ) -> Client:
        """An invitation that was decided on uses up what was due; one held back by a booking is looked at
        again later."""
        current = _of_now(self, touches)
        client = self.client.with_touches(*current)
        left = _without(client.touches, undone)
        client = replace(client, touches=MappingProxyType(left), trouble=trouble)
        if current and not undone:
            client = self._used_up(client, current[0], now)
        wake = client_plan.next_wake(client, self.directory.rules.messages, self.zone, now)
        return replace(client, wake=wake)

    def _used_up(self, client: Client, touch: Touch, now: datetime) -> Client:
        due = client_plan.services_due(client, now)
        left = tuple(each for each in client.due if each not in due)
        if touch.reason == "has_booking":
            left += tuple(replace(each, at=now + AFTER_MISSED) for each in due)
        return replace(client, due=left, invitations=client.invitations + 1)

    def reread(self, store: Store) -> Self | None:
        client = store.client(self.client.network_id, self.client.id)
        return self.with_item(client) if client is not None else None

    def with_item(self, item: Any) -> Self:
        return replace(self, client=item)


def _of_now(subject: Subject, touches: Sequence[Touch]) -> list[Touch]:
    return [touch for touch in touches if touch.occurrence == subject.occurrence]


def _without(touches: Mapping[TouchKind, Touch], undone: Sequence[TouchKind]) -> dict[TouchKind, Touch]:
    """The touches but for those of `undone` that are in flight."""
    return {
        kind: touch
        for kind, touch in touches.items()
        if kind not in undone or touch.state is not TouchState.SENDING
    }


def about_booking(booking: Booking, client: Client, directory: Directory) -> AboutBooking:
    return AboutBooking(booking, client, directory.salons[booking.salon_id], directory)


def about_client(client: Client, directory: Directory) -> AboutClient:
    """A client's messages come from the salon they visited last."""
    visited = (directory.salons.get(visit.salon_id) for visit in client.recent_visits)
    salon = next((salon for salon in visited if salon), None) or next(iter(directory.salons.values()))
    return AboutClient(client, salon, directory)
