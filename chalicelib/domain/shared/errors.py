"""The one way in which a rule refuses. The api maps `kind` to an HTTP status in one table; `code` is stable
and documented."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class ErrorKind(StrEnum):
    MALFORMED = "malformed"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    MISSING = "missing"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    REFUSED = "refused"
    TOO_MANY = "too_many"


class DomainError(Exception):
    """A refused request. `code` is UPPER_SNAKE; `message` names what to do next; `details` can be written as
    JSON."""

    def __init__(self, kind: ErrorKind, code: str, message: str, /, **details: Any) -> None:
        super().__init__(f"{code}: {message}")
        self.kind = kind
        self.code = code
        self.message = message
        self.details: Mapping[str, Any] = details


def malformed(code: str, message: str, /, **details: Any) -> DomainError:
    return DomainError(ErrorKind.MALFORMED, code, message, **details)


def missing(what: str, item_id: str) -> DomainError:
    """The error of a thing that does not exist, in the same words where it belongs to another network."""
    return DomainError(ErrorKind.MISSING, "NOT_FOUND", f"There is no such {what}.", what=what, id=item_id)


def conflict(code: str, message: str, /, **details: Any) -> DomainError:
    return DomainError(ErrorKind.CONFLICT, code, message, **details)


def refused(code: str, message: str, /, **details: Any) -> DomainError:
    return DomainError(ErrorKind.REFUSED, code, message, **details)


def forbidden(message: str, /, **details: Any) -> DomainError:
    return DomainError(ErrorKind.FORBIDDEN, "FORBIDDEN", message, **details)
