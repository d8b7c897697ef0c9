"""Bookings: planned visits to one salon, with their steps and the plan of their touches. Pure; all instants
UTC."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct, field
from msgspec.structs import replace

from chalicelib.domain.bookings.facts import Authorship, Fact, ReportedFacts
from chalicelib.domain.bookings.visit_record import IndexedVisit, VisitRecord
from chalicelib.domain.bookings.write_back import REPORTED_AS, STEPS_OF_SITES, SiteStep, WriteBack
from chalicelib.domain.shared.errors import conflict
from chalicelib.domain.shared.tasks import TaskKind
from chalicelib.domain.shared.touches import (
    ESSENTIAL,
    IN_TRIAL,
    ONE_ACT,
    SAME_ACT,
    Touch,
    TouchKind,
    TouchState,
)
from chalicelib.domain.shared.waking import Trouble, Wake


class Status(StrEnum):
    BOOKED = "booked"
    CONFIRMED = "confirmed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"


UPCOMING = frozenset({Status.BOOKED, Status.CONFIRMED})
ATTENDANCES = frozenset({Status.COMPLETED, Status.NO_SHOW})
"""The statuses of a visit that took place, or was missed."""

CANCELLED_BY_CLIENT = "client"
"""Reason of a cancellation that the client made on our page."""


class Line(Struct, frozen=True):
    """One service by one specialist. price_minor in the booking's currency."""

    service_id: str
    minutes: int
    staff_id: str | None = None
    price_minor: int | None = None


class Review(Struct, frozen=True):
    """stars 1-5."""

    stars: int
    words: str
    at: datetime


class Refund(Struct, frozen=True):
    """A part of a completed visit's bill that was given back, the part paid with points included.
    points_back: spent points that returned to the client. points_taken: earned points that were taken
    back."""

    id: str
    amount_minor: int
    at: datetime
    actor: str
    reason: str
    points_back: int = 0
    points_taken: int = 0


