"""What was undone for a client while they were merged goes with them again: each of the two then has what
they would have had."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.loyalty import undo_entry
from chalicelib.services.loyalty.post_bonus import ByHand, post_by_hand
from chalicelib.services.merging.merge_clients import merge_clients, unmerge_clients
from chalicelib.services.visits import refund_visit
from infra.testkit.builders import NETWORK, NOW, a_client, access, save_client
from infra.testkit.salon_driver import Life

MARIA, PETRU = "cli_maria00000000001", "cli_petru00000000001"
ANOTHER_MARIA, ANOTHER_PETRU = "cli_maria00000000002", "cli_petru00000000002"
ILEANA = "cli_ileana0000000001"
ZONE = "Europe/Chisinau"


@pytest.fixture(autouse=True)
def clients(life: Life) -> None:
    for number, id in enumerate((PETRU, ILEANA, ANOTHER_MARIA, ANOTHER_PETRU)):
        save_client(life.store, a_client(id, phone=f"+3736900000{number}", email=None))


def given(life: Life, client_id: str, points: int, id: str, days: int | None = None) -> Any:
    day = local_date(life.world.now(), ZONE) + timedelta(days=days) if days is not None else None
    asked = ByHand(kind="grant", points=points, reason="gift", expires_on=day)
    return post_by_hand(life.world, access(), client_id, asked, id)


def spent(life: Life, client_id: str, points: int, id: str) -> Any:
    return post_by_hand(
        life.world, access(), client_id, ByHand(kind="redeem", points=points, reason="shampoo"), id
    )


def visited(life: Life, client_id: str, redeem: int = 0) -> Booking:
    booking = life.book(NOW + timedelta(days=1), client=client_id)
    return life.complete(booking, paid_minor=50_000, redeem_points=redeem).booking


def refunded(life: Life, booking: Booking, minor: int, id: str = "r-1") -> None:
    refund_visit.refund(
        life.world, NETWORK, booking.id, minor, "unhappy", lambda booking: None, "key:test", id
    )


def merged(life: Life, client_id: str = MARIA, into: str = PETRU) -> None:
    merge_clients(life.world, access(), client_id, into)


def unmerged(life: Life, client_id: str = MARIA) -> None:
    unmerge_clients(life.world, access(), client_id)
    for each in (MARIA, PETRU, ILEANA):
        assert life.ledger_faults(each) == []


def worth(life: Life, client_id: str) -> int:
    account = life.store.account(NETWORK, client_id)
    return account.balance - account.debt


def lots(life: Life, client_id: str) -> list[tuple[int, Any]]:
    return [(lot.remaining, lot.expires_at) for lot in life.store.account(NETWORK, client_id).lots]


def stands(life: Life, client_id: str) -> Any:
    """All that a client is told by."""
    client, account = (
        life.store.get(Client, network_id=NETWORK, id=client_id),
        life.store.account(NETWORK, client_id),
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


Undoing = Callable[[Life, Booking], None]


def half(life: Life, booking: Booking) -> None:
    refunded(life, booking, 25_000)


def whole(life: Life, booking: Booking) -> None:
    refunded(life, booking, 50_000)


def in_two_parts(life: Life, booking: Booking) -> None:
    refunded(life, booking, 10_001)
    refunded(life, booking, 20_000, "r-2")


def taken_back(life: Life, booking: Booking) -> None:
    life.reopen(booking)


def partly_and_taken_back(life: Life, booking: Booking) -> None:
    refunded(life, booking, 10_001)
    life.reopen(booking)


UNDONE = [half, whole, in_two_parts, taken_back, partly_and_taken_back]


@pytest.mark.parametrize("undo", UNDONE)
@pytest.mark.parametrize("redeem", [0, 40])
@pytest.mark.parametrize("gift_days", [None, 10, 200])
def test_whether_a_visit_is_undone_before_a_merge_or_during_it_comes_to_the_same(
    life: Life, clock: Any, undo: Undoing, redeem: int, gift_days: int | None
) -> None:
    bookings = {}
    for client, other in ((MARIA, PETRU), (ANOTHER_MARIA, ANOTHER_PETRU)):
        given(life, other, 30, f"theirs {other}", days=20)
        given(life, client, 100, f"hers {client}", days=gift_days)
        bookings[client] = visited(life, client, redeem)
    undo(life, bookings[ANOTHER_MARIA])
    merged(life)
    clock.now += timedelta(days=3)
    undo(life, bookings[MARIA])
    clock.now += timedelta(days=3)
    unmerged(life)
    assert stands(life, MARIA) == stands(life, ANOTHER_MARIA)
    assert stands(life, PETRU) == stands(life, ANOTHER_PETRU)


def test_points_undone_of_one_leave_the_other_their_own_with_their_dates(life: Life, clock: Any) -> None:
    given(life, PETRU, 30, "theirs", days=5)
    gift = given(life, MARIA, 100, "hers", days=60)
    before = lots(life, PETRU)
    merged(life)
    undo_entry.reverse(life.world, access(), gift.id, "mistake")
    assert lots(life, PETRU) == before
    unmerged(life)
    assert lots(life, PETRU) == before
    assert lots(life, MARIA) == []


def test_points_undone_of_one_when_the_other_had_spent_them_are_owed_by_who_was_to_have_them(
    life: Life,
) -> None:
    given(life, PETRU, 30, "theirs", days=60)
    gift = given(life, MARIA, 100, "hers", days=5)
    merged(life)
    spent(life, PETRU, 90, "shampoo")
    undo_entry.reverse(life.world, access(), gift.id, "mistake")
    assert worth(life, PETRU) == -60
    unmerged(life)
    assert (worth(life, MARIA), worth(life, PETRU)) == (0, -60)


def test_points_that_came_back_for_one_and_were_spent_are_owed_by_who_spent_them(life: Life) -> None:
    given(life, MARIA, 100, "hers")
    shampoo = spent(life, MARIA, 100, "shampoo")
    merged(life)
    undo_entry.reverse(life.world, access(), shampoo.id, "never sold")
    spent(life, PETRU, 70, "mask")
    unmerged(life)
    assert (worth(life, MARIA), worth(life, PETRU)) == (100, -70)


def test_points_that_came_back_for_one_and_expired_are_gone_for_both(life: Life, clock: Any) -> None:
    given(life, MARIA, 100, "hers", days=10)
    shampoo = spent(life, MARIA, 60, "shampoo")
    merged(life)
    undo_entry.reverse(life.world, access(), shampoo.id, "never sold")
    spent(life, PETRU, 25, "mask")
    clock.now += timedelta(days=12)
    unmerged(life)
    assert (worth(life, MARIA), worth(life, PETRU)) == (25, -25)


def test_a_debt_that_was_made_with_the_other_goes_with_whose_it_was(life: Life) -> None:
    gift = given(life, MARIA, 100, "hers")
    spent(life, MARIA, 100, "shampoo")
    merged(life)
    undo_entry.reverse(life.world, access(), gift.id, "mistake")
    given(life, PETRU, 130, "theirs")
    assert worth(life, PETRU) == 30
    unmerged(life)
    assert (worth(life, MARIA), worth(life, PETRU)) == (-100, 130)


def test_each_merge_carries_back_only_what_was_undone_since(life: Life) -> None:
    gift = given(life, MARIA, 100, "hers")
    booking = visited(life, MARIA)
    merged(life)
    refunded(life, booking, 25_000)
    unmerged(life)
    earned = worth(life, MARIA) - 100
    merged(life)
    undo_entry.reverse(life.world, access(), gift.id, "mistake")
    refunded(life, booking, 25_000, "r-2")
    unmerged(life)
    assert earned > 0
    assert (worth(life, MARIA), worth(life, PETRU)) == (0, 0)


@pytest.mark.parametrize("redeem", [0, 40])
def test_through_two_merges_what_was_undone_finds_its_way_back(life: Life, redeem: int) -> None:
    given(life, PETRU, 30, "theirs")
    for client in (MARIA, ANOTHER_MARIA):
        given(life, client, 100, f"hers {client}")
    hers, anothers = (visited(life, client, redeem) for client in (MARIA, ANOTHER_MARIA))
    refunded(life, anothers, 20_000)
    life.reopen(anothers)
    merged(life)
    refunded(life, hers, 20_000)
    merged(life, PETRU, ILEANA)
    life.reopen(hers)
    unmerged(life, PETRU)
    assert worth(life, ILEANA) == 0
    unmerged(life, MARIA)
    assert stands(life, MARIA) == stands(life, ANOTHER_MARIA)
    assert worth(life, PETRU) == 30
    assert life.store.get(Client, network_id=NETWORK, id=PETRU).visits_count == 0


def test_a_visit_that_another_booking_of_the_day_keeps_is_kept_whoever_they_are_by_then(life: Life) -> None:
    first, second = visited(life, MARIA), visited(life, MARIA)
    merged(life)
    life.reopen(first)
    assert life.store.get(Client, network_id=NETWORK, id=PETRU).visits_count == 1
    life.reopen(second)
    assert life.store.get(Client, network_id=NETWORK, id=PETRU).visits_count == 0
    unmerged(life)
    assert life.store.get(Client, network_id=NETWORK, id=MARIA).visits_count == 0
