"""Sites that repeat no webhook are asked what has changed; what a webhook was lost for is taken in once."""

import json
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.booking_sites import ADAPTERS
from chalicelib.domain.bookings.bookings import Status
from chalicelib.domain.intake.inbox import InboxState
from chalicelib.domain.intake.site_polls import (
    FAILURES_BEFORE_TASK,
    GO_ON,
    INTERVAL,
    LOOK_BACK,
    MAX_WAIT,
    OVERLAP,
    SitePoll,
)
from chalicelib.domain.networks.network import Connection
from chalicelib.domain.shared.tasks import Task
from chalicelib.services.intake.booking_site import AskedOutcome, ChangesWanted, SiteChanges
from chalicelib.services.intake.connect_site import change_connection, disconnect_site, set_api_token
from chalicelib.services.waking.handlers import wake_poll
from chalicelib.services.waking.poll_site import Polling
from chalicelib.services.waking.retry_parked import list_parked, retry_parked
from chalicelib.wiring import CachedDirectories
from infra.testkit.builders import NETWORK, NOW, a_connection, access
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.unsigned_site import COMPANY, UnsignedSender, a_record

HOUR = timedelta(hours=1)


def page(*records: dict[str, Any], is_last: bool = True) -> SiteChanges:
    bodies = tuple(json.dumps(each).encode() for each in records)
    return SiteChanges(AskedOutcome.ANSWERED, bodies, is_last=is_last)


class Site:
    """A site's API: pages one after another, then nothing new."""

    def __init__(self) -> None:
        self.pages: list[SiteChanges] = []
        self.asked: list[ChangesWanted] = []

    def __call__(self, wanted: ChangesWanted) -> SiteChanges:
        self.asked.append(wanted)
        return self.pages.pop(0) if self.pages else page()


class Polled:
    """A salon whose connection has a token, with the real adapters."""

    def __init__(self, driver: SalonDriver, site: Site, connection: Connection) -> None:
        self.driver, self.site, self.id = driver, site, connection.id
        self.sender = UnsignedSender(driver, connection)

    def token(self, token: str | None = "partner, user") -> None:
        set_api_token(self.driver.world, access(), self.id, token)

    def poll(self) -> SitePoll:
        found: SitePoll | None = self.driver.store.get(SitePoll, network_id=NETWORK, id=self.id)
        assert found is not None
        return found

    def wake(self) -> list[Any]:
        """A worker wakes the poll, and intake takes in what came; answers with those inbox items."""
        queue = self.driver.intake_queue
        queue.items.clear()
        wake_poll(self.driver.world, lambda: Polling(self.sender.receiving(), self.site), self.poll())
        return [self.sender.take_in(each.id) for each in list(queue.items)]

    def wake_on_time(self) -> list[Any]:
        wake = self.poll().wake
        assert wake is not None
        self.driver.clock.now = wake.at
        return self.wake()

    def waits(self) -> timedelta:
        wake = self.poll().wake
        assert wake is not None
        return wake.at - self.driver.clock.now

    def tasks(self) -> list[str]:
        return [each.kind.value for each in self.driver.store.get_all(Task, network_id=NETWORK)]


@pytest.fixture(params=["yclients", "altegio"])
def polled(request: Any, driver: SalonDriver) -> Polled:
    connection = a_connection(request.param, "con_unsigned", settings={"company_id": str(COMPANY)})
    found = Polled(driver, Site(), driver.store.save(connection)[0])
    found.token()
    return found


# --- when


def test_a_connection_without_a_token_is_not_polled(driver: SalonDriver) -> None:
    driver.store.save(a_connection("yclients", "con_unsigned", settings={"company_id": "1"}))
    assert driver.store.get(SitePoll, network_id=NETWORK, id="con_unsigned") is None


def test_the_first_poll_is_due_at_once_and_looks_back_a_day(polled: Polled) -> None:
    polled.wake()
    (asked,) = polled.site.asked
    assert (asked.since, asked.location, asked.page) == (NOW - LOOK_BACK, str(COMPANY), 1)
    assert asked.token == "partner, user"
    assert "user" not in repr(asked)


def test_the_time_asked_for_is_of_the_salons_clock(polled: Polled) -> None:
    polled.wake()
    assert polled.site.asked[0].since.utcoffset() == timedelta(hours=2)  # Chisinau in November


def test_a_quiet_site_is_asked_each_quarter_of_an_hour_for_the_time_since(polled: Polled) -> None:
    began = polled.driver.clock.now
    assert polled.wake() == []
    assert polled.waits() == INTERVAL
    polled.wake_on_time()
    assert polled.site.asked[1].since == began - OVERLAP


def test_the_network_may_set_how_often(polled: Polled) -> None:
    world = polled.driver.world
    change_connection(world, access(), ADAPTERS, polled.id, {"poll_minutes": "60"})
    polled.wake()
    assert polled.waits() == HOUR


