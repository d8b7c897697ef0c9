"""Whoever had something under another name has had it: limits do not begin anew when clients turn out to be
one."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.clients import client_plan
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty.account import EntryKind
from chalicelib.domain.networks.bonus_rules import CompensationLimit, Gift
from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.waking.walks import Walk
from chalicelib.services.loyalty.post_bonus import ByHand, post_by_hand
from chalicelib.services.marketing import keep_promotions
from chalicelib.services.merging.merge_clients import merge_clients, unmerge_clients
from chalicelib.services.waking.walk_on import walk_on
from infra.testkit.builders import NETWORK, NOW, a_booking, a_client, access, save_booking, save_client
from infra.testkit.salon_driver import Life
from tests.services.rewarded import with_rules

MARIA, MASHA = "cli_maria00000000001", "cli_masha00000000001"
FIRST, LAST = date(2026, 11, 25), date(2026, 11, 27)
FIRST_MORNING = datetime(2026, 11, 25, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def masha(life: Life) -> None:
    """Not in the first place of the list of clients that a walk goes through."""
    masha = a_client(MASHA, phone="+37369000001", email=None, created_at=NOW - timedelta(days=400))
    save_client(life.store, masha)


def merged(life: Life) -> None:
    merge_clients(life.world, access(), MARIA, MASHA)


def unmerged(life: Life) -> None:
    unmerge_clients(life.world, access(), MARIA)


def compensated(life: Life, client_id: str) -> Any:
    asked = ByHand(kind="compensation", points=50, reason="burnt her ear")
    return post_by_hand(life.world, access(Role.RECEPTION), client_id, asked, None)


def visited(life: Life, client_id: str, number: int) -> list[int]:
    """What a visit brought by the promotion."""
    at = FIRST_MORNING + timedelta(hours=number)
    booking = a_booking(f"bkg_{number:016d}", starts_at=at, client_id=client_id)
    save_booking(life.store, booking)
    life.world.clock.now = at
    done = life.complete(booking)
    return [entry.points for entry in done.entries if entry.kind is EntryKind.PROMOTION]


def test_compensations_of_a_month_count_under_either_name(life: Life) -> None:
    with_rules(life, compensation={"reception": CompensationLimit(100, 50, 2)})
    compensated(life, MARIA)
    compensated(life, MASHA)
    merged(life)
    with pytest.raises(DomainError, match="OVER_LIMIT"):
        compensated(life, MASHA)
    unmerged(life)
    compensated(life, MASHA)
    compensated(life, MARIA)


def test_a_promotions_cap_for_a_client_counts_under_either_name(life: Life) -> None:
    said = {"name": "Double", "starts_on": FIRST, "ends_on": LAST, "multiplier_percent": 200}
    promotion = keep_promotions.make_promotion(life.world, access(), {**said, "client_cap_points": 40})
    assert visited(life, MARIA, 1) == [25]
    merged(life)
    assert visited(life, MASHA, 2) == [15]
    assert visited(life, MASHA, 3) == []
    (result,) = keep_promotions.results_of(life.world, [promotion]).values()
    assert (result.total, result.clients, result.visits) == (40, 1, 2)


def test_what_was_granted_under_one_name_is_not_granted_under_the_other(life: Life) -> None:
    """The walk comes to the other after they were merged."""
    said = {"name": "Spring", "starts_on": FIRST, "ends_on": LAST, "grant": Gift(100, valid_days=10)}
    promotion = keep_promotions.make_promotion(life.world, access(), said)
    life.run_until(datetime(2026, 11, 24, 23, tzinfo=UTC))
    late = save_client(life.store, a_client("cli_ileana0000000001", phone="+37369000002", email=None)).id
    merge_clients(life.world, access(), MARIA, late)
    walk_id = keep_promotions.see_promotion(life.world, access(), promotion.id).walk_id
    walk = life.store.get(Walk, network_id=NETWORK, id=walk_id)
    walk_on(life.world, replace(walk, stage="", cursor=None, finished_at=None))
    assert [life.store.account(NETWORK, id).balance for id in (MARIA, MASHA, late)] == [0, 100, 100]
    (result,) = keep_promotions.results_of(life.world, [promotion]).values()
    assert (result.total, result.clients) == (200, 2)


def born(life: Life, client_id: str, **said: Any) -> None:
    """Planned anew."""
    client = replace(life.store.get(Client, network_id=NETWORK, id=client_id), **said)
    directory = life.world.directory(NETWORK)
    life.store.save(client_plan.with_wake(client, directory, life.world.now()))


def gifts(life: Life, client_id: str) -> int:
    return sum(1 for each in life.store.entries(NETWORK, client_id) if each.kind is EntryKind.BIRTHDAY)


@pytest.mark.parametrize("known", [None, date(1990, 12, 20)])
def test_a_birthday_comes_once_a_year_for_who_had_two_cards(life: Life, known: date | None) -> None:
    """On one of which it was not known, or put down wrongly."""
    with_rules(life, birthday=Gift(200, valid_days=60))
    born(life, MARIA, birth_date=date(1990, 12, 5))
    born(life, MASHA, birth_date=known)
    life.run_until(datetime(2026, 11, 29, tzinfo=UTC))
    assert gifts(life, MARIA) == 1
    merged(life)
    assert life.store.get(Client, network_id=NETWORK, id=MASHA).birth_date == (known or date(1990, 12, 5))
    life.run_until(datetime(2027, 1, 10, tzinfo=UTC))
    assert gifts(life, MASHA) == 0
    life.run_until(datetime(2027, 12, 20, tzinfo=UTC))
    assert gifts(life, MASHA) == 1


def test_who_was_merged_by_mistake_has_their_own_birthday_again(life: Life) -> None:
    with_rules(life, birthday=Gift(200, valid_days=60))
    born(life, MARIA, birth_date=date(1990, 12, 5))
    born(life, MASHA, birth_date=date(1985, 12, 20))
    life.run_until(datetime(2026, 11, 29, tzinfo=UTC))
    merged(life)
    unmerged(life)
    life.run_until(datetime(2027, 1, 10, tzinfo=UTC))
    assert (gifts(life, MARIA), gifts(life, MASHA)) == (1, 1)
