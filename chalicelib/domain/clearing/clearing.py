"""Clearing: the sums of a month's entries, by granting salon and honouring salon, and the points that are
still open at the end of the month. The granting salon has granted the points; the honouring salon is where
the entry was posted."""

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
"""The word in place of a month of expiry: the points never expire, or each visit extends their life."""

LATE = timedelta(days=1)
"""How long a month's books stay open. An entry that is recorded later belongs to the day of its record."""

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
"""The column of PairSum for each kind of entry. Points that a hold or its release moves pay a debt: a debt is
a reversal that takes effect late. A reversal has its column by the sign of its points."""


class Period(Struct, frozen=True):
    """A calendar month, `2026-11`, in the network's zone: from its first midnight to the next month's."""

    month: str
    since: datetime
    until: datetime
    zone: str


class PairSum(Struct, frozen=True):
    """Points of lots of the granting salon, moved by entries of the honouring salon; "": no salon. Points are
    signed as in entries: those that leave balances are negative.

    returned    by reversals, mostly of redemptions. taken_back: by reversals, and by payment of debts.
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
        """The change of all balances."""
        return sum(getattr(self, column) for column in COLUMNS)

    @property
    def honoured(self) -> int:
        """Redeemed points less returned points; positive."""
        return -(self.redeemed + self.returned)


COLUMNS = tuple(each.name for each in fields(PairSum) if each.name not in ("granting", "honouring"))


class OpenPoints(Struct, frozen=True):
    """Open points of a salon's lots. expires: the month (`2026-12`) of the last local day on which they can
    be used; or `never`; or `inactivity`: each visit extends their life."""

    granting: str
    expires: str
    points: int


class MonthSums(Struct, frozen=True, kw_only=True):
    """Sums of a month. entries: number. debt: the increase of the clients' debts. owed: open points at its
    end. redemptions: number by honouring salon. bookings: number of completed bookings by salon."""

    entries: int = 0
    debt: int = 0
    pairs: tuple[PairSum, ...] = ()
    owed: tuple[OpenPoints, ...] = ()
    redemptions: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    bookings: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


class ClearingPart(Struct, frozen=True, kw_only=True):
    """The sums of one slice of a walk. number: where the slice began, so that a repeated slice saves the same
    part."""

    network_id: str
    walk_id: str
    number: str
    sums: MonthSums


class Clearing(Struct, frozen=True, kw_only=True):
    """A month that a walk has counted. The parts are kept under the walk's id. as_of: entries that were
    recorded later are left out. point_values: the value of a point at that time, in minor units by
    currency."""

    network_id: str
    month: str
    period: Period
    walk_id: str
    as_of: datetime
    point_values: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    version: int = 0

    @property
    def is_final(self) -> bool:
        """Whether no further entry can belong to the month."""
        return self.as_of >= self.period.until + LATE


def period_of(month: str, zone: str) -> Period:
    number = number_of_month(month)
    since, until = first_day_of_month(number), first_day_of_month(number + 1)
    return Period(month, day_start(since, zone), day_start(until, zone), zone)


def booked_at(entry: Entry) -> datetime:
    """The instant that decides to which month an entry belongs: its effect, or, of an expiry, the last
    instant at which the points could be used. An entry that was recorded over a day late belongs to the day
    of its record, so that a closed month does not change."""
    at = entry.effective_at - (_JUST_BEFORE if entry.kind is EntryKind.EXPIRY else timedelta())
    return at if entry.recorded_at - at <= LATE else entry.recorded_at


# --- one entry


def movements(entry: Entry) -> Iterator[tuple[str, str, int]]:
    """The movements of an entry: granting salon, column of PairSum, points. The points sum to those of the
    entry."""
    paid_debt = -entry.debt if entry.debt < 0 and _OF_KIND.get(entry.kind) in _SPLIT else 0
    column = _OF_KIND.get(entry.kind)
    if paid_debt and column != REDEEMED:  # the entry paid a debt out of its points
        last = entry.lots[-1] if entry.lots else None
        salon = (last.salon_id if last is not None else entry.salon_id) or NO_SALON
        yield salon, str(column), paid_debt
        yield salon, TAKEN_BACK, -paid_debt
        paid_debt = 0
    for change in reversed(entry.lots):  # held points that were not spent paid a debt once they were released
        paid = min(paid_debt, max(-change.points, 0))
        paid_debt -= paid
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
    """Adds up the entries of a month, in any order. It keeps only the sums in memory. as_of: entries that
    were recorded later are left out, so that a walk of some minutes reports one instant."""

    def __init__(self, period: Period, as_of: datetime) -> None:
        self._period, self._as_of = period, as_of
        self._entries = self._debt = 0
        self._pairs: dict[tuple[str, str], dict[str, int]] = {}
        self._owed: dict[tuple[str, str], int] = {}
        self._redemptions: dict[str, int] = {}

    def add(self, entry: Entry) -> None:
        at = booked_at(entry)
        if entry.recorded_at > self._as_of or at >= self._period.until:
            return
        for change in entry.lots:
            key = (change.salon_id or NO_SALON, expires_in(change, self._period.zone))
            self._owed[key] = self._owed.get(key, 0) + change.points
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
    """The sums of all parts of a month."""
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
        for total, numbers in ((redemptions, part.redemptions), (bookings, part.bookings)):
            for salon_id, number in numbers.items():
                total[salon_id] = total.get(salon_id, 0) + number
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
    """The sum of all pairs, as a pair without salons."""
    found = dict.fromkeys(COLUMNS, 0)
    for pair in pairs:
        for column in COLUMNS:
            found[column] += getattr(pair, column)
    return _pair(NO_SALON, NO_SALON, found)
