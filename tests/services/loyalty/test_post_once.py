"""Two who post to one client at the same moment: both count, and what was asked for twice counts once."""

from datetime import datetime
from typing import Any

import pytest

from chalicelib.domain.loyalty.account import Account, Entry, EntryKind, Posting
from chalicelib.domain.loyalty.ledger import Posted, ensure_same, post
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.ids import entry_id
from chalicelib.services.loyalty.post_once import post_once
from infra.testkit.builders import NETWORK
from infra.testkit.salon_driver import SalonDriver

MARIA = "cli_maria00000000001"


def a_grant(cause: str, points: int = 10) -> Posting:
    return Posting(
        id=entry_id(MARIA, cause), kind=EntryKind.GRANT, points=points, reason="gift", actor="key:owner"
    )


def grant(driver: SalonDriver, posting: Posting, meanwhile: list[Posting] | None = None) -> Entry:
    """meanwhile: what others post between our reading and our writing, one of them at each try."""
    others = iter(meanwhile or [])

    def operation(account: Account, now: datetime) -> Posted:
        done = post(account, posting, now)
        for other in others:
            grant(driver, other)
            break
        return done

    def same(stands: Entry) -> None:
        ensure_same(posting, stands)

    return post_once(driver.world, NETWORK, MARIA, posting.id, operation, ensure_same=same)


def ledger(driver: SalonDriver) -> Any:
    assert driver.ledger_faults() == []
    return [(entry.number, entry.points) for entry in driver.store.entries(NETWORK, MARIA)]


def test_who_is_second_starts_over_and_both_count(driver: SalonDriver) -> None:
    grant(driver, a_grant("first"))
    mine = grant(driver, a_grant("mine", 5), [a_grant("theirs", 7), a_grant("and theirs", 8)])
    assert mine.balance_after == 30
    assert ledger(driver) == [(0, 10), (1, 7), (2, 8), (3, 5)]


def test_the_same_posting_at_the_same_moment_counts_once_and_answers_the_same(driver: SalonDriver) -> None:
    grant(driver, a_grant("first"))
    mine = grant(driver, a_grant("mine"), [a_grant("theirs"), a_grant("mine")])
    assert mine.number == 2
    assert ledger(driver) == [(0, 10), (1, 10), (2, 10)]


def test_another_posting_under_the_same_id_at_the_same_moment_is_refused(driver: SalonDriver) -> None:
    with pytest.raises(DomainError, match="ENTRY_EXISTS"):
        grant(driver, a_grant("mine", 5), [a_grant("mine", 6)])
    assert ledger(driver) == [(0, 6)]


def test_whoever_is_always_second_gives_up_and_says_so(driver: SalonDriver) -> None:
    with pytest.raises(DomainError, match="TRY_AGAIN"):
        grant(driver, a_grant("mine"), [a_grant(f"theirs {place}") for place in range(100)])
    assert len(ledger(driver)) < 100
