"""Which touches a booking calls for and when it wakes, on ordinary days and when the clock changes."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.booking_plan import next_wake, open_plans, plans
from chalicelib.domain.bookings import Booking, Review, Status, moved
from chalicelib.domain.quiet_hours import QuietHours
from chalicelib.domain.rules import MessageRules
from chalicelib.domain.touches import GRACE, Plan, Touch, TouchKind, TouchState
from chalicelib.domain.waking import Trouble
from tests.builders import a_booking

NOTICE, CONFIRM, REMINDER = TouchKind.NOTICE, TouchKind.CONFIRM_REQUEST, TouchKind.CONTROL_REMINDER
REVIEW, BONUS = TouchKind.REVIEW_REQUEST, TouchKind.BONUS_NOTICE
CHISINAU, MOSCOW, NEW_YORK = "Europe/Chisinau", "Europe/Moscow", "America/New_York"
RULES = MessageRules()
YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def local(text: str, zone: str = CHISINAU) -> datetime:
    """`2026-11-24 11:00` on that zone's wall clock, as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def booked(starts: str, made: str = "2026-01-01 12:00", zone: str = CHISINAU, **said: object) -> Booking:
    return a_booking(starts_at=local(starts, zone), made_at=local(made, zone), **said)


def planned(booking: Booking, zone: str = CHISINAU, rules: MessageRules = RULES) -> dict[TouchKind, Plan]:
    found = plans(booking, rules, zone, now=booking.closed_at or booking.made_at)
    return {plan.kind: plan for plan in found}


def clock_of(plan: Plan, zone: str = CHISINAU) -> str:
    return f"{plan.at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def done(kind: TouchKind, at: datetime, state: TouchState = TouchState.SENT, **said: object) -> Touch:
    return replace(Touch(kind, state, at), **said)


def test_a_booking_is_told_at_once_asked_a_day_before_and_reminded_an_hour_before() -> None:
    found = planned(booked("2026-11-24 15:00", made="2026-11-20 12:00"))
    assert {kind: clock_of(plan) for kind, plan in found.items()} == {
        NOTICE: "2026-11-20 12:00",
        CONFIRM: "2026-11-23 15:00",
        REMINDER: "2026-11-24 14:00",
    }
    assert all(plan.reason is None for plan in found.values())


def test_a_booking_made_inside_a_day_is_not_asked_to_confirm() -> None:
    found = planned(booked("2026-11-24 15:00", made="2026-11-23 15:01"))
    assert found[CONFIRM].reason == "booked_late"
    assert found[REMINDER].reason is None


def test_a_booking_made_exactly_a_day_ahead_is_asked_to_confirm() -> None:
    assert planned(booked("2026-11-24 15:00", made="2026-11-23 15:00"))[CONFIRM].reason is None


def test_a_booking_made_inside_the_last_hour_is_only_told() -> None:
    found = planned(booked("2026-11-24 15:00", made="2026-11-24 14:30"))
    assert [kind for kind, plan in found.items() if plan.reason is None] == [NOTICE]


def test_a_booking_entered_after_its_start_is_told_nothing() -> None:
    found = planned(booked("2026-11-24 15:00", made="2026-11-24 15:00"))
    assert {plan.reason for plan in found.values()} == {"made_afterwards", "booked_late"}


def test_a_confirmed_booking_is_not_asked_again_but_is_reminded() -> None:
    found = planned(booked("2026-11-24 15:00", status=Status.CONFIRMED))
    assert found[CONFIRM].reason == "already_confirmed"
    assert found[REMINDER].reason is None


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.NO_SHOW])
def test_nothing_is_planned_for_a_booking_that_will_not_be(status: Status) -> None:
    booking = booked("2026-11-24 15:00", status=status, closed_at=local("2026-11-23 10:00"))
    assert planned(booking) == {}
    assert next_wake(booking, RULES, CHISINAU, local("2026-11-23 10:00")) is None


def test_nothing_is_planned_without_a_client_or_when_messages_are_off() -> None:
    assert planned(booked("2026-11-24 15:00", client_id=None)) == {}
    assert planned(booked("2026-11-24 15:00"), rules=MessageRules(enabled=False)) == {}


# --- after the visit


