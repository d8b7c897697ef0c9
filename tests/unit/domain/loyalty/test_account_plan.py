"""Points that expire are warned of: in good time, then shortly before, each once, in their order."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.domain.loyalty.account import Account, EntryKind, Lot
from chalicelib.domain.loyalty.account_plan import EXPIRY as ENDS
from chalicelib.domain.loyalty.account_plan import expiring_points, expiry_day, next_wake, plans
from chalicelib.domain.networks.rules import MessageRules
from chalicelib.domain.shared.touches import (
    GRACE,
    Plan,
    Touch,
    TouchKind,
    TouchState,
    open_plans,
    with_touches,
)
from chalicelib.domain.shared.waking import Wake
from infra.testkit.builders import NETWORK
from tests.unit.domain.days import CHISINAU, NEW_YORK, RULES, clock_of, local

EXPIRY = TouchKind.BONUS_EXPIRY
LONG_AGO = local("2026-01-01 12:00")
NOW = local("2026-05-01 12:00")


def lot(
    day: str, points: int = 100, *, granted: datetime = LONG_AGO, zone: str = CHISINAU, clock: str = "23:59"
) -> Lot:
    return Lot(
        date.fromisoformat(day).toordinal(),
        granted,
        granted,
        local(f"{day} {clock}", zone),
        points,
        EntryKind.GRANT,
    )


def account(*lots: Lot, **said: object) -> Account:
    return replace(Account(network_id=NETWORK, client_id="cli_1", lots=lots), **said)


def warning(
    given: Account, now: datetime = NOW, rules: MessageRules = RULES, zone: str = CHISINAU
) -> Plan | None:
    found = plans(given, rules, zone, zone, now)
    assert len(found) <= 1
    return found[0] if found else None


def made(given: Account, plan: Plan, state: TouchState = TouchState.SENT) -> Account:
    return with_touches(given, Touch(EXPIRY, state, plan.at, plan.occurrence))


def lived(given: Account, now: datetime = NOW, rules: MessageRules = RULES) -> list[tuple[str, str]]:
    """When which day's points are warned of, if every pointer is followed."""
    found = []
    while (wake := next_wake(given, rules, CHISINAU, CHISINAU, now)) is not None:
        now = max(now, wake.at)
        if wake.why == ENDS:
            given = replace(given, lots=tuple(each for each in given.lots if not each.is_expired(now)))
            continue
        plan = warning(given, now, rules)
        assert plan is not None
        found.append((clock_of(plan), expiry_day(plan.occurrence).isoformat()))
        given = made(given, plan)
        assert given.touches[EXPIRY].occurrence == plan.occurrence, "it would be made for ever"
    return found


def test_points_are_warned_of_fourteen_and_three_days_before() -> None:
    assert lived(account(lot("2026-06-20"))) == [
        ("2026-06-06 11:00", "2026-06-20"),
        ("2026-06-17 11:00", "2026-06-20"),
    ]


def test_a_warning_is_of_use_until_the_next_one_and_the_last_until_the_points_are_gone() -> None:
    first = warning(account(lot("2026-06-20")))
    assert first is not None
    assert first.until == local("2026-06-17 11:00")
    last = warning(made(account(lot("2026-06-20")), first))
    assert last is not None
    assert last.until == local("2026-06-20 23:59")


def test_lots_that_expire_on_several_days_are_warned_of_in_the_order_of_the_warnings() -> None:
    assert lived(account(lot("2026-06-25"), lot("2026-06-20"))) == [
        ("2026-06-06 11:00", "2026-06-20"),
        ("2026-06-11 11:00", "2026-06-25"),
        ("2026-06-17 11:00", "2026-06-20"),
        ("2026-06-22 11:00", "2026-06-25"),
    ]


def test_lots_of_one_day_make_one_warning_with_all_their_points() -> None:
    both = account(lot("2026-06-20", 100, clock="12:00"), lot("2026-06-20", 30))
    assert len(lived(both)) == 2
    plan = warning(both)
    assert plan is not None
    assert expiring_points(both, plan.occurrence, CHISINAU, plan.at) == 130
    after_noon = expiring_points(both, plan.occurrence, CHISINAU, local("2026-06-20 13:00"))
    assert after_noon == 30


def test_of_two_warnings_on_one_day_the_more_urgent_is_made() -> None:
    """The points of 20 June are three days from their end when those of 1 July are fourteen."""
    assert lived(account(lot("2026-06-20"), lot("2026-07-01"))) == [
        ("2026-06-06 11:00", "2026-06-20"),
        ("2026-06-17 11:00", "2026-06-20"),
        ("2026-06-28 11:00", "2026-07-01"),
    ]


def test_spent_lots_and_lots_that_never_expire_are_not_warned_of() -> None:
    never = replace(lot("2026-06-20"), expires_at=None)
    assert warning(account(never, lot("2026-06-20", 0))) is None
    assert next_wake(account(never), RULES, CHISINAU, CHISINAU, NOW) is None


def test_points_granted_a_week_before_they_expire_are_warned_of_once_and_not_on_granting() -> None:
    granted = local("2026-06-13 12:00")
    assert lived(account(lot("2026-06-20", granted=granted)), granted) == [("2026-06-17 11:00", "2026-06-20")]


