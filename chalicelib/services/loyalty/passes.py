"""Passes in clients' wallets: what each pass shows, which devices keep it, and which of them need an
update."""

import hmac
import re
from contextlib import suppress
from datetime import timedelta
from functools import partial

from msgspec.structs import replace

from chalicelib.domain.clients.client_plan import language_of
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty import account_plan
from chalicelib.domain.loyalty.account import NOT_UPDATED, Account, WalletUpdate
from chalicelib.domain.loyalty.passes import (
    APPLE,
    GOOGLE,
    MAX_LOCATIONS,
    DevicePass,
    Pass,
    PassDevice,
    SalonLocation,
    owner_of,
    serial_of,
)
from chalicelib.domain.networks.network import Directory, Salon
from chalicelib.domain.shared.errors import DomainError, ErrorKind, malformed, missing
from chalicelib.services.clients.surviving_client import surviving_account
from chalicelib.services.loyalty.show_card import Card, card_code, card_of, coupons_of
from chalicelib.services.shared.links import Links
from chalicelib.services.shared.ports import PassUpdates, SaveConflict
from chalicelib.services.shared.world import World

TOKEN_LENGTH = 32
MAX_DEVICES = 20
"""Apple devices of one client that get updates. Further devices keep the pass without updates."""
RETRY_AFTER = timedelta(hours=1)

_NETWORK = re.compile(r"net_[0-9a-z]{10}")
_DEVICE = re.compile(r"[0-9A-Za-z._-]{1,64}")
_PUSH_TOKEN = re.compile(r"[0-9A-Za-z]{1,200}")
_NAMES_OF_OTHERS = frozenset({APPLE, GOOGLE})


def pass_of(world: World, card: Card, links: Links) -> Pass:
    """The client's pass with what it shows now."""
    client, standing = card.client, card.standing
    return Pass(
        serial=serial_of(client.network_id, client.id),
        network_name=card.directory.network.name,
        code=card_code(links, client.network_id, client.id),
        points=card.available,
        tier=standing.tier.name if standing and card.programme.enabled else None,
        coupons=len(coupons_of(world, card)),
        expiring=next(iter(card.expiring()), None),
        places=_locations(card.directory, card.salon),
    )


def _locations(directory: Directory, clients_salon: Salon | None) -> tuple[SalonLocation, ...]:
    """The locations of the client's own salon, then those of the others, up to MAX_LOCATIONS."""
    salons = sorted(directory.salons.values(), key=lambda salon: (salon != clients_salon, salon.id))
    locations = [
        SalonLocation(salon.name, salon.latitude, salon.longitude)
        for salon in salons
        if salon.latitude is not None and salon.longitude is not None and not salon.archived
    ]
    return tuple(locations[:MAX_LOCATIONS])


# --- the holder


def pass_token(links: Links, serial: str) -> str:
    """The token with which an Apple device asks about a pass. Only a holder of the pass has it."""
    return links.derived(f"wallet|{serial}", TOKEN_LENGTH)


def ensure_holder(links: Links, serial: str, token: str) -> tuple[str, str]:
    """The network id and the client id of a pass. token: what the device has shown. No read. Raises
    UNAUTHENTICATED."""
    owner = owner_of(serial)
    if owner is None or not hmac.compare_digest(token.encode(), pass_token(links, serial).encode()):
        raise DomainError(ErrorKind.UNAUTHENTICATED, "UNAUTHENTICATED", "This pass was not given out here.")
    return owner


def get_pass_client(world: World, network_id: str, client_id: str) -> Client:
    """Raises NOT_FOUND."""
    client = world.store.get(Client, network_id=network_id, id=client_id, fresh=False)
    if client is None:
        raise missing("client", client_id)
    return client


# --- devices that keep it


def devices_with_pass(world: World, network_id: str, client_id: str) -> list[PassDevice]:
    """The devices that keep the client's pass and are reachable."""
    return [
        each
        for each in world.store.get_all(PassDevice, network_id=network_id, client_id=client_id)
        if each.expires_at is None
    ]


def register_device(world: World, network_id: str, client_id: str, device: str, push_token: str) -> bool:
    """Saves that an Apple device keeps the client's pass, with the token of its push service. Whether the
    device is new. Raises INVALID_FIELD, NOT_FOUND, TRY_AGAIN."""
    if not _PUSH_TOKEN.fullmatch(push_token):
        raise malformed("INVALID_FIELD", "A push token is letters and digits.", field="pushToken")
    _ensure_device(device)
    devices = devices_with_pass(world, network_id, client_id)
    existing = next((each for each in devices if each.device == device), None)
    if existing is None and len(devices) >= MAX_DEVICES:
        return False
    if existing is None or existing.push_token != push_token:
        kept = _pass_device(world, network_id, client_id, device, push_token)
        by_device = DevicePass(network_id=network_id, device=device, client_id=client_id)
        world.retrying(partial(_save_device, world, kept, [by_device]))
    return existing is None


