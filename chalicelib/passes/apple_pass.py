"""A client's card as a pass of Apple Wallet: a signed zip of a few files."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from msgspec import Struct

from chalicelib.domain.loyalty.passes import MICRO, Pass
from chalicelib.texts import formats
from chalicelib.texts.languages import Catalogue, catalogue

Colour = tuple[int, int, int]

MEDIA_TYPE = "application/vnd.apple.pkpass"
BACKGROUND: Colour = (125, 54, 80)
INK: Colour = (255, 255, 255)
_LABEL: Colour = (247, 235, 236)
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same pass is the same zip
_ICONS = Path(__file__).parent / "icons"
"""A ring of INK on BACKGROUND, in three sizes. Apple refuses a pass without an icon; networks have none."""

Sign = Callable[[bytes], bytes]


class AppleIssuer(Struct, frozen=True):
    """The issuer of passes. sign: makes the detached signature of a pass's manifest, by the certificate of
    the pass type. The certificate is read when the first pass is issued."""

    pass_type: str
    team: str
    sign: Sign


class UpdateService(Struct, frozen=True):
    """The web service at which a pass asks for changes, and the pass's token for it."""

    url: str
    token: str


def pkpass(shown: Pass, language: str, issuer: AppleIssuer, service: UpdateService) -> bytes:
    """The signed pass as a file."""
    fields = pass_fields(shown, language, issuer.pass_type, issuer.team, service)
    files = {"pass.json": json.dumps(fields, ensure_ascii=False).encode(), **_icons()}
    hashes = {name: hashlib.sha1(data, usedforsecurity=False).hexdigest() for name, data in files.items()}
    manifest = json.dumps(hashes).encode()
    files |= {"manifest.json": manifest, "signature": issuer.sign(manifest)}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, _LONG_AGO), data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


@lru_cache(maxsize=1)
def _icons() -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(_ICONS.glob("*.png"))}


def pass_fields(
    shown: Pass, language: str, pass_type: str, team: str, service: UpdateService | None
) -> dict[str, Any]:
    """The pass.json of a pass. service: where the pass asks for changes; None: it is not kept up to date."""
    texts = catalogue(language)
    asks = {"webServiceURL": service.url, "authenticationToken": service.token} if service else {}
    return {
        "formatVersion": 1,
        "passTypeIdentifier": pass_type,
        "teamIdentifier": team,
        "serialNumber": shown.serial,
        "organizationName": shown.network_name,
        "description": texts.gettext("Bonus card: {name}").format(name=shown.network_name),
        "logoText": shown.network_name,
        "backgroundColor": _rgb(BACKGROUND),
        "foregroundColor": _rgb(INK),
        "labelColor": _rgb(_LABEL),
        "barcodes": [{"format": "PKBarcodeFormatQR", "message": shown.code, "messageEncoding": "iso-8859-1"}],
        "locations": _locations(shown, texts),
        "storeCard": _store_card(shown, texts),
        **asks,
    }


def _rgb(colour: Colour) -> str:
    return f"rgb({colour[0]}, {colour[1]}, {colour[2]})"


def _locations(shown: Pass, texts: Catalogue) -> list[dict[str, Any]]:
    text = points_text(shown.points, texts)
    return [
        {
            "latitude": place.latitude / MICRO,
            "longitude": place.longitude / MICRO,
            "relevantText": f"{place.name}: {text}",
        }
        for place in shown.places
    ]


def points_text(points: int, texts: Catalogue) -> str:
    text = texts.ngettext("{n} point to use", "{n} points to use", points)
    return text.format(n=formats.number(points, texts))


def _store_card(shown: Pass, texts: Catalogue) -> dict[str, Any]:
    balance = {
        "key": "points",
        "label": texts.gettext("Points"),
        "value": shown.points,
        "numberStyle": "PKNumberStyleDecimal",
        "changeMessage": texts.gettext("You have %@ points now."),
    }
    secondary: list[dict[str, Any]] = []
    if shown.tier is not None:
        secondary.append({"key": "tier", "label": texts.gettext("Level"), "value": shown.tier})
    if shown.coupons:
        secondary.append({"key": "coupons", "label": texts.gettext("Coupons"), "value": shown.coupons})
    auxiliary: list[dict[str, Any]] = []
    if shown.expiring is not None:
        day, points = shown.expiring
        label = texts.gettext("Use until {day}").format(day=formats.date_short(day, texts))
        auxiliary.append({"key": "expiring", "label": label, "value": points})
    return {"primaryFields": [balance], "secondaryFields": secondary, "auxiliaryFields": auxiliary}


def signing(certificate: bytes, key: bytes, intermediate: bytes) -> Sign:
    """Makes the function that signs by a pass type's certificate and key, and adds Apple's intermediate
    certificate (each in PEM)."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key, pkcs7
    from cryptography.x509 import load_pem_x509_certificate

    signer, between = load_pem_x509_certificate(certificate), load_pem_x509_certificate(intermediate)
    secret: Any = load_pem_private_key(key, None)

    def sign(manifest: bytes) -> bytes:
        builder = pkcs7.PKCS7SignatureBuilder().set_data(manifest).add_signer(signer, secret, SHA256())
        options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
        return builder.add_certificate(between).sign(Encoding.DER, options)

    return sign
