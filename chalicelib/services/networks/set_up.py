"""Set up a network: the network itself, its salons, staff and services. This process sees a change at once,
other processes see it within a minute."""

from collections.abc import Collection, Mapping
from typing import Any

from msgspec.structs import replace

from chalicelib.domain.messages.allowed_numbers import allowed_countries
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Directory, Network, Salon, Service, Staff
from chalicelib.domain.networks.site_names import Named, renamed_by_person
from chalicelib.domain.shared.errors import missing, refused
from chalicelib.domain.waking.walks import AnyWalk, Replanning, Walk
from chalicelib.services.networks.check_set_up import checked, checked_place, country_code, language_code
from chalicelib.services.networks.save_set_up import added, current_part, part_id, save_change
from chalicelib.services.networks.set_identities import asked_by_owner, numbers_taken
from chalicelib.services.shared.contact_details import name_normal
from chalicelib.services.shared.walks import nightly_walk, replan_walk
from chalicelib.services.shared.world import World

NETWORK_CHARACTERS = 10
UTC = "UTC"
"""The zone of a network that has no salon yet."""


def make_network(world: World, *, name: str, country: str, language: str) -> Network:
    """A new tenant, in trial. Its id ends in the ten characters by which keys and webhook addresses name
    it."""
    network = Network(
        network_id=f"net_{world.randomness(NETWORK_CHARACTERS)}",
        name=name_normal(name),
        country=country_code(country),
        language=language_code(language),
        created_at=world.now(),
        trial=True,
        lists_categories=True,
    )
    walk = nightly_walk(network.network_id, world.now(), UTC)
    return world.store.save(network, walk)[0]


def change_network(
    world: World, access: Access, changes: Mapping[str, Any], own_identities: Collection[str] = ()
) -> Network:
    """Changes the network. In another time zone the warnings of points that expire are planned again; points
    already granted keep their instant. Another country plans again what waits for a country to be allowed.

    changes: name, country, language, timezone, version, identities (by channel): an e-mail address is pending
    until it is proven; reviewed (parts of the set-up, added to those that were reviewed before).
    own_identities: the deployment's, which are no network's. Raises NOT_FOUND, STALE_VERSION, OPERATOR_ONLY,
    IDENTITY_TAKEN, TRY_AGAIN, and what the checks of the fields raise.
    """
    return world.retrying(lambda: _change_network(world, access, changes, own_identities))


def _change_network(
    world: World, access: Access, changes: Mapping[str, Any], own_identities: Collection[str]
) -> Network:
    directory = world.fresh_directory(access.network_id)
    network = current_part(directory.network, ("network", access.network_id), changes)
    fields = {name: value for name, value in changes.items() if name not in ("identities", "reviewed")}
    reviewed = tuple(sorted({*network.reviewed, *changes.get("reviewed", ())}))
    wanted = replace(network, **checked(directory, fields), reviewed=reviewed)
    wanted = asked_by_owner(world, wanted, changes.get("identities", {}), own_identities)
    numbers = numbers_taken(world, network, wanted)
    walks = _replan(world, directory, replace(directory, network=wanted), network.timezone != wanted.timezone)
    return save_change(world, network, wanted, [*numbers, *walks])


# --- salons, staff, services


def add_salon(
    world: World, access: Access, fields: Mapping[str, Any], request_id: str | None = None
) -> Salon:
    """fields: those of a Salon. In another country than those before, messages that wait for that country are
    planned again. Raises UNKNOWN_TIMEZONE, UNKNOWN_COUNTRY, UNKNOWN_LANGUAGE, INVALID_CURRENCY, INVALID_URL,
    ..."""
    directory = world.fresh_directory(access.network_id)
    values, salon_id = checked(directory, fields), part_id(world, access, "sal", request_id)
    salon = checked_place(Salon(network_id=access.network_id, id=salon_id, **values))
    after = replace(directory, salons={**directory.salons, salon_id: salon})
    also: list[Network | AnyWalk] = [*_kept_zone(directory, after), *_replan(world, directory, after)]
    return added(world, salon, lambda directory: directory.salons, request_id, also=also)


def _kept_zone(directory: Directory, after: Directory) -> list[Network]:
    """The network with its present zone as its own, where the added salon would change the zone. Ids that
    follow from a request are in no order, so that the added salon's id may come first."""
    if not directory.salons or after.zone == directory.zone:
        return []
    return [replace(directory.network, timezone=directory.zone)]


def change_salon(world: World, access: Access, salon_id: str, changes: Mapping[str, Any]) -> Salon:
    """Changes a salon. In another time zone all that is upcoming is planned again; so it is where SMS may go
    to another country from now on. Raises NOT_FOUND, STALE_VERSION, CURRENCY_FIXED (what the salon has earned
    is in its currency), TRY_AGAIN, and what the checks of the fields raise."""
    get_salon(world, access, salon_id)
    if "archived" in changes:
        access.ensure_whole_network()
    return world.retrying(lambda: _change_salon(world, access, salon_id, changes))


