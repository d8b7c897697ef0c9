"""Clients: register, find, see, change."""

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from chalicelib.api.clients.client_schemas import ClientAnswer, ClientSummary, category_for, full, summary
from chalicelib.api.http.endpoint import DESK, EVERYBODY, Ask, endpoint, get, patch, post
from chalicelib.api.http.parsing import Body
from chalicelib.api.http.schemas import Line, Listing, PageOf, Text, Word, given, sifted
from chalicelib.domain.clients.categories import POTENTIAL
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.clients.first_source import partner_word
from chalicelib.domain.clients.partner_named import as_partner_named
from chalicelib.domain.networks.network import Role
from chalicelib.domain.networks.sources import is_source
from chalicelib.domain.shared.errors import DomainError, ErrorKind
from chalicelib.services.clients.contact_person import sharing
from chalicelib.services.clients.partner_clients import find_record, register_for_partner
from chalicelib.services.clients.phone_at_desk import phone_at_desk
from chalicelib.services.clients.register_client import (
    NewClient,
    change_client,
    find_client,
    get_client,
    register_client,
)
from chalicelib.services.clients.surviving_client import surviving_client
from chalicelib.services.loyalty.show_card import client_of_code
from chalicelib.services.shared.ports import Page

Category = Literal["potential", "new", "developing", "regular", "at_risk", "lost"]
Email = Annotated[str, Meta(max_length=254)]


class GivenConsent(Body):
    """how: in what way the client said so, such as `asked at the desk`."""

    channel: Word
    purpose: Word
    granted: bool = True
    how: Annotated[str, Meta(min_length=1, max_length=200)] = "said at registration"


class ClientRequest(Body):
    """phone: in any usual form; the network's country is the default. birth_date: a local date.
    referral_code: in place of referred_by."""

    name: Line
    phone: Word | None = None
    email: Email | None = None
    birth_date: date | None = None
    language: Word | None = None
    timezone: Word | None = None
    source: Word | None = None
    referred_by: Word | None = None
    referral_code: Word | None = None
    note: Text | None = None
    preferences: Text | None = None
    consents: Annotated[tuple[GivenConsent, ...], Meta(max_length=20)] = ()


class ClientChanges(Body):
    name: Line | UnsetType = UNSET
    phone: Word | UnsetType | None = UNSET
    email: Email | UnsetType | None = UNSET
    birth_date: date | UnsetType | None = UNSET
    language: Word | UnsetType | None = UNSET
    timezone: Word | UnsetType | None = UNSET
    source: Word | UnsetType | None = UNSET
    referred_by: Word | UnsetType | None = UNSET
    referral_code: Word | UnsetType = UNSET
    note: Text | UnsetType | None = UNSET
    preferences: Text | UnsetType | None = UNSET


class ClientFilter(Listing):
    """phone, email and card (the code on the client's card) find one client at once. q looks for a part of a
    name, phone or e-mail."""

    phone: Word | None = None
    email: Email | None = None
    card: Word | None = None
    category: Category | None = None
    source: Word | None = None
    q: Annotated[str, Meta(max_length=100)] | None = None


def new_client(request: ClientRequest) -> NewClient:
    fields: dict[str, Any] = given(request, "consents")
    consents = tuple((each.channel, each.purpose, each.granted, each.how) for each in request.consents)
    return NewClient(**fields, consents=consents)


@post("/v1/clients")
@endpoint(roles=DESK | {Role.PARTNER}, body=ClientRequest, answer=ClientAnswer, status=201)
def register(ask: Ask) -> ClientAnswer:
    """To a partner an answer never tells whether the network knew the person: docs/api.md, Partners."""
    register_by = register_for_partner if ask.access.role is Role.PARTNER else register_client
    return full(ask, register_by(ask.world, ask.access, new_client(ask.body), ask.request_id))


