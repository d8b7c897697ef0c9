"""Standard Webhooks: the specification's own vectors, and everything near them that must be refused."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.booking_sites import ADAPTERS
from chalicelib.booking_sites.standard_signature import signed_by
from chalicelib.domain.intake.site_events import BadSignature, SiteContext

# standard-webhooks/standard-webhooks, library tests; svix/svix-webhooks, server/svix-server/src/worker.rs
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'
MESSAGE_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
TIMESTAMP = "1614265330"
SIGNED = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
OTHER = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="
PUBLIC = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
PAIR = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
SIGNED_BY_PAIR = (
    "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
)
AT = datetime.fromtimestamp(1614265330, UTC)


def verify(
    signature: str = SIGNED,
    *,
    secret: str | None = SECRET,
    timestamp: str = TIMESTAMP,
    message_id: str = MESSAGE_ID,
    raw: bytes = BODY,
    now: datetime = AT,
) -> None:
    headers = {"Webhook-Id": message_id, "webhook-timestamp": timestamp, "WEBHOOK-SIGNATURE": signature}
    ADAPTERS["standard"].verify(raw, headers, SiteContext(url="", secret=secret), now)


def test_the_specifications_vector_verifies():
    verify()


def test_a_secret_may_lack_its_prefix_and_its_padding():
    verify(secret=SECRET.removeprefix("whsec_"))
    for secret, key in (("whsec_TWFu", b"Man"), ("whsec_TWE", b"Ma"), ("whsec_TQ", b"M")):
        mac = hmac.digest(key, f"{MESSAGE_ID}.{TIMESTAMP}.".encode() + BODY, hashlib.sha256)
        verify(f"v1,{base64.b64encode(mac).decode()}", secret=secret)


def test_one_right_signature_among_several_is_enough():
    verify(f"{OTHER} v2,{OTHER[3:]}  {SIGNED} {OTHER}")


@pytest.mark.parametrize("late_seconds", [-300, 300])
def test_the_clock_may_differ_by_five_minutes(late_seconds: int):
    verify(now=AT + timedelta(seconds=late_seconds))


@pytest.mark.parametrize("late_seconds", [-301, 301])
def test_and_by_no_more(late_seconds: int):
    with pytest.raises(BadSignature):
        verify(now=AT + timedelta(seconds=late_seconds))


@pytest.mark.parametrize(
    "signature",
    [
        OTHER,
        SIGNED.replace("OE=", "OA="),
        SIGNED.replace("v1,", "v2,"),
        SIGNED.replace("v1,", "v1a,"),
        SIGNED[3:],
        "garbage",
        "v1,abc",
        "v1,a,b",
        "v1",
        ",",
        "v1,подпись",
        "",
        " ",
        " ".join([OTHER] * 16 + [SIGNED]),
    ],
)
def test_a_wrong_or_malformed_signature_is_refused(signature: str):
    with pytest.raises(BadSignature):
        verify(signature)


@pytest.mark.parametrize(
    "timestamp", ["1614265330.9", " 1614265330", "+1614265330", "-1", "١٦١٤٢٦٥٣٣٠", "1e9", "", "9" * 5000]
)
def test_a_timestamp_that_is_no_whole_number_is_refused(timestamp: str):
    with pytest.raises(BadSignature):
        verify(timestamp=timestamp)


@pytest.mark.parametrize(
    "secret", [None, "", "whsec_", "whsec_!", "whsec_a", "секрет", "whpk_", "whpk_TWFu", PAIR[:40]]
)
def test_a_secret_that_is_none_lets_nobody_in(secret: str | None):
    with pytest.raises(BadSignature):
        verify(secret=secret)


def test_other_bytes_are_refused():
    with pytest.raises(BadSignature):
        verify(raw=BODY + b"\n")
    with pytest.raises(BadSignature):
        verify(message_id="msg_other")


@pytest.mark.parametrize("secret", [PUBLIC, PAIR])
def test_a_signature_by_key_pair_verifies(secret: str):
    verify(SIGNED_BY_PAIR, secret=secret)
    verify(f"{SIGNED} {SIGNED_BY_PAIR}", secret=secret)


@pytest.mark.parametrize(
    "signature", [SIGNED_BY_PAIR.replace("hnO3", "hnO4"), SIGNED_BY_PAIR[:-4], "v1a,", SIGNED]
)
def test_another_signature_by_key_pair_is_refused(signature: str):
    with pytest.raises(BadSignature):
        verify(signature, secret=PUBLIC)


def test_nobody_can_sign_by_hmac_with_the_public_key():
    public = base64.b64decode(PUBLIC.removeprefix("whpk_"))
    mac = hmac.digest(public, f"{MESSAGE_ID}.{TIMESTAMP}.".encode() + BODY, hashlib.sha256)
    with pytest.raises(BadSignature):
        verify(f"v1,{base64.b64encode(mac).decode()}", secret=PUBLIC)


ORDER_OF_THE_CURVE = 2**252 + 27742317777372353535851937790883648493

# RFC 8032, section 7.1, tests 1 to 3: public key, message, signature
RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
        "4a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032)
def test_the_vectors_of_rfc_8032_verify_and_every_changed_bit_is_refused(
    public: str, message: str, signature: str
):
    key, text, signed = (bytes.fromhex(part) for part in (public, message, signature))
    assert signed_by(key, text, signed)
    assert not signed_by(key, text + b"!", signed)
    for position in (0, 31, 32, 63):
        other = bytearray(signed)
        other[position] ^= 1
        assert not signed_by(key, text, bytes(other))


def test_a_signature_cannot_be_written_in_another_way():
    public, message, signature = RFC_8032[1]
    signed = bytes.fromhex(signature)
    scalar = int.from_bytes(signed[32:], "little") + ORDER_OF_THE_CURVE
    rewritten = signed[:32] + scalar.to_bytes(32, "little")
    assert not signed_by(bytes.fromhex(public), bytes.fromhex(message), rewritten)


@pytest.mark.parametrize(
    "key", [b"\xff" * 32, b"\x02" + b"\x00" * 31, b"\x01" + b"\x00" * 30 + b"\x80", b"", b"k" * 33]
)
def test_a_key_that_is_no_point_verifies_nothing(key: bytes):
    assert not signed_by(key, b"", bytes.fromhex(RFC_8032[0][2]))
