"""What a client's bonus card shows, on its page and in a wallet, and the code on it, by which reception finds
the client."""

import hmac
from collections.abc import Iterator
from datetime import date, datetime

from msgspec import Struct

from chalicelib.domain.clients.client_plan import salon_of
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty.account import Account, Lot
from chalicelib.domain.loyalty.account_plan import last_day
from chalicelib.domain.loyalty.ledger import settled
from chalicelib.domain.loyalty.passes import CouponView
from chalicelib.domain.loyalty.programme import TierStanding, earning_percent, programme_for, standing
from chalicelib.domain.networks.bonus_rules import Programme, TiersBy
from chalicelib.domain.networks.network import Directory, Salon
from chalicelib.domain.networks.site_names import service_name
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.clients.surviving_client import surviving_client
from chalicelib.services.loyalty.coupons import open_coupons
from chalicelib.services.shared.links import Links
from chalicelib.services.shared.world import World

_NAME, _SIGNATURE = 16, 8


class Card(Struct, frozen=True):
    """A client's account as of `now`, and the programme of the salon that writes to the client."""

    client: Client
    account: Account
    directory: Directory
    now: datetime

    @property
    def salon(self) -> Salon | None:
        return salon_of(self.client, self.directory)

    @property
    def today(self) -> date:
        return local_date(self.now, self.directory.zone)

    @property
    def _on(self) -> date:
        """The local date in that salon. Programmes begin and end by it."""
        return local_date(self.now, self.salon.timezone) if self.salon else self.today

    @property
    def currency(self) -> str | None:
        return self.salon.currency if self.salon else None

    @property
    def programme(self) -> Programme:
        return programme_for(self.directory.rules.bonuses, self.salon.id if self.salon else None, self._on)

    @property
    def standing(self) -> TierStanding | None:
        if self.currency is None:
            return None
        return standing(self.account, self.programme, self.currency, self._on)

    @property
    def percent(self) -> int:
        return earning_percent(self.account, self.programme, self.currency or "", self._on)

    @property
    def counts_visits(self) -> bool:
        return self.programme.tiers_by is TiersBy.VISITS

    @property
    def available(self) -> int:
        return self.account.available(self.now)

    def pending(self) -> list[tuple[date, int]]:
        """Points that become available later, by the local day in the salon that granted them, the soonest
        first."""
        free = ((lot, points) for lot, points in self._free() if lot.available_at > self.now)
        return _by_day((local_date(lot.available_at, self._zone_of(lot)), points) for lot, points in free)

    def expiring(self) -> list[tuple[date, int]]:
        """Points by the last local day in the network's zone on which they can be used, the soonest first.
        Held points are left out, since they do not expire."""
        return _by_day(
            (last_day(lot.expires_at, self.directory.zone), points)
            for lot, points in self._free()
            if lot.expires_at is not None
        )

    @property
    def visits_extend_expiry(self) -> bool:
        """Whether a visit extends the life of some points."""
        return any(lot.idle_days is not None for lot, _ in self._free())

    def _free(self) -> Iterator[tuple[Lot, int]]:
        held = self.account.held_by_lot()
        return ((lot, lot.remaining - held.get(lot.number, 0)) for lot in self.account.lots)

    def _zone_of(self, lot: Lot) -> str:
        salon = self.directory.salons.get(lot.salon_id or "")
        return salon.timezone if salon else self.directory.zone


def _by_day(found: Iterator[tuple[date, int]]) -> list[tuple[date, int]]:
    days: dict[date, int] = {}
    for day, points in found:
        if points:
            days[day] = days.get(day, 0) + points
    return sorted(days.items())


def card_of(world: World, client: Client) -> Card:
    """The card of the surviving client. Expired points are left out, even where their expiry is not posted
    yet. One read."""
    client = surviving_client(world, client) or client
    now, directory = world.now(), world.directory(client.network_id)
    account, _ = settled(world.store.account(client.network_id, client.id), now)
    return Card(client, account, directory, now)


def coupons_of(world: World, card: Card) -> tuple[CouponView, ...]:
    """The client's open coupons, in the order of their expiry."""
    return tuple(
        CouponView(
            name=coupon.terms.name,
            valid_until=last_day(coupon.expires_at, card.directory.zone),
            on=_name_of(card.directory, coupon.terms.service_id) if coupon.terms.service_id else None,
            percent=coupon.terms.percent,
            amount_minor=coupon.terms.amount_minor,
            currency=coupon.currency,
        )
        for coupon in open_coupons(world, card.client.network_id, card.client.id)
    )


def _name_of(directory: Directory, service_id: str) -> str:
    return service_name(directory, service_id) or ""


# --- the code on it


def card_code(links: Links, network_id: str, client_id: str) -> str:
    """The code on a card, which reception reads: the client's id and a signature. It never expires, names
    nobody to people outside the network, and opens no page. Capital letters make a smaller QR code."""
    name = client_id.removeprefix("cli_")
    return (name + links.derived(f"card|{network_id}|{client_id}", _SIGNATURE)).upper()


def client_of_code(links: Links, network_id: str, code: str) -> str | None:
    """The id of the client whose card has that code; None for a code that was not made for this network. No
    read."""
    given = code.strip().lower()
    client_id = f"cli_{given[:_NAME]}"
    expected = card_code(links, network_id, client_id).lower()
    return client_id if hmac.compare_digest(given.encode(), expected.encode()) else None
