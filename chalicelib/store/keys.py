"""Every key template of the table, in one place. docs/access-patterns.md explains each; a test keeps the two
in step.

Every partition key begins with the network, so that no query can cross tenants. Two keys do not: a link,
which is found by its secret token alone and names its network, and the wake index, which the sweep reads for
all networks at once.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from zlib import crc32

from msgspec import Struct

from chalicelib.domain.bookings.bookings import ATTENDANCES, UPCOMING, Booking, Status
from chalicelib.domain.bookings.visit_record import IndexedVisit
from chalicelib.domain.clearing.clearing import ClearingPart
from chalicelib.domain.clients.categories import POTENTIAL
from chalicelib.domain.clients.clients import Client, ConsentChange
from chalicelib.domain.facts.packed_bookings import packed_booking
from chalicelib.domain.facts.packed_changes import packed_changes
from chalicelib.domain.facts.packed_visits import packed
from chalicelib.domain.facts.touch_facts import listed_words
from chalicelib.domain.intake.inbox import KEPT, InboxItem
from chalicelib.domain.loyalty.account import Account, Entry
from chalicelib.domain.loyalty.coupons import Coupon
from chalicelib.domain.loyalty.passes import DevicePass, PassDevice
from chalicelib.domain.messages.messages import Message
from chalicelib.domain.networks.offers import Offer
from chalicelib.domain.networks.rules import RulesChange
from chalicelib.domain.networks.sources import HeardSource
from chalicelib.domain.reports.call_hints import packed_overdue, packed_points
from chalicelib.domain.shared.aliases import Alias
from chalicelib.domain.shared.ids import digest
from chalicelib.domain.shared.operations import Parked
from chalicelib.domain.shared.waking import Wake
from chalicelib.store.kinds import KINDS

TEMPLATES = {
    "NETWORK": ("NET#{network_id}", "NETWORK"),
    "SALON": ("NET#{network_id}", "SALON#{id}"),
    "STAFF": ("NET#{network_id}", "STAFF#{id}"),
    "SERVICE": ("NET#{network_id}", "SERVICE#{id}"),
    "HOOK": ("NET#{network_id}", "HOOK#{token}"),
    "TEMPLATE": ("NET#{network_id}", "TEMPLATE#{kind}#{channel}#{language}"),
    "PRICE": ("NET#{network_id}", "PRICE#{channel}#{country_code}"),
    "OFFER": ("NET#{network_id}", "OFFER#{id}"),
    "SOURCE": ("NET#{network_id}", "SOURCE#{id}"),
    "HEARD": ("NET#{network_id}", "HEARD#{id}"),
    "KEY": ("NET#{network_id}#KEYS", "KEY#{hash}"),
    "CLIENT": ("NET#{network_id}#CLI#{id}", "CLIENT"),
    "ACCOUNT": ("NET#{network_id}#CLI#{client_id}", "ACCOUNT"),
    "ENTRY": ("NET#{network_id}#CLI#{client_id}", "ENTRY#{id}"),
    "COUPON": ("NET#{network_id}#CLI#{client_id}", "COUPON#{id}"),
    "MSG": ("NET#{network_id}#CLI#{client_id}", "MSG#{id}"),
    "CONSENT": ("NET#{network_id}#CLI#{client_id}", "CONSENT#{id}"),
    "PASSDEVICE": ("NET#{network_id}#CLI#{client_id}", "PASSDEVICE#{device}"),
    "DEVICEPASS": ("NET#{network_id}#DEVICE#{device}", "DEVICEPASS#{client_id}"),
    "RECIPIENT": ("NET#{network_id}#CLI#{client_id}", "RECIPIENT#{campaign_id}"),
    "TAKEN": ("NET#{network_id}#CLI#{client_id}", "TAKEN#{promotion_id}"),
    "BOOKING": ("NET#{network_id}#BKG#{id}", "BOOKING"),
    "ALIAS": ("NET#{network_id}#ALIAS#{kind}#{value}", "ALIAS"),
    "GROUP": ("NET#{network_id}#GROUP#{connection_id}#{id}", "GROUP"),
    "POLL": ("NET#{network_id}#POLL#{id}", "POLL"),
    "INBOX": ("NET#{network_id}#INBOX", "INBOX#{id}"),
    "ANSWER": ("NET#{network_id}#ANSWER#{key_hash}", "ANSWER"),
    "PARKED": ("NET#{network_id}#PARKED", "PARKED#{item}"),
    "TALLY": ("NET#{network_id}#TALLIES", "TALLY#{name}"),
    "QUOTA": ("NET#{network_id}#QUOTA#{caller}", "QUOTA#{day}"),
    "RULES": ("NET#{network_id}#RULES", "RULES#{number}"),
    "CAMPAIGN": ("NET#{network_id}#CAMPAIGNS", "CAMPAIGN#{id}"),
    "PROMOTION": ("NET#{network_id}#PROMOTIONS", "PROMOTION#{id}"),
    "SHARE": ("NET#{network_id}#SHARE#{promotion_id}#{number}", "SHARE"),
    "SURPRISE": ("NET#{network_id}#SURPRISES", "SURPRISE#{month}"),
    "WALK": ("NET#{network_id}#WALKS", "WALK#{id}"),
    "SIMULATION": ("NET#{network_id}#SIMULATIONS", "SIMULATION#{id}"),
    "TASK": ("NET#{network_id}#TASKS", "TASK#{id}"),
    "CLEARING": ("NET#{network_id}#CLEARINGS", "CLEARING#{month}"),
    "PART": ("NET#{network_id}#PARTS#{walk_id}", "PART#{number}"),
    "TRIAL": ("NET#{network_id}#TRIAL", "TRIAL"),
    "SPENDING": ("NET#{network_id}#SPENDING", "SPENDING#{month}"),
    "NUMBER": ("NUMBER#{number}", "NUMBER"),
    "LINK": ("LINK#{id}", "LINK"),
    "METRIC": ("NET#{network_id}#METRICS", "METRIC#{id}"),
    "FACTPAGE": ("NET#{network_id}#FACTS", "FACTPAGE#{table}#{salon_id}#{month}"),
}
"""Kind of item -> (PK, SK)."""

INDEX_TEMPLATES = {
    "client_key": ("NET#{network_id}#CLI#{client_id}", "NET#{network_id}#SITE#{connection_id}#{waiting_for}"),
    "salon_key": ("NET#{network_id}#SALON#{salon_id}#BKG", "NET#{network_id}#SALON#{salon_id}#MSG"),
    "network_key": ("NET#{network_id}#CLIENTS", "NET#{network_id}#QUARANTINE"),
    "category_key": ("NET#{network_id}#CAT#{category}",),
    "wake_shard": ("WAKE#{shard}",),
}
"""Attribute that an index is hashed by -> the templates of its values."""

FACTS_OF_INDEXES = {
    "BOOKING": {"starts_at": "at", "status": "status"},
    "CLIENT": {"created_at": "at", "category_since": "category_at"},
    "MSG": {"recorded_at": "at"},
}
"""Kind of item -> fields of its value that are also attributes of its indexes, word for word; of a booking's
status the first word, which its facts follow."""

INTO = ">"
"""What stands between the instant of a merge and its target in the list of merged clients."""

MERGED = "merged"
"""The name that a list has in place of a category: clients who were merged into others."""

EXPIRING = "expiring"
"""The name of a list among those of categories: accounts with points that expire soon."""

UNVERSIONED = (Entry, Alias, ConsentChange, RulesChange)
"""Written once: a second write of the same key is refused, whatever it says."""

OWNER_OF_LINK = ("network_id", "client_id", "booking_id")
"""A link is overwritten by its owner only: a key at which these fields say something else is refused."""

OVERWRITTEN = (Parked, Offer, ClearingPart, PassDevice, DevicePass, HeardSource)
"""Written as often as one likes: the same key always says the same, or the last prevails. An offer says what
its promotion does, whose version guards it in the same transaction. A word for a source says the same to all
who hear it on one day."""


class Place(Struct, frozen=True):
    """Where a value lives: its key, and the index attributes that it carries now."""

    pk: str
    sk: str
    at: datetime | None = None
    client_key: str | None = None
    salon_key: str | None = None
    network_key: str | None = None
    category_key: str | None = None
    category_at: str | None = None
    changes: str | None = None
    to_call: str | None = None
    status: str | None = None
    expires_at: datetime | None = None
    wake: Wake | None = None

    def shard(self, shards: int) -> str:
        """All that is about one client wakes in one shard, and so one after another: what the client was sent
        for one booking is known when the next is decided on."""
        return shard_of(self.client_key or self.pk, shards)


def shard_of(key: str, shards: int) -> str:
    """The wake shard of a key: stable, evenly spread. Shards may be added; never take one away while items
    sleep."""
    return f"WAKE#{crc32(key.encode()) % shards:02d}"


def shard_names(shards: int) -> list[str]:
    return [f"WAKE#{number:02d}" for number in range(shards)]


def key(item_kind: str, /, **parts: str) -> tuple[str, str]:
    """The key of an item of that kind."""
    pk, sk = TEMPLATES[item_kind]
    return pk.format_map(parts), sk.format_map(parts)


def prefix(item_kind: str, /, **parts: str) -> tuple[str, str]:
    """The partition in which items of that kind lie, and how their sort keys begin."""
    pk, sk = TEMPLATES[item_kind]
    return pk.format_map(parts), sk.partition("{")[0]


def key_facts(pk: str, sk: str, **of_indexes: str | None) -> dict[str, str]:
    """Facts of a value that its key and index attributes hold, so that the body need not repeat them."""
    kind = sk.partition("#")[0]
    found: dict[str, str] = {}
    for template, text in zip(TEMPLATES[kind], (pk, sk), strict=True):
        found |= _parts(template, text)
    for name, of_index in of_indexes.items():
        for template in INDEX_TEMPLATES.get(name, ()) if of_index else ():
            found |= _parts(template, str(of_index))
    for field, name in FACTS_OF_INDEXES.get(kind, {}).items():
        if of_index := of_indexes.get(name):
            found[field] = of_index.partition(" ")[0]
    if str(of_indexes.get("category_key")).endswith(f"#CAT#{MERGED}"):
        for of_list in ("category", "category_since"):  # of the list, and not of the client
            found.pop(of_list, None)
    return found


def indexed_visit(of_indexes: Mapping[str, str | None]) -> IndexedVisit | None:
    """The visit of a booking, taken place or missed, as the index of its salon has it by these attributes."""
    salon = _parts(INDEX_TEMPLATES["salon_key"][0], str(of_indexes["salon_key"]))
    status, _, facts = str(of_indexes["status"]).partition(" ")
    if status not in ATTENDANCES or not salon or not of_indexes["at"]:
        return None
    return IndexedVisit(salon["salon_id"], datetime.fromisoformat(of_indexes["at"]), facts, status)


_HIDDEN = frozenset({"token", "hash", "value", "device"})
"""Parts of keys that are secrets or addresses, or too long to be handed out."""


def item_name(pk: str, sk: str) -> tuple[str, str]:
    """Kind and id of an item by its key, for people: `booking`, `bkg_...`. A part that is a secret or an
    address is named by its digest."""
    kind = sk.partition("#")[0]
    try:
        parts = [part for template, text in zip(TEMPLATES[kind][::-1], (sk, pk), strict=True)
                 for part in _parts(template, text).items()]  # fmt: skip
    except KeyError:
        return kind.lower() or "item", digest(pk, sk, length=12)
    named = [digest(text, length=12) if name in _HIDDEN else text for name, text in parts]
    shown = [text for text, (name, _) in zip(named, parts, strict=True) if name != "network_id"] or named
    return kind.lower(), ".".join(shown).replace(" ", "_") or digest(pk, sk, length=12)


def network_of_key(pk: str) -> str | None:
    """The network to which an item belongs by its partition key."""
    parts = pk.split("#")
    return parts[1] if parts[0] == "NET" and len(parts) > 1 and parts[1] else None


def _parts(template: str, text: str) -> dict[str, str]:
    match = _reader(template).fullmatch(text)
    return match.groupdict() if match else {}


@cache
def _reader(template: str) -> re.Pattern[str]:
    """Reads a template's parts out of a key again. What stands last may hold a `#` itself."""
    pattern = re.sub(r"\\{(\w+)\\}$", r"(?P<\1>.+)", re.escape(template))
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^#]+)", pattern), re.DOTALL)


