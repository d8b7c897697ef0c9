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

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from chalicelib.domain.account import (
    BY_SYSTEM,
    NEVER,
    POINTS_MOST,
    Account,
    Entry,
    EntryKind,
    HeldLot,
    Hold,
    Lot,
    LotChange,
    Posting,
)
from chalicelib.domain.errors import DomainError, conflict, refused
from chalicelib.domain.ids import entry_id
from chalicelib.domain.zones import day_start, local_date

FINAL = frozenset({EntryKind.REVERSAL, EntryKind.HOLD, EntryKind.RELEASE, EntryKind.MERGE})
"""Kinds that are not reversed: each is undone in a way of its own."""


@dataclass(frozen=True, slots=True)
class Posted:
    """An account after an operation, and the operation's entry. ends: the entries of what had come to its end
    by then, which are posted together with it."""

    account: Account
    entry: Entry
    ends: tuple[Entry, ...] = ()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """In the order of their numbers."""
        return tuple(sorted((*self.ends, self.entry), key=lambda entry: entry.number))


# --- what comes to an end by itself


def brought_up(
    account: Account, now: datetime, since: datetime | None = None
) -> tuple[Account, tuple[Entry, ...]]:
    """The account as it stands at that instant, and an entry for each end that it came to: first, of two at
    the same instant, holds that ran out, then lots that expired. Held points do not expire before they are
    free again. since: when they became so, if that is what is being posted."""
    entries: list[Entry] = []
    at = since
    while (end := next_end(account)) is not None and end <= now:
        at = max(end, at or end)
        ran_out = next((hold for hold in account.holds if hold.expires_at <= at), None)
        account, entry = _ran_out(account, ran_out, at) if ran_out else _expired(account, at)
        entries.append(entry)
    return account, tuple(replace(entry, recorded_at=now) for entry in entries)


def next_end(account: Account) -> datetime | None:
    """When the next hold runs out, or the next points expire that are not held."""
    held = account.held_by_lot()
    ends = [hold.expires_at for hold in account.holds]
    ends += [
        lot.expires_at
        for lot in account.lots
        if lot.expires_at is not None and lot.remaining > held.get(lot.number, 0)
    ]
    return min(ends, default=None)


def _ran_out(account: Account, hold: Hold, at: datetime) -> tuple[Account, Entry]:
    return _released(account, hold, _by_itself(account, EntryKind.RELEASE, "hold ran out"), at)


def _expired(account: Account, at: datetime) -> tuple[Account, Entry]:
    changes = [_change(lot, -free) for lot, free in _free(account) if lot.is_over(at)]
    return _entered(account, _by_itself(account, EntryKind.EXPIRY, "expired"), changes, at)


def _by_itself(account: Account, kind: EntryKind, reason: str) -> Posting:
    """No end comes twice: its entry is named by its place in the ledger, which the account's version
    guards."""
    id = entry_id(account.client_id, kind, str(account.entries))
    return Posting(id=id, kind=kind, points=0, reason=reason, actor=BY_SYSTEM)


# --- granting, spending, holding


def posted(account: Account, posting: Posting, now: datetime, *, hold_id: str | None = None) -> Posted:
    """Grants or spends. hold_id: what is spent was set aside by that hold, as far as it goes; what the hold
    has more is free again. Raises INSUFFICIENT_POINTS, INVALID_POINTS, INVALID_EXPIRY, HOLD_CLOSED."""
    _ensure_sane(posting.points)
    if posting.expires_at is not None and posting.expires_at <= now:
        raise refused("INVALID_EXPIRY", "Points expire in the future.", expires_at=posting.expires_at)
    account, ends = brought_up(account, now)
    if posting.points > 0:
        return Posted(*_entered(account, posting, [_new_lot(account, posting, now)], now), ends)
    hold = _open(account, hold_id) if hold_id is not None else None
    changes = _spent(account, -posting.points, hold, now)
    if hold is not None:
        account, posting = _without(account, hold), replace(posting, cause=hold.id)
    after, entry = _entered(account, posting, changes, now)
    after, more = brought_up(after, now, since=now)
    return Posted(after, entry, (*ends, *more))


