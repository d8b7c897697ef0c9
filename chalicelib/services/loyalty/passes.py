"""Passes in clients' wallets: what each shows, which devices keep it, and which of them must be told anew."""

import hmac
import re
from contextlib import suppress
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

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
from chalicelib.domain.shared.errors import DomainError, ErrorKind, conflict, malformed, missing
from chalicelib.services.clients.surviving_client import surviving_account
from chalicelib.services.loyalty.show_card import Card, card_code, card_of, coupons_of
from chalicelib.services.shared.links import Links
from chalicelib.services.shared.ports import PassUpdates, SaveConflict
from chalicelib.services.shared.world import World

TOKEN = 32
MAX_DEVICES = 20
"""Apple devices of one client; further ones keep the pass, and are told nothing."""
AGAIN = timedelta(hours=1)

_NETWORK = re.compile(r"net_[0-9a-z]{10}")
_DEVICE = re.compile(r"[0-9A-Za-z._-]{1,64}")
_PUSH_TOKEN = re.compile(r"[0-9A-Za-z]{1,200}")
_NAMES_OF_OTHERS = frozenset({APPLE, GOOGLE})


def pass_of(world: World, card: Card, links: Links) -> Pass:
    """What the client's pass shows now."""
    client, stands = card.client, card.standing
    return Pass(
        serial=serial_of(client.network_id, client.id),
        network_name=card.directory.network.name,
        code=card_code(links, client.network_id, client.id),
        points=card.available,
        tier=stands.tier.name if stands and card.programme.enabled else None,
        coupons=len(coupons_of(world, card)),
        expiring=next(iter(card.expiring()), None),
        places=_places(card.directory, card.salon),
    )


def _places(directory: Directory, theirs: Salon | None) -> tuple[SalonLocation, ...]:
    """The salon that speaks to the client, then the others."""
    salons = sorted(directory.salons.values(), key=lambda salon: (salon != theirs, salon.id))
    placed = [
        SalonLocation(salon.name, salon.latitude, salon.longitude)
        for salon in salons
        if salon.latitude is not None and salon.longitude is not None
    ]
    return tuple(placed[:MAX_LOCATIONS])


# --- who asks


def pass_token(links: Links, serial: str) -> str:
    """What an Apple device shows to ask about a pass: only who was given the pass has it."""
    return links.derived(f"wallet|{serial}", TOKEN)


def ensure_holder(links: Links, serial: str, said: str) -> tuple[str, str]:
    """The network and the client whose pass it is. said: the token. Raises UNAUTHENTICATED; costs no read."""
    owner = owner_of(serial)
    if owner is None or not hmac.compare_digest(said.encode(), pass_token(links, serial).encode()):
        raise DomainError(ErrorKind.UNAUTHENTICATED, "UNAUTHENTICATED", "This pass was not given out here.")
    return owner


def get_pass_client(world: World, network_id: str, client_id: str) -> Client:
    """Raises NOT_FOUND."""
    client = world.store.get(Client, network_id=network_id, id=client_id, fresh=False)
    if client is None:
        raise missing("client", client_id)
    return client


# --- which devices keep it


def devices_with_pass(world: World, network_id: str, client_id: str) -> list[PassDevice]:
    """The devices that keep the client's pass."""
    return [
        each
        for each in world.store.get_all(PassDevice, network_id=network_id, client_id=client_id)
        if each.expires_at is None
    ]


def register_device(world: World, network_id: str, client_id: str, device: str, push_token: str) -> bool:
    """Notes that an Apple device keeps the client's pass, and how it is called. Whether it is new. Raises
    INVALID_FIELD."""
    if not _PUSH_TOKEN.fullmatch(push_token):
        raise malformed("INVALID_FIELD", "A push token is letters and digits.", field="pushToken")
    _ensure_device(device)
    stand = devices_with_pass(world, network_id, client_id)
    same = next((each for each in stand if each.device == device), None)
    if same is None and len(stand) >= MAX_DEVICES:
        return False
    if same is None or same.push_token != push_token:
        _keep(world, _both(world, network_id, client_id, device, push_token))
    return same is None


