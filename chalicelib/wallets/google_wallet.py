"""Updates a client's card in Google Wallet.

Google keeps the card, so that a change is one PATCH, and Google informs the phones.
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from msgspec import Struct

from chalicelib.domain.loyalty.passes import GOOGLE, Pass, PassDevice

OBJECTS = "https://walletobjects.googleapis.com/walletobjects/v1/loyaltyObject/"
TOKENS = "https://oauth2.googleapis.com/token"
_SCOPE = "https://www.googleapis.com/auth/wallet_object.issuer"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LASTS = timedelta(hours=1)
_EARLY = timedelta(minutes=5)
"""How long before its end a token is no longer used."""


class Http(Protocol):
    def __call__(self, method: str, url: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """The status and body of the answer. Raises OSError where there is no answer."""


class GoogleUpdates(Struct):
    """Updates cards by a service account.

    account  gives the e-mail address of the service account.
    signed   makes a JSON Web Token of claims, signed by the account's key.
    card     makes the card of a pass, in a language, as Google keeps it.
    clock    the current instant (UTC).
    """

    account: Callable[[], str]
    signed: Callable[[dict[str, Any]], str]
    card: Callable[[Pass, str], dict[str, Any]]
    http: Http
    clock: Callable[[], datetime]
    _token: str = ""
    _until: datetime | None = None

    def changed(self, shown: Pass, language: str, devices: Sequence[PassDevice]) -> bool:
        """Whether the card is up to date, after one call if the client has saved it. A card that Google does
        not know was not saved, and counts as up to date."""
        if all(each.device != GOOGLE for each in devices):
            return True
        try:
            card = self.card(shown, language)
            headers = {"Authorization": f"Bearer {self._access()}", "Content-Type": "application/json"}
            url = OBJECTS + quote(card["id"], safe="")
            status, _ = self.http("PATCH", url, headers, json.dumps(card, ensure_ascii=False).encode())
        except Exception:  # other work due of the account must not wait for a wallet
            return False
        if status == 401:
            self._until = None
        return status < 300 or status == 404

    def _access(self) -> str:
        """An access token, kept until shortly before its end. Raises ValueError where Google gives none."""
        now = self.clock()
        if self._until is not None and now < self._until:
            return self._token
        claims = {
            "iss": self.account(),
            "scope": _SCOPE,
            "aud": TOKENS,
            "iat": int(now.timestamp()),
            "exp": int((now + _LASTS).timestamp()),
        }
        form = urlencode({"grant_type": _GRANT, "assertion": self.signed(claims)}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        status, body = self.http("POST", TOKENS, headers, form)
        if status != 200:
            raise ValueError(f"Google gave no token: {status}")
        answer = json.loads(body)
        self._token = str(answer["access_token"])
        self._until = now + timedelta(seconds=int(answer.get("expires_in", 0))) - _EARLY
        return self._token


def over_https(pool: Any) -> Http:
    """The calls of `Http`, made by a pool of urllib3."""
    import urllib3

    def ask(method: str, url: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        try:
            answer = pool.request(method, url, headers=headers, body=body, redirect=False)
        except urllib3.exceptions.HTTPError as error:
            raise OSError(str(error)) from error
        return answer.status, answer.data

    return ask
