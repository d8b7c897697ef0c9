"""Visits counted for a client, and taken back."""

from collections.abc import Collection, Mapping
from datetime import date
from types import MappingProxyType

from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client, VisitDay, Visits
from chalicelib.domain.shared.months import month_number

RECENT_VISITS_KEPT = 8
MONTHS_KEPT = 7
"""For how many months one visit a month is kept in addition: a regular's row of six months may end with the
last one."""
SERVICE_DAYS_KEPT, SERVICES_KEPT = 5, 12
"""How many days are kept of each service that a client had, and of how many services: those had last. Four
days make three gaps."""

ServiceDays = Mapping[str, tuple[date, ...]]


def counts_as_new_visit(client: Client, visit: VisitDay) -> bool:
    """Whether the visit would be the first of its day and salon among the client's own visits."""
    return visit not in own_visits(client).recent


def own_visits(client: Client) -> Visits:
    return client.apart or all_visits(client)


def all_visits(client: Client) -> Visits:
    """The client's own visits and those of the clients who were merged into the client."""
    return Visits(
        recent=client.recent_visits,
        count=client.visits_count,
        first_on=client.first_visit_on,
        service_days=client.service_days,
    )


def with_visits(client: Client, visits: Visits, apart: Visits | None) -> Client:
    """visits: all that count for the client. apart: the client's own visits, if those are not all."""
    return replace(
        client,
        recent_visits=visits.recent,
        visits_count=visits.count,
        first_visit_on=visits.first_on,
        service_days=visits.service_days,
        apart=apart,
    )


def with_visit(
    client: Client, visit: VisitDay, currency: str, spent_minor: int, service_ids: Collection[str] = ()
) -> Client:
    """The client after a completed booking. A second booking on the same day in the same salon is the same
    visit."""
    apart = _with_one(client.apart, visit, service_ids) if client.apart else None
    client = with_visits(client, _with_one(all_visits(client), visit, service_ids), apart)
    spent = {**client.spent_minor, currency: client.spent_minor.get(currency, 0) + spent_minor}
    return replace(client, spent_minor=MappingProxyType(spent))


def _with_one(visits: Visits, visit: VisitDay, service_ids: Collection[str]) -> Visits:
    had = with_service_days(visits.service_days, {each: (visit.on,) for each in service_ids})
    visits = replace(visits, service_days=had)
    if visit in visits.recent:
        return visits
    return replace(
        visits,
        recent=worth_keeping((*visits.recent, visit)),
        count=visits.count + 1,
        first_on=min(visits.first_on or visit.on, visit.on),
    )


def _without_one(visits: Visits, visit: VisitDay | None) -> Visits:
    if visit is None or visits.count == 0:
        return visits
    recent = tuple(v for v in visits.recent if v != visit)
    count = visits.count - 1
    all_known = count <= len(recent)
    first = min((v.on for v in recent), default=None) if all_known else visits.first_on
    return replace(visits, recent=recent, count=count, first_on=first)


def with_service_days(one: ServiceDays, other: ServiceDays) -> ServiceDays:
    """The days of both, as many as are kept."""
    days = {
        each: tuple(sorted({*one.get(each, ()), *other.get(each, ())}, reverse=True)[:SERVICE_DAYS_KEPT])
        for each in {**one, **other}
    }
    latest = sorted(days, key=lambda each: (days[each][0], each), reverse=True)[:SERVICES_KEPT]
    return MappingProxyType({each: days[each] for each in days if each in latest})


def _without_services(visits: Visits, on: date, service_ids: Collection[str]) -> Visits:
    days = {
        each: tuple(day for day in had if day != on) if each in service_ids else had
        for each, had in visits.service_days.items()
    }
    return replace(visits, service_days=MappingProxyType({each: had for each, had in days.items() if had}))


def worth_keeping(visits: tuple[VisitDay, ...]) -> tuple[VisitDay, ...]:
    ordered = sorted(visits, key=lambda visit: visit.on, reverse=True)
    kept = ordered[:RECENT_VISITS_KEPT]
    earliest = month_number(kept[0].on) - MONTHS_KEPT + 1
    months = {month_number(visit.on) for visit in kept}
    for visit in ordered[RECENT_VISITS_KEPT:]:
        if month_number(visit.on) >= earliest and month_number(visit.on) not in months:
            kept.append(visit)
            months.add(month_number(visit.on))
    return tuple(kept)


def without_spending(client: Client, currency: str, spent_minor: int) -> Client:
    """The client after an amount was given back."""
    spent = {**client.spent_minor, currency: client.spent_minor.get(currency, 0) - spent_minor}
    return replace(client, spent_minor=MappingProxyType(spent))


def without_booking(
    client: Client,
    booking_id: str,
    visit: VisitDay | None,
    currency: str,
    spent_minor: int,
    own: VisitDay | None = None,
    *,
    on: date | None = None,
    service_ids: Collection[str] = (),
) -> Client:
    """The client after a completed booking was reversed.

    visit: the visit that is gone; None when another booking of that day and salon remains. own: likewise
    among the client's own visits. on, service_ids: its local day, and the services that were not had then.
    """
    client = replace(
        without_spending(client, currency, spent_minor),
        due=tuple(d for d in client.due if d.booking_id != booking_id),
    )
    visits, apart = all_visits(client), client.apart
    if on is not None:
        visits = _without_services(visits, on, service_ids)
        apart = _without_services(apart, on, service_ids) if apart else None
    apart = _without_one(apart, own) if apart else None
    return with_visits(client, _without_one(visits, visit), apart)
