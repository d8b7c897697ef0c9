"""A promotion's days and its cap, which is divided into shares and holds to the point."""

from datetime import UTC, date, datetime

from hypothesis import given as given_any
from hypothesis import strategies as st

from chalicelib.domain.marketing.promotions import (
    SHARES,
    Promotion,
    PromotionShare,
    PromotionState,
    next_step,
    offer_of,
    remaining_in,
    result_of,
    share_name,
    spread_over_shares,
    with_points_given,
)
from chalicelib.domain.networks.bonus_rules import Gift
from infra.testkit.builders import NETWORK, NOW

ZONE = "Europe/Chisinau"


def shares() -> dict[str, PromotionShare]:
    names = [share_name(number) for number in range(SHARES)]
    return {name: PromotionShare(network_id=NETWORK, promotion_id="prm_1", number=name) for name in names}


def a_promotion(**said: object) -> Promotion:
    fields = {"name": "x", "starts_on": date(2026, 12, 1), "ends_on": date(2026, 12, 24), "created_at": NOW}
    return Promotion(network_id=NETWORK, id="prm_1", actor="key:x", **{**fields, **said})  # type: ignore[arg-type]


@given_any(st.integers(1, 10**12))
def test_what_the_shares_may_give_comes_to_the_cap(cap: int) -> None:
    left = [remaining_in(share, cap) or 0 for share in shares().values()]
    assert sum(left) == cap
    assert max(left) - min(left) <= 1


moves = st.lists(st.tuples(st.integers(-60, 60), st.integers(0, SHARES - 1)), max_size=60)


@given_any(st.integers(1, 400), moves)
def test_whatever_is_given_and_taken_back_the_cap_holds_and_is_given_in_full(
    cap: int, moves: list[tuple[int, int]]
) -> None:
    """Points are given from any share that has enough, else from several; taken back to any share."""
    stand, total = shares(), 0
    for points, number in moves:
        if points < 0:
            back = min(-points, total)
            stand[share_name(number)] = with_points_given(
                stand[share_name(number)], "MDL", -back, clients=0, visits=0
            )
            total -= back
            continue
        own = stand[share_name(number)]
        enough = (remaining_in(own, cap) or 0) >= points
        parts = [(own, points)] if enough else spread_over_shares(list(stand.values()), cap, points)
        for share, part in parts:
            stand[share.number] = with_points_given(share, "MDL", part, clients=0, visits=0)
        assert sum(part for _, part in parts) == min(points, cap - total)
        total += sum(part for _, part in parts)
        assert result_of(stand.values()).total == total <= cap


def test_without_a_cap_any_share_gives_all() -> None:
    assert remaining_in(next(iter(shares().values())), None) is None


def test_it_begins_and_ends_at_local_midnights_of_the_network() -> None:
    promotion = a_promotion(grant=Gift(5))
    first, last = (
        next_step(promotion, ZONE),
        next_step(a_promotion(grant=Gift(5), state=PromotionState.RUNNING), ZONE),
    )
    assert (first and first.at, last and last.at) == (
        datetime(2026, 11, 30, 22, tzinfo=UTC),
        datetime(2026, 12, 24, 22, tzinfo=UTC),
    )
    for state in (PromotionState.ENDED, PromotionState.STOPPED):
        assert next_step(a_promotion(state=state), ZONE) is None


def test_only_a_multiplier_that_was_not_stopped_concerns_visits() -> None:
    assert offer_of(a_promotion(grant=Gift(5)), ZONE) is None
    assert offer_of(a_promotion(multiplier_percent=200, state=PromotionState.STOPPED), ZONE) is None
    offer = offer_of(a_promotion(multiplier_percent=250), ZONE)
    assert offer is not None
    assert [offer.more_than(earned) for earned in (0, 1, 2, 25)] == [0, 1, 3, 37]
    days = [offer.holds_on(date(2026, 12, day)) for day in (1, 24, 25)]
    assert days == [True, True, False]
