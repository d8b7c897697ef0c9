"""A request that comes again, long after: it answers as the first time, whatever has become of account and
programme since, and posts nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.loyalty.account import Entry
from chalicelib.domain.loyalty.programme import Bill
from chalicelib.domain.networks.bonus_rules import BonusRules, GroupProgramme
from chalicelib.domain.networks.network import Network
from chalicelib.domain.shared.errors import DomainError
from chalicelib.services.loyalty import hold_points
from chalicelib.services.loyalty.post_bonus import PostingByHand, post_by_hand
from infra.testkit.builders import NETWORK, NOW, a_salon, access
from infra.testkit.salon_driver import SalonDriver

MARIA = "cli_maria00000000001"


def rules(driver: SalonDriver, **values: Any) -> None:
    network = driver.store.get(Network, network_id=NETWORK)
    driver.store.save(replace(network, rules=replace(network.rules, bonuses=BonusRules(**values))))
    driver.world.directories.forget(NETWORK)


def gift(driver: SalonDriver, points: int = 500) -> Entry:
    on = (NOW + timedelta(days=5)).date()
    asked = PostingByHand(kind="grant", points=points, reason="gift", expires_on=on)
    return post_by_hand(driver.world, access(), MARIA, asked, "gift")


def hold(driver: SalonDriver, points: int = 100) -> Entry:
    bill = Bill(paid_minor=40_000)
    return hold_points.hold_at_desk(
        driver.world, access(), driver.client(), points, "sal_centru", bill, "hold-1"
    )


def redeem(driver: SalonDriver) -> Entry:
    return hold_points.redeem_hold(driver.world, access(), hold(driver).id, 60, "sal_botanica")


def release(driver: SalonDriver) -> Entry:
    return hold_points.release_hold(driver.world, access(), hold(driver).id)


def reverse(driver: SalonDriver) -> Entry:
    return driver.reverse(gift(driver).id)


@pytest.mark.parametrize("request_", [gift, hold, redeem, release, reverse])
def test_a_request_that_comes_again_a_year_later_answers_as_the_first_time(
    driver: SalonDriver, clock: Any, request_: Callable[[SalonDriver], Entry]
) -> None:
    driver.store.save(a_salon("sal_botanica"))
    gift(driver)
    first = request_(driver)
    current = driver.store.entries(NETWORK, MARIA)
    clock.forward(days=365)
    other = GroupProgramme(name="Botanica", salon_ids=("sal_botanica",), redeem_cap_percent=1)
    rules(driver, redeem_cap_percent=1, programmes=(other,))
    assert request_(driver) == first
    assert driver.store.entries(NETWORK, MARIA) == current
    assert driver.ledger_faults() == []


def test_points_that_expire_in_the_past_are_not_given(driver: SalonDriver) -> None:
    asked = PostingByHand(kind="grant", points=1, reason="x", expires_on=(NOW - timedelta(days=1)).date())
    with pytest.raises(DomainError, match="INVALID_EXPIRY"):
        post_by_hand(driver.world, access(), MARIA, asked, "late")


def test_a_hold_asked_for_again_after_it_was_released_is_not_held_anew(driver: SalonDriver) -> None:
    gift(driver)
    first = hold(driver)
    release(driver)
    assert hold(driver) == first
    assert driver.store.account(NETWORK, MARIA).held == 0
    with pytest.raises(DomainError, match="ENTRY_EXISTS"):
        hold(driver, 99)
