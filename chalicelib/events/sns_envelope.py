"""The envelope that SNS puts around an event, and its signature (docs.aws.amazon.com/sns/latest/dg,
"Verifying the signatures of Amazon SNS messages").

By policy only the topic may send to the queue, and only the three messaging services may publish to the
topic. The signature still protects when one of those policies is changed by mistake.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from chalicelib.domain.messages.message_events import Forged

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.x509 import Certificate

MAX_EARLY = timedelta(minutes=15)
MAX_LATE = timedelta(days=15)
"""An event may stay in the queue for the longest retention of queues."""
MAX_CERTIFICATES = 8
KEY_BITS_LEAST = 2048
_SIGNED = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CERTIFICATE_URL = re.compile(
    r"https://sns\.([a-z0-9-]{3,40})\.amazonaws\.com(\.cn)?/SimpleNotificationService-[A-Za-z0-9]{1,64}\.pem"
)


class Published(Struct, frozen=True):
    """A published text, and when it was published (UTC)."""

    text: str
    at: datetime


class Envelopes(Struct):
    """Opens envelopes.

    topics  the ARNs of our topics.
    fetch   reads the certificate at an address; None: there is none there. It raises where that is unknown.
            Without fetch signatures are not verified, since the local cloud makes none.
    """

    topics: frozenset[str]
    fetch: Callable[[str], bytes | None] | None
    _certificates: dict[str, "Certificate"] = field(default_factory=dict)

    def open(self, envelope: Any, now: datetime) -> Published:
        """Raises Forged: MALFORMED, WRONG_TOPIC, WRONG_TIME, WRONG_CERTIFICATE, WRONG_SIGNATURE."""
        fields = _fields(envelope)
        if fields["TopicArn"] not in self.topics:
            raise Forged("WRONG_TOPIC")
        at = _instant(fields["Timestamp"])
        if not now - MAX_LATE <= at <= now + MAX_EARLY:
            raise Forged("WRONG_TIME")
        if self.fetch is not None:
            self._verify(fields, at, self.fetch)
        return Published(fields["Message"], at)

    def _verify(self, fields: Mapping[str, str], at: datetime, fetch: Callable[[str], bytes | None]) -> None:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA1, SHA256

        hashes = {"1": SHA1, "2": SHA256}
        version = fields.get("SignatureVersion", "")
        if version not in hashes:
            raise Forged("WRONG_SIGNATURE")
        url = fields.get("SigningCertURL", "")
        match = _CERTIFICATE_URL.fullmatch(url)
        if match is None or match[1] != fields["TopicArn"].split(":")[3]:
            raise Forged("WRONG_CERTIFICATE")
        key = self._key(url, at, fetch)
        try:
            signature = base64.b64decode(fields.get("Signature", ""), validate=True)
            key.verify(signature, _signed(fields), PKCS1v15(), hashes[version]())
        except (InvalidSignature, binascii.Error, ValueError):
            raise Forged("WRONG_SIGNATURE") from None

    def _key(self, url: str, at: datetime, fetch: Callable[[str], bytes | None]) -> "RSAPublicKey":
        """The key of the certificate at an address. Each certificate is fetched once."""
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
        from cryptography.x509 import load_pem_x509_certificate

        if url not in self._certificates:
            pem = fetch(url)
            try:
                made = load_pem_x509_certificate(pem or b"")
            except ValueError:
                raise Forged("WRONG_CERTIFICATE") from None
            while len(self._certificates) >= MAX_CERTIFICATES:
                del self._certificates[next(iter(self._certificates))]
            self._certificates[url] = made
        certificate = self._certificates[url]
        key = certificate.public_key()
        is_valid = certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc
        if not is_valid or not isinstance(key, RSAPublicKey) or key.key_size < KEY_BITS_LEAST:
            raise Forged("WRONG_CERTIFICATE")
        return key


def _fields(envelope: Any) -> dict[str, str]:
    """The text fields of the envelope. Raises Forged where a notification's fields are missing."""
    texts = (
        {name: text for name, text in envelope.items() if isinstance(text, str)}
        if isinstance(envelope, dict)
        else {}
    )
    if texts.get("Type") != "Notification" or not texts.keys() >= {*_SIGNED} - {"Subject"}:
        raise Forged("MALFORMED")
    return texts


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Forged("MALFORMED") from None
    if at.tzinfo is None:
        raise Forged("MALFORMED")
    return at.astimezone(UTC).replace(microsecond=at.microsecond // 1000 * 1000)


def _signed(fields: Mapping[str, str]) -> bytes:
    """The signed bytes: names and values line by line, and the subject only where there is one."""
    lines = (f"{name}\n{fields[name]}\n" for name in _SIGNED if name in fields)
    return "".join(lines).encode("utf-8", "surrogatepass")


def fetched(url: str) -> bytes | None:
    """A certificate of SNS; None: there is none at the address. It is read by botocore's HTTP client with its
    own list of authorities, in one try, without redirects. Raises ConnectionError where SNS fails."""
    from botocore.awsrequest import AWSRequest
    from botocore.httpsession import URLLib3Session

    answer = URLLib3Session(timeout=(2, 3)).send(AWSRequest("GET", url).prepare())
    if answer.status_code == 200:
        return bytes(answer.content)
    if 300 <= answer.status_code < 500:
        return None
    raise ConnectionError(f"SNS answers {answer.status_code} for its certificate")
