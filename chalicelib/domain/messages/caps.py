"""Caps: how many messages a client may get within seven days, and how many notices within one. They are
counted from the log itself, so that no counter can go wrong."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from chalicelib.domain.messages.messages import Message, MessageState
from chalicelib.domain.networks.rules import MessageRules
from chalicelib.domain.shared.touches import ESSENTIAL, IN_TRIAL, MARKETING, TouchKind

WEEK, DAY = timedelta(days=7), timedelta(days=1)
PRESSING = 2
"""How many times as many notices a phone may get where a notice cannot wait: a cancellation, or a visit that
begins before the phone may get one more."""
_REACHED = frozenset({MessageState.SENDING, MessageState.SENT, MessageState.DELIVERED, MessageState.UNKNOWN})


def is_capped(kind: TouchKind) -> bool:
    """Whether caps apply to a kind: essential messages are neither held back nor counted."""
    return kind not in ESSENTIAL


def may_have_arrived(message: Message, *, in_trial: bool) -> bool:
    """Whether the client may have got the message. in_trial: as for `counts`."""
    return message.state in _REACHED or (in_trial and message.reason == IN_TRIAL)


def counts(message: Message, *, in_trial: bool = False) -> bool:
    """Whether a message counts for the caps: it may have arrived, and no other message carried it. in_trial:
    whether the network is in trial, in which messages count that would have been sent."""
    arrived = may_have_arrived(message, in_trial=in_trial)
    return is_capped(message.kind) and arrived and message.with_message is None


def full_notices(
    log: Iterable[Message], phone: str, most: int, now: datetime, *, in_trial: bool = False
) -> datetime | None:
    """The instant (UTC) from which a phone may get one more notice; None: it may now. A phone gets `most`
    notices within 24 hours.

    log: the client's messages of these hours, in any order. in_trial: as for `counts`.
    """
    sent = sorted(
        each.recorded_at
        for each in log
        if each.kind is TouchKind.NOTICE
        and each.to == phone
        and may_have_arrived(each, in_trial=in_trial)
        and each.recorded_at > now - DAY
    )
    return sent[len(sent) - most] + DAY if len(sent) >= most else None


def over_cap(
    kind: TouchKind, recent: Iterable[tuple[TouchKind, datetime]], rules: MessageRules
) -> tuple[str, datetime | None] | None:
    """The reason why one more message exceeds a cap, and the instant (UTC) from which it would not (None: it
    always would). None: no cap is exceeded.

    recent: kinds and instants of the messages of the last seven days, in any order.
    """
    sent = sorted(recent, key=lambda each: each[1])
    found = [_full("weekly_cap", rules.weekly_cap, [at for _, at in sent])]
    if kind in MARKETING:
        marketing = [at for each, at in sent if each in MARKETING]
        found.append(_full("weekly_marketing_cap", rules.weekly_marketing_cap, marketing))
    over = [each for each in found if each is not None]
    never = next((each for each in over if each[1] is None), None)
    return never or max(over, key=lambda each: str(each[1]), default=None)


def _full(reason: str, cap: int, sent: list[datetime]) -> tuple[str, datetime | None] | None:
    if len(sent) < cap:
        return None
    return reason, (sent[len(sent) - cap] + WEEK if cap else None)
