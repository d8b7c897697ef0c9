"""A network is never left without an owner's key, however many are revoked at once."""

import contextlib
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.networks.network import Key, Role
from chalicelib.domain.shared.errors import DomainError
from chalicelib.services.networks.manage_keys import list_keys, make_key, revoke_key
from chalicelib.services.shared.world import World
from infra.testkit.builders import NETWORK
from infra.testkit.failing_calls import Calls, Failure, WorkerDied, calls
from infra.testkit.interleaved_store import InterleavedStore
from infra.testkit.salon_driver import SalonDriver


@pytest.fixture
def world(driver: SalonDriver) -> World:
    return driver.world


def owners(world: World, number: int) -> list[Key]:
    return [make_key(world, NETWORK, Role.OWNER, name=f"owner {each}")[0] for each in range(number)]


def in_force(world: World) -> list[str]:
    return [key.id for key in list_keys(world, NETWORK) if key.revoked_at is None]


def interrupted(world: World, act: Callable[[], Any], call: str) -> World:
    store: Any = InterleavedStore(world.store, act, call=call)
    return replace(world, store=store)


@pytest.mark.parametrize("call", ["get_all", "save"])
def test_of_two_that_are_revoked_at_once_one_stays(world: World, call: str) -> None:
    """The other revocation comes before this one reads, or between its read and its write."""
    first, second = owners(world, 2)
    busy = interrupted(world, lambda: revoke_key(world, NETWORK, second.id), call)
    with pytest.raises(DomainError, match="LAST_OWNER_KEY"):
        revoke_key(busy, NETWORK, first.id)
    assert in_force(world) == [first.id]


def test_of_three_that_are_revoked_at_once_one_stays(world: World) -> None:
    first, second, third = owners(world, 3)
    inner = interrupted(world, lambda: revoke_key(world, NETWORK, third.id), "save")
    outer = interrupted(world, lambda: revoke_key(inner, NETWORK, second.id), "save")
    with pytest.raises(DomainError, match="LAST_OWNER_KEY"):
        revoke_key(outer, NETWORK, first.id)
    assert in_force(world) == [first.id]


def test_the_key_of_another_role_is_revoked_at_any_time(world: World) -> None:
    (owner,) = owners(world, 1)
    desk, _ = make_key(world, NETWORK, Role.RECEPTION, name="desk")
    assert revoke_key(world, NETWORK, desk.id).revoked_at is not None
    assert in_force(world) == [owner.id]


@pytest.mark.parametrize("failure", list(Failure))
def test_whichever_call_fails_a_repetition_revokes_that_key_alone(world: World, failure: Failure) -> None:
    keys = owners(world, 6)
    with calls(Calls()) as dry_run:
        revoke_key(world, NETWORK, keys[0].id)
    assert len(dry_run.made) == 2
    for (before, key), number in zip(pairwise(keys), range(len(dry_run.made)), strict=False):
        with calls(Calls(number, failure)), contextlib.suppress(WorkerDied, Exception):
            revoke_key(world, NETWORK, key.id)
        assert revoke_key(world, NETWORK, key.id).revoked_at is not None
        assert before.id not in in_force(world)
    assert len(in_force(world)) == 3
