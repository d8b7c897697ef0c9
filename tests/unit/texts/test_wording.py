"""The texts of messages: what they say, in which language, and in how many parts."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.domain.messages.message_facts import MessageFacts
from chalicelib.domain.shared.languages import LANGUAGES
from chalicelib.domain.shared.sms import alphabet, parts
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.texts.languages import choose_language
from chalicelib.texts.wording import message_words

KINDS = [kind for kind in TouchKind if kind is not TouchKind.CAMPAIGN]
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
FACTS = MessageFacts(
    salon_name="Орхидея",
    now=NOW,
    zone="Europe/Chisinau",
    starts_at=datetime(2026, 11, 24, 12, 30, tzinfo=UTC),
    address="ул. Извор 12",
    map_url="https://maps.example/a/very/long/address/that/nobody/would/want/in/a/message",
    services=("Стрижка",),
    staff="Анна",
    link="https://go.example/b/k3J9xQ2m",
    stop_link="https://go.example/u/p8Lw2s0Z",
    points_earned=21,
    points_balance=450,
    points_until=date(2027, 5, 24),
    points_expiring=22,
    birthday=date(2026, 11, 29),
    client_name="Мария",
)
ROMANIAN = replace(
    FACTS, salon_name="Orhideea", address="str. Ștefan cel Mare 12", services=("Tuns damă",), staff="Ana"
)


def sms(kind: str, language: str, facts: MessageFacts) -> str:
    return message_words(kind, "sms", language, facts, None).text


@pytest.mark.parametrize(
    ("kind", "facts", "text"),
    [
        (
            "notice", FACTS,
            "Орхидея: вы записаны на вт 24 ноября, 14:30, Стрижка, мастер Анна. ул. Извор 12. "
            "https://go.example/b/k3J9xQ2m",
        ),
        (
            "notice", replace(FACTS, moved=True),
            "Орхидея: запись перенесена на вт 24 ноября, 14:30, Стрижка, мастер Анна. ул. Извор 12. "
            "https://go.example/b/k3J9xQ2m",
        ),
        (
            "confirm_request", replace(FACTS, now=NOW + timedelta(days=1)),
            "Орхидея: ждём вас завтра, 24 ноября, 14:30, Стрижка, мастер Анна. Подтвердить или изменить: "
            "https://go.example/b/k3J9xQ2m",
        ),
        (
            "control_reminder", replace(FACTS, now=NOW + timedelta(days=2)),
            "Орхидея: ждём вас сегодня в 14:30. ул. Извор 12. Как добраться: https://go.example/b/k3J9xQ2m",
        ),
        ("review_request", FACTS, "Орхидея: спасибо за визит! Как всё прошло? https://go.example/b/k3J9xQ2m"),
        (
            "review_request", replace(FACTS, with_bonus=True),
            "Орхидея: спасибо за визит! +21 балл, всего 450, до 24 мая 2027. Как всё прошло? "
            "https://go.example/b/k3J9xQ2m",
        ),
        (
            "bonus_notice", replace(FACTS, points_earned=22),
            "Орхидея: спасибо за визит! +22 балла, всего 450, до 24 мая 2027. Отписка: https://go.example/u/p8Lw2s0Z",
        ),
        (
            "repeat_invitation", FACTS,
            "Орхидея: пора снова: Стрижка. Запись: https://go.example/b/k3J9xQ2m "
            "Отписка: https://go.example/u/p8Lw2s0Z",
        ),
        (
            "bonus_expiry", FACTS,
            "Орхидея: до 24 мая 2027 можно потратить 22 балла. Запись: https://go.example/b/k3J9xQ2m "
            "Отписка: https://go.example/u/p8Lw2s0Z",
        ),
        (
            "no_show_invitation", replace(FACTS, link=None),
            "Орхидея: жаль, что не встретились. Выберем другой день? Отписка: https://go.example/u/p8Lw2s0Z",
        ),
        (
            "birthday", replace(FACTS, link=None, gift_points=101),
            "Орхидея: скоро ваш день рождения! Дарим вам 101 балл, до 24 мая 2027. "
            "Отписка: https://go.example/u/p8Lw2s0Z",
        ),
        (
            "birthday", replace(FACTS, link=None, birthday=date(2026, 11, 22)),
            "Орхидея: с днём рождения! Желаем красивого и счастливого года. "
            "Отписка: https://go.example/u/p8Lw2s0Z",
        ),
        (
            "at_risk", replace(FACTS, link=None, stop_link=None),
            "Орхидея: скучаем по вам! Будем рады видеть вас снова.",
        ),
        (
            "win_back", replace(FACTS, link=None, stop_link=None),
            "Орхидея: давно вас не видели. Приходите, будем вам рады.",
        ),
    ],
)  # fmt: skip
def test_russian(kind, facts, text):
    assert sms(kind, "ru", facts) == text


@pytest.mark.parametrize(
    ("kind", "facts", "text"),
    [
        (
            "notice", ROMANIAN,
            "Orhideea: programarea dvs.: mar 24 noiembrie, 14:30, Tuns dama cu Ana. str. Stefan cel Mare 12. "
            "https://go.example/b/k3J9xQ2m",
        ),
        (
            "confirm_request", replace(ROMANIAN, now=NOW + timedelta(days=1)),
            "Orhideea: va asteptam maine, 24 noiembrie, 14:30, Tuns dama cu Ana. Confirmati sau schimbati: "
            "https://go.example/b/k3J9xQ2m",
        ),
        (
            "bonus_notice", replace(ROMANIAN, points_earned=20),
            "Orhideea: multumim pentru vizita! +20 de puncte bonus, sold 450, valabile pana la 24 mai 2027. "
            "Dezabonare: https://go.example/u/p8Lw2s0Z",
        ),
        (
            "bonus_expiry", replace(ROMANIAN, points_expiring=119, link=None, stop_link=None),
            "Orhideea: aveti 119 puncte bonus de folosit pana la 24 mai 2027.",
        ),
        (
            "birthday", replace(ROMANIAN, gift_points=200, link=None, stop_link=None, points_until=None),
            "Orhideea: se apropie ziua dvs. de nastere! Va daruim 200 de puncte bonus.",
        ),
        (
            "no_show_invitation", replace(ROMANIAN, stop_link=None),
            "Orhideea: ne pare rau ca nu ne-am vazut. Alegem o alta zi? "
            "Programare: https://go.example/b/k3J9xQ2m",
        ),
    ],
)  # fmt: skip
def test_romanian_goes_without_diacritics(kind, facts, text):
    assert sms(kind, "ro", facts) == text


@pytest.mark.parametrize(
    ("kind", "facts", "text"),
    [
        (
            "notice", FACTS,
            "Orkhideya: you are booked for Tue 24 Nov, 2:30 pm, Strizhka with Anna. ul. Izvor 12. "
            "https://go.example/b/k3J9xQ2m",
        ),
        (
            "control_reminder", replace(ROMANIAN, now=NOW + timedelta(days=2), map_url="https://maps.example/x"),
            "Orhideea: see you today at 2:30 pm. str. Stefan cel Mare 12. How to find us: https://maps.example/x",
        ),
        (
            "bonus_expiry", replace(ROMANIAN, points_expiring=1, link=None, stop_link=None),
            "Orhideea: you have 1 bonus point to use until 24 May 2027.",
        ),
        (
            "win_back", replace(ROMANIAN, link=None, stop_link=None),
            "Orhideea: it has been a while. We would be glad to welcome you back.",
        ),
    ],
)  # fmt: skip
def test_english(kind, facts, text):
    assert sms(kind, "en", facts) == text


def test_time_is_told_in_the_salons_zone_and_today_is_the_salons_today():
    facts = replace(FACTS, zone="America/New_York", starts_at=datetime(2026, 11, 23, 2, tzinfo=UTC))
    assert "today at 9:00 pm" in sms("notice", "en", facts)


def test_tomorrow_is_the_next_local_day_even_when_the_clock_changes():
    facts = replace(
        FACTS,
        now=datetime(2026, 10, 24, 20, 30, tzinfo=UTC),
        starts_at=datetime(2026, 10, 25, 21, 30, tzinfo=UTC),
    )  # 23:30 on the 24th in summer time, 23:30 on the 25th in winter time: 25 hours
    assert "завтра, 25 октября, 23:30" in sms("notice", "ru", facts)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_missing_facts_leave_no_hole(kind, language):
    bare = MessageFacts(
        salon_name="Orhideea", now=NOW, zone="UTC", starts_at=FACTS.starts_at, with_bonus=True
    )
    text = sms(kind, language, bare)
    assert text.startswith("Orhideea: ")
    assert text[-1] in ".!?"
    for hole in ("None", "  ", ",.", ", ,", "..", ": .", "{", "()", " ."):
        assert hole not in text


def test_without_a_service_the_staff_is_named_and_the_other_way_round():
    assert "2:30 pm, with Anna. " in sms("notice", "en", replace(FACTS, services=()))
    assert "2:30 pm, Strizhka. " in sms("notice", "en", replace(FACTS, staff=None))


def test_an_sms_leads_to_the_card_where_that_costs_nothing_more():
    facts = replace(FACTS, points_earned=450, points_until=None, stop_link=None)
    text = sms("bonus_notice", "en", facts)
    assert text.endswith("+450 bonus points. Your bonuses: https://go.example/b/k3J9xQ2m")
    longer = sms("bonus_notice", "en", replace(facts, stop_link="https://go.example/u/" + "x" * 60))
    assert "Your bonuses" not in longer


def test_a_first_balance_is_not_said_twice():
    facts = replace(FACTS, points_earned=450, points_until=None, link=None, stop_link=None)
    assert sms("bonus_notice", "en", facts) == "Orkhideya: thank you for your visit! +450 bonus points."


def test_a_message_about_a_booking_needs_its_time():
    with pytest.raises(ValueError, match="time"):
        sms("notice", "en", replace(FACTS, starts_at=None))


def test_an_unknown_kind_or_language_is_a_mistake_of_ours():
    with pytest.raises(ValueError, match="campaign"):
        sms("campaign", "en", FACTS)
    with pytest.raises(ValueError, match="de"):
        sms("notice", "de", FACTS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("language", "facts", "most"), [("ru", FACTS, 2), ("ro", ROMANIAN, 1), ("en", FACTS, 1)]
)
def test_usual_messages_are_as_cheap_as_they_can_be(kind, language, facts, most):
    assert parts(sms(kind, language, replace(facts, with_bonus=True))) <= most


class TestLongNames:
    LONG = replace(
        ROMANIAN,
        salon_name="Salonul de frumusete si sanatate Orhideea Alba",
        staff="Ecaterina-Alexandra Constantinescu-Popovici",
        services=("Tratament complet de par cu keratina", "Manichiura", "Pedichiura"),
    )

    def test_are_cut_when_that_spares_a_part(self):
        text = sms("notice", "ro", self.LONG)
        assert parts(text) == 1
        assert "..." in text
        assert "+2" in text
        assert text.endswith("str. Stefan cel Mare 12. https://go.example/b/k3J9xQ2m")

    def test_stay_whole_when_cutting_them_spares_nothing(self):
        text = sms("review_request", "ro", self.LONG)
        assert text.startswith("Salonul de frumusete si sanatate Orhideea Alba: ")

    @given(
        salon=st.text("абвгд абвгд", min_size=1, max_size=120).filter(str.strip),
        staff=st.text("Аннаé -", max_size=80),
        services=st.lists(st.text("Стрижка ", min_size=1, max_size=60), max_size=4),
        kind=st.sampled_from(KINDS),
        language=st.sampled_from(LANGUAGES),
    )
    def test_never_cost_more_than_names_of_eighteen_letters(self, salon, staff, services, kind, language):
        facts = replace(FACTS, salon_name=salon, staff=staff, services=tuple(services))
        eighteen = "абвгдежзийклмнопрс"
        usual = replace(facts, salon_name=eighteen, staff=eighteen, services=(eighteen, eighteen))
        assert parts(sms(kind, language, facts)) <= parts(sms(kind, language, usual))


@given(
    name=st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=60),
    kind=st.sampled_from(KINDS),
    language=st.sampled_from(LANGUAGES),
)
def test_any_name_makes_one_line_with_whole_links(name, kind, language):
    facts = replace(FACTS, salon_name=name, staff=name, address=name, services=(name, name))
    text = sms(kind, language, facts)
    assert "\n" not in text
    assert "https://go.example/" in text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["ro", "en"])
def test_an_emoji_or_a_cyrillic_name_does_not_double_the_price(kind, language):
    facts = replace(FACTS, salon_name="Beauty 💅🏽 «Орхидея»", staff="Наталья Ёлкина")
    assert alphabet(sms(kind, language, facts)) == "gsm7"


def test_a_link_is_never_transliterated():
    facts = replace(FACTS, map_url="https://я.рф/м", link=None, now=NOW + timedelta(days=2))
    assert sms("control_reminder", "en", facts).endswith("https://я.рф/м")


@pytest.mark.parametrize(
    ("wanted", "default", "chosen"),
    [
        ("ru", "ro", "ru"),
        ("RO-md", "ru", "ro"),
        ("en_US", None, "en"),
        ("mo", "ru", "ro"),
        ("rus", None, "ru"),
        ("de", "ro", "ro"),
        ("de", "fr", "en"),
        (None, "ru", "ru"),
        ("", None, "en"),
        ("de-DE,de;q=0.9,ru;q=0.8,en;q=0.7", "ro", "ru"),
        ("../../etc", "ro", "ro"),
    ],
)
def test_the_language_is_the_clients_else_the_networks_else_english(wanted, default, chosen):
    assert choose_language(wanted, default) == chosen


@pytest.mark.parametrize("language", ["ru", "ro", "en"])
def test_an_sms_names_the_person_who_comes_where_somebody_else_gets_it(language: str) -> None:
    own = message_words("notice", "sms", language, FACTS, None).text
    shared = message_words("notice", "sms", language, replace(FACTS, person="Tim"), None).text
    assert "(Tim): " in shared
    assert shared.replace(" (Tim)", "") == own
    assert "(Tim): " in message_words("notice", "push", language, replace(FACTS, person="Tim"), None).text
