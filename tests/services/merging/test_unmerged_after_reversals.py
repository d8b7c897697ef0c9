"""Reversals of a source's entries while it was merged return to the source on unmerging. Source and target
then have what each would have had without the merge."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.loyalty import reverse_entry
from chalicelib.services.loyalty.post_bonus import PostingByHand, post_by_hand
from chalicelib.services.merging.merge_clients import merge_clients
from chalicelib.services.merging.unmerge_clients import unmerge_clients
from chalicelib.services.visits import refund_visit
from infra.testkit.builders import NETWORK, NOW, a_client, access, an_amount, save_client
from infra.testkit.salon_driver import SalonDriver

MARIA, PETRU = "cli_maria00000000001", "cli_petru00000000001"
ANOTHER_MARIA, ANOTHER_PETRU = "cli_maria00000000002", "cli_petru00000000002"
ILEANA = "cli_ileana0000000001"
ZONE = "Europe/Chisinau"


@pytest.fixture(autouse=True)
def clients(driver: SalonDriver) -> None:
    for number, client_id in enumerate((PETRU, ILEANA, ANOTHER_MARIA, ANOTHER_PETRU)):
        save_client(driver.store, a_client(client_id, phone=f"+3736900000{number}", email=None))


def given(driver: SalonDriver, client_id: str, points: int, request_id: str, days: int | None = None) -> Any:
    day = local_date(driver.world.now(), ZONE) + timedelta(days=days) if days is not None else None
    asked = PostingByHand(kind="grant", points=points, reason="gift", expires_on=day)
    return post_by_hand(driver.world, access(), client_id, asked, request_id)


def spent(driver: SalonDriver, client_id: str, points: int, request_id: str) -> Any:
    asked = PostingByHand(kind="redeem", points=points, reason="shampoo")
    return post_by_hand(driver.world, access(), client_id, asked, request_id)


def visited(driver: SalonDriver, client_id: str, redeem: int = 0) -> Booking:
    booking = driver.book(NOW + timedelta(hours=1), client=client_id)
    return driver.complete(booking, paid_minor=50_000, redeem_points=redeem).booking


def refunded(driver: SalonDriver, booking: Booking, minor: int, request_id: str = "r-1") -> None:
    refund_visit.refund(driver.world, access(), booking.id, an_amount(minor), "unhappy", request_id)


def merged(driver: SalonDriver, client_id: str = MARIA, into: str = PETRU) -> None:
    merge_clients(driver.world, access(), client_id, into)


def unmerged(driver: SalonDriver, client_id: str = MARIA) -> None:
    unmerge_clients(driver.world, access(), client_id)
    for each in (MARIA, PETRU, ILEANA):
        assert driver.ledger_faults(each) == []


def worth(driver: SalonDriver, client_id: str) -> int:
    account = driver.store.account(NETWORK, client_id)
    return account.balance - account.debt


def lots(driver: SalonDriver, client_id: str) -> list[tuple[int, Any]]:
    return [(lot.remaining, lot.expires_at) for lot in driver.store.account(NETWORK, client_id).lots]


def state_of(driver: SalonDriver, client_id: str) -> Any:
    """Everything that describes a client."""
    client, account = (
        driver.store.get(Client, network_id=NETWORK, id=client_id),
        driver.store.account(NETWORK, client_id),
    )
    assert client is not None
    return (
        account.balance,
        account.debt,
        [(lot.remaining, lot.expires_at) for lot in account.lots],
        account.turnover,
        client.visits_count,
        client.recent_visits,
        client.first_visit_on,
        {code: minor for code, minor in client.spent_minor.items() if minor},
    )


Undoing = Callable[[SalonDriver, Booking], None]


def half(driver: SalonDriver, booking: Booking) -> None:
    refunded(driver, booking, 25_000)


def whole(driver: SalonDriver, booking: Booking) -> None:
    refunded(driver, booking, 50_000)


def in_two_parts(driver: SalonDriver, booking: Booking) -> None:
    refunded(driver, booking, 10_001)
    refunded(driver, booking, 20_000, "r-2")


def taken_back(driver: SalonDriver, booking: Booking) -> None:
    driver.reopen(booking)


def partly_and_taken_back(driver: SalonDriver, booking: Booking) -> None:
    refunded(driver, booking, 10_001)
    driver.reopen(booking)


UNDONE = [half, whole, in_two_parts, taken_back, partly_and_taken_back]


@pytest.mark.parametrize("undo", UNDONE)
@pytest.mark.parametrize("redeem", [0, 40])
@pytest.mark.parametrize("gift_days", [None, 10, 200])
def test_a_visit_undone_before_a_merge_or_during_it_leaves_the_same(
    driver: SalonDriver, clock: Any, undo: Undoing, redeem: int, gift_days: int | None
) -> None:
    bookings = {}
    for client, other in ((MARIA, PETRU), (ANOTHER_MARIA, ANOTHER_PETRU)):
        given(driver, other, 30, f"theirs {other}", days=20)
        given(driver, client, 100, f"hers {client}", days=gift_days)
        bookings[client] = visited(driver, client, redeem)
    undo(driver, bookings[ANOTHER_MARIA])
    merged(driver)
    clock.now += timedelta(days=3)
    undo(driver, bookings[MARIA])
    clock.now += timedelta(days=3)
    unmerged(driver)
    assert state_of(driver, MARIA) == state_of(driver, ANOTHER_MARIA)
    assert state_of(driver, PETRU) == state_of(driver, ANOTHER_PETRU)


def test_reversed_points_of_the_source_leave_the_targets_points_with_their_dates(
    driver: SalonDriver, clock: Any
) -> None:
    given(driver, PETRU, 30, "theirs", days=5)
    gift = given(driver, MARIA, 100, "hers", days=60)
    before = lots(driver, PETRU)
    merged(driver)
    reverse_entry.reverse_entry(driver.world, access(), gift.id, "mistake")
    assert lots(driver, PETRU) == before
    unmerged(driver)
    assert lots(driver, PETRU) == before
    assert lots(driver, MARIA) == []


def test_reversed_points_of_the_source_that_the_target_had_spent_are_the_sources_debt(
    driver: SalonDriver,
) -> None:
    given(driver, PETRU, 30, "theirs", days=60)
    gift = given(driver, MARIA, 100, "hers", days=5)
    merged(driver)
    spent(driver, PETRU, 90, "shampoo")
    reverse_entry.reverse_entry(driver.world, access(), gift.id, "mistake")
    assert worth(driver, PETRU) == -60
    unmerged(driver)
    assert (worth(driver, MARIA), worth(driver, PETRU)) == (0, -60)


def test_points_refunded_for_the_source_and_spent_by_the_target_are_the_targets_debt(
    driver: SalonDriver,
) -> None:
    given(driver, MARIA, 100, "hers")
    shampoo = spent(driver, MARIA, 100, "shampoo")
    merged(driver)
    reverse_entry.reverse_entry(driver.world, access(), shampoo.id, "never sold")
    spent(driver, PETRU, 70, "mask")
    unmerged(driver)
    assert (worth(driver, MARIA), worth(driver, PETRU)) == (100, -70)


def test_points_refunded_for_the_source_that_expired_are_gone_for_source_and_target(
    driver: SalonDriver, clock: Any
) -> None:
    given(driver, MARIA, 100, "hers", days=10)
    shampoo = spent(driver, MARIA, 60, "shampoo")
    merged(driver)
    reverse_entry.reverse_entry(driver.world, access(), shampoo.id, "never sold")
    spent(driver, PETRU, 25, "mask")
    clock.now += timedelta(days=12)
    unmerged(driver)
    assert (worth(driver, MARIA), worth(driver, PETRU)) == (25, -25)


def test_a_debt_from_a_reversal_on_the_target_returns_to_the_source(driver: SalonDriver) -> None:
    gift = given(driver, MARIA, 100, "hers")
    spent(driver, MARIA, 100, "shampoo")
    merged(driver)
    reverse_entry.reverse_entry(driver.world, access(), gift.id, "mistake")
    given(driver, PETRU, 130, "theirs")
    assert worth(driver, PETRU) == 30
    unmerged(driver)
    assert (worth(driver, MARIA), worth(driver, PETRU)) == (-100, 130)


def test_unmerging_returns_only_the_reversals_since_that_merge(driver: SalonDriver) -> None:
    gift = given(driver, MARIA, 100, "hers")
    booking = visited(driver, MARIA)
    merged(driver)
    refunded(driver, booking, 25_000)
    unmerged(driver)
    earned = worth(driver, MARIA) - 100
    merged(driver)
    reverse_entry.reverse_entry(driver.world, access(), gift.id, "mistake")
    refunded(driver, booking, 25_000, "r-2")
    unmerged(driver)
    assert earned > 0
    assert (worth(driver, MARIA), worth(driver, PETRU)) == (0, 0)


@pytest.mark.parametrize("redeem", [0, 40])
def test_a_reversal_returns_to_the_source_through_two_merges(driver: SalonDriver, redeem: int) -> None:
    given(driver, PETRU, 30, "theirs")
    for client in (MARIA, ANOTHER_MARIA):
        given(driver, client, 100, f"hers {client}")
    hers, anothers = (visited(driver, client, redeem) for client in (MARIA, ANOTHER_MARIA))
    refunded(driver, anothers, 20_000)
    driver.reopen(anothers)
    merged(driver)
    refunded(driver, hers, 20_000)
    merged(driver, PETRU, ILEANA)
    driver.reopen(hers)
    unmerged(driver, PETRU)
    assert worth(driver, ILEANA) == 0
    unmerged(driver, MARIA)
    assert state_of(driver, MARIA) == state_of(driver, ANOTHER_MARIA)
    assert worth(driver, PETRU) == 30
    assert driver.store.get(Client, network_id=NETWORK, id=PETRU).visits_count == 0


def test_a_visit_kept_by_another_booking_of_the_day_is_kept_across_merges(
    driver: SalonDriver,
) -> None:
    first, second = visited(driver, MARIA), visited(driver, MARIA)
    merged(driver)
    driver.reopen(first)
    assert driver.store.get(Client, network_id=NETWORK, id=PETRU).visits_count == 1
    driver.reopen(second)
    assert driver.store.get(Client, network_id=NETWORK, id=PETRU).visits_count == 0
    unmerged(driver)
    assert driver.store.get(Client, network_id=NETWORK, id=MARIA).visits_count == 0
