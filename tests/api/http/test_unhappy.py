"""Requests as they should not be: each is a 4xx with a stable code, never a 500, and leaves nothing
half-written."""

import json
import re
from typing import Any

import pytest

from chalicelib.api.http.openapi import routes
from infra.testkit.api_client import Http

CLIENT = {"name": "Ion"}


def deep(levels: int) -> str:
    return '{"name": ' + "[" * levels + "]" * levels + "}"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("{", "MALFORMED_JSON"),
        ("name=Ion", "MALFORMED_JSON"),
        ('{"name": "Ion"} x', "MALFORMED_JSON"),
        ('{"name": "Ion", "name": "Ana"}', "MALFORMED_JSON"),
        ('{"name": "Ion", "phone": NaN}', "MALFORMED_JSON"),
        ('{"name": "Ion", "phone": Infinity}', "MALFORMED_JSON"),
        ('{"name": "Ion", "phone": -Infinity}', "MALFORMED_JSON"),
        ('{"name": "Ion", "phone": 1e999}', "MALFORMED_JSON"),
        ('{"name": "Ion", "phone": ' + "9" * 5000 + "}", "MALFORMED_JSON"),
        ('{"name": "Ion", "phone": 1e-9999999999999999999999999999999}', "MALFORMED_JSON"),
        ('{"name": "\\ud800"}', "MALFORMED_JSON"),
        (b'{"name": "\xff\xfe"}', "MALFORMED_JSON"),
        ('{"name": "Jos\ufffd"}', "MALFORMED_JSON"),  # as API Gateway hands on what is no UTF-8
        (b"\x00\x01\x02", "MALFORMED_JSON"),
        ("\ufeff{}", "MALFORMED_JSON"),
        (deep(100_000), "MALFORMED_JSON"),
        (deep(400), "INVALID_FIELD"),
        ("[]", "INVALID_FIELD"),
        ("null", "INVALID_FIELD"),
        ('"name"', "INVALID_FIELD"),
        ("{}", "MISSING_FIELD"),
        ("", "MISSING_FIELD"),
        ('{"name": null}', "INVALID_FIELD"),
        ('{"name": 5}', "INVALID_FIELD"),
        ('{"name": "Ion", "birth_date": "yesterday"}', "INVALID_FIELD"),
        ('{"name": "Ion", "consents": {}}', "INVALID_FIELD"),
        ('{"name": "' + "x" * 301 + '"}', "INVALID_FIELD"),
        ('{"name": "Ion", "nmae": 1}', "UNKNOWN_FIELD"),
        ('{"name": "Ion", "__proto__": {}}', "UNKNOWN_FIELD"),
    ],
)
def test_a_body_that_is_not_as_it_should_be_is_refused(raw: Any, code: str, http: Http) -> None:
    answer = http.post("/v1/clients", raw)
    assert (answer.status, answer.code) == (400, code), answer
    assert set(answer.json) == {"code", "message", "details"}
    assert len(http.get("/v1/clients").json["items"]) == 1


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({**CLIENT, "nmae": 1}, "UNKNOWN_FIELD", "nmae"),
        (
            {**CLIENT, "consents": [{"channel": "sms", "purpose": "service", "hwo": 1}]},
            "UNKNOWN_FIELD",
            "consents[0].hwo",
        ),
        (
            {**CLIENT, "consents": [{"channel": 5, "purpose": "service"}]},
            "INVALID_FIELD",
            "consents[0].channel",
        ),
        ({**CLIENT, "consents": [{"channel": "sms"}]}, "MISSING_FIELD", "consents[0].purpose"),
        ({}, "MISSING_FIELD", "name"),
    ],
)
def test_the_field_that_is_wrong_is_named(body: Any, code: str, field: str, http: Http) -> None:
    answer = http.post("/v1/clients", body)
    assert (answer.code, answer.json["details"]["field"]) == (code, field)


