"""All of HTTP in one blueprint: importing the rooms puts their routes on it."""

from chalicelib.api.bookings import bookings  # noqa: F401
from chalicelib.api.clearing import audit, clearing  # noqa: F401
from chalicelib.api.clients import categories, clients, consents, devices, leaving, merges, tasks  # noqa: F401
from chalicelib.api.http import health, openapi  # noqa: F401
from chalicelib.api.http.endpoint import bp
from chalicelib.api.intake import connections, hooks, inbox  # noqa: F401
from chalicelib.api.loyalty import bonuses, coupons, holds, referrals, surprises, wallet, wallet_service  # noqa: F401
from chalicelib.api.marketing import campaigns, promotions  # noqa: F401
from chalicelib.api.messages import messages, reports, templates, touches  # noqa: F401
from chalicelib.api.networks import (  # noqa: F401
    archive,
    category_checks,
    keys,
    networks,
    rules,
    set_up,
    sources,
    split,
)
from chalicelib.api.pages import card_page, pages, stop_page  # noqa: F401
from chalicelib.api.reports import call_today, metrics  # noqa: F401
from chalicelib.api.reports import reports as owner_reports  # noqa: F401
from chalicelib.api.simulations import simulations  # noqa: F401
from chalicelib.api.waking import walks  # noqa: F401

__all__ = ["bp"]
