"""Connect a booking site: an address for its webhooks, whose last part is a secret, and the secret that the
site signs with."""

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.intake.connection_settings import (
    Setting,
    ensure_fits,
    ensure_known,
    ensure_open_salon,
)
from chalicelib.domain.intake.site_accounts import MAX_TWINS, accounts, ensure_only_one, may_be_same, twins_of
from chalicelib.domain.intake.site_events import BookingReported, SiteEvent
from chalicelib.domain.intake.site_polls import LOOK_BACK, POLLED_SITES, SitePoll, started
from chalicelib.domain.intake.trust import FIRST
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import UNSIGNED_SITES, Connection, Directory, Salon
from chalicelib.domain.shared.errors import conflict, forbidden, missing, refused
from chalicelib.domain.shared.ids import derived
from chalicelib.services.bookings.book import ensure_offered
from chalicelib.services.intake.booking_site import BookingSite
from chalicelib.services.networks.set_up import get_salon
from chalicelib.services.shared.ports import Randomness, SaveConflict
from chalicelib.services.shared.world import World

TOKEN_CHARACTERS = 26
SECRET_CHARACTERS = 40
MAX_SECRET = 500
MAX_API_TOKEN = 1000
WITHOUT_API = frozenset({"standard"})
MAX_SETTINGS = 200
_STANDARD_KEYS = {"whsec_": (16, 64), "whpk_": (32, 32), "whsk_": (64, 64)}
"""Prefix of a Standard Webhooks secret -> the least and the most bytes of the key that it encodes."""


class SiteToConnect(Struct, frozen=True):
    """site: the name of its adapter. salon_id: None for a connection of the whole network. secret: None where
    one is to be made. replaces: the id of a deleted connection, whose bookings and clients go over. anew:
    without `replaces`, nothing goes over from a deleted connection, even with the same company."""

    site: str
    salon_id: str | None
    secret: str | None
    settings: Mapping[str, str]
    replaces: str | None = None
    anew: bool = False


def connect_site(
    world: World,
    access: Access,
    sites: Mapping[str, BookingSite],
    wanted: SiteToConnect,
    randomness: Randomness | None = None,
) -> Connection:
    """Makes a connection. Where a deleted one had the same company, merchant or location, or was of the same
    salon and neither names one, its ids go over. sites: the adapters by name. randomness: the source of its
    secrets, for a request that may be repeated. Raises UNKNOWN_SITE, INVALID_SECRET, UNKNOWN_SETTING,
    INVALID_SETTINGS, ARCHIVED, NOT_FOUND, STILL_CONNECTED, OTHER_SITE, ALREADY_CONNECTED, TRY_AGAIN."""
    site = wanted.site
    if site not in sites:
        raise refused("UNKNOWN_SITE", f"Sites are {', '.join(sorted(sites))}.", site=site)
    _ensure_reached(world, access, wanted.salon_id)
    _check(world, access, site, sites[site].SETTINGS, wanted.settings)
    token, made = _drawn(access, randomness or world.randomness)
    secret = _secret(site, wanted.secret, made)

    def connect() -> Connection:
        existing = world.store.get(Connection, network_id=access.network_id, token=token)
        return existing or _connected(world, access, wanted, token, secret)

    connection = world.retrying(connect)
    world.directories.forget(access.network_id)
    return connection


