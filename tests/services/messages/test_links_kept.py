"""The link of a message is its owner's alone: an id that another link has is never overwritten."""

from datetime import timedelta

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.shared.links import Link, LinkPurpose
from chalicelib.services.shared.links import KEPT, MAX_IDS
from chalicelib.texts.wording import message_words
from infra.testkit.builders import NETWORK, NOW, OTHER_NETWORK, a_client, save_client
from infra.testkit.salon_driver import MARIA_ID, SalonDriver

IN_TWO_DAYS = NOW + timedelta(days=2, hours=2)

STRANGER = "cli_stranger00000001"


def first_id_taken(driver: SalonDriver, link: Link) -> Link:
    """Somebody else's link, in another network, that got the first id of this link before."""
    other = replace(link, network_id=OTHER_NETWORK, client_id=STRANGER, booking_id="bkg_of_a_stranger")
    driver.store.save(other)
    return other


def link_of(driver: SalonDriver, booking: Booking, number: int = 0) -> Link:
    return driver.links.link(NETWORK, MARIA_ID, booking.id, booking.starts_at, number)


def opened(driver: SalonDriver, address: str) -> Link:
    purpose, token = address.split("/")[-2:]
    return driver.links.opened(driver.store, token, LinkPurpose(purpose), driver.world.now())


def test_a_taken_id_stays_whose_it_is_and_the_message_gets_the_next_one(driver: SalonDriver) -> None:
    booking = driver.book(IN_TWO_DAYS)
    other = first_id_taken(driver, link_of(driver, booking))
    replace(driver, texts=message_words).run_until(NOW + timedelta(hours=1))
    assert driver.store.get(Link, id=other.id) == other
    (notice,) = driver.sender.sent
    assert notice.link in notice.worded.text
    assert opened(driver, notice.link) == link_of(driver, booking, number=1)


def test_all_messages_of_the_booking_have_that_one_link(driver: SalonDriver) -> None:
    booking = driver.book(IN_TWO_DAYS)
    other = first_id_taken(driver, link_of(driver, booking))
    driver.run_until(booking.ends_at)
    driver.complete(booking)
    driver.run_until(booking.ends_at + timedelta(hours=3))
    links = [opened(driver, outgoing.link) for outgoing in driver.sender.sent]
    assert len(links) == 4
    assert {link.booking_id for link in links} == {booking.id}
    assert {link.id for link in links} == {link_of(driver, booking, number=1).id}
    assert driver.store.get(Link, id=other.id) == other


def test_the_link_of_a_client_apart_from_bookings_is_found_again(driver: SalonDriver) -> None:
    link = driver.links.link(NETWORK, MARIA_ID, None, NOW)
    first_id_taken(driver, link)
    kept = [driver.links.keep(driver.store, link, NOW, sure=None) for _ in range(2)]
    assert [each.number for each in kept] == [1, 1]
    assert driver.links.keep(driver.store, link, NOW, sure=False) == kept[0]


def test_where_all_ids_are_taken_the_message_waits(driver: SalonDriver) -> None:
    booking = driver.book(IN_TWO_DAYS)
    taken = [first_id_taken(driver, link_of(driver, booking, number)) for number in range(MAX_IDS)]
    driver.drain()
    assert driver.sender.sent == []
    driver.store.delete(taken[0])
    driver.drain()
    assert driver.kinds_sent() == ["notice"]


def test_a_moved_booking_keeps_its_link_for_longer(driver: SalonDriver) -> None:
    booking = driver.book(IN_TWO_DAYS)
    driver.drain()
    driver.run_until(NOW + timedelta(minutes=2))
    later = driver.move(booking, IN_TWO_DAYS + timedelta(days=300))
    driver.drain()
    notice = driver.sender.sent[-1]
    assert opened(driver, notice.link).expires_at == later.starts_at + KEPT


def test_after_a_merge_the_reminders_links_are_the_surviving_clients(driver: SalonDriver) -> None:
    """The notice made a link of the source. The reminder goes to the target, with a link that opens."""
    target = save_client(driver.store, a_client("cli_boris00000000001", phone="+37369000444", email=None))
    booking = driver.book(IN_TWO_DAYS)
    driver.drain()
    driver.merge(MARIA_ID, target.id)
    driver.run_until(booking.starts_at)
    links = [opened(driver, outgoing.link) for outgoing in driver.sender.sent]
    assert [link.client_id for link in links] == [MARIA_ID, target.id, target.id]
