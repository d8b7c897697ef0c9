"""Whatever the bytes, an adapter answers: with events that can be kept, WebhookNotUnderstood or
BadSignature."""

import json
import re
from contextlib import suppress
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.booking_sites import ADAPTERS
from chalicelib.domain.intake.site_events import (
    BadSignature,
    BookingReported,
    Ignored,
    SeatsReported,
    SeriesReported,
    SiteContext,
    SiteEvent,
    WebhookNotUnderstood,
)
from tests.profile import tries
from tests.unit.booking_sites.samples import ALL, CONTEXT, body

SITES = sorted(ADAPTERS)
NOW = datetime(2026, 3, 20, 8, tzinfo=UTC)
HEADERS = [
    "x-square-hmacsha256-signature",
    "X-Cal-Signature-256",
    "webhook-id",
    "Webhook-Timestamp",
    "webhook-signature",
]
fuzz = tries(250)

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**15, max_value=10**45)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(
        ["", "0", "-1", "NaN", "1e999999", "x" * 300, "2026-03-28T12:00:00Z", "0001-01-01T00:00:00Z"]
    )
    | st.sampled_from(["9999-12-31T23:59:59-12:00", "9999-12-31 23:59:59", "0000-02-29", "Europe", "\x00"])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to everything inside."""
    steps: list[Any] = list(value) if isinstance(value, dict) else []
    steps = list(range(len(value))) if isinstance(value, list) else steps
    return [(*path, step) for step in steps] + [
        place for step in steps for place in places(value[step], (*path, step))
    ]


@st.composite
def mutations(draw: st.DrawFn, site: str) -> bytes:
    """A proper webhook with up to three of its values replaced or removed."""
    message = deepcopy(draw(st.sampled_from(ALL[site])))
    for _ in range(draw(st.integers(1, 3))):
        *path, last = draw(st.sampled_from(places(message)))
        place = message
        for step in path:
            place = place[step]
        if draw(st.booleans()):
            place[last] = draw(values)
        else:
            del place[last]
        if not message:
            break
    return json.dumps(message).encode()


def normalised(site: str, raw: bytes) -> list[SiteEvent] | WebhookNotUnderstood:
    try:
        return ADAPTERS[site].normalise(raw, CONTEXT)
    except WebhookNotUnderstood as error:
        return error


def check(site: str, raw: bytes) -> None:
    adapter = ADAPTERS[site]
    delivery = adapter.identify(raw, {})
    assert delivery == adapter.identify(raw, {})
    assert 0 < len(delivery.dedupe_key.encode()) <= 200
    assert delivery.occurred_at is None or delivery.occurred_at.tzinfo is UTC
    answer = normalised(site, raw)
    if isinstance(answer, WebhookNotUnderstood):
        assert re.fullmatch("[A-Z0-9_]+", answer.code)
        assert answer.message
        return
    assert answer
    for event in answer:
        repr(event).encode()
        if isinstance(event, Ignored):
            continue
        if isinstance(event, SeatsReported | SeriesReported):
            event = event.event
        assert re.fullmatch(r"v\d{20}|t\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\d[0-9a-f]{0,8}", event.guard)
        assert 0 < len(event.external_id) <= 200
        if isinstance(event, BookingReported):
            assert event.starts_at is None or 1971 <= event.starts_at.year <= 2200
            assert event.client is None or not event.anonymous
            assert all(line.service_id or line.service_name for line in event.lines)
            assert all(isinstance(line.price_minor, int | None) for line in event.lines)


@pytest.mark.parametrize("site", SITES)
@fuzz
@given(data=st.data())
def test_a_proper_webhook_with_wrong_parts(site: str, data: st.DataObject):
    check(site, data.draw(mutations(site)))


@pytest.mark.parametrize("site", SITES)
@fuzz
@given(raw=st.binary() | values.map(json.dumps).map(str.encode))
def test_any_bytes_and_any_json(site: str, raw: bytes):
    check(site, raw)


@pytest.mark.parametrize("site", SITES)
@fuzz
@given(
    raw=st.binary(),
    headers=st.dictionaries(
        st.sampled_from(HEADERS), st.text() | st.sampled_from(["1774000000", "v1,YQ==", "v1a,YQ=="])
    ),
    secret=st.none() | st.text() | st.sampled_from(["whsec_YQ==", "whpk_" + "A" * 43]),
)
def test_any_signature(site: str, raw: bytes, headers: dict[str, str], secret: str | None):
    ADAPTERS[site].identify(raw, headers)
    with suppress(BadSignature):
        ADAPTERS[site].verify(raw, headers, SiteContext(url="https://x.example", secret=secret), NOW)
        assert site in ("yclients", "altegio")


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "NOT_JSON"),
        (b"{", "NOT_JSON"),
        (b"\xef\xbb\xbf{}", "NOT_JSON"),
        (b'{"type": NaN}', "NOT_JSON"),
        (b'{"type": -Infinity}', "NOT_JSON"),
        (b'{"type": "\\ud800"}', "NOT_JSON"),
        (b"action=changed&id=5", "NOT_JSON"),
        (b'{"type": "\xff"}', "NOT_UTF8"),
        (body({"type": "я"}).decode().encode("utf-16"), "NOT_UTF8"),
        (b'{"a":' * 100_000, "NESTED_TOO_DEEP"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "NESTED_TOO_DEEP"),
        (b"{}", "INVALID_FIELD"),
        (b"5", "INVALID_FIELD"),
        (b"[1]", "INVALID_FIELD"),
        (b"null", "INVALID_FIELD"),
    ],
)
def test_what_is_no_message_at_all(site: str, raw: bytes, code: str):
    check(site, raw)
    with pytest.raises(WebhookNotUnderstood) as error:
        ADAPTERS[site].normalise(raw, CONTEXT)
    assert error.value.code == code


@pytest.mark.parametrize("site", SITES)
def test_a_refusal_never_repeats_what_a_client_wrote(site: str):
    for message in ALL[site]:
        for path in places(message):
            broken = deepcopy(message)
            place = broken
            for step in path[:-1]:
                place = place[step]
            place[path[-1]] = [{"secret": "Анна +37369111222"}]
            answer = normalised(site, body(broken))
            assert not isinstance(answer, WebhookNotUnderstood) or "37369111222" not in answer.message
