"""The deployed functions make reports: the API asks, `reports` counts, `renew` makes pages in the bucket."""

import json
import urllib.parse
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.bookings.bookings import Line, Status
from chalicelib.domain.facts.fact_pages import VISITS, FactPage
from chalicelib.services.shared.world import World
from infra.admin import owner_key
from infra.local_cloud import LocalCloud
from infra.stack import Deployment
from infra.testkit.builders import a_booking, save_booking
from tests.cloud.waking_town import becomes, town_on

NETWORK = "net_reports001"
PAGE_SECONDS = 60
NOW = datetime.now(UTC).replace(microsecond=0)
PERIOD = {"from": f"{NOW - timedelta(days=400):%Y-%m-%d}", "to": f"{NOW:%Y-%m-%d}"}


@pytest.fixture(scope="module")
def world(cloud: LocalCloud, deployment: Deployment) -> World:
    return town_on(cloud, deployment, NETWORK)


@pytest.fixture(scope="module")
def key(world: World) -> str:
    return owner_key(world, NETWORK)


def complete(world: World, number: int, at: datetime) -> None:
    closed = {"status": Status.COMPLETED, "closed_at": at + timedelta(hours=1), "paid_minor": 50_000}
    line = Line("srv_cut", 60, "stf_anna", 50_000)
    save_booking(world.store, a_booking(f"bkg_{number:016d}", NETWORK, starts_at=at, lines=(line,), **closed))


def visits(deployment: Deployment, key: str) -> int:
    """As the report says over HTTP."""
    asked = urllib.request.Request(
        f"{deployment.api_url}/v1/reports/spend?{urllib.parse.urlencode(PERIOD)}",
        headers={"Authorization": f"Bearer {key}"},
    )
    with urllib.request.urlopen(asked, timeout=60) as answer:
        return int(json.load(answer)["total"]["visits"])


def pages(world: World) -> list[FactPage]:
    return world.store.fact_pages(NETWORK, VISITS)


def test_a_report_counts_at_once_and_its_pages_are_made_meanwhile(
    cloud: LocalCloud, deployment: Deployment, world: World, key: str
) -> None:
    for number, days in enumerate((1, 40, 100)):
        complete(world, number, NOW - timedelta(days=days))
    assert visits(deployment, key) == 3
    made = becomes(lambda: all(page.part for page in pages(world)), lambda: None, PAGE_SECONDS)
    assert made
    assert visits(deployment, key) == 3
    bucket, prefix = cloud.connect("s3"), f"facts/visits/v1/network={NETWORK}/"
    found = bucket.list_objects_v2(Bucket=deployment.facts_bucket, Prefix=prefix)
    assert {each["Key"] for each in found["Contents"]} >= {page.part for page in pages(world)}


def test_a_visit_that_was_completed_just_now_counts(deployment: Deployment, world: World, key: str) -> None:
    before = visits(deployment, key)
    complete(world, 90, NOW - timedelta(days=2))
    assert visits(deployment, key) == before + 1


def test_without_its_objects_a_report_counts_the_same_and_they_are_made_again(
    cloud: LocalCloud, deployment: Deployment, world: World, key: str
) -> None:
    before, bucket = visits(deployment, key), cloud.connect("s3")
    lost = {page.part for page in pages(world) if page.part}
    assert lost
    for part in lost:
        bucket.delete_object(Bucket=deployment.facts_bucket, Key=part)
    # A process has what it read on its disk: a new one misses the objects.
    cloud.connect("lambda").update_function_configuration(
        FunctionName=deployment.functions["reports"], Description="started again"
    )
    assert visits(deployment, key) == before
