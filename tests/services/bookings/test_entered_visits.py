"""A visit that begins now, or began a while ago, is entered within the limit of a role, and then completed.
No visit is closed days before it begins."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.clients.clients import VisitDay
from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.zones import day_start
from chalicelib.services.bookings import book, step_booking
from chalicelib.services.visits.complete_visit import complete
from infra.testkit.builders import NETWORK, NOW, a_visit_bill, access
from infra.testkit.doubles import SettableClock
from infra.testkit.salon_driver import MARIA_ID, SalonDriver

YESTERDAY_EVENING = NOW - timedelta(hours=14)


def entered(driver: SalonDriver, starts_at: datetime, role: Role = Role.RECEPTION) -> Booking:
    new = book.NewBooking(
        salon_id="sal_centru",
        client=MARIA_ID,
        starts_at=starts_at,
        lines=[book.WantedLine(service_id="srv_cut", staff_id="stf_anna")],
    )
    return book.book(driver.world, access(role, source="instagram"), new)


def test_a_walk_in_is_entered_when_it_begins_and_completed_at_once(driver: SalonDriver) -> None:
    done = driver.complete(entered(driver, NOW))
    assert (done.booking.status, done.booking.earned_points) == (Status.COMPLETED, 25)
    assert driver.client().recent_visits == (VisitDay(NOW.date(), "sal_centru"),)


def test_a_visit_written_down_the_next_morning_counts_on_its_own_day(driver: SalonDriver) -> None:
    driver.complete(entered(driver, YESTERDAY_EVENING))
    assert driver.client().recent_visits == (VisitDay(YESTERDAY_EVENING.date(), "sal_centru"),)
    (month,) = driver.store.account(NETWORK, MARIA_ID).turnover
    assert (month.visits, month.spent_minor) == (1, 50_000)


@pytest.mark.parametrize("starts_at", [NOW, YESTERDAY_EVENING])
def test_nothing_is_sent_for_an_entered_visit_but_the_thanks(
    driver: SalonDriver, clock: SettableClock, starts_at: datetime
) -> None:
    booking = entered(driver, starts_at)
    assert booking.wake is None
    driver.run_until(NOW + timedelta(hours=1))
    assert driver.kinds_sent() == []
    driver.complete(booking)
    driver.run_until(clock.now + timedelta(hours=3))
    assert driver.kinds_sent() == ["review_request"]


LIMITS = [
    (Role.RECEPTION, 2, ["manager", "owner"]),
    (Role.MANAGER, 31, ["owner"]),
    (Role.OWNER, 366, []),
]


@pytest.mark.parametrize(("role", "days", "may"), LIMITS)
def test_each_role_enters_visits_of_its_last_local_days(
    driver: SalonDriver, role: Role, days: int, may: list[str]
) -> None:
    first = day_start(NOW.date() - timedelta(days=days), "Europe/Chisinau")
    assert entered(driver, first, role).starts_at == first
    with pytest.raises(DomainError, match="START_IN_PAST") as refusal:
        entered(driver, first - timedelta(seconds=1), role)
    assert (refusal.value.details["may"], refusal.value.details["days"]) == (may, days)


def test_a_partner_enters_none_and_learns_who_may(driver: SalonDriver) -> None:
    with pytest.raises(DomainError, match="START_IN_PAST") as refusal:
        entered(driver, NOW, Role.PARTNER)
    assert refusal.value.details["may"] == ["reception", "manager", "owner"]


def test_a_booking_is_not_moved_into_the_past(driver: SalonDriver) -> None:
    with pytest.raises(DomainError, match="START_IN_PAST"):
        driver.move(driver.book(NOW + timedelta(days=1)), YESTERDAY_EVENING)


# --- never days before it begins

DAY_AFTER = datetime(2026, 11, 24, 22, tzinfo=UTC)
"""Midnight in Chisinau, 38 hours from now."""


@pytest.mark.parametrize("hours", [13, 24 * 3])
def test_a_visit_of_a_later_day_is_neither_completed_nor_missed_yet(
    driver: SalonDriver, clock: SettableClock, hours: int
) -> None:
    booking = driver.book(DAY_AFTER)
    clock.now = DAY_AFTER - timedelta(hours=hours)
    with pytest.raises(DomainError, match="TOO_EARLY"):
        complete(driver.world, access(), booking.id, a_visit_bill())
    with pytest.raises(DomainError, match="TOO_EARLY"):
        step_booking.mark_no_show(driver.world, access(), booking.id)
    assert driver.booking(booking.id).status is Status.BOOKED
    assert driver.cancel(booking).status is Status.CANCELLED


@pytest.mark.parametrize("hours", [12, 0])
def test_it_is_closed_on_its_day_and_in_the_night_before(
    driver: SalonDriver, clock: SettableClock, hours: int
) -> None:
    booking = driver.book(DAY_AFTER)
    clock.now = DAY_AFTER - timedelta(hours=hours)
    done = complete(driver.world, access(), booking.id, a_visit_bill())
    assert done.booking.status is Status.COMPLETED


def test_a_visit_of_this_evening_is_closed_in_the_morning_of_its_day(driver: SalonDriver) -> None:
    booking = driver.book(NOW + timedelta(hours=13))  # eleven at night in Chisinau
    assert complete(driver.world, access(), booking.id, a_visit_bill()).booking.status is Status.COMPLETED
