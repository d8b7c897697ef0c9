"""An envelope is opened only if SNS published it on our topic. These tests sign with a certificate of
ours."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from chalicelib.domain.messages.message_events import Forged
from chalicelib.events.sns_envelope import Envelopes, Published
from infra.testkit.builders import NOW

TOPIC = "arn:aws:sns:us-east-1:123456789012:events"
URL = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-01d088a6f77103d0fe307c0069e40ed6.pem"


@cache
def rsa_key(name: str = "sns", bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def certificate(
    key: Any, since: datetime = NOW - timedelta(days=30), until: datetime = NOW + timedelta(days=30)
) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, since, until).sign(key, SHA256())
    return made.public_bytes(Encoding.PEM)


@dataclass
class Certificates:
    """What stands at the addresses of SNS."""

    at: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __call__(self, url: str) -> bytes | None:
        self.asked.append(url)
        return self.at.get(url)


def envelope(key: rsa.RSAPrivateKey | None = None, **fields: Any) -> dict[str, Any]:
    """A notification as SNS delivers it to a queue, signed."""
    fields = {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": '{"eventType": "TEXT_DELIVERED", "text": "Привет"}',
        "Timestamp": "2026-11-23T07:59:58.123Z",
        "SignatureVersion": "2",
        "SigningCertURL": URL,
        "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe",
        **fields,
    }
    names = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
    text = "".join(f"{name}\n{fields[name]}\n" for name in names if name in fields)
    hashed = {"1": SHA1(), "2": SHA256()}.get(fields["SignatureVersion"], SHA256())
    signature = (key or rsa_key()).sign(text.encode(), PKCS1v15(), hashed)
    return {"Signature": base64.b64encode(signature).decode(), **fields}


@pytest.fixture
def certificates() -> Certificates:
    return Certificates({URL: certificate(rsa_key())})


@pytest.fixture
def envelopes(certificates: Certificates) -> Envelopes:
    return Envelopes(frozenset({TOPIC}), certificates)


def code_of(envelopes: Envelopes, given: Any) -> str:
    with pytest.raises(Forged) as error:
        envelopes.open(given, NOW)
    return error.value.code


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("also", [{}, {"Subject": "Amazon SES Email Event Notification"}])
def test_what_sns_signed_is_opened(envelopes: Envelopes, version: str, also: dict[str, str]) -> None:
    opened = envelopes.open(envelope(SignatureVersion=version, **also), NOW)
    at = NOW - timedelta(seconds=1, milliseconds=877)
    assert opened == Published('{"eventType": "TEXT_DELIVERED", "text": "Привет"}', at)


def test_a_certificate_is_read_once(envelopes: Envelopes, certificates: Certificates) -> None:
    for _ in range(3):
        envelopes.open(envelope(), NOW)
    assert certificates.asked == [URL]


@pytest.mark.parametrize("field", ["Message", "MessageId", "Timestamp"])
def test_a_changed_field_is_noticed(envelopes: Envelopes, field: str) -> None:
    other = {"Message": '{"eventType": "TEXT_INVALID"}', "Timestamp": "2026-11-23T07:59:59.000Z"}
    assert code_of(envelopes, {**envelope(), field: other.get(field, "other")}) == "WRONG_SIGNATURE"


def test_an_added_subject_is_noticed(envelopes: Envelopes) -> None:
    assert code_of(envelopes, {**envelope(), "Subject": "added"}) == "WRONG_SIGNATURE"


@pytest.mark.parametrize("signature", ["", "FAKE", "Ж", "AAAA", "not base64!"])
def test_a_made_up_signature_is_refused(envelopes: Envelopes, signature: str) -> None:
    assert code_of(envelopes, {**envelope(), "Signature": signature}) == "WRONG_SIGNATURE"


def test_a_signature_of_somebody_else_is_refused(envelopes: Envelopes) -> None:
    assert code_of(envelopes, envelope(rsa_key("stranger"))) == "WRONG_SIGNATURE"


@pytest.mark.parametrize("version", ["0", "3", "", "SHA256"])
def test_an_unknown_way_of_signing_is_refused(envelopes: Envelopes, version: str) -> None:
    assert code_of(envelopes, envelope(SignatureVersion=version)) == "WRONG_SIGNATURE"


def test_a_signature_of_the_other_version_is_refused(envelopes: Envelopes) -> None:
    assert (
        code_of(envelopes, {**envelope(SignatureVersion="1"), "SignatureVersion": "2"}) == "WRONG_SIGNATURE"
    )


@pytest.mark.parametrize(
    "topic",
    ["arn:aws:sns:us-east-1:123456789012:other", "arn:aws:sns:us-east-1:666666666666:events",
     "arn:aws:sns:eu-west-1:123456789012:events", "", TOPIC.upper()],
)  # fmt: skip
def test_another_topic_is_refused_even_where_nothing_is_signed(
    certificates: Certificates, topic: str
) -> None:
    for fetch in (certificates, None):
        assert code_of(Envelopes(frozenset({TOPIC}), fetch), envelope(TopicArn=topic)) == "WRONG_TOPIC"
    assert certificates.asked == []


@pytest.mark.parametrize(
    "url",
    [
        URL.replace("https", "http"),
        URL.replace("us-east-1", "eu-west-1"),
        URL.replace("sns.us-east-1.amazonaws.com", "sns.us-east-1.amazonaws.com.evil.example"),
        URL.replace("sns.us-east-1.amazonaws.com", "evil.example"),
        URL.replace("sns.us-east-1.amazonaws.com", "evil.example/sns.us-east-1.amazonaws.com"),
        URL.replace("sns.us-east-1.amazonaws.com", "sns.us-east-1.amazonaws.com@evil.example"),
        URL.replace("sns.", "s3."),
        URL.replace("https://sns", "https://bucket.sns"),
        URL.replace("amazonaws.com/", "amazonaws.com:8443/"),
        URL.replace("/Simple", "/../Simple"),
        URL + "?redirect=evil.example",
        URL + "\n",
        "",
    ],
)
def test_a_certificate_from_elsewhere_is_not_even_asked_for(
    envelopes: Envelopes, certificates: Certificates, url: str
) -> None:
    certificates.at[url] = certificates.at[URL]
    assert code_of(envelopes, envelope(SigningCertURL=url)) == "WRONG_CERTIFICATE"
    assert certificates.asked == []


def test_china_has_its_own_ending() -> None:
    topic, url = TOPIC.replace("us-east-1", "cn-north-1"), URL.replace("us-east-1", "cn-north-1")
    url = url.replace(".com/", ".com.cn/")
    known = Envelopes(frozenset({topic}), Certificates({url: certificate(rsa_key())}))
    assert known.open(envelope(TopicArn=topic, SigningCertURL=url), NOW)


@pytest.mark.parametrize(
    "made",
    [
        lambda: None,
        lambda: b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        lambda: b"<html>not found</html>",
        lambda: certificate(rsa_key(), until=NOW - timedelta(hours=1)),
        lambda: certificate(rsa_key(), since=NOW + timedelta(hours=1)),
        lambda: certificate(ec.generate_private_key(ec.SECP256R1())),
    ],
)
def test_a_certificate_that_is_none_or_does_not_hold_is_refused(made: Callable[[], bytes | None]) -> None:
    found = made()
    envelopes = Envelopes(frozenset({TOPIC}), Certificates({URL: found} if found else {}))
    assert code_of(envelopes, envelope()) == "WRONG_CERTIFICATE"


def test_a_weak_key_is_refused() -> None:
    weak = rsa_key("weak", 1024)
    envelopes = Envelopes(frozenset({TOPIC}), Certificates({URL: certificate(weak)}))
    assert code_of(envelopes, envelope(weak)) == "WRONG_CERTIFICATE"


def test_a_certificate_that_cannot_be_read_now_is_no_forgery() -> None:
    """The event is delivered again, and the certificate asked for again."""

    def unreachable(url: str) -> bytes:
        raise ConnectionError("no route")

    with pytest.raises(ConnectionError):
        Envelopes(frozenset({TOPIC}), unreachable).open(envelope(), NOW)


@pytest.mark.parametrize(
    ("timestamp", "code"),
    [
        ("2026-11-23T08:14:59.000Z", None),
        ("2026-11-23T08:15:01.000Z", "WRONG_TIME"),
        ("2026-11-09T08:00:00.000Z", None),
        ("2026-11-01T08:00:00.000Z", "WRONG_TIME"),
        ("0001-01-01T00:00:00Z", "WRONG_TIME"),
        ("2026-11-23T08:00:00", "MALFORMED"),
        ("yesterday", "MALFORMED"),
        ("", "MALFORMED"),
    ],
)
def test_an_event_is_of_our_time(envelopes: Envelopes, timestamp: str, code: str | None) -> None:
    if code is None:
        assert envelopes.open(envelope(Timestamp=timestamp), NOW)
    else:
        assert code_of(envelopes, envelope(Timestamp=timestamp)) == code


@pytest.mark.parametrize(
    "given",
    [None, [], "text", 5, {}, envelope(Type="SubscriptionConfirmation"), {**envelope(), "Message": None},
     {**envelope(), "Message": {"eventType": "TEXT_SENT"}}, {**envelope(), "TopicArn": [TOPIC]}],
)  # fmt: skip
def test_what_is_no_envelope_is_refused(envelopes: Envelopes, given: Any) -> None:
    assert code_of(envelopes, given) == "MALFORMED"


def test_where_nothing_is_signed_the_topic_still_counts() -> None:
    unsigned = Envelopes(frozenset({TOPIC}), None)
    assert unsigned.open({**envelope(), "Signature": "FAKE"}, NOW).text
    assert code_of(unsigned, envelope(TopicArn="arn:aws:sns:us-east-1:1:x")) == "WRONG_TOPIC"
