"""A network's own texts, as they are sent."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.domain.messages.message_facts import MessageFacts
from chalicelib.domain.messages.messages import Worded
from chalicelib.domain.networks.network import Template
from chalicelib.domain.shared.languages import LANGUAGES
from chalicelib.domain.shared.sms import alphabet, parts
from chalicelib.domain.shared.templates import FORMS, checked, checked_subject, placeholders_of
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.texts.languages import catalogue
from chalicelib.texts.wording import message_words, text_to_begin_with

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
FACTS = MessageFacts(
    salon_name="Orhideea",
    client_name="Maria",
    now=NOW,
    zone="Europe/Chisinau",
    starts_at=datetime(2026, 11, 25, 12, 30, tzinfo=UTC),  # a Wednesday, 14:30 in Chisinau
    address="str. Izvor 12",
    map_url="https://maps.example/o",
    services=("Tuns damă", "Manichiură"),
    staff="Ana",
    link="https://go.example/b/k3J9xQ2m",
    stop_link="https://go.example/u/p8Lw2s0Z",
    points_earned=21,
    points_balance=450,
    points_until=date(2027, 5, 24),
    points_expiring=2,
)
KINDS = [kind for kind in TouchKind if kind is not TouchKind.CAMPAIGN]


def own(
    text: str,
    kind: TouchKind = TouchKind.NOTICE,
    *,
    channel: str = "sms",
    language: str = "en",
    facts: MessageFacts = FACTS,
    subject: str | None = None,
) -> Worded:
    template = Template(
        network_id="net_1",
        kind=kind,
        channel=channel,
        language=language,
        text=text,
        subject=subject,
        changed_at=NOW,
        actor="key:1",
    )
    return message_words(kind, channel, language, facts, template)


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "{client}, {on_weekday} {date} at {time}", "Maria, on Wednesday 25 Nov at 2:30 pm"),
        ("en", "{salon}: {when}, {services} with {staff}",
         "Orhideea: Wed 25 Nov, 2:30 pm, Tuns dama, Manichiura with Ana"),
        ("ru", "{client}, ждём вас {on_weekday}, {date}, в {time}",
         "Maria, ждём вас в среду, 25 ноября, в 14:30"),
        ("ru", "{weekday}: {link}", "среда: https://go.example/b/k3J9xQ2m"),
        ("ro", "{client}, va asteptam {on_weekday}, {date}, la {time}",
         "Maria, va asteptam miercuri, 25 noiembrie, la 14:30"),
        ("ro", "{address} {map}", "str. Izvor 12 https://maps.example/o"),
    ],
)  # fmt: skip
def test_dates_and_names_are_told_in_the_language(language, text, expected):
    assert own(text, language=language).text == expected


@pytest.mark.parametrize(
    ("language", "now", "expected"),
    [
        ("ru", datetime(2026, 11, 24, 10, tzinfo=UTC), "завтра, 25 ноября, 14:30"),
        ("ru", datetime(2026, 11, 25, 10, tzinfo=UTC), "сегодня в 14:30"),
        ("ro", datetime(2026, 11, 24, 10, tzinfo=UTC), "maine, 25 noiembrie, 14:30"),
        ("ro", datetime(2026, 11, 25, 10, tzinfo=UTC), "azi la 14:30"),
        ("en", datetime(2026, 11, 24, 10, tzinfo=UTC), "tomorrow, 25 Nov, 2:30 pm"),
    ],
)
def test_tomorrow_and_today_are_said_so(language, now, expected):
    assert own("{when}", language=language, facts=replace(FACTS, now=now)).text == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("ru", "{points} {points|балл|балла|баллов}",
         {1: "1 балл", 3: "3 балла", 11: "11 баллов", 21: "21 балл"}),
        ("ro", "{points} {points|punct|puncte|de puncte}", {1: "1 punct", 3: "3 puncte", 20: "20 de puncte"}),
        ("en", "{points} point{points||s}", {1: "1 point", 2: "2 points"}),
    ],
)  # fmt: skip
def test_words_go_with_their_numbers(language, text, expected):
    facts = replace(FACTS, stop_link=None)
    filled = {
        number: own(
            text, TouchKind.BONUS_NOTICE, language=language, facts=replace(facts, points_earned=number)
        ).text
        for number in expected
    }
    assert filled == expected


def test_the_number_of_forms_is_that_of_the_catalogue():
    for language in LANGUAGES:
        assert max(map(catalogue(language).plural_form, range(200))) + 1 == FORMS[language]


def test_what_is_filled_in_is_never_read_again():
    facts = replace(
        FACTS, client_name="{link}", salon_name="{points|a|b} {", services=("{client}",), staff="%s {0} }"
    )
    filled = own("{client}|{salon}|{services}|{staff}", facts=facts).text
    assert filled == "{link}|{points|a|b} {|{client}|%s {0} }"
    built_in = message_words("notice", "sms", "en", facts, None).text
    assert built_in.startswith(
        "{points|a|b} {: you are booked for Wed 25 Nov, 2:30 pm, {client} with %s {0} }."
    )


def test_what_is_not_known_leaves_no_hole():
    facts = replace(FACTS, staff=None, address=None, map_url=None, client_name="")
    assert (
        own("{client}, ждём вас у мастера {staff}.", language="ru", facts=facts).text == "ждём вас у мастера."
    )
    assert own("See you {when}, {address}, {map}!", facts=facts).text == "See you Wed 25 Nov, 2:30 pm!"
    assert own("Hello\n{address}\n{link}", facts=facts).text == "Hello\nhttps://go.example/b/k3J9xQ2m"


def test_without_a_number_or_date_that_it_names_a_text_gives_way_to_the_built_in_one():
    facts = replace(FACTS, gift_points=None, birthday=None)
    text = own("A gift of {gift} for you!", TouchKind.BIRTHDAY, facts=facts).text
    assert text == message_words("birthday", "sms", "en", facts, None).text
    facts = replace(FACTS, gift_points=5)
    assert own("A gift of {gift} for you! {stop}", TouchKind.BIRTHDAY, facts=facts).text.startswith(
        "A gift of 5 for"
    )
    facts = replace(FACTS, points_until=None)
    assert own("Until {until}", TouchKind.BONUS_NOTICE, facts=facts).text.startswith("Orhideea: thank you")


def test_zero_points_are_a_number():
    facts = replace(FACTS, points_balance=0)
    assert own("{balance} left {stop}", TouchKind.BONUS_NOTICE, facts=facts).text.startswith("0 left")


def test_a_campaign_says_its_own_text_only():
    assert own("Spring is here, {client}! {stop}", TouchKind.CAMPAIGN).text == (
        "Spring is here, Maria! https://go.example/u/p8Lw2s0Z"
    )
    with pytest.raises(ValueError, match="campaign"):
        message_words("campaign", "sms", "en", FACTS, None)


def test_by_whatsapp_one_template_serves_all_campaigns_with_the_whole_text_for_its_only_value():
    filled = own("20 % off, {client}!", TouchKind.CAMPAIGN, channel="whatsapp")
    assert filled.parameters == (filled.text,)
    assert filled.text.startswith("20 % off, Maria!")


class TestStopping:
    @pytest.mark.parametrize("channel", ["sms", "whatsapp"])
    def test_marketing_without_a_way_to_stop_gets_one(self, channel):
        filled = own("We miss you!", TouchKind.AT_RISK, channel=channel).text
        assert filled == "We miss you!\nStop: https://go.example/u/p8Lw2s0Z"

    def test_it_speaks_the_language_and_keeps_the_alphabet(self):
        assert own("Скучаем!", TouchKind.AT_RISK, language="ru").text.endswith(
            "\nОтписка: https://go.example/u/p8Lw2s0Z"
        )
        filled = own("Ne e dor de dvs.!", TouchKind.AT_RISK, language="ro").text
        assert filled.endswith("\nDezabonare: https://go.example/u/p8Lw2s0Z")
        assert alphabet(filled) == "gsm7"

    def test_what_has_one_and_what_is_service_stays_as_it_is(self):
        assert own("Stop {stop}", TouchKind.AT_RISK).text == "Stop https://go.example/u/p8Lw2s0Z"
        assert own("See you", TouchKind.CONTROL_REMINDER).text == "See you"
        assert own("We miss you!", TouchKind.AT_RISK, channel="push").text == "We miss you!"


class TestTheAlphabet:
    facts = replace(FACTS, client_name="Ștefan Ёлкин", services=("Frumusețe 💅🏽",), staff="Щукина")

    def test_a_plain_text_stays_plain_whatever_is_filled_in(self):
        filled = own("{client}, va asteptam: {services}, {staff}", language="ro", facts=self.facts).text
        assert filled == "Stefan Elkin, va asteptam: Frumusete, Shchukina"
        assert alphabet(filled) == "gsm7"

    def test_what_the_salon_wrote_itself_stays_as_written(self):
        filled = own("{client}, vă așteptăm", language="ro", facts=self.facts).text
        assert filled == "Ștefan Ёлкин, vă așteptăm"

    def test_russian_is_never_transliterated(self):
        assert own("{staff} {when}", language="ru", facts=self.facts).text == "Щукина ср 25 ноября, 14:30"

    def test_elsewhere_than_in_an_sms_names_are_spelt_in_full(self):
        filled = own("{client}, va asteptam", language="ro", facts=self.facts, channel="push").text
        assert filled.startswith("Ștefan Ёлкин")


def test_the_bonus_that_goes_along_with_a_review_request_is_told():
    facts = replace(FACTS, with_bonus=True)
    filled = own("Ну как? {link}", TouchKind.REVIEW_REQUEST, language="ru", facts=facts).text
    assert filled == "Ну как? https://go.example/b/k3J9xQ2m\n+21 балл, всего 450, до 24 мая 2027."
    assert own("Ну как? {link}", TouchKind.REVIEW_REQUEST, language="ru").text == (
        "Ну как? https://go.example/b/k3J9xQ2m"
    )


class TestWhatsApp:
    def test_parameters_are_the_values_in_their_order(self):
        filled = own(
            "{when}: {client}, {when} {address}", channel="whatsapp", facts=replace(FACTS, address=None)
        )
        assert filled.parameters == ("Wed 25 Nov, 2:30 pm", "Maria", "Wed 25 Nov, 2:30 pm", "–")

    def test_a_word_beside_a_number_is_one_too(self):
        filled = own("{points} {points|point|points} {stop}", TouchKind.BONUS_NOTICE, channel="whatsapp")
        assert filled.parameters == ("21", "points", "https://go.example/u/p8Lw2s0Z")

    @pytest.mark.parametrize("language", LANGUAGES)
    @pytest.mark.parametrize("kind", KINDS)
    def test_of_a_built_in_text_they_follow_the_text_to_begin_with(self, kind, language):
        text, _ = text_to_begin_with(kind, "whatsapp", language)
        mine = own(text, kind, channel="whatsapp", language=language, facts=replace(FACTS, gift_points=7))
        built_in = message_words(kind, "whatsapp", language, replace(FACTS, gift_points=7), None)
        assert built_in.parameters == mine.parameters
        assert all(built_in.parameters)


class TestTheTextToBeginWith:
    @pytest.mark.parametrize("channel", ["sms", "whatsapp", "email", "push"])
    @pytest.mark.parametrize("language", LANGUAGES)
    @pytest.mark.parametrize("kind", KINDS)
    def test_may_be_saved_as_it_is(self, kind, language, channel):
        text, subject = text_to_begin_with(kind, channel, language)
        assert checked(kind, channel, language, text) == text
        assert checked_subject(kind, channel, language, subject) == subject

    @pytest.mark.parametrize("language", LANGUAGES)
    @pytest.mark.parametrize("kind", KINDS)
    def test_says_what_the_built_in_words_say(self, kind, language):
        facts = replace(FACTS, birthday=date(2026, 11, 30), map_url=None)
        if kind == "bonus_notice":
            facts = replace(facts, points_until=None)
        if kind not in ("notice", "confirm_request", "control_reminder", "review_request"):
            facts = replace(facts, link=None)
        text, _ = text_to_begin_with(kind, "sms", language)
        assert own(text, kind, language=language, facts=facts).text == (
            message_words(kind, "sms", language, facts, None).text
        )


@given(
    pieces=st.lists(
        st.sampled_from([f"{{{name}}}" for name in placeholders_of(TouchKind.BONUS_NOTICE)])
        | st.text(st.sampled_from("abж ,.!\n"), max_size=6),
        max_size=12,
    ).filter(lambda pieces: "".join(pieces).strip()),
    name=st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    language=st.sampled_from(LANGUAGES),
    channel=st.sampled_from(["sms", "whatsapp", "email", "push"]),
)
def test_any_text_and_any_name_make_a_message(pieces, name, language, channel):
    facts = replace(FACTS, client_name=name, staff=name, services=(name,))
    text = checked(TouchKind.BONUS_NOTICE, channel, language, "".join(pieces))
    filled = own(text, TouchKind.BONUS_NOTICE, channel=channel, language=language, facts=facts)
    assert "\0" not in filled.text
    assert parts(filled.text) < 20
