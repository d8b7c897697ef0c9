"""The draw of surprises: within the budget, fair, the same again, and never for those who are held out."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.domain.loyalty.surprises import (
    BUCKETS,
    SURPRISE,
    Draw,
    begin_draw,
    bucket_of,
    draw_number_of,
    is_held_out_of_draws,
    is_on_cooldown,
    next_draw_at,
    wins_at_once,
    with_cut,
    with_regular,
    with_waiting,
)
from chalicelib.domain.networks.bonus_rules import Gift, Surprise
from chalicelib.domain.shared.holdout import is_held_out
from chalicelib.domain.shared.months import name_of_month
from infra.testkit.builders import NETWORK

ZONE = "Europe/Chisinau"
DECEMBER = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


def a_draw(budget: int = 1000, points: int = 100, holdout_percent: int = 0, at: datetime = DECEMBER) -> Draw:
    rules = Surprise(gift=Gift(points), monthly_budget_points=budget, holdout_percent=holdout_percent)
    return begin_draw(rules, at, ZONE)


def named(number: int) -> list[str]:
    return [f"cli_{each:016d}" for each in range(number)]


def drawn(draw: Draw, clients: Sequence[str], month: str | None = None) -> set[str]:
    """Who gets one: both passes, as the walk makes them."""
    draw = replace(draw, month=month or draw.month)
    for client_id in clients:
        draw = with_regular(draw, NETWORK, client_id, None)
    draw, found = with_cut(draw), set()
    for client_id in clients:
        if is_held_out_of_draws(draw, NETWORK, client_id):
            continue
        number = draw_number_of(NETWORK, draw.month, client_id)
        if wins_at_once(draw, number):
            found.add(client_id)
        else:
            draw = with_waiting(draw, number, client_id)
    return found | {each.client_id for each in draw.waiting}


def lowest(draw: Draw, clients: Sequence[str], most: int) -> set[str]:
    return set(sorted(clients, key=lambda each_id: draw_number_of(NETWORK, draw.month, each_id))[:most])


networks = st.sets(st.integers(0, 10**15), max_size=60).map(
    lambda numbers: [f"cli_{number:016d}" for number in numbers]
)


@given(networks, st.integers(0, 5000), st.integers(1, 700))
def test_exactly_the_lowest_draw_numbers_get_one_and_as_many_as_the_budget_allows(
    clients: list[str], budget: int, points: int
) -> None:
    draw = a_draw(budget, points)
    found = drawn(draw, clients)
    assert len(found) == min(len(clients), budget // points)
    assert len(found) * points <= budget
    assert found == lowest(draw, clients, len(found))


@pytest.mark.parametrize("gifts", [0, 1, 5, 300, 1999, 5999, 6000, 7000])
def test_so_it_is_when_a_bucket_holds_several(gifts: int) -> None:
    clients, draw = named(6000), a_draw(gifts, 1)
    assert drawn(draw, clients) == lowest(draw, clients, gifts)


@given(networks, st.randoms(use_true_random=False))
def test_the_order_in_which_clients_are_passed_changes_nothing(
    clients: list[str], randomness: object
) -> None:
    shuffled = list(clients)
    randomness.shuffle(shuffled)  # type: ignore[attr-defined]
    assert drawn(a_draw(500, 100), clients) == drawn(a_draw(500, 100), shuffled)


@given(networks, st.integers(0, 100))
def test_who_is_held_out_never_gets_one_and_is_told_apart(clients: list[str], percent: int) -> None:
    draw = a_draw(10**6, 1, percent)
    out = {client_id for client_id in clients if is_held_out(NETWORK, client_id, SURPRISE, percent)}
    assert drawn(draw, clients) == set(clients) - out
    for client_id in clients:
        draw = with_regular(draw, NETWORK, client_id, None)
    assert (draw.regulars, draw.held_out, draw.rested) == (len(clients), len(out), 0)


def test_all_have_the_same_chance() -> None:
    """300 months, 20 of 100 each time: 60 gifts each are to be expected, give or take seven. Seeds are fixed:
    it comes out the same each time."""
    clients, draw = named(100), a_draw(20, 1)
    got = Counter(
        client_id
        for month in range(300)
        for client_id in drawn(draw, clients, f"{2000 + month // 12}-{month % 12 + 1:02d}")
    )
    assert sum(got.values()) == 6000
    assert all(35 <= got[client_id] <= 87 for client_id in clients)
    deviation = sum((got[client_id] - 60) ** 2 for client_id in clients) / 100
    assert 30 < deviation < 70  # 300 x 0.2 x 0.8 = 48


def test_who_is_held_out_is_so_each_month_while_the_others_are_drawn_anew() -> None:
    clients, draw = named(50), a_draw(10, 1, holdout_percent=20)
    months = [drawn(draw, clients, f"2027-{month:02d}") for month in range(1, 13)]
    assert len({frozenset(each) for each in months}) == 12
    out = {client_id for client_id in clients if is_held_out(NETWORK, client_id, SURPRISE, 20)}
    assert out
    assert not out & set.union(*months)


@given(st.integers(24_000, 25_000), st.integers(0, 12))
def test_a_client_is_on_cooldown_for_three_months(month: int, later: int) -> None:
    name = name_of_month(month + later)
    assert is_on_cooldown(month, name) == (later < 3)
    assert not is_on_cooldown(None, name)


def test_what_waits_is_never_more_than_there_is_room_for() -> None:
    clients, draw = named(6000), a_draw(2000, 1)
    for client_id in clients:
        draw = with_regular(draw, NETWORK, client_id, None)
    assert len(draw.lots) <= BUCKETS
    draw = with_cut(draw)
    assert 0 < draw.room < 30
    for client_id in clients:
        draw = with_waiting(draw, draw_number_of(NETWORK, draw.month, client_id), client_id)
        assert len(draw.waiting) <= draw.room
    assert {bucket_of(each.draw_number) for each in draw.waiting} == {draw.cut}


@pytest.mark.parametrize(
    ("zone", "now", "then"),
    [
        (ZONE, "2026-11-23T08:00", "2026-12-01T09:00"),
        (ZONE, "2026-12-01T08:59", "2026-12-01T09:00"),
        (ZONE, "2026-12-01T09:00", "2027-01-01T09:00"),
        (ZONE, "2026-12-31T22:30", "2027-01-01T09:00"),  # the year has begun there
        (ZONE, "2027-03-27T22:00", "2027-04-01T08:00"),  # by then the clock has changed
        (ZONE, "2027-10-01T08:00", "2027-11-01T09:00"),
        ("America/New_York", "2026-12-01T04:30", "2026-12-01T16:00"),  # there it is still November
        ("Pacific/Kiritimati", "2026-11-30T10:30", "2026-11-30T21:00"),
    ],
)
def test_it_is_drawn_on_the_first_of_a_month_by_the_network_s_clock(zone: str, now: str, then: str) -> None:
    at, expected = (datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (now, then))
    assert next_draw_at(at, zone) == expected


minutes = st.integers(0, 10 * 366 * 24 * 60)


@given(minutes, st.sampled_from([ZONE, "Asia/Beirut", "America/Havana"]))
def test_the_next_draw_is_ahead_and_within_a_month(later: int, zone: str) -> None:
    now = DECEMBER + timedelta(minutes=later)
    at = next_draw_at(now, zone)
    assert 0 < (at - now).total_seconds() <= 32 * 86_400
    assert begin_draw(Surprise(gift=Gift(1), monthly_budget_points=1), at, zone).month == f"{at:%Y-%m}"
