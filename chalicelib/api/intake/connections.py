"""Connections with booking sites: the webhook address that a site is given, and what it signs with."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, field

from chalicelib.api.http.endpoint import OFFICE, Answer, Ask, delete, endpoint, get, post
from chalicelib.api.http.parsing import Body
from chalicelib.api.http.schemas import Answered, Id, Listing, PageOf, Word, in_pages
from chalicelib.api.http.seeded_randomness import seeded_randomness
from chalicelib.domain.networks.network import Connection
from chalicelib.services.intake.connect_site import (
    SiteToConnect,
    connect_site,
    disconnect_site,
    get_connection,
    list_connections,
)
from chalicelib.services.intake.receive_webhook import context_of

SettingName = Annotated[str, Meta(min_length=1, max_length=200)]
SettingValue = Annotated[str, Meta(max_length=1000)]


class NewConnection(Body):
    """salon_id: the salon of all its bookings; else the settings `salon:<site's location>` map them.

    secret: what the site signs with, where the site made it; else one is made here.
    settings: also `source` (where its clients count as coming from), `url` (the address, if the site was
    given another).
    """

    site: Word
    salon_id: Id | None = None
    secret: Annotated[str, Meta(max_length=1000)] | None = None
    settings: dict[SettingName, SettingValue] = field(default_factory=dict)


class ConnectionAnswer(Answered):
    id: str
    site: str
    url: str
    salon_id: str | None
    settings: dict[str, str]
    created_at: datetime


class MadeConnection(ConnectionAnswer):
    secret: str | None


def _facts(ask: Ask, connection: Connection) -> dict[str, object]:
    return {
        "id": connection.id,
        "site": connection.site,
        "url": context_of(connection, ask.container.links().base_url).url,
        "salon_id": connection.salon_id,
        "settings": dict(connection.settings),
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
        SiteToConnect(body.site, body.salon_id, body.secret, body.settings),
        randomness=seeded_randomness(ask),
    )
    return MadeConnection(**_facts(ask, connection), secret=connection.secret)


@get("/v1/connections")
@endpoint(roles=OFFICE, query=Listing, answer=PageOf[ConnectionAnswer])
def list_all(ask: Ask) -> PageOf[ConnectionAnswer]:
    found = list_connections(ask.world, ask.access)
    return in_pages((ConnectionAnswer(**_facts(ask, each)) for each in found), ask.query)


@get("/v1/connections/{connection_id}")
@endpoint(roles=OFFICE, answer=ConnectionAnswer)
def see(ask: Ask, connection_id: str) -> ConnectionAnswer:
    return ConnectionAnswer(**_facts(ask, get_connection(ask.world, ask.access, connection_id)))


@delete("/v1/connections/{connection_id}")
@endpoint(roles=OFFICE, status=204)
def disconnect(ask: Ask, connection_id: str) -> Answer:
    disconnect_site(ask.world, ask.access, connection_id)
    return Answer(None, 204)
