"""A site that calls a visit completed or missed days before it begins: the visit is still to come, the desk
is asked once, and the same word counts when the site says it in time."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.bookings.bookings import Status
from chalicelib.domain.bookings.facts import Fact, Party
from chalicelib.domain.intake.site_events import BookingReported, SiteStatus
from chalicelib.domain.shared.tasks import Task, TaskKind
from infra.testkit.builders import NETWORK, NOW
from infra.testkit.salon_driver import MARIA_ID, SalonDriver
from infra.testkit.site_events import reported, thin

IN_TWO_DAYS = NOW + timedelta(days=2, hours=2)
NEXT_WEEK = NOW + timedelta(days=7)
PAID = {"status": SiteStatus.COMPLETED, "paid_minor": 40_000}
EARLY = pytest.mark.parametrize("word", [SiteStatus.COMPLETED, SiteStatus.NO_SHOW])


def says(version: int, starts_at: datetime = IN_TWO_DAYS, **fields: Any) -> BookingReported:
    """What the site says now, whatever the day of the visit."""
    return reported("e-1", version, starts_at, **{"occurred_at": NOW, **fields})


def questions(driver: SalonDriver) -> list[str]:
    """What the desk is asked about."""
    tasks = driver.store.get_page(Task, network_id=NETWORK).items
    return [str(task.words) for task in tasks if task.kind is TaskKind.SITE_DISAGREES]


def counted(driver: SalonDriver) -> tuple[int, int]:
    """The client's visits, and points."""
    assert driver.ledger_faults() == []
    return driver.client().visits_count, driver.store.account(NETWORK, MARIA_ID).balance


@EARLY
def test_a_visit_to_come_stays_open_and_the_desk_is_asked_once(
    driver: SalonDriver, site: Any, word: SiteStatus
) -> None:
    driver.hear(site, says(1))
    for version in (2, 3, 4):
        driver.hear(site, says(version, status=word, note=f"note {version}"))
    booking = driver.only_booking()
    assert (booking.status, booking.note, counted(driver)) == (Status.BOOKED, "note 4", (0, 0))
    words = f"the site says {word.value}, here it is booked, since the visit begins on a later day"
    assert questions(driver) == [f"standard, status: {words}"]
    assert booking.authors[Fact.STATUS].by is Party.RULE


@EARLY
def test_a_booking_whose_first_word_comes_too_early_is_booked(
    driver: SalonDriver, site: Any, word: SiteStatus
) -> None:
    driver.hear(site, says(1, status=word, paid_minor=40_000))
    booking = driver.only_booking()
    assert (booking.status, booking.paid_minor, len(questions(driver))) == (Status.BOOKED, None, 1)
    driver.run_until(IN_TWO_DAYS - timedelta(hours=1))
    assert driver.kinds_sent() == ["notice", "confirm_request", "control_reminder"]


def test_the_same_word_counts_when_the_site_says_it_on_the_day(
    driver: SalonDriver, site: Any, clock: Any
) -> None:
    for event in (says(1), says(2, **PAID)):
        driver.hear(site, event)
    clock.now = IN_TWO_DAYS
    for version in (3, 4):
        driver.hear(site, says(version, **PAID, occurred_at=clock.now, note=f"note {version}"))
    booking = driver.only_booking()
    assert (booking.status, booking.paid_minor, counted(driver)) == (Status.COMPLETED, 40_000, (1, 20))
    assert (len(questions(driver)), Fact.STATUS in booking.authors) == (1, False)


def test_an_early_word_that_comes_late_is_still_too_early(driver: SalonDriver, site: Any, clock: Any) -> None:
    driver.hear(site, says(1))
    clock.now = IN_TWO_DAYS
    driver.hear(site, says(2, **PAID))
    assert (driver.only_booking().status, len(questions(driver))) == (Status.BOOKED, 1)


def test_a_visit_that_begins_within_twelve_hours_or_on_this_day_may_be_closed(
    driver: SalonDriver, site: Any, clock: Any
) -> None:
    clock.now = IN_TWO_DAYS - timedelta(hours=12)
    driver.hear(site, says(1))
    driver.hear(site, says(2, **PAID, occurred_at=clock.now))
    assert (driver.only_booking().status, questions(driver)) == (Status.COMPLETED, [])


