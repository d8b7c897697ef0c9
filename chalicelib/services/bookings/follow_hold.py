"""The hold of a booking follows the booking when that is moved, closed, or given to another client."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty import account_plan
from chalicelib.domain.loyalty.account import Account, EntryKind, Hold, Posting
from chalicelib.domain.loyalty.ledger import release_points, settled
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.actors import BY_SYSTEM
from chalicelib.domain.shared.ids import entry_id
from chalicelib.services.bookings.plan_booking import directory_for
from chalicelib.services.shared.storable import Storable
from chalicelib.services.shared.world import World


def held_until(booking: Booking, directory: Directory) -> datetime:
    """The instant at which a hold for the booking ends by itself."""
    return booking.ends_at + timedelta(days=directory.rules.bonuses.hold_days)


def with_hold(world: World, before: Booking, after: Booking) -> tuple[Booking, list[Storable]]:
    """The changed booking, and what is saved with it so that its hold follows.

    The hold lasts longer when the booking moves later. The hold is released when the booking is closed or
    given to another client; it is kept while the bill of a completed visit is open. Reads nothing where
    nothing was held. before: the booking as it was read; after: as changed.
    """
    moved = after.ends_at != before.ends_at
    is_kept = (after.is_upcoming or after.is_bill_open) and after.client_id == before.client_id
    if not before.held_points or before.client_id is None or (is_kept and not moved):
        return after, []
    now, directory = world.now(), directory_for(world, after)
    existing = world.store.account(before.network_id, before.client_id)
    account, expirations = settled(existing, now)
    hold = account.hold_of_booking(before.id)
    entries = list(expirations)
    if hold is not None and is_kept:
        later = replace(hold, expires_at=max(hold.expires_at, held_until(after, directory)))
        account = replace(account, holds=tuple(later if h is hold else h for h in account.holds))
    elif hold is not None:
        done = release_points(account, hold.id, release_posting(hold, account, BY_SYSTEM), now)
        account, entries = done.account, [*entries, *done.entries]
    if hold is None or not is_kept:
        after = replace(after, held_points=0)
    if account == existing:
        return after, []
    client = world.store.get(Client, network_id=before.network_id, id=before.client_id, fresh=False)
    return after, [account_plan.with_wake(account, directory, now, client), *entries]


def release_posting(hold: Hold, account: Account, actor: str) -> Posting:
    return Posting(
        id=entry_id(account.client_id, "release", hold.id),
        kind=EntryKind.RELEASE,
        points=0,
        reason="released",
        actor=actor,
        booking_id=hold.booking_id,
        salon_id=hold.salon_id,
    )
