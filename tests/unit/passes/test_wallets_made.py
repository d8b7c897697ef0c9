"""Which wallets there are follows from the settings; their keys are read when a pass is made."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from chalicelib import wallet_wiring, wiring
from chalicelib.domain.loyalty.passes import GOOGLE, Pass, PassDevice
from chalicelib.passes import apple_pass, google_pass
from chalicelib.services.waking.handlers import NO_WALLETS
from chalicelib.wallets.apple_push import HOST, ApplePush
from chalicelib.wallets.every_wallet import EveryWallet
from chalicelib.wallets.google_wallet import GoogleUpdates
from chalicelib.wallets.http2 import Http2
from infra.testkit.builders import NOW
from tests.unit.passes.pass_keys import made_keys

SHOWN = Pass(serial="lotos00001.maria00000000001", network_name="Lotos", code="C", points=70)
BOTH = {
    "WALLET_APPLE_PASS_TYPE": "pass.example.bonus",
    "WALLET_APPLE_TEAM": "TEAM123456",
    "WALLET_GOOGLE_ISSUER": "3388",
    "WALLET_GOOGLE_LOGO": "https://pictures.example/logo.png",
}
KEPT = (
    wiring.settings, wiring.wallets, wiring.pass_updates, wiring.parameter, wiring._aws,
    wallet_wiring.apple_signature, wallet_wiring.apple_connection, wallet_wiring.google_account,
)  # fmt: skip


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Sets the surroundings of a deployment: its environment and its parameters."""

    def made(environment: Mapping[str, str], parameters: Mapping[str, str]) -> None:
        surroundings = {"TABLE_NAME": "any", "PARAMETER_PREFIX": "/perennial/test", **environment}
        for name, value in surroundings.items():
            monkeypatch.setenv(name, value)
        for each in KEPT:
            each.cache_clear()
        ssm = wiring._aws("ssm")
        for name, value in parameters.items():
            ssm.put_parameter(Name=f"/perennial/test/wallet/{name}", Value=value, Type="SecureString")

    with mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "test")
        yield made
    for each in KEPT:
        each.cache_clear()


def test_without_settings_there_is_no_wallet_and_nobody_is_told(deployed: Any) -> None:
    deployed({}, {})
    assert wiring.wallets().kinds == ()
    assert wiring.pass_updates() is NO_WALLETS


def test_with_settings_and_keys_both_wallets_issue_passes(deployed: Any) -> None:
    keys = made_keys()
    account = {"client_email": "w@example", "private_key": keys["key"].decode()}
    parameters = {f"apple-{name}": keys[name].decode() for name in ("certificate", "key", "intermediate")}
    deployed(BOTH, {**parameters, "google-account": json.dumps(account)})
    wallets = wiring.wallets()
    assert wallets.kinds == ("apple", "google")
    assert wallets.apple is not None
    assert wallets.google is not None
    service = apple_pass.UpdateService("https://perennial.example/w/apple/lotos00001", "t" * 32)
    assert apple_pass.pkpass(SHOWN, "en", wallets.apple, service)[:2] == b"PK"
    assert google_pass.save_url(SHOWN, "en", wallets.google, NOW).startswith(google_pass.SAVE_URL)


def test_where_keys_are_missing_only_what_needs_them_fails(deployed: Any) -> None:
    """The card's page, which offers the pass, is shown all the same; a wallet is told later."""
    deployed(BOTH, {})
    wallets = wiring.wallets()
    assert wallets.kinds == ("apple", "google")
    assert wallets.apple is not None
    with pytest.raises(ClientError, match="ParameterNotFound"):
        wallets.apple.sign(b"manifest")
    updates = wiring.pass_updates()
    assert isinstance(updates, EveryWallet)
    assert [type(each) for each in updates.kinds] == [GoogleUpdates, ApplePush]
    for device in (kept(GOOGLE), kept("phone-1", "a1")):
        assert not updates.changed(SHOWN, "en", [device])


def test_apple_is_called_by_the_certificate_that_signs_passes(deployed: Any) -> None:
    keys = made_keys()
    deployed(BOTH, {f"apple-{name}": keys[name].decode() for name in ("certificate", "key")})
    updates = wiring.pass_updates()
    assert isinstance(updates, EveryWallet)
    push = updates.kinds[1]
    assert isinstance(push, ApplePush)
    assert push.pass_type == BOTH["WALLET_APPLE_PASS_TYPE"]
    line = push.connect()
    assert isinstance(line, Http2)
    assert (line._host, line._port) == (HOST, 443)


def kept(device: str, push_token: str = "") -> PassDevice:
    return PassDevice(
        network_id="net_lotos00001",
        client_id="cli_1",
        device=device,
        push_token=push_token,
        kept_since=NOW,
    )
