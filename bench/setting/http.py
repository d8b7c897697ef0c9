"""The API in this process, asked as API Gateway asks it: through the app's own handler."""

import json
import re
from dataclasses import dataclass
from typing import Any

from bench.setting.metered_driver import MeteredDriver
from chalicelib.api.http import container
from chalicelib.domain.networks.network import Role
from chalicelib.services.intake.receive_webhook import Receiving
from chalicelib.services.networks.manage_keys import make_key
from chalicelib.services.shared.links import Links
from chalicelib.services.shared.world import World


@dataclass(frozen=True)
class _DriversParts:
    """The salon's world in place of the wiring's."""

    driver: MeteredDriver

    def world(self) -> World:
        return self.driver.world

    def links(self) -> Links:
        return self.driver.links

    def receiving(self) -> Receiving:
        return self.driver.receiving


class Http:
    """Asks with the key of the reception; every answer is expected to be a success."""

    def __init__(self, driver: MeteredDriver) -> None:
        from app import app

        container.use(_DriversParts(driver))
        self._app = app
        self._routes = {path: re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)) for path in app.routes}
        with driver.meter.step("set-up"):
            _, self._key = make_key(driver.world, driver.network_id, Role.RECEPTION, name="Reception")

    def get(self, path: str) -> Any:
        return self.ask("GET", path)

    def post(self, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        return self.ask("POST", path, body, headers)

    def put(self, path: str, body: Any) -> Any:
        return self.ask("PUT", path, body)

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        """body: JSON, or bytes or text that go as they are. The answer: JSON, or a page's text."""
        if isinstance(body, bytes):
            body = body.decode()
        elif body is not None and not isinstance(body, str):
            body = json.dumps(body)
        template, given = self._matched(method, path)
        event = {
            "requestContext": {"httpMethod": method, "resourcePath": template, "requestId": "bench",
                               "identity": {"sourceIp": "192.0.2.1"}},
            "headers": {"Authorization": f"Bearer {self._key}", **(headers or {})},
            "multiValueQueryStringParameters": None,
            "pathParameters": given,
            "body": body,
            "isBase64Encoded": False,
            "stageVariables": None,
        }  # fmt: skip
        answer = self._app(event, None)
        assert answer["statusCode"] < 400, (method, template, answer)
        is_json = str(answer["headers"].get("Content-Type", "")).startswith("application/json")
        return json.loads(answer["body"]) if is_json and answer["body"] else answer["body"]

    def _matched(self, method: str, path: str) -> tuple[str, dict[str, str]]:
        for template, pattern in self._routes.items():
            found = pattern.fullmatch(path)
            if found and method in self._app.routes[template]:
                return template, found.groupdict()
        raise LookupError(f"no route for {method} {path}")
