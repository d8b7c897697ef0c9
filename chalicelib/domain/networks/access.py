"""Who asks: the network, the role, and the part of the network that the role reaches."""

from msgspec import Struct

from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.errors import forbidden
from chalicelib.domain.shared.masks import masked_contacts


class Access(Struct, frozen=True, kw_only=True):
    """What a key opens. actor: who is recorded as having acted. salon_ids empty: all salons of the
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
        """Whether the key shows phones and e-mails unmasked."""
        return self.role is not Role.SPECIALIST

    def as_shown(self, text: str) -> str:
        """Free text, such as a note, as this key is shown it: phones and e-mails in it are masked where the
        key does not show them."""
        return text if self.sees_contacts else masked_contacts(text)

    def ensure_whole_network(self) -> None:
        """Raises FORBIDDEN for a key that opens only some of the network's salons."""
        if not self.sees_whole_network:
            raise forbidden("This concerns the whole network; this key opens some of its salons.")

    def reaches_salon(self, salon_id: str) -> bool:
        return not self.salon_ids or salon_id in self.salon_ids

    def ensure_salon(self, salon_id: str) -> None:
        """Raises FORBIDDEN for a salon that is not this key's."""
        if not self.reaches_salon(salon_id):
            raise forbidden("This key does not reach that salon.", salon_id=salon_id)
