"""Views as the API would make them, to be varied by each test."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from chalicelib.pages.pages import BookingView, LineView, ReviewLinkView, ReviewView, SalonView, StopView
from chalicelib.pages.views import CardView, CouponView, DayPoints, TermsView, TierView

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
STARTS_AT = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)  # a Tuesday, 14:30 in Chisinau
SALON = SalonView(
    name="Orhideea",
    zone="Europe/Chisinau",
    address="str. Izvor 12",
    map_url="https://maps.example/orhideea",
    phone="+373 22 000 111",
)


def booking_view(**changes: Any) -> BookingView:
    values: dict[str, Any] = {
        "salon": SALON,
        "token": "k3J9xQ2m",
        "base_path": "/api",
        "status": "booked",
        "starts_at": STARTS_AT,
        "ends_at": STARTS_AT + timedelta(minutes=105),
        "now": NOW,
        "lines": (
            LineView(service="Haircut", staff="Ana", minutes=60, price_minor=65000),
            LineView(service="Manicure", staff="Vera", minutes=45, price_minor=35050),
        ),
        "total_minor": 100050,
        "currency": "MDL",
        "review_token": "r-tok",
        "stop_token": "u-tok",
        "card_token": "w-tok",
    }
    return BookingView(**values | changes)


def review_view(**changes: Any) -> ReviewView:
    values: dict[str, Any] = {
        "salon": SALON,
        "token": "r-tok",
        "base_path": "/api",
        "starts_at": STARTS_AT,
        "now": NOW,
        "services": ("Haircut",),
        "staff": "Ana",
        "review_links": (
            ReviewLinkView(site="Google", url="https://reviews.example/g"),
            ReviewLinkView(site="2GIS", url="https://reviews.example/2"),
        ),
        "tip_url": "https://tips.example/ana",
        "stop_token": "u-tok",
    }
    return ReviewView(**values | changes)


def stop_view(**changes: Any) -> StopView:
    return StopView(
        **{"sender": "Orhideea", "token": "u-tok", "base_path": "/api", "coming": "all"} | changes
    )


def card_view(**changes: Any) -> CardView:
    values: dict[str, Any] = {
        "sender": "Orhideea",
        "token": "w-tok",
        "base_path": "/api",
        "code": "MARIA0000000000112345678",
        "today": date(2026, 11, 22),
        "available": 1250,
        "pending": (DayPoints(date(2026, 11, 23), 40),),
        "expiring": (DayPoints(date(2026, 12, 31), 250), DayPoints(date(2027, 6, 30), 1000)),
        "held": 100,
        "debt": 5,
        "tier": TierView(
            name="Silver", turnover=150_000, above="Gold", missing=850_000, required=1_000_000, currency="MDL"
        ),
        "coupons": (
            CouponView(name="Thank you", percent=15, valid_until=date(2027, 1, 15)),
            CouponView(name="Hands", on="Manicure", amount_minor=10_000, currency="MDL",
                       valid_until=date(2026, 12, 1)),
        ),
        "terms": TermsView(
            earn_percent=5, cap_percent=25, minimum=10, step=5, point_minor=100, currency="MDL"
        ),
        "wallets": ("apple", "google"),
        "stop_token": "u-tok",
    }  # fmt: skip
    return CardView(**values | changes)
