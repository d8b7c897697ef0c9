"""What the client's pages show: plain values, made by the API from the domain's."""

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
    service: str
    staff: str | None = None
    minutes: int | None = None
    price_minor: int | None = None


class BookingView(Struct, frozen=True, kw_only=True):
    """The page /b/{token}.

    base_path    what comes before /b/ in our addresses, e.g. `/api` (an API Gateway stage); "" for none.
    status       booked, confirmed, completed, cancelled or no_show.
    client_zone  IANA name, if known: where it tells another time, the salon's zone is named.
    move_wish    what the client wrote when asking to move; "" if asked without words; None: not asked.
    done         what has just been done: one of BOOKING_STEPS, or None. It comes from an address: any other
                 word, or one that is not true, is ignored.
    review_token the token of the review page, once the visit may be reviewed.
    stop_token   the token of the page where messages are stopped.
    card_token   the token of the page with the client's bonuses, where there is a programme.
    points       how many points may pay for a part of the bill; 0: none. points_minor: what they are worth.
    held_points  how many are set aside for it, and held_minor: what those are worth.
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
    starts_at    when the visit was (UTC). staff: who served, if one person did; tip_url: theirs.
    words        what the client has said; with `mistake` what they had typed, to be kept.
    mistake      `no_stars`: the form came without stars; None: nothing wrong.
    """

    salon: SalonView
    token: str
    starts_at: datetime
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
    coming       what the client gets now: `all`, `service` (no marketing) or `nothing`.
    channels     those that reach the client (sms, whatsapp, email, push), and whether messages come there.
    done         `stopped`, `resumed` or `changed` (one channel) just now; None: the page was merely opened.
    """

    sender: str
    token: str
    coming: str
    channels: tuple[tuple[str, bool], ...] = ()
    base_path: str = ""
    done: str | None = None


class DayPoints(Struct, frozen=True):
    """Points of which something becomes on a local day."""

    day: date
    points: int


class TierView(Struct, frozen=True, kw_only=True):
    """missing, of: in minor units (currency), or in visits (None). above None: this is the highest."""

    name: str
    turnover: int
    above: str | None = None
    missing: int = 0
    required: int = 0
    currency: str | None = None


class TermsView(Struct, frozen=True, kw_only=True):
    """How points are earned and used. point_minor: what one is worth in the currency."""

    earn_percent: int
    cap_percent: int
    minimum: int = 1
    step: int = 1
    point_minor: int = 0
    currency: str | None = None


class CardView(Struct, frozen=True, kw_only=True):
    """The page /w/{token}.

    sender     the network's name as its clients know it. today: in its zone, in which days are told.
    code       what the desk finds the client by: letters and digits.
    pending    points that can be used from a day on; expiring: those that can be used until one: the soonest
               first. put_off: whether a visit puts their expiry off.
    held, debt set aside for bills; still owed, paid by what is earned next.
    terms      None: no programme now.
    wallets    the kinds of pass that there are: `apple`, `google`.
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
