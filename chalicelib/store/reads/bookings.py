"""Bookings by id, by client and by salon."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from chalicelib.domain.bookings.bookings import ATTENDANCES, UPCOMING, Booking, Status
from chalicelib.domain.bookings.visit_record import IndexedBooking, IndexedVisit
from chalicelib.services.shared.ports import ListedVisit, Page
from chalicelib.store import keys
from chalicelib.store.reader import Reader


class BookingReads:
    """The contract: `Store` in services/shared/ports.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def bookings(self, network_id: str, booking_ids: Sequence[str], *, whole: bool = False) -> list[Booking]:
        """The bookings of those ids, in that order; those that are gone are left out."""
        places = [keys.key("BOOKING", network_id=network_id, id=each) for each in dict.fromkeys(booking_ids)]
        return self._reader.batch(Booking, places, whole=whole)

    def bookings_of_client(
        self,
        network_id: str,
        client_id: str,
        *,
        since: datetime | None = None,
        newest_first: bool = True,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Booking]:
        page = self._reader.index_page(
            self._reader.item.by_client,
            keys.bookings_of_client(network_id, client_id),
            since=since,
            newest_first=newest_first,
            limit=limit,
            cursor=cursor,
        )
        return Page(self._reader.batch(Booking, page.items), page.cursor)

    def starts_of_client(
        self, network_id: str, client_id: str, since: datetime, until: datetime, limit: int | None = None
    ) -> list[tuple[str, datetime]]:
        """Ids and starts of a client's bookings that start between two instants, whatever their status; the
        first of them up to a limit."""
        found = self._reader.item.by_client.query(
            keys.bookings_of_client(network_id, client_id), self._reader.between(since, until), limit=limit
        )
        return [(keys.key_facts(each.pk, each.sk)["id"], datetime.fromisoformat(each.at)) for each in found]

    def bookings_of_salon(
        self,
        network_id: str,
        salon_id: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        status: Status | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Booking]:
        """status: only such bookings; of those to come all, confirmed or not."""
        page = self._reader.index_page(
            self._reader.item.by_salon,
            keys.bookings_of_salon(network_id, salon_id),
            since=since,
            until=until,
            among=[each.value for each in (UPCOMING if status in UPCOMING else [status])] if status else (),
            limit=limit,
            cursor=cursor,
        )
        return Page(self._reader.batch(Booking, page.items), page.cursor)

    def bookings_waiting(self, network_id: str, connection_id: str, site_client_id: str) -> list[Booking]:
        page = self._reader.index_page(
            self._reader.item.by_client,
            keys.bookings_waiting(network_id, connection_id, site_client_id),
            limit=100,
            cursor=None,
        )
        return self._reader.batch(Booking, page.items)

    def completed_of_salon(self, network_id: str, salon_id: str, since: datetime, until: datetime) -> int:
        """How many of a salon's bookings that started between two instants were completed: counted in the
        index, none of them read."""
        last = until - datetime.resolution * 1000
        found: int = self._reader.item.by_salon.count(
            keys.bookings_of_salon(network_id, salon_id),
            self._reader.item.at.between(keys.instant_text(since), keys.instant_text(last)),
            filter_condition=self._reader.with_status(Status.COMPLETED.value),
        )
        return found

    def visits_of_salon(
        self, network_id: str, salon_id: str, since: datetime | None, until: datetime | None
    ) -> Iterator[ListedVisit]:
        for booking_id, at, status, facts in self._listed(network_id, salon_id, since, until, ATTENDANCES):
            yield ListedVisit(booking_id, IndexedVisit(salon_id, at, facts, status))

    def bookings_to_come(
        self, network_id: str, salon_id: str, since: datetime
    ) -> Iterator[tuple[str, IndexedBooking]]:
        for booking_id, at, _, facts in self._listed(network_id, salon_id, since, None, {Status.BOOKED}):
            yield booking_id, IndexedBooking(salon_id, at, facts)

    def _listed(
        self,
        network_id: str,
        salon_id: str,
        since: datetime | None,
        until: datetime | None,
        among: Collection[Status],
    ) -> Iterator[tuple[str, datetime, str, str]]:
        """Id, start, status and packed facts of the bookings that the salon's list has with such a status."""
        pages = self._reader.item.by_salon.query(
            keys.bookings_of_salon(network_id, salon_id),
            self._reader.between(since, until),
            filter_condition=self._reader.with_status(*sorted(among)),
        ).page_iter
        for page in pages:
            for each in page["Items"]:  # thirty thousand a salon and year
                status, _, facts = each["status"]["S"].partition(" ")
                booking_id = each["PK"]["S"].rpartition("#")[2]
                yield booking_id, datetime.fromisoformat(each["at"]["S"]), status, facts
