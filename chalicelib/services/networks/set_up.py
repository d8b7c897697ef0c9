"""Set up a network: the network itself, its salons, staff and services. Whatever is written is seen at
once here, and within a minute by processes that keep the set-up in mind."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from msgspec.structs import replace

from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Directory, Network, Salon, Service, Staff
from chalicelib.domain.shared.aliases import InboundNumber
from chalicelib.domain.shared.errors import conflict, missing, refused
from chalicelib.domain.shared.ids import derived
from chalicelib.domain.waking.walks import Walk
from chalicelib.services.networks.check_set_up import checked, country_code, language_code, placed
from chalicelib.services.networks.set_identities import identified, numbers_taken
from chalicelib.services.shared.contact_details import name_normal
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.walks import nightly_walk, replan_walk
from chalicelib.services.shared.world import World

SetUp = TypeVar("SetUp", Network, Salon, Staff, Service)
Added = TypeVar("Added", Salon, Staff, Service)

NETWORK_CHARACTERS = 10
UTC = "UTC"
"""Of a network that has no salon yet, and so no zone."""


def make_network(world: World, *, name: str, country: str, language: str) -> Network:
    """A new tenant. Its id ends in the ten characters by which keys and webhook addresses name it."""
    network = Network(
        network_id=f"net_{world.chance(NETWORK_CHARACTERS)}",
        name=name_normal(name),
        country=country_code(country),
        language=language_code(language),
        created_at=world.now(),
    )
    walk = nightly_walk(network.network_id, world.now(), UTC)
    return world.store.save(network, walk)[0]


def change_network(world: World, access: Access, changes: Mapping[str, Any]) -> Network:
    """changes: name, country, language, timezone, version, identities (by channel). In another time zone the
    warnings of points that expire are planned anew; points already granted keep their instant."""
    plain = {name: value for name, value in changes.items() if name != "identities"}

    def change(network: Network, directory: Directory) -> Network:
        changed = replace(network, **checked(directory, plain))
        return identified(changed, changes.get("identities", {}))

    def also(was: Network, becomes: Network) -> list[InboundNumber | Walk]:
        walks = [replan_walk(world, becomes.network_id)] if was.timezone != becomes.timezone else []
        return [*numbers_taken(world, was, becomes), *walks]

    what = ("network", access.network_id)
    return _changed(world, access, what, lambda directory: directory.network, changes, change, also)


# --- salons, staff, services


def add_salon(world: World, access: Access, said: Mapping[str, Any], request_id: str | None = None) -> Salon:
    """said: the fields of a Salon. Raises UNKNOWN_TIMEZONE, INVALID_CURRENCY, INVALID_URL, ..."""
    directory = world.fresh_directory(access.network_id)
    fields, salon_id = checked(directory, said), _id(world, access, "sal", request_id)
    salon = placed(Salon(network_id=access.network_id, id=salon_id, **fields))
    return _added(
        world, salon, lambda directory: directory.salons, request_id, also=_zone_kept(directory, salon)
    )


def _zone_kept(directory: Directory, added: Salon) -> list[Network]:
    """The network, where it has to say by itself what its time zone was: ids that follow from a request are
    in no order, and another salon than before would come first."""
    becomes = replace(directory, salons={**directory.salons, added.id: added})
    if not directory.salons or becomes.zone == directory.zone:
        return []
    return [replace(directory.network, timezone=directory.zone)]


def change_salon(world: World, access: Access, salon_id: str, changes: Mapping[str, Any]) -> Salon:
    """A salon keeps its currency: what it has earned is in it. Raises CURRENCY_FIXED. In another time zone
    all that is upcoming is planned anew."""
    get_salon(world, access, salon_id)

    def also(was: Salon, becomes: Salon) -> list[Walk]:
        return [replan_walk(world, becomes.network_id)] if was.timezone != becomes.timezone else []

    def change(salon: Salon, directory: Directory) -> Salon:
        if changes.get("currency", salon.currency) != salon.currency:
            raise refused("CURRENCY_FIXED", "A salon keeps its currency.", currency=salon.currency)
        return placed(replace(salon, **checked(directory, changes)))

    def of(directory: Directory) -> Salon | None:
        return directory.salons.get(salon_id)

    return _changed(world, access, ("salon", salon_id), of, changes, change, also)


def get_salon(world: World, access: Access, salon_id: str) -> Salon:
    salon = world.directory(access.network_id, lambda known: salon_id in known.salons).salons.get(salon_id)
    if salon is None:
        raise missing("salon", salon_id)
    access.ensure_salon(salon_id)
    return salon


def add_staff(world: World, access: Access, said: Mapping[str, Any], request_id: str | None = None) -> Staff:
    """said: name, salon_ids, tip_url."""
    fields = checked(world.directory(access.network_id), said)
    _ensure_salons(access, fields.get("salon_ids", ()))
    staff = Staff(network_id=access.network_id, id=_id(world, access, "stf", request_id), **fields)
    return _added(world, staff, lambda directory: directory.staff, request_id)


def change_staff(world: World, access: Access, staff_id: str, changes: Mapping[str, Any]) -> Staff:
    def change(staff: Staff, directory: Directory) -> Staff:
        _ensure_salons(access, staff.salon_ids)
        changed = replace(staff, **checked(directory, changes), unreviewed=False)
        _ensure_salons(access, changed.salon_ids)
        return changed

    def of(directory: Directory) -> Staff | None:
        return directory.staff.get(staff_id)

    return _changed(world, access, ("staff", staff_id), of, changes, change)


def add_service(
    world: World, access: Access, said: Mapping[str, Any], request_id: str | None = None
) -> Service:
    """said: name, category, minutes, price_minor, currency, repeat_after_days. A service is the whole
    network's."""
    _ensure_whole_network(access)
    fields = checked(world.directory(access.network_id), said)
    service = Service(network_id=access.network_id, id=_id(world, access, "srv", request_id), **fields)
    return _added(world, service, lambda directory: directory.services, request_id)


