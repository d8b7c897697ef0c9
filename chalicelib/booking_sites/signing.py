"""What the signatures of booking sites have in common. Everything is compared as bytes, in constant time."""

import hmac
from collections.abc import Mapping

from chalicelib.domain.site_events import BadSignature, SiteContext


def lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def needed_header(headers: Mapping[str, str], name: str) -> str:
    """The value of the header of that lower-case name. Raises BadSignature where it is missing or empty."""
    value = lowered(headers).get(name)
    if not value:
        raise BadSignature(f"the header {name} is missing")
    return value


def needed_secret(context: SiteContext) -> str:
    """A connection without a secret admits nobody: with an empty key anyone could sign."""
    if not context.secret:
        raise BadSignature("the connection has no secret")
    return context.secret


def hmac_sha256(key: bytes, *parts: bytes) -> bytes:
    return hmac.digest(key, b"".join(parts), "sha256")


def same(expected: bytes, given: str) -> bool:
    return hmac.compare_digest(expected, given.encode("utf-8", "surrogatepass"))
