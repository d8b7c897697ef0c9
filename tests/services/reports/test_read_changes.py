"""Reports read from the index by category what the clients keep."""

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.clients.categories import CATEGORIES
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.clients.leaving import LeavingReason
from chalicelib.domain.facts.packed_changes import ListedCategory, packed_changes, unpacked_changes
from chalicelib.domain.shared.errors import Unreadable
from chalicelib.services.clients.leaving import LeavingStatement, state_reason
from chalicelib.services.reports.read_changes import categories_since, unchanged_since
from chalicelib.store.item import attributes_of
from chalicelib.store.keys import key
from infra.testkit.builders import NETWORK, a_client, access
from infra.testkit.salon_driver import MARIA_ID, SalonDriver
from tests.conftest import SHARDS

IRA, NINA, OLGA = "cli_ira0000000000001", "cli_nina000000000001", "cli_olga000000000001"
BEGINNING = date(2000, 1, 1)


@pytest.fixture
def lived(driver: SalonDriver) -> SalonDriver:
    """Maria came three times and is lost, and said why; Ira came twice, the first visit being Olga's, who is
    merged into Ira since; the only visit of Nina was undone."""
    for client_id in (IRA, NINA, OLGA):
        driver.store.save(a_client(client_id, phone=None, email=None))
    for days, client_id in ((0, MARIA_ID), (10, MARIA_ID), (10, MARIA_ID), (0, OLGA), (50, IRA)):
        driver.clock.now += timedelta(days=days)
        driver.complete(driver.book(driver.clock.now + timedelta(hours=1), client=client_id))
    driver.merge(OLGA, IRA)
    undone = driver.book(driver.clock.now + timedelta(hours=1), client=NINA)
    driver.complete(undone)
    driver.reopen(driver.booking(undone.id))
    driver.clock.now += timedelta(days=20)
    driver.drain()
    state_reason(driver.world, access(), MARIA_ID, LeavingStatement(LeavingReason.PRICE, "too dear"))
    return driver


def kept(driver: SalonDriver, client_id: str) -> ListedCategory:
    """A client as the index should have them."""
    client: Client = driver.client(client_id)
    return ListedCategory(client_id, str(client.category), str(client.category_since), packed_changes(client))


def test_the_index_tells_what_the_clients_keep(lived: SalonDriver) -> None:
    found = categories_since(lived.world, NETWORK, BEGINNING)
    assert found == [kept(lived, each) for each in (IRA, MARIA_ID, NINA)]
    assert [each.category for each in found] == ["developing", "lost", "potential"]
    assert [str(each.text).partition(" ")[2][:5] for each in found] == ["", "price", ""]
    assert [each.to for each in unpacked_changes(str(found[2].text))] == ["new", "potential"]


def test_only_those_are_read_whose_latest_change_is_late_enough(lived: SalonDriver) -> None:
    last = date.fromisoformat(kept(lived, MARIA_ID).since)
    for since in (last, last + timedelta(days=1)):
        found = [each.client_id for each in categories_since(lived.world, NETWORK, since)]
        assert found == [each for each in (IRA, MARIA_ID, NINA) if kept(lived, each).since >= str(since)]
        counted = unchanged_since(lived.world, NETWORK, since)
        assert sum(counted.values()) + len(found) == 3
        assert set(counted) == set(CATEGORIES)


def test_a_client_whose_entry_tells_nothing_is_read(lived: SalonDriver) -> None:
    whole = categories_since(lived.world, NETWORK, BEGINNING)
    item = item_of(lived)
    listed = item.category_key, item.category_at
    apart = lived.store.item(**attributes_of(replace(lived.client(), category=None), SHARDS))
    apart.category_key, apart.category_at = listed
    apart.save()
    assert categories_since(lived.world, NETWORK, BEGINNING) == whole


def test_a_client_who_must_be_read_and_cannot_is_named(lived: SalonDriver) -> None:
    item = item_of(lived)
    item.changes = "pn"
    item.save()
    with pytest.raises(Unreadable) as refusal:
        categories_since(lived.world, NETWORK, BEGINNING)
    assert refusal.value.item == f"client {MARIA_ID}"


def item_of(driver: SalonDriver) -> Any:
    pk, sk = key("CLIENT", network_id=NETWORK, id=MARIA_ID)
    return driver.store.item.get(pk, sk)
