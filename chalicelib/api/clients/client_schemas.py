"""Clients as they are answered."""

from datetime import date, datetime
from functools import partial

from msgspec.structs import asdict, replace

from chalicelib.api.clients.statement_schemas import (
    CallAnswer,
    SourceCorrectionAnswer,
    StatedReasonAnswer,
    call_answer,
    corrections,
    present_reason,
    stated_reasons,
)
from chalicelib.api.http.endpoint import Ask
from chalicelib.api.http.schemas import Answered, Money
from chalicelib.domain.bookings.booking_access import reaches_booking
from chalicelib.domain.clients.addresses import address_of, dead_address, is_known
from chalicelib.domain.clients.client_plan import salon_of
from chalicelib.domain.clients.clients import (
    CHANNELS,
    Client,
    Consent,
    own_name,
)
from chalicelib.domain.clients.partner_named import as_partner_named
from chalicelib.domain.clients.rhythm import rhythm_of, service_rhythms
from chalicelib.domain.loyalty.ledger import settled
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Directory, Role
from chalicelib.domain.networks.sources import source_named
from chalicelib.domain.shared.masks import masked_email, masked_phone
from chalicelib.services.clients.next_booking import next_booking
from chalicelib.services.clients.shown_category import shown_category, shown_since
from chalicelib.texts.languages import catalogue


class ConsentAnswer(Answered):
    """merged_from: the client of whom it was said, who is merged into this one; null: of this one."""

    channel: str
    purpose: str
    granted: bool
    at: datetime
    how: str
    actor: str
    merged_from: str | None = None


class NextBooking(Answered):
    id: str
    starts_at: datetime
    salon_id: str
    status: str


class BonusSummary(Answered):
    balance: int
    available: int
    pending: int


class Upcoming(Answered):
    """When the client next wakes, and why."""

    at: datetime
    why: str


class ClientSummary(Answered):
    """A client in a list. For specialists phone and e-mail are masked, in the name and the texts, too.

    name: where nobody told it, a word and the end of the id. upcoming: null for a key that does not reach the
    salon that writes to the client. contact_client_id: whose phone the client shares. source: in the words in
    which it was said; source_id: the listed source that they mean. category_since, at_risk_on, lost_on: local
    dates of the salon that writes to the client.
    """

    id: str
    name: str
    phone: str | None
    email: str | None
    birth_date: date | None
    language: str | None
    timezone: str | None
    source: str | None
    source_id: str | None
    referred_by: str | None
    note: str | None
    preferences: str | None
    created_at: datetime
    category: str
    category_since: date | None
    visits_count: int
    first_visit_on: date | None
    last_visit_on: date | None
    usual_gap_days: int | None
    expected_on: date | None
    at_risk_on: date | None
    lost_on: date | None
    spend: list[Money]
    consents: list[ConsentAnswer]
    upcoming: Upcoming | None
    contact_client_id: str | None
    version: int


class DeadEnd(Answered):
    """Why an address fails for good, and since when."""

    reason: str
    at: datetime


class Reach(Answered):
    """Whether a channel can reach the client at all. known: there is an address for it."""

    channel: str
    known: bool
    reachable: bool
    dead: DeadEnd | None


class ServiceRhythmAnswer(Answered):
    """How often the client has services of one category; of a service without a category: that service."""

    category: str | None
    service_id: str | None
    last_on: date
    usual_gap_days: int | None
    expected_on: date | None


class ClientAnswer(ClientSummary):
    """merged_into: the client whom this one turned out to be. next_booking: of those that the key reaches.
    leaving_reason: what the client stated last; leaving_reasons, source_corrections: the latest first.
    rhythms: by category of services, the latest first."""

    rhythms: list[ServiceRhythmAnswer]
    merged_into: str | None
    next_booking: NextBooking | None
    reachable: list[Reach]
    bonus: BonusSummary
    source_corrections: list[SourceCorrectionAnswer]
    leaving_reason: StatedReasonAnswer | None
    leaving_reasons: list[StatedReasonAnswer]
    last_call: CallAnswer | None


def summary(ask: Ask, client: Client) -> ClientSummary:
    """The next booking is asked for only where it decides the category."""
    directory = ask.world.directory(client.network_id)
    return _summary(ask, client, directory, category_for(ask, client))


def category_for(ask: Ask, client: Client) -> str:
    """The client's category as this key is shown it."""
    if ask.access.role is Role.PARTNER:
        return "potential"
    return shown_category(client, ask.world.directory(client.network_id), ask.world)


