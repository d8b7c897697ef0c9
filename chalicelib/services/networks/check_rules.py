"""Check rules before they are saved: no rule silences everything, contradicts another, or names a salon or
service that does not exist."""

from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any

from msgspec.structs import fields

from chalicelib.domain.clients.clients import CHANNELS
from chalicelib.domain.messages.phone_numbers import is_country
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.networks.rules import ChannelStep, MessageChanges, MessageRules, Override, Rules
from chalicelib.domain.shared.quiet_hours import QuietHours
from chalicelib.domain.shared.touches import MARKETING, TouchKind
from chalicelib.services.networks.check_bonus_rules import check_bonus_rules
from chalicelib.services.networks.check_categories import check_categories
from chalicelib.services.networks.rule_errors import invalid_rule, within

MIN_LOUD_MINUTES = 60
MAX_OVERRIDES = 1000
MAX_NO_SHOW_DAYS = 14
_DAY_MINUTES = 24 * 60
_MAX_WARNINGS = 10
_WARNING_DAYS = (1, 365)
_WAIT_MINUTES = (0, _DAY_MINUTES)
_PERCENT = (0, 100)
_PART_PRICE = (0, 10_000_000)
_RANGES: Mapping[str, tuple[int, int]] = {
    "confirm_request_hours_before": (1, 14 * 24),
    "confirm_cutoff_hours_before": (0, 14 * 24),
    "control_reminder_minutes_before": (5, _DAY_MINUTES),
    "review_request_minutes_after": (1, 7 * _DAY_MINUTES),
    "notice_again_when_moved_by_minutes": (1, _DAY_MINUTES),
    "no_show_invitation_days_after": (1, MAX_NO_SHOW_DAYS),
    "birthday_days_before": (1, 60),
    "day_touch_hour": (0, 23),
    "weekly_cap": (1, 50),
    "weekly_marketing_cap": (0, 50),
    "monthly_budget_usd_cents": (0, 1_000_000_000),
    "essential_budget_percent": (100, 1_000),
    "network_daily_cap": (0, 10_000_000),
    "network_daily_usd_cents": (0, 1_000_000_000),
    "origin_hourly_cap": (0, 1_000_000),
    "origin_daily_cap": (0, 10_000_000),
    "daily_notice_cap": (1, 50),
}
_REQUEST, _CUTOFF = "confirm_request_hours_before", "confirm_cutoff_hours_before"
_CUTOFF_TOO_EARLY = "The cut-off comes after the confirm request."


def check_rules(rules: Rules, directory: Directory, current: Rules | None = None) -> None:
    """Raises INVALID_RULE, naming the first field that is wrong, and why.

    current: the rules in force. Bonuses that are in force are not checked again: a salon that was added
    since, in another currency, does not block a change of messages.
    """
    if current is None or rules.bonuses != current.bonuses:
        check_bonus_rules(rules.bonuses, directory)
    check_categories(rules.categories)
    _check_each("messages", rules.messages)
    if rules.messages.confirm_cutoff_hours_before >= rules.messages.confirm_request_hours_before:
        raise invalid_rule(f"messages.{_CUTOFF}", _CUTOFF_TOO_EARLY)
    _check_places(rules.overrides, directory)
    for number, override in enumerate(rules.overrides):
        _check_override(f"overrides[{number}]", override, rules)
    _check_bookings_of_many(rules)


# --- each field by itself


def _check_each(path: str, rules: MessageRules | MessageChanges) -> None:
    """Checks each field of the network's rules, or of those that an override has."""
    named = {each.name: getattr(rules, each.name) for each in fields(rules)}
    for name, value in named.items():
        if value is None:
            continue
        field = f"{path}.{name}"
        if name in _RANGES:
            within(field, value, _RANGES[name])
        elif name == "quiet_hours" and _DAY_MINUTES - _quiet_minutes(value) < MIN_LOUD_MINUTES:
            raise invalid_rule(field, "Quiet hours leave at least an hour of the day.")
        elif name == "bonus_expiry_days_before":
            _check_warnings(field, value)
        elif name == "channels":
            _check_cascade(field, value)
        elif name == "sms_countries":
            _check_countries(field, value)
        elif name in _BY_KEY:
            for key, each in value.items():
                _BY_KEY[name](f"{field}.{key}", key, each)


def _quiet_minutes(quiet: QuietHours) -> int:
    def minute(clock: time) -> int:
        return clock.hour * 60 + clock.minute

    return (minute(quiet.end) - minute(quiet.start)) % _DAY_MINUTES


def _check_warnings(field: str, days: Sequence[int]) -> None:
    if not 1 <= len(days) <= _MAX_WARNINGS or len(set(days)) < len(days):
        raise invalid_rule(
            field, f"{field} names 1 to {_MAX_WARNINGS} different days; `off` switches it off."
        )
    for each in days:
        within(field, each, _WARNING_DAYS)


