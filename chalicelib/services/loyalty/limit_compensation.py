"""How much each role may give by itself to make up for something: points at once, times a local day for each
who gives, times a calendar month for each client."""

from collections.abc import Callable
from datetime import timedelta

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.loyalty.account import Account, Posting
from chalicelib.domain.loyalty.ledger import Posted
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.bonus_rules import BonusRules, CompensationLimit
from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.errors import DomainError, refused
from chalicelib.domain.shared.months import month_name
from chalicelib.domain.shared.operations import Tally
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.shared.storable import Storable
from chalicelib.services.shared.world import World

_KEPT = timedelta(days=70)
"""Longer than any day or month that is counted."""
_NONE = CompensationLimit(0, 0, 0)


class _Limit(Struct, frozen=True):
    """One of the counts that a compensation is written in. which: the limit's name; most: None, none. others:
    the names of what counts with it."""

    which: str
    name: str
    most: int | None
    others: tuple[str, ...] = ()


def count_within_limits(
    world: World, access: Access, posting: Posting, client_id: str
) -> Callable[[Posted], list[Storable]]:
    """What is to be saved with a compensation, so that two at once cannot both be the last that is allowed:
    the counts, guarded by their versions. It raises OVER_LIMIT, with which limit, and who may give more.

    Days and months are those of the network's zone. All who act by keys of one staff member are one. What
    a client was given in a month counts whoever gave it, so that nobody adds to what another gave already,
    and under whatever name, should they have been merged since.
    """

    def also_saved(done: Posted) -> list[Storable]:
        rules = world.directory(access.network_id).rules.bonuses
        limit = None if access.role is Role.OWNER else rules.compensation.get(access.role.value, _NONE)
        if limit is not None and posting.points > limit.points:
            raise _over("points", limit.points, access, rules, posting, client_id)
        found: list[Storable] = []
        for count in _limits(world, access, done.account, limit):
            tally = world.store.get(Tally, network_id=access.network_id, name=count.name) or Tally(
                network_id=access.network_id, name=count.name, expires_at=world.now() + _KEPT
            )
            others = (
                world.store.get(Tally, network_id=access.network_id, name=name) for name in count.others
            )
            so_far = len(tally.done) + sum(len(other.done) for other in others if other is not None)
            if count.most is not None and so_far >= count.most:
                raise _over(count.which, count.most, access, rules, posting, client_id)
            found.append(replace(tally, done=(*tally.done, posting.id)))
        return found

    return also_saved


def _limits(world: World, access: Access, account: Account, limit: CompensationLimit | None) -> list[_Limit]:
    day = local_date(world.now(), world.directory(access.network_id).zone)
    month = month_name(day)
    to_client, *others = (
        f"compensation to {each_id} {month}" for each_id in (account.client_id, *account.came_from)
    )
    if limit is None:
        return [_Limit("times_a_client_a_month", to_client, None)]
    who = access.staff_id or access.actor
    return [
        _Limit("times_a_day", f"compensation by {who} {day}", limit.times_a_day),
        _Limit("times_a_client_a_month", to_client, limit.times_a_client_a_month, tuple(others)),
    ]


def _over(
    which: str, most: int, access: Access, rules: BonusRules, posting: Posting, client_id: str
) -> DomainError:
    manager = rules.compensation.get(Role.MANAGER.value)
    by_manager = (
        access.role is not Role.MANAGER
        and manager is not None
        and posting.points <= manager.points
        and manager.times_a_client_a_month > 0
    )
    may = [Role.MANAGER.value, Role.OWNER.value] if by_manager else [Role.OWNER.value]
    return refused(
        "OVER_LIMIT",
        f"{_WORDS[which].format(most)} Ask {'a manager or the owner' if by_manager else 'the owner'}.",
        which=which,
        limit=most,
        role=access.role.value,
        client_id=client_id,
        may=may,
    )


_WORDS = {
    "points": "This role gives at most {} points at once by itself.",
    "times_a_day": "Who gives does so at most {} times a day by themselves.",
    "times_a_client_a_month": "After {} compensations in a month this role gives a client no more by itself.",
}
