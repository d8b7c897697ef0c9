"""How long the reports of a large network take once its pages are on the function's disk, and in how much
memory: two threads, and as much memory for DuckDB as the function gives it.

The visits are made by DuckDB, and lie in Parquet pages as renewals write them, one a salon and month. The
same SQL over one Parquet file of all visits says what the pages cost. It runs in a process of its own, whose
peak memory is its own.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.report.figures import Figure
from infra.package import ROOT
from infra.testkit.builders import NETWORK

VISITS, CLIENTS, SALONS = 3_000_000, 400_000, 100
MAX_SECONDS, MAX_MB, MAX_RATIO = 3, 1_024, 2
MEMORY_MB = 640
"""What DuckDB may take: beside it lies Python, and what DuckDB does not count."""

AS_OF = datetime(2026, 11, 29, 9, tzinfo=UTC)
ZONE = "Europe/Chisinau"
TIMES = 3

_VISITS = """
CREATE TABLE made AS
WITH lives AS (
    SELECT
        client::INTEGER AS client,
        hash(client, 1) % 700 AS joined,
        10 + 60 * pow((hash(client, 2) % 1000000) / 1e6, 2) AS mean_gap,
        0.01 + 0.4 * pow((hash(client, 3) % 1000000) / 1e6, 2) AS leaves,
        1 + floor(ln((1 + hash(client, 4) % 1000000) / 1000001) / ln(1 - leaves)) AS visits
    FROM range($clients) AS numbers(client)
),
gaps AS (
    SELECT
        client, joined, number,
        1 + floor(-mean_gap * ln((1 + hash(client, number, 5) % 1000000) / 1000001)) AS gap
    FROM lives, range(least(visits, 150)::BIGINT) AS numbers(number)
),
came AS (
    SELECT
        client,
        joined + sum(gap) OVER (PARTITION BY client ORDER BY number) - 1 AS day,
        DATE '2024-12-01' + day::INTEGER AS visit_on
    FROM gaps
),
drawn AS (
    SELECT client, visit_on, row_number() OVER (ORDER BY hash(client, visit_on, 6), client, visit_on) AS i
    FROM came
    WHERE day < 728
    QUALIFY i <= $visits
),
placed AS (
    SELECT
        *, (CASE WHEN hash(i, 1) % 10 = 0 THEN hash(i, 9) ELSE hash(client) END % $salons)::INTEGER AS salon
    FROM drawn
)
SELECT
    'sal_' || format('{:022d}', salon) AS salon,
    'bkg_' || format('{:022d}', i) AS booking,
    0::USMALLINT AS line,
    'cli_' || format('{:022d}', client) AS client,
    visit_on,
    visit_on + to_hours((7 + hash(i, 4) % 11)::INTEGER) AS visit_at,
    'srv_' || format('{:022d}', (hash(i, 5) % 40)::INTEGER) AS service,
    'stf_' || format('{:022d}', salon * 8 + (hash(i, 6) % 8)::INTEGER) AS staff,
    'MDL' AS currency,
    40000::BIGINT AS list_minor, 40000::BIGINT AS price_minor,
    (20000 + hash(client, 7) % 40000 + hash(i, 7) % 20000)::BIGINT AS paid_minor,
    0::BIGINT AS goods_minor, 0::BIGINT AS points_minor, 0::BIGINT AS refunded_minor,
    ['instagram', 'friend', 'walk-in', 'site', NULL][1 + (hash(i, 8) % 5)::INTEGER] AS source,
    visit_on - (hash(i, 10) % 60)::INTEGER AS booked_on,
    CASE WHEN hash(client, 11) % 5 = 0 THEN 'cli_' || format('{:022d}', client // 3) END AS referrer,
    'completed' AS attendance,
    CASE WHEN hash(i, 12) % 5 = 0 THEN 5 - (hash(i, 13) % 20 = 0)::INTEGER * 3 END::USMALLINT AS rating
FROM placed
"""
"""Clients come at random, each at a pace of their own, and leave after a visit with a probability of their
own, so that their value can be foretold. One visit in ten is in another salon than the client's own."""

_TO_COME = """
SELECT
    'sal_' || format('{:022d}', (hash(i, 1) % $salons)::INTEGER) AS salon,
    'bkg_' || format('{:022d}', 1000000000 + i) AS booking,
    'cli_' || format('{:022d}', (hash(i, 2) % $clients)::INTEGER) AS client,
    DATE '2026-11-29' + (hash(i, 3) % 40)::INTEGER AS starts_on,
    DATE '2026-11-28' - (hash(i, 4) % 40)::INTEGER AS booked_on
FROM range($clients // 10) AS numbers(i)
"""
"""A booking to come of one client in ten."""

_TOUCHES = """
SELECT
    'sal_' || format('{:022d}', (hash(client) % $salons)::INTEGER) AS salon,
    'msg_' || format('{:022d}', client * 6 + number) AS message,
    'cli_' || format('{:022d}', client) AS client,
    ['win_back', 'at_risk', 'campaign', 'birthday', 'repeat_invitation', 'notice', 'notice', 'bonus_notice',
     'control_reminder', 'review_request'][1 + (hash(client, number, 1) % 10)::INTEGER] AS kind,
    'sms' AS channel,
    CASE WHEN hash(client) % 10 = 0 THEN 'skipped' ELSE 'delivered' END AS state,
    CASE WHEN hash(client) % 10 = 0 THEN 'held_out' END AS reason,
    DATE '2026-08-20' + (hash(client, number, 2) % 90)::INTEGER AS touch_on,
    touch_on + to_hours(10) AS touch_at,
    64000::BIGINT AS cost_micros, NULL::VARCHAR AS booking, NULL::VARCHAR AS campaign,
    1::USMALLINT AS parts, true AS charged
FROM range($clients) AS clients(client), range(6) AS numbers(number)
"""
"""Six messages of each client in three months, half of them of marketing; one client in ten is held out."""

_CHANGED = """
INSERT INTO listed_categories
SELECT
    'cli_' || format('{:022d}', i) AS client_id, if(i % 3 = 0, 'lost', 'developing') AS category,
    DATE '2000-01-01' + (day + 40)::INTEGER AS since,
    concat('pnv', day - 200, ',ndv', day - 150, ',drv', day - 50, ',rat', day,
           if(i % 3 = 0, ',alt', ',adv'), day + 40) AS text
FROM (
    SELECT i, (DATE '2026-11-28' - DATE '2000-01-01') - 40 - (hash(i, 5) % 120)::INTEGER AS day
    FROM range($clients // 10 * 3) AS numbers(i)
);
INSERT INTO unchanged SELECT 'developing', $clients - $clients // 10 * 3;
"""
"""Three clients in ten have changed in the last four months, by two of their five changes; one is lost."""


def figures(
    tell: Callable[[str], None], visits: int = VISITS, clients: int = CLIENTS, salons: int = SALONS
) -> list[Figure]:
    command = [sys.executable, "-m", "bench.measures.reports", str(visits), str(clients), str(salons)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    tell("reports: timed")
    how = f"{visits:,} visits of {clients:,} clients, {salons} salons, {found['parts']} pages"
    warm: Mapping[str, float] = found["warm"]
    slowest = max(warm, key=lambda name: warm[name])
    rated = [name for name in warm if found["plain"][name] > 0]
    worst = max(rated, key=lambda name: warm[name] / found["plain"][name])
    ratio = sum(warm.values()) / sum(found["plain"].values())
    return [
        Figure("reports: pages brought to the disk", round(found["fetched"], 1), "s", None,
               f"{how}; once a process, the objects being at hand"),
        *(Figure(f"reports: {name}, warm", round(seconds, 2), "s", MAX_SECONDS,
                 f"{how}; two threads, the best of {TIMES}") for name, seconds in warm.items()),
        Figure("reports: the slowest, warm", round(warm[slowest], 2), "s", MAX_SECONDS, slowest),
        Figure("reports: peak memory", round(found["peak_mb"]), "MB", MAX_MB,
               f"of the process that had all of them made; DuckDB may take {MEMORY_MB} MB"),
        Figure("reports: time against one Parquet file", round(ratio, 2), "ratio", MAX_RATIO,
               "the sum of all reports, by the same SQL over one Parquet file of the same visits; at worst"
               f" {warm[worst] / found['plain'][worst]:.2f}: {worst}"),
    ]  # fmt: skip


def questions() -> dict[str, Any]:
    from chalicelib.domain.reports.questions import Question

    month: dict[str, Any] = {"first": date(2026, 5, 1), "last": date(2026, 5, 31)}
    year: dict[str, Any] = {"first": date(2025, 12, 1), "last": date(2026, 11, 28)}
    autumn: dict[str, Any] = {"first": date(2026, 8, 20), "last": date(2026, 10, 28)}

    def retention(definition: str, **more: Any) -> Question:
        return Question(report="retention", definition=definition, **more)

    return {
        "period": retention("period"),
        "trailing by salon": retention("trailing", by="salon"),
        "window by salon": retention("window", by="salon", **month),
        "window by staff, to the same": retention("window", by="staff", returned_to="staff", **month),
        "window by service, new": retention("window", by="service", who="new", **month),
        "since_visit, six windows": retention("since_visit", **month),
        "since_visit of a year by salon": retention("since_visit", by="salon", **year),
        "first_time by source": retention("first_time", by="source", **year),
        "list of the lost": retention("window", listed="lost", limit=200, **month),
        "cohorts": Question(report="cohorts"),
        "rebooking by staff": Question(report="rebooking", by="staff", **month),
        "rebooking of a year": Question(report="rebooking", **year),
        "engagement by staff": Question(report="engagement", by="staff"),
        "repurchase by staff": Question(report="repurchase", by="staff"),
        "spend by staff": Question(report="spend", by="staff", **year),
        "upsell by salon": Question(report="upsell", by="salon"),
        "staff": Question(report="staff", **month),
        "sources": Question(report="sources", **month),
        "sources of a year": Question(report="sources", **year),
        "referrals": Question(report="referrals"),
        "services": Question(report="services", **month),
        "services of a year": Question(report="services", **year),
        "value": Question(report="value"),
        "value by source": Question(report="value", by="source"),
        "list of the best": Question(report="value", listed="base", limit=200),
        "base kept": Question(report="base-kept"),
        "lift": Question(report="lift"),
        "lift of one kind": Question(report="lift", kind="win_back", **autumn),
        "flows": Question(report="flows"),
        "flows by staff": Question(report="flows", by="staff"),
        "leaving": Question(report="leaving"),
        "leaving by salon": Question(report="leaving", by="salon"),
    }


def measured(visits: int, clients: int, salons: int, home: Path) -> dict[str, Any]:
    """In this process: seconds of each report over pages and over one file, and the peak memory of pages."""
    from chalicelib.analytics.change_tables import CHANGES_SCHEMA
    from chalicelib.analytics.database import open_database
    from chalicelib.analytics.fact_tables import FactTables
    from chalicelib.domain.networks.network import Directory
    from infra.testkit.builders import a_network, a_salon

    subprocess.run(
        [sys.executable, "-m", "bench.measures.reports", str(visits), str(clients), str(salons), str(home)],
        cwd=ROOT,
        check=True,
    )
    pages = _pages(home)
    tables = FactTables(home / "facts.duckdb", MEMORY_MB)
    began = time.perf_counter()
    tables.fetch(_Files(), pages)
    fetched = time.perf_counter() - began
    set_up = Directory(a_network(timezone=ZONE), {"sal": a_salon("sal")}, {}, {}, {}, {}, {})
    tables.show("visits", pages, [], [])
    tables.set_up(set_up, {})
    tables.set_sources({})
    tables.connection.execute(f"INSERT INTO to_come {_TO_COME}", {"clients": clients, "salons": salons})
    tables.connection.execute(f"INSERT INTO touches_fresh {_TOUCHES}", {"clients": clients, "salons": salons})
    _change(tables.connection, clients)
    warm = _times(tables.connection)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    tables.remove()
    plain = open_database(home / "plain.duckdb", MEMORY_MB)
    plain.execute(f"CREATE VIEW visits AS FROM read_parquet('{home / 'visits.parquet'}')")
    plain.execute("CREATE VIEW attendances AS FROM visits")
    plain.execute(f"CREATE TABLE booked AS {_TO_COME}", {"clients": clients, "salons": salons})
    plain.execute(f"CREATE TABLE touches AS {_TOUCHES}", {"clients": clients, "salons": salons})
    plain.execute(
        "CREATE TABLE salons AS SELECT 'sal' AS salon, 'sal' AS name, 'Europe/Chisinau' AS timezone"
    )
    plain.execute("CREATE TABLE staff (staff VARCHAR, name VARCHAR)")
    plain.execute("CREATE TABLE services (service VARCHAR, name VARCHAR, category VARCHAR)")
    plain.execute("CREATE TABLE sources (source VARCHAR, name VARCHAR, type VARCHAR)")
    plain.execute("CREATE TABLE words (word VARCHAR, source VARCHAR)")
    plain.execute(CHANGES_SCHEMA)
    _change(plain, clients)
    plain.execute("CREATE TABLE merges (source VARCHAR, target VARCHAR)")
    plain.execute("CREATE TABLE costs (source VARCHAR, month INTEGER, amount_minor BIGINT, currency VARCHAR)")
    return {
        "parts": len(pages),
        "fetched": fetched,
        "warm": warm,
        "plain": _times(plain),
        "peak_mb": peak_mb,
    }


def make_visits(visits: int, clients: int, salons: int, home: Path) -> None:
    """One Parquet file of all visits, and one a salon and month."""
    import duckdb

    with duckdb.connect(str(home / "made.duckdb")) as connection:
        sizes = {"visits": visits, "clients": clients, "salons": salons}
        connection.execute(_VISITS, sizes)
        by_time = "(FORMAT parquet, COMPRESSION zstd)"
        connection.execute(f"COPY (FROM made ORDER BY visit_at) TO '{home / 'visits.parquet'}' {by_time}")
        connection.execute(
            "COPY (SELECT *, salon AS of_salon, strftime(visit_on, '%Y-%m') AS month FROM made"
            f" ORDER BY salon, visit_at) TO '{home / 'pages'}'"
            " (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (of_salon, month))"
        )


class _Files:
    """Objects that lie on this disk."""

    def get(self, key: str) -> bytes | None:
        return Path(key.partition("#")[0]).read_bytes()


def _pages(home: Path) -> list[Any]:
    from chalicelib.domain.facts.fact_pages import FactPage, part_key

    found = []
    for file in sorted((home / "pages").rglob("*.parquet")):
        salon, month = (each.partition("=")[2] for each in file.relative_to(home / "pages").parts[:2])
        page = FactPage(network_id=NETWORK, salon_id=salon, month=month)
        to = home / "objects" / part_key(page, file.read_bytes())
        to.parent.mkdir(parents=True, exist_ok=True)
        file.rename(to)
        found.append(FactPage(network_id=NETWORK, salon_id=salon, month=month, part=str(to)))
    return found


def _change(connection: Any, clients: int) -> None:
    """Has clients change their categories."""
    from chalicelib.analytics.change_tables import unpack_changes

    for statement in filter(str.strip, _CHANGED.split(";")):
        connection.execute(statement, {"clients": clients})
    unpack_changes(connection)


def _times(connection: Any) -> dict[str, float]:
    from chalicelib.analytics.run_report import run_list, run_report

    def seconds(question: Any) -> float:
        run: Callable[..., Any] = run_report if question.listed is None else run_list
        began = time.perf_counter()
        run(connection, question, AS_OF, ZONE)
        return time.perf_counter() - began

    return {name: min(seconds(question) for _ in range(TIMES)) for name, question in questions().items()}


def main() -> None:
    visits, clients, salons = map(int, sys.argv[1:4])
    if len(sys.argv) > 4:
        make_visits(visits, clients, salons, Path(sys.argv[4]))
        return
    with TemporaryDirectory(prefix="bench-reports-") as directory:
        print(json.dumps(measured(visits, clients, salons, Path(directory))))


if __name__ == "__main__":
    main()
