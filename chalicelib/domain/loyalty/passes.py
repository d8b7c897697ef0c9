"""A client's card as a pass in the wallet of their phone: what it shows, and where it lies. Plain values."""

import re
from datetime import date, datetime

from msgspec import Struct

from chalicelib.domain.shared.ids import digest

APPLE, GOOGLE = "apple", "google"
MAX_LOCATIONS = 10
"""What Apple takes of a pass's locations."""

MICRO = 1_000_000
_SERIAL = re.compile(r"([0-9a-z]{10})\.([0-9a-z]{16})")


class SalonLocation(Struct, frozen=True):
    """Where a salon is, in millionths of a degree. There the phone brings the pass forward."""

    name: str
    latitude: int
    longitude: int


class Pass(Struct, frozen=True, kw_only=True):
    """What a client's pass shows.

    serial    names the pass for good: network and client.
    points    those to use now. expiring: the next that can be used until a local day.
    coupons   how many are open.
    code      what the desk finds the client by.
    No address of the card's page is in it: that ends after half a year, a pass does not.
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
        """Another whenever it shows something else."""
        places = (f"{each.name} {each.latitude} {each.longitude}" for each in self.places)
        said = (self.network_name, self.points, self.tier, self.coupons, self.expiring)
        return digest(*map(str, said), *places, length=8)


class PassDevice(Struct, frozen=True, kw_only=True):
    """A device on which a client keeps their pass: an Apple device by the name it gives itself, with the
    token by which it is called; or GOOGLE, which stands for all of Google's. expires_at: set where it does
    not keep it any more, as Apple said; then the item goes by itself."""

    network_id: str
    client_id: str
    device: str
    push_token: str = ""
    kept_since: datetime
    expires_at: datetime | None = None


class DevicePass(Struct, frozen=True, kw_only=True):
    """A pass that a device keeps: the other side of the same, by which a device asks what is new."""

    network_id: str
    device: str
    client_id: str
    expires_at: datetime | None = None


class CouponView(Struct, frozen=True, kw_only=True):
    """A discount, once: percent, or an amount in minor units of a currency. on: the name of the service;
    None: on goods. valid_until: the last local day."""

    name: str
    valid_until: date
    on: str | None = None
    percent: int = 0
    amount_minor: int = 0
    currency: str | None = None


def serial_of(network_id: str, client_id: str) -> str:
    return f"{network_id.removeprefix('net_')}.{client_id.removeprefix('cli_')}"


def owner_of(serial: str) -> tuple[str, str] | None:
    """The network and the client whose pass has that serial; None for what is no serial."""
    match = _SERIAL.fullmatch(serial)
    return (f"net_{match[1]}", f"cli_{match[2]}") if match else None
