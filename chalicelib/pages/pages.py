"""The client's pages as HTML: booking, review, stop, and what went wrong. Values in, a string out; no HTTP.

The pages work without JavaScript, load nothing, and change state by POST alone. Their forms post, each with
?lang= to be answered in the same language, to
  {base_path}/b/{token}/confirm, /cancel, /move (field `wish`), /bonus (field `points`), /bonus/release
  {base_path}/r/{token} (fields `stars`, `words`)
  {base_path}/u/{token} to stop, {base_path}/u/{token}/resume (field `what`, on the button that is tapped)
After a POST, answer 303 to the page itself with ?lang= and ?done=, so that reloading does nothing twice.
Browsers send `Origin: null` with these forms, because the pages ask for no referrer.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from urllib.parse import quote, urlsplit

from chalicelib.domain.shared.zones import zone
from chalicelib.pages.views import BookingView, LineView, ReviewLinkView, ReviewView, SalonView, StopView
from chalicelib.texts import formats
from chalicelib.texts.languages import Catalogue, catalogue
from chalicelib.texts.rendering import rendered

__all__ = [
    "BOOKING_STEPS", "PROBLEMS", "SECURITY_HEADERS", "WISH_LIMIT", "WORDS_LIMIT", "BookingView", "LineView",
    "ReviewLinkView", "ReviewView", "SalonView", "StopView", "booking_page", "problem_page", "review_page",
    "stop_page",
]  # fmt: skip

BOOKING_STEPS = frozenset(["confirmed", "cancelled", "move_asked", "points_held", "points_freed"])
PROBLEMS = frozenset(["not_found", "wrong_moment", "too_many", "unavailable"])
WISH_LIMIT = 500  # characters, like WORDS_LIMIT: the forms allow no more
WORDS_LIMIT = 2000

SECURITY_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex, nofollow",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }
)


def booking_page(view: BookingView, language: str) -> str:
    """The page of one booking, with what can be done about it at this moment. language: one of LANGUAGES."""
    texts = catalogue(language)
    local = view.starts_at.astimezone(zone(view.salon.zone))
    zone_note, their_time = _zone_note(view, local, texts)
    return rendered(
        "booking.html",
        texts,
        view=view,
        salon=_salon(view.salon),
        phase=_phase(view),
        path=page_path(view.base_path, "b", view.token),
        review_path=view.review_token and page_path(view.base_path, "r", view.review_token),
        stop_path=view.stop_token and page_path(view.base_path, "u", view.stop_token),
        card_path=view.card_token and page_path(view.base_path, "w", view.card_token),
        points_worth=_money(view.points_minor, view.currency, texts),
        held_worth=_money(view.held_minor, view.currency, texts),
        weekday=formats.weekday(local, texts),
        day=_day(local, view.now, texts),
        clock=formats.clock(local, texts),
        clock_end=formats.clock(view.ends_at.astimezone(zone(view.salon.zone)), texts),
        zone_note=zone_note,
        their_time=their_time,
        lines=[_line(line, view.currency, texts) for line in view.lines],
        total=_money(view.total_minor, view.currency, texts),
        wish_limit=WISH_LIMIT,
    )


def review_page(view: ReviewView, language: str) -> str:
    """Asks how the visit was; once answered, thanks and shows the public links and the tip link."""
    texts = catalogue(language)
    local = view.starts_at.astimezone(zone(view.salon.zone))
    links = [(link.site, _web_url(link.url)) for link in view.review_links]
    return rendered(
        "review.html",
        texts,
        view=view,
        salon=_salon(view.salon),
        path=page_path(view.base_path, "r", view.token),
        stop_path=view.stop_token and page_path(view.base_path, "u", view.stop_token),
        card_path=view.card_token and page_path(view.base_path, "w", view.card_token),
        visit=f"{formats.NO_BREAK}· ".join(
            filter(None, [_day(local, view.now, texts), *view.services, view.staff])
        ),
        links=[(site, url) for site, url in links if url],
        tip_url=_web_url(view.tip_url),
        words_limit=WORDS_LIMIT,
    )


def stop_page(view: StopView, language: str) -> str:
    """The page on which the client stops messages with one tap (marketing, all, one channel), and resumes
    them."""
    texts = catalogue(language)
    names = {
        "sms": texts.gettext("SMS"),
        "whatsapp": "WhatsApp",
        "email": texts.gettext("e-mail"),
        "push": texts.gettext("notifications on your device"),
    }
    return rendered(
        "stop.html",
        texts,
        view=view,
        salon={"name": view.sender},
        path=page_path(view.base_path, "u", view.token),
        channels=[(channel, names[channel], on) for channel, on in view.channels],
    )


def problem_page(kind: str, language: str, *, salon: SalonView | None = None, back_to: str = "") -> str:
    """A page that says what went wrong (kind: one of PROBLEMS) and what to do next: call the salon, or open
    the page again.

    back_to  the path or URL of the page to open again, without a query. Required in answer to a POST: the
             target
             of a form cannot be opened by its address.
    """
    if kind not in PROBLEMS:
        raise ValueError(f"no page for the problem {kind!r}")
    shown = _salon(salon) if salon else None
    return rendered("problem.html", catalogue(language), kind=kind, salon=shown, address=back_to)


def _phase(view: BookingView) -> str:
    """The booking's state for its client: its status; `begun` or `past` for an upcoming one whose time has
    come."""
    if view.status not in ("booked", "confirmed"):
        return view.status
    if view.now >= view.ends_at:
        return "past"
    return "begun" if view.now >= view.starts_at else view.status


def page_path(base_path: str, page: str, token: str) -> str:
    return f"{base_path.rstrip('/')}/{page}/{quote(token, safe='')}"


def _salon(salon: SalonView) -> dict[str, str | None]:
    dialled = "".join(char for char in salon.phone or "" if char in "+0123456789")
    return {
        "name": salon.name,
        "address": salon.address,
        "map_url": _web_url(salon.map_url),
        "phone": salon.phone,
        "phone_url": f"tel:{dialled}" if dialled else None,
    }


def _web_url(url: str | None) -> str | None:
    """The URL if its scheme is http(s), else None: a URL that a salon entered must not run as a script on a
    client's phone."""
    if not url:
        return None
    try:
        address = urlsplit(url)
    except ValueError:
        return None
    return url if address.scheme in ("http", "https") and address.netloc else None


