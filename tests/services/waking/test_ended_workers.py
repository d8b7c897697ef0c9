"""An item that ends its worker, by time or by memory, is set aside after a few starts; the others of its
shard go on. Nothing runs behind it, as with a BaseException."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.intake.inbox import RETRY_LOST, InboxState
from chalicelib.domain.intake.site_events import SiteClient
from chalicelib.domain.networks.network import Connection
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.domain.shared.waking import FAILURES_BEFORE_PARKING
from chalicelib.services.intake.ingest import ingest
from chalicelib.services.intake.receive_webhook import replay
from chalicelib.services.loyalty.passes import register_google
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.waking.handlers import handlers
from chalicelib.services.waking.retry_parked import list_parked, remove_parked, retry_parked
from chalicelib.services.waking.wake_items import Drained, drain_shard, wake_one
from infra.testkit.builders import NETWORK, NOW, access
from infra.testkit.doubles import SettableClock
from infra.testkit.failing_calls import Calls, WorkerDied, calls
from infra.testkit.salon_driver import MARIA_ID, SalonDriver
from infra.testkit.site_events import reported

IN_TWO_DAYS = NOW + timedelta(days=2, hours=2)


class Fatal:
    """A world in which the wake of some bookings ends the worker."""

    def __init__(self, driver: SalonDriver, *booking_ids: str) -> None:
        self.driver, self.ids = driver, set(booking_ids)
        self.starts: list[str] = []

    def sweep(self) -> list[Drained]:
        found, awake = [], {**self.driver.handlers(self.driver.sending())}
        usual = awake[Booking]
        awake[Booking] = lambda booking: self._wake(booking, usual)
        for shard in self.driver.sweep():
            with suppress(WorkerDied):
                found.append(drain_shard(self.driver.world, awake, shard, lambda: True))
        return found

    def _wake(self, booking: Booking, usual: Callable[[Any], None]) -> None:
        if booking.id in self.ids:
            self.starts.append(booking.id)
            raise WorkerDied
        usual(booking)


def minutes(clock: SettableClock, number: int) -> Iterator[int]:
    """So many sweeps, one each minute."""
    for each in range(number):
        clock.forward(minutes=1)
        yield each


def parked(driver: SalonDriver) -> Mapping[str, str]:
    return {each.id: each.error for each in list_parked(driver.world, NETWORK)}


def test_the_others_of_its_shard_go_out_within_two_minutes_and_it_is_set_aside(
    driver: SalonDriver, clock: SettableClock
) -> None:
    fatal = driver.book(IN_TWO_DAYS)
    clock.forward(seconds=1)
    others = [driver.book(IN_TWO_DAYS + timedelta(hours=hour)) for hour in (1, 2)]
    world, due = Fatal(driver, fatal.id), first_due(driver)
    clock.forward(seconds=30)
    world.sweep()
    for _ in minutes(clock, 10):
        world.sweep()
        assert len(driver.kinds_sent()) == 2 or clock.now - due < timedelta(minutes=2)
    assert {driver.booking(each.id).touches[TouchKind.NOTICE].state for each in others} == {"sent"}
    assert world.starts == [fatal.id] * 3
    assert list(parked(driver)) == [fatal.id]
    assert "came to no end" in parked(driver)[fatal.id]
    assert driver.booking(fatal.id).trouble is None


def first_due(driver: SalonDriver) -> datetime:
    at = driver.next_wake_at()
    assert at is not None
    return at


def test_several_of_them_in_one_shard_are_set_aside_one_after_another(
    driver: SalonDriver, clock: SettableClock
) -> None:
    fatal = [driver.book(IN_TWO_DAYS + timedelta(hours=hour)).id for hour in range(3)]
    clock.forward(seconds=1)
    driver.book(IN_TWO_DAYS + timedelta(hours=5))
    world = Fatal(driver, *fatal)
    sent_after = None
    for minute in minutes(clock, 15):
        world.sweep()
        sent_after = sent_after or (minute if driver.kinds_sent() else None)
    assert sent_after is not None
    assert sent_after <= 3
    assert set(parked(driver)) == set(fatal)
    assert len(world.starts) <= 9


def test_once_mended_it_is_woken_at_once(driver: SalonDriver, clock: SettableClock) -> None:
    fatal = driver.book(IN_TWO_DAYS)
    world = Fatal(driver, fatal.id)
    for _ in minutes(clock, 6):
        world.sweep()
    assert list(parked(driver)) == [fatal.id]
    retry_parked(driver.world, NETWORK, fatal.id)
    driver.drain()
    assert (driver.kinds_sent(), parked(driver)) == (["notice"], {})


def test_removed_from_the_list_it_stays_and_sleeps(driver: SalonDriver, clock: SettableClock) -> None:
    fatal = driver.book(IN_TWO_DAYS)
    world = Fatal(driver, fatal.id)
    for _ in minutes(clock, 6):
        world.sweep()
    remove_parked(driver.world, access(), fatal.id)
    assert (driver.sweep(), parked(driver), driver.booking(fatal.id).id) == ([], {}, fatal.id)
    driver.move(driver.booking(fatal.id), IN_TWO_DAYS + timedelta(days=1))
    assert driver.next_wake_at() is not None


def test_a_worker_that_was_lost_once_by_another_cause_sets_nothing_aside(
    driver: SalonDriver, clock: SettableClock
) -> None:
    booking = driver.book(IN_TWO_DAYS)
    world = Fatal(driver, booking.id)
    for _ in minutes(clock, 1):
        world.sweep()
    world.ids.clear()
    clock.forward(minutes=1)
    world.sweep()
    assert (driver.kinds_sent(), parked(driver)) == (["notice"], {})


def test_a_save_ends_what_was_noted(driver: SalonDriver, clock: SettableClock) -> None:
    booking = driver.book(IN_TWO_DAYS)
    world = Fatal(driver, booking.id)
    for _ in minutes(clock, 2):
        world.sweep()
    driver.store.save(replace(driver.booking(booking.id), note="a person has changed it"))
    for _ in minutes(clock, 1):
        world.sweep()
    assert parked(driver) == {}


def test_after_an_outage_it_is_set_aside_as_well(driver: SalonDriver, clock: SettableClock) -> None:
    fatal = driver.book(IN_TWO_DAYS)
    clock.forward(seconds=1)
    driver.book(IN_TWO_DAYS + timedelta(hours=1))
    clock.forward(hours=1)
    world = Fatal(driver, fatal.id)
    for _ in minutes(clock, 3):
        world.sweep()
    assert (driver.kinds_sent(), list(parked(driver))) == (["notice"], [fatal.id])


def test_a_conflict_on_something_else_is_no_ended_worker_and_backs_off(
    driver: SalonDriver, clock: SettableClock
) -> None:
    """Another writer is quicker, three times in a row, with an item that the wake saves besides its own."""
    booking = driver.book(IN_TWO_DAYS)
    wakes, at_fault = meeting_conflicts(driver), []
    for minute in minutes(clock, 9):
        for shard in driver.sweep():
            at_fault += [minute] * drain_shard(driver.world, wakes, shard, lambda: True).failed
        assert parked(driver) == {}
    assert at_fault == [1, 4, 8]  # the first wake of a pointer is not noted
    trouble = driver.booking(booking.id).trouble
    assert trouble is not None
    assert (trouble.failures, trouble.error) == (3, "SaveConflict: conflict on str")
    clock.forward(minutes=10)
    driver.drain()
    assert (driver.kinds_sent(), driver.booking(booking.id).trouble) == (["notice"], None)


def test_an_item_that_meets_conflicts_without_end_is_listed(
    driver: SalonDriver, clock: SettableClock
) -> None:
    booking = driver.book(IN_TWO_DAYS)
    wakes = meeting_conflicts(driver)
    for _ in minutes(clock, 60):
        for shard in driver.sweep():
            drain_shard(driver.world, wakes, shard, lambda: True)
    assert parked(driver) == {booking.id: "SaveConflict: conflict on str"}


def test_a_conflict_after_another_worker_did_what_was_due_is_no_failure(
    driver: SalonDriver, clock: SettableClock
) -> None:
    booking = driver.book(IN_TWO_DAYS)
    clock.forward(minutes=2)
    usual = driver.handlers(driver.sending())

    def beaten(found: Booking) -> None:
        usual[Booking](found)
        raise SaveConflict(found)

    (shard,) = driver.sweep()
    drained = drain_shard(driver.world, {**usual, Booking: beaten}, shard, lambda: True)
    assert (drained.failed, driver.kinds_sent()) == (0, ["notice"])
    assert driver.booking(booking.id).trouble is None


def meeting_conflicts(driver: SalonDriver) -> Mapping[type, Callable[[Any], None]]:
    """The handlers of a worker who is never the first to save something besides the booking."""

    def meets_a_conflict(booking: Booking) -> None:
        raise SaveConflict("something else")

    return {**driver.handlers(driver.sending()), Booking: meets_a_conflict}


def test_an_ordinary_wake_costs_no_call_more(driver: SalonDriver, clock: SettableClock) -> None:
    """The first sweep, and one late by less than a minute, note nothing."""
    driver.book(IN_TWO_DAYS)
    clock.now = first_due(driver) + timedelta(seconds=60)
    with calls(Calls()) as made:
        driver.drain()
    assert driver.kinds_sent() == ["notice"]
    assert "UpdateItem" not in made.made


def test_after_an_outage_the_first_items_of_a_drain_are_noted_not_each(
    driver: SalonDriver, clock: SettableClock
) -> None:
    for hour in range(3):
        driver.book(IN_TWO_DAYS + timedelta(hours=hour))
    clock.now = first_due(driver) + timedelta(minutes=5)
    with calls(Calls()) as made:
        driver.drain()
    notices = [booking.touches[TouchKind.NOTICE].state for booking in driver.bookings()]
    assert sorted(notices) == ["deferred", "deferred", "sent"], "two wait for one message"
    assert made.made.count("UpdateItem") == 2


def test_what_is_raised_past_an_item_stops_no_other_and_is_raised_in_the_end(
    driver: SalonDriver, clock: SettableClock
) -> None:
    """Its failure cannot be recorded either: it has grown too large for the table, say."""
    bad = driver.book(IN_TWO_DAYS)
    clock.forward(seconds=1)
    driver.book(IN_TWO_DAYS + timedelta(hours=1))
    store, reads = driver.store, driver.store.read

    def read(pk: str, sk: str) -> Any:
        if bad.id in pk:
            raise ConnectionError("no answer")
        return reads(pk, sk)

    clock.forward(minutes=2)
    store.read = read
    try:
        with pytest.raises(ConnectionError):
            driver.drain()
    finally:
        store.read = reads
    assert driver.kinds_sent() == ["notice"]


# --- a step that fails behind a send


def test_an_account_whose_own_step_fails_is_parked_though_its_messages_go_out(
    driver: SalonDriver, clock: SettableClock
) -> None:
    class Broken:
        def changed(self, *_: Any) -> bool:
            raise ValueError("no such picture")

    driver.post("grant", 10)
    register_google(driver.world, NETWORK, MARIA_ID)
    awake = handlers(driver.sending(), driver.intake_queue, Broken())
    driver.post("grant", 10)
    failures = []
    for _ in minutes(clock, 45):
        for shard in driver.sweep():
            drain_shard(driver.world, awake, shard, lambda: True)
        account = driver.store.account(NETWORK, MARIA_ID)
        failures.append(account.trouble.failures if account.trouble else 0)
    assert sorted(failures) == failures
    assert failures[-1] == FAILURES_BEFORE_PARKING
    assert parked(driver) == {MARIA_ID: "ValueError: no such picture"}


# --- webhooks


def test_a_webhook_that_ends_its_worker_twice_is_quarantined_and_can_be_replayed(
    driver: SalonDriver, site: Connection
) -> None:
    item = driver.received(site, reported("e-1", 1, IN_TWO_DAYS))
    intake, ends = driver.intake(), {"it": True}

    class Ending:
        def __getattr__(self, name: str) -> Any:
            return getattr(driver.site, name)

        def normalise(self, *given: Any) -> Any:
            if ends["it"]:
                raise WorkerDied
            return driver.site.normalise(*given)

    intake = replace(intake, sites=dict.fromkeys(intake.sites, Ending()))
    for receives in (1, 2):
        with pytest.raises(WorkerDied):
            ingest(intake, NETWORK, item.id, again=receives > 1)
    assert ingest(intake, NETWORK, item.id, again=True) is InboxState.QUARANTINED
    ends["it"] = False
    replay(driver.receiving(), NETWORK, item.id)
    assert ingest(intake, NETWORK, item.id) is InboxState.APPLIED


@pytest.mark.parametrize("later", [timedelta(), RETRY_LOST + timedelta(minutes=1)])
def test_an_error_is_no_ended_worker_and_the_webhook_is_tried_again(
    driver: SalonDriver, site: Connection, clock: SettableClock, later: timedelta
) -> None:
    """A conflict of writers, a throttled table, or a release that is taken back an hour later."""
    item = driver.received(site, reported("e-1", 1, IN_TWO_DAYS))
    clock.forward(seconds=later.total_seconds())

    class Failing:
        def normalise(self, *_: Any) -> Any:
            raise SaveConflict(item)

    intake = replace(driver.intake(), sites=dict.fromkeys(driver.intake().sites, Failing()))
    for receives in range(1, 5):
        with pytest.raises(SaveConflict):
            ingest(intake, NETWORK, item.id, again=receives > 1)
    assert ingest(driver.intake(), NETWORK, item.id, again=True) is InboxState.APPLIED


def test_an_innocent_webhook_of_the_same_batch_is_ingested(driver: SalonDriver, site: Connection) -> None:
    """It was delivered as often, and never began."""
    item = driver.received(site, reported("e-1", 1, IN_TWO_DAYS))
    assert ingest(driver.intake(), NETWORK, item.id, again=True) is InboxState.APPLIED


def test_an_unreadable_webhook_does_not_stop_those_behind_it(driver: SalonDriver, site: Connection) -> None:
    item = driver.received(site, reported("e-1", 1, IN_TWO_DAYS))
    raw = driver.store.item.get(f"NET#{NETWORK}#INBOX", f"INBOX#{item.id}")
    raw.body, raw.packed = "[", None
    raw.save()
    assert driver.ingest(item) is None
    assert list(parked(driver)) == [item.id]


def test_what_needs_an_unreadable_client_waits_in_the_inbox_and_is_applied_later(
    driver: SalonDriver, site: Connection, clock: SettableClock
) -> None:
    """The alias of the phone leads to a client who cannot be read."""
    pk = f"NET#{NETWORK}#CLI#{MARIA_ID}"
    good, bad = (driver.store.item.get(pk, "CLIENT") for _ in range(2))
    bad.body, bad.packed = "[", None
    bad.save()
    of_maria = SiteClient(external_id="maria", phone="+37369123456")
    item = driver.received(site, reported("e-1", 1, IN_TWO_DAYS, client=of_maria))
    assert driver.ingest(item) is InboxState.WAITING
    good.save()
    clock.forward(minutes=2)
    driver.drain()
    assert driver.ingest(item) is InboxState.APPLIED
    assert driver.only_booking().client_id == MARIA_ID


def test_one_item_that_is_woken_directly_is_set_aside_unread_as_well(
    driver: SalonDriver, clock: SettableClock
) -> None:
    booking = driver.book(IN_TWO_DAYS)
    raw = driver.store.item.get(f"NET#{NETWORK}#BKG#{booking.id}", "BOOKING")
    raw.body, raw.packed = "[", None
    raw.save()
    awake = driver.handlers(driver.sending())
    assert wake_one(driver.world, awake, raw.pk, raw.sk) == "parked"
