"""What cannot be read is seen over HTTP with what is wrong, and mended or removed there; all else works."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.networks.network import Template
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.store.keys import key
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK, NOW, Town, a_booking, a_connection, save_booking

TEMPLATE = ("TEMPLATE", {"kind": "notice", "channel": "sms", "language": "ru"})
DAY = {"salon_id": "sal_york", "since": "2026-11-20T00:00:00Z"}
Break = Callable[..., Any]


@pytest.fixture
def broken(store: Any, town: Town, world: Any) -> Break:
    """Writes an item of a kind that holds nothing readable; answers the item before."""

    def write(item_kind: str, **parts: str) -> Any:
        pk, sk = key(item_kind, network_id=NETWORK, **parts)
        world.directories.forget(NETWORK)
        try:
            before = store.item.get(pk, sk)
        except store.item.DoesNotExist:
            before = None
        version = before.version if before is not None else 1
        store.item(pk=pk, sk=sk, version=version, body='{"text": 1}').save()
        return before

    return write


@pytest.fixture
def own_text(store: Any, town: Town) -> Template:
    template = Template(network_id=NETWORK, kind=TouchKind.NOTICE, channel="sms", language="ru",
                        text="Ждём вас", changed_at=NOW, actor="key:owner")  # fmt: skip
    saved: Template = store.save(template)[0]
    return saved


@pytest.mark.parametrize(
    ("item_kind", "parts", "named"),
    [
        (*TEMPLATE, ("template", "notice.sms.ru")),
        ("TEMPLATE", {"kind": "waitlist_offer", "channel": "sms", "language": "ru"},
         ("template", "waitlist_offer.sms.ru")),
        ("SALON", {"id": "sal_york"}, ("salon", "sal_york")),
        ("SERVICE", {"id": "srv_nails"}, ("service", "srv_nails")),
        ("STAFF", {"id": "stf_vera"}, ("staff", "stf_vera")),
        ("OFFER", {"id": "prm_1"}, ("offer", "prm_1")),
        ("SOURCE", {"id": "src_1"}, ("source", "src_1")),
        ("HEARD", {"id": "hrd_1"}, ("heard", "hrd_1")),
        ("PRICE", {"channel": "sms", "country_code": "+373"}, ("price", "sms.+373")),
        ("PROMOTION", {"id": "prm_1"}, None),
        ("RULES", {"number": "0000000001"}, None),
        ("CAMPAIGN", {"id": "cmp_1"}, None),
        ("TASK", {"id": "tsk_1"}, None),
        ("KEY", {"hash": "0" * 64}, None),
    ],
)  # fmt: skip
def test_one_unreadable_item_fails_no_list_and_no_desk(
    http: Http, broken: Break, item_kind: str, parts: dict[str, str], named: tuple[str, str] | None
) -> None:
    broken(item_kind, **parts)
    for path in ("network", "salons", "services", "staff", "templates", "promotions", "campaigns", "tasks",
                 "keys", "rules", "rules/changes", "connections", "clients", "walks",
                 "sources", "sources/unknown"):  # fmt: skip
        assert http.get(f"/v1/{path}").status in (200, 404), path
    booked = http.post("/v1/bookings", {
        "salon_id": "sal_centru", "client_id": "cli_maria00000000001", "starts_at": "2026-11-25T08:00:00Z",
        "lines": [{"service_id": "srv_cut", "staff_id": "stf_anna"}],
    })  # fmt: skip
    assert booked.status == 201, booked
    if named is not None:
        (parked,) = http.get("/v1/parked").json["items"]
        assert (parked["kind"], parked["id"]) == named
        assert parked["error"]
        assert (parked["at"], parked["unread"]) == ("2026-11-23T08:00:00Z", True)


def test_a_network_that_cannot_be_read_says_so_with_a_code(http: Http, broken: Break) -> None:
    broken("NETWORK")
    answer = http.get("/v1/network")
    assert (answer.status, answer.code) == (409, "UNREADABLE_ITEM")
    assert [each["id"] for each in http.get("/v1/parked").json["items"]] == [NETWORK]
    assert http.delete(f"/v1/parked/{NETWORK}").code == "NOT_REMOVABLE"


def test_what_needs_an_unreadable_item_is_refused_with_its_name(http: Http, broken: Break) -> None:
    broken("SALON", id="sal_york")
    answer = http.get("/v1/salons/sal_york")
    assert (answer.status, answer.code) == (409, "UNREADABLE_ITEM")
    assert answer.json["details"] == {"item": "salon sal_york"}


def test_a_text_is_mended_by_saving_it_anew(http: Http, broken: Break, own_text: Template) -> None:
    broken(TEMPLATE[0], **TEMPLATE[1])
    path = "/v1/templates/notice/sms/ru"
    assert http.get(path).code == "UNREADABLE_ITEM"
    assert [each["id"] for each in http.get("/v1/parked").json["items"]] == ["notice.sms.ru"]
    assert http.put(path, {"text": "Ждём вас {when}", "version": 7}).code == "STALE_VERSION"
    assert http.put(path, {"text": "Ждём вас {when}"}).status == 200
    assert http.get("/v1/parked").json["items"] == []
    assert http.get(path).json["version"] == 2


@pytest.mark.parametrize("path", ["/v1/templates/notice/sms/ru", "/v1/parked/notice.sms.ru"])
def test_a_text_is_removed_on_record(http: Http, broken: Break, own_text: Template, path: str) -> None:
    broken(TEMPLATE[0], **TEMPLATE[1])
    assert http.delete(path).status == 204
    assert http.get("/v1/parked").json["items"] == []
    (record,) = http.get("/v1/parked?removed=true").json["items"]
    assert (record["id"], record["removed_at"]) == ("notice.sms.ru", "2026-11-23T08:00:00Z")
    assert record["removed_by"].startswith("key:")
    assert http.get("/v1/templates/notice/sms/ru").json["own"] is False


def test_a_salon_is_retried_once_it_can_be_read(http: Http, broken: Break, store: Any) -> None:
    good = broken("SALON", id="sal_york")
    assert len(http.get("/v1/salons").json["items"]) == 1
    assert http.post("/v1/parked/sal_york/retry").code == "UNREADABLE_ITEM"
    good.save()
    assert http.post("/v1/parked/sal_york/retry").status == 200
    assert len(http.get("/v1/salons").json["items"]) == 2
    assert http.get("/v1/parked").json["items"] == []
    assert [each["kind"] for each in http.get("/v1/walks").json["items"]] == ["replan"]


def test_a_booking_that_cannot_be_read_is_dropped(http: Http, broken: Break, store: Any) -> None:
    booking = save_booking(store, a_booking())
    broken("BOOKING", id=booking.id)
    assert http.get(f"/v1/bookings/{booking.id}").code == "UNREADABLE_ITEM"
    assert http.delete(f"/v1/parked/{booking.id}").status == 204
    assert http.get(f"/v1/bookings/{booking.id}").status == 404
    assert http.delete(f"/v1/parked/{booking.id}").status == 404


def test_a_webhook_for_an_unreadable_connection_is_refused_so_that_the_site_sends_it_again(
    http: Http, broken: Break, store: Any
) -> None:
    connection = a_connection()
    store.save(connection)
    broken("HOOK", token=connection.token)
    answer = http.ask("POST", f"/hooks/standard/{connection.token}", {})
    assert (answer.status, answer.code) == (409, "UNREADABLE_ITEM")
    assert connection.token not in json.dumps(http.get("/v1/parked").json)


def test_a_record_of_a_removal_ends_after_ninety_days(
    http: Http, broken: Break, own_text: Template, store: Any
) -> None:
    broken(TEMPLATE[0], **TEMPLATE[1])
    http.delete("/v1/parked/notice.sms.ru")
    item = store.item.get(f"NET#{NETWORK}#PARKED", "PARKED#TEMPLATE notice.sms.ru")
    assert item.expires == int((NOW + timedelta(days=90)).timestamp())
