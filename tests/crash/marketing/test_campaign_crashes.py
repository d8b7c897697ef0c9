"""Every AWS call of what runs a campaign fails in turn; gone on with, everybody is written to once."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.marketing.campaigns import Campaign, CampaignState
from chalicelib.domain.networks.segments import Segment
from chalicelib.domain.shared.touches import TouchKind, TouchState
from chalicelib.services.marketing import campaigns, run_campaign
from infra.testkit.builders import NETWORK, NOW, a_client, a_consent, access
from infra.testkit.failing_calls import Failure
from infra.testkit.paged_store import PagedStore
from infra.testkit.salon_driver import SalonDriver
from tests.crash.arranged import Story, fail_each_call, sms_log

STARTS_AT = NOW + timedelta(minutes=50)
PHONES = ("+37369000001", "+37369000002", "+37369000003")


def a_draft(driver: SalonDriver, **said: Any) -> Campaign:
    """To three clients, who with Maria make two pages."""
    for place, phone in enumerate(PHONES):
        consents = (a_consent(),)
        made_at = NOW - timedelta(days=place)
        client = a_client(_id(place), phone=phone, source="spring", created_at=made_at, consents=consents)
        driver.store.save(client)
    given = {
        "name": "Spring",
        "texts": {"ru": "-20 %"},
        "segment": Segment(sources=("spring",)),
        "starts_at": STARTS_AT,
        "ends_at": STARTS_AT + timedelta(hours=5),
    }
    return campaigns.make_campaign(driver.world, access(), {**given, **said})


def in_small_pages(driver: SalonDriver) -> None:
    driver.world = replace(driver.world, store=PagedStore(driver.store))


def drained(driver: SalonDriver) -> None:
    for _ in range(3):
        driver.drain()
        driver.world.clock.now += timedelta(seconds=20)  # type: ignore[attr-defined]


def start(driver: SalonDriver, campaign: Campaign) -> None:
    in_small_pages(driver)
    run_campaign.start(driver.world, access(), campaign.id)
    drained(driver)


def start_again(driver: SalonDriver, campaign: Campaign) -> None:
    start(driver, campaign)
    driver.run_until(STARTS_AT + timedelta(minutes=30), step=timedelta(seconds=30))


def each_was_written_to_once(driver: SalonDriver, campaign: Campaign) -> None:
    assert Counter(message[0] for message in sms_log().values()) == Counter(PHONES)
    stands = driver.store.get(Campaign, network_id=NETWORK, id=campaign.id)
    assert (stands.state, stands.invited) == (CampaignState.RUNNING, 3)


def each_was_decided_on_once(driver: SalonDriver, campaign: Campaign) -> None:
    """Messages go out meanwhile; of one whose worker died nobody knows, and it is not sent again."""
    assert max(Counter(message[0] for message in sms_log().values()).values()) == 1
    places = driver.store.recipients_named(NETWORK, campaign.id, [_id(place) for place in range(len(PHONES))])
    states = Counter(each.touches[TouchKind.CAMPAIGN].state for each in places)
    assert states[TouchState.SENT] >= 2
    assert states[TouchState.SENT] + states[TouchState.UNKNOWN] == 3
    assert [each.wake for each in places] == [None] * 3


def _id(place: int) -> str:
    return f"cli_{place:016d}"


def paused_past_its_start(driver: SalonDriver) -> Campaign:
    campaign = a_draft(driver)
    in_small_pages(driver)
    run_campaign.start(driver.world, access(), campaign.id)
    run_campaign.pause(driver.world, access(), campaign.id)
    driver.run_until(STARTS_AT + timedelta(minutes=5))
    return campaign


def resume(driver: SalonDriver, campaign: Campaign) -> None:
    in_small_pages(driver)
    run_campaign.resume(driver.world, access(), campaign.id)
    driver.world.clock.now += run_campaign.RESUMED_AFTER  # type: ignore[attr-defined]
    for _ in range(2):  # the last slice has just been done when the first is due
        driver.drain()


def resume_again(driver: SalonDriver, campaign: Campaign) -> None:
    resume(driver, campaign)
    driver.run_until(driver.world.now() + timedelta(minutes=30), step=timedelta(seconds=30))


def dry_run(driver: SalonDriver, campaign: Campaign) -> None:
    in_small_pages(driver)
    run_campaign.dry_run(driver.world, access(), campaign.id)
    drained(driver)


def dry_run_again(driver: SalonDriver, campaign: Campaign) -> None:
    dry_run(driver, campaign)
    driver.run_until(driver.world.now() + timedelta(minutes=30))


def each_was_counted_once(driver: SalonDriver, campaign: Campaign) -> None:
    forecast = driver.store.get(Campaign, network_id=NETWORK, id=campaign.id).forecast
    assert (forecast.clients, forecast.outcomes) == (3, {"sms": 3})
    assert not sms_log()


STORIES: dict[str, Story] = {
    "a start": (a_draft, start, start_again, each_was_written_to_once),
    "a pause that ends": (paused_past_its_start, resume, resume_again, each_was_decided_on_once),
    "a dry run": (a_draft, dry_run, dry_run_again, each_was_counted_once),
}


CASES = [("a start", Failure.BEFORE), *((story, Failure.DIED) for story in STORIES)]


@pytest.mark.parametrize(("story", "failure"), CASES)
def test_any_call_of_a_campaign_may_fail_and_everybody_is_written_to_once(
    aws: dict[str, Any], story: str, failure: Failure
) -> None:
    assert fail_each_call(aws, STORIES[story], failure) > 10
