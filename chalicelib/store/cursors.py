"""Cursors of lists: opaque to the caller, and never able to lead out of the partition that is being
listed."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pynamodb.exceptions import QueryError

from chalicelib.domain.shared.errors import malformed
from chalicelib.store.failures import code_of


def cursor_text(last_key: dict[str, Any] | None) -> str | None:
    """What is handed out for the key that a page ended at."""
    if not last_key:
        return None
    plain = {name: value["S"] for name, value in last_key.items()}
    return urlsafe_b64encode(json.dumps(plain, separators=(",", ":")).encode()).decode().rstrip("=")


def start_key(cursor: str | None, hash_value: str, index: Any = None) -> dict[str, Any] | None:
    """The key that a cursor stands for. Raises INVALID_CURSOR unless it lies in the listed partition."""
    if cursor is None:
        return None
    try:
        plain = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        key = {str(name): {"S": str(value)} for name, value in plain.items()}
    except (ValueError, AttributeError) as error:
        raise malformed("INVALID_CURSOR", "This cursor was not given out here.") from error
    hash_name = index._hash_key_attribute().attr_name if index is not None else "PK"
    range_name = index.ordered_by if index is not None else "SK"
    names = {"PK", "SK", hash_name, range_name}
    network = hash_value.split("#")[1]
    if set(key) != names or key[hash_name]["S"] != hash_value or key["PK"]["S"].split("#")[1:2] != [network]:
        raise malformed("INVALID_CURSOR", "This cursor belongs to another list.")
    return key


@contextmanager
def within_list(cursor: str | None) -> Iterator[None]:
    """Reads a list from its cursor. DynamoDB refuses a key outside of what is asked for, as when a cursor
    comes back with another span of time: raises INVALID_CURSOR."""
    try:
        yield
    except QueryError as error:
        if cursor is None or code_of(error) != "ValidationException":
            raise
        raise malformed("INVALID_CURSOR", "This cursor belongs to another list.") from error
