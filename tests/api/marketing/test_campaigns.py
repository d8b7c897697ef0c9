"""Campaigns over HTTP: planned, tried dry, started, paused, resumed, stopped, and seen."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.networks.network import Network
from chalicelib.domain.networks.rules import ChannelStep, MessageRules, Rules
from chalicelib.services.messages.budgets import Budgets
from chalicelib.services.messages.sending import Sending
from chalicelib.services.waking.handlers import handlers
from chalicelib.texts.wording import message_words
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK, a_client, a_consent, save_client
from infra.testkit.doubles import RecordingSender
from tests.api.conftest import TestContainer
from tests.api.networks.test_set_up import pages_of

SPRING: dict[str, Any] = {
    "name": "Весна",
    "texts": {"ru": "{client}, весной -20 %", "ro": "{client}, -20 % în primăvară"},
    "starts_at": "2026-11-23T10:00:00+02:00",
    "ends_at": "2026-11-30T10:00:00+02:00",
}
PATH = "/v1/campaigns"


def made(http: Http, **said: Any) -> dict[str, Any]:
    answer = http.post(PATH, {**SPRING, **said})
    assert answer.status == 201, answer.text
    found: dict[str, Any] = answer.json
    return found


@pytest.fixture
def agreed(http: Http, world: Any) -> None:
    """Maria agrees to marketing by SMS; Ion does not, and has come from a friend."""
    maria = world.store.get(Client, network_id=NETWORK, id="cli_maria00000000001")
    world.store.save(replace(maria, consents=(a_consent(),)))
    save_client(
        world.store, a_client("cli_ion", name="Ion", phone="+37369000009", email=None, source="friend")
    )


def woken(given_container: TestContainer, sender: RecordingSender) -> None:
    """Whatever is due and woke itself is woken, as by the queue."""
    world = given_container.world()
    senders = {"sms": sender}
    sending = Sending(world, senders, given_container.links(), message_words, Budgets(world))
    queue: Any = world.wake_queue
    while queue.items:
        value = queue.items.pop(0)
        handlers(sending, given_container.intake)[type(value)](value)


def recipients_woken(given_container: TestContainer, sender: RecordingSender, campaign_id: str) -> None:
    """A minute later, when all of a few are due."""
    world = given_container.world()
    world.clock.now += timedelta(minutes=1)  # type: ignore[attr-defined]
    queue: Any = world.wake_queue
    ids = world.store.client_ids(NETWORK, limit=50).items
    queue.items += world.store.recipients_named(NETWORK, campaign_id, ids)
    woken(given_container, sender)


def test_a_draft_is_made_seen_and_changed(http: Http) -> None:
    draft = made(http, segment={"categories": ["lost"], "birth_month": 5, "visited_to": "2026-10-01"})
    path = f"{PATH}/{draft['id']}"
    assert http.get(path).json == draft
    assert (draft["state"], draft["invited"], draft["per_minute"]) == ("draft", None, 60)
    assert draft["segment"]["categories"] == ["lost"]
    changed = http.patch(path, {"per_minute": 10, "segment": {"sources": ["friend"]}, "version": 1})
    assert changed.status == 200
    assert (changed.json["per_minute"], changed.json["version"], changed.json["name"]) == (10, 2, "Весна")
    assert (changed.json["segment"]["sources"], changed.json["segment"]["birth_month"]) == (["friend"], None)
    stale = http.patch(path, {"per_minute": 20, "version": 1})
    assert (stale.status, stale.code) == (409, "STALE_VERSION")


def test_the_same_request_again_is_the_same_draft(http: Http) -> None:
    answers = [http.post(PATH, SPRING, Idempotency_Key="k-1") for _ in range(2)]
    assert answers[0].json == answers[1].json
    assert len(http.get(PATH).json["items"]) == 1


def test_the_plan_of_a_year_is_in_the_order_of_its_starts(http: Http) -> None:
    dates = {"May": "2027-05-01", "January": "2027-01-01", "March": "2027-03-01", "next": "2028-01-01"}
    for name, day in dates.items():
        made(http, name=name, starts_at=f"{day}T00:00:00+02:00", ends_at=f"{day}T20:00:00+02:00")
    found = http.get(f"{PATH}?year=2027").json["items"]
    assert [each["name"] for each in found] == ["January", "March", "May"]
    assert {"name", "segment", "texts", "starts_at", "ends_at"} <= found[0].keys()
    whole = [each["id"] for each in http.get(PATH).json["items"]]
    assert len(whole) == 4
    assert pages_of(http, PATH, 1) == pages_of(http, PATH, 3) == whole
    assert http.get(f"{PATH}?year=2031").json == {"items": [], "next_cursor": None}


@pytest.mark.usefixtures("agreed")
def test_a_dry_run_tells_numbers_cost_and_what_is_left_of_the_budget(
    http: Http, world: Any, given_container: TestContainer, sender: RecordingSender
) -> None:
    rules = MessageRules(monthly_budget_usd_cents=100, part_price_micros={"sms": 40_000})
    world.store.save(replace(world.store.get(Network, network_id=NETWORK), rules=Rules(messages=rules)))
    world.directories.forget(NETWORK)
    draft = made(http)
    path = f"{PATH}/{draft['id']}"
    begun = http.post(f"{path}/dry-run")
    assert (begun.status, begun.json["counting"]["finished"], begun.json["forecast"]) == (202, False, None)
    woken(given_container, sender)
    answer = http.get(path).json
    assert answer["counting"]["finished"]
    forecast = answer["forecast"]
    assert (forecast["clients"], forecast["channels"]) == (2, [{"code": "sms", "words": None, "clients": 1}])
    assert [(each["code"], each["clients"]) for each in forecast["left_out"]] == [("no_consent", 1)]
    assert forecast["left_out"][0]["words"]
    parts = forecast["cost_micros"] // 40_000
    assert parts >= 1
    assert (forecast["budget_left_micros"], forecast["fits_budget"]) == (1_000_000, True)
    assert sender.sent == []


@pytest.mark.usefixtures("agreed")
def test_a_campaign_is_started_goes_out_and_is_counted(
    http: Http, given_container: TestContainer, sender: RecordingSender
) -> None:
    path = f"{PATH}/{made(http)['id']}"
    started = http.post(f"{path}/start")
    assert (started.status, started.json["state"]) == (200, "inviting")
    woken(given_container, sender)
    answer = http.get(path).json
    assert (answer["state"], answer["invited"]) == ("running", 2)
    assert (answer["inviting"]["seen"], answer["inviting"]["found"]) == (2, 2)
    recipients_woken(given_container, sender, answer["id"])
    assert [outgoing.client_id for outgoing in sender.sent] == ["cli_maria00000000001"]
    assert "Maria" in sender.sent[0].worded.text
    assert "-20 %" in sender.sent[0].worded.text
    http.post(f"{path}/count")
    woken(given_container, sender)
    results = http.get(path).json["results"]
    states = {each["code"]: each["clients"] for each in results["states"]}
    assert states == {"sent": 1, "skipped": 1}
    assert [each["code"] for each in results["reasons"]] == ["no_consent"]
    assert http.get(path).json["state"] == "done"


def test_a_campaign_is_paused_resumed_and_stopped(http: Http) -> None:
    path = f"{PATH}/{made(http)['id']}"
    steps = ["start", "start", "pause", "pause", "resume", "resume", "pause", "stop", "stop"]
    states = [http.post(f"{path}/{step}").json["state"] for step in steps]
    assert states == ["inviting"] * 2 + ["paused"] * 2 + ["inviting"] * 2 + ["paused"] + ["stopped"] * 2
    late = http.post(f"{path}/resume")
    assert (late.status, late.code, late.json["details"]["state"]) == (409, "WRONG_STATE", "stopped")
    assert http.patch(path, {"name": "x"}).code == "WRONG_STATE"


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"name": "\u0000"}, 422, "INVALID_NAME"),
        ({"texts": {}}, 422, "TEXT_NEEDED"),
        ({"texts": {"ro": "Salut"}}, 422, "TEXT_NEEDED"),
        ({"texts": {"ru": "да", "fr": "oui"}}, 422, "UNKNOWN_LANGUAGE"),
        ({"texts": {"ru": " "}}, 422, "EMPTY_TEXT"),
        ({"texts": {"ru": "я" * 2000}}, 422, "TEXT_TOO_LONG"),
        ({"texts": {"ru": "{cilent}"}}, 422, "UNKNOWN_PLACEHOLDER"),
        ({"texts": {"ru": "{client"}}, 422, "UNCLOSED_PLACEHOLDER"),
        ({"texts": {"ru": "a\u0007"}}, 422, "CONTROL_CHARACTERS"),
        ({"subjects": {"ru": "{cilent}"}}, 422, "UNKNOWN_PLACEHOLDER"),
        ({"subjects": {"fr": "x"}}, 422, "UNKNOWN_LANGUAGE"),
        ({"ends_at": SPRING["starts_at"]}, 422, "INVALID_DATES"),
        ({"ends_at": "2027-11-30T10:00:00+02:00"}, 422, "INVALID_DATES"),
        ({"starts_at": "2026-11-01T10:00:00Z", "ends_at": "2026-11-02T10:00:00Z"}, 422, "INVALID_DATES"),
        ({"starts_at": "2030-11-01T10:00:00Z", "ends_at": "2030-11-02T10:00:00Z"}, 422, "INVALID_DATES"),
        ({"starts_at": "2026-11-23T10:00:00"}, 400, "INVALID_FIELD"),
        ({"per_minute": 0}, 422, "OUT_OF_RANGE"),
        ({"per_minute": 10_001}, 422, "OUT_OF_RANGE"),
        ({"segment": {"salon_ids": ["sal_nowhere"]}}, 422, "INVALID_SEGMENT"),
        ({"segment": {"service_ids": ["srv_none"]}}, 422, "INVALID_SEGMENT"),
        ({"segment": {"birth_month": 13}}, 422, "INVALID_SEGMENT"),
        ({"segment": {"visited_from": "2026-02-02", "visited_to": "2026-02-01"}}, 422, "INVALID_SEGMENT"),
        ({"segment": {"categories": ["rich"]}}, 400, "INVALID_FIELD"),
        ({"segment": {"visited_from": "2026-02-30"}}, 400, "INVALID_FIELD"),
        ({"segment": {"colour": "red"}}, 400, "UNKNOWN_FIELD"),
        ({"state": "running"}, 400, "UNKNOWN_FIELD"),
    ],
)
def test_what_cannot_be_a_campaign_is_refused(said: Any, status: int, code: str, http: Http) -> None:
    answer = http.post(PATH, {**SPRING, **said})
    assert (answer.status, answer.code) == (status, code)
    draft = http.post(PATH, SPRING).json
    if "state" not in said:
        changed = http.patch(f"{PATH}/{draft['id']}", said)
        assert (changed.status, changed.code) == (status, code)


def test_a_text_is_checked_for_the_channels_that_it_may_go_through(http: Http, world: Any) -> None:
    rules = MessageRules(channels=(ChannelStep("push"), ChannelStep("sms")))
    world.store.save(replace(world.store.get(Network, network_id=NETWORK), rules=Rules(messages=rules)))
    world.directories.forget(NETWORK)
    assert http.post(PATH, {**SPRING, "texts": {"ru": "я" * 400}}).code == "TEXT_TOO_LONG"


def test_a_key_of_some_salons_plans_no_campaigns(http: Http) -> None:
    made(http)
    said = {"role": "manager", "name": "Centru", "salon_ids": ["sal_centru"]}
    secret = http.post("/v1/keys", said).json["secret"]
    manager = http.with_key(secret)
    assert manager.get(PATH).code == "FORBIDDEN"
    assert manager.post(PATH, SPRING).code == "FORBIDDEN"
