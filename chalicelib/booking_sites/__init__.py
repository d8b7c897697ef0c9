"""Booking sites: a module each, all of them pure. `ADAPTERS` has them by the name in a hook's address."""

from collections.abc import Mapping
from types import MappingProxyType

from chalicelib.booking_sites import calcom, square, standard, yclients
from chalicelib.services.intake.booking_site import BookingSite

ADAPTERS: Mapping[str, BookingSite] = MappingProxyType(
    {"yclients": yclients, "altegio": yclients, "square": square, "calcom": calcom, "standard": standard}
)
