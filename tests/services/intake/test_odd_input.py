"""What looks right and is not: names that nobody can see, zones of no place, steps that are none."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.booking_sites import standard
from chalicelib.domain.intake.site_events import SiteContext, WebhookNotUnderstood
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.zones import is_zone
from chalicelib.services.shared.contact_details import name_normal
from infra.testkit.builders import NOW
from infra.testkit.salon_driver import SalonDriver


@pytest.mark.parametrize("name", ["\u202e\u200b", "\u00a0", "", "   "])
def test_a_name_that_nobody_can_see_is_none(name: str) -> None:
    with pytest.raises(DomainError) as refused:
        name_normal(name)
    assert refused.value.code == "INVALID_NAME"


@pytest.mark.parametrize(
    ("name", "known"),
    [("localtime", False), ("posixrules", False), ("Mars/X", False), ("UTC", True), ("Asia/Tokyo", True)],
)
def test_a_zone_is_that_of_a_place_and_not_of_this_machine(name: str, known: bool) -> None:
    assert is_zone(name) is known


def test_a_standard_event_of_an_unknown_zone_is_not_understood_even_with_an_offset() -> None:
    body = (
        b'{"type":"booking.upserted","timestamp":"2026-11-22T10:00:00Z","data":{"external_id":"e","status":"booked",'
        b'"starts_at":"2026-11-24T10:00:00Z","timezone":"%s","client":{"name":"Ana"},"lines":[{"service":"Cut"}]}}'
    )
    with pytest.raises(WebhookNotUnderstood) as refused:
        standard.normalise(body % b"Mars/X", SiteContext(url="https://salon.example"))
    assert refused.value.code == "UNKNOWN_TIMEZONE"
    (event,) = standard.normalise(body % b"Europe/Chisinau", SiteContext(url="https://salon.example"))
    assert getattr(event, "starts_at", None) == datetime(2026, 11, 24, 10, tzinfo=UTC)


def test_a_confirmed_booking_is_not_reopened(driver: SalonDriver) -> None:
    booking = driver.confirm(driver.book(NOW + timedelta(days=2)))
    with pytest.raises(DomainError) as refused:
        driver.reopen(booking)
    assert refused.value.code == "WRONG_STATUS"
