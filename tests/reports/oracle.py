"""The figures by brute force: plain lists walked again and again, with nothing of the SQL and nothing of the
code that answers a question. docs/metrics.md says the same in words."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

from chalicelib.domain.facts.visit_facts import BookingToCome, VisitFact
from chalicelib.domain.reports.questions import Question

Figures = dict[str, Any]
COUNTS = "clients", "unknown", "maturing"
"""A row without any of these is none."""


class History(NamedTuple):
    """facts: with clients as they were at the visit. merged: client -> the client who has them now.
    categories: service -> category, None where it has none. zones: salon -> time zone. booked: bookings that
    are to come, or that nobody has closed."""

    facts: Sequence[VisitFact]
    merged: Mapping[str, str]
    categories: Mapping[str, str | None]
    zones: Mapping[str, str]
    booked: Sequence[BookingToCome] = ()


class Outcome(NamedTuple):
    """A client of the base: whether they returned, and the last date on which they could."""

    client: str
    returned: bool
    until: date
    staff: str | None


def final(client: str, merged: Mapping[str, str]) -> str:
    while client in merged:
        client = merged[client]
    return client


class Oracle:
    """The answers to a settled question, on a local date."""

    def __init__(self, history: History, question: Question, today: date) -> None:
        self.question, self.today = question, today
        self.categories, self.merged = history.categories, history.merged
        self.lines: dict[str, list[VisitFact]] = {}
        self.held: dict[str, list[tuple[date, date | None]]] = {}
        for fact in history.facts:
            if fact.client is not None:
                client = final(fact.client, history.merged)
                self.held.setdefault(client, []).append((fact.visit_on, fact.booked_on))
                if fact.attendance == "completed":
                    self.lines.setdefault(client, []).append(fact)
        for each in history.booked:
            if each.client is not None:
                client = final(each.client, history.merged)
                self.held.setdefault(client, []).append((each.starts_on, each.booked_on))

    # --- what a line is asked for

    def source(self, client: str) -> str:
        known = [(fact.visit_at, fact.source) for fact in self.lines[client] if fact.source is not None]
        return min(known)[1] if known else ""

    def category(self, fact: VisitFact) -> str:
        return self.categories.get(fact.service or "") or ""

    def is_asked(self, client: str, fact: VisitFact) -> bool:
        asked = self.question
        if asked.salon_ids is not None and fact.salon not in asked.salon_ids:
            return False
        if asked.staff_id is not None and (fact.staff or "") != asked.staff_id:
            return False
        if asked.service_id is not None and (fact.service or "") != asked.service_id:
            return False
        category = self.category(fact)
        if asked.service_category is not None and category != asked.service_category:
            return False
        if asked.source is not None and self.source(client) != asked.source:
            return False
        return asked.returned_to != "staff" or fact.staff is not None

    def key(self, client: str, fact: VisitFact, by: str | None) -> str:
        match by:
            case "salon":
                return fact.salon
            case "staff":
                return fact.staff or ""
            case "service":
                return fact.service or ""
            case "category":
                return self.category(fact)
            case "source":
                return self.source(client)
        return ""

    def keys(self, by: str | None) -> list[str]:
        every = {self.key(client, fact, by) for client, facts in self.lines.items() for fact in facts}
        return sorted(every)

    def asked_lines(self, client: str, by: str | None, key: str) -> list[VisitFact]:
        return [
            fact
            for fact in self.lines[client]
            if self.is_asked(client, fact) and self.key(client, fact, by) == key
        ]

    # --- retention

    def outcomes(self, by: str | None, key: str, days: int | None) -> Iterator[Outcome]:
        for client in sorted(self.lines):
            lines = self.asked_lines(client, by, key)
            base, first, last = self.window(client, lines, days)
            if not base:
                continue
            last_line = max(
                base, key=lambda fact: (fact.staff is not None, fact.visit_at, fact.booking, fact.line)
            )
            came = any(
                first <= fact.visit_on <= last and self.counts(fact, base) for fact in self.lines[client]
            )
            yield Outcome(client, came, last, last_line.staff)

    def window(
        self, client: str, lines: Sequence[VisitFact], days: int | None
    ) -> tuple[list[VisitFact], date, date]:
        """The lines of the base, and the first and last date on which a return counts."""
        asked = self.question
        assert asked.first is not None
        assert asked.last is not None
        since, until = asked.first, asked.last
        span = timedelta(days=days or 0)
        one = timedelta(days=1)
        if asked.definition == "trailing":
            since, until = asked.first - span, asked.first - one
        first_ever = min(fact.visit_on for fact in self.lines[client])
        base = [fact for fact in lines if since <= fact.visit_on <= until]
        if (asked.who == "new" or asked.definition == "first_time") and not since <= first_ever <= until:
            base = []
        if asked.definition == "first_time":
            base = [fact for fact in base if fact.visit_on == first_ever]
        if asked.definition == "since_visit" and base:
            start = min(fact.visit_on for fact in base)
            base = [fact for fact in base if fact.visit_on == start]
        match asked.definition:
            case "period":
                assert asked.return_first is not None
                assert asked.return_last is not None
                return base, asked.return_first, asked.return_last
            case "trailing":
                return base, asked.first, asked.last
            case "window":
                return base, asked.last + one, asked.last + span
        start = base[0].visit_on if base else since
        return base, start + one, start + span

    def counts(self, fact: VisitFact, base: Sequence[VisitFact]) -> bool:
        match self.question.returned_to:
            case "salon":
                return fact.salon in {each.salon for each in base}
            case "staff":
                return fact.staff in {each.staff for each in base}
        return True

    def is_open(self, outcome: Outcome) -> bool:
        return not outcome.returned and self.today <= outcome.until

    def retention_of(self, by: str | None, key: str, days: int | None) -> Figures:
        found = list(self.outcomes(by, key, days))
        maturing = [each for each in found if self.is_open(each)]
        clients, returned = len(found) - len(maturing), len([each for each in found if each.returned])
        rate = Fraction(returned, clients) if clients else None
        return {
            "clients": clients,
            "returned": returned,
            "rate": None if rate is None else float(rate),
            "churn": None if rate is None else float(1 - rate),
            "maturing": len(maturing),
        } | ({} if days is None else {"days": days})

    def retention(self) -> tuple[list[Figures], Figures]:
        asked = self.question
        windows: tuple[int | None, ...] = asked.days or (None,)
        total = self.retention_of(None, "", windows[-1])
        if asked.by is None:
            several = asked.definition == "since_visit"
            rows = [{"key": str(days)} | self.retention_of(None, "", days) for days in windows if several]
            return rows, total
        every = [(key, days) for key in self.keys(asked.by) for days in windows]
        found = [{"key": key} | self.retention_of(asked.by, key, days) for key, days in every]
        return [row for row in found if row["clients"] or row["maturing"]], total

    def listed(self, which: str) -> list[Figures]:
        """The clients of the whole figure."""
        found = self.outcomes(None, "", self.question.days[-1] if self.question.days else None)
        belongs = {
            "base": lambda each: not self.is_open(each),
            "returned": lambda each: each.returned,
            "lost": lambda each: not each.returned and not self.is_open(each),
            "maturing": self.is_open,
        }[which]
        return [
            {"client_id": each.client, "staff_id": each.staff} | self.whole(each.client)
            for each in found
            if belongs(each)
        ]

    def whole(self, client: str) -> Figures:
        spent: dict[str, int] = {}
        for fact in self.lines[client]:
            spent[fact.currency] = spent.get(fact.currency, 0) + (fact.paid_minor or 0) - fact.refunded_minor
        return {
            "last_visit_on": max(fact.visit_on for fact in self.lines[client]),
            "visits_count": len({(fact.salon, fact.visit_on) for fact in self.lines[client]}),
            "spent_minor": spent,
        }

    # --- rebooking

    def answers(self, by: str | None, key: str) -> Iterator[tuple[str, str]]:
        """Client and answer of each visit of the period: yes, no, unknown or open."""
        asked = self.question
        assert asked.first is not None
        assert asked.last is not None
        for client, facts in self.within(by, key).items():
            first_ever = min(fact.visit_on for fact in self.lines[client])
            if asked.who == "new" and not asked.first <= first_ever <= asked.last:
                continue
            for _, day in sorted({(fact.salon, fact.visit_on) for fact in facts}):
                later = [booked for starts, booked in self.held[client] if starts > day]
                if any(booked is not None and booked <= day for booked in later):
                    yield client, "yes"
                elif day >= self.today:
                    yield client, "open"
                else:
                    yield client, "unknown" if None in later else "no"

    def rebooking_of(self, by: str | None, key: str) -> Figures:
        found = list(self.answers(by, key))
        known = [(client, answer) for client, answer in found if answer in ("yes", "no")]
        of = {each: sum(answer == each for _, answer in found) for each in ("yes", "unknown", "open")}
        return {
            "visits": len(known),
            "rebooked": of["yes"],
            "rate": float(Fraction(of["yes"], len(known))) if known else None,
            "clients": len({client for client, _ in known}),
            "unknown": of["unknown"],
            "maturing": of["open"],
        }

    def rebooking_listed(self, which: str) -> list[str]:
        found: dict[str, set[str]] = {}
        for client, answer in self.answers(None, ""):
            if answer in ("yes", "no"):
                found.setdefault(client, set()).add(answer)
        belongs = {"base": {"yes", "no"}, "returned": {"yes"}}
        return sorted(
            client
            for client, answers in found.items()
            if (answers == {"no"} if which == "lost" else answers & belongs[which])
        )

    # --- the other reports

    def within(self, by: str | None, key: str) -> dict[str, list[VisitFact]]:
        """The asked lines in the period, by client; clients without any are left out."""
        asked = self.question
        assert asked.first is not None
        assert asked.last is not None
        found = {
            client: [
                fact
                for fact in self.asked_lines(client, by, key)
                if asked.first <= fact.visit_on <= asked.last
            ]
            for client in self.lines
        }
        return {client: facts for client, facts in found.items() if facts}

    def cohorts(self) -> tuple[list[Figures], Figures]:
        asked, rows = self.question, []
        assert asked.first is not None
        assert asked.last is not None
        month = _month(asked.first)
        while month <= min(_month(asked.last), _month(self.today)):
            clients = [
                client
                for client, facts in self.lines.items()
                for first_ever in [min(fact.visit_on for fact in facts)]
                if _month(first_ever) == month
                and any(fact.visit_on == first_ever and self.is_asked(client, fact) for fact in facts)
            ]
            over = _months_between(month, _month(self.today))
            returned = [
                len([1 for client in clients if any(
                    _months_between(month, _month(fact.visit_on)) == number for fact in self.lines[client]
                )])
                for number in range(over + 1)
            ]  # fmt: skip
            rows.append(
                {"key": f"{month[0]:04d}-{month[1]:02d}", "clients": len(clients), "returned": returned,
                 "months_over": over}
            )  # fmt: skip
            month = (month[0] + month[1] // 12, month[1] % 12 + 1)
        most = max([row["months_over"] for row in rows], default=0)
        reached = [[row for row in rows if row["months_over"] > number] for number in range(most)]
        return rows, {
            "clients": sum(row["clients"] for row in rows),
            "returned": [
                sum(row["returned"][number] for row in those) for number, those in enumerate(reached)
            ],
            "of": [sum(row["clients"] for row in those) for those in reached],
        }

    def repurchase_of(self, by: str | None, key: str) -> Figures:
        counts = [len(_visits(facts)) for facts in self.within(by, key).values()]
        repeated = len([count for count in counts if count > 1])
        rate = float(Fraction(repeated, len(counts))) if counts else None
        return {"clients": len(counts), "repeated": repeated, "rate": rate}

    def engagement_of(self, by: str | None, key: str) -> Figures:
        visits: dict[tuple[str, str, date], list[VisitFact]] = {}
        for client, facts in self.within(by, key).items():
            for fact in facts:
                visits.setdefault((client, fact.salon, fact.visit_on), []).append(fact)
        rated = {visit for visit, facts in visits.items() if any(fact.rating for fact in facts)}
        paid = {visit for visit, facts in visits.items() if any(fact.points_minor > 0 for fact in facts)}
        clients, engaged = {visit[0] for visit in visits}, {visit[0] for visit in rated | paid}

        def share_of(count: int, of: int) -> float | None:
            return float(Fraction(count, of)) if of else None

        return {
            "visits": len(visits),
            "rated": {"visits": len(rated), "of": len(visits), "rate": share_of(len(rated), len(visits))},
            "with_points": {"visits": len(paid), "of": len(visits), "rate": share_of(len(paid), len(visits))},
            "index": share_of(len(rated) + len(paid), 2 * len(visits)),
            "clients": len(clients),
            "engaged": {
                "clients": len(engaged),
                "of": len(clients),
                "rate": share_of(len(engaged), len(clients)),
            },
        }

    def upsell_of(self, by: str | None, key: str) -> Figures:
        clients = list(self.within(by, key))
        numbers = []
        for client in clients:
            period = [
                fact
                for fact in self.lines[client]
                if self.question.first <= fact.visit_on <= self.question.last
            ]
            numbers.append(len({self.category(fact) for fact in period} - {""}))
        one, several = numbers.count(1), len([number for number in numbers if number > 1])
        return {
            "clients": len(clients),
            "of_one_category": one,
            "of_several_categories": several,
            "ratio": float(Fraction(one, several)) if several else None,
            "rate": float(Fraction(several, one + several)) if one + several else None,
        }

    def keyed(self, of: Any) -> tuple[list[Figures], Figures]:
        by = self.question.by
        rows = [{"key": key} | of(by, key) for key in self.keys(by)] if by else []
        return [row for row in rows if any(row.get(each) for each in COUNTS)], of(None, "")

    def spend_of(self, by: str | None, key: str, currency: str) -> Figures | None:
        visits: dict[tuple[str, str, date], list[VisitFact]] = {}
        for client, facts in self.within(by, key).items():
            for fact in facts:
                if fact.currency == currency:
                    visits.setdefault((client, fact.salon, fact.visit_on), []).append(fact)
        if not visits:
            return None
        known = {
            which: facts for which, facts in visits.items() if all(f.paid_minor is not None for f in facts)
        }
        facts = [fact for each in known.values() for fact in each]
        sales = sum((fact.paid_minor or 0) - fact.refunded_minor for fact in facts)
        clients = len({client for client, *_ in known})
        return {
            "currency": currency,
            "clients": clients,
            "visits": len(known),
            "visits_without_bill": len(visits) - len(known),
            "sales_minor": sales,
            "goods_minor": sum(fact.goods_minor for fact in facts),
            "points_minor": sum(fact.points_minor for fact in facts),
            "refunded_minor": sum(fact.refunded_minor for fact in facts),
            "spend_per_visit_minor": _rounded(sales, len(known)),
            "sales_per_client_minor": _rounded(sales, clients),
        }

    def spend(self) -> list[Figures]:
        """Rows alone."""
        by = self.question.by
        currencies = sorted({fact.currency for facts in self.lines.values() for fact in facts})
        found = [
            ({"key": key if by else currency}, self.spend_of(by, key, currency))
            for key in (self.keys(by) if by else [""])
            for currency in currencies
        ]
        return [key | figures for key, figures in found if figures is not None]


def _visits(facts: Sequence[VisitFact]) -> set[tuple[str, date]]:
    return {(fact.salon, fact.visit_on) for fact in facts}


def _month(day: date) -> tuple[int, int]:
    return day.year, day.month


def _months_between(first: tuple[int, int], last: tuple[int, int]) -> int:
    return (last[0] - first[0]) * 12 + last[1] - first[1]


def _rounded(amount: int, number: int) -> int | None:
    if not number:
        return None
    exact = Fraction(amount, number)
    return int((exact + Fraction(1, 2)) // 1)
