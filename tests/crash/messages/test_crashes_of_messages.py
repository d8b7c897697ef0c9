"""Every AWS call of the later kinds of messages fails in turn: cascades, budgets, accounts, campaigns,
tasks."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.clients.client_plan import with_wake
from chalicelib.domain.clients.clients import Due
from chalicelib.domain.intake.site_events import SiteClient
from chalicelib.domain.marketing.campaigns import Campaign, CampaignState, Recipient
from chalicelib.domain.networks.network import Network
from chalicelib.domain.networks.rules import ChannelStep, MessageRules, Rules
from chalicelib.domain.shared.links import Link
from chalicelib.domain.shared.months import month_name
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.domain.shared.touches import UNSETTLED, TouchKind
from chalicelib.domain.shared.waking import Wake
from chalicelib.services.bookings.step_booking import mark_no_show
from chalicelib.services.loyalty.post_bonus import PostingByHand, post_by_hand
from infra.testkit.builders import NETWORK, NOW, OTHER_NETWORK, a_connection, a_consent, access
from infra.testkit.failing_calls import Failure
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.site_events import reported
from tests.crash.arranged import IN_TWO_DAYS, MARIA_ID, Story, fail_each_call, sent_by_sms


def drain(driver: SalonDriver, _: Any) -> None:
    driver.drain()


def the_clock_goes_on(driver: SalonDriver, _: Any) -> None:
    driver.run_until(driver.world.now() + timedelta(minutes=25))


def at(driver: SalonDriver, moment: Any) -> None:
    driver.world.clock.now = moment  # type: ignore[attr-defined]


def with_rules(driver: SalonDriver, **fields: Any) -> None:
    network = driver.store.get(Network, network_id=NETWORK)
    driver.store.save(replace(network, rules=Rules(messages=MessageRules(**fields))))
    driver.world.directories.forget(NETWORK)


def change(driver: SalonDriver, **fields: Any) -> None:
    client = replace(driver.client(), **{"consents": (a_consent(),), **fields})
    driver.store.save(with_wake(client, driver.world.directory(NETWORK), driver.world.now()))


def once(kind: str) -> Callable[[SalonDriver, Any], None]:
    """Settled, on record, and never sent twice."""

    def check(driver: SalonDriver, item: Any) -> None:
        now = driver.world.now()
        lines = [message for message in driver.log() if message.kind == kind]
        assert lines
        assert sent_by_sms()[kind] <= 1
        for found in (driver.client(), driver.store.account(NETWORK, MARIA_ID), *driver.bookings()):
            touch = found.touches.get(TouchKind(kind))
            assert touch is None or touch.state not in UNSETTLED
            assert found.wake is None or found.wake.at > now

    return check


def before_a_budgeted_invitation(driver: SalonDriver) -> None:
    with_rules(driver, monthly_budget_usd_cents=500)
    change(driver, due=(Due("srv_cut", NOW, "bkg_1"),))


def within_the_budget(driver: SalonDriver, item: Any) -> None:
    """What a worker that died had taken stays counted: never less than was spent, at most two slices more."""
    once("repeat_invitation")(driver, item)
    reserved = driver.store.spending(NETWORK, month_name(NOW)).reserved_micros
    assert 50_000 * sent_by_sms()["repeat_invitation"] <= reserved <= 3 * 50_000


def before_a_budget_is_nearly_spent(driver: SalonDriver) -> None:
    with_rules(driver, monthly_budget_usd_cents=6)
    change(driver, due=(Due("srv_cut", NOW, "bkg_1"),))


def the_owner_was_told_once(driver: SalonDriver, item: Any) -> None:
    tasks = [
        task
        for task in driver.store.get_page(Task, network_id=NETWORK).items
        if task.kind is TaskKind.BUDGET_NEARLY_SPENT
    ]
    assert len(tasks) == 1


def before_a_delivery_over_a_bound(driver: SalonDriver) -> None:
    """Three bookings of an unsigned site, which may cause two messages an hour."""
    with_rules(driver, origin_hourly_cap=2)
    connection = a_connection("yclients", "con_yclients", secret=None)
    driver.store.save(connection)
    driver.world.directories.forget(NETWORK)
    clients = [SiteClient(external_id=f"c-{n}", name="X", phone=f"+3736920000{n}") for n in range(3)]
    driver.hear(connection, *(reported(f"b-{c.external_id}", 1, IN_TWO_DAYS, client=c) for c in clients))


def the_bound_holds_and_the_rest_waits(driver: SalonDriver, item: Any) -> None:
    """A claim that nobody sent gives its place to the next booking."""
    notices = [booking.touches[TouchKind.NOTICE] for booking in driver.bookings()]
    waiting = [notice for notice in notices if notice.state in UNSETTLED]
    assert {notice.reason for notice in waiting} <= {"origin_hourly_cap"}
    in_hour = driver.store.spending(NETWORK, month_name(NOW)).origins["connection:con_yclients"].in_hour
    assert sent_by_sms()["notice"] <= in_hour <= 2
    reasons = [task.words for task in driver.store.get_page(Task, network_id=NETWORK).items]
    assert reasons == ["origin_hourly_cap"][: len(waiting)]


def before_a_birthday(driver: SalonDriver) -> None:
    change(driver, birth_date=date(1990, 12, 1))
    at(driver, driver.client().wake.at)  # type: ignore[union-attr]


def before_a_no_show_invitation(driver: SalonDriver) -> None:
    change(driver)
    booking = driver.book(IN_TWO_DAYS)
    driver.run_until(booking.ends_at)
    mark_no_show(driver.world, access(), booking.id)
    at(driver, driver.booking(booking.id).wake.at)  # type: ignore[union-attr]


def before_points_expire(driver: SalonDriver) -> None:
    expires_on = NOW.date() + timedelta(days=30)
    gift = PostingByHand(kind="grant", points=50, reason="gift", expires_on=expires_on)
    post_by_hand(driver.world, access(), MARIA_ID, gift, "r-1")
    at(driver, driver.store.account(NETWORK, MARIA_ID).wake.at)


def before_a_campaign(driver: SalonDriver) -> Recipient:
    change(driver, birth_date=None)
    campaign = Campaign(
        network_id=NETWORK, id="cam_1", name="Spring", texts={"ru": "x"}, starts_at=NOW,
        ends_at=NOW + timedelta(days=3), state=CampaignState.RUNNING, created_at=NOW, actor="key:test",
    )  # fmt: skip
    recipient = Recipient(
        network_id=NETWORK, client_id=MARIA_ID, campaign_id="cam_1", at=NOW, wake=Wake(NOW, "campaign")
    )
    driver.store.save(campaign, recipient)
    return recipient


def the_recipient_was_written_to_once(driver: SalonDriver, item: Any) -> None:
    once("campaign")(driver, item)
    assert (
        driver.store.get(Recipient, network_id=NETWORK, client_id=MARIA_ID, campaign_id="cam_1").wake is None
    )


def before_the_cut_off(driver: SalonDriver) -> Any:
    booking = driver.book(IN_TWO_DAYS)
    driver.run_until(IN_TWO_DAYS - timedelta(hours=20))
    at(driver, IN_TWO_DAYS - timedelta(hours=2))
    return booking


def the_salon_was_told_once(driver: SalonDriver, booking: Any) -> None:
    (task,) = driver.store.get_page(Task, network_id=NETWORK).items
    assert task.booking_id == booking.id


def before_the_next_channel(driver: SalonDriver) -> Any:
    """The first SMS was not delivered in time; the second step is an SMS as well, which is all that moto
    has."""
    with_rules(driver, channels=(ChannelStep("sms", 5), ChannelStep("sms")))
    booking = driver.book(IN_TWO_DAYS)
    driver.drain()
    at(driver, NOW + timedelta(minutes=6))
    return booking


def at_most_one_a_step(driver: SalonDriver, booking: Any) -> None:
    assert sent_by_sms()["notice"] in (1, 2)
    assert driver.booking(booking.id).touches[TouchKind.NOTICE].state not in UNSETTLED
    assert len([message for message in driver.log() if message.kind == "notice"]) <= 2


def before_a_notice_whose_links_id_is_taken(driver: SalonDriver) -> Any:
    booking = driver.book(IN_TWO_DAYS)
    link = driver.links.link(NETWORK, MARIA_ID, booking.id, booking.starts_at)
    driver.store.save(replace(link, network_id=OTHER_NETWORK))
    return booking


def the_notice_has_a_link_of_its_own(driver: SalonDriver, booking: Any) -> None:
    once("notice")(driver, booking)
    links = [
        driver.links.link(NETWORK, MARIA_ID, booking.id, booking.starts_at, number) for number in (0, 1, 2)
    ]
    of_another, own, none = (driver.store.get(Link, id=link.id) for link in links)
    assert (of_another.network_id, own, none) == (OTHER_NETWORK, links[1], None)
    assert driver.booking(booking.id).link_number == 1


def before_a_cancellation(driver: SalonDriver) -> Any:
    booking = driver.book(IN_TWO_DAYS)
    driver.drain()
    at(driver, NOW + timedelta(hours=1))
    return booking


def cancel_and_drain(driver: SalonDriver, booking: Any) -> None:
    driver.cancel(booking)
    driver.drain()


def cancel_again(driver: SalonDriver, booking: Any) -> None:
    driver.cancel(booking)
    the_clock_goes_on(driver, booking)


def the_cancellation_was_sent_once(driver: SalonDriver, booking: Any) -> None:
    assert sent_by_sms()["notice"] in (1, 2), "of the booking, and of its cancellation unless a worker died"
    lines = [message for message in driver.log() if message.kind == "notice"]
    assert sorted(message.occurrence for message in lines) == [0, 1]
    notice = driver.booking(booking.id).touches[TouchKind.NOTICE]
    assert (notice.occurrence, notice.state in UNSETTLED) == (1, False)


def before_a_course_is_gathered(driver: SalonDriver) -> None:
    for number in range(4):
        driver.book(IN_TWO_DAYS + timedelta(days=number))
        driver.drain()
    at(driver, NOW + timedelta(minutes=2))


def the_course_was_sent_in_few_messages(driver: SalonDriver, _: Any) -> None:
    """Two messages; one more where a worker died, since nobody knows what its message told; one less where
    the provider did not answer, and nobody knows whether it took the message."""
    lines = [message for message in driver.log() if message.kind == "notice"]
    unanswered = any(message.state == "unknown" and message.tells_of for message in lines)
    assert 2 - unanswered <= sent_by_sms()["notice"] <= 3
    notices = [booking.touches[TouchKind.NOTICE] for booking in driver.bookings()]
    assert all(notice.state not in UNSETTLED for notice in notices)
    assert len(lines) == 4
    known = {message.booking_id for message in lines if message.reason is None}
    known |= {name.partition(":")[0] for message in lines for name in message.tells_of}
    lost = {message.booking_id for message in lines if message.state == "unknown"}
    assert known | lost == {booking.id for booking in driver.bookings()}


STORIES: dict[str, Story] = {
    "invitation within a budget": (
        before_a_budgeted_invitation, drain, the_clock_goes_on, within_the_budget),
    "budget nearly spent": (
        before_a_budget_is_nearly_spent, drain, the_clock_goes_on, the_owner_was_told_once),
    "a delivery over a bound": (
        before_a_delivery_over_a_bound, drain, the_clock_goes_on, the_bound_holds_and_the_rest_waits),
    "birthday": (before_a_birthday, drain, the_clock_goes_on, once("birthday")),
    "no-show invitation": (before_a_no_show_invitation, drain, the_clock_goes_on, once("no_show_invitation")),
    "points expire": (before_points_expire, drain, the_clock_goes_on, once("bonus_expiry")),
    "campaign": (before_a_campaign, drain, the_clock_goes_on, the_recipient_was_written_to_once),
    "not confirmed": (before_the_cut_off, drain, the_clock_goes_on, the_salon_was_told_once),
    "a link's id is taken": (
        before_a_notice_whose_links_id_is_taken, drain, the_clock_goes_on, the_notice_has_a_link_of_its_own),
    "a cancellation": (
        before_a_cancellation, cancel_and_drain, cancel_again, the_cancellation_was_sent_once),
    "a course": (
        before_a_course_is_gathered, drain, the_clock_goes_on, the_course_was_sent_in_few_messages),
    "the next channel": (before_the_next_channel, drain, the_clock_goes_on, at_most_one_a_step),
}  # fmt: skip
CASES = [(story, failure) for story in STORIES for failure in (Failure.BEFORE, Failure.AFTER)]


@pytest.mark.parametrize(("story", "failure"), CASES)
def test_any_call_may_fail_and_nothing_is_lost_or_doubled(
    aws: dict[str, Any], story: str, failure: Failure
) -> None:
    assert fail_each_call(aws, STORIES[story], failure) > 0
