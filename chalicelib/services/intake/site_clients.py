"""Which client a booking site means. A site's own id is identity: only what has no id of that site is found
by phone or e-mail, else a client is drafted. Two people who share a phone stay two (docs/webhooks.md)."""

import contextlib
from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients import client_plan
from chalicelib.domain.clients.clients import Client, ConsentChange, own_name
from chalicelib.domain.clients.consents import with_consents
from chalicelib.domain.clients.contact_person import MAX_SHARING
from chalicelib.domain.clients.first_source import with_first_source
from chalicelib.domain.clients.person_names import is_clearly_another, is_other_name
from chalicelib.domain.intake.site_events import SiteClient
from chalicelib.domain.intake.site_people import (
    has_another_id,
    refusals,
    site_ids,
    with_card_guard,
    with_card_word,
)
from chalicelib.domain.intake.trust import MAX_OWNERS, made_id, may_change
from chalicelib.domain.messages.phone_numbers import phone_countries
from chalicelib.domain.networks.network import Connection
from chalicelib.domain.shared.aliases import EMAIL, PHONE, Alias, site_client
from chalicelib.domain.shared.languages import LANGUAGES
from chalicelib.services.clients.contact_person import sharing
from chalicelib.services.clients.register_client import contact_aliases
from chalicelib.services.clients.surviving_client import surviving_client
from chalicelib.services.intake.ask_person import phone_question
from chalicelib.services.networks.hear_source import hear_source
from chalicelib.services.shared.contact_details import (
    MAX_NAME,
    email_or_none,
    phone_or_none,
    unreadable_phone,
)
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.storable import Storable
from chalicelib.services.shared.world import World


class NormalisedClient(SiteClient, frozen=True):
    """A site's client with name, phone, e-mail and language in the form in which they are kept.
    phone_text: what the site has as phone, where that is none. source: where the site says that they came
    from, as a new client."""

    phone_text: str | None = None
    source: str | None = None


class ClientMatch(Struct, frozen=True):
    """The client, and what must be saved together with the booking that refers to them. is_new: nothing of
    them is saved yet."""

    client: Client
    to_save: tuple[Storable, ...] = ()
    is_new: bool = False


class KnownPerson(Struct, frozen=True):
    """As whom a site's client is known here.

    client     None: as nobody.
    by         the kind of alias that led to the client; "" where none did.
    record     the client whom the alias names; another one than `client` where it was merged into that.
    taken      the kinds (PHONE, EMAIL) of which the site's client shares what another client has.
    contact    that other client.
    link       the id to which the site's own id leads. The client of that id may be missing, where a link
               was saved and its client was not; or be somebody else, by whom an earlier version took two
               people for one.
    """

    client: Client | None = None
    by: str = ""
    record: Client | None = None
    taken: frozenset[str] = frozenset()
    contact: Client | None = None
    link: str | None = None


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
    countries = site_countries(world, connection, salon_id)
    phone = phone_or_none(reported.phone, *countries)
    return NormalisedClient(
        external_id=reported.external_id,
        name=name,
        phone=phone,
        email=email_or_none(reported.email),
        language=language,
        birth_date=reported.birth_date,
        opted_out=reported.opted_out,
        cleared=reported.cleared,
        phone_text=None if phone else unreadable_phone(reported.phone, *countries),
    )


# --- who it is


def find_known(world: World, connection: Connection, reported: NormalisedClient) -> KnownPerson:
    """The client that a site's client already is: by the site's id, else by phone, else by e-mail."""
    contact, taken = None, set()
    kind = site_client(connection.id)
    link, record, client = led_to(world, connection, kind, reported.external_id)
    if record is not None and client is not None:
        if record is not client or not _is_mixed_up(connection, client, reported):
            return KnownPerson(client, kind, record, link=link)
        contact = client
    for kind, value in ((PHONE, reported.phone), (EMAIL, reported.email)):
        _, record, client = led_to(world, connection, kind, value)
        if client is None:
            continue
        taken.add(kind)
        if kind == EMAIL and _has_another_phone(client, reported):
            continue
        if not _is_somebody_else(connection, client, reported):
            return KnownPerson(client, kind, record, link=link)
        contact = contact or client
    return KnownPerson(taken=frozenset(taken), contact=contact, link=link)


def led_to(
    world: World, connection: Connection, kind: str, value: str | None
) -> tuple[str | None, Client | None, Client | None]:
    """The id to which an alias leads (None: there is no alias), the client of that id, and the surviving
    client after merges. An alias may lead to a client who is not there."""
    client_id = world.store.alias(connection.network_id, kind, value) if value else None
    if client_id is None:
        return None, None, None
    record = world.store.get(Client, network_id=connection.network_id, id=client_id)
    return client_id, record, surviving_client(world, record)


