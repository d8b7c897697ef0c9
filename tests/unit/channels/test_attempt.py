"""What an error of botocore's means for the message, whatever the channel."""

from collections.abc import Mapping
from typing import Any

import botocore.exceptions as errors
import pytest

from chalicelib.channels.attempt import attempt
from chalicelib.domain.messages.messages import MessageState, Outcome


def outcome_of(error: Exception) -> Outcome:
    def call() -> Mapping[str, Any]:
        raise error

    return attempt(call, "MessageId", lambda code, answer: None)


def answered(code: str, status: int = 400) -> errors.ClientError:
    answer = {"Error": {"Code": code, "Message": "No"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return errors.ClientError(answer, "Send")


@pytest.mark.parametrize(
    "error",
    [
        answered("Throttling"),
        answered("ThrottlingException"),
        answered("ThrottledRequestException", 429),
        answered("TooManyRequestsException", 429),
        answered("AnythingAtAll", 429),
        answered("ThrottlingException", 503),
    ],
    ids=str,
)
def test_a_throttled_message_is_for_later(error: Exception) -> None:
    assert outcome_of(error) == Outcome(MessageState.FAILED, reason="throttled", throttled=True)


@pytest.mark.parametrize(
    "error",
    [
        errors.ConnectTimeoutError(endpoint_url="https://x"),
        errors.EndpointConnectionError(endpoint_url="https://x"),
        errors.ProxyConnectionError(proxy_url="https://x"),
    ],
    ids=repr,
)
def test_what_found_nobody_is_for_later(error: Exception) -> None:
    assert outcome_of(error) == Outcome(MessageState.FAILED, reason="unreachable", throttled=True)


@pytest.mark.parametrize(
    "error",
    [
        errors.NoCredentialsError(),
        errors.NoRegionError(),
        answered("ExpiredTokenException", 403),
        answered("RequestTimeTooSkewed", 403),
        answered("InvalidSignatureException", 403),
    ],
    ids=repr,
)
def test_what_could_not_even_be_signed_is_for_later(error: Exception) -> None:
    assert outcome_of(error) == Outcome(MessageState.FAILED, reason="not_ready", throttled=True)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (errors.ReadTimeoutError(endpoint_url="https://x"), "timed_out"),
        (errors.ConnectionClosedError(endpoint_url="https://x"), "connection_lost"),
        (errors.SSLError(endpoint_url="https://x", error="EOF"), "connection_lost"),
        (errors.HTTPClientError(error="anything"), "connection_lost"),
        (answered("InternalError", 500), "provider_error"),
        (answered("", 502), "provider_error"),
    ],
    ids=repr,
)
def test_what_broke_off_is_unknown(error: Exception, reason: str) -> None:
    assert outcome_of(error) == Outcome(MessageState.UNKNOWN, reason=reason)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (answered("AccessDeniedException", 403), "not_allowed"),
        (answered("NotFound", 404), "not_set_up"),
        (answered("Whatever"), "refused"),
        (errors.ParamValidationError(report="Invalid length"), "refused"),
    ],
    ids=repr,
)
def test_what_is_refused_is_never_tried_again(error: Exception, reason: str) -> None:
    assert outcome_of(error) == Outcome(MessageState.FAILED, reason=reason)


def test_a_fault_of_ours_is_not_taken_for_an_answer() -> None:
    def call() -> Mapping[str, Any]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        attempt(call, "MessageId", lambda code, answer: None)
