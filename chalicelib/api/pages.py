"""The client's pages: the booking, the review, stopping messages. A GET never changes anything."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs

import msgspec
from chalice.app import Request
from msgspec import Meta

from chalicelib.api.endpoint import Answer, get, post, public, raw_body
from chalicelib.api.page_views import (
    Opened,
    base_path,
    booking_view,
    open_link,
    review_view,
    salon_of,
    salon_view,
    stop_view,
)
from chalicelib.api.parts import parts
from chalicelib.api.reading import REPLACED
from chalicelib.domain.bookings import Booking, Status
from chalicelib.domain.clients import CHANNELS
from chalicelib.domain.errors import DomainError, ErrorKind, conflict
from chalicelib.domain.links import LinkPurpose
from chalicelib.domain.touches import Purpose
from chalicelib.services import step_booking
from chalicelib.services.apply_booking import BY_CLIENT
from chalicelib.services.keep_consents import ON_STOP_PAGE, resume_messages, stop_messages
from chalicelib.services.review_visit import review
from chalicelib.web import pages
from chalicelib.web.languages import LANGUAGES, choose_language

FORM_MOST = 32 * 1024
_FORM_FIELDS = 20
ONE_CLICK = b"One-Click"
"""Of `List-Unsubscribe=One-Click` (RFC 8058), in either form of body that a mail program may choose."""
_PROBLEM = {
    404: "not_found",
    409: "wrong_moment",
    413: "wrong_moment",
    422: "wrong_moment",
    400: "wrong_moment",
}


def _html(page: str, status: int = 200) -> Answer:
    return Answer(page, status, {**pages.SECURITY_HEADERS, "Content-Type": "text/html; charset=utf-8"})


def _language(request: Request, *theirs: str | None) -> str:
    """What the address asks for, else the browser, else the client's own, else the network's."""
    asked = (request.query_params or {}).get("lang") or request.headers.get("accept-language")
    return choose_language(asked, ",".join(filter(None, theirs)))


def _problem(request: Request, path: dict[str, str], status: int, body: dict[str, Any]) -> Answer:
    """What went wrong as a page, with the salon where the link still tells which it is."""
    kind = _PROBLEM.get(status, "unavailable")
    purpose = LinkPurpose(request.path.split("/")[1])
    back_to, salon, language = "", None, _language(request)
    if kind != "not_found":
        try:
            opened = open_link(parts().world(), parts().links(), path["token"], purpose)
            back_to = f"{base_path(opened.links)}/{purpose}/{path['token']}"
            salon = salon_view(salon_of(opened, opened.booking())) if opened.link.booking_id else None
            language = _language(request, opened.client().language, _network_language(opened))
        except Exception:  # the page that says sorry must not fail too
            pass
    return _html(pages.problem_page(kind, language, salon=salon, back_to=back_to), status)


def _network_language(opened: Opened) -> str:
    return opened.world.directory(opened.link.network_id).network.language


class Wish(msgspec.Struct):
    wish: Annotated[str, Meta(description=f"Cut to {pages.WISH_LIMIT} characters.")] = ""


class Impression(msgspec.Struct):
    stars: Literal["1", "2", "3", "4", "5"]
    words: Annotated[str, Meta(description=f"Cut to {pages.WORDS_LIMIT} characters.")] = ""


class What(msgspec.Struct):
    what: Annotated[str, Meta(description="marketing, service, all, or a channel.")] = "all"


page = partial(public, explain=_problem, gives="text/html")
posted = partial(page, takes="application/x-www-form-urlencoded", status=303)


def _open(token: str, purpose: LinkPurpose) -> Opened:
    return open_link(parts().world(), parts().links(), token, purpose)


def _form(request: Request) -> dict[str, str]:
    """A form's fields, each once. Raises TOO_LARGE, MALFORMED_FORM."""
    raw = raw_body(request)
    if len(raw) > FORM_MOST:
        raise DomainError(ErrorKind.TOO_LARGE, "TOO_LARGE", "A form has at most 32 kB.", bytes=len(raw))
    try:
        if REPLACED in raw:
            raise ValueError("bytes that were no text are lost")
        found = parse_qs(
            raw.decode("utf-8"), keep_blank_values=True, max_num_fields=_FORM_FIELDS, errors="strict"
        )
    except ValueError as error:
        raise DomainError(ErrorKind.MALFORMED, "MALFORMED_FORM", "The form cannot be read.") from error
    return {name: values[-1] for name, values in found.items()}


def _back(request: Request, opened: Opened, purpose: LinkPurpose, done: str | None = None) -> Answer:
    """To the page itself after a change, so that reloading does nothing twice."""
    asked = (request.query_params or {}).get("lang")
    said = [f"lang={asked}" if asked in LANGUAGES else "", f"done={done}" if done else ""]
    query = "&".join(filter(None, said))
    address = f"{opened.base_path}/{purpose}/{opened.token}" + (f"?{query}" if query else "")
    return Answer("", 303, {**pages.SECURITY_HEADERS, "Location": address, "Content-Type": "text/html"})


def _done(request: Request) -> str | None:
    return (request.query_params or {}).get("done")


# --- the booking


@get("/b/{token}")
@page()
def see_booking(request: Request, token: str) -> Answer:
    opened = _open(token, LinkPurpose.BOOKING)
    booking, client = opened.booking(), opened.client()
    language = _language(request, client.language, _network_language(opened))
    return _html(pages.booking_page(booking_view(opened, booking, client, _done(request)), language))


