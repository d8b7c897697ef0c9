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
from infra.testkit.salon_driver import LINE, Life, reported

IN_TWO_DAYS = NOW + timedelta(days=2)
WIFE = SiteClient("c-wife", "Vera", "069000222", "family@example.com")
HUSBAND = SiteClient("c-husband", "Ilie", "069000333", "family@example.com")


def test_a_guest_with_a_known_e_mail_but_another_phone_is_somebody_else(life: Life, site: Any) -> None:
    for number, person in enumerate((WIFE, HUSBAND)):
        life.take_in(life.told(site, reported(f"e-{number}", 1, IN_TWO_DAYS, client=person)))
    life.drain()
    assert sorted(message.to for message in life.sender.sent) == ["+37369000222", "+37369000333"]


def test_a_guest_without_a_phone_is_known_by_the_e_mail(life: Life, site: Any) -> None:
    life.take_in(life.told(site, reported("e-1", 1, IN_TWO_DAYS, client=WIFE)))
    unnamed = replace(WIFE, external_id="c-other", phone=None)
    life.take_in(life.told(site, reported("e-2", 1, IN_TWO_DAYS, client=unnamed)))
    life.drain()
    assert {message.to for message in life.sender.sent} == {"+37369000222"}


def test_a_phone_that_comes_with_the_booking_is_known_to_the_notice(life: Life, site: Any) -> None:
    """Though a cheap read of the client may still show them as they were before."""
    nobody = replace(WIFE, phone=None)
    life.take_in(life.told(site, reported("e-1", 1, IN_TWO_DAYS + timedelta(days=9), client=nobody)))
    before = life.client(str(life.only_booking().client_id))
    life.run_until(NOW + timedelta(minutes=1))
    life.take_in(life.told(site, reported("e-2", 1, IN_TWO_DAYS, client=WIFE)))
    real = life.store.get

    class Lagging:
        def __getattr__(self, name: str) -> Any:
            return getattr(life.world.store, name)

        def get(self, kind: type[Any], /, *, fresh: bool = True, **key: str) -> Any:
            return before if kind is Client and not fresh else real(kind, fresh=fresh, **key)

    lagging = replace(life, world=replace(life.world, store=Lagging()))  # type: ignore[arg-type]
    lagging.drain()
    assert [message.to for message in life.sender.sent] == ["+37369000222"]


def test_a_move_is_told_as_a_move_only_to_who_knew_of_the_first_time(life: Life) -> None:
    booking = life.move(life.book(IN_TWO_DAYS), IN_TWO_DAYS + timedelta(days=1))
    assert not _facts(life, booking).moved
    life.drain()
    assert _facts(life, life.move(booking, IN_TWO_DAYS + timedelta(days=2))).moved


def _facts(life: Life, booking: Booking) -> MessageFacts:
    subject = about_booking(life.booking(booking.id), life.client(), life.world.directory(NETWORK))
    return subject.facts(subject.plans(NOW)[0], NOW)


def test_money_in_another_currency_is_not_the_salons_money(life: Life, site: Any) -> None:
    euros = {"currency": "EUR", "paid_minor": 9_900, "lines": (replace(LINE, price_minor=9_900),)}
    told = reported("e-1", 1, IN_TWO_DAYS, status=SiteStatus.COMPLETED, **euros)
    life.take_in(life.told(site, told))
    booking = life.only_booking()
    assert (booking.currency, booking.paid_minor, booking.total_minor) == ("MDL", 50_000, 50_000)


def test_a_visit_closed_before_its_start_counts_on_the_day_it_was_closed(life: Life) -> None:
    booking = life.book(IN_TWO_DAYS)
    life.complete(booking)
    assert life.client().last_visit_on == NOW.date()
    life.reopen(booking)
    assert life.client().visits_count == 0
