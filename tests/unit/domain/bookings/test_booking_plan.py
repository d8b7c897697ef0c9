"""Which touches a booking calls for and when it wakes, on ordinary days and when the clock changes."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.domain.bookings.booking_plan import next_wake, plans
from chalicelib.domain.bookings.bookings import Booking, Review, Status
from chalicelib.domain.networks.rules import MessageRules
from chalicelib.domain.shared.quiet_hours import QuietHours
from chalicelib.domain.shared.touches import Plan, TouchKind, with_touches
from infra.testkit.builders import a_booking
from tests.unit.domain.days import (
    CHISINAU,
    CONFIRM,
    MOSCOW,
    NEW_YORK,
    NOTICE,
    REMINDER,
    RULES,
    booked,
    clock_of,
    done,
    local,
    planned,
)

REVIEW, BONUS = TouchKind.REVIEW_REQUEST, TouchKind.BONUS_NOTICE
AGAIN = TouchKind.NO_SHOW_INVITATION
YEAR = datetime(2026, 1, 1, tzinfo=UTC)


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


def test_nothing_is_planned_for_a_booking_that_will_not_be() -> None:
    booking = booked("2026-11-24 15:00", status=Status.CANCELLED, closed_at=local("2026-11-23 10:00"))
    assert planned(booking) == {}
    assert next_wake(booking, RULES, CHISINAU, local("2026-11-23 10:00")) is None


def test_nothing_is_planned_without_a_client() -> None:
    assert planned(booked("2026-11-24 15:00", client_id=None)) == {}


@pytest.mark.parametrize(
    "rules", [MessageRules(enabled=False), MessageRules(off=(NOTICE, CONFIRM, REMINDER))]
)
def test_what_is_switched_off_is_left_out_and_says_so(rules: MessageRules) -> None:
    booking = booked("2026-11-24 15:00")
    assert {plan.reason for plan in planned(booking, rules=rules).values()} == {"switched_off"}
    assert next_wake(booking, rules, CHISINAU, booking.made_at) is None


def test_one_kind_may_be_off_and_the_others_on() -> None:
    found = planned(booked("2026-11-24 15:00"), rules=MessageRules(off=(CONFIRM,)))
    assert {kind: plan.reason for kind, plan in found.items()} == {
        NOTICE: None, CONFIRM: "switched_off", REMINDER: None,
    }  # fmt: skip


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


@pytest.mark.parametrize(
    ("starts", "reason"), [("2026-11-24 17:00", "already_asked"), ("2026-11-25 12:00", None)]
)
def test_one_visit_is_asked_about_once_and_one_of_a_later_day_again(starts: str, reason: str | None) -> None:
    asked = done(REVIEW, at=local("2026-11-24 18:05"))
    reopened = replace(completed(starts[:10] + " 18:20", starts=starts), moves=1)
    assert planned(with_touches(reopened, asked))[REVIEW].reason == reason


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
    booking = with_touches(
        booked("2026-11-24 09:00", made="2026-11-20 12:00"),
        done(NOTICE, local("2026-11-20 12:00")),
        done(CONFIRM, local("2026-11-23 09:00")),
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


# --- who did not come


def missed(closed: str = "2026-11-24 15:30", starts: str = "2026-11-24 15:00", **said: object) -> Booking:
    return booked(starts, status=Status.NO_SHOW, closed_at=local(closed), **said)


def test_who_did_not_come_is_invited_the_next_day_at_the_hour_for_such_things() -> None:
    found = planned(missed())
    assert {kind: clock_of(plan) for kind, plan in found.items()} == {AGAIN: "2026-11-25 11:00"}
    assert found[AGAIN].until - found[AGAIN].at == timedelta(days=7)
    rules = MessageRules(no_show_invitation_days_after=3, day_touch_hour=10)
    assert clock_of(planned(missed(), rules=rules)[AGAIN]) == "2026-11-27 10:00"


def test_a_no_show_marked_late_is_invited_when_it_is_marked_but_not_at_night() -> None:
    assert clock_of(planned(missed("2026-11-27 17:00"))[AGAIN]) == "2026-11-27 17:00"
    assert clock_of(planned(missed("2026-11-27 22:00"))[AGAIN]) == "2026-11-28 09:00"


def test_a_no_show_marked_weeks_late_invites_nobody() -> None:
    assert planned(missed("2026-12-03 12:00"))[AGAIN].reason == "closed_too_late"
    assert planned(missed("2026-12-01 12:00"))[AGAIN].reason is None


def test_the_invitation_after_a_no_show_belongs_to_the_start_that_was_missed() -> None:
    assert planned(missed(moves=2))[AGAIN].occurrence == 2


def test_the_day_after_is_told_on_the_clients_calendar() -> None:
    """15:00 in New York is already the next day in Kiritimati."""
    booking = missed("2026-11-24 23:30", starts="2026-11-24 22:00")
    far = planned(booking, "Pacific/Kiritimati")[AGAIN]
    assert clock_of(far, "Pacific/Kiritimati") == "2026-11-26 11:00"


# --- rules of one's own


def test_offsets_follow_the_rules() -> None:
    rules = MessageRules(
        confirm_request_hours_before=48, confirm_cutoff_hours_before=6, control_reminder_minutes_before=90,
        review_request_minutes_after=30,
    )  # fmt: skip
    found = planned(booked("2026-11-24 15:00"), rules=rules)
    assert (clock_of(found[CONFIRM]), clock_of(found[REMINDER])) == ("2026-11-22 15:00", "2026-11-24 13:30")
    assert found[CONFIRM].until == local("2026-11-24 09:00")
    assert clock_of(planned(completed("2026-11-24 16:05"), rules=rules)[REVIEW]) == "2026-11-24 16:35"


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