@get("/v1/clients/{client_id}")
@endpoint(roles=EVERYBODY, answer=ClientAnswer)
def see(ask: Ask, client_id: str) -> ClientAnswer:
    return full(ask, get_client(ask.world, ask.access, client_id))


@get("/v1/clients")
@endpoint(roles=DESK | {Role.PARTNER}, query=ClientFilter, answer=PageOf[ClientSummary])
def find(ask: Ask) -> PageOf[ClientSummary]:
    """The newest first; of a category those first who came to it last."""
    asked: ClientFilter = ask.query
    if asked.phone or asked.email or asked.card:
        found, cursor = _at_once(ask, asked), None
    else:
        found, cursor = sifted(
            lambda limit, cursor: _list_of(ask, asked)(ask.access.network_id, limit=limit, cursor=cursor),
            lambda client: _is_wanted(ask, client, asked),
            asked,
        )
    return PageOf(items=[summary(ask, client) for client in found], next_cursor=cursor)


def _list_of(ask: Ask, asked: ClientFilter) -> Callable[..., Page[Client]]:
    """The list to look through: that of the category, where the network has such lists. Clients without
    visits are in none, and to a partner all clients are without visits."""
    listed = ask.world.directory(ask.access.network_id).network.lists_categories
    kind = asked.category
    if kind is None or kind == POTENTIAL or not listed or ask.access.role is Role.PARTNER:
        return ask.world.store.clients
    return partial(_clients_of_category, ask, kind)


def _clients_of_category(ask: Ask, kind: str, network_id: str, **page: Any) -> Page[Client]:
    return ask.world.store.clients_of_category(network_id, kind, **page)


def _at_once(ask: Ask, asked: ClientFilter) -> list[Client]:
    network_id = ask.access.network_id
    if ask.access.role is Role.PARTNER:
        record = find_record(ask.world, ask.access, phone=asked.phone, email=asked.email)
        return [record] if record is not None and _is_wanted(ask, record, asked) else []
    try:
        if asked.card:
            client_id = client_of_code(ask.container.links(), network_id, asked.card)
        else:
            directory = ask.world.directory(network_id)
            phone = phone_at_desk(directory, ask.access, asked.phone) if asked.phone else None
            client_id = find_client(ask.world, network_id, phone=phone, email=asked.email)
        client = get_client(ask.world, ask.access, client_id) if client_id else None
        # a card from before a merge leads to the client who has the points now
        client = surviving_client(ask.world, client)
    except DomainError as error:
        if error.kind is not ErrorKind.MISSING:
            raise
        client = None
    found = [client] if client is not None else []
    if client is not None and asked.phone and ask.access.sees_contacts:
        found += sharing(ask.world, client)
    return [each for each in found if _is_wanted(ask, each, asked)]


def _is_wanted(ask: Ask, client: Client, asked: ClientFilter) -> bool:
    if ask.access.role is Role.PARTNER and partner_word(client) != ask.access.source:
        return False
    if ask.access.role is Role.PARTNER:
        client = as_partner_named(client)
    if asked.source is not None:
        sources = ask.world.directory(client.network_id).sources
        if not is_source(sources, client.source, asked.source):
            return False
    if asked.q is not None and not _speaks_of(client, asked.q):
        return False
    if asked.category is None:
        return True
    return category_for(ask, client) == asked.category


def _speaks_of(client: Client, text: str) -> bool:
    """Whether all words of the text are in the name, or it is a piece of the phone or the e-mail."""
    wanted = text.casefold().strip()
    digits = "".join(char for char in wanted if char.isdigit())
    name = client.name.casefold()
    return (
        all(word in name for word in wanted.split())
        or (len(digits) >= 3 and digits in (client.phone or ""))
        or wanted in (client.email or "")
    )


@patch("/v1/clients/{client_id}")
@endpoint(roles=DESK, body=ClientChanges, answer=ClientAnswer)
def change(ask: Ask, client_id: str) -> ClientAnswer:
    return full(ask, change_client(ask.world, ask.access, client_id, given(ask.body)))
