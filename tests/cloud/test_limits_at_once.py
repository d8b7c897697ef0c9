"""Eight at once against a limit: it holds to the last one, whoever was first."""

from datetime import timedelta
from functools import partial
from typing import Any

from chalicelib.domain.loyalty.account import Entry
from chalicelib.domain.loyalty.ledger_check import faults
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.bonus_rules import BonusRules
from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.errors import DomainError
from chalicelib.services.loyalty.post_bonus import PostingByHand, post_by_hand
from chalicelib.services.marketing.promotions import make_promotion, results_of
from chalicelib.store.table import Table
from infra.testkit.builders import NETWORK, NOW, a_client, a_town, access, save_client
from infra.testkit.doubles import RecordingSender, SettableClock
from tests.cloud.at_once import all_at_once, new_driver, until_it_is_done

LIMITS = BonusRules().compensation
TURNS = 3


def compensations(store: Table, clients: list[str]) -> list[Entry]:
    found = [entry for client_id in clients for entry in store.entries(NETWORK, client_id)]
    for client_id in clients:
        assert faults(store.account(NETWORK, client_id), store.entries(NETWORK, client_id)) == []
    return [entry for entry in found if entry.kind == "compensation"]


def all_give(store: Table, clock: SettableClock, by: Any, to: Any, points: int) -> list[str]:
    """What each of the eight is answered, turn by turn: by whom and to whom is told by number and turn."""

    def work(number: int) -> list[str]:
        world, answers = new_driver(store, clock, RecordingSender()).world, []
        for turn in range(TURNS):
            asked = PostingByHand(kind="compensation", points=points, reason="sorry")
            give = partial(post_by_hand, world, by(number), to(number, turn), asked, f"{number}-{turn}")
            try:
                answers.append(until_it_is_done(give).kind.value)
            except DomainError as refusal:
                answers.append(refusal.code)
        return answers

    return [answer for answers in all_at_once(work) for answer in answers]


def many_clients(store: Table) -> list[str]:
    a_town(store)
    ids = [f"cli_{number:016d}" for number in range(8 * TURNS)]
    for number, each_id in enumerate(ids):
        save_client(store, a_client(each_id, phone=f"+3736900{number:04d}", email=None))
    return ids


def test_a_specialist_gives_no_more_often_a_day_than_their_role_may(
    store: Table, clock: SettableClock
) -> None:
    """Eight keys of one person are one person."""
    clients = many_clients(store)

    def by(number: int) -> Access:
        key = access(Role.SPECIALIST, staff_id="stf_anna")
        return Access(network_id=NETWORK, role=key.role, actor=f"key:{number}", staff_id=key.staff_id)

    answers = all_give(store, clock, by, lambda number, turn: clients[number * TURNS + turn], 50)
    most = LIMITS["specialist"].times_a_day
    assert (answers.count("compensation"), answers.count("OVER_LIMIT")) == (most, 8 * TURNS - most)
    assert len(compensations(store, clients)) == most


def test_a_client_is_given_no_more_often_a_month_than_the_role_of_those_who_give_may(
    store: Table, clock: SettableClock
) -> None:
    clients = many_clients(store)
    answers = all_give(
        store, clock, lambda number: access(Role.MANAGER), lambda number, turn: clients[0], 500
    )
    most = LIMITS["manager"].times_a_client_a_month
    assert (answers.count("compensation"), answers.count("OVER_LIMIT")) == (most, 8 * TURNS - most)
    assert sum(entry.points for entry in compensations(store, clients[:1])) == most * 500


def test_a_promotion_gives_exactly_its_cap_however_many_visits_are_closed_at_once(
    store: Table, clock: SettableClock
) -> None:
    """Twenty-four visits earn 25 points each, and as many more while there are any of the 400."""
    clients = many_clients(store)
    driver = new_driver(store, clock, RecordingSender())
    day = (NOW + timedelta(days=1)).date()
    said = {"name": "Double", "starts_on": day, "ends_on": day, "multiplier_percent": 200, "cap_points": 400}
    promotion = make_promotion(driver.world, access(), said)
    starts = NOW + timedelta(days=1)
    bookings = [
        driver.book(starts + timedelta(minutes=number), client=client_id)
        for number, client_id in enumerate(clients)
    ]
    clock.forward(days=1, hours=1)

    def work(number: int) -> None:
        mine = new_driver(store, clock, RecordingSender())
        for booking in bookings[number * TURNS : (number + 1) * TURNS]:
            until_it_is_done(partial(mine.complete, booking))

    all_at_once(work)
    entries = [entry for client_id in clients for entry in store.entries(NETWORK, client_id)]
    assert sum(entry.points for entry in entries if entry.kind == "cashback") == 24 * 25
    assert sum(entry.points for entry in entries if entry.kind == "promotion") == 400
    assert results_of(driver.world, [promotion])[promotion.id].points == {"MDL": 400}
