"""E-mails, pushes and WhatsApp messages: what they say, and that nothing in them is more than text."""

from datetime import UTC, date, datetime
from html.parser import HTMLParser

import pytest
from msgspec.structs import replace

from chalicelib.domain.messages.message_facts import MessageFacts
from chalicelib.domain.messages.messages import Worded
from chalicelib.domain.networks.network import Template
from chalicelib.domain.shared.languages import LANGUAGES
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.texts.wording import message_words

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
FACTS = MessageFacts(
    salon_name="Орхидея",
    client_name="Мария",
    now=NOW,
    zone="Europe/Chisinau",
    starts_at=datetime(2026, 11, 24, 12, 30, tzinfo=UTC),
    address="ул. Извор 12",
    map_url="https://maps.example/o?a=1&b=2",
    services=("Стрижка",),
    staff="Анна",
    link="https://go.example/b/k3J9xQ2m",
    stop_link="https://go.example/u/p8Lw2s0Z",
    points_earned=21,
    points_balance=450,
    points_until=date(2027, 5, 24),
    points_expiring=22,
    gift_points=200,
    birthday=date(2026, 11, 29),
)
KINDS = [kind for kind in TouchKind if kind is not TouchKind.CAMPAIGN]
NASTY = '<script>alert(1)</script> & "O\'Brien" <b>{client}</b>'


