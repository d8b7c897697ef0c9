"""Which numbers get no message at all, and how many one phone gets."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.networks.network import Network
from chalicelib.domain.networks.rules import ChannelStep
from chalicelib.domain.shared.tasks import TaskKind
from chalicelib.services.bookings import book
from chalicelib.services.networks.set_rules import set_rules as set_rules_by_owner
from infra.testkit.builders import NETWORK, NOW, a_salon, access, save_client
from infra.testkit.doubles import RecordingSender
from infra.testkit.salon_driver import SalonDriver
from tests.services.messages.bounded import (
    IN_THREE_DAYS,
    book_as_partner,
    notices,
    of_phone,
    report,
    set_rules,
    tasks,
    unsigned,
)

PREMIUM_AND_SATELLITE = [
    f"{start}{number}"
    for start, first in (("+1900555", 1000), ("+4490987", 90100), ("+88216123", 45600), ("+979123456", 100))
    for number in range(first, first + 5)
]


def test_one_unsigned_delivery_sends_nothing_to_premium_and_satellite_numbers(
    driver: SalonDriver, sender: RecordingSender
) -> None:
    report(driver, unsigned(driver), PREMIUM_AND_SATELLITE)
    driver.drain()
    assert sender.sent == []
    assert notices(driver) == [("skipped", "number_type")] * 20
    assert tasks(driver) == [(TaskKind.NUMBERS_REFUSED, "number_type")]


def test_a_number_that_gets_no_sms_is_written_to_by_the_next_channel(driver: SalonDriver) -> None:
    by_sms, by_email = RecordingSender("sms"), RecordingSender("email")
    set_rules(driver, channels=(ChannelStep("sms"), ChannelStep("email")))
    client = save_client(driver.store, replace(of_phone("+37390012345"), email="elena@example.com"))
    driver.book(IN_THREE_DAYS, client=client.id)
    replace(driver, sender={"sms": by_sms, "email": by_email}).drain()
    assert (by_sms.sent, [each.to for each in by_email.sent]) == ([], ["elena@example.com"])


def allow(driver: SalonDriver, *countries: str) -> None:
    """The owner names the countries in the rules, and the walk that plans again comes to its end."""
    version = driver.store.get(Network, network_id=NETWORK).rules_version
    set_rules_by_owner(driver.world, access(), version, messages={"sms_countries": countries}, bonuses={})
    driver.run_until(driver.clock() + timedelta(minutes=5))


def test_what_is_for_a_foreign_number_goes_out_once_its_country_is_allowed(driver: SalonDriver) -> None:
    client = save_client(driver.store, of_phone("+40721234567"))
    driver.book(IN_THREE_DAYS, client=client.id)
    driver.run_until(NOW + timedelta(hours=30))
    assert (driver.sender.sent, driver.log(client.id)) == ([], [])
    assert notices(driver) == [("deferred", "country_not_allowed")]
    first = (TaskKind.NUMBERS_REFUSED, "country_not_allowed")
    assert tasks(driver) == [first, first], "one a day"
    allow(driver, "MD", "BG")
    assert driver.sender.sent == [], "Romania is not among them"
    allow(driver, "MD", "RO")
    assert [each.to for each in driver.sender.sent] == ["+40721234567"]
    assert notices(driver) == [("sent", None)]
    driver.run_until(IN_THREE_DAYS)
    assert driver.kinds_sent() == ["notice", "confirm_request", "control_reminder"]


def test_what_no_country_was_allowed_for_is_skipped_on_record(driver: SalonDriver) -> None:
    client = save_client(driver.store, of_phone("+40721234567"))
    driver.book(IN_THREE_DAYS, client=client.id)
    driver.run_until(IN_THREE_DAYS + timedelta(hours=1))
    found = [(each.kind.value, each.state.value, each.reason) for each in driver.log(client.id)]
    kinds = ("notice", "confirm_request", "control_reminder")
    assert sorted(found) == sorted((kind, "skipped", "country_not_allowed") for kind in kinds)


def test_a_message_waits_for_a_country_with_one_write_a_day(driver: SalonDriver) -> None:
    client = save_client(driver.store, of_phone("+40721234567"))
    booking = driver.book(NOW + timedelta(days=9), client=client.id)
    driver.drain()
    before = driver.booking(booking.id).version
    driver.run_until(NOW + timedelta(days=5))
    assert driver.booking(booking.id).version - before <= 5


def test_what_waits_for_a_country_also_goes_out_when_a_salon_there_opens(driver: SalonDriver) -> None:
    client = save_client(driver.store, of_phone("+40721234567"))
    driver.book(IN_THREE_DAYS, client=client.id)
    driver.drain()
    driver.store.save(a_salon("sal_abroad", timezone="Europe/Bucharest"))
    driver.world.directories.forget(NETWORK)
    driver.run_until(NOW + timedelta(days=1, hours=1))
    assert driver.kinds_sent() == ["notice"]


@pytest.mark.parametrize("salon", [{"timezone": "Europe/Bucharest"}, {"phone": "+40212345678"}])
def test_the_countries_of_all_salons_get_sms(driver: SalonDriver, salon: dict[str, str]) -> None:
    driver.store.save(a_salon("sal_abroad", **salon))
    driver.world.directories.forget(NETWORK)
    client = save_client(driver.store, of_phone("+40721234567"))
    driver.book(IN_THREE_DAYS, client=client.id)
    driver.drain()
    assert driver.kinds_sent() == ["notice"]


def test_rules_that_name_countries_leave_out_all_others(driver: SalonDriver) -> None:
    set_rules(driver, sms_countries=("RO",))
    driver.book(IN_THREE_DAYS)
    driver.drain()
    assert notices(driver) == [("deferred", "country_not_allowed")]


# --- one phone


def test_one_phone_gets_three_notices_within_24_hours(driver: SalonDriver) -> None:
    for _ in range(10):
        book_as_partner(driver, "+37369600777")
        driver.drain()
        driver.clock.forward(minutes=2)
    assert driver.kinds_sent() == ["notice"] * 3
    waiting = [each for each in notices(driver) if each == ("deferred", "daily_notice_cap")]
    assert (len(waiting), len(notices(driver))) == (7, 10)
    assert tasks(driver) == [(TaskKind.MESSAGES_HELD_BACK, "daily_notice_cap")]
    driver.run_until(NOW + timedelta(hours=25))
    assert driver.kinds_sent() == ["notice"] * 4, "one tells of all that waited"


def test_one_phone_is_asked_and_reminded_by_three_salons_a_day(driver: SalonDriver) -> None:
    salons = [f"sal_{number}" for number in range(5)]
    driver.store.save(*(a_salon(salon_id) for salon_id in salons))
    driver.world.directories.forget(NETWORK)
    for number, salon_id in enumerate(salons):
        lines = [book.WantedLine(service_id="srv_cut")]
        driver.book(IN_THREE_DAYS + timedelta(hours=number), salon_id=salon_id, lines=lines)
    driver.run_until(IN_THREE_DAYS + timedelta(hours=6))
    sent = driver.kinds_sent()
    assert (sent.count("confirm_request"), sent.count("control_reminder")) == (3, 3)
    skipped = [each.kind for each in driver.log() if each.reason == "daily_notice_cap"]
    assert sorted(skipped) == ["confirm_request"] * 2 + ["control_reminder"] * 2


def test_moves_count_like_bookings(driver: SalonDriver) -> None:
    booking = driver.book(IN_THREE_DAYS)
    for hours in range(1, 9):
        driver.drain()
        driver.clock.forward(minutes=2)
        booking = driver.move(driver.booking(booking.id), IN_THREE_DAYS + timedelta(hours=hours))
    driver.drain()
    assert driver.kinds_sent() == ["notice"] * 3


def three_notices(driver: SalonDriver) -> Booking:
    """A booking, of which three notices went out, and which is moved once more."""
    booking = driver.book(IN_THREE_DAYS)
    for hours in range(1, 4):
        driver.drain()
        driver.clock.forward(minutes=2)
        booking = driver.move(driver.booking(booking.id), IN_THREE_DAYS + timedelta(hours=hours))
    driver.drain()
    assert driver.kinds_sent() == ["notice"] * 3
    return driver.booking(booking.id)


def test_a_fourth_notice_of_a_day_waits_and_tells_the_last_word(driver: SalonDriver) -> None:
    booking = three_notices(driver)
    driver.clock.forward(hours=1)
    driver.move(booking, IN_THREE_DAYS + timedelta(hours=5))
    driver.run_until(NOW + timedelta(hours=23))
    assert len(driver.sender.sent) == 3
    driver.run_until(NOW + timedelta(hours=25))
    assert [sent.worded.text for sent in driver.sender.sent[3:]] == ["notice 26 13:00 Haircut"]


def test_a_cancellation_does_not_wait_for_the_next_day(driver: SalonDriver) -> None:
    booking = three_notices(driver)
    driver.cancel(booking)
    driver.drain()
    assert driver.kinds_sent() == ["notice"] * 4
    driver.run_until(IN_THREE_DAYS + timedelta(days=1))
    assert driver.kinds_sent() == ["notice"] * 4, "what waited before is told of no more"


def test_a_notice_of_a_visit_that_begins_before_the_phone_may_get_one_more_goes_at_once(
    driver: SalonDriver,
) -> None:
    booking = three_notices(driver)
    driver.move(booking, NOW + timedelta(hours=7))
    driver.drain()
    assert driver.kinds_sent() == ["notice"] * 4


def test_what_cannot_wait_has_a_bound_of_twice_as_many(driver: SalonDriver) -> None:
    for _ in range(20):
        booking = book_as_partner(driver, "+37369600777")
        driver.drain()
        driver.clock.forward(minutes=2)
        driver.cancel(booking)
        driver.drain()
        driver.clock.forward(minutes=2)
    assert driver.kinds_sent() == ["notice"] * 6
    assert tasks(driver) == [(TaskKind.MESSAGES_HELD_BACK, "daily_notice_cap")]


def test_the_first_notice_of_a_new_client_reads_no_log(driver: SalonDriver) -> None:
    asked: list[str] = []

    class Watched:
        def __getattr__(self, name: str) -> Any:
            asked.append(name)
            return getattr(driver.store, name)

    book_as_partner(driver, "+37369600777")
    driver.on(Watched()).drain()
    assert driver.kinds_sent() == ["notice"]
    assert "messages_since" not in asked
