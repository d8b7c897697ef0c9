"""The contract as a document, and the contract's bounds that no single endpoint shows."""

import functools
import operator
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.api.http.openapi import routes
from infra.testkit.api_client import Http
from tests.api.conftest import BASE_URL


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
        "$ref": "#/components/schemas/BookingRequest"
    }
    assert "201" in making["responses"]
    assert [each["name"] for each in making["parameters"]] == ["Idempotency-Key"]
    listing = document["paths"]["/v1/bookings"]["get"]
    assert {"from", "to", "limit", "cursor"} <= {each["name"] for each in listing["parameters"]}


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"]
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from references(each)


@pytest.fixture
def document(http: Http) -> Any:
    return http.get("/openapi.json").json


def test_every_reference_leads_somewhere(document: Any) -> None:
    found = set(references(document))
    assert "#/components/schemas/Status" in found
    for reference in found:
        root, *steps = reference.split("/")
        assert root == "#"
        functools.reduce(operator.getitem, steps, document)


def test_every_operation_has_its_own_name(document: Any) -> None:
    operations = [each for methods in document["paths"].values() for each in methods.values()]
    names = [each["operationId"] for each in operations]
    assert len(names) == len(set(names))


def test_it_tells_where_the_api_is(document: Any) -> None:
    assert document["servers"] == [{"url": BASE_URL}]


def test_pages_are_described_as_pages_and_their_forms_as_forms(document: Any) -> None:
    paths = document["paths"]
    assert list(paths["/b/{token}"]["get"]["responses"]["200"]["content"]) == ["text/html"]
    assert list(paths["/b/{token}"]["get"]["responses"]["default"]["content"]) == ["text/html"]
    assert list(paths["/b/{token}/calendar.ics"]["get"]["responses"]["200"]["content"]) == ["text/calendar"]
    pages = [
        each["post"] for path, each in paths.items() if path[:3] in ("/b/", "/r/", "/u/") and "post" in each
    ]
    assert len(pages) == 8
    for posting in pages:
        assert list(posting["requestBody"]["content"]) == ["application/x-www-form-urlencoded"]
        assert list(posting["responses"]) == ["303", "default"]
    (review,) = paths["/r/{token}"]["post"]["requestBody"]["content"].values()
    fields = document["components"]["schemas"][review["schema"]["$ref"].rpartition("/")[2]]
    assert (set(fields["properties"]), fields["required"]) == ({"stars", "words"}, ["stars"])


def test_a_webhook_may_send_anything(document: Any) -> None:
    posting = document["paths"]["/hooks/{site}/{token}"]["post"]
    assert posting["requestBody"]["content"] == {"*/*": {"schema": {}}}
    assert list(posting["responses"]["200"]["content"]) == ["application/json"]


def test_health_needs_no_key_and_tells_nothing_of_anybody(http: Http) -> None:
    answer = http.with_key(None).get("/health")
    assert (answer.status, answer.json) == (200, {"status": "ok"})
