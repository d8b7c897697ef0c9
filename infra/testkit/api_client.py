"""The API in this process, asked as API Gateway asks it: through the app's own handler."""

import base64
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct, field

if TYPE_CHECKING:
    from chalice.app import Chalice


class Answer(Struct, frozen=True):
    status: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str:
        return str(self.json["code"])


class Http:
    """Asks the app as API Gateway would. key: whose owner asks; None: a visitor without one."""

    def __init__(self, app: "Chalice", key: str | None = None) -> None:
        self._app, self._key = app, key
        self._routes = {path: list(methods) for path, methods in app.routes.items()}

    def with_key(self, key: str | None) -> "Http":
        return Http(self._app, key)

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.ask("POST", path, body, **headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.ask("PUT", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.ask("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Answer:
        return self.ask("DELETE", path, **headers)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """body: JSON, or text or bytes that go as they are. Headers are named with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self._key is not None:
            sent.setdefault("Authorization", f"Bearer {self._key}")
        answer = self._app(self._event(method, path, body, sent), None)
        return Answer(answer["statusCode"], answer["body"], answer["headers"])

    def _event(self, method: str, path: str, body: Any, headers: dict[str, str]) -> dict[str, Any]:
        address = urlsplit(path)
        template, params = self._matched(address.path)
        encoded = isinstance(body, bytes)
        if encoded:
            body = base64.b64encode(body).decode()
        elif body is not None and not isinstance(body, str):
            body = json.dumps(body)
        return {
            "requestContext": {
                "httpMethod": method,
                "resourcePath": template,
                "requestId": "req-1",
                "identity": {"sourceIp": "192.0.2.1"},
            },
            "headers": headers,
            "multiValueQueryStringParameters": parse_qs(address.query, keep_blank_values=True) or None,
            "pathParameters": params,
            "body": body,
            "isBase64Encoded": encoded,
            "stageVariables": None,
        }

    def _matched(self, path: str) -> tuple[str, dict[str, str]]:
        parts = path.split("/")
        fits = []
        for template in self._routes:
            names = template.split("/")
            pairs = list(zip(names, parts, strict=False))
            if len(names) == len(parts) and all(n == p or n.startswith("{") for n, p in pairs):
                params = {n.strip("{}"): p for n, p in pairs if n.startswith("{")}
                fits.append((len(params), template, params))
        if not fits:
            raise LookupError(f"no route for {path}")
        _, template, params = min(fits, key=lambda fit: fit[0])
        return template, params
