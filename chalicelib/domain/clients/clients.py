"""Clients: who they are, what they allow, and the few facts about their visits that the rules need at
once."""

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType

from msgspec import Struct, field
from msgspec.structs import replace

from chalicelib.domain.clients.calls import PhoneCall
from chalicelib.domain.clients.category_changes import CategoryChange
from chalicelib.domain.clients.leaving import Stated
from chalicelib.domain.clients.source_record import SourceRecord
from chalicelib.domain.shared.ids import derived
from chalicelib.domain.shared.touches import Purpose, Touch, TouchKind
from chalicelib.domain.shared.waking import Trouble, Wake

CHANNELS = ("sms", "whatsapp", "email", "push")
DEVICES_KEPT = 5


class Consent(Struct, frozen=True):
    """Whether messages of one purpose may go through one channel; who said so, when and how. merged_from: the
    source of a merge, of whom it was said."""

    channel: str
    purpose: Purpose
    granted: bool
    at: datetime
    actor: str
    how: str
    merged_from: str | None = None


class ConsentChange(Struct, frozen=True, kw_only=True):
    """One line of the history of what a client allowed. id: time-ordered. void: from then on there was no
    consent and no refusal."""

    network_id: str
    client_id: str
    id: str
    consent: Consent
    void: bool = False


class Device(Struct, frozen=True):
    """A phone or browser that takes push messages. endpoint: its address at the push service (an ARN)."""

    endpoint: str
    platform: str
    at: datetime

    @property
    def id(self) -> str:
        """The device's id in web addresses, which cannot hold its endpoint."""
        return derived("dev", self.endpoint)


class DeadAddress(Struct, frozen=True):
    """An address of the client at which a channel fails for good (no such number, hard bounce, complaint)."""

    channel: str
    address: str
    reason: str
    at: datetime


class VisitDay(Struct, frozen=True):
    """One visit: all completed bookings of a client in one salon on one local date."""

    on: date
    salon_id: str


class Due(Struct, frozen=True):
    """A service that the client will want again: due at that instant, because of that booking."""

    service_id: str
    at: datetime
    booking_id: str


class ReversedWhileMerged(Struct, frozen=True):
    """A visit of a merged source that was reversed or refunded since the merge. Unmerging takes it from the
    source, too.

    on           the visit's local day.
    spent_minor  by how much the source's spending and turnover shrink.
    visit        the visit that the source loses; None: after the refund it remains a visit.
    own          the same among the source's own visits, where other clients are merged into the source.
    visits       by how many visits the source's turnover shrinks.
    service_ids  the services that the source has not had on that day after all.
    """

    booking_id: str
    on: date
    currency: str
    spent_minor: int
    visit: VisitDay | None = None
    own: VisitDay | None = None
    visits: int = 0
    service_ids: tuple[str, ...] = ()


class Visits(Struct, frozen=True, kw_only=True):
    """Visits of one client: the latest worth keeping, their number in all, and the day of the first.
    service_days: as of `Client`."""

    recent: tuple[VisitDay, ...] = ()
    count: int = 0
    first_on: date | None = None
    service_days: Mapping[str, tuple[date, ...]] = field(default_factory=lambda: MappingProxyType({}))


TAKEN_OVER = ("phone", "email", "birth_date", "language", "timezone")
"""What a target takes over from the source where the target has none."""


class BeforeMerge(Struct, frozen=True, kw_only=True):
    """What a target had before a merge, as far as the merge changes it; see `merging/merged_facts.py`."""

    name: str = ""
    note: str | None = None
    preferences: str | None = None
    birth_date_told_at: datetime | None = None
    written_at: datetime | None = None
    contact_id: str | None = None
    contact_of: tuple[str, ...] = ()
    devices: tuple[Device, ...] = ()
    due: tuple[Due, ...] = ()
    touches: Mapping[TouchKind, Touch] = field(default_factory=lambda: MappingProxyType({}))
    leaving: Stated = ()
    last_call: PhoneCall | None = None


class Merge(Struct, frozen=True, kw_only=True):
    """The mark on a source that it is merged into a target, and what unmerging needs.

    into         the target.
    out_id       the entry by which points left the source; empty for a partner's record, which never had any.
                 in_id: the entry by which they came to the target.
    booking_ids  the source's upcoming bookings, which became the target's.
    filled       the fields of TAKEN_OVER that the target did not have and took over from the source.
    uncounted    the source's visits that were reversed or refunded since the merge.
    gifted_year  the target's before the merge. before: the rest; None for a merge by an earlier version.
    """

    into: str
    at: datetime
    actor: str
    out_id: str
    in_id: str
    booking_ids: tuple[str, ...] = ()
    filled: tuple[str, ...] = ()
    uncounted: tuple[ReversedWhileMerged, ...] = ()
    gifted_year: int = 0
    before: BeforeMerge | None = None


class FormerRecord(Struct, frozen=True):
    """A client who is merged into this one, be it over others; at: since when."""

    id: str
    at: datetime


class NamedByPartner(Struct, frozen=True, kw_only=True):
    """Who a client is, in the words of the partner that registered the client."""

    name: str
    phone: str | None = None
    email: str | None = None
    birth_date: date | None = None
    language: str | None = None
    timezone: str | None = None


