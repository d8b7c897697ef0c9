"""What a visit may come to by the word of a site that proves nothing."""

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.intake.trust import is_signed, largest_visit_minor
from chalicelib.domain.networks.network import Connection, Salon
from chalicelib.domain.shared.errors import refused
from chalicelib.services.intake.site_catalogue import SiteCatalogue

SUM_TOO_LARGE = "SUM_TOO_LARGE"


def ensure_usual_sum(
    connection: Connection, catalogue: SiteCatalogue, salon: Salon, booking: Booking, paid_minor: int | None
) -> None:
    """Neither points nor figures are made of a fortune that nobody has looked at. paid_minor: as the site
    reports it; None: the bill is the sum of the booking's lines. Raises SUM_TOO_LARGE."""
    if is_signed(connection) or catalogue.released:
        return
    reported = booking.paid_minor if paid_minor is None else paid_minor
    sum_minor = booking.total_minor if reported is None else reported
    services = [catalogue.service(line.service_id) for line in booking.lines]
    largest = largest_visit_minor(connection, salon, services)
    if sum_minor > largest:
        raise refused(
            "SUM_TOO_LARGE",
            f"A visit of {sum_minor} minor units of {booking.currency}; more than {largest} waits until a "
            "person has looked. Replay it if it is right.",
            amount_minor=sum_minor,
            largest_minor=largest,
        )
