"""What a shop's two clients should have, by the simplest rules: the programme in a few lines, on the simplest
ledger."""

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.ledger.model import (
    Done,
    Held,
    HoldsOpen,
    ModelAccount,
    NotHeld,
    ReversalSinceMerge,
    TooMuch,
    midnight,
    midnight_after,
)

VALUE_MINOR, PRICE_MINOR = 100, 50_000
LASTS = timedelta(hours=1)
DESK_HOLD = timedelta(hours=12)
UNDER_WAY = timedelta(days=1)
UPCOMING = "booked"


class Refused(Exception):
    """A refusal, by its code."""


@dataclass
class Visit:
    """A booking, and what it did when it was completed. earned, spent: by its completion, then by each
    correction of its sum. percent: of the bill that is given."""

    client: str
    zone: str
    starts_at: datetime
    status: str = UPCOMING
    completions: int = 0
    paid: int = 0
    redeemed: int = 0
    earned_points: int = 0
    refunded: int = 0
    percent: int = 0
    earned: list[Done] = field(default_factory=list)
    spent: list[Done] = field(default_factory=list)
    hold_id: str | None = None


@dataclass
class KnownHold:
    """became: "released", or how many points were redeemed."""

    client: str
    points: int
    booking_id: str | None = None
    salon_id: str | None = None
    became: str | int | None = None


@dataclass
class Undoable:
    client: str
    done: Done
    is_undone: bool = False


@dataclass
class Merged:
    into: str
    transfer_out: Done
    transfer_in: Done
    booking_ids: list[str]
    since: list[ReversalSinceMerge] = field(default_factory=list)


