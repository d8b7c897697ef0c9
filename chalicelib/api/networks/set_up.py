"""Salons, staff and services."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.api.http.endpoint import EVERYBODY, OFFICE, OWNER, Ask, delete, endpoint, get, patch, post
from chalicelib.api.http.parsing import Body
from chalicelib.api.http.schemas import (
    Answered,
    Id,
    Line,
    Listing,
    Money,
    PageOf,
    Url,
    Word,
    given,
    in_pages,
    money,
)
from chalicelib.domain.loyalty.passes import MICRO
from chalicelib.domain.networks.network import Directory, ReviewLink, Salon, Service, Staff
from chalicelib.domain.networks.site_names import is_named, shown_name
from chalicelib.domain.shared.errors import missing
from chalicelib.services.networks import set_up

Whole = Annotated[int, Meta(ge=-(10**12), le=10**12)]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]
_PLACE = ("latitude", "longitude")
_ARCHIVED = {"archived": True}
SetUp = TypeVar("SetUp", Salon, Staff, Service)


class ReviewPlace(Body):
    """Where anybody may review the salon. site: its name as people know it."""

    site: Word
    url: Url


class SetUpListing(Listing):
    """archived true: with those that are archived."""

    archived: bool = False


class NewSalon(Body):
    """timezone: IANA name. currency: ISO 4217; a salon keeps it. language: ru, ro or en, for clients whose
    language nobody knows; null: the network's. country: ISO 3166 alpha-2, the first in which phones without a
    country's code are looked for; null: that of the time zone. booking_url: where clients book by themselves;
    invitations lead there. latitude, longitude: in degrees, both or neither; there a pass in a client's
    wallet comes forward."""

    name: Line
    timezone: Word
    currency: str
    address: Line
    language: Word | None = None
    country: Word | None = None
    map_url: Url | None = None
    phone: Word | None = None
    review_links: Annotated[tuple[ReviewPlace, ...], Meta(max_length=10)] = ()
    booking_url: Url | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None


class SalonChanges(Body):
    name: Line | UnsetType = UNSET
    timezone: Word | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    address: Line | UnsetType = UNSET
    language: Word | UnsetType | None = UNSET
    country: Word | UnsetType | None = UNSET
    map_url: Url | UnsetType | None = UNSET
    phone: Word | UnsetType | None = UNSET
    review_links: Annotated[list[ReviewPlace], Meta(max_length=10)] | UnsetType = UNSET
    booking_url: Url | UnsetType | None = UNSET
    latitude: Latitude | UnsetType | None = UNSET
    longitude: Longitude | UnsetType | None = UNSET
    archived: bool | UnsetType = UNSET
    version: Whole | UnsetType = UNSET


class SalonAnswer(Answered):
    id: str
    name: str
    timezone: str
    currency: str
    address: str
    map_url: str | None
    phone: str | None
    review_links: list[ReviewPlace]
    booking_url: str | None
    latitude: float | None
    longitude: float | None
    archived: bool
    language: str | None
    country: str | None
    version: int


def _salon(salon: Salon) -> SalonAnswer:
    facts = {name: getattr(salon, name) for name in SalonAnswer.__struct_fields__}
    links = [ReviewPlace(site=link.site, url=link.url) for link in salon.review_links]
    place = {name: _degrees(facts[name]) for name in _PLACE}
    return SalonAnswer(**{**facts, **place, "review_links": links})


def _degrees(millionths: int | None) -> float | None:
    return None if millionths is None else millionths / MICRO


def _salon_fields(body: msgspec.Struct) -> dict[str, Any]:
    fields = given(body)
    if "review_links" in fields:
        fields["review_links"] = tuple(ReviewLink(link.site, link.url) for link in fields["review_links"])
    fields |= {name: round(fields[name] * MICRO) for name in _PLACE if fields.get(name) is not None}
    return fields


@post("/v1/salons")
@endpoint(roles=OWNER, body=NewSalon, answer=SalonAnswer, status=201)
def add_salon(ask: Ask) -> SalonAnswer:
    return _salon(set_up.add_salon(ask.world, ask.access, _salon_fields(ask.body), ask.request_id))


@get("/v1/salons")
@endpoint(roles=EVERYBODY, query=SetUpListing, answer=PageOf[SalonAnswer])
def list_salons(ask: Ask) -> PageOf[SalonAnswer]:
    """The salons that this key reaches."""
    salons = _listed(ask, _fresh(ask).salons)
    return in_pages((_salon(each) for each in salons if ask.access.reaches_salon(each.id)), ask.query)


@get("/v1/salons/{salon_id}")
@endpoint(roles=EVERYBODY, answer=SalonAnswer)
def get_salon(ask: Ask, salon_id: str) -> SalonAnswer:
    return _salon(set_up.get_salon(ask.world, ask.access, salon_id))


@patch("/v1/salons/{salon_id}")
@endpoint(roles=OFFICE, body=SalonChanges, answer=SalonAnswer)
def change_salon(ask: Ask, salon_id: str) -> SalonAnswer:
    return _salon(set_up.change_salon(ask.world, ask.access, salon_id, _salon_fields(ask.body)))


@delete("/v1/salons/{salon_id}")
@endpoint(roles=OFFICE, answer=SalonAnswer)
def archive_salon(ask: Ask, salon_id: str) -> SalonAnswer:
    """Archived, not lost: its bookings stay, and a change of `archived` restores it."""
    return _salon(set_up.change_salon(ask.world, ask.access, salon_id, _ARCHIVED))


# --- staff


class NewStaff(Body):
    """salon_ids empty: works in all salons. tip_url: shown to clients who were served."""

    name: Line
    salon_ids: tuple[Id, ...] = ()
    tip_url: Url | None = None


class StaffChanges(Body):
    name: Line | UnsetType = UNSET
    salon_ids: list[Id] | UnsetType = UNSET
    tip_url: Url | UnsetType | None = UNSET
    archived: bool | UnsetType = UNSET
    version: Whole | UnsetType = UNSET


class StaffAnswer(Answered):
    """name_known: false where a site has told only its id; then `name` says so, and no client reads it.
    unreviewed: made from the report of a booking site, and not looked at by a person yet."""

    id: str
    name: str
    name_known: bool
    salon_ids: tuple[str, ...]
    tip_url: str | None
    unreviewed: bool
    archived: bool
    version: int


def staff_answer(ask: Ask, staff: Staff) -> StaffAnswer:
    facts = {name: getattr(staff, name) for name in StaffAnswer.__struct_fields__}
    return StaffAnswer(**{**facts, **name_fields(ask, staff)})


def name_fields(ask: Ask, value: Staff | Service) -> dict[str, Any]:
    """The name as people of the salon read it, and whether it is one."""
    kept = ask.world.directory(ask.access.network_id).connections if value.external_ids else {}
    return {"name": shown_name(value, kept), "name_known": is_named(value, kept)}


def _staff_fields(body: msgspec.Struct) -> dict[str, Any]:
    fields = given(body)
    if "salon_ids" in fields:
        fields["salon_ids"] = tuple(fields["salon_ids"])
    return fields


@post("/v1/staff")
@endpoint(roles=OFFICE, body=NewStaff, answer=StaffAnswer, status=201)
def add_staff(ask: Ask) -> StaffAnswer:
    return staff_answer(ask, set_up.add_staff(ask.world, ask.access, _staff_fields(ask.body), ask.request_id))


@get("/v1/staff")
@endpoint(roles=EVERYBODY, query=SetUpListing, answer=PageOf[StaffAnswer])
def list_staff(ask: Ask) -> PageOf[StaffAnswer]:
    """Who works in the salons that this key reaches."""
    staff = _listed(ask, _fresh(ask).staff)
    return in_pages((staff_answer(ask, each) for each in staff if _is_reached(ask, each)), ask.query)


@get("/v1/staff/{staff_id}")
@endpoint(roles=EVERYBODY, answer=StaffAnswer)
def get_staff(ask: Ask, staff_id: str) -> StaffAnswer:
    staff = _fresh(ask).staff.get(staff_id)
    if staff is None:
        raise missing("staff", staff_id)
    if not _is_reached(ask, staff):
        ask.access.ensure_salon(staff.salon_ids[0])
    return staff_answer(ask, staff)


@patch("/v1/staff/{staff_id}")
@endpoint(roles=OFFICE, body=StaffChanges, answer=StaffAnswer)
def change_staff(ask: Ask, staff_id: str) -> StaffAnswer:
    return staff_answer(ask, set_up.change_staff(ask.world, ask.access, staff_id, _staff_fields(ask.body)))


@delete("/v1/staff/{staff_id}")
@endpoint(roles=OFFICE, answer=StaffAnswer)
def archive_staff_member(ask: Ask, staff_id: str) -> StaffAnswer:
    return staff_answer(ask, set_up.change_staff(ask.world, ask.access, staff_id, _ARCHIVED))


def _is_reached(ask: Ask, staff: Staff) -> bool:
    return not staff.salon_ids or any(ask.access.reaches_salon(salon_id) for salon_id in staff.salon_ids)


# --- services


class NewService(Body):
    """repeat_after_days: when the client will want it again, counted from the visit."""

    name: Line
    category: Word | None = None
    minutes: Whole = 60
    price: Money | None = None
    repeat_after_days: Whole | None = None


class ServiceChanges(Body):
    name: Line | UnsetType = UNSET
    category: Word | UnsetType | None = UNSET
    minutes: Whole | UnsetType = UNSET
    price: Money | UnsetType | None = UNSET
    repeat_after_days: Whole | UnsetType | None = UNSET
    archived: bool | UnsetType = UNSET
    version: Whole | UnsetType = UNSET


class ServiceAnswer(Answered):
    """name_known, unreviewed: as of a staff member."""

    id: str
    name: str
    name_known: bool
    category: str | None
    minutes: int
    price: Money | None
    repeat_after_days: int | None
    unreviewed: bool
    archived: bool
    version: int


def service_answer(ask: Ask, service: Service) -> ServiceAnswer:
    names = (name for name in ServiceAnswer.__struct_fields__ if name != "price")
    facts = {name: getattr(service, name) for name in names}
    price = money(service.price_minor, service.currency)
    return ServiceAnswer(**{**facts, **name_fields(ask, service)}, price=price)


def _service_fields(body: msgspec.Struct) -> dict[str, Any]:
    fields = given(body, "price")
    price: Money | UnsetType | None = body.price  # type: ignore[attr-defined]
    if price is None or isinstance(price, UnsetType):
        return fields if price is UNSET else {**fields, "price_minor": None, "currency": None}
    return {**fields, "price_minor": price.amount_minor, "currency": price.currency}


@post("/v1/services")
@endpoint(roles=OFFICE, body=NewService, answer=ServiceAnswer, status=201)
def add_service(ask: Ask) -> ServiceAnswer:
    added = set_up.add_service(ask.world, ask.access, _service_fields(ask.body), ask.request_id)
    return service_answer(ask, added)


@get("/v1/services")
@endpoint(roles=EVERYBODY, query=SetUpListing, answer=PageOf[ServiceAnswer])
def list_services(ask: Ask) -> PageOf[ServiceAnswer]:
    services = _listed(ask, _fresh(ask).services)
    return in_pages((service_answer(ask, each) for each in services), ask.query)


@get("/v1/services/{service_id}")
@endpoint(roles=EVERYBODY, answer=ServiceAnswer)
def get_service(ask: Ask, service_id: str) -> ServiceAnswer:
    service = _fresh(ask).services.get(service_id)
    if service is None:
        raise missing("service", service_id)
    return service_answer(ask, service)


@patch("/v1/services/{service_id}")
@endpoint(roles=OFFICE, body=ServiceChanges, answer=ServiceAnswer)
def change_service(ask: Ask, service_id: str) -> ServiceAnswer:
    changed = set_up.change_service(ask.world, ask.access, service_id, _service_fields(ask.body))
    return service_answer(ask, changed)


@delete("/v1/services/{service_id}")
@endpoint(roles=OFFICE, answer=ServiceAnswer)
def archive_service(ask: Ask, service_id: str) -> ServiceAnswer:
    return service_answer(ask, set_up.change_service(ask.world, ask.access, service_id, _ARCHIVED))


def _listed(ask: Ask, known: Mapping[str, SetUp]) -> list[SetUp]:
    return [each for each in known.values() if ask.query.archived or not each.archived]


def _fresh(ask: Ask) -> Directory:
    return ask.world.fresh_directory(ask.access.network_id)
