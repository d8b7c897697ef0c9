"""The .ics file, read back as RFC 5545 says."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.pages.calendar import booking_ics
from chalicelib.pages.pages import BookingView, LineView
from tests.unit.pages.views import SALON, booking_view

STAMPED_AT = datetime(2026, 11, 22, 8, 0, 5, tzinfo=UTC)
URL = "https://go.example/b/k3J9xQ2m"


def ics(view: BookingView, language: str = "en", version: int = 3) -> str:
    return booking_ics(
        view, language, uid="bkg_1@perennial", version=version, stamped_at=STAMPED_AT, page_url=URL
    )


def read(text: str) -> list[tuple[str, str]]:
    """Name and value of every content line, unfolded; values of the text kind are left escaped."""
    assert text.endswith("\r\n")
    lines = text.replace("\r\n ", "").removesuffix("\r\n").split("\r\n")
    return [(name, value) for name, _, value in (line.partition(":") for line in lines)]


def unescape(value: str) -> str:
    chars = iter(value)
    return "".join({"n": "\n"}.get(c := next(chars), c) if char == "\\" else char for char in chars)


def test_one_event_with_all_that_a_calendar_needs():
    assert read(ics(booking_view())) == [
        ("BEGIN", "VCALENDAR"),
        ("VERSION", "2.0"),
        ("PRODID", "-//Perennial//Bookings//EN"),
        ("CALSCALE", "GREGORIAN"),
        ("METHOD", "PUBLISH"),
        ("BEGIN", "VEVENT"),
        ("UID", "bkg_1@perennial"),
        ("SEQUENCE", "3"),
        ("DTSTAMP", "20261122T080005Z"),
        ("DTSTART", "20261124T123000Z"),
        ("DTEND", "20261124T141500Z"),
        ("SUMMARY", "Haircut\\, Manicure · Orhideea"),
        ("LOCATION", "Orhideea\\, str. Izvor 12"),
        ("DESCRIPTION", f"Ana\\, Vera\\n+373 22 000 111\\nConfirm or change: {URL}"),
        ("URL", URL),
        ("STATUS", "CONFIRMED"),
        ("BEGIN", "VALARM"),
        ("ACTION", "DISPLAY"),
        ("TRIGGER", "-PT1H"),
        ("DESCRIPTION", "Haircut\\, Manicure · Orhideea"),
        ("END", "VALARM"),
        ("END", "VEVENT"),
        ("END", "VCALENDAR"),
    ]


def test_a_cancelled_booking_is_cancelled_and_rings_no_more():
    lines = read(ics(booking_view(status="cancelled")))
    assert ("STATUS", "CANCELLED") in lines
    assert ("BEGIN", "VALARM") not in lines


def test_a_booking_without_services_is_named_after_the_salon():
    assert ("SUMMARY", "Orhideea") in read(ics(booking_view(lines=())))


@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_any_text_comes_back_whole_in_lines_of_at_most_75_octets(words):
    view = booking_view(salon=replace(SALON, name=words), lines=(LineView(service="x"),))
    text = ics(view, "ru")
    for line in text.split("\r\n"):
        assert len(line.encode()) <= 75
        assert not set(line) & {"\r", "\n"}
    summary = dict(reversed(read(text)))["SUMMARY"]
    kept = "".join(char for char in words if char == "\n" or (ord(char) >= 32 and ord(char) != 127))
    assert unescape(summary) == f"x · {kept}"


def test_words_cannot_add_lines_to_the_event():
    view = booking_view(lines=(LineView(service="x\r\nATTENDEE:mailto:a@example.org\r\n"),))
    assert "ATTENDEE" not in [name for name, _ in read(ics(view))]
