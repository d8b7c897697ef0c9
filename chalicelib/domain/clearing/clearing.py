"""Clearing: what the entries of a month come to, by the salon that had granted the points and the salon in
which the entry was posted; and what is still to be honoured when the month is over. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from msgspec import Struct, field
from msgspec.structs import fields

from chalicelib.domain.loyalty.account import Entry, EntryKind, LotChange
from chalicelib.domain.loyalty.account_plan import last_day
from chalicelib.domain.shared.months import first_day_of_month, month_name, number_of_month
from chalicelib.domain.shared.zones import day_start

NO_SALON = ""
NEVER_EXPIRES, BY_INACTIVITY = "never", "inactivity"
"""When points expire that have no month of expiry."""

LATE = timedelta(days=1)
"""A month's books stay open for so long; what is recorded of it later belongs to the day of its record."""

_JUST_BEFORE = timedelta(milliseconds=1)

GRANTED, REDEEMED, RETURNED, TAKEN_BACK = "granted", "redeemed", "returned", "taken_back"
EXPIRED, MERGED, CORRECTED = "expired", "merged", "corrected"
_OF_KIND = {
    EntryKind.GRANT: GRANTED,
    EntryKind.COMPENSATION: GRANTED,
    EntryKind.CASHBACK: GRANTED,
    EntryKind.BIRTHDAY: GRANTED,
    EntryKind.REFERRAL: GRANTED,
    EntryKind.STREAK: GRANTED,
    EntryKind.SURPRISE: GRANTED,
    EntryKind.PROMOTION: GRANTED,
    EntryKind.REDEEM: REDEEMED,
    EntryKind.CORRECTION: CORRECTED,
    EntryKind.EXPIRY: EXPIRED,
    EntryKind.MERGE: MERGED,
    EntryKind.HOLD: TAKEN_BACK,
    EntryKind.RELEASE: TAKEN_BACK,
}
"""What the points of an entry count as. Those that a hold or its release moves pay a debt, which is a
reversal that comes late. A reversal counts by its sign."""


class Period(Struct, frozen=True):
    """A calendar month, `2026-11`, in the network's zone: from its first midnight to the next month's."""

    month: str
    since: datetime
    until: datetime
    zone: str


class PairSum(Struct, frozen=True):
    """Points of lots that one salon had granted (granting), moved by entries posted in another (honouring);
    "" where there was no salon. Signed as in entries: what leaves balances is negative.

    returned    by reversals: mostly of redemptions. taken_back: by reversals, and as debts were paid.
    """

    granting: str
    honouring: str
    granted: int = 0
    redeemed: int = 0
    returned: int = 0
    taken_back: int = 0
    expired: int = 0
    merged: int = 0
    corrected: int = 0

    @property
    def id(self) -> str:
        return f"{self.granting}>{self.honouring}"

    @property
    def net(self) -> int:
        """By how much all this changed balances."""
        return sum(getattr(self, column) for column in COLUMNS)

    @property
    def honoured(self) -> int:
        """Points that paid for something, less those that a refund gave back."""
        return -(self.redeemed + self.returned)


COLUMNS = tuple(each.name for each in fields(PairSum) if each.name not in ("granting", "honouring"))


class OpenPoints(Struct, frozen=True):
    """Open points of a salon's lots. expires: the month (`2026-12`) of the last local day on which they can
    be used; `never`; `inactivity`: each visit puts it off."""

    granting: str
    expires: str
    points: int


class MonthSums(Struct, frozen=True, kw_only=True):
    """debt: by how much more is owed by clients than a month before. redemptions, bookings: how many, by the
    salon that honoured, or where they were completed."""

    entries: int = 0
    debt: int = 0
    pairs: tuple[PairSum, ...] = ()
    owed: tuple[OpenPoints, ...] = ()
    redemptions: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    bookings: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


class ClearingPart(Struct, frozen=True, kw_only=True):
    """What one slice of a walk has added up. number: where the slice began, so that one that is done again
    says the same again."""

    network_id: str
    walk_id: str
    number: str
    sums: MonthSums


class Clearing(Struct, frozen=True, kw_only=True):
    """A month that was counted by a walk, which its parts are kept under. as_of: entries recorded later are
    not in it. point_values: what a point is worth in minor units, by currency, as it stood then."""

    network_id: str
    month: str
    period: Period
    walk_id: str
    as_of: datetime
    point_values: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    version: int = 0

    @property
    def is_final(self) -> bool:
        """Whether no entry can come to it any more."""
        return self.as_of >= self.period.until + LATE


def period_of(month: str, zone: str) -> Period:
    number = number_of_month(month)
    since, until = first_day_of_month(number), first_day_of_month(number + 1)
    return Period(month, day_start(since, zone), day_start(until, zone), zone)


def booked_at(entry: Entry) -> datetime:
    """The instant by which an entry belongs to a month: that of its effect, of points that expired the last
    at which they could be used. What was recorded over a day late belongs to the day of its record, so that a
    month that is closed stays as it is."""
    at = entry.effective_at - (_JUST_BEFORE if entry.kind is EntryKind.EXPIRY else timedelta())
    return at if entry.recorded_at - at <= LATE else entry.recorded_at


