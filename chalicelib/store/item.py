"""The one PynamoDB model: an item of the table with its key, the attributes that its indexes read, and its
body; and how a domain value becomes one and back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from msgspec.structs import replace
from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.connection import Connection
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection, KeysOnlyProjection
from pynamodb.models import Model

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.facts.packed_changes import unpacked_changes
from chalicelib.domain.facts.packed_visits import indexed_visit
from chalicelib.domain.shared.errors import Unreadable
from chalicelib.domain.waking.walks import Walk
from chalicelib.store import keys
from chalicelib.store.codec import decoded, deflated, encoded, inflated
from chalicelib.store.walks import StoredWalk, stored_walk, walk_of

T = TypeVar("T")

CONNECT_SECONDS = 1
READ_SECONDS = 3
RETRIES = 4
BY_SALON_INCLUDES, BY_CATEGORY_INCLUDES = ["status"], ["changes", "to_call"]
MAX_REASON = 200
_KEPT = {"PK": "S", "SK": "S", "wake_shard": "S", "wake_at": "S", "version": "N"}
"""What is kept of an item with an attribute of a wrong type, where these are of the right one."""
INDEX_FACTS = ("at", "status", "client_key", "salon_key", "category_key", "category_at")
"""Attributes, besides the key, of which the body need not repeat what they tell."""
NOT_IN_BODIES = ("version", "indexed")
"""Fields that stand in other attributes alone."""


class _Binding:
    """What PynamoDB reads late."""

    table_name: str
    region: str
    host: str | None


def bound_to(table_name: str, region: str, host: str | None = None) -> Any:
    """The model of one table. Made anew for each table, so that no module holds a global binding.

    Attributes, other than the key: version (of guarded items), body (JSON, see codec) or, where that is long,
    packed (the same deflated), expires (TTL, epoch seconds), and those of the indexes: wake_shard + wake_at,
    client_key / salon_key / network_key + at, category_key + category_at, status, changes, to_call. starts:
    how many noted wakes have begun since the item was last saved; a save drops it, since it writes the whole
    item.
    """

    class Item(Model):
        class Meta(_Binding):
            connect_timeout_seconds = CONNECT_SECONDS
            read_timeout_seconds = READ_SECONDS
            max_retry_attempts = RETRIES
            billing_mode = "PAY_PER_REQUEST"

        pk = UnicodeAttribute(hash_key=True, attr_name="PK")
        sk = UnicodeAttribute(range_key=True, attr_name="SK")
        body = UnicodeAttribute(null=True)
        packed = BinaryAttribute(null=True, legacy_encoding=False)
        version = NumberAttribute(null=True)
        expires = NumberAttribute(null=True)
        at = UnicodeAttribute(null=True)
        status = UnicodeAttribute(null=True)
        client_key = UnicodeAttribute(null=True)
        salon_key = UnicodeAttribute(null=True)
        network_key = UnicodeAttribute(null=True)
        category_key = UnicodeAttribute(null=True)
        category_at = UnicodeAttribute(null=True)
        changes = UnicodeAttribute(null=True)
        to_call = UnicodeAttribute(null=True)
        wake_shard = UnicodeAttribute(null=True)
        wake_at = UnicodeAttribute(null=True)
        starts = NumberAttribute(null=True)

        wake = _index("wake", hashed_by="wake_shard", ordered_by="wake_at")
        by_client = _index("by_client", hashed_by="client_key")
        by_salon = _index("by_salon", hashed_by="salon_key", includes=BY_SALON_INCLUDES)
        by_network = _index("by_network", hashed_by="network_key")
        by_category = _index(
            "by_category",
            hashed_by="category_key",
            ordered_by="category_at",
            includes=BY_CATEGORY_INCLUDES,
        )

        fault: str | None = None

        @classmethod
        def from_raw_data(cls, data: dict[str, Any]) -> Any:
            """An item with an attribute of a wrong type is kept as far as it goes, with its `fault`: it must
            not end the list that it stands in."""
            try:
                return super().from_raw_data(data)
            except Exception as error:
                item: Any = super().from_raw_data(
                    {name: each for name, each in data.items() if _KEPT.get(name) in each}
                )
                item.fault = f"{type(error).__name__}: {error}"
                return item

    Item.Meta.table_name = table_name
    Item.Meta.region = region
    Item.Meta.host = host
    return Item


def _index(name: str, *, hashed_by: str, ordered_by: str = "at", includes: Sequence[str] = ()) -> Any:
    """A secondary index, which knows by what it is `ordered_by`. includes: what it holds besides the keys."""
    projection = IncludeProjection(list(includes)) if includes else KeysOnlyProjection()
    attributes = {
        hashed_by: UnicodeAttribute(hash_key=True),
        ordered_by: UnicodeAttribute(range_key=True),
        **{each: UnicodeAttribute(null=True) for each in includes},
    }
    meta = type("Meta", (), {"index_name": name, "projection": projection})
    index = type(name, (GlobalSecondaryIndex,), {"Meta": meta, **attributes})()
    index.ordered_by = ordered_by
    return index


def connected(region: str, host: str | None = None) -> Connection:
    """What transactions go through: in PynamoDB they belong to no model."""
    return Connection(
        region=region,
        host=host,
        connect_timeout_seconds=CONNECT_SECONDS,
        read_timeout_seconds=READ_SECONDS,
        max_retry_attempts=RETRIES,
    )


def attributes_of(value: Any, shards: int) -> dict[str, Any]:
    """The attributes of a value's item, at its next version. What the key and the indexes tell of the value
    is not repeated in the body."""
    place = keys.place_of(value)
    wake = place.wake
    of_indexes = {
        "at": keys.instant_text(place.at) if place.at else None,
        "status": place.status,
        "client_key": place.client_key,
        "salon_key": place.salon_key,
        "network_key": place.network_key,
        "category_key": place.category_key,
        "category_at": place.category_at,
        "changes": place.changes,
        "to_call": place.to_call,
    }
    facts = keys.key_facts(place.pk, place.sk, **{name: of_indexes[name] for name in INDEX_FACTS})
    of_key = (name for name, text in facts.items() if _says(text, getattr(value, name, None)))
    left_out = {*NOT_IN_BODIES, *of_key, *(["category_changes"] if place.changes else [])}
    body = encoded(stored_walk(value) if isinstance(value, Walk) else value, left_out)
    beside = of_indexes | {
        "pk": place.pk,
        "sk": place.sk,
        "version": value.version + 1 if hasattr(value, "version") else None,
        "expires": int(place.expires_at.timestamp()) if place.expires_at else None,
        "wake_shard": place.shard(shards) if wake else None,
        "wake_at": keys.instant_text(wake.at) if wake else None,
    }
    packed = deflated(body, _bytes_of(beside) + len("body"))
    return beside | {"body": body if packed is None else None, "packed": packed}


def _bytes_of(attributes: Mapping[str, Any]) -> int:
    """What DynamoDB counts of them, names and values; a number as one of eight digits or less."""
    return sum(
        len(name) + (len(value.encode()) if isinstance(value, str) else 6)
        for name, value in attributes.items()
        if value is not None
    )


def _says(text: str, item: Any) -> bool:
    """Whether the text is all that there is to know of a field."""
    if isinstance(item, datetime):
        return keys.instant_text(item) == text and item.microsecond % 1000 == 0
    return bool(item == text)


def value_of(cls: type[T], item: Any) -> T:
    """The value that an item stands for. Raises Unreadable."""
    try:
        return _decoded_value(cls, item)
    except Exception as error:
        reason = item.fault or f"{type(error).__name__}: {error}"
        raise unreadable(item, reason) from error


def unreadable(item: Any, reason: str) -> Unreadable:
    """The refusal of an item that is there and cannot be used."""
    return Unreadable(
        " ".join(keys.item_name(item.pk, item.sk)),
        reason[:MAX_REASON],
        network_id=keys.network_of_key(item.pk),
        pk=item.pk,
        sk=item.sk,
        version=int(item.version) if item.version is not None else None,
        wake_at=item.wake_at,
    )


def _decoded_value(cls: type[T], item: Any) -> T:
    if item.fault is not None:
        raise ValueError(item.fault)
    of_indexes = {name: getattr(item, name) for name in INDEX_FACTS}
    known: dict[str, Any] = keys.key_facts(item.pk, item.sk, **of_indexes)
    if item.version is not None:
        known["version"] = int(item.version)
    if cls is Booking:
        known["indexed"] = keys.indexed_visit(of_indexes)
    if cls is Client and item.changes is not None:
        known["category_changes"] = unpacked_changes(item.changes)
    body = body_of(item)
    if cls is Walk:
        return walk_of(decoded(StoredWalk, body, **known))  # type: ignore[return-value]
    return decoded(cls, body, **known)


def body_of(item: Any) -> str:
    """The body's JSON. Raises ValueError or zlib.error where it cannot be inflated."""
    body: str = item.body if item.packed is None else inflated(item.packed)
    return body


def after_save(value: Any) -> Any:
    """The value as it stands once it is saved: at its next version, if it has one."""
    if isinstance(value, Booking):
        return replace(value, version=value.version + 1, indexed=indexed_visit(value))
    return replace(value, version=value.version + 1) if hasattr(value, "version") else value
