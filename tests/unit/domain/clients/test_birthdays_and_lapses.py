"""When a client is congratulated, when they count as at risk or lost, and that each is said once."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.clients.client_plan import birthday_in, next_wake, plans
from chalicelib.domain.clients.clients import Client, VisitDay, with_birth_date_learned
from chalicelib.domain.networks.rules import MessageRules
from chalicelib.domain.shared.touches import Plan, Touch, TouchKind, TouchState, open_plans, with_touches
from infra.testkit.builders import a_client
from tests.unit.domain.days import CHISINAU, NEW_YORK, RULES, clock_of, local

BIRTHDAY, AT_RISK, WIN_BACK = TouchKind.BIRTHDAY, TouchKind.AT_RISK, TouchKind.WIN_BACK
LONG_AGO, YEAR = local("2020-01-01 12:00"), datetime(2026, 1, 1, tzinfo=UTC)


def born(text: str, **fields: object) -> Client:
    return a_client(**{"birth_date": date.fromisoformat(text), "created_at": LONG_AGO, **fields})


def plan_of(
    kind: TouchKind, client: Client, now: str, zone: str = CHISINAU, rules: MessageRules = RULES
) -> Plan | None:
    found = [plan for plan in plans(client, rules, zone, local(now, zone)) if plan.kind is kind]
    assert len(found) <= 1
    return found[0] if found else None


def greeted_at(client: Client, now: str, zone: str = CHISINAU, rules: MessageRules = RULES) -> str:
    plan = plan_of(BIRTHDAY, client, now, zone, rules)
    assert plan is not None
    assert plan.reason is None
    return clock_of(plan, zone)


# --- birthdays


def test_a_birthday_is_greeted_a_week_before_and_the_greeting_is_of_use_until_the_day_is_over() -> None:
    plan = plan_of(BIRTHDAY, born("1990-06-17"), "2026-03-01 12:00")
    assert plan is not None
    assert clock_of(plan) == "2026-06-10 11:00"
    assert plan.until == local("2026-06-18 00:00")
    assert plan.occurrence == 2026


@pytest.mark.parametrize(
    ("now", "greeted"),
    [("2026-01-10 12:00", "2026-02-21 11:00"), ("2027-12-01 12:00", "2028-02-22 11:00")],
)
def test_who_was_born_on_29_february_has_their_birthday_on_the_28th_of_other_years(
    now: str, greeted: str
) -> None:
    assert greeted_at(born("1992-02-29"), now) == greeted


@pytest.mark.parametrize("placeholder", ["1900-01-01", "1970-01-01", "2199-06-20", "1890-06-20"])
def test_a_placeholder_that_was_stored_before_is_never_greeted(placeholder: str) -> None:
    instants = ("2026-05-20 10:00", "2026-12-20 10:00")
    assert [plan_of(BIRTHDAY, born(placeholder), now) for now in instants] == [None, None]


def test_a_birthday_early_in_january_is_greeted_in_december() -> None:
    client = born("1990-01-03")
    plan = plan_of(BIRTHDAY, client, "2026-12-20 12:00")
    assert plan is not None
    assert (clock_of(plan), plan.occurrence) == ("2026-12-27 11:00", 2027)
    assert greeted_at(client, "2027-01-02 12:00") == "2026-12-27 11:00"
    assert greeted_at(client, "2027-01-04 00:00") == "2027-12-27 11:00"


@pytest.mark.parametrize(
    ("known_at", "greeted"),
    [
        ("2026-05-18 12:00", "2026-06-10 11:00"),  # thirty days ahead
        ("2026-05-19 12:00", "2027-06-10 11:00"),  # twenty-nine
        ("2026-06-17 12:00", "2027-06-10 11:00"),
        ("2026-06-18 12:00", "2027-06-10 11:00"),
    ],
)
def test_a_birth_date_that_is_told_less_than_thirty_days_ahead_counts_from_the_next_year(
    known_at: str, greeted: str
) -> None:
    assert greeted_at(born("1990-06-17", created_at=local(known_at)), known_at) == greeted
    assert greeted_at(born("1990-06-17", birth_date_told_at=local(known_at)), known_at) == greeted


def test_thirty_days_are_counted_over_the_new_year_too() -> None:
    assert greeted_at(born("1990-01-03", created_at=local("2026-12-04 12:00")), "2026-12-04 12:00") == (
        "2026-12-27 11:00"
    )
    assert greeted_at(born("1990-01-03", created_at=local("2026-12-05 12:00")), "2026-12-05 12:00") == (
        "2027-12-27 11:00"
    )


@pytest.mark.parametrize(
    "state", [TouchState.SENT, TouchState.SKIPPED, TouchState.FAILED, TouchState.UNKNOWN]
)
def test_a_birthday_that_was_decided_on_comes_again_next_year(state: TouchState) -> None:
    client = with_touches(born("1990-06-17"), Touch(BIRTHDAY, state, local("2026-06-10 11:00"), 2026))
    assert greeted_at(client, "2026-06-10 12:00") == "2027-06-10 11:00"


def test_a_birth_date_that_is_put_right_after_the_greeting_makes_no_second_one_in_the_year() -> None:
    greeted = with_touches(
        born("1990-06-17"), Touch(BIRTHDAY, TouchState.SENT, local("2026-06-10 11:00"), 2026)
    )
    right = with_birth_date_learned(
        greeted, born("1990-10-17", touches=greeted.touches), local("2026-06-12 12:00")
    )
    assert greeted_at(right, "2026-06-12 12:00") == "2027-10-10 11:00"


def test_a_greeting_missed_by_days_comes_until_the_day_itself_is_over() -> None:
    assert greeted_at(born("1990-06-17"), "2026-06-17 20:00") == "2026-06-10 11:00"
    assert greeted_at(born("1990-06-17"), "2026-06-18 00:00") == "2027-06-10 11:00"


def test_a_greeting_that_could_only_come_in_the_night_of_the_day_stays_due_and_so_ends_on_record() -> None:
    plan = plan_of(BIRTHDAY, born("1990-06-17"), "2026-06-17 22:00")
    assert plan is not None
    assert plan.reason is None
    wake = next_wake(born("1990-06-17"), RULES, CHISINAU, local("2026-06-17 22:00"))
    assert wake is not None
    assert wake.at <= local("2026-06-17 22:00")


def test_a_birthday_is_on_the_clients_calendar() -> None:
    assert greeted_at(born("1990-06-17"), "2026-03-01 12:00", NEW_YORK) == "2026-06-10 11:00"
    assert local("2026-06-10 11:00", NEW_YORK) - local("2026-06-10 11:00") == timedelta(hours=7)


def test_how_long_before_and_at_what_hour_is_the_networks_to_say() -> None:
    rules = MessageRules(birthday_days_before=1, day_touch_hour=15)
    assert greeted_at(born("1990-06-17"), "2026-03-01 12:00", rules=rules) == "2026-06-16 15:00"


def test_whose_birthday_is_unknown_is_not_greeted() -> None:
    assert plan_of(BIRTHDAY, a_client(birth_date=None), "2026-03-01 12:00") is None


@given(
    birth=st.dates(date(1930, 1, 1), date(2010, 12, 31)),
    known_at=st.integers(0, 3 * 365 * 24 * 60).map(lambda minutes: YEAR + timedelta(minutes=minutes)),
    zone=st.sampled_from([CHISINAU, NEW_YORK, "Pacific/Kiritimati"]),
)
def test_whatever_the_date_there_is_one_greeting_a_year_in_time_and_by_day(
    birth: date, known_at: datetime, zone: str
) -> None:
    """The engine in short: at each pointer the touch is made, and the next one looked for."""
    client = a_client(birth_date=birth, created_at=known_at)
    now, years = client.created_at, []
    for _ in range(4):
        (plan,) = open_plans(plans(client, RULES, zone, now), client.touches, now)
        now = max(now, plan.at)
        day = birthday_in(plan.occurrence, birth)
        here = now.astimezone(ZoneInfo(zone))
        assert here.date() <= day
        assert (day - client.created_at.astimezone(ZoneInfo(zone)).date()).days >= 30
        assert 9 <= here.hour < 21
        years.append(plan.occurrence)
        client = with_touches(client, Touch(BIRTHDAY, TouchState.SENT, now, plan.occurrence))
    assert years == list(range(years[0], years[0] + 4))
    assert years[0] - client.created_at.year <= 2


# --- at risk, lost


def came(*days: str, **fields: object) -> Client:
    visits = [VisitDay(date.fromisoformat(day), "sal_centru") for day in sorted(days, reverse=True)]
    return a_client(
        **{
            "birth_date": None, "created_at": LONG_AGO, "visits_count": len(visits),
            "recent_visits": tuple(visits), "first_visit_on": visits[-1].on, **fields,
        }
    )  # fmt: skip


def lapses(
    client: Client, now: str = "2026-03-22 12:00", rules: MessageRules = RULES
) -> dict[TouchKind, Plan]:
    return {plan.kind: plan for plan in plans(client, rules, CHISINAU, local(now))}


REGULAR = came("2026-01-21", "2026-02-10", "2026-03-02", "2026-03-22")
"""Every twenty days: allowed 25, but at least a week over makes it 27."""


def test_who_stays_away_is_written_to_on_the_day_of_each_change_of_category() -> None:
    found = lapses(REGULAR)
    assert {kind: clock_of(plan) for kind, plan in found.items()} == {
        AT_RISK: "2026-04-19 11:00",  # the 28th day
        WIN_BACK: "2026-05-23 11:00",  # strictly after 22 May
    }
    assert found[AT_RISK].until == found[WIN_BACK].at
    assert found[WIN_BACK].until == found[WIN_BACK].at + timedelta(days=30)


def test_who_has_no_rhythm_yet_is_only_won_back() -> None:
    assert set(lapses(came("2026-03-22"))) == {WIN_BACK}
    assert set(lapses(came("2026-03-01", "2026-03-22"))) == {WIN_BACK}


def test_a_rhythm_longer_than_two_months_makes_nobody_at_risk_before_they_are_lost() -> None:
    assert set(lapses(came("2025-09-20", "2025-12-20", "2026-03-22"))) == {WIN_BACK}


def test_a_client_without_visits_has_nothing_to_lapse_from() -> None:
    assert lapses(a_client(birth_date=None)) == {}


def test_each_is_said_once_a_lapse_and_anew_after_the_next_visit() -> None:
    found = lapses(REGULAR)
    written = with_touches(
        REGULAR,
        *(Touch(kind, TouchState.SENT, plan.at, plan.occurrence) for kind, plan in found.items()),
    )
    assert next_wake(written, RULES, CHISINAU, local("2026-06-01 12:00")) is None
    back = came("2026-02-10", "2026-03-02", "2026-03-22", "2026-06-02", touches=written.touches)
    again = open_plans(
        plans(back, RULES, CHISINAU, local("2026-06-02 12:00")), back.touches, local("2026-06-02 12:00")
    )
    assert {plan.kind for plan in again} == {AT_RISK, WIN_BACK}
    assert {plan.occurrence for plan in again} == {date(2026, 6, 2).toordinal()}


def test_a_lapse_that_is_over_since_long_is_skipped_on_record_and_then_rests() -> None:
    late = local("2026-09-01 12:00")
    missed = open_plans(plans(REGULAR, RULES, CHISINAU, late), REGULAR.touches, late)
    assert {plan.kind for plan in missed} == {AT_RISK, WIN_BACK}
    assert all(plan.until <= late for plan in missed)


@pytest.mark.parametrize(
    ("registered", "reasons"),
    [
        ("2026-03-22 12:00", {AT_RISK: None, WIN_BACK: None}),
        ("2026-05-01 12:00", {AT_RISK: "long_ago", WIN_BACK: None}),
        ("2026-05-23 11:00", {AT_RISK: "long_ago", WIN_BACK: "long_ago"}),
        ("2026-12-01 12:00", {AT_RISK: "long_ago", WIN_BACK: "long_ago"}),
    ],
)
def test_who_had_lapsed_before_they_were_registered_is_not_won_back(
    registered: str, reasons: dict[TouchKind, str | None]
) -> None:
    client = came("2026-01-21", "2026-02-10", "2026-03-02", "2026-03-22", created_at=local(registered))
    assert {kind: plan.reason for kind, plan in lapses(client, registered).items()} == reasons
