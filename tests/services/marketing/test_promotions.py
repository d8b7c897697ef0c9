"""Promotions: what a visit earns is multiplied, or everybody in the audience is given points; never more than
the cap, and never twice."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Line
from chalicelib.domain.clients.clients import Client, VisitDay
from chalicelib.domain.intake.site_events import SiteStatus
from chalicelib.domain.loyalty.account import EntryKind
from chalicelib.domain.marketing.promotions import LATE_DAYS, Promotion, PromotionResult, PromotionState
from chalicelib.domain.networks.bonus_rules import BonusRules, Gift
from chalicelib.domain.networks.network import Connection, Network
from chalicelib.domain.networks.segments import Segment
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.waking.walks import Walk
from chalicelib.services.marketing import promotions
from chalicelib.services.marketing.give_promotion import CAP_REACHED
from chalicelib.services.visits import complete_visit
from chalicelib.services.visits.refund_visit import refund
from chalicelib.services.waking.walk_on import walk_on
from infra.testkit.builders import (
    NETWORK,
    NOW,
    a_booking,
    a_client,
    a_visit_bill,
    access,
    an_amount,
    save_booking,
    save_client,
)
from infra.testkit.interleaved_store import InterleavedStore
from infra.testkit.paged_store import PagedStore
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.site_events import reported

MARIA, ION = "cli_maria00000000001", "cli_ion0000000000001"
FIRST, LAST = date(2026, 11, 25), date(2026, 11, 27)
IN_TIME = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)


def planned(driver: SalonDriver, **said: Any) -> Promotion:
    given: dict[str, Any] = {"name": "Double", "starts_on": FIRST, "ends_on": LAST}
    if "grant" not in said:
        given["multiplier_percent"] = 200
    return promotions.make_promotion(driver.world, access(), {**given, **said})


def visit(
    driver: SalonDriver, at: datetime = IN_TIME, *, closed_at: datetime | None = None, **said: Any
) -> Any:
    """A booking that starts at that instant and is completed then, or later, for 500 lei: 25 points."""
    number = len(driver.bookings()) + len(driver.bookings("sal_york"))
    booking = save_booking(driver.store, a_booking(f"bkg_{number:016d}", starts_at=at, **said))
    driver.world.clock.now = max(driver.world.now(), closed_at or at)  # type: ignore[attr-defined]
    return driver.complete(booking)


def extra(done: Any) -> list[int]:
    return [entry.points for entry in done.entries if entry.kind is EntryKind.PROMOTION]


def result(driver: SalonDriver, promotion: Promotion) -> PromotionResult:
    return promotions.results_of(driver.world, [promotion])[promotion.id]


def seen(driver: SalonDriver, promotion: Promotion) -> Promotion:
    return promotions.get_promotion(driver.world, access(), promotion.id)


def balance(driver: SalonDriver, client_id: str = MARIA) -> int:
    assert driver.ledger_faults(client_id) == []
    return int(driver.store.account(NETWORK, client_id).balance)


def people(driver: SalonDriver, number: int, **said: Any) -> list[Client]:
    made: list[Client] = []
    for place in range(number):
        given = {"phone": f"+3736900{place:04d}", "created_at": NOW - timedelta(days=place), "email": None}
        made += driver.store.save(a_client(f"cli_{place:016d}", **{**given, **said}))
    return made


def with_zone(driver: SalonDriver, timezone: str) -> None:
    driver.store.save(replace(driver.store.get(Network, network_id=NETWORK), timezone=timezone))
    driver.world.directories.forget(NETWORK)


# --- a visit of its days


def test_a_visit_of_its_days_earns_twice_and_one_before_or_after_does_not(driver: SalonDriver) -> None:
    promotion = planned(driver)
    assert extra(visit(driver, IN_TIME - timedelta(days=2))) == []
    done = visit(driver)
    assert extra(done) == [25]
    assert done.booking.earned_points == 50
    assert extra(visit(driver, IN_TIME + timedelta(days=2))) == []
    assert balance(driver) == 100
    (entry,) = [each for each in done.entries if each.kind is EntryKind.PROMOTION]
    assert (entry.cause, entry.booking_id) == (promotion.id, done.booking.id)
    assert result(driver, promotion) == PromotionResult(points={"MDL": 25}, clients=1, visits=1)


def test_the_points_of_a_promotion_come_on_the_terms_of_those_that_the_visit_earned(
    driver: SalonDriver,
) -> None:
    planned(driver, multiplier_percent=150)
    done = visit(driver)
    cashback, promoted = (entry.lots[0] for entry in done.entries)
    assert (cashback.points, promoted.points) == (25, 12)  # rounded down
    assert (promoted.available_at, promoted.expires_at) == (cashback.available_at, cashback.expires_at)


def test_its_days_are_those_of_the_salon_where_the_visit_is(driver: SalonDriver) -> None:
    planned(driver)
    york: dict[str, Any] = {"salon_id": "sal_york", "currency": "USD"}
    in_chisinau_over = datetime(
        2026, 11, 28, 1, 0, tzinfo=UTC
    )  # eight in the evening of the 27th in New York
    not_yet_in_york = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
    assert extra(visit(driver, not_yet_in_york, **york)) == []
    assert extra(visit(driver, in_chisinau_over, **york)) == [25]
    assert extra(visit(driver, in_chisinau_over)) == []


def test_a_visit_of_its_days_that_is_closed_late_counts_all_the_same(driver: SalonDriver) -> None:
    promotion = planned(driver)
    driver.run_until(IN_TIME + timedelta(days=5))
    assert seen(driver, promotion).state is PromotionState.ENDED
    assert extra(visit(driver, IN_TIME, closed_at=driver.world.now())) == [25]


def test_what_a_visit_must_know_of_it_is_gone_by_itself_from_the_set_up(driver: SalonDriver) -> None:
    planned(driver)
    (offer,) = driver.world.directory(NETWORK).offers.values()
    assert offer.expires_at == datetime(2026, 11, 27, 22, 0, tzinfo=UTC) + timedelta(days=LATE_DAYS)


def test_of_two_that_overlap_the_best_counts_and_never_both(driver: SalonDriver) -> None:
    less, more = planned(driver, multiplier_percent=150), planned(driver, multiplier_percent=300)
    assert extra(visit(driver)) == [50]
    assert (result(driver, less).total, result(driver, more).total) == (0, 50)


def test_the_best_is_the_one_that_still_has_the_most_to_give(driver: SalonDriver) -> None:
    less, more = (
        planned(driver, multiplier_percent=200),
        planned(driver, multiplier_percent=300, cap_points=60),
    )
    assert [extra(visit(driver, IN_TIME + timedelta(hours=each))) for each in range(2)] == [[50], [25]]
    assert (result(driver, less).total, result(driver, more).total) == (25, 50)


def test_a_visit_that_earns_nothing_is_multiplied_to_nothing(driver: SalonDriver) -> None:
    network = driver.store.get(Network, network_id=NETWORK)
    bonuses = BonusRules(cashback_percent=0)
    driver.store.save(replace(network, rules=replace(network.rules, bonuses=bonuses)))
    promotion = planned(driver)
    assert visit(driver).entries == ()
    assert result(driver, promotion).visits == 0


# --- whom it is for


def test_it_may_be_for_some_salons_and_some_services(driver: SalonDriver) -> None:
    planned(driver, audience=Segment(salon_ids=("sal_centru",), service_ids=("srv_nails",)))
    nails = (Line("srv_nails", 45, "stf_vera", 40_000), Line("srv_cut", 60, "stf_anna", 50_000))
    assert extra(visit(driver)) == []
    assert extra(visit(driver, lines=nails, salon_id="sal_york", currency="USD")) == []
    assert extra(visit(driver, lines=nails)) == [25]


def test_one_for_new_faces_reaches_them_with_their_first_visit(driver: SalonDriver) -> None:
    planned(driver, audience=Segment(categories=("potential",)))
    assert extra(visit(driver)) == [25]
    assert extra(visit(driver, IN_TIME + timedelta(days=1))) == []


def test_one_for_the_lost_reaches_who_comes_again(driver: SalonDriver) -> None:
    maria = driver.client()
    long_ago = (VisitDay(date(2026, 5, 1), "sal_centru"),)
    driver.store.save(replace(maria, visits_count=1, recent_visits=long_ago))
    planned(driver, audience=Segment(categories=("lost",)))
    assert extra(visit(driver)) == [25]


# --- caps


def test_the_cap_is_given_to_the_point_and_not_beyond(driver: SalonDriver) -> None:
    promotion = planned(driver, cap_points=60)
    assert [extra(visit(driver, IN_TIME + timedelta(hours=each))) for each in range(4)] == [
        [25],
        [25],
        [10],
        [],
    ]
    assert result(driver, promotion) == PromotionResult(points={"MDL": 60}, clients=1, visits=3)


def test_a_client_s_own_cap_holds_for_all_their_visits(driver: SalonDriver) -> None:
    promotion = planned(driver, client_cap_points=40)
    driver.store.save(a_client(ION, phone="+37369000077", email=None))
    assert [extra(visit(driver, IN_TIME + timedelta(hours=each))) for each in range(3)] == [[25], [15], []]
    assert extra(visit(driver, client_id=ION)) == [25]
    assert result(driver, promotion) == PromotionResult(points={"MDL": 65}, clients=2, visits=3)


@pytest.mark.parametrize("cap", [1, 30, 60, 99, 100, 1000])
def test_those_who_complete_at_once_are_given_the_cap_and_no_more(driver: SalonDriver, cap: int) -> None:
    """Four visits, each of which comes between what the one before has read and what it writes."""
    promotion = planned(driver, cap_points=cap)
    clients = people(driver, 4)
    bookings = [
        save_booking(driver.store, a_booking(f"bkg_{each.id[4:]}", starts_at=IN_TIME, client_id=each.id))
        for each in clients
    ]
    driver.world.clock.now = IN_TIME  # type: ignore[attr-defined]
    got: list[int] = []

    def complete_from(number: int) -> None:
        if number == len(bookings):
            return
        store = InterleavedStore(driver.store, lambda: complete_from(number + 1))
        world, bill = replace(driver.world, store=store), a_visit_bill()
        booking_id = bookings[number].id
        done = complete_visit.complete(world, access(), booking_id, bill)
        got.append(sum(extra(done)))

    complete_from(0)
    assert sum(got) == min(cap, 100) == result(driver, promotion).total
    assert [balance(driver, each.id) for each in reversed(clients)] == [25 + each for each in got]
    visits = sum(each > 0 for each in got)
    assert (result(driver, promotion).clients, result(driver, promotion).visits) == (visits, visits)


# --- and back


def test_a_visit_that_is_taken_back_takes_its_promotion_with_it(driver: SalonDriver) -> None:
    promotion = planned(driver, cap_points=30)
    done = visit(driver)
    driver.reopen(done.booking)
    assert balance(driver) == 0
    assert result(driver, promotion) == PromotionResult(points={}, clients=0, visits=0)
    again = driver.complete(driver.booking(done.booking.id))
    assert extra(again) == [25]
    assert balance(driver) == 50
    assert result(driver, promotion) == PromotionResult(points={"MDL": 25}, clients=1, visits=1)


def test_a_visit_of_a_client_who_was_merged_since_is_taken_back_alike(driver: SalonDriver) -> None:
    promotion = planned(driver)
    save_client(driver.store, a_client(ION, phone="+37369000077", email=None))
    done = visit(driver)
    driver.merge(MARIA, ION)
    driver.reopen(done.booking)
    assert (balance(driver, ION), balance(driver)) == (0, 0)
    assert result(driver, promotion) == PromotionResult(points={}, clients=0, visits=0)


def refunded(driver: SalonDriver, booking: Booking, amount_minor: int, request_id: str) -> Any:
    return refund(driver.world, access(), booking.id, an_amount(amount_minor), "unhappy", request_id)


def test_a_part_that_is_refunded_takes_its_part_of_the_promotion(driver: SalonDriver) -> None:
    promotion = planned(driver)
    booking = visit(driver).booking
    refunded(driver, booking, 20_000, "one")
    assert balance(driver) == 30
    assert result(driver, promotion) == PromotionResult(points={"MDL": 15}, clients=1, visits=1)
    refunded(driver, booking, 30_000, "two")
    assert balance(driver) == 0
    assert result(driver, promotion) == PromotionResult(points={}, clients=1, visits=1)


def test_what_was_undone_by_hand_is_not_taken_twice(driver: SalonDriver) -> None:
    planned(driver)
    done = visit(driver)
    driver.reverse(done.entries[1].id)
    driver.reopen(done.booking)
    assert (balance(driver), driver.store.account(NETWORK, MARIA).debt) == (0, 0)


def test_a_visit_that_is_completed_twice_is_promoted_once(driver: SalonDriver) -> None:
    promotion = planned(driver)
    done = visit(driver)
    assert driver.complete(done.booking).entries == done.entries
    assert result(driver, promotion).visits == 1


def test_a_visit_that_a_booking_site_reports_is_promoted_and_taken_back_alike(
    driver: SalonDriver, site: Connection
) -> None:
    promotion = planned(driver)
    driver.hear(site, reported("b-1", 1, IN_TIME))
    driver.world.clock.now = IN_TIME + timedelta(hours=2)  # type: ignore[attr-defined]
    for _ in range(2):
        driver.hear(site, reported("b-1", 2, IN_TIME, status=SiteStatus.COMPLETED))
    assert balance(driver) == 50
    assert result(driver, promotion) == PromotionResult(points={"MDL": 25}, clients=1, visits=1)
    driver.hear(site, reported("b-1", 3, IN_TIME, status=SiteStatus.NO_SHOW))
    assert balance(driver) == 0
    assert result(driver, promotion) == PromotionResult(points={}, clients=0, visits=0)


# --- planned, running, stopped, ended


def test_it_begins_and_ends_at_the_network_s_midnights(driver: SalonDriver) -> None:
    promotion = planned(driver)
    states = []
    for day, minutes in ((24, -1), (24, 0), (27, -1), (27, 0)):
        at = datetime(2026, 11, day, 22, 0, tzinfo=UTC) + timedelta(minutes=minutes)
        driver.run_until(at)
        driver.drain()
        states.append(seen(driver, promotion).state.value)
    assert states == ["planned", "running", "running", "ended"]
    assert seen(driver, promotion).wake is None


def test_one_that_was_slept_through_comes_to_its_end_at_once(driver: SalonDriver) -> None:
    promotion = planned(driver, grant=Gift(100))
    driver.world.clock.now = IN_TIME + timedelta(days=30)  # type: ignore[attr-defined]
    driver.run_until(driver.world.now() + timedelta(hours=1))
    assert seen(driver, promotion).state is PromotionState.ENDED
    assert balance(driver) == 0


def test_what_is_stopped_gives_nothing_more(driver: SalonDriver) -> None:
    promotion = planned(driver)
    visit(driver)
    stopped = promotions.stop_promotion(driver.world, access(), promotion.id)
    assert promotions.stop_promotion(driver.world, access(), promotion.id) == stopped
    assert extra(visit(driver, IN_TIME + timedelta(hours=3))) == []
    driver.run_until(IN_TIME + timedelta(days=9))
    assert seen(driver, promotion).state is PromotionState.STOPPED
    assert result(driver, promotion).total == 25


def test_once_begun_it_is_prolonged_and_its_cap_raised_but_nothing_else(driver: SalonDriver) -> None:
    promotion = planned(driver, cap_points=30)
    changed = promotions.change_promotion(driver.world, access(), promotion.id, {"cap_points": 26})
    assert changed.cap_points == 26
    visit(driver)

    def change(**said: Any) -> Promotion:
        return promotions.change_promotion(driver.world, access(), promotion.id, said)

    for said in ({"cap_points": 25}, {"client_cap_points": 5}, {"multiplier_percent": 300},
                 {"starts_on": date(2026, 11, 26)}, {"audience": Segment(sources=("x",))}):  # fmt: skip
        with pytest.raises(DomainError, match="WRONG_STATE"):
            change(**said)
    changed = change(cap_points=50, ends_on=LAST + timedelta(days=1), name="Longer")
    assert (changed.cap_points, changed.name) == (50, "Longer")
    assert extra(visit(driver, IN_TIME + timedelta(days=2))) == [25]
    assert extra(visit(driver, IN_TIME + timedelta(days=2))) == []


def test_its_terms_stand_from_shortly_before_its_first_day_in_any_salon(driver: SalonDriver) -> None:
    """Other processes go by what they have read for a minute."""
    promotion = planned(driver)
    driver.world.clock.now = datetime(2026, 11, 24, 21, 58, tzinfo=UTC)  # type: ignore[attr-defined]
    with pytest.raises(DomainError, match="WRONG_STATE"):
        promotions.change_promotion(driver.world, access(), promotion.id, {"cap_points": 5})


def test_one_that_was_to_multiply_may_come_to_grant_before_it_begins(driver: SalonDriver) -> None:
    promotion = planned(driver)
    changes = {"multiplier_percent": None, "grant": Gift(70)}
    promotions.change_promotion(driver.world, access(), promotion.id, changes)
    assert not driver.world.directory(NETWORK).offers
    assert extra(visit(driver)) == []
    driver.run_until(driver.world.now() + timedelta(minutes=5))
    assert balance(driver) == 25 + 70


# --- what is granted


def test_everybody_in_the_audience_is_given_points_once_at_the_start(driver: SalonDriver) -> None:
    few, others = people(driver, 5, source="spring"), [driver.client()]
    driver.world = replace(driver.world, store=PagedStore(driver.store))
    promotion = planned(driver, grant=Gift(100, valid_days=10), audience=Segment(sources=("spring",)))
    driver.run_until(datetime(2026, 11, 24, 21, 59, tzinfo=UTC))
    assert [balance(driver, each.id) for each in few] == [0] * 5
    driver.run_until(datetime(2026, 11, 24, 23, 0, tzinfo=UTC))
    assert [balance(driver, each.id) for each in [*few, *others]] == [100] * 5 + [0]
    (entry,) = driver.store.entries(NETWORK, few[0].id)
    assert (entry.kind, entry.cause, entry.actor) == (EntryKind.PROMOTION, promotion.id, "system")
    assert entry.lots[0].expires_at == datetime(2026, 12, 5, 22, 0, tzinfo=UTC)
    assert result(driver, promotion) == PromotionResult(points={"MDL": 500}, clients=5, visits=0)
    walk = driver.store.get(Walk, network_id=NETWORK, id=seen(driver, promotion).walk_id)
    assert (walk.seen, walk.changed, walk.stage) == (6, 5, "done")


def test_a_slice_that_is_done_twice_gives_nothing_twice(driver: SalonDriver) -> None:
    """As by a worker that was thought dead: it begins where the other had begun."""
    few = people(driver, 3)
    promotion = planned(driver, grant=Gift(100), cap_points=1000)
    driver.world.clock.now = datetime(2026, 11, 25, tzinfo=UTC)  # type: ignore[attr-defined]
    driver.drain()
    walk = driver.store.get(Walk, network_id=NETWORK, id=seen(driver, promotion).walk_id)
    if walk.finished_at is None:
        walk_on(driver.world, walk)
    walk = driver.store.get(Walk, network_id=NETWORK, id=walk.id)
    walk_on(driver.world, replace(walk, stage="", cursor=None, finished_at=None))
    assert [balance(driver, each.id) for each in few] == [100] * 3
    assert result(driver, promotion) == PromotionResult(points={"MDL": 400}, clients=4, visits=0)


def test_grants_end_with_the_cap_and_nobody_gets_half_of_one(driver: SalonDriver) -> None:
    few = people(driver, 4)
    promotion = planned(driver, grant=Gift(100), cap_points=250)
    driver.run_until(datetime(2026, 11, 25, tzinfo=UTC))
    assert sorted(balance(driver, each) for each in [MARIA, *(each.id for each in few)]) == [
        0,
        0,
        0,
        100,
        100,
    ]
    assert result(driver, promotion).total == 200
    walk = driver.store.get(Walk, network_id=NETWORK, id=seen(driver, promotion).walk_id)
    assert (walk.stage, walk.changed) == (CAP_REACHED, 2)


@pytest.mark.parametrize(
    ("timezone", "first", "begins"),
    [
        ("Asia/Beirut", date(2027, 3, 28), datetime(2027, 3, 27, 22, 0, tzinfo=UTC)),  # no midnight there
        ("Europe/Chisinau", date(2027, 3, 28), datetime(2027, 3, 27, 22, 0, tzinfo=UTC)),
        ("Europe/Chisinau", date(2027, 3, 29), datetime(2027, 3, 28, 21, 0, tzinfo=UTC)),
        ("Europe/Chisinau", date(2027, 11, 1), datetime(2027, 10, 31, 22, 0, tzinfo=UTC)),
        (
            "America/Havana",
            date(2027, 11, 7),
            datetime(2027, 11, 7, 4, 0, tzinfo=UTC),
        ),  # midnight comes twice
    ],
)
def test_it_begins_with_the_local_day_on_nights_when_the_clock_changes(
    driver: SalonDriver, timezone: str, first: date, begins: datetime
) -> None:
    with_zone(driver, timezone)
    promotion = planned(driver, grant=Gift(100), starts_on=first, ends_on=first)
    driver.world.clock.now = begins - timedelta(seconds=1)  # type: ignore[attr-defined]
    driver.drain()
    assert seen(driver, promotion).state is PromotionState.PLANNED
    driver.world.clock.now = begins  # type: ignore[attr-defined]
    driver.drain()
    assert seen(driver, promotion).state is PromotionState.RUNNING
    driver.drain()
    assert balance(driver) == 100
