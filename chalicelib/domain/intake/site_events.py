"""What a booking site reports, in one form for all sites: the events that every adapter produces.

An adapter (`booking_sites/<site>.py`) turns raw bytes into these values; `services/intake/ingest.py` applies
them. A field that the site does not send is None. None always means "not reported", never "empty": what is
stored stays.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from enum import StrEnum

from msgspec import Struct, field

from chalicelib.domain.shared.touches import Purpose


class SiteStatus(StrEnum):
    """The state of a booking on its site. `moving`: cancelled only to be moved, no successor known yet."""

    BOOKED = "booked"
    CONFIRMED = "confirmed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"
    MOVING = "moving"


class SiteClient(Struct, frozen=True):
    """A client as the site knows them.

    phone       as sent (a number becomes its digits), not yet E.164.
    birth_date  in the year `birthdays.YEARLESS` where the site knows only the day and the month.
    opted_out   the channels and purposes of messages that the client does not want; None: not reported.
    cleared     of phone, email and birth_date those of which the site says that there is none any more.
    """

    external_id: str | None = None
    name: str | None = None
    phone: str | None = None
    email: str | None = None
    language: str | None = None
    birth_date: date | None = None
    opted_out: tuple[tuple[str, Purpose], ...] | None = None
    cleared: frozenset[str] = frozenset()


class SiteLine(Struct, frozen=True):
    """One service of a booking. The service is given by id, by name, or by both; so is the staff member, if
    there is one."""

    service_id: str | None = None
    service_name: str | None = None
    staff_id: str | None = None
    staff_name: str | None = None
    minutes: int | None = None
    price_minor: int | None = None


class BookingReported(Struct, frozen=True):
    """A booking was made, moved, cancelled, attended, ... on the site, as a whole or in part.

    external_id  the site's own id of the booking, without any version in it.
    guard        orders the events of one booking: an event applies only if its guard is greater (as text)
                 than the stored one. Made by `guard()`; equal guards are the same event.
    starts_at    aware (UTC), or naive: then it is the salon's local time, and intake resolves it with the
                 salon's zone.
    moved_from   external_id of the booking that this one continues: a move, not a cancellation and a new one.
    anonymous    the booking has no client.
    no_services  the booking has no services; empty `lines` alone say nothing of them.
    paid_minor   what the visit came to, goods included.
    goods_minor  the part of it, or of an open bill, that is goods.
    not_booking  why nothing is booked, as a word of docs/webhooks.md (a block in the calendar): where the
                 booking is not known, the event makes none.
    partial      the event carries only what changed (a thin no-show mark): it never creates a booking with
                 touches.
    client       None: not reported, or (`anonymous`) a booking without a client.
    bill_open    the client came, and the site tells the payment apart: it has not told it yet.
    minutes      the length of the whole booking; the lines' minutes, where all are given, add up to it.
    odd          fields that were left out, since they hold no usable value: the path and what is wrong, never
                 what a client wrote.
    zone         the time zone (IANA) that the body names for the start.
    utc_offset   the minutes that the body's own clock is ahead of UTC at the start, where it says so beside a
                 zone or a local time: another offset than the zone has makes the start doubtful.
    shared_id    the site's id of a booking that several people share, where this is one of its seats: then
                 external_id is made of it by `seat_id`.
    seat         the site's own id of that seat, where it tells one.
    people       who is in a booking (as in `seat_id`), where the site does not tell whether they share it.
    series       the site's id of the series of which this booking is one date.
    occurred_at  when it happened on the site, in UTC, as far as the site tells. Intake takes the time of the
                 webhook's receipt where it does not.
    """

    external_id: str
    guard: str
    status: SiteStatus | None = None
    starts_at: datetime | None = None
    salon_external_id: str | None = None
    client: SiteClient | None = None
    anonymous: bool = False
    lines: tuple[SiteLine, ...] = ()
    no_services: bool = False
    not_booking: str | None = None
    moved_from: str | None = None
    paid_minor: int | None = None
    goods_minor: int | None = None
    currency: str | None = None
    note: str | None = None
    source: str | None = None
    partial: bool = False
    minutes: int | None = None
    odd: tuple[str, ...] = ()
    bill_open: bool = False
    zone: str | None = None
    utc_offset: int | None = None
    shared_id: str | None = None
    seat: str | None = None
    people: tuple[str, ...] = ()
    series: str | None = None
    occurred_at: datetime | None = None


class SeatsReported(Struct, frozen=True):
    """What a site says of several seats of one booking that people share; all of them unless some are named.

    event   what it says of each. Its external_id, and its moved_from, are ids that the seats share.
    named   what it says in full of one of them.
    people  only the seats of these people.
    seat    only the seat to which the site gives this id.
    marks   people and what the site says of each, in place of the event's status. Where nobody shares the
            booking, the event itself holds.
    """

    event: BookingReported
    named: BookingReported | None = None
    people: tuple[str, ...] = ()
    seat: str | None = None
    marks: tuple[tuple[str, SiteStatus], ...] = ()

    @property
    def odd(self) -> tuple[str, ...]:
        return self.event.odd


class SeriesReported(Struct, frozen=True):
    """What a site says of several dates of a series at once.

    event  what it says. Its external_id is the id of one date, of which it says so if its own start is meant.
    dates  only the bookings that start then: instants, and local dates where the site tells no time.
    since  only the bookings that start then or later.
    most   how many dates a series has at most. More that are found are not all of this series.
    """

    event: BookingReported
    dates: tuple[datetime | date, ...] = ()
    since: datetime | None = None
    most: int | None = None

    @property
    def odd(self) -> tuple[str, ...]:
        return self.event.odd


class ClientReported(Struct, frozen=True):
    """A client was made, changed or deleted on the site.

    merged_from  the site's clients whom this one replaces.
    odd          as in `BookingReported`.
    """

    external_id: str
    guard: str
    client: SiteClient
    deleted: bool = False
    merged_from: tuple[str, ...] = ()
    odd: tuple[str, ...] = ()


class Ignored(Struct, frozen=True):
    """The event is understood and needs nothing from us. `reason`: a stable snake_case word."""

    reason: str
    detail: str = ""


GroupReported = SeatsReported | SeriesReported
SiteEvent = BookingReported | GroupReported | ClientReported | Ignored


def seat_id(shared_id: str, person: str) -> str:
    """The id of one person's seat in a booking that people share. person: what the site knows them by."""
    return f"{shared_id}#{person}"


