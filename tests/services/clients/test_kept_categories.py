"""A client's category is recorded by whatever changes it: visits, bookings, time, merges, definitions."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.clients.rhythm import service_rhythms
from chalicelib.domain.networks.network import Network
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.zones import local_instant
from chalicelib.domain.waking.walks import Walk, WalkKind
from chalicelib.services.bookings.book import NewBooking, WantedLine, book
from chalicelib.services.clients.register_client import NewClient
from chalicelib.services.networks.set_rules import set_rules
from chalicelib.services.networks.try_categories import get_try, try_categories
from chalicelib.services.shared.walks import NIGHTLY_ID, nightly_walk
from chalicelib.store.keys import place_of
from infra.testkit.builders import NETWORK, NOW, a_client, access
from infra.testkit.salon_driver import MARIA_ID, SalonDriver

MONTH = timedelta(days=30)


def came(driver: SalonDriver, *days_between: int, **fields: Any) -> Client:
    """The client after a first visit now, and one more after each of so many days."""
    for days in (0, *days_between):
        driver.clock.now += timedelta(days=days)
        driver.complete(driver.book(driver.clock.now + timedelta(hours=1), **fields))
    return driver.client()


def changes(driver: SalonDriver, client_id: str = MARIA_ID) -> list[tuple[str, str, str, str]]:
    kept = driver.client(client_id).category_changes
    return [(each.before, each.to, str(each.on), each.cause.value) for each in kept]


def listed(driver: SalonDriver, category: str) -> list[str]:
    return [each.id for each in driver.store.clients_of_category(NETWORK, category).items]


def lapsed(driver: SalonDriver) -> Client:
    """The client who came once, and is recorded as lost."""
    came(driver)
    driver.clock.now = local_instant(date(2027, 1, 24), NOW.time().replace(hour=11), "Europe/Chisinau")
    driver.drain()
    return driver.client()


def test_a_visit_records_the_category_and_puts_the_client_in_its_list(driver: SalonDriver) -> None:
    client = came(driver)
    assert (client.category, client.category_since) == ("new", date(2026, 11, 23))
    assert listed(driver, "new") == [MARIA_ID]
    came(driver)  # the same day: one visit
    assert changes(driver) == [("potential", "new", "2026-11-23", "visit")]
    came(driver, 10)
    assert changes(driver)[1:] == [("new", "developing", "2026-12-03", "visit")]
    assert (listed(driver, "new"), listed(driver, "developing")) == ([], [MARIA_ID])


def test_who_never_came_is_in_no_list(driver: SalonDriver) -> None:
    driver.book(NOW + MONTH)
    assert driver.client().category is None
    assert all(listed(driver, each) == [] for each in ("potential", "new", "lost", "merged"))


def test_a_visit_that_is_taken_back_leaves_the_client_among_the_potential_whose_change_is_told(
    driver: SalonDriver,
) -> None:
    done = driver.complete(driver.book(NOW + timedelta(hours=1)))
    driver.reopen(done.booking)
    assert changes(driver)[-1] == ("new", "potential", "2026-11-23", "visit_undone")
    assert (listed(driver, "new"), listed(driver, "potential")) == ([], [MARIA_ID])


def test_a_lapse_is_recorded_by_the_wake_that_sends_its_message(driver: SalonDriver) -> None:
    came(driver)
    saved = driver.client().version
    driver.clock.now = local_instant(date(2027, 1, 24), NOW.time().replace(hour=11), "Europe/Chisinau")
    driver.drain()
    assert changes(driver)[-1] == ("new", "lost", "2027-01-24", "time_passed")
    assert listed(driver, "lost") == [MARIA_ID]
    assert driver.client().version <= saved + 2  # a claim and an outcome at most, as without categories
    assert driver.client().wake is None or driver.client().wake.why != "category"


def test_a_booking_of_a_lost_client_ends_the_lapse_and_its_end_brings_it_back(driver: SalonDriver) -> None:
    lapsed(driver)
    booking = driver.book(driver.clock.now + timedelta(days=5))
    assert changes(driver)[-1] == ("lost", "new", "2027-01-24", "booking")
    driver.clock.now += timedelta(days=1)
    driver.cancel(booking)
    assert changes(driver)[-1] == ("new", "lost", "2027-01-25", "booking_off")
    assert listed(driver, "lost") == [MARIA_ID]


def test_of_two_bookings_ahead_one_may_be_cancelled(driver: SalonDriver) -> None:
    lapsed(driver)
    first, second = (driver.book(driver.clock.now + timedelta(days=days)) for days in (5, 9))
    driver.cancel(first)
    assert driver.client().category == "new"
    driver.cancel(second)
    assert driver.client().category == "lost"


def test_a_client_who_does_not_come_is_lost_again_the_day_after(driver: SalonDriver) -> None:
    lapsed(driver)
    booking = driver.book(driver.clock.now + timedelta(days=5))
    driver.run_until(booking.starts_at + timedelta(days=1, hours=6), timedelta(hours=1))
    assert changes(driver)[-1] == ("new", "lost", "2027-01-30", "time_passed")


def test_a_booking_made_before_the_lapse_is_found_and_moved_with(driver: SalonDriver) -> None:
    came(driver)
    booking = driver.book(NOW + timedelta(days=90))
    driver.clock.now = local_instant(date(2027, 1, 24), NOW.time().replace(hour=11), "Europe/Chisinau")
    driver.drain()
    assert (driver.client().category, driver.client().booked_on) == ("new", date(2027, 2, 21))
    driver.move(booking, booking.starts_at - timedelta(days=14))
    assert driver.client().booked_on == date(2027, 2, 7)
    driver.mark_no_show(booking.id)
    assert changes(driver)[-1] == ("new", "lost", "2027-02-07", "booking_off")


def test_a_lost_client_who_is_found_by_phone_leaves_the_list_with_the_notice(driver: SalonDriver) -> None:
    lapsed(driver)
    wanted = [WantedLine(service_id="srv_cut")]
    new = NewBooking(
        salon_id="sal_centru",
        client=NewClient(name="Maria", phone="069123456"),
        starts_at=driver.clock.now + timedelta(days=3),
        lines=wanted,
    )
    book(driver.world, access(), new)
    driver.drain()
    assert changes(driver)[-1] == ("lost", "new", "2027-01-24", "booking")


def test_a_client_who_is_not_overdue_is_not_written_for_a_booking(driver: SalonDriver) -> None:
    client = came(driver, 10)
    driver.cancel(driver.book(driver.clock.now + MONTH))
    assert driver.client() == client


def test_a_merged_client_is_listed_as_such_and_leaves_again(driver: SalonDriver) -> None:
    other = a_client("cli_other00000000001", phone=None, email=None)
    driver.store.save(other)
    came(driver)
    driver.clock.now += timedelta(days=10)
    came(driver, client=other.id)
    driver.merge(other.id, MARIA_ID)
    assert changes(driver)[-1] == ("new", "developing", "2026-12-03", "merge")
    assert (listed(driver, "merged"), listed(driver, "new")) == ([other.id], [])
    since = driver.clock.now.strftime("%Y-%m-%dT%H:%M")
    assert len(driver.store.clients_of_category(NETWORK, "merged", since=since).items) == 1
    driver.unmerge(other.id)
    assert changes(driver)[-1] == ("developing", "new", "2026-12-03", "unmerge")
    assert changes(driver, other.id) == [("potential", "new", "2026-12-03", "visit")]
    assert (listed(driver, "merged"), sorted(listed(driver, "new"))) == ([], sorted([other.id, MARIA_ID]))


def test_an_overdue_target_gets_the_sources_bookings_and_gives_them_back(driver: SalonDriver) -> None:
    lapsed(driver)
    other = a_client("cli_other00000000001", phone=None, email=None)
    driver.store.save(other)
    driver.book(driver.clock.now + timedelta(days=5), client=other.id)
    driver.merge(other.id, MARIA_ID)
    assert changes(driver)[-1][:2] == ("lost", "new")
    driver.unmerge(other.id)
    assert changes(driver)[-1][:2] == ("new", "lost")


# --- own rhythm


def test_the_rhythm_of_each_category_of_services_is_its_own(driver: SalonDriver) -> None:
    """Hair each 40 days, nails each ten: neither is invited by the other's rhythm."""
    for day in range(0, 81, 10):
        driver.clock.now = NOW + timedelta(days=day)
        services = ["srv_nails", *(["srv_cut"] if day % 40 == 0 else [])]
        lines = [WantedLine(service_id=each) for each in services]
        driver.complete(driver.book(driver.clock.now + timedelta(hours=1), lines=lines))
    client, directory = driver.client(), driver.store.directory(NETWORK)
    found = {each.category: each.usual_gap_days for each in service_rhythms(client, directory.services)}
    assert found == {"nails": 10, "hair": 40}
    due = {each.service_id: (each.at - driver.clock.now).days for each in client.due}
    assert due["srv_cut"] == 40


