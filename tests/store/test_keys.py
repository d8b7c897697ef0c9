"""Keys: no query can cross tenants, and docs/access-patterns.md names every template that there is."""

import re
from datetime import timedelta
from typing import Any, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.services.shared.storable import Storable
from chalicelib.store import keys
from chalicelib.store.kinds import KINDS
from infra.package import ROOT
from infra.testkit.builders import (
    NETWORK,
    NOW,
    a_booking,
    a_client,
    a_connection,
    a_network,
    a_salon,
    a_service,
)

DOC = (ROOT / "docs" / "access-patterns.md").read_text()
IN_TICKS = set(re.findall(r"`([^`]+)`", DOC))


def templates() -> set[str]:
    by_index = {template for found in keys.INDEX_TEMPLATES.values() for template in found}
    return {part for pair in keys.TEMPLATES.values() for part in pair} | by_index


@pytest.mark.parametrize("template", sorted(templates()))
def test_every_key_template_is_explained_in_the_docs(template: str) -> None:
    assert template in IN_TICKS


def test_the_docs_explain_no_key_that_does_not_exist() -> None:
    told = {text for text in IN_TICKS if "#" in text}
    assert told <= templates()


def test_the_docs_name_every_way_of_reading_that_the_store_has() -> None:
    from chalicelib.store.table import Table

    others = {"save", "prepare", "delete", "locate", "item", "shards"}
    table = Table("perennial-test", "us-east-1", shards=1)
    reads = {name for name in dir(table) if not name.startswith("_")} - others
    assert {name for name in reads if f"`{name}`" not in DOC} == set()


def test_every_index_is_in_the_docs() -> None:
    for name in ("wake", "by_client", "by_salon", "by_network", "by_category"):
        assert f"`{name}`" in DOC


def test_every_partition_begins_with_its_network_but_links_numbers_and_the_wake_index() -> None:
    whole = {pk for pk, _ in keys.TEMPLATES.values()} | {
        template for found in keys.INDEX_TEMPLATES.values() for template in found
    }
    assert {pk for pk in whole if not pk.startswith("NET#{network_id}")} == {
        "LINK#{id}",
        "NUMBER#{number}",
        "WAKE#{shard}",
    }


def test_every_stored_type_has_a_template_and_every_template_a_type() -> None:
    """A value of each type lands in a partition of its own network."""
    samples: list[Any] = [a_network(), a_salon(), a_service(), a_client(), a_booking(), a_connection()]
    for value in samples:
        assert keys.place_of(value).pk.startswith(f"NET#{NETWORK}")
    assert sorted(kind.item for kind in KINDS.values()) == sorted(keys.TEMPLATES)
    assert set(KINDS) == {get_origin(each) or each for each in get_args(Storable)}


def test_the_docs_name_kinds_that_there_are() -> None:
    named = set(re.findall(r"`get(?:_all|_page)?\((\w+)\)`", DOC))
    assert named <= {kind.__name__ for kind in KINDS}


def test_what_is_not_stored_has_no_place() -> None:
    with pytest.raises(KeyError):
        keys.place_of(object())


def test_a_booking_is_found_by_its_client_or_by_whom_it_waits_for() -> None:
    known = keys.place_of(a_booking())
    waiting = keys.place_of(a_booking(client_id=None, connection_id="con_1", waiting_for="CUST"))
    nobody = keys.place_of(a_booking(client_id=None))
    assert known.client_key == f"NET#{NETWORK}#CLI#cli_maria00000000001"
    assert waiting.client_key == f"NET#{NETWORK}#SITE#con_1#CUST"
    assert nobody.client_key is None


instants = st.integers(0, 10**12).map(lambda ms: NOW + timedelta(milliseconds=ms))


@given(instants, instants)
def test_the_order_of_instants_as_text_is_their_order_in_time(one: Any, other: Any) -> None:
    assert (keys.instant_text(one) < keys.instant_text(other)) == (one < other)


@given(st.text(), st.integers(1, 32))
def test_every_item_has_one_of_the_shards(pk: str, shards: int) -> None:
    assert keys.shard_of(pk, shards) in keys.shard_names(shards)


def test_items_spread_evenly_over_the_shards() -> None:
    found = [keys.shard_of(f"NET#net_1#BKG#bkg_{number}", 8) for number in range(8000)]
    assert all(850 < found.count(shard) < 1150 for shard in keys.shard_names(8))
