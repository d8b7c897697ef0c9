"""What a client's link may write is bounded: so often a booking, so often an hour. The page says so in
words."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.booking_access import MAX_LINK_CHANGES
from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.clients.clients import ConsentChange
from chalicelib.domain.shared.quotas import QUOTAS, CallerKind
from chalicelib.services.shared.request_quotas import FREE
from infra.testkit.api_client import Answer, Http
from infra.testkit.builders import NETWORK, NOW, a_booking, save_booking
from tests.api.conftest import TestContainer
from tests.api.visitor import Visitor

MARIA = "cli_maria00000000001"
AN_HOUR = QUOTAS[CallerKind.CLIENT_LINK].hour + FREE


@pytest.fixture
def visitor_of(http: Http, given_container: TestContainer, world: Any) -> Callable[[Booking], Visitor]:
    def made(booking: Booking) -> Visitor:
        link = given_container.links().link(NETWORK, MARIA, booking.id, booking.starts_at)
        world.store.save(link)
        return Visitor(http, given_container, link)

    return made


def items(world: Any) -> list[str]:
    """All that is stored but what this process has taken of a quota."""
    found = world.store.item.scan()
    return sorted(str(item.attribute_values) for item in found if not item.sk.startswith("QUOTA#"))


def now_of(world: Any, booking: Booking) -> Booking:
    found: Booking = world.store.get(Booking, network_id=NETWORK, id=booking.id)
    return found


def says_often_enough(page: Answer) -> None:
    assert page.status == 429
    assert page.headers["Content-Type"].startswith("text/html")
    assert "That was often enough" in page.text
    assert "TOO_MANY" not in page.text


def test_a_booking_takes_so_many_wishes(visitor_of: Any, world: Any, mine: Booking) -> None:
    visitor = visitor_of(mine)
    for number in range(MAX_LINK_CHANGES):
        assert visitor.post("b", "/move", f"wish=at+{number}").status == 303
    before = items(world)
    for _ in range(3):
        says_often_enough(visitor.post("b", "/move?lang=en", "wish=once+more"))
    assert items(world) == before
    assert now_of(world, mine).move_wish == f"at {MAX_LINK_CHANGES - 1}"


def test_the_same_wish_again_does_not_count(visitor_of: Any, world: Any, mine: Booking) -> None:
    visitor = visitor_of(mine)
    for _ in range(MAX_LINK_CHANGES + 2):
        assert visitor.post("b", "/move", "wish=later").status == 303
    assert now_of(world, mine).link_changes == 1


def test_after_all_wishes_a_client_still_confirms_and_cancels(
    visitor_of: Any, world: Any, mine: Booking
) -> None:
    visitor = visitor_of(world.store.save(replace(mine, link_changes=MAX_LINK_CHANGES))[0])
    assert [visitor.post("b", step).status for step in ("/confirm", "/cancel")] == [303, 303]
    assert now_of(world, mine).status is Status.CANCELLED


def test_a_visit_takes_so_many_reviews(visitor_of: Any, world: Any, mine: Booking) -> None:
    (done,) = world.store.save(replace(mine, status=Status.COMPLETED, closed_at=NOW))
    visitor = visitor_of(done)
    for number in range(MAX_LINK_CHANGES):
        assert visitor.post("r", "", f"stars={1 + number % 5}&words=x").status == 303
    says_often_enough(visitor.post("r", "?lang=en", "stars=5&words=again"))
    assert now_of(world, mine).review.words == "x"


def test_points_are_set_aside_and_freed_so_often(
    visitor_of: Any, http: Http, world: Any, mine: Booking
) -> None:
    http.post(f"/v1/clients/{MARIA}/bonus/entries", {"kind": "grant", "points": 500, "reason": "gift"})
    visitor = visitor_of(mine)
    for _ in range(MAX_LINK_CHANGES):
        assert visitor.post("b", "/bonus", "points=100").status == 303
        assert visitor.post("b", "/bonus/release").status == 303
    before = items(world)
    says_often_enough(visitor.post("b", "/bonus?lang=en", "points=100"))
    assert items(world) == before


def test_all_links_of_a_client_share_an_hours_quota(visitor_of: Any, world: Any, clock: Any) -> None:
    """Each booking has a link of its own."""
    ids = [f"bkg_{number:016}" for number in range(5)]
    visitors = [visitor_of(save_booking(world.store, a_booking(each))) for each in ids]
    taps = [visitors[number % 5].post("b", "/confirm").status for number in range(AN_HOUR)]
    assert set(taps) == {303}
    before = items(world)
    for visitor in visitors:
        says_often_enough(visitor.post("b", "/cancel?lang=en"))
        assert visitor.see("b").status == 200
    assert items(world) == before
    clock.forward(hours=1)
    assert visitors[0].post("b", "/cancel").status == 303


def test_stopping_always_works_and_resuming_is_counted(visitor_of: Any, world: Any, mine: Booking) -> None:
    visitor = visitor_of(mine)
    for _ in range(AN_HOUR):
        assert visitor.post("u", "/resume").status == 303
        assert visitor.post("u").status == 303
    says_often_enough(visitor.post("u", "/resume?lang=en"))
    before = items(world)
    assert visitor.post("u").status == 303
    assert items(world) == before
    lines = world.store.get_all(ConsentChange, network_id=NETWORK, client_id=MARIA)
    assert len(lines) <= AN_HOUR * 12


def test_ordinary_taps_write_nothing_but_what_they_change(visitor_of: Any, world: Any, mine: Booking) -> None:
    visitor = visitor_of(mine)
    before = len(items(world))
    visitor.post("b", "/confirm")
    assert len(items(world)) == before
    for _ in range(2):
        visitor.post("b", "/move", "wish=later")
    assert len(items(world)) == before + 1, "the desk's task"