def test_a_visit_taken_back_is_no_part_of_the_rhythm(driver: SalonDriver) -> None:
    came(driver, 20)
    driver.clock.now += timedelta(days=5)
    done = driver.complete(driver.book(driver.clock.now + timedelta(hours=1)))
    before = driver.client().service_days["srv_cut"]
    driver.reopen(done.booking)
    assert driver.client().service_days["srv_cut"] == before[1:]


# --- other definitions


def tried(driver: SalonDriver, **definitions: int) -> tuple[int, dict[str, int]]:
    walk = try_categories(driver.world, access(), definitions)
    while walk.finished_at is None:
        driver.wake(walk)
        walk = get_try(driver.world, access(), walk.id)
    return walk.seen, dict(walk.state.moves)


def two_months_later(driver: SalonDriver) -> None:
    """Maria came once, another client came and has booked, a third is new; 50 days have passed."""
    others = [a_client(f"cli_other0000000000{number}", phone=None, email=None) for number in (1, 2)]
    for other in others:
        driver.store.save(other)
    came(driver)
    came(driver, client=others[0].id)
    driver.clock.now = NOW + timedelta(days=50)
    driver.book(driver.clock.now + timedelta(days=20), client=others[0].id)
    came(driver, client=others[1].id)


def test_a_dry_run_tells_who_would_move_and_changes_nothing(driver: SalonDriver) -> None:
    two_months_later(driver)
    assert tried(driver, lost_months=1) == (3, {"new>lost": 1})
    assert tried(driver, lost_months=2) == (3, {})
    assert driver.client().category == "new"


