"""The clients to call today over HTTP: what is answered, to whom, and as a file."""

import csv
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest

from chalicelib.domain.clients.category_changes import CategoryCause, CategoryChange
from chalicelib.domain.clients.clients import Client, VisitDay
from chalicelib.domain.networks.network import Role
from chalicelib.domain.reports.call_list import CallReason
from chalicelib.domain.shared.ids import time_ordered
from chalicelib.domain.shared.languages import LANGUAGES
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.services.networks.manage_keys import KeyScope, make_key
from chalicelib.texts.call_reasons import call_reason_name
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK, NOW, a_client

PATH = "/v1/reports/call-today"
DAY = timedelta(days=1)


def regular(number: int, salon_id: str = "sal_centru", **fields: Any) -> Client:
    """At risk for 18 days, after a visit every 20 days."""
    days = [NOW.date() - (45 + 20 * ago) * DAY for ago in range(8)]
    since = days[0] + 28 * DAY
    return a_client(
        f"cli_{number:016d}",
        name=f"Client {number}",
        phone=f"+373691{number:05d}",
        email=None,
        visits_count=8,
        first_visit_on=days[-1],
        recent_visits=tuple(VisitDay(day, salon_id) for day in days),
        spent_minor={"MDL": 100_000 - number},
        category="at_risk",
        category_since=since,
        category_changes=(CategoryChange("regular", "at_risk", since, CategoryCause.TIME_PASSED),),
        **fields,
    )


@pytest.fixture
def regulars(world: Any, town: Any) -> list[Client]:
    found = [regular(1), regular(2), regular(3, "sal_york")]
    for each in found:
        world.store.save(each)
    return found


def test_each_client_comes_with_reasons_and_what_the_call_needs(http: Http, regulars: list[Client]) -> None:
    answer = http.get(PATH).json
    assert (answer["report"], answer["on"], answer["called"]) == ("call-today", "2026-11-23", 0)
    first = answer["items"][0]
    assert first == {
        "client_id": "cli_0000000000000001", "name": "Client 1", "phone": "+37369100001",
        "reasons": [
            {
                "code": "regular_at_risk", "says": "Постоянный клиент давно не приходит",
                "usual_gap_days": 20, "expected_on": "2026-10-29", "days_over": 25,
            }
        ],
        "category": "at_risk", "salon_id": "sal_centru", "staff_id": None, "staff_name": None,
        "last_visit_on": "2026-10-09", "visits_count": 8, "usual_gap_days": 20, "expected_on": "2026-10-29",
        "spent": [{"amount_minor": 99_999, "currency": "MDL"}],
        "bonus": {"balance": 0, "available": 0}, "last_call": None,
    }  # fmt: skip


def test_a_call_takes_the_client_off_the_list(http: Http, regulars: list[Client], clock: Any) -> None:
    called = http.get(PATH).json["items"][0]["client_id"]
    http.post(f"/v1/clients/{called}/called", {"result": "no_answer"})
    today = http.get(PATH).json
    assert (today["called"], len(today["items"])) == (1, 2)
    clock.now = NOW + DAY
    assert called not in {each["client_id"] for each in http.get(PATH).json["items"]}
    clock.now = NOW + 3 * DAY
    again = http.get(PATH).json["items"][0]
    assert (again["client_id"], again["last_call"]["result"]) == (called, "no_answer")


def test_the_list_comes_as_a_file(http: Http, regulars: list[Client]) -> None:
    answer = http.get(f"{PATH}?format=csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="call-today.csv"'
    rows = list(csv.DictReader(StringIO(answer.text.removeprefix("\ufeff"))))
    first = [rows[0][name] for name in ("name", "phone", "reasons", "spent_MDL")]
    assert first == ["Client 1", "'+37369100001", "regular_at_risk", "99999"]


def test_managers_and_reception_call_the_clients_of_their_salons(
    http: Http, world: Any, regulars: list[Client], keys: dict[str, str]
) -> None:
    for role in (Role.MANAGER, Role.RECEPTION):
        asked = http.with_key(make_key(world, NETWORK, role, KeyScope(["sal_york"]), name="York")[1])
        assert [each["name"] for each in asked.get(PATH).json["items"]] == ["Client 3"]
        assert asked.get(f"{PATH}?salon_id=sal_centru").code == "FORBIDDEN"
        assert asked.get(f"{PATH}?salon_id=sal_york,sal_none").code == "NOT_FOUND"
    assert [each["name"] for each in http.get(f"{PATH}?salon_id=sal_york").json["items"]] == ["Client 3"]
    for role_name in ("specialist", "partner"):
        assert http.with_key(keys[role_name]).get(PATH).status == 403


def test_a_low_rating_says_how_many_stars(http: Http, world: Any, town: Any) -> None:
    task = Task(
        network_id=NETWORK, id=time_ordered("tsk", NOW, "0000000001"), kind=TaskKind.LOW_RATING, at=NOW,
        salon_id="sal_centru", client_id="cli_maria00000000001", words="★★ cold water",
    )  # fmt: skip
    world.store.save(task)
    (found,) = http.get(PATH).json["items"]
    (reason,) = found["reasons"]
    assert (reason["code"], reason["stars"], reason["at"]) == ("low_rating", 2, "2026-11-23T08:00:00Z")
    http.post(f"/v1/tasks/{reason['task_id']}/done")
    assert http.get(PATH).json["items"] == []


def test_every_reason_has_a_name_in_each_language() -> None:
    names = {call_reason_name(reason, language) for reason in CallReason for language in LANGUAGES}
    assert len(names) == len(CallReason) * len(LANGUAGES)
