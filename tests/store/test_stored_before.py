"""What an earlier version wrote is read, and written again in the same bytes."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.store import keys
from chalicelib.store.item import after_save, attributes_of, value_of
from chalicelib.store.table import Table
from chalicelib.store.walks import StoredWalk
from tests.conftest import SHARDS
from tests.store.stored_before import ITEMS, KINDS, Raw, as_said, inflated, key_of, kind_of

NEWER: frozenset[str] = frozenset(
    {"FACTPAGE", "GROUP", "HEARD", "METRIC", "POLL", "QUOTA", "SOURCE", "TRIAL"}
)
"""Kinds of items that the table got after the stored items were made. Add a new kind here, never to them."""


LISTS = frozenset({"category_key", "category_at", "to_call"})
"""Attributes of an index that is newer: a client who was merged before enters its list when next written."""


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


def without_what_is_newer(made: Raw) -> Raw:
    """The attributes that an earlier version had. A booking to come gets its client into the salon's list
    when it is next written."""
    kept = {name: each for name, each in made.items() if name not in LISTS}
    if made.get("status", {}).get("S", "").startswith("booked "):
        kept["status"] = {"S": "booked"}
    return kept


def stored_form(kind: str) -> Any:
    return StoredWalk if kind == "WALK" else KINDS[kind]


def of_kind(kind: str) -> list[Raw]:
    return [raw for raw in ITEMS if kind_of(raw) == kind]


def test_every_kind_of_item_was_stored_before_or_is_listed_as_newer() -> None:
    assert {kind_of(raw) for raw in ITEMS} == set(KINDS) == set(keys.TEMPLATES) - NEWER


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_stored_before_is_written_again_in_the_same_bytes(item: Any, kind: str) -> None:
    for raw in of_kind(kind):
        made = without_what_is_newer(written(item, read(item, raw)))
        if "body" in raw and "packed" in made:  # the lists make it longer than a kilobyte
            made["body"] = {"S": inflated(made.pop("packed")["B"]).decode()}
        if kind == "MSG" and "status" in raw:  # of a message the index tells more than before
            assert made["status"]["S"].startswith(f"{raw['status']['S']} ")
            made["status"] = raw["status"]
        assert as_said(made) == as_said(raw), key_of(raw)


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
        assert set(json.loads(body)) <= set(stored_form(kind).__struct_fields__), key_of(raw)


def test_a_network_that_was_stored_before_there_were_trials_is_live(item: Any) -> None:
    networks = [read(item, raw) for raw in of_kind("NETWORK")]
    assert networks
    assert not any(network.trial for network in networks)


def test_a_salon_that_was_stored_before_has_the_networks_language_and_the_country_of_its_zone(
    item: Any,
) -> None:
    salons = [read(item, raw) for raw in of_kind("SALON")]
    assert {(salon.language, salon.country) for salon in salons} == {(None, None)}