def _day(local: datetime, now: datetime, texts: Catalogue) -> str:
    return formats.day_month_of_year(local, now.astimezone(local.tzinfo), texts)


def _line(line: LineView, currency: str | None, texts: Catalogue) -> dict[str, str | None]:
    unnamed = texts.gettext("your visit")
    return {
        "service": line.service or unnamed[:1].upper() + unnamed[1:],
        "staff": line.staff,
        "minutes": formats.minutes(line.minutes, texts) if line.minutes else None,
        "price": _money(line.price_minor, currency, texts),
    }


def _money(amount_minor: int | None, currency: str | None, texts: Catalogue) -> str | None:
    return formats.money(amount_minor, currency, texts) if amount_minor is not None and currency else None


def _zone_note(view: BookingView, local: datetime, texts: Catalogue) -> tuple[str | None, str | None]:
    """The salon's zone and the client's own time, if their clocks differ at that moment."""
    if view.client_zone is None:
        return None, None
    client_local = view.starts_at.astimezone(zone(view.client_zone))
    if client_local.utcoffset() == local.utcoffset():
        return None, None
    place = view.salon.zone.rpartition("/")[2].replace("_", " ")
    when = formats.when_short(view.starts_at, view.now, view.client_zone, texts)
    return (
        texts.gettext("Local time of the salon: {place}, {offset}").format(
            place=place, offset=formats.offset_name(local)
        ),
        texts.gettext("Where you are: {when}").format(when=when),
    )
