"""Quiet hours on ordinary nights and on those in which the clock changes."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chalicelib.domain.shared.quiet_hours import QuietHours

CHISINAU = "Europe/Chisinau"
NIGHT, NAP, NEVER = QuietHours(), QuietHours(time(13), time(15)), QuietHours(time(9), time(9))


def at(text: str, zone: str = CHISINAU, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("clock", "quiet"),
    [("20:59", False), ("21:00", True), ("23:59", True), ("00:00", True), ("08:59", True), ("09:00", False)],
)
def test_the_night_is_quiet_from_nine_to_nine(clock: str, quiet: bool) -> None:
    assert NIGHT.holds(at(f"2026-11-24 {clock}"), CHISINAU) is quiet


@pytest.mark.parametrize(
    ("clock", "quiet"), [("12:59", False), ("13:00", True), ("14:59", True), ("15:00", False)]
)
def test_quiet_hours_may_lie_within_a_day(clock: str, quiet: bool) -> None:
    assert NAP.holds(at(f"2026-11-24 {clock}"), CHISINAU) is quiet


def test_equal_times_mean_that_no_hour_is_quiet() -> None:
    assert not any(NEVER.holds(at(f"2026-11-24 {hour:02d}:00"), CHISINAU) for hour in range(24))


@pytest.mark.parametrize(
    ("when", "ends"),
    [
        ("2026-11-24 22:00", "2026-11-25 09:00"),
        ("2026-11-24 03:00", "2026-11-24 09:00"),
        ("2026-11-24 12:00", "2026-11-24 12:00"),
        ("2026-03-28 22:00", "2026-03-29 09:00"),  # a night of eleven hours
        ("2026-10-24 22:00", "2026-10-25 09:00"),  # a night of thirteen
        ("2026-12-31 23:00", "2027-01-01 09:00"),
    ],
)
def test_the_quiet_time_ends_at_nine_by_the_wall_clock(when: str, ends: str) -> None:
    assert NIGHT.ends_after(at(when), CHISINAU) == at(ends)


def test_the_night_in_which_clocks_go_forward_is_an_hour_shorter() -> None:
    spring, autumn = at("2026-03-28 22:00"), at("2026-10-24 22:00")
    assert NIGHT.ends_after(spring, CHISINAU) - spring == timedelta(hours=10)
    assert NIGHT.ends_after(autumn, CHISINAU) - autumn == timedelta(hours=12)


@pytest.mark.parametrize("when", ["2026-11-24 22:00", "2026-11-25 03:00", "2026-11-25 08:59"])
def test_the_last_loud_time_is_in_the_evening_before(when: str) -> None:
    last = NIGHT.last_loud_before(at(when), CHISINAU)
    assert at("2026-11-24 20:00") < last < at("2026-11-24 21:00")


def test_an_end_that_the_clock_skips_is_the_first_instant_after_the_gap() -> None:
    early = QuietHours(time(21), time(3, 30))
    ends = early.ends_after(at("2026-03-28 23:00"), CHISINAU)
    assert ends.astimezone(ZoneInfo(CHISINAU)).hour in (3, 4)
    assert not early.holds(ends, CHISINAU)


def test_the_quiet_time_does_not_begin_again_in_the_hour_that_comes_twice() -> None:
    """Chisinau shows 02:00-03:00 twice on 25 October: 02:30, quiet until 02:45, must still come to an end."""
    short = QuietHours(time(21), time(2, 45))
    for fold in (0, 1):
        ends = short.ends_after(at("2026-10-25 02:30", fold=fold), CHISINAU)
        assert ends >= at("2026-10-25 02:30", fold=fold)
        assert ends - at("2026-10-25 02:30", fold=fold) <= timedelta(hours=1, minutes=15)


def test_a_night_that_swallows_the_only_loud_hour_is_quiet_from_one_day_to_the_next() -> None:
    """On 29 March 2026 Chisinau has no 02:00-03:00."""
    shy = QuietHours(time(3), time(2))
    skipped = at("2026-03-29 01:59")
    assert shy.ends_after(skipped, CHISINAU) == at("2026-03-30 02:00")
    assert shy.last_loud_before(skipped, CHISINAU) == at("2026-03-28 02:50")


clock_times = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))
instants = st.integers(0, 3 * 365 * 24 * 60).map(
    lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
zones = st.sampled_from(
    [CHISINAU, "Europe/Moscow", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]
)


@given(instant=instants, zone=zones)
def test_after_the_end_and_before_the_beginning_it_is_loud(instant: datetime, zone: str) -> None:
    ends, last = NIGHT.ends_after(instant, zone), NIGHT.last_loud_before(instant, zone)
    assert last <= instant <= ends
    assert not NIGHT.holds(ends, zone)
    assert not NIGHT.holds(last, zone)
    assert ends - last < timedelta(hours=14)


@given(start=clock_times, end=clock_times, instant=instants, zone=zones)
def test_any_quiet_hours_at_all_leave_answers_on_the_right_side(
    start: time, end: time, instant: datetime, zone: str
) -> None:
    quiet = QuietHours(start, end)
    assert quiet.last_loud_before(instant, zone) <= instant <= quiet.ends_after(instant, zone)


# --- quiet hours that begin or end while the clock changes

CHANGES = [
    (CHISINAU, datetime(2026, 3, 29, 0, tzinfo=UTC)),
    (CHISINAU, datetime(2026, 10, 25, 0, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 8, 7, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),
    ("Europe/Moscow", datetime(2026, 3, 29, 0, tzinfo=UTC)),
]
"""When clocks change, or would."""

small_hours = st.builds(time, st.integers(0, 4), st.integers(0, 59))


@given(
    change=st.sampled_from(CHANGES),
    minutes=st.integers(-240, 240),
    one=st.one_of(small_hours, clock_times),
    other=small_hours,
    swapped=st.booleans(),
)
def test_whenever_they_begin_or_end_the_answers_are_loud_on_the_night_of_a_change_too(
    change: tuple[str, datetime], minutes: int, one: time, other: time, swapped: bool
) -> None:
    zone, at_change = change
    quiet = QuietHours(other, one) if swapped else QuietHours(one, other)
    quiet_minutes = (quiet.end.hour - quiet.start.hour) * 60 + quiet.end.minute - quiet.start.minute
    assume(quiet_minutes % (24 * 60) <= 23 * 60)  # more is refused when rules are set
    instant = at_change + timedelta(minutes=minutes)
    ends, last = quiet.ends_after(instant, zone), quiet.last_loud_before(instant, zone)
    assert last <= instant <= ends
    assert not quiet.holds(ends, zone)
    assert not quiet.holds(last, zone)
