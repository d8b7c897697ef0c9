"""Read a booking that somebody names by its id."""

from chalicelib.domain.bookings.booking_access import LinkVisitor, Requester, ensure_reaches_booking
from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.networks.access import Access
from chalicelib.domain.shared.errors import missing
from chalicelib.services.clients.surviving_client import surviving_client
from chalicelib.services.shared.world import World


def read_booking(world: World, network_id: str, booking_id: str) -> Booking:
    """Raises NOT_FOUND."""
    booking = world.store.get(Booking, network_id=network_id, id=booking_id)
    if booking is None:
        raise missing("booking", booking_id)
    return booking


def get_booking(world: World, access: Access, booking_id: str) -> Booking:
    """The booking, if this key reaches it. Raises NOT_FOUND, FORBIDDEN."""
    booking = read_booking(world, access.network_id, booking_id)
    ensure_reaches_booking(access, booking)
    return booking


def read_requested(world: World, requester: Requester, booking_id: str) -> Booking:
    """The booking whose change somebody requests. Raises NOT_FOUND, also for the visitor of a link that was
    made for another client than the booking's."""
    booking = read_booking(world, requester.network_id, booking_id)
    if isinstance(requester, LinkVisitor):
        ensure_visitors_own(world, requester, booking)
    return booking


def ensure_visitors_own(world: World, visitor: LinkVisitor, booking: Booking) -> None:
    """Raises NOT_FOUND for a booking that is not the client's for whom the link was made: a booking site may
    have given the booking to another client since. Merged clients count as one. No read, unless the two
    clients differ."""
    if booking.client_id == visitor.client_id:
        return
    clients = (_survivor(world, visitor.network_id, each) for each in (booking.client_id, visitor.client_id))
    of_booking, of_link = clients
    if of_booking is None or of_link is None or of_booking != of_link:
        raise missing("booking", booking.id)


def _survivor(world: World, network_id: str, client_id: str | None) -> str | None:
    named = world.store.get(Client, network_id=network_id, id=client_id) if client_id else None
    client = surviving_client(world, named)
    return client.id if client is not None else None
