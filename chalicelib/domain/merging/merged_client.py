"""The visits of merged clients: those of the source count for the target, and leave it again on unmerging.
The points of merged clients: transfer.py, unmerging.py."""

from collections.abc import Sequence
from functools import reduce
from types import MappingProxyType

from msgspec.structs import replace

from chalicelib.domain.clients.client_visits import (
    all_visits,
    own_visits,
    with_service_days,
    with_visits,
    without_booking,
    worth_keeping,
)
from chalicelib.domain.clients.clients import Client, Merge, ReversedWhileMerged, Visits


def note_reversal_while_merged(source: Client, reversal: ReversedWhileMerged) -> Client:
    """The source, with a note of what was reversed since the merge. Unmerging takes it from the source."""
    merge = source.merged
    if merge is None:
        raise ValueError("not merged")
    return replace(source, merged=replace(merge, uncounted=(*merge.uncounted, reversal)))


def unmerged_client(source: Client) -> Client:
    """The source as a client of their own again, without the visits that were reversed since the merge."""
    client = source
    for each in source.merged.uncounted if source.merged else ():
        client = without_booking(
            client,
            each.booking_id,
            each.visit,
            each.currency,
            each.spent_minor,
            each.own,
            on=each.on,
            service_ids=each.service_ids,
        )
    return replace(client, merged=None)


def with_visits_of(target: Client, source: Client) -> Client:
    """The target with the source's visits, spending and birthday gifts besides its own."""
    spent = {
        code: target.spent_minor.get(code, 0) + source.spent_minor.get(code, 0)
        for code in {**target.spent_minor, **source.spent_minor}
    }
    return replace(
        with_visits(target, _union(all_visits(target), all_visits(source)), own_visits(target)),
        spent_minor=MappingProxyType(spent),
        gifted_year=max(target.gifted_year, source.gifted_year),
    )


def without_visits_of(
    target: Client, source: Client, merge: Merge, other_sources: Sequence[Client]
) -> Client:
    """The target without the source's visits, spending and birthday gifts. source: after unmerging.
    other_sources: the clients who are still merged into the target."""
    own = own_visits(target)
    visits = reduce(_union, (all_visits(unmerged_client(each)) for each in other_sources), own)
    spent = {code: minor - source.spent_minor.get(code, 0) for code, minor in target.spent_minor.items()}
    gifted_since_merge = target.gifted_year > source.gifted_year
    return replace(
        with_visits(target, visits, own if other_sources else None),
        spent_minor=MappingProxyType(spent),
        gifted_year=target.gifted_year if gifted_since_merge else merge.gifted_year,
    )


def _union(one: Visits, other: Visits) -> Visits:
    """The visits of two clients. A day on which both were in one salon is one visit."""
    recent = {*one.recent, *other.recent}
    known_twice = len(one.recent) + len(other.recent) - len(recent)
    firsts = [day for day in (one.first_on, other.first_on) if day]
    return Visits(
        recent=worth_keeping(tuple(recent)) if recent else (),
        count=one.count + other.count - known_twice,
        first_on=min(firsts, default=None),
        service_days=with_service_days(one.service_days, other.service_days),
    )
