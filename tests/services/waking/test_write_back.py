"""Where the network has given its token, the site's API takes the step that a client took here; what it does
not take becomes a task of the desk."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.booking_access import LinkVisitor
from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.bookings.write_back import MAX_TRIES
from chalicelib.domain.intake.site_events import SiteClient, SiteStatus
from chalicelib.domain.networks.network import Connection, Network
from chalicelib.domain.shared.tasks import Task
from chalicelib.services.bookings import step_booking
from chalicelib.services.bookings.desk_tasks import to_do_on_site
from chalicelib.services.bookings.site_steps import StepAnswer, StepOnSite, StepOutcome
from chalicelib.services.intake.connect_site import set_api_token
from infra.testkit.builders import NETWORK, NOW, access
from infra.testkit.interleaved_store import InterleavedStore
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.site_events import reported, thin

START = NOW + timedelta(days=2)
TAKEN, LATER = StepAnswer(StepOutcome.TAKEN), StepAnswer(StepOutcome.LATER, "it answered 503")
REFUSED = StepAnswer(StepOutcome.REFUSED, "it answered 422")
TOKEN_REFUSED = StepAnswer(StepOutcome.TOKEN_REFUSED, "it answered 401")


class Api:
    """The sites' APIs: they answer one after another, the last answer ever after, and note what was asked."""

    def __init__(self) -> None:
        self.answers: list[Any] = [TAKEN]
        self.asked: list[StepOnSite] = []

    def __call__(self, step: StepOnSite) -> StepAnswer:
        self.asked.append(step)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        found: StepAnswer = answer
        return found


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def driver(driver: SalonDriver, api: Api) -> SalonDriver:
    return replace(driver, take_step=api)


@pytest.fixture
def site(driver: SalonDriver, site: Connection) -> Connection:
    """YCLIENTS, with a token."""
    driver.store.save(replace(site, site="yclients", settings={"company_id": "9911"}))
    driver.world.directories.forget(NETWORK)
    return set_api_token(driver.world, access(), site.id, "partner, user")


@pytest.fixture
def booking(driver: SalonDriver, site: Connection) -> Booking:
    driver.hear(site, reported("501", 1, START, salon_external_id="9911"))
    driver.drain()
    return driver.only_booking()


def cancels(driver: SalonDriver, booking: Booking) -> None:
    visitor = LinkVisitor(NETWORK, str(booking.client_id))
    step_booking.cancel(driver.world, visitor, booking.id, "client")


def confirms(driver: SalonDriver, booking: Booking) -> None:
    step_booking.confirm(driver.world, LinkVisitor(NETWORK, str(booking.client_id)), booking.id)


def asked(api: Api) -> list[tuple[str, str]]:
    return [(each.step.value, each.external_id) for each in api.asked]


def tasks(driver: SalonDriver) -> list[str]:
    """The kinds of open tasks about a site, newest first."""
    found = driver.store.get_page(Task, network_id=NETWORK).items
    return [each.kind.value for each in found if each.done_at is None and "_site" in f"_{each.kind.value}"]


def test_a_cancellation_reaches_the_site_at_once_and_no_task_arises(
    driver: SalonDriver, api: Api, booking: Booking
) -> None:
    cancels(driver, booking)
    driver.drain()
    assert asked(api) == [("cancel", "501")]
    (step,) = api.asked
    assert (step.site, step.location, step.token) == ("yclients", "9911", "partner, user")
    assert (step.contacts, step.language) == (("+37369123456", "maria@example.com"), "ru")
    driver.drain()
    assert (len(api.asked), tasks(driver)) == (1, [])
    assert driver.booking(booking.id).write_back is None


def test_a_confirmation_reaches_the_site_and_the_reminders_go_on(
    driver: SalonDriver, api: Api, booking: Booking
) -> None:
    confirms(driver, booking)
    driver.drain()
    assert (asked(api), tasks(driver)) == ([("confirm", "501")], [])
    driver.run_until(START)
    assert "control_reminder" in driver.kinds_sent()
    assert len(api.asked) == 1


