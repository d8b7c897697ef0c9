"""All of HTTP in one blueprint: importing the rooms puts their routes on it."""

from chalicelib.api import (  # noqa: F401
    bonuses,
    bookings,
    campaigns,
    clients,
    connections,
    consents,
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
    reports,
    rules,
    set_up,
    simulations,
    stop_page,
    tasks,
    templates,
    touches,
    walks,
)
from chalicelib.api.endpoint import bp

__all__ = ["bp"]
