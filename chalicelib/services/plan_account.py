"""Plan an account: set its pointer as its lots ask, in every write that changes them."""

from dataclasses import replace
from datetime import datetime

from chalicelib.domain.account_plan import next_wake
from chalicelib.domain.ledger import Account
from chalicelib.domain.network import Directory, Salon


def with_wake(account: Account, directory: Directory, now: datetime, salon: Salon | None = None) -> Account:
    """salon: whose clock counts until the account wakes and the client is read; the network's first where it
    is not known. Points that never expire leave an account asleep."""
    salon = salon or next(iter(directory.salons.values()), None)
    if salon is None:
        return replace(account, wake=None)
    wake = next_wake(account, directory.messages_for(salon.id), salon.timezone, now)
    return replace(account, wake=wake)
