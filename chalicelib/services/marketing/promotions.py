"""Keep promotions: plan one, change it before it begins, prolong it, stop it, see those of a year and what
they came to."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
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
from chalicelib.domain.shared.errors import conflict, missing
from chalicelib.domain.shared.ids import derived
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.marketing.check_promotion import checked_promotion
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World

KNOWN_AFTER = timedelta(minutes=2)
"""So long other processes may go by the terms that they had read: within it before its first day a promotion
counts as begun."""

_BATCH_SIZE = 200


def make_promotion(
    world: World, access: Access, said: Mapping[str, Any], request_id: str | None = None
) -> Promotion:
    """said: fields of a Promotion. The same request_id makes one. Raises what `checked_promotion` does."""
    ensure_whole_network(access)
    id = derived("prm", access.network_id, request_id) if request_id else world.new_id("prm")
    now = world.now()
    new = Promotion(network_id=access.network_id, id=id, created_at=now, actor=access.actor, **said)
    directory = _directory_naming(world, new)
    new = checked_promotion(new, directory, now)
    try:
        return _saved(world, directory, new, None)
    except SaveConflict:
        stands = world.store.get(Promotion, network_id=access.network_id, id=id) if request_id else None
        if stands is None:
            raise
        return stands


def change_promotion(
    world: World, access: Access, promotion_id: str, changes: Mapping[str, Any]
) -> Promotion:
    """Before its first day all of it may be changed; then its name and its last day, and its caps may be
    raised, or lifted. Raises WRONG_STATE, STALE_VERSION, and what `checked_promotion` does."""

    def change(stands: Promotion) -> Promotion:
        if changes.get("version", stands.version) != stands.version:
            raise conflict(
                "STALE_VERSION", "It was changed meanwhile; read it again.", version=stands.version
            )
        if stands.state not in OPEN:
            raise _wrong_state(stands, "changed")
        wanted = replace(stands, **{name: value for name, value in changes.items() if name != "version"})
        directory = _directory_naming(world, wanted)
        begun = _has_begun(stands, directory, world.now())
        if begun and not _is_mere_prolonging(stands, wanted):
            raise _wrong_state(stands, "changed but for its name, its end, and caps that are raised")
        return checked_promotion(wanted, directory, world.now(), begun=begun)

    return _changed(world, get_promotion(world, access, promotion_id), change)


def _has_begun(promotion: Promotion, directory: Directory, now: datetime) -> bool:
    """Anywhere: its first day may be there in a salon before the network's zone has it."""
    zones = {directory.zone, *(salon.timezone for salon in directory.salons.values())}
    soon = now + KNOWN_AFTER
    begun = any(local_date(soon, zone) >= promotion.starts_on for zone in zones)
    return begun or promotion.state is not PromotionState.PLANNED


def _is_mere_prolonging(stands: Promotion, wanted: Promotion) -> bool:
    """What was counted so far stays right: no share has given more than the new caps allow."""
    raised = _is_raised(stands.cap_points, wanted.cap_points)
    of_client = _is_raised(stands.client_cap_points, wanted.client_cap_points)
    prolonged = replace(
        stands,
        name=wanted.name,
        ends_on=wanted.ends_on,
        cap_points=wanted.cap_points,
        client_cap_points=wanted.client_cap_points,
    )
    return raised and of_client and prolonged == wanted


def _is_raised(stood: int | None, cap: int | None) -> bool:
    """Or as it was; None: there is none."""
    return cap is None or (stood is not None and cap >= stood)


def stop_promotion(world: World, access: Access, promotion_id: str) -> Promotion:
    """For good: nothing more is given, within a minute everywhere. Again: unchanged. Raises WRONG_STATE if it
    has ended."""

    def change(stands: Promotion) -> Promotion:
        if stands.state is PromotionState.ENDED:
            raise _wrong_state(stands, "stopped")
        return replace(stands, state=PromotionState.STOPPED)

    return _changed(world, get_promotion(world, access, promotion_id), change)


def _changed(world: World, promotion: Promotion, change: Callable[[Promotion], Promotion]) -> Promotion:
    stands: Promotion | None = promotion
    for _ in world.tries():
        if stands is None:
            raise missing("promotion", promotion.id)
        wanted = change(stands)
        if wanted == stands:
            return stands
        try:
            return _saved(world, world.directory(promotion.network_id), wanted, stands)
        except SaveConflict:
            stands = world.store.get(Promotion, network_id=promotion.network_id, id=promotion.id)
    raise conflict("TRY_AGAIN", "Somebody else changed this at the same moment; try again.")


def _saved(world: World, directory: Directory, wanted: Promotion, stood: Promotion | None) -> Promotion:
    """With its pointer, and, in the same transaction, with what completing visits know of it."""
    wanted = replace(wanted, wake=next_step(wanted, directory.zone))
    offer = offer_of(wanted, directory.zone)
    old = offer_of(stood, directory.zone) if stood is not None else None
    gone = [old] if old is not None and offer is None else []
    saved: Promotion = world.store.save(wanted, *([offer] if offer else []), remove=gone)[0]
    world.directories.forget(saved.network_id)
    world.wake_if_due(saved)
    return saved


def get_promotion(world: World, access: Access, promotion_id: str) -> Promotion:
    ensure_whole_network(access)
    promotion = world.store.get(Promotion, network_id=access.network_id, id=promotion_id)
    if promotion is None:
        raise missing("promotion", promotion_id)
    return promotion


def planned_promotions(world: World, access: Access, year: int | None) -> list[Promotion]:
    """All promotions, or those with a day in that year: the annual plan, by date."""
    ensure_whole_network(access)
    found: list[Promotion] = []
    cursor = None
    while True:
        page = world.store.get_page(Promotion, network_id=access.network_id, limit=_BATCH_SIZE, cursor=cursor)
        found += page.items
        cursor = page.cursor
        if cursor is None:
            break
    wanted = [each for each in found if year is None or each.starts_on.year <= year <= each.ends_on.year]
    return sorted(wanted, key=lambda each: (each.starts_on, each.id))


def results_of(world: World, promotions: Sequence[Promotion]) -> dict[str, PromotionResult]:
    """What these promotions of one network have come to, by id."""
    of: dict[str, list[PromotionShare]] = {each.id: [] for each in promotions}
    if promotions:
        for share in world.store.promotion_shares(promotions[0].network_id, list(of)):
            of[share.promotion_id].append(share)
    return {id: result_of(shares) for id, shares in of.items()}


def ensure_whole_network(access: Access) -> None:
    access.ensure_whole_network()


def _directory_naming(world: World, promotion: Promotion) -> Directory:
    """The set-up, read anew if what the audience names is not in what we have kept."""
    audience = promotion.audience

    def has(known: Directory) -> bool:
        salons = known.salons.keys() >= set(audience.salon_ids)
        return salons and known.services.keys() >= set(audience.service_ids)

    return world.directory(promotion.network_id, has)


def _wrong_state(promotion: Promotion, done: str) -> Exception:
    return conflict(
        "WRONG_STATE",
        f"A promotion that is {promotion.state} cannot be {done}.",
        state=promotion.state.value,
        id=promotion.id,
    )
