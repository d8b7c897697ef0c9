"""The demo's webhooks are what the adapters know, signed as they ask, and nobody else's."""

import re
from datetime import UTC, datetime

import pytest

from chalicelib.booking_sites import ADAPTERS
from chalicelib.domain.intake.site_events import (
    BadSignature,
    BookingReported,
    ClientReported,
    Ignored,
    SeatsReported,
    SiteContext,
    WebhookNotUnderstood,
)
from infra.demo.day.sites import Webhook, signed
from infra.demo.day.story import Stories, Story
from infra.demo.year.data import CLIENTS, SALONS, phone

NOW = datetime(2026, 11, 23, 8, 3, 20, tzinfo=UTC)
CONTEXT = SiteContext(url="https://book.example/hooks/x/y", secret="whsec_c2l4dGVlbiBieXRlcyBvZiBrZXk=")
STORIES = Stories(NOW).all()
WEBHOOKS = [webhook for story in STORIES for webhook in story.reported]


@pytest.mark.parametrize("webhook", WEBHOOKS, ids=lambda webhook: webhook.site)
def test_every_delivery_verifies(webhook: Webhook) -> None:
    headers = signed(webhook, CONTEXT.url, CONTEXT.secret, NOW)
    ADAPTERS[webhook.site].verify(webhook.body, headers, CONTEXT, NOW)


@pytest.mark.parametrize("site", ["square", "calcom", "standard"])
def test_one_signed_with_another_secret_does_not(site: str) -> None:
    webhook = next(webhook for webhook in WEBHOOKS if webhook.site == site)
    headers = signed(webhook, CONTEXT.url, "whsec_YW5vdGhlciBrZXkgdGhhbiB0aGVpcnM=", NOW)
    with pytest.raises(BadSignature):
        ADAPTERS[site].verify(webhook.body, headers, CONTEXT, NOW)


@pytest.mark.parametrize("story", [story for story in STORIES if story.ends], ids=lambda story: story.title)
def test_a_story_is_about_the_booking_that_it_ends_with(story: Story) -> None:
    events = [
        event
        for webhook in story.reported
        for event in ADAPTERS[webhook.site].normalise(webhook.body, CONTEXT)
    ]
    reported = (event.event if isinstance(event, SeatsReported) else event for event in events)
    bookings = [event for event in reported if isinstance(event, BookingReported)]
    assert len(bookings) + sum(isinstance(event, ClientReported) for event in events) == len(events)
    assert story.ends
    assert all(story.ends.booking in (event.external_id, event.moved_from) for event in bookings)
    newest = max(bookings, key=lambda event: event.guard)
    assert newest.status == story.ends.status


def test_what_has_no_booking_is_ignored_or_cannot_be_read() -> None:
    said = []
    for story in (story for story in STORIES if not story.ends):
        (webhook,) = story.reported
        try:
            (event,) = ADAPTERS[webhook.site].normalise(webhook.body, CONTEXT)
            assert isinstance(event, Ignored)
            said.append(event.reason)
        except WebhookNotUnderstood as error:
            said.append(error.code)
    assert said == ["not_used", "NOT_JSON", "test_notification", "time_passed"]


def test_an_interrupted_demo_tells_the_same_again() -> None:
    assert Stories(NOW).all() == STORIES


def test_upcoming_visits_are_more_than_a_day_ahead_at_any_hour() -> None:
    """Else their confirm requests would be due in the middle of the demo."""
    for hour in range(24):
        stories = Stories(NOW.replace(hour=hour, minute=59))
        for story in stories.all():
            starts_at = story.ends.starts_at if story.ends else None
            assert starts_at is None or not 0 < (starts_at - stories.anchor).total_seconds() < 24 * 3600


def test_guests_are_no_clients_of_the_year() -> None:
    """In New York, where numbers are few, the year's clients have those of 16-19 in twenty alone."""
    taken = {
        phone(zone, number)
        for number in range(CLIENTS)
        for zone in (str(salon["timezone"]) for salon in SALONS)
        if zone != "America/New_York" or number % 20 >= 16
    }
    told = b"".join(webhook.body for webhook in WEBHOOKS).decode()
    assert not {f"+{digits}" for digits in re.findall(r"\d{11}", told)} & taken
