"""Set up a network: the network itself, its salons, staff and services. Whatever is written is seen at
once here, and within a minute by processes that keep the set-up in mind."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar
from urllib.parse import urlsplit

from chalicelib.domain.access import Access
from chalicelib.domain.errors import conflict, forbidden, missing, refused
from chalicelib.domain.ids import derived
from chalicelib.domain.network import Directory, Network, Salon, Service, Staff
from chalicelib.domain.zones import is_zone
from chalicelib.services.contact_details import name_normal, phone_e164
from chalicelib.services.keep_client import LANGUAGES
from chalicelib.services.ports import SaveConflict
from chalicelib.services.world import CONFLICT_TRIES, World

SetUp = TypeVar("SetUp", Network, Salon, Staff, Service)
Added = TypeVar("Added", Salon, Staff, Service)

NETWORK_CHARACTERS = 10
MINUTES_MOST = 24 * 60
MINOR_MOST = 10**12
REPEAT_DAYS_MOST = 730
_CURRENCY = re.compile(r"[A-Z]{3}")


def make_network(world: World, *, name: str, country: str, language: str) -> Network:
    """A new tenant. Its id ends in the ten characters by which keys and webhook addresses name it."""
    network = Network(
        network_id=f"net_{world.chance(NETWORK_CHARACTERS)}",
        name=name_normal(name),
        country=_country(country),
        language=_language(language),
        created_at=world.now(),
    )
    return world.store.save(network)[0]  # type: ignore[no-any-return]


def change_network(world: World, access: Access, changes: Mapping[str, Any]) -> Network:
    """changes: name, country, language, version."""

    def change(network: Network, directory: Directory) -> Network:
        return replace(network, **_checked(directory, changes))

    return _changed(world, access, lambda directory: directory.network, changes, change)


def read_anew(world: World, network_id: str) -> Directory:
    """The set-up as it stands, whatever is kept of it."""
    world.directories.forget(network_id)
    return world.directory(network_id)


# --- salons, staff, services


def add_salon(world: World, access: Access, said: Mapping[str, Any], request_id: str | None = None) -> Salon:
    """said: the fields of a Salon. Raises UNKNOWN_TIMEZONE, INVALID_CURRENCY, INVALID_URL, ..."""
    fields = _checked(world.directory(access.network_id), said)
    salon = Salon(network_id=access.network_id, id=_id(world, access, "sal", request_id), **fields)
    return _added(world, salon, lambda directory: directory.salons, request_id)


def change_salon(world: World, access: Access, salon_id: str, changes: Mapping[str, Any]) -> Salon:
    """A salon keeps its currency: what it has earned is in it. Raises CURRENCY_FIXED."""
    see_salon(world, access, salon_id)

    def change(salon: Salon, directory: Directory) -> Salon:
        if changes.get("currency", salon.currency) != salon.currency:
            raise refused("CURRENCY_FIXED", "A salon keeps its currency.", currency=salon.currency)
        return replace(salon, **_checked(directory, changes))

    return _changed(world, access, lambda directory: directory.salons.get(salon_id), changes, change)


def see_salon(world: World, access: Access, salon_id: str) -> Salon:
    salon = world.directory(access.network_id, lambda known: salon_id in known.salons).salons.get(salon_id)
    if salon is None:
        raise missing("salon", salon_id)
    access.ensure_salon(salon_id)
    return salon


def add_staff(world: World, access: Access, said: Mapping[str, Any], request_id: str | None = None) -> Staff:
    """said: name, salon_ids, tip_url."""
    fields = _checked(world.directory(access.network_id), said)
    _ensure_salons(access, fields.get("salon_ids", ()))
    staff = Staff(network_id=access.network_id, id=_id(world, access, "stf", request_id), **fields)
    return _added(world, staff, lambda directory: directory.staff, request_id)


def change_staff(world: World, access: Access, staff_id: str, changes: Mapping[str, Any]) -> Staff:
    def change(staff: Staff, directory: Directory) -> Staff:
        _ensure_salons(access, staff.salon_ids)
        changed = replace(staff, **_checked(directory, changes), unreviewed=False)
        _ensure_salons(access, changed.salon_ids)
        return changed

    return _changed(world, access, lambda directory: directory.staff.get(staff_id), changes, change)


def add_service(
    world: World, access: Access, said: Mapping[str, Any], request_id: str | None = None
) -> Service:
    """said: name, category, minutes, price_minor, currency, repeat_after_days. A service is the whole
    network's."""
    _ensure_whole_network(access)
    fields = _checked(world.directory(access.network_id), said)
    service = Service(network_id=access.network_id, id=_id(world, access, "srv", request_id), **fields)
    return _added(world, service, lambda directory: directory.services, request_id)


def change_service(world: World, access: Access, service_id: str, changes: Mapping[str, Any]) -> Service:
    _ensure_whole_network(access)

    def change(service: Service, directory: Directory) -> Service:
        return replace(service, **_checked(directory, changes), unreviewed=False)

    return _changed(world, access, lambda directory: directory.services.get(service_id), changes, change)


