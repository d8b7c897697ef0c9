"""The call list: the clients to call today, and why. Pure; docs/metrics.md, Call today, has the rules in
words."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import zip_longest
from math import ceil
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.clients.calls import CallResult, PhoneCall
from chalicelib.domain.messages.caps import counts, over_cap
from chalicelib.domain.messages.messages import Message
from chalicelib.domain.networks.rules import MessageRules
from chalicelib.domain.reports.call_hints import OverdueHint
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.domain.shared.zones import local_date

MOST_CALLS = 20
LOST_LATELY = timedelta(days=30)
EXPIRES_WITHIN = timedelta(days=7)
HIGH_VALUE_SHARE = 4
"""One in so many of the clients lost lately has a high value: those who spent most."""
BIG_BALANCE_SHARE = 10
"""Points make a big balance where they are worth a tenth of the client's usual visit, or more."""
REST = {
    CallResult.NO_ANSWER: timedelta(days=3),
    CallResult.BOOKED: timedelta(days=7),
    CallResult.WILL_THINK: timedelta(days=14),
}
"""For how long nobody calls again after a call with that result."""
UNTIL_A_VISIT = frozenset({CallResult.REFUSED, CallResult.WRONG_NUMBER})
"""Results after which nobody calls again until the client has come."""


class CallReason(StrEnum):
    """Why a client is called. The reasons name their clients in this order."""

    LOW_RATING = "low_rating"
    REPLY_UNANSWERED = "reply_unanswered"
    REGULAR_AT_RISK = "regular_at_risk"
    HIGH_VALUE_LOST = "high_value_lost"
    BALANCE_EXPIRING = "balance_expiring"


OF_TASKS = {TaskKind.LOW_RATING: CallReason.LOW_RATING, TaskKind.CALL_CLIENT: CallReason.REPLY_UNANSWERED}


class Grounds(Struct, frozen=True):
    """One reason to call one client. figures: what it is based on, as plain data. salon_id: where the task
    is; None: the salon that speaks to the client."""

    client_id: str
    reason: CallReason
    figures: Mapping[str, Any]
    salon_id: str | None = None


class Candidate(Struct, frozen=True):
    client_id: str
    grounds: tuple[Grounds, ...]


T = TypeVar("T")


# --- the order


def dealt(grounds: Iterable[Grounds]) -> Iterator[Candidate]:
    """The candidates, best first, each once and with all grounds. The reasons name their next best client in
    turn, in the order of `CallReason`. grounds: of each reason the best first."""
    queues: dict[CallReason, list[str]] = {reason: [] for reason in CallReason}
    of_client: dict[str, dict[CallReason, Grounds]] = defaultdict(dict)
    for each in grounds:
        of_client[each.client_id].setdefault(each.reason, each)
        queues[each.reason].append(each.client_id)
    turns = (client_id for turn in zip_longest(*queues.values()) for client_id in turn if client_id)
    for client_id in dict.fromkeys(turns):
        known = of_client[client_id]
        yield Candidate(client_id, tuple(known[reason] for reason in CallReason if reason in known))


def by_spending(hints: Iterable[OverdueHint], currencies: Mapping[str, str]) -> Iterator[list[OverdueHint]]:
    """The clients of each currency by what they spent in it, the most first. Amounts of two currencies are
    never compared. currencies: by salon; a client counts in that of the salon of the last visit."""
    found: dict[str, list[OverdueHint]] = defaultdict(list)
    for hint in hints:
        found[currencies.get(hint.salon_id, "")].append(hint)
    for currency, each in sorted(found.items()):
        yield sorted(each, key=lambda hint: (-hint.spent_minor.get(currency, 0), hint.client_id))


def of_overdue(
    at_risk: Iterable[OverdueHint], lost: Iterable[OverdueHint], currencies: Mapping[str, str]
) -> Iterator[Grounds]:
    """The grounds of clients who stay away: regulars at risk, and of those lost lately who spent most."""
    regulars = by_spending((each for each in at_risk if each.was == "regular"), currencies)
    yield from (Grounds(each.client_id, CallReason.REGULAR_AT_RISK, {}) for each in in_turn(regulars))
    spenders = (each for each in lost if each.spent_minor.get(currencies.get(each.salon_id, ""), 0) > 0)
    dear = [each[: ceil(len(each) / HIGH_VALUE_SHARE)] for each in by_spending(spenders, currencies)]
    yield from (Grounds(each.client_id, CallReason.HIGH_VALUE_LOST, {}) for each in in_turn(dear))


def of_tasks(tasks: Iterable[Task]) -> Iterator[Grounds]:
    """The grounds of open tasks about clients: low ratings with the fewest stars first, then the oldest."""
    open_ones = [each for each in tasks if each.kind in OF_TASKS and each.client_id and each.done_at is None]
    for task in sorted(open_ones, key=lambda each: (stars_of(each), each.id)):
        figures: dict[str, Any] = {"task_id": task.id, "at": task.at}
        if task.kind is TaskKind.LOW_RATING:
            figures["stars"] = stars_of(task)
        yield Grounds(str(task.client_id), OF_TASKS[task.kind], figures, task.salon_id)


def stars_of(task: Task) -> int:
    """The stars that begin the words of a low rating; 0 of another task."""
    words = (task.words or "") if task.kind is TaskKind.LOW_RATING else ""
    return len(words) - len(words.lstrip("\N{BLACK STAR}"))


def in_turn(lists: Iterable[Sequence[T]]) -> list[T]:
    """The first of each list, then the second of each, and so on."""
    return [each for turn in zip_longest(*lists) for each in turn if each is not None]


# --- who is left alone


def was_called_on(call: PhoneCall | None, today: date, zone: str) -> bool:
    return call is not None and local_date(call.at, zone) == today


def rests(
    result: CallResult | None, called_at: datetime | None, last_visit_on: date | None, today: date, zone: str
) -> bool:
    """Whether a client is not to be called again yet, after a call of an earlier day."""
    if result is None or called_at is None:
        return False
    called_on = local_date(called_at, zone)
    if result in UNTIL_A_VISIT:
        return last_visit_on is None or last_visit_on <= called_on
    return today < called_on + REST[result]


def is_capped(log: Iterable[Message], rules: MessageRules) -> bool:
    """Whether these messages leave no room for a call, which counts like a marketing message. A network that
    sends no such messages may call all the same."""
    recent = [(each.kind, each.recorded_at) for each in log if counts(each)]
    at_least_one = replace(
        rules,
        weekly_cap=max(rules.weekly_cap, 1),
        weekly_marketing_cap=max(rules.weekly_marketing_cap, 1),
    )
    return over_cap(TouchKind.CAMPAIGN, recent, at_least_one) is not None


# --- what is told of a client


def is_big(worth_minor: int, spent_minor: int, visits_count: int) -> bool:
    """Whether points are worth a call. spent_minor: in all, in the same currency. Where nothing is known of
    the client's spending, any points are."""
    return worth_minor > 0 and worth_minor * BIG_BALANCE_SHARE * visits_count >= spent_minor


def usual_staff(bookings: Iterable[Booking]) -> str | None:
    """Who served the client most often in these bookings; of several the one who did so last."""
    done = sorted(
        (each for each in bookings if each.status is Status.COMPLETED), key=lambda each: each.starts_at
    )
    served = [line.staff_id for each in reversed(done) for line in each.lines if line.staff_id]
    return Counter(served).most_common(1)[0][0] if served else None
