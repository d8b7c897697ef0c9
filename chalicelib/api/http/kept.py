"""What a process keeps between requests: the keys that it has read, what it has taken of quotas and of the
day's bills, and which deliveries it has refused."""

from msgspec import Struct, field

from chalicelib.services.intake.receive_webhook import RefusedDeliveries
from chalicelib.services.networks.manage_keys import KeyRing
from chalicelib.services.shared.day_sums import DaySums
from chalicelib.services.shared.request_quotas import RequestQuotas
from chalicelib.services.shared.world import World


class Kept(Struct, frozen=True):
    world: World
    keys: KeyRing
    quotas: RequestQuotas
    refused: RefusedDeliveries
    bills: DaySums = field(default_factory=DaySums)


_kept: list[Kept] = []


def kept_of(world: World) -> Kept:
    """What this process keeps of a world. It keeps the things of one world only."""
    if not _kept or _kept[0].world is not world:
        _kept[:] = [Kept(world, KeyRing(world), RequestQuotas(world), RefusedDeliveries(world))]
    return _kept[0]
