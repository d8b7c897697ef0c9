"""Many parked items at once: retried, or removed, by ids, kind or error."""

from collections.abc import Callable, Collection

from msgspec import Struct

from chalicelib.domain.networks.access import Access
from chalicelib.domain.shared.errors import DomainError, Unreadable
from chalicelib.domain.shared.operations import Parked
from chalicelib.services.shared.world import World
from chalicelib.services.waking.retry_parked import list_parked, remove_listed, retry_listed

MAX_PARKED_AT_ONCE = 100


class ParkedChoice(Struct, frozen=True):
    """Items to which all that is given applies. ids: these. kind: such as booking. error: a part of what is
    wrong, in any case. after: where an earlier answer ended."""

    ids: Collection[str] | None = None
    kind: str | None = None
    error: str | None = None
    after: str | None = None

    def holds(self, parked: Parked) -> bool:
        return (
            (self.ids is None or parked.id in self.ids)
            and (self.kind is None or parked.kind == self.kind)
            and (self.error is None or self.error.casefold() in parked.error.casefold())
            and (self.after is None or _place(parked) > self.after)
        )


class LeftParked(Struct, frozen=True):
    """An item that stays on the list. code, message: why."""

    id: str
    code: str
    message: str


class ManyParked(Struct, frozen=True):
    """What became of the chosen items. done: how many were retried or removed. following: the `after` with
    which the rest is found; None: there is no rest."""

    done: int
    left: tuple[LeftParked, ...]
    following: str | None


def retry_many(world: World, network_id: str, choice: ParkedChoice) -> ManyParked:
    """Wakes parked items again, a hundred at once. Safe to repeat: each item is retried by itself."""
    return _each(world, network_id, choice, lambda parked: retry_listed(world, parked))


def remove_many(world: World, access: Access, choice: ParkedChoice) -> ManyParked:
    """Removes parked items from the list, on record, a hundred at once. Safe to repeat."""
    return _each(world, access.network_id, choice, lambda parked: remove_listed(world, access, parked))


def _each(
    world: World, network_id: str, choice: ParkedChoice, handle: Callable[[Parked], None]
) -> ManyParked:
    found = sorted(filter(choice.holds, list_parked(world, network_id)), key=_place)
    now, left = found[:MAX_PARKED_AT_ONCE], []
    for parked in now:
        try:
            handle(parked)
        except DomainError as error:
            left.append(LeftParked(parked.id, error.code, error.message))
        except Unreadable as error:
            left.append(LeftParked(parked.id, "UNREADABLE_ITEM", str(error)))
    following = _place(now[-1]) if len(found) > len(now) else None
    return ManyParked(len(now) - len(left), tuple(left), following)


def _place(parked: Parked) -> str:
    """Items that were set aside without being read come last: reading one may end the worker."""
    return f"{int(parked.pk != '')} {parked.item}"
