"""The decorator of every route: authorise, parse, answer once, map errors, log one line.

A view is given an `Ask` and the path's parameters. It calls one service and returns the answer, or an
`Answer` to set status or headers. What a route admits and understands is the view's `contract`. The OpenAPI
document and the tests of roles are made from contracts.
"""

import time
from collections.abc import Callable, Mapping
from functools import partial, wraps
from typing import Any, cast
from urllib.parse import unquote

import msgspec
from chalice import Blueprint, Response
from chalice.app import Request
from msgspec import Struct, field
from msgspec.structs import replace

from chalicelib.api.http import errors
from chalicelib.api.http.container import Container, container
from chalicelib.api.http.cursors import ListCursors, name_of_list
from chalicelib.api.http.kept import kept_of
from chalicelib.api.http.metrics import count_metric
from chalicelib.api.http.parsing import Nothing, body_of, query_of
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.errors import (
    DomainError,
    ErrorKind,
    Unreadable,
    forbidden,
    malformed,
    missing,
)
from chalicelib.domain.shared.quotas import CallerKind
from chalicelib.logs import logger
from chalicelib.services.shared.answer_once import Given, answer_once
from chalicelib.services.shared.unreadable import park_unreadable
from chalicelib.services.shared.world import World

bp = Blueprint("chalicelib.api")

# Any content type: Chalice would refuse the others in a shape of its own, and webhooks come as they like.
get, post, put, patch, delete = (
    partial(bp.route, methods=[method], content_types=["*/*"])
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
)

EVERYBODY = frozenset(Role)
DESK = frozenset({Role.OWNER, Role.MANAGER, Role.RECEPTION})
OFFICE = frozenset({Role.OWNER, Role.MANAGER})
OWNER = frozenset({Role.OWNER})

JSON = "application/json"
_HEADERS = {
    "Content-Type": JSON,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
BINARY = frozenset({"application/vnd.apple.pkpass"})
"""Media types of binary answers, which app.py names to API Gateway."""
MAX_PATH = 200


class Contract(Struct, frozen=True):
    """What a route admits and understands.

    roles         None: everybody.
    answer        None: no body.
    keeps_answer  whether the answer may be stored for a repetition. An answer with a secret may not: it is
                  made again from the same seed.
    takes, gives  media types of body and answer.
    """

    roles: frozenset[Role] | None
    body: type[Any]
    query: type[Any]
    answer: Any
    status: int
    keeps_answer: bool
    takes: str = JSON
    gives: str = JSON


class Ask(Struct, frozen=True):
    """A request that was let in. request_id: the same for a repetition with the same Idempotency-Key,
    else None."""

    container: Container
    access: Access
    body: Any
    query: Any
    request_id: str | None = None

    @property
    def world(self) -> World:
        return self.container.world()


def salons_of(ask: Ask) -> list[str]:
    """The salons whose lists a key is shown: those that it reaches; a specialist's, those they work in."""
    directory = ask.world.directory(ask.access.network_id)
    staff = directory.staff.get(ask.access.staff_id or "")
    salon_ids = staff.salon_ids if staff is not None and staff.salon_ids else tuple(directory.salons)
    return sorted(salon_id for salon_id in salon_ids if ask.access.reaches_salon(salon_id))


class Answer(Struct, frozen=True):
    """An answer with status and headers. A body of text or bytes is sent unchanged."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def endpoint(
    *,
    roles: frozenset[Role],
    body: type[Any] = Nothing,
    query: type[Any] = Nothing,
    answer: Any = None,
    status: int = 200,
    keeps_answer: bool = True,
) -> Callable[[Callable[..., Any]], Callable[..., Response]]:
    """The decorator of a route that needs a key, under `@get(path)`, `@post(path)`, ... Every POST takes an
    Idempotency-Key (docs/api.md, Idempotency)."""
    contract = Contract(roles, body, query, answer, status, keeps_answer)

    def decorate(view: Callable[..., Any]) -> Callable[..., Response]:
        def handle(request: Request, seen: dict[str, Any], path: dict[str, str]) -> Answer:
            access = _let_in(request, roles, seen)
            asked = query_of(_params(request), query)
            raw = raw_body(request)
            ask = Ask(container(), access, body_of(raw, body), asked)
            key = request.headers.get("idempotency-key")
            try:
                if request.method == "GET" and "cursor" in query.__struct_fields__:
                    return _page(view, ask, path, contract, request)
                if request.method != "POST" or key is None:
                    return _answered(view(ask, **path), status)
                return _once(view, ask, path, contract, key, request)
            finally:
                _park_unreadable(ask.world)

        return _served(view, contract, handle)

    return decorate


def public(
    *,
    body: type[Any] = Nothing,
    answer: Any = None,
    status: int = 200,
    takes: str = JSON,
    gives: str = JSON,
    explain: Callable[..., Answer] | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Response]]:
    """The decorator of a route without a key. Its view is given the bare request, and reads the body itself.
    explain: makes the answer to an error."""
    contract = Contract(None, body, Nothing, answer, status, False, takes, gives)

    def decorate(view: Callable[..., Any]) -> Callable[..., Response]:
        def handle(request: Request, seen: dict[str, Any], path: dict[str, str]) -> Answer:
            try:
                return _answered(view(request, **path), status)
            except Unreadable:
                _park_unreadable(container().world())
                raise

        return _served(view, contract, handle, explain)

    return decorate


def _served(
    view: Callable[..., Any],
    contract: Contract,
    handle: Callable[[Request, dict[str, Any], dict[str, str]], Answer],
    explain: Callable[..., Answer] | None = None,
) -> Callable[..., Response]:
    @wraps(view)
    def handler(**path: str) -> Response:
        request, began = bp.current_request, time.perf_counter()
        correlation_id = str(request.context.get("requestId", ""))
        seen: dict[str, Any] = {"correlation_id": correlation_id}
        path = {name: unquote(value) for name, value in path.items()}
        try:
            _ensure_possible(path)
            answer = handle(request, seen, path)
        except Exception as error:
            answer = _explained(error, seen, lambda *body: explain(request, path, *body) if explain else None)
        ms = round((time.perf_counter() - began) * 1000)
        # The route's template, never the path: addresses of pages and webhooks are secrets.
        logger().info("request", extra={"route": request.path, "method": request.method, "ms": ms,
                                        "status": answer.status, **seen})  # fmt: skip
        return _response(answer, correlation_id)

    handler.contract = contract  # type: ignore[attr-defined]
    return handler


def _explained(error: Exception, seen: dict[str, Any], explain: Callable[..., Answer | None]) -> Answer:
    status, body = errors.explained(error)
    seen["code"] = body["code"]
    if body["code"] == "QUOTA_SPENT":
        count_metric("QuotaSpent")
    if status == 500:
        logger().exception("a request failed", extra={"correlation_id": seen["correlation_id"]})
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    if "retry_after_seconds" in body["details"]:
        headers["Retry-After"] = str(body["details"]["retry_after_seconds"])
    return explain(status, body) or Answer(body, status, headers)


def _park_unreadable(world: World) -> None:
    """Lists what could not be read. The answer does not depend on it: whatever fails here is met again."""
    try:
        for _ in range(park_unreadable(world)):
            count_metric("ItemsParked")
    except Exception:
        logger().exception("what could not be read was not listed")


def _ensure_possible(path: Mapping[str, str]) -> None:
    """Refuses a path with a part that no key of the table could hold. Raises NOT_FOUND."""
    for name, value in path.items():
        if len(value) > MAX_PATH or not (value.isascii() and value.isprintable()):
            raise missing(name.removesuffix("_id"), "")


# --- who asks


def _let_in(request: Request, roles: frozenset[Role], seen: dict[str, Any]) -> Access:
    """The access of the request's key, if the route admits its role."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise DomainError(
            ErrorKind.UNAUTHENTICATED, "UNAUTHENTICATED", "Send your key: Authorization: Bearer <key>."
        )
    kept = kept_of(container().world())
    access = kept.keys.access(secret.strip())
    seen.update(network=access.network_id, role=access.role.value)
    if access.role not in roles:
        raise forbidden("This role may not do that.", role=access.role.value)
    if request.method != "GET":
        kept.quotas.count(access.network_id, access.actor, CallerKind(access.role.value))
    return access


