"""The bonus ledger: the operations on an account, each with the entry that records it. Pure, integers only;
the store makes a posting atomic.

The balance is always the sum of what remains in the lots, and the sum of the entries' points. The lot that
expires soonest is spent first. No entry is edited: a mistake is undone by a reversal. Points that a reversal
cannot take back become debt, and the next free points pay the debt. So no lot and no balance is below zero,
and a client with debt has no free points.

Every operation first settles the account: it posts the expirations that were due before now. So no point is
spent after its lot has expired, whether or not the account's pointer was woken in time.
"""

from collections.abc import Sequence, Set
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.loyalty.account import (
    MAX_POINTS,
    Account,
    Entry,
    EntryKind,
    HeldLot,
    Hold,
    LotChange,
    Posting,
)
from chalicelib.domain.loyalty.lots import (
    expiry_order,
    free_points,
    lot_change,
    lots_with_changes,
    one_change_per_lot,
    take_points,
)
from chalicelib.domain.shared.actors import BY_SYSTEM
from chalicelib.domain.shared.errors import DomainError, conflict, refused
from chalicelib.domain.shared.ids import entry_id


class Posted(Struct, frozen=True):
    """The result of an operation: the account after it, and its entry.

    expirations  entries of holds and lots that had expired by then. They are posted in the same transaction.
    """

    account: Account
    entry: Entry
    expirations: tuple[Entry, ...] = ()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All entries to save, in the order of their numbers."""
        return tuple(sorted((*self.expirations, self.entry), key=lambda entry: entry.number))


# --- what expires by itself


def settled(
    account: Account, now: datetime, not_before: datetime | None = None
) -> tuple[Account, tuple[Entry, ...]]:
    """The account as of now, and one entry for each expiration that was due.

    Of two expirations at one instant, the hold ends before the lots expire. Held points do not expire until
    their hold ends. not_before: no expiration is in effect before this instant, since the points were held
    until then.
    """
    entries: list[Entry] = []
    at = not_before
    while (expires_at := next_expiration(account)) is not None and expires_at <= now:
        at = max(expires_at, at or expires_at)
        hold = next((hold for hold in account.holds if hold.expires_at <= at), None)
        account, entry = _expire_hold(account, hold, at) if hold else _expire_lots(account, at)
        entries.append(entry)
    return account, tuple(replace(entry, recorded_at=now) for entry in entries)


def next_expiration(account: Account) -> datetime | None:
    """When the next hold ends, or the next lot with free points expires; None: nothing expires."""
    held = account.held_by_lot()
    instants = [hold.expires_at for hold in account.holds]
    instants += [
        lot.expires_at
        for lot in account.lots
        if lot.expires_at is not None and lot.remaining > held.get(lot.number, 0)
    ]
    return min(instants, default=None)


def _expire_hold(account: Account, hold: Hold, at: datetime) -> tuple[Account, Entry]:
    return _end_hold(account, hold, _system_posting(account, EntryKind.RELEASE, "hold ran out"), at)


def _expire_lots(account: Account, at: datetime) -> tuple[Account, Entry]:
    changes = [
        lot_change(lot, -points_free) for lot, points_free in free_points(account) if lot.is_expired(at)
    ]
    return apply_changes(account, _system_posting(account, EntryKind.EXPIRY, "expired"), changes, at)


def _system_posting(account: Account, kind: EntryKind, reason: str) -> Posting:
    """The entry's id follows from its number in the ledger, which the account's version guards. So no
    expiration is posted twice."""
    return Posting(
        id=entry_id(account.client_id, kind, str(account.entries)),
        kind=kind,
        points=0,
        reason=reason,
        actor=BY_SYSTEM,
    )


# --- granting, spending, holding


def post(account: Account, posting: Posting, now: datetime, *, hold_id: str | None = None) -> Posted:
    """Grants points (posting.points > 0) or spends points (< 0).

    hold_id: the points are spent from this hold first, and the hold ends. Its other points are free again.
    Raises INSUFFICIENT_POINTS, INVALID_POINTS, INVALID_EXPIRY, HOLD_CLOSED.
    """
    _ensure_valid(posting.points)
    if posting.expires_at is not None and posting.expires_at <= now:
        raise refused("INVALID_EXPIRY", "Points expire in the future.", expires_at=posting.expires_at)
    account, expirations = settled(account, now)
    if posting.points > 0:
        return Posted(*apply_changes(account, posting, [_new_lot(account, posting, now)], now), expirations)
    hold = _open_hold(account, hold_id) if hold_id is not None else None
    changes = _spend(account, -posting.points, hold, now)
    if hold is not None:
        account, posting = _without_hold(account, hold), replace(posting, cause=hold.id)
    after, entry = apply_changes(account, posting, changes, now)
    after, freed_and_expired = settled(after, now, not_before=now)
    return Posted(after, entry, (*expirations, *freed_and_expired))


def hold_points(account: Account, posting: Posting, until: datetime, now: datetime) -> Posted:
    """Sets points aside until they are spent or released, at the latest until the instant `until`. Raises
    INSUFFICIENT_POINTS, INVALID_POINTS."""
    _ensure_valid(posting.points, least=1)
    account, expirations = settled(account, now)
    taken = _take_available(account, posting.points, now)
    lots = tuple(HeldLot(change.number, -change.points) for change in taken)
    hold = Hold(posting.id, until, lots, posting.booking_id, posting.salon_id)
    changes = [replace(change, points=0, held=-change.points) for change in taken]
    account = replace(account, holds=(*account.holds, hold))
    return Posted(*apply_changes(account, posting, changes, now), expirations)


def release_points(account: Account, hold_id: str, posting: Posting, now: datetime) -> Posted:
    """Ends a hold, so that its points are free again. These points pay debt first. Raises HOLD_CLOSED."""
    account, expirations = settled(account, now)
    after, entry = _end_hold(account, _open_hold(account, hold_id), posting, now)
    after, freed_and_expired = settled(after, now, not_before=now)
    return Posted(after, entry, (*expirations, *freed_and_expired))


def _end_hold(account: Account, hold: Hold, posting: Posting, at: datetime) -> tuple[Account, Entry]:
    by_number = {lot.number: lot for lot in account.lots}
    changes = [lot_change(by_number[each.number], 0, held=-each.points) for each in hold.lots]
    return apply_changes(_without_hold(account, hold), replace(posting, cause=hold.id), changes, at)


def _without_hold(account: Account, hold: Hold) -> Account:
    return replace(account, holds=tuple(each for each in account.holds if each.id != hold.id))


def _open_hold(account: Account, hold_id: str) -> Hold:
    hold = account.hold(hold_id)
    if hold is None:
        raise conflict(
            "HOLD_CLOSED",
            "These points are not held any more: they were spent, or set free.",
            hold_id=hold_id,
        )
    return hold


def _ensure_valid(points: int, least: int = -MAX_POINTS) -> None:
    if points == 0 or not least <= points <= MAX_POINTS:
        message = "Points must be a whole number between 1 and 1,000,000,000."
        raise refused("INVALID_POINTS", message, points=points)


def _new_lot(account: Account, posting: Posting, now: datetime) -> LotChange:
    """The change that opens a lot. The store keeps a lot's instants in whole seconds."""
    granted_at = now.replace(microsecond=0)
    return LotChange(
        account.lots_made,
        posting.points,
        granted_at,
        posting.available_at or granted_at,
        posting.expires_at,
        posting.kind,
        posting.salon_id,
        posting.idle_days,
    )


