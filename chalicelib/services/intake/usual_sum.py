"""What visits may come to by the word of a site that proves nothing: one visit, and all of a day."""

from msgspec import Struct

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.intake.trust import LARGEST_OF_DAY, largest_visit_minor
from chalicelib.domain.networks.network import Connection, Salon
from chalicelib.domain.shared.errors import refused
from chalicelib.services.intake.site_catalogue import SiteCatalogue
from chalicelib.services.shared.day_sums import DaySums
from chalicelib.services.shared.world import World

SUM_TOO_LARGE = "SUM_TOO_LARGE"


class SharedByEvents(Struct, frozen=True):
    """What all events of one body share: the services and staff that they name, and what is counted."""

    catalogue: SiteCatalogue
    sums: DaySums


def ensure_usual_sum(
    world: World,
    connection: Connection,
    body: SharedByEvents,
    salon: Salon,
    booking: Booking,
    paid_minor: int | None,
    known_minor: int = 0,
) -> None:
    """Neither points nor figures are made of a fortune that nobody has looked at. paid_minor: as the site
    reports it; None: the bill is the sum of the booking's lines. known_minor: what was counted of the visit
    before. Raises SUM_TOO_LARGE."""
    if connection.is_signed or body.catalogue.released:
        return
    reported = booking.paid_minor if paid_minor is None else paid_minor
    sum_minor = booking.total_minor if reported is None else reported
    services = [body.catalogue.service(line.service_id) for line in booking.lines]
    largest = largest_visit_minor(connection, salon, services)
    if sum_minor > largest:
        raise refused(
            "SUM_TOO_LARGE",
            f"A visit of {sum_minor} minor units of {booking.currency}; more than {largest} waits until a "
            "person has looked. Replay it if it is right.",
            amount_minor=sum_minor,
            largest_minor=largest,
        )
    most = LARGEST_OF_DAY * largest_visit_minor(connection, salon, ())
    event, counted_as = (booking.id, booking.guard), f"sums of {connection.id}"
    more_minor = sum_minor - known_minor
    if not body.sums.fits(world, connection.network_id, counted_as, event, more_minor, most):
        raise refused(
            "SUM_TOO_LARGE",
            f"The visits of a day come to more than {most} minor units of {booking.currency}; the rest waits "
            "until a person has looked. Replay it if it is right.",
            amount_minor=sum_minor,
            largest_minor=most,
        )
