"""Opt-outs in people's own words, on sentences of three languages. `replies.tsv` names of each sentence
whether it asks for no more messages (stop), means something else (harmless) or needs a person (unsure), and
whether the grammar was made with it (tuned) or not (held_out)."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.domain.messages.opt_outs import asks_to_stop
from chalicelib.domain.messages.replies import Meaning, meaning

LANGUAGES = ("en", "ru", "ro")
KNOWN_TO_BE_MISSED = {"nici un mesaj in plus", "lasati-ma cu mesajele voastre", "откажитесь мне писать"}
"""Opt-outs that a person has to read."""


def sentences(*parts: str) -> Iterator[tuple[str, str, str]]:
    """Language, verdict and text of each sentence of these parts."""
    lines = (Path(__file__).parent / "replies.tsv").read_text("utf-8").splitlines()
    for line in lines[1:]:
        language, verdict, part, text = line.split("\t")
        if part in parts:
            yield language, verdict, text.replace("\\n", "\n")


def test_there_are_enough_sentences_of_each_language_and_a_third_of_the_first_was_held_out() -> None:
    found = list(sentences("tuned", "held_out"))
    languages = Counter(language for language, _, _ in found)
    assert len(found) >= 900
    assert set(languages) == set(LANGUAGES)
    assert min(languages.values()) >= 290
    assert len(list(sentences("held_out"))) >= 200


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_harmless_or_unclear_sentence_stops_messages(language: str) -> None:
    """Precision is 1: what is not surely an opt-out is left to a person."""
    found = sentences("tuned", "held_out")
    wrong = [text for each, verdict, text in found if each == language and verdict != "stop"
             and meaning(text) is Meaning.STOP]  # fmt: skip
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_of_sentences_held_out_at_least_95_of_100_opt_outs_are_understood(language: str) -> None:
    found = [text for each, verdict, text in sentences("held_out") if (each, verdict) == (language, "stop")]
    missed = [text for text in found if meaning(text) is not Meaning.STOP]
    assert len(found) >= 30
    assert len(missed) <= len(found) * 0.05, missed


def test_only_these_opt_outs_are_left_to_a_person() -> None:
    missed = {text for _, verdict, text in sentences("tuned", "held_out")
              if verdict == "stop" and meaning(text) is not Meaning.STOP}  # fmt: skip
    assert missed == KNOWN_TO_BE_MISSED


@pytest.mark.parametrize(
    "text",
    ["CTOП", "SТОР", "СТOП", "st0p", "s t o p", "s.t.o.p.", "Ｓｔｏｐ", "st\u200bop", "ştop", "хватит\u00ad"],
)
def test_look_alikes_blanks_and_invisible_characters_do_not_matter(text: str) -> None:
    assert asks_to_stop(text)


@pytest.mark.parametrize(
    "text",
    ["Sent from my phone: STOP by at 5", "> stop sending\nYes, I will come",
     "ok\n\nOn Mon Anna wrote:\n> STOP", "See you\n--\nSTOP Hair Loss Ltd"],
)  # fmt: skip
def test_a_quotation_or_a_signature_is_not_what_the_client_says(text: str) -> None:
    assert not asks_to_stop(text)


@pytest.mark.parametrize(
    "text", ["", " ", "?", "\n\n", "…", "-", "«»", "> \n>", "stop " * 400, "не " * 400, "a " * 2500]
)
def test_odd_texts_are_read_quickly_and_do_no_harm(text: str) -> None:
    assert asks_to_stop(text) in (True, False)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("No, please stop texting me", Meaning.STOP), ("Нет, не пишите мне больше", Meaning.STOP),
     ("No more messages", Meaning.STOP), ("Нет, не приду", Meaning.NO), ("да, приду", Meaning.YES),
     ("Stop messages, I will come on Friday at 5, keep it", Meaning.UNCLEAR)],
)  # fmt: skip
def test_a_no_with_an_opt_out_is_an_opt_out_and_all_other_answers_stay(text: str, wanted: Meaning) -> None:
    assert meaning(text) is wanted