def network_partition(network_id: str) -> str:
    return f"NET#{network_id}"


def clients_of(network_id: str) -> str:
    return f"NET#{network_id}#CLIENTS"


def clients_of_category(network_id: str, category: str) -> str:
    return f"NET#{network_id}#CAT#{category}"


def quarantine_of(network_id: str) -> str:
    return f"NET#{network_id}#QUARANTINE"


def bookings_of_client(network_id: str, client_id: str) -> str:
    return f"NET#{network_id}#CLI#{client_id}"


def bookings_waiting(network_id: str, connection_id: str, site_client_id: str) -> str:
    return f"NET#{network_id}#SITE#{connection_id}#{site_client_id}"


def bookings_of_salon(network_id: str, salon_id: str) -> str:
    return f"NET#{network_id}#SALON#{salon_id}#BKG"


def messages_of_salon(network_id: str, salon_id: str) -> str:
    return f"NET#{network_id}#SALON#{salon_id}#MSG"


def _booking(value: Booking) -> Place:
    who = None
    if value.client_id is not None:
        who = bookings_of_client(value.network_id, value.client_id)
    elif value.waiting_for is not None and value.connection_id is not None:
        who = bookings_waiting(value.network_id, value.connection_id, value.waiting_for)
    return Place(
        *key("BOOKING", network_id=value.network_id, id=value.id),
        at=value.starts_at,
        client_key=who,
        salon_key=bookings_of_salon(value.network_id, value.salon_id),
        status=" ".join(filter(None, (listed_as(value.status), packed(value) or packed_booking(value)))),
        wake=value.wake,
    )


