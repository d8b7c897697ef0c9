"""Who asks: the network, the role, and the part of the network that the role reaches."""

from msgspec import Struct

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.errors import forbidden


class Access(Struct, frozen=True, kw_only=True):
    """What a key opens. actor: who is written down as having acted. salon_ids empty: all salons of the
    network."""

    network_id: str
    role: Role
    actor: str
    salon_ids: tuple[str, ...] = ()
    staff_id: str | None = None
    source: str | None = None

    @property
    def sees_whole_network(self) -> bool:
        return self.role in (Role.OWNER, Role.MANAGER, Role.RECEPTION) and not self.salon_ids

    @property
    def sees_contacts(self) -> bool:
        """Phones and e-mails in the clear."""
        return self.role is not Role.SPECIALIST

    def reaches_salon(self, salon_id: str) -> bool:
        return not self.salon_ids or salon_id in self.salon_ids

    def ensure_salon(self, salon_id: str) -> None:
        """Raises FORBIDDEN for a salon that is not this key's."""
        if not self.reaches_salon(salon_id):
            raise forbidden("This key does not reach that salon.", salon_id=salon_id)

    def reaches_booking(self, booking: Booking) -> bool:
        """A specialist reaches their own bookings, a partner those of its source, others those of their
        salons."""
        if self.role is Role.SPECIALIST:
            return any(line.staff_id == self.staff_id for line in booking.lines)
        if self.role is Role.PARTNER:
            return booking.source == self.source
        return self.reaches_salon(booking.salon_id)

    def ensure_booking(self, booking: Booking) -> None:
        if not self.reaches_booking(booking):
            raise forbidden("This key does not reach that booking.", booking_id=booking.id)
