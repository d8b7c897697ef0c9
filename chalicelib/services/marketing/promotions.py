"""Plan promotions: make one, change it before it begins, prolong it, stop it, read those of a year with their
results."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from msgspec.structs import replace

from chalicelib.domain.marketing.promotions import (
    OPEN,
    Promotion,
    PromotionResult,
    PromotionShare,
    PromotionState,
    next_step,
    offer_of,
    result_of,
)
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.errors import missing
from chalicelib.domain.shared.ids import derived
from chalicelib.domain.shared.operations import Tally
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.loyalty.limit_by_hand import counted_for_many, ensure_gift_at_once
from chalicelib.services.marketing.check_promotion import checked_promotion
from chalicelib.services.marketing.planned_items import changed_fields, directory_with_segment, wrong_state
from chalicelib.services.shared.world import World

KNOWN_AFTER = timedelta(minutes=2)
"""How long other processes may use the terms that they have read. A promotion counts as begun that long
before its first day."""


def make_promotion(
    world: World, access: Access, fields: Mapping[str, Any], request_id: str | None = None
) -> Promotion:
    """Saves a planned promotion. The same request_id makes one promotion. fields: of a Promotion. Raises what
    `checked_promotion` raises, and OVER_LIMIT."""
    access.ensure_whole_network()
    promotion_id = derived("prm", access.network_id, request_id) if request_id else world.new_id("prm")
    now = world.now()
    new = Promotion(
        network_id=access.network_id, id=promotion_id, created_at=now, actor=access.actor, **fields
    )
    directory = directory_with_segment(world, new.network_id, new.audience)
    new = checked_promotion(new, directory, now)
    return world.retrying(partial(_make, world, access, new, directory))


def _make(world: World, access: Access, new: Promotion, directory: Directory) -> Promotion:
    """The new promotion, saved; or the one that an earlier request had made under this id."""
    existing = world.store.get(Promotion, network_id=new.network_id, id=new.id)
    if existing is not None:
        return existing
    counted = counted_for_many(world, access, new.grant.points) if new.grant is not None else []
    return _save(world, directory, new, None, counted)


def change_promotion(
    world: World, access: Access, promotion_id: str, changes: Mapping[str, Any]
) -> Promotion:
    """Changes a promotion. Before its first day all fields may be changed. Later its name and its last day
    may be changed, and its caps may be raised or lifted.

    Raises NOT_FOUND, STALE_VERSION, WRONG_STATE, OVER_LIMIT, TRY_AGAIN and what `checked_promotion` raises.
    """
    return world.retrying(partial(_change, world, access, promotion_id, changes))


def _change(world: World, access: Access, promotion_id: str, changes: Mapping[str, Any]) -> Promotion:
    current = get_promotion(world, access, promotion_id)
    fields = changed_fields(changes, current)
    if current.state not in OPEN:
        raise wrong_state(current, "changed")
    wanted = replace(current, **fields)
    directory = directory_with_segment(world, wanted.network_id, wanted.audience)
    begun = _has_begun(current, directory, world.now())
    if begun and not _is_mere_prolonging(current, wanted):
        raise wrong_state(current, "changed but for its name, its end, and caps that are raised")
    checked = checked_promotion(wanted, directory, world.now(), begun=begun)
    if checked.grant is not None and checked.grant != current.grant:
        ensure_gift_at_once(world, access, checked.grant.points)
    return _save_if_changed(world, current, checked)


def _has_begun(promotion: Promotion, directory: Directory, now: datetime) -> bool:
    """Whether its first day has begun in any salon: that may be earlier than in the network's zone."""
    zones = {directory.zone, *(salon.timezone for salon in directory.salons.values())}
    soon = now + KNOWN_AFTER
    begun = any(local_date(soon, zone) >= promotion.starts_on for zone in zones)
    return begun or promotion.state is not PromotionState.PLANNED


def _is_mere_prolonging(current: Promotion, wanted: Promotion) -> bool:
    """Whether what was counted so far stays right: no share has given more than the new caps allow."""
    raised = _is_raised(current.cap_points, wanted.cap_points)
    client_cap_raised = _is_raised(current.client_cap_points, wanted.client_cap_points)
    prolonged = replace(
        current,
        name=wanted.name,
        ends_on=wanted.ends_on,
        cap_points=wanted.cap_points,
        client_cap_points=wanted.client_cap_points,
    )
    return raised and client_cap_raised and prolonged == wanted


def _is_raised(current: int | None, wanted: int | None) -> bool:
    """Whether the wanted cap is at least the current one. None: there is no cap."""
    return wanted is None or (current is not None and wanted >= current)


def stop_promotion(world: World, access: Access, promotion_id: str) -> Promotion:
    """Stops a promotion for good: within a minute it gives nothing more in any process. A promotion that is
    stopped already stays as it is. Raises NOT_FOUND, TRY_AGAIN; WRONG_STATE if it has ended."""
    return world.retrying(partial(_stop, world, access, promotion_id))


def _stop(world: World, access: Access, promotion_id: str) -> Promotion:
    current = get_promotion(world, access, promotion_id)
    if current.state is PromotionState.ENDED:
        raise wrong_state(current, "stopped")
    return _save_if_changed(world, current, replace(current, state=PromotionState.STOPPED))


def _save_if_changed(world: World, current: Promotion, wanted: Promotion) -> Promotion:
    if wanted == current:
        return current
    return _save(world, world.directory(wanted.network_id), wanted, current)


def _save(
    world: World,
    directory: Directory,
    wanted: Promotion,
    current: Promotion | None,
    counted: Sequence[Tally] = (),
) -> Promotion:
    """Saves a promotion with its pointer, and with the tallies that count it. The same transaction saves or
    removes its offer: what completing visits know of it."""
    wanted = replace(wanted, wake=next_step(wanted, directory.zone))
    offer = offer_of(wanted, directory.zone)
    former_offer = offer_of(current, directory.zone) if current is not None else None
    withdrawn = [former_offer] if former_offer is not None and offer is None else []
    saved: Promotion = world.store.save(wanted, *([offer] if offer else []), *counted, remove=withdrawn)[0]
    world.directories.forget(saved.network_id)
    world.wake_if_due(saved)
    return saved


def get_promotion(world: World, access: Access, promotion_id: str) -> Promotion:
    """Raises FORBIDDEN unless the access reaches the whole network; NOT_FOUND."""
    access.ensure_whole_network()
    promotion = world.store.get(Promotion, network_id=access.network_id, id=promotion_id)
    if promotion is None:
        raise missing("promotion", promotion_id)
    return promotion


def planned_promotions(world: World, access: Access, year: int | None) -> list[Promotion]:
    """The promotions with a day in that year, or all of them, in the order of their first day."""
    access.ensure_whole_network()
    promotions = world.store.get_all(Promotion, network_id=access.network_id)
    wanted = [each for each in promotions if year is None or each.starts_on.year <= year <= each.ends_on.year]
    return sorted(wanted, key=lambda each: (each.starts_on, each.id))


def results_of(world: World, promotions: Sequence[Promotion]) -> dict[str, PromotionResult]:
    """The results of these promotions of one network, by promotion id."""
    shares_by_id: dict[str, list[PromotionShare]] = {each.id: [] for each in promotions}
    if promotions:
        for share in world.store.promotion_shares(promotions[0].network_id, list(shares_by_id)):
            shares_by_id[share.promotion_id].append(share)
    return {promotion_id: result_of(shares) for promotion_id, shares in shares_by_id.items()}