# --- one entry


def movements(entry: Entry) -> Iterator[tuple[str, str, int]]:
    """What an entry did: (granting salon, column of PairSum, points). The points sum to the entry's."""
    settled = -entry.debt if entry.debt < 0 and _OF_KIND.get(entry.kind) in _SPLIT else 0
    column = _OF_KIND.get(entry.kind)
    if settled and column != REDEEMED:  # it paid a debt out of what it brought
        last = entry.lots[-1] if entry.lots else None
        salon = (last.salon_id if last is not None else entry.salon_id) or NO_SALON
        yield salon, str(column), settled
        yield salon, TAKEN_BACK, -settled
        settled = 0
    for change in reversed(entry.lots):  # what a hold had more than was spent paid a debt after it was free
        paid = min(settled, max(-change.points, 0))
        settled -= paid
        salon = change.salon_id or NO_SALON
        if paid:
            yield salon, TAKEN_BACK, -paid
        if change.points + paid:
            yield salon, column or _reversal(change), change.points + paid


_SPLIT = (GRANTED, REDEEMED, CORRECTED)


def _reversal(change: LotChange) -> str:
    return RETURNED if change.points > 0 else TAKEN_BACK


def expires_in(change: LotChange, zone: str) -> str:
    if change.idle_days is not None:
        return BY_INACTIVITY
    return NEVER_EXPIRES if change.expires_at is None else month_name(last_day(change.expires_at, zone))


# --- all of them


class MonthAccumulator:
    """Adds up entries, in any order, in the memory of the sums alone. as_of: what was recorded later is left
    out, so that a walk of some minutes tells of one instant."""

    def __init__(self, period: Period, as_of: datetime) -> None:
        self._period, self._as_of = period, as_of
        self._entries = self._debt = 0
        self._pairs: dict[tuple[str, str], dict[str, int]] = {}
        self._owed: dict[tuple[str, str], int] = {}
        self._redemptions: dict[str, int] = {}

    def take(self, entry: Entry) -> None:
        at = booked_at(entry)
        if entry.recorded_at > self._as_of or at >= self._period.until:
            return
        for change in entry.lots:
            owed = (change.salon_id or NO_SALON, expires_in(change, self._period.zone))
            self._owed[owed] = self._owed.get(owed, 0) + change.points
        if at < self._period.since:
            return
        self._entries += 1
        self._debt += entry.debt
        honouring = entry.salon_id or NO_SALON
        if entry.kind is EntryKind.REDEEM:
            self._redemptions[honouring] = self._redemptions.get(honouring, 0) + 1
        for granting, column, points in movements(entry):
            sums = self._pairs.setdefault((granting, honouring), dict.fromkeys(COLUMNS, 0))
            sums[column] += points

    def sums(self) -> MonthSums:
        return MonthSums(
            entries=self._entries,
            debt=self._debt,
            pairs=_pairs(self._pairs),
            owed=_owed(self._owed),
            redemptions=self._redemptions,
        )


def sum_of_parts(parts: Iterable[MonthSums]) -> MonthSums:
    """The sums of all parts."""
    entries = debt = 0
    pairs: dict[tuple[str, str], dict[str, int]] = {}
    owed: dict[tuple[str, str], int] = {}
    redemptions: dict[str, int] = {}
    bookings: dict[str, int] = {}
    for part in parts:
        entries, debt = entries + part.entries, debt + part.debt
        for pair in part.pairs:
            sums = pairs.setdefault((pair.granting, pair.honouring), dict.fromkeys(COLUMNS, 0))
            for column in COLUMNS:
                sums[column] += getattr(pair, column)
        for each in part.owed:
            owed[each.granting, each.expires] = owed.get((each.granting, each.expires), 0) + each.points
        for found, more in ((redemptions, part.redemptions), (bookings, part.bookings)):
            for salon_id, number in more.items():
                found[salon_id] = found.get(salon_id, 0) + number
    return MonthSums(
        entries=entries,
        debt=debt,
        pairs=_pairs(pairs),
        owed=_owed(owed),
        redemptions=redemptions,
        bookings=bookings,
    )


def _pairs(sums: Mapping[tuple[str, str], Mapping[str, int]]) -> tuple[PairSum, ...]:
    return tuple(_pair(*pair, sums[pair]) for pair in sorted(sums) if any(sums[pair].values()))


def _pair(granting: str, honouring: str, sums: Mapping[str, int]) -> PairSum:
    return PairSum(granting, honouring, *(sums[column] for column in COLUMNS))


def _owed(points: Mapping[tuple[str, str], int]) -> tuple[OpenPoints, ...]:
    return tuple(OpenPoints(*key, points[key]) for key in sorted(points) if points[key])


def total_of(pairs: Iterable[PairSum]) -> PairSum:
    """All of them as one, of no salon."""
    found = dict.fromkeys(COLUMNS, 0)
    for pair in pairs:
        for column in COLUMNS:
            found[column] += getattr(pair, column)
    return _pair(NO_SALON, NO_SALON, found)
