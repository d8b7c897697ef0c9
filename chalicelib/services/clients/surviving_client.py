"""The surviving client: a merged client is followed from target to target, to the last one."""

from collections.abc import Iterable

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty.account import Account
from chalicelib.domain.shared.errors import DomainError, conflict
from chalicelib.services.shared.storable import Storable
from chalicelib.services.shared.world import World


def merge_chain(world: World, client: Client | None) -> list[Client]:
    """The client, the target of the client's merge, that target's target, and so on. The last one is the
    surviving client. Empty where a client of the chain is missing."""
    chain = [client]
    while client is not None and client.merged is not None:
        client = world.store.get(Client, network_id=client.network_id, id=client.merged.into)
        chain.append(client)
    return [] if client is None else [each for each in chain if each is not None]


def as_changed(chain: Iterable[Client], beside: Iterable[Storable]) -> list[Client]:
    """The clients, each with the changes with which it is saved in the same transaction anyway: one item is
    written once. beside: what is saved in the transaction."""
    changed = {each.id: each for each in beside if isinstance(each, Client)}
    return [changed.get(each.id, each) for each in chain]


def surviving_client(world: World, client: Client | None) -> Client | None:
    """The client, or, if the client was merged, the last client of the merge chain. None: one is missing."""
    return next(reversed(merge_chain(world, client)), None)


def is_same_person(world: World, client: Client, client_id: str) -> bool:
    """Whether the id is the client's own, or that of a client who was merged into this one."""
    if client.id == client_id:
        return True
    record = world.store.get(Client, network_id=client.network_id, id=client_id)
    survivor = surviving_client(world, record)
    return survivor is not None and survivor.id == client.id


def surviving_account(world: World, network_id: str, client_id: str) -> tuple[Client | None, Account]:
    """The surviving client and their account, to post to. A merge between the two reads is noticed by the
    account, and followed."""
    while True:
        client = surviving_client(world, world.store.get(Client, network_id=network_id, id=client_id))
        account = world.store.account(network_id, client.id if client is not None else client_id)
        if account.moved_to is None:
            return client, account
        client_id = account.moved_to


def ensure_not_merged(client: Client) -> None:
    """Raises CLIENT_MERGED, naming the target."""
    if client.merged is not None:
        raise _merged(client.merged.into)


def ensure_account_is_own(client: Client) -> None:
    """Raises CLIENT_MERGED for a partner's record of a client, whose own account has no `moved_to`. For other
    merged clients the account tells: see `ensure_not_moved`."""
    if client.merged is not None and not client.merged.out_id:
        raise _merged(client.merged.into)


def ensure_not_moved(account: Account) -> None:
    """Raises CLIENT_MERGED, naming the target. The account's version guards `moved_to`, so that no merge is
    missed between this check and the save."""
    if account.moved_to is not None:
        raise _merged(account.moved_to)


def _merged(target_id: str) -> DomainError:
    message = "This client was merged into another: see details.client_id."
    return conflict("CLIENT_MERGED", message, client_id=target_id)
