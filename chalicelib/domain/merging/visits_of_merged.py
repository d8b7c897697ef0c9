"""Clients who turn out to be one: whose visits count for whom, and what is theirs when they go again. What
becomes of their points: moving.py, unmerging.py."""

from collections.abc import Sequence
from functools import reduce
from types import MappingProxyType

from msgspec.structs import replace

from chalicelib.domain.clients.clients import (
    Client,
    Merge,
    ReversedWhileMerged,
    Visits,
    all_visits,
    own_visits,
    with_visits,
    without_booking,
    worth_keeping,
)


def note_reversal_while_merged(client: Client, what: ReversedWhileMerged) -> Client:
    """One who is merged, to be without this when they go again."""
    merge = client.merged
    if merge is None:
        raise ValueError("not merged")
    return replace(client, merged=replace(merge, uncounted=(*merge.uncounted, what)))


def unmerged_client(client: Client) -> Client:
    """One who was merged, as themselves again."""
    for each in client.merged.uncounted if client.merged else ():
        client = without_booking(
            client, each.booking_id, each.visit, each.currency, each.spent_minor, each.own
        )
    return replace(client, merged=None)


def _together(one: Visits, other: Visits) -> Visits:
    """A day that both were in a salon is one visit."""
    both = {*one.recent, *other.recent}
    known_twice = len(one.recent) + len(other.recent) - len(both)
    firsts = [day for day in (one.first_on, other.first_on) if day]
    return Visits(
        recent=worth_keeping(tuple(both)) if both else (),
        count=one.count + other.count - known_twice,
        first_on=min(firsts, default=None),
    )


def with_visits_of(client: Client, other: Client) -> Client:
    """The client with another's visits and birthdays besides, who turned out to be the same."""
    spent = {
        code: client.spent_minor.get(code, 0) + other.spent_minor.get(code, 0)
        for code in {**client.spent_minor, **other.spent_minor}
    }
    return replace(
        with_visits(client, _together(all_visits(client), all_visits(other)), own_visits(client)),
        spent_minor=MappingProxyType(spent),
        gifted_year=max(client.gifted_year, other.gifted_year),
    )


def without_visits_of(client: Client, other: Client, merge: Merge, remaining: Sequence[Client]) -> Client:
    """The client without another's visits again. remaining: who is merged into the client still."""
    own = own_visits(client)
    visits = reduce(_together, (all_visits(unmerged_client(each)) for each in remaining), own)
    spent = {code: minor - other.spent_minor.get(code, 0) for code, minor in client.spent_minor.items()}
    gifted = client.gifted_year if client.gifted_year > other.gifted_year else merge.gifted_year
    return replace(
        with_visits(client, visits, own if remaining else None),
        spent_minor=MappingProxyType(spent),
        gifted_year=gifted,
    )
