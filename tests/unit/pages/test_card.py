"""The bonus card as its client finds it."""

import re
from datetime import date

import pytest

from chalicelib.pages.card import card_page
from chalicelib.pages.qr import qr_svg
from chalicelib.pages.views import CouponView, DayPoints, TermsView, TierView
from tests.unit.pages.page import Page
from tests.unit.pages.views import card_view


def text(language: str = "en", **changes: object) -> str:
    return Page(card_page(card_view(**changes), language)).text


def test_says_what_there_is_and_what_it_is_worth():
    said = text()
    assert "1,250 points to use worth 1,250 MDL" in said
    assert "Can be used from 23 November 40" in said
    assert "Set aside for your booking or bill 100" in said
    assert "To be made up by your next points 5" in said


def test_says_until_when_the_soonest_first_and_a_year_that_is_not_this_one():
    assert "Use them in time Until 31 December 250 Until 30 June 2027 1,000" in text()
    assert "Each visit puts the date off." not in text()
    assert "Each visit puts the date off." in text(put_off=True)


def test_nothing_is_said_of_what_there_is_not():
    said = text(available=0, pending=(), expiring=(), held=0, debt=0, tier=None, coupons=(), terms=None)
    assert "0 points to use" in said
    for words in ("worth", "Can be used", "Set aside", "made up", "in time", "level", "coupons", "How it"):
        assert words not in said


def test_shows_coupons_with_what_they_are_on_and_until_when():
    said = text()
    assert "Thank you On goods until 15 January 2027 15 % off" in said
    assert "Hands On: Manicure until 1 December 100 MDL off" in said


@pytest.mark.parametrize(
    ("tier", "words"),
    [
        (TierView(name="S", turnover=1, above="G", missing=850_050, required=9, currency="MDL"),
         "8,500.50 MDL more to “G”"),
        (TierView(name="S", turnover=4, above="G", missing=1, required=5), "1 more visit to “G”"),
        (TierView(name="S", turnover=2, above="G", missing=3, required=5), "3 more visits to “G”"),
        (TierView(name="G", turnover=9), "This is the highest level."),
    ],
)  # fmt: skip
def test_says_the_level_and_what_is_missing_to_the_next(tier: TierView, words: str):
    assert words in text(tier=tier)


def test_the_bar_is_never_overfull():
    """Who has come to more since the month began is let in with the next bill."""
    tier = TierView(name="S", turnover=9, above="G", missing=1, required=5)
    page = Page(card_page(card_view(tier=tier), "en"))
    bar = dict(page.tags)["progress"]
    assert (bar["value"], bar["max"]) == ("5", "5")


def test_says_in_plain_sentences_how_points_are_used():
    said = text()
    assert "5 % of each bill comes back to you in points." in said
    assert "Points can pay for up to 25 % of your bill." in said
    assert "One point is worth 1 MDL." in said
    assert "At least 10 points at a time." in said
    assert "In steps of 5 points." in said
    whole = text(terms=TermsView(earn_percent=0, cap_percent=100))
    assert "Points can pay for your whole bill." in whole
    assert "comes back" not in whole
    assert "At least" not in whole


@pytest.mark.parametrize(
    ("language", "points", "words"),
    [
        ("ru", 1, "1 балл доступен"),
        ("ru", 3, "3 балла доступно"),
        ("ru", 1_005, "1 005 баллов доступно"),
        ("ro", 1, "1 punct disponibil"),
        ("ro", 250, "250 de puncte disponibile"),
    ],
)
def test_counts_as_each_language_does(language: str, points: int, words: str):
    assert words in text(language, available=points)


def test_wallets_are_offered_where_there_are_any():
    page = Page(card_page(card_view(), "ro"))
    assert "/api/w/w-tok/pass.pkpass?lang=ro" in page.links
    assert page.actions() == ["/api/w/w-tok/google?lang=ro"]
    assert not any(
        "pkpass" in link or "google" in link for link in Page(card_page(card_view(wallets=()), "ro")).links
    )


def test_what_people_typed_is_never_markup():
    evil = "<script>{x}{{ 7*7 }}"
    tier = TierView(name=evil, turnover=1, above=evil, missing=1, required=2)
    coupon = CouponView(name=evil, on=evil, percent=1, valid_until=date(2027, 1, 1))
    page = Page(card_page(card_view(sender=evil, tier=tier, coupons=(coupon,)), "en"))
    assert "script" not in {tag for tag, _ in page.tags}
    assert "{x}{{ 7*7 }}" in page.text


def test_many_days_are_all_shown():
    days = tuple(DayPoints(date(2027, 1, day), day) for day in range(1, 29))
    assert "Until 28 January 2027 28" in text(expiring=days)


class TestQr:
    def test_is_the_smallest_code_that_holds_a_cards(self):
        drawn = qr_svg("MARIA0000000000112345678")
        assert side_of(drawn) == 25 + 8
        assert len(drawn) < 4_000

    def test_is_drawn_as_the_library_has_it(self):
        import segno

        svg = qr_svg("CARD 1")
        side = side_of(svg)
        drawn = [[False] * side for _ in range(side)]
        x, y = 0, 0.5
        for command, at, row, length in re.findall(r"([Mm])(-?\d+) ([\d.]+)h(\d+)", svg):
            x, y = (int(at), float(row)) if command == "M" else (x + int(at), y + float(row))
            for place in range(x, x + int(length)):
                drawn[int(y)][place] = True
            x += int(length)
        assert drawn == [
            [bool(dark) for dark in row] for row in segno.make_qr("CARD 1", error="M").matrix_iter(border=4)
        ]


def side_of(svg: str) -> int:
    """How many modules the code is wide, its border included."""
    found = re.search(r'viewBox="0 0 (\d+) \1"', svg)
    assert found is not None
    return int(found[1])
