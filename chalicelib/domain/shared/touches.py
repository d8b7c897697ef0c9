"""Touches: the reasons to contact a client, when each is due, and until when it is of any use. Pure; see
docs/messages.md.

A touch belongs to an occurrence of its item: a booking that is moved begins a new occurrence, so that what
was done for the old time neither counts for the new one nor is done again.
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
"""Whatever touches are about: a booking, a client, an account, a recipient of a campaign."""


class TouchKind(StrEnum):
    """In order of priority, the most urgent first."""

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
    """awaiting: sent through one channel, and not yet known to have arrived: the next channel may follow.
    deferred: not to be made now, to be decided anew at `again_at`."""

    SENDING = "sending"
    AWAITING = "awaiting"
    DEFERRED = "deferred"
    SENT = "sent"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNKNOWN = "unknown"


IN_FLIGHT = frozenset({TouchState.SENDING, TouchState.AWAITING})
UNSETTLED = IN_FLIGHT | {TouchState.DEFERRED}
_ANEW = frozenset({TouchState.DEFERRED, TouchState.UNKNOWN})
"""Looked at again in order to be made, rather than to see what became of it."""


class Purpose(StrEnum):
    """What a consent is for. Service messages go unless refused, marketing only where granted."""

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
"""What a booking cannot do without: neither counted by the caps nor stopped by the budget."""

MUST_ARRIVE = frozenset({TouchKind.CONTROL_REMINDER, TouchKind.CONFIRM_REQUEST})
"""Of these a second attempt is made when the fate of the first stays unknown: twice is better than never."""

AT_ANY_HOUR = frozenset({TouchKind.NOTICE})
"""An answer to what the client has just done comes at once, at night too, while it is one."""

JUST_DONE = timedelta(hours=1)
"""For how long such an answer is one; later (an outage, a channel that failed) it keeps out of the night."""

MOVES_EARLIER = frozenset({TouchKind.CONTROL_REMINDER})
"""Kept out of quiet hours by coming before them; all others come after them."""

GRACE = timedelta(minutes=3)
"""How long a claimed touch may stay without a record before it is taken for lost: longer than a worker can
live."""

MAX_DOUBTS = 1
"""How often the fate of an attempt may stay unknown and another be made all the same."""


def purpose_of(kind: TouchKind) -> Purpose:
    return Purpose.MARKETING if kind in MARKETING else Purpose.SERVICE


class Touch(Struct, frozen=True):
    """What became of a touch.

    occurrence  which one of its kind: the start of the booking, the year of the birthday, the lapse, ...
    attempt     how many attempts were made, through whatever channels.
    step        how many channels of the cascade were left behind.
    doubts      of how many attempts the fate is unknown.
    again_at    deferred or awaiting: when it is looked at again.
    channel     through which the last attempt was made, while another may follow.
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
    """A touch as the rules see it. Either `reason` says why it will not be made, or it is due within [at,
    until)."""

    kind: TouchKind
    at: datetime
    until: datetime
    reason: str | None = None
    occurrence: int = 0


def comes_at_any_hour(plan: Plan, now: datetime) -> bool:
    return plan.kind in AT_ANY_HOUR and now - plan.at < JUST_DONE


def touch_of(touches: Mapping[TouchKind, Touch], plan: Plan) -> Touch | None:
    """What became of that very touch; None if nothing was tried, or only for another occurrence."""
    touch = touches.get(plan.kind)
    return touch if touch is not None and touch.occurrence == plan.occurrence else None


def is_over(touches: Mapping[TouchKind, Touch], plan: Plan) -> bool:
    """Whether a later occurrence has taken its place already (the visit that ended a lapse was taken back):
    then it could not be claimed, and is not made."""
    touch = touches.get(plan.kind)
    return touch is not None and touch.occurrence > plan.occurrence


def with_touches(item: Touchable, *touches: Touch) -> Touchable:
    """The item with these touches in place of what stood of their kinds; one of an earlier occurrence never
    takes the place of a later one."""
    after = dict(item.touches)
    for touch in touches:
        stands = after.get(touch.kind)
        if stands is None or stands.occurrence <= touch.occurrence:
            after[touch.kind] = touch
    return replace(item, touches=MappingProxyType(after))


def is_open(touch: Touch | None, now: datetime, until: datetime) -> bool:
    """Whether something is still to be done about the touch: never tried, in flight, to be looked at again,
    or worth a second attempt."""
    if touch is None or touch.state in UNSETTLED:
        return True
    return may_try_again(touch) and now < until


def may_try_again(touch: Touch) -> bool:
    """Nobody knows whether it arrived, and it must: once more, through the next channel or the same."""
    return touch.state is TouchState.UNKNOWN and touch.kind in MUST_ARRIVE and touch.doubts <= MAX_DOUBTS


def timely(
    plan: Plan, touch: Touch | None, quiet: QuietHours, zone: str, *, made_at: datetime, now: datetime
) -> Plan:
    """The plan kept out of quiet hours: earlier for what cannot wait, later for the rest, or left out when
    neither helps.

    A touch that is overdue and was not tried yet is planned as if for now, so that it waits for the quiet
    time to end; where it could only be late by then it stays due, to be skipped on record. made_at: nothing
    is moved to before its cause existed.
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
    """When to look at the touch next: at its time, when it was put off to (never before its time, which may
    have changed since), or, once it was tried, when its fate counts as unknown."""
    if touch is None:
        return plan.at
    again = touch.again_at or touch.at + GRACE
    return max(plan.at, again) if touch.state in _ANEW else again


def open_plans(plans: Iterable[Plan], touches: Mapping[TouchKind, Touch], now: datetime) -> list[Plan]:
    """What is still to be done, in order of priority; what could only be late is included: it is skipped on
    record. So is what is in flight though nothing calls for it any more (the booking was cancelled): what
    became of it is still to be taken down."""
    wanted = [plan for plan in plans if plan.reason is None and not is_over(touches, plan)]
    found = [plan for plan in wanted if is_open(touch_of(touches, plan), now, plan.until)]
    planned = {(plan.kind, plan.occurrence) for plan in found}
    for touch in touches.values():
        if touch.state in IN_FLIGHT and (touch.kind, touch.occurrence) not in planned:
            found.append(Plan(touch.kind, touch.at, touch.at, occurrence=touch.occurrence))
    return sorted(found, key=lambda plan: PRIORITY[plan.kind])