def held(account: Account, posting: Posting, until: datetime, now: datetime) -> Posted:
    """Sets points aside until they are spent or released, at the latest until that instant. Raises
    INSUFFICIENT_POINTS, INVALID_POINTS."""
    _ensure_sane(posting.points, least=1)
    account, ends = brought_up(account, now)
    taken = _from_free(account, posting.points, now)
    lots = tuple(HeldLot(change.number, -change.points) for change in taken)
    hold = Hold(posting.id, until, lots, posting.booking_id, posting.salon_id)
    changes = [replace(change, points=0, held=-change.points) for change in taken]
    account = replace(account, holds=(*account.holds, hold))
    return Posted(*_entered(account, posting, changes, now), ends)


def released(account: Account, hold_id: str, posting: Posting, now: datetime) -> Posted:
    """Frees what a hold has set aside; what is owed is paid of it first. Raises HOLD_CLOSED."""
    account, ends = brought_up(account, now)
    after, entry = _released(account, _open(account, hold_id), posting, now)
    after, more = brought_up(after, now, since=now)
    return Posted(after, entry, (*ends, *more))


def _released(account: Account, hold: Hold, posting: Posting, at: datetime) -> tuple[Account, Entry]:
    of = {lot.number: lot for lot in account.lots}
    changes = [_change(of[each.number], 0, held=-each.points) for each in hold.lots]
    return _entered(_without(account, hold), replace(posting, cause=hold.id), changes, at)


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


def _ensure_sane(points: int, least: int = -POINTS_MOST) -> None:
    if points == 0 or not least <= points <= POINTS_MOST:
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
        ((of[each.number], each) for each in hold.lots), key=lambda pair: _soonest(pair[0])
    ):
        take = min(each.points, left)
        changes.append(_change(lot, -take, held=-each.points))
        left -= take
    return _together([*changes, *(_from_free(account, left, now) if left else [])])


def _from_free(account: Account, points: int, now: datetime) -> list[LotChange]:
    free = [(lot, points) for lot, points in _free(account) if lot.is_available(now)]
    available = sum(points for _, points in free)
    if points > available:
        raise refused(
            "INSUFFICIENT_POINTS",
            f"Only {available} points can be spent now.",
            available=available,
            wanted=points,
        )
    return _taken(free, points)


def _free(account: Account) -> list[tuple[Lot, int]]:
    """The lots with what is not held of them."""
    held = account.held_by_lot()
    found = ((lot, lot.remaining - held.get(lot.number, 0)) for lot in account.lots)
    return [(lot, free) for lot, free in found if free]


def _taken(free: Iterable[tuple[Lot, int]], points: int) -> list[LotChange]:
    """Takes points from lots, the soonest-expiring first, of equals the oldest; as many as there are."""
    changes, left = [], points
    for lot, most in sorted(free, key=lambda pair: _soonest(pair[0])):
        take = min(most, left)
        if take:
            changes.append(_change(lot, -take))
            left -= take
    return changes


def _soonest(lot: Lot) -> tuple[datetime, int]:
    return (lot.expires_at or NEVER, lot.number)


# --- undoing


def reversed_entry(
    account: Account,
    entry: Entry,
    *,
    id: str,
    reason: str,
    actor: str,
    now: datetime,
    grace_until: datetime | None = None,
    points: int | None = None,
    undone: int = 0,
) -> Posted:
    """Undoes an entry, or `points` of it, where `undone` were undone before. Raises CANNOT_REVERSE.

    Spent points return to their lots, those taken last first; those whose lot has expired meanwhile to a new
    one, until `grace_until` (None: for good). Granted ones are taken back, from their own lot first, then
    from the others, and what is not free becomes debt.
    """
    if entry.kind in FINAL:
        raise refused("CANNOT_REVERSE", _HOW_UNDONE[entry.kind], entry_id=entry.id, kind=entry.kind.value)
    left = abs(entry.worth) - undone
    points = left if points is None else points
    if not 0 < points <= left:
        raise refused("CANNOT_REVERSE", "Nothing is left of it to be undone.", entry_id=entry.id)
    posting = Posting(
        id=id,
        kind=EntryKind.REVERSAL,
        points=-points if entry.worth > 0 else points,
        reason=reason,
        actor=actor,
        booking_id=entry.booking_id,
        salon_id=entry.salon_id,
    )
    return _undone(account, entry, posting, undone, grace_until, now)


