"""Sources and services by brute force, as `oracle.py`. Costs are not of these figures."""

from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Any

from msgspec.structs import replace

from chalicelib.domain.facts.visit_facts import VisitFact
from tests.reports.oracle import Figures, Oracle, final


def source_figures(oracle: Oracle) -> tuple[list[Figures], Figures]:
    """The rows of `sources`, and the total."""
    counted = _by_definition(oracle, "first_time")
    every = [(key, _of_source(counted, key)) for key in counted.keys("source")]
    rows = [{"key": key} | figures for key, figures in every if figures["new_clients"]]
    return rows, _of_source(counted, None)


def _of_source(oracle: Oracle, source: str | None) -> Figures:
    by, key = (None, "") if source is None else ("source", source)
    (days,) = oracle.question.days
    found = list(oracle.outcomes(by, key, days))
    over = [each for each in found if not oracle.is_open(each)]
    missed = [each for each in over if not each.returned]
    one_time = [each for each in found if each.until < oracle.today and _visits(oracle, each.client) == 1]
    late = [each for each in missed if any(fact.visit_on > each.until for fact in oracle.lines[each.client])]
    paid_back = [each for each in found if _visits(oracle, each.client) >= 4]
    lines = [fact for each in found for fact in oracle.asked_lines(each.client, by, key)]
    return (
        oracle.retention_of(by, key, days)
        | {
            "new_clients": len(found),
            "one_time": _share(one_time, over),
            "late": _share(late, missed),
            "paid_back": _share(paid_back, found),
        }
        | _money(oracle, lines)
    )


def service_figures(oracle: Oracle) -> tuple[list[Figures], Figures]:
    """The rows of `services`, and the total."""
    rows = [{"key": key} | _of_service(oracle, key) for key in oracle.keys("service")]
    return [row for row in rows if row["served_clients"]], _of_service(oracle, None)


def _of_service(oracle: Oracle, service: str | None) -> Figures:
    by, key = (None, "") if service is None else ("service", service)
    (days,) = oracle.question.days
    counted = _by_definition(oracle, "since_visit")
    served = oracle.within(by, key)
    new = [
        client
        for client, lines in served.items()
        if min(fact.visit_on for fact in oracle.lines[client]) in {fact.visit_on for fact in lines}
    ]
    same, same_of, taken, taken_of = [], [], [], []
    for each in counted.outcomes(by, key, days):
        first_on = each.until - timedelta(days=days)
        base = {fact.service for fact in served[each.client] if fact.visit_on == first_on}
        after = [fact for fact in oracle.lines[each.client] if first_on < fact.visit_on <= each.until]
        before = [fact for fact in oracle.lines[each.client] if fact.visit_on <= first_on]
        is_over = each.until < oracle.today
        is_same = any(fact.service in base - {None} for fact in after)
        known = {oracle.category(fact) for fact in before} | {""}
        is_taken = any(oracle.category(fact) not in known for fact in after)
        same += [each] * is_same
        same_of += [each] * (is_over or is_same)
        taken += [each] * is_taken
        taken_of += [each] * (is_over or is_taken)
    lines = [fact for facts in served.values() for fact in facts]
    money = _money(oracle, lines)
    return (
        counted.retention_of(by, key, days)
        | {
            "served_clients": len(served),
            "new_clients": len(new),
            "same_service": None if service == "" else _share(same, same_of),
            "second_category": _share(taken, taken_of),
            "spend_per_visit_minor": {
                currency: _mean(amount, money["visits_by_currency"][currency])
                for currency, amount in money["sales_minor"].items()
            },
        }
        | money
    )


def _by_definition(oracle: Oracle, definition: str) -> Oracle:
    """The same history, asked for retention."""
    question = replace(oracle.question, definition=definition, returned_to="network", who="all")
    found = Oracle.__new__(Oracle)
    found.__dict__ |= oracle.__dict__ | {"question": question}
    return found


def _visits(oracle: Oracle, client: str) -> int:
    return len({(fact.salon, fact.visit_on) for fact in oracle.lines[client]})


def _share(those: Sequence[Any], of: Sequence[Any]) -> Figures:
    rate = float(Fraction(len(those), len(of))) if of else None
    return {"clients": len(those), "of": len(of), "rate": rate}


