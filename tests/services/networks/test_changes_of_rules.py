"""A policy is not applied backwards: no change of the programme, or of the network's time zone, touches
points that were granted before it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.loyalty.account import Account, Lot
from chalicelib.domain.networks.bonus_rules import (
    Exclusions,
    Expiry,
    ExpiryModel,
    GroupProgramme,
    Tier,
    TiersBy,
)
from chalicelib.domain.networks.network import Network
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.ids import derived
from chalicelib.domain.waking.walks import Walk
from chalicelib.services.networks import set_up
from chalicelib.services.networks.set_rules import set_rules
from infra.testkit.builders import NETWORK, NOW, access
from infra.testkit.salon_driver import SalonDriver

MARIA = "cli_maria00000000001"


def change(driver: SalonDriver, **bonuses: Any) -> None:
    version = driver.store.get(Network, network_id=NETWORK).rules_version
    set_rules(driver.world, access(), version, messages={}, bonuses=bonuses)


def account(driver: SalonDriver) -> Account:
    assert driver.ledger_faults() == []
    found: Account = driver.store.account(NETWORK, MARIA)
    return found


def visit(driver: SalonDriver, paid_minor: int = 50_000) -> Lot:
    """A visit that is made and paid; the points it earned."""
    driver.complete(driver.book(driver.world.now() + timedelta(hours=2)), paid_minor=paid_minor)
    return account(driver).lots[-1]


EXPIRIES = [
    Expiry(ExpiryModel.NEVER),
    Expiry(ExpiryModel.DAYS, 30),
    Expiry(ExpiryModel.MONTH_END, 6),
    Expiry(ExpiryModel.INACTIVITY, 90),
]
STEPS = (Tier("Silver", 0, 1, 5), Tier("Gold", 1, None, 10))


@pytest.mark.parametrize("stood", EXPIRIES, ids=lambda each: each.model.value)
@pytest.mark.parametrize(
    "changes",
    [
        {"expiry": Expiry(ExpiryModel.DAYS, 1)},
        {"expiry": Expiry(ExpiryModel.INACTIVITY, 1)},
        {"expiry": Expiry(ExpiryModel.MONTH_END, 1)},
        {"expiry": Expiry(ExpiryModel.NEVER)},
        {"pending_days": 20, "redeem_minimum_points": 1000, "redeem_cap_percent": 0},
        {"cashback_percent": 1, "point_value_minor": 1, "grace_days": 1},
        {"tiers": STEPS, "tiers_by": TiersBy.VISITS},
        {"programmes": (GroupProgramme(name="Short", expiry=Expiry(ExpiryModel.DAYS, 1)),)},
        {"enabled": False},
    ],
    ids=lambda changes: "-".join(changes),
)
def test_no_change_of_rules_touches_points_granted_before_it(
    driver: SalonDriver, clock: Any, stood: Expiry, changes: dict[str, Any]
) -> None:
    change(driver, expiry=stood)
    visit(driver)
    before = account(driver)
    change(driver, **changes)
    assert account(driver) == before
    clock.forward(hours=3)
    driver.complete(driver.book(clock.now + timedelta(hours=2)))
    was, current = before.lots[0], account(driver).lots[0]
    assert current.expires_at == was.expires_at  # on the same day; an idle lot would live on, never be cut
    assert replace(current, expires_at=None) == replace(was, expires_at=None)


def test_points_live_to_the_last_day_that_they_were_granted_with(driver: SalonDriver, clock: Any) -> None:
    """Thirty days were promised, the rules now say one day."""
    change(driver, expiry=Expiry(ExpiryModel.DAYS, 30))
    visit(driver)
    change(driver, expiry=Expiry(ExpiryModel.DAYS, 1))
    later = visit(driver, 20_000)
    assert later.expires_at == datetime(2026, 11, 24, 22, tzinfo=UTC)
    clock.now = datetime(2026, 12, 23, 21, 59, 59, tzinfo=UTC)  # a second before midnight in Chisinau
    assert account(driver).available(clock.now) == 25
    clock.forward(seconds=1)
    assert account(driver).available(clock.now) == 0


def test_points_that_outlive_inactivity_do_so_by_the_days_that_they_were_granted_with(
    driver: SalonDriver, clock: Any
) -> None:
    change(driver, expiry=Expiry(ExpiryModel.INACTIVITY, 90))
    visit(driver)
    change(driver, expiry=Expiry(ExpiryModel.INACTIVITY, 10))
    clock.forward(days=60)
    visit(driver)
    first, second = account(driver).lots
    assert (first.expires_at, second.expires_at) == (
        datetime(2027, 4, 22, 21, tzinfo=UTC),  # ninety days after the second visit, in summer time
        datetime(2027, 2, 1, 22, tzinfo=UTC),
    )


def test_tiers_hold_for_the_bills_that_come_and_by_what_was_spent_before_them(driver: SalonDriver) -> None:
    assert visit(driver).remaining == 25
    change(driver, tiers=STEPS, tiers_by=TiersBy.VISITS)
    assert [lot.remaining for lot in account(driver).lots] == [25]
    assert visit(driver).remaining == 50  # the visit before counts
    change(driver, tiers=(Tier("All", 0, None, 1),))
    assert [lot.remaining for lot in account(driver).lots] == [25, 50]
    assert visit(driver).remaining == 5


def test_what_a_bill_earned_is_taken_back_as_it_was_earned(driver: SalonDriver) -> None:
    booking = driver.book(NOW + timedelta(hours=2))
    driver.complete(booking)
    change(driver, cashback_percent=50, point_value_minor=10, earn_excludes=Exclusions(goods=True))
    driver.reopen(booking)
    assert (account(driver).balance, account(driver).debt) == (0, 0)


def test_points_of_a_programme_that_is_switched_off_wait_for_it(driver: SalonDriver, clock: Any) -> None:
    visit(driver)
    clock.forward(days=1)
    change(driver, enabled=False)
    booking = driver.book(clock.now + timedelta(hours=2))
    with pytest.raises(DomainError, match="OVER_CAP"):
        driver.complete(booking, redeem_points=25)
    change(driver, enabled=True)
    done = driver.complete(booking, redeem_points=25)
    assert [each.points for each in done.entries] == [-25, 23]


# --- the network's time zone


def test_another_time_zone_of_the_network_leaves_points_their_instant(driver: SalonDriver) -> None:
    change(driver, expiry=Expiry(ExpiryModel.DAYS, 30))
    stood = visit(driver)
    set_up.change_network(driver.world, access(), {"timezone": "Asia/Tokyo"})
    assert account(driver).lots == (stood,)
    added = visit(driver)
    assert (account(driver).lots[0], stood.expires_at) == (stood, datetime(2026, 12, 23, 22, tzinfo=UTC))
    assert added.expires_at == datetime(2026, 12, 23, 15, tzinfo=UTC)  # midnight in Tokyo


def test_the_warnings_of_a_network_in_another_time_zone_are_planned_anew(
    driver: SalonDriver, clock: Any
) -> None:
    """What ends at midnight in Chisinau ends on the next morning in Tokyo."""
    change(driver, expiry=Expiry(ExpiryModel.DAYS, 30))
    visit(driver)
    stood = account(driver).wake
    set_up.change_network(driver.world, access(), {"timezone": "Asia/Tokyo"})
    clock.forward(seconds=91)
    driver.drain()
    assert driver.store.get_page(Walk, network_id=NETWORK).items[0].finished_at is not None
    wake = account(driver).wake
    assert stood is not None
    assert wake == replace(stood, at=stood.at + timedelta(days=1))


def test_a_salon_that_is_added_leaves_the_network_its_time_zone(driver: SalonDriver) -> None:
    """The ids of salons that are added with an Idempotency-Key are in no order."""
    first = next(f"r{n}" for n in range(100) if derived("sal", NETWORK, f"r{n}") < "sal_centru")
    last = next(f"r{n}" for n in range(100) if derived("sal", NETWORK, f"r{n}") > "sal_york")
    changes = {"name": "Tokyo", "timezone": "Asia/Tokyo", "currency": "JPY", "address": "1 Ginza"}
    set_up.add_salon(driver.world, access(), changes, last)
    assert driver.store.get(Network, network_id=NETWORK).timezone is None
    added = set_up.add_salon(driver.world, access(), changes, first)
    assert set_up.add_salon(driver.world, access(), changes, first) == added
    assert driver.store.get(Network, network_id=NETWORK).timezone == "Europe/Chisinau"
    assert driver.world.directory(NETWORK).zone == "Europe/Chisinau"
