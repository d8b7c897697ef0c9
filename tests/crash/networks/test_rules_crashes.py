"""Every AWS call of a change of the rules, and of the walk that follows it, fails in turn; done again, all is
there once."""

import contextlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.bookings.booking_plan import with_wake
from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty.account import Account, EntryKind, Lot
from chalicelib.domain.networks.network import Network
from chalicelib.domain.networks.rules import RulesChange
from chalicelib.domain.shared.touches import Touch, TouchKind, TouchState, with_touches
from chalicelib.domain.waking.walks import Walk
from chalicelib.services.networks import set_up
from chalicelib.services.networks.set_rules import set_rules
from chalicelib.services.shared.world import World
from chalicelib.services.waking.walk_on import walk_on
from infra.testkit.builders import NETWORK, NOW, a_booking, a_client, a_town, access, save_client
from infra.testkit.doubles import SettableClock
from infra.testkit.failing_calls import Calls, Failure, WorkerDied, calls

MARIA = "cli_maria00000000001"
ABROAD = "bkg_abroad"
LATER = {
    "confirm_request_hours_before": 46,
    "birthday_days_before": 3,
    "bonus_expiry_days_before": (5,),
    "sms_countries": ("MD", "RO"),
}


def change(world: World) -> None:
    set_rules(world, access(), 1, messages=LATER, bonuses={})


def move_zone(world: World) -> None:
    set_up.change_salon(world, access(), "sal_centru", {"timezone": "America/New_York"})


def move_network_zone(world: World) -> None:
    set_up.change_network(world, access(), {"timezone": "America/New_York"})


def walk(world: World) -> None:
    """As whoever is woken goes on with it until it is done."""
    while (current := world.store.get_page(Walk, network_id=NETWORK).items[0]).finished_at is None:
        walk_on(world, current)


def waits_for_country(world: World, store: Any) -> None:
    """A booking whose notice waits until the rules allow the country of the client's number."""
    client = save_client(store, a_client("cli_elena0000000001", phone="+40721234567", email=None))
    tomorrow = NOW + timedelta(days=1)
    touch = Touch(
        TouchKind.NOTICE, TouchState.DEFERRED, NOW, attempt=0, reason="country_not_allowed", again_at=tomorrow
    )
    booking = with_touches(a_booking(ABROAD, client_id=client.id), touch)
    store.save(with_wake(booking, world.directory(NETWORK), client, NOW))


def as_it_is(world: World) -> tuple[Any, ...]:
    """The rules, their history, the walks, and when everything wakes."""
    network, client = (
        world.store.get(Network, network_id=NETWORK),
        world.store.get(Client, network_id=NETWORK, id=MARIA),
    )
    booking, abroad, account = (
        world.store.get(Booking, network_id=NETWORK, id="bkg_1"),
        world.store.get(Booking, network_id=NETWORK, id=ABROAD),
        world.store.account(NETWORK, MARIA),
    )
    return (
        network and (network.rules, network.rules_version),
        [each.number for each in world.store.get_page(RulesChange, network_id=NETWORK).items],
        [(each.kind, each.stage, each.seen) for each in world.store.get_page(Walk, network_id=NETWORK).items],
        client and (client.wake, client.version),
        booking and (booking.wake, booking.version),
        abroad and (abroad.wake, abroad.version, dict(abroad.touches)),
        (account.wake, account.version),
    )


@pytest.fixture
def begun(world: World, store: Any, clock: SettableClock) -> Callable[[Callable[[World], None]], None]:
    """Lays the same state out again, as often as it is called; before a walk, with the rules changed."""

    def begin(job: Callable[[World], None]) -> None:
        store.item.delete_table()
        store.item.create_table(billing_mode="PAY_PER_REQUEST")
        clock.now = NOW
        a_town(store)
        client = store.get(Client, network_id=NETWORK, id=MARIA)
        store.save(with_wake(a_booking("bkg_1"), world.directory(NETWORK), client, NOW))
        waits_for_country(world, store)
        lot = Lot(0, NOW, NOW, NOW + timedelta(days=30), 100, EntryKind.GRANT)
        store.save(Account(network_id=NETWORK, client_id=MARIA, balance=100, entries=1, lots=(lot,)))
        if job is walk:
            change(world)
            clock.forward(seconds=91)

    return begin


@pytest.mark.parametrize("job", [change, move_zone, move_network_zone, walk])
def test_whichever_call_fails_done_again_all_is_there_once(
    job: Callable[[World], None], world: World, begun: Callable[[Callable[[World], None]], None]
) -> None:
    begun(job)
    before = as_it_is(world)
    with calls(Calls()) as dry:
        job(world)
    expected = as_it_is(world)
    assert expected != before
    for number in range(len(dry.made)):
        for failure in Failure:
            begun(job)
            failing = Calls(fails_at=number, failure=failure)
            with calls(failing), contextlib.suppress(WorkerDied, Exception):
                job(world)
            job(world)
            assert as_it_is(world) == expected, (number, failure, failing.made)


def test_a_walk_makes_due_what_waited_for_a_country_that_is_allowed_now(
    world: World, begun: Callable[[Callable[[World], None]], None]
) -> None:
    begun(walk)
    walk(world)
    booking = world.store.get(Booking, network_id=NETWORK, id=ABROAD)
    assert booking is not None
    assert booking.wake is not None
    assert (booking.wake.at, booking.wake.why) == (world.now(), "notice")