# --- what is asked


def raw_body(request: Request) -> bytes:
    """The bytes of the body. API Gateway encodes binary ones; what only claims to be so is malformed."""
    try:
        raw = request.raw_body
        return raw.encode() if isinstance(raw, str) else bytes(raw or b"")
    except ValueError as error:
        raise malformed("MALFORMED_JSON", "The body is not text in UTF-8.") from error


def _params(request: Request) -> dict[str, str]:
    given = request.query_params
    if given is None:
        return {}
    for name in given:
        if len(given.getlist(name)) > 1:
            raise malformed("INVALID_FIELD", f"{name} is given twice.", field=name)
    return dict(given)


def _page(
    view: Callable[..., Any], ask: Ask, path: dict[str, str], contract: Contract, request: Request
) -> Answer:
    """A page of a list. The cursor that is handed out leads on in this very list only. Raises
    INVALID_CURSOR."""
    name = name_of_list(ask.access.network_id, request.path, path, _params(request))
    asked = ask.query
    if asked.cursor is not None:
        asked = replace(asked, cursor=ListCursors(ask.container.links().secret, name).opened(asked.cursor))
    answer = _answered(view(replace(ask, query=asked), **path), contract.status)
    following = getattr(answer.body, "next_cursor", None)
    if following is None:
        return answer
    sealed = ListCursors(ask.container.links().secret, name).sealed(following)
    return replace(answer, body=replace(answer.body, next_cursor=sealed))


def _once(
    view: Callable[..., Any],
    ask: Ask,
    path: dict[str, str],
    contract: Contract,
    key: str,
    request: Request,
) -> Answer:
    scope = (ask.access.actor, request.path)
    content = msgspec.json.encode([sorted(path.items()), sorted(_params(request).items()), ask.body])

    def do(request_id: str) -> Given:
        seeded = Ask(ask.container, ask.access, ask.body, ask.query, request_id)
        made = _answered(view(seeded, **path), contract.status)
        return Given(made.status, msgspec.json.encode(made.body).decode())

    given, replayed = answer_once(
        ask.world, ask.access.network_id, scope, key, content, do, keep=contract.keeps_answer
    )
    headers = {"Idempotency-Replayed": "true"} if replayed else {}
    return Answer(given.body, given.status, headers)


# --- the answer


def _answered(made: Any, status: int) -> Answer:
    return made if isinstance(made, Answer) else Answer(made, status)


def _response(answer: Answer, correlation_id: str) -> Response:
    text = answer.body
    if isinstance(text, bytes):
        text = text if answer.headers.get("Content-Type") in BINARY else text.decode()
    elif answer.status == 204:
        text = ""
    elif not isinstance(text, str):
        text = msgspec.json.encode(text).decode()
    headers = {**_HEADERS, **answer.headers, "X-Correlation-Id": correlation_id}
    return Response(text, headers=cast(Any, headers), status_code=answer.status)
