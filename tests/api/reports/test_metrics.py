"""Chosen metrics and their trend over HTTP: chosen, measured by the reports function, compared."""

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.bookings.bookings import Line, Status
from chalicelib.domain.networks.network import Role
from chalicelib.domain.reports.chosen_metrics import ChosenMetric
from chalicelib.domain.statistics.wilson import difference
from chalicelib.functions import ReportsFunction
from chalicelib.services.networks.manage_keys import KeyScope, make_key
from chalicelib.services.reports.measure_metric import measure_metric
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK, a_booking, save_booking
from infra.testkit.report_function import LocalReports

METRICS, TREND = "/v1/reports/metrics", "/v1/reports/trend"
RETURN = {"name": "Back within 30 days", "report": "retention", "definition": "window", "days": "30"}
SPEND = {"name": "A visit", "report": "spend", "salon_id": "sal_centru", "baseline": {"month": "2026-03"}}


@pytest.fixture
def visits(world: Any, town: Any) -> None:
    """Maria came to Chisinau on the tenth of each month from March to June, paying 100 more each time."""
    for month in range(3, 7):
        at = datetime(2026, month, 10, 15, tzinfo=UTC)
        visit = a_booking(
            f"bkg_{month}", client_id="cli_maria00000000001", starts_at=at, status=Status.COMPLETED,
            closed_at=at + timedelta(hours=1), paid_minor=month * 10_000, currency="MDL",
            lines=(Line("srv_cut", 60, "stf_anna", month * 10_000),),
        )  # fmt: skip
        save_booking(world.store, visit)


@pytest.fixture
def measured(http: Http, world: Any, visits: None, tmp_path: Path) -> list[dict[str, Any]]:
    chosen: list[dict[str, Any]] = http.put(METRICS, {"metrics": [RETURN, SPEND]}).json["items"]
    function = LocalReports(world, tmp_path)
    for each in chosen:
        for _ in range(3):
            measure_metric(world, ReportsFunction(lambda: function, "reports"), NETWORK, each["id"])
    return chosen


def test_metrics_are_chosen_with_what_they_ask(http: Http, town: Any) -> None:
    answer = http.put(METRICS, {"metrics": [RETURN]})
    (metric,) = answer.json["items"]
    assert {name: metric[name] for name in ("name", "report", "figure", "definition", "baseline")} == {
        "name": "Back within 30 days", "report": "retention", "figure": "rate", "definition": "window",
        "baseline": {"month": None, "months": 3},
    }  # fmt: skip
    assert metric["parameters"] == {
        "definition": "window", "days": [30], "who": "all", "returned_to": "network"
    }  # fmt: skip
    assert (metric["measured_months"], metric["next_at"]) == (0, "2026-11-23T08:00:00Z")
    assert http.get(METRICS).json["items"] == [metric]
    assert http.put(METRICS, {"metrics": []}).json["items"] == []


def test_the_trend_has_each_month_beside_the_baseline(http: Http, measured: list[dict[str, Any]]) -> None:
    answer = http.get(TREND).json
    assert (answer["report"], answer["zone"]) == ("trend", "Europe/Chisinau")
    by_name = {each["metric"]["name"]: each for each in answer["metrics"]}
    months = {each["month"]: each for each in by_name[SPEND["name"]]["months"]}
    assert [months[f"2026-0{month}"]["value"] for month in (3, 4, 5, 6)] == [30_000, 40_000, 50_000, 60_000]
    assert (months["2026-03"]["in_baseline"], months["2026-03"]["difference"]) == (True, None)
    assert (months["2026-06"]["difference"], months["2026-06"]["currency"]) == (30_000, "MDL")
    assert months["2026-06"]["definition"] == {"id": "spend", "version": 1}
    assert months["2026-07"]["value"] is None
    returned = by_name[RETURN["name"]]
    assert returned["baseline"]["months"] == ["2026-03", "2026-04", "2026-05"]
    june = next(each for each in returned["months"] if each["month"] == "2026-06")
    assert (june["value"], june["clients"], june["returned"], june["difference"]) == (0.0, 1, 0, -1.0)
    assert june["difference_interval"] == pytest.approx(list(difference(0, 1, 3, 3) or ()))
    assert (june["final"], june["backfilled"], june["comparable"]) == (True, True, True)


def test_the_trend_comes_as_a_file(http: Http, measured: list[dict[str, Any]]) -> None:
    answer = http.get(f"{TREND}?format=csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="trend.csv"'
    rows = list(csv.DictReader(StringIO(answer.text.removeprefix("\ufeff"))))
    assert len(rows) == 24
    assert {"metric", "month", "value", "interval_0", "baseline", "definition_version"} <= rows[0].keys()


def test_a_manager_of_some_salons_sees_their_metrics_and_chooses_none(
    http: Http, world: Any, measured: list[dict[str, Any]]
) -> None:
    def manager_of(salon_id: str) -> Http:
        key = make_key(world, NETWORK, Role.MANAGER, KeyScope([salon_id]), name=salon_id)[1]
        return http.with_key(key)

    assert [each["name"] for each in manager_of("sal_centru").get(METRICS).json["items"]] == ["A visit"]
    assert manager_of("sal_york").get(TREND).json["metrics"] == []
    assert manager_of("sal_centru").put(METRICS, {"metrics": []}).code == "FORBIDDEN"
    assert len(world.store.get_all(ChosenMetric, network_id=NETWORK)) == 2


@pytest.mark.parametrize(
    ("metric", "code"),
    [
        ({"name": "x", "report": "cohorts"}, "UNKNOWN_CHOICE"),
        ({"name": "x", "report": "spend", "figure": "joy"}, "UNKNOWN_CHOICE"),
        ({"name": "x", "report": "spend", "from": "2026-01-01"}, "UNKNOWN_FIELD"),
        ({"name": "x", "report": "spend", "baseline": {"month": "2026-13"}}, "INVALID_FIELD"),
        ({"name": "x", "report": "retention", "definition": "since_visit"}, "ONE_WINDOW_NEEDED"),
    ],
)
def test_what_makes_no_sense_is_refused(http: Http, town: Any, metric: dict[str, Any], code: str) -> None:
    assert http.put(METRICS, {"metrics": [metric]}).code == code
