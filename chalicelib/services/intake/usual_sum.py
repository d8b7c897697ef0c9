"""What visits may come to by the word of a site that proves nothing: one visit, and all of a day."""

from datetime import timedelta

from msgspec import Struct, field

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.intake.trust import LARGEST_OF_DAY, largest_visit_minor
from chalicelib.domain.networks.network import Connection, Salon
from chalicelib.domain.shared.errors import refused
from chalicelib.domain.shared.quotas import QuotaUse, with_taken
from chalicelib.services.intake.site_catalogue import SiteCatalogue
from chalicelib.services.shared.world import World

SUM_TOO_LARGE = "SUM_TOO_LARGE"
WHOLE = 1_000_000
"""The sum that a connection may report in a day, in parts that hold in every currency."""
SLICE = WHOLE // 100
"""What a process takes of it at once. The first slice of a day is free: a small salon's day costs no call."""
MAX_REMEMBERED = 1000
"""Events of a connection that a process remembers as counted: the latest, some 200 kB."""
Event = tuple[str, str | None]
"""A booking's id and the guard of what was said of it."""
_KEPT = timedelta(days=2)


class _Slice(Struct):
    """counted: minor units, by booking and guard. An event that is delivered again, after an error or a
    conflict, counts once; the guard of an event that was applied comes no more."""

    day: str
    left: int = SLICE
    counted: dict[Event, int] = field(default_factory=dict)

    def remember(self, event: Event, sum_minor: int) -> None:
        self.counted.pop(event, None)
        self.counted[event] = sum_minor
        if len(self.counted) > MAX_REMEMBERED:
            del self.counted[next(iter(self.counted))]


class ReportedSums(Struct):
    """What this process may still count of the sums of a day, by connection."""

    held: dict[str, _Slice] = field(default_factory=dict)

    def fits(
        self, world: World, connection: Connection, event: Event, sum_minor: int, most_minor: int
    ) -> bool:
        """Counts an event's visit, unless the day's sum (UTC) would be more than most_minor. All processes
        together count up to that sum, and a free slice each."""
        day = world.now().date().isoformat()
        held = self.held.get(connection.id)
        if held is None or held.day != day:
            held = self.held[connection.id] = _Slice(day)
        more_minor = sum_minor - held.counted.get(event, 0)
        if more_minor <= 0:
            return True
        needed = -(-more_minor * WHOLE // max(most_minor, 1))
        if held.left < needed:
            missing = needed - held.left
            held.left += world.retrying(lambda: _taken(world, connection, day, missing))
        if held.left < needed:
            return False
        held.left -= needed
        held.remember(event, sum_minor)
        return True


def _taken(world: World, connection: Connection, day: str, needed: int) -> int:
    """What is taken for a process: a slice or what is needed, if as much is left; else nothing."""
    now, caller = world.now(), f"sums of {connection.id}"
    existing = world.store.get(QuotaUse, network_id=connection.network_id, caller=caller, day=day)
    use = existing or QuotaUse(
        network_id=connection.network_id, caller=caller, day=day, expires_at=now + _KEPT
    )
    left = WHOLE - sum(use.by_hour.values())
    if left < needed:
        return 0
    parts = max(needed, min(SLICE, left))
    world.store.save(with_taken(use, f"{now.hour:02d}", parts))
    return parts


class SharedByEvents(Struct, frozen=True):
    """What all events of one body share: the services and staff that they name, and what is counted."""

    catalogue: SiteCatalogue
    sums: ReportedSums


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
    more_minor = sum_minor - known_minor
    if not body.sums.fits(world, connection, (booking.id, booking.guard), more_minor, most):
        raise refused(
            "SUM_TOO_LARGE",
            f"The visits of a day come to more than {most} minor units of {booking.currency}; the rest waits "
            "until a person has looked. Replay it if it is right.",
            amount_minor=sum_minor,
            largest_minor=most,
        )
