"""A client's bonus account and the entries that made it, as plain values. The operations on an account are
in ledger.py, reversal.py and domain/merging."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct, field

from chalicelib.domain.clients.clients import VisitDay
from chalicelib.domain.shared.touches import Touch, TouchKind
from chalicelib.domain.shared.waking import Trouble, Wake

NEVER = datetime.max.replace(tzinfo=UTC)
MAX_POINTS = 1_000_000_000


class EntryKind(StrEnum):
    GRANT = "grant"
    REDEEM = "redeem"
    COMPENSATION = "compensation"
    CORRECTION = "correction"
    CASHBACK = "cashback"
    BIRTHDAY = "birthday"
    REFERRAL = "referral"
    STREAK = "streak"
    SURPRISE = "surprise"
    PROMOTION = "promotion"
    EXPIRY = "expiry"
    REVERSAL = "reversal"
    HOLD = "hold"
    RELEASE = "release"
    MERGE = "merge"


BY_HAND = frozenset({EntryKind.GRANT, EntryKind.REDEEM, EntryKind.COMPENSATION, EntryKind.CORRECTION})


class Lot(Struct, frozen=True):
    """Points that were granted together.

    number        the lot's place among all lots of the account, counted from 0.
    available_at  the points are pending until this instant.
    expires_at    from this instant on the points are expired. A local midnight of the network; None: never.
    remaining     how many of the points are in the lot now, held ones included.
    reason        the kind of the entry that granted the points.
    salon_id      the salon that granted the points; None: no salon did.
    idle_days     the points expire this many days after the client's last activity, so that each activity
                  puts `expires_at` off; None: activity changes nothing.
    """

    number: int
    granted_at: datetime
    available_at: datetime
    expires_at: datetime | None
    remaining: int
    reason: EntryKind
    salon_id: str | None = None
    idle_days: int | None = None

    def is_available(self, now: datetime) -> bool:
        return self.available_at <= now and not self.is_expired(now)

    def is_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now


class LotChange(Struct, frozen=True):
    """What an entry changed in one lot. The change repeats the terms of the lot: dates, reason, salon. So
    a reversal can open a spent lot again, and every entry says which salon's points it moved.

    points  the change of `Lot.remaining`. held: the change of the lot's held points. Both are signed.
    """

    number: int
    points: int
    granted_at: datetime
    available_at: datetime
    expires_at: datetime | None
    reason: EntryKind
    salon_id: str | None = None
    idle_days: int | None = None
    held: int = 0


class HeldLot(Struct, frozen=True):
    """The points that a hold sets aside in the lot of this number."""

    number: int
    points: int


class Hold(Struct, frozen=True):
    """Points that are set aside for a bill which is not closed yet. Held points do not expire.

    id          the id of the entry that made the hold.
    expires_at  when the hold ends by itself and its points are free again.
    """

    id: str
    expires_at: datetime
    lots: tuple[HeldLot, ...]
    booking_id: str | None = None
    salon_id: str | None = None

    @property
    def points(self) -> int:
        return sum(each.points for each in self.lots)


class MonthTurnover(Struct, frozen=True):
    """What a client's visits of one month were billed in one currency. month: months since the year 0."""

    month: int
    currency: str
    spent_minor: int
    visits: int


class RewardUse(Struct, frozen=True):
    """Visits for which a coupon was given. These visits do not count towards that reward again.

    would_end_at  of a visit in trial: until when the coupon would have been valid. There is no such coupon.
                  None: the coupon exists.
    """

    reward_id: str
    coupon_id: str
    visits: tuple[VisitDay, ...]
    would_end_at: datetime | None = None


class StreakUse(Struct, frozen=True):
    """Months for which a streak's gift was given.

    first, last  months since the year 0, both included. entry_id: the entry of the gift.
    would_give   of a visit in trial: the points that the gift would have been. There is no such entry.
    """

    first: int
    last: int
    entry_id: str
    would_give: int = 0


class ReferralGift(Struct, frozen=True):
    """The gifts for a friend's first paid visit.

    times        how often the gifts were given. More than once only where they were reversed in between.
    booking_id   the visit that the gifts are for; None: the gifts are reversed.
    referrer_id  the client who recommended the salon and got a gift, too; None: nobody did.
    entry_id     the entry of the referrer's gift, in the referrer's ledger.
    would_give   of a visit in trial: the points that both gifts would have been. There are no such entries.
    """

    times: int
    booking_id: str | None = None
    referrer_id: str | None = None
    entry_id: str | None = None
    would_give: int = 0


class WalletUpdate(Struct, frozen=True):
    """The last update of the wallets that show an account.

    entries   how many entries the account had at the last update; NOT_UPDATED: an update is due or failed.
    again_at  when a failed update is tried again.
    """

    entries: int
    again_at: datetime | None = None


NOT_UPDATED = -1


