"""Whom a campaign is for, and at what pace it goes out."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from chalicelib.domain.clients.clients import Client, VisitDay
from chalicelib.domain.clients.segment_members import matches
from chalicelib.domain.marketing.campaigns import slots
from chalicelib.domain.networks.segments import Segment
from chalicelib.domain.shared.quiet_hours import QuietHours
from infra.testkit.builders import NOW, a_client

TODAY = date(2026, 11, 23)
ZONE = "Europe/Chisinau"


def visitor(*days_ago: int, salon_id: str = "sal_centru", **said: Any) -> Client:
    """Who came so many days ago, the latest first."""
    visits = tuple(VisitDay(TODAY - timedelta(days=ago), salon_id) for ago in days_ago)
    return a_client(recent_visits=visits, visits_count=len(visits), **said)


def must_not_be_asked() -> Any:
    raise AssertionError("the answer decides nothing")


def is_in(
    segment: Segment,
    client: Client,
    *,
    has_booking: Callable[[], bool] = must_not_be_asked,
    services_had: Callable[[], frozenset[str]] = must_not_be_asked,
) -> bool:
    return matches(segment, client, TODAY, has_booking=has_booking, services_had=services_had, sources={})


def test_a_segment_without_conditions_is_everybody() -> None:
    assert is_in(Segment(), a_client())


@pytest.mark.parametrize(
    ("client", "category"),
    [
        (visitor(), "potential"),
        (visitor(10), "new"),
        (visitor(5, 40), "developing"),
        (visitor(3, 30, 60, 95, 125, 155), "regular"),
    ],
)
def test_a_category_that_no_booking_changes_is_told_without_asking_for_one(
    client: Client, category: str
) -> None:
    assert is_in(Segment(categories=(category,)), client)
    others = {"potential", "new", "developing", "regular"} - {category}
    assert not is_in(Segment(categories=tuple(others)), client)


def test_who_has_booked_is_not_lost() -> None:
    gone, lost = visitor(70, 110), Segment(categories=("lost",))
    assert is_in(lost, gone, has_booking=lambda: False)
    assert not is_in(lost, gone, has_booking=lambda: True)
    assert is_in(Segment(categories=("developing",)), gone, has_booking=lambda: True)


def test_a_booking_is_not_asked_for_where_it_decides_nothing() -> None:
    gone = visitor(70, 110)
    assert is_in(Segment(categories=("lost", "developing")), gone)
    assert not is_in(Segment(categories=("regular",)), gone)
    assert not is_in(Segment(categories=("lost",), sources=("instagram",)), gone)


def test_sources_are_those_of_the_client() -> None:
    segment = Segment(sources=("instagram", "walk-in"))
    assert is_in(segment, a_client(source="instagram"))
    assert not is_in(segment, a_client(source="google"))
    assert not is_in(segment, a_client())


def test_services_are_asked_for_of_visitors_only() -> None:
    segment = Segment(service_ids=("srv_cut", "srv_nails"))
    assert is_in(segment, visitor(3), services_had=lambda: frozenset({"srv_nails"}))
    assert not is_in(segment, visitor(3), services_had=lambda: frozenset({"srv_peel"}))
    assert not is_in(segment, visitor())


def test_the_salon_is_that_of_the_last_visit() -> None:
    client = a_client(
        visits_count=2, recent_visits=(VisitDay(TODAY, "sal_york"), VisitDay(date(2026, 1, 2), "sal_centru"))
    )
    assert is_in(Segment(salon_ids=("sal_york",)), client)
    assert not is_in(Segment(salon_ids=("sal_centru",)), client)


@pytest.mark.parametrize(
    ("first", "last", "holds"),
    [(20, 10, True), (10, 10, True), (9, 5, False), (30, 11, False), (30, None, True), (None, 10, True)],
)
def test_the_day_of_the_last_visit_lies_between_two_days_both_included(
    first: int | None, last: int | None, holds: bool
) -> None:
    def day(ago: int | None) -> date | None:
        return None if ago is None else TODAY - timedelta(days=ago)

    segment = Segment(visited_from=day(first), visited_to=day(last))
    assert is_in(segment, visitor(10, 50)) is holds
    assert not is_in(segment, visitor())


def test_the_month_of_birth_needs_a_birth_date() -> None:
    assert is_in(Segment(birth_month=5), a_client(birth_date=date(1990, 5, 17)))
    assert not is_in(Segment(birth_month=6), a_client(birth_date=date(1990, 5, 17)))
    assert not is_in(Segment(birth_month=5), a_client(birth_date=None))


def test_one_recipient_comes_after_another_at_the_campaigns_pace() -> None:
    found = list(islice(slots(NOW, 120, QuietHours(), ZONE), 4))
    assert found == [NOW + timedelta(milliseconds=500) * place for place in range(4)]


def test_the_pace_takes_no_slot_in_the_night_and_goes_on_with_it_in_the_morning() -> None:
    evening = datetime(2026, 11, 23, 20, 59, 0, tzinfo=ZoneInfo(ZONE))
    found = [at.astimezone(ZoneInfo(ZONE)) for at in islice(slots(evening, 2, QuietHours(), ZONE), 4)]
    assert [f"{at:%d %H:%M:%S}" for at in found] == [
        "23 20:59:00",
        "23 20:59:30",
        "24 09:00:00",
        "24 09:00:30",
    ]
