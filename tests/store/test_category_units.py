"""What a kept category costs, by the rules of DynamoDB: nothing at most visits, and little at a change."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.clients.category_changes import CategoryCause
from chalicelib.domain.clients.client_visits import with_visit
from chalicelib.domain.clients.clients import Client, VisitDay
from chalicelib.domain.clients.kept_category import with_category
from chalicelib.domain.networks.category_definitions import CategoryDefinitions
from chalicelib.store.item import attributes_of
from chalicelib.store.table import Table
from infra.testkit.builders import a_client, a_consent
from infra.testkit.capacity_units import indexes_of, size, table_write_units
from infra.testkit.table_definition import table_definition
from tests.conftest import SHARDS

BY = CategoryDefinitions()
SERVICES = ("srv_0123456789abcdef", "srv_fedcba9876543210")


@pytest.fixture(scope="module")
def item() -> Any:
    return Table("perennial-test", "us-east-1", shards=SHARDS).item


def raw(item: Any, client: Client) -> dict[str, Any]:
    made: dict[str, Any] = item(**attributes_of(client, SHARDS)).serialize()
    return made


def without_category(client: Client) -> Client:
    return replace(
        client, category=None, category_since=None, category_changes=(), service_days={}, booked_on=None
    )


def visits(number: int, days: int) -> list[Client]:
    """A client with all that is usually known, before and after each of so many visits."""
    consents = tuple(a_consent(channel=channel) for channel in ("sms", "email"))
    found, day = [a_client(consents=consents, language="ro", source="instagram")], date(2026, 1, 5)
    for _ in range(number):
        client = with_visit(found[-1], VisitDay(day, "sal_0123456789abcdef"), "MDL", 50_000, SERVICES)
        found.append(with_category(client, BY, day, CategoryCause.VISIT, on=day))
        day += timedelta(days=days)
    return found


@pytest.mark.parametrize("days", [14, 30, 50])
def test_a_visit_costs_a_unit_at_first_two_at_a_change_and_else_nothing(item: Any, days: int) -> None:
    (by_category,) = (each for each in indexes_of(table_definition()) if each.name == "by_category")
    found = visits(12, days)
    for before, after in pairwise(found):
        kept = [raw(item, each) for each in (before, after)]
        bare = [raw(item, without_category(each)) for each in (before, after)]
        assert table_write_units(*kept) == table_write_units(*bare) == 1
        is_first, is_change = before.category is None, before.category != after.category
        assert by_category.write_units(*kept) == (1 if is_first else 2 if is_change else 0)


def test_a_client_with_the_most_changes_is_of_two_kilobytes_at_most(item: Any) -> None:
    client = visits(12, 20)[-1]
    change, day = client.category_changes[-1], date(2020, 1, 1)
    changes = tuple(
        replace(change, on=day + timedelta(days=37 * number), to=("at_risk", "developing")[number % 2])
        for number in range(40)
    )
    assert size(raw(item, replace(client, category_changes=changes))) <= 2048
