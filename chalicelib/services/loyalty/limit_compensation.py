"""How many points each role may give as compensation: points at once, times a local day for each giver, times
a calendar month for each client."""

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
from chalicelib.domain.shared.operations import Tally
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.shared.storable import Storable
from chalicelib.services.shared.world import World

_KEPT = timedelta(days=70)
"""Longer than any day or month that is counted."""
_NONE = CompensationLimit(0, 0, 0)


class _Limit(Struct, frozen=True):
    """One of the limits that a compensation is counted against. name: of the tally. also_counted: names of
    further tallies that count for the same limit. most: None, no limit."""

    which: str
    name: str
    most: int | None
    also_counted: tuple[str, ...] = ()


def count_within_limits(
    world: World, access: Access, posting: Posting, client_id: str
) -> Callable[[Posted], list[Storable]]:
    """A function that gives what must be saved with a compensation: the tallies that count it.

    The versions of the tallies keep two compensations at once from both being the last that is allowed. The
    function raises OVER_LIMIT, which names the limit and the roles that may give more.

    Days and months are those of the network's zone. All keys of one staff member count together. What a
    client was given in a month counts for everybody who gives, under every id that was merged into the
    client.
    """
    return _Compensation(world, access, posting, client_id).tallies


class _Compensation(Struct, frozen=True):
    world: World
    access: Access
    posting: Posting
    client_id: str

    @property
    def rules(self) -> BonusRules:
        return self.world.directory(self.access.network_id).rules.bonuses

    def tallies(self, posted: Posted) -> list[Storable]:
        role = self.access.role
        limit = None if role is Role.OWNER else self.rules.compensation.get(role.value, _NONE)
        if limit is not None and self.posting.points > limit.points:
            raise self._over("points", limit.points)
        return [self._counted(each) for each in self._limits(posted.account, limit)]

    def _counted(self, limit: _Limit) -> Tally:
        tally = self._tally(limit.name) or Tally(
            network_id=self.access.network_id, name=limit.name, expires_at=self.world.now() + _KEPT
        )
        others = [self._tally(name) for name in limit.also_counted]
        so_far = len(tally.done) + sum(len(other.done) for other in others if other is not None)
        if limit.most is not None and so_far >= limit.most:
            raise self._over(limit.which, limit.most)
        return replace(tally, done=(*tally.done, self.posting.id))

    def _tally(self, name: str) -> Tally | None:
        return self.world.store.get(Tally, network_id=self.access.network_id, name=name)

    def _limits(self, account: Account, limit: CompensationLimit | None) -> list[_Limit]:
        access = self.access
        day = local_date(self.world.now(), self.world.directory(access.network_id).zone)
        to_client, *to_merged = (
            f"compensation to {each} {day:%Y-%m}" for each in (account.client_id, *account.came_from)
        )
        if limit is None:
            return [_Limit("times_a_client_a_month", to_client, None)]
        giver = access.staff_id or access.actor
        return [
            _Limit("times_a_day", f"compensation by {giver} {day}", limit.times_a_day),
            _Limit("times_a_client_a_month", to_client, limit.times_a_client_a_month, tuple(to_merged)),
        ]

    def _over(self, which: str, most: int) -> DomainError:
        role, manager = self.access.role, self.rules.compensation.get(Role.MANAGER.value)
        by_manager = (
            role is not Role.MANAGER
            and manager is not None
            and self.posting.points <= manager.points
            and manager.times_a_client_a_month > 0
        )
        may = [Role.MANAGER.value, Role.OWNER.value] if by_manager else [Role.OWNER.value]
        return refused(
            "OVER_LIMIT",
            f"{_WORDS[which].format(most)} Ask {'a manager or the owner' if by_manager else 'the owner'}.",
            which=which,
            limit=most,
            role=role.value,
            client_id=self.client_id,
            may=may,
        )


_WORDS = {
    "points": "This role gives at most {} points at once by itself.",
    "times_a_day": "Who gives does so at most {} times a day by themselves.",
    "times_a_client_a_month": "After {} compensations in a month this role gives a client no more by itself.",
}