def test_a_company_that_nobody_knows_yet_is_not_asked_for(driver: SalonDriver) -> None:
    connection = a_connection("yclients", "con_unsigned", settings={"company_id": "first"})
    polled = Polled(driver, Site(), driver.store.save(connection)[0])
    polled.token()
    polled.wake()
    assert (polled.site.asked, polled.waits()) == ([], INTERVAL)


def test_every_company_of_the_connection_is_asked_for(driver: SalonDriver) -> None:
    settings = {"company_id": "30,4", "salon:21": "sal_centru"}
    connection = a_connection("yclients", "con_unsigned", settings=settings)
    polled = Polled(driver, Site(), driver.store.save(connection)[0])
    polled.token()
    polled.wake()
    polled.wake_on_time()
    assert [each.location for each in polled.site.asked] == ["21", "30", "4"]
    assert polled.poll().began_at is None


# --- what is taken in


def test_a_booking_whose_webhook_was_lost_is_taken_in(polled: Polled) -> None:
    polled.site.pages = [page(a_record(kind="update"))]
    (item,) = polled.wake()
    assert item.state is InboxState.APPLIED
    assert polled.driver.only_booking().external_id == "880001"


def test_a_lost_cancellation_is_taken_in(polled: Polled) -> None:
    polled.sender.send(a_record())
    later = NOW + timedelta(minutes=3)
    polled.site.pages = [page(a_record(changed=later, kind="delete", deleted=True))]
    (item,) = polled.wake()
    assert item.state is InboxState.APPLIED
    assert polled.driver.only_booking().status is Status.CANCELLED


def test_what_a_webhook_has_told_is_not_taken_in_once_more(polled: Polled) -> None:
    polled.sender.send(a_record())
    before = polled.driver.only_booking()
    polled.site.pages = [page(a_record(kind="update"))]
    assert polled.wake() == []
    assert polled.driver.only_booking() == before


def test_an_older_word_than_the_webhooks_is_not_taken_in(polled: Polled) -> None:
    polled.sender.send(a_record(changed=NOW + timedelta(seconds=5)))
    polled.site.pages = [page(a_record(kind="update", attendance=-1))]
    assert polled.wake() == []


def test_another_word_of_the_same_second_is_taken_in(polled: Polled) -> None:
    polled.sender.send(a_record())
    polled.site.pages = [page(a_record(kind="update", attendance=2))]
    (item,) = polled.wake()
    assert item.state is InboxState.APPLIED
    assert polled.driver.only_booking().status is Status.CONFIRMED


def test_a_page_that_is_told_twice_counts_once(polled: Polled) -> None:
    polled.site.pages = [page(a_record(kind="update")), page(a_record(kind="update"))]
    assert len(polled.wake()) == 1
    before = polled.driver.only_booking()
    assert polled.wake_on_time() == []
    assert polled.driver.only_booking() == before


def test_what_waits_in_the_inbox_is_stored_once(polled: Polled) -> None:
    """Two polls between which intake has not come to the body."""
    told = page(a_record(kind="update"))
    polled.site.pages = [told, told]
    for _ in range(2):
        wake_poll(polled.driver.world, lambda: Polling(polled.sender.receiving(), polled.site), polled.poll())
    assert len(polled.driver.store.inbox(NETWORK).items) == 1


def test_a_webhook_that_comes_after_the_poll_changes_nothing(polled: Polled) -> None:
    polled.site.pages = [page(a_record(kind="update"))]
    polled.wake()
    before = polled.driver.only_booking()
    item = polled.sender.send(a_record())
    assert item.state is InboxState.IGNORED
    assert polled.driver.only_booking() == before


def test_a_body_that_cannot_be_read_is_quarantined_and_stops_no_other(polled: Polled) -> None:
    broken = a_record(1, kind="update")
    broken["data"]["last_change_date"] = None
    broken["data"]["id"] = {}
    polled.site.pages = [page(broken, a_record(kind="update"))]
    polled.wake()
    states = sorted(each.state.value for each in polled.driver.store.inbox(NETWORK).items)
    assert states == ["applied", "quarantined"]
    assert polled.waits() == INTERVAL


def test_a_record_of_another_company_is_held_as_a_webhook_is(polled: Polled) -> None:
    polled.site.pages = [page(a_record(company=COMPANY + 1, kind="update"))]
    polled.wake()
    (item,) = polled.driver.store.inbox(NETWORK).items
    assert (item.state, item.reason) == (InboxState.QUARANTINED, "WRONG_COMPANY")


def test_what_says_nothing_here_is_not_stored(polled: Polled) -> None:
    polled.site.pages = [page({"company_id": COMPANY, "resource": "goods", "resource_id": 1, "data": {}})]
    assert polled.wake() == []
    assert polled.driver.store.inbox(NETWORK).items == []


# --- page by page


