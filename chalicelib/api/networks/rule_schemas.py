"""Rules in requests and answers: PUT takes what GET gives."""

from collections.abc import Iterator, Mapping
from datetime import datetime, time
from itertools import chain
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, to_builtins
from msgspec.structs import fields

from chalicelib.api.http.parsing import Body
from chalicelib.api.http.schemas import Answered, Id, Word, given
from chalicelib.api.networks.bonus_schemas import BonusRulesRequest, Whole, bonus_differences, bonuses_shown
from chalicelib.api.networks.category_schemas import CategoryDefinitionsRequest, definitions_shown
from chalicelib.domain.networks.category_definitions import CategoryDefinitions
from chalicelib.domain.networks.network import Network
from chalicelib.domain.networks.rules import (
    ChannelStep,
    MessageChanges,
    MessageRules,
    Override,
    Rules,
    RulesChange,
)
from chalicelib.domain.shared.errors import refused
from chalicelib.domain.shared.quiet_hours import QuietHours
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.domain.waking.walks import Walk

Clock = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class QuietClock(Body):
    """Local clock times, HH:MM, over midnight where start is later than end; equal: no hour is quiet."""

    start: Clock
    end: Clock


class StepRequest(Body):
    """One channel of a cascade. wait_minutes: how long it may take to deliver before the next channel
    follows; 0: the next follows only when this one fails."""

    channel: Word
    wait_minutes: Whole = 0


Kinds = Annotated[list[Word], Meta(max_length=50)]
Countries = Annotated[list[Word], Meta(max_length=50)]
Days = Annotated[list[Whole], Meta(max_length=50)]
Cascade = Annotated[list[StepRequest], Meta(max_length=20)]
Cascades = Annotated[dict[Word, Cascade], Meta(max_length=50)]
ByName = Annotated[dict[Word, Whole], Meta(max_length=50)]


class MessageRulesRequest(Body):
    """Lists and maps are replaced as a whole. monthly_budget_usd_cents null: no budget. network_daily_cap,
    network_daily_usd_cents null: as many as the deployment allows a network. sms_countries empty: the
    network's own country and those of its salons."""

    enabled: bool | UnsetType = UNSET
    off: Kinds | UnsetType = UNSET
    on: Kinds | UnsetType = UNSET
    confirm_request_hours_before: Whole | UnsetType = UNSET
    confirm_cutoff_hours_before: Whole | UnsetType = UNSET
    control_reminder_minutes_before: Whole | UnsetType = UNSET
    review_request_minutes_after: Whole | UnsetType = UNSET
    notice_again_when_moved_by_minutes: Whole | UnsetType = UNSET
    notice_again_when_staff_changes: bool | UnsetType = UNSET
    no_show_invitation_days_after: Whole | UnsetType = UNSET
    birthday_days_before: Whole | UnsetType = UNSET
    bonus_expiry_days_before: Days | UnsetType = UNSET
    day_touch_hour: Whole | UnsetType = UNSET
    quiet_hours: QuietClock | UnsetType = UNSET
    marketing_needs_consent: bool | UnsetType = UNSET
    weekly_cap: Whole | UnsetType = UNSET
    weekly_marketing_cap: Whole | UnsetType = UNSET
    monthly_budget_usd_cents: Whole | UnsetType | None = UNSET
    channels: Cascade | UnsetType = UNSET
    channels_of: Cascades | UnsetType = UNSET
    holdout_percent: ByName | UnsetType = UNSET
    part_price_micros: ByName | UnsetType = UNSET
    essential_budget_percent: Whole | UnsetType = UNSET
    network_daily_cap: Whole | UnsetType | None = UNSET
    network_daily_usd_cents: Whole | UnsetType | None = UNSET
    origin_hourly_cap: Whole | UnsetType = UNSET
    origin_daily_cap: Whole | UnsetType = UNSET
    daily_notice_cap: Whole | UnsetType = UNSET
    sms_countries: Countries | UnsetType = UNSET


class MessageChangesRequest(Body):
    """The rules that a salon or a service has of its own. A field that is not given is as the network has
    it."""

    enabled: bool | UnsetType = UNSET
    off: Kinds | UnsetType = UNSET
    confirm_request_hours_before: Whole | UnsetType = UNSET
    confirm_cutoff_hours_before: Whole | UnsetType = UNSET
    control_reminder_minutes_before: Whole | UnsetType = UNSET
    review_request_minutes_after: Whole | UnsetType = UNSET
    no_show_invitation_days_after: Whole | UnsetType = UNSET
    birthday_days_before: Whole | UnsetType = UNSET
    day_touch_hour: Whole | UnsetType = UNSET
    quiet_hours: QuietClock | UnsetType = UNSET
    channels: Cascade | UnsetType = UNSET
    channels_of: Cascades | UnsetType = UNSET


class OverrideRequest(Body, omit_defaults=True, kw_only=True):
    """The rules that a salon, or a service, has of its own: exactly one of the ids."""

    salon_id: Id | None = None
    service_id: Id | None = None
    messages: MessageChangesRequest


class RulesRequest(Body):
    """version: that of the rules which are changed. A field that is not given stays; overrides are replaced
    as a whole. walk_id: accepted, so that an answer can be sent back, and ignored."""

    version: Whole
    messages: MessageRulesRequest | UnsetType = UNSET
    bonuses: BonusRulesRequest | UnsetType = UNSET
    overrides: list[OverrideRequest] | UnsetType = UNSET
    categories: CategoryDefinitionsRequest | UnsetType = UNSET
    walk_id: Id | None = None


