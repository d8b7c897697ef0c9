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
from chalicelib.domain.marketing.promotions import LATE_DAYS, Promotion, PromotionState, Result
from chalicelib.domain.networks.bonus_rules import BonusRules, Gift
from chalicelib.domain.networks.network import Connection, Network
from chalicelib.domain.networks.segments import Segment
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.waking.walks import Walk
from chalicelib.services.loyalty import undo_entry
from chalicelib.services.marketing import keep_promotions
from chalicelib.services.marketing.give_promotion import CAP_REACHED
from chalicelib.services.merging.merge_clients import merge_clients
from chalicelib.services.visits import complete_visit
from chalicelib.services.visits.refund_visit import refund
from chalicelib.services.waking.walk_on import walk_on
from infra.testkit.builders import NETWORK, NOW, a_booking, a_client, access, save_booking, save_client
from infra.testkit.interleaved_store import Meanwhile
from infra.testkit.paged_store import SmallPages
from infra.testkit.salon_driver import Life, reported

MARIA, ION = "cli_maria00000000001", "cli_ion0000000000001"
FIRST, LAST = date(2026, 11, 25), date(2026, 11, 27)
IN_TIME = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)


def planned(life: Life, **said: Any) -> Promotion:
    given: dict[str, Any] = {"name": "Double", "starts_on": FIRST, "ends_on": LAST}
    if "grant" not in said:
        given["multiplier_percent"] = 200
    return keep_promotions.make_promotion(life.world, access(), {**given, **said})


def visit(life: Life, at: datetime = IN_TIME, *, closed_at: datetime | None = None, **said: Any) -> Any:
    """A booking that starts at that instant and is completed then, or later, for 500 lei: 25 points."""
    number = len(life.bookings()) + len(life.bookings("sal_york"))
    booking = save_booking(life.store, a_booking(f"bkg_{number:016d}", starts_at=at, **said))
    life.world.clock.now = max(life.world.now(), closed_at or at)  # type: ignore[attr-defined]
    return life.complete(booking)


def extra(done: Any) -> list[int]:
    return [entry.points for entry in done.entries if entry.kind is EntryKind.PROMOTION]


def result(life: Life, promotion: Promotion) -> Result:
    return keep_promotions.results_of(life.world, [promotion])[promotion.id]


def seen(life: Life, promotion: Promotion) -> Promotion:
    return keep_promotions.see_promotion(life.world, access(), promotion.id)


def balance(life: Life, client_id: str = MARIA) -> int:
    assert life.ledger_faults(client_id) == []
    return int(life.store.account(NETWORK, client_id).balance)


def people(life: Life, number: int, **said: Any) -> list[Client]:
    made: list[Client] = []
    for place in range(number):
        given = {"phone": f"+3736900{place:04d}", "created_at": NOW - timedelta(days=place), "email": None}
        made += life.store.save(a_client(f"cli_{place:016d}", **{**given, **said}))
    return made


def with_zone(life: Life, timezone: str) -> None:
    life.store.save(replace(life.store.get(Network, network_id=NETWORK), timezone=timezone))
    life.world.directories.forget(NETWORK)


# --- a visit of its days


def test_a_visit_of_its_days_earns_twice_and_one_before_or_after_does_not(life: Life) -> None:
    promotion = planned(life)
    assert extra(visit(life, IN_TIME - timedelta(days=2))) == []
    done = visit(life)
    assert extra(done) == [25]
    assert done.booking.earned_points == 50
    assert extra(visit(life, IN_TIME + timedelta(days=2))) == []
    assert balance(life) == 100
    (entry,) = [each for each in done.entries if each.kind is EntryKind.PROMOTION]
    assert (entry.cause, entry.booking_id) == (promotion.id, done.booking.id)
    assert result(life, promotion) == Result(points={"MDL": 25}, clients=1, visits=1)


