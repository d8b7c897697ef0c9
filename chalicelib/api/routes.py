"""All of HTTP in one blueprint: importing the rooms puts their routes on it."""

from chalicelib.api import (
    bookings,
    clients,
    connections,
    health,
    keys,
    networks,
    set_up,
)
from chalicelib.api.endpoint import bp

__all__ = ["bp"]
