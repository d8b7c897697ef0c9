"""The contract as a document, and the contract's bounds that no single endpoint shows."""

import re
from typing import Any

from chalicelib.api.openapi import routes
from tests.api.conftest import Http


def test_the_document_describes_every_route(http: Http, app: Any) -> None:
    answer = http.with_key(None).get("/openapi.json")
    assert answer.status == 200
    document = answer.json
    assert document["openapi"] == "3.1.0"
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert described == {(route.method, route.path) for route in routes(app.routes)}
    making = document["paths"]["/v1/bookings"]["post"]
    assert making["x-roles"] == ["manager", "owner", "partner", "reception"]
    assert making["requestBody"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/BookingSaid"
    }
    assert "201" in making["responses"]
    assert [each["name"] for each in making["parameters"]] == ["Idempotency-Key"]
    listing = document["paths"]["/v1/bookings"]["get"]
    assert {"from", "to", "limit", "cursor"} <= {each["name"] for each in listing["parameters"]}


def test_every_reference_leads_somewhere_and_every_operation_has_its_own_name(http: Http) -> None:
    text = http.get("/openapi.json").text
    document = http.get("/openapi.json").json
    for name in re.findall(r'"#/components/schemas/([^"]+)"', text):
        assert name in document["components"]["schemas"], name
    operations = [each for methods in document["paths"].values() for each in methods.values()]
    names = [each["operationId"] for each in operations]
    assert len(names) == len(set(names))


def test_health_needs_no_key_and_tells_nothing_of_anybody(http: Http) -> None:
    answer = http.with_key(None).get("/health")
    assert (answer.status, answer.json) == (200, {"status": "ok"})