def _connected(world: World, access: Access, wanted: SiteToConnect, token: str, secret: str) -> Connection:
    """The new connection, saved; with it those that may bring the same bookings, which know of it then.
    Raises SaveConflict."""
    directory = world.fresh_directory(access.network_id)
    connection = Connection(
        network_id=access.network_id,
        id=wanted.replaces or derived("con", token),
        site=wanted.site,
        token=token,
        created_at=world.now(),
        salon_id=wanted.salon_id,
        secret=secret,
        settings=MappingProxyType(_with_company(wanted.site, wanted.settings)),
    )
    former = _former(world, access, wanted, directory) if wanted.replaces else None
    ensure_only_one(connection, directory)
    if not wanted.replaces and not wanted.anew:
        former = _deleted_one(world, access, connection)
    if former is not None:
        connection = replace(connection, id=former.id, twins=former.twins)
    twins = twins_of(connection, directory.connections.values())
    ids = tuple(dict.fromkeys([*connection.twins, *(each.id for each in twins)]))[-MAX_TWINS:]
    known = [
        replace(each, twins=(*each.twins, connection.id)[-MAX_TWINS:])
        for each in twins[:MAX_TWINS]
        if connection.id not in each.twins
    ]
    saved: Connection = world.store.save(
        replace(connection, twins=ids), *known, remove=[former] if former else []
    )[0]
    return saved


def _deleted_one(world: World, access: Access, connection: Connection) -> Connection | None:
    """The connection deleted last that may have brought the same bookings, if the key reaches it."""
    kept = world.store.get_all(Connection, network_id=access.network_id)
    deleted = [each for each in kept if each.deleted_at is not None and reaches(access, each)]
    same = [each for each in deleted if may_be_same(connection, each)]
    return max(same, key=lambda each: (each.deleted_at, each.id), default=None)


def _drawn(access: Access, randomness: Randomness) -> tuple[str, str]:
    """A token, which names its network, and the characters of a secret."""
    tail, made = randomness(TOKEN_CHARACTERS), randomness(SECRET_CHARACTERS)
    return f"{access.network_id[-10:]}.{tail}", made


def _with_company(site: str, settings: Mapping[str, str]) -> dict[str, str]:
    """The settings of a new connection. A site that proves nothing is bound to its company: to those that are
    mapped to salons, else to the first that reports a booking."""
    if site not in UNSIGNED_SITES or settings.get("company_id"):
        return dict(settings)
    mapped = [name.removeprefix("salon:") for name in settings if name.startswith("salon:")]
    return {**settings, "company_id": ",".join(mapped) or FIRST}


def learn_company(world: World, connection: Connection, events: Iterable[SiteEvent]) -> None:
    """Binds a connection that waits for the first company to the one whose booking was applied."""
    if connection.settings.get("company_id") != FIRST or connection.site not in UNSIGNED_SITES:
        return
    reported = (each.salon_external_id for each in events if isinstance(each, BookingReported))
    company_id = next((each for each in reported if each), None)
    if company_id is None:
        return
    settings = MappingProxyType({**connection.settings, "company_id": company_id})
    with suppress(SaveConflict):  # somebody else changed it: the next booking teaches it
        world.store.save(replace(connection, settings=settings))
    world.directories.forget(connection.network_id)


def _former(world: World, access: Access, wanted: SiteToConnect, directory: Directory) -> Connection | None:
    """The deleted connection whose ids go over; None for one that was deleted before deletions were kept, and
    that the set-up still names. Raises NOT_FOUND, STILL_CONNECTED, OTHER_SITE, FORBIDDEN."""
    connection_id = str(wanted.replaces)
    if connection_id in directory.connections:
        raise conflict(
            "STILL_CONNECTED", "That connection is in use: rotate it, or delete it first.", id=connection_id
        )
    kept = world.store.get_all(Connection, network_id=access.network_id)
    former = next((each for each in kept if each.id == connection_id), None)
    if former is None:
        lists = [each.external_ids for each in directory.services.values()]
        lists += [each.external_ids for each in directory.staff.values()]
        if not any(known.startswith(f"{connection_id}:") for ids in lists for known in ids):
            raise missing("connection", connection_id)
        access.ensure_whole_network()
        return None
    if not reaches(access, former):
        raise forbidden("This key does not reach that connection.", connection_id=connection_id)
    if former.site != wanted.site and {former.site, wanted.site} != UNSIGNED_SITES:
        raise refused("OTHER_SITE", f"That was a connection with {former.site}.", site=former.site)
    return former