@dataclass
class Books:
    """The keys of `undoable`, `holds` and `bookings` are the ids that the shop gave."""

    zone: str
    now: datetime
    rules: dict[str, Any] = field(default_factory=dict)
    models: dict[str, ModelAccount] = field(default_factory=dict)
    bookings: dict[str, Visit] = field(default_factory=dict)
    holds: dict[str, KnownHold] = field(default_factory=dict)
    undoable: dict[str, Undoable] = field(default_factory=dict)
    merged: dict[str, Merged] = field(default_factory=dict)
    unnamed: Any = None

    def model(self, client: str) -> ModelAccount:
        model = self.models.setdefault(client, ModelAccount())
        model.until(self.now)
        return model

    @property
    def completed(self) -> list[str]:
        return [booking_id for booking_id, each in self.bookings.items() if each.status == "completed"]

    def today(self) -> date:
        return self.now.astimezone(ZoneInfo(self.zone)).date()

    # --- by hand

    def by_hand(self, client: str, points: int, day: date | None) -> None:
        self._ensure_not_merged(client)
        model = self.model(client)
        if points > 0:
            expires = midnight(day + timedelta(days=1), self.zone) if day else None
            done = model.earn(self.now, points, expires=expires)
        else:
            done = self._spend(model, -points)
        self.unnamed = Undoable(client, done)

    def named(self, entry_id: str) -> None:
        """The id of what was posted last."""
        if isinstance(self.unnamed, Undoable):
            self.undoable[entry_id] = self.unnamed
        self.unnamed = None

    def reverse(self, entry_id: str) -> None:
        known = self.undoable[entry_id]
        left = self._settled(known.client).left_of(self.now, known.done)
        if known.is_undone:
            return
        if not left:
            raise Refused("CANNOT_REVERSE")
        self._undo(known.client, known.done, left)
        known.is_undone = True

    def _undo(self, client: str, done: Done, points: int) -> None:
        """client: the client whose operation it was, who may be merged by now."""
        until = midnight_after(self.now, self.zone, self.rules["grace_days"] + 1)
        if client in self.merged:
            merge, source = self.merged[client], self.model(client)
            merge.since.append(self.model(merge.into).undo_for(self.now, source, done, points, until))
        else:
            self.model(client).undo(self.now, done, points, until)

    def _settled(self, client: str) -> ModelAccount:
        """The client's account, after what expired on the account of the surviving client, too."""
        self.model(self.surviving_client(client)).until(self.now)
        return self.model(client)

    def surviving_client(self, client: str) -> str:
        return self.merged[client].into if client in self.merged else client

    def _ensure_not_merged(self, client: str) -> None:
        if client in self.merged:
            raise Refused("CLIENT_MERGED")

    # --- merging

    def merge(self, client: str, into: str) -> None:
        if client in self.merged:
            return
        self._ensure_not_merged(into)
        try:
            left, moved = self.model(client).leave(self.now)
        except HoldsOpen:
            raise Refused("HOLDS_OPEN") from None
        came = self.model(into).arrive(self.now, left, moved)
        ahead = [booking_id for booking_id, visit in self.bookings.items() if self._is_ahead(visit, client)]
        for booking_id in ahead:
            self.bookings[booking_id].client = into
        self.merged[client] = Merged(into, left, came, ahead)

    def _is_ahead(self, visit: Visit, client: str) -> bool:
        return visit.client == client and visit.status == UPCOMING and visit.starts_at >= self.now - UNDER_WAY

    def unmerge(self, client: str) -> None:
        if client not in self.merged:
            raise Refused("NOT_MERGED")
        merge = self.merged[client]
        back = [self.bookings[booking_id] for booking_id in merge.booking_ids]
        back = [visit for visit in back if visit.client == merge.into and visit.status == UPCOMING]
        if any(visit.hold_id in self.model(merge.into).holds for visit in back):
            raise Refused("HOLDS_OPEN")
        del self.merged[client]
        until = midnight_after(self.now, self.zone, self.rules["grace_days"] + 1)
        there = self.model(merge.into)
        lapsed = sum(
            there.lapsed(self.now, done) for done in (merge.transfer_in, *(each.by for each in merge.since))
        )
        there.unmerge_target(self.now, merge.transfer_in, merge.since, lapsed, until)
        self.model(client).unmerge_source(self.now, merge.transfer_out, merge.since, lapsed, until)
        for visit in back:
            visit.client = client

    def _spend(self, model: ModelAccount, points: int, hold_id: str | None = None) -> Done:
        try:
            return model.spend(self.now, points, hold_id)
        except TooMuch:
            raise Refused("INSUFFICIENT_POINTS") from None
        except NotHeld:
            raise Refused("HOLD_CLOSED") from None

    # --- bookings

    def book(self, booking_id: str, client: str, zone: str, starts_at: datetime) -> None:
        self.bookings[booking_id] = Visit(client, zone, starts_at)

    def move(self, booking_id: str, starts_at: datetime) -> None:
        visit = self.bookings[booking_id]
        if visit.status != UPCOMING:
            raise Refused("WRONG_STATUS")
        visit.starts_at = starts_at
        hold = self._open_hold(visit)
        if hold is not None:
            hold.until = max(hold.until, self._held_until(visit))

    def complete(self, booking_id: str, paid: int, redeem: int) -> None:
        visit = self.bookings[booking_id]
        if visit.status == "completed":
            return
        if visit.status != UPCOMING:
            raise Refused("WRONG_STATUS")
        self._ensure_its_day(visit)
        client = self.surviving_client(visit.client)
        model = self.model(client)
        if redeem:
            self._ensure_redeemable(redeem, paid)
        hold_id = visit.hold_id if visit.hold_id in model.holds else None
        spent = None
        if redeem:
            spent = self._spend(model, redeem, hold_id)
        elif hold_id:
            model.release(self.now, hold_id)
        if hold_id:
            self.holds[hold_id].became = None if redeem else "released"
        visit.client, visit.hold_id = client, None
        visit.spent, visit.earned = [spent] if spent else [], []
        visit.status, visit.paid, visit.redeemed, visit.refunded = "completed", paid, redeem, 0
        visit.completions += 1
        visit.percent = self.rules["cashback_percent"]
        visit.earned_points = _earned(visit, paid, redeem)
        self._earn(visit, visit.earned_points)
        model.active(self.now, self.zone)

    def _earn(self, visit: Visit, points: int) -> None:
        if points > 0:
            available = max(midnight_after(self.now, visit.zone, self.rules["pending_days"]), self.now)
            ends, idle_days = self._ends(available)
            visit.earned.append(self.model(visit.client).earn(self.now, points, available, ends, idle_days))

    def correct(self, booking_id: str, paid: int) -> None:
        """The visit has what the new sum gives: it gets the difference, or loses it, what came last first."""
        visit = self.bookings[booking_id]
        if visit.status != "completed":
            raise Refused("WRONG_STATUS")
        if paid < visit.refunded:
            raise Refused("INVALID_AMOUNT")
        if paid == visit.paid:
            return
        self._settled(visit.client)
        redeemed, more = self.corrected(visit, paid)
        self._less(visit, visit.earned, -more)
        self._less(visit, visit.spent, visit.redeemed - redeemed)
        self._earn(visit, more)
        visit.paid, visit.redeemed, visit.earned_points = paid, redeemed, _earned(visit, paid, redeemed)

    def corrected(self, visit: Visit, paid: int) -> tuple[int, int]:
        """How many points pay for such a bill, and how many more, or fewer, than before it gives."""
        redeemed = min(visit.redeemed, self._cap(paid))
        redeemed = redeemed if redeemed >= self.rules["redeem_minimum_points"] else 0
        return redeemed, _earned(visit, paid, redeemed) - sum(map(_kept, visit.earned))

    def _less(self, visit: Visit, parts: list[Done], points: int) -> None:
        """Points that expired unspent are not taken a second time."""
        for done in reversed(parts):
            here = max(min(points, _kept(done)), 0)
            points -= here
            model = self._settled(visit.client)
            expired = model.lapsed(self.now, done) if done.worth > 0 else 0
            due = min(here - expired, model.left_of(self.now, done))
            if due > 0:
                self._undo(visit.client, done, due)
                done.corrected += due

    def _ensure_its_day(self, visit: Visit) -> None:
        """A visit is closed on its day in the salon, or within the half day before it."""
        start, now = (at.astimezone(ZoneInfo(visit.zone)).date() for at in (visit.starts_at, self.now))
        if start > now and visit.starts_at - self.now > timedelta(hours=12):
            raise Refused("TOO_EARLY")

    def _ends(self, available: datetime) -> tuple[datetime | None, int | None]:
        model, after = self.rules["expiry"].model.value, self.rules["expiry"].after
        if model == "never":
            return None, None
        last = self.today() + timedelta(days=after)
        if model == "month_end":
            months = self.today().year * 12 + self.today().month - 1 + after
            year, month = months // 12, months % 12 + 1
            last = date(year, month, monthrange(year, month)[1])
        ends = max(midnight(last + timedelta(days=1), self.zone), available)
        return ends, after if model == "inactivity" else None

    def named_of_visit(self, booking_id: str, entry_ids: dict[str, str]) -> None:
        visit = self.bookings[booking_id]
        for kind, parts in (("cashback", visit.earned), ("redeem", visit.spent)):
            if parts and kind in entry_ids and entry_ids[kind] not in self.undoable:
                self.undoable[entry_ids[kind]] = Undoable(visit.client, parts[0])

    def step(self, booking_id: str, to: str) -> None:
        visit = self.bookings[booking_id]
        if visit.status == to:
            return
        if to == "no_show" and visit.status == UPCOMING:
            self._ensure_its_day(visit)
        if to != UPCOMING and visit.status != UPCOMING:
            raise Refused("WRONG_STATUS")
        if visit.status == "completed":
            self._reverse_visit(visit)
        elif self._open_hold(visit):
            self.model(visit.client).release(self.now, str(visit.hold_id))
            self.holds[str(visit.hold_id)].became = "released"
        visit.status, visit.hold_id = to, None

    def _reverse_visit(self, visit: Visit) -> None:
        """Earned points are taken back before spent points return."""
        for done in (*_largest_first(visit.earned), *visit.spent):
            left = self._settled(visit.client).left_of(self.now, done)
            if left:
                self._undo(visit.client, done, left)
                for known in self.undoable.values():
                    known.is_undone |= known.done is done
        visit.paid = visit.redeemed = visit.earned_points = visit.refunded = 0
        visit.earned, visit.spent = [], []

    def refund(self, booking_id: str, amount: int) -> None:
        """The refunded share of earned points is rounded up, that of spent points is rounded down."""
        visit = self.bookings[booking_id]
        if amount > visit.paid - visit.refunded:
            raise Refused("INVALID_AMOUNT")
        visit.refunded += amount
        model = self._settled(visit.client)
        for parts in (visit.earned, visit.spent):
            share = sum(map(_kept, parts)) * visit.refunded
            part = -(-share // visit.paid) if parts is visit.earned else share // visit.paid
            rest = part - sum(model.points_undone(self.now, done) - done.corrected for done in parts)
            for done in _largest_first(parts):
                due = min(rest, model.left_of(self.now, done))
                if due > 0:
                    self._undo(visit.client, done, due)
                    rest -= due

    # --- holds

    def hold_for_booking(self, booking_id: str, points: int) -> None:
        visit = self.bookings[booking_id]
        if visit.status != UPCOMING:
            raise Refused("WRONG_STATUS")
        self.model(self.surviving_client(visit.client))
        if self._open_hold(visit):
            if self.holds[str(visit.hold_id)].points != points:
                raise Refused("HOLD_EXISTS")
            self.unnamed = None
            return
        self._ensure_redeemable(points, PRICE_MINOR)
        client = self.surviving_client(visit.client)
        self._hold(client, points, self._held_until(visit), booking_id)
        visit.client = client

    def hold_at_desk(self, client: str, points: int, paid: int, salon: str) -> None:
        self._ensure_not_merged(client)
        at_desk = {hold_id for hold_id, hold in self.holds.items() if hold.salon_id == salon}
        if any(hold_id in at_desk for hold_id in self.model(client).holds):
            raise Refused("HOLD_EXISTS")
        self._ensure_redeemable(points, paid)
        self._hold(client, points, self.now + DESK_HOLD, salon_id=salon)

    def _hold(
        self,
        client: str,
        points: int,
        until: datetime,
        booking_id: str | None = None,
        salon_id: str | None = None,
    ) -> None:
        try:
            self.model(client).hold(self.now, "new", points, until)
        except TooMuch:
            raise Refused("INSUFFICIENT_POINTS") from None
        self.unnamed = KnownHold(client, points, booking_id, salon_id)

    def hold_named(self, entry_id: str) -> None:
        known, self.unnamed = self.unnamed, None
        if known is None:
            return
        model = self.models[known.client]
        named = [(entry_id if key == "new" else key, hold) for key, hold in model.holds.items()]
        model.holds = dict(named)
        self.holds[entry_id] = known
        if known.booking_id:
            self.bookings[known.booking_id].hold_id = entry_id

    def redeem_hold(self, hold_id: str, points: int) -> None:
        known = self.holds[hold_id]
        self.unnamed = None
        if known.booking_id:
            raise Refused("HELD_FOR_BOOKING")
        if points > known.points:
            raise Refused("OVER_CAP")
        model = self.model(known.client)
        if isinstance(known.became, int):
            if known.became != points:
                raise Refused("ENTRY_EXISTS")
            return
        self._ensure_not_merged(known.client)
        if points < known.points:
            self._ensure_fits(points)
        self.unnamed = Undoable(known.client, self._spend(model, points, hold_id))
        known.became = points

    def release_hold(self, hold_id: str) -> None:
        known = self.holds[hold_id]
        if known.became == "released":
            return
        self._ensure_not_merged(known.client)
        try:
            self.model(known.client).release(self.now, hold_id)
        except NotHeld:
            raise Refused("HOLD_CLOSED") from None
        known.became = "released"

    def _open_hold(self, visit: Visit) -> Held | None:
        return self.model(visit.client).holds.get(visit.hold_id or "")

    def _held_until(self, visit: Visit) -> datetime:
        return visit.starts_at + LASTS + timedelta(days=self.rules["hold_days"])

    # --- the programme

    def _ensure_redeemable(self, points: int, paid: int) -> None:
        if points > self._cap(paid):
            raise Refused("OVER_CAP")
        self._ensure_fits(points)

    def _ensure_fits(self, points: int) -> None:
        if points < self.rules["redeem_minimum_points"]:
            raise Refused("UNDER_MINIMUM")
        if points % self.rules["redeem_step_points"]:
            raise Refused("WRONG_STEP")

    def _cap(self, paid: int) -> int:
        most = paid * self.rules["redeem_cap_percent"] // 100 // VALUE_MINOR
        return most - most % int(self.rules["redeem_step_points"])

    def quote(self, client: str, paid: int) -> int:
        step = self.rules["redeem_step_points"]
        available = self.model(client).available(self.now)
        most = min(self._cap(paid), available - available % step)
        return most if most >= self.rules["redeem_minimum_points"] else 0

    def share(self, client: str, paid: int, percent: int) -> int:
        """So much of what can be redeemed, in the programme's steps, or just more; at least a point."""
        most, step = self.quote(client, paid), self.rules["redeem_step_points"]
        points = most * percent // 100 if percent <= 100 else most + step
        return max(points - points % int(step), 1)


def _earned(visit: Visit, paid: int, redeemed: int) -> int:
    return max(paid - redeemed * VALUE_MINOR, 0) * visit.percent // 100 // VALUE_MINOR


def _kept(done: Done) -> int:
    return abs(done.worth) - done.corrected


def _largest_first(parts: list[Done]) -> list[Done]:
    return sorted(parts, key=lambda done: done.worth, reverse=True)
