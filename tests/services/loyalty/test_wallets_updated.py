"""Wallets are told whenever a client's points change: by the account's own pointer, so that none is
missed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.loyalty.account import NOT_UPDATED, Account, EntryKind, Posting, WalletUpdate
from chalicelib.domain.loyalty.account_plan import PASSES
from chalicelib.domain.loyalty.passes import DevicePass, Pass, PassDevice, serial_of
from chalicelib.domain.loyalty.programme import day_end
from chalicelib.domain.networks.network import Network
from chalicelib.domain.shared.ids import entry_id
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.loyalty.passes import (
    MAX_DEVICES,
    RETRY_AFTER,
    devices_with_pass,
    forget_unreachable,
    passes_changed_since,
    register_device,
    register_google,
    unregister_device,
)
from chalicelib.services.loyalty.post_bonus import post_to_client
from chalicelib.services.merging.merge_clients import merge_clients
from chalicelib.services.merging.unmerge_clients import unmerge_clients
from chalicelib.services.networks import set_up
from chalicelib.services.shared.ports import PassUpdates
from chalicelib.services.waking.handlers import handlers
from chalicelib.services.waking.sweep_shards import sweep
from chalicelib.services.waking.wake_items import drain_shard
from chalicelib.store.keys import shard_names
from chalicelib.wallets.apple_push import ApplePush
from chalicelib.wallets.http2_calls import Http2Answer, Post
from infra.testkit.builders import NETWORK, a_client, access, save_client
from infra.testkit.doubles import SettableClock
from infra.testkit.interleaved_store import InterleavedStore
from infra.testkit.salon_driver import SalonDriver

MARIA = "cli_maria00000000001"
CHISINAU = "Europe/Chisinau"


@dataclass
class RecordingUpdates:
    """`answers` are given one after another, then always True."""

    told: list[tuple[int, str, list[str]]] = field(default_factory=list)
    serials: list[str] = field(default_factory=list)
    answers: list[bool] = field(default_factory=list)

    def changed(self, shown: Pass, language: str, devices: Sequence[PassDevice]) -> bool:
        self.serials.append(shown.serial)
        self.told.append((shown.points, language, sorted(each.device for each in devices)))
        return self.answers.pop(0) if self.answers else True


@pytest.fixture
def updates() -> RecordingUpdates:
    return RecordingUpdates()


def give(driver: SalonDriver, points: int, name: str = "gift", **said: Any) -> None:
    each_id = entry_id(MARIA, name)
    posting = Posting(id=each_id, kind=EntryKind.GRANT, points=points, reason="gift", actor="test", **said)
    post_to_client(driver.world, driver.client(), posting)


def account(driver: SalonDriver) -> Account:
    found: Account = driver.store.account(NETWORK, MARIA)
    return found


def drained(driver: SalonDriver, updates: RecordingUpdates) -> list[tuple[int, str, list[str]]]:
    """What wallets are told by one sweep."""
    before = len(updates.told)
    swept(driver, updates)
    return updates.told[before:]


def swept(driver: SalonDriver, updates: PassUpdates) -> None:
    awake = handlers(driver.sending(), driver.intake_queue, updates)
    for shard in sweep(driver.world, shard_names(driver.store.shards)):
        drain_shard(driver.world, awake, shard, lambda: True)


def test_a_client_without_a_pass_costs_nothing(driver: SalonDriver, updates: RecordingUpdates) -> None:
    give(driver, 100)
    assert account(driver).wake is None
    assert drained(driver, updates) == []


def test_whoever_keeps_the_card_is_told_of_each_change_once(
    driver: SalonDriver, updates: RecordingUpdates
) -> None:
    register_google(driver.world, NETWORK, MARIA)
    register_device(driver.world, NETWORK, MARIA, "phone-1", "a1")
    assert drained(driver, updates) == []
    give(driver, 100)
    assert account(driver).wake is not None
    assert account(driver).wake.why == PASSES  # type: ignore[union-attr]
    assert drained(driver, updates) == [(100, "ru", ["google", "phone-1"])]
    assert drained(driver, updates) == []
    give(driver, 20, "another")
    give(driver, 3, "a third")
    assert drained(driver, updates) == [(123, "ru", ["google", "phone-1"])]
    assert account(driver).wake is None


def test_a_card_speaks_the_salons_language_where_the_clients_is_unknown(
    driver: SalonDriver, updates: RecordingUpdates
) -> None:
    set_up.change_salon(driver.world, access(), "sal_centru", {"language": "ro"})
    register_google(driver.world, NETWORK, MARIA)
    give(driver, 100)
    assert drained(driver, updates) == [(100, "ro", ["google"])]


def test_no_card_is_updated_while_the_network_is_in_trial(
    driver: SalonDriver, updates: RecordingUpdates
) -> None:
    register_google(driver.world, NETWORK, MARIA)
    give(driver, 100)
    driver.store.save(replace(driver.store.get(Network, network_id=NETWORK), trial=True))
    driver.world.directories.forget(NETWORK)
    assert drained(driver, updates) == []
    assert account(driver).wake is None


def test_who_did_not_answer_is_told_in_an_hour_and_not_each_minute(
    driver: SalonDriver, updates: RecordingUpdates, clock: SettableClock
) -> None:
    register_google(driver.world, NETWORK, MARIA)
    updates.answers = [False, False]
    give(driver, 100)
    assert len(drained(driver, updates)) == 1
    clock.forward(minutes=59)
    assert drained(driver, updates) == []
    clock.forward(minutes=1)
    assert len(drained(driver, updates)) == 1
    clock.forward(hours=1)
    assert drained(driver, updates) == [(100, "ru", ["google"])]
    clock.forward(hours=2)
    assert drained(driver, updates) == []
    assert account(driver).shown == WalletUpdate(1)


def test_wallets_are_told_when_pending_points_become_free(
    driver: SalonDriver, updates: RecordingUpdates, clock: SettableClock
) -> None:
    register_google(driver.world, NETWORK, MARIA)
    give(driver, 40, available_at=clock.now + timedelta(days=1))
    assert drained(driver, updates) == [(0, "ru", ["google"])]
    clock.forward(days=1)
    assert drained(driver, updates) == [(40, "ru", ["google"])]
    assert drained(driver, updates) == []


def test_points_that_were_pending_before_the_pass_was_kept_are_told_of_as_well(
    driver: SalonDriver, updates: RecordingUpdates, clock: SettableClock
) -> None:
    give(driver, 40, available_at=clock.now + timedelta(days=1))
    register_google(driver.world, NETWORK, MARIA)
    assert drained(driver, updates) == []
    clock.forward(days=1)
    assert drained(driver, updates) == [(40, "ru", ["google"])]


def test_wallets_are_told_when_points_expire(
    driver: SalonDriver, updates: RecordingUpdates, clock: SettableClock
) -> None:
    register_google(driver.world, NETWORK, MARIA)
    end = day_end(local_date(clock.now, CHISINAU), CHISINAU)
    give(driver, 40, expires_at=end)
    drained(driver, updates)
    clock.now = end
    assert drained(driver, updates) == [(0, "ru", ["google"])]
    assert driver.ledger_faults() == []
    assert drained(driver, updates) == []


def test_after_the_last_device_has_gone_nobody_is_told(
    driver: SalonDriver, updates: RecordingUpdates
) -> None:
    register_device(driver.world, NETWORK, MARIA, "phone-1", "a1")
    unregister_device(driver.world, NETWORK, MARIA, "phone-1")
    give(driver, 100)
    assert drained(driver, updates) == []
    assert (account(driver).shown, account(driver).wake) == (None, None)


def phone(driver: SalonDriver, device: str = "phone-1") -> PassDevice:
    return next(
        each
        for each in driver.store.get_all(PassDevice, network_id=NETWORK, client_id=MARIA)
        if each.device == device
    )


def test_a_phone_that_apple_says_is_gone_is_told_no_more_and_its_items_go_by_themselves(
    driver: SalonDriver, updates: RecordingUpdates, clock: SettableClock
) -> None:
    register_device(driver.world, NETWORK, MARIA, "phone-1", "a1")
    register_device(driver.world, NETWORK, MARIA, "phone-2", "a2")
    forget_unreachable(driver.world, phone(driver))
    give(driver, 100)
    assert drained(driver, updates) == [(100, "ru", ["phone-2"])]
    links = driver.sending().links
    assert passes_changed_since(driver.world, links, NETWORK, "phone-1", "") == ([], "")
    (other,) = driver.store.get_all(DevicePass, network_id=NETWORK, device="phone-1")
    assert phone(driver).expires_at == other.expires_at == clock.now
    forget_unreachable(driver.world, phone(driver, "phone-2"))
    give(driver, 20, "another")
    assert drained(driver, updates) == []
    assert (account(driver).shown, account(driver).wake) == (None, None)


def test_apple_is_asked_again_in_an_hour_for_all_phones_but_those_that_are_gone(
    driver: SalonDriver, clock: SettableClock
) -> None:
    called: list[str] = []
    ok, unregistered = Http2Answer(200), Http2Answer(410)
    answers = {"a1": [ok, ok], "a2": [unregistered], "a3": [None, ok]}

    def posts(asked: Sequence[Post], seconds: float) -> list[Http2Answer | None]:
        tokens = [each.path.rpartition("/")[2] for each in asked]
        called.extend(tokens)
        return [answers[token].pop(0) for token in tokens]

    updates = ApplePush("pass.example", lambda: posts, partial(forget_unreachable, driver.world))
    for number in (1, 2, 3):
        register_device(driver.world, NETWORK, MARIA, f"phone-{number}", f"a{number}")
    give(driver, 100)
    swept(driver, updates)
    assert called == ["a1", "a2", "a3"]
    assert account(driver).shown == WalletUpdate(NOT_UPDATED, clock.now + RETRY_AFTER)
    clock.forward(hours=1)
    swept(driver, updates)
    assert (called[3:], account(driver).shown) == (["a1", "a3"], WalletUpdate(1))


def test_a_phone_that_was_gone_and_comes_again_is_told(
    driver: SalonDriver, updates: RecordingUpdates
) -> None:
    register_device(driver.world, NETWORK, MARIA, "phone-1", "a1")
    gone = phone(driver)
    forget_unreachable(driver.world, gone)
    assert register_device(driver.world, NETWORK, MARIA, "phone-1", "a1")
    assert phone(driver).expires_at is None
    register_device(driver.world, NETWORK, MARIA, "phone-1", "b2")
    forget_unreachable(driver.world, gone)
    assert [each.push_token for each in devices_with_pass(driver.world, NETWORK, MARIA)] == ["b2"]
    give(driver, 100)
    assert drained(driver, updates) == [(100, "ru", ["phone-1"])]


def test_phones_that_are_gone_take_no_place_of_others(driver: SalonDriver) -> None:
    for number in range(MAX_DEVICES):
        assert register_device(driver.world, NETWORK, MARIA, f"phone-{number}", "a1")
    assert not register_device(driver.world, NETWORK, MARIA, "one-more", "a1")
    forget_unreachable(driver.world, phone(driver, "phone-7"))
    assert register_device(driver.world, NETWORK, MARIA, "one-more", "a1")


def test_keeping_a_pass_while_points_are_posted_loses_neither(
    driver: SalonDriver, updates: RecordingUpdates
) -> None:
    give(driver, 100)
    register_google(driver.world, NETWORK, MARIA)
    assert account(driver).shown == WalletUpdate(1)
    assert drained(driver, updates) == []
    assert driver.ledger_faults() == []


def test_a_pass_that_is_kept_while_its_client_is_merged_is_told_what_the_other_gets(
    driver: SalonDriver, updates: RecordingUpdates
) -> None:
    masha = save_client(driver.store, a_client("cli_masha00000000001", phone="+37369000001", email=None)).id
    store = InterleavedStore(driver.store, lambda: merge_clients(driver.world, access(), masha, MARIA))
    assert register_device(replace(driver.world, store=store), NETWORK, masha, "phone-1", "a1")
    assert account(driver).shown is not None
    give(driver, 100)
    assert drained(driver, updates) == [(100, "ru", ["phone-1"])]


def test_passes_of_a_client_who_was_merged_show_what_the_other_has(
    driver: SalonDriver, updates: RecordingUpdates
) -> None:
    masha = save_client(driver.store, a_client("cli_masha00000000002", phone="+37369000002", email=None)).id
    register_google(driver.world, NETWORK, masha)
    register_device(driver.world, NETWORK, masha, "phone-2", "a1")
    drained(driver, updates)
    merge_clients(driver.world, access(), masha, MARIA)
    give(driver, 30)
    assert drained(driver, updates) == [(30, "ru", ["google", "phone-2"])]
    register_device(driver.world, NETWORK, masha, "phone-3", "a1")
    give(driver, 20, "more")
    assert drained(driver, updates) == [(50, "ru", ["google", "phone-2", "phone-3"])]
    assert set(updates.serials) == {serial_of(NETWORK, masha)}
    unmerge_clients(driver.world, access(), masha)
    assert drained(driver, updates) == [(0, "ru", ["google", "phone-2", "phone-3"])]
    give(driver, 5, "maria's own")
    assert drained(driver, updates) == []
    assert [driver.store.account(NETWORK, each_id).came_from for each_id in (MARIA, masha)] == [(), ()]
