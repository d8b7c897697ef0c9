"""What a client does by a link becomes a task of the desk, with a deadline, once. The task is done when its
matter is settled."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.bookings.booking_access import LinkVisitor
from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.shared.tasks import Task
from chalicelib.services.bookings import step_booking
from chalicelib.services.bookings.review_visit import review
from chalicelib.services.clients.tasks import finish_task
from infra.testkit.builders import NETWORK, NOW, access
from infra.testkit.interleaved_store import InterleavedStore
from infra.testkit.salon_driver import MARIA_ID, SalonDriver

VISITOR = LinkVisitor(NETWORK, MARIA_ID)
START = NOW + timedelta(days=2)


@pytest.fixture
def booking(driver: SalonDriver) -> Booking:
    return driver.book(START)


def asks(driver: SalonDriver, booking: Booking, wish: str = "after six") -> None:
    step_booking.ask_to_move(driver.world, VISITOR, booking.id, wish)


def cancels(driver: SalonDriver, booking: Booking) -> None:
    step_booking.cancel(driver.world, VISITOR, booking.id)


def rates(driver: SalonDriver, booking: Booking, stars: int, words: str = "Burnt my ear") -> None:
    review(driver.world, VISITOR, booking.id, stars, words)


def tasks(driver: SalonDriver) -> list[Task]:
    return list(driver.store.get_page(Task, network_id=NETWORK).items)


def open_tasks(driver: SalonDriver) -> list[tuple[str, str | None, datetime | None]]:
    return [(each.kind.value, each.words, each.due_at) for each in tasks(driver) if each.done_at is None]


def test_who_asks_for_another_time_is_called_within_two_hours(driver: SalonDriver, booking: Booking) -> None:
    for _ in range(2):
        asks(driver, booking)
    assert open_tasks(driver) == [("move_wish", "after six", NOW + timedelta(hours=2))]
    (task,) = tasks(driver)
    assert (task.booking_id, task.client_id, task.salon_id) == (booking.id, MARIA_ID, "sal_centru")


def test_a_deadline_is_never_after_the_start(driver: SalonDriver, clock: Any, booking: Booking) -> None:
    clock.now = START - timedelta(minutes=30)
    asks(driver, booking)
    assert [due for _, _, due in open_tasks(driver)] == [START]


def test_another_wish_opens_the_same_task_again(driver: SalonDriver, clock: Any, booking: Booking) -> None:
    asks(driver, booking)
    (task,) = tasks(driver)
    finish_task(driver.world, access(), task.id)
    clock.forward(hours=5)
    asks(driver, booking, "or on Friday")
    assert open_tasks(driver) == [("move_wish", "or on Friday", clock.now + timedelta(hours=2))]
    assert [each.id for each in tasks(driver)] == [task.id]


@pytest.mark.parametrize("by", ["move", "cancel", "complete", "no_show"])
def test_a_wish_is_settled_by_what_becomes_of_the_booking(
    driver: SalonDriver, clock: Any, booking: Booking, by: str
) -> None:
    asks(driver, booking)
    if by == "move":
        driver.move(driver.booking(booking.id), START + timedelta(days=1))
    elif by == "cancel":
        driver.cancel(booking)
    else:
        clock.now = START + timedelta(hours=1)
        driver.complete(driver.booking(booking.id)) if by == "complete" else driver.mark_no_show(booking)
    assert open_tasks(driver) == []
    assert tasks(driver)[0].actor == "key:owner"
    assert not driver.booking(booking.id).desk_tasks


def test_after_a_move_another_wish_is_another_task(driver: SalonDriver, clock: Any, booking: Booking) -> None:
    asks(driver, booking)
    driver.move(driver.booking(booking.id), START + timedelta(days=1))
    clock.forward(hours=1)
    asks(driver, booking)
    assert [each.done_at is None for each in tasks(driver)] == [True, False]


def test_only_a_cancellation_by_the_client_is_a_task(driver: SalonDriver, booking: Booking) -> None:
    driver.cancel(driver.book(START + timedelta(days=3)))
    assert tasks(driver) == []
    for _ in range(2):
        cancels(driver, booking)
    assert [kind for kind, _, _ in open_tasks(driver)] == ["cancelled_by_client"]
    driver.reopen(booking)
    assert open_tasks(driver) == []


def test_a_wish_that_ends_in_a_cancellation_leaves_one_open_task(
    driver: SalonDriver, booking: Booking
) -> None:
    asks(driver, booking)
    cancels(driver, booking)
    assert [kind for kind, _, _ in open_tasks(driver)] == ["cancelled_by_client"]


@pytest.mark.parametrize(("stars", "number"), [(1, 1), (3, 1), (4, 0), (5, 0)])
def test_a_low_rating_is_told_within_a_day(
    driver: SalonDriver, clock: Any, booking: Booking, stars: int, number: int
) -> None:
    clock.now = START + timedelta(hours=1)
    driver.complete(booking)
    rates(driver, booking, stars)
    expected = ("low_rating", "\N{BLACK STAR}" * stars + " Burnt my ear", clock.now + timedelta(days=1))
    assert open_tasks(driver) == [expected] * number


def test_a_better_rating_settles_the_low_one(driver: SalonDriver, clock: Any, booking: Booking) -> None:
    clock.now = START + timedelta(hours=1)
    driver.complete(booking)
    rates(driver, booking, 2)
    rates(driver, booking, 5, "They made up for it")
    assert open_tasks(driver) == []


def test_a_wish_and_a_move_at_once_leave_no_task_without_its_matter(
    driver: SalonDriver, booking: Booking
) -> None:
    """The desk moves the booking while the client asks: the wish is about the new time, and stays open."""
    store: Any = InterleavedStore(
        driver.store, lambda: driver.move(driver.booking(booking.id), START + timedelta(days=1))
    )
    asks(driver.on(store), booking)
    assert [kind for kind, _, _ in open_tasks(driver)] == ["move_wish"]


def test_a_booking_without_such_tasks_costs_no_more(driver: SalonDriver, booking: Booking) -> None:
    """Neither a read nor a write of a task."""
    seen: list[Any] = []

    def is_of_a_task(*values: Any, **_: Any) -> bool:
        seen.extend(values)
        return False

    for call in ("get", "save"):
        store: Any = InterleavedStore(driver.store, lambda: None, call=call, when=is_of_a_task)
        driver.on(store).move(driver.booking(booking.id), START + timedelta(days=1 if call == "get" else 2))
    assert seen
    assert not any(each is Task or isinstance(each, Task) for each in seen)
