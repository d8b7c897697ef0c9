"""Register clients, find them by phone or e-mail, change what is known of them."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.bookings.booking_access import reaches_booking
from chalicelib.domain.clients import client_plan
from chalicelib.domain.clients.birthdays import birthday_of
from chalicelib.domain.clients.clients import Client, ConsentChange, with_birth_date_learned
from chalicelib.domain.clients.consents import after_contact_change, with_consents
from chalicelib.domain.clients.first_source import partner_word, with_source_corrected
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Role
from chalicelib.domain.networks.sources import is_source
from chalicelib.domain.shared.aliases import EMAIL, PHONE, Alias
from chalicelib.domain.shared.errors import conflict, missing, refused
from chalicelib.domain.shared.ids import derived
from chalicelib.domain.shared.languages import LANGUAGES
from chalicelib.domain.shared.zones import is_zone
from chalicelib.services.clients.consents import checked_consent
from chalicelib.services.clients.follow_zone import plan_bookings_again
from chalicelib.services.clients.phone_at_desk import phone_at_desk
from chalicelib.services.clients.referrals import ensure_referrer, resolve_referrer
from chalicelib.services.clients.surviving_client import ensure_not_merged, surviving_client
from chalicelib.services.networks.hear_source import hear_source
from chalicelib.services.shared.contact_details import email_normal, name_normal, note_normal, source_word
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World


class NewClient(Struct, frozen=True, kw_only=True):
    """The fields of a client who may be new. referral_code: in place of referred_by. consents: (channel,
    purpose, granted, how)."""

    name: str
    phone: str | None = None
    email: str | None = None
    birth_date: date | None = None
    language: str | None = None
    timezone: str | None = None
    source: str | None = None
    referred_by: str | None = None
    referral_code: str | None = None
    note: str | None = None
    preferences: str | None = None
    consents: tuple[tuple[str, str, bool, str], ...] = ()


def register_client(world: World, access: Access, new: NewClient, request_id: str | None = None) -> Client:
    """Makes a client. Raises CLIENT_EXISTS (details.client_id) when the phone or e-mail is another client's,
    INVALID_..."""
    client, others = drafted(world, access, new, request_id)
    try:
        return world.store.save(client, *others)[0]
    except SaveConflict:
        if request_id:  # a request that comes again
            existing = world.store.get(Client, network_id=access.network_id, id=client.id)
            if existing is not None:
                return existing
        raise _taken(world, contact_aliases(client)) from None


def drafted(
    world: World, access: Access, new: NewClient, request_id: str | None = None
) -> tuple[Client, list[Alias | ConsentChange]]:
    """A new client, checked but not yet saved, and what must be saved with the client: aliases, and a line of
    history for each consent."""
    now, directory = world.now(), world.directory(access.network_id)
    phone = phone_at_desk(directory, access, new.phone) if new.phone else None
    email = email_normal(new.email) if new.email else None
    _check(new.language, new.timezone, new.birth_date, now)
    referred_by = resolve_referrer(world, access.network_id, new.referred_by, new.referral_code)
    ensure_referrer(world, access.network_id, referred_by)
    client_id = derived("cli", access.network_id, request_id) if request_id else world.new_id("cli")
    client = Client(
        network_id=access.network_id,
        id=client_id,
        name=name_normal(new.name),
        created_at=now,
        phone=phone,
        email=email,
        birth_date=new.birth_date,
        language=new.language,
        timezone=new.timezone,
        source=access.source if access.role is Role.PARTNER else source_word(new.source),
        referred_by=referred_by,
        note=note_normal(new.note),
        preferences=note_normal(new.preferences),
    )
    hear_source(world, access.network_id, client.source)
    client, lines = with_consents(
        client,
        [
            checked_consent(channel, purpose, granted, how, access.actor, now)
            for channel, purpose, granted, how in new.consents
        ],
    )
    client = client_plan.with_wake(client, directory, now)
    return client, [*contact_aliases(client), *lines]


def contact_aliases(client: Client) -> list[Alias]:
    pairs = ((PHONE, client.phone), (EMAIL, client.email))
    return [
        Alias(network_id=client.network_id, kind=kind, value=value, leads_to=client.id)
        for kind, value in pairs
        if value
    ]


def _taken(world: World, aliases: list[Alias]) -> Exception:
    for alias in aliases:
        owner = _owner_id(world, alias)
        if owner is not None:
            return conflict(
                "CLIENT_EXISTS",
                f"There is a client with this {alias.kind} already.",
                client_id=owner,
                by=alias.kind,
            )
    return conflict("TRY_AGAIN", "Somebody else changed this at the same moment; try again.")


def _check(language: str | None, timezone: str | None, birth_date: date | None, now: datetime) -> None:
    if language is not None and language not in LANGUAGES:
        raise refused("UNKNOWN_LANGUAGE", "Languages are ru, ro and en.", language=language)
    if timezone is not None and not is_zone(timezone):
        raise refused(
            "UNKNOWN_TIMEZONE", "Name an IANA time zone, such as Europe/Chisinau.", timezone=timezone
        )
    if birth_date is not None and birthday_of(birth_date, now.date()).day != birth_date:
        raise refused(
            "INVALID_BIRTH_DATE",
            "A birth date lies in the past, at most 120 years ago, and is no placeholder such as 1970-01-01. "
            "Leave out a birthday that is not known; write the year 1604 where only day and month are known.",
        )


def find_client(world: World, network_id: str, *, phone: str | None, email: str | None) -> str | None:
    """The id of the client with this phone (E.164) or e-mail, the phone first. Raises INVALID_EMAIL."""
    if phone:
        found = world.store.alias(network_id, PHONE, phone)
        if found is not None:
            return found
    return world.store.alias(network_id, EMAIL, email_normal(email)) if email else None


def get_client(world: World, access: Access, client_id: str) -> Client:
    """The client, if the key may see them. A specialist's key sees the clients whom the specialist serves, a
    partner's key those of its source. Raises NOT_FOUND."""
    client = world.store.get(Client, network_id=access.network_id, id=client_id)
    if client is None:
        raise missing("client", client_id)
    if access.role is Role.PARTNER and partner_word(client) != access.source:
        raise missing("client", client_id)
    if access.role is Role.SPECIALIST:
        bookings = world.store.bookings_of_client(access.network_id, client_id, limit=100).items
        if not any(reaches_booking(access, booking) for booking in bookings):
            raise missing("client", client_id)
    return client


