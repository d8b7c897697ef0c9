"""What messages cost."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.messages.messages import Message, MessageState
from chalicelib.domain.shared.touches import TouchKind
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK, NOW, a_salon

PATH = "/v1/reports/messages/costs"


def a_message(message_id: str, **fields: Any) -> Message:
    given = {
        "client_id": "cli_maria00000000001",
        "salon_id": "sal_centru",
        "kind": TouchKind.NOTICE,
        "channel": "sms",
        "state": MessageState.DELIVERED,
        "planned_at": NOW,
        "recorded_at": NOW,
        "parts": 2,
        "cost_micros": 90_000,
        "charged": True,
    }
    return Message(network_id=NETWORK, id=message_id, **{**given, **fields})


@pytest.fixture
def log(world: Any, town: Any) -> None:
    skipped = {"state": MessageState.SKIPPED, "reason": "no_consent", "parts": 0, "cost_micros": None}
    for message in (
        a_message("msg_1"),
        a_message("msg_2", cost_micros=80_000, charged=False),
        a_message("msg_3", **skipped, charged=False),
        a_message("msg_4", kind=TouchKind.CONTROL_REMINDER, channel="email", parts=1, cost_micros=100),
        a_message("msg_5", salon_id="sal_york", recorded_at=datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)),
        a_message("msg_6", salon_id="sal_york", recorded_at=datetime(2026, 12, 1, tzinfo=UTC)),
        a_message("msg_7", recorded_at=datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC)),
    ):
        world.store.save(message)
    world.store.save(replace(world.store.spending(NETWORK, "2026-11"), reserved_micros=260_100))


def line(salon_id: str, kind: str, channel: str, *sums: int) -> dict[str, Any]:
    names = ("messages", "skipped", "parts", "cost_micros", "charged_micros")
    return {"salon_id": salon_id, "kind": kind, "channel": channel, **dict(zip(names, sums, strict=True))}


CENTRU = [
    line("sal_centru", "control_reminder", "email", 1, 0, 1, 100, 100),
    line("sal_centru", "notice", "sms", 2, 1, 4, 170_000, 90_000),
]
YORK = [line("sal_york", "notice", "sms", 1, 0, 2, 90_000, 90_000)]


@pytest.mark.usefixtures("log")
def test_a_month_is_told_by_salon_kind_and_channel(http: Http) -> None:
    report = http.get(f"{PATH}?month=2026-11").json
    assert report["items"] == CENTRU + YORK
    assert report["totals"] == {
        "messages": 4,
        "skipped": 1,
        "parts": 7,
        "cost_micros": 260_100,
        "charged_micros": 180_100,
    }
    assert report["budget"] == {"budget_micros": None, "reserved_micros": 260_100}
    assert (report["month"], report["next_cursor"]) == ("2026-11", None)
    assert http.get(PATH).json == report  # it is November
    assert http.get(f"{PATH}?month=2026-12").json["items"] == YORK
    assert http.get(f"{PATH}?month=2025-01").json["items"] == []


@pytest.mark.usefixtures("log")
def test_what_a_receipt_tells_later_counts(http: Http, world: Any) -> None:
    sent = world.store.get(Message, network_id=NETWORK, client_id="cli_maria00000000001", id="msg_2")
    world.store.save(replace(sent, cost_micros=100_000, charged=True))
    (_, notices) = http.get(f"{PATH}?salon_id=sal_centru").json["items"]
    assert (notices["cost_micros"], notices["charged_micros"]) == (190_000, 190_000)


@pytest.mark.usefixtures("log")
def test_salon_after_salon_makes_the_whole_report(http: Http, world: Any) -> None:
    for number in range(5):
        world.store.save(a_salon(f"sal_{number}"))
    items, cursor = [], ""
    while cursor is not None:
        page = http.get(f"{PATH}?limit=1&cursor={cursor}").json
        assert len({each["salon_id"] for each in page["items"]}) <= 1
        items += page["items"]
        cursor = page["next_cursor"]
    assert items == CENTRU + YORK


@pytest.mark.usefixtures("log")
def test_the_budget_stands_beside_what_was_taken_from_it(http: Http) -> None:
    http.put("/v1/rules", {"version": 1, "messages": {"monthly_budget_usd_cents": 100}})
    assert http.get(PATH).json["budget"] == {"budget_micros": 1_000_000, "reserved_micros": 260_100}


@pytest.mark.usefixtures("log")
def test_a_manager_sees_the_salons_of_their_key(http: Http) -> None:
    request = {"role": "manager", "name": "York", "salon_ids": ["sal_york"]}
    york = http.with_key(http.post("/v1/keys", request).json["secret"])
    report = york.get(PATH).json
    assert (report["items"], report["budget"]) == (YORK, None)
    assert york.get(f"{PATH}?salon_id=sal_centru").code == "FORBIDDEN"


@pytest.mark.parametrize("month", ["2026-13", "2026-00", "26-11", "2026-1", "9999-12", "november"])
def test_what_is_no_month_is_refused(month: str, http: Http) -> None:
    answer = http.get(f"{PATH}?month={month}")
    assert (answer.status, answer.code) == (400, "INVALID_FIELD")
