"""The kept category: the same as the one worked out anew, on every date, whatever happened."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.domain.clients import client_plan
from chalicelib.domain.clients.categories import at_risk_from, category, lost_from
from chalicelib.domain.clients.category_changes import CHANGES_KEPT, CategoryCause
from chalicelib.domain.clients.client_visits import with_visit, without_booking
from chalicelib.domain.clients.clients import Client, VisitDay
from chalicelib.domain.clients.kept_category import must_look, next_change_on, with_category
from chalicelib.domain.networks.category_definitions import CategoryDefinitions
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.networks.rules import MessageRules, Rules
from chalicelib.domain.shared.quiet_hours import QuietHours
from chalicelib.domain.shared.zones import local_date, local_instant
from infra.testkit.builders import NOW, a_client, a_network, a_salon

BY = CategoryDefinitions()
SALON = "sal_centru"
VISIT, UNDONE = CategoryCause.VISIT, CategoryCause.VISIT_UNDONE


def visited(client: Client, on: date, by: CategoryDefinitions = BY) -> Client:
    client = with_visit(client, VisitDay(on, SALON), "MDL", 0)
    return with_category(client, by, on, VISIT, on=on)


def after(*days: str) -> Client:
    client = a_client()
    for day in days:
        client = visited(client, date.fromisoformat(day))
    return client


def woken(client: Client, today: date, by: CategoryDefinitions = BY, booked_on: date | None = None) -> Client:
    """The client after a wake, at which a booking ahead was looked for where it decides."""
    if must_look(client, by, today):
        client = replace(client, booked_on=booked_on or client.booked_on)
        return with_category(client, by, today, looked=True)
    return with_category(client, by, today)


def until(client: Client, end: date, by: CategoryDefinitions = BY) -> Client:
    """The client who wakes on each date on which the pointer says so, until the end."""
    today = date(2026, 1, 1)
    while (day := next_change_on(client, by, today)) is not None and day <= end:
        today = max(day, today + timedelta(days=1)) if day <= today else day
        client = woken(client, today, by)
    return client


def changes(client: Client) -> list[tuple[str, str, str, str]]:
    return [(each.before, each.to, str(each.on), each.cause.value) for each in client.category_changes]


def test_each_change_is_kept_with_its_date_and_cause() -> None:
    client = until(after("2026-01-05", "2026-02-04", "2026-03-06"), date(2026, 12, 31))
    assert (client.category, client.category_since) == ("lost", date(2026, 5, 7))
    assert changes(client) == [
        ("potential", "new", "2026-01-05", "visit"),
        ("new", "developing", "2026-02-04", "visit"),
        ("developing", "at_risk", "2026-04-13", "time_passed"),
        ("at_risk", "lost", "2026-05-07", "time_passed"),
    ]


def test_a_regular_who_stays_away_is_none_from_the_month_after_the_next() -> None:
    client = after(*(f"2026-0{month}-28" for month in range(1, 7)))
    assert client.category == "regular"
    assert next_change_on(client, BY, date(2026, 6, 28)) == date(2026, 8, 1)
    assert until(client, date(2026, 8, 1)).category == "developing"


@pytest.mark.parametrize(
    ("last", "in_time"), [("2026-12-31", date(2027, 2, 28)), ("2027-12-31", date(2028, 2, 29))]
)
def test_who_came_on_31_december_is_lost_after_the_last_of_february(last: str, in_time: date) -> None:
    client = after(last)
    assert next_change_on(client, BY, date.fromisoformat(last)) == in_time + timedelta(days=1)
    assert woken(client, in_time).category == "new"
    assert woken(client, in_time + timedelta(days=1)).category_since == in_time + timedelta(days=1)


def test_a_wake_that_comes_late_records_each_change_on_its_own_date() -> None:
    client = woken(after("2026-01-05", "2026-02-04", "2026-03-06"), date(2026, 7, 1))
    assert changes(client)[2:] == [
        ("developing", "at_risk", "2026-04-13", "time_passed"),
        ("at_risk", "lost", "2026-05-07", "time_passed"),
    ]


def test_who_saves_without_a_look_for_bookings_records_no_lapse() -> None:
    client = with_category(after("2026-01-05"), BY, date(2026, 6, 1))
    assert client.category == "new"
    assert next_change_on(client, BY, date(2026, 6, 1)) == date(2026, 6, 1)


def test_a_booking_ahead_keeps_the_category_until_its_day_is_over() -> None:
    came, ahead = after("2026-01-05"), date(2026, 4, 1)
    client = woken(came, date(2026, 3, 6), booked_on=ahead)
    assert (client.category, client.booked_on) == ("new", ahead)
    assert next_change_on(client, BY, date(2026, 3, 6)) == ahead + timedelta(days=1)
    client = woken(client, ahead + timedelta(days=1))
    assert changes(client)[1:] == [("new", "lost", "2026-04-02", "time_passed")]
    assert client.booked_on is None


def test_a_visit_taken_back_takes_its_category_back() -> None:
    client = after("2026-01-05", "2026-02-04")
    gone = VisitDay(date(2026, 2, 4), SALON)
    client = without_booking(client, "bkg_1", gone, "MDL", 0)
    client = with_category(client, BY, date(2026, 2, 5), UNDONE)
    assert changes(client)[-1] == ("developing", "new", "2026-02-05", "visit_undone")


def test_other_definitions_move_a_client_on_the_day_from_which_they_hold() -> None:
    other = CategoryDefinitions(version=2, since=date(2026, 3, 20), lost_months=1)
    client = woken(after("2026-02-10"), date(2026, 3, 22), other)
    assert changes(client)[-1] == ("new", "lost", "2026-03-20", "definition")


def test_what_time_changes_after_other_definitions_is_no_change_by_them() -> None:
    other = CategoryDefinitions(version=2, since=date(2026, 3, 1), lost_months=1)
    client = woken(after("2026-02-10"), date(2026, 3, 22), other)
    assert changes(client)[-1] == ("new", "lost", "2026-03-11", "time_passed")


def test_the_oldest_changes_go() -> None:
    client, day = a_client(), date(2020, 1, 1)
    for _ in range(CHANGES_KEPT):
        client, day = woken(visited(client, day), lost_from(day)), lost_from(day)
    assert len(client.category_changes) == CHANGES_KEPT
    assert client.category_changes[-1].to == "lost"


def test_a_client_of_an_earlier_release_is_taken_as_they_are() -> None:
    """Nothing is known of their changes; since when they are what they are follows from their visits."""
    came = after("2026-01-05", "2026-02-04", "2026-03-06")
    came = replace(came, category=None, category_since=None, category_changes=())
    found = with_category(came, BY, date(2026, 4, 20), looked=True)
    assert (found.category, found.category_since) == ("at_risk", date(2026, 4, 13))
    assert found.category_changes == ()
    assert with_category(came, BY, date(2026, 3, 7)).category_since == date(2026, 2, 4)
    assert with_category(came, BY, date(2026, 9, 1), looked=True).category_since == date(2026, 5, 7)


def test_whoever_never_came_keeps_no_category() -> None:
    client = with_category(a_client(), BY, date(2026, 4, 20))
    assert (client.category, next_change_on(client, BY, date(2026, 4, 20))) == (None, None)


# --- whatever happens

days = st.integers(1, 45)
events = st.lists(st.tuples(st.sampled_from(["visit", "late", "undo", "wait", "wait"]), days), max_size=25)


@given(events, st.booleans())
def test_the_kept_category_is_the_one_worked_out_on_each_date(
    happens: list[tuple[str, int]], is_strict: bool
) -> None:
    by = CategoryDefinitions(lost_months=1, at_risk_visits=2) if is_strict else BY
    client, today = a_client(), date(2026, 1, 1)
    for kind, number in happens:
        if kind == "visit":
            client = visited(client, today, by)
        elif kind == "late":
            on = today - timedelta(days=number)
            client = with_category(with_visit(client, VisitDay(on, SALON), "MDL", 0), by, today, VISIT, on=on)
        elif kind == "undo" and client.recent_visits:
            client = without_booking(client, "bkg_1", client.recent_visits[0], "MDL", 0)
            client = with_category(client, by, today, UNDONE)
        for day in _days(today, number if kind == "wait" else 0):
            if next_change_on(client, by, day) == day:
                client = woken(client, day, by)
            assert (client.category or "potential") == worked_out(client, day, by)
            today = day
    kept = client.category_changes
    assert [each.on for each in kept] == sorted(each.on for each in kept)
    assert all(one.to == other.before for one, other in pairwise(kept))


def _days(today: date, number: int) -> Iterator[date]:
    return (today + timedelta(days=each) for each in range(number + 1))


def worked_out(client: Client, on: date, by: CategoryDefinitions) -> str:
    return category(client.visits_count, [each.on for each in client.recent_visits], on, False, by)


# --- the pointer


def directory(zone: str, **rules: object) -> Directory:
    messages = replace(MessageRules(quiet_hours=QuietHours(time(0), time(0))), **rules)
    network = replace(a_network(), rules=Rules(messages=messages))
    return Directory(network, MappingProxyType({SALON: replace(a_salon(), timezone=zone)}), {}, {})


@pytest.mark.parametrize("zone", ["Europe/Chisinau", "Europe/Moscow", "America/New_York"])
@pytest.mark.parametrize("last", ["2026-01-28", "2026-08-24", "2026-08-31", "2026-12-31"])
def test_the_client_wakes_at_the_hour_of_touches_on_the_local_day_of_the_change(zone: str, last: str) -> None:
    """Whatever the clock does: in March and in October and November it changes within the two months."""
    on = date.fromisoformat(last)
    at = local_instant(on, time(23, 30), zone)
    client = with_visit(a_client(timezone=None), VisitDay(local_date(at, zone), SALON), "MDL", 0)
    client = client_plan.with_wake(client, directory(zone, enabled=False), at, VISIT, on=on)
    assert client.wake is not None
    assert (client.wake.at, client.wake.why) == (local_instant(lost_from(on), time(11), zone), "category")


def test_a_lapse_needs_no_wake_besides_that_of_its_message() -> None:
    client = after("2026-09-01", "2026-10-01", "2026-11-01")
    planned = client_plan.with_wake(client, directory("Europe/Chisinau"), datetime(2026, 11, 2, tzinfo=UTC))
    on = at_risk_from(3, [each.on for each in client.recent_visits])
    assert on is not None
    assert planned.wake is not None
    assert (planned.wake.at, planned.wake.why) == (local_instant(on, time(11), "Europe/Chisinau"), "at_risk")


def test_a_client_far_east_of_the_salon_wakes_when_the_day_has_begun_there() -> None:
    client = replace(after("2026-09-01"), timezone="Asia/Tokyo")
    new_york = directory("America/New_York", enabled=False)
    planned = client_plan.with_wake(client, new_york, NOW.replace(day=1, month=10))
    assert planned.wake is not None
    assert planned.wake.at == local_instant(date(2026, 11, 2), time(0), "America/New_York")
