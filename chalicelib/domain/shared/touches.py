"""Touches: the reasons to contact a client, when each is due, and until when it is useful. Pure; see
docs/messages.md.

A touch belongs to an occurrence of its item. A move of a booking begins a new occurrence: the touches of the
old time neither count for the new time nor are repeated.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.shared.quiet_hours import QuietHours

Touchable = TypeVar("Touchable", bound=Any)
"""An item with touches: a booking, a client, an account, a recipient of a campaign."""


class TouchKind(StrEnum):
    """The kinds of touches by priority, the most urgent first."""

    CONTROL_REMINDER = "control_reminder"
    CONFIRM_REQUEST = "confirm_request"
    NOTICE = "notice"
    REVIEW_REQUEST = "review_request"
    BONUS_NOTICE = "bonus_notice"
    BONUS_EXPIRY = "bonus_expiry"
    REPEAT_INVITATION = "repeat_invitation"
    NO_SHOW_INVITATION = "no_show_invitation"
    BIRTHDAY = "birthday"
    AT_RISK = "at_risk"
    WIN_BACK = "win_back"
    CAMPAIGN = "campaign"


class TouchState(StrEnum):
    """awaiting: sent through one channel and not known to have arrived, so that the next channel may follow.
    deferred: not made now, and decided again at `again_at`."""

    SENDING = "sending"
    AWAITING = "awaiting"
    DEFERRED = "deferred"
    SENT = "sent"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNKNOWN = "unknown"


IN_FLIGHT = frozenset({TouchState.SENDING, TouchState.AWAITING})
UNSETTLED = IN_FLIGHT | {TouchState.DEFERRED}
_DECIDED_AGAIN = frozenset({TouchState.DEFERRED, TouchState.UNKNOWN})
"""States in which the touch may still be made, and not only its fate is looked up."""


class Purpose(StrEnum):
    """What a consent is for. Service messages are sent unless refused, marketing only where granted."""

    SERVICE = "service"
    MARKETING = "marketing"


PRIORITY = {kind: rank for rank, kind in enumerate(TouchKind)}
MARKETING = frozenset(
    {
        TouchKind.REPEAT_INVITATION,
        TouchKind.NO_SHOW_INVITATION,
        TouchKind.BIRTHDAY,
        TouchKind.AT_RISK,
        TouchKind.WIN_BACK,
        TouchKind.CAMPAIGN,
    }
)
ESSENTIAL = frozenset({TouchKind.NOTICE, TouchKind.CONFIRM_REQUEST, TouchKind.CONTROL_REMINDER})
"""Kinds that a booking needs: neither counted by the caps nor stopped by the budget."""

MUST_ARRIVE = frozenset({TouchKind.CONTROL_REMINDER, TouchKind.CONFIRM_REQUEST})
"""Kinds with a second attempt where the fate of the first stays unknown: twice is better than never."""

AT_ANY_HOUR = frozenset({TouchKind.NOTICE})
"""Kinds that answer what the client has just done, and so are sent at night, too."""

JUST_DONE = timedelta(hours=1)
"""How long such an answer may be sent at night; later (after an outage or a failed channel) it waits."""

ONE_ACT = timedelta(seconds=60)
"""How long what is done to a client's bookings counts as one act: the dates of a course come one after
another, and a wrong move is put right at once. A client hears of an act in one or two messages."""

MOVES_EARLIER = frozenset({TouchKind.CONTROL_REMINDER})
"""Kinds that are moved before quiet hours; all others are moved after them."""

GRACE = timedelta(minutes=3)
"""How long a claimed touch may stay without a record before its worker counts as lost: longer than a worker
can live."""

MAX_DOUBTS = 1
"""How many attempts of unknown fate may be followed by another attempt."""


ON_BY_DEFAULT = frozenset(
    {
        TouchKind.CONTROL_REMINDER,
        TouchKind.CONFIRM_REQUEST,
        TouchKind.NOTICE,
        TouchKind.REVIEW_REQUEST,
        TouchKind.BONUS_NOTICE,
        TouchKind.BONUS_EXPIRY,
        TouchKind.REPEAT_INVITATION,
        TouchKind.NO_SHOW_INVITATION,
        TouchKind.BIRTHDAY,
        TouchKind.AT_RISK,
        TouchKind.WIN_BACK,
        TouchKind.CAMPAIGN,
    }
)
"""Kinds that are made unless the rules switch them off. No kind is ever added here: a kind that is new begins
to be made in a network when that network chooses it."""

SAME_ACT = "same_act"
"""The reason of a notice that needs no message: one about another booking of the same act told of it."""

IN_TRIAL = "trial"
"""The reason of a touch that was due while its network was in trial: it was recorded, and not sent."""


def purpose_of(kind: TouchKind) -> Purpose:
    return Purpose.MARKETING if kind in MARKETING else Purpose.SERVICE


class Touch(Struct, frozen=True):
    """What became of a touch.

    occurrence  which one of its kind: the start of the booking, the year of the birthday, the lapse, ...
    attempt     how many attempts were made, through all channels.
    step        the position of the last attempt's channel in the cascade, from 0.
    doubts      how many attempts have an unknown fate.
    again_at    deferred or awaiting: when the touch is considered again.
    channel     the channel of the last attempt, while another may follow.
    """

    kind: TouchKind
    state: TouchState
    at: datetime
    occurrence: int = 0
    attempt: int = 1
    reason: str | None = None
    step: int = 0
    doubts: int = 0
    again_at: datetime | None = None
    channel: str | None = None


class Plan(Struct, frozen=True):
    """A touch as the rules plan it. Either `reason` says why it is left out, or it is due within [at,
    until)."""

    kind: TouchKind
    at: datetime
    until: datetime
    reason: str | None = None
    occurrence: int = 0


def comes_at_any_hour(plan: Plan, now: datetime) -> bool:
    return plan.kind in AT_ANY_HOUR and now - plan.at < JUST_DONE


def touch_of(touches: Mapping[TouchKind, Touch], plan: Plan) -> Touch | None:
    """The touch of the plan's occurrence; None: nothing was tried for it."""
    touch = touches.get(plan.kind)
    return touch if touch is not None and touch.occurrence == plan.occurrence else None