def change_service(world: World, access: Access, service_id: str, changes: Mapping[str, Any]) -> Service:
    _ensure_whole_network(access)

    def change(service: Service, directory: Directory) -> Service:
        return replace(service, **checked(directory, changes), unreviewed=False)

    def of(directory: Directory) -> Service | None:
        return directory.services.get(service_id)

    return _changed(world, access, ("service", service_id), of, changes, change)


# --- who may


def _ensure_salons(access: Access, salon_ids: tuple[str, ...]) -> None:
    """Who works in no salon in particular works in all of them."""
    if not salon_ids:
        _ensure_whole_network(access)
    for salon_id in salon_ids:
        access.ensure_salon(salon_id)


def _ensure_whole_network(access: Access) -> None:
    access.ensure_whole_network()


# --- writing


def _id(world: World, access: Access, prefix: str, request_id: str | None) -> str:
    return derived(prefix, access.network_id, request_id) if request_id else world.new_id(prefix)


def _added(
    world: World,
    value: Added,
    of: Callable[[Directory], Mapping[str, Added]],
    request_id: str | None,
    also: Sequence[Network] = (),
) -> Added:
    try:
        saved, *_ = world.store.save(value, *also)
    except SaveConflict:
        stands = of(world.fresh_directory(value.network_id)).get(value.id) if request_id else None
        if stands is None:
            raise
        return stands
    world.directories.forget(value.network_id)
    return saved


def _changed(
    world: World,
    access: Access,
    what: tuple[str, str],
    of: Callable[[Directory], SetUp | None],
    changes: Mapping[str, Any],
    change: Callable[[SetUp, Directory], SetUp],
    also: Callable[[SetUp, SetUp], Sequence[Walk | InboundNumber]] = lambda was, becomes: (),
) -> SetUp:
    """Raises NOT_FOUND; STALE_VERSION where the changes name another version than the present one. also: what
    is saved along with the change."""
    for _ in world.tries():
        directory = world.fresh_directory(access.network_id)
        stands = of(directory)
        if stands is None:
            raise missing(*what)
        if changes.get("version", stands.version) != stands.version:
            raise conflict(
                "STALE_VERSION", "It was changed meanwhile; read it again.", version=stands.version
            )
        wanted = change(stands, directory)
        if wanted == stands:
            return stands
        try:
            saved, *_ = world.store.save(wanted, *also(stands, wanted))
        except SaveConflict:
            continue
        world.directories.forget(access.network_id)
        return saved
    raise conflict("TRY_AGAIN", "Somebody else changed this at the same moment; try again.")
