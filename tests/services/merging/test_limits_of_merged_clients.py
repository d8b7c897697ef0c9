"""Limits count source and target as one client: a merge starts no limit again."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.clients import client_plan
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty.account import EntryKind
from chalicelib.domain.networks.bonus_rules import ByHandLimit, Gift
from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.waking.walks import Walk
from chalicelib.services.loyalty.post_bonus import PostingByHand, post_by_hand
from chalicelib.services.marketing import promotions
from chalicelib.services.merging.merge_clients import merge_clients
from chalicelib.services.merging.unmerge_clients import unmerge_clients
from chalicelib.services.waking.walk_on import walk_on
from infra.testkit.builders import NETWORK, NOW, a_booking, a_client, access, save_booking, save_client
from infra.testkit.salon_driver import SalonDriver
from tests.services.rewarded import with_rules

MARIA, MASHA = "cli_maria00000000001", "cli_masha00000000001"
FIRST, LAST = date(2026, 11, 25), date(2026, 11, 27)
FIRST_MORNING = datetime(2026, 11, 25, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def masha(driver: SalonDriver) -> None:
    """Not in the first place of the list of clients that a walk goes through."""
    masha = a_client(MASHA, phone="+37369000001", email=None, created_at=NOW - timedelta(days=400))
    save_client(driver.store, masha)


def merged(driver: SalonDriver) -> None:
    merge_clients(driver.world, access(), MARIA, MASHA)


def unmerged(driver: SalonDriver) -> None:
    unmerge_clients(driver.world, access(), MARIA)


def compensated(driver: SalonDriver, client_id: str) -> Any:
    asked = PostingByHand(kind="compensation", points=50, reason="burnt her ear")
    return post_by_hand(driver.world, access(Role.RECEPTION), client_id, asked, None)


def visited(driver: SalonDriver, client_id: str, number: int) -> list[int]:
    """The points that a visit earned by the promotion."""
    at = FIRST_MORNING + timedelta(hours=number)
    booking = a_booking(f"bkg_{number:016d}", starts_at=at, client_id=client_id)
    save_booking(driver.store, booking)
    driver.world.clock.now = at
    done = driver.complete(booking)
    return [entry.points for entry in done.entries if entry.kind is EntryKind.PROMOTION]


def test_compensations_of_source_and_target_count_together_in_a_month(driver: SalonDriver) -> None:
    with_rules(driver, compensation={"reception": ByHandLimit(100, 50, 2)})
    compensated(driver, MARIA)
    compensated(driver, MASHA)
    merged(driver)
    with pytest.raises(DomainError, match="OVER_LIMIT"):
        compensated(driver, MASHA)
    unmerged(driver)
    compensated(driver, MASHA)
    compensated(driver, MARIA)


def test_a_promotions_cap_counts_source_and_target_as_one_client(driver: SalonDriver) -> None:
    said = {"name": "Double", "starts_on": FIRST, "ends_on": LAST, "multiplier_percent": 200}
    promotion = promotions.make_promotion(driver.world, access(), {**said, "client_cap_points": 40})
    assert visited(driver, MARIA, 1) == [25]
    merged(driver)
    assert visited(driver, MASHA, 2) == [15]
    assert visited(driver, MASHA, 3) == []
    (result,) = promotions.results_of(driver.world, [promotion]).values()
    assert (result.total, result.clients, result.visits) == (40, 1, 2)


def test_a_promotion_that_the_source_got_is_not_granted_to_the_target(driver: SalonDriver) -> None:
    """The walk reaches the target after the merge."""
    said = {"name": "Spring", "starts_on": FIRST, "ends_on": LAST, "grant": Gift(100, valid_days=10)}
    promotion = promotions.make_promotion(driver.world, access(), said)
    driver.run_until(datetime(2026, 11, 24, 23, tzinfo=UTC))
    late = save_client(driver.store, a_client("cli_ileana0000000001", phone="+37369000002", email=None)).id
    merge_clients(driver.world, access(), MARIA, late)
    walk_id = promotions.get_promotion(driver.world, access(), promotion.id).walk_id
    walk = driver.store.get(Walk, network_id=NETWORK, id=walk_id)
    walk_on(driver.world, replace(walk, stage="", cursor=None, finished_at=None))
    accounts = [driver.store.account(NETWORK, client_id) for client_id in (MARIA, MASHA, late)]
    assert [account.balance for account in accounts] == [0, 100, 100]
    (result,) = promotions.results_of(driver.world, [promotion]).values()
    assert (result.total, result.clients) == (200, 2)


def born(driver: SalonDriver, client_id: str, **said: Any) -> None:
    """The client with new fields, planned again."""
    client = replace(driver.store.get(Client, network_id=NETWORK, id=client_id), **said)
    directory = driver.world.directory(NETWORK)
    driver.store.save(client_plan.with_wake(client, directory, driver.world.now()))


def gifts(driver: SalonDriver, client_id: str) -> int:
    return sum(1 for each in driver.store.entries(NETWORK, client_id) if each.kind is EntryKind.BIRTHDAY)


@pytest.mark.parametrize("known", [None, date(1990, 12, 20)])
def test_a_merged_client_gets_one_birthday_gift_a_year(driver: SalonDriver, known: date | None) -> None:
    """One of the two clients has no birth date, or a wrong one."""
    with_rules(driver, birthday=Gift(200, valid_days=60))
    born(driver, MARIA, birth_date=date(1990, 12, 5))
    born(driver, MASHA, birth_date=known)
    driver.run_until(datetime(2026, 11, 29, tzinfo=UTC))
    assert gifts(driver, MARIA) == 1
    merged(driver)
    assert driver.store.get(Client, network_id=NETWORK, id=MASHA).birth_date == (known or date(1990, 12, 5))
    driver.run_until(datetime(2027, 1, 10, tzinfo=UTC))
    assert gifts(driver, MASHA) == 0
    driver.run_until(datetime(2027, 12, 20, tzinfo=UTC))
    assert gifts(driver, MASHA) == 1


def test_an_unmerged_source_has_its_own_birthday_again(driver: SalonDriver) -> None:
    with_rules(driver, birthday=Gift(200, valid_days=60))
    born(driver, MARIA, birth_date=date(1990, 12, 5))
    born(driver, MASHA, birth_date=date(1985, 12, 20))
    driver.run_until(datetime(2026, 11, 29, tzinfo=UTC))
    merged(driver)
    unmerged(driver)
    driver.run_until(datetime(2027, 1, 10, tzinfo=UTC))
    assert (gifts(driver, MARIA), gifts(driver, MASHA)) == (1, 1)
