"""A network's own words: what may be saved, and what becomes of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.templates import (
    CARRIES_STOP,
    FORMS,
    NUMBERS,
    Placeholder,
    checked,
    checked_subject,
    numbered,
    pieces_of,
    placeholders_of,
    value_of,
)
from chalicelib.domain.shared.touches import ESSENTIAL, MARKETING, TouchKind

NOTICE = TouchKind.NOTICE


def refusal(text: str, kind: TouchKind = NOTICE, channel: str = "sms", language: str = "en") -> DomainError:
    with pytest.raises(DomainError) as raised:
        checked(kind, channel, language, text)
    return raised.value


def test_a_text_is_kept_as_it_was_written_but_for_its_ends():
    text = "  {client}, you are booked {when}.\r\n{link} \n"
    assert checked(NOTICE, "sms", "en", text) == "{client}, you are booked {when}.\n{link}"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "EMPTY_TEXT"),
        (" \r\n ", "EMPTY_TEXT"),
        ("x" * 2000, "TEXT_TOO_LONG"),
        ("Hi {", "UNCLOSED_PLACEHOLDER"),
        ("Hi }", "UNCLOSED_PLACEHOLDER"),
        ("{client", "UNCLOSED_PLACEHOLDER"),
        ("{{client}}", "UNCLOSED_PLACEHOLDER"),
        ("{client {time}", "UNCLOSED_PLACEHOLDER"),
        ("{client}}", "UNCLOSED_PLACEHOLDER"),
        ("Dear {nmae}", "UNKNOWN_PLACEHOLDER"),
        ("{}", "UNKNOWN_PLACEHOLDER"),
        ("{0}", "UNKNOWN_PLACEHOLDER"),
        ("{client.__class__}", "UNKNOWN_PLACEHOLDER"),
        ("{client!r}", "UNKNOWN_PLACEHOLDER"),
        ("{Client}", "UNKNOWN_PLACEHOLDER"),
        ("Hi\x00", "CONTROL_CHARACTERS"),
        ("Hi\x1b[31m", "CONTROL_CHARACTERS"),
        ("Hi\tthere", "CONTROL_CHARACTERS"),
        ("Hi\rthere", "CONTROL_CHARACTERS"),
        ("Hi\x85there", "CONTROL_CHARACTERS"),
        ("Hi \u202egro.elpmaxe", "CONTROL_CHARACTERS"),
        ("Hi\u2028there", "CONTROL_CHARACTERS"),
        ("Hi\u200bthere", "CONTROL_CHARACTERS"),
        ("\ufeffHi", "CONTROL_CHARACTERS"),
        ("{client|one|many}", "WRONG_FORMS"),
    ],
)  # fmt: skip
def test_what_cannot_be_sent_is_refused_when_it_is_saved(text, code):
    assert refusal(text).code == code


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (TouchKind.BIRTHDAY, "time"),
        (TouchKind.BIRTHDAY, "expiring"),
        (TouchKind.NOTICE, "points"),
        (TouchKind.REVIEW_REQUEST, "points"),  # the bonus, when there is one, follows by itself
        (TouchKind.BONUS_EXPIRY, "gift"),
        (TouchKind.REPEAT_INVITATION, "when"),
        (TouchKind.CAMPAIGN, "services"),
    ],
)
def test_a_kind_has_only_what_it_can_know(kind, name):
    error = refusal(f"Hello {{{name}}}", kind)
    assert error.code == "UNKNOWN_PLACEHOLDER"
    assert error.details["placeholder"] == name
    assert "client" in error.details["known"]
    assert name not in error.details["known"]


def test_the_place_of_a_lonely_brace_is_told():
    assert refusal("Hello { there").details["at"] == 7


@pytest.mark.parametrize(
    ("language", "word", "fits"),
    [
        ("ru", "{expiring|балл|балла|баллов}", True),
        ("ru", "{expiring|балл|баллов}", False),
        ("ro", "{expiring|punct|puncte|de puncte}", True),
        ("en", "{expiring|point|points}", True),
        ("en", "point{expiring||s}", True),
        ("en", "{expiring|балл|балла|баллов}", False),
        ("en", "{expiring|point}", False),
    ],
)
def test_a_word_beside_a_number_has_as_many_forms_as_the_language(language, word, fits):
    text = f"{{expiring}} {word}"
    if fits:
        assert checked(TouchKind.BONUS_EXPIRY, "sms", language, text) == text
    else:
        error = refusal(text, TouchKind.BONUS_EXPIRY, "sms", language)
        assert (error.code, error.details["wanted"]) == ("WRONG_FORMS", FORMS[language])


@pytest.mark.parametrize(("channel", "most"), [("sms", 1000), ("push", 300), ("email", 10_000)])
def test_how_long_a_text_may_be_depends_on_the_channel(channel, most):
    assert checked(NOTICE, channel, "ru", "ж" * most)
    assert refusal("ж" * (most + 1), channel=channel).details == {"most": most, "characters": most + 1}


def test_only_an_e_mail_has_a_subject_of_one_line():
    assert checked_subject(NOTICE, "email", "en", " See you {when} ") == "See you {when}"
    assert checked_subject(NOTICE, "sms", "en", " ") is None
    for channel, subject, code in (
        ("sms", "Hello", "NO_SUBJECT_HERE"),
        ("email", "two\nlines", "CONTROL_CHARACTERS"),
        ("email", "a\r\nBcc: b", "CONTROL_CHARACTERS"),
        ("email", "x" * 151, "TEXT_TOO_LONG"),
        ("email", "{nmae}", "UNKNOWN_PLACEHOLDER"),
    ):
        with pytest.raises(DomainError) as raised:
            checked_subject(NOTICE, channel, "en", subject)
        assert raised.value.code == code


def test_emoji_and_joined_characters_may_be_said():
    assert checked(NOTICE, "sms", "en", "See you 💅🏽👩‍👩‍👧 {when}")


def test_whatsapp_is_told_the_places_by_number():
    assert numbered("Hi {client}, {points} {points|point|points}") == "Hi {{1}}, {{2}} {{3}}"


def test_every_kind_has_its_placeholders_and_marketing_can_be_stopped():
    for kind in TouchKind:
        assert {"client", "salon", "link"} <= set(placeholders_of(kind))
        assert ("stop" in placeholders_of(kind)) == (kind not in ESSENTIAL)
    assert MARKETING < CARRIES_STOP
    assert {"points", "balance", "expiring", "gift"} == NUMBERS


def test_a_number_picks_its_form():
    point = Placeholder("points", ("балл", "балла", "баллов"))
    assert value_of(point, {}, {"points": 2}, lambda number: 1) == "балла"
    assert value_of(point, {}, {}, lambda number: 1) == ""
    assert value_of(point, {}, {"points": 2}, lambda number: 7) == "баллов"


texts = st.text(st.sampled_from("ab{}| \nжé€"), max_size=40)


@given(texts)
def test_a_text_is_read_just_when_its_braces_are_in_pairs(text):
    braces = "".join(char for char in text if char in "{}")
    if braces.replace("{}", ""):
        with pytest.raises(DomainError, match="UNCLOSED_PLACEHOLDER"):
            pieces_of(text)
    else:
        assert sum(isinstance(piece, Placeholder) for piece in pieces_of(text)) == len(braces) // 2


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_nothing_but_a_refusal_comes_of_odd_texts(text):
    for kind in (TouchKind.NOTICE, TouchKind.BIRTHDAY):
        try:
            kept = checked(kind, "sms", "ru", text)
        except DomainError:
            continue
        assert checked(kind, "sms", "ru", kept) == kept


def test_emoji_of_several_characters_may_stand_in_a_text() -> None:
    for emoji in (
        "👩\u200d👧",
        "❤\ufe0f",
        "👍\U0001f3fd",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    ):
        assert checked(TouchKind.BIRTHDAY, "sms", "en", f"Hi {emoji}") == f"Hi {emoji}"
