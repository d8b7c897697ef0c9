"""The bench runs, in a short form, and its figures have the shape that is written to bench/results.json.

On moto, whose own capacity figures say nothing: the bench counts by DynamoDB's rules, which hold here too.
What depends on the machine is not asserted.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from bench.measures import (
    audit,
    calls,
    campaign,
    drain,
    messages,
    peak,
    postings,
    reports,
    simulation,
    simulation_walk,
    sweep,
    visit,
    writers,
)
from bench.measures.peak import Peak, simulate
from bench.report import cost_page, scale_page
from bench.report.figures import RESULTS, Figure, write
from bench.setting.environment import BenchEnvironment
from infra.testkit import full_account
from infra.testkit.builders import NETWORK, NOW
from infra.testkit.capacity_units import Index, read_units, size, table_write_units

SHAPE = {"name": str, "value": (int, float), "unit": str, "target": (int, float, type(None)), "ok": bool,
         "how": str}  # fmt: skip


@pytest.fixture(scope="module")
def environment() -> Iterator[BenchEnvironment]:
    from chalicelib.api.http import container

    with pytest.MonkeyPatch.context() as patched, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patched.setenv(name, "test")
        patched.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield BenchEnvironment(None)
        container.use(None)


def test_a_visit_costs_no_more_than_its_targets(environment: BenchEnvironment) -> None:
    meter = visit.lived(environment, "standard")
    found = {figure.name: figure for figure in visit.figures({"standard": meter})}
    assert found["visit (standard): written"].ok
    assert found["visit (standard): read, rules at hand"].ok
    assert all(row["write"] >= row["floor"] for row in visit.rows(meter))


def test_calls_before_an_answer_are_counted(environment: BenchEnvironment) -> None:
    found = {figure.name: figure.value for figure in calls.figures(environment)}
    assert found["calls before a webhook is answered"] == 3
    assert found["calls to book: client by id"] == 3
    assert found["calls to book: new client"] == 3


def test_an_idle_minute_costs_half_a_unit_a_shard_and_the_size_of_the_base_is_not_felt(
    environment: BenchEnvironment,
) -> None:
    found = {figure.name: figure for figure in sweep.figures(environment, small=2, large=8, number_due=2)}
    assert found["sweep: idle minute, per shard"].ok
    assert found["sweep: idle minute"].ok
    assert found["sweep: large base against small, entries"].ok


@pytest.mark.parametrize("case", messages.CASES, ids=lambda case: case.name)
def test_a_message_costs_what_its_writes_cost(case: messages.Case, environment: BenchEnvironment) -> None:
    """Claim, record and resolve; what is above the most that is allowed is known, and no more than one."""
    (row,) = messages.measured(environment, [case])
    assert row["write"] == row["of_table"] + row["of_log"] + row["of_pointer"]
    assert row["write"] <= row["most"] + 1
    assert row["of_category"] == {"at risk": 2, "win-back": 2, "bonus expiry": 1}.get(case.name, 0)
    assert row["read"] <= messages.MAX_READ


def test_a_budget_adds_one_write_to_a_message_alone_and_little_to_each_of_many(
    environment: BenchEnvironment,
) -> None:
    alone, written, read = messages.budgeted(environment, 24)
    assert alone.value == 1
    assert written.value <= 1
    assert read.value <= 1


def test_the_bare_loop_makes_the_same_calls(environment: BenchEnvironment) -> None:
    found = {each.name: each.value for each in drain.figures(environment, lambda line: None, messages=2)}
    assert found["drain: speed against a bare loop, confirm requests"] > 0
    assert found["drain: DynamoDB calls per message, confirm requests"] >= 6
    assert found["drain: DynamoDB calls per message, repeat invitations"] >= 8


def test_a_peak_is_drained_by_all_workers_within_the_senders_limit() -> None:
    free, limited = (simulate(Peak(shards=16, limit=limit, due=4_000)) for limit in (0, 20))
    assert (free.waiting[-1], limited.waiting[-1]) == (0, 0)
    assert free.workers_most == 16
    assert limited.seconds >= 4_000 / 20
    assert simulate(Peak(shards=32, due=4_000)).seconds < free.seconds
    assert simulate(Peak(shards=16, due=4_000, batch=10)).workers_most == 2
    assert simulate(Peak(shards=16, due=4_000)) == free


def test_a_recipient_costs_two_write_units_and_little_more(environment: BenchEnvironment) -> None:
    found = {
        figure.name: figure for figure in campaign.figures(environment, lambda line: None, sizes=(10, 20))
    }
    assert found["campaign: written per recipient"].ok
    assert found["campaign: read per client looked at"].ok
    assert found["campaign: peak memory"].value > 0


def test_a_posting_costs_at_most_six_units_or_ten_by_hand_and_a_quote_is_one_read(
    environment: BenchEnvironment,
) -> None:
    found = postings.figures(environment)
    assert len(found) == len(postings.KINDS) + 2
    assert [figure.name for figure in found if not figure.ok] == []


def test_writers_race_with_bare_writes_and_the_ledger_stays_right(environment: BenchEnvironment) -> None:
    """moto is not safe under threads: one at a time."""
    found = writers.figures(environment, lambda line: None, writers.Scale(1, 2, 1, 2))
    assert all(figure.value > 0 for figure in found)


def test_an_audit_takes_no_more_memory_for_more_entries(environment: BenchEnvironment) -> None:
    found = {each.name: each for each in audit.figures(environment, lambda line: None, sizes=(2_000, 4_000))}
    assert found["audit: peak memory, many entries against few"].ok
    assert found["audit: read per 1,000 entries"].value < 200


def test_a_full_account_has_fifty_lots_that_can_be_spent() -> None:
    account = full_account.full(NETWORK, "cli_1", NOW)
    assert account == full_account.full(NETWORK, "cli_1", NOW)
    assert account.available(NOW) == account.balance
    assert len(account.lots) == 50


def test_a_year_of_visits_is_simulated_beside_a_bare_loop() -> None:
    found = {figure.name: figure for figure in simulation.figures(lambda line: None, visits=400)}
    assert found["simulation: a year of 100,000 visits, both programmes"].value > 0
    assert found["simulation: time against a bare loop"].value > 1
    sums = simulation.simulation(simulation.year(400))
    kinds = {name.partition(" ")[0] for name in sums[1]}
    assert {"cashback", "redeemed", "expired", "birthday", "streak", "coupons", "tier"} <= kinds


def test_a_simulation_reads_little_more_than_the_visits(environment: BenchEnvironment) -> None:
    found = {
        each.name: each for each in simulation_walk.figures(environment, lambda line: None, sizes=(20, 40))
    }
    assert found["simulation: read per visit"].value < 1.2
    assert found["simulation: DynamoDB calls per visit"].value < 1


def test_reports_are_timed_over_pages_and_over_one_file() -> None:
    found = {
        each.name: each for each in reports.figures(lambda line: None, visits=2_000, clients=200, salons=2)
    }
    assert {f"reports: {name}, warm" for name in reports.questions()} <= set(found)
    assert found["reports: time against one Parquet file"].value > 0
    assert "2,000 visits of 200 clients, 2 salons, 48 pages" in found["reports: cohorts, warm"].how


def test_results_are_written_in_their_shape(tmp_path: Path) -> None:
    figures = [Figure("a", 1, "units", 2, "so"), Figure("b", 1, "ratio", 2, "so", at_least=True),
               Figure("c", 1, "ratio", None, "so")]  # fmt: skip
    to = tmp_path / "results.json"
    write(figures, {"steps": []}, to)
    assert [figure["ok"] for figure in json.loads(to.read_text())["figures"]] == [True, False, True]


def test_the_committed_results_have_their_shape() -> None:
    figures = json.loads(RESULTS.read_text())["figures"]
    assert figures
    for figure in figures:
        assert figure.keys() == SHAPE.keys()
        assert all(isinstance(figure[name], of) for name, of in SHAPE.items())


def test_figures_of_peaks_are_made_of_the_committed_table() -> None:
    found = json.loads(RESULTS.read_text())
    made = {figure.name: figure.value for figure in peak.figures(found["peak"])}
    assert made == {each["name"]: each["value"] for each in found["figures"] if each["name"] in made}


def test_the_pages_say_what_was_measured() -> None:
    found = json.loads(RESULTS.read_text())
    assert cost_page.measured_part(found["steps"], found["messages"]) in cost_page.PAGE.read_text()
    assert scale_page.measured_part(found["peak"]) in scale_page.PAGE.read_text()
    assert scale_page.plot(found["peak"]) == scale_page.PLOT.read_text()


def test_units_are_counted_by_dynamodbs_rules() -> None:
    item = {"PK": {"S": "a" * 500}, "SK": {"S": "ж"}, "n": {"N": "1798012800"}}
    assert size(item) == 2 + 500 + 2 + 2 + 1 + 5
    longer = item | {"body": {"S": "x" * 600}}
    assert (
        table_write_units(None, item),
        table_write_units(item, longer),
        table_write_units(longer, None),
    ) == (1, 2, 2)
    assert (read_units([4096], consistent=True), read_units([4000, 97], consistent=False)) == (1.0, 1.0)
    assert read_units([], consistent=False) == 0.5


def test_an_index_is_paid_for_what_changes_in_it() -> None:
    index = Index("due", "shard", "at", frozenset())
    asleep = {"PK": {"S": "a"}, "SK": {"S": "b"}}
    due = asleep | {"shard": {"S": "1"}, "at": {"S": "10:00"}, "body": {"S": "x"}}
    assert index.write_units(None, asleep) == 0
    assert index.write_units(asleep, due) == 1
    assert index.write_units(due, due | {"body": {"S": "y"}}) == 0
    assert index.write_units(due, due | {"at": {"S": "11:00"}}) == 2
    assert index.write_units(due, asleep) == 1
