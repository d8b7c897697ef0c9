"""The simplest of ledgers, to hold the real one against: lots are a list, holds a dict, debt a number. It
keeps no entries, and shares nothing with the ledger but words."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

FOREVER = datetime.max.replace(tzinfo=UTC)


class TooMuch(Exception):
    """More was asked for than can be spent."""


class NotHeld(Exception):
    """That hold is closed."""


class HoldsOpen(Exception):
    """Points are held, so that the account cannot leave."""


@dataclass
class Lot:
    available: datetime
    expires: datetime
    left: int
    idle_days: int | None = None
    lapsed: int = 0
    """How much of it expired."""
    became: list["Lot"] = field(default_factory=list)
    """The lots that its points became on the target of a merge."""

    @property
    def everywhere(self) -> list["Lot"]:
        return [self, *(lot for each in self.became for lot in each.everywhere)]

    @property
    def lapsed_anywhere(self) -> int:
        return sum(lot.lapsed for lot in self.everywhere)


@dataclass
class Held:
    until: datetime
    of: dict[int, int]


@dataclass
class Done:
    """An operation that can be undone: what it was worth, and what it took of which lot, with the lot's
    expiry then. made: the lots that it brought. undone: how much of it was taken back. corrected: what of it
    a lower sum of its visit took."""

    worth: int
    took: dict[int, tuple[int, datetime]] = field(default_factory=dict)
    made: list[int] = field(default_factory=list)
    undone: int = 0
    corrected: int = 0


@dataclass
class ReversalSinceMerge:
    """An operation of the source, and its reversal on the target since the merge. before: how many of its
    points were undone before that."""

    done: Done
    by: Done
    before: int


@dataclass
class ModelAccount:
    lots: list[Lot] = field(default_factory=list)
    holds: dict[str, Held] = field(default_factory=dict)
    debt: int = 0

    # --- looking

    @property
    def balance(self) -> int:
        return sum(lot.left for lot in self.lots)

    @property
    def held(self) -> int:
        return sum(sum(hold.of.values()) for hold in self.holds.values())

    def free(self, number: int) -> int:
        return self.lots[number].left - sum(hold.of.get(number, 0) for hold in self.holds.values())

    def available(self, now: datetime) -> int:
        return sum(self.free(number) for number in self._spendable(now))

    def pending(self, now: datetime) -> int:
        return sum(lot.left for lot in self.lots if lot.available > now)

    def _spendable(self, now: datetime) -> list[int]:
        return self._soonest(n for n, lot in enumerate(self.lots) if lot.available <= now < lot.expires)

    def _soonest(self, numbers: Iterable[int]) -> list[int]:
        return sorted(numbers, key=lambda number: (self.lots[number].expires, number))

    # --- time goes by

    def until(self, now: datetime) -> None:
        """Holds run out and lots expire, each at its instant, of two at one instant the hold first."""
        while True:
            ends = [(hold.until, 0, place) for place, hold in enumerate(self.holds.values())]
            ends += [(lot.expires, 1, number) for number, lot in enumerate(self.lots) if self.free(number)]
            at, is_lot, which = min(ends, default=(FOREVER, 0, 0))
            if at > now or at == FOREVER:
                return
            if is_lot:
                lot, points_free = self.lots[which], self.free(which)
                lot.left, lot.lapsed = lot.left - points_free, lot.lapsed + points_free
            else:
                del self.holds[list(self.holds)[which]]
                self._pay({})

    def active(self, now: datetime, zone: str) -> None:
        """The client came: what expires by inactivity is put off."""
        for lot in self.lots:
            if lot.idle_days is not None and lot.left and lot.expires > now:
                day = now.astimezone(ZoneInfo(zone)).date()
                lot.expires = max(lot.expires, midnight(day + timedelta(days=lot.idle_days + 1), zone))

    # --- what may be done

    def earn(self, now: datetime, points: int, available: datetime | None = None,
             expires: datetime | None = None, idle_days: int | None = None) -> Done:  # fmt: skip
        self.until(now)
        self.lots.append(Lot(available or now, expires or FOREVER, points, idle_days))
        number = len(self.lots) - 1
        self._pay({})
        return Done(points, made=[number])

    def spend(self, now: datetime, points: int, hold_id: str | None = None) -> Done:
        self.until(now)
        took: dict[int, tuple[int, datetime]] = {}
        hold = self._hold(hold_id) if hold_id is not None else Held(now, {})
        free = self.available(now)
        if points > sum(hold.of.values()) + free:
            raise TooMuch
        left = points
        if hold_id is not None:
            del self.holds[hold_id]
        for number in self._soonest(hold.of):
            left -= self._take(number, min(hold.of[number], left), took)
        for number in self._spendable(now) if left else []:
            left -= self._take(number, min(self.free(number), left), took)
        self._pay(took)
        self.until(now)
        return Done(-points, took)

    def hold(self, now: datetime, hold_id: str, points: int, until: datetime) -> None:
        self.until(now)
        if points > self.available(now):
            raise TooMuch
        of: dict[int, int] = {}
        for number in self._spendable(now):
            if take := min(self.free(number), points):
                of[number] = take
                points -= take
        self.holds[hold_id] = Held(until, of)

    def release(self, now: datetime, hold_id: str) -> None:
        self.until(now)
        self._hold(hold_id)
        del self.holds[hold_id]
        self._pay({})
        self.until(now)

    def _hold(self, hold_id: str) -> Held:
        if hold_id not in self.holds:
            raise NotHeld
        return self.holds[hold_id]

    def left_of(self, now: datetime, done: Done) -> int:
        """How many of its points can still be undone. Points that expired unspent count as undone."""
        return max(abs(done.worth) - self.points_undone(now, done), 0)

    def points_undone(self, now: datetime, done: Done) -> int:
        return done.undone + (self.lapsed(now, done) if done.worth > 0 else 0)

    def undo(self, now: datetime, done: Done, points: int, grace: datetime | None) -> None:
        self.until(now)
        if done.worth > 0:
            self.debt += points
            self._pay({}, first=done.made)
        else:
            self._return_points(now, self._part(done, done.undone, points), points, grace)
            self._pay({})
        done.undone += points

    def _part(self, done: Done, skip: int, points: int) -> list[tuple[int, int, datetime]]:
        """A part of the points that were taken, the last taken first: lot, points, and the lot's end then."""
        found = []
        for number, (took, expired) in reversed(done.took.items()):
            there, skip = max(took - skip, 0), max(skip - took, 0)
            if back := min(there, points):
                found.append((number, back, expired))
            points -= back
        return found

    def _return_points(
        self, now: datetime, parts: list[tuple[int, int, datetime]], points: int, grace: datetime | None
    ) -> None:
        """Points return to the lots they were taken from, or, if a lot has expired, to a new one."""
        ends: dict[int, datetime] = {}
        for number, _, expired in parts:
            lot = self.lots[number]
            ends[number] = lot.expires if lot.left else max(expired, ends.get(number, expired))
        open_before = {number for number, lot in enumerate(self.lots) if lot.left}
        for number, back, _ in parts:
            points -= back
            lot = self.lots[number]
            if ends[number] > now:
                lot.left, lot.expires = lot.left + back, ends[number]
            elif number in open_before:  # over, and still held
                self.lots.append(Lot(now, grace or FOREVER, back))
            elif back:  # it becomes a grace lot
                lot.left, lot.available, lot.expires = lot.left + back, now, grace or FOREVER
                lot.idle_days = None
        if points > 0:  # it had been owed
            self.lots.append(Lot(now, FOREVER, points))

    def undo_for(
        self, now: datetime, source: "ModelAccount", done: Done, points: int, grace: datetime | None
    ) -> ReversalSinceMerge:
        """Undoes on this account, the target's, an operation of a source that is merged into it."""
        self.until(now)
        since = ReversalSinceMerge(done, Done(-points if done.worth > 0 else points), done.undone)
        if done.worth > 0:
            self.debt += points
            made = [lot for number in done.made for lot in source.lots[number].everywhere]
            own_lots = [n for n, lot in enumerate(self.lots) if any(lot is each for each in made)]
            self._pay(since.by.took, first=own_lots)
        else:
            late, first = 0, len(self.lots)
            for number, back, expired in source._part(done, done.undone, points):
                was = source.lots[number]
                if expired <= now:
                    late += back
                else:
                    self.lots.append(Lot(was.available, expired, back, was.idle_days))
            if late:
                self.lots.append(Lot(now, grace or FOREVER, late))
            since.by.made = list(range(first, len(self.lots)))
            self._pay({})
        done.undone += points
        return since

    def _take(self, number: int, points: int, took: dict[int, tuple[int, datetime]]) -> int:
        so_far, _ = took.get(number, (0, None))
        took[number] = (so_far + points, self.lots[number].expires)
        self.lots[number].left -= points
        return points

    def _pay(self, took: dict[int, tuple[int, datetime]], first: Iterable[int] = ()) -> None:
        """Free points pay the debt: those of the lots in `first` before the others."""
        first = self._soonest(first)
        for number in [*first, *self._soonest(n for n in range(len(self.lots)) if n not in first)]:
            if pays := min(self.free(number), self.debt):
                self.debt -= self._take(number, pays, took)

    # --- merging

    def leave(self, now: datetime) -> tuple[Done, list[Lot]]:
        self.until(now)
        if self.holds:
            raise HoldsOpen
        done, moved = Done(self.debt - self.balance), []
        for number, lot in enumerate(self.lots):
            if lot.left:
                moved.append(Lot(lot.available, lot.expires, lot.left, lot.idle_days))
                lot.became.append(moved[-1])
                self._take(number, lot.left, done.took)
        self.debt = 0
        return done, moved

    def arrive(self, now: datetime, out: Done, moved: list[Lot]) -> Done:
        self.until(now)
        done = Done(-out.worth, made=list(range(len(self.lots), len(self.lots) + len(moved))))
        self.lots += moved
        self.debt += max(out.worth, 0)
        self._pay(done.took)
        return done

    def lapsed(self, now: datetime, done: Done) -> int:
        self.until(now)
        return sum(self.lots[number].lapsed_anywhere for number in done.made)

    def unmerge_target(
        self, now: datetime, came: Done, since: list[ReversalSinceMerge], lapsed: int, grace: datetime | None
    ) -> None:
        """The target without the source's points, less the expired ones. Its reversals are undone."""
        self.until(now)
        for_source = [came, *(each.by for each in since)]
        taken = [done for done in for_source if done.worth < 0]
        parts = [part for done in taken for part in self._part(done, 0, -done.worth)]
        self._return_points(now, parts, -sum(done.worth for done in taken), grace)
        lapsed = min(lapsed, max(sum(done.worth for done in for_source), 0))
        self.debt += sum(done.worth for done in for_source if done.worth > 0) - lapsed
        self._pay({}, first={number for done in for_source for number in done.made})

    def unmerge_source(
        self, now: datetime, out: Done, since: list[ReversalSinceMerge], lapsed: int, grace: datetime | None
    ) -> None:
        """The source with its points again, less those that expired on the target."""
        self.until(now)
        parts = self._part(out, 0, max(-out.worth, 0))
        back = max(-out.worth, 0)
        for each in since:
            if each.by.worth > 0:
                parts += self._part(each.done, each.before, each.by.worth)
                back += each.by.worth
        lapsed = min(lapsed, max(sum(each.by.worth for each in since) - out.worth, 0))
        parts, _ = self._less(parts, lapsed, [number for number, _, ended in parts if ended <= now])
        owed = max(out.worth, 0)
        for each in since:
            if each.by.worth < 0:
                parts, rest = self._less(parts, -each.by.worth, each.done.made, only=True)
                back, owed = back + each.by.worth + rest, owed + rest
        self._return_points(now, parts, back - lapsed, grace)
        self.debt += owed
        self._pay({})

    @staticmethod
    def _less(
        parts: list[tuple[int, int, datetime]], points: int, first: list[int], *, only: bool = False
    ) -> tuple[list[tuple[int, int, datetime]], int]:
        """The parts without some points, and how many points could not be taken. The lots in `first` give
        points before the others do; only: no others do."""
        found = list(parts)
        for numbers in (first,) if only else (first, [number for number, _, _ in parts]):
            for place, (number, back, ended) in enumerate(found):
                if number in numbers:
                    less = min(back, points)
                    found[place], points = (number, back - less, ended), points - less
        return found, points


# --- local days


def midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(0), ZoneInfo(zone)).astimezone(UTC)


def midnight_after(now: datetime, zone: str, days: int) -> datetime:
    """The midnight that begins the local day so many days from today."""
    return midnight(now.astimezone(ZoneInfo(zone)).date() + timedelta(days=days), zone)
