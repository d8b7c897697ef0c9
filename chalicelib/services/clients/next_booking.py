"""The next booking of a client."""

from collections.abc import Callable
from datetime import datetime

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client
from chalicelib.services.shared.ports import Store


def next_booking(
    client: Client,
    store: Store,
    now: datetime,
    *,
    but: str | None = None,
    only: Callable[[Booking], bool] = lambda _: True,
) -> Booking | None:
    """The client's next booking that is not cancelled, in any salon of the network. but: the id of a booking
    that does not count. only: which bookings count."""
    cursor = None
    while True:
        ahead = store.bookings_of_client(
            client.network_id, client.id, since=now, newest_first=False, limit=5, cursor=cursor
        )
        counts = (each for each in ahead.items if each.is_upcoming and each.id != but and only(each))
        found = next(counts, None)
        cursor = ahead.cursor
        if found is not None or cursor is None:
            return found
