"""One attempt at a channel: the provider is asked once, and the result is an Outcome.

No provider takes an idempotency token, so that a message that may have arrived must not be sent again. A
message that surely was not sent (refused for now, no connection) may be tried later. A call that broke off
after the request was sent is `unknown`: the client may have got the message.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ParamValidationError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.parsers import ResponseParserError
from msgspec import Struct

from chalicelib.domain.messages.messages import MessageState, Outcome

log = logging.getLogger(__name__)

CONNECT_SECONDS, READ_SECONDS = 2, 5
"""The time-outs of a sender's botocore client, which also has `total_max_attempts=1`. By default botocore
waits a minute and asks up to three times."""

Answer = Mapping[str, Any]


class Refusal(Struct, frozen=True):
    """Why a channel will never take this message. bad_address: it will take no other message to this address
    either."""

    reason: str
    bad_address: bool = False


Explain = Callable[[str, Answer], Refusal | None]
"""A provider's error code and its whole answer -> the refusal; None: the channel does not know the code."""

_THROTTLED = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "Throttled",
        "ThrottledRequestException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "SlowDown",
    }
)
_NOT_SIGNED = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
"""Errors of our credentials or clock: they are not the message's fault, and they pass."""

_NEVER = {
    "AccessDenied": Refusal("not_allowed"),
    "AccessDeniedException": Refusal("not_allowed"),
    "AuthorizationError": Refusal("not_allowed"),
    "NotFound": Refusal("not_set_up"),
    "NotFoundException": Refusal("not_set_up"),
    "ResourceNotFoundException": Refusal("not_set_up"),
}


def attempt(call: Callable[[], Answer], provider_id: str, explain: Explain) -> Outcome:
    """Makes the call and returns its outcome. provider_id: the field of the answer with the provider's id of
    the message."""
    try:
        answer = call()
    except ClientError as error:
        return _refused(error.response, explain)
    except (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError):
        return _later("unreachable")
    except ReadTimeoutError:
        return Outcome(MessageState.UNKNOWN, reason="timed_out")
    except (HTTPClientError, SSLError):
        return Outcome(MessageState.UNKNOWN, reason="connection_lost")
    except (ResponseParserError, LookupError, TypeError, AttributeError):  # its parsers fail in many ways
        log.warning("an answer could not be read", exc_info=True)
        return Outcome(MessageState.UNKNOWN, reason="answer_not_understood")
    except ParamValidationError as error:
        log.warning("the request of a message is invalid: %s", error)
        return Outcome(MessageState.FAILED, reason="refused")
    except BotoCoreError as error:  # nothing was sent: no credentials, no endpoint
        log.warning("no attempt could be made: %s", error)
        return _later("not_ready")
    if not answer.get(provider_id):  # it broke off, or did not come from the provider
        return Outcome(MessageState.UNKNOWN, reason="answer_not_understood")
    return Outcome(MessageState.SENT, provider_id=str(answer[provider_id]))


def _refused(answer: Answer, explain: Explain) -> Outcome:
    """The outcome of an error that the provider answered: throttled, unknown (its own fault), or failed."""
    code = str(answer.get("Error", {}).get("Code", ""))
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
    if code in _THROTTLED or status == 429:
        return _later("throttled")
    if status >= 500:
        return Outcome(MessageState.UNKNOWN, reason="provider_error")
    if code in _NOT_SIGNED:
        return _later("not_ready")
    refusal = explain(code, answer) or _NEVER.get(code)
    if refusal is None:
        log.warning("refused: %s %s", code, error_message(answer))
        refusal = Refusal("refused")
    return Outcome(MessageState.FAILED, reason=refusal.reason, bad_address=refusal.bad_address)


def _later(reason: str) -> Outcome:
    return Outcome(MessageState.FAILED, reason=reason, throttled=True)


def error_message(answer: Answer) -> str:
    """The message of an error that the provider answered."""
    return str(answer.get("Error", {}).get("Message", ""))