def _money(oracle: Oracle, lines: Sequence[VisitFact]) -> Figures:
    """visits_by_currency: with a bill."""
    client_of = {id(fact): client for client, facts in oracle.lines.items() for fact in facts}
    visits: dict[Any, list[VisitFact]] = {}
    for fact in lines:
        visits.setdefault((client_of[id(fact)], fact.salon, fact.visit_on), []).append(fact)
    billed = [facts for facts in visits.values() if all(fact.paid_minor is not None for fact in facts)]
    priced = [fact for fact in lines if fact.list_minor is not None and fact.price_minor is not None]
    under = [fact for fact in priced if fact.price_minor < fact.list_minor]
    currencies = {fact.currency for fact in lines}
    of_list = {each: sum(fact.list_minor for fact in priced if fact.currency == each) for each in currencies}
    off = {
        each: sum(fact.list_minor - fact.price_minor for fact in under if fact.currency == each)
        for each in currencies
    }
    paid = [each for each in currencies if of_list[each]]
    priced_visits = [facts for facts in visits.values() if any(fact in priced for fact in facts)]
    discounted = [facts for facts in visits.values() if any(fact in under for fact in facts)]
    return {
        "visits": len(visits),
        "visits_without_bill": len(visits) - len(billed),
        "visits_by_currency": {
            each: len([facts for facts in billed if facts[0].currency == each]) for each in currencies
        },
        "sales_minor": {
            each: sum(
                fact.paid_minor - fact.refunded_minor
                for facts in billed
                for fact in facts
                if fact.currency == each
            )
            for each in currencies
        },
        "discounts": {
            "priced_visits": len(priced_visits),
            "discounted_visits": len(discounted),
            "visits_rate": float(Fraction(len(discounted), len(priced_visits))) if priced_visits else None,
            "list_minor": of_list,
            "under_list_minor": off,
            "money_rate": float(Fraction(off[paid[0]], of_list[paid[0]])) if len(paid) == 1 else None,
            "unpriced_lines": len(lines) - len(priced),
        },
    }


def _mean(amount: int, number: int) -> int | None:
    return int((Fraction(amount, number) + Fraction(1, 2)) // 1) if number else None


def referral_figures(oracle: Oracle, most_levels: int = 5) -> tuple[list[Figures], Figures]:
    """The rows of `referrals`, most friends first, and the total."""
    counted = _by_definition(oracle, "first_time")
    (days,) = counted.question.days
    outcomes = {each.client: each for each in counted.outcomes(None, "", days)}
    friend_of = {client: by for client in outcomes if (by := _referrer(oracle, client)) is not None}

    def figures(clients: Sequence[str]) -> Figures:
        open_ = [each for each in clients if oracle.is_open(outcomes[each])]
        returned = [each for each in clients if outcomes[each].returned]
        of = len(clients) - len(open_)
        lines = [fact for each in clients for fact in counted.asked_lines(each, None, "")]
        money = _money(oracle, lines)
        rate = Fraction(len(returned), of) if of else None
        return {
            "friends": len(clients), "clients": of, "returned": len(returned), "maturing": len(open_),
            "rate": None if rate is None else float(rate), "churn": None if rate is None else float(1 - rate),
        } | {name: money[name] for name in ("visits", "visits_without_bill", "sales_minor")}  # fmt: skip

    rows = []
    for referrer in sorted({*friend_of.values()}):
        level, seen, levels = [referrer], {referrer}, []
        while len(levels) < most_levels:
            level = [each for each, by in friend_of.items() if by in level and each not in seen]
            if not level:
                break
            seen |= {*level}
            levels.append(len(level))
        friends = [client for client, by in friend_of.items() if by == referrer]
        further = {"levels": levels, "further_friends": sum(levels[1:])}
        rows.append({"key": referrer} | figures(friends) | further)
    rows.sort(key=lambda row: (-row["friends"], row["key"]))
    return rows, {"referrers": len(rows)} | figures([*friend_of])


def _referrer(oracle: Oracle, client: str) -> str | None:
    known = [
        (fact.visit_at, fact.booking, by)
        for fact in oracle.lines[client]
        if fact.referrer is not None and (by := final(fact.referrer, oracle.merged)) != client
    ]
    return max(known)[2] if known else None
