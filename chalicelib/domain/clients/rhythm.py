"""A client's own rhythm: the usual gap between their visits, over all and by category of services, and the
dates that follow from it. Dates are local dates of the salon that speaks to the client."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta

from msgspec import Struct

from chalicelib.domain.clients.categories import at_risk_from, lost_from, usual_gap_days
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.networks.category_definitions import CategoryDefinitions
from chalicelib.domain.networks.network import Service

OWN_RHYTHM_FROM_VISITS = 3


class Rhythm(Struct, frozen=True, kw_only=True):
    """usual_gap_days: None before the second visit. expected_on: the next visit by that gap. at_risk_on,
    lost_on: the first days on which the client is at risk, and lost, if they neither come nor book; None
    where that does not happen."""

    usual_gap_days: int | None = None
    expected_on: date | None = None
    at_risk_on: date | None = None
    lost_on: date | None = None


class ServiceRhythm(Struct, frozen=True, kw_only=True):
    """The rhythm of one category of services. category: None of a service without one, which counts by
    itself: service_id."""

    category: str | None
    service_id: str | None
    last_on: date
    usual_gap_days: int | None
    expected_on: date | None


def rhythm_of(client: Client, by: CategoryDefinitions) -> Rhythm:
    last, days = client.last_visit_on, [visit.on for visit in client.recent_visits]
    if last is None:
        return Rhythm()
    gap, lost_on = usual_gap_days(days), lost_from(last, by)
    risk_on = at_risk_from(client.visits_count, days, by)
    return Rhythm(
        usual_gap_days=gap,
        expected_on=last + timedelta(days=gap) if gap is not None else None,
        at_risk_on=risk_on if risk_on is not None and risk_on < lost_on else None,
        lost_on=lost_on,
    )


def service_rhythms(client: Client, services: Mapping[str, Service]) -> list[ServiceRhythm]:
    """The rhythms of all categories of services that the client had lately, the latest first. A service that
    changes its category takes its days with it."""
    found = []
    for (name, service_id), days in _days_by_category(client, services).items():
        last, gap = max(days), usual_gap_days([*days])
        found.append(
            ServiceRhythm(
                category=name,
                service_id=service_id,
                last_on=last,
                usual_gap_days=gap,
                expected_on=last + timedelta(days=gap) if gap is not None else None,
            )
        )
    order = {each: (each.last_on, each.category or "", each.service_id or "") for each in found}
    return sorted(found, key=lambda each: order[each], reverse=True)


def own_gap_days(client: Client, service: Service, services: Mapping[str, Service]) -> int | None:
    """After how many days the client will want the service again by their own rhythm; None without one.

    It takes three visits with services of its category. For visits of earlier releases nobody kept which
    services they were: of a client with such visits the gap between all visits counts.
    """
    days = _days_by_category(client, services).get(_category_of(service.id, services), set())
    if len(days) >= OWN_RHYTHM_FROM_VISITS:
        return usual_gap_days([*days]) or None
    visited = [visit.on for visit in client.recent_visits]
    known = {day for had in client.service_days.values() for day in had}
    if client.visits_count < OWN_RHYTHM_FROM_VISITS or known.issuperset(visited[:OWN_RHYTHM_FROM_VISITS]):
        return None
    return usual_gap_days(visited) or None


_CategoryKey = tuple[str | None, str | None]


def _category_of(service_id: str, services: Mapping[str, Service]) -> _CategoryKey:
    service = services.get(service_id)
    if service is None or service.category is None:
        return None, service_id
    return service.category, None


def _days_by_category(client: Client, services: Mapping[str, Service]) -> dict[_CategoryKey, set[date]]:
    found: dict[_CategoryKey, set[date]] = defaultdict(set)
    for service_id, days in client.service_days.items():
        found[_category_of(service_id, services)].update(days)
    return dict(found)
