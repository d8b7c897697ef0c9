"""The example of leaving in docs/metrics.md comes out as the page says."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest
from msgspec.structs import replace

from chalicelib.analytics.run_report import run_list, run_report
from chalicelib.domain.clients.leaving import LeavingReason, StatedReason
from chalicelib.domain.reports.leaving_reasons import (
    FACTS,
    GAP_GREW_PERCENT,
    LOW_RATING_STARS,
    PRICE_ROSE_PERCENT,
)
from chalicelib.services.bookings.desk_tasks import LOW_STARS
from tests.reports.histories import empty_connection
from tests.reports.test_flows_documented import kept
from tests.reports.test_leaving import Told, put
from tests.reports.test_metrics_documented import NOON, asked, history, section, table
from tests.reports.touches import make_view

WORDS, EXAMPLE = re.split(r"^### ", section("Leaving"), flags=re.MULTILINE)
QUESTION = asked("from=2026-05&to=2026-08", "leaving")


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with empty_connection() as made:
        make_view(made)
        stated = {
            "Anna": stating(LeavingReason.PRICE, 7, 10),
            "Eva": stating(LeavingReason.MOVED, 6, 1),
            "Fiona": stating(LeavingReason.PRICE, 1, 15),
        }
        told = Told(stated, {"Boris"}, {("Maria", "Centru"), ("Vera", "Arbat")})
        put(made, history(), kept(), told, QUESTION)
        yield made


def stating(reason: LeavingReason, month: int, day: int) -> StatedReason:
    return StatedReason(reason, datetime(2026, month, day, 12, tzinfo=UTC), "key_1")


@pytest.mark.parametrize("row", table(EXAMPLE), ids=lambda row: row[0])
def test_each_row_and_its_clients_come_out_as_the_page_says(
    row: list[str], connection: duckdb.DuckDBPyConnection
) -> None:
    key, clients, known, names = row
    (found,) = (each for each in run_report(connection, QUESTION, NOON, "UTC").rows if each["key"] == key)
    assert [found["clients"], found["known"]] == [int(clients), int(known)]
    listed = run_list(connection, replace(QUESTION, listed="base", reason=key), NOON, "UTC")
    assert ", ".join(each.client_id for each in listed.items) == ("" if names == "nobody" else names)


def test_the_total_comes_out_as_the_page_says(connection: duckdb.DuckDBPyConnection) -> None:
    total: dict[str, Any] = dict(run_report(connection, QUESTION, NOON, "UTC").total)
    told = {name: total[name] for name in ("clients", "returned", "stated", "outside", "nothing_told")}
    assert told == {"clients": 6, "returned": 1, "stated": 2, "outside": 1, "nothing_told": 1}
    returned = run_list(connection, replace(QUESTION, listed="returned"), NOON, "UTC")
    assert [each.client_id for each in returned.items] == ["Fiona"]


def test_the_page_tells_each_fact_with_its_bounds() -> None:
    rows = {row[0]: row[1] for row in table(WORDS)}
    assert list(rows) == [f"fact:{name}" for name in FACTS]
    assert f"{PRICE_ROSE_PERCENT - 100} %" in rows["fact:price_rose"]
    assert f"{GAP_GREW_PERCENT / 100} times" in rows["fact:gap_grew"]
    assert LOW_STARS == LOW_RATING_STARS == 3
    assert "three stars" in rows["fact:rating_low"]
    assert "three stars" in rows["fact:complaint_open"]
