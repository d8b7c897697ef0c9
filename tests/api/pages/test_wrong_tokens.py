"""A wrong token of a page, or of a pass, is answered without a look at the table: guessing costs the salon
nothing, however often somebody guesses."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.api.http import container
from chalicelib.api.http.openapi import routes
from chalicelib.domain.loyalty.passes import serial_of
from chalicelib.passes.apple_pass import AppleIssuer
from chalicelib.passes.wallets import Wallets
from chalicelib.services.shared.world import World
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK
from tests.api.conftest import TestContainer

PASS_TYPE = "pass.example.bonus"
PARTS = {
    "token": "0123456789abcdef",
    "network": NETWORK.removeprefix("net_"),
    "device": "phone-1",
    "pass_type": PASS_TYPE,
    "serial": serial_of(NETWORK, "cli_maria00000000001"),
}
WITHOUT_TOKEN = {"GET /w/apple/{network}/v1/devices/{device}/registrations/{pass_type}"}
"""Apple Wallet shows no token there."""


class WatchedStore:
    """A store that notes what it is asked."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.asked.append(name)
        return getattr(self._store, name)


@pytest.fixture
def watched(world: World, town: Any, given_container: TestContainer) -> WatchedStore:
    store = WatchedStore(world.store)
    issuer = AppleIssuer(PASS_TYPE, "TEAM123456", lambda manifest: b"signed")
    made = replace(given_container, the_world=replace(world, store=store), the_wallets=Wallets(issuer))
    container.use(made)
    return store


def test_a_wrong_token_costs_no_read(http: Http, app: Any, watched: WatchedStore) -> None:
    visitor, answers = http.with_key(None), {}
    for route in routes(app.routes):
        name = f"{route.method} {route.path}"
        if not route.path.startswith(("/b/", "/r/", "/s/", "/u/", "/w/")) or name in WITHOUT_TOKEN:
            continue
        form = "application/x-www-form-urlencoded" if "{token}" in route.path else "application/json"
        body = json.dumps({"pushToken": "a1", "logs": []}) if form == "application/json" else "points=1"
        answer = visitor.ask(
            route.method,
            route.path.format(**PARTS),
            body,
            Content_Type=form,
            Accept="*/*",
            Authorization="ApplePass wrong",
        )
        answers[name] = answer.status
    assert {"GET /b/{token}", "POST /b/{token}/confirm", "GET /w/{token}"} <= answers.keys()
    log = "POST /w/apple/{network}/v1/log"
    assert {name: status for name, status in answers.items() if status not in (401, 404)} == {log: 200}
    assert watched.asked == []


def test_a_device_that_nobody_knows_costs_one_read_and_no_write(http: Http, watched: WatchedStore) -> None:
    (path,) = (name.partition(" ")[2].format(**PARTS) for name in WITHOUT_TOKEN)
    answer = http.with_key(None).get(path, Accept="*/*")
    assert (answer.status, watched.asked) == (204, ["get_all"])