def _is_somebody_else(connection: Connection, client: Client, reported: NormalisedClient) -> bool:
    """Whether a site's client with an id is another person than the client who has the phone or e-mail: the
    site knows that client by another id, or the name is clearly another. Without an id there is nothing to
    tell two people apart by later: the booking keeps the name."""
    if reported.external_id is None:
        return False
    if has_another_id(client, connection.id, reported.external_id):
        return True
    return is_clearly_another(own_name(client), reported.name)


def _is_mixed_up(connection: Connection, client: Client, reported: NormalisedClient) -> bool:
    """Whether an earlier version linked the site's id to a client who is somebody else on that site."""
    return _is_secondary(connection, client, reported) and is_clearly_another(own_name(client), reported.name)


def _is_secondary(connection: Connection, client: Client, reported: NormalisedClient) -> bool:
    """Whether the site's id leads to a client whom the site knows by other ids, as after a merge."""
    ids = site_ids(client, connection.id)
    return bool(ids) and reported.external_id is not None and reported.external_id not in ids


def _has_another_phone(client: Client, reported: NormalisedClient) -> bool:
    """Whether the two have different phones. Families share an e-mail. A person with the same e-mail and
    another phone is another client, whose messages must not go to the first client's phone."""
    return bool(client.phone and reported.phone and client.phone != reported.phone)


def is_own_card(connection: Connection, known: KnownPerson, reported: NormalisedClient) -> bool:
    """Whether the site's card speaks of the client themself. The card of a client who was merged into one
    that the site knows by another id does not: it fills in what is missing."""
    return known.client is not None and not _is_secondary(connection, known.client, reported)


# --- a client for it


def find_or_draft(world: World, connection: Connection, reported: NormalisedClient) -> ClientMatch:
    """The client whom a site names. A new client's id follows from the site's id, so that a repetition makes
    no second client. The site's id is linked first; a link without its client is moved to whoever it is."""
    known = find_known(world, connection, reported)
    if known.client is None:
        return new_client(world, connection, reported, known)
    return known_client(world, connection, reported, known)


def known_client(
    world: World,
    connection: Connection,
    reported: NormalisedClient,
    known: KnownPerson,
    *,
    is_older: bool = False,
) -> ClientMatch:
    """The known client, who from now on has the site's id; with what the site may fill in. is_older: the site
    has told of the client since."""
    before, site_id = known.client, reported.external_id
    assert before is not None
    client, beside = before, list[Storable](new_link(connection, site_id, known, before))
    if site_id is not None and _becomes_own_id(connection, known, reported):
        client = with_card_guard(client, connection.id, site_id)
    if may_change(connection, client, site_id):
        filled = with_blanks_filled(world, client, reported)
        if filled is not None:
            client, beside = filled.client, [*beside, *filled.to_save[1:]]
            if site_id is not None:
                names = [each for each in (PHONE, EMAIL) if getattr(client, each) != getattr(before, each)]
                client = with_card_word(client, connection.id, reported, names)
    client, lines = with_refusals(world, connection, client, reported, is_older=is_older)
    beside += lines
    beside += phone_question(world, connection, client, reported.phone_text)
    return ClientMatch(client, tuple(beside) if client is before else (client, *beside))


def _becomes_own_id(connection: Connection, known: KnownPerson, reported: NormalisedClient) -> bool:
    """Whether the client is to be noted as that client of the site: by a new link, or by a link that an
    earlier version made. One who was merged, here or on the site, is not."""
    assert known.client is not None
    if reported.external_id in site_ids(known.client, connection.id):
        return False
    is_linked_now = known.by != site_client(connection.id)
    return is_linked_now or (known.record is known.client and is_own_card(connection, known, reported))


def new_client(
    world: World,
    connection: Connection,
    reported: NormalisedClient,
    known: KnownPerson,
    guard: str = "",
) -> ClientMatch:
    """A client who is drafted and not yet saved, or, of a site's id, was saved before. guard: of the card
    that tells of them."""
    site_id = reported.external_id
    draft = _drafted(world, connection, reported, known)
    if site_id is not None:
        stored = world.store.get(Client, network_id=connection.network_id, id=draft.id)
        client = surviving_client(world, stored)
        _link(world, new_link(connection, site_id, known, draft))
        if client is not None:
            refusing, lines = with_refusals(world, connection, client, reported)
            return ClientMatch(client) if refusing is client else ClientMatch(refusing, (refusing, *lines))
        draft = with_card_guard(draft, connection.id, site_id, guard)
        if reported.name is not None:  # more than a phone beside an id
            draft = with_card_word(draft, connection.id, reported)
    draft, contacts = with_contact(world, draft, known.contact)
    draft, lines = with_refusals(world, connection, draft, reported)
    question = phone_question(world, connection, draft, reported.phone_text or reported.phone)
    values = (draft, *contact_aliases(draft), *contacts, *lines, *question)
    return ClientMatch(draft, values, is_new=True)


