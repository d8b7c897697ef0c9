"""Clients as a partner knows them. A partner learns of nobody else's clients: neither whether a phone or an
e-mail is a client's of the network, nor which client's.

A partner has a record of its own for everybody whom it names. Where the network knows the person, the record
is merged into that client from its beginning: bookings are that client's, with their consents and caps. The
partner sees its record alone, and what the partner told of the person. Phones go to other people: a record
whose phone and e-mail no longer lead to its client is left as it is, and the person gets a new record.
"""

from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.clients import client_plan
from chalicelib.domain.clients.clients import Client, Merge
from chalicelib.domain.clients.first_source import partner_word, with_first_source
from chalicelib.domain.clients.partner_named import named_by_partner
from chalicelib.domain.networks.access import Access
from chalicelib.domain.shared.aliases import EMAIL, PHONE, Alias, of_partner
from chalicelib.domain.shared.errors import conflict
from chalicelib.domain.shared.ids import derived
from chalicelib.services.clients.phone_at_desk import phone_at_desk
from chalicelib.services.clients.register_client import (
    NewClient,
    contact_aliases,
    drafted,
    find_client,
    get_client,
)
from chalicelib.services.clients.surviving_client import surviving_client
from chalicelib.services.shared.contact_details import email_normal
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
    found = _search(world, access, phone=new.phone, email=new.email)
    record, _, values = _drafted_for_partner(world, access, new, request_id, found)
    existing = found.record
    if existing is None:
        try:
            return world.store.save(record, *values)[0]
        except SaveConflict:
            existing = world.store.get(Client, network_id=access.network_id, id=record.id)
            if existing is None:
                raise  # somebody has registered the phone or e-mail: the next attempt finds them
    if existing.id == record.id:  # a request that comes again
        return existing
    raise conflict("CLIENT_EXISTS", "You have registered this client already.", client_id=existing.id)


class _Found(Struct, frozen=True):
    """What a partner's search found.

    record  the partner's record of the person.
    stale   the kinds (PHONE, EMAIL) whose alias of the partner leads to a record that is no longer current.
    others  the kinds that lead to a record of the partner's for somebody with another phone.
    """

    record: Client | None
    stale: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()


def _drafted_for_partner(
    world: World, access: Access, new: NewClient, request_id: str | None, found: _Found
) -> tuple[Client, Client | None, tuple[Storable, ...]]:
    """The partner's new record, the client whose record it is (None: one of a merge chain is missing), and
    what is saved with the record."""
    record, others = drafted(world, access, new, request_id)
    known = _known(world, record)
    if known.client_id is None and not known.is_email_taken:
        record = named_by_partner(record)
        return record, record, tuple(others)
    lines = [each for each in others if not isinstance(each, Alias)]
    client, beside = known.client, list[Storable](lines)
    if known.client_id is None:  # a new client, since the one with the same e-mail has another phone
        client = _without_email(world, record)
        beside += [*contact_aliases(client), client, *(replace(each, client_id=client.id) for each in lines)]
    target_id = client.id if client is not None else known.client_id
    assert target_id is not None
    merge = Merge(into=target_id, at=record.created_at, actor=access.actor, out_id="", in_id="")
    record = replace(record, merged=merge, wake=None)
    source = access.source or ""
    own_aliases = [
        replace(each, kind=of_partner(each.kind, source), moved=each.kind in found.stale)
        for each in contact_aliases(record)
        if each.kind not in found.others
    ]
    return record, client, (*own_aliases, *beside)


def _as_told(record: Client) -> NewClient:
    """The person of a record, as the partner told them."""
    return NewClient(
        name=record.name,
        phone=record.phone,
        email=record.email,
        birth_date=record.birth_date,
        language=record.language,
        timezone=record.timezone,
    )


def _without_email(world: World, record: Client) -> Client:
    """The client of a record whose e-mail is another client's. They came by the partner, who sees the record
    alone."""
    client = replace(record, id=derived("cli", record.id, "client"), email=None, source=None)
    client = with_first_source(client, record.source)
    return client_plan.with_wake(client, world.directory(record.network_id), record.created_at)


