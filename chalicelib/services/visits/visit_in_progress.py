"""A visit while it is completed, refunded or reversed: one value, which each step takes and returns."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.bookings.booking_plan import with_wake
from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients import client_plan
from chalicelib.domain.clients.category_changes import CategoryCause
from chalicelib.domain.clients.clients import Client, VisitDay
from chalicelib.domain.loyalty import account_plan
from chalicelib.domain.loyalty.account import Account, Entry
from chalicelib.domain.loyalty.ledger import Posted
from chalicelib.domain.networks.bonus_rules import Programme
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.loyalty.visit_points import programme_of, visited_on
from chalicelib.services.shared.storable import Storable


class VisitInProgress(Struct, frozen=True, kw_only=True):
    """The visit of one booking, with all that the steps have worked out so far. Nothing is written before the
    last step.

    booking  as it was read, until a step closes, refunds or reopens it.
    client   the surviving client of the booking; None if a visit is undone whose client is missing.
    account  the surviving client's account.
    reason   why entries are undone; empty while the visit is completed.
    ledger   where entries are undone: all entries of the client, and of clients merged with the client, as
             they were before.
    entries  the entries that the steps have posted, in their order.
    beside   what else is saved in the same transaction: coupons, the referrer's account, promotions' shares.
    points_of_trial, coupons_of_trial  gifts that were counted in a trial and never given, which the steps
             undid.
    """

    directory: Directory
    booking: Booking
    client: Client | None
    account: Account
    actor: str
    now: datetime
    reason: str = ""
    ledger: tuple[Entry, ...] = ()
    entries: tuple[Entry, ...] = ()
    beside: tuple[Storable, ...] = ()
    points_of_trial: int = 0
    coupons_of_trial: int = 0

    @property
    def visitor(self) -> Client:
        """The client of a visit that is known to have one."""
        assert self.client is not None
        return self.client

    @property
    def day(self) -> VisitDay:
        return visit_day(self.booking, self.directory)

    @property
    def programme(self) -> Programme:
        return programme_of(self.booking, self.directory)

    def after(self, done: Posted) -> "VisitInProgress":
        """The visit after a posting to its account."""
        return replace(self, account=done.account, entries=(*self.entries, *done.entries))

    def saving(self, *values: Storable) -> "VisitInProgress":
        """The visit with more values to be saved together with it."""
        return replace(self, beside=(*self.beside, *values))

    def to_save(self) -> tuple[Booking, *tuple[Storable, ...]]:
        """All values of one transaction, the booking first."""
        clients = () if self.client is None else (self.client,)
        return (self.booking, *clients, self.account, *self.entries, *self.beside)


def visit_day(booking: Booking, directory: Directory) -> VisitDay:
    return VisitDay(visited_on(booking, directory), booking.salon_id)


def with_pointers(
    visit: VisitInProgress, cause: CategoryCause = CategoryCause.TIME_PASSED
) -> VisitInProgress:
    """The last step: booking, client and account each with the pointer that their new state asks for, and the
    client with their category. cause: what a change of the category comes from."""
    directory, now, client = visit.directory, visit.now, visit.visitor
    today = client_plan.today_of(client, directory, now)
    if visit.booking.is_upcoming:  # a visit taken back that may still take place
        ahead = local_date(visit.booking.starts_at, client_plan.salon_zone(client, directory))
        client = replace(client, booked_on=max(ahead, client.booked_on or ahead))
    on = min(visit.day.on, today) if cause is CategoryCause.VISIT else today
    client = client_plan.with_wake(client, directory, now, cause, on=on)
    booking = with_wake(visit.booking, directory, client, now)
    return with_account_pointer(replace(visit, booking=booking, client=client))


def with_account_pointer(visit: VisitInProgress) -> VisitInProgress:
    account = account_plan.with_wake(visit.account, visit.directory, visit.now, visit.client)
    return replace(visit, account=account)
