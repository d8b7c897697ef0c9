"""An entry is reversed once, whether on the source's ledger or on the target's."""

from datetime import timedelta

import pytest

from chalicelib.domain.loyalty.account import EntryKind, Posting
from chalicelib.domain.shared.errors import DomainError
from chalicelib.services.loyalty import reverse_entry
from chalicelib.services.loyalty.post_bonus import PostingByHand, post_by_hand, post_to_client
from chalicelib.services.merging.merge_clients import merge_clients
from chalicelib.services.merging.unmerge_clients import unmerge_clients
from chalicelib.services.visits import refund_visit
from infra.testkit.builders import NETWORK, NOW, a_client, access, an_amount, save_client
from infra.testkit.salon_driver import SalonDriver

MARIA, PETRU = "cli_maria00000000001", "cli_petru00000000001"


@pytest.fixture
def petru(driver: SalonDriver) -> str:
    return save_client(driver.store, a_client(PETRU, phone="+37369000001", email=None)).id


def worth(driver: SalonDriver) -> int:
    """The net points of both clients."""
    accounts = [driver.store.account(NETWORK, client_id) for client_id in (MARIA, PETRU)]
    assert driver.ledger_faults(MARIA) == driver.ledger_faults(PETRU) == []
    return sum(account.balance - account.debt for account in accounts)


def test_an_entry_that_was_reversed_on_the_target_is_not_reversed_again(
    driver: SalonDriver, petru: str
) -> None:
    asked = PostingByHand(kind="grant", points=100, reason="gift")
    gift = post_by_hand(driver.world, access(), MARIA, asked, "gift")
    merge_clients(driver.world, access(), MARIA, petru)
    first = reverse_entry.reverse_entry(driver.world, access(), gift.id, "mistake")
    unmerge_clients(driver.world, access(), MARIA)
    assert reverse_entry.reverse_entry(driver.world, access(), gift.id, "mistake") == first
    assert worth(driver) == 0


def test_a_reversal_repeated_after_a_merge_answers_as_the_first_time(driver: SalonDriver, petru: str) -> None:
    asked = PostingByHand(kind="grant", points=100, reason="gift")
    gift = post_by_hand(driver.world, access(), MARIA, asked, "gift")
    first = reverse_entry.reverse_entry(driver.world, access(), gift.id, "mistake")
    merge_clients(driver.world, access(), MARIA, petru)
    assert reverse_entry.reverse_entry(driver.world, access(), gift.id, "mistake") == first
    assert worth(driver) == 0


def test_a_visit_that_was_refunded_on_the_target_is_not_reversed_again(
    driver: SalonDriver, petru: str
) -> None:
    booking = driver.book(NOW + timedelta(days=1))
    driver.complete(booking, paid_minor=50_000)
    merge_clients(driver.world, access(), MARIA, petru)
    refund_visit.refund(driver.world, access(), booking.id, an_amount(50_000), "unhappy", "r-1")
    unmerge_clients(driver.world, access(), MARIA)
    driver.reopen(booking)
    assert worth(driver) == 0


def test_nothing_is_posted_to_a_source_that_was_merged_a_moment_ago(driver: SalonDriver, petru: str) -> None:
    maria = driver.client()
    asked = PostingByHand(kind="grant", points=100, reason="gift")
    post_by_hand(driver.world, access(), MARIA, asked, "gift")
    merge_clients(driver.world, access(), MARIA, petru)
    late = Posting(id="ent_late", kind=EntryKind.GRANT, points=7, reason="gift", actor="key:test")
    with pytest.raises(DomainError, match="CLIENT_MERGED"):
        post_to_client(driver.world, maria, late)
    assert worth(driver) == 100


def test_a_request_repeated_after_a_merge_answers_as_the_first_time(driver: SalonDriver, petru: str) -> None:
    asked = PostingByHand(kind="grant", points=100, reason="gift")
    first = post_by_hand(driver.world, access(), MARIA, asked, "gift")
    merge_clients(driver.world, access(), MARIA, petru)
    assert post_by_hand(driver.world, access(), MARIA, asked, "gift") == first
    assert worth(driver) == 100