def test_a_warning_missed_by_days_is_still_made_while_it_is_of_use() -> None:
    plan = warning(account(lot("2026-06-20")), local("2026-06-10 12:00"))
    assert plan is not None
    assert (clock_of(plan), plan.until) == ("2026-06-06 11:00", local("2026-06-17 11:00"))


def test_what_was_missed_altogether_is_there_once_to_be_skipped_on_record() -> None:
    given = account(lot("2026-06-20"))
    now = local("2026-06-18 12:00")
    missed = warning(given, now)
    assert missed is not None
    assert (clock_of(missed), missed.until <= now) == ("2026-06-06 11:00", True)
    then = warning(made(given, missed, TouchState.SKIPPED), now)
    assert then is not None
    assert clock_of(then) == "2026-06-17 11:00"
    gone = local("2026-08-01 12:00")
    last = warning(given, gone)
    assert last is not None
    assert clock_of(last) == "2026-06-17 11:00"
    assert warning(made(given, last, TouchState.SKIPPED), gone) is None


def test_what_is_in_flight_when_its_points_are_spent_is_still_looked_at() -> None:
    plan = warning(account(lot("2026-06-20")))
    assert plan is not None
    spent = made(account(), plan, TouchState.SENDING)
    wake = next_wake(spent, RULES, CHISINAU, CHISINAU, plan.at)
    assert wake is not None
    assert wake.at == plan.at + GRACE


def test_points_that_are_pending_or_gone_are_not_counted() -> None:
    pending = replace(lot("2026-06-20"), available_at=local("2026-06-10 12:00"))
    plan = warning(account(pending))
    assert plan is not None
    assert expiring_points(account(pending), plan.occurrence, CHISINAU, plan.at) == 0
    assert expiring_points(account(pending), plan.occurrence, CHISINAU, local("2026-06-11 12:00")) == 100
    assert expiring_points(account(pending), plan.occurrence, CHISINAU, local("2026-06-21 12:00")) == 0


def test_days_are_those_of_the_clients_calendar() -> None:
    """A minute before midnight in Chisinau is the afternoon in New York."""
    given = account(lot("2026-06-20"))
    plan = warning(given, zone=NEW_YORK)
    assert plan is not None
    assert clock_of(plan, NEW_YORK) == "2026-06-06 11:00"
    early = account(lot("2026-06-20", clock="03:00"))
    plan = warning(early, zone=NEW_YORK)
    assert plan is not None
    assert clock_of(plan, NEW_YORK) == "2026-06-05 11:00"
    assert expiry_day(plan.occurrence) == date(2026, 6, 19)


def test_how_often_and_when_is_the_networks_to_say() -> None:
    rules = MessageRules(bonus_expiry_days_before=(1, 30, 7), day_touch_hour=10)
    assert lived(account(lot("2026-06-20")), rules=rules) == [
        ("2026-05-21 10:00", "2026-06-20"),
        ("2026-06-13 10:00", "2026-06-20"),
        ("2026-06-19 10:00", "2026-06-20"),
    ]


def test_what_is_switched_off_says_so_and_wakes_nobody() -> None:
    rules = MessageRules(off=(EXPIRY,))
    plan = warning(account(lot("2026-06-20")), rules=rules)
    assert plan is not None
    assert plan.reason == "switched_off"
    wake = next_wake(account(lot("2026-06-20")), rules, CHISINAU, CHISINAU, NOW)
    assert wake == Wake(local("2026-06-20 23:59"), ENDS)


@pytest.mark.parametrize("state", [TouchState.SKIPPED, TouchState.FAILED, TouchState.UNKNOWN])
def test_a_warning_that_was_decided_on_is_not_made_again_however_it_ended(state: TouchState) -> None:
    given = account(lot("2026-06-20"))
    plan = warning(given)
    assert plan is not None
    then = warning(made(given, plan, state), plan.at)
    assert then is not None
    assert clock_of(then) == "2026-06-17 11:00"


days = st.dates(date(2026, 5, 1), date(2026, 8, 1))


@given(st.lists(st.tuples(days, st.integers(0, 40)), min_size=1, max_size=5))
def test_whatever_the_lots_each_warning_is_made_once_in_order_by_day_and_before_its_points_are_gone(
    granted: list[tuple[date, int]],
) -> None:
    """Each lot: the day on which it expires, and how many days before that it was granted."""
    lots = [
        replace(lot(day.isoformat()), granted_at=datetime.combine(day, time(10), UTC) - timedelta(days=ago))
        for day, ago in granted
    ]
    given_ = account(*lots)
    now, occurrences = LONG_AGO, []
    while (wake := next_wake(given_, RULES, CHISINAU, CHISINAU, now)) is not None:
        now = max(now, wake.at)
        if wake.why == ENDS:
            given_ = replace(given_, lots=tuple(each for each in given_.lots if not each.is_expired(now)))
            continue
        (plan,) = open_plans(plans(given_, RULES, CHISINAU, CHISINAU, now), given_.touches, now)
        assert now < plan.until
        assert expiry_day(plan.occurrence) in {day for day, _ in granted}
        assert not RULES.quiet_hours.holds(now, CHISINAU)
        occurrences.append(plan.occurrence)
        given_ = made(given_, plan)
    assert occurrences == sorted(set(occurrences))
    assert len({occurrence // 1000 for occurrence in occurrences}) == len(occurrences), "two on one day"
