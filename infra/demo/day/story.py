"""What the four booking sites tell in the demo: small stories, each with the state its booking must end in.

Deliveries come twice, out of order, the cancellation before the booking, the customer after it: as they do.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.demo.day.sites import (
    Guest,
    Webhook,
    calcom_booking,
    calcom_meeting_ended,
    calcom_no_show,
    square_booking,
    square_customer,
    square_test,
    standard_booking,
    yclients_record,
    yclients_schedule,
)
from infra.demo.year.data import SALONS, phone

CHISINAU, MOSCOW, NEW_YORK = (str(salon["timezone"]) for salon in SALONS)
SALON_OF = {"yclients": 0, "square": 2, "calcom": 1, "standard": 0}
"""Site -> the place of its salon in SALONS."""

FIRST_FREE = {CHISINAU: 900_000, MOSCOW: 900_000, NEW_YORK: 0}
"""Guests' phones begin here: no client of the generator has them."""


@dataclass(frozen=True, slots=True)
class End:
    """The state of the site's booking (by its first id) once all is told. client: whether it has one."""

    booking: str
    status: str
    starts_at: datetime
    client: bool = True


@dataclass(frozen=True, slots=True)
class Story:
    """Deliveries, in the order in which they come, and how the booking that they are about ends."""

    title: str
    reported: tuple[Webhook, ...]
    ends: End | None = None


def guest(zone: str, number: int, name: str) -> Guest:
    """Nobody else has their phone or e-mail: whoever shares one is the same client."""
    item_id = f"{90000 + number}" if zone == CHISINAU else f"guest-{number}"
    city = zone.rpartition("/")[2].lower()
    return Guest(item_id, name, phone(zone, FIRST_FREE[zone] + number), f"guest{number}.{city}@example.org")


