"""Every AWS call of a promotion and of a draw of surprises fails in turn; gone on with, everybody has got
what is theirs once, and what was counted is what was given."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import VisitDay
from chalicelib.domain.loyalty.surprises import SurpriseMonth
from chalicelib.domain.marketing.promotions import Promotion
from chalicelib.domain.networks.bonus_rules import Gift, Surprise
from chalicelib.domain.networks.segments import Segment
from chalicelib.services.marketing import promotions
from chalicelib.services.networks.set_rules import set_rules
from infra.testkit.builders import NETWORK, NOW, a_booking, a_client, access, save_booking
from infra.testkit.failing_calls import Failure
from infra.testkit.paged_store import PagedStore
from infra.testkit.salon_driver import SalonDriver
from tests.crash.arranged import MARIA_ID, Story, fail_each_call

FIRST = date(2026, 11, 25)
BEGINS = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)
DRAWN = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


def clients(driver: SalonDriver, **said: Any) -> list[str]:
    """Three, who with Maria make two pages."""
    for place in range(3):
        client = a_client(
            _id(place), phone=f"+3736900{place:04d}", created_at=NOW - timedelta(days=place), **said
        )
        driver.store.save(client)
    return [_id(place) for place in range(3)]


def _id(place: int) -> str:
    return f"cli_{place:016d}"


def a_promotion(driver: SalonDriver, **said: Any) -> Promotion:
    given: dict[str, Any] = {"name": "x", "starts_on": FIRST, "ends_on": FIRST}
    return promotions.make_promotion(driver.world, access(), {**given, **said})


def totals(driver: SalonDriver) -> tuple[int, int, int]:
    (promotion,) = promotions.planned_promotions(driver.world, access(), None)
    result = promotions.results_of(driver.world, [promotion])[promotion.id]
    return result.total, result.clients, result.visits


def balances(driver: SalonDriver, ids: list[str]) -> list[int]:
    assert [driver.ledger_faults(each_id) for each_id in ids] == [[]] * len(ids)
    return [driver.store.account(NETWORK, each_id).balance for each_id in ids]


def woken(driver: SalonDriver, at: datetime, times: int) -> None:
    driver.world = replace(driver.world, store=PagedStore(driver.store))
    driver.world.clock.now = max(at, driver.world.now())  # type: ignore[attr-defined]
    for _ in range(times):
        driver.drain()


# --- grants


def a_grant(driver: SalonDriver) -> list[str]:
    ids = clients(driver, source="spring", email=None)
    a_promotion(driver, grant=Gift(100), cap_points=350, audience=Segment(sources=("spring",)))
    return ids


def start(driver: SalonDriver, ids: list[str]) -> None:
    woken(driver, BEGINS, 3)


def start_again(driver: SalonDriver, ids: list[str]) -> None:
    woken(driver, BEGINS, 1)
    driver.run_until(BEGINS + timedelta(hours=2))


def each_was_given_it_once(driver: SalonDriver, ids: list[str]) -> None:
    assert balances(driver, [*ids, MARIA_ID]) == [100] * 3 + [0]
    assert totals(driver) == (300, 3, 0)


# --- visits


def a_visit(driver: SalonDriver) -> Booking:
    a_promotion(driver, multiplier_percent=200, cap_points=40)
    booking = save_booking(driver.store, a_booking(starts_at=BEGINS + timedelta(hours=12)))
    driver.world.clock.now = booking.starts_at  # type: ignore[attr-defined]
    return booking


def complete(driver: SalonDriver, booking: Booking) -> None:
    driver.complete(booking)


def it_was_promoted_once(driver: SalonDriver, booking: Booking) -> None:
    assert balances(driver, [MARIA_ID]) == [50]
    assert totals(driver) == (25, 1, 1)


def a_completed_visit(driver: SalonDriver) -> Booking:
    booking = a_visit(driver)
    return driver.complete(booking).booking


def reopen(driver: SalonDriver, booking: Booking) -> None:
    driver.reopen(booking)


def nothing_is_left_of_it(driver: SalonDriver, booking: Booking) -> None:
    assert balances(driver, [MARIA_ID]) == [0]
    assert totals(driver) == (0, 0, 0)


# --- surprises


def regulars(driver: SalonDriver) -> list[str]:
    days = [date(2026, month, day) for month in range(6, 12) for day in (5, 20)]
    visits = tuple(VisitDay(day, "sal_centru") for day in reversed(days))
    ids = clients(driver, visits_count=12, recent_visits=visits, email=None)
    gifts = Surprise(gift=Gift(100), monthly_budget_points=250, holdout_percent=0)
    set_rules(driver.world, access(), 1, messages={}, bonuses={"surprise": gifts})
    return ids


def draw(driver: SalonDriver, ids: list[str]) -> None:
    woken(driver, DRAWN, 6)


def draw_again(driver: SalonDriver, ids: list[str]) -> None:
    woken(driver, DRAWN, 1)
    driver.run_until(DRAWN + timedelta(hours=2))


def the_budget_was_drawn_once(driver: SalonDriver, ids: list[str]) -> None:
    assert sorted(balances(driver, ids)) == [0, 100, 100]
    month = driver.store.get(SurpriseMonth, network_id=NETWORK, month="2026-12")
    assert (month.spent_points, month.drawn, month.regulars) == (200, 2, 3)
    assert month.done_at is not None


STORIES: dict[str, Story] = {
    "a grant": (a_grant, start, start_again, each_was_given_it_once),
    "a visit": (a_visit, complete, complete, it_was_promoted_once),
    "a visit taken back": (a_completed_visit, reopen, reopen, nothing_is_left_of_it),
    "a draw": (regulars, draw, draw_again, the_budget_was_drawn_once),
}
CASES = [
    *(("a visit", failure) for failure in Failure),
    *(("a visit taken back", failure) for failure in (Failure.REPEATED, Failure.DIED)),
    *((story, Failure.DIED) for story in ("a grant", "a draw")),
]


@pytest.mark.parametrize(("story", "failure"), CASES)
def test_any_call_may_fail_and_all_is_given_once(aws: dict[str, Any], story: str, failure: Failure) -> None:
    assert fail_each_call(aws, STORIES[story], failure) > 5
