"""Parquet files of facts: written and read by DuckDB, the same facts in the same order and the same bytes."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from chalicelib.analytics.parquet import make_part, read_part
from chalicelib.domain.facts.fact_pages import VISITS
from chalicelib.domain.facts.visit_facts import VisitFact
from chalicelib.services.facts.fact_files import DamagedPart
from infra.testkit.builders import NOW


def a_fact(number: int = 0, **fields: Any) -> VisitFact:
    given: dict[str, Any] = {
        "salon": "sal_centru",
        "booking": f"bkg_{number:016d}",
        "line": 0,
        "client": None,
        "visit_on": NOW.date() + timedelta(number),
        "visit_at": NOW + timedelta(days=number, milliseconds=7),
        "service": "srv_cut",
        "staff": None,
        "currency": "MDL",
        "list_minor": None,
        "price_minor": 10**12,
        "paid_minor": None,
    }
    return VisitFact(**given | fields)


FACTS = [a_fact(0, source='Мария «Ș» "💅'), a_fact(1, client="cli_1", paid_minor=5), a_fact(2, staff="stf_1")]


def test_facts_come_back_as_they_were() -> None:
    part = make_part(VISITS, FACTS)
    assert part.rows == 3
    assert read_part(VISITS, part.content) == FACTS


@pytest.fixture
def part_of_before(tmp_path: Path) -> bytes:
    """A part of the first release of the schema, which had sixteen columns."""
    new, old = tmp_path / "new.parquet", tmp_path / "old.parquet"
    new.write_bytes(make_part(VISITS, FACTS).content)
    with duckdb.connect() as connection:
        columns = "* EXCLUDE (booked_on, referrer, attendance)"
        connection.execute(
            f"COPY (SELECT {columns} FROM read_parquet('{new}')) TO '{old}' (FORMAT parquet)"
        )
    return old.read_bytes()


def test_a_part_that_lacks_newer_columns_is_read_and_renewed(part_of_before: bytes) -> None:
    assert read_part(VISITS, part_of_before) == FACTS
    changed = a_fact(1, booked_on=date(2026, 11, 20), referrer="cli_ion", attendance="no_show")
    part = make_part(VISITS, [changed], part_of_before, [changed.visit_on])
    assert read_part(VISITS, part.content) == [FACTS[0], changed, FACTS[2]]


def test_an_empty_month_is_a_part() -> None:
    part = make_part(VISITS, [])
    assert (part.rows, read_part(VISITS, part.content)) == (0, [])


def test_the_order_in_which_facts_are_read_makes_no_other_bytes() -> None:
    assert make_part(VISITS, FACTS[::-1]).content == make_part(VISITS, FACTS).content


def test_days_are_replaced_and_others_stay() -> None:
    former = make_part(VISITS, FACTS).content
    changed = a_fact(1, paid_minor=7)
    day = changed.visit_on
    part = make_part(VISITS, [changed], former, [day])
    assert read_part(VISITS, part.content) == [FACTS[0], changed, FACTS[2]]
    assert read_part(VISITS, make_part(VISITS, [], former, [day]).content) == [FACTS[0], FACTS[2]]
    assert read_part(VISITS, make_part(VISITS, [], former, []).content) == FACTS


def test_a_renewed_part_has_the_bytes_of_one_made_anew() -> None:
    changed = a_fact(1, paid_minor=7)
    renewed = make_part(VISITS, [changed], make_part(VISITS, FACTS).content, [changed.visit_on])
    assert renewed.content == make_part(VISITS, [FACTS[0], changed, FACTS[2]]).content


@pytest.mark.parametrize("content", [b"", b"PAR1", b"no parquet at all" * 9])
def test_what_is_no_part_is_damaged(content: bytes) -> None:
    with pytest.raises(DamagedPart):
        read_part(VISITS, content)
    with pytest.raises(DamagedPart):
        make_part(VISITS, FACTS, content, [date(2026, 11, 23)])


def test_a_part_that_was_cut_short_is_damaged() -> None:
    content = make_part(VISITS, FACTS).content
    with pytest.raises(DamagedPart):
        read_part(VISITS, content[: len(content) // 2])