class Client(Struct, frozen=True, kw_only=True):
    """A person who comes, or may come, to a salon of the network.

    name           empty where nobody told it; see `own_name`.
    recent_visits  the latest RECENT_VISITS_KEPT visits, newest first, then the last visit of each of the
                   MONTHS_KEPT months without one of those. The categories need no more.
    invitations    how many repeat invitations were decided on: the occurrence of the next one.
    birth_date_told_at  when the birth date became known; None: when the client was registered.
    gifted_year    the year of the last birthday for which the client got a gift; 0: none.
    written_at     when the client last wrote to us by WhatsApp.
    merged         the mark that this client is a source, merged into a target; None: not merged.
    merges         how often this client was merged into another.
    apart          the client's own visits, if other clients are merged into this one. Then recent_visits,
                   visits_count and first_visit_on include the visits of those sources.
    named          what a partner told of a client whom it registered; None: no partner did, or the client is
                   the partner's record of another client, which nobody changes.
    guards         the sites' clients who are this client, with the guard of the newest card of each that was
                   applied; see `intake/site_people.py`.
    contact_id     the client whose phone this client shares; see `contact_person.py`. contact_of: the clients
                   who share this client's phone.
    refused_at_sites  what connections last told of the client's refusals; see `intake/site_people.py`.
    site_words     digests of what sites' cards last said of the client; see `intake/site_people.py`.
    former         the sources that are merged into this client.
    service_days   the latest days on which the client had each service, by its id, the newest first.
    category       as it was last recorded, with the local date since when; None: no visit was ever counted by
                   a release that keeps it. See `kept_category.py`.
    booked_on      a local date on which an overdue client has a booking; None of any other client.
    consents_apart  the client's own consents in whose place those of a source hold.
    source         the source that counts; source_record: how that came about, None: by the registration.
    leaving        why the client said that they come no more, the latest first.
    """

    network_id: str
    id: str
    name: str
    created_at: datetime
    phone: str | None = None
    email: str | None = None
    birth_date: date | None = None
    language: str | None = None
    timezone: str | None = None
    source: str | None = None
    referred_by: str | None = None
    note: str | None = None
    preferences: str | None = None
    consents: tuple[Consent, ...] = ()
    visits_count: int = 0
    first_visit_on: date | None = None
    recent_visits: tuple[VisitDay, ...] = ()
    spent_minor: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    due: tuple[Due, ...] = ()
    invitations: int = 0
    birth_date_told_at: datetime | None = None
    gifted_year: int = 0
    devices: tuple[Device, ...] = ()
    dead_addresses: tuple[DeadAddress, ...] = ()
    written_at: datetime | None = None
    touches: Mapping[TouchKind, Touch] = field(default_factory=lambda: MappingProxyType({}))
    guards: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    merged: Merge | None = None
    merges: int = 0
    apart: Visits | None = None
    named: NamedByPartner | None = None
    contact_id: str | None = None
    contact_of: tuple[str, ...] = ()
    refused_at_sites: tuple[str, ...] = ()
    former: tuple[FormerRecord, ...] = ()
    consents_apart: tuple[Consent, ...] = ()
    site_words: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    source_record: SourceRecord | None = None
    leaving: Stated = ()
    last_call: PhoneCall | None = None
    service_days: Mapping[str, tuple[date, ...]] = field(default_factory=lambda: MappingProxyType({}))
    category: str | None = None
    category_since: date | None = None
    category_changes: tuple[CategoryChange, ...] = ()
    booked_on: date | None = None
    wake: Wake | None = None
    trouble: Trouble | None = None
    version: int = 0

    @property
    def last_visit_on(self) -> date | None:
        return self.recent_visits[0].on if self.recent_visits else None

    def consent(self, channel: str, purpose: Purpose) -> Consent | None:
        return next((c for c in self.consents if c.channel == channel and c.purpose == purpose), None)


def own_name(client: Client) -> str:
    """The client's name; empty where nobody told it. Earlier releases then saved the phone, the e-mail or a
    question mark as the name."""
    return "" if client.name in ("?", client.phone, client.email) else client.name


def with_birth_date_learned(before: Client, after: Client, at: datetime) -> Client:
    """The client with the instant at which a changed birthday became known. A correction of the year alone
    changes no birthday."""
    days = [(day.month, day.day) if day else None for day in (before.birth_date, after.birth_date)]
    return after if days[0] == days[1] else replace(after, birth_date_told_at=at)


def with_consent(client: Client, consent: Consent) -> Client:
    others = tuple(c for c in client.consents if (c.channel, c.purpose) != (consent.channel, consent.purpose))
    return replace(client, consents=(*others, consent))


def may_send(client: Client, channel: str, purpose: Purpose, marketing_needs_consent: bool) -> bool:
    """Whether a message may be sent. Service messages may unless they were refused. Marketing needs a grant,
    unless the network relies on its custom with clients."""
    consent = client.consent(channel, purpose)
    if consent is not None:
        return consent.granted
    return purpose is Purpose.SERVICE or not marketing_needs_consent
