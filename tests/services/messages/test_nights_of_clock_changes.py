"""Sending on the nights in which clocks change in Chisinau and New York, and in Moscow, where they do not;
and to clients whose clock is not the salon's."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.client_plan import with_wake
from chalicelib.domain.networks.network import Network
from chalicelib.domain.networks.rules import MessageRules, Rules
from chalicelib.domain.shared.quiet_hours import QuietHours
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.services.bookings.book import WantedLine
from chalicelib.services.bookings.step_booking import mark_no_show
from infra.testkit.builders import NETWORK, a_client, a_consent, a_salon, access, save_client
from infra.testkit.salon_driver import SalonDriver

CHISINAU, NEW_YORK, MOSCOW = "Europe/Chisinau", "America/New_York", "Europe/Moscow"
SALON_IN = {CHISINAU: "sal_centru", NEW_YORK: "sal_york", MOSCOW: "sal_moscow"}
NIGHTS = [
    (CHISINAU, "2026-03-29"),  # 02:00 -> 03:00: a day of 23 hours
    (CHISINAU, "2026-10-25"),  # 03:00 -> 02:00: one of 25
    (NEW_YORK, "2026-03-08"),
    (NEW_YORK, "2026-11-01"),
    (MOSCOW, "2026-03-29"),
    (MOSCOW, "2026-10-25"),
]
"""The day that begins with the night."""

MARIA = "cli_maria00000000001"
NOTICE, CONFIRM, REMINDER = TouchKind.NOTICE, TouchKind.CONFIRM_REQUEST, TouchKind.CONTROL_REMINDER
REVIEW, BIRTHDAY, AGAIN = TouchKind.REVIEW_REQUEST, TouchKind.BIRTHDAY, TouchKind.NO_SHOW_INVITATION


def local(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def begin(driver: SalonDriver, at: datetime) -> None:
    clock: Any = driver.world.clock
    clock.now = at
    driver.store.save(a_salon("sal_moscow", name="Lotos Moscow", timezone=MOSCOW, currency="RUB"))


def book(driver: SalonDriver, zone: str, starts_at: datetime, client: str = MARIA) -> Booking:
    lines = [WantedLine(service_id="srv_cut")]
    return driver.book(starts_at, salon_id=SALON_IN[zone], lines=lines, client=client)


def sent(driver: SalonDriver, zone: str, client: str = MARIA) -> dict[TouchKind, str]:
    """When each kind was sent, by the wall clock."""
    found = [message for message in driver.log(client) if message.sent_at is not None]
    assert len({message.kind for message in found}) == len(found), "a copy"
    return {m.kind: f"{m.recorded_at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}" for m in found}


def the_day_before(day: str, days: int = 1) -> str:
    return (date.fromisoformat(day) - timedelta(days=days)).isoformat()


@pytest.mark.parametrize(
    ("zone", "day", "asked"),
    [
        (CHISINAU, "2026-03-29", "09:00"),  # 24 hours before is 08:30, at night
        (CHISINAU, "2026-10-25", "10:30"),
        (NEW_YORK, "2026-03-08", "09:00"),
        (NEW_YORK, "2026-11-01", "10:30"),
        (MOSCOW, "2026-03-29", "09:30"),
        (MOSCOW, "2026-10-25", "09:30"),
    ],
)
def test_a_visit_early_on_the_day_of_the_change_is_asked_about_and_reminded_of_by_day(
    driver: SalonDriver, zone: str, day: str, asked: str
) -> None:
    begin(driver, local(f"{the_day_before(day, 3)} 12:00", zone))
    booking = book(driver, zone, local(f"{day} 09:30", zone))
    driver.run_until(booking.ends_at)
    assert sent(driver, zone) == {
        NOTICE: f"{the_day_before(day, 3)} 12:00",
        CONFIRM: f"{the_day_before(day)} {asked}",
        REMINDER: f"{the_day_before(day)} 20:50",
    }


@pytest.mark.parametrize(("zone", "day"), NIGHTS)
def test_thanks_for_a_visit_of_the_evening_before_come_at_nine_by_the_new_clock(
    driver: SalonDriver, zone: str, day: str
) -> None:
    begin(driver, local(f"{the_day_before(day)} 10:00", zone))
    booking = book(driver, zone, local(f"{the_day_before(day)} 19:30", zone))
    driver.run_until(local(f"{the_day_before(day)} 20:30", zone))
    driver.complete(booking)
    driver.run_until(local(f"{day} 23:00", zone))
    assert sent(driver, zone)[REVIEW] == f"{day} 09:00"


@pytest.mark.parametrize(("zone", "day"), NIGHTS)
def test_a_booking_made_in_the_night_of_the_change_is_answered_at_once_and_the_rest_waits(
    driver: SalonDriver, zone: str, day: str
) -> None:
    """23:30, for the day after: it is asked about a day before, by the hours that pass, and at day."""
    begin(driver, local(f"{the_day_before(day)} 23:30", zone))
    after = the_day_before(day, -1)
    booking = book(driver, zone, local(f"{after} 08:30", zone))
    driver.run_until(booking.starts_at)
    assert sent(driver, zone) == {
        NOTICE: f"{the_day_before(day)} 23:30",
        CONFIRM: f"{day} 09:00",
        REMINDER: f"{day} 20:50",
    }


@pytest.mark.parametrize(("zone", "day"), NIGHTS)
def test_what_is_due_at_an_hour_of_the_day_is_due_at_that_hour_on_the_day_of_the_change(
    driver: SalonDriver, zone: str, day: str
) -> None:
    """The day after a visit that was missed, and a week before a birthday: eleven o'clock, once."""
    begin(driver, local(f"{the_day_before(day, 2)} 12:00", zone))
    born = date.fromisoformat(day) + timedelta(days=7)
    _set_rules(driver, weekly_marketing_cap=2)
    _born(driver, born, timezone=zone)
    booking = book(driver, zone, local(f"{the_day_before(day)} 15:00", zone))
    driver.run_until(booking.ends_at)
    mark_no_show(driver.world, access(), booking.id)
    driver.run_until(local(f"{day} 23:59", zone))
    found = sent(driver, zone)
    assert (found[AGAIN], found[BIRTHDAY]) == (f"{day} 11:00", f"{day} 11:00")