def _ensure_reached(world: World, access: Access, salon_id: str | None) -> None:
    if salon_id is not None:
        ensure_offered("salon", get_salon(world, access, salon_id))
    elif not access.sees_whole_network:
        raise forbidden("Name the salon: this key opens some of the network's salons.")


def _check(
    world: World,
    access: Access,
    site: str,
    known: Sequence[Setting],
    wanted: Mapping[str, str | None],
    stored: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Raises UNKNOWN_SETTING, INVALID_SETTINGS; for what is no salon, or not the key's, NOT_FOUND, FORBIDDEN.

    known: the settings of the site. wanted: None takes a setting away. stored: what the connection has. A
    connection of an earlier version may have others than are known: these may stay and be taken away.
    """
    if len({**stored, **wanted}) > MAX_SETTINGS:
        raise refused("INVALID_SETTINGS", f"At most {MAX_SETTINGS} settings.")
    for name, value in wanted.items():
        if name in stored and value in (None, stored[name]):
            continue
        setting = ensure_known(site, known, name)
        if value is None:
            continue
        ensure_fits(setting, name, value)
        if setting.is_location is not None:
            ensure_open_salon(name, value, _salon(world, access, value))
            access.ensure_salon(value)


def _salon(world: World, access: Access, salon_id: str) -> Salon | None:
    known = world.directory(access.network_id, lambda read: salon_id in read.salons)
    return known.salons.get(salon_id)


def _secret(site: str, secret: str | None, made: str) -> str:
    if secret is None:
        return f"whsec_{base64.b64encode(made.encode()).decode()}" if site == "standard" else made
    if not 8 <= len(secret) <= MAX_SECRET or not (secret.isascii() and secret.isprintable()):
        raise refused("INVALID_SECRET", f"A secret has 8 to {MAX_SECRET} printable characters.")
    if site == "standard" and not _is_standard_key(secret):
        raise refused(
            "INVALID_SECRET", "A secret of Standard Webhooks is whsec_ and base64 of 16 to 64 bytes."
        )
    return secret


def _is_standard_key(secret: str) -> bool:
    prefix = next((prefix for prefix in _STANDARD_KEYS if secret.startswith(prefix)), "")
    least, most = _STANDARD_KEYS[prefix or "whsec_"]
    text = secret.removeprefix(prefix)
    try:
        return least <= len(base64.b64decode(text + "=" * (-len(text) % 4), validate=True)) <= most
    except (binascii.Error, ValueError):
        return False


def list_connections(world: World, access: Access) -> list[Connection]:
    """The connections that the key reaches, the newest first."""
    connections = world.fresh_directory(access.network_id).connections.values()
    reached = (each for each in connections if reaches(access, each))
    return sorted(reached, key=lambda each: each.created_at, reverse=True)


def reaches(access: Access, connection: Connection) -> bool:
    if connection.salon_id is None:
        return access.sees_whole_network
    return access.reaches_salon(connection.salon_id)


def get_connection(world: World, access: Access, connection_id: str) -> Connection:
    connection = world.fresh_directory(access.network_id).connections.get(connection_id)
    if connection is None:
        raise missing("connection", connection_id)
    if not reaches(access, connection):
        raise forbidden("This key does not reach that connection.", connection_id=connection_id)
    return connection


def rotate_connection(
    world: World, access: Access, connection_id: str, secret: str | None, randomness: Randomness | None = None
) -> Connection:
    """Gives the connection a new address and a new secret; the old address is refused at once. Its id stays,
    and with it the ids of all that came through it. Raises NOT_FOUND, FORBIDDEN, INVALID_SECRET, TRY_AGAIN.

    secret: what the site signs with, where the site made it. randomness: as of `connect_site`.
    """
    token, made = _drawn(access, randomness or world.randomness)

    def rotate() -> Connection:
        connection = get_connection(world, access, connection_id)
        if connection.token == token:  # a request that comes again
            return connection
        rotated = replace(connection, token=token, secret=_secret(connection.site, secret, made), version=0)
        saved, *_ = world.store.save(rotated, remove=[connection])
        return saved

    rotated = world.retrying(rotate)
    world.directories.forget(access.network_id)
    return rotated


def change_connection(
    world: World,
    access: Access,
    sites: Mapping[str, BookingSite],
    connection_id: str,
    settings: Mapping[str, str | None],
) -> Connection:
    """Changes settings of the connection; None takes one away, and those that are not named stay, also such
    as no connection may have any more. Raises NOT_FOUND, FORBIDDEN, UNKNOWN_SETTING, INVALID_SETTINGS,
    ALREADY_CONNECTED, TRY_AGAIN."""

    def change() -> Connection:
        connection = get_connection(world, access, connection_id)
        known, stored = sites[connection.site].SETTINGS, connection.settings
        _check(world, access, connection.site, known, settings, stored)
        merged = {**stored, **settings}
        wanted = {name: value for name, value in merged.items() if value is not None}
        if wanted == connection.settings:
            return connection
        changed = replace(connection, settings=MappingProxyType(wanted))
        ensure_only_one(changed, world.directory(access.network_id), accounts(connection))
        return world.store.save(changed)[0]

    changed = world.retrying(change)
    world.directories.forget(access.network_id)
    return changed


def set_api_token(world: World, access: Access, connection_id: str, token: str | None) -> Connection:
    """Keeps the token with which the site's API is asked, in place of the one before; None: the site is not
    asked any more. With a token, also the same one, the site's poll begins or goes on.

    Raises NOT_FOUND, FORBIDDEN, INVALID_API_TOKEN, TRY_AGAIN."""

    def change() -> Connection:
        connection = get_connection(world, access, connection_id)
        if token is not None:
            _check_api_token(connection.site, token)
        polls = [_started_poll(world, connection)] if token and connection.site in POLLED_SITES else []
        if token == connection.api_token:
            for each in polls:
                world.store.save(each)
            return connection
        return world.store.save(replace(connection, api_token=token), *polls)[0]

    changed = world.retrying(change)
    world.directories.forget(access.network_id)
    return changed


def _started_poll(world: World, connection: Connection) -> SitePoll:
    """The connection's poll, due now. One that stood still goes on where it stood."""
    existing = world.store.get(SitePoll, network_id=connection.network_id, id=connection.id)
    now = world.now()
    new = SitePoll(network_id=connection.network_id, id=connection.id, since=now - LOOK_BACK)
    return started(existing or new, now)


def _check_api_token(site: str, token: str) -> None:
    if site in WITHOUT_API:
        raise refused("INVALID_API_TOKEN", f"{site} has no API that could be asked.", site=site)
    if not 8 <= len(token) <= MAX_API_TOKEN or not (token.isascii() and token.isprintable()):
        message = f"A token has 8 to {MAX_API_TOKEN} printable ASCII characters."
        raise refused("INVALID_API_TOKEN", message, site=site)
    parts = [part.strip() for part in token.split(",")]
    if site in UNSIGNED_SITES and (len(parts) != 2 or not all(parts)):
        message = f"For {site}: the partner's token and the user's token, with a comma between."
        raise refused("INVALID_API_TOKEN", message, site=site)


def disconnect_site(world: World, access: Access, connection_id: str) -> None:
    """Deletes the connection. From now on its address is unknown; what came through it stays, and another
    connection may take its ids over. Raises NOT_FOUND."""
    connection = get_connection(world, access, connection_id)
    try:
        world.store.save(replace(connection, deleted_at=world.now(), secret=None, api_token=None))
    except SaveConflict:
        raise missing("connection", connection_id) from None
    world.directories.forget(access.network_id)
