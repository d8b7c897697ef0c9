"""Keep a caller's sums of a day within a bound, without a write for each: a process takes slices and counts
in memory."""

from datetime import timedelta

from msgspec import Struct, field

from chalicelib.domain.shared.quotas import QuotaUse, with_taken
from chalicelib.services.shared.world import World

WHOLE = 1_000_000
"""The sum of a day, in parts that hold in every currency."""
SLICE = WHOLE // 100
"""What a process takes of it at once. The first slice of a day is free: an ordinary day costs no call."""
MAX_REMEMBERED = 1000
"""Events of a caller that a process remembers as counted: the latest, some 200 kB."""
Event = tuple[str, str | None]
"""A booking's id, and what distinguishes one report of its bill from another."""
_KEPT = timedelta(days=2)


class _Slice(Struct):
    """counted: minor units, by event. An event that is delivered or tried again, after an error or a
    conflict, counts once."""

    day: str
    left: int = SLICE
    counted: dict[Event, int] = field(default_factory=dict)

    def remember(self, event: Event, sum_minor: int) -> None:
        self.counted.pop(event, None)
        self.counted[event] = sum_minor
        if len(self.counted) > MAX_REMEMBERED:
            del self.counted[next(iter(self.counted))]


class DaySums(Struct):
    """What this process may still count of the sums of a day, by network and caller."""

    held: dict[tuple[str, str], _Slice] = field(default_factory=dict)

    def fits(
        self, world: World, network_id: str, caller: str, event: Event, sum_minor: int, most_minor: int
    ) -> bool:
        """Counts an event's sum, unless the caller's sums of the day (UTC) would be more than most_minor. All
        processes together count up to that sum, and a free slice each. caller: what is counted, and whose it
        is."""
        day = world.now().date().isoformat()
        held = self.held.get((network_id, caller))
        if held is None or held.day != day:
            held = self.held[network_id, caller] = _Slice(day)
        more_minor = sum_minor - held.counted.get(event, 0)
        if more_minor <= 0:
            return True
        needed = -(-more_minor * WHOLE // max(most_minor, 1))
        if held.left < needed:
            missing = needed - held.left
            held.left += world.retrying(lambda: _taken(world, network_id, caller, day, missing))
        if held.left < needed:
            return False
        held.left -= needed
        held.remember(event, sum_minor)
        return True


def _taken(world: World, network_id: str, caller: str, day: str, needed: int) -> int:
    """What is taken for a process: a slice or what is needed, if as much is left; else nothing."""
    now = world.now()
    existing = world.store.get(QuotaUse, network_id=network_id, caller=caller, day=day)
    use = existing or QuotaUse(network_id=network_id, caller=caller, day=day, expires_at=now + _KEPT)
    left = WHOLE - sum(use.by_hour.values())
    if left < needed:
        return 0
    parts = max(needed, min(SLICE, left))
    world.store.save(with_taken(use, f"{now.hour:02d}", parts))
    return parts
