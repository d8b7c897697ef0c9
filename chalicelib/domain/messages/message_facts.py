"""The facts of a message, from which its text is made in any language."""

from datetime import date, datetime

from msgspec import Struct


class MessageFacts(Struct, frozen=True, kw_only=True):
    """The facts of one message. An unknown fact is None or empty, and the text reads naturally without it.

    now            UTC instant of sending: it decides between "today", "tomorrow" and a date.
    zone           IANA name of the salon's zone, in which all times are given.
    dates          notice: the UTC starts of all bookings of the act, where it is about several days.
    starts_at      UTC instant of the booking, of several the first; None where there is none (bonuses,
                   invitations).
    services       names, in the booking's order; those that nobody knows yet are left out.
    unnamed_service, unnamed_staff
                   there is a service, or a specialist, whose name nobody knows yet.
    link           absolute URL of the page that the message is about (booking, review, where to book again).
    stop_link      absolute URL of the page where messages are stopped.
    moved          notice: the booking was moved, rather than made.
    cancelled      notice: the salon cancelled the booking.
    with_bonus     review request: its message carries the bonus notice.
    points_until   the last local date on which the points can be used; None: no limit.
    points_expiring  bonus expiry: how many points can be used until then and no longer.
    gift_points    birthday: the points of the gift; None: good wishes only.
    birthday       the local date of the birthday.
    person         who comes, where the message goes to the phone of somebody else, who booked for them.
    """

    salon_name: str
    now: datetime
    zone: str
    starts_at: datetime | None = None
    dates: tuple[datetime, ...] = ()
    address: str | None = None
    map_url: str | None = None
    services: tuple[str, ...] = ()
    unnamed_service: bool = False
    staff: str | None = None
    unnamed_staff: bool = False
    link: str | None = None
    stop_link: str | None = None
    moved: bool = False
    cancelled: bool = False
    with_bonus: bool = False
    points_earned: int | None = None
    points_balance: int | None = None
    points_until: date | None = None
    points_expiring: int | None = None
    gift_points: int | None = None
    birthday: date | None = None
    client_name: str = ""
    person: str = ""
