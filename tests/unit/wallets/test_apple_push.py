"""Apple phones are called over HTTP/2: by a server on this machine that asks for the certificate."""

import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from chalicelib.domain.loyalty.passes import GOOGLE, Pass, PassDevice
from chalicelib.wallets import apple_push
from chalicelib.wallets.apple_push import ApplePush
from chalicelib.wallets.every_wallet import EveryWallet
from chalicelib.wallets.http2 import Http2, tls_of
from chalicelib.wallets.http2_calls import Http2Answer, Post
from infra.testkit.builders import NETWORK, NOW
from tests.unit.wallets.apple_server import BREAKS, GOES_AWAY, HOST, SILENT, AppleServer, Keys, made_keys

MARIA = "cli_maria00000000001"
SHOWN = Pass(serial="lotos00001.maria00000000001", network_name="Lotos", code="C", points=70)


def kept(device: str, token: str = "") -> PassDevice:
    return PassDevice(network_id=NETWORK, client_id=MARIA, device=device, push_token=token, kept_since=NOW)


@pytest.fixture(scope="module")
def keys() -> Keys:
    return made_keys()


@pytest.fixture
def server(keys: Keys, tmp_path: Path) -> Iterator[AppleServer]:
    with AppleServer(keys, tmp_path) as made:
        yield made


@dataclass
class Calling:
    """Calls phones by a server; `seconds` is what time it has, `clock` a clock that tests set."""

    server: AppleServer
    certificate: tuple[str, str] | None = None
    seconds: float = 4
    clock: float = 0
    unregistered: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        certificate, key = self.certificate or self.server.keys.ours
        tls = tls_of(certificate, key, self.server.keys.authority)
        self.connection = Http2(HOST, self.server.port, tls, lambda: self.clock)
        self.push = ApplePush("pass.example", lambda: self._posts, self._forget)

    def _posts(self, posts: Sequence[Post], seconds: float) -> list[Http2Answer | None]:
        return self.connection(posts, min(seconds, self.seconds))

    def _forget(self, device: PassDevice) -> None:
        self.unregistered.append(device.device)

    def changed(self, *tokens: str) -> bool:
        return self.push.changed(SHOWN, "ro", [kept(f"phone-{token}", token) for token in tokens])


@pytest.fixture
def calling(server: AppleServer) -> Iterator[Calling]:
    made = Calling(server)
    yield made
    made.connection.close()


def test_a_phone_is_called_by_an_empty_push_with_the_certificate_of_the_pass(calling: Calling) -> None:
    assert calling.changed("a1")
    (asked,) = calling.server.asked
    assert (asked.headers[":method"], asked.headers[":path"]) == ("POST", "/3/device/a1")
    headers = {name: text for name, text in asked.headers.items() if name.startswith("apns-")}
    assert headers == {"apns-topic": "pass.example", "apns-push-type": "background", "apns-priority": "5"}
    assert (asked.body, asked.caller) == (b"{}", "pass.example")
    assert calling.unregistered == []


def test_several_phones_are_called_over_one_connection_and_so_is_who_comes_next(calling: Calling) -> None:
    assert calling.changed("a1", "a2", "a3")
    assert calling.changed("a4")
    assert [(each.connection, each.token) for each in calling.server.asked] == [
        (1, "a1"),
        (1, "a2"),
        (1, "a3"),
        (1, "a4"),
    ]


def test_no_more_is_asked_at_once_than_apple_takes(keys: Keys, tmp_path: Path) -> None:
    with AppleServer(keys, tmp_path, at_once=2) as server:
        calling = Calling(server)
        assert calling.changed(*(f"a{number}" for number in range(20)))
        calling.connection.close()
        assert (len(server.asked), server.connections) == (20, 1)


@pytest.mark.parametrize("answer", [410, (410, "Unregistered"), (400, "BadDeviceToken")])
def test_a_phone_that_is_gone_is_forgotten_and_called_no_more(calling: Calling, answer: Any) -> None:
    calling.server.answers["a2"] = answer
    assert calling.changed("a1", "a2")
    assert calling.unregistered == ["phone-a2"]


@pytest.mark.parametrize(
    "answer",
    [
        (400, "BadTopic"),
        (400, "DeviceTokenNotForTopic"),
        400,
        (403, "BadCertificate"),
        (429, "TooManyRequests"),
        500,
        503,
    ],
)
def test_what_apple_did_not_take_is_to_be_told_again(calling: Calling, answer: Any) -> None:
    calling.server.answers["a1"] = answer
    assert not calling.changed("a1", "a2")
    assert calling.unregistered == []
    assert sorted(each.token for each in calling.server.asked) == ["a1", "a2"]


