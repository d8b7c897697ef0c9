"""A network and its set-up: salons, staff, services, connections to booking sites, API keys."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct, field

from chalicelib.domain.networks.email_proof import EmailProof
from chalicelib.domain.networks.offers import Offer
from chalicelib.domain.networks.partly_readable import PartlyReadable
from chalicelib.domain.networks.rules import MessageRules, Rules
from chalicelib.domain.networks.sources import HeardSource, Source
from chalicelib.domain.shared.touches import TouchKind


class Network(Struct, frozen=True, kw_only=True):
    """A tenant.

    country     ISO 3166 alpha-2, the default for phone numbers after the salon's.
    language    ru, ro or en, for clients whose own language nobody knows, in salons without one of their own.
    timezone    IANA name of the zone at whose midnights points expire; None: the zone of its first salon.
    identities  by channel, the sender of its messages where it is not the deployment's: a phone number or
                pool, a WhatsApp phone number's id, an e-mail address. Each was proven by the owner or given
                by the operator; an earlier version took an owner's word for it.
    trial       nothing is sent and no points are given; the log shows what would be sent. False: the network
                is live, as every network was before there were trials.
    live_since, live_by
                when a network in trial went live, and by whose key.
    reviewed    the parts of the set-up that an owner has said to have looked at (`readiness.REVIEWABLE`).
    email_proof of the address that the owner asked for last.
    lists_categories  each client with visits is in the list of their category, since a walk has been over all
                clients, or since the network began.
    """

    network_id: str
    name: str
    country: str
    language: str
    created_at: datetime
    rules: Rules = field(default_factory=Rules)
    rules_version: int = 1
    timezone: str | None = None
    identities: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    trial: bool = False
    live_since: datetime | None = None
    live_by: str | None = None
    reviewed: tuple[str, ...] = ()
    email_proof: EmailProof | None = None
    lists_categories: bool = False
    version: int = 0


class Template(Struct, frozen=True, kw_only=True):
    """A network's own words for messages of a kind, a channel and a language. text: with {placeholders}."""

    network_id: str
    kind: TouchKind
    channel: str
    language: str
    text: str
    subject: str | None = None
    changed_at: datetime
    actor: str
    version: int = 0


class Price(Struct, frozen=True, kw_only=True):
    """What a carrier last charged for a part of a message to a country, in millionths of a US dollar; learned
    from receipts. country_code: its calling code, such as +373."""

    network_id: str
    channel: str
    country_code: str
    micros: int
    at: datetime
    version: int = 0


class ReviewLink(Struct, frozen=True):
    site: str
    url: str


class Salon(Struct, frozen=True, kw_only=True):
    """A branch.

    timezone             IANA name; currency: ISO 4217, which the salon keeps.
    booking_url          where clients book by themselves.
    latitude, longitude  in millionths of a degree, both or neither.
    archived             closed; its bookings stay.
    language             ru, ro or en, for clients whose own language nobody knows; None: the network's.
    country              ISO 3166 alpha-2, the first in which phones of its clients are looked for; None: that
                         of its time zone (`phone_numbers.country_of_salon`).
    """

    network_id: str
    id: str
    name: str
    timezone: str
    currency: str
    address: str
    map_url: str | None = None
    phone: str | None = None
    review_links: tuple[ReviewLink, ...] = ()
    booking_url: str | None = None
    latitude: int | None = None
    longitude: int | None = None
    archived: bool = False
    language: str | None = None
    country: str | None = None
    version: int = 0


class Staff(Struct, frozen=True, kw_only=True):
    """One specialist.

    external_ids      the sites' own ids of the same person, as `connection:id`.
    name_known        False: a site has told only its id, which stands in `name` until a name is told. None:
                      an earlier version or a person of the network wrote it (`site_names.is_named`).
    named_by          the key that renamed it last, as an actor: no site renames it after that.
    named_at          when the site told the name (UTC): an older word of the site does not rename it.
    called            by external id, what the site calls it, where that differs from `name`.
    made_by, made_at  the connection that named the person first, and when; None: a person of the network did.
    archived          not offered and not listed any more; bookings keep the name.
    """

    network_id: str
    id: str
    name: str
    salon_ids: tuple[str, ...] = ()
    tip_url: str | None = None
    external_ids: tuple[str, ...] = ()
    name_known: bool | None = None
    named_by: str | None = None
    named_at: datetime | None = None
    called: Mapping[str, str] = field(default_factory=dict)
    unreviewed: bool = False
    made_by: str | None = None
    made_at: datetime | None = None
    archived: bool = False
    version: int = 0


