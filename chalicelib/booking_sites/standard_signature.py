"""The signature of Standard Webhooks (spec/standard-webhooks.md in github.com/standard-webhooks).

Signed is `{webhook-id}.{webhook-timestamp}.{body}`, each as sent. `webhook-signature` holds one signature or,
while a secret is replaced, several with blanks between: `v1,<base64>` by HMAC-SHA256, `v1a,<base64>` by
Ed25519.

The secret's prefix decides which of the two counts, so that no sender can sign by HMAC with a public key.
`whsec_` or no prefix: base64 of the shared key; `whpk_`: of the sender's public key; `whsk_`: of the pair.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import datetime

from chalicelib.booking_sites import signing
from chalicelib.domain.intake.site_events import BadSignature, UnprovenBecause

HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
TOLERANCE_SECONDS = 300
MAX_SIGNATURES = 16
"""More are not looked at: a rotation of secrets needs two."""


def verify(raw: bytes, headers: Mapping[str, str], secret: str, now: datetime) -> None:
    """Raises BadSignature for anything but a signature of these bytes made within five minutes of `now`."""
    message_id, timestamp, given = signing.needed_headers(headers, *HEADERS)
    if not re.fullmatch("[0-9]{1,12}", timestamp):
        raise BadSignature("webhook-timestamp is not a whole number of seconds")
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE_SECONDS:
        raise BadSignature("webhook-timestamp is too far from now", UnprovenBecause.CLOCK)
    signed = b".".join((message_id.encode("utf-8", "surrogatepass"), timestamp.encode(), raw))
    pairs = [item.partition(",") for item in given.split()[:MAX_SIGNATURES]]
    if secret.startswith(("whpk_", "whsk_")):
        key = _public_key(secret)
        valid = [signed_by(key, signed, _bytes(text)) for version, _, text in pairs if version == "v1a"]
    else:
        expected = base64.b64encode(signing.hmac_sha256(_shared_key(secret), signed))
        valid = [signing.same(expected, text) for version, _, text in pairs if version == "v1"]
    if not any(valid):
        raise BadSignature("no signature is of this message")


def signed_by(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the Ed25519 key signed the message. Wrong lengths and encodings are False, never an error."""
    from cryptography.exceptions import InvalidSignature  # 40 ms, and few senders sign by a pair of keys
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _shared_key(secret: str) -> bytes:
    key = _bytes(secret.removeprefix("whsec_"))
    if not key:
        raise BadSignature("the connection's secret is no base64")
    return key


def _public_key(secret: str) -> bytes:
    """The public key. Only the public half of a pair (seed and public key, 32 bytes each) is used."""
    key = _bytes(secret[5:])
    if len(key) != (32 if secret.startswith("whpk_") else 64):
        raise BadSignature("the connection's key is no Ed25519 key")
    return key[-32:]


def _bytes(text: str) -> bytes:
    """The bytes of a base64 text, with or without its padding; no bytes if the text is no base64."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""
