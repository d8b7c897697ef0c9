"""A proposed programme is tried on the network's past, slice by slice; every client counts once."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.clients.clients import VisitDay
from chalicelib.domain.networks.bonus_rules import BonusRules, Gift, Referral
from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.waking import Trouble
from chalicelib.domain.simulations.simulation import add_sums, simulate_client
from chalicelib.domain.simulations.simulations import Simulation, assumptions, not_simulated
from chalicelib.domain.waking.walks import Simulating, Walk
from chalicelib.services.merging.merge_clients import merge_clients
from chalicelib.services.networks.set_rules import set_rules
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World
from chalicelib.services.simulations.simulate_past import past_visit, simulate_some
from chalicelib.services.simulations.simulate_programme import (
    begin_simulation,
    get_simulation,
    list_simulations,
)
from chalicelib.services.waking.walk_on import walk_on
from infra.testkit.builders import (
    NETWORK,
    NOW,
    OTHER_NETWORK,
    a_booking,
    a_client,
    a_network,
    a_town,
    access,
    save_client,
)
from infra.testkit.delegating_store import DelegatingStore
from infra.testkit.doubles import SettableClock
from infra.testkit.interleaved_store import InterleavedStore
from infra.testkit.paged_store import PagedStore
from infra.testkit.salon_driver import SalonDriver

CLIENTS, BORN = 13, date(1990, 10, 15)
TEN = replace(BonusRules(), cashback_percent=10)


def ten(present: BonusRules) -> BonusRules:
    return replace(present, cashback_percent=10)


def client_id(number: int) -> str:
    return f"cli_{number:016d}"


def completed(number: int, place: int, **said: Any) -> Booking:
    """The client's visit of that number; a month apart, the last in October."""
    at = datetime(2026, 10, 5, 9, tzinfo=UTC) - timedelta(days=30 * place, hours=number)
    given = {
        "client_id": client_id(number),
        "starts_at": at,
        "status": Status.COMPLETED,
        "closed_at": at + timedelta(hours=1),
        "paid_minor": 50_000 + 1_000 * number,
        "redeemed_points": 20 if place == 0 else 0,
        "earned_points": 25,
    }
    return a_booking(f"bkg_{number:08d}{place:08d}", **{**given, **said})


@pytest.fixture
def past(world: World) -> list[Booking]:
    """Thirteen clients, of whom number n came n % 4 times; Maria never did."""
    a_town(world.store)
    bookings = [completed(number, place) for number in range(CLIENTS) for place in range(number % 4)]
    for number in range(CLIENTS):
        last = next((each for each in bookings if each.client_id == client_id(number)), None)
        days = (VisitDay(last.starts_at.date(), last.salon_id),) if last else ()
        made_at = NOW - timedelta(days=400 + number)
        said = {"email": None, "birth_date": BORN, "visits_count": number % 4, "recent_visits": days}
        phone = f"+3736900{number:04d}"
        save_client(world.store, a_client(client_id(number), phone=phone, created_at=made_at, **said))
    for booking in bookings:
        world.store.save(booking)
    return bookings


def walked(world: World, simulation: Simulation) -> Simulation:
    """At its end."""
    for _ in range(30):
        walk = world.store.get(Walk, network_id=NETWORK, id=simulation.walk_id)
        assert walk is not None
        if walk.finished_at is not None:
            break
        walk_on(world, walk)
    stands, walk = get_simulation(world, access(), simulation.id)
    assert walk is not None
    assert (stands.finished_at, walk.finished_at) != (None, None)
    return stands


def in_small_pages(world: World) -> World:
    return replace(world, store=PagedStore(world.store, 1))


def begun(world: World, **said: Any) -> Simulation:
    return begin_simulation(world, access(), ten, **said)


def walk_of(world: World, simulation: Simulation) -> Walk:
    walk = world.store.get(Walk, network_id=NETWORK, id=simulation.walk_id)
    assert walk is not None
    return walk


# --- what it comes to


def test_every_clients_past_is_counted_once(world: World, past: list[Booking]) -> None:
    done = walked(in_small_pages(world), begun(world))
    directory = world.directory(NETWORK)
    expected = [
        simulate_client(
            [past_visit(each, directory) for each in past if each.client_id == client_id(number)],
            BORN,
            BonusRules(),
            TEN,
            done.span,
        )
        for number in range(CLIENTS)
    ]
    assert done.sums.present == add_sums({}, [each.present for each in expected])
    assert done.sums.proposed == add_sums({}, [each.proposed for each in expected])
    assert done.sums.actual == add_sums({}, [each.actual for each in expected])
    assert (done.stage, done.seen, done.visits) == ("done", CLIENTS + 1, len(past))
    assert done.sums.actual["clients"] == len({each.client_id for each in past})
    assert sum(n for name, n in done.sums.proposed.items() if name.startswith("cashback")) > 0


