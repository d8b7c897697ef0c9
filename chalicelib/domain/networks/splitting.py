"""One service or specialist to whom several sites' ids lead becomes two."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations
from typing import Generic

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.networks.network import Connection, Service, Staff
from chalicelib.domain.networks.site_names import Named, connection_of, is_named
from chalicelib.domain.shared.errors import refused


class SiteId(Struct, frozen=True):
    """A site's id that leads to a service or specialist.

    external_id  as services and staff keep it, `connection:id`. site: None of a connection that was deleted.
    called       what the site calls it; None: it told no name.
    """

    external_id: str
    connection_id: str
    site: str | None
    id: str
    called: str | None


class Mixed(Struct, Generic[Named], frozen=True):
    """A service or specialist that may be several. ids: the sites' ids that lead to it. namesakes: the ids of
    others of the same name, of staff in the same salon."""

    value: Named
    ids: Sequence[SiteId]
    namesakes: Sequence[str]


def mixed(values: Iterable[Named], connections: Mapping[str, Connection]) -> list[Mixed[Named]]:
    """The values to which several ids lead, and those that share a name where a site's id leads to one of
    them; by id."""
    known = sorted(values, key=lambda each: each.id)
    namesakes = _namesakes(known, connections)
    return [
        Mixed(each, _site_ids(each, connections), sorted(namesakes.get(each.id, ())))
        for each in known
        if len(each.external_ids) > 1 or each.id in namesakes
    ]


def _namesakes(known: Sequence[Named], connections: Mapping[str, Connection]) -> dict[str, set[str]]:
    by_name: dict[str, list[Named]] = {}
    for each in known:
        if not each.archived and is_named(each, connections):
            by_name.setdefault(each.name.casefold(), []).append(each)
    found: dict[str, set[str]] = {}
    for same in by_name.values():
        for one, other in combinations(same, 2):
            if (one.external_ids or other.external_ids) and _meet(one, other):
                found.setdefault(one.id, set()).add(other.id)
                found.setdefault(other.id, set()).add(one.id)
    return found


def _meet(one: Service | Staff, other: Service | Staff) -> bool:
    """Whether two are offered in one salon."""
    if not isinstance(one, Staff) or not isinstance(other, Staff):
        return True
    return not (one.salon_ids and other.salon_ids and set(one.salon_ids).isdisjoint(other.salon_ids))


def _site_ids(value: Service | Staff, connections: Mapping[str, Connection]) -> list[SiteId]:
    sites = {each.id: each.site for each in connections.values()}
    name = value.name if is_named(value, connections) else None
    found = []
    for external in value.external_ids:
        connection_id, _, site_id = external.partition(":")
        called = value.called.get(external, name)
        found.append(SiteId(external, connection_id, sites.get(connection_id), site_id, called))
    return found


def split_off(
    source: Named,
    split_id: str,
    moved: Collection[str],
    name: str | None,
    actor: str,
    connections: Mapping[str, Connection],
) -> tuple[Named, Named]:
    """The source without the moved ids, and a new one that has them and is called as their site calls it.

    moved: as in `external_ids`. name: a person's name for the new one; None: the site's. Raises INVALID_SPLIT
    for an id that does not lead to the source, and where nothing that made the source would stay with it.
    """
    moving = [each for each in source.external_ids if each in moved]
    staying = tuple(each for each in source.external_ids if each not in moved)
    if not moving or len(moving) < len(set(moved)):
        raise refused("INVALID_SPLIT", "Name ids that lead to this one, as /mixed lists them.")
    if not staying and source.made_by is not None:
        raise refused("INVALID_SPLIT", "Leave at least one of its ids to this one.")
    named = is_named(source, connections)
    called = {each: source.called.get(each, source.name) for each in source.external_ids} if named else {}
    site_name = called.get(moving[0]) or moving[0].partition(":")[2]
    current = name or site_name
    fields = {
        "id": split_id,
        "name": current,
        "name_known": named or name is not None,
        "named_by": actor if name else None,
        "external_ids": tuple(moving),
        "called": {each: called[each] for each in moving if each in called and called[each] != current},
        "unreviewed": True,
        "made_by": connection_of(moving[0]),
        "made_at": None,
        "archived": False,
        "version": 0,
    }
    if isinstance(source, Staff):
        fields["tip_url"] = None  # tips are for the person who was entered
    kept = _name_that_stays(source, staying, called)
    others = {each: called[each] for each in staying if each in called and called[each] != kept}
    return replace(source, external_ids=staying, name=kept, called=others), replace(source, **fields)


def _name_that_stays(source: Service | Staff, staying: Sequence[str], called: Mapping[str, str]) -> str:
    """The source's name; where no site that stays calls it so and no person chose it, the name of the first
    site that stays."""
    words = [called[each] for each in staying if each in called]
    if source.named_by is not None or source.made_by is None or not words or source.name in words:
        return source.name
    return words[0]
