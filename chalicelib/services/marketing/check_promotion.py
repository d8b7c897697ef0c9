"""Check a promotion before it is saved: its days, reward, caps and audience."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from chalicelib.domain.loyalty.account import MAX_POINTS
from chalicelib.domain.marketing.promotions import Promotion
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.errors import refused
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.marketing.check_campaign import check_segment
from chalicelib.services.shared.contact_details import name_normal

MAX_DAYS = 366
STARTS_WITHIN_DAYS = 2 * 366
MULTIPLIER_LEAST, MAX_MULTIPLIER = 101, 1000
MAX_VALID_DAYS = 3660


def checked_promotion(
    promotion: Promotion, directory: Directory, now: datetime, *, begun: bool = False
) -> Promotion:
    """The promotion to save. begun: its first day may lie before today. Raises INVALID_NAME, INVALID_DATES,
    INVALID_REWARD, OUT_OF_RANGE, INVALID_CAP, INVALID_SEGMENT."""
    _check_dates(promotion, directory, now, begun=begun)
    _check_reward(promotion)
    _check_caps(promotion)
    check_segment(promotion.audience, directory, "audience")
    return replace(promotion, name=name_normal(promotion.name))


def _check_dates(promotion: Promotion, directory: Directory, now: datetime, *, begun: bool) -> None:
    today = local_date(now, directory.zone)
    starts_on, ends_on = promotion.starts_on, promotion.ends_on
    if starts_on > today + timedelta(days=STARTS_WITHIN_DAYS):
        raise _invalid_dates("starts_on", "A promotion starts within two years.")
    if not starts_on <= ends_on <= starts_on + timedelta(days=MAX_DAYS - 1):
        raise _invalid_dates(
            "ends_on", f"A promotion ends on its first day or later, within {MAX_DAYS} days."
        )
    if starts_on < today and not begun:
        raise _invalid_dates("starts_on", "A promotion starts today or later.")
    if ends_on < today:
        raise _invalid_dates("ends_on", "A promotion ends today or later.")


def _invalid_dates(field: str, message: str) -> Exception:
    return refused("INVALID_DATES", message, field=field)


def _check_reward(promotion: Promotion) -> None:
    percent, gift = promotion.multiplier_percent, promotion.grant
    if (percent is None) == (gift is None):
        raise _invalid_reward(
            "multiplier_percent", "A promotion has a multiplier_percent or a grant, not both."
        )
    if percent is not None and not MULTIPLIER_LEAST <= percent <= MAX_MULTIPLIER:
        raise refused(
            "OUT_OF_RANGE",
            f"multiplier_percent lies between {MULTIPLIER_LEAST} and {MAX_MULTIPLIER}; 200 doubles.",
            field="multiplier_percent",
            least=MULTIPLIER_LEAST,
            most=MAX_MULTIPLIER,
        )
    if gift is not None and not 1 <= gift.points <= MAX_POINTS:
        raise _invalid_reward("grant.points", "A grant gives at least one point, at most 1,000,000,000.")
    if gift is not None and not 0 <= gift.valid_days <= MAX_VALID_DAYS:
        raise _invalid_reward(
            "grant.valid_days", "Granted points last up to ten years, or, with 0, for good."
        )


def _invalid_reward(field: str, message: str) -> Exception:
    return refused("INVALID_REWARD", message, field=field)


def _check_caps(promotion: Promotion) -> None:
    for field in ("cap_points", "client_cap_points"):
        points = getattr(promotion, field)
        if points is not None and not 1 <= points <= 1000 * MAX_POINTS:
            raise _invalid_cap(field, "A cap is at least one point.")
    cap, client_cap = promotion.cap_points, promotion.client_cap_points
    if cap is not None and client_cap is not None and client_cap > cap:
        raise _invalid_cap("client_cap_points", "One client gets no more than all together.")
    lowest_cap = min((each for each in (cap, client_cap) if each is not None), default=None)
    if promotion.grant is not None and lowest_cap is not None and promotion.grant.points > lowest_cap:
        raise _invalid_cap("cap_points", "The cap is less than what one client is granted.")


def _invalid_cap(field: str, message: str) -> Exception:
    return refused("INVALID_CAP", message, field=field)
