"""Compensations: each role within its limits, under any number of hands at once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.loyalty.account import Entry
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.bonus_rules import ByHandLimit
from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.operations import Tally
from chalicelib.services.loyalty.post_bonus import PostingByHand, post_by_hand
from chalicelib.services.loyalty.reverse_entry import reverse_entry
from infra.testkit.builders import NETWORK, a_client, access, save_client
from infra.testkit.salon_driver import SalonDriver
from tests.services.rewarded import MARIA, balance, racing, with_rules

LIMITS = {
    "specialist": ByHandLimit(100, 2, 1),
    "reception": ByHandLimit(300, 3, 2),
    "manager": ByHandLimit(3000, 50, 4),
}
ANNA = access(Role.SPECIALIST, staff_id="stf_anna")


@pytest.fixture
def limited(driver: SalonDriver) -> SalonDriver:
    with_rules(driver, compensation=LIMITS)
    for number in range(1, 6):
        client = a_client(client_no(number), phone=f"+3736900000{number}", email=None)
        save_client(driver.store, client)
    return driver


def client_no(number: int) -> str:
    return f"cli_client000000000{number}"


def compensated(
    driver: SalonDriver, by: Access, client_id: str = MARIA, points: int = 50, request_id: str | None = None
) -> Entry:
    asked = PostingByHand(kind="compensation", points=points, reason="burnt her ear")
    return post_by_hand(driver.world, by, client_id, asked, request_id)


def over(driver: SalonDriver, by: Access, client_id: str = MARIA, points: int = 50) -> dict[str, Any]:
    before = balance(driver, client_id)
    with pytest.raises(DomainError, match="OVER_LIMIT") as refused:
        compensated(driver, by, client_id, points)
    assert balance(driver, client_id) == before
    return dict(refused.value.details)


def test_a_role_gives_at_most_so_many_points_at_once(limited: SalonDriver) -> None:
    assert compensated(limited, ANNA, points=100).points == 100
    told = over(limited, access(Role.RECEPTION), points=301)
    assert (told["which"], told["limit"], told["may"]) == ("points", 300, ["manager", "owner"])
    assert over(limited, access(Role.RECEPTION), points=3001)["may"] == ["owner"]
    assert over(limited, access(Role.MANAGER), points=3001)["may"] == ["owner"]
    assert compensated(limited, access(), points=1_000_000).points == 1_000_000


def test_a_person_gives_at_most_so_many_times_a_day(limited: SalonDriver, clock: Any) -> None:
    for number in (1, 2):
        compensated(limited, ANNA, client_no(number))
    told = over(limited, ANNA, client_no(3))
    assert (told["which"], told["limit"]) == ("times_a_day", 2)
    another = replace(ANNA, actor="key:another")  # of the same person
    assert over(limited, another, client_no(3))["which"] == "times_a_day"
    compensated(limited, access(Role.SPECIALIST, staff_id="stf_vera"), client_no(3))


def test_a_day_is_the_networks(limited: SalonDriver, clock: Any) -> None:
    """In Chisinau midnight is at 22:00 UTC."""
    clock.now = datetime(2026, 11, 24, 21, 59, tzinfo=UTC)
    for number in (1, 2):
        compensated(limited, ANNA, client_no(number))
    over(limited, ANNA, client_no(3))
    clock.forward(minutes=1)
    compensated(limited, ANNA, client_no(3))


def test_a_day_on_which_the_clock_changes_is_one_day(limited: SalonDriver, clock: Any) -> None:
    """25 October 2026 has 25 hours in Chisinau: from 21:00 UTC to 22:00 UTC of the next day."""
    clock.now = datetime(2026, 10, 24, 21, tzinfo=UTC)
    compensated(limited, ANNA, client_no(1))
    clock.now = datetime(2026, 10, 25, 21, 59, tzinfo=UTC)
    compensated(limited, ANNA, client_no(2))
    over(limited, ANNA, client_no(3))
    clock.forward(minutes=1)
    compensated(limited, ANNA, client_no(3))


def test_a_client_is_given_something_at_most_so_many_times_a_month(limited: SalonDriver, clock: Any) -> None:
    compensated(limited, ANNA)
    told = over(limited, access(Role.SPECIALIST, staff_id="stf_vera"))
    assert (told["which"], told["limit"], told["may"]) == (
        "times_a_client_a_month",
        1,
        ["manager", "owner"],
    )
    compensated(limited, access(Role.RECEPTION))  # the second of two
    over(limited, access(Role.RECEPTION))
    compensated(limited, access(Role.MANAGER))
    compensated(limited, access())
    over(limited, access(Role.MANAGER))
    compensated(limited, access())
    clock.now = datetime(2026, 11, 30, 22, tzinfo=UTC)  # December, in Chisinau
    compensated(limited, ANNA)


def test_a_role_that_is_not_named_gives_nothing(driver: SalonDriver) -> None:
    with_rules(driver, compensation={"manager": ByHandLimit(10, 1, 1)})
    assert over(driver, access(Role.RECEPTION), points=1)["which"] == "points"


def test_a_retry_gives_once_and_counts_once(limited: SalonDriver) -> None:
    for _ in range(3):
        compensated(limited, ANNA, client_no(1), request_id="r-1")
    compensated(limited, ANNA, client_no(2), request_id="r-2")
    assert compensated(limited, ANNA, client_no(1), request_id="r-1").points == 50  # stands, whatever is left
    with pytest.raises(DomainError, match="ENTRY_EXISTS"):
        compensated(limited, ANNA, client_no(1), points=51, request_id="r-1")
    assert balance(limited, client_no(1)) == 50


def test_two_at_once_cannot_both_be_the_last_that_is_allowed(limited: SalonDriver) -> None:
    compensated(limited, ANNA, client_no(1))
    late = racing(limited, lambda: compensated(limited, ANNA, client_no(2)))
    with pytest.raises(DomainError, match="OVER_LIMIT"):
        compensated(late, ANNA, client_no(3))
    vera = access(Role.SPECIALIST, staff_id="stf_vera")
    late = racing(limited, lambda: compensated(limited, vera, client_no(4)))
    with pytest.raises(DomainError, match="OVER_LIMIT"):
        compensated(late, access(Role.SPECIALIST, staff_id="stf_olga"), client_no(4))
    assert [balance(limited, client_no(number)) for number in range(1, 6)] == [50, 50, 0, 50, 0]


def test_what_was_undone_was_given_all_the_same(limited: SalonDriver) -> None:
    entry = compensated(limited, ANNA)
    reverse_entry(limited.world, access(), entry.id, "not true")
    assert over(limited, ANNA)["which"] == "times_a_client_a_month"


def test_a_specialist_gives_compensations_alone(limited: SalonDriver) -> None:
    for kind in ("grant", "redeem", "correction"):
        with pytest.raises(DomainError, match="FORBIDDEN"):
            post_by_hand(limited.world, ANNA, MARIA, PostingByHand(kind=kind, points=1, reason="friends"))
    assert balance(limited) == 0


def test_counts_are_kept_for_as_long_as_they_matter(limited: SalonDriver, clock: Any) -> None:
    compensated(limited, ANNA)
    for name in ("compensation by stf_anna 2026-11-23", f"compensation to {MARIA} 2026-11"):
        tally = limited.store.get(Tally, network_id=NETWORK, name=name)
        assert tally is not None
        assert (tally.uses, tally.points, tally.expires_at) == (1, 50, clock.now + timedelta(days=70))