class RulesAnswer(Answered):
    """walk_id: the walk that plans again what is upcoming, until it has ended."""

    version: int
    messages: MessageRulesRequest
    bonuses: BonusRulesRequest
    overrides: list[OverrideRequest]
    categories: CategoryDefinitionsRequest
    walk_id: str | None


class FieldChange(msgspec.Struct, kw_only=True):
    """field: its path; in an override the path names the salon or service. null: the field was, or is, not
    given."""

    field: str
    before: Any
    after: Any


class RulesChangeAnswer(Answered):
    """One version of the rules as it was set. changes: what differs from the one before."""

    version: int
    at: datetime
    actor: str
    messages: MessageRulesRequest
    bonuses: BonusRulesRequest
    overrides: list[OverrideRequest]
    categories: CategoryDefinitionsRequest
    changes: list[FieldChange]


# --- reading


def messages_of_request(request: MessageRulesRequest | MessageChangesRequest, path: str) -> dict[str, Any]:
    """The fields that the request gives, as the rules have them. Raises INVALID_RULE for an unknown kind."""
    found = given(request)
    for name in ("channels_of", "holdout_percent"):
        if name in found:
            found[name] = {_kind(key, f"{path}.{name}"): each for key, each in found[name].items()}
    if "quiet_hours" in found:
        quiet = found["quiet_hours"]
        found["quiet_hours"] = QuietHours(time.fromisoformat(quiet.start), time.fromisoformat(quiet.end))
    for name in found.keys() & {"off", "on"}:
        found[name] = tuple(dict.fromkeys(_kind(word, f"{path}.{name}") for word in found[name]))
    if "sms_countries" in found:
        found["sms_countries"] = tuple(dict.fromkeys(found["sms_countries"]))
    if "bonus_expiry_days_before" in found:
        found["bonus_expiry_days_before"] = tuple(found["bonus_expiry_days_before"])
    if "channels" in found:
        found["channels"] = _cascade(found["channels"])
    if "channels_of" in found:
        found["channels_of"] = {kind: _cascade(steps) for kind, steps in found["channels_of"].items()}
    return found


def overrides_of_request(request: list[OverrideRequest]) -> list[Override]:
    return [
        Override(
            salon_id=each.salon_id,
            service_id=each.service_id,
            changes=MessageChanges(**messages_of_request(each.messages, f"overrides[{number}].messages")),
        )
        for number, each in enumerate(request)
    ]


def _cascade(steps: list[StepRequest]) -> tuple[ChannelStep, ...]:
    return tuple(ChannelStep(step.channel, step.wait_minutes) for step in steps)


def _kind(word: str, field: str) -> TouchKind:
    try:
        return TouchKind(word)
    except ValueError:
        raise refused("INVALID_RULE", f"Kinds are {', '.join(TouchKind)}.", field=field) from None


# --- answering


def rules_answer(network: Network, walk: Walk | None) -> RulesAnswer:
    shown = _shown(network.rules)
    return RulesAnswer(version=network.rules_version, walk_id=walk.id if walk else None, **shown)


def change_answer(change: RulesChange, before: RulesChange | None) -> RulesChangeAnswer:
    shown = _shown(change.rules)
    return RulesChangeAnswer(
        version=int(change.number),
        at=change.at,
        actor=change.actor,
        changes=_differences(before.rules, change.rules) if before is not None else [],
        **shown,
    )


def _shown(rules: Rules) -> dict[str, Any]:
    return {
        "messages": MessageRulesRequest(**_fields_shown(rules.messages)),
        "bonuses": bonuses_shown(rules.bonuses),
        "overrides": [
            OverrideRequest(
                salon_id=each.salon_id,
                service_id=each.service_id,
                messages=MessageChangesRequest(**_fields_shown(each.changes)),
            )
            for each in rules.overrides
        ],
        "categories": definitions_shown(rules.categories),
    }


def _fields_shown(rules: Any) -> dict[str, Any]:
    """The fields of rules as answers show them; for an override those that it has."""
    pairs = ((each.name, getattr(rules, each.name)) for each in fields(rules))
    kept = isinstance(rules, MessageRules | CategoryDefinitions)
    return {name: _plain(value) for name, value in pairs if kept or value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, QuietHours):
        return QuietClock(start=f"{value.start:%H:%M}", end=f"{value.end:%H:%M}")
    if isinstance(value, ChannelStep):
        return StepRequest(channel=value.channel, wait_minutes=value.wait_minutes)
    if isinstance(value, TouchKind):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in sorted(value.items())}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    assert not isinstance(value, Struct), value
    return value


def _differences(before: Rules, after: Rules) -> list[FieldChange]:
    changes = (
        _changed({"messages": before.messages}, {"messages": after.messages}),
        bonus_differences(before.bonuses, after.bonuses),
        _changed(_overrides(before), _overrides(after)),
        _changed({"categories": before.categories}, {"categories": after.categories}),
    )
    return [FieldChange(field=path, before=was, after=becomes) for path, was, becomes in chain(*changes)]


def _overrides(rules: Rules) -> dict[str, MessageChanges]:
    return {
        f"overrides[{each.salon_id or each.service_id}].messages": each.changes for each in rules.overrides
    }


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    old, new = _by_path(before), _by_path(after)
    for path in [*new, *(path for path in old if path not in new)]:
        if old.get(path) != new.get(path):
            yield path, old.get(path), new.get(path)


def _by_path(places: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"{path}.{name}": to_builtins(value)
        for path, rules in places.items()
        for name, value in _fields_shown(rules).items()
    }
