"""What clients find on their pages, in every state and language."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from chalicelib.domain.shared.languages import LANGUAGES
from chalicelib.pages import pages
from chalicelib.pages.card import card_page
from chalicelib.pages.pages import LineView, SalonView, booking_page, problem_page, review_page, stop_page
from tests.unit.pages.page import Page
from tests.unit.pages.views import NOW, SALON, STARTS_AT, booking_view, card_view, review_view, stop_view

AFTER = STARTS_AT + timedelta(hours=5)
BOOKINGS = {
    "unconfirmed": booking_view(),
    "confirmed": booking_view(status="confirmed", done="confirmed"),
    "cancelled": booking_view(status="cancelled", done="cancelled"),
    "completed": booking_view(status="completed", now=AFTER),
    "past": booking_view(now=AFTER),
    "begun": booking_view(now=STARTS_AT + timedelta(minutes=5)),
    "no_show": booking_view(status="no_show", now=AFTER),
    "move_asked": booking_view(move_wish="Thursday", done="move_asked"),
    "with points": booking_view(points=120, points_minor=12_000),
    "with points held": booking_view(held_points=1, held_minor=100, done="points_held"),
    "with points freed": booking_view(done="points_freed"),
    "bare": booking_view(salon=SalonView(name="O", zone="UTC"), lines=(), total_minor=None, stop_token=None),
}
REVIEWS = {
    "asked": review_view(),
    "mistake": review_view(mistake="no_stars"),
    "answered": review_view(stars=2),
}
ALL_CHANNELS = (("sms", False), ("whatsapp", True), ("email", True), ("push", True))
STOPS = {
    "asked": stop_view(),
    "marketing stopped": stop_view(coming="service", done="stopped", channels=ALL_CHANNELS),
    "stopped": stop_view(coming="nothing", done="stopped"),
    "one channel off": stop_view(done="changed", channels=ALL_CHANNELS),
    "resumed": stop_view(done="resumed"),
}
CARDS = {
    "full": card_view(),
    "bare": card_view(available=0, pending=(), expiring=(), held=0, debt=0, tier=None, coupons=(), terms=None,
                      wallets=(), stop_token=None),
}  # fmt: skip


def every_page(language: str) -> dict[str, str]:
    made = {f"booking {name}": booking_page(view, language) for name, view in BOOKINGS.items()}
    made |= {f"review {name}": review_page(view, language) for name, view in REVIEWS.items()}
    made |= {f"stop {name}": stop_page(view, language) for name, view in STOPS.items()}
    made |= {f"card {name}": card_page(view, language) for name, view in CARDS.items()}
    made |= {kind: problem_page(kind, language) for kind in pages.PROBLEMS}
    return made


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_light_private_and_needs_nothing_from_elsewhere(language):
    for name, html in every_page(language).items():
        page = Page(html)
        metas = {
            attributes.get("name"): attributes.get("content")
            for tag, attributes in page.tags
            if tag == "meta"
        }
        assert len(html.encode()) < 15_000, name
        assert page.tags[0] == ("html", {"lang": language}), name
        assert metas["robots"] == "noindex,nofollow", name
        assert metas["referrer"] == "no-referrer", name
        assert {tag for tag, _ in page.tags}.isdisjoint({"script", "img", "iframe", "object"}), name
        assert [attributes["href"] for tag, attributes in page.tags if tag == "link"] == ["data:,"], name
        assert "url(" not in html, name
        assert "@import" not in html, name
        assert all(not key.startswith("on") for _, attributes in page.tags for key in attributes), name
        assert all(form.method == "post" for form in page.forms), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_switches_to_the_other_languages(language):
    for html in every_page(language).values():
        assert [link for link in Page(html).links if link.startswith("?lang=")] == [
            f"?lang={other}" for other in LANGUAGES if other != language
        ]


def test_every_field_has_a_label_and_every_picture_is_silent_or_named():
    for name, html in every_page("en").items():
        page = Page(html)
        labels = sum(tag == "label" for tag, _ in page.tags)
        assert labels == sum(len(form.fields) for form in page.forms), name
        assert all(attributes.get("aria-hidden") for tag, attributes in page.tags if tag == "svg"), name


def test_a_page_without_texts_in_a_language_does_not_exist():
    with pytest.raises(ValueError, match="de"):
        booking_page(booking_view(), "de")


class TestBooking:
    def test_says_where_when_what_and_how_much(self):
        text = Page(booking_page(booking_view(), "en")).text
        for words in (
            "Orhideea",
            "str. Izvor 12",
            "Tuesday, 24 November",
            "2:30 pm – 4:15 pm",
            "Haircut",
            "Ana · 60 minutes",
        ):
            assert words in text
        assert "Total 1,000.50 MDL" in text
        assert "Local time" not in text

    @pytest.mark.parametrize(
        ("language", "words"),
        [
            ("ru", ("вторник, 24 ноября", "14:30 – 16:15", "60 минут", "1 000,50 MDL")),
            ("ro", ("marți, 24 noiembrie", "14:30 – 16:15", "60 de minute", "1.000,50 MDL")),
        ],
    )
    def test_speaks_the_clients_language(self, language, words):
        text = Page(booking_page(booking_view(), language)).text
        assert all(word in text for word in words)

    def test_an_unconfirmed_booking_can_be_confirmed_cancelled_and_asked_to_move(self):
        page = Page(booking_page(booking_view(), "ro"))
        assert page.actions() == [f"/api/b/k3J9xQ2m/{step}?lang=ro" for step in ("confirm", "move", "cancel")]
        assert page.forms[1].fields[0]["name"] == "wish"
        assert "/api/b/k3J9xQ2m/calendar.ics?lang=ro" in page.links

    def test_links_work_without_a_stage_too(self):
        page = Page(booking_page(booking_view(base_path=""), "en"))
        assert page.actions()[0] == "/b/k3J9xQ2m/confirm?lang=en"

    def test_cancelling_takes_a_second_tap(self):
        html = booking_page(booking_view(), "en")
        steps = re.findall(r"<details>|</details>|/cancel\?", html)
        assert steps[-3:] == ["<details>", "/cancel?", "</details>"]

    def test_a_confirmed_booking_is_not_asked_again(self):
        page = Page(booking_page(BOOKINGS["confirmed"], "en"))
        assert [action.split("?")[0].rpartition("/")[2] for action in page.actions()] == ["move", "cancel"]
        assert "Thank you, your booking is confirmed." in page.text

    @pytest.mark.parametrize("state", ["cancelled", "completed", "past", "begun", "no_show"])
    def test_what_is_over_cannot_be_changed(self, state):
        page = Page(booking_page(BOOKINGS[state], "en"))
        assert page.forms == []
        assert not any("calendar.ics" in link for link in page.links)
        assert "tel:+37322000111" in page.links

    def test_a_completed_visit_leads_to_its_review(self):
        assert "/api/r/r-tok?lang=en" in Page(booking_page(BOOKINGS["completed"], "en")).links
        without = booking_page(replace(BOOKINGS["completed"], review_token=None), "en")
        assert not any("/r/" in link for link in Page(without).links)

    def test_a_flash_that_is_no_longer_true_is_not_shown(self):
        text = Page(booking_page(booking_view(status="cancelled", done="confirmed"), "en")).text
        assert "confirmed" not in text

    def test_a_made_up_flash_is_ignored(self):
        assert booking_page(booking_view(done="<b>won"), "en") == booking_page(booking_view(), "en")

    def test_a_wish_to_move_is_shown_back(self):
        text = Page(booking_page(booking_view(move_wish="after 5 <pm>"), "en")).text
        assert "Your request after 5 <pm>" in text
        assert "Another time requested" in text

    def test_the_zone_is_named_where_the_clients_clock_shows_another_time(self):
        text = Page(booking_page(booking_view(client_zone="America/New_York"), "en")).text
        assert "Local time of the salon: Chisinau, UTC+2 Where you are: Tue 24 Nov, 7:30 am" in text

    def test_the_zone_is_not_named_where_the_clocks_agree(self):
        assert "Local time" not in booking_page(booking_view(client_zone="Europe/Kyiv"), "en")

    def test_a_year_is_told_when_it_is_not_this_one(self):
        view = booking_view(now=NOW - timedelta(days=350))
        assert "24 November 2026" in Page(booking_page(view, "en")).text

    @pytest.mark.parametrize(("stars", "language"), [(None, "en"), (5, "en"), (None, "ru"), (None, "ro")])
    def test_a_review_names_the_year_of_a_visit_of_another_year(self, stars: int | None, language: str):
        shown = Page(review_page(review_view(stars=stars), language)).text
        assert "2026" not in shown
        shown = Page(review_page(review_view(stars=stars, now=NOW + timedelta(days=60)), language)).text
        assert "2026" in shown

    def test_what_people_typed_is_never_markup(self):
        evil = "<script>alert(1)</script>{x}{{ 7*7 }}"
        lines = (LineView(service=evil, staff=evil),)
        view = booking_view(
            salon=replace(SALON, name=evil, address=evil, phone=evil), lines=lines, move_wish=evil
        )
        page = Page(booking_page(view, "en"))
        assert "script" not in {tag for tag, _ in page.tags}
        assert "{x}{{ 7*7 }}" in page.text

    def test_a_link_that_is_not_of_the_web_is_left_out(self):
        for url in ("javascript:alert(1)", "data:text/html,x", "//evil.example", "http://[", ""):
            page = Page(booking_page(booking_view(salon=replace(SALON, map_url=url)), "en"))
            assert "Directions" not in page.text

    def test_points_that_may_pay_are_used_with_one_tap(self):
        page = Page(booking_page(BOOKINGS["with points"], "en"))
        assert "You can pay 120 MDL with 120 points." in page.text
        assert "/api/b/k3J9xQ2m/bonus?lang=en" in page.actions()
        assert page.buttons == [("points", "120")]

    def test_points_that_are_held_are_freed_with_one_tap(self):
        page = Page(booking_page(BOOKINGS["with points held"], "en"))
        assert "1 point will pay for a part of the bill: 1 MDL." in page.text
        assert "Your points are set aside for this visit." in page.text
        assert "/api/b/k3J9xQ2m/bonus/release?lang=en" in page.actions()
        assert page.buttons == []

    @pytest.mark.parametrize("state", ["cancelled", "completed", "past", "begun", "no_show"])
    def test_what_is_over_is_not_paid_with_points(self, state):
        view = replace(BOOKINGS[state], points=120, points_minor=12_000)
        assert "Pay with bonuses" not in booking_page(view, "en")

    def test_leads_to_the_card_where_there_is_one(self):
        assert "/api/w/w-tok?lang=en" in Page(booking_page(booking_view(), "en")).links
        assert "/w/" not in booking_page(booking_view(card_token=None), "en")


class TestReview:
    def test_asks_for_one_to_five_stars_and_words(self):
        page = Page(review_page(review_view(), "ru"))
        (form,) = page.forms
        assert form.action == "/api/r/r-tok?lang=ru"
        assert [field["value"] for field in form.fields if field["name"] == "stars"] == [
            "1",
            "2",
            "3",
            "4",
            "5",
        ]
        assert [field["name"] for field in form.fields if field.get("type") != "radio"] == ["words"]
        assert "1 звезда" in page.text
        assert "2 звезды" in page.text
        assert "5 звёзд" in page.text

    @pytest.mark.parametrize("stars", [1, 2, 3, 4, 5])
    def test_the_public_links_are_for_everyone(self, stars):
        page = Page(review_page(review_view(stars=stars), "en"))
        assert {"https://reviews.example/g", "https://reviews.example/2", "https://tips.example/ana"} <= set(
            page.links
        )
        assert page.forms == []

    def test_the_page_differs_in_nothing_but_the_stars(self):
        def without_stars(html: str) -> str:
            return re.sub(r'<p class="given.*?</p>', "", html, flags=re.S)

        assert without_stars(review_page(review_view(stars=1), "en")) == without_stars(
            review_page(review_view(stars=5), "en")
        )

    def test_says_what_was_said(self):
        page = Page(review_page(review_view(stars=4, words="Fine & <quick>"), "en"))
        assert "Fine & <quick>" in page.text
        assert any(attributes.get("aria-label") == "4 stars" for _, attributes in page.tags)

    def test_words_survive_a_form_without_stars(self):
        page = Page(review_page(review_view(mistake="no_stars", words="\nLovely"), "en"))
        assert "Please choose from one to five stars." in page.text
        assert "Lovely" in page.text

    def test_there_is_no_tip_without_a_tip_link(self):
        assert "tip" not in Page(review_page(review_view(stars=5, tip_url=None), "en")).text
        assert "tip" not in Page(review_page(review_view(stars=5, tip_url="javascript:x"), "en")).text


class TestStop:
    def test_one_tap_stops_marketing_or_everything(self):
        page = Page(stop_page(stop_view(), "en"))
        assert page.actions() == ["/api/u/u-tok?lang=en"]
        assert page.buttons == [("what", "marketing"), ("what", "all")]

    def test_what_is_stopped_can_be_taken_up_again(self):
        page = Page(stop_page(stop_view(coming="nothing"), "en"))
        assert "Messages are stopped" in page.text
        assert page.actions() == ["/api/u/u-tok/resume?lang=en"]
        assert page.buttons == [("what", "service")]

    def test_who_stopped_marketing_may_take_it_up_or_stop_the_rest(self):
        page = Page(stop_page(stop_view(coming="service"), "en"))
        assert page.actions() == ["/api/u/u-tok/resume?lang=en", "/api/u/u-tok?lang=en"]
        assert page.buttons == [("what", "marketing"), ("what", "all")]

    def test_each_channel_is_turned_off_or_on_by_itself(self):
        page = Page(stop_page(stop_view(channels=(("sms", False), ("email", True))), "en"))
        assert page.actions()[1:] == ["/api/u/u-tok/resume?lang=en", "/api/u/u-tok?lang=en"]
        assert page.buttons[2:] == [("what", "sms"), ("what", "email")]
        assert "Turn on: SMS" in page.text
        assert "Turn off: e-mail" in page.text

    def test_one_channel_alone_is_no_choice(self):
        page = Page(stop_page(stop_view(channels=(("sms", True),)), "en"))
        assert "Turn off" not in page.text

    def test_right_after_resuming_nothing_is_stopped_by_a_slip(self):
        page = Page(stop_page(stop_view(done="resumed"), "en"))
        assert page.forms == []
        assert "/api/u/u-tok?lang=en" in page.links


class TestProblem:
    def test_says_what_to_do_next(self):
        page = Page(problem_page("wrong_moment", "en", salon=SALON, back_to="/api/b/k3J9xQ2m"))
        assert {f"/api/b/k3J9xQ2m?lang={language}" for language in LANGUAGES} <= set(page.links)
        assert "tel:+37322000111" in page.links

    def test_an_unknown_problem_is_a_mistake_of_ours(self):
        with pytest.raises(ValueError, match="flood"):
            problem_page("flood", "en")


def test_the_policy_lets_in_nothing_but_our_own_style():
    policy = pages.SECURITY_HEADERS["Content-Security-Policy"]
    for rule in ("default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
        assert rule in policy


class TestContrast:
    """WCAG 2.2 AA: 4.5 to 1 for text, 3 to 1 for what marks a control."""

    CSS = (Path(pages.__file__).parent / "templates" / "style.css").read_text(encoding="utf-8")

    @pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
    @pytest.mark.parametrize(
        ("ink", "ground", "least"),
        [
            ("ink", "ground", 4.5), ("ink", "card", 4.5), ("soft", "ground", 4.5), ("soft", "card", 4.5),
            ("accent", "tint", 4.5), ("accent", "card", 4.5), ("on-accent", "accent", 4.5),
            ("good", "good-tint", 4.5), ("bad", "tint", 4.5), ("bad", "card", 4.5), ("star", "card", 3.0),
        ],
    )  # fmt: skip
    def test_is_enough(self, scheme, ink, ground, least):
        colours = dict(re.findall(r"--([\w-]+):(#[0-9a-f]{3,6})[;\s}]", self.CSS.split(":root{")[1 + scheme]))
        light, dark = sorted((luminance(colours[ink]), luminance(colours[ground])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= least


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
