"""What campaigns and promotions have in common: both are planned ahead, for a segment, and have a state."""

from collections.abc import Mapping
from typing import Any

from chalicelib.domain.marketing.campaigns import Campaign
from chalicelib.domain.marketing.promotions import Promotion
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.networks.segments import Segment
from chalicelib.domain.shared.errors import conflict
from chalicelib.services.shared.world import World


def directory_with_segment(world: World, network_id: str, segment: Segment) -> Directory:
    """The network's set-up. It is read again where the kept one lacks a salon or a service of the segment."""

    def has_all(known: Directory) -> bool:
        salons = known.salons.keys() >= set(segment.salon_ids)
        return salons and known.services.keys() >= set(segment.service_ids)

    return world.directory(network_id, has_all)


def changed_fields(changes: Mapping[str, Any], current: Campaign | Promotion) -> dict[str, Any]:
    """The fields to change, without `version`. Raises STALE_VERSION where the changes were made to another
    version than the current one."""
    if changes.get("version", current.version) != current.version:
        raise conflict("STALE_VERSION", "It was changed meanwhile; read it again.", version=current.version)
    return {name: value for name, value in changes.items() if name != "version"}


def wrong_state(item: Campaign | Promotion, action: str) -> Exception:
    """action: what the item's state does not allow, as a participle."""
    kind = "campaign" if isinstance(item, Campaign) else "promotion"
    return conflict(
        "WRONG_STATE",
        f"A {kind} that is {item.state} cannot be {action}.",
        state=item.state.value,
        id=item.id,
    )
