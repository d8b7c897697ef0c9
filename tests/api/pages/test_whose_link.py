"""A link belongs to a client and a booking: whoever has the booking now is who may open and change it."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.shared.touches import Purpose
from chalicelib.services.bookings.book import NewBooking, WantedLine, book
from chalicelib.services.merging.merge_clients import merge_clients
from chalicelib.services.merging.unmerge_clients import unmerge_clients
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK, NOW, a_client, access, save_client
from tests.api.conftest import TestContainer
from tests.api.visitor import Visitor

MARIA, BORIS = "cli_maria00000000001", "cli_boris00000000001"
STEPS = (
    ("/confirm", ""),
    ("/cancel", ""),
    ("/move", "wish=later"),
    ("/bonus", "points=10"),
    ("/bonus/release", ""),
)


@pytest.fixture
def boris(world: Any, town: Any) -> Client:
    return save_client(world.store, a_client(BORIS, name="Boris", phone="+37369000444", email=None))


@pytest.fixture
def link_of(http: Http, given_container: TestContainer, world: Any, mine: Booking) -> Any:
    """The link of a client to Maria's booking, as a message of the booking would have made it."""

    def made(client_id: str) -> Visitor:
        link = given_container.links().link(NETWORK, client_id, mine.id, mine.starts_at)
        world.store.save(link)
        return Visitor(http, given_container, link)

    return made


def now_of(world: Any, booking: Booking) -> Booking:
    found: Booking = world.store.get(Booking, network_id=NETWORK, id=booking.id)
    return found


def given_to(world: Any, booking: Booking, client: Client) -> Booking:
    """As the site does that puts a slip of the reception right."""
    saved: Booking = world.store.save(
        replace(booking, client_id=client.id, moves=1, made_at=NOW, note="secret")
    )[0]
    return saved


def test_the_link_of_the_client_before_shows_and_changes_nothing(
    link_of: Any, world: Any, mine: Booking, boris: Client
) -> None:
    marias = link_of(MARIA)
    before = given_to(world, mine, boris)
    for rest in ("?lang=en", "/calendar.ics"):
        page = marias.see("b", rest)
        assert page.status == 404
        assert "Haircut" not in page.text
        assert "Boris" not in page.text
    for step, form in STEPS:
        assert marias.post("b", step, form).status == 404
    assert now_of(world, mine) == before


def test_the_link_of_the_new_client_works(link_of: Any, world: Any, mine: Booking, boris: Client) -> None:
    given_to(world, mine, boris)
    assert link_of(BORIS).see("b", "?lang=en").status == 200
    assert link_of(BORIS).post("b", "/cancel").status == 303
    assert now_of(world, mine).status is Status.CANCELLED


def test_another_clients_visit_is_not_reviewed(
    link_of: Any, world: Any, mine: Booking, boris: Client
) -> None:
    marias, done = link_of(MARIA), replace(mine, status=Status.COMPLETED, closed_at=NOW)
    given_to(world, done, boris)
    assert [marias.see("r").status, marias.post("r", "", "stars=1&words=x").status] == [404, 404]
    assert now_of(world, mine).review is None


def test_whoever_lost_a_booking_still_stops_messages_and_sees_the_own_card(
    link_of: Any, world: Any, mine: Booking, boris: Client
) -> None:
    marias = link_of(MARIA)
    given_to(world, mine, boris)
    assert marias.see("w", "?lang=en").status == 200
    assert marias.post("u").status == 303
    maria, unchanged = (world.store.get(Client, network_id=NETWORK, id=each) for each in (MARIA, BORIS))
    assert maria.consent("sms", Purpose.SERVICE).granted is False
    assert unchanged.consents == ()


def test_the_link_of_a_merged_client_goes_on_for_the_surviving_one(
    link_of: Any, world: Any, mine: Booking, boris: Client
) -> None:
    marias = link_of(MARIA)
    merge_clients(world, access(), MARIA, BORIS)
    assert now_of(world, mine).client_id == BORIS
    assert marias.see("b", "?lang=en").status == 200
    assert marias.post("b", "/confirm").status == 303
    assert now_of(world, mine).status is Status.CONFIRMED
    assert "Messages are stopped" in marias.follow(marias.post("u", "?lang=en")).text
    for client_id in (MARIA, BORIS):
        client = world.store.get(Client, network_id=NETWORK, id=client_id)
        assert client.consent("sms", Purpose.SERVICE).granted is False


def test_after_an_unmerge_each_has_the_own_link_again(
    link_of: Any, world: Any, mine: Booking, boris: Client
) -> None:
    merge_clients(world, access(), MARIA, BORIS)
    of_target, of_source = link_of(BORIS), link_of(MARIA)
    assert [of_target.see("b").status, of_source.see("b").status] == [200, 200]
    unmerge_clients(world, access(), MARIA)
    assert [of_target.see("b").status, of_source.see("b").status] == [404, 200]


def test_one_answer_confirms_the_clients_own_bookings_only(
    link_of: Any, world: Any, mine: Booking, boris: Client
) -> None:
    """Boris has a booking of the same hour: Maria's tap is none of his."""
    lines = [WantedLine(service_id="srv_cut", staff_id="stf_anna")]
    wanted = NewBooking(salon_id="sal_centru", client=BORIS, starts_at=mine.starts_at, lines=lines)
    his = book(world, access(), wanted)
    link_of(MARIA).post("b", "/confirm")
    assert now_of(world, his).status is Status.BOOKED
    assert now_of(world, mine).status is Status.CONFIRMED
    assert mine.starts_at - NOW == timedelta(days=2)