_HOW_UNDONE = {
    EntryKind.REVERSAL: "A reversal cannot be reversed: post the entry anew.",
    EntryKind.HOLD: "A hold is not reversed: release it.",
    EntryKind.RELEASE: "A release is not reversed: hold the points anew.",
    EntryKind.MERGE: "A merge is not reversed by its entries: unmerge the clients.",
}


def _undone(
    account: Account, entry: Entry, posting: Posting, undone: int, grace_until: datetime | None, now: datetime
) -> Posted:
    account, ends = brought_up(account, now)
    is_own = entry.client_id == account.client_id
    if posting.points < 0:
        own = {change.number for change in entry.lots} if is_own else frozenset[int]()
        made = _entered(account, posting, [], now, owed=-posting.points, first=own, reverses=entry.id)
        return Posted(*made, ends)
    back = _slice(entry, undone, posting.points)
    if not is_own:  # of a client who was merged into this one: their lots are numbered otherwise
        back = [replace(change, number=n) for n, change in enumerate(back, account.lots_made)]
    return Posted(*_given_back(account, entry, posting, back, grace_until, now), ends)


def _given_back(
    account: Account,
    entry: Entry,
    posting: Posting,
    changes: Sequence[LotChange],
    grace_until: datetime | None,
    now: datetime,
) -> tuple[Account, Entry]:
    changes = _returned(account, [change for change in changes if change.points], grace_until, now)
    rest = posting.points - sum(change.points for change in changes)
    if rest:  # it was not taken from lots, but owed: what is owed no more is given back
        number = max([account.lots_made, *(change.number + 1 for change in changes)])
        changes.append(_grace(number, rest, None, posting.salon_id, now))
    return _entered(account, posting, changes, now, reverses=entry.id)


def _slice(entry: Entry, skip: int, points: int) -> list[LotChange]:
    """That part of what an entry has taken, counted from what it took last."""
    found = []
    for change in reversed(entry.lots):
        there = max(-change.points - skip, 0)
        skip = max(skip + change.points, 0)
        back = min(there, points)
        points -= back
        if back:
            found.append(replace(change, points=back, held=0))
    return found


def _returned(
    account: Account, changes: Sequence[LotChange], grace_until: datetime | None, now: datetime
) -> list[LotChange]:
    """To their own lots, or, of those that are over, to one grace lot for each salon that had granted
    them. A lot that is still open has the last word on when it ends: it may have been put off since."""
    stands = {lot.number: lot.expires_at for lot in account.lots}
    changes = [replace(change, expires_at=stands.get(change.number, change.expires_at)) for change in changes]
    over = [change for change in changes if change.expires_at is not None and change.expires_at <= now]
    back = [change for change in changes if change not in over]
    salons = groupby(sorted(over, key=_salon), key=_salon)
    free = max([account.lots_made, *(change.number + 1 for change in back)])
    for number, (_, group) in enumerate(salons, free):
        of_salon = list(group)
        points = sum(change.points for change in of_salon)
        back.append(_grace(number, points, grace_until, of_salon[0].salon_id, now))
    return back


def _grace(
    number: int, points: int, until: datetime | None, salon_id: str | None, now: datetime
) -> LotChange:
    at = now.replace(microsecond=0)
    return LotChange(number, points, at, at, until, EntryKind.REVERSAL, salon_id)


def _salon(change: LotChange) -> str:
    return change.salon_id or ""


# --- moving to another client


def moved_out(account: Account, posting: Posting, now: datetime) -> Posted:
    """All that an account has, and owes, leaves it. Raises HOLDS_OPEN."""
    account, ends = brought_up(account, now)
    if account.holds:
        ids = [hold.booking_id or hold.id for hold in account.holds]
        raise conflict(
            "HOLDS_OPEN", "Points are held: complete or cancel what they are held for.", held_for=ids
        )
    changes = [_change(lot, -lot.remaining) for lot in account.lots]
    return Posted(*_entered(account, posting, changes, now, owed=-account.debt), ends)