class Booking(Struct, frozen=True, kw_only=True):
    """A client's appointment.

    made_at     when it was made or last moved noticeably: what the notice answers to.
    last_notified_start the start that its client was notified of last, where small moves have changed it
                since; None: it is `starts_at`.
    moves       how often it was moved noticeably, or cancelled so that its client is told; the occurrence
                that touches belong to.
    booked_at   when its present client got it, once `made_at` is later; None: at `made_at`, or unknown, where
                an earlier release moved it.
    client_since the occurrence from which on it is its present client's.
    start_since the occurrence from which on it has its present start and salon; None: the latest one.
    notified_occurrence
                the latest occurrence of which its client was notified, of those whose touches have given way
                to touches of a later one; None: there is none.
    reopened    how often it was completed and reversed: it distinguishes the postings of one completion from
                those of another.
    closed_at   when it was completed, cancelled or marked a no-show.
    tell_cancelled whether its client is told that the salon cancelled it.
    redeemed_minor what the redeemed points paid for, by their value on that day.
    bill_due_at of a completed visit whose bill is open: at this instant the prices of what was sold count.
                None: the bill was told, or the booking is not completed.
    earned_percent
                the percentage of the bill that the visit earns, by the client's tier before it; None: not
                completed, or completed by an earlier release.
    visit       what reports need of a visit that took place or was missed, and nothing else tells later.
                None: it is neither, or an earlier release closed it.
    indexed     its visit as the salon's index has it. The store keeps it; None: not counted there.
    earned_at   when it earned points after it was closed: a bill told or raised later.
    corrections how often the sum of this completion was corrected after points had been given for it.
    would_earn  the points that the bill would have earned, had its network not been in trial.
    would_promote  the part of `would_earn` that is a promotion's.
    held_points points set aside for it when the hold was last changed. Zero: there is no hold on the account.
    unconfirmed_told
                the occurrence for which the salon was notified that nobody had confirmed it in time.
    booked_as    the record under which a partner knows the client; None: no partner made the booking.
    link_changes how many wishes, reviews and holds its client made by a link.
    link_number which of its ids the booking's link has; see `Link.number`.
    booked_for   the person whom a site names for it, who has clearly another name than its client.
    partner         the partner's key that made it, as an actor; None: no partner made it.
    partner_note    the note as the partner told it, once the desk has another; "": the partner told none.
    of_new_client   whether the client was registered together with it.
    connection_id, external_id, guard, waiting_for
                where it came from a site: the connection, the site's present id, the guard of the newest
                event applied, and the site's id of a client who is not known yet.
    reported    what the site last said of it, fact by fact; None: stored before that was kept.
    authors     who at the salon said a fact after the site, and so holds it.
    asked_for   the `waiting_for` of which the desk has a task.
    desk_tasks  the ids of the tasks that the client's acts have made, while these are unsettled.
    write_back  what the client did that the site's API has not taken yet; see `pending_write_back`.
    """

    network_id: str
    id: str
    salon_id: str
    client_id: str | None = None
    starts_at: datetime
    lines: tuple[Line, ...]
    currency: str
    made_at: datetime
    status: Status = Status.BOOKED
    moves: int = 0
    last_notified_start: datetime | None = None
    reopened: int = 0
    source: str | None = None
    note: str | None = None
    reason: str | None = None
    closed_at: datetime | None = None
    tell_cancelled: bool = False
    paid_minor: int | None = None
    goods_minor: int | None = None
    tip_minor: int | None = None
    redeemed_points: int = 0
    redeemed_minor: int = 0
    earned_points: int = 0
    would_earn: int = 0
    would_promote: int = 0
    held_points: int = 0
    refunds: tuple[Refund, ...] = ()
    review: Review | None = None
    move_wish: str | None = None
    connection_id: str | None = None
    external_id: str | None = None
    guard: str | None = None
    waiting_for: str | None = None
    reported: ReportedFacts | None = None
    authors: Mapping[Fact, Authorship] = field(default_factory=lambda: MappingProxyType({}))
    asked_for: str | None = None
    desk_tasks: Mapping[TaskKind, str] = field(default_factory=lambda: MappingProxyType({}))
    write_back: WriteBack | None = None
    unconfirmed_told: int | None = None
    booked_as: str | None = None
    link_changes: int = 0
    link_number: int = 0
    partner: str | None = None
    partner_note: str | None = None
    of_new_client: bool = False
    booked_for: str | None = None
    bill_due_at: datetime | None = None
    earned_percent: int | None = None
    corrections: int = 0
    earned_at: tuple[datetime, ...] = ()
    visit: VisitRecord | None = None
    indexed: IndexedVisit | None = None
    booked_at: datetime | None = None
    client_since: int = 0
    start_since: int | None = None
    notified_occurrence: int | None = None
    touches: Mapping[TouchKind, Touch] = field(default_factory=lambda: MappingProxyType({}))
    wake: Wake | None = None
    trouble: Trouble | None = None
    version: int = 0

    @property
    def origin(self) -> str | None:
        """Who made it from outside: a connection or a partner's key; None: the salon itself."""
        return f"connection:{self.connection_id}" if self.connection_id else self.partner

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=sum(line.minutes for line in self.lines))

    @property
    def visited_at(self) -> datetime:
        """When a completed visit took place: at its start, or, closed before that, when it was closed."""
        return min(self.starts_at, self.closed_at or self.starts_at)

    @property
    def total_minor(self) -> int:
        return sum(line.price_minor or 0 for line in self.lines)

    @property
    def sold_minor(self) -> int:
        """What the bill comes to, as far as it is known while the bill is open: services and goods."""
        return self.total_minor + (self.goods_minor or 0)

    @property
    def is_bill_open(self) -> bool:
        return self.bill_due_at is not None

    @property
    def refunded_minor(self) -> int:
        return sum(refund.amount_minor for refund in self.refunds)

    @property
    def is_upcoming(self) -> bool:
        return self.status in UPCOMING


_STEP_OF_STATUS = {Status.CONFIRMED: SiteStep.CONFIRM, Status.CANCELLED: SiteStep.CANCEL}


def site_lacks(booking: Booking, site: str | None = None) -> SiteStep | None:
    """The step that was taken here and that the booking's site has not said of it; None: there is none.

    site: the name of the adapter; None: of any site.
    """
    step = _STEP_OF_STATUS.get(booking.status)
    if step is None or booking.connection_id is None:
        return None
    if site is not None and step not in STEPS_OF_SITES.get(site, frozenset()):
        return None
    reported = booking.reported.status if booking.reported else None
    return None if reported in REPORTED_AS[step] else step


def pending_write_back(booking: Booking) -> WriteBack | None:
    """The write-back that is still to be made: the booking stands so, and its site has not said so since."""
    write_back = booking.write_back
    return write_back if write_back is not None and site_lacks(booking) is write_back.step else None


def moved(booking: Booking, starts_at: datetime, now: datetime, notice_from: timedelta) -> Booking:
    """The booking at another start. Where that is `notice_from` or more from the start that the client was
    notified of last, a new occurrence begins: everybody is notified again, and a confirmation of the old time
    no longer counts."""
    if starts_at == booking.starts_at:
        return booking
    known = booking.last_notified_start or booking.starts_at
    if abs(starts_at - known) < notice_from:
        known_start = known if known != starts_at else None
        return replace(booking, starts_at=starts_at, last_notified_start=known_start, trouble=None)
    status = Status.BOOKED if booking.status is Status.CONFIRMED else booking.status
    return replace(
        next_occurrence(booking, now),
        starts_at=starts_at,
        start_since=None,
        last_notified_start=None,
        made_at=now,
        status=status,
        move_wish=None,
        trouble=None,
    )


