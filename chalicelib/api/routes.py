"""All of HTTP in one blueprint: importing the rooms puts their routes on it."""

from chalicelib.api import (  # noqa: F401
    bonuses,
    bookings,
    campaigns,
    card_page,
    clients,
    connections,
    consents,
    devices,
    health,
    holds,
    hooks,
    inbox,
    keys,
    messages,
    networks,
    openapi,
    pages,
    reports,
    rules,
    set_up,
    stop_page,
    tasks,
    templates,
    touches,
    walks,
    wallet,
    wallet_service,
)
from chalicelib.api.endpoint import bp

__all__ = ["bp"]
