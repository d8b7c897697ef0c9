"""All of HTTP in one blueprint: importing the rooms puts their routes on it."""

from chalicelib.api import (  # noqa: F401
    bonuses,
    bookings,
    clients,
    connections,
    health,
    hooks,
    inbox,
    keys,
    messages,
    networks,
    openapi,
    pages,
    set_up,
)
from chalicelib.api.endpoint import bp

__all__ = ["bp"]
