"""What an earlier version wrote is read, and written again in the same bytes."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.waking.walks import WalkKind
from chalicelib.store import keys
from chalicelib.store.item import after_save, attributes_of, value_of
from chalicelib.store.table import Table
from tests.conftest import SHARDS
from tests.store.stored_before import ITEMS, KINDS, Raw, as_said, inflated, key_of, kind_of

LIVED = "net_lotos00001"
"""The network whose items agree with each other."""
NEWER: frozenset[str] = frozenset()
"""Kinds of items that the table got after the stored items were made. Add a new kind here, never to them."""


@pytest.fixture(scope="module")
def item() -> Any:
    """The model; nothing is asked of any table."""
    return Table("perennial-test", "us-east-1", shards=SHARDS).item


def read(item: Any, raw: Raw) -> Any:
    return value_of(KINDS[kind_of(raw)], item.from_raw_data(raw))


def written(item: Any, value: Any) -> Raw:
    """The item of a value as it stands, rather than at its next version."""
    before = replace(value, version=value.version - 1) if hasattr(value, "version") else value
    assert after_save(before) == value
    made: Raw = item(**attributes_of(before, SHARDS)).serialize()
    return made


def of_kind(kind: str) -> list[Raw]:
    return [raw for raw in ITEMS if kind_of(raw) == kind]


def test_every_kind_of_item_was_stored_before_or_is_listed_as_newer() -> None:
    assert {kind_of(raw) for raw in ITEMS} == set(KINDS) == set(keys.TEMPLATES) - NEWER


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_stored_before_is_written_again_in_the_same_bytes(item: Any, kind: str) -> None:
    for raw in of_kind(kind):
        assert as_said(written(item, read(item, raw))) == as_said(raw), key_of(raw)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_stored_before_lies_where_it_lay(item: Any, kind: str) -> None:
    for raw in of_kind(kind):
        place = keys.place_of(read(item, raw))
        assert (place.pk, place.sk) == key_of(raw)


@pytest.mark.parametrize("kind", KINDS)
def test_no_name_in_a_body_stored_before_is_unknown(item: Any, kind: str) -> None:
    """Names that no field has would be left out without a word when the item is written again."""
    for raw in of_kind(kind):
        body = inflated(raw["packed"]["B"]) if "packed" in raw else raw["body"]["S"]
        assert set(json.loads(body)) <= set(KINDS[kind].__struct_fields__), key_of(raw)  # type: ignore[attr-defined]


STATE_OF = {
    WalkKind.REPLAN: set(),
    WalkKind.INVITE: {"campaign_id", "next_at"},
    WalkKind.RESUME: {"campaign_id", "next_at"},
    WalkKind.COUNT: {"campaign_id", "next_at", "count"},
    WalkKind.TALLY: {"campaign_id", "count"},
    WalkKind.PROMOTE: {"promotion_id"},
    WalkKind.SURPRISE: {"draw", "sleeps_until"},
    WalkKind.AUDIT: {"audit"},
    WalkKind.AUDIT_SAMPLE: {"audit", "sleeps_until"},
    WalkKind.CLEARING: {"period", "audit"},
    WalkKind.SIMULATE: {"simulation_id"},
}
"""Fields of a walk that some kinds alone have, as `Walk` says."""


def test_a_walk_of_the_network_that_was_lived_has_the_state_of_its_kind_alone(item: Any) -> None:
    lived = [walk for raw in of_kind("WALK") if (walk := read(item, raw)).network_id == LIVED]
    assert len({walk.kind for walk in lived}) > 8
    for walk in lived:
        others = set().union(*STATE_OF.values()) - STATE_OF[walk.kind]
        assert {name for name in others if getattr(walk, name) is not None} == set(), walk.id
