"""Laying out the year: all of it is found again, and doing it twice undoes nothing."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.bookings.bookings import Booking, Status, stepped
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.shared.links import Link
from infra.demo.marker import Marker, Markers
from infra.demo.year.layout import LayoutTable, lay_out
from tests.demo.demo_network import NETWORK, NOW, year

COUNT = 60
NAME = "perennial-demo"


@pytest.fixture
def table() -> Iterator[LayoutTable]:
    from moto import mock_aws

    with mock_aws():
        table = LayoutTable(NAME, "us-east-1", shards=8)
        table.item.create_table(billing_mode="PAY_PER_REQUEST")
        yield table


def is_due(value: Any) -> bool:
    wake = getattr(value, "wake", None)
    return wake is not None and wake.at <= NOW


def test_all_of_it_is_found_again_and_what_is_due_is_in_the_wake_index(table: LayoutTable) -> None:
    histories = year(clients=COUNT)
    values = [value for history in histories for value in history]
    assert lay_out(table, iter(histories), NOW, lambda line: None) == len(values)

    client = histories[3][0]
    assert table.get(Client, network_id=NETWORK, id=client.id).name == client.name
    bookings = [value for value in values if isinstance(value, Booking)]
    counted = sum((table.statuses(NETWORK, f"sal_{n}") for n in range(3)), start=table.statuses(NETWORK, ""))
    assert counted.total() == len(bookings)
    due = [item for shard in range(8) for item in table.due(f"WAKE#{shard:02d}", NOW, limit=100)]
    assert len(due) == sum(is_due(value) for value in values)
    link = next(value for value in values if isinstance(value, Link))
    assert table.get(Link, id=link.id) == link
    assert len(table.accounts_named(NETWORK, [history[0].id for history in histories])) > 0


def test_laid_out_again_nothing_is_undone_that_the_functions_did(table: LayoutTable) -> None:
    histories = year(clients=COUNT)
    lay_out(table, iter(histories), NOW, lambda line: None)
    due = next(
        value for history in histories for value in history if isinstance(value, Booking) and is_due(value)
    )
    stands = table.get(Booking, network_id=NETWORK, id=due.id)
    assert stands is not None
    table.save(stepped(stands, Status.CANCELLED, NOW))

    lay_out(table, iter(histories), NOW, lambda line: None)
    again = table.get(Booking, network_id=NETWORK, id=due.id)
    assert again is not None
    assert again.status is Status.CANCELLED


def test_the_marker_is_read_as_it_was_written(table: LayoutTable) -> None:
    import boto3

    markers = Markers(boto3.client("dynamodb", region_name="us-east-1"), NAME, NETWORK)
    assert markers.read() is None
    marker = Marker(anchor=NOW - timedelta(hours=1), items=5, entries={"grant": [2, 30]}, told=True)
    assert markers.write(marker) == markers.read() == marker
    assert table.directory(NETWORK) is None  # it is no part of the network's set-up