def _spend(account: Account, points: int, hold: Hold | None, now: datetime) -> list[LotChange]:
    """Changes that spend points: those of the hold first, then available ones. The whole hold ends."""
    if hold is None:
        return _take_available(account, points, now)
    by_number = {lot.number: lot for lot in account.lots}
    held_lots = [(by_number[each.number], each.points) for each in hold.lots]
    changes, points_missing = [], points
    for lot, points_held in sorted(held_lots, key=lambda pair: expiry_order(pair[0])):
        points_taken = min(points_held, points_missing)
        changes.append(lot_change(lot, -points_taken, held=-points_held))
        points_missing -= points_taken
    if points_missing:
        changes += _take_available(account, points_missing, now)
    return one_change_per_lot(changes)


def _take_available(account: Account, points: int, now: datetime) -> list[LotChange]:
    free = [(lot, points_free) for lot, points_free in free_points(account) if lot.is_available(now)]
    available = sum(points_free for _, points_free in free)
    if points > available:
        raise refused(
            "INSUFFICIENT_POINTS",
            f"Only {available} points can be spent now.",
            available=available,
            wanted=points,
        )
    return take_points(free, points)


# --- what all operations have in common


def apply_changes(
    account: Account,
    posting: Posting,
    changes: Sequence[LotChange],
    now: datetime,
    *,
    new_debt: int = 0,
    pay_first: Set[int] = frozenset(),
    reverses: str | None = None,
) -> tuple[Account, Entry]:
    """The account after changes of its lots, and the entry that records them.

    new_debt   points by which the debt grows (a negative number: by which it shrinks). After the changes, the
               account's free points pay as much of its debt as they can; the entry records that, too.
    pay_first  numbers of the lots that pay before all others.
    reverses   the id of the entry that is undone.
    """
    indebted = replace(account, lots=lots_with_changes(account.lots, changes), debt=account.debt + new_debt)
    payments = _pay_debt(indebted, pay_first)
    debt_paid = -sum(change.points for change in payments)
    changes = one_change_per_lot([*changes, *payments])
    points = sum(change.points for change in changes)
    entry = Entry(
        network_id=account.network_id,
        client_id=account.client_id,
        id=posting.id,
        number=account.entries,
        kind=posting.kind,
        points=points,
        balance_after=account.balance + points,
        lots=tuple(changes),
        reason=posting.reason,
        actor=posting.actor,
        effective_at=now,
        recorded_at=now,
        input_hash=posting.input_hash,
        debt=new_debt - debt_paid,
        held=sum(change.held for change in changes),
        booking_id=posting.booking_id,
        salon_id=posting.salon_id,
        reverses=reverses,
        cause=posting.cause,
    )
    after = replace(
        account,
        balance=entry.balance_after,
        debt=account.debt + entry.debt,
        entries=account.entries + 1,
        lots_made=max([account.lots_made, *(change.number + 1 for change in changes)]),
        lots=lots_with_changes(account.lots, changes),
    )
    return after, entry


