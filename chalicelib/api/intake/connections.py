"""Connections with booking sites: the webhook address that a site is given, and what it signs with."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from msgspec import Meta, field

from chalicelib.api.http.endpoint import OFFICE, Answer, Ask, delete, endpoint, get, patch, post, put
from chalicelib.api.http.parsing import Body
from chalicelib.api.http.schemas import Answered, Id, Listing, PageOf, Word, in_pages
from chalicelib.api.http.seeded_randomness import seeded_randomness
from chalicelib.domain.intake.trust import missing_settings
from chalicelib.domain.networks.network import Connection
from chalicelib.services.intake.connect_site import (
    SiteToConnect,
    change_connection,
    connect_site,
    disconnect_site,
    get_connection,
    list_connections,
    rotate_connection,
    set_api_token,
)
from chalicelib.services.intake.receive_webhook import context_of, deliveries

SettingName = Annotated[str, Meta(min_length=1, max_length=200)]
SettingValue = Annotated[str, Meta(max_length=1000)]
Secret = Annotated[str, Meta(max_length=1000)]


class NewConnection(Body):
    """salon_id: the salon of all its bookings; else the settings `salon:<site's location>` map them.

    secret: what the site signs with, where the site made it; else one is made here.
    settings: those of docs/webhooks.md, each a text; which there are depends on the site.
    replaces: a deleted connection, whose ids of bookings and clients go over. Without it, those of a deleted
    connection with the same company, merchant, location or salon go over, unless `anew`.
    """

    site: Word
    salon_id: Id | None = None
    secret: Secret | None = None
    settings: dict[SettingName, SettingValue] = field(default_factory=dict)
    replaces: Id | None = None
    anew: bool = False


class ConnectionChanges(Body):
    """settings: those that change; null takes one away."""

    settings: dict[SettingName, SettingValue | None]


class Rotation(Body):
    """secret: what the site signs with, where the site made it; else one is made here."""

    secret: Secret | None = None


class ApiToken(Body):
    """api_token: what the site gave the owner for its API; null: the site is not asked any more. For YCLIENTS
    and Altegio the partner's token and the user's, with a comma between."""

    api_token: Secret | None


class ConnectionAnswer(Answered):
    """missing: settings without which more is believed than need be. has_api_token: whether the site's API is
    asked; the token itself is never shown."""

    id: str
    site: str
    url: str
    salon_id: str | None
    settings: dict[str, str]
    missing: list[str]
    has_api_token: bool
    created_at: datetime


class WatchedConnection(ConnectionAnswer):
    """last_delivery_at, delivered, quarantined: among the network's newest 200 webhooks. refused: deliveries
    of this month that did not prove who sent them: `no_signature`, `bad_signature`, `clock`."""

    last_delivery_at: datetime | None
    delivered: int
    refused: dict[str, int]
    quarantined: int


class MadeConnection(ConnectionAnswer):
    secret: str | None


def _facts(ask: Ask, connection: Connection) -> dict[str, object]:
    return {
        "id": connection.id,
        "site": connection.site,
        "url": context_of(connection, ask.container.links().base_url).url,
        "salon_id": connection.salon_id,
        "settings": dict(connection.settings),
        "missing": missing_settings(connection),
        "has_api_token": connection.api_token is not None,
        "created_at": connection.created_at,
    }


@post("/v1/connections")
@endpoint(roles=OFFICE, body=NewConnection, answer=MadeConnection, status=201, keeps_answer=False)
def connect(ask: Ask) -> MadeConnection:
    """The answer shows the secret, which is never shown again."""
    body: NewConnection = ask.body
    connection = connect_site(
        ask.world,
        ask.access,
        ask.container.receiving().sites,
        SiteToConnect(body.site, body.salon_id, body.secret, body.settings, body.replaces, body.anew),
        randomness=seeded_randomness(ask),
    )
    return MadeConnection(**_facts(ask, connection), secret=connection.secret)


@get("/v1/connections")
@endpoint(roles=OFFICE, query=Listing, answer=PageOf[WatchedConnection])
def list_all(ask: Ask) -> PageOf[WatchedConnection]:
    page: PageOf[Connection] = in_pages(list_connections(ask.world, ask.access), ask.query)
    return PageOf(items=_watched(ask, page.items), next_cursor=page.next_cursor)


@get("/v1/connections/{connection_id}")
@endpoint(roles=OFFICE, answer=WatchedConnection)
def see(ask: Ask, connection_id: str) -> WatchedConnection:
    return _watched(ask, [get_connection(ask.world, ask.access, connection_id)])[0]


def _watched(ask: Ask, connections: Sequence[Connection]) -> list[WatchedConnection]:
    known = deliveries(ask.world, connections)
    return [
        WatchedConnection(
            **_facts(ask, each),
            last_delivery_at=known[each.id].last_at,
            delivered=known[each.id].delivered,
            refused=dict(known[each.id].refused),
            quarantined=known[each.id].quarantined,
        )
        for each in connections
    ]


@patch("/v1/connections/{connection_id}")
@endpoint(roles=OFFICE, body=ConnectionChanges, answer=ConnectionAnswer)
def change(ask: Ask, connection_id: str) -> ConnectionAnswer:
    sites = ask.container.receiving().sites
    changed = change_connection(ask.world, ask.access, sites, connection_id, ask.body.settings)
    return ConnectionAnswer(**_facts(ask, changed))


@put("/v1/connections/{connection_id}/api-token")
@endpoint(roles=OFFICE, body=ApiToken, answer=ConnectionAnswer, keeps_answer=False)
def keep_api_token(ask: Ask, connection_id: str) -> ConnectionAnswer:
    """What a client does here is done on the site, too, by its API."""
    kept = set_api_token(ask.world, ask.access, connection_id, ask.body.api_token)
    return ConnectionAnswer(**_facts(ask, kept))


@post("/v1/connections/{connection_id}/rotate")
@endpoint(roles=OFFICE, body=Rotation, answer=MadeConnection, keeps_answer=False)
def rotate(ask: Ask, connection_id: str) -> MadeConnection:
    """A new address and a new secret; the old address is refused from now on. The answer shows the secret,
    which is never shown again."""
    randomness = seeded_randomness(ask)
    rotated = rotate_connection(ask.world, ask.access, connection_id, ask.body.secret, randomness)
    return MadeConnection(**_facts(ask, rotated), secret=rotated.secret)


@delete("/v1/connections/{connection_id}")
@endpoint(roles=OFFICE, status=204)
def disconnect(ask: Ask, connection_id: str) -> Answer:
    disconnect_site(ask.world, ask.access, connection_id)
    return Answer(None, 204)
