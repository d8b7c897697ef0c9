"""The demo's HTTP: plain requests with a key, answers as JSON, and a count of what was asked."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

TIMEOUT_SECONDS = 60


class Refused(Exception):
    """An answer other than 2xx, in the API's own words."""

    def __init__(self, status: int, body: str, asked: str) -> None:
        super().__init__(f"{asked}: {status} {body[:500]}")
        self.status = status
        self.code = _code(body)


@dataclass
class Http:
    """Requests to one deployment. `asked`: how many were made."""

    api_url: str
    asked: int = 0

    def ask(self, method: str, url: str, body: bytes | None = None, **headers: str) -> str:
        """The answer's text. Header names are written with _ for -. Raises Refused."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(url, data=body, method=method, headers=named)
        self.asked += 1
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            raise Refused(error.code, error.read().decode(errors="replace"), f"{method} {url}") from error


@dataclass
class Caller:
    """Somebody with a key: owner, reception, partner, ..."""

    http: Http
    key: str

    def get(self, path: str) -> Any:
        return self._answer_to("GET", path, None)

    def put(self, path: str, body: Any) -> Any:
        return self._answer_to("PUT", path, body)

    def patch(self, path: str, body: Any) -> Any:
        return self._answer_to("PATCH", path, body)

    def post(self, path: str, body: Any, once: str) -> Any:
        """once: the Idempotency-Key, by which an interrupted demo asks the same again and doubles nothing."""
        return self._answer_to("POST", path, body, Idempotency_Key=once)

    def _answer_to(self, method: str, path: str, body: Any, **headers: str) -> Any:
        text = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        headers |= {"Authorization": f"Bearer {self.key}", "Content_Type": "application/json"}
        return json.loads(self.http.ask(method, self.http.api_url + path, text, **headers) or "null")


def _code(body: str) -> str:
    try:
        return str(json.loads(body)["code"])
    except (ValueError, KeyError, TypeError):
        return ""
