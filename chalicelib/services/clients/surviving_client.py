"""Whom a client is now, if they turned out to be another."""

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty.account import Account
from chalicelib.domain.shared.errors import DomainError, conflict
from chalicelib.services.shared.world import World


def merge_chain(world: World, client: Client | None) -> list[Client]:
    """The client, whoever they turned out to be, and so on: the last is whom they are now. Empty where a
    client is missing."""
    found = [client]
    while client is not None and client.merged is not None:
        client = world.store.get(Client, network_id=client.network_id, id=client.merged.into)
        found.append(client)
    return [] if client is None else [each for each in found if each is not None]


def surviving_client(world: World, client: Client | None) -> Client | None:
    """Whom a client is now: the other, if they turned out to be one."""
    return next(reversed(merge_chain(world, client)), None)


def surviving_account(world: World, network_id: str, client_id: str) -> tuple[Client | None, Account]:
    """Whom a client is now, and their account: to be posted to beside something else. A merge between the two
    reads is told by the account."""
    while True:
        client = surviving_client(world, world.store.get(Client, network_id=network_id, id=client_id))
        account = world.store.account(network_id, client.id if client is not None else client_id)
        if account.moved_to is None:
            return client, account
        client_id = account.moved_to


def ensure_not_merged(client: Client) -> None:
    """Raises CLIENT_MERGED, naming whom they are now."""
    if client.merged is not None:
        raise _merged(client.merged.into)


def ensure_not_moved(account: Account) -> None:
    """The same of an account, whose own version tells of a merge however late that comes."""
    if account.moved_to is not None:
        raise _merged(account.moved_to)


def _merged(into: str) -> DomainError:
    message = "This client was merged into another: see details.client_id."
    return conflict("CLIENT_MERGED", message, client_id=into)
