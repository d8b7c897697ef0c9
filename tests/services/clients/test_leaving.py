"""Why clients leave, and what came of calling them: recorded once, kept with the client, merged and
unmerged."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.clients.calls import CallResult
from chalicelib.domain.clients.clients import Client, VisitDay
from chalicelib.domain.clients.leaving import LeavingReason, reason_in_force
from chalicelib.domain.shared.errors import DomainError
from chalicelib.services.clients.leaving import LeavingStatement, needs_reason, record_call, state_reason
from infra.testkit.builders import NOW, a_client, a_town, access, save_client
from infra.testkit.doubles import SettableClock
from infra.testkit.interleaved_store import InterleavedStore
from infra.testkit.memory_store import MemoryStore
from infra.testkit.salon_driver import MARIA_ID, SalonDriver
from infra.testkit.world import a_world

MASHA = "cli_masha00000000002"
PRICE, MOVED = LeavingStatement(LeavingReason.PRICE, "too\u200b dear"), LeavingStatement(LeavingReason.MOVED)


@pytest.fixture
def driver() -> SalonDriver:
    store: Any = MemoryStore()
    a_town(store)
    save_client(store, a_client(MASHA, name="Masha", phone="+37369000002", email=None))
    return SalonDriver(a_world(store, SettableClock(NOW)))


def states(driver: SalonDriver, statement: LeavingStatement, client_id: str = MARIA_ID) -> Client:
    return state_reason(driver.world, access(), client_id, statement)


def is_called(driver: SalonDriver, result: CallResult, client_id: str = MARIA_ID) -> Client:
    return record_call(driver.world, access(), client_id, result)


def a_day_passes(driver: SalonDriver) -> None:
    driver.clock.now += timedelta(days=1)


def test_a_reason_is_kept_with_who_and_when_and_a_repetition_writes_nothing(driver: SalonDriver) -> None:
    first = states(driver, PRICE)
    a_day_passes(driver)
    again = states(driver, PRICE)
    assert again == first
    (stated,) = again.leaving
    assert (stated.reason, stated.words, stated.at, stated.actor) == ("price", "too dear", NOW, "key:owner")


def test_a_reason_can_be_taken_back(driver: SalonDriver) -> None:
    states(driver, PRICE)
    client = states(driver, LeavingStatement(None, "words are of no reason"))
    assert reason_in_force(client.leaving) is None
    assert [(each.reason, each.words) for each in client.leaving] == [(None, None), ("price", "too dear")]


def test_a_double_tap_is_one_call_and_writes_once(driver: SalonDriver) -> None:
    first = is_called(driver, CallResult.NO_ANSWER)
    driver.clock.now += timedelta(seconds=2)
    assert is_called(driver, CallResult.NO_ANSWER) == first
    a_day_passes(driver)
    called = is_called(driver, CallResult.BOOKED).last_call
    assert called is not None
    assert (called.result, called.number) == ("booked", 2)


def test_two_taps_at_the_same_moment_are_one_call(driver: SalonDriver) -> None:
    racing = driver.on(InterleavedStore(driver.store, lambda: is_called(driver, CallResult.REFUSED)))
    called = is_called(racing, CallResult.REFUSED)
    assert called == driver.client()
    assert called.last_call is not None
    assert called.last_call.number == 1


def test_a_refusal_asks_for_the_reason_until_one_is_stated(driver: SalonDriver) -> None:
    assert needs_reason(is_called(driver, CallResult.REFUSED))
    assert not needs_reason(states(driver, PRICE))
    a_day_passes(driver)
    assert not needs_reason(is_called(driver, CallResult.WILL_THINK))


def test_a_reason_from_before_the_last_visit_is_no_answer_to_a_refusal(driver: SalonDriver) -> None:
    client = states(driver, PRICE)
    a_day_passes(driver)
    visits = (VisitDay(driver.clock.now.date(), "sal_centru"),)
    driver.store.save(replace(client, recent_visits=visits, visits_count=1))
    assert needs_reason(is_called(driver, CallResult.REFUSED))


def test_a_call_and_its_reason_are_saved_together(driver: SalonDriver) -> None:
    before = driver.client().version
    client = record_call(driver.world, access(), MARIA_ID, CallResult.REFUSED, MOVED)
    assert (needs_reason(client), client.version) == (False, before + 1)
    assert reason_in_force(client.leaving) is not None


def test_nobody_calls_a_client_who_is_merged(driver: SalonDriver) -> None:
    driver.merge(MASHA, MARIA_ID)
    call, state = lambda: is_called(driver, CallResult.BOOKED, MASHA), lambda: states(driver, PRICE, MASHA)
    for attempt in (call, state):
        with pytest.raises(DomainError) as refusal:
            attempt()
        assert refusal.value.details["client_id"] == MARIA_ID


def test_both_clients_reasons_and_calls_stand_with_the_target_and_part_again(driver: SalonDriver) -> None:
    states(driver, PRICE)
    is_called(driver, CallResult.NO_ANSWER)
    a_day_passes(driver)
    states(driver, MOVED, MASHA)
    is_called(driver, CallResult.REFUSED, MASHA)
    before = driver.client(), driver.client(MASHA)
    driver.merge(MASHA, MARIA_ID)
    merged = driver.client()
    assert [each.reason for each in merged.leaving] == ["moved", "price"]
    assert merged.last_call is not None
    assert (merged.last_call.result, merged.last_call.number) == ("refused", 2)
    driver.unmerge(MASHA)
    after = driver.client(), driver.client(MASHA)
    assert [(each.leaving, each.last_call) for each in after] == [
        (each.leaving, each.last_call) for each in before
    ]