def test_a_body_of_ten_megabytes_is_too_large(http: Http) -> None:
    answer = http.post("/v1/clients", json.dumps({"name": "x" * 10_000_000}))
    assert (answer.status, answer.code) == (413, "TOO_LARGE")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/xml", "", "multipart/form-data; boundary=x"]
)
def test_json_is_read_whatever_it_is_said_to_be(content_type: str, http: Http) -> None:
    assert http.post("/v1/clients", CLIENT, Content_Type=content_type).status == 201


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=0", "INVALID_FIELD"),
        ("limit=201", "INVALID_FIELD"),
        ("limit=many", "INVALID_FIELD"),
        ("limit=1&limit=2", "INVALID_FIELD"),
        ("cursor=nonsense", "INVALID_CURSOR"),
        ("cursor=eyJQSyI6IngifQ", "INVALID_CURSOR"),
        ("cursor=%F0%9F%92%A9", "INVALID_CURSOR"),
        ("colour=red", "UNKNOWN_FIELD"),
    ],
)
def test_a_list_that_cannot_be_is_refused(query: str, code: str, http: Http) -> None:
    for path in ("/v1/clients", "/v1/clients/cli_maria00000000001/bookings", "/v1/inbox"):
        answer = http.get(f"{path}?{query}")
        assert (answer.status, answer.code) == (400, code), (path, answer)


@pytest.mark.parametrize(
    "query",
    [
        "from=yesterday",
        "from=2026-11-25T10:00:00",
        "to=9999-12-31",
        "from=0001-01-01",
        "status=maybe",
        "cursor=x.y",
    ],
)
def test_a_range_that_cannot_be_is_refused(query: str, http: Http) -> None:
    assert http.get(f"/v1/bookings?{query}").status == 400


NONSENSE = [
    "x",
    "..",
    "%2e%2e%2f",
    "%00",
    "a%20b",
    "%D0%BA%D0%BB%D1%8E%D1%87",
    "%ff%fe",
    "NET%23x",
    "x" * 201,
    "x" * 3000,
    "x%7Fy",
    "💅",
]


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_nonsense_in_the_path_is_not_found(nonsense: str, http: Http) -> None:
    for path in ("/v1/bookings/{}", "/v1/clients/{}", "/v1/salons/{}", "/v1/inbox/{}", "/v1/connections/{}"):
        answer = http.get(path.format(nonsense))
        assert (answer.status, answer.code) == (404, "NOT_FOUND"), (path, answer)
    assert http.get(f"/hooks/standard/{nonsense}").status == 404
    assert http.post(f"/hooks/{nonsense}/{nonsense}", "{}").status == 404
    assert http.post(f"/v1/bonus/entries/{nonsense}/reverse", {"reason": "x"}).status == 404
    assert http.post(f"/v1/bookings/{nonsense}/confirm").status == 404
    assert http.post(f"/v1/parked/{nonsense}/retry").status == 404
    assert http.delete(f"/v1/keys/{nonsense}").status == 404
    consent = http.put(f"/v1/clients/{nonsense}/consents/sms/service", {"granted": True, "how": "x"})
    assert consent.status == 404


def test_no_path_breaks_whatever_it_names(http: Http) -> None:
    """moto takes keys of any length: what DynamoDB would refuse must not be looked for at all."""
    for route in routes(http._app.routes):
        if "{" in route.path:
            path = re.sub(r"{[a-z_]+}", "x" * 2100, route.path)
            assert http.ask(route.method, path).status == 404, route.path


@pytest.mark.parametrize(
    "raw", ["{", "[[[", '{"a": 1, "a": 2}', b"\xff", "5", '{"x": {}}', '{"name": []}', "\x00"]
)
def test_no_route_breaks_on_a_bad_body(raw: Any, http: Http) -> None:
    for route in routes(http._app.routes):
        if route.method in ("POST", "PUT", "PATCH") and route.contract.roles is not None:
            path = route.path.replace("{", "").replace("}", "")
            answer = http.ask(route.method, path, raw)
            assert 400 <= answer.status < 500, (route.path, answer)
            assert answer.code.isupper()


def test_what_nobody_foresaw_says_nothing_of_what_is_inside(
    http: Http, given_container: Any, caplog: Any
) -> None:
    given_container.the_world = None
    answer = http.get("/v1/network")
    assert (answer.status, answer.code, answer.json["details"]) == (500, "INTERNAL", {})
    assert "NoneType" not in answer.text
    assert answer.headers["X-Correlation-Id"] == "req-1"
    assert any(record.exc_info for record in caplog.records)


def test_every_answer_can_be_found_in_the_log(http: Http, caplog: Any) -> None:
    answer = http.get("/v1/clients?phone=069123456")
    assert answer.headers["X-Correlation-Id"] == "req-1"
    (line,) = [record.__dict__ for record in caplog.records if record.message == "request"]
    assert (line["route"], line["method"], line["status"], line["correlation_id"]) == (
        "/v1/clients",
        "GET",
        200,
        "req-1",
    )
    assert (line["network"], line["role"]) == ("net_lotos00001", "owner")
    assert isinstance(line["ms"], int)
    assert "069123456" not in str(line)
