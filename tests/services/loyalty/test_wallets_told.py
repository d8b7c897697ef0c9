"""Wallets are told whenever a client's points change: by the account's own pointer, so that none is
missed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.loyalty.account import UNTOLD, Account, EntryKind, Posting, Shown
from chalicelib.domain.loyalty.account_plan import PASSES
from chalicelib.domain.loyalty.programme import day_end
from chalicelib.domain.loyalty.wallet import Pass, PassDevice, serial_of
from chalicelib.domain.shared.ids import entry_id
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.loyalty.keep_passes import (
    AGAIN,
    DEVICES_MOST,
    changed_since,
    forget_gone,
    forget_on_device,
    keep_at_google,
    keep_on_device,
    keeping,
)
from chalicelib.services.loyalty.post_bonus import post
from chalicelib.services.merging.merge_clients import merge_clients, unmerge_clients
from chalicelib.services.shared.ports import PassUpdates
from chalicelib.services.waking.sweep_shards import sweep
from chalicelib.services.waking.wake_items import drain_shard
from chalicelib.services.waking.wakers import wakers
from chalicelib.store.keys import shard_names
from chalicelib.wallets.apple_push import Answer, ApplePush, Post
from infra.testkit.builders import NETWORK, SettableClock, a_client, access, save_client
from infra.testkit.interleaved_store import Meanwhile
from infra.testkit.salon_driver import Life

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


def give(life: Life, points: int, name: str = "gift", **said: Any) -> None:
    id = entry_id(MARIA, name)
    posting = Posting(id=id, kind=EntryKind.GRANT, points=points, reason="gift", actor="test", **said)
    post(life.world, life.client(), posting)


def account(life: Life) -> Account:
    found: Account = life.store.account(NETWORK, MARIA)
    return found


def drained(life: Life, updates: RecordingUpdates) -> list[tuple[int, str, list[str]]]:
    """What wallets are told by one sweep."""
    before = len(updates.told)
    swept(life, updates)
    return updates.told[before:]


def swept(life: Life, updates: PassUpdates) -> None:
    awake = wakers(life.sending(), life.intake_queue, updates)
    for shard in sweep(life.world, shard_names(life.store.shards)):
        drain_shard(life.world, awake, shard, lambda: True)


def test_a_client_without_a_pass_costs_nothing(life: Life, updates: RecordingUpdates) -> None:
    give(life, 100)
    assert account(life).wake is None
    assert drained(life, updates) == []


def test_whoever_keeps_the_card_is_told_of_each_change_once(life: Life, updates: RecordingUpdates) -> None:
    keep_at_google(life.world, NETWORK, MARIA)
    keep_on_device(life.world, NETWORK, MARIA, "phone-1", "a1")
    assert drained(life, updates) == []
    give(life, 100)
    assert account(life).wake is not None
    assert account(life).wake.why == PASSES  # type: ignore[union-attr]
    assert drained(life, updates) == [(100, "ru", ["google", "phone-1"])]
    assert drained(life, updates) == []
    give(life, 20, "another")
    give(life, 3, "a third")
    assert drained(life, updates) == [(123, "ru", ["google", "phone-1"])]
    assert account(life).wake is None


def test_who_did_not_answer_is_told_in_an_hour_and_not_each_minute(
    life: Life, updates: RecordingUpdates, clock: SettableClock
) -> None:
    keep_at_google(life.world, NETWORK, MARIA)
    updates.answers = [False, False]
    give(life, 100)
    assert len(drained(life, updates)) == 1
    clock.forward(minutes=59)
    assert drained(life, updates) == []
    clock.forward(minutes=1)
    assert len(drained(life, updates)) == 1
    clock.forward(hours=1)
    assert drained(life, updates) == [(100, "ru", ["google"])]
    clock.forward(hours=2)
    assert drained(life, updates) == []
    assert account(life).shown == Shown(1)


def test_wallets_are_told_when_pending_points_become_free(
    life: Life, updates: RecordingUpdates, clock: SettableClock
) -> None:
    keep_at_google(life.world, NETWORK, MARIA)
    give(life, 40, available_at=clock.now + timedelta(days=1))
    assert drained(life, updates) == [(0, "ru", ["google"])]
    clock.forward(days=1)
    assert drained(life, updates) == [(40, "ru", ["google"])]
    assert drained(life, updates) == []


def test_points_that_were_pending_before_the_pass_was_kept_are_told_of_as_well(
    life: Life, updates: RecordingUpdates, clock: SettableClock
) -> None:
    give(life, 40, available_at=clock.now + timedelta(days=1))
    keep_at_google(life.world, NETWORK, MARIA)
    assert drained(life, updates) == []
    clock.forward(days=1)
    assert drained(life, updates) == [(40, "ru", ["google"])]


def test_wallets_are_told_when_points_expire(
    life: Life, updates: RecordingUpdates, clock: SettableClock
) -> None:
    keep_at_google(life.world, NETWORK, MARIA)
    end = day_end(local_date(clock.now, CHISINAU), CHISINAU)
    give(life, 40, expires_at=end)
    drained(life, updates)
    clock.now = end
    assert drained(life, updates) == [(0, "ru", ["google"])]
    assert life.ledger_faults() == []
    assert drained(life, updates) == []


def test_after_the_last_device_has_gone_nobody_is_told(life: Life, updates: RecordingUpdates) -> None:
    keep_on_device(life.world, NETWORK, MARIA, "phone-1", "a1")
    forget_on_device(life.world, NETWORK, MARIA, "phone-1")
    give(life, 100)
    assert drained(life, updates) == []
    assert (account(life).shown, account(life).wake) == (None, None)


def phone(life: Life, device: str = "phone-1") -> PassDevice:
    return next(each for each in life.store.pass_devices(NETWORK, MARIA) if each.device == device)


def test_a_phone_that_apple_says_is_gone_is_told_no_more_and_its_items_go_by_themselves(
    life: Life, updates: RecordingUpdates, clock: SettableClock
) -> None:
    keep_on_device(life.world, NETWORK, MARIA, "phone-1", "a1")
    keep_on_device(life.world, NETWORK, MARIA, "phone-2", "a2")
    forget_gone(life.world, phone(life))
    give(life, 100)
    assert drained(life, updates) == [(100, "ru", ["phone-2"])]
    links = life.sending().links
    assert changed_since(life.world, links, NETWORK, "phone-1", "") == ([], "")
    (other,) = life.store.passes_of_device(NETWORK, "phone-1")
    assert phone(life).expires_at == other.expires_at == clock.now
    forget_gone(life.world, phone(life, "phone-2"))
    give(life, 20, "another")
    assert drained(life, updates) == []
    assert (account(life).shown, account(life).wake) == (None, None)


def test_apple_is_asked_again_in_an_hour_for_all_phones_but_those_that_are_gone(
    life: Life, clock: SettableClock
) -> None:
    called: list[str] = []
    answers = {"a1": [Answer(200), Answer(200)], "a2": [Answer(410)], "a3": [None, Answer(200)]}

    def posts(asked: Sequence[Post], seconds: float) -> list[Answer | None]:
        tokens = [each.path.rpartition("/")[2] for each in asked]
        called.extend(tokens)
        return [answers[token].pop(0) for token in tokens]

    updates = ApplePush("pass.example", lambda: posts, partial(forget_gone, life.world))
    for number in (1, 2, 3):
        keep_on_device(life.world, NETWORK, MARIA, f"phone-{number}", f"a{number}")
    give(life, 100)
    swept(life, updates)
    assert (called, account(life).shown) == (["a1", "a2", "a3"], Shown(UNTOLD, clock.now + AGAIN))
    clock.forward(hours=1)
    swept(life, updates)
    assert (called[3:], account(life).shown) == (["a1", "a3"], Shown(1))


def test_a_phone_that_was_gone_and_comes_again_is_told(life: Life, updates: RecordingUpdates) -> None:
    keep_on_device(life.world, NETWORK, MARIA, "phone-1", "a1")
    gone = phone(life)
    forget_gone(life.world, gone)
    assert keep_on_device(life.world, NETWORK, MARIA, "phone-1", "a1")
    assert phone(life).expires_at is None
    keep_on_device(life.world, NETWORK, MARIA, "phone-1", "b2")
    forget_gone(life.world, gone)
    assert [each.push_token for each in keeping(life.world, NETWORK, MARIA)] == ["b2"]
    give(life, 100)
    assert drained(life, updates) == [(100, "ru", ["phone-1"])]


def test_phones_that_are_gone_take_no_place_of_others(life: Life) -> None:
    for number in range(DEVICES_MOST):
        assert keep_on_device(life.world, NETWORK, MARIA, f"phone-{number}", "a1")
    assert not keep_on_device(life.world, NETWORK, MARIA, "one-more", "a1")
    forget_gone(life.world, phone(life, "phone-7"))
    assert keep_on_device(life.world, NETWORK, MARIA, "one-more", "a1")


def test_keeping_a_pass_while_points_are_posted_loses_neither(life: Life, updates: RecordingUpdates) -> None:
    give(life, 100)
    keep_at_google(life.world, NETWORK, MARIA)
    assert account(life).shown == Shown(1)
    assert drained(life, updates) == []
    assert life.ledger_faults() == []


def test_a_pass_that_is_kept_while_its_client_is_merged_is_told_what_the_other_gets(
    life: Life, updates: RecordingUpdates
) -> None:
    masha = save_client(life.store, a_client("cli_masha00000000001", phone="+37369000001", email=None)).id
    store = Meanwhile(life.store, lambda: merge_clients(life.world, access(), masha, MARIA))
    assert keep_on_device(replace(life.world, store=store), NETWORK, masha, "phone-1", "a1")
    assert account(life).shown is not None
    give(life, 100)
    assert drained(life, updates) == [(100, "ru", ["phone-1"])]


def test_passes_of_a_client_who_was_merged_show_what_the_other_has(
    life: Life, updates: RecordingUpdates
) -> None:
    masha = save_client(life.store, a_client("cli_masha00000000002", phone="+37369000002", email=None)).id
    keep_at_google(life.world, NETWORK, masha)
    keep_on_device(life.world, NETWORK, masha, "phone-2", "a1")
    drained(life, updates)
    merge_clients(life.world, access(), masha, MARIA)
    give(life, 30)
    assert drained(life, updates) == [(30, "ru", ["google", "phone-2"])]
    keep_on_device(life.world, NETWORK, masha, "phone-3", "a1")
    give(life, 20, "more")
    assert drained(life, updates) == [(50, "ru", ["google", "phone-2", "phone-3"])]
    assert set(updates.serials) == {serial_of(NETWORK, masha)}
    unmerge_clients(life.world, access(), masha)
    assert drained(life, updates) == [(0, "ru", ["google", "phone-2", "phone-3"])]
    give(life, 5, "maria's own")
    assert drained(life, updates) == []
    assert [life.store.account(NETWORK, id).came_from for id in (MARIA, masha)] == [(), ()]
