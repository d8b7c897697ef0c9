"""Post to the bonus ledger by hand, undo a posting, and say what may be redeemed."""

from dataclasses import dataclass
from datetime import date, datetime, time

from chalicelib.domain.access import Access
from chalicelib.domain.clients import Client
from chalicelib.domain.errors import DomainError, conflict, missing, refused
from chalicelib.domain.ids import client_of_entry, entry_id
from chalicelib.domain.ledger import (
    BY_HAND,
    Account,
    Entry,
    EntryKind,
    Posting,
    ensure_same,
    posted,
    reversed_entry,
)
from chalicelib.domain.network import Role
from chalicelib.domain.programme import Quote, quote
from chalicelib.domain.zones import local_instant
from chalicelib.services import plan_account
from chalicelib.services.ports import SaveConflict
from chalicelib.services.world import CONFLICT_TRIES, World


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """A posting asked for by a person. points: positive, signed for a correction."""

    kind: str
    points: int
    reason: str
    booking_id: str | None = None
    expires_on: date | None = None


def post_by_hand(
    world: World, access: Access, client_id: str, asked: ByHand, request_id: str | None = None
) -> Entry:
    """Posts a grant, redemption, compensation or correction. The same request_id posts once.

    Raises INVALID_KIND, INVALID_POINTS, INSUFFICIENT_POINTS, OVER_LIMIT, ENTRY_EXISTS.
    """
    kind = _kind(asked.kind)
    _ensure_within_limits(world, access, kind, asked)
    client = world.store.client(access.network_id, client_id)
    if client is None:
        raise missing("client", client_id)
    cause = ("request", request_id) if request_id else ("random", world.chance(16))
    posting = Posting(
        id=entry_id(client_id, access.network_id, *cause),
        kind=kind,
        points=-asked.points if kind is EntryKind.REDEEM else asked.points,
        reason=asked.reason,
        actor=access.actor,
        booking_id=asked.booking_id,
        expires_at=_end_of(world, access, asked.expires_on),
    )
    return post(world, client, posting)


def _kind(text: str) -> EntryKind:
    if text not in {str(kind) for kind in BY_HAND}:
        raise refused("INVALID_KIND", "By hand: grant, redeem, compensation or correction.", kind=text)
    return EntryKind(text)


def _ensure_within_limits(world: World, access: Access, kind: EntryKind, asked: ByHand) -> None:
    if asked.points == 0 or (asked.points < 0 and kind is not EntryKind.CORRECTION):
        raise refused(
            "INVALID_POINTS",
            "Points are whole and positive; only a correction is signed.",
            points=asked.points,
        )
    limit = world.directory(access.network_id).rules.bonuses.by_hand_limit_points
    if abs(asked.points) > limit and access.role is not Role.OWNER:
        raise refused("OVER_LIMIT", f"More than {limit} points at once need the owner.", limit=limit)


def _end_of(world: World, access: Access, day: date | None) -> datetime | None:
    """The local midnight that ends a day, in the zone of the network's first salon."""
    if day is None:
        return None
    salons = world.directory(access.network_id).salons
    zone = salons[min(salons)].timezone if salons else "UTC"
    end = local_instant(day, time(23, 59, 59, 999000), zone)
    if end <= world.now():
        raise refused("INVALID_EXPIRY", "Points expire in the future.", expires_on=day.isoformat())
    return end


def post(world: World, client: Client, posting: Posting) -> Entry:
    """One posting in one transaction: the entry and the account. A replay answers with the entry that
    stands."""
    network_id, client_id = client.network_id, client.id
    for _ in range(CONFLICT_TRIES):
        account = world.store.account(network_id, client_id)
        try:
            after, entry = posted(account, posting, world.now())
        except DomainError:
            stands = _standing(world, network_id, client_id, posting)
            if stands is not None:
                return stands
            raise
        try:
            directory = world.directory(network_id)
            world.store.save(entry, plan_account.with_wake(after, directory, world.now(), client))
            return entry
        except SaveConflict:
            stands = _standing(world, network_id, client_id, posting)
            if stands is not None:
                return stands
    raise conflict("TRY_AGAIN", "Too much is being posted to this client at once; try again.")


def _standing(world: World, network_id: str, client_id: str, posting: Posting) -> Entry | None:
    entry = world.store.entry(network_id, client_id, posting.id)
    if entry is not None:
        ensure_same(posting, entry)
    return entry


def reversal_id(entry: Entry) -> str:
    """A reversal's id follows from what it reverses: an entry can be reversed once."""
    return entry_id(entry.client_id, "reverse", entry.id)


def reverse(world: World, access: Access, entry_id: str, reason: str) -> Entry:
    """Undoes an entry by another that names it. Again: the same reversal. Raises NOT_FOUND,
    CANNOT_REVERSE."""
    client_id = client_of_entry(entry_id)
    entry = world.store.entry(access.network_id, client_id, entry_id)
    if entry is None:
        raise missing("entry", entry_id)
    client = world.store.client(access.network_id, client_id, fresh=False)
    for _ in range(CONFLICT_TRIES):
        account = world.store.account(access.network_id, client_id)
        after, undone = reversed_entry(
            account, entry, id=reversal_id(entry), reason=reason, actor=access.actor, now=world.now()
        )
        try:
            directory = world.directory(access.network_id)
            world.store.save(undone, plan_account.with_wake(after, directory, world.now(), client))
            return undone
        except SaveConflict:
            stands = world.store.entry(access.network_id, client_id, undone.id)
            if stands is not None:
                return stands
    raise conflict("TRY_AGAIN", "Too much is being posted to this client at once; try again.")


def quote_for(world: World, access: Access, client_id: str, bill_minor: int) -> tuple[Account, Quote]:
    """What may be redeemed on a bill now. One read."""
    if bill_minor < 0:
        raise refused("INVALID_AMOUNT", "A bill is not negative.", amount_minor=bill_minor)
    account = world.store.account(access.network_id, client_id)
    return account, quote(account, bill_minor, world.directory(access.network_id).rules.bonuses, world.now())