def test_it_is_woken_until_it_is_done(driver: SalonDriver) -> None:
    simulation = begin_simulation(driver.world, access(), ten)
    driver.drain()
    walk = walk_of(driver.world, simulation)
    assert (walk.stage, walk.wake) == ("done", None)
    assert walk.finished_at is not None


def test_nothing_but_the_simulation_and_its_walk_is_written(world: World, past: list[Booking]) -> None:
    store: Any = world.store

    def others() -> list[str]:
        items = (
            item for item in store.item.scan() if item.sk.partition("#")[0] not in ("SIMULATION", "WALK")
        )
        return sorted(str(item.attribute_values) for item in items)

    before = others()
    walked(world, begun(world))
    assert others() == before


def test_only_completed_bookings_of_the_time_are_lived_through(world: World, past: list[Booking]) -> None:
    for place, said in enumerate(
        (
            {"starts_at": NOW - timedelta(days=60), "status": Status.CANCELLED},
            {"starts_at": NOW - timedelta(days=61), "status": Status.NO_SHOW},
            {"starts_at": NOW - timedelta(days=62), "status": Status.BOOKED, "closed_at": None},
            {"starts_at": datetime(2026, 11, 1, 9, tzinfo=UTC)},
            {"starts_at": datetime(2024, 10, 1, 9, tzinfo=UTC)},
        )
    ):
        world.store.save(completed(3, 50 + place, **said))
    assert walked(world, begun(world)).visits == len(past)


def test_bookings_are_read_of_those_alone_who_came_lately(world: World, past: list[Booking]) -> None:
    read: list[str] = []

    class Watched(DelegatingStore):
        def starts_of_client(self, network_id: str, client_id: str, *said: Any) -> Any:
            read.append(client_id)
            return self.store.starts_of_client(network_id, client_id, *said)

    walked(replace(world, store=Watched(world.store)), begun(world))
    assert sorted(read) == sorted({str(each.client_id) for each in past})


def test_the_present_programme_is_the_one_that_stood_at_the_beginning(
    world: World, past: list[Booking]
) -> None:
    usual = walked(world, begun(world))
    again = begun(world)
    set_rules(world, access(), 1, messages={}, bonuses={"cashback_percent": 50})
    assert walked(world, again).sums == usual.sums
    assert begun(world).present.cashback_percent == 50


def test_clients_who_come_meanwhile_do_not_disturb(world: World, past: list[Booking]) -> None:
    simulation, slow = begun(world), in_small_pages(world)
    walk_on(slow, walk_of(world, simulation))
    world.store.save(a_client("cli_late000000000001", phone="+37369999999", created_at=NOW))
    assert walked(slow, simulation).seen == CLIENTS + 1


def test_who_was_merged_into_another_keeps_their_visits_and_has_no_birthday_of_their_own(
    world: World, past: list[Booking]
) -> None:
    def gifted(present: BonusRules) -> BonusRules:
        return replace(present, birthday=Gift(200, 30))

    def of_birthdays(done: Simulation) -> int:
        return sum(number for name, number in done.sums.proposed.items() if name.startswith("birthday"))

    before = walked(world, begin_simulation(world, access(), gifted))
    merge_clients(world, access(), client_id(3), client_id(1))
    after = walked(world, begin_simulation(world, access(), gifted))
    assert after.visits == before.visits == len(past)
    assert of_birthdays(before) - of_birthdays(after) == 200


# --- crashes


def test_a_slice_whose_end_was_never_saved_counts_once(world: World, past: list[Booking]) -> None:
    usual = walked(world, begun(world))
    simulation, slow = begun(world), in_small_pages(world)
    before = walk_of(world, simulation)
    simulate_some(slow, before)  # and the walk was never saved
    after = simulate_some(slow, before)
    assert (after.seen, after.finished_at is not None) == (CLIENTS + 1, True)
    done = walked(slow, simulation)
    assert (done.sums, done.seen) == (usual.sums, usual.seen)
    assert simulate_some(slow, before).seen == done.seen


def test_of_two_workers_one_counts(world: World, past: list[Booking]) -> None:
    simulation = begun(world)
    walk = walk_of(world, simulation)

    overtaken = InterleavedStore(world.store, lambda: simulate_some(world, walk))
    with pytest.raises(SaveConflict):
        walk_on(replace(world, store=overtaken), walk)
    assert walked(world, simulation).seen == CLIENTS + 1


def test_a_walk_without_its_simulation_ends(world: World, past: list[Booking]) -> None:
    simulation = begun(world)
    walk = replace(walk_of(world, simulation), state=Simulating("sim_none"))
    assert simulate_some(world, walk).stage == "superseded"


# --- beginning


