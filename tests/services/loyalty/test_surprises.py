"""Surprise gifts over the months: to regulars, unannounced, within the budget, never twice in a quarter."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client, VisitDay
from chalicelib.domain.loyalty.account import Account, EntryKind
from chalicelib.domain.loyalty.surprises import SurpriseMonth, draw_number_of
from chalicelib.domain.networks.bonus_rules import Gift, Surprise
from chalicelib.domain.networks.network import Network, Role
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.holdout import is_held_out
from chalicelib.domain.waking.walks import Walk
from chalicelib.services.loyalty.draw_surprises import surprises_of
from chalicelib.services.networks.set_rules import set_rules
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.walks import ASLEEP, surprise_walk_id
from chalicelib.services.waking.walk_on import walk_on
from infra.testkit.builders import NETWORK, NOW, a_client, access, save_client
from infra.testkit.interleaved_store import InterleavedStore
from infra.testkit.paged_store import PagedStore
from infra.testkit.salon_driver import SalonDriver

DECEMBER = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


def switched(driver: SalonDriver, surprise: Surprise | None) -> None:
    version = driver.store.get(Network, network_id=NETWORK).rules_version
    set_rules(driver.world, access(), version, messages={}, bonuses={"surprise": surprise})


def on(
    driver: SalonDriver, budget: int = 300, points: int = 100, holdout_percent: int = 0, **gift: int
) -> None:
    gifts = Surprise(gift=Gift(points, **gift), monthly_budget_points=budget, holdout_percent=holdout_percent)
    switched(driver, gifts)


def regulars(driver: SalonDriver, number: int) -> list[Client]:
    """They come each month, on the fifth and the twentieth, up to the middle of the coming year."""
    made: list[Client] = []
    days = [date(2026, month, day) for month in range(6, 12) for day in (5, 20)]
    visits = tuple(VisitDay(day, "sal_centru") for day in reversed(days))
    for place in range(number):
        client = a_client(
            f"cli_{place:016d}",
            phone=f"+3736900{place:04d}",
            email=None,
            created_at=NOW - timedelta(days=place),
            visits_count=20,
            recent_visits=visits,
        )
        made.append(save_client(driver.store, client))
    driver.world = replace(driver.world, store=PagedStore(driver.store))
    return made


def come_again(driver: SalonDriver, clients: list[Client], month: int, year: int = 2027) -> None:
    """So that they are regulars still."""
    for each in clients:
        client = driver.client(each.id)
        visit = VisitDay(date(year, month, 1) - timedelta(days=8), "sal_centru")
        driver.store.save(replace(client, recent_visits=(visit, *client.recent_visits)))


def forward(driver: SalonDriver, until: datetime) -> None:
    driver.run_until(until, step=timedelta(seconds=20))


def got(driver: SalonDriver, clients: list[Client]) -> dict[str, int]:
    """How often each has got one; the ledger is right throughout."""
    found = {}
    for client in clients:
        assert driver.ledger_faults(client.id) == []
        entries = driver.store.entries(NETWORK, client.id)
        found[client.id] = sum(entry.kind is EntryKind.SURPRISE for entry in entries)
    return found


def report(driver: SalonDriver, month: str) -> Any:
    return surprises_of(driver.world, access(), month)[1]


def test_on_the_first_of_a_month_the_budget_is_drawn_among_the_regulars(driver: SalonDriver) -> None:
    clients = regulars(driver, 8)
    on(driver, budget=350, valid_days=20)
    forward(driver, DECEMBER - timedelta(seconds=1))
    assert set(got(driver, clients).values()) == {0}
    forward(driver, DECEMBER + timedelta(hours=1))
    found = got(driver, clients)
    lots = sorted(found, key=lambda each_id: draw_number_of(NETWORK, "2026-12", each_id))
    assert [lot_id for lot_id in lots if found[lot_id]] == lots[:3]
    assert got(driver, [driver.client()]) == {"cli_maria00000000001": 0}  # no regular
    (entry,) = driver.store.entries(NETWORK, lots[0])
    assert (entry.points, entry.actor, entry.reason) == (100, "system", "surprise")
    assert entry.lots[0].expires_at == datetime(2026, 12, 21, 22, 0, tzinfo=UTC)
    month = report(driver, "2026-12")
    assert (month.budget_points, month.spent_points, month.drawn) == (350, 300, 3)
    assert (month.regulars, month.held_out, month.rested) == (8, 0, 0)
    assert month.done_at is not None


def test_nobody_is_told(driver: SalonDriver) -> None:
    regulars(driver, 3)
    on(driver)
    before = len(driver.sender.sent)
    forward(driver, DECEMBER + timedelta(hours=1))
    assert report(driver, "2026-12").drawn == 3
    surprised = {f"cli_{place:016d}" for place in range(3)}
    assert not [each for each in driver.sender.sent[before:] if each.client_id in surprised]


def test_nobody_gets_two_in_three_months_running_and_those_held_out_none(driver: SalonDriver) -> None:
    clients = regulars(driver, 8)
    on(driver, budget=200, holdout_percent=30)
    months: list[set[str]] = []
    before = dict.fromkeys((each.id for each in clients), 0)
    for month in range(12, 18):
        year, number = 2026 + (month - 1) // 12, (month - 1) % 12 + 1
        if month > 12:
            come_again(driver, clients, number, year)
        forward(driver, datetime(year, number, 2, tzinfo=UTC))
        now = got(driver, clients)
        months.append({each_id for each_id in now if now[each_id] > before[each_id]})
        before = now
        found = report(driver, f"{year}-{number:02d}")
        assert found.spent_points == 100 * len(months[-1]) <= found.budget_points
        assert found.regulars == 8
    for at in range(len(months) - 2):
        first, second, third = months[at : at + 3]
        assert not first & second
        assert not second & third
        assert not first & third
    out = {each.id for each in clients if is_held_out(NETWORK, each.id, "surprise", 30)}
    assert 0 < len(out) < 6
    assert not out & set.union(*months)
    assert set.union(*months) == {each.id for each in clients} - out
    assert max(before.values()) >= 2  # after the quarter their draw number counts again


def test_who_is_a_regular_no_more_is_left_out(driver: SalonDriver) -> None:
    clients = regulars(driver, 4)
    on(driver, budget=1000)
    stays = clients[0]
    forward(driver, DECEMBER - timedelta(hours=1))
    for each in clients[1:]:  # their last visit is too long ago for their rhythm
        client = driver.client(each.id)
        days = tuple(visit for visit in client.recent_visits if visit.on < date(2026, 11, 1))
        driver.store.save(replace(client, recent_visits=days))
    forward(driver, DECEMBER + timedelta(hours=1))
    assert [client_id for client_id, times in got(driver, clients).items() if times] == [stays.id]


def test_who_becomes_a_regular_between_the_passes_does_not_break_the_budget(driver: SalonDriver) -> None:
    clients = regulars(driver, 12)
    visits = clients[0].recent_visits
    for each in clients[4:]:
        driver.store.save(replace(driver.client(each.id), recent_visits=(), visits_count=0))
    on(driver, budget=400)
    driver.world.clock.now = DECEMBER  # type: ignore[attr-defined]
    walk = driver.store.get(Walk, network_id=NETWORK, id=surprise_walk_id(NETWORK))
    while walk.stage != "drawing":
        walk_on(driver.world, walk)
        walk = driver.store.get(Walk, network_id=NETWORK, id=walk.id)
    for each in clients[4:]:
        driver.store.save(replace(driver.client(each.id), recent_visits=visits, visits_count=20))
    forward(driver, DECEMBER + timedelta(hours=1))
    assert sum(got(driver, clients).values()) == 4
    month = report(driver, "2026-12")
    assert (month.spent_points, month.regulars) == (400, 4)


def test_a_slice_that_is_done_twice_gives_nothing_twice(driver: SalonDriver) -> None:
    """As by a worker that was thought dead: each place that the walk had come to is gone on from again."""
    clients = regulars(driver, 6)
    on(driver, budget=400)
    driver.world.clock.now = DECEMBER  # type: ignore[attr-defined]
    places = [driver.store.get(Walk, network_id=NETWORK, id=surprise_walk_id(NETWORK))]
    while places[-1].stage != ASLEEP or len(places) == 1:
        walk_on(driver.world, places[-1])
        places.append(driver.store.get(Walk, network_id=NETWORK, id=surprise_walk_id(NETWORK)))
    given = got(driver, clients)
    assert sum(given.values()) == 4
    for place in places[:-1]:
        walk_on(
            driver.world,
            replace(place, version=driver.store.get(Walk, network_id=NETWORK, id=place.id).version),
        )
    assert got(driver, clients) == given
    assert report(driver, "2026-12").spent_points == 400


def test_two_workers_at_once_do_not_spend_more_than_the_budget(driver: SalonDriver) -> None:
    clients = regulars(driver, 6)
    on(driver, budget=400)
    driver.world.clock.now = DECEMBER  # type: ignore[attr-defined]
    walk_id, quicker = surprise_walk_id(NETWORK), 0

    def place() -> Walk:
        return driver.store.get(Walk, network_id=NETWORK, id=walk_id)

    while (walk := place()).stage != ASLEEP or walk.begun_at < DECEMBER:
        other = partial(walk_on, driver.world, walk)
        try:
            walk_on(replace(driver.world, store=InterleavedStore(driver.world.store, other)), walk)
        except SaveConflict:
            quicker += 1
    assert quicker > 3
    assert sum(got(driver, clients).values()) == 4
    assert (report(driver, "2026-12").spent_points, report(driver, "2026-12").drawn) == (400, 4)


class Unread(PagedStore):
    """A store whose lists of accounts do not tell yet of what was written lately."""

    def accounts_named(self, network_id: str, client_ids: list[str]) -> list[Account]:
        return []


def test_what_the_lists_do_not_tell_yet_is_seen_when_it_is_posted(driver: SalonDriver) -> None:
    clients = regulars(driver, 2)
    on(driver, budget=200)
    forward(driver, DECEMBER + timedelta(hours=1))
    driver.world = replace(driver.world, store=Unread(driver.store.store))
    come_again(driver, clients, 1)
    forward(driver, datetime(2027, 1, 2, tzinfo=UTC))
    assert set(got(driver, clients).values()) == {1}
    assert report(driver, "2027-01").spent_points == 0


def test_the_same_month_drawn_anew_from_the_start_comes_to_the_same(driver: SalonDriver) -> None:
    clients = regulars(driver, 6)
    on(driver, budget=200)
    forward(driver, DECEMBER + timedelta(minutes=30))
    given = got(driver, clients)
    walk = driver.store.get(Walk, network_id=NETWORK, id=surprise_walk_id(NETWORK))
    month = driver.store.get(SurpriseMonth, network_id=NETWORK, month="2026-12")
    driver.store.save(replace(month, done_at=None))
    driver.store.save(
        replace(walk, sleeps_until=None, begun_at=NOW, wake=replace(walk.wake, at=driver.world.now()))
    )
    forward(driver, DECEMBER + timedelta(hours=2))
    assert got(driver, clients) == given


def test_a_client_who_turns_out_to_be_another_keeps_their_quarter(driver: SalonDriver) -> None:
    clients = regulars(driver, 2)
    on(driver, budget=100)
    forward(driver, DECEMBER + timedelta(hours=1))
    found = got(driver, clients)
    lucky, other = sorted(found, key=lambda each_id: -found[each_id])
    driver.merge(lucky, other)
    come_again(driver, [driver.client(other)], 1)
    forward(driver, datetime(2027, 1, 2, tzinfo=UTC))
    month = report(driver, "2027-01")
    assert (month.regulars, month.rested, month.drawn) == (1, 1, 0)


def test_a_month_that_comes_again_in_another_time_zone_is_not_drawn_again(driver: SalonDriver) -> None:
    clients = regulars(driver, 3)
    on(driver, budget=100)
    forward(driver, DECEMBER + timedelta(hours=1))
    walk = driver.store.get(Walk, network_id=NETWORK, id=surprise_walk_id(NETWORK))
    driver.store.save(
        replace(walk, sleeps_until=None, begun_at=NOW, wake=replace(walk.wake, at=driver.world.now()))
    )
    driver.drain()
    assert sum(got(driver, clients).values()) == 1
    assert driver.store.get(Walk, network_id=NETWORK, id=walk.id).sleeps_until == datetime(
        2027, 1, 1, 9, 0, tzinfo=UTC
    )


def test_a_gift_that_was_taken_back_counts_as_one_all_the_same(driver: SalonDriver) -> None:
    clients = regulars(driver, 1)
    on(driver)
    forward(driver, DECEMBER + timedelta(hours=1))
    (entry,) = driver.store.entries(NETWORK, clients[0].id)
    driver.reverse(entry.id)
    come_again(driver, clients, 1)
    forward(driver, datetime(2027, 1, 2, tzinfo=UTC))
    assert (report(driver, "2027-01").drawn, report(driver, "2027-01").rested) == (0, 1)


def test_switched_off_it_stops_and_switched_on_it_begins_with_the_next_month(driver: SalonDriver) -> None:
    clients = regulars(driver, 3)
    on(driver)
    walk = driver.store.get(Walk, network_id=NETWORK, id=surprise_walk_id(NETWORK))
    on(driver, budget=500)  # other terms, the same walk
    assert driver.store.get(Walk, network_id=NETWORK, id=walk.id) == walk
    switched(driver, None)
    forward(driver, DECEMBER + timedelta(hours=1))
    assert set(got(driver, clients).values()) == {0}
    walk = driver.store.get(Walk, network_id=NETWORK, id=walk.id)
    assert (walk.wake, walk.stage) == (None, "superseded")
    on(driver)
    come_again(driver, clients, 1)
    forward(driver, datetime(2027, 1, 1, 8, 59, tzinfo=UTC))
    assert set(got(driver, clients).values()) == {0}
    forward(driver, datetime(2027, 1, 1, 10, 0, tzinfo=UTC))
    assert set(got(driver, clients).values()) == {1}
    assert report(driver, "2026-12") is None


def test_a_draw_that_its_month_did_not_see_to_its_end_is_not_gone_on_with(driver: SalonDriver) -> None:
    clients = regulars(driver, 6)
    on(driver, budget=600)
    driver.world.clock.now = DECEMBER  # type: ignore[attr-defined]
    walk = driver.store.get(Walk, network_id=NETWORK, id=surprise_walk_id(NETWORK))
    while walk.changed == 0:
        walk_on(driver.world, walk)
        walk = driver.store.get(Walk, network_id=NETWORK, id=walk.id)
    given = sum(got(driver, clients).values())
    assert 0 < given < 6
    come_again(driver, clients, 1)
    driver.world.clock.now = datetime(2026, 12, 31, 22, 0, tzinfo=UTC)  # type: ignore[attr-defined]
    forward(driver, datetime(2027, 1, 1, 8, 0, tzinfo=UTC))
    assert sum(got(driver, clients).values()) == given
    forward(driver, datetime(2027, 1, 1, 10, 0, tzinfo=UTC))
    assert report(driver, "2027-01").drawn == 6 - given


@pytest.mark.parametrize(
    ("timezone", "month", "at"),
    [
        ("Europe/Chisinau", "2027-04", datetime(2027, 4, 1, 8, 0, tzinfo=UTC)),
        ("Europe/Chisinau", "2027-11", datetime(2027, 11, 1, 9, 0, tzinfo=UTC)),
        ("America/New_York", "2026-12", datetime(2026, 12, 1, 16, 0, tzinfo=UTC)),
    ],
)
def test_it_wakes_at_the_same_local_hour_whatever_the_clock_does(
    driver: SalonDriver, timezone: str, month: str, at: datetime
) -> None:
    driver.store.save(replace(driver.store.get(Network, network_id=NETWORK), timezone=timezone))
    driver.world.directories.forget(NETWORK)
    driver.world.clock.now = at - timedelta(days=5)  # type: ignore[attr-defined]
    on(driver)
    for instant, found in ((at - timedelta(seconds=1), False), (at + timedelta(minutes=5), True)):
        forward(driver, instant)
        assert (report(driver, month) is not None) == found


def test_a_key_of_some_salons_does_not_see_them(driver: SalonDriver) -> None:
    with pytest.raises(DomainError, match="FORBIDDEN"):
        surprises_of(driver.world, access(Role.MANAGER, salon_ids=frozenset({"sal_centru"})), None)
