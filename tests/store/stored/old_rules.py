"""Rules of the network whose autumn old_life.py lives through: nothing is at its default.

Belongs to make_items.py, and runs where that runs.
"""

from datetime import date, time

from chalicelib.domain.bonus_rules import (
    CompensationLimit,
    CouponTerms,
    Expiry,
    ExpiryModel,
    Gift,
    GroupProgramme,
    Referral,
    Streak,
    Surprise,
    Tier,
    TiersBy,
    VisitReward,
)
from chalicelib.domain.quiet_hours import QuietHours
from chalicelib.domain.rules import ChannelStep, MessageChanges, Override
from chalicelib.domain.touches import TouchKind

MESSAGES = {
    "off": (TouchKind.WIN_BACK,),
    "quiet_hours": QuietHours(time(22), time(8)),
    "weekly_cap": 5,
    "weekly_marketing_cap": 2,
    "monthly_budget_usd_cents": 200,
    "holdout_percent": {TouchKind.CAMPAIGN: 10},
    "part_price_micros": {"sms": 40_000},
    "channels_of": {TouchKind.REPEAT_INVITATION: (ChannelStep("sms", 30),)},
}
BONUSES = {
    "tiers": (Tier("Silver", 0, 3, 5), Tier("Gold", 3, None, 8)),
    "tiers_by": TiersBy.VISITS,
    "pending_days": 0,
    "redeem_cap_percent": 30,
    "expiry": Expiry(ExpiryModel.INACTIVITY, 200),
    "birthday": Gift(150, 30),
    "referral": Referral(Gift(120, 90), Gift(80, 30)),
    "visit_rewards": (
        VisitReward(id="rwd_1", visits=3, days=40, coupon=CouponTerms("15 % off goods", percent=15)),
        VisitReward(
            id="rwd_2", visits=4, months=3, coupon=CouponTerms("A cut for less", 20, service_id="srv_cut")
        ),
    ),
    "streak": Streak(2, Gift(70, 60)),
    "surprise": Surprise(gift=Gift(40, 30), monthly_budget_points=120, holdout_percent=1),
    "programmes": (
        GroupProgramme(name="York", salon_ids=("sal_york",), cashback_percent=3, starts_on=date(2026, 1, 1)),
    ),
    "compensation": {"specialist": CompensationLimit(100, 2, 1), "reception": CompensationLimit(300, 5, 2)},
}
OVERRIDES = (
    Override(salon_id="sal_york", changes=MessageChanges(day_touch_hour=10, channels=(ChannelStep("sms"),))),
    Override(service_id="srv_nails", changes=MessageChanges(review_request_minutes_after=90)),
)