def full(ask: Ask, client: Client) -> ClientAnswer:
    world = ask.world
    if ask.access.role is Role.PARTNER:
        return _told_by_partner(ask, client)
    now, directory = world.now(), world.directory(client.network_id)
    ahead = next_booking(client, world.store, now)
    shown = ahead
    if ahead is not None and not reaches_booking(ask.access, ahead):
        shown = next_booking(client, world.store, now, only=partial(reaches_booking, ask.access))
    account, _ = settled(world.store.account(client.network_id, client.id), now)
    kind = shown_category(client, directory, world, ahead is not None)
    return ClientAnswer(
        **asdict(_summary(ask, client, directory, kind)),
        rhythms=[ServiceRhythmAnswer(**asdict(each)) for each in service_rhythms(client, directory.services)],
        next_booking=shown
        and NextBooking(
            id=shown.id, starts_at=shown.starts_at, salon_id=shown.salon_id, status=shown.status.value
        ),
        reachable=[_reach(client, channel) for channel in CHANNELS],
        merged_into=client.merged.into if client.merged else None,
        bonus=BonusSummary(
            balance=account.balance, available=account.available(now), pending=account.pending(now)
        ),
        source_corrections=corrections(client),
        leaving_reason=present_reason(ask.access, client, directory.network.language),
        leaving_reasons=stated_reasons(ask.access, client, directory.network.language),
        last_call=call_answer(client.last_call),
    )


def _told_by_partner(ask: Ask, client: Client) -> ClientAnswer:
    """What the partner told of the client, without note and preferences. What the network learned since is
    not in it: it would tell a client whom the network knew before from a new one."""
    summarized = _summary(ask, client, ask.world.directory(client.network_id), "potential")
    return ClientAnswer(
        **asdict(summarized),
        rhythms=[],
        next_booking=None,
        reachable=[],
        merged_into=None,
        bonus=BonusSummary(balance=0, available=0, pending=0),
        source_corrections=[],
        leaving_reason=None,
        leaving_reasons=[],
        last_call=None,
    )


def shown_name(client: Client, directory: Directory) -> str:
    """The client's name. Where nobody told it, a word in the network's language and the end of the client's
    id, such as `Client 7KQ2`."""
    word = catalogue(directory.network.language).gettext("Client")
    return own_name(client) or f"{word} {client.id[-4:].upper()}"


def _shown_upcoming(access: Access, client: Client, directory: Directory) -> Upcoming | None:
    """When the client next wakes. It is none of a key that does not reach the salon that writes to them."""
    salon = salon_of(client, directory)
    if client.wake is None or (salon is not None and not access.reaches_salon(salon.id)):
        return None
    return Upcoming(at=client.wake.at, why=client.wake.why)


def _summary(ask: Ask, client: Client, directory: Directory, kind: str) -> ClientSummary:
    access, rhythm = ask.access, rhythm_of(client, directory.rules.categories)
    if access.role is Role.PARTNER:
        client = as_partner_named(client)
    source = source_named(directory.sources, client.source)
    answer = ClientSummary(
        id=client.id,
        name=access.as_shown(shown_name(client, directory)),
        phone=client.phone if access.sees_contacts else masked_phone(client.phone),
        email=client.email if access.sees_contacts else masked_email(client.email),
        birth_date=client.birth_date,
        language=client.language,
        timezone=client.timezone,
        source=client.source,
        source_id=source.id if source is not None else None,
        referred_by=client.referred_by,
        note=access.as_shown(client.note) if client.note else client.note,
        preferences=access.as_shown(client.preferences) if client.preferences else client.preferences,
        created_at=client.created_at,
        category=kind,
        category_since=shown_since(client, directory, ask.world, kind),
        visits_count=client.visits_count,
        first_visit_on=client.first_visit_on,
        last_visit_on=client.last_visit_on,
        usual_gap_days=rhythm.usual_gap_days,
        expected_on=rhythm.expected_on,
        at_risk_on=rhythm.at_risk_on,
        lost_on=rhythm.lost_on,
        spend=[Money(amount_minor=n, currency=code) for code, n in sorted(client.spent_minor.items())],
        consents=[consent_answer(consent) for consent in client.consents],
        upcoming=_shown_upcoming(access, client, directory),
        contact_client_id=client.contact_id,
        version=client.version,
    )
    return _for_partner(answer) if access.role is Role.PARTNER else answer


def _for_partner(answer: ClientSummary) -> ClientSummary:
    """Without what the network learned of the client since."""
    return replace(
        answer,
        source_id=None,
        referred_by=None,
        visits_count=0,
        first_visit_on=None,
        last_visit_on=None,
        category_since=None,
        usual_gap_days=None,
        expected_on=None,
        at_risk_on=None,
        lost_on=None,
        spend=[],
        consents=[],
        upcoming=None,
        contact_client_id=None,
        version=1,
    )


def _reach(client: Client, channel: str) -> Reach:
    dead = dead_address(client, channel)
    return Reach(
        channel=channel,
        known=is_known(client, channel),
        reachable=address_of(client, channel) is not None,
        dead=DeadEnd(reason=dead.reason, at=dead.at) if dead else None,
    )


def consent_answer(consent: Consent) -> ConsentAnswer:
    return ConsentAnswer(
        channel=consent.channel,
        purpose=consent.purpose.value,
        granted=consent.granted,
        at=consent.at,
        how=consent.how,
        actor=consent.actor,
        merged_from=consent.merged_from,
    )