def test_the_points_of_a_promotion_come_on_the_terms_of_those_that_the_visit_earned(life: Life) -> None:
    planned(life, multiplier_percent=150)
    done = visit(life)
    cashback, promoted = (entry.lots[0] for entry in done.entries)
    assert (cashback.points, promoted.points) == (25, 12)  # rounded down
    assert (promoted.available_at, promoted.expires_at) == (cashback.available_at, cashback.expires_at)


def test_its_days_are_those_of_the_salon_where_the_visit_is(life: Life) -> None:
    planned(life)
    york: dict[str, Any] = {"salon_id": "sal_york", "currency": "USD"}
    in_chisinau_over = datetime(
        2026, 11, 28, 1, 0, tzinfo=UTC
    )  # eight in the evening of the 27th in New York
    not_yet_in_york = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
    assert extra(visit(life, not_yet_in_york, **york)) == []
    assert extra(visit(life, in_chisinau_over, **york)) == [25]
    assert extra(visit(life, in_chisinau_over)) == []


def test_a_visit_of_its_days_that_is_closed_late_counts_all_the_same(life: Life) -> None:
    promotion = planned(life)
    life.run_until(IN_TIME + timedelta(days=5))
    assert seen(life, promotion).state is PromotionState.ENDED
    assert extra(visit(life, IN_TIME, closed_at=life.world.now())) == [25]


def test_what_a_visit_must_know_of_it_is_gone_by_itself_from_the_set_up(life: Life) -> None:
    planned(life)
    (offer,) = life.world.directory(NETWORK).offers.values()
    assert offer.expires_at == datetime(2026, 11, 27, 22, 0, tzinfo=UTC) + timedelta(days=LATE_DAYS)


def test_of_two_that_overlap_the_best_counts_and_never_both(life: Life) -> None:
    less, more = planned(life, multiplier_percent=150), planned(life, multiplier_percent=300)
    assert extra(visit(life)) == [50]
    assert (result(life, less).total, result(life, more).total) == (0, 50)


def test_the_best_is_the_one_that_still_has_the_most_to_give(life: Life) -> None:
    less, more = planned(life, multiplier_percent=200), planned(life, multiplier_percent=300, cap_points=60)
    assert [extra(visit(life, IN_TIME + timedelta(hours=each))) for each in range(2)] == [[50], [25]]
    assert (result(life, less).total, result(life, more).total) == (25, 50)


def test_a_visit_that_earns_nothing_is_multiplied_to_nothing(life: Life) -> None:
    network = life.store.get(Network, network_id=NETWORK)
    bonuses = BonusRules(cashback_percent=0)
    life.store.save(replace(network, rules=replace(network.rules, bonuses=bonuses)))
    promotion = planned(life)
    assert visit(life).entries == ()
    assert result(life, promotion).visits == 0


# --- whom it is for


def test_it_may_be_for_some_salons_and_some_services(life: Life) -> None:
    planned(life, audience=Segment(salon_ids=("sal_centru",), service_ids=("srv_nails",)))
    nails = (Line("srv_nails", 45, "stf_vera", 40_000), Line("srv_cut", 60, "stf_anna", 50_000))
    assert extra(visit(life)) == []
    assert extra(visit(life, lines=nails, salon_id="sal_york", currency="USD")) == []
    assert extra(visit(life, lines=nails)) == [25]


def test_one_for_new_faces_reaches_them_with_their_first_visit(life: Life) -> None:
    planned(life, audience=Segment(categories=("potential",)))
    assert extra(visit(life)) == [25]
    assert extra(visit(life, IN_TIME + timedelta(days=1))) == []


def test_one_for_the_lost_reaches_who_comes_again(life: Life) -> None:
    maria = life.client()
    long_ago = (VisitDay(date(2026, 5, 1), "sal_centru"),)
    life.store.save(replace(maria, visits_count=1, recent_visits=long_ago))
    planned(life, audience=Segment(categories=("lost",)))
    assert extra(visit(life)) == [25]


# --- caps


