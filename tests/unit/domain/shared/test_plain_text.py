"""Text without what nobody can see, while every script that is written stays."""

import pytest

from chalicelib.domain.shared.plain_text import is_visible, visible_text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Анна Мунтяну", "Анна Мунтяну"),
        ("Ana", "Ana"),
        ("An\u200ba\ufeff", "Ana"),
        ("\u202eana\u202c", "ana"),
        ("O\u00adlga", "Olga"),
        ("a\x00b\x1bc", "a b c"),
        ("a\r\nb\rc\u2028d\te", "a\nb\nc\nd\te"),
        ("e\u0301", "\u00e9"),
        ("И\u0306", "Й"),
        ("\u3164Kim\u115f", "Kim"),
        ("O'Brien-Łukasz №5 ❤️", "O'Brien-Łukasz №5 ❤️"),
    ],
)
def test_what_nobody_can_see_goes(text: str, kept: str):
    assert visible_text(text) == kept


@pytest.mark.parametrize("text", ["علی\u200cرضا", "👩\u200d🦰", "❤️\u200d🔥", "क्\u200dष"])
def test_joiners_stay_where_a_script_or_an_emoji_needs_them(text: str):
    assert visible_text(text) == text


@pytest.mark.parametrize("text", ["A\u200dna", "\u200dAna", "Ana\u200c", "А\u200dнна"])
def test_joiners_between_other_letters_go(text: str):
    assert "\u200d" not in visible_text(text)
    assert "\u200c" not in visible_text(text)


def test_plain_text_stays_as_it_is_when_it_is_made_plain_again():
    for text in ("a\u200b\u0301", "\r\n\x85", "И\u200b\u0306"):
        assert visible_text(visible_text(text)) == visible_text(text)


@pytest.mark.parametrize(("text", "visible"), [("\u3164\u200b \t", False), ("\u202ea", True), ("", False)])
def test_a_text_of_invisible_signs_alone_is_not_visible(text: str, visible: bool):
    assert is_visible(text) is visible
