"""The tables that the stack gives Athena fit the files: DuckDB reads these by their definitions."""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from chalicelib.analytics.parquet import SCHEMAS, make_part
from chalicelib.domain.facts.fact_kinds import Fact
from chalicelib.domain.facts.fact_pages import FACT_TABLES, TOUCHES, VISITS, FactPage, part_key
from chalicelib.domain.facts.touch_facts import TouchFact
from chalicelib.domain.facts.visit_facts import VisitFact
from infra.package import ROOT
from infra.testkit.doubles import FolderObjects

FOLDER = ROOT / "infra" / "athena"
VIEWS = {VISITS: ("attendances", "visits"), TOUCHES: ("touches",)}
"""Table of facts -> its views, in the order in which they are made."""
RESOURCES = {VISITS: "VisitParts", TOUCHES: "TouchParts"}
"""Table of facts -> Athena's table of its parts."""
TYPES = {
    "string": "VARCHAR", "date": "DATE", "timestamp": "TIMESTAMP", "bigint": "BIGINT", "int": "USMALLINT",
    "boolean": "BOOLEAN",
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


@pytest.fixture(params=FACT_TABLES)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    text = (ROOT / "infra" / "resources.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.load(text, Template)["Resources"]
    return found


@pytest.fixture
def table(kind: str, resources: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = resources[RESOURCES[kind]]["Properties"]["TableInput"]
    return found


def a_page(kind: str, month: str, version: int = 0, salon_id: str = "sal_1") -> FactPage:
    return FactPage(network_id="net_1", table=kind, salon_id=salon_id, month=month, version=version)


def a_fact(
    kind: str, day: date, named: str, salon_id: str = "sal_1", attendance: str = "completed"
) -> Fact:
    at = datetime(day.year, day.month, day.day, 9, 30, tzinfo=UTC)
    if kind == TOUCHES:
        return TouchFact(
            salon=salon_id, message=named, client="cli_1", kind="win_back", channel="sms", state="skipped",
            reason="held_out", touch_on=day, touch_at=at, cost_micros=0, campaign="инстаграм",
        )  # fmt: skip
    return VisitFact(
        salon=salon_id, booking=named, line=0, client="cli_1", visit_on=day, visit_at=at, service="srv_1",
        staff=None, currency="MDL", list_minor=50_000, price_minor=45_000, paid_minor=45_000,
        source="инстаграм", attendance=attendance,
    )  # fmt: skip


def location(table: dict[str, Any], page: FactPage) -> str:
    """The folder of a page as Athena projects it."""
    text = table["Parameters"]["storage.location.template"].replace("${FactsBucket}", BUCKET)
    values = {"network": page.network_id, "salon": page.salon_id, "month": page.month}
    for name, value in values.items():
        text = text.replace("${!" + name + "}", value)  # `!` is taken away by CloudFormation
    return str(text)


def test_the_columns_are_those_of_the_files(kind: str, table: dict[str, Any]) -> None:
    partitions = [each["Name"] for each in table["PartitionKeys"]]
    assert partitions == ["network", "salon", "month"]
    columns = {each["Name"]: TYPES[each["Type"]] for each in table["StorageDescriptor"]["Columns"]}
    of_files = SCHEMAS[kind].columns.items()
    assert list(columns.items()) == [(name, of) for name, of in of_files if name not in partitions]


def test_each_page_lies_where_athena_looks_for_it(kind: str, table: dict[str, Any]) -> None:
    page = a_page(kind, "2026-03")
    assert f"s3://{BUCKET}/{part_key(page, b'x')}".startswith(location(table, page))
    assert table["StorageDescriptor"]["Location"].replace("${FactsBucket}", BUCKET) in location(table, page)
    begin, end = table["Parameters"]["projection.month.range"].split(",")
    assert begin <= page.month
    assert end.startswith("NOW")


def test_the_view_reads_the_newest_part_of_each_page(
    kind: str, table: dict[str, Any], tmp_path: Path
) -> None:
    objects = FolderObjects(tmp_path)
    march, april = date(2026, 3, 8), date(2026, 4, 9)
    for page, facts in (
        (a_page(kind, "2026-03", version=8), [a_fact(kind, march, "id_old")]),
        (a_page(kind, "2026-03", version=9), [a_fact(kind, march, "id_1"), a_fact(kind, march, "id_2")]),
        (a_page(kind, "2026-04"), [a_fact(kind, april, "id_3")]),
        (a_page(kind, "2026-03", salon_id="sal_2"), [a_fact(kind, march, "id_4", "sal_2")]),
    ):
        content = make_part(kind, facts).content
        objects.put(part_key(page, content), content)
    columns = [each["Name"] for each in [*table["PartitionKeys"], *table["StorageDescriptor"]["Columns"]]]
    texts = [(FOLDER / f"{name}.sql").read_text(encoding="utf-8") for name in VIEWS[kind]]
    views = [re.sub("^--.*\n", "", text, flags=re.MULTILINE) for text in texts]
    with duckdb.connect() as connection:
        parts = str(tmp_path / f"facts/{kind}/v1/*/*/*/*.parquet")
        connection.execute(
            f"CREATE VIEW {table['Name']} AS SELECT {', '.join(columns)}, filename"
            f" FROM read_parquet('{parts}', hive_partitioning = true,"
            " hive_types_autocast = false, filename = true)"
        )
        for view in views:
            connection.execute(view.replace('"$path"', "filename"))
        shown = connection.execute(f"SELECT * FROM {kind} ORDER BY 4").fetchall()
        assert [column[0] for column in connection.description or ()] == columns
    assert [row[:4] for row in shown] == [
        ("net_1", "sal_1", "2026-03", "id_1"),
        ("net_1", "sal_1", "2026-03", "id_2"),
        ("net_1", "sal_1", "2026-04", "id_3"),
        ("net_1", "sal_2", "2026-03", "id_4"),
    ]
    assert "инстаграм" in shown[0]


def test_a_no_show_is_among_the_attendances_and_no_visit(resources: dict[str, Any], tmp_path: Path) -> None:
    day = date(2026, 4, 9)
    facts = [a_fact(VISITS, day, "bkg_3"), a_fact(VISITS, day, "bkg_missed", attendance="no_show")]
    file = tmp_path / "part.parquet"
    file.write_bytes(make_part(VISITS, facts).content)
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE VIEW visit_parts AS SELECT *, 'net_1' AS network, '2026-04' AS month, filename"
            f" FROM read_parquet('{file}', filename = true)"
        )
        for name in VIEWS[VISITS]:
            text = (FOLDER / f"{name}.sql").read_text(encoding="utf-8")
            connection.execute(
                re.sub("^--.*\n", "", text, flags=re.MULTILINE).replace('"$path"', "filename")
            )
        missed = connection.execute("SELECT booking FROM attendances WHERE attendance = 'no_show'").fetchall()
        assert missed == [("bkg_missed",)]
        assert connection.execute("SELECT booking FROM visits").fetchall() == [("bkg_3",)]
