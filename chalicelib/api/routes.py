"""All of HTTP in one blueprint: importing the rooms puts their routes on it."""

from chalicelib.api import (  # noqa: F401
    audit,
    bonuses,
    bookings,
    campaigns,
    clearing,
    clients,
    connections,
    consents,
    coupons,
    devices,
    health,
    holds,
    hooks,
    inbox,
    keys,
    merges,
    messages,
    networks,
    openapi,
    pages,
    promotions,
    referrals,
    reports,
    rules,
    set_up,
    simulations,
    stop_page,
    surprises,
    tasks,
    templates,
    touches,
    walks,
)
from chalicelib.api.endpoint import bp

__all__ = ["bp"]
