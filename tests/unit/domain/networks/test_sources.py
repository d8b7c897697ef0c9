"""Words for sources: which are one, and which source a word means."""

import pytest

from chalicelib.domain.networks.sources import Source, SourceType, is_source, source_key, source_named
from infra.testkit.builders import NETWORK

INSTAGRAM = Source(
    network_id=NETWORK, id="src_a", name="Instagram", type=SourceType.SOCIAL, aliases=("инстаграм", "insta")
)
MAPS = Source(network_id=NETWORK, id="src_b", name="Google Maps", type=SourceType.PLATFORM, archived=True)
SOURCES = {each.id: each for each in (INSTAGRAM, MAPS)}


@pytest.mark.parametrize(
    "word",
    [
        "Instagram", "  INSTAGRAM ", "«Instagram»", '"instagram".', "instagram?utm_medium=bio&utm_campaign=x",
        "utm_source=Instagram&utm_medium=cpc", "https://salon.example/?gclid=7&utm_source=instagram#top",
        "Instagram#fbclid=Iw2", "\u200bInstagram",
    ],
)  # fmt: skip
def test_case_blanks_quotation_marks_and_tracking_make_no_other_word(word: str) -> None:
    assert source_key(word) == "instagram"


@pytest.mark.parametrize(
    ("word", "key"),
    [
        ("https://www.instagram.com/salon_lotos/?hl=ru", "instagram.com"),
        ("l.instagram.com", "instagram.com"),
        ("HTTP://2GIS.ru:443/firm/1", "2gis.ru"),
        ("m.me", "m.me"),
        ("Google-Maps", "google maps"),
        ("google_maps", "google maps"),
        ("utm_source=google%2Bmaps", "google maps"),
        ("От подруги, ещё в марте", "от подруги, еще в марте"),
        ("Recomandări de la prieteni", "recomandări de la prieteni"),
        ("St. Petersburg", "st. petersburg"),
        ("A & B = C", "a & b = c"),
        ("", ""),
        (" ?! ", ""),
        ("💅", ""),
    ],
)
def test_a_word_has_one_form(word: str, key: str) -> None:
    assert source_key(word) == key


def test_a_word_keeps_its_form() -> None:
    for word in ("https://www.instagram.com/x", "utm_source=a%20b", "  «Сарафан»  ", "x" * 300, "a_b-c+d"):
        assert source_key(source_key(word)) == source_key(word)


@pytest.mark.parametrize("word", ["instagram", "Инстаграм", "insta?utm_medium=x", "src_a"])
def test_a_source_is_meant_by_its_id_its_name_and_its_aliases(word: str) -> None:
    assert source_named(SOURCES, word) == INSTAGRAM
    assert is_source(SOURCES, word, "Instagram")
    assert is_source(SOURCES, "Instagram", word)
    assert not is_source(SOURCES, word, "google maps")


def test_an_archived_source_is_meant_as_before() -> None:
    assert source_named(SOURCES, "google maps") == MAPS


def test_an_unknown_word_means_itself() -> None:
    assert source_named(SOURCES, "TikTok") is None
    assert is_source(SOURCES, "TikTok ", "tiktok")
    assert not is_source(SOURCES, "TikTok", "Instagram")
    assert not is_source(SOURCES, None, "TikTok")
    assert not is_source(SOURCES, "?!", "💅")


def test_of_two_sources_with_one_word_the_older_is_meant() -> None:
    twice = {"src_c": Source(network_id=NETWORK, id="src_c", name="insta", type=SourceType.SOCIAL)}
    assert source_named({**twice, **SOURCES}, "Insta") == INSTAGRAM
