"""The client's page on which messages are stopped with one tap, and taken up again. A GET never changes
anything."""

from typing import Annotated

import msgspec
from chalice.app import Request
from msgspec import Meta

from chalicelib.api.http.endpoint import Answer, get, post, raw_body
from chalicelib.api.pages.page_answers import (
    form_of,
    form_post,
    html,
    language_for,
    link_opened_to_change,
    opened_link,
    page,
    redirect_to_page,
    step_done,
)
from chalicelib.api.pages.page_views import stop_view
from chalicelib.domain.clients.clients import CHANNELS
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.links import LinkPurpose
from chalicelib.domain.shared.touches import Purpose
from chalicelib.pages import pages
from chalicelib.services.clients.consents import ON_STOP_PAGE, Statement, resume_messages, stop_messages

ONE_CLICK = b"One-Click"
"""A part of the body `List-Unsubscribe=One-Click` (RFC 8058), in both encodings that a mail program may
choose."""


class StopRequest(msgspec.Struct):
    what: Annotated[str, Meta(description="marketing, service, all, or a channel.")] = "all"


@get("/u/{token}")
@page()
def get_stop(request: Request, token: str) -> Answer:
    opened = opened_link(token, LinkPurpose.STOP)
    client = opened.client(fresh=True)  # they may have stopped a moment ago
    language = language_for(request, opened, client)
    return html(pages.stop_page(stop_view(opened, client, step_done(request)), language))


@post("/u/{token}")
@form_post(body=StopRequest)
def stop(request: Request, token: str) -> Answer:
    """Stops marketing, one channel, or else everything: whatever the form says, less comes than before. A
    mail program's one tap (RFC 8058) stops marketing on all channels, and is answered without a redirect."""
    opened, at_once = opened_link(token, LinkPurpose.STOP), ONE_CLICK in raw_body(request)
    what = "marketing" if at_once else _what(request)
    client = stop_messages(
        opened.world,
        opened.link.network_id,
        opened.link.client_id,
        Statement("one-click unsubscribe" if at_once else ON_STOP_PAGE),
        marketing_only=what == "marketing",
        channels=[what] if what in CHANNELS else CHANNELS,
    )
    if at_once:
        language = language_for(request, opened, client)
        return html(pages.stop_page(stop_view(opened, client, "stopped"), language))
    return redirect_to_page(request, opened, "changed" if what in CHANNELS else "stopped")


@post("/u/{token}/resume")
@form_post(body=StopRequest)
def resume(request: Request, token: str) -> Answer:
    """Takes up marketing, one channel, or else the messages about the client's own bookings."""
    opened, what = link_opened_to_change(token, LinkPurpose.STOP), _what(request)
    channels = [what] if what in CHANNELS else CHANNELS
    purpose = Purpose.MARKETING if what == "marketing" else Purpose.SERVICE
    resume_messages(
        opened.world, opened.link.network_id, opened.link.client_id, purpose=purpose, channels=channels
    )
    return redirect_to_page(request, opened, "changed" if what in CHANNELS else "resumed")


def _what(request: Request) -> str:
    """The form's field `what`; empty if the form cannot be read, since stopping must always work."""
    try:
        return form_of(request).get("what", "")
    except DomainError:
        return ""
