"""The demo's year: consistent with the ledger, quiet where it should be, and due where it should be."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import Any

import phonenumbers
import pytest

from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty.account import Account, Entry
from chalicelib.domain.loyalty.ledger_check import faults
from chalicelib.domain.shared.links import Link
from chalicelib.domain.shared.quiet_hours import QuietHours
from infra.demo.year.data import CLIENTS, SALONS, phone
from infra.demo.year.rules import quiet_hour
from infra.demo.year.stages import STAGES, staged
from tests.demo.demo_network import NETWORK, NOW, all_of, year

SOME = 200


@pytest.fixture(scope="module")
def histories() -> list[list[Any]]:
    return year()


def test_the_same_seed_tells_the_same_year(histories: list[list[Any]]) -> None:
    assert year() == histories


def test_every_account_agrees_with_its_entries(histories: list[list[Any]]) -> None:
    for history in histories:
        entries = [value for value in history if isinstance(value, Entry)]
        accounts = [value for value in history if isinstance(value, Account)]
        assert len(accounts) == (1 if entries else 0)
        assert all(faults(account, entries) == [] for account in accounts)


def test_bookings_end_in_every_way_and_points_are_spent(histories: list[list[Any]]) -> None:
    statuses = Counter(booking.status for booking in all_of(Booking, histories))
    assert set(statuses) == set(Status)
    assert statuses[Status.COMPLETED] > 0.8 * statuses.total()
    assert {entry.kind for entry in all_of(Entry, histories)} == {"cashback", "redeem", "grant"}


def test_only_the_staged_are_due(histories: list[list[Any]]) -> None:
    woken = [value for history in histories for value in history if getattr(value, "wake", None) is not None]
    due = Counter(value.wake.why for value in woken if value.wake.at <= NOW)
    wanted = dict(STAGES)
    invitations = sum(wanted[stage] for stage in ("invite", "not_asked", "booked_again"))
    assert invitations <= due.pop("repeat_invitation") <= invitations + wanted["in_the_chair"]
    birthdays = wanted["birthday"] + wanted["invite_birthday"]
    assert birthdays <= due.pop("birthday_gift") <= birthdays + SOME // 40
    assert due == {
        "confirm_request": wanted["confirm"],
        "control_reminder": wanted["remind"],
        "unconfirmed": wanted["unconfirmed"],
        "review_request": wanted["thank"] + 2 * wanted["thank_once"],
        "bonus_notice": wanted["praised"],
        "no_show_invitation": wanted["missed"],
        "at_risk": wanted["at_risk"],
        "win_back": wanted["lost"],
        "bonus_expiry": wanted["expiring"] + wanted["warned_late"] + wanted["written_often"],
        "expiry": wanted["expired"],
    }
    soon = [value for value in woken if NOW < value.wake.at <= NOW + timedelta(minutes=10)]
    assert len(soon) < 5


def test_links_in_recent_messages_are_there(histories: list[list[Any]]) -> None:
    """The functions put a booking's link with its first message only: what counts as sent must have one."""
    linked = {link.booking_id for link in all_of(Link, histories)}
    for booking in all_of(Booking, histories):
        assert booking.id in linked or not (booking.is_upcoming and booking.touches)


def test_clients_are_told_apart(histories: list[list[Any]]) -> None:
    clients = all_of(Client, histories)
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
    histories = year(now, count)
    due = [
        value
        for history in histories
        for value in history
        if getattr(value, "wake", None) and value.wake.at <= now
    ]
    assert len(due) >= count - dict(STAGES)["in_the_chair"]


def test_who_is_in_the_chair_comes_to_a_salon_that_reception_reaches(histories: list[list[Any]]) -> None:
    """Its key opens the first two."""
    seated = staged(NETWORK, "in_the_chair")
    bookings = [booking for booking in all_of(Booking, histories) if booking.client_id in seated]
    assert {booking.salon_id for booking in bookings} <= {"sal_0", "sal_1"}


def test_who_is_in_the_chair_has_an_open_booking_and_points_to_spend(histories: list[list[Any]]) -> None:
    by_id = {history[0].id: history for history in histories}
    for each_id in staged(NETWORK, "in_the_chair"):
        bookings = [value for value in by_id[each_id] if isinstance(value, Booking)]
        assert [booking.is_upcoming for booking in bookings] == [False, True]
        assert bookings[1].starts_at < NOW
        assert any(isinstance(value, Account) and value.available(NOW) > 0 for value in by_id[each_id])
