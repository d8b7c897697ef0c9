"""Values that are stored as rows within another value: their fields in order, without names."""

from collections.abc import Mapping
from typing import Any

from chalicelib.domain.bookings.bookings import Line, Refund, Review
from chalicelib.domain.bookings.facts import Authorship, ReportedFacts
from chalicelib.domain.bookings.visit_record import VisitRecord
from chalicelib.domain.clearing.audit import Difference
from chalicelib.domain.clearing.clearing import OpenPoints, PairSum, Period
from chalicelib.domain.clients.calls import PhoneCall
from chalicelib.domain.clients.category_changes import CategoryChange
from chalicelib.domain.clients.clients import (
    Consent,
    DeadAddress,
    Device,
    Due,
    FormerRecord,
    ReversedWhileMerged,
    VisitDay,
)
from chalicelib.domain.clients.leaving import StatedReason
from chalicelib.domain.clients.source_record import MergedSource, SourceCorrection
from chalicelib.domain.loyalty.account import (
    HeldLot,
    Hold,
    Lot,
    LotChange,
    MonthTurnover,
    ReferralGift,
    RewardUse,
    StreakUse,
    WalletUpdate,
)
from chalicelib.domain.loyalty.coupons import CouponUse
from chalicelib.domain.loyalty.surprises import Waiting
from chalicelib.domain.messages.spending import OriginUse
from chalicelib.domain.networks.bonus_rules import (
    ByHandLimit,
    CouponTerms,
    Exclusions,
    Expiry,
    Gift,
    Referral,
    Streak,
    Tier,
)
from chalicelib.domain.networks.network import ReviewLink
from chalicelib.domain.networks.rules import ChannelStep
from chalicelib.domain.networks.sources import MonthCost
from chalicelib.domain.networks.trial import TrialSum
from chalicelib.domain.reports.chosen_metrics import MonthValue
from chalicelib.domain.shared.quiet_hours import QuietHours
from chalicelib.domain.shared.touches import Touch
from chalicelib.domain.shared.waking import Trouble, Wake

ROWS: frozenset[type[Any]] = frozenset(
    {
        Line,
        Refund,
        Review,
        Authorship,
        ReportedFacts,
        VisitRecord,
        Difference,
        Period,
        PairSum,
        OpenPoints,
        Consent,
        VisitDay,
        Due,
        Device,
        DeadAddress,
        ReversedWhileMerged,
        FormerRecord,
        SourceCorrection,
        MergedSource,
        StatedReason,
        PhoneCall,
        CategoryChange,
        Lot,
        Hold,
        HeldLot,
        MonthTurnover,
        RewardUse,
        StreakUse,
        ReferralGift,
        WalletUpdate,
        LotChange,
        CouponUse,
        Waiting,
        Tier,
        Exclusions,
        Expiry,
        Gift,
        Referral,
        CouponTerms,
        Streak,
        ByHandLimit,
        ReviewLink,
        ChannelStep,
        MonthCost,
        MonthValue,
        QuietHours,
        TrialSum,
        Touch,
        Wake,
        Trouble,
        OriginUse,
    }
)
"""The order of their fields is stored. A new field stands at the end and has a default. A class that items
have stored already is neither added here nor taken away."""

ADDED_LATER: Mapping[type[Any], int] = {StreakUse: 1, Consent: 1, ReversedWhileMerged: 1}
"""How many fields at the end a row has got since it was first stored by columns. They make no column where
all rows have their defaults, so that items of before stay as they were."""
