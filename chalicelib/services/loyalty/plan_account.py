"""Plan an account: set its pointer as its lots ask, in every write that changes them."""

from datetime import datetime

from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty.account import Account
from chalicelib.domain.loyalty.account_plan import next_wake
from chalicelib.domain.networks.network import Directory
from chalicelib.services.clients.plan_client import salon_of, zone_of


def with_wake(account: Account, directory: Directory, now: datetime, client: Client | None) -> Account:
    """client: whose account it is, and so whose hours count; None: nobody is to be told. Points that never
    expire leave an account asleep."""
    salon = salon_of(client, directory) if client is not None else None
    rules, zone = None, directory.zone
    if client is not None and salon is not None:
        rules, zone = directory.messages_for(salon.id), zone_of(client, directory)
    return replace(account, wake=next_wake(account, rules, zone, directory.zone, now))