def change_client(world: World, access: Access, client_id: str, changes: Mapping[str, Any]) -> Client:
    """Changes what is known of a client. With a changed phone or e-mail the alias changes too, and consents
    for the old one are void. Another source is a correction, which is kept on record.

    changes: any fields of NewClient but consents; None clears a field that may be empty. Raises NOT_FOUND,
    CLIENT_MERGED, CLIENT_EXISTS, INVALID_..., TRY_AGAIN.
    """
    return world.retrying(lambda: _change_client(world, access, client_id, changes))


def _change_client(world: World, access: Access, client_id: str, changes: Mapping[str, Any]) -> Client:
    client = get_client(world, access, client_id)
    ensure_not_merged(client)
    wanted = _changed(world, access, client, changes)
    if wanted == client:
        return client
    if wanted.timezone != client.timezone:
        plan_bookings_again(world, wanted)
    change = client_change(world, client, wanted, access.actor)
    saved = _save_change(world, change)
    world.wake_if_due(saved)
    return saved


def _save_change(world: World, change: "ClientChange") -> Client:
    """The client as saved. An alias that leads to the client already, as a merge brings it, stays as it is.
    Raises CLIENT_EXISTS, SaveConflict."""
    try:
        return world.store.save(change.client, *change.beside, remove=change.removed)[0]
    except SaveConflict as clash:
        taken = clash.value
        if not isinstance(taken, Alias) or taken not in change.beside:
            raise
        if _owner_id(world, taken) != change.client.id:
            raise _taken(world, [taken]) from None
        beside = tuple(each for each in change.beside if each != taken)
    return _save_change(world, replace(change, beside=beside))


def _owner_id(world: World, alias: Alias) -> str | None:
    """The surviving client to whom the alias leads; None: it is free."""
    found = world.store.alias(alias.network_id, alias.kind, alias.value)
    if found is None:
        return None
    owner = surviving_client(world, world.store.get(Client, network_id=alias.network_id, id=found))
    return owner.id if owner is not None else found


def _changed(world: World, access: Access, client: Client, changes: Mapping[str, Any]) -> Client:
    fields = dict(changes)
    if fields.get("phone"):
        fields["phone"] = phone_at_desk(world.directory(client.network_id), access, fields["phone"])
    if fields.get("email"):
        fields["email"] = email_normal(fields["email"])
    if "name" in fields:
        fields["name"] = name_normal(fields["name"])
    fields.update((each, note_normal(fields[each])) for each in ("note", "preferences") if each in fields)
    birth_date = fields.get("birth_date")
    new_birth_date = birth_date if birth_date != client.birth_date else None
    _check(fields.get("language"), fields.get("timezone"), new_birth_date, world.now())
    code = fields.pop("referral_code", None)
    if code is not None:
        fields["referred_by"] = resolve_referrer(world, client.network_id, fields.get("referred_by"), code)
    ensure_referrer(world, client.network_id, fields.get("referred_by"), client)
    if "source" in fields:
        client = _with_source(world, access, client, source_word(fields.pop("source")))
    return replace(client, **fields)


def _with_source(world: World, access: Access, client: Client, word: str | None) -> Client:
    """The client whose source a person corrects. Another word for the same source corrects nothing."""
    sources = world.directory(client.network_id).sources
    if word == client.source or (word is not None and is_source(sources, client.source, word)):
        return client
    hear_source(world, client.network_id, word)
    return with_source_corrected(client, word, world.now(), access.actor)


class ClientChange(Struct, frozen=True):
    """A changed client, what is saved together with the client, and what is removed in the same save."""

    client: Client
    beside: tuple[Alias | ConsentChange, ...]
    removed: tuple[Alias, ...]


def client_change(world: World, client: Client, wanted: Client, actor: str) -> ClientChange:
    """The change that makes a client as wanted. Aliases follow phone and e-mail, consents for an old phone or
    e-mail are void, and the client's pointer is planned again."""
    now = world.now()
    if wanted.phone and wanted.contact_id:  # their own phone: nobody else's is used any more
        wanted = replace(wanted, contact_id=None)
    wanted, lines = after_contact_change(client, with_birth_date_learned(client, wanted, now), now, actor)
    wanted = client_plan.with_wake(wanted, world.directory(client.network_id), now)
    current_aliases, wanted_aliases = contact_aliases(client), contact_aliases(wanted)
    new = [alias for alias in wanted_aliases if alias not in current_aliases]
    old = [alias for alias in current_aliases if alias not in wanted_aliases]
    return ClientChange(wanted, (*new, *lines), tuple(old))