def _born(driver: SalonDriver, day: date, **fields: Any) -> None:
    """Maria's birthday is known since long, and she likes to be congratulated."""
    changed = replace(driver.client(), consents=(a_consent(),), birth_date=day.replace(year=1990),
                      created_at=datetime(2025, 1, 1, tzinfo=UTC), **fields)  # fmt: skip
    driver.store.save(with_wake(changed, driver.world.directory(NETWORK), driver.world.now()))


def _set_rules(driver: SalonDriver, **fields: Any) -> None:
    network = driver.store.get(Network, network_id=NETWORK)
    driver.store.save(replace(network, rules=Rules(messages=MessageRules(**fields))))
    driver.world.directories.forget(NETWORK)


# --- hours that come twice, or not at all


def test_in_the_hour_that_comes_twice_each_visit_is_reminded_of_an_hour_before_its_own(
    driver: SalonDriver,
) -> None:
    """Half past two in Chisinau on 25 October, and half past two an hour later."""
    begin(driver, local("2026-10-24 12:00", CHISINAU))
    _set_rules(driver, quiet_hours=QuietHours(time(9), time(9)))
    other = save_client(driver.store, a_client("cli_ion00000000000001", phone="+37369000777", email=None))
    first = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
    for client, starts_at in ((MARIA, first), (other.id, first + timedelta(hours=1))):
        assert f"{starts_at.astimezone(ZoneInfo(CHISINAU)):%H:%M}" == "02:30"
        book(driver, CHISINAU, starts_at, client)
    driver.run_until(first + timedelta(hours=3))
    for client, starts_at in ((MARIA, first), (other.id, first + timedelta(hours=1))):
        (reminder,) = (message for message in driver.log(client) if message.kind is REMINDER)
        assert reminder.recorded_at == starts_at - timedelta(hours=1)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-03-29", ["03:00"]),  # two o'clock is skipped
        ("2026-10-25", ["02:00"]),  # and comes twice
    ],
)
def test_what_is_due_at_an_hour_that_is_skipped_or_comes_twice_comes_once(
    driver: SalonDriver, day: str, expected: Sequence[str]
) -> None:
    begin(driver, local(f"{the_day_before(day, 2)} 12:00", CHISINAU))
    _set_rules(driver, quiet_hours=QuietHours(time(9), time(9)), day_touch_hour=2)
    born = date.fromisoformat(day) + timedelta(days=7)
    _born(driver, born)
    driver.run_until(local(f"{day} 23:59", CHISINAU))
    greeted = [m.recorded_at for m in driver.log() if m.kind is BIRTHDAY]
    assert [f"{at.astimezone(ZoneInfo(CHISINAU)):%H:%M}" for at in greeted] == expected


