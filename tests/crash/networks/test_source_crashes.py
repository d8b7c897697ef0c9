"""Every call of a registration with an unknown word, and of a change of the list of sources, fails in turn;
done again, there is one client, one word that was heard on one day, and one source."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.networks.sources import SourceType
from chalicelib.domain.shared.currencies import Amount
from chalicelib.services.clients.register_client import NewClient, register_client
from chalicelib.services.networks.hear_source import MAX_HEARD, hear_source
from chalicelib.services.networks.manage_sources import add_source, change_source, set_cost
from chalicelib.services.shared.world import World
from infra.testkit.builders import NETWORK, NOW, a_town, access
from infra.testkit.doubles import SettableClock
from infra.testkit.failing_calls import Calls, Failure, WorkerDied
from infra.testkit.memory_store import MemoryStore
from infra.testkit.world import a_world

ION = NewClient(name="Ion", phone="+37369110001", source="Tik Tok")
FAILURES = [Failure.BEFORE, Failure.AFTER, Failure.DIED]


def town(heard_before: int = 0) -> tuple[World, Any]:
    store: Any = MemoryStore()
    a_town(store)
    before = a_world(store, SettableClock(NOW - timedelta(days=1)))
    for number in range(heard_before):
        hear_source(before, NETWORK, f"word {number}")
    return a_world(store, SettableClock(NOW)), store


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("heard_before", [0, MAX_HEARD])
@pytest.mark.parametrize("number", range(5))
def test_whichever_call_of_a_registration_fails(number: int, heard_before: int, failure: Failure) -> None:
    world, store = town(heard_before)
    with store.calls(Calls(number, failure)), suppress(ConnectionError, WorkerDied):
        register_client(world, access(), ION, "r-1")
    register_client(world, access(), ION, "r-1")
    heard = world.fresh_directory(NETWORK).heard.values()
    assert len(heard) == max(1, heard_before)
    assert [each.days for each in heard if each.said == "Tik Tok"] == [1]
    assert [each.source for each in store.clients(NETWORK).items if each.name == "Ion"] == ["Tik Tok"]


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("number", range(8))
def test_whichever_call_of_a_change_of_the_list_fails(number: int, failure: Failure) -> None:
    world, store = town()

    def list_rename_and_cost() -> None:
        fields = {"name": "Instagram", "type": SourceType.SOCIAL}
        source = add_source(world, access(), fields, "r-1")
        change_source(world, access(), source.id, {"name": "Insta"})
        set_cost(world, access(), source.id, "2026-10", Amount(5_000, "MDL"))

    with store.calls(Calls(number, failure)), suppress(ConnectionError, WorkerDied):
        list_rename_and_cost()
    list_rename_and_cost()
    (source,) = world.fresh_directory(NETWORK).sources.values()
    assert (source.name, source.aliases, source.costs["2026-10"].amount_minor) == (
        "Insta", ("instagram",), 5_000,
    )  # fmt: skip
