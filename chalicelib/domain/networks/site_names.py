"""What services and staff are called: by a person of the network, by a booking site, or by nobody yet."""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

from msgspec.structs import replace

from chalicelib.domain.networks.network import Connection, Directory, Service, Staff
from chalicelib.domain.shared.ids import derived

Named = TypeVar("Named", Service, Staff)

NO_SERVICE = "Visit"
"""What the service of a booking is called whose site names no service."""
NAMES_ARE_IDS = "standard"
"""The site whose ids may be names: one word tells both."""


def external_id(connection_id: str, site_id: str) -> str:
    """A site's id, as services and staff keep it."""
    return f"{connection_id}:{site_id}"


def no_service_id(connection_id: str) -> str:
    """The id of the service of bookings whose site names no service."""
    return derived("srv", connection_id, NO_SERVICE.casefold())


def connection_of(external: str) -> str:
    return external.partition(":")[0]


def has_id_of(value: Service | Staff, connection_id: str) -> bool:
    return any(connection_of(each) == connection_id for each in value.external_ids)


def is_named(value: Service | Staff, connections: Mapping[str, Connection]) -> bool:
    """Whether the name is one that people use. An item of an earlier version does not tell: its name is none
    if it is one of its sites' ids.

    A connection that was deleted no longer tells whether its site's ids are names; then a person's review
    decides.
    """
    if value.name_known is not None:
        return value.name_known
    if value.made_by is not None and value.id == no_service_id(value.made_by) and value.name == NO_SERVICE:
        return False
    sites = [_site(each, connections) for each in value.external_ids if each.partition(":")[2] == value.name]
    if not sites or NAMES_ARE_IDS in sites:
        return True
    return None in sites and not value.unreviewed


def _site(external: str, connections: Mapping[str, Connection]) -> str | None:
    of = connection_of(external)
    return next((each.site for each in connections.values() if each.id == of), None)


def shown_name(value: Service | Staff, connections: Mapping[str, Connection]) -> str:
    """The name for people of the salon: of one without a name, what it is and the site's id."""
    if is_named(value, connections) or not value.external_ids:
        return value.name
    return f"Unnamed {'service' if isinstance(value, Service) else 'specialist'} {value.name}"


def service_name(directory: Directory, service_id: str | None) -> str | None:
    """The name for clients; None while nobody knows it, so that no client reads an id. Raises Unreadable."""
    return _name_for_clients(directory, directory.services.get(service_id or ""))


def staff_name(directory: Directory, staff_id: str | None) -> str | None:
    """The same of a specialist."""
    return _name_for_clients(directory, directory.staff.get(staff_id or ""))


def _name_for_clients(directory: Directory, value: Service | Staff | None) -> str | None:
    return value.name if value is not None and is_named(value, directory.connections) else None


# --- a name is told


def renamed_by_person(value: Named, name: str, actor: str, connections: Mapping[str, Connection]) -> Named:
    """The value with a person's name, which no site changes any more. A name as it is shown already is no new
    name."""
    if name == shown_name(value, connections):
        return value
    called = _called(value, name, connections)
    return replace(value, name=name, named_by=actor, name_known=True, called=called)


def with_site_word(
    value: Named,
    external: str,
    name: str | None,
    at: datetime,
    connections: Mapping[str, Connection],
) -> Named:
    """The value after a site's word about it; the very same one where the site says nothing new.

    external: the site's id. name: None where the site told only its id. at: when the site said so (UTC). A
    new id is kept, and the name stays: by its name the value was found. Another name for an id that is known
    renames the value, unless a person named it.
    """
    if external not in value.external_ids:
        called = {**value.called, external: name} if name and name != value.name else value.called
        name_known = True if value.made_by is None else value.name_known
        ids = (*value.external_ids, external)
        return replace(value, external_ids=ids, called=called, name_known=name_known)
    named = is_named(value, connections)
    if not name or name == value.called.get(external, value.name if named else None):
        return value
    if named and value.named_at is not None and at < value.named_at:
        return value
    kept = named and _is_persons(value)
    current = value.name if kept else name
    called = _called(value, current, connections) | {external: name}
    differing = {each: word for each, word in called.items() if word != current}
    name_known = value.name_known if kept else True
    return replace(value, name=current, name_known=name_known, named_at=at, called=differing)


def _is_persons(value: Service | Staff) -> bool:
    """Whether a person chose the name. An earlier version did not keep that: then a person may have, who
    looked at what the site had named."""
    if value.name_known is None and value.made_by is not None and not value.unreviewed:
        return True
    return value.named_by is not None


def _called(value: Service | Staff, current: str, connections: Mapping[str, Connection]) -> dict[str, str]:
    """What the sites call the value, where that is another name than the current one."""
    if not is_named(value, connections):
        return {}
    words = {each: value.called.get(each, value.name) for each in value.external_ids}
    return {each: word for each, word in words.items() if word != current}