class Service(Struct, frozen=True, kw_only=True):
    """Something that is done for a client. price_minor in the salon's currency; None where it differs or is
    unknown. external_ids to made_at, and archived: as of a specialist."""

    network_id: str
    id: str
    name: str
    category: str | None = None
    minutes: int = 60
    price_minor: int | None = None
    currency: str | None = None
    repeat_after_days: int | None = None
    external_ids: tuple[str, ...] = ()
    name_known: bool | None = None
    named_by: str | None = None
    named_at: datetime | None = None
    called: Mapping[str, str] = field(default_factory=dict)
    unreviewed: bool = False
    made_by: str | None = None
    made_at: datetime | None = None
    archived: bool = False
    version: int = 0


UNSIGNED_SITES = frozenset({"yclients", "altegio"})
"""Sites whose webhooks prove nothing: whoever knows the address can send them. Their connections have a
secret, but such a site does not use it."""


class Connection(Struct, frozen=True, kw_only=True):
    """A network's link with one booking site. `token` is the last part of the webhook's address and a
    secret.

    api_token   what the owner was given by the site for its API. A secret; None: the site is not asked.
    deleted_at  since when the address is refused. What came through the connection is known by its id, which
                another connection may take over.
    twins       ids of connections, also deleted ones, that may bring the same bookings as this one: of whom
                each booking is looked up before it is applied.
    """

    network_id: str
    id: str
    site: str
    token: str
    created_at: datetime
    salon_id: str | None = None
    secret: str | None = None
    settings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    deleted_at: datetime | None = None
    twins: tuple[str, ...] = ()
    api_token: str | None = None
    version: int = 0

    @property
    def source(self) -> str:
        """Where its clients count as coming from, unless the site says it."""
        return self.settings.get("source", self.site)

    @property
    def is_signed(self) -> bool:
        """Whether the site proves with each webhook that it is the sender."""
        return self.site not in UNSIGNED_SITES


class Role(StrEnum):
    OWNER = "owner"
    MANAGER = "manager"
    RECEPTION = "reception"
    SPECIALIST = "specialist"
    PARTNER = "partner"


class Key(Struct, frozen=True, kw_only=True):
    """An API key. Only its hash is kept; `id` names it in lists. salon_ids empty: all salons."""

    network_id: str
    id: str
    hash: str
    role: Role
    name: str
    created_at: datetime
    salon_ids: tuple[str, ...] = ()
    staff_id: str | None = None
    source: str | None = None
    revoked_at: datetime | None = None
    version: int = 0


class Directory(Struct, frozen=True):
    """All that a network has set up, as one value: read with one query and kept for a minute.

    templates by kind, channel and language; prices by channel and calling code; offers: of promotions, by
    their ids. heard: words for sources that were heard of new clients.
    """

    network: Network
    salons: Mapping[str, Salon]
    staff: Mapping[str, Staff]
    services: Mapping[str, Service]
    connections: Mapping[str, Connection] = field(default_factory=dict)
    templates: Mapping[tuple[str, str, str], Template] = field(default_factory=dict)
    prices: Mapping[tuple[str, str], Price] = field(default_factory=dict)
    offers: Mapping[str, Offer] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)
    heard: Mapping[str, HeardSource] = field(default_factory=dict)

    @property
    def rules(self) -> Rules:
        return self.network.rules

    @property
    def zone(self) -> str:
        """The network's own time zone, at whose midnights points expire. Without one, the zone of the salon
        whose id comes first; a salon that is added never changes it. UTC where there is no salon.

        Where that salon cannot be read, the zone of the other salons, if all of them have one. Otherwise
        raises Unreadable.
        """
        if self.network.timezone is not None:
            return self.network.timezone
        unreadable = self.salons.unreadable if isinstance(self.salons, PartlyReadable) else {}
        first = min([*self.salons, *unreadable], default=None)
        if first in unreadable:
            zones = {salon.timezone for salon in self.salons.values()}
            if len(zones) != 1:
                raise unreadable[first].again()
            return zones.pop()
        return self.salons[first].timezone if first is not None else "UTC"

    def messages_for(self, salon_id: str, service_ids: Sequence[str] = ()) -> MessageRules:
        """The message rules that hold in a salon, for a booking of these services."""
        return self.network.rules.messages_for(salon_id, service_ids)

    def template(self, kind: TouchKind, channel: str, language: str) -> Template | None:
        return self.templates.get((kind, channel, language))
