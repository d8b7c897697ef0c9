"""Which client a booking site means: found by the site's own id first, then by phone or e-mail, else
drafted."""

import contextlib

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.clients import client_plan
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.intake.site_events import SiteClient
from chalicelib.domain.intake.trust import may_change
from chalicelib.domain.messages.phone_numbers import phone_countries
from chalicelib.domain.networks.network import Connection
from chalicelib.domain.shared.aliases import EMAIL, PHONE, Alias, site_client
from chalicelib.domain.shared.ids import derived
from chalicelib.domain.shared.languages import LANGUAGES
from chalicelib.services.clients.register_client import contact_aliases
from chalicelib.services.clients.surviving_client import surviving_client
from chalicelib.services.shared.contact_details import MAX_NAME, email_or_none, phone_or_none
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World


class NormalisedClient(SiteClient, frozen=True):
    """A site's client with name, phone, e-mail and language in the form in which they are kept."""


class ClientMatch(Struct, frozen=True):
    """The client, and what must be saved together with the booking that refers to them. is_new: nothing of
    them is saved yet."""

    client: Client
    to_save: tuple[Client | Alias, ...] = ()
    is_new: bool = False


def site_countries(world: World, connection: Connection, salon_id: str | None = None) -> tuple[str, ...]:
    """The countries in which a phone of the site is looked for: of the salon that the event is about, else of
    all that the connection knows; then the network's own."""
    mapped = [value for name, value in connection.settings.items() if name.startswith("salon:")]
    near = [salon_id] if salon_id else [connection.salon_id, *mapped]
    return phone_countries(world.directory(connection.network_id), near)


def normalised(
    world: World, connection: Connection, reported: SiteClient, salon_id: str | None = None
) -> NormalisedClient:
    """The site's client in the form in which clients are kept. What is no phone counts as not reported, and
    so does what is no e-mail and what is no language of ours.

    salon_id: the salon that the event is about, where it is known.
    """
    name = " ".join((reported.name or "").split())[:MAX_NAME].rstrip() or None
    tag = (reported.language or "").replace("_", "-").partition("-")[0].lower()
    language = tag if tag in LANGUAGES else None
    return NormalisedClient(
        external_id=reported.external_id,
        name=name,
        phone=phone_or_none(reported.phone, *site_countries(world, connection, salon_id)),
        email=email_or_none(reported.email),
        language=language,
        birth_date=reported.birth_date,
        opted_out=reported.opted_out,
    )


def find_known(world: World, connection: Connection, reported: NormalisedClient) -> tuple[Client | None, str]:
    """The client that a site's client already is, and the kind of alias that led to them; (None, "") where no
    alias leads to a client."""
    store, network_id = world.store, connection.network_id
    aliases = (
        (site_client(connection.id), reported.external_id),
        (PHONE, reported.phone),
        (EMAIL, reported.email),
    )
    for kind, value in aliases:
        client_id = store.alias(network_id, kind, value) if value else None
        client = store.get(Client, network_id=network_id, id=client_id) if client_id else None
        client = surviving_client(world, client)
        if client is not None and not (kind == EMAIL and _has_another_phone(client, reported)):
            return client, kind
    return None, ""


def _has_another_phone(client: Client, reported: NormalisedClient) -> bool:
    """Whether the two have different phones. Families share an e-mail. A person with the same e-mail and
    another phone is another client, whose messages must not go to the first client's phone."""
    return bool(client.phone and reported.phone and client.phone != reported.phone)


def find_or_draft(world: World, connection: Connection, reported: NormalisedClient) -> ClientMatch:
    """The client whom a site names. A new client's id follows from the site's id, so that a repetition makes
    no second client. The site's id is linked first; a link without its client does no harm."""
    client, kind = find_known(world, connection, reported)
    draft = client or _drafted(world, connection, reported)
    if client is None:  # drafted and saved before, and known by another phone since
        stored = world.store.get(Client, network_id=connection.network_id, id=draft.id)
        client = surviving_client(world, stored)
    if kind != site_client(connection.id):
        link_site_id(world, connection, reported.external_id, draft.id)
    if client is None:
        return ClientMatch(draft, (draft, *contact_aliases(draft)), is_new=True)
    if not may_change(connection, client, reported.external_id):
        return ClientMatch(client)
    return with_blanks_filled(world, client, reported) or ClientMatch(client)


def _drafted(world: World, connection: Connection, reported: NormalisedClient) -> Client:
    known_by = reported.external_id or reported.phone or reported.email
    client = Client(
        network_id=connection.network_id,
        id=derived("cli", connection.id, known_by) if known_by else world.new_id("cli"),
        name=reported.name or "",
        created_at=world.now(),
        phone=reported.phone,
        email=reported.email if _is_free(world, connection, reported.email) else None,
        birth_date=reported.birth_date,
        language=reported.language,
        source=connection.settings.get("source", connection.site),
    )
    return client_plan.with_wake(client, world.directory(connection.network_id), client.created_at)


def _is_free(world: World, connection: Connection, email: str | None) -> bool:
    return email is not None and world.store.alias(connection.network_id, EMAIL, email) is None


def link_site_id(world: World, connection: Connection, site_id: str | None, client_id: str) -> None:
    """Lets the site's id lead to our client. A site's id that leads to a client already stays as it is."""
    if site_id is None:
        return
    kind = site_client(connection.id)
    with contextlib.suppress(SaveConflict):
        world.store.save(
            Alias(network_id=connection.network_id, kind=kind, value=site_id, leads_to=client_id)
        )


def with_blanks_filled(world: World, client: Client, reported: NormalisedClient) -> ClientMatch | None:
    """The client with the phone and e-mail that the site reports. A phone or e-mail is filled in only where
    the client has none and no other client has it. None when nothing is to be filled in."""
    pairs = ((PHONE, client.phone, reported.phone), (EMAIL, client.email, reported.email))
    new = [
        Alias(network_id=client.network_id, kind=kind, value=value, leads_to=client.id)
        for kind, current, value in pairs
        if value and not current and world.store.alias(client.network_id, kind, value) is None
    ]
    if not new:
        return None
    filled = replace(client, **{alias.kind: alias.value for alias in new})
    return ClientMatch(filled, (filled, *new))


def with_reported_details(client: Client, reported: NormalisedClient) -> Client:
    """The client with what the site reports now. What the site does not report stays."""
    return replace(
        client,
        name=reported.name or client.name,
        phone=reported.phone or client.phone,
        email=reported.email or client.email,
        birth_date=reported.birth_date or client.birth_date,
        language=client.language or reported.language,
    )
