"""What sites really send, taken in with the real adapters: odd fields, blocks, waiting lists, money."""

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.intake.inbox import InboxState
from infra.testkit.builders import a_connection, a_town
from infra.testkit.doubles import SettableClock
from infra.testkit.memory_store import MemoryStore
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.unsigned_site import UnsignedSender, a_record
from infra.testkit.world import a_world


@pytest.fixture
def sender() -> UnsignedSender:
    store = MemoryStore()
    a_town(store)
    driver = SalonDriver(a_world(store, SettableClock()))
    connection = a_connection("altegio", "con_altegio", salon_id="sal_centru", settings={"company_id": "any"})
    return UnsignedSender(driver, driver.store.save(connection)[0])


def bookings(sender: UnsignedSender) -> list[Booking]:
    return sender.driver.bookings()


def salon_in(sender: UnsignedSender, currency: str) -> None:
    store = sender.driver.store
    salon = store.directory(sender.connection.network_id).salons["sal_centru"]
    store.save(replace(salon, currency=currency))


def services(sender: UnsignedSender) -> dict[str, tuple[int, int | None]]:
    """Length and price of the services that the site has taught, by name."""
    known = sender.driver.store.directory(sender.connection.network_id).services.values()
    return {each.name: (each.minutes, each.price_minor) for each in known if each.made_by}


def test_an_odd_field_is_noted_on_the_inbox_item_and_the_booking_is_made(sender: UnsignedSender) -> None:
    item = sender.send(a_record(attendance=3, client={"id": 7, "name": "Ana", "birth_date": 0}))
    assert item.state is InboxState.APPLIED
    assert [note.partition(":")[0] for note in item.notes] == [
        "$.data.client.birth_date",
        "$.data.attendance",
    ]
    assert [each.status for each in bookings(sender)] == [Status.BOOKED]


def test_a_record_without_its_time_is_taken_in(sender: UnsignedSender) -> None:
    item = sender.send(a_record(last_change_date=None))
    assert item.state is InboxState.APPLIED
    assert item.notes == ("$.data.last_change_date: No usable time; the event is ordered by its receipt",)


def test_an_unknown_attendance_leaves_a_known_status(sender: UnsignedSender) -> None:
    sender.send(a_record(attendance=2))
    sender.driver.clock.forward(minutes=1)
    sender.send(a_record(attendance=3, kind="update", changed=sender.driver.clock()))
    assert [each.status for each in bookings(sender)] == [Status.CONFIRMED]


# --- what is no booking


def test_a_block_in_the_calendar_makes_no_booking_and_teaches_nothing(sender: UnsignedSender) -> None:
    block: dict[str, Any] = {"services": [], "seance_length": 8 * 3600}
    item = sender.send(without_client(a_record(**block)))
    assert (item.state, item.reason) == (InboxState.IGNORED, "calendar_block")
    assert bookings(sender) == []
    assert services(sender) == {}


def without_client(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "data": {**body["data"], "client": None}}


def test_who_waits_for_a_free_time_has_no_booking(sender: UnsignedSender) -> None:
    item = sender.send(a_record(date=None, staff_id=0, staff=None))
    assert (item.state, item.reason) == (InboxState.IGNORED, "waiting_list")
    assert bookings(sender) == []


def test_a_booking_that_goes_to_the_waiting_list_loses_its_time_until_it_has_one_again(
    sender: UnsignedSender,
) -> None:
    sender.send(a_record())
    later = sender.driver.clock.forward(minutes=1)
    sender.send(a_record(date=None, staff_id=0, staff=None, kind="update", changed=later))
    assert [(each.status, each.reason) for each in bookings(sender)] == [(Status.CANCELLED, "moving")]
    later = sender.driver.clock.forward(minutes=1)
    sender.send(a_record(kind="update", changed=later))
    assert [each.status for each in bookings(sender)] == [Status.BOOKED]


def test_services_that_the_site_takes_off_are_off(sender: UnsignedSender) -> None:
    sender.send(a_record())
    assert bookings(sender)[0].total_minor == 50000
    later = sender.driver.clock.forward(minutes=1)
    sender.send(a_record(services=[], kind="update", changed=later))
    (booking,) = bookings(sender)
    assert [(line.minutes, line.price_minor) for line in booking.lines] == [(60, None)]


def test_a_booking_without_services_and_prices_of_zero_teach_nothing(sender: UnsignedSender) -> None:
    sender.send(a_record(1, services=[], seance_length=8 * 3600))
    sender.send(a_record(2, services=[{"id": 5, "title": "Gift", "cost": 0}], seance_length=0))
    taught = services(sender)
    assert taught.pop("Gift") == (60, None)
    assert set(taught.values()) == {(60, None)}
    assert [line.minutes for each in bookings(sender) for line in each.lines if each.external_id == "1"] == [
        480
    ]


# --- money


@pytest.mark.parametrize(
    ("currency", "cost", "total_minor"), [("JPY", 5000, 5000), ("KWD", 12.5, 12500), ("MDL", 400, 40000)]
)
def test_a_price_has_the_digits_of_the_salons_currency(
    currency: str, cost: float, total_minor: int, sender: UnsignedSender
) -> None:
    salon_in(sender, currency)
    sender.send(a_record(services=[{"id": 31, "title": "Cut", "cost": cost}]))
    (booking,) = bookings(sender)
    assert (booking.currency, booking.total_minor) == (currency, total_minor)


def test_the_goods_of_a_record_count_as_goods(sender: UnsignedSender) -> None:
    sender.send(a_record())
    came = sender.driver.clock.forward(days=2, hours=3)
    goods = [{"title": "Shampoo", "cost": 200, "cost_to_pay": 150, "amount": -1}]
    sender.send(
        a_record(attendance=1, paid_full=1, goods_transactions=goods, kind="update", changed=came),
    )
    (booking,) = bookings(sender)
    assert (booking.status, booking.paid_minor, booking.goods_minor) == (Status.COMPLETED, 65000, 15000)


# --- opt-outs


def test_who_is_left_out_of_mailings_on_the_site_gets_no_marketing_by_sms(sender: UnsignedSender) -> None:
    sender.send(a_record(client={"id": 7, "name": "Ana", "phone": "37369000222", "sms_not": 1}))
    client = sender.driver.client(bookings(sender)[0].client_id or "")
    refused = [(each.channel, each.purpose.value, each.granted) for each in client.consents]
    assert refused == [("sms", "marketing", False)]
