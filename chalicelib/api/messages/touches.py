"""Why a client is, or is not, written to about a booking."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import asdict

from chalicelib.api.http.endpoint import DESK, Ask, endpoint, get
from chalicelib.api.http.schemas import Answered
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.messages.reasons import RULES, reason_words
from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.errors import refused
from chalicelib.domain.shared.quiet_hours import QuietHours
from chalicelib.domain.shared.touches import Plan, TouchKind
from chalicelib.services.bookings.read_booking import get_booking
from chalicelib.services.messages.decide_touch import Check
from chalicelib.services.messages.explain_touch import explain


class PlanAnswer(Answered):
    """Due at `at`, of use until `until`; reason: why it is left out."""

    at: datetime
    until: datetime
    reason: str | None
    reason_words: str | None


class CheckAnswer(Answered):
    """One rule. value: the value of the rule. until: when it would be decided again; null: it would not."""

    rule: str
    about: str
    value: Any
    passed: bool
    reason: str | None
    reason_words: str | None
    until: datetime | None


class TouchExplained(Answered):
    """decision: send (now), wait (until it is due), put_off, skip, done (decided before), not_planned. as_of:
    the instant that the checks are made for. at: when something will be done. decided_by: the rule that says
    no. own_rules: the salons and services whose own rules hold here in place of the network's."""

    kind: str
    decision: str
    as_of: datetime
    at: datetime | None
    decided_by: str | None
    reason: str | None
    reason_words: str | None
    channel: str | None
    plan: PlanAnswer | None
    checks: list[CheckAnswer]
    own_rules: list[str]


def _plan(plan: Plan) -> PlanAnswer:
    words = reason_words(plan.reason)
    return PlanAnswer(at=plan.at, until=plan.until, reason=plan.reason, reason_words=words)


def _check(check: Check) -> CheckAnswer:
    return CheckAnswer(
        rule=check.rule,
        about=RULES[check.rule],
        value=_plain(check.value),
        passed=check.passed,
        reason=check.reason,
        reason_words=reason_words(check.reason),
        until=check.until,
    )


def _plain(value: Any) -> Any:
    if isinstance(value, QuietHours):
        return {name: f"{clock:%H:%M}" for name, clock in asdict(value).items()}
    return dict(value) if isinstance(value, Mapping) else value


def _kind(word: str) -> TouchKind:
    try:
        return TouchKind(word)
    except ValueError:
        raise refused("UNKNOWN_KIND", f"Kinds are {', '.join(TouchKind)}.", kind=word) from None


@get("/v1/bookings/{booking_id}/touches/{kind}/explain")
@endpoint(roles=DESK | {Role.SPECIALIST}, answer=TouchExplained)
def see(ask: Ask, booking_id: str, kind: str) -> TouchExplained:
    """What would happen to a touch now, by the checks that the sender goes by, and which rule decides."""
    wanted = _kind(kind)
    booking = get_booking(ask.world, ask.access, booking_id)
    client = (
        ask.world.store.get(Client, network_id=booking.network_id, id=booking.client_id)
        if booking.client_id
        else None
    )
    explanation = explain(ask.world, ask.container.sending().senders.keys(), booking, client, wanted)
    return TouchExplained(
        kind=wanted.value,
        decision=explanation.decision.value,
        as_of=explanation.as_of,
        at=explanation.at,
        decided_by=explanation.decided_by,
        reason=explanation.reason,
        reason_words=reason_words(explanation.reason),
        channel=explanation.channel,
        plan=_plan(explanation.plan) if explanation.plan else None,
        checks=[_check(each) for each in explanation.checks],
        own_rules=list(explanation.own_rules),
    )