def _drafted(world: World, connection: Connection, reported: NormalisedClient, known: KnownPerson) -> Client:
    client = Client(
        network_id=connection.network_id,
        id=_new_id(world, connection, reported),
        name=reported.name or "",
        created_at=world.now(),
        phone=None if PHONE in known.taken else reported.phone,
        email=None if EMAIL in known.taken else reported.email,
        birth_date=reported.birth_date,
        language=reported.language,
        source=connection.source,
    )
    if reported.source is not None:
        hear_source(world, client.network_id, reported.source)
    client = with_first_source(client, reported.source)
    return client_plan.with_wake(client, world.directory(connection.network_id), client.created_at)


def _new_id(world: World, connection: Connection, reported: NormalisedClient) -> str:
    """The id that follows from what the site names the client by. Whoever was made of a phone before and has
    another phone now is another person: the next one gets the next id."""
    if reported.external_id is not None:
        return made_id(connection, reported.external_id)
    named_by = reported.phone or reported.email
    for number in range(MAX_OWNERS if named_by else 0):
        client_id = made_id(connection, str(named_by), number)
        if world.store.get(Client, network_id=connection.network_id, id=client_id) is None:
            return client_id
    return world.new_id("cli")


def site_alias(connection: Connection, site_id: str, client_id: str, *, moved: bool = False) -> Alias:
    """Lets the site's id lead to the client. moved: it led to another id."""
    kind = site_client(connection.id)
    return Alias(network_id=connection.network_id, kind=kind, value=site_id, leads_to=client_id, moved=moved)


def new_link(
    connection: Connection, site_id: str | None, known: KnownPerson, client: Client
) -> tuple[Alias, ...]:
    """What lets the site's id lead to the client from now on: nothing, where it does."""
    if site_id is None or known.by == site_client(connection.id) or known.link == client.id:
        return ()
    return (site_alias(connection, site_id, client.id, moved=known.link is not None),)


def _link(world: World, links: Sequence[Alias]) -> None:
    """Another worker may have linked the site's id to the same client a moment ago."""
    for alias in links:
        with contextlib.suppress(SaveConflict):
            world.store.save(alias)


def with_contact(world: World, client: Client, contact: Client | None) -> tuple[Client, tuple[Client, ...]]:
    """A client without a phone of their own, reached through the client whose phone they share; and that
    client, to be saved with them. Too many under one phone are not reached."""
    if client.phone or contact is None:
        return client, ()
    if client.id in contact.contact_of:
        return replace(client, contact_id=contact.id), ()
    others: Iterable[str] = contact.contact_of
    if len(contact.contact_of) >= MAX_SHARING:
        others = [each.id for each in sharing(world, contact)]
    sharing_ids = (*others, client.id)
    if len(sharing_ids) > MAX_SHARING:
        return client, ()
    return replace(client, contact_id=contact.id), (replace(contact, contact_of=sharing_ids),)


def with_person(booking: Booking, client: Client | None, reported: SiteClient | None) -> Booking:
    """The booking with the name of whoever comes, where that is not its client's: nobody is renamed by it,
    and it is not lost."""
    if reported is None or reported.name is None:
        return booking
    known = own_name(client) if client is not None else ""
    name = " ".join(reported.name.split())[:MAX_NAME].rstrip()
    return replace(booking, booked_for=name if known and is_other_name(name, known) else None)


def with_refusals(
    world: World,
    connection: Connection,
    client: Client,
    reported: NormalisedClient,
    first: int = 0,
    *,
    is_older: bool = False,
) -> tuple[Client, list[ConsentChange]]:
    """The client after what the site tells of messages that they do not want, and lines of history. first:
    how many lines are saved besides. is_older: the site has told of the client since."""
    actor, refused = f"connection:{connection.id}", reported.opted_out
    client, consents = refusals(client, connection.id, refused, world.now(), actor, is_older=is_older)
    return with_consents(client, consents, first)


def with_blanks_filled(world: World, client: Client, reported: NormalisedClient) -> ClientMatch | None:
    """The client with the phone and e-mail that the site reports. A phone or e-mail is filled in only where
    the client has none and no other client has it, and not for somebody with clearly another name. None when
    nothing is to be filled in."""
    if is_clearly_another(own_name(client), reported.name):
        return None
    pairs = ((PHONE, client.phone, reported.phone), (EMAIL, client.email, reported.email))
    new = [
        Alias(network_id=client.network_id, kind=kind, value=value, leads_to=client.id)
        for kind, current, value in pairs
        if value and not current and world.store.alias(client.network_id, kind, value) is None
    ]
    if not new:
        return None
    filled = replace(client, **{alias.kind: alias.value for alias in new})
    if filled.phone:
        filled = replace(filled, contact_id=None)
    return ClientMatch(filled, (filled, *new))
