"""A notice of several dates: booked, moved or cancelled in one act."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.messages.message_facts import MessageFacts
from chalicelib.texts.formats import NO_BREAK
from chalicelib.texts.wording import message_words

NOW = datetime(2026, 12, 20, 8, tzinfo=UTC)


def notice(language: str, number: int, **facts: Any) -> str:
    """The SMS about visits at ten, each a day after the one before, from the 23rd of December."""
    starts = tuple(NOW + timedelta(days=3 + day) for day in range(number))
    given = {"salon_name": "Lotos", "client_name": "Maria", "now": NOW, "zone": "Europe/Chisinau"}
    said = MessageFacts(**{**given, "starts_at": starts[0], "dates": starts, **facts})
    return message_words("notice", "sms", language, said, None).text.replace(NO_BREAK, " ")


@pytest.mark.parametrize(
    ("language", "booked", "moved", "cancelled"),
    [
        ("ru", "вы записаны на 2 визита: 23.12, 24.12 в 10:00",
         "2 записи перенесены на 23.12, 24.12 в 10:00", "отменены 2 записи: 23.12, 24.12 в 10:00"),
        ("ro", "aveti 2 programari: 23.12, 24.12 la 10:00",
         "2 programari s-au mutat pe 23.12, 24.12 la 10:00",
         "2 programari au fost anulate: 23.12, 24.12 la 10:00"),
        ("en", "you are booked for 2 visits: 23 Dec, 24 Dec at 10:00 am",
         "2 bookings are now on 23 Dec, 24 Dec at 10:00 am",
         "2 bookings are cancelled: 23 Dec, 24 Dec at 10:00 am"),
    ],
)  # fmt: skip
def test_several_dates_are_told_as_people_say_it(
    language: str, booked: str, moved: str, cancelled: str
) -> None:
    assert booked in notice(language, 2)
    assert moved in notice(language, 2, moved=True)
    assert cancelled in notice(language, 2, cancelled=True)


@pytest.mark.parametrize(
    ("language", "moved", "cancelled"),
    [
        ("ru", "5 записей перенесено на", "отменено 5 записей:"),
        ("ro", "5 programari s-au mutat pe", "5 programari au fost anulate:"),
    ],
)
def test_five_agree_with_their_number(language: str, moved: str, cancelled: str) -> None:
    assert moved in notice(language, 5, moved=True)
    assert cancelled in notice(language, 5, cancelled=True)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ru", "03.01.2027 и ещё 3 в 10:00"),
        ("ro", "03.01.2027 si inca 3 la 10:00"),
        ("en", "3 Jan 2027 and 3 more at 10:00 am"),
    ],
)
def test_of_many_dates_twelve_are_named_and_the_others_counted(language: str, words: str) -> None:
    assert words in notice(language, 15)
    assert "3 more" not in notice(language, 12)