class Page(HTMLParser):
    """What a mail reader shows: the text, and where its links lead."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.links, self.tags, self.open = "", [], set(), []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        if tag == "a":
            self.links.append(dict(attributes)["href"])
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open and "title" not in self.open:
            self.text += data


def email(
    kind: str, language: str = "ru", facts: MessageFacts = FACTS, template: Template | None = None
) -> Worded:
    return message_words(kind, "email", language, facts, template)


def own(text: str, kind: TouchKind = TouchKind.NOTICE, subject: str | None = None) -> Template:
    return Template(
        network_id="net_1", kind=kind, channel="email", language="en", text=text, subject=subject,
        changed_at=NOW, actor="key:1",
    )  # fmt: skip


def test_an_e_mail_greets_says_it_and_leads_on():
    message = email("confirm_request")
    assert message.subject == "Орхидея: Подтвердите, пожалуйста, визит: вт 24 ноября, 14:30"
    assert message.text == (
        "Здравствуйте, Мария!\n\nЖдём вас вт 24 ноября, 14:30, Стрижка, мастер Анна.\n\n"
        "Подтвердить или изменить: https://go.example/b/k3J9xQ2m\n\nОрхидея\n\n"
        "Отписаться от сообщений: https://go.example/u/p8Lw2s0Z"
    )
    page = Page(message.html or "")
    assert page.links == [
        "https://go.example/b/k3J9xQ2m",
        "https://maps.example/o?a=1&b=2",
        "https://go.example/u/p8Lw2s0Z",
    ]
    for words in ("Здравствуйте, Мария!", "Подтвердить или изменить", "Орхидея", "Отписаться от сообщений"):
        assert words in page.text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_a_whole_e_mail(kind, language):
    message = email(kind, language)
    assert message.subject
    assert "\n" not in message.subject
    page = Page(message.html or "")
    assert page.open == []
    assert "https://go.example/u/p8Lw2s0Z" in page.links
    assert "https://go.example/b/k3J9xQ2m" in page.links
    for paragraph in message.text.split("\n\n")[:2]:
        assert paragraph in page.text
    assert len(message.html or "") < 20_000  # far from the 102 kB at which mail readers cut
    assert not page.tags & {"script", "img", "link", "form", "iframe"}


@pytest.mark.parametrize("kind", KINDS)
def test_what_anybody_typed_in_is_only_text(kind):
    facts = replace(FACTS, salon_name=NASTY, client_name=NASTY, services=(NASTY,), staff=NASTY, address=NASTY)
    message = email(kind, "en", facts)
    page = Page(message.html or "")
    assert not page.tags & {"script", "b"}
    assert NASTY in page.text


def test_an_address_that_is_no_web_address_leads_nowhere():
    facts = replace(FACTS, map_url="javascript:alert(1)")
    assert "javascript" not in (email("notice", facts=facts).html or "")


def test_a_subject_stays_one_line():
    facts = replace(FACTS, salon_name="Lotos\r\nBcc: all@example.com")
    assert (
        email("notice", "en", facts).subject
        == "Lotos Bcc: all@example.com: You are booked for Tue 24 Nov, 2:30 pm"
    )
    message = email(
        "notice", "en", replace(FACTS, client_name="a\r\nBcc: b"), own("Hi", subject="{client}, hello")
    )
    assert message.subject == "a Bcc: b, hello"


class TestOwnTexts:
    def test_have_paragraphs_a_button_and_a_way_to_stop(self):
        message = email(
            "notice", "en", template=own("Dear {client},\n\nsee you {when}.", subject="Hello {client}")
        )
        assert message.subject == "Hello Мария"
        assert message.text.startswith(
            "Dear Мария,\n\nsee you Tue 24 Nov, 2:30 pm.\n\nYour booking: https://go."
        )
        assert (message.html or "").count("<p ") == 2
        assert Page(message.html or "").links[0] == "https://go.example/b/k3J9xQ2m"
        assert Page(message.html or "").links[-1] == "https://go.example/u/p8Lw2s0Z"

    def test_say_for_themselves_where_to_tap(self):
        message = email("notice", "en", template=own("Look: {link}."))
        assert "Your booking" not in message.text
        assert 'href="https://go.example/b/k3J9xQ2m"' in (message.html or "")
        assert 'class="button"' not in (message.html or "")

    def test_are_never_html(self):
        message = email("notice", "en", template=own('<a href="https://evil.example">{client}</a> {link}'))
        page = Page(message.html or "")
        assert "https://evil.example" not in page.links
        assert '<a href="https://evil.example">Мария</a>' in page.text

    def test_of_a_campaign_invite(self):
        message = email("campaign", "en", template=own("Spring is here!", TouchKind.CAMPAIGN, "Spring"))
        assert message.subject == "Spring"
        assert "Book a visit: https://go.example/b/k3J9xQ2m" in message.text
        assert email("campaign", "en", template=own("Spring!", TouchKind.CAMPAIGN)).subject == "Орхидея"


class TestShorterAndLongerChannels:
    @pytest.mark.parametrize("language", LANGUAGES)
    @pytest.mark.parametrize("kind", KINDS)
    def test_a_push_has_no_address_in_it(self, kind, language):
        message = message_words(kind, "push", language, FACTS, None).text
        assert "://" not in message
        assert message.startswith("Орхидея: ")
        assert len(message) < 120

    def test_a_push_says_what_a_tap_is_for(self):
        message = message_words("confirm_request", "push", "en", FACTS, None).text
        assert message == "Орхидея: we expect you Tue 24 Nov, 2:30 pm, Стрижка with Анна. Confirm or change."

    def test_romanian_has_its_letters_where_they_cost_nothing(self):
        message = message_words("at_risk", "whatsapp", "ro", replace(FACTS, salon_name="Orhideea"), None).text
        assert message == (
            "Bună ziua, Мария!\nNe este dor de dvs.! Ne-ar bucura să vă revedem.\n"
            "Programare: https://go.example/b/k3J9xQ2m\nOrhideea\nDezabonare: https://go.example/u/p8Lw2s0Z"
        )

    def test_who_has_no_name_is_greeted_all_the_same(self):
        message = message_words("notice", "whatsapp", "ru", replace(FACTS, client_name=""), None).text
        assert message.startswith("Здравствуйте!\n")

    def test_there_are_no_words_for_a_pigeon(self):
        with pytest.raises(ValueError, match="pigeon"):
            message_words("notice", "pigeon", "ru", FACTS, None)