def completed(closed: str, starts: str = "2026-11-24 15:00", **said: object) -> Booking:
    return booked(starts, status=Status.COMPLETED, closed_at=local(closed), earned_points=10, **said)


def test_thanks_come_two_hours_after_the_visit_was_closed() -> None:
    found = planned(completed("2026-11-24 16:05"))
    assert {kind: clock_of(plan) for kind, plan in found.items()} == {
        REVIEW: "2026-11-24 18:05",
        BONUS: "2026-11-24 18:05",
    }


def test_a_visit_closed_late_is_thanked_for_late_rather_than_never() -> None:
    found = planned(completed("2026-11-27 12:00"))
    assert clock_of(found[REVIEW]) == "2026-11-27 14:00"
    assert found[REVIEW].reason is None


def test_a_visit_closed_weeks_late_is_not_thanked_for() -> None:
    assert {plan.reason for plan in planned(completed("2026-12-10 12:00")).values()} == {"closed_too_late"}


def test_thanks_for_an_evening_visit_wait_for_the_morning() -> None:
    assert (
        clock_of(planned(completed("2026-11-24 20:00", starts="2026-11-24 19:00"))[REVIEW])
        == "2026-11-25 09:00"
    )


def test_a_visit_that_earned_nothing_makes_no_bonus_notice() -> None:
    found = planned(replace(completed("2026-11-24 16:05"), earned_points=0))
    assert found[BONUS].reason == "nothing_earned"


def test_who_has_reviewed_is_not_asked_to() -> None:
    found = planned(completed("2026-11-24 16:05", review=Review(5, "", local("2026-11-24 16:10"))))
    assert found[REVIEW].reason == "already_reviewed"


# --- quiet hours


def test_a_reminder_that_falls_into_the_night_comes_the_evening_before() -> None:
    reminder = planned(booked("2026-11-24 09:30"))[REMINDER]
    assert reminder.reason is None
    evening = reminder.at.astimezone(ZoneInfo(CHISINAU))
    assert (evening.date().isoformat(), evening.hour) == ("2026-11-23", 20)


def test_a_reminder_for_a_visit_booked_in_the_same_night_comes_when_the_night_ends() -> None:
    found = planned(booked("2026-11-24 09:30", made="2026-11-23 22:00"))
    assert clock_of(found[REMINDER]) == "2026-11-24 09:00"


def test_a_reminder_that_could_only_come_in_the_night_or_too_late_is_left_out() -> None:
    found = planned(booked("2026-11-24 08:30", made="2026-11-23 22:00"))
    assert found[REMINDER].reason == "quiet_hours"


def test_a_confirm_request_that_falls_into_the_night_waits_for_the_morning() -> None:
    found = planned(booked("2026-11-24 08:30", made="2026-11-20 12:00"))
    assert clock_of(found[CONFIRM]) == "2026-11-23 09:00"


def test_a_notice_answers_at_once_at_night_too() -> None:
    found = planned(booked("2026-11-26 15:00", made="2026-11-23 23:30"))
    assert clock_of(found[NOTICE]) == "2026-11-23 23:30"


def test_quiet_hours_are_read_on_the_clients_clock() -> None:
    """A salon in New York, a client who lives in Moscow: 15:00 in New York is 23:00 in Moscow."""
    booking = booked("2026-11-24 15:00", zone=NEW_YORK)
    assert clock_of(planned(booking, NEW_YORK)[REMINDER], NEW_YORK) == "2026-11-24 14:00"
    moscow = planned(booking, MOSCOW)[REMINDER]
    assert moscow.at.astimezone(ZoneInfo(MOSCOW)).hour == 20


def test_a_sweep_that_comes_a_little_late_still_sends_the_reminder_of_the_evening() -> None:
    """Moved before the night, the reminder must not be so close to it that a minute's delay loses it."""
    booking = booked("2026-11-24 09:00", made="2026-11-20 12:00").with_touches(
        done(NOTICE, local("2026-11-20 12:00")), done(CONFIRM, local("2026-11-23 09:00"))
    )
    due = planned(booking)[REMINDER].at
    late = {plan.kind: plan for plan in plans(booking, RULES, CHISINAU, due + timedelta(minutes=3))}
    assert late[REMINDER].reason is None
    assert late[REMINDER].at <= due + timedelta(minutes=3)


