"""A store in memory, for tests that live through thousands of schedules: it keeps what the port promises, and
its calls may be made to fail. tests/schedules/test_on_the_table.py lives the same days on the table.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from typing import Any, TypeVar

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.clearing.clearing import ClearingPart
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty.account import Account, Entry
from chalicelib.domain.loyalty.coupons import Coupon
from chalicelib.domain.marketing.promotions import ClientPromotionTotal, PromotionShare
from chalicelib.domain.messages.messages import Message
from chalicelib.domain.messages.spending import Spending
from chalicelib.domain.networks.network import (
    Connection,
    Directory,
    Network,
    Price,
    Salon,
    Service,
    Staff,
    Template,
)
from chalicelib.domain.networks.offers import Offer
from chalicelib.domain.networks.sources import HeardSource, Source
from chalicelib.domain.shared.aliases import Alias
from chalicelib.domain.shared.errors import Unreadable
from chalicelib.domain.shared.ids import time_ordered
from chalicelib.domain.shared.links import Link
from chalicelib.domain.shared.operations import Parked
from chalicelib.services.shared.ports import DueItem, Page, SaveConflict
from chalicelib.store.item import after_save
from chalicelib.store.keys import (
    OVERWRITTEN,
    UNVERSIONED,
    instant_text,
    item_name,
    network_of_key,
    place_of,
)
from chalicelib.store.keys import key as key_of
from chalicelib.store.kinds import KINDS
from infra.testkit.failing_calls import Calls, Failure, WorkerDied

T = TypeVar("T")
NEVER = datetime.max.replace(tzinfo=UTC)


def _call(method: Callable[..., Any]) -> Callable[..., Any]:
    """Counts as a call to AWS, and fails where it is to fail."""

    @wraps(method)
    def called(self: "MemoryStore", *args: Any, **fields: Any) -> Any:
        failing = self.failing
        number = len(failing.made)
        failing.made.append(method.__name__)
        if number != failing.fails_at:
            return method(self, *args, **fields)
        if failing.failure is not Failure.BEFORE:
            method(self, *args, **fields)
        if failing.failure is Failure.DIED:
            raise WorkerDied
        raise ConnectionError("the answer was lost")

    return called


class MemoryStore:
    shards = 1

    def __init__(self) -> None:
        self.failing = Calls()
        self._kept: dict[tuple[str, str], Any] = {}
        self._starts: dict[tuple[str, str, int], int] = {}

    @contextmanager
    def calls(self, failing: Calls) -> Iterator[Calls]:
        """As `failing_calls.calls`: one call inside fails."""
        self.failing = failing
        try:
            yield failing
        finally:
            self.failing = Calls()

    # --- writing

    def prepare(self, *values: Any) -> None:
        """Nothing comes before a save: there are no reports here."""

    @_call
    def save(self, *values: Any, remove: Sequence[Any] = ()) -> tuple[Any, ...]:
        written = [_key(value) for value in (*remove, *values)]
        if len(set(written)) < len(written):
            raise ValueError("two writes of one item in a transaction, which DynamoDB refuses")
        for value in remove:
            existing = self._existing(value)
            if existing is None or getattr(existing, "version", 0) != getattr(value, "version", 0):
                raise SaveConflict(value)
        for value in values:
            if not self._may_be_put(value):
                raise SaveConflict(value)
        for value in remove:
            del self._kept[_key(value)]
        saved = tuple(after_save(value) for value in values)
        self._kept.update((_key(value), value) for value in saved)
        return saved

    def _existing(self, value: Any) -> Any:
        return self._kept.get(_key(value))

    def _may_be_put(self, value: Any) -> bool:
        existing = self._existing(value)
        if isinstance(value, OVERWRITTEN):
            return True
        if isinstance(value, Link):
            return existing is None or existing.owner == value.owner
        if isinstance(value, Alias) and value.moved:
            return existing is not None
        if isinstance(value, UNVERSIONED) or value.version == 0:
            return existing is None
        return existing is not None and existing.version == value.version

    # --- one

    def _one(self, cls: type[T], **fields: Any) -> T | None:
        return next(iter(self._all(cls, **fields)), None)

    def _all(self, cls: type[T], **fields: Any) -> list[T]:
        return [
            value
            for value in self._kept.values()
            if type(value) is cls and all(getattr(value, name) == each for name, each in fields.items())
        ]

    @_call
    def get(self, kind: type[Any], /, *, fresh: bool = True, **key: str) -> Any:
        return self._kept.get(key_of(KINDS[kind].item, **key))

    @_call
    def directory(self, network_id: str) -> Directory | None:
        network = self._one(Network, network_id=network_id)
        if network is None:
            return None

        def by_id(cls: type[T]) -> dict[str, T]:
            found: list[Any] = sorted(self._all(cls, network_id=network_id), key=_key)
            return {each.id: each for each in found}

        return Directory(
            network,
            by_id(Salon),
            by_id(Staff),
            by_id(Service),
            {each.id: each for each in by_id(Connection).values() if each.deleted_at is None},
            {(t.kind, t.channel, t.language): t for t in self._all(Template, network_id=network_id)},
            {(p.channel, p.country_code): p for p in self._all(Price, network_id=network_id)},
            {offer.id: offer for offer in self._all(Offer, network_id=network_id)},
            by_id(Source),
            by_id(HeardSource),
        )

    @_call
    def alias(self, network_id: str, kind: str, value: str) -> str | None:
        found = self._kept.get(key_of("ALIAS", network_id=network_id, kind=kind, value=value))
        return found.leads_to if found else None

    @_call
    def account(self, network_id: str, client_id: str) -> Account:
        existing = self._one(Account, network_id=network_id, client_id=client_id)
        return existing or Account(network_id=network_id, client_id=client_id)

    @_call
    def spending(self, network_id: str, month: str) -> Spending:
        existing = self._one(Spending, network_id=network_id, month=month)
        return existing or Spending(network_id=network_id, month=month)

    @_call
    def promotion_share(self, network_id: str, promotion_id: str, number: str) -> PromotionShare:
        parts: dict[str, Any] = {
            "network_id": network_id,
            "promotion_id": promotion_id,
            "number": number,
        }
        return self._one(PromotionShare, **parts) or PromotionShare(**parts)

    @_call
    def promotion_taken(self, network_id: str, promotion_id: str, client_id: str) -> ClientPromotionTotal:
        parts: dict[str, Any] = {
            "network_id": network_id,
            "promotion_id": promotion_id,
            "client_id": client_id,
        }
        return self._one(ClientPromotionTotal, **parts) or ClientPromotionTotal(**parts)

    # --- many: everything is on the first page

    @_call
    def get_all(self, kind: type[Any], /, **key: str) -> list[Any]:
        return sorted(self._all(kind, **key), key=_key)

    @_call
    def get_page(
        self, kind: type[Any], /, *, limit: int = 50, cursor: str | None = None, **key: str
    ) -> Page[Any]:
        """In pages, as the table has them."""
        found = sorted(self._all(kind, **key), key=_key, reverse=True)
        rest = [each for each in found if cursor is None or _key(each)[1] < cursor]
        return Page(rest[:limit], _key(rest[limit - 1])[1] if len(rest) > limit else None)

    @_call
    def bookings(
        self, network_id: str, booking_ids: Sequence[str], *, whole: bool = False
    ) -> list[Booking]:
        return [each for each in self._all(Booking, network_id=network_id) if each.id in booking_ids]

    @_call
    def bookings_of_client(
        self, network_id: str, client_id: str, *, since: datetime | None = None, newest_first: bool = True,
        limit: int = 50, cursor: str | None = None,
    ) -> Page[Booking]:  # fmt: skip
        found = self._between(since, None, network_id=network_id, client_id=client_id)
        return Page((found[::-1] if newest_first else found)[:limit])

    @_call
    def bookings_of_salon(
        self, network_id: str, salon_id: str, *, since: datetime | None = None, until: datetime | None = None,
        status: str | None = None, limit: int = 50, cursor: str | None = None,
    ) -> Page[Booking]:  # fmt: skip
        return Page(self._between(since, until, network_id=network_id, salon_id=salon_id))

    @_call
    def starts_of_client(
        self, network_id: str, client_id: str, since: datetime, until: datetime, limit: int | None = None
    ) -> list[tuple[str, datetime]]:
        found = self._between(since, until, network_id=network_id, client_id=client_id)
        return [(each.id, each.starts_at) for each in found][:limit]

    @_call
    def bookings_waiting(self, network_id: str, connection_id: str, site_client_id: str) -> list[Booking]:
        found = self._all(
            Booking, network_id=network_id, connection_id=connection_id, waiting_for=site_client_id
        )
        return [booking for booking in found if booking.client_id is None]

    def _between(self, since: datetime | None, until: datetime | None, **fields: Any) -> list[Booking]:
        found = [
            b
            for b in self._all(Booking, **fields)
            if (since or b.starts_at) <= b.starts_at < (until or NEVER)
        ]
        return sorted(found, key=lambda booking: (booking.starts_at, booking.id))

    @_call
    def clients(self, network_id: str, *, limit: int = 50, cursor: str | None = None) -> Page[Client]:
        return Page(self._all(Client, network_id=network_id))

    @_call
    def clients_named(
        self, network_id: str, client_ids: Sequence[str], *, whole: bool = False
    ) -> list[Client]:
        return [each for each in self._all(Client, network_id=network_id) if each.id in client_ids]

    @_call
    def accounts_named(self, network_id: str, client_ids: Sequence[str]) -> list[Account]:
        return [each for each in self._all(Account, network_id=network_id) if each.client_id in client_ids]

    @_call
    def client_ids(
        self, network_id: str, *, until: datetime | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[str]:
        """In pages, as the table has them: a walk goes from one to the next."""
        known = [
            each for each in self._all(Client, network_id=network_id) if each.created_at < (until or NEVER)
        ]
        ids = [each.id for each in sorted(known, key=lambda each: (each.created_at, each.id), reverse=True)]
        first = ids.index(cursor) + 1 if cursor else 0
        found = ids[first : first + limit]
        return Page(found, found[-1] if len(ids) > first + limit else None)

    @_call
    def clearing_parts(self, network_id: str, walk_id: str) -> Iterator[ClearingPart]:
        return iter(self._all(ClearingPart, network_id=network_id, walk_id=walk_id))

    @_call
    def completed_of_salon(self, network_id: str, salon_id: str, since: datetime, until: datetime) -> int:
        found = self._between(since, until, network_id=network_id, salon_id=salon_id)
        return sum(each.status is Status.COMPLETED for each in found)

    @_call
    def entries(self, network_id: str, client_id: str, *, fresh: bool = True) -> list[Entry]:
        found = self._all(Entry, network_id=network_id, client_id=client_id)
        return sorted(found, key=lambda entry: entry.number)

    @_call
    def coupons(self, network_id: str, client_id: str) -> list[Coupon]:
        found = self._all(Coupon, network_id=network_id, client_id=client_id)
        return sorted(found, key=lambda coupon: (coupon.issued_at, coupon.id))

    @_call
    def messages_since(self, network_id: str, client_id: str, since: datetime) -> list[Message]:
        first = time_ordered("msg", since, "")
        found = self._all(Message, network_id=network_id, client_id=client_id)
        return sorted((each for each in found if each.id >= first), key=lambda message: message.id)

    @_call
    def promotion_shares(self, network_id: str, promotion_ids: Sequence[str]) -> list[PromotionShare]:
        shares = self._all(PromotionShare, network_id=network_id)
        return [each for each in shares if each.promotion_id in promotion_ids]

    # --- what cannot be read: nothing, in memory; and what ends its worker

    def take_unreadable(self) -> list[Unreadable]:
        return []

    def refusal(self, due: DueItem, reason: str) -> Unreadable:
        return Unreadable(
            " ".join(item_name(due.pk, due.sk)),
            reason,
            network_id=network_of_key(due.pk),
            pk=due.pk,
            sk=due.sk,
            wake_at=due.wake_at,
        )

    @_call
    def starts(self, item: DueItem) -> int | None:
        value = self._pointing(item)
        return self._starts.get((item.pk, item.sk, value.version), 0) if value is not None else None

    @_call
    def begin_wake(self, due: Any) -> int | None:
        value = self._pointing(due)
        if value is None:
            return None
        noted = (*_key(value), value.version)  # a save ends what was noted, since it makes a new version
        self._starts[noted] = self._starts.get(noted, 0) + 1
        return self._starts[noted]

    @_call
    def forget_starts(self, due: Any) -> None:
        value = self._pointing(due)
        if value is not None:
            self._starts.pop((*_key(value), value.version), None)

    @_call
    def set_aside(self, due: DueItem, parked: Parked | None, *, version: int | None = None) -> None:
        value = self._pointing(due)
        if value is None:
            raise SaveConflict(parked)
        self._kept[due.pk, due.sk] = replace(value, wake=None)
        if parked is not None:
            self._kept[_key(parked)] = parked

    def _pointing(self, due: Any) -> Any:
        """The item, if it still has that pointer."""
        if not isinstance(due, DueItem):
            due = DueItem(*_key(due), instant_text(due.wake.at) if due.wake else "")
        value = self._kept.get((due.pk, due.sk))
        wake = getattr(value, "wake", None)
        return value if value is not None and (instant_text(wake.at) if wake else "") == due.wake_at else None

    # --- what is due

    @_call
    def read(self, pk: str, sk: str) -> Any:
        return self._kept.get((pk, sk))

    @_call
    def due(self, shard: str, now: datetime, *, limit: int, after: DueItem | None = None) -> list[DueItem]:
        asleep = [value for value in self._kept.values() if getattr(value, "wake", None) is not None]
        pointers = sorted((instant_text(value.wake.at), *_key(value)) for value in asleep)
        last = (after.wake_at, after.pk, after.sk) if after else ("", "", "")
        due = [each for each in pointers if each > last and each[0] <= instant_text(now)]
        return [DueItem(pk, sk, at) for at, pk, sk in due[:limit]]


def _key(value: Any) -> tuple[str, str]:
    place = place_of(value)
    return place.pk, place.sk
