"""What clients write back, in three languages and many hands."""

import pytest

from chalicelib.domain.messages.replies import WORDS_KEPT, Meaning, meaning, words_kept


@pytest.mark.parametrize(
    "text",
    ["STOP", "stop", "Stop.", " STOP ", "S T O P", "s.t.o.p.", "S-T-O-P", "STOP!!!", "«STOP»", "stop sms",
     "Stop please", "please stop texting me", "СТОП", "стоп", "С Т О П", "Стоп.", "СТОП СМС", "стоп спам",
     "ОТПИСАТЬСЯ", "отписаться!", "Хочу отписаться", "Отпишите меня, пожалуйста", "Отписка", "ОТПИСКА.",
     "больше не пишите мне", "не присылайте больше", "DEZABONARE", "Dezabonare!", "dezabonează-mă",
     "vă rog dezabonare", "ŞTOP", "Ș.T.O.P",
     "ARRET", "arrêt", "CANCEL", "END", "OPT-OUT", "opt out", "OPTOUT",
     "QUIT", "REMOVE", "TD", "UNSUBSCRIBE", "Please unsubscribe", "ＳＴＯＰ", "revoke"],
)  # fmt: skip
def test_whoever_wants_no_more_messages_is_understood(text: str) -> None:
    assert meaning(text) is Meaning.STOP


@pytest.mark.parametrize("text", ["START", "start!", "СТАРТ", "Старт.", "UNSTOP", "подписаться", "Abonare"])
def test_whoever_wants_messages_again_is_understood(text: str) -> None:
    assert meaning(text) is Meaning.START


@pytest.mark.parametrize(
    "text",
    ["+", " + ", "+++", "+!", "да", "Да!", "ДА.", "да, спасибо", "Да конечно приду", "д а", "ок", "da",
     "Da!", "DA", "da, mulțumesc", "Vin", "yes", "Yes please", "YES!", "ok", "OK.", "okay", "👍",
     "👍🏻", "✅", "confirm", "Confirmă"],
)  # fmt: skip
def test_a_yes_is_a_yes(text: str) -> None:
    assert meaning(text) is Meaning.YES


@pytest.mark.parametrize(
    "text", ["-", "–", "—", "нет", "Нет, не приду", "не смогу", "nu", "Nu pot", "no", "No, sorry", "👎"]
)
def test_a_no_is_a_no(text: str) -> None:
    assert meaning(text) is Meaning.NO


@pytest.mark.parametrize(
    "text",
    ["", " ", "...", "?", "да нет", "да, но позже", "yes but later", "+1", "I can't stop by tomorrow",
     "ok nu", "[image]", "Сколько стоит?", "Don't stop sending", "1", "🙂", "на завтра", "STOPPED BY"],
)  # fmt: skip
def test_all_else_is_for_a_person(text: str) -> None:
    assert meaning(text) is Meaning.UNCLEAR


def test_words_are_kept_on_one_line_and_of_a_length() -> None:
    assert words_kept("да\n\tно\x00 позже \u202e!") == "да но позже !"
    assert len(words_kept("ж" * 5000)) == WORDS_KEPT