def test_the_word_of_the_site_that_follows_is_no_news(
    driver: SalonDriver, api: Api, site: Connection, booking: Booking
) -> None:
    cancels(driver, booking)
    driver.drain()
    sent = len(driver.sender.sent)
    driver.hear(site, replace(thin(reported("501", 2, START)), status=SiteStatus.CANCELLED))
    driver.drain()
    assert (len(driver.sender.sent), len(api.asked), tasks(driver)) == (sent, 1, [])
    assert driver.booking(booking.id).reason == "client"


def test_a_site_that_says_so_before_it_was_asked_is_not_asked(
    driver: SalonDriver, api: Api, site: Connection, booking: Booking
) -> None:
    cancels(driver, booking)
    driver.hear(site, replace(thin(reported("501", 2, START)), status=SiteStatus.CANCELLED))
    driver.drain()
    assert (asked(api), tasks(driver)) == ([], [])


@pytest.mark.parametrize("by", ["site", "desk", "visit"])
def test_what_became_otherwise_meanwhile_is_not_written_back(
    driver: SalonDriver, api: Api, site: Connection, booking: Booking, by: str
) -> None:
    api.answers = [LATER, TAKEN]
    confirms(driver, booking)
    driver.drain()
    if by == "site":
        driver.hear(site, reported("501", 2, START + timedelta(days=1)))
    elif by == "desk":
        driver.cancel(booking)
    else:
        driver.complete(driver.booking(booking.id))
    driver.run_until(NOW + timedelta(hours=3))
    assert len(api.asked) == 1


