"""The people of booking sites: which clients of a connection's site a client of ours is. Pure.

A site's own id is identity: two ids of one connection are two people, though they share a phone. A client's
`guards` name them: the key is `site_person`, the value the guard of the newest card that was applied, or ""
where the site has told bookings only. Earlier versions kept one guard a connection, under the connection's
id: of whom it was is unknown.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from types import MappingProxyType

from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client, Consent
from chalicelib.domain.shared.touches import Purpose

MERGED_AWAY = "~"
"""The guard of a site's client whom the site merged into another: later than any guard of an event."""
HOW = "site"
"""How a client said no who is excluded from messages on the site."""


def site_person(connection_id: str, external_id: str) -> str:
    return f"{connection_id}:{external_id}"


def site_ids(client: Client, connection_id: str) -> frozenset[str]:
    """The ids that the connection's site is known to have for the client."""
    prefix = site_person(connection_id, "")
    return frozenset(key.removeprefix(prefix) for key in client.guards if key.startswith(prefix))


def has_another_id(client: Client, connection_id: str, external_id: str) -> bool:
    """Whether the site knows the client, and by other ids only."""
    ids = site_ids(client, connection_id)
    return external_id not in ids and (bool(ids) or connection_id in client.guards)


def card_guard(client: Client, connection_id: str, external_id: str) -> str:
    """The guard of the newest card of that site's client; "": none was applied."""
    own = client.guards.get(site_person(connection_id, external_id))
    return own or client.guards.get(connection_id, "")


def with_card_guard(client: Client, connection_id: str, external_id: str, guard: str = "") -> Client:
    """The client as that client of the site."""
    key = site_person(connection_id, external_id)
    return replace(client, guards=MappingProxyType({**client.guards, key: guard}))


def refusals(
    client: Client,
    connection_id: str,
    refused: Sequence[tuple[str, Purpose]] | None,
    at: datetime,
    actor: str,
    *,
    is_older: bool = False,
) -> tuple[Client, list[Consent]]:
    """The client with a note of what the site tells of refusals, and the refusals that are new. A site that
    repeats a no says nothing, so that a consent given here since then holds; and no site gives a consent.

    refused: channels and purposes of which the site says no; None: it says nothing of them. is_older: the
    site has said more since: a no still counts, and takes back no other one.
    """
    if refused is None:
        return client, []
    prefix = f"{connection_id}:"
    others = [each for each in client.refused_at_sites if is_older or not each.startswith(prefix)]
    names = {_refusal(connection_id, pair): pair for pair in refused}
    new = [pair for name, pair in names.items() if name not in client.refused_at_sites]
    noted = _sorted({*others, *names})
    if noted != _sorted(client.refused_at_sites):
        client = replace(client, refused_at_sites=noted)
    return client, [Consent(channel, purpose, False, at, actor, HOW) for channel, purpose in new]


def _refusal(connection_id: str, pair: tuple[str, Purpose]) -> str:
    channel, purpose = pair
    return f"{connection_id}:{channel}:{purpose.value}"


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names))
