"""Go live: an owner ends the trial of a network. From then on messages go out and points are given."""

from functools import partial

from msgspec.structs import replace

from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Network
from chalicelib.domain.shared.errors import conflict, refused
from chalicelib.services.shared.world import World


def go_live(world: World, access: Access) -> Network:
    """The network, live from now on. A network that is live stays as it is, with the instant at which it went
    live. Nothing that was due in the trial is sent or given later.

    Raises FORBIDDEN unless the access reaches the whole network; NO_SALON, since messages speak for a salon;
    TRY_AGAIN.
    """
    access.ensure_whole_network()
    return world.retrying(partial(_go_live, world, access))


def _go_live(world: World, access: Access) -> Network:
    directory = world.fresh_directory(access.network_id)
    if not directory.network.trial:
        return directory.network
    if not directory.salons:
        raise refused("NO_SALON", "Add a salon first: messages speak for one.")
    live = replace(directory.network, trial=False, live_since=world.now(), live_by=access.actor)
    saved: Network = world.store.save(live)[0]
    world.directories.forget(access.network_id)
    return saved


def is_in_trial(world: World, network_id: str) -> bool:
    """Whether the network is in trial. Where this process knows it so, the set-up is read again: another
    process may have gone live a moment ago. A live network causes no read."""
    return world.directory(network_id, lambda known: not known.network.trial).network.trial


def ensure_live(world: World, network_id: str) -> None:
    """Raises NOT_LIVE."""
    if is_in_trial(world, network_id):
        raise not_live()


def not_live() -> Exception:
    return conflict(
        "NOT_LIVE",
        "The network is in trial: nothing is sent, no points are given or spent. "
        "GET /v1/network shows what is missing; an owner goes live by POST /v1/network/live.",
    )