@EARLY
def test_what_the_client_confirmed_stays_confirmed_and_a_repeated_word_asks_nothing_more(
    driver: SalonDriver, site: Any, word: SiteStatus
) -> None:
    for event in (says(1), says(2, status=word)):
        driver.hear(site, event)
    driver.confirm(driver.only_booking())
    driver.hear(site, says(3, status=word, note="scarf"))
    assert (driver.only_booking().status, len(questions(driver))) == (Status.CONFIRMED, 1)


def test_a_site_that_takes_its_early_word_back_and_repeats_it_makes_one_task(
    driver: SalonDriver, site: Any
) -> None:
    for version in range(1, 12, 2):
        driver.hear(site, says(version))
        driver.hear(site, says(version + 1, **PAID))
    assert (driver.only_booking().status, len(questions(driver))) == (Status.BOOKED, 1)
    driver.hear(site, says(20, status=SiteStatus.CANCELLED))
    assert driver.only_booking().status is Status.CANCELLED


def test_what_the_desk_cancelled_stays_so_and_the_desk_is_asked(driver: SalonDriver, site: Any) -> None:
    driver.hear(site, says(1))
    driver.cancel(driver.only_booking())
    for version in (2, 3):
        driver.hear(site, says(version, **PAID, note=f"note {version}"))
    assert (driver.only_booking().status, len(questions(driver))) == (Status.CANCELLED, 1)


def test_what_the_site_cancelled_itself_is_booked_again(driver: SalonDriver, site: Any) -> None:
    for event in (says(1), says(2, status=SiteStatus.CANCELLED), says(3, **PAID)):
        driver.hear(site, event)
    assert (driver.only_booking().status, counted(driver)) == (Status.BOOKED, (0, 0))


@pytest.mark.parametrize("by_desk", [False, True])
def test_a_missed_visit_that_the_site_moves_to_a_later_day_is_to_come_again(
    driver: SalonDriver, site: Any, clock: Any, *, by_desk: bool
) -> None:
    driver.hear(site, says(1))
    clock.now = IN_TWO_DAYS
    missed = {"status": SiteStatus.NO_SHOW, "occurred_at": clock.now}
    if by_desk:
        driver.mark_no_show(driver.only_booking())
    driver.hear(site, says(2, **missed))
    driver.hear(site, says(3, NEXT_WEEK, **missed))
    booking = driver.only_booking()
    assert (booking.status, booking.starts_at) == (Status.BOOKED, NEXT_WEEK)
    clock.now = NEXT_WEEK
    driver.hear(site, says(4, NEXT_WEEK, **{**missed, "occurred_at": NEXT_WEEK}))
    assert driver.only_booking().status is Status.NO_SHOW


def test_what_the_desk_moved_to_another_day_is_not_completed_on_the_day_of_the_site(
    driver: SalonDriver, site: Any, clock: Any
) -> None:
    driver.hear(site, says(1))
    driver.move(driver.only_booking(), NEXT_WEEK)
    clock.now = IN_TWO_DAYS
    driver.hear(site, says(2, **PAID, occurred_at=clock.now))
    booking = driver.only_booking()
    assert (booking.status, booking.starts_at) == (Status.BOOKED, NEXT_WEEK)
    assert (counted(driver), len(questions(driver))) == ((0, 0), 1)


def test_a_mark_without_a_start_goes_by_the_start_that_is_held(
    driver: SalonDriver, site: Any, clock: Any
) -> None:
    driver.hear(site, says(1))
    driver.hear(site, thin(says(2, status=SiteStatus.NO_SHOW)))
    assert driver.only_booking().status is Status.BOOKED
    clock.now = IN_TWO_DAYS
    driver.hear(site, thin(says(3, status=SiteStatus.NO_SHOW, occurred_at=clock.now)))
    assert driver.only_booking().status is Status.NO_SHOW


def test_a_visit_that_was_completed_early_before_this_was_a_rule_is_left_alone(
    driver: SalonDriver, site: Any, clock: Any
) -> None:
    for event in (says(1), says(2, **PAID, occurred_at=IN_TWO_DAYS)):
        clock.now = event.occurred_at
        driver.hear(site, event)
    clock.now = NOW
    driver.hear(site, says(3, **PAID, note="scarf"))
    assert (driver.only_booking().status, counted(driver)) == (Status.COMPLETED, (1, 20))
