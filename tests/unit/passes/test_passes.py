"""Passes as the wallets take them: what they say, and that their signatures are good."""

import hashlib
import io
import json
import shutil
import subprocess
import zipfile
import zlib
from base64 import urlsafe_b64decode
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from msgspec.structs import replace

from chalicelib.domain.loyalty.passes import Pass, SalonLocation, owner_of, serial_of
from chalicelib.domain.shared.languages import LANGUAGES
from chalicelib.passes import apple_pass, google_pass
from tests.unit.passes.pass_keys import made_keys

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SHOWN = Pass(
    serial="lotos00001.maria00000000001",
    network_name="Lotos",
    code="MARIA0000000000112345678",
    points=1250,
    tier="Gold",
    coupons=2,
    expiring=(date(2026, 12, 31), 250),
    places=(
        SalonLocation("Lotos Centru", 47_010_500, 28_863_800),
        SalonLocation("Lotos York", 40_712_800, -74_006_000),
    ),
)
SERVICE = apple_pass.UpdateService("https://perennial.example/w/apple/lotos00001", "t" * 32)


@pytest.fixture(scope="module")
def keys() -> dict[str, Any]:
    return made_keys()


@pytest.fixture(scope="module")
def issuer(keys: dict[str, Any]) -> apple_pass.AppleIssuer:
    sign = apple_pass.signing(keys["certificate"], keys["key"], keys["intermediate"])
    return apple_pass.AppleIssuer("pass.example", "TEAM123456", sign)


