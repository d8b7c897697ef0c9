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
    UNAVAILABLE = "unavailable"


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


class Unreadable(Exception):
    """An item of the table is there, and cannot be read: a newer release wrote it, or it is damaged.

    item        its kind and id, such as `salon sal_...`; never a secret.
    reason      what is wrong with it.
    network_id  the network that it belongs to; None where its key names none.
    pk, sk      its key.
    version     the item's; None where it has none.
    wake_at     the instant of its pointer, as it stands in the wake index; None: it is not in the index.
    known_as    the words of its body, casefolded, where they tell its name; None: nothing is known of it.
    """

    def __init__(
        self,
        item: str,
        reason: str,
        *,
        network_id: str | None = None,
        pk: str = "",
        sk: str = "",
        version: int | None = None,
        wake_at: str | None = None,
        known_as: frozenset[str] | None = None,
    ) -> None:
        super().__init__(f"{item} cannot be read: {reason}")
        self.item, self.reason, self.network_id = item, reason, network_id
        self.pk, self.sk, self.version, self.wake_at = pk, sk, version, wake_at
        self.known_as = known_as

    def again(self) -> "Unreadable":
        """The same refusal, to be raised once more."""
        facts = {name: each for name, each in vars(self).items() if name not in ("item", "reason")}
        return Unreadable(self.item, self.reason, **facts)
