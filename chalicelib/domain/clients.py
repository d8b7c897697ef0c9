"""Clients: who they are, what they allow, and the few facts about their visits that the rules need at
once."""

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType

from msgspec import Struct, field
from msgspec.structs import replace

from chalicelib.domain.ids import derived
from chalicelib.domain.touches import Purpose, Touch, TouchKind
from chalicelib.domain.waking import Trouble, Wake

CHANNELS = ("sms", "whatsapp", "email", "push")
RECENT_VISITS_KEPT = 8
DEVICES_KEPT = 5
MONTHS_KEPT = 7
"""How far back one visit a month is kept besides: a regular's row of six months may end with the last one."""


class Consent(Struct, frozen=True):
    """Whether messages of one purpose may go through one channel: said when, by whom, how."""

    channel: str
    purpose: Purpose
    granted: bool
    at: datetime
    actor: str
    how: str


class ConsentChange(Struct, frozen=True, kw_only=True):
    """One line of the history of what a client allowed. id: time-ordered. void: from then on the client had
    said neither yes nor no."""

    network_id: str
    client_id: str
    id: str
    consent: Consent
    void: bool = False


class Device(Struct, frozen=True):
    """A phone or browser that takes push messages. endpoint: its address at the push service (an ARN)."""

    endpoint: str
    platform: str
    at: datetime

    @property
    def id(self) -> str:
        """Names it in addresses, where its endpoint cannot stand."""
        return derived("dev", self.endpoint)


class DeadAddress(Struct, frozen=True):
    """An address of the client at which a channel fails for good (no such number, hard bounce, complaint)."""

    channel: str
    address: str
    reason: str
    at: datetime


class VisitDay(Struct, frozen=True):
    """One visit: all completed bookings of a client in one salon on one local date."""

    on: date
    salon_id: str


class Due(Struct, frozen=True):
    """A service that the client will want again: due at that instant, because of that booking."""

    service_id: str
    at: datetime
    booking_id: str


class Uncounted(Struct, frozen=True):
    """What was taken back of a visit, or refunded, while its client was merged: they are without it when they
    go again, too.

    on      its local day. visit: None where it remains a visit.
    """

    booking_id: str
    on: date
    currency: str
    spent_minor: int
    visit: VisitDay | None = None


TAKEN_OVER = ("phone", "email", "birth_date")
"""What a client who turned out to be another brings along where the other has none."""


class Merge(Struct, frozen=True, kw_only=True):
    """That a client turned out to be another, `into`, and what it takes to undo that.

    out_id, in_id   the two entries that moved the points.
    visits          how many visits the other gained. first_visit_on, gifted_year: the other's own before.
    booking_ids     bookings that were to come and went over to the other.
    filled          which of TAKEN_OVER the other had none of, and took over.
    uncounted       of their own visits, what was undone since.
    """

    into: str
    at: datetime
    actor: str
    out_id: str
    in_id: str
    visits: int
    first_visit_on: date | None = None
    booking_ids: tuple[str, ...] = ()
    filled: tuple[str, ...] = ()
    uncounted: tuple[Uncounted, ...] = ()
    gifted_year: int = 0


class Client(Struct, frozen=True, kw_only=True):
    """A person who comes, or may come, to a salon of the network.

    recent_visits  the latest RECENT_VISITS_KEPT visits, newest first, then the last one of each of the
                   MONTHS_KEPT that those do not reach: all that the categories are told by.
    invitations    how many repeat invitations were decided on: the occurrence of the next one.
    birth_date_told_at  when the birth date became known; None: when the client was registered.
    gifted_year    the year of the last birthday that the client was given something for; 0: none.
    written_at     when the client last wrote to us by WhatsApp.
    merged         another client whom this one turned out to be. merges: how often that was found.
    """

    network_id: str
    id: str
    name: str
    created_at: datetime
    phone: str | None = None
    email: str | None = None
    birth_date: date | None = None
    language: str | None = None
    timezone: str | None = None
    source: str | None = None
    referred_by: str | None = None
    note: str | None = None
    preferences: str | None = None
    consents: tuple[Consent, ...] = ()
    visits_count: int = 0
    first_visit_on: date | None = None
    recent_visits: tuple[VisitDay, ...] = ()
    spent_minor: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    due: tuple[Due, ...] = ()
    invitations: int = 0
    birth_date_told_at: datetime | None = None
    gifted_year: int = 0
    devices: tuple[Device, ...] = ()
    dead_addresses: tuple[DeadAddress, ...] = ()
    written_at: datetime | None = None
    touches: Mapping[TouchKind, Touch] = field(default_factory=lambda: MappingProxyType({}))
    guards: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    merged: Merge | None = None
    merges: int = 0
    wake: Wake | None = None
    trouble: Trouble | None = None
    version: int = 0

    @property
    def last_visit_on(self) -> date | None:
        return self.recent_visits[0].on if self.recent_visits else None

    def consent(self, channel: str, purpose: Purpose) -> Consent | None:
        return next((c for c in self.consents if c.channel == channel and c.purpose == purpose), None)