def test_the_cap_is_given_to_the_point_and_not_beyond(life: Life) -> None:
    promotion = planned(life, cap_points=60)
    assert [extra(visit(life, IN_TIME + timedelta(hours=each))) for each in range(4)] == [
        [25],
        [25],
        [10],
        [],
    ]
    assert result(life, promotion) == Result(points={"MDL": 60}, clients=1, visits=3)


def test_a_client_s_own_cap_holds_for_all_their_visits(life: Life) -> None:
    promotion = planned(life, client_cap_points=40)
    life.store.save(a_client(ION, phone="+37369000077", email=None))
    assert [extra(visit(life, IN_TIME + timedelta(hours=each))) for each in range(3)] == [[25], [15], []]
    assert extra(visit(life, client_id=ION)) == [25]
    assert result(life, promotion) == Result(points={"MDL": 65}, clients=2, visits=3)


@pytest.mark.parametrize("cap", [1, 30, 60, 99, 100, 1000])
def test_those_who_complete_at_once_are_given_the_cap_and_no_more(life: Life, cap: int) -> None:
    """Four visits, each of which comes between what the one before has read and what it writes."""
    promotion = planned(life, cap_points=cap)
    clients = people(life, 4)
    bookings = [
        save_booking(life.store, a_booking(f"bkg_{each.id[4:]}", starts_at=IN_TIME, client_id=each.id))
        for each in clients
    ]
    life.world.clock.now = IN_TIME  # type: ignore[attr-defined]
    got: list[int] = []

    def complete_from(number: int) -> None:
        if number == len(bookings):
            return
        store = Meanwhile(life.store, lambda: complete_from(number + 1))
        world, bill = replace(life.world, store=store), complete_visit.Bill(paid_minor=50_000)
        id = bookings[number].id
        done = complete_visit.complete(world, NETWORK, id, bill, lambda booking: None, "key:test")
        got.append(sum(extra(done)))

    complete_from(0)
    assert sum(got) == min(cap, 100) == result(life, promotion).total
    assert [balance(life, each.id) for each in reversed(clients)] == [25 + each for each in got]
    visits = sum(each > 0 for each in got)
    assert (result(life, promotion).clients, result(life, promotion).visits) == (visits, visits)


# --- and back


def test_a_visit_that_is_taken_back_takes_its_promotion_with_it(life: Life) -> None:
    promotion = planned(life, cap_points=30)
    done = visit(life)
    life.reopen(done.booking)
    assert balance(life) == 0
    assert result(life, promotion) == Result(points={}, clients=0, visits=0)
    again = life.complete(life.booking(done.booking.id))
    assert extra(again) == [25]
    assert balance(life) == 50
    assert result(life, promotion) == Result(points={"MDL": 25}, clients=1, visits=1)


def test_a_visit_of_a_client_who_was_merged_since_is_taken_back_alike(life: Life) -> None:
    promotion = planned(life)
    save_client(life.store, a_client(ION, phone="+37369000077", email=None))
    done = visit(life)
    merge_clients(life.world, access(), MARIA, ION)
    life.reopen(done.booking)
    assert (balance(life, ION), balance(life)) == (0, 0)
    assert result(life, promotion) == Result(points={}, clients=0, visits=0)


def refunded(life: Life, booking: Booking, amount_minor: int, request_id: str) -> Any:

    def allow(booking: Booking) -> None:
        pass

    return refund(life.world, NETWORK, booking.id, amount_minor, "unhappy", allow, "key:test", request_id)


def test_a_part_that_is_refunded_takes_its_part_of_the_promotion(life: Life) -> None:
    promotion = planned(life)
    booking = visit(life).booking
    refunded(life, booking, 20_000, "one")
    assert balance(life) == 30
    assert result(life, promotion) == Result(points={"MDL": 15}, clients=1, visits=1)
    refunded(life, booking, 30_000, "two")
    assert balance(life) == 0
    assert result(life, promotion) == Result(points={}, clients=1, visits=1)


def test_what_was_undone_by_hand_is_not_taken_twice(life: Life) -> None:
    planned(life)
    done = visit(life)
    undo_entry.reverse(life.world, access(), done.entries[1].id, "mistake")
    life.reopen(done.booking)
    assert (balance(life), life.store.account(NETWORK, MARIA).debt) == (0, 0)


