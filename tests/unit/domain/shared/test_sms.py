"""Parts and alphabets of SMS, against the limits of 3GPP 23.038 and 23.040."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.shared.sms import GSM7_BASIC, GSM7_EXTENSION, alphabet, parts, plain

gsm7_texts = st.text(st.sampled_from(sorted(GSM7_BASIC | GSM7_EXTENSION)), max_size=700)
any_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
mixed_texts = st.text(st.sampled_from("aж€😀["), max_size=400)


def test_the_tables_are_those_of_the_standard():
    assert len(GSM7_BASIC) == 127  # 128 positions, of which one is the escape to the extension table
    assert len(GSM7_EXTENSION) == 10
    assert not GSM7_BASIC & GSM7_EXTENSION


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("gsm7", 0)),
        ("a" * 160, ("gsm7", 1)),
        ("a" * 161, ("gsm7", 2)),
        ("a" * 306, ("gsm7", 2)),
        ("a" * 307, ("gsm7", 3)),
        ("€" * 80, ("gsm7", 1)),
        ("a" + "€" * 80, ("gsm7", 2)),
        ("ж" * 70, ("ucs2", 1)),
        ("ж" * 71, ("ucs2", 2)),
        ("ж" * 134, ("ucs2", 2)),
        ("ж" * 135, ("ucs2", 3)),
        ("😀" * 35, ("ucs2", 1)),
        ("😀" * 36, ("ucs2", 2)),
        ("ș", ("ucs2", 1)),
        ("a" * 100 + "ț", ("ucs2", 2)),
    ],
)
def test_known_lengths(text, expected):
    assert (alphabet(text), parts(text)) == expected


def test_an_extension_character_is_not_split_between_two_parts():
    # 152 septets, then a two-septet character that would straddle the border: the first part stays one short.
    assert parts("a" * 152 + "€" + "a" * 151) == 2
    assert parts("a" * 152 + "€" + "a" * 152) == 3


def test_a_surrogate_pair_is_not_split_between_two_parts():
    assert parts("ж" * 66 + "😀" + "ж" * 65) == 2
    assert parts("ж" * 66 + "😀" + "ж" * 66) == 3


def slow_parts(text: str) -> int:
    """Another way to the same number: cut the text into parts one after another, by hand."""
    gsm7 = alphabet(text) == "gsm7"
    sizes = [2 if (char in GSM7_EXTENSION if gsm7 else ord(char) > 0xFFFF) else 1 for char in text]
    if sum(sizes) <= (160 if gsm7 else 70):
        return 1 if text else 0
    count = 0
    while sizes:
        room = 153 if gsm7 else 67
        while sizes and sizes[0] <= room:
            room -= sizes.pop(0)
        count += 1
    return count


@given(gsm7_texts | any_texts | mixed_texts)
def test_parts_agree_with_cutting_by_hand(text):
    assert parts(text) == slow_parts(text)


@given(gsm7_texts | mixed_texts, mixed_texts)
def test_a_longer_text_never_has_fewer_parts(text, more):
    assert parts(text + more) >= parts(text)


@given(any_texts)
def test_the_alphabet_is_gsm7_just_when_every_character_is(text):
    assert (alphabet(text) == "gsm7") == all(alphabet(char) == "gsm7" for char in text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Frumusețe și Sănătate, str. Ștefan cel Mare", "Frumusete si Sanatate, str. Stefan cel Mare"),
        ("Frumuseţe şi", "Frumusete si"),
        ("Щукина Наталья", "Shchukina Natalya"),
        ("«Орхидея» – №1…", '"Orkhideya" - No.1...'),
        ("Beauty 💅🏽 Bar", "Beauty  Bar"),
        ("Café Zoë", "Café Zoe"),
        ("ცისფერი", "ცისფერი"),
    ],
)
def test_plain_texts_stay_readable(text, expected):
    assert plain(text) == expected


@given(
    st.text(st.sampled_from("ăâîșțşţĂÂÎȘȚéèöüñçабвгдежзийклмнопрстуфхцчшщъыьэюя«»–—…💅 \u00a0"), max_size=60)
)
def test_plain_brings_our_languages_into_gsm7(text):
    assert alphabet(plain(text)) == "gsm7"


@given(any_texts)
def test_plain_leaves_nothing_more_to_do(text):
    assert plain(plain(text)) == plain(text)


@given(gsm7_texts)
def test_plain_leaves_gsm7_alone(text):
    assert plain(text) == text