def address_of(client: Client, channel: str) -> str | None:
    """Where the channel reaches the client; None where it cannot."""
    dead = {each.address for each in client.dead_addresses if each.channel == channel}
    return next((address for address in _addresses(client, channel) if address not in dead), None)


def is_known(client: Client, channel: str) -> bool:
    """Whether there is an address for the channel, be it dead or alive."""
    return bool(_addresses(client, channel))


def _addresses(client: Client, channel: str) -> list[str]:
    """The one to be tried first first."""
    if channel == "push":
        return [device.endpoint for device in reversed(client.devices)]
    return [each for each in (client.email if channel == "email" else client.phone,) if each]


def dead_address(client: Client, channel: str) -> DeadAddress | None:
    """Why the channel does not reach the client any more, though there is an address; of several the latest
    that failed."""
    if address_of(client, channel) is not None:
        return None
    known = _addresses(client, channel)
    dead = [each for each in client.dead_addresses if each.channel == channel and each.address in known]
    return max(dead, key=lambda each: each.at, default=None)


def with_device(client: Client, device: Device) -> Client:
    """The client with a device that takes push messages from now on, the newest last; the oldest goes when
    there are too many. What failed at its endpoint before is forgotten."""
    others = [each for each in client.devices if each.endpoint != device.endpoint]
    return _with_devices(client, (*others, device)[-DEVICES_KEPT:], {device.endpoint})


def without_device(client: Client, device_id: str) -> Client:
    return _with_devices(client, tuple(each for each in client.devices if each.id != device_id), set())


def _with_devices(client: Client, devices: tuple[Device, ...], well: set[str]) -> Client:
    kept = {device.endpoint for device in devices} - well
    dead = tuple(each for each in client.dead_addresses if each.channel != "push" or each.address in kept)
    return replace(client, devices=devices, dead_addresses=dead)


def with_birth_date_told(before: Client, after: Client, at: datetime) -> Client:
    """The client with the instant at which their birthday became known, if it is another than before. A year
    that is put right changes no birthday."""
    days = [(day.month, day.day) if day else None for day in (before.birth_date, after.birth_date)]
    return after if days[0] == days[1] else replace(after, birth_date_told_at=at)


def with_consent(client: Client, consent: Consent) -> Client:
    others = tuple(c for c in client.consents if (c.channel, c.purpose) != (consent.channel, consent.purpose))
    return replace(client, consents=(*others, consent))


def may_send(client: Client, channel: str, purpose: Purpose, marketing_needs_consent: bool) -> bool:
    """Service messages go unless refused; marketing needs a grant, unless the network relies on its custom
    with clients."""
    consent = client.consent(channel, purpose)
    if consent is not None:
        return consent.granted
    return purpose is Purpose.SERVICE or not marketing_needs_consent


def counts_as_new_visit(client: Client, visit: VisitDay) -> bool:
    return visit not in client.recent_visits


def with_visit(client: Client, visit: VisitDay, currency: str, spent_minor: int) -> Client:
    """The client after a completed booking: a second booking on the day in the same salon is the same
    visit."""
    recent, count, first = client.recent_visits, client.visits_count, client.first_visit_on
    if counts_as_new_visit(client, visit):
        recent, count = _worth_keeping((*recent, visit)), count + 1
        first = min(first or visit.on, visit.on)
    spent = {**client.spent_minor, currency: client.spent_minor.get(currency, 0) + spent_minor}
    return replace(
        client,
        recent_visits=recent,
        visits_count=count,
        first_visit_on=first,
        spent_minor=MappingProxyType(spent),
    )


