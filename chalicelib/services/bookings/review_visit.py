"""Review a visit: the stars and words that a client gives on their page. Once; said again, it replaces what
was said."""

from datetime import datetime

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Review, Status
from chalicelib.domain.shared.errors import conflict, refused
from chalicelib.services.bookings.change_booking import change_one
from chalicelib.services.shared.world import World

MAX_WORDS = 2000


def review(world: World, network_id: str, booking_id: str, stars: int, words: str) -> Booking:
    """Keeps the review. Raises WRONG_STATUS for a visit that is not completed, INVALID_STARS, TOO_LONG."""
    if not 1 <= stars <= 5:
        raise refused("INVALID_STARS", "One to five stars.", stars=stars)
    if len(words) > MAX_WORDS:
        raise refused("TOO_LONG", f"At most {MAX_WORDS} characters.", most=MAX_WORDS)

    def change(booking: Booking, now: datetime) -> Booking:
        if booking.status is not Status.COMPLETED:
            raise conflict(
                "WRONG_STATUS", "Only a completed visit can be reviewed.", status=booking.status.value
            )
        stands = booking.review
        if stands is not None and (stands.stars, stands.words) == (stars, words):
            return booking
        return replace(booking, review=Review(stars, words, now))

    return change_one(world, network_id, booking_id, lambda booking: None, change)