def _pay_debt(account: Account, pay_first: Set[int]) -> list[LotChange]:
    """Changes by which free points pay the account's debt."""
    if not account.debt:
        return []
    free = free_points(account)
    changes = take_points([pair for pair in free if pair[0].number in pay_first], account.debt)
    debt_left = account.debt + sum(change.points for change in changes)
    return [*changes, *take_points([pair for pair in free if pair[0].number not in pay_first], debt_left)]


def ensure_same(posting: Posting, entry: Entry) -> None:
    """Accepts a replay of a posting. Raises ENTRY_EXISTS, naming what differs, where the entry with the same
    id was posted with other input."""
    if posting.input_hash == entry.input_hash:
        return
    differs = [
        name
        for name, requested, existing in (
            ("kind", posting.kind, entry.kind),
            ("points", posting.points, entry.held or entry.worth),
            ("reason", posting.reason, entry.reason),
            ("booking_id", posting.booking_id, entry.booking_id),
            ("cause", posting.cause, entry.cause),
        )
        if requested != existing
    ]
    raise _exists(entry, differs)


def _exists(entry: Entry, differs: list[str]) -> DomainError:
    return conflict(
        "ENTRY_EXISTS",
        "An entry with this id was posted with other input.",
        entry_id=entry.id,
        differs=differs,
    )
