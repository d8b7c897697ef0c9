"""A client's bonus account and the entries that made it: plain values. What may be done to them:
ledger.py."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
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
    """Points granted together. number: which of the account's lots, counted from 0.

    available_at  pending until then.
    expires_at    from this instant on they are gone: a local midnight of the network; None: never.
    reason        kind of the entry that granted them. salon_id: the salon that did, if one did.
    idle_days     they expire so many days after the client's last activity: each activity puts it off.
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
        return self.available_at <= now and not self.is_over(now)

    def is_over(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now


class LotChange(Struct, frozen=True):
    """What an entry did to one lot: to what remains in it, and to how much of that is held. Carries the lot's
    own terms, so that a reversal can open a spent lot again, and any entry tells whose points it moved."""

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
    number: int
    points: int


class Hold(Struct, frozen=True):
    """Points set aside for a bill that is not closed yet. id: that of the entry which holds them. They do not
    expire while they are held, and are free again at `expires_at`."""

    id: str
    expires_at: datetime
    lots: tuple[HeldLot, ...]
    booking_id: str | None = None
    salon_id: str | None = None

    @property
    def points(self) -> int:
        return sum(each.points for each in self.lots)


class MonthTurnover(Struct, frozen=True):
    """What a client's visits of one month came to, in one currency. month: counted from the year 0."""

    month: int
    currency: str
    spent_minor: int
    visits: int


class RewardUse(Struct, frozen=True):
    """Visits for which a coupon was given: they count no more towards that reward."""

    reward_id: str
    coupon_id: str
    visits: tuple[VisitDay, ...]


class StreakUse(Struct, frozen=True):
    """Months, counted from the year 0, both included, for which a gift was given; entry_id: the gift's."""

    first: int
    last: int
    entry_id: str


class ReferralGift(Struct, frozen=True):
    """What became of a friend's first paid visit.

    times        how often the gifts were given: more than once only where they were taken back between.
    booking_id   the visit that they stand for; None: they are taken back.
    referrer_id, entry_id  who got the other half, and by which entry of theirs; None: nobody.
    """

    times: int
    booking_id: str | None = None
    referrer_id: str | None = None
    entry_id: str | None = None


class WalletUpdate(Struct, frozen=True):
    """Of an account whose points are shown in a wallet: after how many entries the wallet was told last;
    fewer than none, if that failed. again_at: when it is tried again then."""

    entries: int
    again_at: datetime | None = None


NOT_UPDATED = -1


class Account(Struct, frozen=True, kw_only=True):
    """A client's points: no personal data is in it.

    balance   what remains in all lots, held or pending too. debt: points still owed by a reversal.
    entries   how many were posted, also the next entry's number. lots_made: the next lot's number.
    turnover  of the last months, the oldest first: what tiers are told by.
    reward_uses, streaks  what the client's visits were rewarded for already, as far as it may still matter.
    referral  the gifts for the client's first paid visit, if they came by somebody's word.
    surprised_month: of the last surprise gift, counted from the year 0.
    moved_to  another client, who has all that was here: nothing is posted here meanwhile. came_from: clients
              who were merged into this one, and so show this account in their wallets.
    shown     of a client who has the card in a wallet: what the wallet was told.
    The pointer is for what expires, and for what is said of it beforehand.
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
        found: dict[int, int] = {}
        for hold in self.holds:
            for each in hold.lots:
                found[each.number] = found.get(each.number, 0) + each.points
        return found

    def available(self, now: datetime) -> int:
        """What can be spent now."""
        held = self.held_by_lot()
        return sum(lot.remaining - held.get(lot.number, 0) for lot in self.lots if lot.is_available(now))

    def pending(self, now: datetime) -> int:
        return sum(lot.remaining for lot in self.lots if lot.available_at > now)

    def hold(self, hold_id: str) -> Hold | None:
        return next((hold for hold in self.holds if hold.id == hold_id), None)

    def hold_of_booking(self, booking_id: str) -> Hold | None:
        return next((hold for hold in self.holds if hold.booking_id == booking_id), None)


class Entry(Struct, frozen=True, kw_only=True):
    """One line of the ledger.

    points  signed: what leaves the balance is negative. held: change of what is held. debt: change of what is
            owed.
    cause   id of what else it is about: a hold, a promotion, a complaint, the other entry of a merge.
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
        """By how much it changed what the client is worth: balance less debt."""
        return self.points - self.debt


class Posting(Struct, frozen=True, kw_only=True):
    """What somebody wants posted. points: signed; those of a hold are to be held. The same id may be posted
    again with the same input only."""

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
        """Digest of what the caller chose; times that follow from the moment of posting are left out."""
        said = (self.kind, self.points, self.reason, self.booking_id or "", self.expires_at or "")
        caused = (self.cause,) if self.cause else ()
        return hashlib.sha256("|".join(map(str, said + caused)).encode()).hexdigest()[:16]
