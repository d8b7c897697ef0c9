"""Who a booking site means by a client: found by the site's own id first, then by phone or e-mail, else
made."""

import contextlib
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.clients import client_plan
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.intake.site_events import SiteClient
from chalicelib.domain.networks.network import Connection
from chalicelib.domain.shared.aliases import EMAIL, PHONE, Alias, site_client
from chalicelib.domain.shared.ids import derived
from chalicelib.domain.shared.languages import LANGUAGES
from chalicelib.services.clients.register_client import contact_aliases
from chalicelib.services.clients.surviving_client import surviving_client
from chalicelib.services.shared.contact_details import MAX_NAME, email_or_none, phone_or_none
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World


class ClientMatch(Struct, frozen=True):
    """The client, and what must be saved together with whatever refers to them. is_new: nothing of them is
    saved yet."""

    client: Client
    to_save: tuple[Any, ...] = ()
    is_new: bool = False


def normal(world: World, connection: Connection, told: SiteClient) -> SiteClient:
    """With phone and e-mail in the form in which they are kept; what is no phone counts as not said."""
    country = world.directory(connection.network_id).network.country
    name = " ".join((told.name or "").split())[:MAX_NAME] or None
    tag = (told.language or "").replace("_", "-").partition("-")[0].lower()
    language = tag if tag in LANGUAGES else None
    phone, email = phone_or_none(told.phone, country), email_or_none(told.email)
    return replace(told, name=name, phone=phone, email=email, language=language)


def known(world: World, connection: Connection, told: SiteClient) -> tuple[Client | None, str]:
    """The client that a site's client (in normal form) already is, and the kind of alias that led there."""
    store, network_id = world.store, connection.network_id
    ways = (
        (site_client(connection.id), told.external_id),
        (PHONE, told.phone),
        (EMAIL, told.email),
    )
    for kind, value in ways:
        found = store.alias(network_id, kind, value) if value else None
        client = store.get(Client, network_id=network_id, id=found) if found else None
        client = surviving_client(world, client)
        if client is not None and not (kind == EMAIL and _has_another_phone(client, told)):
            return client, kind
    return None, ""


def _has_another_phone(client: Client, told: SiteClient) -> bool:
    """Families share an e-mail. Who is known by it alone, and has another phone, is somebody else: their
    messages must not go to the first one's phone."""
    return bool(client.phone and told.phone and client.phone != told.phone)


def find_or_draft(world: World, connection: Connection, told: SiteClient) -> ClientMatch:
    """The client whom a booking names. A new one's id follows from the site's id, so that a repetition makes
    no other; the site's id is linked first, which is of no harm should we never come to the rest."""
    told = normal(world, connection, told)
    client, by = known(world, connection, told)
    drafted = client or _drafted(world, connection, told)
    if client is None:  # made once already, and known by another phone since
        client = world.store.get(Client, network_id=connection.network_id, id=drafted.id)
        client = surviving_client(world, client)
    if by != site_client(connection.id):
        link_site_id(world, connection, told.external_id, drafted.id)
    if client is None:
        return ClientMatch(drafted, (drafted, *contact_aliases(drafted)), is_new=True)
    values = with_blanks_filled(world, connection, client, told)
    return ClientMatch(values[0], tuple(values)) if values else ClientMatch(client)


def _drafted(world: World, connection: Connection, told: SiteClient) -> Client:
    known_by = told.external_id or told.phone or told.email
    id = derived("cli", connection.id, known_by) if known_by else world.new_id("cli")
    client = Client(
        network_id=connection.network_id,
        id=id,
        name=told.name or told.phone or told.email or "?",
        created_at=world.now(),
        phone=told.phone,
        email=told.email if _is_free(world, connection, told.email) else None,
        birth_date=told.birth_date,
        language=told.language,
        source=connection.settings.get("source", connection.site),
    )
    return client_plan.with_wake(client, world.directory(connection.network_id), client.created_at)


def _is_free(world: World, connection: Connection, email: str | None) -> bool:
    return email is not None and world.store.alias(connection.network_id, EMAIL, email) is None


def link_site_id(world: World, connection: Connection, site_id: str | None, client_id: str) -> None:
    """Lets the site's id lead to our client; nothing happens where it leads somewhere already."""
    if site_id is None:
        return
    kind = site_client(connection.id)
    with contextlib.suppress(SaveConflict):
        world.store.save(
            Alias(network_id=connection.network_id, kind=kind, value=site_id, leads_to=client_id)
        )


def with_blanks_filled(world: World, connection: Connection, client: Client, told: SiteClient) -> list[Any]:
    """What must be saved so that the client has the phone and e-mail told here, where they have none and
    nobody else has that one; the client first. Empty when nothing is to be filled."""
    told = normal(world, connection, told)
    pairs = ((PHONE, client.phone, told.phone), (EMAIL, client.email, told.email))
    new = [
        Alias(network_id=client.network_id, kind=kind, value=value, leads_to=client.id)
        for kind, has, value in pairs
        if value and not has and world.store.alias(client.network_id, kind, value) is None
    ]
    if not new:
        return []
    told_now: dict[str, Any] = {alias.kind: alias.value for alias in new}
    return [replace(client, **told_now), *new]


def told_anew(client: Client, told: SiteClient) -> Client:
    """The client with what the site says now; what it does not say stays."""
    return replace(
        client,
        name=told.name or client.name,
        phone=told.phone or client.phone,
        email=told.email or client.email,
        birth_date=told.birth_date or client.birth_date,
        language=client.language or told.language,
    )