def test_by_default_the_last_twelve_full_months_after_a_year_of_warm_up(
    world: World, past: list[Booking]
) -> None:
    simulation = begun(world)
    assert (simulation.from_on, simulation.to_on) == (date(2025, 11, 1), date(2026, 10, 31))
    assert simulation.span.warm_from == datetime(2024, 10, 31, 22, tzinfo=UTC)
    assert simulation.span.since == datetime(2025, 10, 31, 22, tzinfo=UTC)
    assert simulation.span.until == datetime(2026, 10, 31, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [
        (None, date(2026, 11, 23), "to"),
        (None, date(2126, 1, 1), "to"),
        (date(2026, 5, 2), date(2026, 5, 1), "from"),
        (date(2026, 11, 1), None, "from"),
        (date(2023, 9, 30), date(2026, 9, 1), "from"),
        (date(1, 1, 1), date(2026, 9, 1), "from"),
        (None, date(1, 1, 1), "to"),
    ],
)
def test_a_period_that_cannot_be_is_refused(
    first: date | None, last: date | None, field: str, world: World, past: list[Booking]
) -> None:
    with pytest.raises(DomainError, match="INVALID_PERIOD") as refused:
        begun(world, from_on=first, to_on=last)
    assert refused.value.details == {"field": field}
    assert world.store.get_page(Walk, network_id=NETWORK).items == []


@pytest.mark.parametrize(
    ("first", "last"),
    [(date(2026, 11, 22), date(2026, 11, 22)), (date(2023, 10, 1), date(2026, 9, 30))],
)
def test_a_period_may_be_a_day_or_three_years(
    first: date, last: date, world: World, past: list[Booking]
) -> None:
    simulation = walked(world, begun(world, from_on=first, to_on=last, warm_up_months=0))
    assert (simulation.from_on, simulation.to_on) == (first, last)
    assert simulation.span.warm_from == simulation.span.since


def test_rules_that_cannot_be_are_refused(world: World, past: list[Booking]) -> None:
    with pytest.raises(DomainError, match="INVALID_RULE"):
        begin_simulation(world, access(), lambda present: replace(present, redeem_cap_percent=101))
    assert world.store.get_page(Simulation, network_id=NETWORK).items == []


def test_a_key_of_some_salons_is_refused(world: World, past: list[Booking]) -> None:
    some = access(Role.MANAGER, salon_ids=("sal_centru",))
    refused: list[Callable[[], Any]] = [
        lambda: begin_simulation(world, some, ten),
        lambda: get_simulation(world, some, "sim_1"),
        lambda: list_simulations(world, some, limit=10, cursor=None),
    ]
    for ask in refused:
        with pytest.raises(DomainError, match="FORBIDDEN"):
            ask()


def test_the_same_while_it_runs_is_the_one_that_runs_and_another_waits(
    world: World, clock: SettableClock, past: list[Booking]
) -> None:
    first = begun(world)
    assert begun(world).id == first.id
    with pytest.raises(DomainError, match="SIMULATION_RUNNING") as refused:
        begun(world, redeem_share_percent=50)
    assert refused.value.details == {"id": first.id}
    walked(world, first)
    clock.forward(seconds=1)
    other = begun(world, redeem_share_percent=50)
    assert [each.id for each in list_simulations(world, access(), limit=10, cursor=None).items] == [
        other.id,
        first.id,
    ]


def test_one_that_was_given_up_on_stands_in_nobodys_way(world: World, past: list[Booking]) -> None:
    first = begun(world)
    trouble = Trouble(6, "it failed", NOW, NOW, parked=True)
    world.store.save(replace(walk_of(world, first), wake=None, trouble=trouble))
    assert begun(world).id != first.id


def test_another_network_sees_nothing_of_it(world: World, past: list[Booking]) -> None:
    simulation = begun(world)
    world.store.save(a_network(OTHER_NETWORK))
    stranger = access(network_id=OTHER_NETWORK)
    with pytest.raises(DomainError, match="NOT_FOUND"):
        get_simulation(world, stranger, simulation.id)
    assert list_simulations(world, stranger, limit=10, cursor=None).items == []
    walk_on_of_stranger = begin_simulation(world, stranger, ten)
    assert walk_on_of_stranger.network_id == OTHER_NETWORK


# --- what it rests on


def test_it_says_what_it_rests_on_and_what_it_leaves_out(world: World, past: list[Booking]) -> None:
    as_they_did = begun(world)
    walked(world, as_they_did)
    always = begin_simulation(
        world,
        access(),
        lambda present: replace(present, referral=Referral(Gift(100), Gift(100))),
        redeem_share_percent=80,
    )
    assert "really did" in assumptions(as_they_did)[0]
    assert "80 %" in assumptions(always)[0]
    assert "2024-11-01" in assumptions(always)[1]
    assert "referral" not in not_simulated(as_they_did)
    assert {"referral", "promotions"} <= set(not_simulated(always))