# --- when the clock changes


@pytest.mark.parametrize(
    ("zone", "starts", "asked", "reminded"),
    [
        # Spring forward in Chisinau: 29 March 2026, 02:00 -> 03:00. The day between has 23 hours.
        (CHISINAU, "2026-03-29 15:00", "2026-03-28 14:00", "2026-03-29 14:00"),
        # Autumn back in Chisinau: 25 October 2026, 03:00 -> 02:00. The day between has 25 hours.
        (CHISINAU, "2026-10-25 15:00", "2026-10-24 16:00", "2026-10-25 14:00"),
        # New York: 8 March 2026 and 1 November 2026.
        (NEW_YORK, "2026-03-08 15:00", "2026-03-07 14:00", "2026-03-08 14:00"),
        (NEW_YORK, "2026-11-01 15:00", "2026-10-31 16:00", "2026-11-01 14:00"),
        # Moscow never changes.
        (MOSCOW, "2026-03-29 15:00", "2026-03-28 15:00", "2026-03-29 14:00"),
        (MOSCOW, "2026-10-25 15:00", "2026-10-24 15:00", "2026-10-25 14:00"),
    ],
)
def test_touches_are_exact_hours_before_the_start_across_a_clock_change(
    zone: str, starts: str, asked: str, reminded: str
) -> None:
    found = planned(booked(starts, zone=zone), zone)
    assert clock_of(found[CONFIRM], zone) == asked
    assert clock_of(found[REMINDER], zone) == reminded
    assert found[CONFIRM].at == local(starts, zone) - timedelta(hours=24)


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        (CHISINAU, "2026-03-29"),
        (CHISINAU, "2026-10-25"),
        (NEW_YORK, "2026-03-08"),
        (NEW_YORK, "2026-11-01"),
    ],
)
def test_thanks_due_in_the_night_of_a_clock_change_come_at_nine_by_the_new_clock(zone: str, day: str) -> None:
    midnight = local(f"{day} 00:00", zone)
    booking = a_booking(
        starts_at=midnight - timedelta(hours=4),
        made_at=midnight - timedelta(days=9),
        status=Status.COMPLETED,
        closed_at=midnight - timedelta(hours=1),
        earned_points=1,
    )
    assert clock_of(planned(booking, zone)[REVIEW], zone) == f"{day} 09:00"


@pytest.mark.parametrize("zone", [CHISINAU, MOSCOW, NEW_YORK])
def test_an_hour_that_exists_twice_keeps_its_reminder_an_hour_before(zone: str) -> None:
    """Quiet hours off: a visit at the second 01:30 of New York's autumn night is reminded an hour earlier."""
    rules = MessageRules(quiet_hours=QuietHours(QuietHours().end, QuietHours().end))
    start = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    found = planned(a_booking(starts_at=start, made_at=start - timedelta(days=5)), zone, rules)
    assert found[REMINDER].at == start - timedelta(hours=1)


# --- pointers


def test_the_pointer_stands_at_the_first_open_touch() -> None:
    booking = booked("2026-11-24 15:00", made="2026-11-20 12:00")
    steps = []
    for kind in (NOTICE, CONFIRM, REMINDER):
        wake = next_wake(booking, RULES, CHISINAU, booking.made_at)
        assert wake is not None
        steps.append((wake.why, f"{wake.at.astimezone(ZoneInfo(CHISINAU)):%d %H:%M}"))
        booking = booking.with_touches(done(kind, wake.at))
    assert steps == [
        ("notice", "20 12:00"),
        ("confirm_request", "23 15:00"),
        ("control_reminder", "24 14:00"),
    ]
    assert next_wake(booking, RULES, CHISINAU, booking.starts_at) is None


def test_a_touch_in_flight_is_looked_at_when_its_grace_is_over() -> None:
    at = local("2026-11-20 12:00")
    booking = booked("2026-11-24 15:00", made="2026-11-20 12:00").with_touches(
        done(NOTICE, at, TouchState.SENDING)
    )
    wake = next_wake(booking, RULES, CHISINAU, at)
    assert wake is not None
    assert (wake.at, wake.why) == (at + GRACE, "notice")


