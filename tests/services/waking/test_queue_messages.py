"""A message of a queue that is no JSON object stops no group; a handler knows how often a message came."""

import json
from typing import Any

import pytest

from chalicelib.jobs.job import Job, batch_job, metrics


class Event:
    def __init__(self, *records: dict[str, Any]) -> None:
        self.records = records

    def to_dict(self) -> dict[str, Any]:
        return {"Records": list(self.records)}


def record(number: int, body: str, *, group: str | None = "WAKE-00", receives: int = 1) -> dict[str, Any]:
    attributes = {"ApproximateReceiveCount": str(receives)}
    attributes |= {"MessageGroupId": group} if group else {}
    return {"messageId": str(number), "body": body, "attributes": attributes}


@pytest.fixture(autouse=True)
def _namespace(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Perennial/test")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "perennial")
    metrics.cache_clear()
    yield
    metrics.cache_clear()


def handled(*records: dict[str, Any]) -> tuple[list[Any], list[str]]:
    """What the handler was given, and the messages that come again."""
    seen: list[Any] = []

    @batch_job
    def handle(body: dict[str, str], job: Job) -> None:
        seen.append((body, job.receives))

    answer = handle(Event(*records))
    return seen, [each["itemIdentifier"] for each in answer["batchItemFailures"]]


@pytest.mark.parametrize("nonsense", ["", "{", "[]", "null", '"shard"', "[" * 100_000])
def test_nonsense_in_a_group_is_dropped_and_counted_and_those_behind_it_go_on(
    nonsense: str, capsys: pytest.CaptureFixture[str]
) -> None:
    good = json.dumps({"shard": "WAKE#00"})
    seen, again = handled(record(1, nonsense), record(2, good))
    assert (seen, again) == ([({"shard": "WAKE#00"}, 1)], [])
    assert "QueueMessagesDropped" in capsys.readouterr().out


def test_without_a_group_it_goes_to_the_dead_letters() -> None:
    """There it holds nobody up, and a person sees it."""
    assert handled(record(1, "{", group=None)) == ([], ["1"])


def test_a_handler_knows_how_often_its_message_came() -> None:
    seen, _ = handled(record(1, "{}", receives=1), record(2, "{}", receives=3))
    assert seen == [({}, 1), ({}, 3)]
