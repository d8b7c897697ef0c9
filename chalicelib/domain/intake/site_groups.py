"""Bookings that a site names by one id: the seats of a booking that people share, the dates of a series."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

MAX_MEMBERS = 400
"""How many bookings of a group are noted. Further ones are taken in, but words about the whole miss them."""


class SiteGroup(Struct, frozen=True, kw_only=True):
    """What a connection knows of one group.

    id       the site's id of the group.
    members  the site's ids of the bookings, as first told, and of each the id of its seat ("": not told).
    closed   the guard of the newest event that cancelled the whole group: who was told to be in it before,
             and is heard of later, is out of it, too.
    """

    network_id: str
    connection_id: str
    id: str
    members: Mapping[str, str] = MappingProxyType({})
    closed: str | None = None
    version: int = 0


def with_member(group: SiteGroup, external_id: str, seat: str | None) -> SiteGroup:
    """The group with that booking among its members; the same value where nothing is new."""
    known = group.members.get(external_id)
    if known is None and len(group.members) >= MAX_MEMBERS:
        return group
    if known is not None and (seat is None or known == seat):
        return group
    return replace(group, members=MappingProxyType({**group.members, external_id: seat or known or ""}))