def _worth_keeping(visits: tuple[VisitDay, ...]) -> tuple[VisitDay, ...]:
    ordered = sorted(visits, key=lambda visit: visit.on, reverse=True)
    kept = ordered[:RECENT_VISITS_KEPT]
    earliest = _month(kept[0].on) - MONTHS_KEPT + 1
    months = {_month(visit.on) for visit in kept}
    for visit in ordered[RECENT_VISITS_KEPT:]:
        if _month(visit.on) >= earliest and _month(visit.on) not in months:
            kept.append(visit)
            months.add(_month(visit.on))
    return tuple(kept)


def _month(day: date) -> int:
    return day.year * 12 + day.month


def without_spending(client: Client, currency: str, spent_minor: int) -> Client:
    """The client after so much was given back."""
    spent = {**client.spent_minor, currency: client.spent_minor.get(currency, 0) - spent_minor}
    return replace(client, spent_minor=MappingProxyType(spent))


def without_booking(
    client: Client, booking_id: str, visit: VisitDay | None, currency: str, spent_minor: int
) -> Client:
    """The client after a completed booking was taken back. visit: None when another booking of that day
    remains."""
    client = replace(
        without_spending(client, currency, spent_minor),
        due=tuple(d for d in client.due if d.booking_id != booking_id),
    )
    if visit is None or client.visits_count == 0:
        return client
    recent = tuple(v for v in client.recent_visits if v != visit)
    count = client.visits_count - 1
    all_known = count <= len(recent)
    first = min((v.on for v in recent), default=None) if all_known else client.first_visit_on
    return replace(client, recent_visits=recent, visits_count=count, first_visit_on=first)


def uncounted(client: Client, what: Uncounted, *, lost: bool = False) -> Client:
    """One who is merged, to be without this when they go again. lost: whether the other has a visit less by
    it."""
    merge = client.merged
    if merge is None:
        raise ValueError("not merged")
    merge = replace(merge, visits=merge.visits - lost, uncounted=(*merge.uncounted, what))
    return replace(client, merged=merge)


def as_they_go(client: Client) -> Client:
    """One who was merged, as themselves again."""
    for each in client.merged.uncounted if client.merged else ():
        client = without_booking(client, each.booking_id, each.visit, each.currency, each.spent_minor)
    return replace(client, merged=None)


def with_visits_of(client: Client, other: Client) -> Client:
    """The client with another's visits and birthdays besides, who turned out to be the same: a day that both
    were in a salon is one visit, and each birthday one."""
    both = {*client.recent_visits, *other.recent_visits}
    known_twice = len(client.recent_visits) + len(other.recent_visits) - len(both)
    firsts = [day for day in (client.first_visit_on, other.first_visit_on) if day]
    spent = {
        code: client.spent_minor.get(code, 0) + other.spent_minor.get(code, 0)
        for code in {**client.spent_minor, **other.spent_minor}
    }
    return replace(
        client,
        recent_visits=_worth_keeping(tuple(both)) if both else (),
        visits_count=client.visits_count + other.visits_count - known_twice,
        first_visit_on=min(firsts, default=None),
        spent_minor=MappingProxyType(spent),
        gifted_year=max(client.gifted_year, other.gifted_year),
    )


def without_visits_of(client: Client, other: Client, merge: Merge) -> Client:
    """The client without another's visits again."""
    theirs = set(other.recent_visits)
    gifted = client.gifted_year if client.gifted_year > other.gifted_year else merge.gifted_year
    recent = tuple(visit for visit in client.recent_visits if visit not in theirs)
    count = max(client.visits_count - merge.visits, 0)
    spent = {code: minor - other.spent_minor.get(code, 0) for code, minor in client.spent_minor.items()}
    own_first = merge.first_visit_on or min((visit.on for visit in recent), default=None)
    return replace(
        client,
        recent_visits=recent,
        visits_count=count,
        first_visit_on=own_first if count else None,
        spent_minor=MappingProxyType(spent),
        gifted_year=gifted,
    )
