"""The client's bonus card. A GET never changes anything."""

from chalice.app import Request
from msgspec.structs import replace

from chalicelib.api.http.container import container
from chalicelib.api.http.endpoint import Answer, get
from chalicelib.api.pages.card_views import card_view
from chalicelib.api.pages.page_answers import html, language_for, opened_link, page
from chalicelib.domain.shared.links import LinkPurpose
from chalicelib.pages.card import HEADERS, card_page
from chalicelib.services.loyalty.show_card import card_of


@get("/w/{token}")
@page()
def get_card(request: Request, token: str) -> Answer:
    opened = opened_link(token, LinkPurpose.CARD)
    client = opened.client()
    view = card_view(opened, card_of(opened.world, client), container().wallets().kinds)
    shown = html(card_page(view, language_for(request, opened, client)))
    return replace(shown, headers={**shown.headers, **HEADERS})
