"""Explain a touch: what would happen to it, and which rule decides. An explanation shows all plans and checks
of the sender, each with the value of its rule."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.messages.bounds import bounds_of
from chalicelib.domain.messages.spending import Bounds, Ceilings, Wanted, reserved
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.networks.rules import MessageRules
from chalicelib.domain.shared.errors import refused
from chalicelib.domain.shared.months import month_name
from chalicelib.domain.shared.touches import (
    IN_TRIAL,
    Plan,
    Touch,
    TouchKind,
    TouchState,
    due_at,
    is_open,
    open_plans,
    touch_of,
)
from chalicelib.services.bookings.plan_booking import directory_for
from chalicelib.services.clients.contact_person import reached
from chalicelib.services.messages.about_account import about_account
from chalicelib.services.messages.about_booking import about_booking
from chalicelib.services.messages.about_client import about_client
from chalicelib.services.messages.budgets import cost_of
from chalicelib.services.messages.decide_touch import (
    Case,
    Check,
    Route,
    checks,
    find_route,
    stopped_by,
    verdict,
)
from chalicelib.services.messages.subjects import Subject
from chalicelib.services.shared.world import World

_OF_CLIENT = frozenset(
    {TouchKind.REPEAT_INVITATION, TouchKind.BIRTHDAY, TouchKind.AT_RISK, TouchKind.WIN_BACK}
)
_OFFSETS: Mapping[TouchKind, str] = {
    TouchKind.NOTICE: "notice_again_when_moved_by_minutes",
    TouchKind.CONFIRM_REQUEST: "confirm_request_hours_before",
    TouchKind.CONTROL_REMINDER: "control_reminder_minutes_before",
    TouchKind.REVIEW_REQUEST: "review_request_minutes_after",
    TouchKind.BONUS_NOTICE: "review_request_minutes_after",
    TouchKind.NO_SHOW_INVITATION: "no_show_invitation_days_after",
    TouchKind.BIRTHDAY: "birthday_days_before",
    TouchKind.BONUS_EXPIRY: "bonus_expiry_days_before",
}
"""The rule that says when a kind is due. Kinds that are not here follow from the client's rhythm."""


class Decision(StrEnum):
    """What would happen to a touch.

    send         it would be sent now.
    wait         it is not due yet, and would be sent then.
    put_off      it would be decided again later.
    skip         it would not be made.
    done         it was decided already.
    not_planned  nothing calls for it, or a rule leaves it out.
    """

    SEND = "send"
    WAIT = "wait"
    PUT_OFF = "put_off"
    SKIP = "skip"
    DONE = "done"
    NOT_PLANNED = "not_planned"


class Explanation(Struct, frozen=True, kw_only=True):
    """What would happen to a touch, and why.

    as_of       the instant for which the checks are made: now, or when the touch is due.
    at          when something will be done.
    decided_by  the rule that stops the touch; None: none does.
    channel     the channel through which it would be sent.
    own_rules   the salons and services of the booking that have rules of their own.
    """

    kind: TouchKind
    decision: Decision
    as_of: datetime
    at: datetime | None = None
    decided_by: str | None = None
    reason: str | None = None
    plan: Plan | None = None
    touch: Touch | None = None
    checks: Sequence[Check] = ()
    channel: str | None = None
    own_rules: Sequence[str] = ()


def explain(
    world: World, channels: Collection[str], booking: Booking, client: Client | None, kind: TouchKind
) -> Explanation:
    """Explains a touch of a booking, or of the booking's client or account where the kind is about those.
    channels: those by which messages can leave. Raises NO_CLIENT, UNKNOWN_KIND."""
    if client is None:
        raise refused("NO_CLIENT", "The booking has no client to write to.")
    now, directory = world.now(), directory_for(world, booking)
    subject = _subject(world, booking, client, directory, kind)
    plan = next((each for each in subject.plans(now) if each.kind is kind), None)
    own_rules = _own_rules(booking, directory)
    if plan is None:
        return Explanation(
            kind=kind, decision=Decision.NOT_PLANNED, as_of=now, reason="not_called_for", own_rules=own_rules
        )
    touch = touch_of(subject.item.touches, plan)
    explanation = Explanation(
        kind=kind, decision=Decision.DONE, as_of=now, plan=plan, touch=touch, own_rules=own_rules
    )
    if touch is not None and not is_open(touch, now, plan.until):
        return replace(explanation, reason=touch.reason)
    planned = _planned(subject.rules, plan)
    if plan.reason is not None:
        return replace(
            explanation,
            decision=Decision.NOT_PLANNED,
            checks=[planned],
            decided_by=planned.rule,
            reason=plan.reason,
        )
    return _decide(world, channels, subject, replace(explanation, checks=[planned]))


