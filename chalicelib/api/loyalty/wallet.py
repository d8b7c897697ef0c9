"""Passes for a client's wallet: for the client, from the page of the card, and for the desk."""

from typing import Any

from chalice.app import Request

from chalicelib.api.http.container import container
from chalicelib.api.http.endpoint import DESK, Answer, Ask, endpoint, get, post
from chalicelib.api.http.schemas import Answered
from chalicelib.api.pages.page_answers import (
    form_post,
    language_for,
    link_opened_to_change,
    opened_link,
    page,
)
from chalicelib.api.pages.page_views import OpenedLink
from chalicelib.domain.clients.client_plan import language_of
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty.passes import Pass
from chalicelib.domain.shared.errors import missing
from chalicelib.domain.shared.links import LinkPurpose
from chalicelib.pages import pages
from chalicelib.passes import apple_pass, google_pass
from chalicelib.services.clients.register_client import get_client
from chalicelib.services.loyalty.passes import pass_of, pass_token, register_google
from chalicelib.services.loyalty.show_card import card_of
from chalicelib.services.shared.links import Links

UNSIGNED = "unsigned-preview"
"""The name that stands where a deployment has no issuer."""


class PassOffer(Answered):
    """signed: whether there are keys for a pass that wallets accept. url: where the client gets the pass.
    preview: what the pass would show, where there are no keys."""

    signed: bool
    url: str | None
    preview: dict[str, Any] | None


class PassAnswer(Answered):
    """card_url: the page of the card, where the client adds the pass. code: the code on the pass."""

    card_url: str
    code: str
    kinds: list[str]
    apple: PassOffer
    google: PassOffer


def service_of(links: Links, network_id: str, serial: str) -> apple_pass.UpdateService:
    """The address at which an Apple pass asks for updates. Each network has its own address."""
    tail = network_id.removeprefix("net_")
    return apple_pass.UpdateService(f"{links.base_url}/w/apple/{tail}", pass_token(links, serial))


# --- the client


@get("/w/{token}/pass.pkpass")
@page(gives=apple_pass.MEDIA_TYPE)
def apple(request: Request, token: str) -> Answer:
    issuer = container().wallets().apple
    opened = opened_link(token, LinkPurpose.CARD)
    if issuer is None:
        raise missing("pass", "")
    client = opened.client()
    shown = _shown(opened, client)
    service = service_of(opened.links, client.network_id, shown.serial)
    return pkpass_answer(apple_pass.pkpass(shown, language_for(request, opened, client), issuer, service))


def pkpass_answer(packed: bytes) -> Answer:
    headers = {
        **pages.SECURITY_HEADERS,
        "Content-Type": apple_pass.MEDIA_TYPE,
        "Content-Disposition": 'attachment; filename="bonuses.pkpass"',
    }
    return Answer(packed, 200, headers)


@post("/w/{token}/google")
@form_post()
def google(request: Request, token: str) -> Answer:
    """Redirects to Google, with the card in the address. The pass is saved first, so that Google gets its
    updates."""
    issuer = container().wallets().google
    opened = link_opened_to_change(token, LinkPurpose.CARD)
    if issuer is None:
        raise missing("pass", "")
    client = opened.client()
    shown = _shown(opened, client)
    register_google(opened.world, client.network_id, client.id)
    address = google_pass.save_url(shown, language_for(request, opened, client), issuer, opened.world.now())
    return Answer("", 303, {**pages.SECURITY_HEADERS, "Location": address, "Content-Type": "text/html"})


def _shown(opened: OpenedLink, client: Client) -> Pass:
    return pass_of(opened.world, card_of(opened.world, client), opened.links)


# --- the desk


@get("/v1/clients/{client_id}/bonus/pass")
@endpoint(roles=DESK, answer=PassAnswer)
def get_pass(ask: Ask, client_id: str) -> PassAnswer:
    """The address of the client's card, and the wallets that take it. The link item of the address is saved
    if it is missing; its content is always the same."""
    client = get_client(ask.world, ask.access, client_id)
    links, wallets, now = ask.container.links(), ask.container.wallets(), ask.world.now()
    link = links.link(client.network_id, client.id, None, now)
    link = links.keep(ask.world.store, link, now, sure=None)
    card_url = links.url(link, LinkPurpose.CARD)
    shown = pass_of(ask.world, card_of(ask.world, client), links)
    language = language_of(client, ask.world.directory(client.network_id))
    apple_preview = apple_pass.pass_fields(shown, language, UNSIGNED, UNSIGNED, None)
    google_preview = google_pass.payload(shown, language, UNSIGNED, "")
    return PassAnswer(
        card_url=card_url,
        code=shown.code,
        kinds=list(wallets.kinds),
        apple=_offer(f"{card_url}/pass.pkpass" if wallets.apple else None, apple_preview),
        google=_offer(card_url if wallets.google else None, google_preview),
    )


def _offer(url: str | None, preview: dict[str, Any]) -> PassOffer:
    return PassOffer(signed=url is not None, url=url, preview=None if url else preview)
