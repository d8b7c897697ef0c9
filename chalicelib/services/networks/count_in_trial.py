"""Count what a network in trial would have given. The tally is saved together with what caused it, so that a
repetition counts nothing twice."""

from collections.abc import Mapping

from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.trial import TrialTally, with_points
from chalicelib.services.shared.world import World


def tally_of(world: World, network_id: str) -> TrialTally:
    """What a network would have sent and given in its trial. One read."""
    return world.store.get(TrialTally, network_id=network_id) or TrialTally(network_id=network_id)


def tally_with_points(
    world: World, network_id: str, points: Mapping[str, int], *, visits: int = 0, coupons: int = 0
) -> TrialTally:
    """The tally with more points, to be saved with what would have given them. points: by the kind of the
    ledger's entry."""
    return with_points(tally_of(world, network_id), points, visits=visits, coupons=coupons)


def see_trial(world: World, access: Access) -> TrialTally:
    """Raises FORBIDDEN unless the access reaches the whole network."""
    access.ensure_whole_network()
    return tally_of(world, access.network_id)
