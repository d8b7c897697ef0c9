"""Parked items: a person wakes one again, once it is mended, or removes it."""

from contextlib import suppress
from functools import partial
from typing import Any

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients import client_plan
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.facts.fact_pages import FactPage, named_by
from chalicelib.domain.intake.inbox import InboxItem
from chalicelib.domain.intake.site_polls import SitePoll
from chalicelib.domain.marketing.campaigns import Recipient
from chalicelib.domain.marketing.promotions import Promotion
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Salon
from chalicelib.domain.reports.chosen_metrics import ChosenMetric
from chalicelib.domain.shared.errors import Unreadable, conflict, missing
from chalicelib.domain.shared.operations import Parked
from chalicelib.domain.shared.waking import Wake
from chalicelib.domain.waking.walks import AnyWalk, Walk
from chalicelib.services.bookings.plan_booking import replanned
from chalicelib.services.shared.ports import Woken
from chalicelib.services.shared.unreadable import park_unreadable, remove_unreadable, removed
from chalicelib.services.shared.walks import replan_walk
from chalicelib.services.shared.world import World

KEPT_KINDS = frozenset({"network", "key", "client", "account", "entry", "coupon"})
"""Kinds that are never removed unread: access, points and a client's history hang on them."""


def list_parked(world: World, network_id: str, *, removed_ones: bool = False) -> list[Parked]:
    """The parked items, with those of the set-up that cannot be read now. removed_ones: instead, the
    records of items that were removed from the list."""
    world.directories.forget(network_id)
    with suppress(Unreadable):  # the network's own item, which is listed like any other
        world.directories(network_id)
    park_unreadable(world)
    found = world.store.get_all(Parked, network_id=network_id)
    return [each for each in found if (each.removed_at is not None) == removed_ones]


def retry_parked(world: World, network_id: str, item_id: str) -> Parked:
    """Wakes a parked item again: clears its trouble, and plans its next wake. An item that could not be read
    is read again; a salon is used again, and all that is upcoming is planned anew.

    Raises NOT_FOUND, TRY_AGAIN, and Unreadable where the item still cannot be read.
    """
    found = _parked(world, network_id, item_id)
    for parked in found:
        retry_listed(world, parked)
    return found[0]


def retry_listed(world: World, parked: Parked) -> None:
    """As `retry_parked`, of one record of the list."""
    world.retrying(partial(_retry, world, parked))


def remove_parked(world: World, access: Access, item_id: str) -> Parked:
    """Removes a parked item from the list, on record. An item that cannot be read is deleted, and its record
    keeps what it held. An item that can be read stays as it is, and is woken no more until it changes.

    Raises NOT_FOUND, TRY_AGAIN, NOT_REMOVABLE (points, access or a client's history hang on the item).
    """
    found = _parked(world, access.network_id, item_id)
    for parked in found:
        _ensure_removable(world, parked)
    for parked in found:
        remove_listed(world, access, parked)
    return found[0]


def remove_listed(world: World, access: Access, parked: Parked) -> None:
    """As `remove_parked`, of one record of the list."""
    _ensure_removable(world, parked)
    world.retrying(partial(_remove, world, access, parked))


def _ensure_removable(world: World, parked: Parked) -> None:
    if parked.pk and parked.kind in KEPT_KINDS and not _is_readable(world, parked):
        raise conflict(
            "NOT_REMOVABLE",
            f"Too much hangs on this {parked.kind}. Retry it once a release can read it, or restore it.",
            kind=parked.kind,
        )


def _parked(world: World, network_id: str, item_id: str) -> list[Parked]:
    """All of that id: a client and their account have the same. Raises NOT_FOUND."""
    found = [each for each in list_parked(world, network_id) if each.id == item_id]
    if not found:
        raise missing("parked item", item_id)
    return found


def _is_readable(world: World, parked: Parked) -> bool:
    try:
        world.store.read(parked.pk, parked.sk)
    except Unreadable:
        return False
    return True


# --- retry


def _retry(world: World, parked: Parked) -> None:
    value = world.store.read(parked.pk, parked.sk) if parked.pk else _item(world, parked)
    if value is None or not _is_to_wake(parked, value):
        world.store.save(*_walks(world, value), remove=[parked])
        world.directories.forget(parked.network_id)
        return
    (saved,) = world.store.save(_awake(world, value), remove=[parked])
    world.wake_if_due(saved)


def _is_to_wake(parked: Parked, value: Any) -> bool:
    """An item that was set aside unread holds the pointer that it had. Without one, it slept."""
    if not parked.pk or isinstance(value, Booking | Client):
        return True
    return getattr(value, "wake", None) is not None


def _walks(world: World, value: Any) -> list[AnyWalk]:
    """What is upcoming in a salon that is there again is planned anew."""
    return [replan_walk(world, value.network_id)] if isinstance(value, Salon) else []


def _item(world: World, parked: Parked) -> Woken | None:
    network_id, item_id = parked.network_id, parked.id
    if parked.item.startswith("ACCOUNT"):  # its id is the client's
        return world.store.account(network_id, item_id)
    if parked.item.startswith("POLL"):  # its id is the connection's
        return world.store.get(SitePoll, network_id=network_id, id=item_id)
    if parked.item.startswith("FACTPAGE"):
        return world.store.get(FactPage, network_id=network_id, **named_by(item_id).key)
    if item_id.startswith("bkg_"):
        return world.store.get(Booking, network_id=network_id, id=item_id)
    if item_id.startswith("cli_"):
        return world.store.get(Client, network_id=network_id, id=item_id)
    if item_id.startswith("wlk_"):
        return world.store.get(Walk, network_id=network_id, id=item_id)
    if item_id.startswith("prm_"):
        return world.store.get(Promotion, network_id=network_id, id=item_id)
    if item_id.startswith("mtr_"):
        return world.store.get(ChosenMetric, network_id=network_id, id=item_id)
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


# --- remove


def _remove(world: World, access: Access, parked: Parked) -> None:
    existing = world.store.get(Parked, network_id=parked.network_id, item=parked.item)
    if existing is None or existing.removed_at is not None:
        return  # an attempt before this one was done, and its answer was lost
    if parked.pk and not _is_readable(world, parked):
        remove_unreadable(world, parked, access.actor)
        world.directories.forget(parked.network_id)
    else:
        world.store.save(removed(parked, access.actor, world.now()))
