"""Events in any order end in the same booking: applied by the rule of the guard, the newest wins."""

from itertools import permutations
from typing import Any

import pytest

from chalicelib.booking_sites import ADAPTERS
from chalicelib.domain.intake.site_events import BookingReported, ClientReported, SeatsReported, SiteStatus
from tests.unit.booking_sites.samples import (
    CALCOM_BOOKING,
    CALCOM_NO_SHOW,
    CONTEXT,
    SQUARE_BOOKING,
    SQUARE_CUSTOMER,
    SQUARE_LOYALTY,
    STANDARD_BOOKING,
    YCLIENTS_RECORD,
    body,
    changed,
)


def record(second: int, **changes: Any) -> dict[str, Any]:
    return changed(YCLIENTS_RECORD, data__last_change_date=f"2026-03-20T10:00:{second:02d}+0200", **changes)


def square(version: int, status: str = "ACCEPTED") -> dict[str, Any]:
    booking = "data__object__booking__"
    return changed(SQUARE_BOOKING, **{f"{booking}version": version, f"{booking}status": status})


def standard(second: int, status: str, version: int | None = None) -> dict[str, Any]:
    stamp = f"2026-03-20T08:00:{second:02d}Z"
    return changed(STANDARD_BOOKING, timestamp=stamp, data__status=status, data__version=version)


NO_SHOW_BACK = changed(
    CALCOM_NO_SHOW,
    createdAt="2026-03-28T13:04:00Z",
    payload__attendees=[{"email": "vera@example.com", "noShow": False}],
)

STORIES = {
    "a no-show taken back": (
        "yclients",
        [
            record(0),
            record(9, status="update", data__visit_attendance=-1),
            record(30, status="update", data__visit_attendance=0),
        ],
        SiteStatus.BOOKED,
    ),
    "made and changed within a second": (
        "yclients",
        [record(0), record(0, status="update", data__comment="later")],
        SiteStatus.BOOKED,
    ),
    "changed and deleted within a second": (
        "altegio",
        [record(5, status="update", data__visit_attendance=2), record(5, status="delete")],
        SiteStatus.CANCELLED,
    ),
    "two clocks": (
        "yclients",
        [record(0), changed(record(1, status="delete"), data__last_change_date="2026-03-20T08:30:00+0000")],
        SiteStatus.CANCELLED,
    ),
    "versions beyond nine": ("square", [square(2), square(10, "NO_SHOW"), square(9)], SiteStatus.NO_SHOW),
    "cancelled on Square": (
        "square",
        [square(0), square(1), square(2, "CANCELLED_BY_SELLER")],
        SiteStatus.CANCELLED,
    ),
    "unmarked on Cal.com": (
        "calcom",
        [CALCOM_BOOKING, CALCOM_NO_SHOW, NO_SHOW_BACK],
        SiteStatus.BOOKED,
    ),
    "paid as it is booked on Cal.com": (
        "calcom",
        [CALCOM_BOOKING, changed(CALCOM_BOOKING, triggerEvent="BOOKING_PAID", payload__price=500)],
        None,
    ),
    "by time": ("standard", [standard(1, "booked"), standard(2, "completed")], SiteStatus.COMPLETED),
    "at one instant": (
        "standard",
        [standard(1, "confirmed"), standard(1, "cancelled")],
        SiteStatus.CANCELLED,
    ),
    "by version, whatever the time": (
        "standard",
        [standard(9, "cancelled"), standard(5, "booked", version=1), standard(1, "confirmed", version=2)],
        SiteStatus.CONFIRMED,
    ),
}


def settled(site: str, messages: tuple[dict[str, Any], ...]) -> BookingReported:
    """The event that remains when each is applied only if its guard is greater than the last one applied."""
    kept: BookingReported | None = None
    for message in messages:
        (event,) = ADAPTERS[site].normalise(body(message), CONTEXT)
        event = event.event if isinstance(event, SeatsReported) else event
        assert isinstance(event, BookingReported)
        if kept is None or event.guard > kept.guard:
            kept = event
    assert kept is not None
    return kept


@pytest.mark.parametrize("story", STORIES)
def test_any_order_ends_in_the_same_state(story: str):
    site, messages, status = STORIES[story]
    ends = [settled(site, order) for order in permutations(messages)]
    assert all(end == ends[0] for end in ends)
    assert ends[0].status is status


def test_of_two_changes_within_a_second_the_later_one_in_kind_wins():
    _, messages, _ = STORIES["made and changed within a second"]
    assert settled("yclients", tuple(messages)).note == "later"


def test_the_same_event_twice_has_the_same_guard():
    for site, messages, _ in STORIES.values():
        first, again = (ADAPTERS[site].normalise(body(messages[0]), CONTEXT) for _ in range(2))
        assert first == again


def test_a_customers_own_record_wins_over_a_loyalty_account_in_any_order():
    guards = []
    for message in (SQUARE_LOYALTY, SQUARE_CUSTOMER):
        (event,) = ADAPTERS["square"].normalise(body(message), CONTEXT)
        assert isinstance(event, ClientReported)
        guards.append(event.guard)
    assert guards == sorted(guards)
