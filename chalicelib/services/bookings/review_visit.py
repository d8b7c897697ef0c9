"""Review a visit: the stars and words that a client gives on their page. A second review replaces the
first."""

from functools import partial

from msgspec.structs import replace

from chalicelib.domain.bookings.booking_access import LinkVisitor, counted_change
from chalicelib.domain.bookings.bookings import Booking, Review, Status
from chalicelib.domain.shared.errors import conflict, refused
from chalicelib.services.bookings.change_booking import save_changed
from chalicelib.services.bookings.read_booking import read_requested
from chalicelib.services.shared.world import World

MAX_WORDS = 2000


def review(world: World, visitor: LinkVisitor, booking_id: str, stars: int, words: str) -> Booking:
    """Keeps the review. Raises NOT_FOUND, WRONG_STATUS for a visit that is not completed, INVALID_STARS,
    TOO_LONG, TOO_MANY_CHANGES."""
    if not 1 <= stars <= 5:
        raise refused("INVALID_STARS", "One to five stars.", stars=stars)
    if len(words) > MAX_WORDS:
        raise refused("TOO_LONG", f"At most {MAX_WORDS} characters.", most=MAX_WORDS)
    return world.retrying(partial(_review_once, world, visitor, booking_id, stars, words))


def _review_once(world: World, visitor: LinkVisitor, booking_id: str, stars: int, words: str) -> Booking:
    booking = read_requested(world, visitor, booking_id)
    if booking.status is not Status.COMPLETED:
        raise conflict("WRONG_STATUS", "Only a completed visit can be reviewed.", status=booking.status.value)
    existing = booking.review
    if existing is not None and (existing.stars, existing.words) == (stars, words):
        return booking
    reviewed = replace(booking, review=Review(stars, words, world.now()))
    return save_changed(world, booking, counted_change(visitor, booking, reviewed), visitor.actor)
