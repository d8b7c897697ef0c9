"""Google Wallet is told what a card shows: one call, with a token that is kept."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import pytest

from chalicelib.domain.loyalty.passes import GOOGLE, Pass, PassDevice
from chalicelib.wallets.google_wallet import OBJECTS, TOKENS, GoogleUpdates, over_https
from infra.testkit.builders import NETWORK, NOW
from infra.testkit.doubles import SettableClock

MARIA = "cli_maria00000000001"
SHOWN = Pass(serial="lotos00001.maria00000000001", network_name="Lotos", code="C", points=70)


def kept(device: str) -> PassDevice:
    return PassDevice(network_id=NETWORK, client_id=MARIA, device=device, kept_since=NOW)


@dataclass
class Google:
    """Gives tokens, takes cards; `answers` are given one after another to cards, then always 200."""

    answers: list[Any] = field(default_factory=list)
    token: tuple[int, bytes] = (200, b'{"access_token": "tok", "expires_in": 3600}')
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def __call__(self, method: str, url: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        self.asked.append((method, url, headers, body))
        if url == TOKENS:
            return self.token
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return answer, b"{}"


def updates(google: Google, clock: SettableClock) -> GoogleUpdates:
    def card(shown: Pass, language: str) -> dict[str, Any]:
        return {"id": f"3388.{shown.serial}", "points": shown.points, "language": language}

    return GoogleUpdates(lambda: "w@example", lambda claims: json.dumps(claims), card, google, clock)


def test_a_saved_card_is_patched_with_a_token_that_lasts() -> None:
    google, clock = Google(), SettableClock()
    wallet = updates(google, clock)
    assert wallet.changed(SHOWN, "ro", [kept("phone-1"), kept(GOOGLE)])
    assert wallet.changed(SHOWN, "ro", [kept(GOOGLE)])
    assert [each[0] for each in google.asked] == ["POST", "PATCH", "PATCH"]
    form = parse_qs(google.asked[0][3].decode())
    claims = json.loads(form["assertion"][0])
    assert (claims["iss"], claims["exp"] - claims["iat"]) == ("w@example", 3600)
    _, url, headers, body = google.asked[1]
    assert url == f"{OBJECTS}3388.lotos00001.maria00000000001"
    assert headers["Authorization"] == "Bearer tok"
    assert json.loads(body)["points"] == 70
    clock.forward(minutes=56)
    wallet.changed(SHOWN, "ro", [kept(GOOGLE)])
    assert [each[0] for each in google.asked[3:]] == ["POST", "PATCH"]


def test_a_client_who_never_saved_the_card_costs_no_call() -> None:
    google = Google()
    assert updates(google, SettableClock()).changed(SHOWN, "ro", [kept("phone-1")])
    assert google.asked == []


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (200, True),
        (404, True),
        (400, False),
        (401, False),
        (429, False),
        (503, False),
        (OSError("no answer"), False),
    ],
)
def test_what_google_did_not_take_is_to_be_told_again(answer: Any, expected: bool) -> None:
    """A card that it does not know was never saved."""
    assert updates(Google([answer]), SettableClock()).changed(SHOWN, "en", [kept(GOOGLE)]) is expected


def test_a_token_that_is_refused_is_asked_for_anew() -> None:
    google = Google([401])
    wallet = updates(google, SettableClock())
    assert not wallet.changed(SHOWN, "en", [kept(GOOGLE)])
    assert wallet.changed(SHOWN, "en", [kept(GOOGLE)])
    assert [each[0] for each in google.asked] == ["POST", "PATCH", "POST", "PATCH"]


@pytest.mark.parametrize(
    "token", [(400, b""), (200, b"nonsense"), (200, b"{}"), (200, b'{"access_token": "t"}')]
)
def test_without_a_token_nothing_breaks(token: tuple[int, bytes]) -> None:
    google = Google(token=token)
    updated = updates(google, SettableClock()).changed(SHOWN, "en", [kept(GOOGLE)])
    assert updated is (b"access_token" in token[1])


def test_a_broken_connection_is_told_as_such() -> None:
    import urllib3

    pool = urllib3.PoolManager(timeout=1, retries=False)
    with pool, pytest.raises(OSError, match="refused"):
        over_https(pool)("PATCH", "http://127.0.0.1:9/", {}, b"{}")
