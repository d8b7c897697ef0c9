"""Whatever is done to two accounts, in any order: the ledger's pure operations against the simplest model."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec.structs import replace

from chalicelib.domain.loyalty.account import Account, Entry, EntryKind, Lot, Posting
from chalicelib.domain.loyalty.ledger import Posted, hold_points, post, release_points, settled
from chalicelib.domain.loyalty.ledger_check import faults
from chalicelib.domain.loyalty.lots import with_activity
from chalicelib.domain.loyalty.reversal import NOT_REVERSIBLE, ReversalTerms, reverse
from chalicelib.domain.loyalty.reversal_history import points_expired, points_undone
from chalicelib.domain.merging.since_merge import SinceMerge
from chalicelib.domain.merging.transfer import transfer_in, transfer_out
from chalicelib.domain.merging.unmerging import unmerge_source, unmerge_target
from chalicelib.domain.shared.errors import DomainError
from infra.testkit.builders import NETWORK
from tests.ledger.model import Done, HoldsOpen, ModelAccount, NotHeld, TooMuch, midnight_after
from tests.ledger.model import Lot as ModelLot

ZONE = "Europe/Chisinau"
BEGINS = (
    datetime(2026, 3, 27, 8, tzinfo=UTC),  # two nights before clocks go forward
    datetime(2026, 10, 23, 12, tzinfo=UTC),  # two nights before they go back
    datetime(2028, 2, 27, 22, tzinfo=UTC),  # local midnight, two days before 29 February
)
SAID = {TooMuch: "INSUFFICIENT_POINTS", NotHeld: "HOLD_CLOSED", HoldsOpen: "HOLDS_OPEN"}

small = st.integers(1, 60)


@dataclass
class Side:
    """One client's account, and the model of it. done: entries that can be undone, with what the model knows
    of them. granted: the terms on which lots came."""

    account: Account
    model: ModelAccount = field(default_factory=ModelAccount)
    entries: list[Entry] = field(default_factory=list)
    done: list[tuple[Entry, Done]] = field(default_factory=list)
    granted: dict[tuple[int, datetime], Lot] = field(default_factory=dict)


@dataclass
class Merge:
    out: Entry
    into: Entry
    transferred_out: Done
    transferred_in: Done


class AnyLedger(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        ids = ("cli_maria00000000001", "cli_petru00000000001")
        self.sides = [Side(Account(network_id=NETWORK, client_id=client_id)) for client_id in ids]
        self.now, self.number = BEGINS[0], 0
        self.merge: Merge | None = None

    @rule(begin=st.sampled_from(BEGINS))
    @precondition(lambda self: self.number == 0)
    def it_begins_at(self, begin: datetime) -> None:
        self.now = begin

    # --- what may be done

    @rule(
        side=st.integers(0, 1), points=small, days=st.none() | st.integers(1, 20), pending=st.integers(0, 2),
        idle=st.booleans(), salon=st.sampled_from([None, "sal_a", "sal_b"]),
    )  # fmt: skip
    def grant(
        self, side: int, points: int, days: int | None, pending: int, idle: bool, salon: str | None
    ) -> None:
        available = midnight_after(self.now, ZONE, pending) if pending else None
        expires = midnight_after(self.now, ZONE, days + 1) if days is not None else None
        idle_days = days if idle else None
        terms = {"available_at": available, "expires_at": expires, "idle_days": idle_days, "salon_id": salon}
        wanted = self._posting(points, EntryKind.GRANT, **terms)
        self._both(
            side,
            lambda account: post(account, wanted, self.now),
            lambda model: model.earn(self.now, points, available, expires, idle_days),
        )

    @rule(side=st.integers(0, 1), points=small, kind=st.sampled_from(["redeem", "correction"]))
    def spend(self, side: int, points: int, kind: str) -> None:
        wanted = self._posting(-points, EntryKind(kind))
        self._both(
            side,
            lambda account: post(account, wanted, self.now),
            lambda model: model.spend(self.now, points),
        )

    @rule(side=st.integers(0, 1), points=small, hours=st.integers(1, 200))
    def hold(self, side: int, points: int, hours: int) -> None:
        wanted, until = self._posting(points, EntryKind.HOLD), self.now + timedelta(hours=hours)
        self._both(
            side,
            lambda account: hold_points(account, wanted, until, self.now),
            lambda model: model.hold(self.now, wanted.id, points, until),
        )

    @rule(side=st.integers(0, 1), points=small, data=st.data())
    def spend_what_is_held(self, side: int, points: int, data: st.DataObject) -> None:
        hold_id, wanted = self._any_hold(side, data), self._posting(-points, EntryKind.REDEEM)
        self._both(
            side,
            lambda account: post(account, wanted, self.now, hold_id=hold_id),
            lambda model: model.spend(self.now, points, hold_id),
        )

    @rule(side=st.integers(0, 1), data=st.data())
    def release(self, side: int, data: st.DataObject) -> None:
        hold_id, wanted = self._any_hold(side, data), self._posting(0, EntryKind.RELEASE)
        self._both(
            side,
            lambda account: release_points(account, hold_id, wanted, self.now),
            lambda model: model.release(self.now, hold_id),
        )

    @precondition(lambda self: any(side.done for side in self.sides))
    @rule(side=st.integers(0, 1), points=st.none() | small, grace=st.integers(1, 30), data=st.data())
    def undo(self, side: int, points: int | None, grace: int, data: st.DataObject) -> None:
        """Wholly or in part."""
        at = self.sides[side]
        if not at.done:
            return
        entry, done = data.draw(st.sampled_from(at.done))
        left, until = at.model.left_of(self.now, done), midnight_after(self.now, ZONE, grace)
        _, expirations = settled(at.account, self.now)
        undone = points_undone(entry, [*at.entries, *expirations])

        def real(account: Account) -> Posted:
            request = ReversalTerms(
                id=self._id(), reason="mistake", actor="key:test", points=points, grace_until=until
            )
            return reverse(account, entry, request, self.now, points_undone=undone)

        if left == 0 or (points or 0) > left:
            with pytest.raises(DomainError, match="CANNOT_REVERSE"):
                real(at.account)
            return
        self._both(side, real, lambda model: model.undo(self.now, done, points or left, until))

    @precondition(lambda self: any(side.entries for side in self.sides))
    @rule(side=st.integers(0, 1), data=st.data())
    def what_is_final_is_not_undone(self, side: int, data: st.DataObject) -> None:
        final = [entry for entry in self.sides[side].entries if entry.kind in NOT_REVERSIBLE]
        if final:
            entry = data.draw(st.sampled_from(final))
            request = ReversalTerms(id="", reason="", actor="")
            with pytest.raises(DomainError, match="CANNOT_REVERSE"):
                reverse(self.sides[side].account, entry, request, self.now)

    @rule(side=st.integers(0, 1))
    def the_client_is_active(self, side: int) -> None:
        self._settle(side)
        at = self.sides[side]
        at.account = with_activity(at.account, self.now, ZONE)
        at.model.active(self.now, ZONE)

    @precondition(lambda self: self.merge is None)
    @rule(side=st.integers(0, 1))
    def merge_into_the_first(self, side: int) -> None:
        (out, model) = (self.sides[1], self.sides[1].model)
        moved: list[ModelLot] = []

        def leave(model: ModelAccount) -> Done:
            done, lots = model.leave(self.now)
            moved.extend(lots)
            for (
                lot
            ) in model.lots:  # each account is by itself here: nobody follows lots from one to the other
                lot.became.clear()
            return done

        wanted = self._posting(0, EntryKind.MERGE, cause=self.sides[0].account.client_id)
        before = len(out.entries)
        left = self._both(1, lambda account: transfer_out(account, wanted, self.now), leave)
        if left is None:
            return
        entry = next(entry for entry in out.entries[before:] if entry.id == wanted.id)
        coming = self._posting(0, EntryKind.MERGE, cause=model and out.account.client_id)
        came = self._both(
            0,
            lambda account: transfer_in(account, entry, coming, self.now),
            lambda model: model.arrive(self.now, left, moved),
        )
        assert came is not None
        self.merge = Merge(entry, self._entry(0, coming.id), left, came)

    @precondition(lambda self: self.merge is not None)
    @rule(grace=st.integers(1, 30))
    def unmerge(self, grace: int) -> None:
        merge, until = self.merge, midnight_after(self.now, ZONE, grace)
        assert merge is not None
        left, came = merge.transferred_out, merge.transferred_in
        self._settle(0)
        lapsed = self.sides[0].model.lapsed(self.now, came)
        assert points_expired(merge.into, self.sides[0].entries) == lapsed
        for side, operation, model in (
            (0, unmerge_target, lambda side: side.unmerge_target(self.now, came, [], lapsed, until)),
            (1, unmerge_source, lambda side: side.unmerge_source(self.now, left, [], lapsed, until)),
        ):
            wanted = self._posting(0, EntryKind.MERGE)
            self._both(
                side,
                self._unmerged(operation, merge.into if side == 0 else merge.out, wanted, lapsed, until),
                model,
            )
        self.merge = None

    def _unmerged(
        self, operation: Callable[..., Posted], entry: Entry, wanted: Posting, lapsed: int, until: datetime
    ) -> Any:
        since = SinceMerge(points_expired=lapsed, grace_until=until)
        return lambda account: operation(account, entry, wanted, self.now, since)

    @rule(hours=st.integers(1, 24 * 12))
    def time_goes_by(self, hours: int) -> None:
        self.now: datetime = self.now + timedelta(hours=hours)

    @rule(side=st.integers(0, 1))
    def what_is_next_to_end_ends_in_time(self, side: int) -> None:
        """The instant of an expiry itself, and the one before it."""
        ends = [lot.expires_at for lot in self.sides[side].account.lots if lot.expires_at is not None]
        later = [end for end in ends if end > self.now]
        if later:
            end = min(later)
            _, ends_before = settled(self.sides[side].account, end - timedelta(seconds=1))
            expired = [entry for entry in ends_before if entry.kind is EntryKind.EXPIRY]
            assert all(change.expires_at != end for entry in expired for change in entry.lots)
            account, _ = settled(self.sides[side].account, end)
            held = account.held_by_lot()
            over = [lot for lot in account.lots if lot.is_expired(end)]
            assert all(lot.remaining == held[lot.number] for lot in over)
            self.now = end

    @rule(side=st.integers(0, 1))
    def the_pointer_is_attended_to(self, side: int) -> None:
        self._settle(side)

    # --- how

    def _both(
        self, side: int, real: Callable[[Account], Posted], model: Callable[[ModelAccount], Done | None]
    ) -> Done | None:
        """Done to the account and to the model: both do it, or both refuse."""
        at, before = self.sides[side], self.sides[side].account
        try:
            done = model(at.model)
        except tuple(SAID) as refusal:
            with pytest.raises(DomainError, match=SAID[type(refusal)]):
                real(at.account)
            assert at.account == before
            return None
        found = real(at.account)
        self._take(side, found.account, *found.entries)
        if done is not None and found.entry.kind not in NOT_REVERSIBLE:
            at.done.append((found.entry, done))
        return done

    def _take(self, side: int, account: Account, *entries: Entry) -> None:
        at = self.sides[side]
        at.account = account
        at.entries += entries
        for lot in account.lots:
            # a lot that has expired may have become a grace lot
            first = at.granted.setdefault((lot.number, lot.granted_at), lot)
            kept = (lot.available_at, lot.reason, lot.salon_id, lot.idle_days)
            assert kept == (first.available_at, first.reason, first.salon_id, first.idle_days)
            assert lot.expires_at == first.expires_at or lot.idle_days is not None

    def _settle(self, side: int) -> None:
        account, expirations = settled(self.sides[side].account, self.now)
        self._take(side, account, *expirations)
        self.sides[side].model.until(self.now)

    def _any_hold(self, side: int, data: st.DataObject) -> str:
        ids = [entry.id for entry in self.sides[side].entries if entry.kind is EntryKind.HOLD]
        return data.draw(st.sampled_from(ids)) if ids else "ent_none"

    def _entry(self, side: int, entry_id: str) -> Entry:
        return next(entry for entry in self.sides[side].entries if entry.id == entry_id)

    def _id(self) -> str:
        self.number += 1
        return f"ent_{self.number}"

    def _posting(self, points: int, kind: EntryKind, **fields: Any) -> Posting:
        wanted = Posting(id=self._id(), kind=kind, points=points, reason="test", actor="key:test")
        return replace(wanted, **fields)

    # --- what always holds

    @invariant()
    def every_account_is_what_its_entries_say(self) -> None:
        for side in self.sides:
            assert faults(side.account, side.entries) == []
            assert len({entry.id for entry in side.entries}) == len(side.entries)

    @invariant()
    def nothing_is_below_zero_and_who_owes_has_nothing_to_spend(self) -> None:
        for side in self.sides:
            account, held = side.account, side.account.held_by_lot()
            assert all(lot.remaining > 0 for lot in account.lots)
            assert all(lot.remaining >= held.get(lot.number, 0) for lot in account.lots)
            assert account.debt >= 0
            assert not account.debt or account.balance == account.held

    @invariant()
    def the_model_says_the_same(self) -> None:
        for side in self.sides:
            account, _ = settled(side.account, self.now)
            side.model.until(self.now)
            model, now = side.model, self.now
            assert account.available(now) == model.available(now)
            assert account.pending(now) == model.pending(now)
            assert (account.balance, account.held, account.debt) == (model.balance, model.held, model.debt)
            assert account.balance == account.available(now) + account.pending(now) + account.held

    @invariant()
    def nothing_expires_before_its_date_or_after_it(self) -> None:
        for side in self.sides:
            for entry in side.entries:
                if entry.kind is EntryKind.EXPIRY:
                    assert entry.lots
                    for change in entry.lots:
                        assert change.expires_at is not None
                        assert change.expires_at <= entry.effective_at <= entry.recorded_at