def shared_part(external_id: str) -> str:
    """The id that a seat shares with the others; any other id as it is."""
    return external_id.rpartition("#")[0] or external_id


def person_part(external_id: str) -> str:
    return external_id.rpartition("#")[2]


class WebhookNotUnderstood(Exception):
    """The body cannot be read as this site's event: it is quarantined, replayable. `code` is UPPER_SNAKE."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class UnprovenBecause(StrEnum):
    """Why a delivery does not prove who sent it. `clock`: it was signed too long ago, or in the future."""

    NO_SIGNATURE = "no_signature"
    BAD_SIGNATURE = "bad_signature"
    CLOCK = "clock"


class BadSignature(Exception):
    """The sender did not prove who it is: 401."""

    def __init__(self, message: str, reason: UnprovenBecause = UnprovenBecause.BAD_SIGNATURE) -> None:
        super().__init__(message)
        self.reason = reason


def _unknown_currency(location: str | None) -> str | None:
    return None


class SiteContext(Struct, frozen=True):
    """What an adapter may know of the connection that an event came through.

    url          the exact address that the site was given (Square signs it).
    secret       the shared secret of the connection, or None where the secret is the address itself.
    settings     the connection's settings, as given when it was made: adapters document which keys they
                 read.
    received_at  when the webhook came in (UTC): the time of an event that tells no usable time of its own.
    currency_of  answers with the currency of the salon that the site knows by that id, None where it is not
                 known (then a currency of two digits is assumed).
    """

    url: str
    secret: str | None = None
    settings: dict[str, str] = field(default_factory=dict)
    received_at: datetime | None = None
    currency_of: Callable[[str | None], str | None] = _unknown_currency


def guard(
    *, version: int | None = None, occurred_at: datetime | None = None, rank: int = 0, digest: str = ""
) -> str:
    """A text that sorts as a booking's events happened: by version where the site counts them, else by time.

    version      at most 19 digits.
    occurred_at  in UTC.
    rank         0-9: within one version or instant the richer state wins.
    digest       decides between what is left, so that any order of arrival ends in the same state.

    Guards of both sorts compare too: a version beats any instant. So who counts versions must always count
    them; what comes without may introduce a booking or a client, but never contradicts what came with one.
    """
    if version is not None:
        return f"v{version:019d}{rank:d}"
    if occurred_at is None:
        raise ValueError("an event needs a version or an instant")
    return f"{_dated(occurred_at)}{rank:d}{digest[:8]}"


_DATED = len("t2026-11-23T08:00:00.000000")


def _dated(at: datetime) -> str:
    return f"t{at:%Y-%m-%dT%H:%M:%S.%f}"


def dated_at(guard: str) -> datetime | None:
    """The instant that a guard was made of, in UTC; None for one that was made of a version."""
    return datetime.fromisoformat(guard[1:_DATED]).replace(tzinfo=UTC) if guard.startswith("t") else None


def no_later(guard: str, latest: datetime) -> str:
    """The guard, dated no later than that instant (UTC): an event of the year 2099 would silence its booking
    until then. A guard made of a version has no date."""
    limit = _dated(latest)
    return limit + guard[len(limit) :] if guard.startswith("t") and guard[: len(limit)] > limit else guard


def believable(guard: str | None, latest: datetime) -> str | None:
    """A stored guard; None for one that is dated later than that instant: no true event has set it."""
    return guard if guard is None or no_later(guard, latest) == guard else None
