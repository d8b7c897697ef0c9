"""What a network may decide for itself, with the defaults of a network that has decided nothing. Versioned as
a whole."""

from dataclasses import dataclass, field

from chalicelib.domain.quiet_hours import QuietHours


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRules:
    """When clients are written to. Offsets count from the visit's start or, after a visit, from its
    completion."""

    enabled: bool = True
    confirm_request_hours_before: int = 24
    confirm_cutoff_hours_before: int = 2
    control_reminder_minutes_before: int = 60
    review_request_minutes_after: int = 120
    notice_again_when_moved_by_minutes: int = 10
    quiet_hours: QuietHours = field(default_factory=QuietHours)
    marketing_needs_consent: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BonusRules:
    """The loyalty programme in its first form: a percentage back, a cap on what bonuses may pay for.

    point_value_minor: what one point is worth, in minor units of the salon's currency.
    """

    enabled: bool = True
    cashback_percent: int = 5
    point_value_minor: int = 100
    redeem_cap_percent: int = 25
    redeem_minimum_points: int = 1
    pending_days: int = 1
    by_hand_limit_points: int = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    messages: MessageRules = field(default_factory=MessageRules)
    bonuses: BonusRules = field(default_factory=BonusRules)
