"""House rules of the catalogues: nothing missing, stale or unsure, same placeholders, right plurals."""

import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from chalicelib.domain.shared.languages import LANGUAGES
from chalicelib.texts import languages
from chalicelib.texts.languages import catalogue

HOME = Path(languages.__file__).parents[1]
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]


def path(language: str) -> Path:
    return HOME / "texts" / "translations" / language / "LC_MESSAGES" / "perennial.po"


@cache
def babel_catalogue(language: str) -> Catalog:
    with path(language).open("rb") as file:
        return read_po(file, locale=language)


@cache
def texts_in_the_code() -> set[str | tuple[str, ...]]:
    return {message for _, _, message, _, _ in extract_from_dir(str(HOME), METHODS)}


def forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_there_and_no_other(language):
    assert {message.id for message in babel_catalogue(language) if message.id} == texts_in_the_code()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated_and_sure(language):
    for message in babel_catalogue(language):
        assert not message.fuzzy or not message.id, message.id
        assert all(forms(message.string)), message.id
        assert message.context is None, message.id
    assert not babel_catalogue(language).obsolete


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_have_the_placeholders_of_the_original(language):
    for message in babel_catalogue(language):
        if not message.id:
            continue
        wanted = set(re.findall(r"\{\w*\}", forms(message.id)[0]))
        for form in forms(message.string):
            assert set(re.findall(r"\{\w*\}", form)) == wanted, message.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_lists_of_names_are_as_long_as_the_original(language):
    for names in ("Mon Tue Wed", "Monday Tuesday", "Jan Feb", "January February"):
        (original,) = [
            text for text in texts_in_the_code() if isinstance(text, str) and text.startswith(f"{names} ")
        ]
        assert len(catalogue(language).gettext(original).split()) == len(original.split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_code_reads_what_the_po_file_says(language):
    texts = catalogue(language)
    for message in babel_catalogue(language):
        if isinstance(message.id, str):
            assert not message.id or texts.gettext(message.id) == message.string
        else:
            for number in range(200):
                form = message.string[texts.plural_form(number)]
                assert texts.ngettext(*message.id, number) == form, message.id
            assert texts.forms(*message.id) == tuple(message.string), message.id


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "ru",
            {
                0: 2,
                1: 0,
                2: 1,
                4: 1,
                5: 2,
                11: 2,
                14: 2,
                21: 0,
                22: 1,
                25: 2,
                101: 0,
                111: 2,
                112: 2,
                1000: 2,
            },
        ),
        ("ro", {0: 1, 1: 0, 2: 1, 19: 1, 20: 2, 21: 2, 100: 2, 101: 1, 119: 1, 120: 2, 1000: 2}),
        ("en", {0: 1, 1: 0, 2: 1, 21: 1}),
    ],
)
def test_plural_forms(language, expected):
    rule = catalogue(language).plural_form
    assert {number: rule(number) for number in expected} == expected


def test_a_text_that_is_missing_appears_in_english():
    russian = catalogue("ru")
    assert russian.gettext("Brand new") == "Brand new"
    assert russian.ngettext("{n} cat", "{n} cats", 2) == "{n} cats"
