"""The table that the stack gives Athena fits the files: DuckDB reads them by its definition."""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from chalicelib.analytics.parquet import VISITS_V1, make_part
from chalicelib.domain.facts.fact_pages import FactPage, part_key
from chalicelib.domain.facts.visit_facts import VisitFact
from infra.package import ROOT
from infra.testkit.doubles import FolderObjects

VIEWS = [ROOT / "infra" / "athena" / f"{name}.sql" for name in ("attendances", "visits")]
TYPES = {
    "string": "VARCHAR", "date": "DATE", "timestamp": "TIMESTAMP", "bigint": "BIGINT", "int": "USMALLINT",
}  # fmt: skip
"""Athena's type -> DuckDB's."""
BUCKET = "facts-bucket"


class Template(yaml.SafeLoader):
    """Reads the template with each intrinsic function as its argument."""


def _argument(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    assert isinstance(node, yaml.MappingNode)
    return loader.construct_mapping(node, deep=True)


Template.add_multi_constructor("!", _argument)


@pytest.fixture(scope="module")
def table() -> dict[str, Any]:
    text = (ROOT / "infra" / "resources.yaml").read_text(encoding="utf-8")
    template = yaml.load(text, Template)
    found: dict[str, Any] = template["Resources"]["VisitParts"]["Properties"]["TableInput"]
    return found


def a_page(month: str, version: int = 0, salon_id: str = "sal_1") -> FactPage:
    return FactPage(network_id="net_1", salon_id=salon_id, month=month, version=version)


def a_fact(day: date, booking: str, salon_id: str = "sal_1", attendance: str = "completed") -> VisitFact:
    return VisitFact(
        salon=salon_id, booking=booking, line=0, client="cli_1", visit_on=day,
        visit_at=datetime(day.year, day.month, day.day, 9, 30, tzinfo=UTC), service="srv_1", staff=None,
        currency="MDL", list_minor=50_000, price_minor=45_000, paid_minor=45_000, source="инстаграм",
        attendance=attendance,
    )  # fmt: skip


def location(table: dict[str, Any], page: FactPage) -> str:
    """The folder of a page as Athena projects it."""
    text = table["Parameters"]["storage.location.template"].replace("${FactsBucket}", BUCKET)
    values = {"network": page.network_id, "salon": page.salon_id, "month": page.month}
    for name, value in values.items():
        text = text.replace("${!" + name + "}", value)  # `!` is taken away by CloudFormation
    return str(text)


def test_the_columns_are_those_of_the_files(table: dict[str, Any]) -> None:
    partitions = [each["Name"] for each in table["PartitionKeys"]]
    assert partitions == ["network", "salon", "month"]
    columns = {each["Name"]: TYPES[each["Type"]] for each in table["StorageDescriptor"]["Columns"]}
    assert columns == {name: kind for name, kind in VISITS_V1.items() if name not in partitions}


def test_each_page_lies_where_athena_looks_for_it(table: dict[str, Any]) -> None:
    page = a_page("2026-03")
    assert f"s3://{BUCKET}/{part_key(page, b'x')}".startswith(location(table, page))
    assert table["StorageDescriptor"]["Location"].replace("${FactsBucket}", BUCKET) in location(table, page)
    begin, end = table["Parameters"]["projection.month.range"].split(",")
    assert begin <= page.month
    assert end.startswith("NOW")


def test_the_view_reads_the_newest_part_of_each_page(table: dict[str, Any], tmp_path: Path) -> None:
    objects = FolderObjects(tmp_path)
    march, april = date(2026, 3, 8), date(2026, 4, 9)
    for page, facts in (
        (a_page("2026-03", version=8), [a_fact(march, "bkg_old")]),
        (a_page("2026-03", version=9), [a_fact(march, "bkg_1"), a_fact(march, "bkg_2")]),
        (a_page("2026-04"), [a_fact(april, "bkg_3"), a_fact(april, "bkg_missed", attendance="no_show")]),
        (a_page("2026-03", salon_id="sal_2"), [a_fact(march, "bkg_4", "sal_2")]),
    ):
        content = make_part(facts).content
        objects.put(part_key(page, content), content)
    columns = [each["Name"] for each in [*table["PartitionKeys"], *table["StorageDescriptor"]["Columns"]]]
    views = [re.sub("^--.*\n", "", view.read_text(encoding="utf-8"), flags=re.MULTILINE) for view in VIEWS]
    with duckdb.connect() as connection:
        parts = str(tmp_path / "facts/visits/v1/*/*/*/*.parquet")
        connection.execute(
            f"CREATE VIEW visit_parts AS SELECT {', '.join(columns)}, filename FROM read_parquet('{parts}', "
            "hive_partitioning = true, hive_types_autocast = false, filename = true)"
        )
        for view in views:
            connection.execute(view.replace('"$path"', "filename"))
        shown = connection.execute("SELECT * FROM visits ORDER BY booking").fetchall()
        assert [column[0] for column in connection.description or ()] == columns
        of_missed = "SELECT booking FROM attendances WHERE attendance = 'no_show'"
        assert connection.execute(of_missed).fetchall() == [("bkg_missed",)]
    assert [row[:4] for row in shown] == [
        ("net_1", "sal_1", "2026-03", "bkg_1"),
        ("net_1", "sal_1", "2026-03", "bkg_2"),
        ("net_1", "sal_1", "2026-04", "bkg_3"),
        ("net_1", "sal_2", "2026-03", "bkg_4"),
    ]
    assert dict(zip(columns, shown[0], strict=True))["source"] == "инстаграм"
