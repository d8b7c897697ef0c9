"""What a kept category costs, by the rules of DynamoDB: nothing at most visits, and little at a change."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.clients.calls import CallResult, PhoneCall
from chalicelib.domain.clients.category_changes import CategoryCause
from chalicelib.domain.clients.client_visits import with_visit
from chalicelib.domain.clients.clients import Client, Merge, VisitDay
from chalicelib.domain.clients.kept_category import with_category
from chalicelib.domain.clients.leaving import LeavingReason, StatedReason
from chalicelib.domain.networks.category_definitions import CategoryDefinitions
from chalicelib.store.item import attributes_of, body_of, value_of
from chalicelib.store.keys import place_of
from chalicelib.store.table import Table
from infra.testkit.builders import NETWORK, NOW, a_client, a_consent
from infra.testkit.capacity_units import indexes_of, size, table_write_units
from infra.testkit.table_definition import table_definition
from tests.conftest import SHARDS

BY = CategoryDefinitions()
UNDONE = CategoryCause.VISIT_UNDONE
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


def test_a_reason_of_leaving_costs_a_unit_of_the_index_and_its_repetition_none(item: Any) -> None:
    (by_category,) = (each for each in indexes_of(table_definition()) if each.name == "by_category")
    came = visits(3, 14)[-1]
    stated = StatedReason(LeavingReason.PRICE, datetime(2026, 3, 9, tzinfo=UTC), "key_1", "too dear")
    left = replace(came, leaving=(stated,))
    again = replace(left, invitations=1, leaving=(stated, stated))
    assert by_category.write_units(raw(item, came), raw(item, left)) == 1
    assert by_category.write_units(raw(item, left), raw(item, again)) == 0


def test_what_the_index_tells_is_not_repeated_in_the_body(item: Any) -> None:
    client = visits(9, 14)[-1]
    made = item(**attributes_of(client, SHARDS))
    assert made.changes.startswith("pnv")
    assert "category_changes" not in body_of(made)
    assert value_of(Client, made).category_changes == client.category_changes


def test_a_client_whose_visits_are_all_undone_stays_in_the_index_and_a_merged_one_tells_no_changes(
    item: Any,
) -> None:
    came = visits(1, 14)[-1]
    undone = with_category(replace(came, visits_count=0, recent_visits=()), BY, date(2026, 2, 1), UNDONE)
    assert place_of(undone).category_key == f"NET#{NETWORK}#CAT#potential"
    merge = Merge(into="cli_2", at=datetime(2026, 3, 9, tzinfo=UTC), actor="key_1", out_id="", in_id="")
    merged = raw(item, replace(came, merged=merge))
    assert "changes" not in merged
    assert value_of(Client, item.from_raw_data(merged)).category_changes == came.category_changes


def test_a_client_with_the_most_changes_is_of_two_kilobytes_at_most(item: Any) -> None:
    client = visits(12, 20)[-1]
    change, day = client.category_changes[-1], date(2020, 1, 1)
    changes = tuple(
        replace(change, on=day + timedelta(days=37 * number), to=("at_risk", "developing")[number % 2])
        for number in range(40)
    )
    assert size(raw(item, replace(client, category_changes=changes))) <= 2048


def test_of_an_overdue_client_a_call_costs_a_unit_and_a_message_none(item: Any) -> None:
    (by_category,) = (each for each in indexes_of(table_definition()) if each.name == "by_category")
    client = visits(5, 20)[-1]
    last = client.recent_visits[0].on
    overdue = with_category(client, BY, last + timedelta(days=40), looked=True)
    called = replace(overdue, last_call=PhoneCall(CallResult.NO_ANSWER, NOW, "key:key_owner"))
    assert overdue.category == "at_risk"
    for after, units in ((replace(overdue, invitations=4), 0), (called, 1)):
        assert by_category.write_units(raw(item, overdue), raw(item, after)) == units
        assert table_write_units(raw(item, overdue), raw(item, after)) == 1