def _check_cascade(field: str, steps: Sequence[ChannelStep]) -> None:
    if not steps:
        raise invalid_rule(field, f"{field} names at least one channel.")
    for number, step in enumerate(steps):
        _check_channel(f"{field}[{number}].channel", step.channel)
        within(f"{field}[{number}].wait_minutes", step.wait_minutes, _WAIT_MINUTES)
    if len({step.channel for step in steps}) < len(steps):
        raise invalid_rule(field, f"{field} names a channel twice.")


def _check_countries(field: str, countries: Sequence[str]) -> None:
    unknown = next((each for each in countries if not is_country(each)), None)
    if unknown is not None:
        raise invalid_rule(field, f"{unknown[:20]} is no country: give codes such as MD (ISO 3166 alpha-2).")


def _check_channel(field: str, channel: str) -> None:
    if channel not in CHANNELS:
        raise invalid_rule(field, f"Channels are {', '.join(CHANNELS)}.")


def _check_holdout(field: str, kind: TouchKind, percent: int) -> None:
    if kind not in MARKETING:
        raise invalid_rule(field, f"Only marketing is held out: {', '.join(sorted(MARKETING))}.")
    within(field, percent, _PERCENT)


def _check_part_price(field: str, channel: str, micros: int) -> None:
    _check_channel(field, channel)
    within(field, micros, _PART_PRICE)


_BY_KEY: Mapping[str, Any] = {
    "channels_of": lambda field, kind, steps: _check_cascade(field, steps),
    "holdout_percent": _check_holdout,
    "part_price_micros": _check_part_price,
}


# --- overrides


def _check_places(overrides: Sequence[Override], directory: Directory) -> None:
    """Checks that each override names one existing salon or service, and no two name the same."""
    if len(overrides) > MAX_OVERRIDES:
        raise invalid_rule("overrides", f"There are at most {MAX_OVERRIDES} overrides.")
    places: set[tuple[str | None, str | None]] = set()
    for number, each in enumerate(overrides):
        path, place = f"overrides[{number}]", (each.salon_id, each.service_id)
        if (each.salon_id is None) == (each.service_id is None):
            raise invalid_rule(path, "An override is of a salon or of a service: give one of the ids.")
        if each.salon_id is not None and each.salon_id not in directory.salons:
            raise invalid_rule(f"{path}.salon_id", "There is no such salon.")
        if each.service_id is not None and each.service_id not in directory.services:
            raise invalid_rule(f"{path}.service_id", "There is no such service.")
        if place in places:
            raise invalid_rule(path, "There is an override of that salon or service already.")
        places.add(place)


def _check_override(path: str, override: Override, rules: Rules) -> None:
    """Checks an override by itself, and together with the network's rules."""
    field, changes = f"{path}.messages", override.changes
    _check_each(field, changes)
    if override.service_id is not None and changes.birthday_days_before is not None:
        raise invalid_rule(f"{field}.birthday_days_before", "A birthday greeting is about no service.")
    merged = _merged(rules, override)
    if merged.confirm_cutoff_hours_before >= merged.confirm_request_hours_before:
        name = _CUTOFF if changes.confirm_cutoff_hours_before is not None else _REQUEST
        raise invalid_rule(f"{field}.{name}", _CUTOFF_TOO_EARLY)


def _merged(rules: Rules, override: Override) -> MessageRules:
    services = [override.service_id] if override.service_id is not None else []
    return rules.messages_for(override.salon_id or "", services)


def _check_bookings_of_many(rules: Rules) -> None:
    """Checks overrides that may meet in one booking: that of a salon and those of several services. The
    confirm request may come from one override and the cut-off from another."""
    service_changes = [
        (number, each.changes) for number, each in enumerate(rules.overrides) if each.service_id
    ]
    bases = [rules.messages, *(_merged(rules, each) for each in rules.overrides if each.salon_id)]
    latest = min(_hours(_REQUEST, [*bases, *(changes for _, changes in service_changes)]))
    earliest = max(_hours(_CUTOFF, [*bases, *(changes for _, changes in service_changes)]))
    for number, changes in service_changes:
        request, cutoff = changes.confirm_request_hours_before, changes.confirm_cutoff_hours_before
        if cutoff is None and request is not None and request <= earliest:
            raise _contradicts(number, _REQUEST, earliest)
        if request is None and cutoff is not None and cutoff >= latest:
            raise _contradicts(number, _CUTOFF, latest)


def _hours(name: str, levels: Sequence[MessageRules | MessageChanges]) -> list[int]:
    return [hours for hours in (getattr(each, name) for each in levels) if hours is not None]


def _contradicts(number: int, name: str, hours: int) -> Exception:
    other = (
        f"{_CUTOFF_TOO_EARLY} Elsewhere, and perhaps for the same booking, the other is {hours} hours before."
    )
    return invalid_rule(f"overrides[{number}].messages.{name}", other)
