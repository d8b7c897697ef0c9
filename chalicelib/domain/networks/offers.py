"""What completing a visit must know of a promotion's multiplier."""

from datetime import date, datetime

from msgspec import Struct, field

from chalicelib.domain.networks.segments import Segment


class Offer(Struct, frozen=True, kw_only=True):
    """What a completing visit must know of a multiplier: stands in the network's set-up, so that nothing more
    is read to know it. Gone by itself when nobody can come late any more (`expires_at`); until then the dates
    decide."""

    network_id: str
    id: str
    starts_on: date
    ends_on: date
    audience: Segment = field(default_factory=Segment)
    multiplier_percent: int
    cap_points: int | None = None
    client_cap_points: int | None = None
    expires_at: datetime

    def holds_on(self, day: date) -> bool:
        return self.starts_on <= day <= self.ends_on

    def more_than(self, earned: int) -> int:
        """What a visit that earned so much gets on top of it."""
        return earned * (self.multiplier_percent - 100) // 100
