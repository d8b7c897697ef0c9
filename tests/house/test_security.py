"""docs/security.md says what the code holds."""

import re
from datetime import timedelta

from chalicelib.domain.bookings.visit_times import CLOSED_AHEAD, ENTERED_DAYS
from chalicelib.domain.messages.caps import PRESSING
from chalicelib.domain.messages.replies import MOST_STARTS
from chalicelib.domain.networks.bonus_rules import BonusRules
from chalicelib.domain.networks.rules import MessageRules
from chalicelib.domain.shared.currencies import largest_visit
from chalicelib.domain.shared.quotas import QUOTAS
from chalicelib.services.messages.try_message import TESTS_A_DAY, TESTS_AN_HOUR, TESTS_AN_HOUR_IN_TRIAL
from chalicelib.services.networks.hear_source import MAX_HEARD
from chalicelib.services.shared.day_sums import SLICE, WHOLE
from chalicelib.services.shared.request_quotas import FREE
from chalicelib.services.visits.visit_bill import BILLS_OF_DAY, TIMES_THE_LARGEST_VISIT
from tests.house.subfolders import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text()


def test_the_quotas_of_the_page_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([\d,]+) \| ([\d,]+) \|$", PAGE, re.MULTILINE)
    said = {kind: (int(hour.replace(",", "")), int(day.replace(",", ""))) for kind, hour, day in rows}
    assert said == {kind.value: (quota.hour, quota.day) for kind, quota in QUOTAS.items()}
    assert f"serves {FREE} requests more" in PAGE


def test_the_table_of_callers_names_the_same_quotas() -> None:
    rows = dict(re.findall(r"^\| an? ([\w' ]+) \| ([\d,]+ / [\d,]+)(?: a salon)? \|", PAGE, re.MULTILINE))
    names = {
        "client's link": "client_link",
        "unsigned site's address": "unsigned_site",
        "signed site": "signed_site",
        "partner's key": "partner",
        "specialist's key": "specialist",
        "reception's key": "reception",
        "manager's key": "manager",
        "owner's key": "owner",
    }
    quotas = {kind.value: f"{quota.hour:,} / {quota.day:,}" for kind, quota in QUOTAS.items()}
    assert rows == {name: quotas[kind] for name, kind in names.items()}


def test_the_limits_by_hand_of_the_page_are_those_of_the_rules() -> None:
    rules = BonusRules()
    for role in ("specialist", "reception", "manager", "owner"):
        limit = rules.limit_by_hand(role)
        row = next(line for line in PAGE.splitlines() if re.match(rf"\| {role}( \(|\s\|)", line))
        assert f"| {limit.points:,} | {limit.times_a_day:,} / {limit.day_points:,} |" in row, row


def test_the_bounds_of_bills_of_the_page_are_those_of_the_code() -> None:
    row = r"^\| (\w+) \| (\d+)(?: largest usual visit \([^)]*\))? \| 50 such bills \|$"
    rows = dict(re.findall(row, PAGE, re.MULTILINE))
    assert rows == {role.value: str(times) for role, times in TIMES_THE_LARGEST_VISIT.items()}
    assert (BILLS_OF_DAY, WHOLE // SLICE) == (50, 100)
    for currency in ("MDL", "USD"):
        assert f"{largest_visit(currency):,} {currency}" in PAGE


def test_the_bounds_of_entered_visits_of_the_page_are_those_of_the_code() -> None:
    rows = dict(re.findall(r"^\| (\w+) \| (\d+) days \|$", PAGE, re.MULTILINE))
    assert rows == {role.value: str(days) for role, days in ENTERED_DAYS.items()}
    assert f"more than {CLOSED_AHEAD // timedelta(hours=1)} hours before its start" in PAGE


def test_the_bound_of_unknown_words_of_the_page_is_that_of_the_code() -> None:
    assert f"sources that nobody lists a network keeps {MAX_HEARD};" in " ".join(PAGE.split())


def test_the_bounds_of_messages_of_the_page_are_those_of_the_rules() -> None:
    rules = MessageRules()
    most, pressing = rules.daily_notice_cap, rules.daily_notice_cap * PRESSING
    assert f"{most} notices in 24 hours, {pressing} where a notice cannot wait" in PAGE
    assert f"START {MOST_STARTS} times within 24 hours" in PAGE
    assert f"{rules.origin_hourly_cap} messages an hour, {rules.origin_daily_cap} a day" in PAGE
    assert f"{rules.origin_hourly_cap * 10} an hour, {rules.origin_daily_cap * 10:,} a day" in PAGE
    assert f"{rules.essential_budget_percent} % of it" in PAGE
    assert f"| {TESTS_AN_HOUR} an hour ({TESTS_AN_HOUR_IN_TRIAL} in trial), {TESTS_A_DAY} a day |" in PAGE
