"""A client who cancels or confirms here is cancelled or confirmed on the booking's site, too: without an API
token, the desk is told to do it."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.booking_access import LinkVisitor, ReplyAuthor
from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.intake.site_events import SiteStatus
from chalicelib.domain.networks.network import Connection
from chalicelib.domain.shared.tasks import Task
from chalicelib.services.bookings import step_booking
from chalicelib.services.bookings.desk_tasks import to_do_on_site
from chalicelib.services.clients.tasks import finish_task
from infra.testkit.builders import NETWORK, NOW, access
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.site_events import reported, thin

START = NOW + timedelta(days=2)
CANCEL, CONFIRM = "cancel_on_site", "confirm_on_site"


@pytest.fixture
def booking(driver: SalonDriver, site: Connection) -> Booking:
    driver.hear(site, reported("e-1", 1, START))
    return driver.only_booking()


def by_link(booking: Booking) -> LinkVisitor:
    return LinkVisitor(NETWORK, str(booking.client_id))


def cancels(driver: SalonDriver, booking: Booking) -> None:
    step_booking.cancel(driver.world, by_link(booking), booking.id, "client")


def confirms(driver: SalonDriver, booking: Booking) -> None:
    step_booking.confirm(driver.world, by_link(booking), booking.id)


def on_site(driver: SalonDriver, *, is_open: bool = True) -> list[tuple[str, str | None]]:
    """What the desk is to do on the site."""
    found = driver.store.get_page(Task, network_id=NETWORK).items
    return [
        (each.kind.value, each.words)
        for each in found
        if each.kind.value in (CANCEL, CONFIRM) and (each.done_at is None) is is_open
    ]


def with_site(driver: SalonDriver, connection: Connection, site: str, **settings: str) -> Connection:
    saved: Connection = driver.store.save(replace(connection, site=site, settings=settings))[0]
    driver.world.directories.forget(NETWORK)
    return saved


def test_the_desk_is_told_once_to_cancel_it_on_the_site_too(driver: SalonDriver, booking: Booking) -> None:
    for _ in range(2):
        cancels(driver, booking)
    assert on_site(driver) == [(CANCEL, "2026-11-25 10:00, Maria Popescu, Haircut")]
    (task,) = [each for each in driver.store.get_page(Task, network_id=NETWORK).items if each.site]
    assert (task.site, task.booking_id, task.due_at) == ("standard", booking.id, NOW + timedelta(hours=2))


def test_the_person_who_comes_is_named(driver: SalonDriver, site: Connection, booking: Booking) -> None:
    driver.store.save(replace(booking, booked_for="Doina"))
    cancels(driver, booking)
    assert [words for _, words in on_site(driver)] == ["2026-11-25 10:00, Doina, Haircut"]


@pytest.mark.parametrize("said", [SiteStatus.CANCELLED, SiteStatus.NO_SHOW])
def test_the_task_is_done_once_the_site_says_so_and_the_client_hears_nothing(
    driver: SalonDriver, site: Connection, booking: Booking, said: SiteStatus
) -> None:
    driver.drain()
    cancels(driver, booking)
    sent = len(driver.sender.sent)
    driver.hear(site, replace(thin(reported("e-1", 2, START)), status=said))
    driver.drain()
    assert (on_site(driver), len(driver.sender.sent)) == ([], sent)
    assert len(on_site(driver, is_open=False)) == 1
    assert driver.only_booking().status == "cancelled"


def test_a_word_of_the_site_that_is_older_leaves_the_task_open(
    driver: SalonDriver, site: Connection, booking: Booking
) -> None:
    cancels(driver, booking)
    driver.hear(site, reported("e-1", 2, START, note="allergic"))
    assert len(on_site(driver)) == 1


def test_the_task_is_done_where_the_booking_stands_again(driver: SalonDriver, booking: Booking) -> None:
    cancels(driver, booking)
    driver.reopen(booking)
    assert on_site(driver) == []
    cancels(driver, booking)
    assert len(on_site(driver)) == 1


def test_what_the_desk_has_done_is_not_asked_for_again(
    driver: SalonDriver, site: Connection, booking: Booking
) -> None:
    cancels(driver, booking)
    task_id = driver.booking(booking.id).desk_tasks["cancel_on_site"]  # type: ignore[index]
    finish_task(driver.world, access(), task_id)
    cancels(driver, booking)
    driver.hear(site, reported("e-1", 2, START, note="allergic"))
    assert on_site(driver) == []


def test_the_desk_is_not_told_of_what_it_does_itself(driver: SalonDriver, booking: Booking) -> None:
    driver.cancel(booking)
    assert on_site(driver) == []


def test_nor_of_bookings_that_no_site_knows(driver: SalonDriver) -> None:
    booking = driver.book(START)
    cancels(driver, booking)
    assert on_site(driver) == []


def test_nor_of_a_site_that_is_no_longer_connected(
    driver: SalonDriver, site: Connection, booking: Booking
) -> None:
    driver.store.save(replace(site, deleted_at=NOW))
    driver.world.directories.forget(NETWORK)
    cancels(driver, booking)
    assert on_site(driver) == []


def test_nor_of_what_the_site_has_said_itself(
    driver: SalonDriver, site: Connection, booking: Booking
) -> None:
    with_site(driver, site, "yclients", tell_confirmed="yes")
    driver.hear(site, reported("e-1", 2, START, status=SiteStatus.CONFIRMED))
    driver.move(driver.booking(booking.id), START + timedelta(days=1))
    confirms(driver, booking)
    assert on_site(driver) == []


@pytest.mark.parametrize(
    ("site_name", "wants", "told"),
    [("yclients", "yes", 1), ("altegio", "yes", 1), ("yclients", "no", 0), ("square", "yes", 0),
     ("calcom", "yes", 0), ("standard", "yes", 0)],
)  # fmt: skip
def test_a_confirmation_is_told_where_the_network_wants_it_and_the_site_has_a_word_for_it(
    driver: SalonDriver, site: Connection, booking: Booking, site_name: str, wants: str, told: int
) -> None:
    with_site(driver, site, site_name, tell_confirmed=wants)
    confirms(driver, booking)
    assert [kind for kind, _ in on_site(driver)] == [CONFIRM] * told


def test_without_that_setting_a_confirmation_costs_no_more(
    driver: SalonDriver, site: Connection, booking: Booking
) -> None:
    with_site(driver, site, "yclients")
    confirms(driver, booking)
    assert on_site(driver) == []


def test_a_confirmation_by_reply_is_told_too_and_is_done_when_the_client_came(
    driver: SalonDriver, site: Connection, booking: Booking
) -> None:
    with_site(driver, site, "yclients", tell_confirmed="yes")
    author = ReplyAuthor(NETWORK, booking.client_id)
    step_booking.confirm(driver.world, author, booking.id)
    assert [kind for kind, _ in on_site(driver)] == [CONFIRM]
    driver.complete(driver.booking(booking.id))
    assert on_site(driver) == []


def test_each_booking_shows_what_is_to_be_done_on_its_site(
    driver: SalonDriver, site: Connection, booking: Booking
) -> None:
    connection = with_site(driver, site, "yclients")

    def shown() -> str | None:
        return to_do_on_site(driver.booking(booking.id), driver.store.directory(NETWORK))

    assert shown() is None
    confirms(driver, booking)
    assert shown() == "confirm"
    driver.hear(connection, reported("e-1", 2, START, status=SiteStatus.CONFIRMED))
    assert shown() is None
    driver.cancel(booking)
    assert shown() == "cancel"
    driver.hear(connection, reported("e-1", 3, START, status=SiteStatus.CANCELLED))
    assert shown() is None


def test_a_cancellation_after_a_confirmation_leaves_one_thing_to_do(
    driver: SalonDriver, site: Connection, booking: Booking
) -> None:
    with_site(driver, site, "yclients", tell_confirmed="yes")
    confirms(driver, booking)
    cancels(driver, booking)
    assert [kind for kind, _ in on_site(driver)] == [CANCEL]


def test_a_booking_of_before_whose_words_were_not_kept_is_told_too(
    driver: SalonDriver, booking: Booking
) -> None:
    stored: Any = replace(booking, reported=None)
    driver.store.save(stored)
    cancels(driver, booking)
    assert len(on_site(driver)) == 1
