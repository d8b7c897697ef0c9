"""The one table from the kinds of refusals to HTTP statuses."""

from collections.abc import Mapping
from typing import Any

from chalicelib.domain.shared.errors import DomainError, ErrorKind, Unreadable, conflict
from chalicelib.services.shared.ports import SaveConflict

STATUS: Mapping[ErrorKind, int] = {
    ErrorKind.MALFORMED: 400,
    ErrorKind.UNAUTHENTICATED: 401,
    ErrorKind.FORBIDDEN: 403,
    ErrorKind.MISSING: 404,
    ErrorKind.CONFLICT: 409,
    ErrorKind.TOO_LARGE: 413,
    ErrorKind.REFUSED: 422,
    ErrorKind.TOO_MANY: 429,
    ErrorKind.UNAVAILABLE: 503,
}


def explained(error: Exception) -> tuple[int, dict[str, Any]]:
    """Status and body for what an endpoint raised. The answer to an unforeseen error shows nothing of the
    inside."""
    if isinstance(error, SaveConflict):
        error = conflict("TRY_AGAIN", "Somebody else changed this at the same moment; try again.")
    if isinstance(error, Unreadable):
        error = conflict(
            "UNREADABLE_ITEM",
            f"An item that this needs cannot be read: {error.item}. GET /v1/parked says what is wrong.",
            item=error.item,
        )
    if isinstance(error, DomainError):
        body = {"code": error.code, "message": error.message, "details": dict(error.details)}
        return STATUS[error.kind], body
    message = "Something went wrong here. Try again; if it persists, tell us the X-Correlation-Id."
    return 500, {"code": "INTERNAL", "message": message, "details": {}}
