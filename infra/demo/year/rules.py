"""What the demo's owner decides: quiet hours away from the present, cascades, a budget, groups left alone,
and a loyalty programme. And by what rules the year until now was lived: so that setting them has something to
plan anew."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from chalicelib.domain.networks.network import Directory
from infra.demo.http import Caller
from infra.demo.year.data import SALONS

ASKED_HOURS_BEFORE, ASKED_BEFORE = 22, 24
"""When clients are asked to confirm. Later than before, so that planning anew makes nothing due at once."""

BUDGET_CENTS = 1320
"""Enough for all that is due of itself, and for a part of the campaign."""

DECIDED: Mapping[str, Any] = {
    "confirm_request_hours_before": ASKED_HOURS_BEFORE,
    "monthly_budget_usd_cents": BUDGET_CENTS,
    "channels_of": {
        "notice": [{"channel": "push", "wait_minutes": 1}, {"channel": "sms"}],
        "confirm_request": [{"channel": "sms"}, {"channel": "email"}],
        "birthday": [{"channel": "email"}, {"channel": "sms"}],
        "bonus_expiry": [{"channel": "email"}, {"channel": "sms"}],
    },
    "holdout_percent": {"repeat_invitation": 10, "at_risk": 25, "win_back": 25},
}

BONUSES: Mapping[str, Any] = {
    "tiers_by": "visits",
    "tiers": [
        {"name": "Silver", "at_least": 0, "below": 6, "percent": 5},
        {"name": "Gold", "at_least": 6, "below": 12, "percent": 10},
        {"name": "Diamond", "at_least": 12, "below": None, "percent": 15},
    ],
    "point_values_minor": {"RUB": 500, "USD": 6},
    "expiry": {"model": "month_end", "after": 18},
    "birthday": {"points": 150, "valid_days": 30},
    "referral": {"referrer": {"points": 200}, "friend": {"points": 100, "valid_days": 90}},
    "visit_rewards": [
        {"id": "3-in-2", "visits": 3, "months": 2, "coupon": {"name": "15 % off goods", "percent": 15}},
    ],
    "streak": {"months": 3, "gift": {"points": 100, "valid_days": 60}},
    "surprise": {"gift": {"points": 100, "valid_days": 30}, "monthly_budget_points": 5000},
    "compensation": {
        "specialist": {"points": 100, "times_a_day": 2, "times_a_client_a_month": 1},
        "reception": {"points": 300, "times_a_day": 5, "times_a_client_a_month": 2},
        "manager": {"points": 3000, "times_a_day": 50, "times_a_client_a_month": 5},
    },
}  # fmt: skip
"""Tiers by visits, since the salons are paid in three currencies; 18 months, so that nothing that was earned
in the year is about to expire."""


def decide(owner: Caller, now: datetime) -> dict[str, Any]:
    """Sets the network's rules for this run, unless they stand so; returns them, with the id of the walk that
    plans anew."""
    start, end = (f"{clock:%H:%M}" for clock in quiet_hour(now))
    wanted = {**DECIDED, "quiet_hours": {"start": start, "end": end}}
    rules = owner.get("/v1/rules")
    if not _stand(wanted, rules["messages"]) or not _stand(BONUSES, rules["bonuses"]):
        body = {"version": rules["version"], "messages": wanted, "bonuses": BONUSES}
        rules = owner.put("/v1/rules", body)
    return dict(rules)


def _stand(wanted: Any, rules: Any) -> bool:
    """Whether all that is wanted is so; what is left to its default is not asked about."""
    if isinstance(wanted, Mapping):
        return all(name in rules and _stand(each, rules[name]) for name, each in wanted.items())
    if isinstance(wanted, list):
        return len(wanted) == len(rules) and all(map(_stand, wanted, rules))
    return bool(wanted == rules)


def lived_by(directory: Directory) -> Directory:
    """The set-up with the rules of the year until now: earning as it is; gifts are new. Those for birthdays
    wake clients from now on, so that planning anew makes nothing due."""
    network = directory.network
    messages = replace(network.rules.messages, confirm_request_hours_before=ASKED_BEFORE)
    bonuses = replace(network.rules.bonuses, referral=None, visit_rewards=(), streak=None, surprise=None)
    rules = replace(network.rules, messages=messages, bonuses=bonuses)
    return replace(directory, network=replace(network, rules=rules))


def quiet_hour(now: datetime) -> tuple[time, time]:
    """One local hour to be quiet in: the one that is farthest ahead in all the salons' zones, so that nothing
    of the demo is held back, at whatever hour it runs."""
    clocks = [now.astimezone(ZoneInfo(salon["timezone"])) for salon in SALONS]

    def hours_ahead(hour: int) -> float:
        return min((hour - (clock.hour + clock.minute / 60)) % 24 for clock in clocks)

    # An hour that holds now has just begun: its next start is almost a day ahead, and it must not be taken.
    free = [hour for hour in range(24) if all(clock.hour != hour for clock in clocks)]
    hour = max(free, key=hours_ahead)
    return time(hour), time((hour + 1) % 24)
