"""Random touches beside random histories, the view of them, and the lift by brute force."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

import duckdb
from msgspec import json
from msgspec.structs import replace

from chalicelib.analytics.parquet import TOUCHES_V1
from chalicelib.domain.facts.touch_facts import TouchFact
from chalicelib.domain.reports.lift import TouchGroups, lift_of
from chalicelib.domain.reports.questions import Question
from tests.reports.histories import CLIENTS, ZONES, some_other_asking
from tests.reports.oracle import History, Oracle

KINDS = ("win_back", "campaign")
BECAME = ("delivered", "sent", "unknown", "failed", "held_out", "held_out", "no_consent", "too_late")
"""States of messages, and reasons of skips."""


def a_touch(
    client: str, on: date, became: str, *, number: int = 0, put_off: int = 0, **fields: Any
) -> TouchFact:
    """became: a state, or the reason of a skip. number: which of that instant. put_off: days until it was
    made."""
    is_message = became in ("delivered", "sent", "unknown", "failed")
    of_all: dict[str, Any] = {
        "salon": "sal_centru",
        "message": f"msg_{number:04d}",
        "client": client,
        "kind": "win_back",
        "channel": "sms",
        "state": became if is_message else "skipped",
        "reason": None if is_message else became,
        "touch_on": on,
        "touch_at": datetime(on.year, on.month, on.day, 11, tzinfo=UTC) + timedelta(days=put_off),
        "cost_micros": 60_000 if is_message else 0,
    }
    return TouchFact(**of_all | fields)


def some_touches(random: Random, history: History) -> list[TouchFact]:
    """Up to twenty touches, due on days of visits, or beside them."""
    days = [fact.visit_on for fact in history.facts] or [date(2024, 2, 26)]
    return [
        a_touch(
            random.choice(CLIENTS),
            random.choice(days) + timedelta(days=random.choice((-31, -30, -2, -1, 0, 1))),
            random.choice((*BECAME, "trial") if number in (0, 4) else BECAME),
            number=number,
            put_off=random.choice((0, 0, 0, 1, 62, 63)),
            kind=random.choice(KINDS),
            salon=random.choice(sorted(ZONES)),
            cost_micros=random.choice((0, 200, 60_000)),
        )
        for number in range(random.choice((0, 5, 10, 20)))
    ]


def some_lift_question(random: Random, history: History, touches: Sequence[TouchFact]) -> Question:
    """Its dates are days of touches, its window is as long as from a touch to a visit."""
    days = sorted(random.choice([each.touch_on for each in touches] or [date(2024, 2, 26)]) for _ in "ab")
    gaps = [(fact.visit_on - each.touch_on).days for fact in history.facts for each in touches]
    within = max(1, random.choice([gap for gap in gaps if gap > 0] or [30]) + random.choice((-1, 0, 0, 1)))
    question = some_other_asking(random, history, "spend").question
    only = random.choice((None, *KINDS))
    plain = Question(report="lift", salon_ids=question.salon_ids, kind=only)
    return replace(plain, first=days[0], last=days[1], days=(within,))


def make_view(connection: duckdb.DuckDBPyConnection) -> None:
    """The view `touches`, as the tables of a network have it."""
    columns = ", ".join(f"{name} {kind}" for name, kind in TOUCHES_V1.items())
    connection.execute(f"CREATE TABLE all_touches ({columns})")
    connection.execute(
        "CREATE VIEW touches AS SELECT t.* REPLACE (coalesce(m.target, t.client) AS client)"
        " FROM all_touches AS t LEFT JOIN merges AS m ON m.source = t.client"
    )


def fill_touches(connection: duckdb.DuckDBPyConnection, touches: Sequence[TouchFact]) -> None:
    shape = json.encode([TOUCHES_V1]).decode()
    connection.execute("DELETE FROM all_touches")
    connection.execute(
        f"INSERT INTO all_touches SELECT unnest(from_json(?, '{shape}'), recursive := true)",
        [json.encode(touches).decode().replace('Z"', '"')],
    )


class First(NamedTuple):
    """A client of a kind, by their first touch of the period."""

    client: str
    on: date
    held_out: bool
    returned: bool
    is_over: bool


class LiftOracle:
    """Plain lists, walked again and again."""

    def __init__(
        self, history: History, touches: Sequence[TouchFact], question: Question, today: date
    ) -> None:
        self.question, self.within = question, timedelta(days=question.days[0])
        self.today, self.visits = today, Oracle(history, question, today).lines
        self.touches = []
        for each in touches:
            client = each.client
            while client in history.merged:
                client = history.merged[client]
            self.touches.append(replace(each, client=client))

    def counted(self, kind: str) -> list[TouchFact]:
        """The touches of a kind that say something of the hold-out."""
        trial = [each.touch_at for each in self.touches if each.reason == "trial"]
        salons = self.question.salon_ids
        return [
            each
            for each in self.touches
            if each.kind == kind
            and each.reason not in ("too_late", "trial")
            and (salons is None or each.salon in salons)
            and each.touch_at.date() - each.touch_on <= timedelta(days=62)
            and not (trial and min(trial) <= each.touch_at <= max(trial))
        ]

    def firsts(self, kind: str) -> list[First]:
        asked = self.question
        assert asked.first is not None
        assert asked.last is not None
        found: dict[str, TouchFact] = {}
        in_time = sorted(self.counted(kind), key=lambda each: (each.touch_on, each.touch_at, each.message))
        for each in in_time:
            if asked.first <= each.touch_on <= asked.last:
                found.setdefault(each.client, each)
        return [
            First(
                client,
                each.touch_on,
                each.reason == "held_out",
                any(
                    each.touch_on < fact.visit_on <= each.touch_on + self.within
                    for fact in self.visits.get(client, [])
                ),
                each.touch_on + self.within < self.today,
            )
            for client, each in found.items()
        ]

    def figures(self, kind: str) -> dict[str, Any]:
        firsts = self.firsts(kind)
        due = [each for each in firsts if each.is_over and not each.held_out]
        held_out = [each for each in firsts if each.is_over and each.held_out]
        sent: list[TouchFact] = []
        reached = 0
        for each in due:
            own = [
                touch
                for touch in self.counted(kind)
                if touch.client == each.client and each.on <= touch.touch_on <= each.on + self.within
            ]
            sent += own
            reached += any(touch.state in ("sent", "delivered", "unknown") for touch in own)
        cost = sum(touch.cost_micros for touch in sent)
        groups = TouchGroups(
            due=len(due),
            due_returned=sum(each.returned for each in due),
            held_out=len(held_out),
            held_out_returned=sum(each.returned for each in held_out),
            maturing=sum(not each.is_over for each in firsts),
            cost=cost,
        )
        return {
            "clients": groups.due,
            "returned": groups.due_returned,
            "held_out": groups.held_out,
            "held_out_returned": groups.held_out_returned,
            "maturing": groups.maturing,
            "reached": reached,
            "messages": sum(touch.state in ("sent", "delivered", "unknown") for touch in sent),
            "cost_micros": cost,
            "verdict": lift_of(groups).verdict,
            "lift": lift_of(groups).lift,
        }

    def listed(self, kinds: Sequence[str], listed: str) -> list[str]:
        chosen = {
            "base": lambda each: each.is_over,
            "returned": lambda each: each.is_over and each.returned,
            "lost": lambda each: each.is_over and not each.returned,
            "maturing": lambda each: not each.is_over,
            "held_out": lambda each: each.is_over,
        }[listed]
        firsts = (each for kind in kinds for each in self.firsts(kind))
        group = (each for each in firsts if each.held_out == (listed == "held_out"))
        return sorted({each.client for each in group if chosen(each)})
