"""A client's card as a loyalty card of Google Wallet: an object that Google keeps, and the link by which a
client saves it."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.loyalty.passes import MICRO, Pass
from chalicelib.texts import formats
from chalicelib.texts.languages import catalogue

SAVE_URL = "https://pay.google.com/gp/v/save/"

ADDRESS_PLACES = 2
"""How many places the address names: Google says that browsers may cut it beyond 1,800 characters. The other
places follow with the next change."""

Sign = Callable[[dict[str, Any]], str]
"""Claims -> a signed JSON Web Token."""


class ServiceAccount(Struct, frozen=True):
    """A service account of Google's: its e-mail address, and the tokens that its key signs."""

    email: str
    sign: Sign


class GoogleIssuer(Struct, frozen=True):
    """The issuer of cards. issuer: the number that Google gave. logo: the address of a picture, without which
    Google refuses a programme. account: reads the service account when the first card is issued."""

    issuer: str
    logo: str
    account: Callable[[], ServiceAccount]


def save_url(shown: Pass, language: str, issuer: GoogleIssuer, now: datetime) -> str:
    """The address at which a client saves the card. It holds all that Google needs, signed."""
    account, few = issuer.account(), replace(shown, places=shown.places[:ADDRESS_PLACES])
    claims = {
        "iss": account.email,
        "aud": "google",
        "typ": "savetowallet",
        "iat": int(now.timestamp()),
        "payload": payload(few, language, issuer.issuer, issuer.logo),
    }
    return SAVE_URL + account.sign(claims)


def payload(shown: Pass, language: str, issuer: str, logo: str) -> dict[str, Any]:
    """The card with its programme, which Google creates where it is new."""
    programme = {
        "id": _class_id(shown, issuer),
        "issuerName": shown.network_name,
        "programName": shown.network_name,
        "programLogo": {"sourceUri": {"uri": logo}},
        "reviewStatus": "UNDER_REVIEW",
    }
    return {"loyaltyClasses": [programme], "loyaltyObjects": [loyalty_object(shown, language, issuer)]}


def _class_id(shown: Pass, issuer: str) -> str:
    return f"{issuer}.{shown.serial.partition('.')[0]}"


def object_id(shown: Pass, issuer: str) -> str:
    return f"{issuer}.{shown.serial}"


def loyalty_object(shown: Pass, language: str, issuer: str) -> dict[str, Any]:
    """The card as Google keeps it."""
    texts = catalogue(language)
    modules = []
    if shown.tier is not None:
        modules.append({"id": "tier", "header": texts.gettext("Level"), "body": shown.tier})
    if shown.expiring is not None:
        day, points = shown.expiring
        header = texts.gettext("Use until {day}").format(day=formats.date_short(day, texts))
        modules.append({"id": "expiring", "header": header, "body": formats.number(points, texts)})
    return {
        "id": object_id(shown, issuer),
        "classId": _class_id(shown, issuer),
        "state": "ACTIVE",
        "loyaltyPoints": {"label": texts.gettext("Points"), "balance": {"int": shown.points}},
        "secondaryLoyaltyPoints": {"label": texts.gettext("Coupons"), "balance": {"int": shown.coupons}},
        "barcode": {"type": "QR_CODE", "value": shown.code},
        "locations": [
            {"latitude": place.latitude / MICRO, "longitude": place.longitude / MICRO}
            for place in shown.places
        ],
        "textModulesData": modules,
    }


# --- signed tokens


def signing(key: bytes) -> Sign:
    """Makes the function that signs JSON Web Tokens (RFC 7519) with RS256. key: a private RSA key in PEM."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from jwt import PyJWS

    secret: Any = load_pem_private_key(key, None)  # once: reading the key takes longer than signing

    def sign(claims: dict[str, Any]) -> str:
        # PyJWT.encode would write each Cyrillic letter as six characters, and the address must stay short.
        payload = json.dumps(claims, ensure_ascii=False, separators=(",", ":")).encode()
        return PyJWS().encode(payload, secret, "RS256")

    return sign
