"""Touch facts: the messages of clients, sent and skipped, as reports read them, without texts and addresses;
and what the index of a salon tells of each. Pure.

The index has a text of words, apart by spaces:

    win_back skipped sms 0 0 0 held_out  0123456789abcdef -3600000

kind, state, channel, parts, cost, whether it was charged; then reason, booking, campaign, and milliseconds
from the instant at which the touch was due to the one at which it was recorded. What is absent is empty, and
left out at the end, but for the reason: by that word a text is told from one of an earlier release, which has
six words. Ids are without their usual prefix, others begin with `!`.
"""

from datetime import date, datetime, timedelta

from msgspec import Struct

from chalicelib.domain.facts.short_ids import long_id, short_id
from chalicelib.domain.messages.messages import Message, MessageState, MessageSummary
from chalicelib.domain.shared.zones import local_date

_BOOKING, _CAMPAIGN = "bkg_", "cmp_"
_OF_SUMMARY = 6
_LONGEST = 60
"""The longest word for a reason or an id; what is longer is left out, so that an entry stays small."""
_MILLISECOND = timedelta(milliseconds=1)


class TouchFact(Struct, frozen=True, kw_only=True):
    """One message, or one skip with its reason. The same names stand in the Parquet files (schema
    `touches/v1`) and in the view `touches` of the reports.

    message      its id. client: whose; that client may have been merged since.
    kind         such as `win_back`. channel: of a skip the one that would have been tried.
    state        sent, delivered, failed, unknown or skipped, as it is known now.
    reason       why it was skipped, or what became of it; None: nothing to tell.
    touch_on     the local date in the salon on which the touch was due.
    touch_at     when it was decided on (UTC instant); of a skip the instant at which it was due.
    cost_micros  millionths of a US dollar: expected, then charged. 0 for a skip.
    booking, campaign
                 what the touch was about, as far as it was about one.
    parts        by which an SMS is charged; 0 for a skip. charged: whether the cost is the price.
    """

    salon: str
    message: str
    client: str
    kind: str
    channel: str
    state: str
    reason: str | None
    touch_on: date
    touch_at: datetime
    cost_micros: int
    booking: str | None = None
    campaign: str | None = None
    parts: int = 0
    charged: bool = False


class ListedMessage(Struct, frozen=True):
    """A message as its salon's index has it. at: when it was recorded. words: as of `listed_words`."""

    client_id: str
    id: str
    at: datetime
    words: str


def listed_words(message: Message) -> str:
    """What the index of the salon tells of a message."""
    cost, charged = message.cost_micros or 0, int(message.charged)
    summary = (message.kind, message.state, message.channel, message.parts, cost, charged)
    late = _late(message)
    more = [
        _word(message.reason),
        _short(_BOOKING, message.booking_id),
        _short(_CAMPAIGN, message.campaign_id),
        str(late) if late else "",
    ]
    while len(more) > 1 and not more[-1]:
        more.pop()
    return " ".join([*map(str, summary), *more])


def summary_of(words: str) -> MessageSummary:
    """What a message costs by its words."""
    kind, state, channel, parts, cost, charged, *_ = words.split(" ")
    return MessageSummary(kind, state, channel, int(parts), int(cost), charged == "1")


def tells_reason(words: str) -> bool:
    """Whether these are not the words of an earlier release, which told no reason."""
    return words.count(" ") >= _OF_SUMMARY


def touch_fact(listed: ListedMessage, salon_id: str, zone_name: str) -> TouchFact:
    """The fact of a message. Words of an earlier release tell no reason, and that the touch was due when it
    was recorded."""
    kind, state, channel, parts, cost, charged, *more = listed.words.split(" ")
    reason, booking, campaign, late = (*more, *[""] * 4)[:4]
    is_skip = state == MessageState.SKIPPED
    due_at = listed.at - int(late or 0) * _MILLISECOND
    return TouchFact(
        salon=salon_id,
        message=listed.id,
        client=listed.client_id,
        kind=kind,
        channel=channel,
        state=state,
        reason=reason or None,
        touch_on=local_date(due_at, zone_name),
        touch_at=listed.at,
        cost_micros=0 if is_skip else int(cost),
        booking=long_id(_BOOKING, booking),
        campaign=long_id(_CAMPAIGN, campaign),
        parts=0 if is_skip else int(parts),
        charged=charged == "1",
    )


def listed_message(message: Message) -> ListedMessage:
    """A message as the index has it once it is saved."""
    return ListedMessage(message.client_id, message.id, _whole(message.recorded_at), listed_words(message))


def day_counted(message: Message) -> date | None:
    """The day (UTC) in whose page the message is; None: the index of no salon has it. The text of such a
    message went along in another one, or an earlier release recorded it without a salon."""
    is_listed = message.salon_id is not None and message.with_message is None
    return message.recorded_at.date() if is_listed else None


def _late(message: Message) -> int:
    return (_whole(message.recorded_at) - _whole(message.planned_at)) // _MILLISECOND


def _whole(at: datetime) -> datetime:
    """The instant in whole milliseconds, as instants stand in keys."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _word(text: str | None) -> str:
    return "_".join((text or "").split())[:_LONGEST]


def _short(prefix: str, each_id: str | None) -> str:
    fits = each_id is not None and len(each_id) <= _LONGEST and " " not in each_id
    return short_id(prefix, each_id) if fits else ""