def files_of(packed: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


class TestApple:
    def test_the_manifest_names_every_file_by_its_digest(self, issuer: apple_pass.AppleIssuer):
        files = files_of(apple_pass.pkpass(SHOWN, "en", issuer, SERVICE))
        manifest = json.loads(files["manifest.json"])
        assert set(files) == {*manifest, "manifest.json", "signature"}
        assert {"pass.json", "icon.png", "icon@2x.png", "icon@3x.png"} == set(manifest)
        for name, digest in manifest.items():
            assert hashlib.sha1(files[name]).hexdigest() == digest

    @pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is the other implementation")
    def test_the_signature_is_good_to_openssl(
        self, issuer: apple_pass.AppleIssuer, keys: dict[str, Any], tmp_path: Path
    ):
        files = files_of(apple_pass.pkpass(SHOWN, "en", issuer, SERVICE))
        (tmp_path / "authority.pem").write_bytes(keys["intermediate"])
        (tmp_path / "signature").write_bytes(files["signature"])

        def is_good(manifest: bytes) -> bool:
            (tmp_path / "manifest.json").write_bytes(manifest)
            arguments = (
                "-inform DER -binary -purpose any -in signature -content manifest.json -CAfile authority.pem"
            )
            command = ["openssl", "smime", "-verify", *arguments.split()]
            return subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 0

        assert is_good(files["manifest.json"])
        assert not is_good(files["manifest.json"] + b" ")

    def test_says_what_there_is(self):
        fields = apple_pass.pass_fields(SHOWN, "en", "pass.example", "TEAM123456", SERVICE)
        card = fields["storeCard"]
        assert fields["passTypeIdentifier"] == "pass.example"
        assert fields["barcodes"][0]["message"] == SHOWN.code
        assert [(field["label"], field["value"]) for field in card["primaryFields"]] == [("Points", 1250)]
        assert [field["value"] for field in card["secondaryFields"]] == ["Gold", 2]
        assert card["auxiliaryFields"][0] == {
            "key": "expiring", "label": "Use until 31\u00a0Dec\u00a02026", "value": 250,
        }  # fmt: skip
        assert "%@" in card["primaryFields"][0]["changeMessage"]
        assert fields["locations"][1] == {
            "latitude": 40.7128, "longitude": -74.006, "relevantText": "Lotos York: 1,250 points to use",
        }  # fmt: skip
        assert (fields["webServiceURL"], fields["authenticationToken"]) == (SERVICE.url, SERVICE.token)
        assert "beacons" not in fields

    def test_says_nothing_of_what_there_is_not(self):
        bare = replace(SHOWN, tier=None, coupons=0, expiring=None, places=())
        fields = apple_pass.pass_fields(bare, "ro", "p", "t", None)
        card = fields["storeCard"]
        assert (card["secondaryFields"], card["auxiliaryFields"]) == ([], [])
        assert fields["locations"] == []
        assert "webServiceURL" not in fields

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_is_small(self, language: str, issuer: apple_pass.AppleIssuer):
        assert len(apple_pass.pkpass(SHOWN, language, issuer, SERVICE)) < 12_000


class TestGoogle:
    def test_the_address_is_signed_and_says_all_that_google_needs(self, keys: dict[str, Any]):
        account = google_pass.ServiceAccount("w@example", google_pass.signing(keys["key"]))
        issuer = google_pass.GoogleIssuer("3388", "https://pictures.example/l.png", lambda: account)
        address = google_pass.save_url(SHOWN, "en", issuer, NOW)
        head, claims, signature = address.removeprefix(google_pass.SAVE_URL).split(".")
        keys["public"].verify(of(signature), f"{head}.{claims}".encode(), PKCS1v15(), SHA256())
        assert json.loads(of(head)) == {"alg": "RS256", "typ": "JWT"}
        decoded = json.loads(of(claims))
        assert (decoded["aud"], decoded["typ"], decoded["iss"]) == ("google", "savetowallet", "w@example")
        (programme,), (card,) = decoded["payload"].values()
        assert card["classId"] == programme["id"] == "3388.lotos00001"
        assert card["id"] == "3388.lotos00001.maria00000000001"
        assert card["locations"][0] == {"latitude": 47.0105, "longitude": 28.8638}
        assert card["secondaryLoyaltyPoints"]["balance"] == {"int": 2}
        assert [each["body"] for each in card["textModulesData"]] == ["Gold", "250"]

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_the_address_is_short_enough_for_any_browser(self, language: str, keys: dict[str, Any]):
        account = google_pass.ServiceAccount(
            "wallet@project-123456.iam.gserviceaccount.com", google_pass.signing(keys["key"])
        )
        logo = "https://pictures.example.com/logos/lotos.png"
        issuer = google_pass.GoogleIssuer("3388000000012345678", logo, lambda: account)
        much = replace(SHOWN, network_name="Лотос Салон Красоты", places=SHOWN.places * 5)
        assert len(google_pass.save_url(much, language, issuer, NOW)) <= 1_800
        assert len(google_pass.loyalty_object(much, language, "3388")["locations"]) == 10

    def test_the_card_without_much_is_a_card(self):
        bare = replace(SHOWN, tier=None, coupons=0, expiring=None, places=())
        card = google_pass.loyalty_object(bare, "ru", "3388")
        assert (card["textModulesData"], card["locations"]) == ([], [])


def of(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


class TestPass:
    def test_its_tag_is_another_whenever_it_shows_something_else(self):
        others = [
            replace(SHOWN, points=1), replace(SHOWN, tier=None), replace(SHOWN, coupons=1),
            replace(SHOWN, expiring=None), replace(SHOWN, places=()), replace(SHOWN, network_name="L"),
        ]  # fmt: skip
        tags = {SHOWN.tag, *(other.tag for other in others)}
        assert len(tags) == len(others) + 1

    def test_a_serial_names_network_and_client(self):
        pair = ("net_lotos00001", "cli_maria00000000001")
        assert owner_of(serial_of(*pair)) == pair

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "lotos00001",
            "lotos00001.maria",
            "LOTOS00001.maria00000000001",
            "lotos00001.maria00000000001\n",
            "lotos00001#maria00000000001",
        ],
    )
    def test_what_is_no_serial_names_nobody(self, text: str):
        assert owner_of(text) is None


@pytest.mark.parametrize(("name", "side"), [("icon.png", 29), ("icon@2x.png", 58), ("icon@3x.png", 87)])
def test_the_icon_is_a_picture(name: str, side: int, issuer: apple_pass.AppleIssuer):
    data = files_of(apple_pass.pkpass(SHOWN, "en", issuer, SERVICE))[name]
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    start = data.index(b"IDAT") + 4
    pixels = zlib.decompressobj().decompress(data[start:])
    assert len(pixels) == side * (1 + side * 3)
    assert pixels[1:4] == bytes(apple_pass.BACKGROUND)
    assert bytes(apple_pass.INK) in pixels
