"""The first source holds: what corrections, merges and unmerging make of it, in any order."""

from datetime import datetime, timedelta
from itertools import permutations

import pytest
from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.clients.first_source import (
    CORRECTIONS_KEPT,
    partner_word,
    record_of,
    with_first_source,
    with_source_corrected,
    with_source_of,
    without_source_of,
)
from infra.testkit.builders import NOW, a_client


def registered(name: str, days_ago: int, source: str | None) -> Client:
    return a_client(f"cli_{name}", created_at=NOW - timedelta(days=days_ago), source=source)


OLD, MIDDLE = registered("old", 30, "walk-in"), registered("middle", 20, "google")
NEW = registered("new", 10, "insta")
NOBODY = registered("nobody", 40, None)
LATER = NOW + timedelta(days=1)


def corrected(client: Client, word: str | None, at: datetime = NOW) -> Client:
    return with_source_corrected(client, word, at, "key:desk")


def test_the_source_of_whoever_was_registered_earlier_holds() -> None:
    assert with_source_of(NEW, OLD).source == "walk-in"
    assert with_source_of(OLD, NEW) == OLD


def test_a_known_source_holds_where_the_earlier_client_had_none() -> None:
    assert with_source_of(NEW, NOBODY) == NEW
    assert with_source_of(NOBODY, NEW).source == "insta"


@pytest.mark.parametrize("order", list(permutations((OLD, MIDDLE, NOBODY))))
def test_several_merges_and_their_undoing_come_to_the_same_in_any_order(order: tuple[Client, ...]) -> None:
    target = NEW
    for source in order:
        target = with_source_of(target, source)
    assert target.source == "walk-in"
    assert without_source_of(target, {MIDDLE.id}).source == "walk-in"
    assert without_source_of(target, {OLD.id}).source == "google"
    for source in order:
        target = without_source_of(target, {source.id})
    assert target == NEW


def test_a_chain_of_merges_leaves_as_it_came() -> None:
    middle = with_source_of(MIDDLE, OLD)
    target = with_source_of(NEW, middle)
    assert target.source == "walk-in"
    assert without_source_of(target, {MIDDLE.id, OLD.id}) == NEW
    assert without_source_of(middle, {OLD.id}) == MIDDLE


def test_a_correction_holds_over_the_first_source_and_is_on_record() -> None:
    client = corrected(corrected(NEW, "tiktok"), None, LATER)
    assert client.source is None
    assert [(each.word, each.at) for each in record_of(client).corrected] == [(None, LATER), ("tiktok", NOW)]
    assert record_of(client).first == "insta"


def test_the_last_corrections_are_kept() -> None:
    client = NEW
    for number in range(CORRECTIONS_KEPT + 3):
        client = corrected(client, f"w{number}")
    assert [each.word for each in record_of(client).corrected] == ["w7", "w6", "w5", "w4", "w3"]
    assert record_of(client).first == "insta"


def test_a_correction_after_a_merge_holds_also_after_unmerging() -> None:
    client = corrected(with_source_of(NEW, OLD), "tiktok")
    assert client.source == "tiktok"
    assert without_source_of(client, {OLD.id}).source == "tiktok"


def test_a_merge_after_a_correction_follows_the_earlier_client() -> None:
    assert with_source_of(corrected(NEW, "tiktok"), OLD).source == "walk-in"
    assert with_source_of(NEW, corrected(OLD, "friend")).source == "friend"
    assert with_source_of(NEW, corrected(OLD, None)).source == "insta"


def test_what_a_partner_may_see_follows_from_the_registration_alone() -> None:
    for client in (with_source_of(NEW, OLD), corrected(NEW, "walk-in"), NEW):
        assert partner_word(client) == "insta"
    by_site = with_first_source(NEW, "walk-in")
    assert (by_site.source, partner_word(by_site)) == ("walk-in", "insta")
    assert with_first_source(NEW, None) == with_first_source(NEW, "insta") == NEW


def test_a_first_source_beside_that_of_the_registration_takes_part_in_merges() -> None:
    by_site, older = with_first_source(OLD, "maps"), registered("older", 99, "poster")
    assert with_source_of(NEW, by_site).source == "maps"
    assert without_source_of(with_source_of(by_site, older), {older.id}) == by_site


def test_other_facts_stay() -> None:
    target = with_source_of(NEW, OLD)
    assert replace(target, source="insta", source_record=None) == NEW
