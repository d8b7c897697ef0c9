"""Clients as a partner knows them. A partner learns of nobody else's clients: neither whether a phone or an
e-mail is a client's of the network, nor which client's.

A partner has a record of its own for everybody whom it names. Where the network knows the person, the record
is merged into that client from its beginning: bookings are that client's, with their consents and caps. The
partner sees its record alone, and what the partner told of the person.
"""

from functools import partial

from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client, Merge
from chalicelib.domain.networks.access import Access
from chalicelib.domain.shared.aliases import EMAIL, PHONE, Alias, of_partner
from chalicelib.domain.shared.errors import conflict
from chalicelib.services.clients.register_client import (
    NewClient,
    contact_aliases,
    drafted,
    find_client,
    get_client,
)
from chalicelib.services.clients.surviving_client import surviving_client
from chalicelib.services.shared.contact_details import email_normal, phone_e164
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.storable import Storable
from chalicelib.services.shared.world import World


def register_for_partner(
    world: World, access: Access, new: NewClient, request_id: str | None = None
) -> Client:
    """Makes the partner's record of a person. Raises CLIENT_EXISTS for a phone or e-mail of which the partner
    has a record, INVALID_..., TRY_AGAIN."""
    return world.retrying(partial(_register_once, world, access, new, request_id))


def _register_once(world: World, access: Access, new: NewClient, request_id: str | None) -> Client:
    record, others = drafted_for_partner(world, access, new, request_id)
    existing = find_record(world, access, phone=new.phone, email=new.email)
    if existing is None:
        try:
            return world.store.save(record, *others)[0]
        except SaveConflict:
            existing = world.store.get(Client, network_id=access.network_id, id=record.id)
            if existing is None:
                raise  # somebody has registered the phone or e-mail: the next attempt finds them
    if existing.id == record.id:  # a request that comes again
        return existing
    raise conflict("CLIENT_EXISTS", "You have registered this client already.", client_id=existing.id)


def drafted_for_partner(
    world: World, access: Access, new: NewClient, request_id: str | None = None
) -> tuple[Client, tuple[Storable, ...]]:
    """The partner's new record, and what is saved with it."""
    record, others = drafted(world, access, new, request_id)
    known = find_client(world, access.network_id, phone=record.phone, email=record.email)
    if known is None:
        return record, tuple(others)
    network_id = access.network_id
    client = surviving_client(world, world.store.get(Client, network_id=network_id, id=known))
    target_id = client.id if client is not None else known
    merge = Merge(into=target_id, at=record.created_at, actor=access.actor, out_id="", in_id="")
    lines = (each for each in others if not isinstance(each, Alias))
    source = access.source or ""
    own_aliases = (replace(each, kind=of_partner(each.kind, source)) for each in contact_aliases(record))
    return replace(record, merged=merge, wake=None), (*own_aliases, *lines)


def find_record(world: World, access: Access, *, phone: str | None, email: str | None) -> Client | None:
    """The record that the partner has of a person with this phone (any usual form) or e-mail. Raises
    INVALID_PHONE, INVALID_EMAIL."""
    network_id = access.network_id
    country = world.directory(network_id).network.country
    e164 = phone_e164(phone, country) if phone else None
    named = ((PHONE, e164), (EMAIL, email_normal(email) if email else None))
    for shared_kind, value in named:
        for kind in (of_partner(shared_kind, access.source or ""), shared_kind):
            found_id = world.store.alias(network_id, kind, value) if value else None
            found = world.store.get(Client, network_id=network_id, id=found_id) if found_id else None
            if found is not None and found.source == access.source:
                return found
    return None


def client_for_partner(
    world: World, access: Access, named: str | NewClient, request_id: str | None
) -> tuple[Client, Client | None, tuple[Storable, ...]]:
    """The partner's record of the client whom a booking is for, the client who comes, and what is saved with
    the booking. The client is None where one of a merge chain is missing. Raises NOT_FOUND, INVALID_..."""
    values: tuple[Storable, ...] = ()
    if isinstance(named, str):
        record = get_client(world, access, named)
    else:
        existing = find_record(world, access, phone=named.phone, email=named.email)
        if existing is not None:
            record = existing
        else:
            record, others = drafted_for_partner(world, access, named, request_id)
            values = (record, *others)
    return record, surviving_client(world, record), values
