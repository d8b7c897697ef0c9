"""Whether a client belongs to a segment."""

from collections.abc import Callable, Collection, Mapping, Set
from datetime import date

from chalicelib.domain.clients.birthdays import birthday_of
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.clients.kept_category import category_alone, must_look, present_category
from chalicelib.domain.networks.category_definitions import FIRST_DEFINITIONS, CategoryDefinitions
from chalicelib.domain.networks.segments import Segment
from chalicelib.domain.networks.sources import Source, is_source


def matches(
    segment: Segment,
    client: Client,
    today: date,
    *,
    has_booking: Callable[[], bool],
    services_had: Callable[[], Set[str]],
    sources: Mapping[str, Source],
    by: CategoryDefinitions = FIRST_DEFINITIONS,
) -> bool:
    """Whether the client belongs to the segment on a local date. has_booking (an upcoming one) and
    services_had are called only where all other facts of the client fit, and the answer decides. sources: of
    the network, by id."""
    return (
        _by_facts(segment, client, sources)
        and _by_category(segment.categories, client, today, has_booking, by)
        and (not segment.service_ids or not services_had().isdisjoint(segment.service_ids))
    )


def _by_facts(segment: Segment, client: Client, sources: Mapping[str, Source]) -> bool:
    if client.merged is not None:
        return False
    if segment.sources and not any(is_source(sources, client.source, each) for each in segment.sources):
        return False
    if segment.birth_month is not None and segment.birth_month != _birth_month(client):
        return False
    if not (segment.service_ids or segment.salon_ids or segment.visited_from or segment.visited_to):
        return True
    last = client.recent_visits[0] if client.recent_visits else None
    return (
        last is not None
        and (not segment.salon_ids or last.salon_id in segment.salon_ids)
        and (segment.visited_from or last.on) <= last.on <= (segment.visited_to or last.on)
    )


def _birth_month(client: Client) -> int | None:
    day = birthday_of(client.birth_date, None).day if client.birth_date else None
    return day.month if day else None


def _by_category(
    wanted: Collection[str],
    client: Client,
    today: date,
    has_booking: Callable[[], bool],
    by: CategoryDefinitions,
) -> bool:
    if not wanted:
        return True
    alone, booked = (category_alone(client, by, today, booked=ahead) for ahead in (False, True))
    if (alone in wanted) == (booked in wanted):
        return alone in wanted
    if client.category is not None and not must_look(client, by, today):
        return present_category(client, by, today, has_booking=False) in wanted
    return (booked if has_booking() else alone) in wanted
