"""The people of booking sites: which clients of a connection's site a client of ours is. Pure.

A site's own id is identity: two ids of one connection are two people, though they share a phone. A client's
`guards` name them: the key is `site_person`, the value the guard of the newest card that was applied, or ""
where the site has told bookings only. `site_words` has, under the same key, what that card said: a digest of
each of CARD_FIELDS. Earlier versions kept one guard a connection, under the connection's
id: of whom it was is unknown.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from types import MappingProxyType

from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client, Consent
from chalicelib.domain.intake.site_events import SiteClient
from chalicelib.domain.shared.ids import digest
from chalicelib.domain.shared.touches import Purpose

MERGED_AWAY = "~"
"""The guard of a site's client whom the site merged into another: later than any guard of an event."""
HOW = "site"
CARD_FIELDS = ("name", "phone", "email", "birth_date")
"""What a card says of a client, and the desk may say otherwise."""
_DIGEST = 6
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


def with_card_word(
    client: Client,
    connection_id: str,
    reported: SiteClient,
    names: Collection[str] = CARD_FIELDS,
) -> Client:
    """The client with a note of what the site said of these fields. reported: with phone and e-mail as they
    are kept. What the site does not tell stays noted as it was."""
    key = site_person(connection_id, str(reported.external_id))
    word = _card_word(client, key)
    for name in names:
        if getattr(reported, name) or name in reported.cleared:
            word[name] = _digest(getattr(reported, name))
    noted = MappingProxyType({**client.site_words, key: ",".join(word[name] for name in CARD_FIELDS)})
    return client if noted == client.site_words else replace(client, site_words=noted)


def after_card(client: Client, connection_id: str, reported: SiteClient) -> Client:
    """The client with what the card says that it had not said before. A repeated word fills in blanks alone:
    the desk's name or phone stays. What the site takes away goes if the site had told that very value."""
    key = site_person(connection_id, str(reported.external_id))
    before, current = _card_word(client, key), {name: getattr(client, name) for name in CARD_FIELDS}
    fields = dict(current)
    for name in CARD_FIELDS:
        value = getattr(reported, name)
        if value and (not current[name] or _digest(value) != before[name]):
            fields[name] = value
        elif name in reported.cleared and current[name] and _digest(current[name]) == before[name]:
            fields[name] = None
    shares_no_more = "phone" in reported.cleared and before["phone"] and not client.phone
    contact_id = None if shares_no_more else client.contact_id
    return replace(client, **fields, language=client.language or reported.language, contact_id=contact_id)


def _card_word(client: Client, key: str) -> dict[str, str]:
    """The digests by field; "": the site has said nothing of it, or that there is none."""
    digests = client.site_words.get(key, "").split(",")
    return dict(zip(CARD_FIELDS, [*digests, "", "", "", ""], strict=False))


def _digest(value: object) -> str:
    return digest(str(value), length=_DIGEST) if value else ""


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
