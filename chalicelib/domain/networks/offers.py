"""What the completion of a visit must know of a promotion's multiplier."""

from datetime import date, datetime

from msgspec import Struct, field

from chalicelib.domain.networks.segments import Segment


class Offer(Struct, frozen=True, kw_only=True):
    """What the completion of a visit must know of a multiplier. It is part of the network's set-up, so that
    nothing more is read for it. `starts_on` and `ends_on` decide whether it counts. The store deletes it at
    `expires_at`, when no visit of these days can be completed late any more."""

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
        """The points that a visit gets in addition to those that it earned."""
        return earned * (self.multiplier_percent - 100) // 100
