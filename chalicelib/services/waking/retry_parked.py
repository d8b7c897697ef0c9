"""Retry parked items: an item that failed too often is woken again once a person has looked at it."""

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients import client_plan
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.intake.inbox import InboxItem
from chalicelib.domain.marketing.campaigns import Recipient
from chalicelib.domain.marketing.promotions import Promotion
from chalicelib.domain.shared.errors import missing
from chalicelib.domain.shared.operations import Parked
from chalicelib.domain.shared.waking import Wake
from chalicelib.domain.waking.walks import Walk
from chalicelib.services.bookings.plan_booking import replanned
from chalicelib.services.shared.ports import Woken
from chalicelib.services.shared.world import World


def retry_parked(world: World, network_id: str, item_id: str) -> Parked:
    """Clears the item's trouble and plans its next wake. Raises NOT_FOUND, TRY_AGAIN."""
    parked = next(
        (
            each
            for each in world.store.get_all(Parked, network_id=network_id)
            if each.item.split()[-1] == item_id
        ),
        None,
    )
    if parked is None:
        raise missing("parked item", item_id)
    world.retrying(lambda: _retry(world, parked, item_id))
    return parked


def _retry(world: World, parked: Parked, item_id: str) -> None:
    value = _item(world, parked, item_id)
    if value is None:
        world.store.save(remove=[parked])
        return
    (saved,) = world.store.save(_awake(world, value), remove=[parked])
    world.wake_if_due(saved)


def _item(world: World, parked: Parked, item_id: str) -> Woken | None:
    network_id = parked.network_id
    if parked.item.startswith("ACCOUNT"):  # its id is the client's
        return world.store.account(network_id, item_id)
    if item_id.startswith("bkg_"):
        return world.store.get(Booking, network_id=network_id, id=item_id)
    if item_id.startswith("cli_"):
        return world.store.get(Client, network_id=network_id, id=item_id)
    if item_id.startswith("wlk_"):
        return world.store.get(Walk, network_id=network_id, id=item_id)
    if item_id.startswith("prm_"):
        return world.store.get(Promotion, network_id=network_id, id=item_id)
    if item_id.startswith("cmp_"):
        campaign_id, _, client_id = item_id.partition(".")
        return world.store.get(Recipient, network_id=network_id, client_id=client_id, campaign_id=campaign_id)
    return world.store.get(InboxItem, network_id=network_id, id=item_id)


def _awake(world: World, value: Woken) -> Woken:
    if isinstance(value, Booking):
        return replanned(world, replace(value, trouble=None))
    if isinstance(value, Client):
        client = replace(value, trouble=None)
        return client_plan.with_wake(client, world.directory(client.network_id), world.now())
    return replace(value, trouble=None, wake=Wake(world.now(), "retried"))
