"""What merging and unmerging have in common: the source and the target with their accounts and bookings."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.bookings import booking_plan
from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty import account_plan
from chalicelib.domain.loyalty.account import Account, Entry, EntryKind, Posting
from chalicelib.domain.loyalty.coupons import Coupon, coupon_id
from chalicelib.domain.loyalty.ledger import Posted
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.errors import missing
from chalicelib.services.shared.world import World

MERGED = "clients merged"
"""The reason of both entries, and of the source's coupons that a merge makes void."""


class MergedClients(Struct, frozen=True):
    """Source and target as they are saved. entries: the source's entry, then the target's."""

    source: Client
    target: Client
    entries: tuple[Entry, Entry]


class MergeContext(Struct, frozen=True, kw_only=True):
    """What each step of a merge, or of its undoing, is given. source, target: the clients as they were read.

    source_entry_id  the id of the source's entry. target_entry_id: the id of the target's entry.
    """

    world: World
    access: Access
    directory: Directory
    now: datetime
    source: Client
    target: Client
    source_entry_id: str
    target_entry_id: str

    def source_posting(self) -> Posting:
        return self._posting(self.source_entry_id, self.target_entry_id)

    def target_posting(self) -> Posting:
        return self._posting(self.target_entry_id, self.source_entry_id)

    def _posting(self, posting_id: str, cause: str) -> Posting:
        return Posting(
            id=posting_id,
            kind=EntryKind.MERGE,
            points=0,
            reason=MERGED,
            actor=self.access.actor,
            cause=cause,
        )


class TransferredPoints(Struct, frozen=True):
    """Both accounts after points went from one to the other, with the entries of each."""

    source: Posted
    target: Posted

    def accounts(self, context: MergeContext, source: Client | None, target: Client) -> list[Account]:
        """The accounts to save, with their pointers. source, target: the clients as they are saved; None: the
        client is merged, and is warned of nothing."""
        directory, now = context.directory, context.now
        return [
            account_plan.with_wake(self.source.account, directory, now, source),
            account_plan.with_wake(self.target.account, directory, now, target),
        ]

    def entries(self) -> list[Entry]:
        return [*self.source.entries, *self.target.entries]


def get_source_and_target(
    world: World, access: Access, source_id: str, target_id: str
) -> tuple[Client, Client]:
    """Raises NOT_FOUND."""
    return get_client(world, access, source_id), get_client(world, access, target_id)


def get_client(world: World, access: Access, client_id: str) -> Client:
    """Raises NOT_FOUND."""
    client = world.store.get(Client, network_id=access.network_id, id=client_id)
    if client is None:
        raise missing("client", client_id)
    return client


def with_former_records(world: World, source: Client) -> list[Client]:
    """The source, then the clients who were merged into the source, be it over others."""
    get, network_id = world.store.get, source.network_id
    found = (get(Client, network_id=network_id, id=each.id) for each in source.former)
    return [source, *(each for each in found if each is not None)]


def get_transfer_entries(world: World, source: Client) -> tuple[Entry, Entry]:
    """The entries that the source's merge made: transfer out, transfer in. Raises NOT_FOUND."""
    merge, get = source.merged, world.store.get
    assert merge is not None
    transfer_out = get(Entry, network_id=source.network_id, client_id=source.id, id=merge.out_id)
    transfer_in = get(Entry, network_id=source.network_id, client_id=merge.into, id=merge.in_id)
    if transfer_out is None or transfer_in is None:
        raise missing("entry", merge.out_id)
    return transfer_out, transfer_in


def target_coupon_id(source_coupon: Coupon, target: Client, transfer_out_id: str) -> str:
    """The id of the coupon that the target gets in place of one of the source's coupons."""
    return coupon_id(target.id, transfer_out_id, source_coupon.id)


def bookings_given_to(client: Client, bookings: Sequence[Booking], context: MergeContext) -> list[Booking]:
    """The bookings as this client's. No notice is sent again, since the person is the same."""
    return [
        booking_plan.with_wake(replace(booking, client_id=client.id), context.directory, client, context.now)
        for booking in bookings
    ]
