"""Booking sites: a module each, all of them pure. `ADAPTERS` has them by the name in a hook's address."""

from collections.abc import Mapping
from types import MappingProxyType

from chalicelib.booking_sites import calcom, square, standard, yclients
from chalicelib.booking_sites.adapter import Adapter, Delivery

__all__ = ["ADAPTERS", "Adapter", "Delivery"]

ADAPTERS: Mapping[str, Adapter] = MappingProxyType(
    {"yclients": yclients, "altegio": yclients, "square": square, "calcom": calcom, "standard": standard}
)