def is_over(touches: Mapping[TouchKind, Touch], plan: Plan) -> bool:
    """Whether a later occurrence has taken the plan's place, as after the reversal of the visit that ended a
    lapse. Then the touch cannot be claimed, and is not made."""
    touch = touches.get(plan.kind)
    return touch is not None and touch.occurrence > plan.occurrence


def with_touches(item: Touchable, *touches: Touch) -> Touchable:
    """The item with these touches in place of its touches of the same kinds. A touch never replaces one of a
    later occurrence."""
    after = dict(item.touches)
    for touch in touches:
        existing = after.get(touch.kind)
        if existing is None or existing.occurrence <= touch.occurrence:
            after[touch.kind] = touch
    return replace(item, touches=MappingProxyType(after))


def is_open(touch: Touch | None, now: datetime, until: datetime) -> bool:
    """Whether the touch is unfinished: never tried, in flight, deferred, or worth a second attempt."""
    if touch is None or touch.state in UNSETTLED:
        return True
    return may_try_again(touch) and now < until


def may_try_again(touch: Touch) -> bool:
    """Whether another attempt may follow: the fate of the last one is unknown, and the kind must arrive."""
    return touch.state is TouchState.UNKNOWN and touch.kind in MUST_ARRIVE and touch.doubts <= MAX_DOUBTS


def timely(
    plan: Plan, touch: Touch | None, quiet: QuietHours, zone: str, *, made_at: datetime, now: datetime
) -> Plan:
    """The plan moved out of quiet hours: a kind of MOVES_EARLIER before them, any other after them. It is
    left out where that is too late.

    An overdue touch that was not tried waits until the quiet hours end. If it would be too late by then, it
    stays due, so that it is skipped on record. made_at: when its cause was made; no touch is moved before.
    """
    if plan.reason is not None or comes_at_any_hour(plan, now):
        return plan
    at = plan.at
    if quiet.holds(at, zone) and plan.kind in MOVES_EARLIER:
        earlier = quiet.last_loud_before(at, zone)
        at = earlier if earlier >= made_at else at
    if plan.kind not in AT_ANY_HOUR:
        at = quiet.ends_after(at, zone)
    if at >= plan.until:
        return replace(plan, reason="quiet_hours")
    if touch is None and at < now and quiet.holds(now, zone):
        loud = quiet.ends_after(now, zone)
        at = loud if loud < plan.until else at
    return replace(plan, at=at)


def due_at(plan: Plan, touch: Touch | None) -> datetime:
    """When to consider the touch next. Untried: at the plan's time. Deferred: at `again_at`, but not before
    the plan's time, which may have changed. Tried: when its fate counts as unknown."""
    if touch is None:
        return plan.at
    again = touch.again_at or touch.at + GRACE
    return max(plan.at, again) if touch.state in _DECIDED_AGAIN else again


def open_plans(plans: Iterable[Plan], touches: Mapping[TouchKind, Touch], now: datetime) -> list[Plan]:
    """The plans of unfinished touches, by priority. Touches that would be too late are included, so that they
    are skipped on record. Touches in flight without a plan (the booking was cancelled) are included, too, so
    that their outcome is recorded."""
    wanted = [plan for plan in plans if plan.reason is None and not is_over(touches, plan)]
    found = [plan for plan in wanted if is_open(touch_of(touches, plan), now, plan.until)]
    planned = {(plan.kind, plan.occurrence) for plan in found}
    for touch in touches.values():
        if touch.state in IN_FLIGHT and (touch.kind, touch.occurrence) not in planned:
            found.append(Plan(touch.kind, touch.at, touch.at, occurrence=touch.occurrence))
    return sorted(found, key=lambda plan: PRIORITY[plan.kind])


def goes_on(touch: Touch | None, plan: Plan, now: datetime) -> bool:
    """Whether an attempt may follow the touch's state now."""
    if touch is None or touch.state is TouchState.DEFERRED:
        return True
    if touch.state is TouchState.AWAITING:
        return touch.again_at is None or touch.again_at <= now
    return may_try_again(touch) and plan.at <= now and is_open(touch, now, plan.until)


def given_up(final: Touch) -> Touch:
    """The final touch, marked so that no further attempt is made."""
    return replace(final, doubts=MAX_DOUBTS + 1) if final.state is TouchState.UNKNOWN else final
