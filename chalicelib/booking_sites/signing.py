"""What the signatures of booking sites have in common. Everything is compared as bytes, in constant time."""

import hmac
from collections.abc import Mapping

from chalicelib.domain.intake.site_events import BadSignature, SiteContext, UnprovenBecause


def lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def needed_headers(headers: Mapping[str, str], *names: str) -> tuple[str, ...]:
    """The values of the headers of those lower-case names. Raises BadSignature where one is not there."""
    given = lowered(headers)
    for name in names:
        if not given.get(name):
            raise BadSignature(f"the header {name} is missing", UnprovenBecause.NO_SIGNATURE)
    return tuple(given[name] for name in names)


def needed_secret(context: SiteContext) -> str:
    """The secret of the connection. A connection without a secret admits no event: with an empty key anyone
    could sign."""
    if not context.secret:
        raise BadSignature("the connection has no secret")
    return context.secret


def hmac_sha256(key: bytes, *parts: bytes) -> bytes:
    return hmac.digest(key, b"".join(parts), "sha256")


def same(expected: bytes, given: str) -> bool:
    return hmac.compare_digest(expected, given.encode("utf-8", "surrogatepass"))
