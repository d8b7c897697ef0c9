"""A booking as an iCalendar file (RFC 5545), for the client's own calendar."""

from collections.abc import Iterator
from datetime import UTC, datetime

from chalicelib.pages.views import BookingView
from chalicelib.texts.languages import catalogue

_LINE_OCTETS = 75


def booking_ics(
    view: BookingView,
    language: str,
    *,
    uid: str,
    version: int,
    stamped_at: datetime,
    page_url: str | None = None,
) -> str:
    """The text of a .ics file with one event. Serve it as `text/calendar; charset=utf-8; method=PUBLISH`.

    uid         the same for a booking's whole life, or the calendar shows two events after a move.
    version     the booking's: a calendar takes the greater one for the newer (SEQUENCE).
    stamped_at  the present instant. page_url: absolute address of the booking's page.
    """
    lines = _event(view, language, uid, version, stamped_at, page_url)
    return "".join(f"{_fold(line)}\r\n" for line in lines)


def _event(
    view: BookingView, language: str, uid: str, version: int, stamped_at: datetime, page_url: str | None
) -> Iterator[str]:
    texts = catalogue(language)
    salon = view.salon
    services = ", ".join(line.service for line in view.lines if line.service)
    summary = f"{services} · {salon.name}" if services else salon.name
    staff = ", ".join(dict.fromkeys(line.staff for line in view.lines if line.staff))
    change = texts.gettext("Confirm or change: {link}").format(link=page_url) if page_url else ""
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Perennial//Bookings//EN")
    yield from ("CALSCALE:GREGORIAN", "METHOD:PUBLISH", "BEGIN:VEVENT")
    yield f"UID:{_escape(uid)}"
    yield f"SEQUENCE:{version}"
    yield f"DTSTAMP:{_utc(stamped_at)}"
    yield f"DTSTART:{_utc(view.starts_at)}"
    yield f"DTEND:{_utc(view.ends_at)}"
    yield f"SUMMARY:{_escape(summary)}"
    yield f"LOCATION:{_escape(', '.join(filter(None, [salon.name, salon.address])))}"
    yield f"DESCRIPTION:{_escape(chr(10).join(filter(None, [staff, salon.phone, change])))}"
    if page_url and page_url.isprintable():
        yield f"URL:{page_url}"
    if view.status == "cancelled":
        yield "STATUS:CANCELLED"
    else:
        yield "STATUS:CONFIRMED"
        yield from ("BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT1H")
        yield from (f"DESCRIPTION:{_escape(summary)}", "END:VALARM")
    yield from ("END:VEVENT", "END:VCALENDAR")


def _utc(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escape(text: str) -> str:
    """A TEXT value (3.3.11): no control character but the line break, written as a backslash and n."""
    text = "".join(char for char in text if char == "\n" or (ord(char) >= 32 and ord(char) != 127))
    for char in "\\;,":
        text = text.replace(char, f"\\{char}")
    return text.replace("\n", "\\n")


def _fold(line: str) -> str:
    """Broken after at most 75 octets (3.1), between characters; a continuation's first blank counts too."""
    folded, octets = [], 0
    for char in line:
        size = len(char.encode())
        if octets + size > _LINE_OCTETS:
            folded.append("\r\n ")
            octets = 1
        folded.append(char)
        octets += size
    return "".join(folded)
