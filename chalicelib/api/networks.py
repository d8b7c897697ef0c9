"""The network itself and its rules."""

from datetime import datetime, time
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType, to_builtins

from chalicelib.api.endpoint import DESK, EVERYBODY, OFFICE, OWNER, Ask, endpoint, get, patch, put
from chalicelib.api.reading import Body
from chalicelib.api.shapes import Answered, Line, given
from chalicelib.domain.network import Network
from chalicelib.domain.quiet_hours import QuietHours
from chalicelib.services.set_rules import set_rules
from chalicelib.services.set_up import change_network

Clock = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Whole = Annotated[int, Meta(ge=-(10**12), le=10**12)]


class NetworkChanges(Body):
    """country: ISO 3166 alpha-2, whose phone numbers may be written without a code. language: ru, ro or
    en."""

    name: Line | UnsetType = UNSET
    country: str | UnsetType = UNSET
    language: str | UnsetType = UNSET
    version: Whole | UnsetType = UNSET


class NetworkAnswer(Answered):
    id: str
    name: str
    country: str
    language: str
    created_at: datetime
    rules_version: int
    version: int


def _answer(network: Network) -> NetworkAnswer:
    return NetworkAnswer(
        id=network.network_id,
        name=network.name,
        country=network.country,
        language=network.language,
        created_at=network.created_at,
        rules_version=network.rules_version,
        version=network.version,
    )


@get("/v1/network")
@endpoint(roles=EVERYBODY, answer=NetworkAnswer)
def see(ask: Ask) -> NetworkAnswer:
    return _answer(ask.world.directory(ask.access.network_id).network)


@patch("/v1/network")
@endpoint(roles=OWNER, body=NetworkChanges, answer=NetworkAnswer)
def change(ask: Ask) -> NetworkAnswer:
    return _answer(change_network(ask.world, ask.access, given(ask.body)))


# --- rules


class QuietClock(Body):
    """Local clock times, HH:MM, over midnight where start is later than end; equal: no hour is quiet."""

    start: Clock
    end: Clock


class MessageRulesSaid(Body):
    enabled: bool | UnsetType = UNSET
    confirm_request_hours_before: Whole | UnsetType = UNSET
    confirm_cutoff_hours_before: Whole | UnsetType = UNSET
    control_reminder_minutes_before: Whole | UnsetType = UNSET
    review_request_minutes_after: Whole | UnsetType = UNSET
    notice_again_when_moved_by_minutes: Whole | UnsetType = UNSET
    quiet_hours: QuietClock | UnsetType = UNSET
    marketing_needs_consent: bool | UnsetType = UNSET


class BonusRulesSaid(Body):
    enabled: bool | UnsetType = UNSET
    cashback_percent: Whole | UnsetType = UNSET
    point_value_minor: Whole | UnsetType = UNSET
    redeem_cap_percent: Whole | UnsetType = UNSET
    redeem_minimum_points: Whole | UnsetType = UNSET
    pending_days: Whole | UnsetType = UNSET
    by_hand_limit_points: Whole | UnsetType = UNSET


class RulesSaid(Body):
    """version: of the rules that are changed. What is not said stays as it is."""

    version: Whole
    messages: MessageRulesSaid | UnsetType = UNSET
    bonuses: BonusRulesSaid | UnsetType = UNSET


class RulesAnswer(Answered):
    version: int
    messages: MessageRulesSaid
    bonuses: BonusRulesSaid


def _rules(network: Network) -> RulesAnswer:
    quiet = network.rules.messages.quiet_hours
    messages = to_builtins(network.rules.messages)
    messages["quiet_hours"] = QuietClock(start=f"{quiet.start:%H:%M}", end=f"{quiet.end:%H:%M}")
    return RulesAnswer(
        version=network.rules_version,
        messages=MessageRulesSaid(**messages),
        bonuses=BonusRulesSaid(**to_builtins(network.rules.bonuses)),
    )


@get("/v1/rules")
@endpoint(roles=DESK, answer=RulesAnswer)
def see_rules(ask: Ask) -> RulesAnswer:
    network = ask.world.store.network(ask.access.network_id)
    return _rules(network or ask.world.directory(ask.access.network_id).network)


@put("/v1/rules")
@endpoint(roles=OFFICE, body=RulesSaid, answer=RulesAnswer)
def put_rules(ask: Ask) -> RulesAnswer:
    said: RulesSaid = ask.body
    messages: dict[str, Any] = given(said.messages) if said.messages is not UNSET else {}
    quiet = messages.get("quiet_hours")
    if quiet is not None:
        messages["quiet_hours"] = QuietHours(time.fromisoformat(quiet.start), time.fromisoformat(quiet.end))
    bonuses = given(said.bonuses) if said.bonuses is not UNSET else {}
    return _rules(set_rules(ask.world, ask.access, said.version, messages, bonuses))
