"""Apply what a site tells of the bill of a visit that took place: the values to save, the booking first."""

from collections.abc import Sequence

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.intake.site_events import BookingReported
from chalicelib.domain.networks.network import Connection, Directory, Salon
from chalicelib.services.intake.usual_sum import SharedByEvents, ensure_usual_sum
from chalicelib.services.loyalty.visit_points import makes_other_points
from chalicelib.services.shared.storable import Storable
from chalicelib.services.shared.world import World
from chalicelib.services.visits.complete_visit import reported_completion
from chalicelib.services.visits.site_bill import reported_bill

Values = tuple[Booking, *tuple[Storable, ...]]


def completed_by_site(
    world: World,
    connection: Connection,
    body: SharedByEvents,
    salon: Salon,
    booking: Booking,
    client: Client | None,
    event: BookingReported,
    beside: Sequence[Storable] = (),
) -> Values:
    """The visit completed as the site tells. beside: as of `reversal`. Raises SUM_TOO_LARGE."""
    paid_minor = booking.paid_minor if event.paid_minor is None else event.paid_minor
    sum_minor = _sold_minor(booking, event) if paid_minor is None else paid_minor
    ensure_usual_sum(world, connection, body, salon, booking, sum_minor)
    return reported_completion(
        world,
        booking,
        client,
        event.paid_minor,
        f"connection:{connection.id}",
        goods_minor=event.goods_minor,
        bill_open=event.bill_open,
        beside=beside,
    )


def billed_by_site(
    world: World,
    connection: Connection,
    body: SharedByEvents,
    directory: Directory,
    existing: Booking,
    booking: Booking,
    event: BookingReported,
    beside: Sequence[Storable] = (),
) -> Values:
    """The completed visit with what the site tells of its bill now, by the difference to what was known. Only
    the booking, as it is given, where the site tells nothing new.

    existing: as it is stored. booking: with the lines that the site reports. beside: as of
    `reversal`. Raises SUM_TOO_LARGE.
    """
    paid_minor = event.paid_minor
    if paid_minor is None and existing.paid_minor == existing.sold_minor:
        # A site that tells no payments tells other prices; points have paid their part.
        paid_minor = max(_sold_minor(booking, event) - existing.redeemed_minor, 0)
    known_minor = existing.sold_minor if existing.paid_minor is None else existing.paid_minor
    sum_minor = _sold_minor(booking, event) if paid_minor is None else paid_minor
    if sum_minor > known_minor:
        salon = directory.salons[booking.salon_id]
        ensure_usual_sum(world, connection, body, salon, booking, sum_minor, known_minor)
    return reported_bill(
        world,
        booking,
        paid_minor,
        f"connection:{connection.id}",
        goods_minor=event.goods_minor,
        bill_open=event.bill_open,
        other_lines=makes_other_points(directory, existing, booking),
        beside=beside,
    )


def _sold_minor(booking: Booking, event: BookingReported) -> int:
    """What was sold by its prices, with the goods that the event tells."""
    goods = booking.goods_minor if event.goods_minor is None else event.goods_minor
    return booking.total_minor + (goods or 0)
