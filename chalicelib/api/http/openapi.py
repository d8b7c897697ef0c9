"""The contract as OpenAPI 3.1, made from the routes, their roles and the structs that they read and write."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
from chalice.app import Request
from msgspec import Struct

from chalicelib.api.http.container import container
from chalicelib.api.http.endpoint import JSON, Answer, Contract, bp, get, public
from chalicelib.api.http.parsing import Nothing

VERSION = "1.0.0"
_REF = "#/components/schemas/{name}"
_TEXT = {"type": "string"}


class ApiRoute(Struct, frozen=True):
    """A method and path of the API with what it admits and understands."""

    method: str
    path: str
    contract: Contract
    name: str
    says: str


class Problem(msgspec.Struct, kw_only=True):
    """Every error. code: stable, see docs/errors.md."""

    code: str
    message: str
    details: dict[str, Any]


def routes(table: dict[str, dict[str, Any]]) -> Iterator[ApiRoute]:
    """All routes of an app's table, pages and webhooks too."""
    for path, methods in sorted(table.items()):
        for method, entry in sorted(methods.items()):
            view = entry.view_function
            if hasattr(view, "contract"):
                yield ApiRoute(method, path, view.contract, view.__name__, view.__doc__ or "")


@get("/openapi.json")
@public(answer=dict[str, Any])
def openapi(request: Request) -> Answer:
    return Answer(_document(container().links().base_url), 200, {"Cache-Control": "public, max-age=300"})


@cache
def _document(base_url: str) -> bytes:
    return msgspec.json.encode(document(list(routes(bp.current_app.routes)), base_url))


def document(found: list[ApiRoute], base_url: str) -> dict[str, Any]:
    shapes = [shape for route in found for shape in _shapes(route.contract)]
    unique = list({repr(shape): shape for shape in [*shapes, Problem]}.values())
    schemas, components = msgspec.json.schema_components(unique, ref_template=_REF)
    schema_of = {repr(shape): schema for shape, schema in zip(unique, schemas, strict=True)}
    paths: dict[str, dict[str, Any]] = {}
    for route in found:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schema_of)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Perennial", "version": VERSION},
        "servers": [{"url": base_url}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _shapes(contract: Contract) -> list[Any]:
    """All that a route reads and writes. Of the query its fields, each a parameter of its own."""
    whole = [each for each in (contract.body, contract.answer) if each not in (None, Nothing)]
    return [*whole, *(field.type for field in msgspec.structs.fields(contract.query))]


def _operation(route: ApiRoute, schema_of: dict[str, Any]) -> dict[str, Any]:
    contract = route.contract
    operation: dict[str, Any] = {
        "operationId": f"{route.method.lower()}{_camel(route.path)}",
        "parameters": [*_in_path(route.path), *_in_query(contract, schema_of), *_in_header(route)],
        "responses": _responses(contract, schema_of),
    }
    if route.says:
        operation["description"] = " ".join(route.says.split())
    if contract.roles is not None:
        operation["security"] = [{"key": []}]
        operation["x-roles"] = sorted(role.value for role in contract.roles)
    if contract.body is not Nothing or contract.takes != JSON:
        has_body = contract.body is not Nothing
        schema = schema_of[repr(contract.body)] if has_body else {}
        operation["requestBody"] = {"required": has_body, "content": {contract.takes: {"schema": schema}}}
    return operation


def _responses(contract: Contract, schema_of: dict[str, Any]) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "As asked."}
    problem = schema_of[repr(Problem)]
    if contract.status == 303:
        good = {"description": "Done; look at the page.", "headers": {"Location": {"schema": _TEXT}}}
    elif contract.gives != JSON:
        good["content"] = {contract.gives: {"schema": _TEXT}}
    elif contract.answer is not None:
        good["content"] = {JSON: {"schema": schema_of[repr(contract.answer)]}}
    bad = {JSON: {"schema": problem}} if contract.gives == JSON else {"text/html": {"schema": _TEXT}}
    says = "Refused, with a stable code." if contract.gives == JSON else "A page that says so."
    return {str(contract.status): good, "default": {"description": says, "content": bad}}


def _in_path(path: str) -> list[dict[str, Any]]:
    names = [part.strip("{}") for part in path.split("/") if part.startswith("{")]
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _in_query(contract: Contract, schema_of: dict[str, Any]) -> list[dict[str, Any]]:
    fields = msgspec.structs.fields(contract.query)
    return [
        {"name": each.encode_name, "in": "query", "schema": schema_of[repr(each.type)]} for each in fields
    ]


def _in_header(route: ApiRoute) -> list[dict[str, Any]]:
    if route.method != "POST" or route.contract.roles is None:
        return []
    schema = {"type": "string", "minLength": 1, "maxLength": 200}
    return [{"name": "Idempotency-Key", "in": "header", "schema": schema}]


def _camel(path: str) -> str:
    words = path.replace("{", "by-").replace("}", "").replace("/", "-").replace(".", "-").replace("_", "-")
    return "".join(word.capitalize() for word in words.split("-") if word)