def _subject(
    world: World, booking: Booking, client: Client, directory: Directory, kind: TouchKind
) -> Subject:
    if kind is TouchKind.CAMPAIGN:
        raise refused("UNKNOWN_KIND", "A campaign is about no booking; see its own report.", kind=kind.value)
    if kind is TouchKind.BONUS_EXPIRY:
        return about_account(world.store.account(client.network_id, client.id), client, directory)
    if kind in _OF_CLIENT:
        return about_client(client, directory)
    return about_booking(booking, reached(world, client), directory)


def _planned(rules: MessageRules, plan: Plan) -> Check:
    """The rule that plans the touch, or leaves it out."""
    name = _OFFSETS.get(plan.kind, "rhythm")
    if plan.reason == "switched_off":
        name = "off" if rules.enabled else "enabled"
    elif plan.reason == "quiet_hours":
        name = "quiet_hours"
    return Check(name, getattr(rules, name, None), plan.reason)


def _own_rules(booking: Booking, directory: Directory) -> list[str]:
    places = [booking.salon_id, *(line.service_id for line in booking.lines)]
    with_own_rules = {each.salon_id or each.service_id for each in directory.rules.overrides}
    return [place for place in dict.fromkeys(places) if place in with_own_rules]


def _decide(
    world: World, channels: Collection[str], subject: Subject, explanation: Explanation
) -> Explanation:
    """The explanation completed by the checks, made for the instant at which the touch is due."""
    plan, touch, now = explanation.plan, explanation.touch, explanation.as_of
    assert plan is not None
    due = due_at(plan, touch)
    as_of = max(now, due)
    open_then = open_plans(subject.plans(as_of), subject.item.touches, as_of)
    subject = subject.prepared(world.store, [*open_then, plan], as_of)
    case = Case(subject, plan, touch, world.store, as_of, channels)
    case = replace(case, going=_ahead_of(case, open_then))
    chosen = find_route(case)
    found = [*checks(case, chosen), *_live(subject), *_budget(case, chosen)]
    stopped = next((check for check in found if not check.passed), None)
    explanation = replace(explanation, as_of=as_of, checks=[*explanation.checks, *found])
    if touch is not None and touch.state is TouchState.SENDING:
        return replace(explanation, decision=Decision.WAIT, at=due)
    if stopped is not None:
        put_off = stopped.until is not None
        return replace(
            explanation,
            decision=Decision.PUT_OFF if put_off else Decision.SKIP,
            at=stopped.until or due,
            decided_by=stopped.rule,
            reason=stopped.reason,
        )
    channel = chosen.channel if isinstance(chosen, Route) else None
    decision = Decision.SEND if due <= now else Decision.WAIT
    return replace(explanation, decision=decision, at=as_of, channel=channel)


def _ahead_of(case: Case, open_then: Sequence[Plan]) -> dict[TouchKind, str]:
    """The kinds that would be sent in the same wake before this touch, with their channels. They count for
    its caps, or one of them carries it."""
    going: dict[TouchKind, str] = {}
    for plan in open_then:
        if plan.kind is case.plan.kind:
            break
        touch = touch_of(case.subject.item.touches, plan)
        if due_at(plan, touch) > case.now:
            continue
        found = verdict(replace(case, plan=plan, before=touch, going=dict(going)))
        if isinstance(found, Route):
            going[plan.kind] = found.channel
    return going


def _live(subject: Subject) -> list[Check]:
    return [Check("live", False, IN_TRIAL)] if subject.directory.network.trial else []


def _budget(case: Case, chosen: Route | Check) -> list[Check]:
    """The check of the network's bounds, by what is reserved now. The cost of the message itself is unknown
    until its text is made. What the operator allows is not looked at."""
    if not isinstance(chosen, Route):
        return []
    subject, rules = case.subject, case.subject.directory.rules.messages
    cost = cost_of(subject, case.plan.kind, chosen.channel, micros=1)
    bounds = bounds_of(subject.directory, cost.origin, Ceilings(), essential=cost.essential)
    if cost.is_free or bounds == Bounds():
        return []
    spending = case.store.spending(subject.item.network_id, month_name(case.now))
    after = reserved(spending, Wanted(messages=1, micros=1, origin=cost.origin), bounds, case.now)
    reason = after if isinstance(after, str) else None
    value = {
        "budget_micros": bounds.month,
        "reserved_micros": spending.reserved_micros,
        "messages_today": spending.day_messages if spending.day == f"{case.now:%Y-%m-%d}" else 0,
    }
    name = "monthly_budget_usd_cents" if rules.monthly_budget_usd_cents is not None else "bounds"
    stopped = stopped_by(case, reason) if reason is not None else Check(name)
    return [Check(name, value, reason, stopped.until)]
