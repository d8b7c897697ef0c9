"""What the sites' APIs have in common: one HTTP call, bounded in time and size, and what its status means.

No address comes from a network: the base of each API is the site's own, or the deployment's setting.
"""

import json
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Protocol

from msgspec import Struct

from chalicelib.services.bookings.site_steps import StepAnswer, StepOutcome

MAX_BYTES = 1_000_000
MAX_WAIT = timedelta(hours=1)
"""The longest wait that a site may wish for."""
_CHUNK = 16_384

NOT_THERE = frozenset({404, 410})
_TOKEN_REFUSED = frozenset({401, 403})
_LATER = frozenset({408, 425, 429})


class Patience(Struct, frozen=True):
    """How many seconds a call takes at most: to connect, for each read, and until its last read begins."""

    connect: float = 2
    read: float = 5
    whole: float = 8


class ApiAnswer(Struct, frozen=True):
    """status: of HTTP. body: the JSON value; None where there is none. wait: for how long the site wishes not
    to be asked."""

    status: int
    body: Any = None
    wait: timedelta = timedelta()

    @property
    def is_done(self) -> bool:
        return 200 <= self.status < 300


class SiteApi(Protocol):
    """One site's API."""

    def __call__(self, method: str, path: str, headers: Mapping[str, str], content: Any = None) -> ApiAnswer:
        """Asks once. path: begins with a slash. content: is sent as JSON. Raises OSError where there is no
        answer, or one that takes too long or is too large."""


def api_at(base: str, patience: Patience) -> SiteApi:
    """The API at that address."""
    import urllib3

    timeout = urllib3.Timeout(connect=patience.connect, read=patience.read)
    pool = urllib3.PoolManager(timeout=timeout, retries=False)

    def ask(method: str, path: str, headers: Mapping[str, str], content: Any = None) -> ApiAnswer:
        end = time.monotonic() + patience.whole
        sent = dict(headers, Accept=headers.get("Accept", "application/json"))
        if content is not None:
            sent["Content-Type"] = "application/json"
        try:
            answer = pool.request(
                method,
                base.rstrip("/") + path,
                headers=sent,
                body=None if content is None else json.dumps(content, ensure_ascii=False).encode(),
                redirect=False,
                preload_content=False,
            )
            try:
                raw = _bounded(answer, end)
            finally:
                answer.close()
        except urllib3.exceptions.HTTPError as error:
            raise OSError(f"no answer: {type(error).__name__}") from None  # its text may name the request
        return ApiAnswer(answer.status, _json(raw), _wait(answer.headers.get("Retry-After", "")))

    return ask


def _bounded(answer: Any, end: float) -> bytes:
    """The body. end: when no further read begins, on the monotonic clock. Raises OSError where the body is
    too large, or comes too slowly."""
    raw = b""
    while chunk := answer.read1(_CHUNK):
        raw += chunk
        if len(raw) > MAX_BYTES:
            raise OSError("the answer is too large")
        if time.monotonic() > end:
            raise OSError("the answer comes too slowly")
    return raw


def _json(raw: bytes) -> Any:
    """None for what is no JSON: a page of a proxy, or nothing."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _wait(text: str) -> timedelta:
    seconds = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
    return min(timedelta(seconds=seconds), MAX_WAIT)


def in_object(body: Any, *names: str) -> Any:
    """The value at those names in an answer's body; None where there is none."""
    for name in names:
        body = body.get(name) if isinstance(body, dict) else None
    return body


def refusal(answer: ApiAnswer) -> StepAnswer:
    """What an answer means that is neither a success nor says that the booking is gone."""
    reason = f"it answered {answer.status}"
    if answer.status in _TOKEN_REFUSED:
        return StepAnswer(StepOutcome.TOKEN_REFUSED, reason)
    if answer.status in _LATER or answer.status >= 500:
        return StepAnswer(StepOutcome.LATER, reason, answer.wait)
    return StepAnswer(StepOutcome.REFUSED, reason)


TAKEN = StepAnswer(StepOutcome.TAKEN)
