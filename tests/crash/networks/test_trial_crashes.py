"""Every AWS call of a trial fails in turn: what is recorded, counted and completed in it, and going live. Run
again, each stands once, and nothing has gone out."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.clients.client_plan import with_wake
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.messages.messages import Message
from chalicelib.domain.networks.bonus_rules import BonusRules, Gift, Streak
from chalicelib.domain.networks.network import Network
from chalicelib.domain.networks.trial import TrialTally
from chalicelib.domain.shared.touches import IN_TRIAL
from chalicelib.services.networks.go_live import go_live
from infra.testkit.builders import NETWORK, access
from infra.testkit.failing_calls import Failure
from infra.testkit.salon_driver import SalonDriver
from tests.crash.arranged import IN_TWO_DAYS, MARIA_ID, Story, fail_each_call, sms_log

BIRTHDAY = datetime(2027, 5, 10, 1, tzinfo=UTC)


def in_trial(driver: SalonDriver) -> None:
    network = driver.store.get(Network, network_id=NETWORK)
    bonuses = BonusRules(streak=Streak(1, Gift(50)), birthday=Gift(200))
    driver.store.save(replace(network, trial=True, rules=replace(network.rules, bonuses=bonuses)))
    driver.world.directories.forget(NETWORK)


def tally(driver: SalonDriver) -> TrialTally:
    return driver.store.get(TrialTally, network_id=NETWORK) or TrialTally(network_id=NETWORK)


# --- a message


def booked(driver: SalonDriver) -> Booking:
    in_trial(driver)
    return driver.book(IN_TWO_DAYS)


def wake(driver: SalonDriver, booking: Booking) -> None:
    driver.wake(booking)


def swept(driver: SalonDriver, booking: Booking) -> None:
    driver.clock.forward(minutes=5)
    driver.drain()


def is_recorded_and_counted_once(driver: SalonDriver, booking: Booking) -> None:
    assert [(each.kind, each.messages) for each in tally(driver).messages] == [("notice", 1)]
    log = driver.store.get_page(Message, network_id=NETWORK, client_id=MARIA_ID, limit=20).items
    assert [each.reason for each in log] == [IN_TRIAL]
    touches = driver.booking(booking.id).touches.values()
    assert [touch.reason for touch in touches] == [IN_TRIAL]
    assert len(sms_log()) == 0


# --- a visit


def complete(driver: SalonDriver, booking: Booking) -> None:
    done = driver.complete(booking)
    assert (done.booking.earned_points, done.booking.would_earn) == (0, 25)


def complete_twice(driver: SalonDriver, booking: Booking) -> None:
    complete(driver, booking)
    complete(driver, booking)


def is_a_visit_without_points(driver: SalonDriver, booking: Booking) -> None:
    found = tally(driver)
    assert (found.visits, dict(found.points)) == (1, {"cashback": 25, "streak": 50})
    account = driver.store.account(NETWORK, MARIA_ID)
    assert (account.balance, account.entries, len(account.streaks)) == (0, 0, 1)
    assert driver.client().visits_count == 1


def completed(driver: SalonDriver) -> Booking:
    booking = booked(driver)
    complete(driver, booking)
    return driver.booking(booking.id)


def take_back(driver: SalonDriver, booking: Booking) -> None:
    driver.reopen(booking)


def take_back_if_completed(driver: SalonDriver, booking: Booking) -> None:
    if driver.booking(booking.id).status is Status.COMPLETED:
        driver.reopen(booking)


def is_taken_off_once(driver: SalonDriver, booking: Booking) -> None:
    found = tally(driver)
    assert (found.visits, dict(found.points)) == (0, {"cashback": 25, "streak": 50, "reversal": -75})
    assert driver.store.account(NETWORK, MARIA_ID).streaks == ()


# --- a birthday


def born(driver: SalonDriver) -> Client:
    in_trial(driver)
    driver.clock.now = BIRTHDAY
    client = with_wake(driver.client(), driver.world.directory(NETWORK), BIRTHDAY)
    saved: Client = driver.store.save(client)[0]
    return saved


def wake_client(driver: SalonDriver, client: Client) -> None:
    driver.wake(client)


def swept_client(driver: SalonDriver, client: Client) -> None:
    driver.clock.forward(minutes=5)
    driver.drain()


def is_counted_as_given_once(driver: SalonDriver, client: Client) -> None:
    assert dict(tally(driver).points) == {"birthday": 200}
    assert driver.client().gifted_year == 2027
    assert driver.store.account(NETWORK, MARIA_ID).balance == 0


# --- going live


def trying(driver: SalonDriver) -> None:
    in_trial(driver)


def go(driver: SalonDriver, _: Any) -> None:
    go_live(driver.world, access())


def is_live_since_then(driver: SalonDriver, _: Any) -> None:
    network = driver.store.get(Network, network_id=NETWORK)
    assert (network.trial, network.live_since, network.live_by) == (False, driver.clock.now, "key:owner")
    booking = driver.book(IN_TWO_DAYS + timedelta(days=1))
    driver.drain()
    assert driver.booking(booking.id).earned_points == 0
    assert len(sms_log()) == 1


STORIES: dict[str, Story] = {
    "a message": (booked, wake, swept, is_recorded_and_counted_once),
    "a visit": (booked, complete, complete_twice, is_a_visit_without_points),
    "a visit that is taken back": (completed, take_back, take_back_if_completed, is_taken_off_once),
    "a birthday": (born, wake_client, swept_client, is_counted_as_given_once),
    "going live": (trying, go, go, is_live_since_then),
}


@pytest.mark.parametrize("failure", list(Failure))
@pytest.mark.parametrize("name", list(STORIES))
def test_whichever_call_fails_run_again_it_stands_once(name: str, failure: Failure, aws: Any) -> None:
    assert fail_each_call(aws, STORIES[name], failure) > 1
