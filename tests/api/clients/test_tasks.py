"""What the salon is told, seen and done by whom it concerns."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.networks.network import Network
from chalicelib.domain.shared.tasks import TASK_WORDS, Task, TaskKind
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK, NOW, OTHER_NETWORK


def a_task(task_id: str, kind: TaskKind = TaskKind.UNCONFIRMED, **fields: Any) -> Task:
    given = {"network_id": NETWORK, "at": NOW, "salon_id": "sal_centru", "booking_id": "bkg_1", **fields}
    return Task(id=task_id, kind=kind, **given)


@pytest.fixture
def some_tasks(world: Any, town: Any) -> None:
    world.store.save(a_task("tsk_1"))
    world.store.save(a_task("tsk_2", TaskKind.CALL_CLIENT, salon_id="sal_york", words="I am late"))
    world.store.save(
        a_task("tsk_3", TaskKind.BUDGET_SPENT, salon_id=None, booking_id=None, words="2026-11",
               at=NOW + timedelta(hours=1))
    )  # fmt: skip
    world.store.save(a_task("tsk_4", network_id=OTHER_NETWORK))


@pytest.fixture
def york(http: Http, some_tasks: None) -> Http:
    """The reception of New York."""
    fields = {"role": "reception", "name": "York", "salon_ids": ["sal_york"]}
    return http.with_key(http.post("/v1/keys", fields).json["secret"])


def ids(http: Http, query: str = "") -> list[str]:
    return [each["id"] for each in http.get(f"/v1/tasks?{query}").json["items"]]


@pytest.mark.usefixtures("some_tasks")
def test_tasks_come_newest_first_in_plain_words(http: Http) -> None:
    assert ids(http) == ["tsk_3", "tsk_2", "tsk_1"]
    _, second, first = http.get("/v1/tasks").json["items"]
    assert first["words"] == TASK_WORDS[TaskKind.UNCONFIRMED]
    assert (first["state"], first["booking_id"], first["detail"]) == ("open", "bkg_1", None)
    assert (second["kind"], second["detail"]) == ("call_client", "I am late")


@pytest.mark.usefixtures("some_tasks")
def test_a_task_is_done_once(http: Http, clock: Any) -> None:
    done = http.post("/v1/tasks/tsk_1/done")
    assert (done.status, done.json["state"], done.json["actor"]) == (200, "done", "key:key_owner")
    clock.forward(hours=1)
    assert http.post("/v1/tasks/tsk_1/done").json == done.json
    assert ids(http, "state=open") == ["tsk_3", "tsk_2"]
    assert ids(http, "state=done") == ["tsk_1"]


def test_a_salon_sees_its_own_tasks(york: Http) -> None:
    assert ids(york) == ["tsk_2"]
    assert ids(york, "salon_id=sal_york&state=open") == ["tsk_2"]
    assert york.get("/v1/tasks?salon_id=sal_centru").code == "FORBIDDEN"
    assert york.post("/v1/tasks/tsk_2/done").status == 200
    for task_id in ("tsk_1", "tsk_3"):
        assert york.post(f"/v1/tasks/{task_id}/done").code == "FORBIDDEN"


@pytest.mark.usefixtures("some_tasks")
def test_what_is_no_task_here_is_not_found(http: Http) -> None:
    assert http.post("/v1/tasks/tsk_4/done").status == 404
    assert http.get("/v1/tasks?salon_id=sal_none").status == 404
    assert http.get("/v1/tasks?state=late").code == "INVALID_FIELD"


def test_every_kind_of_task_has_words() -> None:
    assert set(TASK_WORDS) == set(TaskKind)


@pytest.mark.parametrize(
    ("language", "site", "words"),
    [
        ("en", "yclients", "The client cancelled. Cancel the booking there, too: YCLIENTS."),
        ("ru", "calcom", "Клиент отменил визит. Отмените запись и здесь: Cal.com."),
        ("ro", "standard", "Clientul a anulat vizita. Anulați programarea și aici: sistemul de programări "
                           "online."),
    ],
)  # fmt: skip
def test_what_is_to_be_done_on_a_site_is_said_in_the_language_of_the_network(
    http: Http, world: Any, town: Any, language: str, site: str, words: str
) -> None:
    network = world.store.get(Network, network_id=NETWORK)
    world.store.save(replace(network, language=language))
    world.directories.forget(NETWORK)
    world.store.save(a_task("tsk_1", TaskKind.CANCEL_ON_SITE, site=site, words="2026-11-25 10:00, Maria"))
    (task,) = http.get("/v1/tasks").json["items"]
    assert (task["words"], task["detail"], task["site"]) == (words, "2026-11-25 10:00, Maria", site)


@pytest.mark.usefixtures("some_tasks")
def test_tasks_come_in_pages(http: Http) -> None:
    page = http.get("/v1/tasks?limit=2").json
    rest = http.get(f"/v1/tasks?limit=2&cursor={page['next_cursor']}").json
    assert [each["id"] for each in page["items"] + rest["items"]] == ["tsk_3", "tsk_2", "tsk_1"]


def test_a_task_with_a_deadline_is_overdue_until_it_is_done(http: Http, world: Any, town: Any) -> None:
    for number, hours in ((1, -1), (2, 1)):
        world.store.save(a_task(f"tsk_{number}", TaskKind.MOVE_WISH, due_at=NOW + timedelta(hours=hours)))
    world.store.save(a_task("tsk_3"))
    assert http.get("/v1/tasks").json["items"][2]["due_at"] == "2026-11-23T07:00:00Z"
    assert http.get("/v1/tasks").json["items"][0]["due_at"] is None
    assert (ids(http, "overdue=true"), ids(http, "overdue=false")) == (["tsk_1"], ["tsk_3", "tsk_2"])
    http.post("/v1/tasks/tsk_1/done")
    assert ids(http, "overdue=true") == []