def test_a_wake_reads_two_pages_and_the_next_one_goes_on(polled: Polled) -> None:
    polled.site.pages = [page(is_last=False), page(is_last=False), page(a_record(kind="update"))]
    began = polled.driver.clock.now
    assert polled.wake() == []
    assert (polled.waits(), polled.poll().page) == (GO_ON, 3)
    assert len(polled.wake_on_time()) == 1
    assert [each.page for each in polled.site.asked] == [1, 2, 3]
    assert {each.since for each in polled.site.asked} == {NOW - LOOK_BACK}
    assert (polled.poll().since, polled.waits()) == (began - OVERLAP, INTERVAL)


def test_a_walk_goes_on_where_the_site_gave_no_answer(polled: Polled) -> None:
    polled.site.pages = [page(is_last=False), SiteChanges(AskedOutcome.LATER, reason="it answered 503")]
    polled.wake()
    assert polled.poll().page == 2
    polled.wake_on_time()
    assert [each.page for each in polled.site.asked] == [1, 2, 2]


# --- no answer


def test_a_site_that_gives_no_answer_is_asked_less_and_less_often(polled: Polled) -> None:
    polled.site.pages = [SiteChanges(AskedOutcome.LATER, reason="it answered 500")] * 8
    waits = []
    for _ in range(8):
        polled.wake_on_time()
        waits.append(polled.waits())
    assert waits[:3] == [INTERVAL, 2 * INTERVAL, 4 * INTERVAL]
    assert waits[-1] == MAX_WAIT
    assert polled.tasks() == ["site_not_asked"]
    polled.wake_on_time()
    assert (polled.poll().failures, polled.waits()) == (0, INTERVAL)
    assert polled.site.asked[-1].since == NOW - LOOK_BACK  # nothing is left out


def test_the_network_is_told_of_six_polls_in_a_row_without_an_answer(polled: Polled) -> None:
    polled.site.pages = [SiteChanges(AskedOutcome.LATER, reason="it answered 404")] * FAILURES_BEFORE_TASK
    for _ in range(FAILURES_BEFORE_TASK - 1):
        polled.wake_on_time()
    assert polled.tasks() == []
    polled.wake_on_time()
    (task,) = polled.driver.store.get_all(Task, network_id=NETWORK)
    assert "it answered 404; asked for changes since" in str(task.words)


def test_the_site_may_wish_for_a_longer_wait(polled: Polled) -> None:
    polled.site.pages = [SiteChanges(AskedOutcome.LATER, reason="it answered 429", wait=HOUR)]
    polled.wake()
    assert polled.waits() == HOUR


def test_a_refused_token_ends_the_polls_and_the_owner_gets_a_task(polled: Polled) -> None:
    polled.site.pages = [SiteChanges(AskedOutcome.TOKEN_REFUSED, reason="it answered 401")]
    polled.wake()
    assert polled.poll().wake is None
    assert polled.tasks() == ["site_token_refused"]


def test_a_token_given_again_goes_on_where_the_polls_ended(polled: Polled) -> None:
    polled.site.pages = [SiteChanges(AskedOutcome.TOKEN_REFUSED, reason="it answered 401")]
    polled.wake()
    polled.driver.clock.forward(days=3)
    polled.token()
    polled.wake_on_time()
    assert [each.since for each in polled.site.asked] == [NOW - LOOK_BACK] * 2


@pytest.mark.parametrize("gone", ["token", "connection"])
def test_polls_end_with_the_token_and_with_the_connection(polled: Polled, gone: str) -> None:
    if gone == "token":
        polled.token(None)
    else:
        disconnect_site(polled.driver.world, access(), polled.id)
    polled.wake()
    assert (polled.poll().wake, polled.site.asked) == (None, [])


def test_a_token_of_a_moment_ago_is_known_to_a_process_with_an_older_set_up(driver: SalonDriver) -> None:
    kept = CachedDirectories(driver.store.directory, driver.clock)
    worker = replace(driver, world=replace(driver.world, directories=kept))
    connection = a_connection("yclients", "con_unsigned", settings={"company_id": str(COMPANY)})
    polled = Polled(worker, Site(), driver.store.save(connection)[0])
    kept(NETWORK)
    set_api_token(driver.world, access(), "con_unsigned", "partner, user")
    polled.wake()
    assert len(polled.site.asked) == 1


def test_a_poll_that_a_defect_parked_is_retried_by_a_person(polled: Polled) -> None:
    def breaks(wanted: ChangesWanted) -> SiteChanges:
        raise RuntimeError("broken")

    driver = replace(polled.driver, ask_changes=breaks)
    for _ in range(7):
        driver.wake(polled.poll())
        driver.clock.forward(hours=1)
    assert polled.poll().wake is None
    (parked,) = list_parked(driver.world, NETWORK)
    retry_parked(driver.world, NETWORK, parked.id)
    polled.wake_on_time()
    assert (polled.poll().trouble, polled.waits()) == (None, INTERVAL)