@dataclass(frozen=True, slots=True)
class Stories:
    """anchor: the demo's present instant; everything is told of times around it."""

    anchor: datetime

    def at(self, days: int, hour: int, minute: int = 0) -> datetime:
        """An instant in the days to come."""
        day = (self.anchor + timedelta(days=days)).date()
        return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)

    def told_at(self, seconds: int) -> datetime:
        """When the site says that it happened: some minutes ago, in this order."""
        return self.anchor.replace(microsecond=0) - timedelta(minutes=10) + timedelta(seconds=seconds)

    def all(self) -> list[Story]:
        return [*self.yclients(), *self.square(), *self.calcom(), *self.standard()]

    def yclients(self) -> list[Story]:
        def record(
            record_id: int, starts: datetime, second: int, who: Guest | None, **fields: Any
        ) -> Webhook:
            return yclients_record(record_id, starts, CHISINAU, self.told_at(second), who, **fields)

        doina, vera, ion = (guest(CHISINAU, n, name) for n, name in enumerate(
            ("Doina Ciobanu", "Вера Попова", "Ion Rusu")))  # fmt: skip
        inna, ana, olga = (guest(CHISINAU, n + 3, name) for n, name in enumerate(
            ("Инна Шевченко", "Ana Vieru", "Olga Lungu")))  # fmt: skip
        first, later = self.at(3, 8), self.at(4, 10, 30)
        past = self.anchor.replace(second=0, microsecond=0) - timedelta(hours=3)
        twice = record(104, first, 0, inna)
        return [
            Story("made, moved to another day, confirmed",
                  (record(101, first, 0, doina), record(101, later, 5, doina, status="update"),
                   record(101, later, 9, doina, status="update", attendance=2)),
                  End("101", "confirmed", later)),
            Story("made, then deleted",
                  (record(102, first, 0, vera), record(102, first, 6, vera, status="delete")),
                  End("102", "cancelled", first)),
            Story("the move comes before the booking",
                  (record(103, later, 8, ion, status="update"), record(103, first, 0, ion)),
                  End("103", "booked", later)),
            Story("sent twice", (twice, twice), End("104", "booked", first)),
            Story("the deletion comes before the booking",
                  (record(105, first, 7, ana, status="delete"), record(105, first, 0, ana)),
                  End("105", "cancelled", first)),
            Story("a no-show, taken back: she came and paid",
                  (record(106, past, 0, olga), record(106, past, 10, olga, status="update", attendance=-1),
                   record(106, past, 20, olga, status="update", attendance=1, paid=True)),
                  End("106", "completed", past)),
            Story("a booking without a client", (record(107, first, 0, None),),
                  End("107", "booked", first, client=False)),
            Story("a schedule, which is no concern of ours", (yclients_schedule(),)),
            Story("half a body", (Webhook("yclients", "", record(108, first, 0, ion).body[:200]),)),
        ]  # fmt: skip

    def square(self) -> list[Story]:
        grace, zoe, leah = (guest(NEW_YORK, n, name) for n, name in enumerate(
            ("Grace Robinson", "Zoe Martinez", "Leah Thompson")))  # fmt: skip
        first, later, latest = self.at(2, 15), self.at(3, 16, 30), self.at(5, 18)
        known = square_customer(zoe, self.told_at(0))
        cancelled = square_booking(
            "SQ203", 1, first, self.told_at(30), leah.id, status="CANCELLED_BY_CUSTOMER")  # fmt: skip
        return [
            Story("the customer is told after the booking",
                  (square_booking("SQ201", 0, first, self.told_at(0), grace.id),
                   square_customer(grace, self.told_at(4))),
                  End("SQ201", "booked", first)),
            Story("version 2 comes before version 1",
                  (known, square_booking("SQ202", 0, first, self.told_at(1), zoe.id),
                   square_booking("SQ202", 2, latest, self.told_at(9), zoe.id),
                   square_booking("SQ202", 1, later, self.told_at(5), zoe.id)),
                  End("SQ202", "booked", latest)),
            Story("cancelled by the customer, and told twice",
                  (square_customer(leah, self.told_at(0)),
                   square_booking("SQ203", 0, first, self.told_at(2), leah.id), cancelled, cancelled),
                  End("SQ203", "cancelled", first)),
            Story("a test notification", (square_test(self.told_at(0)),)),
        ]  # fmt: skip

    def calcom(self) -> list[Story]:
        nadia, polina, yana, inga = (guest(MOSCOW, n, name) for n, name in enumerate(
            ("Надежда Орлова", "Полина Зайцева", "Яна Козлова", "Инга Белова")))  # fmt: skip
        first, later = self.at(2, 9), self.at(6, 12)
        past = self.anchor.replace(second=0, microsecond=0) - timedelta(hours=5)

        def booking(what: str, uid: str, starts: datetime, second: int, who: Guest, **fields: Any) -> Webhook:
            return calcom_booking(f"BOOKING_{what}", uid, starts, self.told_at(second), who, **fields)

        return [
            Story("moved: a new booking that names the old one",
                  (booking("CREATED", "cal-301", first, 0, nadia),
                   booking("RESCHEDULED", "cal-301-moved", later, 5, nadia, moved_from="cal-301")),
                  End("cal-301", "booked", later)),
            Story("made, then cancelled",
                  (booking("CREATED", "cal-302", first, 0, polina),
                   booking("CANCELLED", "cal-302", first, 5, polina)),
                  End("cal-302", "cancelled", first)),
            Story("marked as a no-show, and unmarked",
                  (booking("CREATED", "cal-303", past, 0, yana),
                   calcom_no_show("cal-303", self.told_at(10), yana, missed=True),
                   calcom_no_show("cal-303", self.told_at(20), yana, missed=False)),
                  End("cal-303", "booked", past)),
            Story("the cancellation comes before the booking",
                  (booking("CANCELLED", "cal-304", first, 5, inga),
                   booking("CREATED", "cal-304", first, 0, inga)),
                  End("cal-304", "cancelled", first)),
            Story("a meeting has ended, which says nothing of the client",
                  (calcom_meeting_ended("cal-303", self.told_at(30)),)),
        ]  # fmt: skip

    def standard(self) -> list[Story]:
        lilia, rodica, corina = (guest(CHISINAU, n + 10, name) for n, name in enumerate(
            ("Lilia Grosu", "Rodica Balan", "Corina Moraru")))  # fmt: skip
        first, later = self.at(2, 7, 30), self.at(5, 11)
        past = self.anchor.replace(second=0, microsecond=0) - timedelta(hours=4)

        def booking(booking_id: str, version: int, starts: datetime, who: Guest, **fields: Any) -> Webhook:
            return standard_booking(booking_id, version, starts, self.told_at(version), who, **fields)

        return [
            Story("made, moved, confirmed",
                  (booking("st-401", 1, first, lilia), booking("st-401", 2, later, lilia),
                   booking("st-401", 3, later, lilia, status="confirmed")),
                  End("st-401", "confirmed", later)),
            Story("cancelled, then an old word of it",
                  (booking("st-402", 3, first, rodica, status="cancelled"),
                   booking("st-402", 2, later, rodica)),
                  End("st-402", "cancelled", first)),
            Story("she came and paid",
                  (booking("st-403", 1, past, corina),
                   booking("st-403", 2, past, corina, attendance="arrived", paid_minor=400_00)),
                  End("st-403", "completed", past)),
        ]  # fmt: skip
