"""When a booking next wakes, what is still open of it, and when the salon is told of the unconfirmed."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.booking_plan import asks_for_client_at, next_wake, plans, unconfirmed_at
from chalicelib.domain.bookings.bookings import Booking, Status, moved
from chalicelib.domain.networks.rules import MessageRules
from chalicelib.domain.shared.touches import GRACE, TouchKind, TouchState, due_at, with_touches
from chalicelib.domain.shared.waking import Trouble
from tests.unit.domain.days import (
    CHISINAU,
    CONFIRM,
    NOTICE,
    REMINDER,
    RULES,
    booked,
    clock_of,
    done,
    local,
    opened,
    planned,
)


def test_the_pointer_stands_at_the_first_open_touch() -> None:
    booking = booked("2026-11-24 15:00", made="2026-11-20 12:00")
    steps = []
    for _ in range(4):
        wake = next_wake(booking, RULES, CHISINAU, booking.made_at)
        assert wake is not None
        steps.append((wake.why, f"{wake.at.astimezone(ZoneInfo(CHISINAU)):%d %H:%M}"))
        if wake.why == "unconfirmed":
            booking = replace(booking, unconfirmed_told=booking.moves)
        else:
            booking = with_touches(booking, done(TouchKind(wake.why), wake.at))
    assert steps == [
        ("notice", "20 12:00"),
        ("confirm_request", "23 15:00"),
        ("unconfirmed", "24 13:00"),
        ("control_reminder", "24 14:00"),
    ]
    assert next_wake(booking, RULES, CHISINAU, booking.starts_at) is None


def test_a_touch_in_flight_is_looked_at_when_its_grace_is_over() -> None:
    at = local("2026-11-20 12:00")
    booking = with_touches(
        booked("2026-11-24 15:00", made="2026-11-20 12:00"), done(NOTICE, at, TouchState.SENDING)
    )
    wake = next_wake(booking, RULES, CHISINAU, at)
    assert wake is not None
    assert (wake.at, wake.why) == (at + GRACE, "notice")


def test_an_unknown_reminder_is_tried_once_more_while_it_is_of_use_and_a_notice_is_not() -> None:
    booking = booked("2026-11-24 15:00", made="2026-11-20 12:00")
    at = local("2026-11-24 14:00")
    unknown = with_touches(
        booking, *(done(kind, at, TouchState.UNKNOWN, doubts=1) for kind in (NOTICE, CONFIRM, REMINDER))
    )
    assert [plan.kind for plan in opened(unknown, at)] == [REMINDER]
    assert opened(unknown, booking.starts_at) == []
    twice = with_touches(unknown, done(REMINDER, at, TouchState.UNKNOWN, attempt=2, doubts=2))
    assert opened(twice, at) == []


def test_what_was_done_for_the_old_time_neither_counts_for_the_new_one_nor_is_done_again() -> None:
    booking = booked("2026-11-24 15:00", made="2026-11-20 12:00")
    told = with_touches(booking, done(NOTICE, booking.made_at), done(CONFIRM, local("2026-11-23 15:00")))
    later = moved(told, local("2026-11-27 15:00"), local("2026-11-23 18:00"), timedelta(minutes=10))
    anew = {plan.kind: clock_of(plan) for plan in opened(later, later.made_at)}
    assert anew == {NOTICE: "2026-11-23 18:00", CONFIRM: "2026-11-26 15:00", REMINDER: "2026-11-27 14:00"}
    assert {plan.occurrence for plan in planned(later).values()} == {1}


def test_a_move_of_a_few_minutes_is_told_to_nobody_but_moves_the_reminder() -> None:
    booking = with_touches(
        booked("2026-11-24 15:00", made="2026-11-20 12:00"), done(NOTICE, local("2026-11-20 12:00"))
    )
    later = moved(booking, local("2026-11-24 15:05"), local("2026-11-21 12:00"), timedelta(minutes=10))
    left = {plan.kind: clock_of(plan) for plan in opened(later, local("2026-11-21 12:00"))}
    assert left == {CONFIRM: "2026-11-23 15:05", REMINDER: "2026-11-24 14:05"}


def test_what_is_in_flight_is_looked_at_though_its_booking_was_cancelled_meanwhile() -> None:
    at = local("2026-11-20 12:00")
    booking = with_touches(booked("2026-11-24 15:00"), done(NOTICE, at, TouchState.SENDING))
    gone = replace(booking, status=Status.CANCELLED, closed_at=at)
    wake = next_wake(gone, RULES, CHISINAU, at)
    assert wake is not None
    assert (wake.at, wake.why) == (at + GRACE, "notice")
    settled = with_touches(gone, done(NOTICE, at))
    assert next_wake(settled, RULES, CHISINAU, at) is None


def test_what_waits_for_its_delivery_is_settled_though_the_client_has_confirmed() -> None:
    at, again = local("2026-11-23 15:00"), local("2026-11-23 15:30")
    awaiting = done(CONFIRM, at, TouchState.AWAITING, again_at=again)
    booking = with_touches(booked("2026-11-24 15:00", status=Status.CONFIRMED), awaiting)
    (plan,) = (plan for plan in opened(booking, at) if plan.kind is CONFIRM)
    assert plan.until <= at
    assert planned(booking)[CONFIRM].reason == "already_confirmed"


def test_what_was_put_off_is_looked_at_when_it_was_put_off_to_but_never_before_its_time() -> None:
    booking = booked("2026-11-24 15:00", made="2026-11-20 12:00")
    plan = planned(booking)[CONFIRM]
    for hours, expected in ((-30, plan.at), (5, plan.at + timedelta(hours=5))):
        put_off = done(CONFIRM, plan.at, TouchState.DEFERRED, again_at=plan.at + timedelta(hours=hours))
        assert due_at(plan, put_off) == expected


def test_a_reminder_missed_until_it_could_only_come_at_night_is_due_so_that_its_skip_is_on_record() -> None:
    booking = booked("2026-11-24 21:40", made="2026-11-20 12:00")
    due = planned(booking)[REMINDER].at
    assert f"{due.astimezone(ZoneInfo(CHISINAU)):%H:%M}" == "20:40"
    late = {plan.kind: plan for plan in plans(booking, RULES, CHISINAU, due + timedelta(minutes=30))}
    assert (late[REMINDER].reason, late[REMINDER].at) == (None, due)


def test_a_parked_booking_is_not_woken_and_one_in_trouble_is_woken_later() -> None:
    booking = booked("2026-11-24 15:00", made="2026-11-20 12:00")
    at = booking.made_at
    trouble = Trouble(1, "x", at, at + timedelta(minutes=1))
    wake = next_wake(replace(booking, trouble=trouble), RULES, CHISINAU, at)
    assert wake is not None
    assert wake.at == at + timedelta(minutes=1)
    assert next_wake(replace(booking, trouble=replace(trouble, parked=True)), RULES, CHISINAU, at) is None


@pytest.mark.parametrize(("begins", "asked_after"), [("2026-11-24 15:00", 60), ("2026-11-20 12:40", 10)])
def test_a_booking_that_waits_for_its_client_looks_for_them_asks_the_desk_once_and_then_rests(
    begins: str, asked_after: int
) -> None:
    booking = booked(begins, made="2026-11-20 12:00", client_id=None, waiting_for="CUST1")
    looked, asked_at = [], []
    now = booking.made_at
    for _ in range(5):
        wake = next_wake(booking, RULES, CHISINAU, now)
        if wake is None:
            break
        now = wake.at
        looked.append(now - booking.made_at)
        asks_at = asks_for_client_at(booking)
        if asks_at is not None and asks_at <= now:  # as the worker does that wakes it
            booking = replace(booking, asked_for="CUST1")
            asked_at.append(now - booking.made_at)
    times = {timedelta(minutes=1), timedelta(minutes=asked_after), timedelta(hours=1), timedelta(days=1)}
    assert looked == sorted(times)
    assert asked_at == [timedelta(minutes=asked_after)]


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.NO_SHOW])
def test_nobody_is_asked_for_the_client_of_a_booking_that_does_not_take_place(status: Status) -> None:
    waiting = booked("2026-11-24 15:00", made="2026-11-20 12:00", client_id=None, waiting_for="CUST1")
    assert asks_for_client_at(replace(waiting, status=status)) is None


# --- asked, and not confirmed


def asked(state: TouchState = TouchState.SENT, **said: object) -> Booking:
    booking = booked("2026-11-24 15:00", made="2026-11-20 12:00", **said)
    return with_touches(booking, done(CONFIRM, local("2026-11-23 15:00"), state))


@pytest.mark.parametrize("state", [TouchState.SENT, TouchState.AWAITING, TouchState.UNKNOWN])
def test_the_salon_is_told_at_the_cut_off_that_nobody_has_confirmed(state: TouchState) -> None:
    assert unconfirmed_at(asked(state), RULES) == local("2026-11-24 13:00")
    earlier = MessageRules(confirm_cutoff_hours_before=5)
    assert unconfirmed_at(asked(state), earlier) == local("2026-11-24 10:00")


@pytest.mark.parametrize("state", [TouchState.SKIPPED, TouchState.FAILED, TouchState.SENDING])
def test_the_salon_is_not_told_of_a_client_who_was_not_asked(state: TouchState) -> None:
    assert unconfirmed_at(asked(state), RULES) is None


def test_the_salon_is_told_once_and_anew_of_a_booking_that_was_moved() -> None:
    told = replace(asked(), unconfirmed_told=0)
    assert unconfirmed_at(told, RULES) is None
    later = moved(told, local("2026-11-27 15:00"), local("2026-11-24 14:00"), timedelta(minutes=10))
    assert unconfirmed_at(later, RULES) is None
    again = with_touches(later, done(CONFIRM, local("2026-11-26 15:00"), occurrence=1))
    assert unconfirmed_at(again, RULES) == local("2026-11-27 13:00")


@pytest.mark.parametrize("status", [Status.CONFIRMED, Status.CANCELLED, Status.COMPLETED, Status.NO_SHOW])
def test_the_salon_is_told_of_no_booking_that_is_settled(status: Status) -> None:
    assert unconfirmed_at(asked(status=status), RULES) is None
