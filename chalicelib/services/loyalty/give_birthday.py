"""Give a client the programme's gift for their birthday, once a year. A client who wants no messages gets the
gift, too. The client's pointer wakes the client for it."""

from msgspec.structs import replace

from chalicelib.domain.clients import client_plan
from chalicelib.domain.clients.client_plan import Birthday, birthday_to_give, salon_of, zone_of
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty import account_plan
from chalicelib.domain.loyalty.account import EntryKind, Posting
from chalicelib.domain.loyalty.ledger import post
from chalicelib.domain.loyalty.programme import gift_end
from chalicelib.domain.networks.bonus_rules import Gift, birthday_gift
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.actors import BY_SYSTEM
from chalicelib.domain.shared.errors import conflict
from chalicelib.domain.shared.ids import entry_id
from chalicelib.services.networks.count_in_trial import tally_with_points
from chalicelib.services.networks.go_live import is_in_trial
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World


def birthday_entry_id(client_id: str, year: int) -> str:
    """The id of the entry of a year's birthday gift. It follows from client and year, so that a gift is given
    once."""
    return entry_id(client_id, "birthday", str(year))


def give_birthday_gift(world: World, directory: Directory, client: Client) -> Client:
    """The client after the gift for their birthday, or unchanged if no gift is due. Entry, account and client
    are saved in one transaction. In trial the gift is counted and not given, now or later. Raises
    TRY_AGAIN."""
    for _ in world.tries():
        due = _due(world, directory, client)
        if due is None:
            return client
        try:
            return _give(world, directory, client, *due)
        except SaveConflict:
            client = world.store.get(Client, network_id=client.network_id, id=client.id) or client
    raise conflict("TRY_AGAIN", "Too much is being posted to this client at once; try again.")


def _due(world: World, directory: Directory, client: Client) -> tuple[Gift, Birthday] | None:
    gift, salon, now = birthday_gift(directory.rules.bonuses), salon_of(client, directory), world.now()
    if gift is None or salon is None:
        return None
    rules = directory.messages_for(salon.id)
    birthday = birthday_to_give(client, rules, zone_of(client, directory), now)
    return (gift, birthday) if birthday is not None and birthday.gift_at <= now else None


def _give(world: World, directory: Directory, client: Client, gift: Gift, birthday: Birthday) -> Client:
    now = world.now()
    client = client_plan.with_wake(replace(client, gifted_year=birthday.year), directory, now)
    if is_in_trial(world, client.network_id):
        would_give = {EntryKind.BIRTHDAY.value: gift.points}
        return world.store.save(client, tally_with_points(world, client.network_id, would_give))[0]
    posting = Posting(
        id=birthday_entry_id(client.id, birthday.year),
        kind=EntryKind.BIRTHDAY,
        points=gift.points,
        reason="birthday",
        actor=BY_SYSTEM,
        expires_at=gift_end(gift, now, directory.zone),
    )
    done = post(world.store.account(client.network_id, client.id), posting, now)
    account = account_plan.with_wake(done.account, directory, now, client)
    return world.store.save(client, account, *done.entries)[0]
