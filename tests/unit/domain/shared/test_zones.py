"""Local days and clock times of salons, also where the clock skips an hour or shows it twice."""

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.shared.zones import as_instant, is_zone, local_date, local_instant

CHISINAU, MOSCOW, NEW_YORK = "Europe/Chisinau", "Europe/Moscow", "America/New_York"


@pytest.mark.parametrize("name", [CHISINAU, MOSCOW, NEW_YORK, "UTC", "Asia/Kolkata"])
def test_iana_names_are_zones(name: str) -> None:
    assert is_zone(name)


NONSENSE = [
    "",
    "Mars/Olympus",
    "../etc/passwd",
    "/etc/passwd",
    "Europe",
    "Europe/",
    "\0",
    "x" * 5000,
    "EET DST",
]


@pytest.mark.parametrize("name", NONSENSE)
def test_nothing_else_is_a_zone(name: str) -> None:
    assert not is_zone(name)


@pytest.mark.parametrize(
    ("zone", "day"),
    [(CHISINAU, date(2026, 11, 24)), (MOSCOW, date(2026, 11, 25)), (NEW_YORK, date(2026, 11, 24))],
)
def test_the_date_is_the_salons_own(zone: str, day: date) -> None:
    assert local_date(datetime(2026, 11, 24, 21, 30, tzinfo=UTC), zone) == day


def test_a_time_that_the_clock_skips_jumps_the_gap() -> None:
    skipped = local_instant(date(2026, 3, 29), time(2, 30), CHISINAU)
    assert skipped == datetime(2026, 3, 29, 0, 30, tzinfo=UTC)


def test_of_a_time_that_the_clock_shows_twice_the_first_is_meant() -> None:
    assert local_instant(date(2026, 10, 25), time(2, 30), CHISINAU) == datetime(
        2026, 10, 24, 23, 30, tzinfo=UTC
    )


def test_the_same_wall_clock_is_another_instant_after_the_change() -> None:
    winter, summer = date(2026, 3, 28), date(2026, 3, 29)
    assert local_instant(winter, time(10), CHISINAU).hour == 8
    assert local_instant(summer, time(10), CHISINAU).hour == 7
    assert local_instant(winter, time(10), MOSCOW).hour == local_instant(summer, time(10), MOSCOW).hour == 7


def test_a_moment_with_an_offset_is_an_instant_and_one_without_is_local() -> None:
    aware = datetime.fromisoformat("2026-11-24T15:00:00+05:00")
    assert as_instant(aware, NEW_YORK) == datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert as_instant(aware.replace(tzinfo=None), NEW_YORK) == datetime(2026, 11, 24, 20, tzinfo=UTC)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.sampled_from([CHISINAU, MOSCOW, NEW_YORK]))
def test_the_local_date_of_a_local_noon_is_its_day(day: date, zone: str) -> None:
    assert local_date(local_instant(day, time(12), zone), zone) == day