class _Known(Struct, frozen=True):
    """The surviving client who has a record's phone, or the record's e-mail and no other phone. client: None
    where one of the merge chain is missing. is_email_taken: a client with another phone has the e-mail."""

    client_id: str | None = None
    client: Client | None = None
    is_email_taken: bool = False


def _known(world: World, record: Client) -> _Known:
    """Families share an e-mail. A person with the same e-mail and another phone is another client, whose
    messages must not go to the first client's phone."""
    network_id = record.network_id
    by_phone = find_client(world, network_id, phone=record.phone, email=None)
    found_id = by_phone or find_client(world, network_id, phone=None, email=record.email)
    if found_id is None:
        return _Known()
    client = surviving_client(world, world.store.get(Client, network_id=network_id, id=found_id))
    if client is None:
        return _Known(found_id)
    if by_phone is None and _has_another_phone(client, record.phone):
        return _Known(is_email_taken=True)
    return _Known(client.id, client)


def _has_another_phone(client: Client, phone: str | None) -> bool:
    return bool(client.phone and phone and client.phone != phone)


def _is_current(world: World, record: Client) -> bool:
    """Whether a record's phone or e-mail still leads to the client into whom the record was merged. The desk
    may have corrected the client's phone since."""
    if record.merged is None or record.merged.out_id:
        return True
    into = record.merged.into
    if record.phone and find_client(world, record.network_id, phone=record.phone, email=None) == into:
        return True
    client = surviving_client(world, record)
    return client is None or _known(world, record).client_id == client.id


def find_record(world: World, access: Access, *, phone: str | None, email: str | None) -> Client | None:
    """The record that the partner has of a person with this phone (any usual form) or e-mail. A record found
    by e-mail has no other phone than the one named. Raises INVALID_PHONE, INVALID_EMAIL."""
    return _search(world, access, phone=phone, email=email).record


def _search(world: World, access: Access, *, phone: str | None, email: str | None) -> _Found:
    network_id = access.network_id
    e164 = phone_at_desk(world.directory(network_id), access, phone) if phone else None
    named = ((PHONE, e164), (EMAIL, email_normal(email) if email else None))
    stale, others = set(), set()
    for shared_kind, value in named:
        for kind in (of_partner(shared_kind, access.source or ""), shared_kind):
            found_id = world.store.alias(network_id, kind, value) if value else None
            found = world.store.get(Client, network_id=network_id, id=found_id) if found_id else None
            if found is None or partner_word(found) != access.source:
                continue
            if found.named is not None and value not in (found.named.phone, found.named.email):
                continue  # the desk wrote this phone or e-mail, which the partner does not learn
            if not _is_current(world, found):
                stale.add(shared_kind)
            elif shared_kind == EMAIL and _has_another_phone(found, e164):
                others.add(shared_kind)
                break
            else:
                return _Found(found)
    return _Found(None, frozenset(stale), frozenset(others))


def client_for_partner(
    world: World, access: Access, named: str | NewClient, request_id: str | None
) -> tuple[Client, Client | None, tuple[Storable, ...]]:
    """The partner's record of the client whom a booking is for, the client who comes, and what is saved with
    the booking. The client is None where one of a merge chain is missing. Raises NOT_FOUND, INVALID_...

    A record whose phone and e-mail no longer lead to its client stands for the person whom the partner named:
    the booking is for this person's record of now, or for a new one.
    """
    if isinstance(named, str):
        record = get_client(world, access, named)
        if _is_current(world, record):
            return record, surviving_client(world, record), ()
        named = _as_told(record)
    found = _search(world, access, phone=named.phone, email=named.email)
    if found.record is not None:
        return found.record, surviving_client(world, found.record), ()
    record, client, values = _drafted_for_partner(world, access, named, request_id, found)
    return record, client, (record, *values)
