"""The views of the client's pages: plain values, which the API makes from the domain's values."""

from datetime import date, datetime

from msgspec import Struct

from chalicelib.domain.loyalty.passes import CouponView

__all__ = [
    "BookingView", "CardView", "CouponView", "DayPoints", "LineView", "ReviewLinkView", "ReviewView",
    "SalonView", "StopView", "TermsView", "TierView",
]  # fmt: skip


class ReviewLinkView(Struct, frozen=True, kw_only=True):
    """A place where anybody may review the salon. site: its name as people know it (Google, 2GIS, ...)."""

    site: str
    url: str


class SalonView(Struct, frozen=True, kw_only=True):
    """zone: IANA name; phone: E.164. URLs other than http(s) are not shown."""

    name: str
    zone: str
    address: str | None = None
    map_url: str | None = None
    phone: str | None = None


class LineView(Struct, frozen=True, kw_only=True):
    """service: "" while nobody knows its name."""

    service: str
    staff: str | None = None
    minutes: int | None = None
    price_minor: int | None = None


class BookingView(Struct, frozen=True, kw_only=True):
    """The page /b/{token}.

    base_path    what comes before /b/ in our addresses, e.g. `/api` (an API Gateway stage); "" for none.
    status       booked, confirmed, completed, cancelled or no_show.
    client_zone  IANA name, if known. If its time differs from the salon's, the page names the salon's zone.
    move_wish    what the client wrote when asking to move; "" if asked without words; None: not asked.
    done         the step just taken: one of BOOKING_STEPS, or None. It comes from the address: a word that is
                 unknown or untrue is ignored.
    review_token the token of the review page, once the visit may be reviewed.
    stop_token   the token of the page where messages are stopped.
    card_token   the token of the page with the client's bonuses, where there is a programme.
    points       how many points may pay for a part of the bill; 0: none. points_minor: what they are worth.
    held_points  how many points are held for the booking. held_minor: what they are worth.
    """

    salon: SalonView
    token: str
    status: str
    starts_at: datetime
    ends_at: datetime
    now: datetime
    lines: tuple[LineView, ...]
    base_path: str = ""
    total_minor: int | None = None
    currency: str | None = None
    client_zone: str | None = None
    move_wish: str | None = None
    done: str | None = None
    review_token: str | None = None
    stop_token: str | None = None
    card_token: str | None = None
    points: int = 0
    points_minor: int = 0
    held_points: int = 0
    held_minor: int = 0


class ReviewView(Struct, frozen=True, kw_only=True):
    """The page /r/{token}. The public links are shown to everyone, whatever the stars.

    stars        None until answered.
    starts_at    when the visit was (UTC).
    now          a visit of another year than this instant's names its year.
    staff        the specialist who served, if it was one person; tip_url: of this specialist.
    words        the words of the client's review; with `mistake` the words typed into the rejected form.
    mistake      `no_stars`: the form came without stars; None: nothing wrong.
    """

    salon: SalonView
    token: str
    starts_at: datetime
    now: datetime
    base_path: str = ""
    services: tuple[str, ...] = ()
    staff: str | None = None
    stars: int | None = None
    words: str = ""
    review_links: tuple[ReviewLinkView, ...] = ()
    tip_url: str | None = None
    mistake: str | None = None
    stop_token: str | None = None
    card_token: str | None = None


class StopView(Struct, frozen=True, kw_only=True):
    """The page /u/{token}.

    sender       the network's name as its clients know it.
    coming       the messages that the client gets now: `all`, `service` (no marketing) or `nothing`.
    channels     the channels that reach the client (sms, whatsapp, email, push), each with whether it is on.
    done         `stopped`, `resumed` or `changed` (one channel) just now; None: the page was merely opened.
    """

    sender: str
    token: str
    coming: str
    channels: tuple[tuple[str, bool], ...] = ()
    base_path: str = ""
    done: str | None = None


class DayPoints(Struct, frozen=True):
    """Points that become available, or expire, on a local day."""

    day: date
    points: int


class TierView(Struct, frozen=True, kw_only=True):
    """turnover, missing, required: in minor units of the currency, or in visits (currency None). above: the
    next tier; None: this is the highest."""

    name: str
    turnover: int
    above: str | None = None
    missing: int = 0
    required: int = 0
    currency: str | None = None


class TermsView(Struct, frozen=True, kw_only=True):
    """The terms of earning and using points. point_minor: what one point is worth in the currency."""

    earn_percent: int
    cap_percent: int
    minimum: int = 1
    step: int = 1
    point_minor: int = 0
    currency: str | None = None


class CardView(Struct, frozen=True, kw_only=True):
    """The page /w/{token}.

    sender     the network's name as its clients know it.
    today      the present day in the network's zone; all days of the card are in this zone.
    code       the code by which the desk finds the client: letters and digits.
    pending    points that become available, by day, the soonest first.
    expiring   points that expire, by their last day, the soonest first. put_off: a visit puts the expiry off.
    held       points set aside for bills. debt: points still owed, which the next points pay.
    terms      None: no programme now.
    wallets    the kinds of pass that the card can be saved as: `apple`, `google`.
    """

    sender: str
    token: str
    code: str
    today: date
    available: int
    base_path: str = ""
    pending: tuple[DayPoints, ...] = ()
    expiring: tuple[DayPoints, ...] = ()
    put_off: bool = False
    held: int = 0
    debt: int = 0
    tier: TierView | None = None
    coupons: tuple[CouponView, ...] = ()
    terms: TermsView | None = None
    wallets: tuple[str, ...] = ()
    stop_token: str | None = None
