"""The demo's year: consistent with the ledger, quiet where it should be, and due where it should be."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import Any

import phonenumbers
import pytest

from chalicelib.domain.bookings import Booking, Status
from chalicelib.domain.clients import Client
from chalicelib.domain.ledger import Account, Entry, faults
from chalicelib.domain.links import Link
from chalicelib.domain.network import Directory, Network, Salon, Service, Staff
from chalicelib.domain.quiet_hours import QuietHours
from chalicelib.domain.rules import MessageRules, Rules
from chalicelib.services.make_links import Links
from infra.demo.data import CLIENTS, SALONS, phone, service_requests, staff_requests
from infra.demo.history import History
from infra.demo.rules import quiet_hour
from infra.demo.stages import STAGES, staged

NOW = datetime(2026, 11, 23, 8, 3, 20, tzinfo=UTC)
NETWORK = "net_magnolia01"
LINKS = Links(b"a secret of the tests, long enough", "https://book.example")
SOME = 200


def directory(now: datetime) -> Directory:
    start, end = quiet_hour(now)
    rules = Rules(messages=MessageRules(quiet_hours=QuietHours(start, end)))
    network = Network(
        network_id=NETWORK, name="Magnolia", country="MD", language="ru", created_at=now, rules=rules
    )
    named = ("name", "timezone", "currency", "address")
    salons = {
        f"sal_{n}": Salon(network_id=NETWORK, id=f"sal_{n}", **{name: said[name] for name in named})
        for n, said in enumerate(SALONS)
    }
    staff = {
        f"stf_{n}": Staff(
            network_id=NETWORK, id=f"stf_{n}", name=said["name"], salon_ids=tuple(said["salon_ids"]))
        for n, said in enumerate(staff_requests(list(salons)))
    }  # fmt: skip
    services = {
        f"srv_{n}": Service(
            network_id=NETWORK, id=f"srv_{n}", name=said["name"], minutes=said["minutes"], currency="MDL",
            price_minor=said["price"]["amount_minor"], repeat_after_days=said.get("repeat_after_days"),
        )
        for n, said in enumerate(service_requests())
    }  # fmt: skip
    return Directory(network, salons, staff, services)


def year(now: datetime = NOW, clients: int = SOME) -> list[list[Any]]:
    return list(History(directory(now), LINKS, now, clients).lives())


def all_of(kind: type, lives: list[list[Any]]) -> list[Any]:
    return [value for life in lives for value in life if isinstance(value, kind)]


@pytest.fixture(scope="module")
def lives() -> list[list[Any]]:
    return year()


def test_the_same_seed_tells_the_same_year(lives: list[list[Any]]) -> None:
    assert year() == lives


def test_every_account_agrees_with_its_entries(lives: list[list[Any]]) -> None:
    for life in lives:
        entries = [value for value in life if isinstance(value, Entry)]
        accounts = [value for value in life if isinstance(value, Account)]
        assert len(accounts) == (1 if entries else 0)
        assert all(faults(account, entries) == [] for account in accounts)


def test_bookings_end_in_every_way_and_points_are_spent(lives: list[list[Any]]) -> None:
    statuses = Counter(booking.status for booking in all_of(Booking, lives))
    assert set(statuses) == set(Status)
    assert statuses[Status.COMPLETED] > 0.8 * statuses.total()
    assert {entry.kind for entry in all_of(Entry, lives)} == {"cashback", "redeem", "grant"}


def test_only_the_staged_are_due(lives: list[list[Any]]) -> None:
    woken = [value for life in lives for value in life if getattr(value, "wake", None) is not None]
    due = Counter(value.wake.why for value in woken if value.wake.at <= NOW)
    wanted = dict(STAGES)
    assert due["confirm_request"] == wanted["confirm"]
    assert due["control_reminder"] == wanted["remind"]
    assert due["review_request"] == wanted["thank"]
    assert due["bonus_notice"] == wanted["praised"]
    invitations = wanted["invite"] + wanted["not_asked"] + wanted["booked_again"]
    assert invitations <= due["repeat_invitation"] <= invitations + wanted["in_the_chair"]
    soon = [value for value in woken if NOW < value.wake.at <= NOW + timedelta(minutes=10)]
    assert len(soon) < 5


def test_links_in_recent_messages_are_there(lives: list[list[Any]]) -> None:
    """The functions put a booking's link with its first message only: what counts as sent must have one."""
    linked = {link.booking_id for link in all_of(Link, lives)}
    for booking in all_of(Booking, lives):
        assert booking.id in linked or not (booking.is_upcoming and booking.touches)


def test_clients_are_told_apart(lives: list[list[Any]]) -> None:
    clients = all_of(Client, lives)
    assert len({client.id for client in clients}) == len({client.phone for client in clients}) == SOME
    assert {client.language for client in clients} == {"ru", "ro", "en"}
    granted = sum(any(consent.granted for consent in client.consents) for client in clients)
    assert 0.6 * SOME < granted < 0.95 * SOME


@pytest.mark.parametrize("zone", [str(salon["timezone"]) for salon in SALONS])
def test_every_phone_is_formally_valid(zone: str) -> None:
    phones = {phone(zone, number) for number in range(CLIENTS)}
    assert len(phones) == CLIENTS
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(text)) for text in phones)


@pytest.mark.parametrize("hour", range(24))
def test_at_any_hour_the_quiet_hour_is_far_ahead(hour: int) -> None:
    now = datetime(2026, 11, 23, hour, 40, tzinfo=UTC)
    quiet = QuietHours(*quiet_hour(now))
    assert isinstance(quiet.start, time)
    for salon in SALONS:
        for ahead in range(0, 6 * 60, 10):
            assert not quiet.holds(now + timedelta(minutes=ahead), str(salon["timezone"]))


@pytest.mark.parametrize("now", [
    datetime(2026, 3, 8, 7, 30, tzinfo=UTC),      # the clock is set forward in New York just now
    datetime(2026, 10, 25, 0, 59, tzinfo=UTC),    # and back in Chisinau
    datetime(2027, 1, 1, 0, 0, 1, tzinfo=UTC),
    datetime(2028, 2, 29, 23, 59, tzinfo=UTC),
])  # fmt: skip
def test_the_staged_are_due_at_odd_hours_too(now: datetime) -> None:
    count = sum(number for _, number in STAGES)
    lives = year(now, count)
    due = [value for life in lives for value in life if getattr(value, "wake", None) and value.wake.at <= now]
    assert len(due) >= count - dict(STAGES)["in_the_chair"]


def test_who_is_in_the_chair_has_an_open_booking_and_points_to_spend(lives: list[list[Any]]) -> None:
    by_id = {life[0].id: life for life in lives}
    for id in staged(NETWORK, "in_the_chair"):
        bookings = [value for value in by_id[id] if isinstance(value, Booking)]
        assert [booking.is_upcoming for booking in bookings] == [False, True]
        assert bookings[1].starts_at < NOW
        assert any(isinstance(value, Account) and value.available(NOW) > 0 for value in by_id[id])