class Account(Struct, frozen=True, kw_only=True):
    """A client's points. No personal data is in an account.

    balance          the sum of what remains in all lots, held and pending points included.
    debt             points that a reversal could not take back. The next free points pay the debt.
    entries          how many entries were posted; also the number of the next entry.
    lots_made        the number of the next lot.
    turnover         the last months, the oldest first. Tiers depend on the turnover.
    reward_uses, streaks  which visits and months were rewarded already, as far as later rewards need it.
    referral         the gifts for the client's first paid visit; None: nobody recommended the salon.
    surprised_month  the month of the last surprise, in months since the year 0.
    moved_to         the target client, if this client is a merged source. Nothing is posted here then.
    came_from        the source clients merged into this client. Their wallets show this account.
    shown            the last update of the wallets; None: no wallet shows the account.
    wake             the pointer: when points or holds expire, and when a warning about that is due.
    """

    network_id: str
    client_id: str
    balance: int = 0
    debt: int = 0
    entries: int = 0
    lots_made: int = 0
    lots: tuple[Lot, ...] = ()
    holds: tuple[Hold, ...] = ()
    turnover: tuple[MonthTurnover, ...] = ()
    reward_uses: tuple[RewardUse, ...] = ()
    streaks: tuple[StreakUse, ...] = ()
    referral: ReferralGift | None = None
    surprised_month: int | None = None
    moved_to: str | None = None
    came_from: tuple[str, ...] = ()
    touches: Mapping[TouchKind, Touch] = field(default_factory=lambda: MappingProxyType({}))
    wake: Wake | None = None
    trouble: Trouble | None = None
    shown: WalletUpdate | None = None
    version: int = 0

    @property
    def id(self) -> str:
        return self.client_id

    @property
    def held(self) -> int:
        return sum(hold.points for hold in self.holds)

    def held_by_lot(self) -> dict[int, int]:
        """How many points are held of each lot, by the lot's number. Lots without held points are left
        out."""
        found: dict[int, int] = {}
        for hold in self.holds:
            for each in hold.lots:
                found[each.number] = found.get(each.number, 0) + each.points
        return found

    def available(self, now: datetime) -> int:
        """How many points can be spent now: neither pending nor held nor expired."""
        held = self.held_by_lot()
        return sum(lot.remaining - held.get(lot.number, 0) for lot in self.lots if lot.is_available(now))

    def pending(self, now: datetime) -> int:
        return sum(lot.remaining for lot in self.lots if lot.available_at > now)

    def hold(self, hold_id: str) -> Hold | None:
        return next((hold for hold in self.holds if hold.id == hold_id), None)

    def hold_of_booking(self, booking_id: str) -> Hold | None:
        return next((hold for hold in self.holds if hold.booking_id == booking_id), None)


def expiry_day(occurrence: int) -> date:
    """The last local day of the points that a warning with that occurrence is about."""
    day, offset = divmod(occurrence, 1000)
    return date.fromordinal(day + offset)


class Entry(Struct, frozen=True, kw_only=True):
    """One line of the ledger, which is never edited.

    number        the entry's place in the client's ledger, counted from 0.
    points        the change of the balance, signed: what leaves the balance is negative.
    held          the change of the held points. debt: the change of the debt.
    effective_at  when the change counts. recorded_at: when the entry was written down.
    reverses      the id of the entry that this entry undoes, wholly or in part.
    cause         the id of what else the entry is about: a hold, a promotion, a complaint, or the other entry
                  of a merge.
    """

    network_id: str
    client_id: str
    id: str
    number: int
    kind: EntryKind
    points: int
    balance_after: int
    lots: tuple[LotChange, ...]
    reason: str
    actor: str
    effective_at: datetime
    recorded_at: datetime
    input_hash: str
    debt: int = 0
    held: int = 0
    booking_id: str | None = None
    salon_id: str | None = None
    reverses: str | None = None
    cause: str | None = None

    @property
    def worth(self) -> int:
        """The change of the client's net points, which are balance less debt."""
        return self.points - self.debt


class Posting(Struct, frozen=True, kw_only=True):
    """What is to become one entry. The same id may be posted again with the same input only.

    points  signed: negative points are spent. For a hold, how many points are to be held.
    """

    id: str
    kind: EntryKind
    points: int
    reason: str
    actor: str
    booking_id: str | None = None
    salon_id: str | None = None
    available_at: datetime | None = None
    expires_at: datetime | None = None
    idle_days: int | None = None
    cause: str | None = None

    @property
    def input_hash(self) -> str:
        """A digest of what the caller chose. Instants that follow from the moment of posting are left out."""
        chosen = (self.kind, self.points, self.reason, self.booking_id or "", self.expires_at or "")
        caused = (self.cause,) if self.cause else ()
        return hashlib.sha256("|".join(map(str, chosen + caused)).encode()).hexdigest()[:16]
