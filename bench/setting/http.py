"""The API in this process on the salon that is measured."""

from dataclasses import dataclass
from typing import Any

from bench.setting.metered_driver import MeteredDriver
from chalicelib.api.http import container
from chalicelib.domain.networks.network import Role
from chalicelib.services.intake.receive_webhook import Receiving
from chalicelib.services.networks.manage_keys import make_key
from chalicelib.services.shared.links import Links
from chalicelib.services.shared.world import World
from infra.testkit import api_client


@dataclass(frozen=True)
class _DriversParts:
    """The salon's world in place of the wiring's."""

    driver: MeteredDriver

    def world(self) -> World:
        return self.driver.world

    def links(self) -> Links:
        return self.driver.links

    def receiving(self) -> Receiving:
        return self.driver.receiving()


class Http:
    """Asks with the key of the reception; every answer is expected to be a success."""

    def __init__(self, driver: MeteredDriver) -> None:
        from app import app

        container.use(_DriversParts(driver))
        with driver.meter.step("set-up"):
            _, key = make_key(driver.world, driver.network_id, Role.RECEPTION, name="Reception")
        self._http = api_client.Http(app, key)

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
        answer = self._http.ask(method, path, body, **(headers or {}))
        assert answer.status < 400, (method, path, answer)
        is_json = answer.headers.get("Content-Type", "").startswith("application/json")
        return answer.json if is_json and answer.text else answer.text