def test_a_site_in_trouble_is_asked_again_with_growing_pauses_and_then_the_desk_is_told(
    driver: SalonDriver, api: Api, clock: Any, booking: Booking
) -> None:
    at = []

    def take_step(step: StepOnSite) -> StepAnswer:
        at.append((clock.now - NOW) // timedelta(minutes=1))
        return LATER

    cancels(driver, booking)
    replace(driver, take_step=take_step).run_until(NOW + timedelta(hours=5))
    assert at == [0, 1, 6, 21, 81]
    assert len(at) == MAX_TRIES
    assert tasks(driver) == ["cancel_on_site"]


def test_the_booking_shows_what_the_site_has_yet_to_take(
    driver: SalonDriver, api: Api, booking: Booking
) -> None:
    def shown() -> str | None:
        return to_do_on_site(driver.booking(booking.id), driver.store.directory(NETWORK))

    api.answers = [LATER, TAKEN, REFUSED]
    confirms(driver, booking)
    driver.drain()
    assert shown() == "confirm"
    driver.run_until(NOW + timedelta(hours=2))
    assert shown() is None
    cancels(driver, booking)
    driver.drain()
    assert (shown(), tasks(driver)) == ("cancel", ["cancel_on_site"])


def test_a_site_that_recovers_is_told_and_nobody_else(
    driver: SalonDriver, api: Api, booking: Booking
) -> None:
    api.answers = [LATER, LATER, TAKEN]
    cancels(driver, booking)
    driver.run_until(NOW + timedelta(hours=2))
    assert (len(api.asked), tasks(driver)) == (3, [])


def test_the_wish_of_a_site_to_wait_is_kept(
    driver: SalonDriver, api: Api, clock: Any, booking: Booking
) -> None:
    api.answers = [replace(LATER, wait=timedelta(minutes=30)), TAKEN]
    cancels(driver, booking)
    driver.drain()
    clock.forward(minutes=29)
    driver.drain()
    assert len(api.asked) == 1
    clock.forward(minutes=1)
    driver.drain()
    assert len(api.asked) == 2


def test_no_try_comes_after_the_start(driver: SalonDriver, api: Api, clock: Any, booking: Booking) -> None:
    api.answers = [LATER]
    clock.now = START - timedelta(seconds=30)
    cancels(driver, booking)
    driver.drain()
    assert (len(api.asked), tasks(driver)) == (1, ["cancel_on_site"])


def test_what_the_site_refuses_is_for_the_desk_once(driver: SalonDriver, api: Api, booking: Booking) -> None:
    api.answers = [REFUSED]
    for step in (confirms, cancels, cancels):
        step(driver, booking)
        driver.drain()
    assert asked(api) == [("confirm", "501"), ("cancel", "501")]
    assert tasks(driver) == ["cancel_on_site"]


def test_a_refused_token_is_a_task_of_the_owner_once_a_day_and_the_desk_goes_on(
    driver: SalonDriver, api: Api, site: Connection, booking: Booking
) -> None:
    api.answers = [TOKEN_REFUSED]
    driver.hear(site, reported("502", 1, START, client=SiteClient("c-2", "Olga", "069000111")))
    for each in driver.bookings():
        cancels(driver, each)
    driver.drain()
    assert sorted(tasks(driver)) == ["cancel_on_site", "cancel_on_site", "site_token_refused"]
    (owners,) = [each for each in driver.store.get_page(Task, network_id=NETWORK).items if not each.salon_id]
    assert owners.words == f"yclients, connection {site.id}: it answered 401"


def test_a_defect_of_ours_stops_no_message(driver: SalonDriver, api: Api, booking: Booking) -> None:
    api.answers = [ValueError("a defect")]
    confirms(driver, booking)
    driver.run_until(START)
    assert "control_reminder" in driver.kinds_sent()
    assert len(api.asked) == MAX_TRIES


def test_two_workers_ask_twice_and_count_once(driver: SalonDriver, api: Api, booking: Booking) -> None:
    """While one asks, the other asks, too, and is done: the site takes the same step twice."""
    api.answers = [REFUSED]
    cancels(driver, booking)
    store: Any = InterleavedStore(driver.store, driver.drain)
    driver.on(store).wake(driver.booking(booking.id))
    assert asked(api) == [("cancel", "501")] * 2
    assert len({each.key for each in api.asked}) == 1
    assert tasks(driver) == ["cancel_on_site"]


def test_what_the_desk_or_the_site_does_is_not_written_back(
    driver: SalonDriver, api: Api, site: Connection, booking: Booking
) -> None:
    driver.confirm(booking)
    driver.cancel(booking)
    driver.drain()
    driver.hear(site, reported("502", 1, START))
    driver.hear(site, reported("502", 2, START, status=SiteStatus.CANCELLED))
    driver.drain()
    assert (asked(api), tasks(driver)) == ([], [])


def test_a_seat_is_never_asked_for_since_others_sit_there_too(
    driver: SalonDriver, api: Api, booking: Booking
) -> None:
    driver.store.save(replace(booking, external_id="501#maria@example.com"))
    cancels(driver, booking)
    driver.drain()
    assert (asked(api), tasks(driver)) == ([], ["cancel_on_site"])


def test_a_network_in_trial_changes_nothing_on_the_site(
    driver: SalonDriver, api: Api, booking: Booking
) -> None:
    network = driver.store.get(Network, network_id=NETWORK)
    driver.store.save(replace(network, trial=True))
    driver.world.directories.forget(NETWORK)
    cancels(driver, booking)
    driver.drain()
    assert (asked(api), tasks(driver)) == ([], ["cancel_on_site"])


def test_without_its_token_the_desk_does_it(
    driver: SalonDriver, api: Api, site: Connection, booking: Booking
) -> None:
    cancels(driver, booking)
    set_api_token(driver.world, access(), site.id, None)
    driver.drain()
    assert (asked(api), tasks(driver)) == ([], ["cancel_on_site"])


def test_a_deleted_connection_keeps_no_token_and_asks_nobody(
    driver: SalonDriver, api: Api, site: Connection, booking: Booking
) -> None:
    from chalicelib.services.intake.connect_site import disconnect_site

    cancels(driver, booking)
    disconnect_site(driver.world, access(), site.id)
    driver.drain()
    assert (asked(api), tasks(driver)) == ([], [])
    (kept,) = driver.store.get_all(Connection, network_id=NETWORK)
    assert kept.api_token is None


@pytest.mark.parametrize("name", ["square", "calcom"])
def test_a_site_without_a_word_for_a_confirmation_is_not_asked(
    driver: SalonDriver, api: Api, site: Connection, booking: Booking, name: str
) -> None:
    driver.store.save(replace(site, site=name))
    driver.world.directories.forget(NETWORK)
    confirms(driver, booking)
    driver.drain()
    assert (asked(api), tasks(driver)) == ([], [])
    cancels(driver, booking)
    driver.drain()
    assert asked(api) == [("cancel", "501")]
    assert driver.booking(booking.id).status is Status.CANCELLED