# --- who may


def _ensure_salons(access: Access, salon_ids: tuple[str, ...]) -> None:
    """Who works in no salon in particular works in all of them."""
    if not salon_ids:
        _ensure_whole_network(access)
    for salon_id in salon_ids:
        access.ensure_salon(salon_id)


def _ensure_whole_network(access: Access) -> None:
    if not access.sees_whole_network:
        raise forbidden("This concerns the whole network; this key opens some of its salons.")


# --- writing


def _id(world: World, access: Access, prefix: str, request_id: str | None) -> str:
    return derived(prefix, access.network_id, request_id) if request_id else world.new_id(prefix)


def _added(
    world: World, value: Added, of: Callable[[Directory], Mapping[str, Added]], request_id: str | None
) -> Added:
    try:
        (saved,) = world.store.save(value)
    except SaveConflict:
        stands = of(read_anew(world, value.network_id)).get(value.id) if request_id else None
        if stands is None:
            raise
        return stands
    world.directories.forget(value.network_id)
    return saved  # type: ignore[no-any-return]


def _changed(
    world: World,
    access: Access,
    of: Callable[[Directory], SetUp | None],
    changes: Mapping[str, Any],
    change: Callable[[SetUp, Directory], SetUp],
) -> SetUp:
    """Raises NOT_FOUND; STALE_VERSION where the changes name another version than the present one."""
    for _ in range(CONFLICT_TRIES):
        directory = read_anew(world, access.network_id)
        stands = of(directory)
        if stands is None:
            raise missing("such thing", "")
        if changes.get("version", stands.version) != stands.version:
            raise conflict(
                "STALE_VERSION", "It was changed meanwhile; read it again.", version=stands.version
            )
        wanted = change(stands, directory)
        if wanted == stands:
            return stands
        try:
            (saved,) = world.store.save(wanted)
        except SaveConflict:
            continue
        world.directories.forget(access.network_id)
        return saved  # type: ignore[no-any-return]
    raise conflict("TRY_AGAIN", "Somebody else changed this at the same moment; try again.")


# --- checking


def _checked(directory: Directory, said: Mapping[str, Any]) -> dict[str, Any]:
    """The fields in the form in which they are kept; each that has a check must pass it."""
    checks: dict[str, Callable[[Any], Any]] = {
        "name": name_normal,
        "country": _country,
        "language": _language,
        "timezone": _timezone,
        "currency": _currency,
        "phone": lambda text: phone_e164(text, directory.network.country) if text else None,
        "map_url": _web_url,
        "tip_url": _web_url,
        "review_links": _review_links,
        "salon_ids": lambda ids: _salon_ids(directory, ids),
        "minutes": lambda number: _within("minutes", number, 1, MINUTES_MOST),
        "price_minor": lambda number: _within("price", number, 0, MINOR_MOST),
        "repeat_after_days": lambda number: _within("repeat_after_days", number, 1, REPEAT_DAYS_MOST),
    }
    plain = {name: value for name, value in said.items() if name != "version"}
    return {name: checks[name](value) if name in checks else value for name, value in plain.items()}


def _country(code: str) -> str:
    import phonenumbers

    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise refused("UNKNOWN_COUNTRY", "Name a country by its two letters, such as MD.", country=code)
    return code


def _language(code: str) -> str:
    if code not in LANGUAGES:
        raise refused("UNKNOWN_LANGUAGE", "Languages are ru, ro and en.", language=code)
    return code


def _timezone(name: str) -> str:
    if not is_zone(name):
        raise refused("UNKNOWN_TIMEZONE", "Name an IANA time zone, such as Europe/Chisinau.", timezone=name)
    return name


def _currency(code: str | None) -> str | None:
    if code is not None and not _CURRENCY.fullmatch(code):
        raise refused("INVALID_CURRENCY", "Name a currency by its three letters, such as MDL.", currency=code)
    return code


def _web_url(url: str | None) -> str | None:
    """Links that clients are shown: https and nothing else."""
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        good = parts.scheme == "https" and bool(parts.hostname) and parts.username is None
    except ValueError:
        good = False
    if not good or not url.isprintable() or " " in url:
        raise refused("INVALID_URL", "A link is an address that begins with https://.", url=url[:100])
    return url


def _review_links(links: tuple[Any, ...]) -> tuple[Any, ...]:
    for link in links:
        name_normal(link.site)
        _web_url(link.url)
    return links


def _salon_ids(directory: Directory, ids: tuple[str, ...]) -> tuple[str, ...]:
    for id in ids:
        if id not in directory.salons:
            raise missing("salon", id)
    return tuple(dict.fromkeys(ids))


def _within(field: str, number: int | None, least: int, most: int) -> int | None:
    if number is not None and not least <= number <= most:
        raise refused(
            "OUT_OF_RANGE", f"{field} lies between {least} and {most}.", field=field, least=least, most=most
        )
    return number