def test_an_unknown_reminder_is_tried_once_more_while_it_is_of_use_and_a_notice_is_not() -> None:
    booking = booked("2026-11-24 15:00", made="2026-11-20 12:00")
    at = local("2026-11-24 14:00")
    unknown = booking.with_touches(
        *(done(kind, at, TouchState.UNKNOWN) for kind in (NOTICE, CONFIRM, REMINDER))
    )
    again = [plan.kind for plan in open_plans(unknown, RULES, CHISINAU, at)]
    assert again == [REMINDER]
    assert open_plans(unknown, RULES, CHISINAU, booking.starts_at) == []
    twice = unknown.with_touches(done(REMINDER, at, TouchState.UNKNOWN, attempt=2))
    assert open_plans(twice, RULES, CHISINAU, at) == []


def test_what_was_done_for_the_old_time_neither_counts_for_the_new_one_nor_is_done_again() -> None:
    booking = booked("2026-11-24 15:00", made="2026-11-20 12:00")
    told = booking.with_touches(done(NOTICE, booking.made_at), done(CONFIRM, local("2026-11-23 15:00")))
    later = moved(told, local("2026-11-27 15:00"), local("2026-11-23 18:00"), timedelta(minutes=10))
    opened = {plan.kind: clock_of(plan) for plan in open_plans(later, RULES, CHISINAU, later.made_at)}
    assert opened == {NOTICE: "2026-11-23 18:00", CONFIRM: "2026-11-26 15:00", REMINDER: "2026-11-27 14:00"}


def test_a_move_of_a_few_minutes_is_told_to_nobody_but_moves_the_reminder() -> None:
    booking = booked("2026-11-24 15:00", made="2026-11-20 12:00").with_touches(
        done(NOTICE, local("2026-11-20 12:00"))
    )
    later = moved(booking, local("2026-11-24 15:05"), local("2026-11-21 12:00"), timedelta(minutes=10))
    opened = {
        plan.kind: clock_of(plan) for plan in open_plans(later, RULES, CHISINAU, local("2026-11-21 12:00"))
    }
    assert opened == {CONFIRM: "2026-11-23 15:05", REMINDER: "2026-11-24 14:05"}


def test_a_parked_booking_is_not_woken_and_one_in_trouble_is_woken_later() -> None:
    booking = booked("2026-11-24 15:00", made="2026-11-20 12:00")
    at = booking.made_at
    trouble = Trouble(1, "x", at, at + timedelta(minutes=1))
    wake = next_wake(replace(booking, trouble=trouble), RULES, CHISINAU, at)
    assert wake is not None
    assert wake.at == at + timedelta(minutes=1)
    assert next_wake(replace(booking, trouble=replace(trouble, parked=True)), RULES, CHISINAU, at) is None


def test_a_booking_that_waits_for_its_client_looks_for_them_a_few_times_and_then_rests() -> None:
    booking = booked("2026-11-24 15:00", made="2026-11-20 12:00", client_id=None, waiting_for="CUST1")
    now, seen = booking.made_at, []
    while (wake := next_wake(booking, RULES, CHISINAU, now)) is not None:
        seen.append(wake.at - booking.made_at)
        now = wake.at
    assert seen == [timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)]


# --- whatever the hour


instants = st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: YEAR + timedelta(minutes=minutes))
zones = st.sampled_from([CHISINAU, MOSCOW, NEW_YORK, "Asia/Kathmandu", "Pacific/Kiritimati"])


def _loud(found: Iterable[Plan], zone: str) -> bool:
    quiet = RULES.quiet_hours
    return all(
        plan.kind is NOTICE or plan.reason is not None or not quiet.holds(plan.at, zone) for plan in found
    )


@given(
    start=instants,
    ahead=st.timedeltas(timedelta(0), timedelta(days=30)),
    zone=zones,
    late=st.timedeltas(timedelta(0), timedelta(days=35)),
)
def test_nothing_is_ever_planned_in_the_night_before_its_cause_or_after_its_use(
    start: datetime, ahead: timedelta, zone: str, late: timedelta
) -> None:
    booking = a_booking(starts_at=start, made_at=start - ahead)
    for now in (booking.made_at, booking.made_at + late):
        found = [plan for plan in plans(booking, RULES, zone, now) if plan.reason is None]
        assert _loud(found, zone)
        assert all(booking.made_at <= plan.at < plan.until <= start for plan in found)
