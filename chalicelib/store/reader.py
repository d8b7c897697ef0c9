"""The reads that all kinds of values share: one by its key, many by their keys, a list, a page, an index.

A list leaves out an item that cannot be read, and the item is noted (`take_unreadable`). A read of one item
by its key raises Unreadable.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, TypeVar

from pynamodb.exceptions import DoesNotExist

from chalicelib.domain.shared.errors import Unreadable
from chalicelib.services.shared.ports import Page
from chalicelib.store import keys
from chalicelib.store.cursors import cursor_text, start_key, within_list
from chalicelib.store.item import value_of
from chalicelib.store.kinds import KINDS, Reading

T = TypeVar("T")

log = logging.getLogger(__name__)

MAX_NOTED = 50
"""How many unreadable items are noted until they are taken. Others are noted when they are met again."""
_SIFTED_BATCH_SIZE = 200


class Reader:
    """item: the PynamoDB model of the table."""

    def __init__(self, item: Any) -> None:
        self.item = item
        self._unreadable: dict[tuple[str, str], Unreadable] = {}

    # --- what cannot be read

    def note(self, error: Unreadable) -> None:
        """Keeps in mind that an item cannot be read."""
        log.error("an item cannot be read", extra={"item": error.item, "reason": error.reason})
        if len(self._unreadable) < MAX_NOTED:
            self._unreadable[error.pk, error.sk] = error

    def take_unreadable(self) -> list[Unreadable]:
        found, self._unreadable = list(self._unreadable.values()), {}
        return found

    def readable(self, kind: type[T], items: Iterable[Any]) -> list[T]:
        """The values of items, without those that cannot be read."""
        found: list[T] = []
        for item in items:
            try:
                found.append(value_of(kind, item))
            except Unreadable as error:
                self.note(error)
        return found

    def certain(self, kind: type[T], item: Any) -> T:
        """The value of an item that may not be left out. Raises Unreadable."""
        try:
            return value_of(kind, item)
        except Unreadable as error:
            self.note(error)
            raise

    # --- one

    def get(self, kind: type[T], /, *, fresh: bool = True, **key: str) -> T | None:
        how = KINDS[kind].fresh if fresh else KINDS[kind].otherwise
        place = keys.key(KINDS[kind].item, **key)
        if how is Reading.CONSISTENT:
            return self.one(kind, place, consistent=True)
        found = self.one(kind, place, consistent=False)
        if found is None and how is Reading.EVENTUAL_FIRST:
            return self.one(kind, place, consistent=True)
        return found

    def get_or_empty(self, kind: type[T], /, **key: str) -> T:
        """The value with that key; one that has nothing but the key where there is none."""
        empty: Callable[..., T] = kind
        return self.get(kind, fresh=True, **key) or empty(**key)

    def one(self, kind: type[T], place: tuple[str, str], *, consistent: bool) -> T | None:
        try:
            return self.certain(kind, self.item.get(*place, consistent_read=consistent))
        except DoesNotExist:
            return None

    # --- many

    def get_all(self, kind: type[T], /, **key: str) -> list[T]:
        consistent = KINDS[kind].listed is Reading.CONSISTENT
        return self.every(kind, consistent=consistent, whole=False, **key)

    def every(self, kind: type[T], /, *, consistent: bool, whole: bool, **key: str) -> list[T]:
        """whole: none may be left out, since they are added up. Raises Unreadable."""
        pk, sk = keys.prefix(KINDS[kind].item, **key)
        found = self.item.query(pk, self.item.sk.startswith(sk), consistent_read=consistent)
        return [self.certain(kind, item) for item in found] if whole else self.readable(kind, found)

    def get_page(
        self, kind: type[T], /, *, limit: int = 50, cursor: str | None = None, **key: str
    ) -> Page[T]:
        pk, sk = keys.prefix(KINDS[kind].item, **key)
        results = self.item.query(
            pk,
            self.item.sk.startswith(sk),
            scan_index_forward=False,
            limit=limit,
            page_size=limit,
            last_evaluated_key=start_key(cursor, pk),
        )
        with within_list(cursor):
            found = self.readable(kind, results)
        return Page(found, cursor_text(results.last_evaluated_key))

    def batch(
        self,
        cls: type[T],
        places: Sequence[tuple[str, str]],
        *,
        consistent: bool = False,
        whole: bool = False,
    ) -> list[T]:
        """whole: as in `every`; a missing item is left out all the same."""
        if not places:
            return []
        items = self.item.batch_get(list(places), consistent_read=consistent)
        by_place = {(item.pk, item.sk): item for item in items}
        found = [by_place[place] for place in places if place in by_place]
        return [self.certain(cls, item) for item in found] if whole else self.readable(cls, found)

    # --- indexes

    def index_page(
        self,
        index: Any,
        hash_value: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        newest_first: bool = False,
        among: Sequence[str] = (),
        condition: Any = None,
        limit: int,
        cursor: str | None,
    ) -> Page[tuple[str, str]]:
        """Keys in an index by `at`; since is inclusive, until exclusive. among: only those of such a status;
        one query, whatever it finds: perhaps none, while the cursor leads on. condition: on the range, of an
        index that is ordered otherwise than by `at`."""
        first = start_key(cursor, hash_value, index)
        if since and until and since >= until:
            return Page([], None)
        pages = index.query(
            hash_value,
            self.between(since, until) if condition is None else condition,
            filter_condition=self.with_status(*among) if among else None,
            scan_index_forward=not newest_first,
            page_size=_SIFTED_BATCH_SIZE if among else limit,
            last_evaluated_key=first,
        ).page_iter
        with within_list(cursor):
            found = next(pages)["Items"]
        end = pages.last_evaluated_key
        if len(found) > limit:
            end = {name: found[limit - 1][name] for name in pages.key_names}
        return Page([(each["PK"]["S"], each["SK"]["S"]) for each in found[:limit]], cursor_text(end))

    def with_status(self, *among: str) -> Any:
        """The condition of one of these statuses, whatever follows it in the index."""
        return reduce(or_, map(self.item.status.startswith, among))

    def between(self, since: datetime | None, until: datetime | None) -> Any:
        at = self.item.at
        if since and until:
            last = keys.instant_text(until - datetime.resolution * 1000)
            return at.between(keys.instant_text(since), last)
        if since:
            return at >= keys.instant_text(since)
        return at < keys.instant_text(until) if until else None