def register_google(world: World, network_id: str, client_id: str) -> None:
    """Notes that the client is about to save the card at Google."""
    if all(each.device != GOOGLE for each in devices_with_pass(world, network_id, client_id)):
        _keep(world, _both(world, network_id, client_id, GOOGLE, "")[:1])


def _keep(world: World, values: list[Any]) -> None:
    """With a mark on the account, so that from now on its postings call for telling wallets."""
    kept: PassDevice = values[0]
    get_pass_client(world, kept.network_id, kept.client_id)
    for _ in world.tries():
        now, directory = world.now(), world.directory(kept.network_id)
        client, account = surviving_account(world, kept.network_id, kept.client_id)
        marked = replace(account, shown=WalletUpdate(account.entries))
        also = [] if account.shown else [account_plan.with_wake(marked, directory, now, client)]
        try:
            world.store.save(*values, *also)
        except SaveConflict:
            continue
        return
    raise conflict("TRY_AGAIN", "Too much is being posted to this client at once; try again.")


def unregister_device(world: World, network_id: str, client_id: str, device: str) -> None:
    """Again: nothing."""
    _ensure_device(device)
    other = DevicePass(network_id=network_id, device=device, client_id=client_id)
    for each in world.store.get_all(PassDevice, network_id=network_id, client_id=client_id):
        if each.device == device:
            with suppress(SaveConflict):  # somebody else has just forgotten it
                world.store.save(remove=[each, other])


def forget_unreachable(world: World, gone: PassDevice) -> None:
    """What Apple says of a device that it cannot call any more; nothing where the device has come again with
    another token. Both items go by themselves: who tells wallets has no right to delete."""
    stand = devices_with_pass(world, gone.network_id, gone.client_id)
    if any((each.device, each.push_token) == (gone.device, gone.push_token) for each in stand):
        now = world.now()
        other = DevicePass(
            network_id=gone.network_id, device=gone.device, client_id=gone.client_id, expires_at=now
        )
        world.store.save(replace(gone, expires_at=now), other)


def _both(world: World, network_id: str, client_id: str, device: str, push_token: str) -> list[Any]:
    kept = PassDevice(
        network_id=network_id,
        client_id=client_id,
        device=device,
        push_token=push_token,
        kept_since=world.now(),
    )
    return [kept, DevicePass(network_id=network_id, device=device, client_id=client_id)]


def _ensure_device(device: str) -> None:
    if not _DEVICE.fullmatch(device) or device in _NAMES_OF_OTHERS:
        raise malformed("INVALID_FIELD", "No device has that name.", field="device")


# --- what is new


def passes_changed_since(
    world: World, links: Links, network_id: str, device: str, tags: str
) -> tuple[list[str], str]:
    """The serials of a device's passes that show something else than they did at `tags`, what this said last
    time (empty: all of them), and the tags of now.

    The tags are digests of what the passes show, so that what changes by the mere passing of time (points
    expire, or become free) is told as well, and no instant is kept with an account.
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
    """Tells those that keep the client's pass what it shows now, and the account that they were told; in an
    hour again, if one did not answer. Passes of whoever was merged into the client show the same, each under
    its own serial. account: brought up. Saves nothing."""
    now, directory = world.now(), world.directory(client.network_id)
    network_id, ids = client.network_id, (client.id, *account.came_from)
    devices = {id: found for id in ids if (found := devices_with_pass(world, network_id, id))}
    if not devices:
        return replace(account, shown=None)
    shown = pass_of(world, Card(client, account, directory, now), links)
    language = client.language or directory.network.language
    told = [
        updates.changed(replace(shown, serial=serial_of(network_id, id)), language, found)
        for id, found in devices.items()
    ]
    if all(told):
        return replace(account, shown=WalletUpdate(account.entries))
    return replace(account, shown=WalletUpdate(NOT_UPDATED, now + AGAIN))
