"""A client's card as a pass in the wallet of a phone: what the pass shows, and which devices keep it."""

import re
from datetime import date, datetime

from msgspec import Struct

from chalicelib.domain.shared.ids import digest

APPLE, GOOGLE = "apple", "google"
MAX_LOCATIONS = 10
"""How many locations of a pass Apple accepts."""

MICRO = 1_000_000
_SERIAL = re.compile(r"([0-9a-z]{10})\.([0-9a-z]{16})")


class SalonLocation(Struct, frozen=True):
    """The location of a salon, in millionths of a degree. The phone shows the pass near it."""

    name: str
    latitude: int
    longitude: int


class Pass(Struct, frozen=True, kw_only=True):
    """What a client's pass shows. It has no address of the card's page, since that address expires after half
    a year and a pass does not.

    serial    the lasting name of the pass, from network and client.
    points    available points. expiring: the last local day of the next points that expire, and how many.
    coupons   number of open coupons.
    code      the code by which reception finds the client.
    """

    serial: str
    network_name: str
    code: str
    points: int
    tier: str | None = None
    coupons: int = 0
    expiring: tuple[date, int] | None = None
    places: tuple[SalonLocation, ...] = ()

    @property
    def tag(self) -> str:
        """A digest of what the pass shows."""
        places = (f"{each.name} {each.latitude} {each.longitude}" for each in self.places)
        shown = (self.network_name, self.points, self.tier, self.coupons, self.expiring)
        return digest(*map(str, shown), *places, length=8)


class PassDevice(Struct, frozen=True, kw_only=True):
    """A device on which a client keeps the pass.

    device      the name that an Apple device gives itself, or GOOGLE for all of Google's devices.
    push_token  the token of an Apple device's push service.
    expires_at  set once Apple has reported that the device is unreachable. The table then removes the item.
    """

    network_id: str
    client_id: str
    device: str
    push_token: str = ""
    kept_since: datetime
    expires_at: datetime | None = None


class DevicePass(Struct, frozen=True, kw_only=True):
    """A pass that a device keeps, found by the device, which asks for its changed passes."""

    network_id: str
    device: str
    client_id: str
    expires_at: datetime | None = None


class CouponView(Struct, frozen=True, kw_only=True):
    """A coupon as a card shows it: a percentage, or an amount in minor units of a currency. on: the name of
    the service, "" while nobody knows it; None: on goods. valid_until: the last local day."""

    name: str
    valid_until: date
    on: str | None = None
    percent: int = 0
    amount_minor: int = 0
    currency: str | None = None


def serial_of(network_id: str, client_id: str) -> str:
    return f"{network_id.removeprefix('net_')}.{client_id.removeprefix('cli_')}"


def owner_of(serial: str) -> tuple[str, str] | None:
    """The network id and the client id of a serial; None: the text is no serial."""
    match = _SERIAL.fullmatch(serial)
    return (f"net_{match[1]}", f"cli_{match[2]}") if match else None
