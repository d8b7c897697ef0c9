"""Who is told, and as what: people who share an e-mail stay two people, and news is told as what it is to
them."""

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.intake.site_events import SiteClient, SiteStatus
from chalicelib.domain.messages.message_facts import MessageFacts
from chalicelib.services.messages.about_booking import about_booking
from infra.testkit.builders import NETWORK, NOW
from infra.testkit.delegating_store import DelegatingStore
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.site_events import LINE, reported

IN_TWO_DAYS = NOW + timedelta(days=2)
WIFE = SiteClient("c-wife", "Vera", "069000222", "family@example.com")
HUSBAND = SiteClient("c-husband", "Ilie", "069000333", "family@example.com")


def test_a_guest_with_a_known_e_mail_but_another_phone_is_somebody_else(
    driver: SalonDriver, site: Any
) -> None:
    for number, person in enumerate((WIFE, HUSBAND)):
        driver.ingest(driver.received(site, reported(f"e-{number}", 1, IN_TWO_DAYS, client=person)))
    driver.drain()
    assert sorted(message.to for message in driver.sender.sent) == ["+37369000222", "+37369000333"]


def test_a_guest_without_a_phone_is_known_by_the_e_mail(driver: SalonDriver, site: Any) -> None:
    driver.ingest(driver.received(site, reported("e-1", 1, IN_TWO_DAYS, client=WIFE)))
    unnamed = replace(WIFE, external_id="c-other", phone=None)
    driver.ingest(driver.received(site, reported("e-2", 1, IN_TWO_DAYS, client=unnamed)))
    driver.drain()
    assert {message.to for message in driver.sender.sent} == {"+37369000222"}


def test_a_phone_that_comes_with_the_booking_is_known_to_the_notice(driver: SalonDriver, site: Any) -> None:
    """Though a cheap read of the client may still show them as they were before."""
    nobody = replace(WIFE, phone=None)
    driver.ingest(driver.received(site, reported("e-1", 1, IN_TWO_DAYS + timedelta(days=9), client=nobody)))
    before = driver.client(str(driver.only_booking().client_id))
    driver.run_until(NOW + timedelta(minutes=1))
    driver.ingest(driver.received(site, reported("e-2", 1, IN_TWO_DAYS, client=WIFE)))
    real = driver.store.get

    class Lagging(DelegatingStore):
        def get(self, kind: type[Any], /, *, fresh: bool = True, **key: str) -> Any:
            return before if kind is Client and not fresh else real(kind, fresh=fresh, **key)

    driver.on(Lagging(driver.store)).drain()
    assert [message.to for message in driver.sender.sent] == ["+37369000222"]


def test_a_move_is_told_as_a_move_only_to_who_knew_of_the_first_time(driver: SalonDriver) -> None:
    booking = driver.move(driver.book(IN_TWO_DAYS), IN_TWO_DAYS + timedelta(days=1))
    assert not _facts(driver, booking).moved
    driver.drain()
    assert _facts(driver, driver.move(booking, IN_TWO_DAYS + timedelta(days=2))).moved


def _facts(driver: SalonDriver, booking: Booking) -> MessageFacts:
    subject = about_booking(driver.booking(booking.id), driver.client(), driver.world.directory(NETWORK))
    return subject.facts(subject.plans(NOW)[0], NOW)


def test_money_in_another_currency_is_not_the_salons_money(driver: SalonDriver, site: Any) -> None:
    euros = {"currency": "EUR", "paid_minor": 9_900, "lines": (replace(LINE, price_minor=9_900),)}
    event = reported("e-1", 1, IN_TWO_DAYS, status=SiteStatus.COMPLETED, **euros)
    driver.ingest(driver.received(site, event))
    booking = driver.only_booking()
    assert (booking.currency, booking.paid_minor, booking.total_minor) == ("MDL", 50_000, 50_000)


def test_a_visit_closed_before_its_start_counts_on_the_day_it_was_closed(driver: SalonDriver) -> None:
    booking = driver.book(NOW + timedelta(hours=3))
    driver.complete(booking)
    assert driver.client().last_visit_on == NOW.date()
    driver.reopen(booking)
    assert driver.client().visits_count == 0