def test_quiet_hours_that_end_in_the_hour_that_comes_twice_do_end(driver: SalonDriver) -> None:
    """Quiet until 02:45. Thanks due at the second half past two come at the second quarter to three."""
    begin(driver, local("2026-10-24 12:00", CHISINAU))
    _set_rules(driver, quiet_hours=QuietHours(time(21), time(2, 45)))
    booking = book(driver, CHISINAU, local("2026-10-24 13:00", CHISINAU))
    second_half_past_two = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    driver.run_until(second_half_past_two - timedelta(hours=2))
    driver.complete(booking)
    driver.run_until(second_half_past_two + timedelta(hours=2))
    (thanks,) = (message for message in driver.log() if message.kind is REVIEW)
    assert thanks.recorded_at == second_half_past_two + timedelta(minutes=15)


# --- the client's clock is not the salon's


def far_client(driver: SalonDriver, zone: str) -> str:
    far = a_client("cli_far0000000000001", phone="+37369000888", email=None, timezone=zone)
    return save_client(driver.store, far).id


@pytest.mark.parametrize(
    ("salon", "client", "starts", "reminded"),
    [
        # New York is an hour nearer to Chisinau between its own change and Europe's.
        (NEW_YORK, CHISINAU, "2026-03-06 15:00", "20:50"),  # 22:00 there: before the night
        (NEW_YORK, CHISINAU, "2026-03-10 15:00", "20:00"),  # 21:00 there: an hour before it
        (NEW_YORK, CHISINAU, "2026-03-31 15:00", "20:50"),
        # In winter Chisinau is an hour behind Moscow, in summer it is not.
        (CHISINAU, MOSCOW, "2026-10-24 21:00", "20:00"),
        (CHISINAU, MOSCOW, "2026-10-25 21:00", "20:50"),
        (MOSCOW, CHISINAU, "2026-03-28 10:00", "20:50"),  # 09:00 there: the evening before
        (MOSCOW, CHISINAU, "2026-03-29 10:00", "09:00"),  # 10:00 there
    ],
)
def test_a_client_elsewhere_is_reminded_by_day_on_their_own_clock_before_and_after_a_change(
    driver: SalonDriver, salon: str, client: str, starts: str, reminded: str
) -> None:
    starts_at = local(starts, salon)
    begin(driver, starts_at - timedelta(days=4))
    far = far_client(driver, client)
    booking = book(driver, salon, starts_at, far)
    driver.run_until(booking.starts_at)
    assert sent(driver, client, far)[REMINDER][-5:] == reminded


@pytest.mark.parametrize(("zone", "day"), NIGHTS)
@pytest.mark.parametrize("client", [CHISINAU, NEW_YORK, MOSCOW])
def test_whoevers_clock_changes_nobody_is_woken_in_their_own_night(
    driver: SalonDriver, zone: str, day: str, client: str
) -> None:
    begin(driver, local(f"{the_day_before(day, 2)} 12:00", zone))
    far = far_client(driver, client)
    starts = (f"{the_day_before(day)} 20:30", f"{day} 08:00", f"{the_day_before(day, -1)} 11:00")
    bookings = [book(driver, zone, local(each, zone), far) for each in starts]
    driver.run_until(bookings[0].ends_at)
    driver.complete(bookings[0])
    driver.run_until(bookings[-1].starts_at)
    heard = [m for m in driver.log(far) if m.sent_at is not None and m.kind is not NOTICE]
    assert len(heard) >= 4
    for message in heard:
        assert 9 <= message.recorded_at.astimezone(ZoneInfo(client)).hour < 21, message.kind
