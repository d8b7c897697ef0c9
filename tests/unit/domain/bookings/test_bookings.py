"""The steps of a booking's life, and moving it."""

from datetime import timedelta

import pytest

from chalicelib.domain.bookings.bookings import UPCOMING, Line, Status, moved, stepped
from chalicelib.domain.shared.errors import DomainError
from infra.testkit.builders import NOW, a_booking

TEN = timedelta(minutes=10)
ALLOWED = {
    (Status.BOOKED, Status.CONFIRMED),
    (Status.BOOKED, Status.COMPLETED),
    (Status.BOOKED, Status.CANCELLED),
    (Status.BOOKED, Status.NO_SHOW),
    (Status.CONFIRMED, Status.COMPLETED),
    (Status.CONFIRMED, Status.CANCELLED),
    (Status.CONFIRMED, Status.NO_SHOW),
    (Status.CANCELLED, Status.BOOKED),
    (Status.NO_SHOW, Status.BOOKED),
}


@pytest.mark.parametrize("present", list(Status))
@pytest.mark.parametrize("wanted", list(Status))
def test_each_step_is_allowed_or_refused_by_name_and_the_same_again_changes_nothing(
    present: Status, wanted: Status
) -> None:
    booking = a_booking(status=present)
    if wanted is present:
        assert stepped(booking, wanted, NOW) is booking
    elif (present, wanted) in ALLOWED:
        after = stepped(booking, wanted, NOW, "why")
        assert (after.status, after.reason) == (wanted, "why")
        assert after.closed_at == (None if wanted in UPCOMING else NOW)
    else:
        with pytest.raises(DomainError, match="WRONG_STATUS"):
            stepped(booking, wanted, NOW)


def test_a_noticeable_move_begins_anew_and_a_confirmation_no_longer_holds() -> None:
    booking = a_booking(status=Status.CONFIRMED, move_wish="later please")
    later = moved(booking, booking.starts_at + TEN, NOW + TEN, TEN)
    assert (later.status, later.moves, later.made_at, later.move_wish) == (Status.BOOKED, 1, NOW + TEN, None)


def test_a_slight_move_keeps_the_confirmation() -> None:
    booking = a_booking(status=Status.CONFIRMED)
    later = moved(booking, booking.starts_at - timedelta(minutes=9), NOW, TEN)
    assert (later.status, later.moves, later.made_at) == (Status.CONFIRMED, 0, booking.made_at)


def test_moving_to_the_same_time_is_no_move() -> None:
    booking = a_booking()
    assert moved(booking, booking.starts_at, NOW, TEN) is booking


def test_a_bookings_end_and_total_follow_from_its_lines() -> None:
    booking = a_booking(lines=(Line("srv_cut", 60, None, 500), Line("srv_nails", 45, None, None)))
    assert booking.ends_at - booking.starts_at == timedelta(minutes=105)
    assert booking.total_minor == 500
