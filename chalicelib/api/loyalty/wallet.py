"""Passes for a client's wallet: for the client by their card's page, and for the desk."""

from typing import Any

from chalice.app import Request

from chalicelib.api.http.container import container
from chalicelib.api.http.endpoint import DESK, Answer, Ask, endpoint, get, post
from chalicelib.api.http.schemas import Answered
from chalicelib.api.pages.page_answers import form_post, language_for, opened_link, page
from chalicelib.api.pages.page_views import OpenedLink
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
from chalicelib.texts.languages import choose_language

UNSIGNED = "unsigned-preview"
"""In place of what an issuer would be named by."""


class PassOffer(Answered):
    """signed: whether there are keys, and so a pass that a wallet takes. url: where the client gets it.
    preview: without keys, what it would say."""

    signed: bool
    url: str | None
    preview: dict[str, Any] | None


class PassAnswer(Answered):
    """card_url: the client's own page, where they add the pass by themselves. code: what stands on it."""

    card_url: str
    code: str
    kinds: list[str]
    apple: PassOffer
    google: PassOffer


def service_of(links: Links, network_id: str, serial: str) -> apple_pass.UpdateService:
    """Where an Apple pass asks what is new: an address for each network."""
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
    """To Google, with the card in the address; noted first, since from then on Google is told of changes."""
    issuer = container().wallets().google
    opened = opened_link(token, LinkPurpose.CARD)
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
    """Where the client's card is, and which wallets take it. The link item that the address needs is put if
    it is not there; it always says the same."""
    client = get_client(ask.world, ask.access, client_id)
    links, wallets, now = ask.container.links(), ask.container.wallets(), ask.world.now()
    link = links.link(client.network_id, client.id, None, now)
    links.keep(ask.world.store, link, now, sure=None)
    card_url = links.url(link, LinkPurpose.CARD)
    shown = pass_of(ask.world, card_of(ask.world, client), links)
    language = choose_language(client.language, ask.world.directory(client.network_id).network.language)
    apple_says = apple_pass.pass_fields(shown, language, UNSIGNED, UNSIGNED, None)
    google_says = google_pass.payload(shown, language, UNSIGNED, "")
    return PassAnswer(
        card_url=card_url,
        code=shown.code,
        kinds=list(wallets.kinds),
        apple=_offer(f"{card_url}/pass.pkpass" if wallets.apple else None, apple_says),
        google=_offer(card_url if wallets.google else None, google_says),
    )


def _offer(url: str | None, preview: dict[str, Any]) -> PassOffer:
    return PassOffer(signed=url is not None, url=url, preview=None if url else preview)
