"""The bonus ledger: what may be done to an account, each time with the entry that says so. Pure, integers
only; the store makes a posting atomic.

balance = sum of what remains in the lots = sum of the entries' points, always. Points are spent from the lot
that expires soonest. Nothing is edited: a mistake is undone by a reversing entry, and a shortfall in undoing
becomes debt, which is paid by the next points that are free, so that no lot and no balance is ever below
zero, and whoever owes has nothing to spend.

Every operation first brings the account up to its instant: what has expired by then is gone, by entries of
its own, before anything else is posted. So nothing is spent after its time, whether or not the account's
pointer has been attended to.
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
    """An account after an operation, and the operation's entry. ends: the entries of what had come to its end
    by then, which are posted together with it."""

    account: Account
    entry: Entry
    expirations: tuple[Entry, ...] = ()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """In the order of their numbers."""
        return tuple(sorted((*self.expirations, self.entry), key=lambda entry: entry.number))


# --- what comes to an end by itself


def settled(
    account: Account, now: datetime, since: datetime | None = None
) -> tuple[Account, tuple[Entry, ...]]:
    """The account as it stands at that instant, and an entry for each end that it came to: first, of two at
    the same instant, holds that ran out, then lots that expired. Held points do not expire before they are
    free again. since: when they became so, if that is what is being posted."""
    entries: list[Entry] = []
    at = since
    while (end := next_expiration(account)) is not None and end <= now:
        at = max(end, at or end)
        ran_out = next((hold for hold in account.holds if hold.expires_at <= at), None)
        account, entry = _ran_out(account, ran_out, at) if ran_out else _expired(account, at)
        entries.append(entry)
    return account, tuple(replace(entry, recorded_at=now) for entry in entries)


def next_expiration(account: Account) -> datetime | None:
    """When the next hold runs out, or the next points expire that are not held."""
    held = account.held_by_lot()
    instants = [hold.expires_at for hold in account.holds]
    instants += [
        lot.expires_at
        for lot in account.lots
        if lot.expires_at is not None and lot.remaining > held.get(lot.number, 0)
    ]
    return min(instants, default=None)


def _ran_out(account: Account, hold: Hold, at: datetime) -> tuple[Account, Entry]:
    return _released(account, hold, _by_itself(account, EntryKind.RELEASE, "hold ran out"), at)


def _expired(account: Account, at: datetime) -> tuple[Account, Entry]:
    changes = [lot_change(lot, -free) for lot, free in free_points(account) if lot.is_over(at)]
    return apply_changes(account, _by_itself(account, EntryKind.EXPIRY, "expired"), changes, at)


def _by_itself(account: Account, kind: EntryKind, reason: str) -> Posting:
    """No end comes twice: its entry is named by its place in the ledger, which the account's version
    guards."""
    id = entry_id(account.client_id, kind, str(account.entries))
    return Posting(id=id, kind=kind, points=0, reason=reason, actor=BY_SYSTEM)


# --- granting, spending, holding


def post(account: Account, posting: Posting, now: datetime, *, hold_id: str | None = None) -> Posted:
    """Grants or spends. hold_id: what is spent was set aside by that hold, as far as it goes; what the hold
    has more is free again. Raises INSUFFICIENT_POINTS, INVALID_POINTS, INVALID_EXPIRY, HOLD_CLOSED."""
    _ensure_sane(posting.points)
    if posting.expires_at is not None and posting.expires_at <= now:
        raise refused("INVALID_EXPIRY", "Points expire in the future.", expires_at=posting.expires_at)
    account, expirations = settled(account, now)
    if posting.points > 0:
        return Posted(*apply_changes(account, posting, [_new_lot(account, posting, now)], now), expirations)
    hold = _open(account, hold_id) if hold_id is not None else None
    changes = _spent(account, -posting.points, hold, now)
    if hold is not None:
        account, posting = _without(account, hold), replace(posting, cause=hold.id)
    after, entry = apply_changes(account, posting, changes, now)
    after, more = settled(after, now, since=now)
    return Posted(after, entry, (*expirations, *more))


def hold_points(account: Account, posting: Posting, until: datetime, now: datetime) -> Posted:
    """Sets points aside until they are spent or released, at the latest until that instant. Raises
    INSUFFICIENT_POINTS, INVALID_POINTS."""
    _ensure_sane(posting.points, least=1)
    account, expirations = settled(account, now)
    chosen = _from_free(account, posting.points, now)
    lots = tuple(HeldLot(change.number, -change.points) for change in chosen)
    hold = Hold(posting.id, until, lots, posting.booking_id, posting.salon_id)
    changes = [replace(change, points=0, held=-change.points) for change in chosen]
    account = replace(account, holds=(*account.holds, hold))
    return Posted(*apply_changes(account, posting, changes, now), expirations)


def release_points(account: Account, hold_id: str, posting: Posting, now: datetime) -> Posted:
    """Frees what a hold has set aside; what is owed is paid of it first. Raises HOLD_CLOSED."""
    account, expirations = settled(account, now)
    after, entry = _released(account, _open(account, hold_id), posting, now)
    after, more = settled(after, now, since=now)
    return Posted(after, entry, (*expirations, *more))


def _released(account: Account, hold: Hold, posting: Posting, at: datetime) -> tuple[Account, Entry]:
    of = {lot.number: lot for lot in account.lots}
    changes = [lot_change(of[each.number], 0, held=-each.points) for each in hold.lots]
    return apply_changes(_without(account, hold), replace(posting, cause=hold.id), changes, at)


def _without(account: Account, hold: Hold) -> Account:
    return replace(account, holds=tuple(each for each in account.holds if each.id != hold.id))


def _open(account: Account, hold_id: str) -> Hold:
    hold = account.hold(hold_id)
    if hold is None:
        raise conflict(
            "HOLD_CLOSED",
            "These points are not held any more: they were spent, or set free.",
            hold_id=hold_id,
        )
    return hold


def _ensure_sane(points: int, least: int = -MAX_POINTS) -> None:
    if points == 0 or not least <= points <= MAX_POINTS:
        message = "Points must be a whole number between 1 and 1,000,000,000."
        raise refused("INVALID_POINTS", message, points=points)


def _new_lot(account: Account, posting: Posting, now: datetime) -> LotChange:
    """Whole seconds: a lot's instants are kept as such."""
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