def test_a_visit_that_is_completed_twice_is_promoted_once(life: Life) -> None:
    promotion = planned(life)
    done = visit(life)
    assert life.complete(done.booking).entries == done.entries
    assert result(life, promotion).visits == 1


def test_a_visit_that_a_booking_site_reports_is_promoted_and_taken_back_alike(
    life: Life, site: Connection
) -> None:
    promotion = planned(life)
    life.hear(site, reported("b-1", 1, IN_TIME))
    life.world.clock.now = IN_TIME + timedelta(hours=2)  # type: ignore[attr-defined]
    for _ in range(2):
        life.hear(site, reported("b-1", 2, IN_TIME, status=SiteStatus.COMPLETED))
    assert balance(life) == 50
    assert result(life, promotion) == Result(points={"MDL": 25}, clients=1, visits=1)
    life.hear(site, reported("b-1", 3, IN_TIME, status=SiteStatus.NO_SHOW))
    assert balance(life) == 0
    assert result(life, promotion) == Result(points={}, clients=0, visits=0)


# --- its life


def test_it_begins_and_ends_at_the_network_s_midnights(life: Life) -> None:
    promotion = planned(life)
    states = []
    for day, minutes in ((24, -1), (24, 0), (27, -1), (27, 0)):
        at = datetime(2026, 11, day, 22, 0, tzinfo=UTC) + timedelta(minutes=minutes)
        life.run_until(at)
        life.drain()
        states.append(seen(life, promotion).state.value)
    assert states == ["planned", "running", "running", "ended"]
    assert seen(life, promotion).wake is None


def test_one_that_was_slept_through_comes_to_its_end_at_once(life: Life) -> None:
    promotion = planned(life, grant=Gift(100))
    life.world.clock.now = IN_TIME + timedelta(days=30)  # type: ignore[attr-defined]
    life.run_until(life.world.now() + timedelta(hours=1))
    assert seen(life, promotion).state is PromotionState.ENDED
    assert balance(life) == 0


def test_what_is_stopped_gives_nothing_more(life: Life) -> None:
    promotion = planned(life)
    visit(life)
    stopped = keep_promotions.stop_promotion(life.world, access(), promotion.id)
    assert keep_promotions.stop_promotion(life.world, access(), promotion.id) == stopped
    assert extra(visit(life, IN_TIME + timedelta(hours=3))) == []
    life.run_until(IN_TIME + timedelta(days=9))
    assert seen(life, promotion).state is PromotionState.STOPPED
    assert result(life, promotion).total == 25


def test_once_begun_it_is_prolonged_and_its_cap_raised_but_nothing_else(life: Life) -> None:
    promotion = planned(life, cap_points=30)
    changed = keep_promotions.change_promotion(life.world, access(), promotion.id, {"cap_points": 26})
    assert changed.cap_points == 26
    visit(life)

    def change(**said: Any) -> Promotion:
        return keep_promotions.change_promotion(life.world, access(), promotion.id, said)

    for said in ({"cap_points": 25}, {"client_cap_points": 5}, {"multiplier_percent": 300},
                 {"starts_on": date(2026, 11, 26)}, {"audience": Segment(sources=("x",))}):  # fmt: skip
        with pytest.raises(DomainError, match="WRONG_STATE"):
            change(**said)
    changed = change(cap_points=50, ends_on=LAST + timedelta(days=1), name="Longer")
    assert (changed.cap_points, changed.name) == (50, "Longer")
    assert extra(visit(life, IN_TIME + timedelta(days=2))) == [25]
    assert extra(visit(life, IN_TIME + timedelta(days=2))) == []


def test_its_terms_stand_from_shortly_before_its_first_day_in_any_salon(life: Life) -> None:
    """Other processes go by what they have read for a minute."""
    promotion = planned(life)
    life.world.clock.now = datetime(2026, 11, 24, 21, 58, tzinfo=UTC)  # type: ignore[attr-defined]
    with pytest.raises(DomainError, match="WRONG_STATE"):
        keep_promotions.change_promotion(life.world, access(), promotion.id, {"cap_points": 5})


