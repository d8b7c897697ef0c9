"""The common part of the client's pages: links are opened, forms are read, pages are answered, and mistakes
are shown as pages."""

from functools import partial
from typing import Any
from urllib.parse import parse_qs

from chalice.app import Request

from chalicelib.api.http.container import container
from chalicelib.api.http.endpoint import Answer, public, raw_body
from chalicelib.api.http.kept import kept_of
from chalicelib.api.http.parsing import REPLACED
from chalicelib.api.pages.page_views import OpenedLink, open_link, salon_view
from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.client_plan import language_of
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.shared.errors import DomainError, ErrorKind
from chalicelib.domain.shared.languages import LANGUAGES
from chalicelib.domain.shared.links import LinkPurpose
from chalicelib.domain.shared.quotas import CallerKind
from chalicelib.pages import pages
from chalicelib.texts.languages import choose_language

MAX_FORM = 32 * 1024
_FORM_FIELDS = 20
_PROBLEM = {
    404: "not_found",
    409: "wrong_moment",
    413: "wrong_moment",
    422: "wrong_moment",
    400: "wrong_moment",
    429: "too_many",
}


def html(page: str, status: int = 200) -> Answer:
    return Answer(page, status, {**pages.SECURITY_HEADERS, "Content-Type": "text/html; charset=utf-8"})


def _language(request: Request, known: str | None = None) -> str:
    asked = (request.query_params or {}).get("lang") or request.headers.get("accept-language")
    return choose_language(asked, known)


def _problem(request: Request, path: dict[str, str], status: int, body: dict[str, Any]) -> Answer:
    """A page that says what went wrong. It names the salon if the link still leads to a booking."""
    kind = _PROBLEM.get(status, "unavailable")
    purpose = LinkPurpose(request.path.split("/")[1])
    back_to, salon, language = "", None, _language(request)
    if kind != "not_found":
        try:
            opened = open_link(container().world(), container().links(), path["token"], purpose)
            back_to = opened.page_path
            booking = opened.booking() if opened.link.booking_id else None
            salon = salon_view(opened.salon_of(booking)) if booking else None
            language = language_for(request, opened, opened.client(), booking)
        except Exception:  # the page that says sorry must not fail too
            pass
    return html(pages.problem_page(kind, language, salon=salon, back_to=back_to), status)


def language_for(request: Request, opened: OpenedLink, client: Client, booking: Booking | None = None) -> str:
    """The language that the address asks for, else the browser's, else the one in which the client is written
    to, by the salon of the booking that the page is about."""
    directory = opened.world.directory(opened.link.network_id)
    salon = opened.salon_of(booking) if booking else None
    return _language(request, language_of(client, directory, salon))


page = partial(public, explain=_problem, gives="text/html")
form_post = partial(page, takes="application/x-www-form-urlencoded", status=303)


def opened_link(token: str, purpose: LinkPurpose) -> OpenedLink:
    return open_link(container().world(), container().links(), token, purpose)


def link_opened_to_change(token: str, purpose: LinkPurpose) -> OpenedLink:
    """The opened link of a form that changes something: counts against the quota of its client. Raises
    NOT_FOUND, QUOTA_SPENT."""
    opened = opened_link(token, purpose)
    link, quotas = opened.link, kept_of(opened.world).quotas
    quotas.count(link.network_id, f"client:{link.client_id}", CallerKind.CLIENT_LINK)
    return opened


def form_of(request: Request) -> dict[str, str]:
    """A form's fields, each once. Raises TOO_LARGE, MALFORMED_FORM."""
    raw = raw_body(request)
    if len(raw) > MAX_FORM:
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


def redirect_to_page(request: Request, opened: OpenedLink, done: str | None = None) -> Answer:
    """The answer to a form: a redirect to the page itself, so that reloading repeats nothing. done: the step
    that was taken, which the page then names."""
    asked = (request.query_params or {}).get("lang")
    fields = [f"lang={asked}" if asked in LANGUAGES else "", f"done={done}" if done else ""]
    query = "&".join(filter(None, fields))
    address = opened.page_path + (f"?{query}" if query else "")
    return Answer("", 303, {**pages.SECURITY_HEADERS, "Location": address, "Content-Type": "text/html"})


def step_done(request: Request) -> str | None:
    return (request.query_params or {}).get("done")
