"""Every AWS call of a simulation fails in turn, from its beginning to its end; done again, each client counts
once."""

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Status
from chalicelib.domain.clients.clients import VisitDay
from chalicelib.domain.networks.bonus_rules import BonusRules
from chalicelib.domain.simulations.simulations import Simulation
from chalicelib.domain.waking.walks import Walk
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World
from chalicelib.services.simulations.simulate_programme import begin_simulation
from chalicelib.services.waking.walk_on import walk_on
from infra.testkit.builders import NETWORK, NOW, a_booking, a_client, a_network, access
from infra.testkit.builders import a_salon as salon
from infra.testkit.failing_calls import Calls, Failure, WorkerDied, calls
from infra.testkit.paged_store import PagedStore

CLIENTS, CAME = 11, (4, 10)
"""More than a slice has pages of one."""


def proposal(present: BonusRules) -> BonusRules:
    return replace(present, cashback_percent=10)


def simulate(world: World) -> None:
    """Begins it, unless it is done, and goes on with it until its walk is."""
    found = world.store.get_page(Simulation, network_id=NETWORK).items
    world = replace(world, store=PagedStore(world.store, 1))
    if not found or found[0].finished_at is None:
        begin_simulation(world, access(), proposal)
    for _ in range(5):
        walk = world.store.get_page(Walk, network_id=NETWORK).items[0]
        if walk.finished_at is not None:
            return
        with contextlib.suppress(SaveConflict):  # the pointer stands: it is woken again
            walk_on(world, walk)


def as_it_is(world: World) -> tuple[Any, ...]:
    simulation, walk = (
        world.store.get_page(Simulation, network_id=NETWORK).items[0],
        world.store.get_page(Walk, network_id=NETWORK).items[0],
    )
    assert simulation.walk_id == walk.id
    return (
        (simulation.stage, simulation.seen, simulation.visits, simulation.finished_at is not None),
        {name: dict(getattr(simulation.sums, name)) for name in ("actual", "present", "proposed")},
        (walk.stage, walk.seen, walk.wake, walk.finished_at is not None),
    )


@pytest.fixture
def begun(store: Any) -> Callable[[], None]:
    """Lays the same state out again, as often as it is called."""

    def begin() -> None:
        store.item.delete_table()
        store.item.create_table(billing_mode="PAY_PER_REQUEST")
        store.save(a_network(), salon())
        for number in range(CLIENTS):
            at = datetime(2026, 10, 5 + number, 9, tzinfo=UTC)
            item_id, came = f"cli_{number:016d}", number in CAME
            days = (VisitDay(at.date(), "sal_centru"),) if came else ()
            made_at = NOW - timedelta(days=number)
            store.save(a_client(item_id, created_at=made_at, visits_count=int(came), recent_visits=days))
            if came:
                done = {"status": Status.COMPLETED, "closed_at": at, "paid_minor": 50_000}
                store.save(a_booking(f"bkg_{number:016d}", client_id=item_id, starts_at=at, **done))

    return begin


@pytest.mark.parametrize("failure", [Failure.DIED, Failure.REPEATED])
def test_whichever_call_fails_done_again_each_client_counts_once(
    failure: Failure, world: World, begun: Callable[[], None]
) -> None:
    begun()
    with calls(Calls()) as dry:
        simulate(world)
    expected = as_it_is(world)
    assert expected[0] == ("done", CLIENTS, len(CAME), True)
    for number in range(len(dry.made)):
        begun()
        failing = Calls(fails_at=number, failure=failure)
        with calls(failing), contextlib.suppress(WorkerDied, Exception):
            simulate(world)
        simulate(world)
        assert as_it_is(world) == expected, (number, failing.made)
        assert len(world.store.get_page(Simulation, network_id=NETWORK).items) == 1, (number, failing.made)