def _spent(account: Account, points: int, hold: Hold | None, now: datetime) -> list[LotChange]:
    """Of a hold's lots first, then of what is free."""
    if hold is None:
        return _from_free(account, points, now)
    of = {lot.number: lot for lot in account.lots}
    changes, left = [], points
    for lot, each in sorted(
        ((of[each.number], each) for each in hold.lots), key=lambda pair: expiry_order(pair[0])
    ):
        take = min(each.points, left)
        changes.append(lot_change(lot, -take, held=-each.points))
        left -= take
    return one_change_per_lot([*changes, *(_from_free(account, left, now) if left else [])])


def _from_free(account: Account, points: int, now: datetime) -> list[LotChange]:
    free = [(lot, points) for lot, points in free_points(account) if lot.is_available(now)]
    available = sum(points for _, points in free)
    if points > available:
        raise refused(
            "INSUFFICIENT_POINTS",
            f"Only {available} points can be spent now.",
            available=available,
            wanted=points,
        )
    return take_points(free, points)


# --- what all have in common


def apply_changes(
    account: Account,
    posting: Posting,
    changes: Sequence[LotChange],
    now: datetime,
    *,
    owed: int = 0,
    first: Set[int] = frozenset(),
    reverses: str | None = None,
) -> tuple[Account, Entry]:
    """The account with its lots changed and so much more owed, of which what is free pays at once, lots
    numbered in `first` before the others; and the entry that says all this."""
    changed = replace(account, lots=lots_with_changes(account.lots, changes), debt=account.debt + owed)
    paid = _paid(changed, first)
    changes = one_change_per_lot([*changes, *paid])
    points, of_holds = sum(change.points for change in changes), sum(change.held for change in changes)
    debt = owed + sum(change.points for change in paid)
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
        debt=debt,
        held=of_holds,
        booking_id=posting.booking_id,
        salon_id=posting.salon_id,
        reverses=reverses,
        cause=posting.cause,
    )
    after = replace(
        account,
        balance=entry.balance_after,
        debt=account.debt + debt,
        entries=account.entries + 1,
        lots_made=max([account.lots_made, *(change.number + 1 for change in changes)]),
        lots=lots_with_changes(account.lots, changes),
    )
    return after, entry


def _paid(account: Account, first: Set[int]) -> list[LotChange]:
    if not account.debt:
        return []
    free = free_points(account)
    changes = take_points([pair for pair in free if pair[0].number in first], account.debt)
    left = account.debt + sum(change.points for change in changes)
    return [*changes, *take_points([pair for pair in free if pair[0].number not in first], left)]


def ensure_same(posting: Posting, entry: Entry) -> None:
    """A replay is welcome, another input under the same id is not. Raises ENTRY_EXISTS naming what
    differs."""
    if posting.input_hash == entry.input_hash:
        return
    differs = [
        name
        for name, said, stands in (
            ("kind", posting.kind, entry.kind),
            ("points", posting.points, entry.held or entry.worth),
            ("reason", posting.reason, entry.reason),
            ("booking_id", posting.booking_id, entry.booking_id),
            ("cause", posting.cause, entry.cause),
        )
        if said != stands
    ]
    raise _exists(entry, differs)


def _exists(entry: Entry, differs: list[str]) -> DomainError:
    return conflict(
        "ENTRY_EXISTS",
        "An entry with this id was posted with other input.",
        entry_id=entry.id,
        differs=differs,
    )