def next_occurrence(booking: Booking, now: datetime) -> Booking:
    """The booking as its next occurrence begins, so that its client is notified again. The start is as
    before: whoever changes it, or the salon, clears `start_since`."""
    return replace(
        booking,
        moves=booking.moves + 1,
        start_since=booking.moves if booking.start_since is None else booking.start_since,
        booked_at=booked_at(booking),
    )


def booked_at(booking: Booking) -> datetime | None:
    """When its present client got the booking, however often it was moved since. None: unknown, more than a
    minute before an earlier release moved it."""
    if booking.booked_at is None and booking.moves == booking.client_since:
        return booking.made_at
    return booking.booked_at


def given_to(booking: Booking, client_id: str | None, now: datetime) -> Booking:
    """The booking as this client's. A client who takes the place of another one has heard nothing of the
    booking: for them it begins again."""
    if booking.client_id == client_id:
        return replace(booking, waiting_for=None)
    if booking.client_id is not None:
        booking = next_occurrence(booking, now)
        booking = replace(
            booking,
            made_at=now,
            booked_at=None,
            client_since=booking.moves,
            last_notified_start=None,
            notified_occurrence=None,
            move_wish=None,
        )
    return replace(booking, client_id=client_id, waiting_for=None)


def with_lines(booking: Booking, lines: tuple[Line, ...], now: datetime, *, tells_staff: bool) -> Booking:
    """The booking with other lines. tells_staff: another specialist begins a new occurrence, so that the
    client is notified again; a confirmation stays, since the start is the same."""
    changed = replace(booking, lines=lines)
    is_same = [line.staff_id for line in lines] == [line.staff_id for line in booking.lines]
    if is_same or not tells_staff or not booking.is_upcoming:
        return changed
    return replace(next_occurrence(changed, now), made_at=now, trouble=None)


_STEPS: Mapping[Status, frozenset[Status]] = {
    Status.CONFIRMED: frozenset({Status.BOOKED}),
    Status.COMPLETED: UPCOMING,
    Status.CANCELLED: UPCOMING,
    Status.NO_SHOW: UPCOMING,
    Status.BOOKED: frozenset({Status.CANCELLED, Status.NO_SHOW}),
}
"""The statuses from which a booking can step to each status. No step leads out of a completed visit: it is
reversed, with its points and gifts."""


_NOTIFIED = frozenset({TouchState.SENDING, TouchState.SENT, TouchState.AWAITING, TouchState.UNKNOWN})


def has_notified(touch: Touch) -> bool:
    """Whether the touch may have told the client of the booking; in trial, whether it would have."""
    return touch.kind in ESSENTIAL and (touch.state in _NOTIFIED or touch.reason in (IN_TRIAL, SAME_ACT))


def stepped(
    booking: Booking, to: Status, now: datetime, reason: str | None = None, *, tell: bool = False
) -> Booking:
    """The booking in its next status. A repeated step returns the very same object. tell: as for
    `with_status`.

    Raises WRONG_STATUS where the present status does not allow the step.
    """
    if booking.status is to:
        return booking
    if booking.status not in _STEPS[to]:
        raise conflict(
            "WRONG_STATUS",
            f"A booking that is {booking.status} cannot become {to}.",
            status=booking.status.value,
            wanted=to.value,
        )
    return with_status(booking, to, now, reason, tell=tell)


def with_status(
    booking: Booking, to: Status, now: datetime, reason: str | None = None, *, tell: bool = False
) -> Booking:
    """The booking in another status, whatever the present one is. tell: its client is told if this cancels
    it. Of a booking that is cancelled as soon as it was made, and that the client was not told of, nothing is
    told. A client who was told of the cancellation is notified again when the booking is open again."""
    tell = tell and to is Status.CANCELLED and now < booking.starts_at and _is_known(booking, now)
    notice = booking.touches.get(TouchKind.NOTICE)
    revoked = booking.tell_cancelled and notice is not None and notice.occurrence == booking.moves
    if tell or (revoked and to in UPCOMING):
        booking = next_occurrence(booking, now)
    return replace(
        booking,
        status=to,
        made_at=now if revoked and to in UPCOMING else booking.made_at,
        closed_at=None if to in UPCOMING else now,
        reason=reason,
        tell_cancelled=tell,
    )


def _is_known(booking: Booking, now: datetime) -> bool:
    """Whether the client knows of the booking: from a message, or because it was not made just now."""
    made_at = booked_at(booking)
    return made_at is None or now - made_at >= ONE_ACT or bool(notified_occurrences(booking))


def notified_occurrences(booking: Booking) -> list[int]:
    """The occurrences of which its present client may have been notified, as far as they are kept."""
    occurrences = [touch.occurrence for touch in booking.touches.values() if has_notified(touch)]
    if booking.notified_occurrence is not None:
        occurrences.append(booking.notified_occurrence)
    return [each for each in occurrences if each >= booking.client_since]
