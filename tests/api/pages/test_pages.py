"""The client's pages over HTTP: what a tap does, and that looking does nothing."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.clients.clients import CHANNELS, Client, ConsentChange, may_send
from chalicelib.domain.shared.touches import Purpose
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK, NOW, a_booking, save_booking
from tests.api.conftest import TestContainer
from tests.api.visitor import Visitor

MARIA = "cli_maria00000000001"


@pytest.fixture
def visitor(http: Http, given_container: TestContainer, world: Any, mine: Any) -> Visitor:
    link = given_container.links().link(NETWORK, MARIA, mine.id, mine.starts_at)
    world.store.save(link)
    return Visitor(http, given_container, link)


@pytest.fixture
def completed(world: Any, mine: Any) -> Any:
    done = replace(mine, status=Status.COMPLETED, closed_at=NOW)
    return world.store.save(done)[0]


def booking(world: Any) -> Any:
    return world.store.get(Booking, network_id=NETWORK, id="bkg_0000000000000001")


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Haircut"), ("ru", "Подтвердить"), ("ro", "Confirm"), ("xx", "Подтвердить")],
)
def test_the_booking_is_shown_in_the_language_that_is_asked_for(
    language: str, words: str, visitor: Visitor
) -> None:
    page = visitor.see("b", f"?lang={language}")
    assert page.status == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert words in page.text
    assert "Haircut" in page.text
    assert 'action="/api/b/' in page.text


def test_the_browser_speaks_where_the_address_does_not_and_then_the_client(
    visitor: Visitor, world: Any
) -> None:
    assert 'lang="ro"' in visitor.see("b", Accept_Language="ro-MD,ro;q=0.9,en;q=0.8").text
    assert 'lang="en"' in visitor.see("b", "?lang=en", Accept_Language="ro").text
    assert 'lang="ru"' in visitor.see("b").text  # the network's
    client = world.store.get(Client, network_id=NETWORK, id=MARIA)
    world.store.save(replace(client, language="ro"))
    assert 'lang="ro"' in visitor.see("b").text
    assert 'lang="ro"' in visitor.see("b", Accept_Language="fr").text


def test_a_page_speaks_the_salons_language_where_neither_reader_nor_client_names_one(
    visitor: Visitor, http: Http, world: Any
) -> None:
    http.patch("/v1/salons/sal_centru", {"language": "ro"})
    assert 'lang="ro"' in visitor.see("b").text
    assert "BEGIN:VEVENT" in visitor.see("b", "/calendar.ics").text
    assert 'lang="ro"' in visitor.see("u").text, "the network's first salon speaks to a new client"
    assert 'lang="en"' in visitor.see("b", Accept_Language="en").text
    world.store.save(replace(world.store.get(Client, network_id=NETWORK, id=MARIA), language="en"))
    assert 'lang="en"' in visitor.see("b").text


def test_a_tap_confirms_and_a_second_does_nothing_more(visitor: Visitor, world: Any) -> None:
    answer = visitor.post("b", "/confirm?lang=en")
    assert answer.headers["Location"] == f"/api{visitor.path('b')}?lang=en&done=confirmed"
    assert visitor.follow(answer).status == 200
    assert booking(world).status is Status.CONFIRMED
    version = booking(world).version
    assert visitor.post("b", "/confirm").status == 303
    assert booking(world).version == version


def test_a_tap_cancels_for_the_client(visitor: Visitor, world: Any) -> None:
    assert visitor.post("b", "/cancel").headers["Location"].endswith("?done=cancelled")
    assert (booking(world).status, booking(world).reason) == (Status.CANCELLED, "client")
    late = visitor.post("b", "/confirm?lang=en")
    assert late.status == 409
    assert late.headers["Content-Type"].startswith("text/html")
    assert "+37322123456" in late.text.replace(" ", "")
    assert "WRONG_STATUS" not in late.text


def test_a_client_asks_to_move(visitor: Visitor, world: Any) -> None:
    answer = visitor.post("b", "/move", "wish=%D0%BF%D0%BE%D1%81%D0%BB%D0%B5+18%3A00")
    assert answer.headers["Location"].endswith("?done=move_asked")
    assert booking(world).move_wish == "после 18:00"
    assert booking(world).starts_at == a_booking().starts_at
    visitor.post("b", "/move", "wish=" + "x" * 5000)
    assert len(booking(world).move_wish) == 500


def test_a_second_tap_without_words_keeps_the_words_of_the_first(visitor: Visitor, world: Any) -> None:
    visitor.post("b", "/move", "wish=after+18%3A00")
    assert visitor.post("b", "/move", "wish=+").status == 303
    assert booking(world).move_wish == "after 18:00"
    visitor.post("b", "/move", "wish=before+noon")
    assert booking(world).move_wish == "before noon"


@pytest.mark.parametrize("form", [b"wish=\xff\xfe", "wish=%ff%fe", "wish=\ufffd\ufffd"])
def test_a_wish_that_is_no_text_is_not_kept(form: Any, visitor: Visitor, world: Any) -> None:
    """The last is what API Gateway hands on."""
    page = visitor.post("b", "/move", form)
    assert (page.status, page.text[:15]) == (400, "<!doctype html>")
    assert booking(world).move_wish is None


def test_once_the_visit_has_begun_nothing_can_be_tapped(visitor: Visitor, world: Any, clock: Any) -> None:
    clock.forward(days=2, minutes=1)
    for step in ("/confirm", "/cancel", "/move"):
        assert visitor.post("b", step).status == 409
    assert booking(world).version == 1


def test_the_booking_goes_into_a_calendar(visitor: Visitor) -> None:
    file = visitor.see("b", "/calendar.ics?lang=en")
    assert file.headers["Content-Type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    assert "DTSTART:20261125T080000Z" in file.text
    assert "UID:bkg_0000000000000001@perennial" in file.text


# --- review


@pytest.mark.usefixtures("completed")
@pytest.mark.parametrize("stars", [1, 5])
def test_a_review_is_kept_and_everybody_is_shown_the_public_links(
    stars: int, visitor: Visitor, world: Any
) -> None:
    assert "https://review.example/centru" not in visitor.see("r", "?lang=en").text
    answer = visitor.post("r", "?lang=en", f"stars={stars}&words=Thank+you%0D%0AAnna")
    page = visitor.follow(answer)
    assert "https://review.example/centru" in page.text
    assert "https://tips.example/anna" in page.text
    assert (booking(world).review.stars, booking(world).review.words) == (stars, "Thank you\nAnna")


@pytest.mark.usefixtures("completed")
@pytest.mark.parametrize("stars", ["", "0", "6", "five", "1.5"])
def test_a_review_without_stars_asks_for_them_and_keeps_the_words(
    stars: str, visitor: Visitor, world: Any
) -> None:
    page = visitor.post("r", "", f"stars={stars}&words=Nice+%3Cb%3E")
    assert page.status == 422
    assert "Nice &lt;b&gt;" in page.text
    assert booking(world).review is None


def test_a_visit_that_was_not_is_not_reviewed(visitor: Visitor, world: Any) -> None:
    assert visitor.see("r").status == 409
    assert visitor.post("r", "", "stars=5").status == 409
    assert booking(world).review is None


# --- stop


def coming(world: Any, purpose: Purpose = Purpose.SERVICE) -> list[str]:
    """The channels through which messages of a purpose may come to Maria."""
    client = world.store.get(Client, network_id=NETWORK, id=MARIA)
    return [channel for channel in CHANNELS if may_send(client, channel, purpose, False)]


def stopped(world: Any) -> bool:
    return coming(world) == []


def test_one_tap_stops_and_another_resumes(visitor: Visitor, world: Any) -> None:
    assert visitor.see("u").status == 200
    assert not stopped(world)
    assert visitor.follow(visitor.post("u", "?lang=ro")).status == 200
    assert stopped(world)
    assert visitor.follow(visitor.post("u", "/resume")).status == 200
    assert not stopped(world)


def test_marketing_is_stopped_alone_and_taken_up_again(visitor: Visitor, world: Any) -> None:
    answer = visitor.post("u", "?lang=en", "what=marketing")
    assert "No more offers and news" in visitor.follow(answer).text
    assert coming(world, Purpose.MARKETING) == []
    assert coming(world) == list(CHANNELS)
    assert "Stop messages" in visitor.follow(visitor.post("u", "/resume?lang=en", "what=marketing")).text
    assert coming(world, Purpose.MARKETING) == list(CHANNELS)


def test_who_resumes_after_stopping_everything_is_not_sent_marketing(visitor: Visitor, world: Any) -> None:
    visitor.post("u", "", "what=all")
    page = visitor.follow(visitor.post("u", "/resume?lang=en", "what=service"))
    assert "We will write to you about your bookings only." in page.text
    assert coming(world) == list(CHANNELS)
    assert coming(world, Purpose.MARKETING) == []


def test_one_channel_is_turned_off_and_on(visitor: Visitor, world: Any) -> None:
    page = visitor.follow(visitor.post("u", "?lang=en", "what=email"))
    assert "Turn on: e-mail" in page.text
    assert "Turn off: SMS" in page.text
    assert coming(world) == ["sms", "whatsapp", "push"]
    page = visitor.follow(visitor.post("u", "/resume?lang=en", "what=email"))
    assert "Turn off: e-mail" in page.text
    assert coming(world) == list(CHANNELS)
    assert coming(world, Purpose.MARKETING) == ["sms", "whatsapp", "push"]


def test_whoever_turns_off_every_channel_they_have_has_stopped_everything(
    visitor: Visitor, world: Any
) -> None:
    for channel in ("sms", "whatsapp", "email"):
        page = visitor.follow(visitor.post("u", "?lang=en", f"what={channel}"))
    assert "Messages are stopped" in page.text


@pytest.mark.parametrize("body", ["what=nonsense", b"\xff\xfe", "&" * 100, "what=" + "9" * 40_000])
def test_stopping_works_whatever_the_form_says(body: Any, visitor: Visitor, world: Any) -> None:
    assert visitor.post("u", "", body).status == 303
    assert stopped(world)


MULTIPART = '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'


@pytest.mark.parametrize(
    ("body", "of"),
    [
        ("List-Unsubscribe=One-Click", "application/x-www-form-urlencoded"),
        (MULTIPART, "multipart/form-data; boundary=x"),
    ],
)
def test_a_mail_programs_one_tap_stops_marketing_and_is_answered_without_a_redirect(
    body: str, of: str, visitor: Visitor, world: Any
) -> None:
    for _ in range(2):
        answer = visitor.post("u", "", body, Content_Type=of)
        assert answer.status == 200
        assert {"Location", "Set-Cookie"}.isdisjoint(answer.headers)
    assert coming(world, Purpose.MARKETING) == []
    assert coming(world) == list(CHANNELS)
    lines = world.store.get_all(ConsentChange, network_id=NETWORK, client_id=MARIA)
    assert {line.consent.how for line in lines} == {"one-click unsubscribe"}
    assert len(lines) == len(CHANNELS)


# --- what does nothing


@pytest.mark.usefixtures("completed")
def test_looking_changes_nothing(visitor: Visitor, world: Any) -> None:
    before = sorted(str(item.attribute_values) for item in world.store.item.scan())
    for purpose, rest in (
        ("b", ""),
        ("b", "?done=cancelled"),
        ("b", "/calendar.ics"),
        ("r", ""),
        ("u", "?done=stopped"),
    ):
        for _ in range(2):
            assert visitor.see(purpose, rest).status == 200
    assert sorted(str(item.attribute_values) for item in world.store.item.scan()) == before


def test_a_token_opens_its_own_page_only(visitor: Visitor, http: Http, world: Any) -> None:
    token = visitor.path("b").rpartition("/")[2]
    for path in (f"/r/{token}", f"/u/{token}", f"/b/{token[:-1]}", f"/b/{token}0", f"/b/{token.upper()}"):
        page = http.with_key(None).get(path)
        assert page.status == 404
        assert page.headers["Content-Type"].startswith("text/html")
        assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert http.with_key(None).post(f"/u/{token}").status == 404
    assert not stopped(world)


@pytest.mark.parametrize(
    "token",
    ["x", "%00", "%D0%BA%D0%BB%D1%8E%D1%87", "0" * 16, "x" * 201, "x" * 3000, "%ff", "..%2f..%2f"],
)
def test_nonsense_is_a_page_that_says_so(token: str, http: Http) -> None:
    for path in (f"/b/{token}", f"/r/{token}", f"/u/{token}", f"/b/{token}/calendar.ics"):
        page = http.with_key(None).get(path, Accept_Language="en")
        assert page.status == 404
        assert page.text.startswith("<!doctype html>")
    assert http.with_key(None).post(f"/b/{token}/confirm", "x").status == 404


@pytest.mark.usefixtures("completed")
@pytest.mark.parametrize(
    "body", [b"\xff\xfe", "&" * 100, "a=1&" * 50, "stars=" + "9" * 40_000, b"stars=%ff&words=%fe"]
)
def test_a_form_that_is_none_breaks_nothing(body: Any, visitor: Visitor, world: Any) -> None:
    answer = visitor.post("r", "", body)
    assert 400 <= answer.status < 500
    assert booking(world).review is None


def test_a_link_is_good_for_half_a_year(visitor: Visitor, clock: Any) -> None:
    clock.forward(days=2 + 179)
    assert visitor.see("b").status == 200
    clock.forward(days=2)
    assert visitor.see("b").status == 404


def test_a_link_without_a_booking_stops_messages_all_the_same(
    http: Http, given_container: TestContainer, world: Any, town: Any
) -> None:
    link = given_container.links().link(NETWORK, MARIA, None, NOW)
    world.store.save(link)
    visitor = Visitor(http, given_container, link)
    assert visitor.see("b").status == 404
    assert visitor.post("u").status == 303
    assert stopped(world)


def test_a_page_that_fails_says_so_without_telling_why(visitor: Visitor, world: Any) -> None:
    broken = save_booking(
        world.store, replace(a_booking("bkg_broken"), salon_id="sal_gone", starts_at=NOW + timedelta(1))
    )
    link = replace(visitor.link, id="broken00", booking_id=broken.id)
    world.store.save(link)
    visitor.link = link
    page = visitor.see("b", "?lang=en")
    assert page.status == 500
    assert page.text.startswith("<!doctype html>")
    assert "sal_gone" not in page.text


def test_pages_and_the_calendar_show_no_id_where_a_name_is_not_known(visitor: Visitor, world: Any) -> None:
    unnamed = {"name_known": False, "name": "TMXUrsBWWc", "external_ids": ("con_1:TMXUrsBWWc",)}
    directory = world.fresh_directory(NETWORK)
    world.store.save(replace(directory.services["srv_cut"], **unnamed))
    world.store.save(replace(directory.staff["stf_anna"], **unnamed))
    world.directories.forget(NETWORK)
    page = visitor.see("b", Accept_Language="en").text
    assert "TMXUrsBWWc" not in page
    assert "Your visit" in page or "Ваш визит" in page
    assert "TMXUrsBWWc" not in visitor.see("b", "/calendar.ics").text
    assert "TMXUrsBWWc" not in visitor.see("r").text
