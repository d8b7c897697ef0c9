"""The category that a client keeps, and its changes. It is recorded in the save of whatever changes it; what
time alone changes is recorded when the client wakes. Dates are local dates of the salon that speaks to the
client.

Only an overdue client's bookings ahead matter, so that nothing is known of those of others. Before a client
is recorded as at risk or lost, somebody has to look for a booking ahead: `looked`. From then on each booking
that the client makes, moves or cancels is followed in `booked_on`.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from msgspec.structs import replace

from chalicelib.domain.clients.categories import (
    OVERDUE,
    POTENTIAL,
    at_risk_from,
    category,
    lost_from,
    not_regular_from,
)
from chalicelib.domain.clients.category_changes import CHANGES_KEPT, CategoryCause, CategoryChange
from chalicelib.domain.clients.clients import Client, VisitDay
from chalicelib.domain.networks.category_definitions import CategoryDefinitions

_A_DAY = timedelta(days=1)


def category_alone(client: Client, by: CategoryDefinitions, on: date, *, booked: bool = False) -> str:
    """The category on a date by the client's visits. booked: whether a booking is ahead."""
    days = [visit.on for visit in client.recent_visits]
    return category(client.visits_count, days, on, booked, by)


def is_overdue(client: Client, by: CategoryDefinitions, today: date) -> bool:
    """Whether the client is at risk or lost unless a booking is ahead."""
    return client.merged is None and category_alone(client, by, today) in OVERDUE


def must_look(client: Client, by: CategoryDefinitions, today: date) -> bool:
    """Whether a booking ahead decides the client's category, and is not known."""
    return is_overdue(client, by, today) and not _is_booked(client, today) and client.category not in OVERDUE


def present_category(client: Client, by: CategoryDefinitions, today: date, *, has_booking: bool) -> str:
    """The category on a date as far as it is known. has_booking: what was found where somebody had to
    look; it decides nothing where a booking ahead, or that there is none, is known."""
    if must_look(client, by, today):
        return category_alone(client, by, today, booked=has_booking)
    return _category_on(client, by, today, looked=False)


def with_category(
    client: Client,
    by: CategoryDefinitions,
    today: date,
    cause: CategoryCause = CategoryCause.TIME_PASSED,
    *,
    on: date | None = None,
    looked: bool = False,
) -> Client:
    """The client with the category of today, and the changes that led to it.

    cause: of what is saved now. on: when it happened, by default today. looked: `booked_on` says what was
    found. Without that, a client who is newly overdue keeps the category of a client with a booking, until
    they wake. A merged client keeps what they had.
    """
    if client.merged is not None:
        return client
    if client.category is None:
        client = _first_kept(client, by, today, cause, on or today, looked=looked)
    elif cause is not CategoryCause.TIME_PASSED:
        found = _category_on(client, by, today, looked=looked)
        client = _changed(client, found, on or today, cause)
    elif _category_on(client, by, today, looked=looked) != client.category:
        client = _by_changed_definitions(client, by, today, looked=looked)
        for day in (*_turning_days(client, by), today):
            if day <= today:
                client = _changed(client, _category_on(client, by, day, looked=looked), day, cause)
    kept = client.booked_on if client.booked_on and is_overdue(client, by, today) else None
    if kept is not None and kept < today and (looked or client.category in OVERDUE):
        kept = None
    return replace(client, booked_on=kept)


def next_change_on(client: Client, by: CategoryDefinitions, today: date) -> date | None:
    """The date, from today on, on which the category has to be looked at next if nothing happens. None where
    time changes nothing. client: with the category of today."""
    if client.merged is not None or client.category is None:
        return None
    changes = (
        day
        for day in sorted({max(day, today) for day in _turning_days(client, by)})
        if must_look(client, by, day) or _category_on(client, by, day, looked=False) != client.category
    )
    return next(changes, None)


def _is_booked(client: Client, on: date) -> bool:
    return client.booked_on is not None and client.booked_on >= on


def _category_on(client: Client, by: CategoryDefinitions, on: date, *, looked: bool) -> str:
    alone = category_alone(client, by, on)
    if alone not in OVERDUE:
        return alone
    if not _is_booked(client, on) and (looked or client.category in OVERDUE):
        return alone
    return category_alone(client, by, on, booked=True)


def _turning_days(client: Client, by: CategoryDefinitions) -> Iterator[date]:
    """The dates on which time may change the category, in their order. None lies before the last change."""
    last = client.last_visit_on
    if last is None:
        return
    since = client.category_since or last
    days = [visit.on for visit in client.recent_visits]
    found = {not_regular_from(last), lost_from(last, by)}
    found |= {day for day in (at_risk_from(client.visits_count, days, by),) if day}
    found |= {client.booked_on + _A_DAY} if client.booked_on else set()
    yield from sorted({max(day, since) for day in found})


def _changed(client: Client, to: str, on: date, cause: CategoryCause) -> Client:
    if to == client.category:
        return client
    on = max(on, client.category_since or on)
    change = CategoryChange(client.category or POTENTIAL, to, on, cause)
    changes = (*client.category_changes, change)[-CHANGES_KEPT:]
    return replace(client, category=to, category_since=on, category_changes=changes)


def _by_changed_definitions(client: Client, by: CategoryDefinitions, today: date, *, looked: bool) -> Client:
    """The client with the category that they have by other definitions than those by which it was recorded.
    What was saved since these hold was recorded by them."""
    last, since = client.last_visit_on, by.since
    if since is None or last is None or not max(last, client.category_since or last) <= since <= today:
        return client
    return _changed(client, _category_on(client, by, since, looked=looked), since, CategoryCause.DEFINITION)


# --- clients who keep none yet


def _first_kept(
    client: Client, by: CategoryDefinitions, today: date, cause: CategoryCause, on: date, *, looked: bool
) -> Client:
    """The client with the first category that is kept. The first visit is a change. A client of an earlier
    release has come before: no change is known, only since when the category has been what it is."""
    if client.visits_count == 0 or not client.recent_visits:
        return client
    found = _category_on(client, by, today, looked=looked)
    if client.visits_count == 1 and cause in (CategoryCause.VISIT, CategoryCause.IMPORT):
        return _changed(client, found, on, cause)
    return replace(client, category=found, category_since=category_since(client, by, today, found))


def category_since(client: Client, by: CategoryDefinitions, today: date, found: str) -> date | None:
    """Since when a client who keeps no category has had the one of today, by the visits that are kept. None:
    there was no visit."""
    visits = sorted(client.recent_visits, key=lambda visit: visit.on)
    if not visits:
        return None
    booked = found not in OVERDUE
    for day in sorted(_days_of_change(client, visits, by), reverse=True):
        if day <= today and _category_by(client, visits, by, day - _A_DAY, booked) != found:
            return day
    return visits[0].on


def _days_of_change(client: Client, visits: Sequence[VisitDay], by: CategoryDefinitions) -> set[date]:
    found: set[date] = set()
    for number, visit in enumerate(visits, start=1):
        count = client.visits_count - len(visits) + number
        days = [each.on for each in visits[:number]]
        found |= {visit.on, lost_from(visit.on, by), not_regular_from(visit.on)}
        found |= {day for day in (at_risk_from(count, days, by),) if day}
    return found


def _category_by(
    client: Client, visits: Sequence[VisitDay], by: CategoryDefinitions, on: date, booked: bool
) -> str:
    """The category on an earlier date, by the visits until then."""
    days = [visit.on for visit in visits if visit.on <= on]
    count = client.visits_count - len(visits) + len(days)
    return category(count, days, on, booked, by)