def _change_salon(world: World, access: Access, salon_id: str, changes: Mapping[str, Any]) -> Salon:
    directory = world.fresh_directory(access.network_id)
    salon = current_part(directory.salons.get(salon_id), ("salon", salon_id), changes)
    if changes.get("currency", salon.currency) != salon.currency:
        raise refused("CURRENCY_FIXED", "A salon keeps its currency.", currency=salon.currency)
    wanted = checked_place(replace(salon, **checked(directory, changes, salon)))
    after = replace(directory, salons={**directory.salons, salon_id: wanted})
    walks = _replan(world, directory, after, salon.timezone != wanted.timezone)
    return save_change(world, salon, wanted, walks)


def get_salon(world: World, access: Access, salon_id: str) -> Salon:
    """Raises NOT_FOUND, FORBIDDEN."""
    salon = world.directory(access.network_id, lambda known: salon_id in known.salons).salons.get(salon_id)
    if salon is None:
        raise missing("salon", salon_id)
    access.ensure_salon(salon_id)
    return salon


def add_staff(
    world: World, access: Access, fields: Mapping[str, Any], request_id: str | None = None
) -> Staff:
    """fields: name, salon_ids, tip_url."""
    values = checked(world.directory(access.network_id), fields)
    _ensure_salons(access, values.get("salon_ids", ()))
    staff = Staff(network_id=access.network_id, id=part_id(world, access, "stf", request_id), **values)
    return added(world, staff, lambda directory: directory.staff, request_id)


def change_staff(world: World, access: Access, staff_id: str, changes: Mapping[str, Any]) -> Staff:
    """Raises NOT_FOUND, STALE_VERSION, FORBIDDEN, TRY_AGAIN, and what the checks of the fields raise."""
    return world.retrying(lambda: _change_staff(world, access, staff_id, changes))


def _change_staff(world: World, access: Access, staff_id: str, changes: Mapping[str, Any]) -> Staff:
    directory = world.fresh_directory(access.network_id)
    staff = current_part(directory.staff.get(staff_id), ("staff", staff_id), changes)
    _ensure_salons(access, staff.salon_ids)
    wanted = _changed_named(directory, access, staff, changes)
    _ensure_salons(access, wanted.salon_ids)
    return save_change(world, staff, wanted)


def add_service(
    world: World, access: Access, fields: Mapping[str, Any], request_id: str | None = None
) -> Service:
    """A service of the whole network. fields: name, category, minutes, price_minor, currency,
    repeat_after_days."""
    access.ensure_whole_network()
    values = checked(world.directory(access.network_id), fields)
    service = Service(network_id=access.network_id, id=part_id(world, access, "srv", request_id), **values)
    return added(world, service, lambda directory: directory.services, request_id)


def change_service(world: World, access: Access, service_id: str, changes: Mapping[str, Any]) -> Service:
    """Raises NOT_FOUND, STALE_VERSION, FORBIDDEN, TRY_AGAIN, and what the checks of the fields raise."""
    access.ensure_whole_network()
    return world.retrying(lambda: _change_service(world, access, service_id, changes))


def _change_service(world: World, access: Access, service_id: str, changes: Mapping[str, Any]) -> Service:
    directory = world.fresh_directory(access.network_id)
    service = current_part(directory.services.get(service_id), ("service", service_id), changes)
    return save_change(world, service, _changed_named(directory, access, service, changes))


def _changed_named(directory: Directory, access: Access, value: Named, changes: Mapping[str, Any]) -> Named:
    """The value with the changes. A name that a key gives is a person's: no site changes it any more."""
    values = {**checked(directory, changes), "unreviewed": _is_unreviewed(value, changes)}
    name = values.pop("name", None)
    if name is not None:
        value = renamed_by_person(value, name, access.actor, directory.connections)
    return replace(value, **values)


def _is_unreviewed(value: Staff | Service, changes: Mapping[str, Any]) -> bool:
    """To archive what a site named, or to restore it, is not to look at what it says."""
    return value.unreviewed and set(changes) <= {"archived", "version"}


def _ensure_salons(access: Access, salon_ids: tuple[str, ...]) -> None:
    """A staff member of no salon in particular works in all of them."""
    if not salon_ids:
        access.ensure_whole_network()
    for salon_id in salon_ids:
        access.ensure_salon(salon_id)


# --- what a change brings along


def _replan(
    world: World, before: Directory, after: Directory, in_new_zone: bool = False
) -> list[Walk[Replanning]]:
    """The walk that plans again all that is upcoming: in a new zone, or where SMS may go to one more country,
    since messages wait for it. Nothing waits in a network without salons."""
    allows_more = bool(before.salons) and not allowed_countries(after) <= allowed_countries(before)
    return [replan_walk(world, after.network.network_id)] if in_new_zone or allows_more else []
