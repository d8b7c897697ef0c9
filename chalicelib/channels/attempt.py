"""One attempt at a channel: the provider is asked once, and whatever comes of it is told as an Outcome.

None of the providers takes an idempotency token, so that nothing may be repeated that could have arrived.
What surely was not sent (refused for now, no connection) may be tried later; what broke off after it was sent
is `unknown`: nobody can say whether the client got it.
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
"""With these, and `total_max_attempts=1`, the botocore client of a sender is made: botocore by itself would
wait a minute, and ask up to three times."""

Answer = Mapping[str, Any]


class Refusal(Struct, frozen=True):
    """Why a channel will never take a message. bad_address: nor any other for that address."""

    reason: str
    bad_address: bool = False


Explain = Callable[[str, Answer], Refusal | None]
"""A provider's error code and its whole answer -> what it means; None: nothing that the channel knows."""

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
"""Our credentials or clock: nothing that the message could help, and it goes over."""

_NEVER = {
    "AccessDenied": Refusal("not_allowed"),
    "AccessDeniedException": Refusal("not_allowed"),
    "AuthorizationError": Refusal("not_allowed"),
    "NotFound": Refusal("not_set_up"),
    "NotFoundException": Refusal("not_set_up"),
    "ResourceNotFoundException": Refusal("not_set_up"),
}


def attempt(call: Callable[[], Answer], provider_id: str, explain: Explain) -> Outcome:
    """Makes the call and tells its outcome. provider_id: where the answer has the provider's id of the
    message."""
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
    except (ResponseParserError, LookupError, TypeError, AttributeError):  # its parsers stumble in many ways
        log.warning("an answer could not be read", exc_info=True)
        return Outcome(MessageState.UNKNOWN, reason="answer_not_understood")
    except ParamValidationError as error:
        log.warning("a message was not even to be asked for: %s", error)
        return Outcome(MessageState.FAILED, reason="refused")
    except BotoCoreError as error:  # before anything was sent: no credentials, no endpoint
        log.warning("no attempt could be made: %s", error)
        return _later("not_ready")
    if not answer.get(provider_id):  # broken off, or not the provider who answered
        return Outcome(MessageState.UNKNOWN, reason="answer_not_understood")
    return Outcome(MessageState.SENT, provider_id=str(answer[provider_id]))


def _refused(answer: Answer, explain: Explain) -> Outcome:
    """What the provider answered: come later, its own fault (who knows), or no for good."""
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
    """The words that came with an error."""
    return str(answer.get("Error", {}).get("Message", ""))