def listed_as(status: Status) -> str:
    """A booking's status in the salon's list, where those to come are all alike: a confirmation is written to
    the booking alone. In the list, facts of the booking follow it."""
    return (Status.BOOKED if status in UPCOMING else status).value


def _client(value: Client) -> Place:
    category, since = _listed_category(value)
    return Place(
        *key("CLIENT", network_id=value.network_id, id=value.id),
        at=value.created_at,
        network_key=clients_of(value.network_id),
        category_key=clients_of_category(value.network_id, category) if category else None,
        category_at=since if category else None,
        changes=packed_changes(value) if category not in (None, MERGED) else None,
        to_call=packed_overdue(value),
        wake=value.wake,
    )


def _listed_category(value: Client) -> tuple[str | None, str]:
    """The category in whose list a client is, and since when: a local date, of merged clients an instant and
    the target. A client without visits is in none, unless their visits were all undone."""
    if value.merged is not None:
        return MERGED, f"{instant_text(value.merged.at)}{INTO}{value.merged.into}"
    if value.category is None or value.category_since is None:
        return None, ""
    if value.visits_count == 0 and value.category != POTENTIAL:
        return None, ""
    return value.category, value.category_since.isoformat()


def _account(value: Account) -> Place:
    place = key("ACCOUNT", network_id=value.network_id, client_id=value.client_id)
    since, text = packed_points(value) or (None, None)
    listed = clients_of_category(value.network_id, EXPIRING) if since else None
    return Place(*place, category_key=listed, category_at=since, to_call=text, wake=value.wake)


