"""The limit of what each role gives by hand: points at once, times and points a local day for each giver,
times and points a calendar month for each client. Whatever a person gives counts: compensations, grants,
corrections, coupons, and reversals that give points back."""

from datetime import date, timedelta

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.loyalty.account import Account
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.bonus_rules import ByHandLimit
from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.errors import DomainError, refused
from chalicelib.domain.shared.operations import Tally
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.shared.world import World

_KEPT = timedelta(days=70)
"""Longer than any day or month that is counted."""
_ABOVE = {
    Role.SPECIALIST: (Role.MANAGER, Role.OWNER),
    Role.RECEPTION: (Role.MANAGER, Role.OWNER),
    Role.MANAGER: (Role.OWNER,),
}
"""Who may be asked by a role that is over its limit."""


def ensure_at_once(world: World, access: Access, points: int) -> None:
    """Checks the size of one posting that takes points. Raises OVER_LIMIT."""
    limit = world.directory(access.network_id).rules.bonuses.by_hand_limit_points
    if points > limit and access.role is not Role.OWNER:
        message = f"More than {limit} points at once need the owner."
        raise refused("OVER_LIMIT", message, which="points", limit=limit, left=limit, may=[Role.OWNER.value])


def ensure_gift_at_once(world: World, access: Access, points: int) -> None:
    """Checks what each of many clients is to be given, such as by a promotion. Raises OVER_LIMIT."""
    _giving(world, access, None, points).ensure_at_once()


def counted_for_many(world: World, access: Access, points: int) -> list[Tally]:
    """What is to be saved together with a decision that gives many clients so many points each, such as a
    promotion: the tally of the giver, for whom the decision counts once. Raises OVER_LIMIT."""
    return [_giving(world, access, None, points).counted_by_giver()]


def counted_by_hand(world: World, access: Access, account: Account, points: int) -> list[Tally]:
    """What is to be saved together with points that a person gives: the tallies that count them. Nothing for
    points that are taken.

    account  of the client who is given something.
    points   what is given, or what it is worth.

    The versions of the tallies keep two people at once from both giving the last that is allowed. Days and
    months are those of the network's zone. All keys of one staff member count together. What a client was
    given in a month counts for everybody who gives, under every id that was merged into the client.
    Raises OVER_LIMIT, which names the limit, what is left of it, and the roles that may give more.
    """
    if points <= 0:
        return []
    giving = _giving(world, access, account, points)
    return [giving.counted_by_giver(), giving.counted_for_client(account)]


def _giving(world: World, access: Access, account: Account | None, points: int) -> "_Giving":
    today = local_date(world.now(), world.directory(access.network_id).zone)
    return _Giving(world, access, account, points, today)


class _Giving(Struct, frozen=True):
    """account: of the client who is given something; None: many clients are."""

    world: World
    access: Access
    account: Account | None
    points: int
    today: date

    def ensure_at_once(self) -> None:
        limit = self._limit(self.access.role)
        if self.points > limit.points:
            raise self._over("points", limit.points, limit.points)

    def counted_by_giver(self) -> Tally:
        self.ensure_at_once()
        limit, giver = self._limit(self.access.role), self.access.staff_id or self.access.actor
        by_giver = self._tally(f"compensation by {giver} {self.today}")
        self._ensure("times_a_day", limit.times_a_day, by_giver.uses, 1)
        self._ensure("points_a_day", limit.day_points, by_giver.points, self.points)
        return self._counted(by_giver)

    def counted_for_client(self, account: Account) -> Tally:
        limit = self._limit(self.access.role)
        times, points = self._given_to(account)
        self._ensure("times_a_client_a_month", limit.times_a_client_a_month, times, 1)
        self._ensure("points_a_client_a_month", limit.client_points, points, self.points)
        return self._counted(self._tally(self._name_of(account.client_id)))

    def _counted(self, tally: Tally) -> Tally:
        return replace(tally, times=tally.times + 1, points=tally.points + self.points)

    def _limit(self, role: Role) -> ByHandLimit:
        return self.world.directory(self.access.network_id).rules.bonuses.limit_by_hand(role.value)

    def _name_of(self, client_id: str) -> str:
        """The name of a client's tally. Earlier versions counted compensations alone under these names."""
        return f"compensation to {client_id} {self.today:%Y-%m}"

    def _tally(self, name: str) -> Tally:
        network_id = self.access.network_id
        existing = self.world.store.get(Tally, network_id=network_id, name=name)
        return existing or Tally(network_id=network_id, name=name, expires_at=self.world.now() + _KEPT)

    def _given_to(self, account: Account) -> tuple[int, int]:
        """Times and points of this month, also under the ids that were merged into the client."""
        ids = (account.client_id, *account.came_from)
        tallies = [self._tally(self._name_of(each)) for each in ids]
        return sum(each.uses for each in tallies), sum(each.points for each in tallies)

    def _ensure(self, which: str, most: int, so_far: int, added: int) -> None:
        if so_far + added > most:
            raise self._over(which, most, max(0, most - so_far))

    def _over(self, which: str, most: int, left: int) -> DomainError:
        may = [each.value for each in _ABOVE.get(self.access.role, ()) if self._may(each)]
        return refused(
            "OVER_LIMIT",
            f"{_WORDS[which].format(most)} {_ASK[len(may)]}",
            which=which,
            limit=most,
            left=left,
            role=self.access.role.value,
            client_id=self.account.client_id if self.account is not None else None,
            may=may,
        )

    def _may(self, role: Role) -> bool:
        """Whether a role may give this to the client, as far as its own day allows."""
        limit = self._limit(role)
        times, points = self._given_to(self.account) if self.account is not None else (0, 0)
        return (
            self.points <= min(limit.points, limit.day_points, limit.client_points - points)
            and times < limit.times_a_client_a_month
            and limit.times_a_day > 0
        )


_ASK = {0: "No role may give more.", 1: "Ask the owner.", 2: "Ask a manager or the owner."}
_WORDS = {
    "points": "This role gives at most {} points at once by itself.",
    "times_a_day": "Who gives does so at most {} times a day by themselves.",
    "points_a_day": "Who gives does so at most {} points a day by themselves.",
    "times_a_client_a_month": "After {} gifts in a month this role gives a client no more by itself.",
    "points_a_client_a_month": "This role gives a client at most {} points a month by itself.",
}
