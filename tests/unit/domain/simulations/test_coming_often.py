"""What a simulation gives for coming often is what the programme gives an account, visit by visit."""

from collections.abc import Sequence
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.domain.clients.clients import VisitDay
from chalicelib.domain.loyalty.account import Account, RewardUse, StreakUse
from chalicelib.domain.loyalty.programme import with_turnover
from chalicelib.domain.loyalty.visit_rewards import months_rewarded, visits_rewarded
from chalicelib.domain.networks.bonus_rules import BonusRules, CouponTerms, Gift, Streak, VisitReward
from chalicelib.domain.shared.months import month_number
from chalicelib.domain.simulations.coming_often import ComingOften
from infra.testkit.builders import NETWORK

COUPON = CouponTerms("Shampoo", percent=10)
within = st.one_of(
    st.fixed_dictionaries({"months": st.integers(1, 4)}), st.fixed_dictionaries({"days": st.integers(1, 90)})
)
rewards = st.builds(
    lambda visits, window: VisitReward(id="rew_1", visits=visits, coupon=COUPON, **window),
    st.integers(1, 4),
    within,
)
streaks = st.builds(Streak, st.integers(1, 4), st.just(Gift(5)))
visits = st.lists(st.tuples(st.sampled_from([1, 3, 10, 28, 31, 45]), st.booleans()), max_size=14)


@given(rewards, streaks, st.dates(date(2024, 1, 1), date(2024, 3, 1)), visits)
def test_coming_often_brings_what_it_brings_an_account(
    reward: VisitReward, streak: Streak, on: date, said: Sequence[tuple[int, bool]]
) -> None:
    often = ComingOften(BonusRules(streak=streak, visit_rewards=(reward,)))
    account, past = Account(network_id=NETWORK, client_id="cli_maria00000000001"), []
    for days, gives in said:
        on += timedelta(days=days)
        visit = VisitDay(on, "sal_centru")
        past.append(visit)
        account = with_turnover(account, on, "MDL", 1, 1)
        used = visits_rewarded(reward, account, past, visit) if gives else ()
        months = months_rewarded(streak, account, month_number(on)) if gives else None
        gift, coupons = often.visit(on, gives=gives)
        assert (gift is not None, len(coupons)) == (months is not None, int(bool(used)))
        if used:
            account = replace(account, reward_uses=(*account.reward_uses, RewardUse("rew_1", "cpn_1", used)))
        if months is not None:
            account = replace(account, streaks=(*account.streaks, StreakUse(*months, "ent_1")))