def moved_in(account: Account, out: Entry, posting: Posting, now: datetime) -> Posted:
    """What left another account comes to this one, each lot on its own terms, and what was owed there is owed
    here."""
    account, ends = brought_up(account, now)
    changes = [
        replace(change, number=number, points=-change.points)
        for number, change in enumerate(out.lots, account.lots_made)
    ]
    return Posted(*_entered(account, posting, changes, now, owed=-out.debt), ends)


def unmerged(
    account: Account,
    entry: Entry,
    posting: Posting,
    now: datetime,
    *,
    expired: int = 0,
    grace_until: datetime | None = None,
) -> Posted:
    """Undoes one side of a merge: where points had come, they leave again, and those that were spent since
    are owed; where they had left, they return.

    expired: how many of them expired where they had come to: for both sides they are gone. Those that were
    spent there before they would have expired return until `grace_until`.
    """
    account, ends = brought_up(account, now)
    if entry.worth >= 0:
        posting = replace(posting, points=expired - entry.worth)
        done = _undone(account, entry, posting, 0, None, now)
        return replace(done, ends=(*ends, *done.ends))
    posting = replace(posting, points=-entry.worth - expired)
    left = expired
    changes = []
    for change in _slice(entry, 0, -entry.worth):
        gone = min(change.points, left) if change.expires_at is not None and change.expires_at <= now else 0
        changes.append(replace(change, points=change.points - gone))
        left -= gone
    return Posted(*_given_back(account, entry, posting, changes, grace_until, now), ends)


# --- what all have in common


def _entered(
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
    changed = replace(account, lots=_lots_after(account.lots, changes), debt=account.debt + owed)
    paid = _paid(changed, first)
    changes = _together([*changes, *paid])
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
        lots=_lots_after(account.lots, changes),
    )
    return after, entry


def _paid(account: Account, first: Set[int]) -> list[LotChange]:
    if not account.debt:
        return []
    free = _free(account)
    changes = _taken([pair for pair in free if pair[0].number in first], account.debt)
    left = account.debt + sum(change.points for change in changes)
    return [*changes, *_taken([pair for pair in free if pair[0].number not in first], left)]


def _change(lot: Lot, points: int, *, held: int = 0) -> LotChange:
    return LotChange(
        lot.number,
        points,
        lot.granted_at,
        lot.available_at,
        lot.expires_at,
        lot.reason,
        lot.salon_id,
        lot.idle_days,
        held,
    )


def _together(changes: Sequence[LotChange]) -> list[LotChange]:
    """One change a lot, and none that changes nothing."""
    found: dict[int, LotChange] = {}
    for change in changes:
        stands = found.get(change.number)
        if stands is not None:
            change = replace(stands, points=stands.points + change.points, held=stands.held + change.held)
        found[change.number] = change
    return [change for change in found.values() if change.points or change.held]


def _lots_after(lots: tuple[Lot, ...], changes: Sequence[LotChange]) -> tuple[Lot, ...]:
    by_number = {lot.number: lot for lot in lots}
    for change in changes:
        lot = by_number.get(change.number) or _opened(change)
        by_number[change.number] = replace(lot, remaining=lot.remaining + change.points)
    return tuple(by_number[number] for number in sorted(by_number) if by_number[number].remaining)


def _opened(change: LotChange) -> Lot:
    return Lot(
        change.number,
        change.granted_at,
        change.available_at,
        change.expires_at,
        0,
        change.reason,
        change.salon_id,
        change.idle_days,
    )


def with_activity(account: Account, at: datetime, zone: str) -> Account:
    """After the client was active: lots that expire by inactivity live on, each its own number of days. None
    is ever shortened, and one that is over stays over."""

    def lived_on(lot: Lot) -> Lot:
        if lot.idle_days is None or lot.expires_at is None or lot.is_over(at):
            return lot
        end = day_start(local_date(at, zone) + timedelta(days=lot.idle_days + 1), zone)
        return replace(lot, expires_at=max(lot.expires_at, end))

    return replace(account, lots=tuple(map(lived_on, account.lots)))


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
