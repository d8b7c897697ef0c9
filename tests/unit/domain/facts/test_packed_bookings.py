"""Whose a booking to come is, and since when, as its salon's index has it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Line, Status, given_to, moved, stepped, with_lines
from chalicelib.domain.bookings.visit_record import IndexedBooking
from chalicelib.domain.facts.packed_bookings import client_and_instant, packed_booking
from infra.testkit.builders import NOW, a_booking

LATER = NOW + timedelta(days=3)
TEN_MINUTES = timedelta(minutes=10)
NEXT_WEEK = NOW + timedelta(days=7)


def told(booking: Booking) -> tuple[str | None, datetime | None]:
    return client_and_instant(IndexedBooking("sal_centru", booking.starts_at, packed_booking(booking)))


@given(
    st.none() | st.sampled_from(["cli_maria00000000001", "cli_", "other"]),
    st.integers(1, 10**10).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
)
def test_client_and_instant_come_back(client_id: str | None, made_at: datetime) -> None:
    booking = a_booking(client_id=client_id, made_at=made_at)
    assert told(booking) == (client_id, made_at.replace(second=0, microsecond=0))


def test_it_is_short() -> None:
    assert packed_booking(a_booking(made_at=NOW)) == f"{int(NOW.timestamp()) // 60} maria00000000001"


def test_a_confirmation_and_a_move_leave_it_as_it_is() -> None:
    booking = a_booking(made_at=NOW)
    confirmed = stepped(booking, Status.CONFIRMED, LATER)
    once = moved(confirmed, NEXT_WEEK, LATER, TEN_MINUTES)
    twice = moved(once, NEXT_WEEK + timedelta(days=1), LATER + timedelta(days=1), TEN_MINUTES)
    by_another = with_lines(twice, (Line("srv_cut", 60, "stf_ion"),), LATER, tells_staff=True)
    texts = {packed_booking(each) for each in (booking, confirmed, once, twice, by_another)}
    assert texts == {packed_booking(booking)}
    assert twice.made_at > booking.made_at


def test_a_booking_that_became_another_clients_is_theirs_since_then() -> None:
    booking = given_to(a_booking(made_at=NOW), "cli_ion", LATER)
    assert told(booking) == ("cli_ion", LATER)
    assert told(moved(booking, NEXT_WEEK, NEXT_WEEK, TEN_MINUTES)) == ("cli_ion", LATER)


def test_when_it_was_made_is_unknown_where_an_earlier_release_moved_it() -> None:
    assert told(a_booking(made_at=NOW, moves=1)) == ("cli_maria00000000001", None)


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.CANCELLED, Status.NO_SHOW])
def test_a_booking_that_is_over_has_no_such_text(status: Status) -> None:
    assert packed_booking(replace(a_booking(), status=status)) == ""


def test_an_id_with_a_separator_is_not_packed() -> None:
    assert packed_booking(a_booking(client_id="a b")) == ""
