"""Looking at the network whose items an earlier version wrote: what has changed of it, and whether its
accounts are right."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.waking.walks import Walk
from chalicelib.services.loyalty import post_bonus
from infra.testkit.builders import NETWORK, access
from infra.testkit.salon_driver import SalonDriver
from tests.store.stored_before import Raw, by_key, kind_of


def stored(driver: SalonDriver) -> dict[tuple[str, str], Raw]:
    """All items as they are."""
    pages = boto3.client("dynamodb", region_name="us-east-1").get_paginator("scan")
    found = pages.paginate(TableName=driver.store.item.Meta.table_name)
    return by_key(
        {name: {"B": bytes(value["B"])} if "B" in value else value for name, value in item.items()}
        for page in found
        for item in page["Items"]
    )


@contextmanager
def touching(driver: SalonDriver, *about: str, gone: Collection[str] = ()) -> Iterator[None]:
    """Nothing else is touched than items of which the key ends in, or the partition is, one of these; and
    nothing is gone but items of the kinds `gone`. Afterwards all accounts are right."""
    before = stored(driver)
    yield
    after = stored(driver)
    assert {key for key in before.keys() - after.keys() if kind_of(before[key]) not in gone} == set()
    touched = [key for key, item in after.items() if before.get(key) != item]
    assert [key for key in touched if not any(_is_about(key, each) for each in about)] == []
    assert faults(driver) == []


def _is_about(key: tuple[str, str], about: str) -> bool:
    pk, sk = key
    return pk.endswith(f"#{about}") or sk == about or sk.startswith(f"{about}#")


def faults(driver: SalonDriver) -> list[str]:
    """Whatever is wrong with any account: its balance is the sum of its entries, and of its lots."""
    found = []
    for client in clients(driver):
        account = driver.store.account(NETWORK, client.id)
        found += driver.ledger_faults(client.id)
        if account.balance != sum(lot.remaining for lot in account.lots):
            found.append(f"{client.name}: {account.balance} is not what the lots come to")
    return found


def clients(driver: SalonDriver) -> list[Client]:
    return list(driver.store.clients(NETWORK, limit=200).items)


def named(driver: SalonDriver, name: str) -> Client:
    (found,) = [client for client in clients(driver) if client.name.startswith(name)]
    return found


def upcoming(driver: SalonDriver, client: Client) -> Booking:
    """The first of the client's to come."""
    found = driver.store.bookings_of_client(NETWORK, client.id, since=driver.world.now(), newest_first=False)
    return next(booking for booking in found.items if booking.is_upcoming)


def worth(driver: SalonDriver, *names: str) -> int:
    accounts = [driver.store.account(NETWORK, named(driver, name).id) for name in names]
    return sum(account.balance - account.debt for account in accounts)


def walks(driver: SalonDriver) -> list[Walk]:
    return list(driver.store.get_page(Walk, network_id=NETWORK, limit=200).items)


def without(value: Any, *names: str) -> Any:
    """The value but for the fields that a use case is about."""
    defaults = {"version": 0, "wake": None, **dict.fromkeys(names)}
    return replace(value, **defaults)


def post(driver: SalonDriver, client: Client, kind: str, points: int) -> Any:
    asked = post_bonus.PostingByHand(kind=kind, points=points, reason="by hand")
    return post_bonus.post_by_hand(driver.world, access(), client.id, asked, f"{kind} {points}")