def register_google(world: World, network_id: str, client_id: str) -> None:
    """Saves that the client is about to save the card at Google. Raises NOT_FOUND, TRY_AGAIN."""
    if all(each.device != GOOGLE for each in devices_with_pass(world, network_id, client_id)):
        kept = _pass_device(world, network_id, client_id, GOOGLE, "")
        world.retrying(partial(_save_device, world, kept, []))


def _save_device(world: World, kept: PassDevice, also: list[DevicePass]) -> None:
    """Saves a device with a mark on the account: later postings to the account then update wallets. Raises
    NOT_FOUND."""
    get_pass_client(world, kept.network_id, kept.client_id)
    now, directory = world.now(), world.directory(kept.network_id)
    client, account = surviving_account(world, kept.network_id, kept.client_id)
    marked = replace(account, shown=WalletUpdate(account.entries))
    marks = [] if account.shown else [account_plan.with_wake(marked, directory, now, client)]
    world.store.save(kept, *also, *marks)


def unregister_device(world: World, network_id: str, client_id: str, device: str) -> None:
    """Saves that a device keeps the client's pass no more. Repeated, it does nothing. Raises
    INVALID_FIELD."""
    _ensure_device(device)
    by_device = DevicePass(network_id=network_id, device=device, client_id=client_id)
    for each in world.store.get_all(PassDevice, network_id=network_id, client_id=client_id):
        if each.device == device:
            with suppress(SaveConflict):  # another request has just removed it
                world.store.save(remove=[each, by_device])


def forget_unreachable(world: World, unreachable: PassDevice) -> None:
    """Lets the items of a device expire that Apple cannot reach any more. A device that has registered again
    with another token stays. The items expire instead of being removed, since the function that updates
    wallets may not delete."""
    network_id, client_id, device = unreachable.network_id, unreachable.client_id, unreachable.device
    devices = devices_with_pass(world, network_id, client_id)
    if any((each.device, each.push_token) == (device, unreachable.push_token) for each in devices):
        now = world.now()
        by_device = DevicePass(network_id=network_id, device=device, client_id=client_id, expires_at=now)
        world.store.save(replace(unreachable, expires_at=now), by_device)


def _pass_device(world: World, network_id: str, client_id: str, device: str, push_token: str) -> PassDevice:
    return PassDevice(
        network_id=network_id,
        client_id=client_id,
        device=device,
        push_token=push_token,
        kept_since=world.now(),
    )


def _ensure_device(device: str) -> None:
    if not _DEVICE.fullmatch(device) or device in _NAMES_OF_OTHERS:
        raise malformed("INVALID_FIELD", "No device has that name.", field="device")


# --- updates


def passes_changed_since(
    world: World, links: Links, network_id: str, device: str, tags: str
) -> tuple[list[str], str]:
    """The serials of a device's passes that have changed since `tags`, and the current tags. tags: what the
    last call returned; empty: all passes count as changed. Raises INVALID_FIELD, NOT_FOUND.

    A tag is a digest of what a pass shows. So changes by time alone are found, too: points that expire or
    become available. No instant has to be kept with the account.
    """
    _ensure_device(device)
    if not _NETWORK.fullmatch(network_id):
        raise missing("network", network_id)
    known = set(tags.split(","))
    new, all_tags = [], []
    for each in world.store.get_all(DevicePass, network_id=network_id, device=device):
        if each.expires_at is not None:
            continue
        client = world.store.get(Client, network_id=network_id, id=each.client_id, fresh=False)
        if client is None:
            continue
        shown = pass_of(world, card_of(world, client), links)
        serial = serial_of(network_id, each.client_id)
        tag = f"{serial}-{shown.tag}"
        all_tags.append(tag)
        if tag not in known:
            new.append(serial)
    return new, ",".join(all_tags)


def update_wallets(
    world: World, links: Links, updates: PassUpdates, account: Account, client: Client
) -> Account:
    """Sends the client's pass to the devices that keep it. The account after the update: marked as shown, or
    due again after RETRY_AFTER if a device was not reached. Saves nothing. account: settled.

    The passes of clients who were merged into this client show the same, each under its own serial.
    """
    now, directory = world.now(), world.directory(client.network_id)
    network_id, client_ids = client.network_id, (client.id, *account.came_from)
    devices = {each: found for each in client_ids if (found := devices_with_pass(world, network_id, each))}
    if not devices:
        return replace(account, shown=None)
    shown = pass_of(world, Card(client, account, directory, now), links)
    language = language_of(client, directory)
    reached = [
        updates.changed(replace(shown, serial=serial_of(network_id, client_id)), language, found)
        for client_id, found in devices.items()
    ]
    if all(reached):
        return replace(account, shown=WalletUpdate(account.entries))
    return replace(account, shown=WalletUpdate(NOT_UPDATED, now + RETRY_AFTER))