def test_one_that_was_to_multiply_may_come_to_grant_before_it_begins(life: Life) -> None:
    promotion = planned(life)
    changes = {"multiplier_percent": None, "grant": Gift(70)}
    keep_promotions.change_promotion(life.world, access(), promotion.id, changes)
    assert not life.world.directory(NETWORK).offers
    assert extra(visit(life)) == []
    life.run_until(life.world.now() + timedelta(minutes=5))
    assert balance(life) == 25 + 70


# --- what is granted


def test_everybody_in_the_audience_is_given_points_once_at_the_start(life: Life) -> None:
    few, others = people(life, 5, source="spring"), [life.client()]
    life.world = replace(life.world, store=SmallPages(life.store))
    promotion = planned(life, grant=Gift(100, valid_days=10), audience=Segment(sources=("spring",)))
    life.run_until(datetime(2026, 11, 24, 21, 59, tzinfo=UTC))
    assert [balance(life, each.id) for each in few] == [0] * 5
    life.run_until(datetime(2026, 11, 24, 23, 0, tzinfo=UTC))
    assert [balance(life, each.id) for each in [*few, *others]] == [100] * 5 + [0]
    (entry,) = life.store.entries(NETWORK, few[0].id)
    assert (entry.kind, entry.cause, entry.actor) == (EntryKind.PROMOTION, promotion.id, "system")
    assert entry.lots[0].expires_at == datetime(2026, 12, 5, 22, 0, tzinfo=UTC)
    assert result(life, promotion) == Result(points={"MDL": 500}, clients=5, visits=0)
    walk = life.store.get(Walk, network_id=NETWORK, id=seen(life, promotion).walk_id)
    assert (walk.seen, walk.changed, walk.stage) == (6, 5, "done")


def test_a_slice_that_is_done_twice_gives_nothing_twice(life: Life) -> None:
    """As by a worker that was thought dead: it begins where the other had begun."""
    few = people(life, 3)
    promotion = planned(life, grant=Gift(100), cap_points=1000)
    life.world.clock.now = datetime(2026, 11, 25, tzinfo=UTC)  # type: ignore[attr-defined]
    life.drain()
    walk = life.store.get(Walk, network_id=NETWORK, id=seen(life, promotion).walk_id)
    if walk.finished_at is None:
        walk_on(life.world, walk)
    walk = life.store.get(Walk, network_id=NETWORK, id=walk.id)
    walk_on(life.world, replace(walk, stage="", cursor=None, finished_at=None))
    assert [balance(life, each.id) for each in few] == [100] * 3
    assert result(life, promotion) == Result(points={"MDL": 400}, clients=4, visits=0)


def test_grants_end_with_the_cap_and_nobody_gets_half_of_one(life: Life) -> None:
    few = people(life, 4)
    promotion = planned(life, grant=Gift(100), cap_points=250)
    life.run_until(datetime(2026, 11, 25, tzinfo=UTC))
    assert sorted(balance(life, each) for each in [MARIA, *(each.id for each in few)]) == [0, 0, 0, 100, 100]
    assert result(life, promotion).total == 200
    walk = life.store.get(Walk, network_id=NETWORK, id=seen(life, promotion).walk_id)
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
    life: Life, timezone: str, first: date, begins: datetime
) -> None:
    with_zone(life, timezone)
    promotion = planned(life, grant=Gift(100), starts_on=first, ends_on=first)
    life.world.clock.now = begins - timedelta(seconds=1)  # type: ignore[attr-defined]
    life.drain()
    assert seen(life, promotion).state is PromotionState.PLANNED
    life.world.clock.now = begins  # type: ignore[attr-defined]
    life.drain()
    assert seen(life, promotion).state is PromotionState.RUNNING
    life.drain()
    assert balance(life) == 100