def _message(value: Message) -> Place:
    """What went along in another's text is in the client's log alone: the salon's list has a line for every
    message that there was, and every one that there was not."""
    own = value.salon_id is not None and value.with_message is None
    salon = messages_of_salon(value.network_id, str(value.salon_id)) if own else None
    place = key("MSG", network_id=value.network_id, client_id=value.client_id, id=value.id)
    return Place(*place, at=value.recorded_at, salon_key=salon, status=listed_words(value) if salon else None)


def _inbox(value: InboxItem) -> Place:
    """Only what needs a person is in the index; everything else is found by its time-ordered id."""
    stuck = quarantine_of(value.network_id) if value.state == "quarantined" else None
    return Place(
        *key("INBOX", network_id=value.network_id, id=value.id),
        at=value.received_at if stuck else None,
        network_key=stuck,
        expires_at=value.received_at + KEPT,
        wake=value.wake,
    )


def _coupon(value: Coupon) -> Place:
    """A coupon that expires stays in the table: the client is shown it."""
    return Place(*key("COUPON", network_id=value.network_id, client_id=value.client_id, id=value.id))


_PLACES: dict[type, Callable[[Any], Place]] = {
    Account: _account,
    Booking: _booking,
    Client: _client,
    Coupon: _coupon,
    InboxItem: _inbox,
    Message: _message,
}
"""Kinds of which the indexes tell more than the key, or whose end is not the item's."""


def place_of(value: Any) -> Place:
    """Where a domain value lives. Raises KeyError for a type that is not stored."""
    cls = type(value)
    if cls in _PLACES:
        return _PLACES[cls](value)
    item_kind = KINDS[cls].item
    return Place(
        *key(item_kind, **{name: getattr(value, name) for name in _key_names(item_kind)}),
        expires_at=getattr(value, "expires_at", None),
        wake=getattr(value, "wake", None),
    )


@cache
def _key_names(item_kind: str) -> tuple[str, ...]:
    """The fields of a value that make up its key."""
    return tuple(re.findall(r"{(\w+)}", "".join(TEMPLATES[item_kind])))


def instant_text(at: datetime) -> str:
    """Instants as they stand in keys: UTC, milliseconds, so that text order is time order."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