def test_where_nobody_listens_nobody_is_told(keys: Keys, tmp_path: Path) -> None:
    with AppleServer(keys, tmp_path) as server:
        calling = Calling(server)
    assert not calling.changed("a1")


@pytest.mark.parametrize("does", [BREAKS, GOES_AWAY])
def test_a_connection_that_breaks_leaves_untold_what_it_did_not_answer(calling: Calling, does: str) -> None:
    calling.server.answers["a2"] = does
    assert not calling.changed("a1", "a2")
    calling.server.answers.clear()
    assert calling.changed("a1", "a2")
    assert calling.unregistered == []


def test_a_kept_connection_that_had_died_is_opened_anew(calling: Calling) -> None:
    assert calling.changed("a1")
    calling.server.hang_up()
    assert calling.changed("a1", "a2")
    assert (calling.server.connections, len(calling.server.asked)) == (2, 3)


def test_a_connection_that_was_idle_is_not_trusted(calling: Calling) -> None:
    assert calling.changed("a1")
    calling.clock += 19
    assert calling.changed("a1")
    assert calling.server.connections == 1
    calling.clock += 20
    assert calling.changed("a1")
    assert calling.server.connections == 2


def test_whoever_does_not_answer_in_time_is_not_waited_for(calling: Calling) -> None:
    calling.server.answers["a2"] = SILENT
    calling.seconds = 0.3
    began = time.monotonic()
    assert not calling.changed("a1", "a2", "a3")
    assert time.monotonic() - began < 1.5
    calling.server.answers.clear()
    calling.seconds = 4
    assert calling.changed("a1", "a2", "a3")


def test_all_that_a_push_may_take_is_some_seconds() -> None:
    assert apple_push.SECONDS <= 5


def test_a_certificate_that_apple_does_not_know_tells_nobody(server: AppleServer) -> None:
    calling = Calling(server, certificate=server.keys.strangers)
    assert not calling.changed("a1")
    assert server.asked == []


def test_a_key_that_wants_a_password_is_refused_and_nobody_is_asked_for_it(keys: Keys) -> None:
    certificate, key = keys.ours
    secret = load_pem_private_key(key.encode(), None)
    locked = secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word"))
    for wrong in (locked.decode(), "", "nonsense"):
        with pytest.raises(ssl.SSLError):
            tls_of(certificate, wrong)


def test_a_server_that_nobody_vouches_for_is_told_nothing(server: AppleServer) -> None:
    line = Http2(HOST, server.port, tls_of(*server.keys.ours), lambda: 0)
    assert line([Post("/3/device/a1", {}, b"{}")], 4) == [None]
    assert server.asked == []


def test_a_server_that_does_not_speak_http2_is_told_nothing(keys: Keys, tmp_path: Path) -> None:
    with AppleServer(keys, tmp_path, protocol="http/1.1") as server:
        calling = Calling(server)
        assert not calling.changed("a1")
        assert server.asked == []


def test_who_keeps_the_card_elsewhere_costs_no_connection() -> None:
    def line() -> Any:
        raise AssertionError("there is nobody to call")

    assert ApplePush("pass.example", line, lambda device: None).changed(SHOWN, "ro", [kept(GOOGLE)])


def failing(error: Exception) -> Callable[..., Any]:
    def raises(*arguments: Any) -> Any:
        raise error

    return raises


def test_without_a_certificate_or_where_forgetting_fails_nothing_breaks(calling: Calling) -> None:
    phone = kept("phone-1", "a1")
    assert not ApplePush("p", failing(ValueError("no key")), lambda device: None).changed(
        SHOWN, "ro", [phone]
    )
    calling.server.answers["a1"] = 410
    push = ApplePush("p", lambda: calling.connection, failing(OSError("no table")))
    assert not push.changed(SHOWN, "ro", [phone])


@pytest.mark.parametrize("answers", [(True, True), (True, False), (False, True), (False, False)])
def test_every_kind_of_wallet_is_told_and_all_must_have_been(answers: tuple[bool, ...]) -> None:
    pushed: list[int] = []

    @dataclass
    class Kind:
        number: int

        def changed(self, shown: Pass, language: str, devices: Sequence[PassDevice]) -> bool:
            pushed.append(self.number)
            return answers[self.number]

    assert EveryWallet([Kind(0), Kind(1)]).changed(SHOWN, "ro", [kept(GOOGLE)]) is all(answers)
    assert pushed == [0, 1]