@get("/b/{token}/calendar.ics")
@page(gives="text/calendar")
def calendar(request: Request, token: str) -> Answer:
    from chalicelib.web.calendar import booking_ics

    opened = _open(token, LinkPurpose.BOOKING)
    booking, client = opened.booking(), opened.client()
    text = booking_ics(
        booking_view(opened, booking, client, None),
        _language(request, client.language, _network_language(opened)),
        uid=f"{booking.id}@perennial",
        version=booking.version,
        stamped_at=opened.world.now(),
        page_url=opened.links.url(opened.link, LinkPurpose.BOOKING),
    )
    headers = {
        **pages.SECURITY_HEADERS,
        "Content-Type": "text/calendar; charset=utf-8; method=PUBLISH",
        "Content-Disposition": 'attachment; filename="booking.ics"',
    }
    return Answer(text, 200, headers)


def _step(
    request: Request, token: str, done: str, step: Callable[[Opened, str, Callable[[Booking], None]], object]
) -> Answer:
    opened = _open(token, LinkPurpose.BOOKING)

    def still_ahead(booking: Booking) -> None:
        if booking.is_upcoming and booking.starts_at <= opened.world.now():
            raise conflict("WRONG_STATUS", "This visit has begun.", status=booking.status.value)

    step(opened, opened.booking_id, still_ahead)
    return _back(request, opened, LinkPurpose.BOOKING, done)


@post("/b/{token}/confirm")
@posted()
def confirm(request: Request, token: str) -> Answer:
    return _step(
        request,
        token,
        "confirmed",
        lambda opened, id, allow: step_booking.confirm(opened.world, opened.link.network_id, id, allow),
    )


@post("/b/{token}/cancel")
@posted()
def cancel(request: Request, token: str) -> Answer:
    return _step(
        request,
        token,
        "cancelled",
        lambda opened, id, allow: step_booking.cancel(
            opened.world, opened.link.network_id, id, allow, BY_CLIENT
        ),
    )


@post("/b/{token}/move")
@posted(body=Wish)
def ask_to_move(request: Request, token: str) -> Answer:
    """A second tap without words keeps the words of the first."""
    wish = _form(request).get("wish", "").strip()[: pages.WISH_LIMIT]

    def ask(opened: Opened, id: str, allow: Callable[[Booking], None]) -> None:
        booking = opened.booking()
        allow(booking)
        step_booking.ask_to_move(opened.world, opened.link.network_id, id, wish or booking.move_wish or "")

    return _step(request, token, "move_asked", ask)


# --- the review


def _reviewable(opened: Opened) -> Booking:
    booking = opened.booking()
    if booking.status is not Status.COMPLETED:
        status = booking.status.value
        raise conflict("WRONG_STATUS", "Only a completed visit can be reviewed.", status=status)
    return booking


@get("/r/{token}")
@page()
def see_review(request: Request, token: str) -> Answer:
    opened = _open(token, LinkPurpose.REVIEW)
    booking = _reviewable(opened)
    language = _language(request, opened.client().language, _network_language(opened))
    return _html(pages.review_page(review_view(opened, booking), language))


@post("/r/{token}")
@posted(body=Impression)
def give_review(request: Request, token: str) -> Answer:
    opened, form = _open(token, LinkPurpose.REVIEW), _form(request)
    words = form.get("words", "").replace("\r\n", "\n").strip()[: pages.WORDS_LIMIT]
    stars = form.get("stars", "")
    if stars not in ("1", "2", "3", "4", "5"):
        language = _language(request, opened.client().language, _network_language(opened))
        view = review_view(opened, _reviewable(opened), mistake="no_stars", words=words)
        return _html(pages.review_page(view, language), 422)
    review(opened.world, opened.link.network_id, opened.booking_id, int(stars), words)
    return _back(request, opened, LinkPurpose.REVIEW)


# --- stopping messages


@get("/u/{token}")
@page()
def see_stop(request: Request, token: str) -> Answer:
    opened = _open(token, LinkPurpose.STOP)
    client = opened.client(fresh=True)  # they may have stopped a moment ago
    language = _language(request, client.language, _network_language(opened))
    return _html(pages.stop_page(stop_view(opened, client, _done(request)), language))


@post("/u/{token}")
@posted(body=What)
def stop(request: Request, token: str) -> Answer:
    """Stops marketing, one channel, or else everything: whatever the form says, less comes than before. A
    mail program's one tap (RFC 8058) stops marketing on all channels, and is answered without a redirect."""
    opened, what = _open(token, LinkPurpose.STOP), _what(request)
    at_once = ONE_CLICK in raw_body(request)
    channels = [what] if what in CHANNELS else CHANNELS
    client = stop_messages(
        opened.world,
        opened.link.network_id,
        opened.link.client_id,
        marketing_only=at_once or what == "marketing",
        channels=channels,
        how="one-click unsubscribe" if at_once else ON_STOP_PAGE,
    )
    if at_once:
        language = _language(request, client.language, _network_language(opened))
        return _html(pages.stop_page(stop_view(opened, client, "stopped"), language))
    return _back(request, opened, LinkPurpose.STOP, "changed" if what in CHANNELS else "stopped")


@post("/u/{token}/resume")
@posted(body=What)
def resume(request: Request, token: str) -> Answer:
    """Takes up marketing, one channel, or else the messages about the client's own bookings."""
    opened, what = _open(token, LinkPurpose.STOP), _what(request)
    channels = [what] if what in CHANNELS else CHANNELS
    purpose = Purpose.MARKETING if what == "marketing" else Purpose.SERVICE
    resume_messages(
        opened.world, opened.link.network_id, opened.link.client_id, purpose=purpose, channels=channels
    )
    return _back(request, opened, LinkPurpose.STOP, "changed" if what in CHANNELS else "resumed")


def _what(request: Request) -> str:
    """What the form is about; nothing in particular where it cannot be read, since stopping must work."""
    try:
        return _form(request).get("what", "")
    except DomainError:
        return ""
