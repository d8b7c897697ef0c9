"""Keys and certificates to sign passes with, as Apple and Google would give them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

TEXT = serialization.Encoding.PEM


def a_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem_of(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(TEXT, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def a_certificate(
    name: str, key: rsa.RSAPrivateKey, by: str, signer: rsa.RSAPrivateKey, host: str | None = None
) -> bytes:
    """A certificate in PEM that a strict verification (RFC 5280, Python 3.13's default) accepts.

    host: whose certificate it is, if of a server. An authority is who signs its own certificate.
    """

    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    today = datetime.now(UTC)
    authority = name == by
    signed_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    made = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(by))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(_key_usage(authority), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(signed_by, critical=False)
    )
    if host is not None:
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    return made.sign(signer, SHA256()).public_bytes(TEXT)


def _key_usage(authority: bool) -> x509.KeyUsage:
    """An authority signs certificates; everybody else signs and exchanges keys."""
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=not authority,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def made_keys() -> dict[str, Any]:
    """A pass type's certificate, issued by an authority that takes the place of Apple's."""
    ours, authority = a_key(), a_key()
    return {
        "key": pem_of(ours),
        "public": ours.public_key(),
        "certificate": a_certificate("pass.example", ours, "Authority", authority),
        "intermediate": a_certificate("Authority", authority, "Authority", authority),
    }
