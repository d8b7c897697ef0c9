"""Set the rules: a network's own numbers in place of the defaults, checked so that none of them silences
everything."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import time
from typing import Any

from chalicelib.domain.access import Access
from chalicelib.domain.errors import conflict, forbidden, missing, refused
from chalicelib.domain.network import Network
from chalicelib.domain.quiet_hours import QuietHours
from chalicelib.domain.rules import Rules
from chalicelib.services.ports import SaveConflict
from chalicelib.services.world import World

LOUD_MINUTES_LEAST = 60
_DAY_MINUTES = 24 * 60
_RANGES = {
    "messages.confirm_request_hours_before": (1, 14 * 24),
    "messages.confirm_cutoff_hours_before": (0, 14 * 24),
    "messages.control_reminder_minutes_before": (5, _DAY_MINUTES),
    "messages.review_request_minutes_after": (0, 7 * _DAY_MINUTES),
    "messages.notice_again_when_moved_by_minutes": (1, _DAY_MINUTES),
    "bonuses.cashback_percent": (0, 100),
    "bonuses.redeem_cap_percent": (0, 100),
    "bonuses.point_value_minor": (1, 1_000_000),
    "bonuses.redeem_minimum_points": (0, 1_000_000),
    "bonuses.pending_days": (0, 365),
    "bonuses.by_hand_limit_points": (0, 1_000_000_000),
}


def set_rules(
    world: World, access: Access, version: int, messages: Mapping[str, Any], bonuses: Mapping[str, Any]
) -> Network:
    """Changes the rules of that version; what is not said stays. Said again of the version it made:
    unchanged.

    Raises STALE_VERSION, INVALID_RULE naming the field. Points already granted are not touched by any rule.
    """
    if not access.sees_whole_network:
        raise forbidden("Rules concern the whole network; this key opens some of its salons.")
    network = world.store.network(access.network_id)
    if network is None:
        raise missing("network", access.network_id)
    stands = network.rules
    rules = Rules(messages=replace(stands.messages, **messages), bonuses=replace(stands.bonuses, **bonuses))
    _check(rules)
    if version != network.rules_version:
        raise _stale(network)
    if rules == stands:
        return network
    try:
        (saved,) = world.store.save(replace(network, rules=rules, rules_version=version + 1))
    except SaveConflict:
        raise _stale(world.store.network(access.network_id) or network) from None
    world.directories.forget(access.network_id)
    return saved  # type: ignore[no-any-return]


def _stale(network: Network) -> Exception:
    version = network.rules_version
    return conflict("STALE_VERSION", "The rules were changed meanwhile; read them again.", version=version)


def _check(rules: Rules) -> None:
    for path, (least, most) in _RANGES.items():
        section, _, field = path.partition(".")
        value = getattr(getattr(rules, section), field)
        if not least <= value <= most:
            raise _invalid(path, f"{path} lies between {least} and {most}.")
    messages = rules.messages
    if messages.confirm_cutoff_hours_before >= messages.confirm_request_hours_before:
        raise _invalid("messages.confirm_cutoff_hours_before", "The cut-off comes after the confirm request.")
    if _DAY_MINUTES - _quiet_minutes(messages.quiet_hours) < LOUD_MINUTES_LEAST:
        raise _invalid("messages.quiet_hours", "Quiet hours leave at least an hour of the day.")


def _invalid(field: str, message: str) -> Exception:
    return refused("INVALID_RULE", message, field=field)


def _quiet_minutes(quiet: QuietHours) -> int:
    def minute(clock: time) -> int:
        return clock.hour * 60 + clock.minute

    return (minute(quiet.end) - minute(quiet.start)) % _DAY_MINUTES