def test_changed_definitions_move_clients_by_a_walk(driver: SalonDriver) -> None:
    two_months_later(driver)
    network = set_rules(driver.world, access(), 1, messages={}, bonuses={}, categories={"lost_months": 1})
    assert (network.rules.categories.version, network.rules.categories.since) == (2, date(2027, 1, 12))
    driver.clock.now += timedelta(minutes=2)
    for walk in driver.store.get_page(Walk, network_id=NETWORK).items:
        driver.wake(walk)
    assert changes(driver)[-1] == ("new", "lost", "2027-01-12", "definition")
    assert listed(driver, "lost") == [MARIA_ID]
    assert driver.client("cli_other00000000001").booked_on == date(2027, 2, 1)
    assert driver.store.get(Network, network_id=NETWORK).lists_categories


@pytest.mark.parametrize(
    ("name", "value"), [("lost_months", 0), ("regular_months", 7), ("at_risk_factor_percent", 99)]
)
def test_definitions_out_of_bounds_are_refused(driver: SalonDriver, name: str, value: int) -> None:
    for refused in (
        lambda: set_rules(driver.world, access(), 1, messages={}, bonuses={}, categories={name: value}),
        lambda: try_categories(driver.world, access(), {name: value}),
    ):
        with pytest.raises(DomainError) as error:
            refused()
        assert (error.value.code, error.value.details["field"]) == ("INVALID_RULE", f"categories.{name}")


def test_a_night_records_the_clients_of_an_earlier_release(driver: SalonDriver) -> None:
    came(driver)
    merged = a_client("cli_other00000000001", phone=None, email=None)
    driver.store.save(merged, nightly_walk(NETWORK, driver.clock.now, "Europe/Chisinau"))
    unlist(driver, driver.merge(merged.id, MARIA_ID).source)
    driver.store.save(replace(driver.client(), category=None, category_since=None, category_changes=()))
    assert listed(driver, "new") == []
    driver.clock.now = at_three(driver.clock.now)
    driver.wake(driver.store.get(Walk, network_id=NETWORK, id=NIGHTLY_ID))
    walks = driver.store.get_page(Walk, network_id=NETWORK).items
    (walk,) = (each for each in walks if each.kind is WalkKind.REPLAN)
    driver.wake(walk)
    assert (listed(driver, "new"), listed(driver, "merged")) == ([MARIA_ID], [merged.id])
    assert (driver.client().category_since, driver.client().category_changes) == (date(2026, 11, 23), ())
    assert driver.store.get(Network, network_id=NETWORK).lists_categories


def unlist(driver: SalonDriver, client: Client) -> None:
    """The client's item as an earlier release wrote it, without the attributes of the index."""
    item = driver.store.item.get(place_of(client).pk, place_of(client).sk)
    item.update(actions=[driver.store.item.category_key.remove(), driver.store.item.category_at.remove()])


def at_three(now: datetime) -> datetime:
    return (now + timedelta(days=1)).replace(hour=1, minute=0)
