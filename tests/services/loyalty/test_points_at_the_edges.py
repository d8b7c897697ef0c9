"""Points at the edges of days, months and holds, through the whole engine: exact to the second."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.intake.site_events import SiteClient, SiteStatus
from chalicelib.domain.loyalty.account import Account, Entry
from chalicelib.domain.loyalty.programme import Bill
from chalicelib.domain.networks.bonus_rules import BonusRules, Expiry, ExpiryModel
from chalicelib.domain.networks.network import Connection, Network
from chalicelib.domain.shared.errors import DomainError
from chalicelib.services.bookings.step_booking import mark_no_show
from chalicelib.services.loyalty import hold_points
from chalicelib.services.loyalty.post_bonus import PostingByHand, post_by_hand
from infra.testkit.builders import NETWORK, NOW, access
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.site_events import reported

MARIA = "cli_maria00000000001"
CHISINAU, NEW_YORK, MOSCOW = "Europe/Chisinau", "America/New_York", "Europe/Moscow"
SECOND = timedelta(seconds=1)


def set_up(driver: SalonDriver, at: datetime = NOW, zone: str = CHISINAU, **rules: Any) -> None:
    clock: Any = driver.world.clock
    clock.now = at
    network = driver.store.get(Network, network_id=NETWORK)
    bonuses = BonusRules(**{"pending_days": 0, **rules})
    driver.store.save(replace(network, timezone=zone, rules=replace(network.rules, bonuses=bonuses)))
    driver.world.directories.forget(NETWORK)


def gift(driver: SalonDriver, points: int, last_day: date | None = None, request_id: str = "gift") -> Entry:
    asked = PostingByHand(kind="grant", points=points, reason="gift", expires_on=last_day)
    return post_by_hand(driver.world, access(), MARIA, asked, request_id)


def account(driver: SalonDriver) -> Account:
    assert driver.ledger_faults() == []
    found: Account = driver.store.account(NETWORK, MARIA)
    return found


def entries(driver: SalonDriver, kind: str) -> list[Entry]:
    return [entry for entry in driver.store.entries(NETWORK, MARIA) if entry.kind == kind]


def hold(driver: SalonDriver, booking: Booking, points: int = 50) -> Entry:
    return hold_points.hold_for_booking(driver.world, access(), booking.id, points)


# --- local midnight


@pytest.mark.parametrize(
    ("zone", "last_day", "end"),
    [
        (CHISINAU, "2026-03-28", "2026-03-28T22:00"),  # the night in which 02:00 becomes 03:00 begins
        (CHISINAU, "2026-03-29", "2026-03-29T21:00"),  # a day of 23 hours ends
        (CHISINAU, "2026-10-24", "2026-10-24T21:00"),
        (CHISINAU, "2026-10-25", "2026-10-25T22:00"),  # a day of 25 hours
        (NEW_YORK, "2026-03-07", "2026-03-08T05:00"),
        (NEW_YORK, "2026-03-08", "2026-03-09T04:00"),
        (NEW_YORK, "2026-10-31", "2026-11-01T04:00"),
        (NEW_YORK, "2026-11-01", "2026-11-02T05:00"),
        (MOSCOW, "2026-03-29", "2026-03-29T21:00"),  # Moscow leaves its clocks alone
        (MOSCOW, "2026-10-25", "2026-10-25T21:00"),
    ],
)
def test_points_expire_at_local_midnight_on_the_nights_of_clock_changes(
    driver: SalonDriver, zone: str, last_day: str, end: str
) -> None:
    at = datetime.fromisoformat(end).replace(tzinfo=UTC)
    set_up(driver, at - timedelta(days=3), zone)
    gift(driver, 100, date.fromisoformat(last_day))
    driver.run_until(at - SECOND)
    assert (account(driver).available(at - SECOND), entries(driver, "expiry")) == (100, [])
    assert account(driver).available(at) == 0  # nobody has attended to it yet, and yet it is so
    driver.run_until(at + timedelta(minutes=2))
    (expiry,) = entries(driver, "expiry")
    assert (expiry.effective_at, expiry.points, account(driver).balance) == (at, -100, 0)


@pytest.mark.parametrize(
    ("earned", "expiry", "last_day"),
    [
        ("2028-01-31", Expiry(ExpiryModel.MONTH_END, 1), "2028-02-29"),
        ("2027-01-31", Expiry(ExpiryModel.MONTH_END, 1), "2027-02-28"),
        ("2027-12-31", Expiry(ExpiryModel.MONTH_END, 2), "2028-02-29"),
        ("2026-08-31", Expiry(ExpiryModel.MONTH_END, 1), "2026-09-30"),
        ("2026-12-31", Expiry(ExpiryModel.MONTH_END, 0), "2026-12-31"),
        ("2028-02-29", Expiry(ExpiryModel.MONTH_END, 12), "2029-02-28"),
        ("2028-02-28", Expiry(ExpiryModel.DAYS, 1), "2028-02-29"),
        ("2028-02-29", Expiry(ExpiryModel.DAYS, 365), "2029-02-28"),
        ("2027-02-28", Expiry(ExpiryModel.INACTIVITY, 1), "2027-03-01"),
    ],
)
def test_earned_points_last_until_the_end_of_their_last_day(
    driver: SalonDriver, earned: str, expiry: Expiry, last_day: str
) -> None:
    noon = datetime.fromisoformat(f"{earned}T10:00").replace(tzinfo=UTC)
    set_up(driver, noon, expiry=expiry)
    driver.complete(driver.book(noon + timedelta(hours=1)), paid_minor=40_000)
    end = datetime.combine(date.fromisoformat(last_day), datetime.min.time(), UTC) + timedelta(hours=22)
    end = min(at for at in (end - timedelta(hours=1), end) if at == account(driver).lots[0].expires_at)
    assert account(driver).available(end - SECOND) == 20
    driver.run_until(end + timedelta(minutes=2))
    assert ([each.effective_at for each in entries(driver, "expiry")], account(driver).balance) == ([end], 0)


# --- holds and time


def test_held_points_outlive_their_date_and_expire_when_they_are_free_again(driver: SalonDriver) -> None:
    set_up(driver)
    gift(driver, 100, date(2026, 11, 24))
    booking = driver.book(NOW + timedelta(days=3))
    hold(driver, booking, 60)
    driver.run_until(NOW + timedelta(days=2))
    assert (account(driver).balance, account(driver).held) == (60, 60)
    assert [each.points for each in entries(driver, "expiry")] == [-40]
    driver.cancel(booking)
    expiry = entries(driver, "expiry")[-1]
    assert (expiry.points, expiry.effective_at, account(driver).balance) == (-60, NOW + timedelta(days=2), 0)


def test_held_points_pay_even_after_their_date(driver: SalonDriver) -> None:
    set_up(driver)
    gift(driver, 100, date(2026, 11, 24))
    booking = driver.book(NOW + timedelta(days=3))
    hold(driver, booking, 60)
    driver.run_until(NOW + timedelta(days=3))
    done = driver.complete(booking, paid_minor=40_000, redeem_points=60)
    assert [each.points for each in done.entries] == [-60, 17]


def test_a_hold_runs_out_and_its_points_are_free_again(driver: SalonDriver) -> None:
    set_up(driver)
    gift(driver, 100)
    held = hold_points.hold_at_desk(
        driver.world, access(), driver.client(), 60, "sal_centru", Bill(paid_minor=40_000), "hold"
    )
    end = NOW + timedelta(hours=12)
    driver.run_until(end - SECOND)
    assert account(driver).available(end - SECOND) == 40
    driver.run_until(end + timedelta(minutes=2))
    (release,) = entries(driver, "release")
    assert (release.effective_at, release.cause, account(driver).available(end)) == (end, held.id, 100)
    for late in (
        lambda: hold_points.redeem_hold(driver.world, access(), held.id, 60, "sal_centru"),
        lambda: hold_points.release_hold(driver.world, access(), held.id),
    ):
        with pytest.raises(DomainError, match="HOLD_CLOSED"):
            late()


def test_a_hold_that_nobody_has_attended_to_is_over_all_the_same(driver: SalonDriver, clock: Any) -> None:
    set_up(driver)
    gift(driver, 100)
    hold_points.hold_at_desk(
        driver.world, access(), driver.client(), 60, "sal_centru", Bill(paid_minor=40_000), "hold"
    )
    clock.forward(days=2)
    post_by_hand(driver.world, access(), MARIA, PostingByHand(kind="redeem", points=100, reason="x"), "all")
    assert (account(driver).balance, account(driver).held) == (0, 0)


def held_at_desk(driver: SalonDriver, points: int, request_id: str, salon_id: str = "sal_centru") -> Any:
    bill = Bill(paid_minor=40_000)
    client = driver.client()
    return hold_points.hold_at_desk(driver.world, access(), client, points, salon_id, bill, request_id)


def test_of_two_receptionists_at_one_desk_the_second_hears_of_the_first(driver: SalonDriver) -> None:
    set_up(driver)
    gift(driver, 100)
    first = held_at_desk(driver, 60, "anna")
    with pytest.raises(DomainError, match="HOLD_EXISTS") as refused:
        held_at_desk(driver, 40, "vera")
    assert refused.value.details == {"hold_id": first.id, "points": 60}
    assert held_at_desk(driver, 60, "anna") == first
    hold_points.redeem_hold(driver.world, access(), first.id, 60, "sal_centru")
    assert held_at_desk(driver, 40, "vera").held == 40
    assert held_at_desk(driver, 60, "anna") == first


def test_a_part_of_what_is_held_is_redeemed_in_the_programmes_steps(driver: SalonDriver) -> None:
    set_up(driver, redeem_minimum_points=20, redeem_step_points=10)
    gift(driver, 100)
    held = held_at_desk(driver, 60, "anna")
    for points, code in ((10, "UNDER_MINIMUM"), (35, "WRONG_STEP"), (70, "OVER_CAP")):
        with pytest.raises(DomainError, match=code):
            hold_points.redeem_hold(driver.world, access(), held.id, points, "sal_centru")
    assert hold_points.redeem_hold(driver.world, access(), held.id, 30, "sal_centru").points == -30
    assert (account(driver).balance, account(driver).held) == (70, 0)


# --- what becomes of a booking, becomes of its hold


def no_show(driver: SalonDriver, booking: Booking) -> Booking:
    return mark_no_show(driver.world, access(), booking.id)


@pytest.mark.parametrize("end", [SalonDriver.cancel, no_show])
def test_a_booking_that_comes_to_nothing_sets_its_points_free(
    driver: SalonDriver, end: Callable[[SalonDriver, Booking], Booking]
) -> None:
    set_up(driver)
    gift(driver, 100)
    booking = driver.book(NOW + timedelta(hours=3))
    hold(driver, booking)
    assert (account(driver).available(NOW), driver.booking(booking.id).held_points) == (50, 50)
    end(driver, booking)
    end(driver, booking)
    assert (account(driver).available(NOW), account(driver).held) == (100, 0)
    assert len(entries(driver, "release")) == 1
    assert driver.booking(booking.id).held_points == 0


def test_a_booking_cancelled_by_its_site_sets_its_points_free(driver: SalonDriver, site: Connection) -> None:
    set_up(driver)
    gift(driver, 100)
    starts_at = NOW + timedelta(days=1)
    driver.hear(site, reported("e-1", 1, starts_at))
    hold(driver, driver.only_booking())
    driver.hear(site, reported("e-1", 2, starts_at, status=SiteStatus.CANCELLED))
    booking = driver.only_booking()
    assert (booking.status, booking.held_points) == (Status.CANCELLED, 0)
    assert (account(driver).available(NOW), account(driver).held) == (100, 0)


@pytest.mark.parametrize(
    ("told", "redeemed", "bill"),
    [(45_000, 50, 50_000), (None, 50, 50_000), (3_000, 10, 4_000), (0, 0, 0)],
    ids=["told in money", "nothing told", "more is held than the programme lets", "nothing paid"],
)
def test_what_is_held_pays_when_the_site_closes_the_visit_once_however_often_it_tells(
    driver: SalonDriver, site: Connection, told: int | None, redeemed: int, bill: int
) -> None:
    set_up(driver, cashback_percent=10)
    gift(driver, 100)
    starts_at = NOW + timedelta(days=1)
    driver.hear(site, reported("e-1", 1, starts_at))
    hold(driver, driver.only_booking())
    for version in (2, 3):
        driver.hear(site, reported("e-1", version, starts_at, status=SiteStatus.COMPLETED, paid_minor=told))
    booking = driver.only_booking()
    assert (booking.redeemed_points, booking.paid_minor, booking.held_points) == (redeemed, bill, 0)
    assert booking.earned_points == (bill - redeemed * 100) // 1000
    found = account(driver)
    assert (found.balance, found.held) == (100 - redeemed + booking.earned_points, 0)


def test_a_booking_that_is_moved_keeps_its_hold(driver: SalonDriver) -> None:
    set_up(driver, hold_days=1)
    gift(driver, 100)
    booking = driver.book(NOW + timedelta(days=1))
    hold(driver, booking)
    moved = driver.move(booking, NOW + timedelta(days=9))
    driver.run_until(NOW + timedelta(days=9))
    assert (account(driver).held, driver.booking(booking.id).held_points) == (50, 50)
    assert account(driver).holds[0].expires_at == moved.ends_at + timedelta(days=1)
    assert driver.complete(booking, redeem_points=50).booking.redeemed_points == 50


@pytest.mark.parametrize(("redeem", "left"), [(0, 100), (20, 80), (50, 50), (70, 30)])
def test_a_visit_is_completed_with_another_number_of_points_than_was_held(
    driver: SalonDriver, redeem: int, left: int
) -> None:
    set_up(driver, cashback_percent=0)
    gift(driver, 100)
    booking = driver.book(NOW + timedelta(days=1))
    hold(driver, booking)
    driver.complete(booking, paid_minor=40_000, redeem_points=redeem)
    found = account(driver)
    assert (found.available(NOW), found.balance, found.held) == (left, left, 0)
    assert driver.booking(booking.id).held_points == 0


def test_more_than_there_is_beside_the_hold_is_refused_and_the_hold_stands(driver: SalonDriver) -> None:
    set_up(driver)
    gift(driver, 60)
    booking = driver.book(NOW + timedelta(days=1))
    hold(driver, booking)
    with pytest.raises(DomainError, match="INSUFFICIENT_POINTS"):
        driver.complete(booking, paid_minor=40_000, redeem_points=61)
    assert (account(driver).held, driver.booking(booking.id).status) == (50, Status.BOOKED)


def test_what_is_held_is_free_again_for_a_debt_first(driver: SalonDriver) -> None:
    set_up(driver)
    first = driver.book(NOW + timedelta(hours=1))
    driver.complete(first, paid_minor=40_000)
    booking = driver.book(NOW + timedelta(days=1))
    hold(driver, booking, 15)
    driver.reopen(first)
    assert (account(driver).debt, account(driver).balance) == (15, 15)
    driver.cancel(booking)
    assert (account(driver).debt, account(driver).balance) == (0, 0)


@pytest.mark.parametrize("status", [SiteStatus.BOOKED, SiteStatus.COMPLETED])
@pytest.mark.parametrize("later", [timedelta(), timedelta(days=1)])
def test_what_is_held_is_free_again_when_a_site_gives_the_booking_to_another_client(
    driver: SalonDriver, site: Connection, status: SiteStatus, later: timedelta
) -> None:
    set_up(driver)
    gift(driver, 100)
    starts_at = NOW + timedelta(days=1)
    driver.hear(site, reported("e-1", 1, starts_at))
    hold(driver, driver.only_booking())
    elena = SiteClient("c-2", "Elena", "069000111")
    driver.hear(site, reported("e-1", 2, starts_at + later, client=elena, status=status, paid_minor=40_000))
    booking = driver.only_booking()
    assert (booking.client_id == MARIA, booking.status, booking.held_points) == (False, status, 0)
    assert (account(driver).held, account(driver).available(NOW), booking.redeemed_points) == (0, 100, 0)
    assert [entry.reason for entry in entries(driver, "release")] == ["released"]


def test_a_site_closes_a_visit_though_points_go_in_other_steps_by_now(
    driver: SalonDriver, site: Connection
) -> None:
    set_up(driver)
    gift(driver, 100)
    starts_at = NOW + timedelta(days=1)
    driver.hear(site, reported("e-1", 1, starts_at))
    hold(driver, driver.only_booking())
    set_up(driver, redeem_step_points=20, redeem_minimum_points=20, cashback_percent=0)
    driver.hear(site, reported("e-1", 2, starts_at, status=SiteStatus.COMPLETED, paid_minor=40_000))
    booking = driver.only_booking()
    assert (booking.status, booking.redeemed_points) == (Status.COMPLETED, 40)
    assert (account(driver).held, account(driver).available(NOW)) == (0, 60)
