"""Caps, budget, hold-out groups, one message a visit: what keeps a salon from being a nuisance."""

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Status
from chalicelib.domain.clients.client_plan import with_wake
from chalicelib.domain.clients.clients import Due, VisitDay
from chalicelib.domain.messages.messages import Message, MessageState, Outcome, Outgoing
from chalicelib.domain.networks.network import Network
from chalicelib.domain.networks.rules import MessageRules, Rules
from chalicelib.domain.shared.ids import digest, time_ordered
from chalicelib.domain.shared.months import month_name
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.services.bookings.confirm_visit import confirm_visit
from chalicelib.services.bookings.step_booking import mark_no_show
from chalicelib.services.loyalty.post_bonus import PostingByHand, post_by_hand
from infra.testkit.builders import NETWORK, NOW, a_client, a_consent, access, save_client
from infra.testkit.doubles import RecordingSender
from infra.testkit.salon_driver import SalonDriver

IN_TWO_DAYS = NOW + timedelta(days=2, hours=2)
MARIA = "cli_maria00000000001"


def set_rules(driver: SalonDriver, **fields: Any) -> None:
    network = driver.store.get(Network, network_id=NETWORK)
    driver.store.save(replace(network, rules=Rules(messages=MessageRules(**fields))))
    driver.world.directories.forget(NETWORK)


def change(driver: SalonDriver, **fields: Any) -> None:
    """Changes Maria, whose pointer follows."""
    client = replace(driver.client(), **{"consents": (a_consent(),), **fields})
    driver.store.save(with_wake(client, driver.world.directory(NETWORK), driver.world.now()))


def logged(driver: SalonDriver, days_ago: float, kind: TouchKind) -> None:
    at = NOW - timedelta(days=days_ago)
    message = Message(
        network_id=NETWORK,
        id=time_ordered("msg", at, digest(kind, length=10)),
        client_id=MARIA,
        kind=kind,
        channel="sms",
        state=MessageState.SENT,
        planned_at=at,
        recorded_at=at,
    )
    driver.store.save(message)


def due_now(driver: SalonDriver) -> None:
    change(driver, due=(Due("srv_cut", NOW, "bkg_1"),))


def states(driver: SalonDriver, kind: str) -> list[tuple[str, str | None]]:
    return [(each.state.value, each.reason) for each in driver.log() if each.kind == kind]


# --- caps


def test_one_marketing_message_a_week_and_the_next_waits_for_its_week_to_be_over(driver: SalonDriver) -> None:
    logged(driver, 4, TouchKind.BIRTHDAY)
    due_now(driver)
    driver.run_until(NOW + timedelta(days=2, hours=23))
    assert driver.kinds_sent() == []
    driver.run_until(NOW + timedelta(days=3, hours=1))
    assert driver.kinds_sent() == ["repeat_invitation"]


def test_three_messages_a_week_and_what_a_booking_needs_is_not_counted(driver: SalonDriver) -> None:
    for days, kind in (
        (1, TouchKind.NOTICE),
        (2, TouchKind.CONFIRM_REQUEST),
        (3, TouchKind.CONTROL_REMINDER),
    ):
        logged(driver, days, kind)
    due_now(driver)
    driver.drain()
    assert driver.kinds_sent() == ["repeat_invitation"]


def test_what_a_booking_needs_is_never_capped(driver: SalonDriver) -> None:
    for days in (1, 2, 3, 4):
        logged(driver, days, TouchKind.REVIEW_REQUEST)
    driver.book(IN_TWO_DAYS)
    driver.run_until(IN_TWO_DAYS)
    assert driver.kinds_sent() == ["notice", "confirm_request", "control_reminder"]


def test_of_two_that_are_due_at_once_the_more_urgent_goes_and_the_other_waits_a_week(
    driver: SalonDriver,
) -> None:
    born = date(1990, 11, 29)
    change(driver, birth_date=born, due=(Due("srv_cut", NOW, "bkg_1"),))
    driver.run_until(NOW + timedelta(days=6))
    assert driver.kinds_sent() == ["repeat_invitation"]
    driver.run_until(NOW + timedelta(days=20))
    assert driver.kinds_sent() == ["repeat_invitation"]
    assert states(driver, "birthday") == [("skipped", "weekly_marketing_cap")]


def test_a_cap_of_none_skips_at_once_and_says_so(driver: SalonDriver) -> None:
    set_rules(driver, weekly_marketing_cap=0)
    due_now(driver)
    driver.drain()
    assert states(driver, "repeat_invitation") == [("skipped", "weekly_marketing_cap")]


# --- budget


def test_the_budget_stops_marketing_and_not_what_a_booking_needs(driver: SalonDriver) -> None:
    set_rules(driver, monthly_budget_usd_cents=12)  # two parts at five cents
    due_now(driver)
    driver.book(IN_TWO_DAYS)
    driver.drain()
    driver.run_until(IN_TWO_DAYS)
    assert driver.kinds_sent().count("repeat_invitation") <= 1
    assert {"notice", "confirm_request", "control_reminder"} <= set(driver.kinds_sent())
    new = a_client("cli_elena0000000001", name="Elena", phone="+37369000111", email=None, birth_date=None)
    elena = save_client(driver.store, replace(new, consents=(a_consent(),)))
    elena = replace(elena, due=(Due("srv_cut", IN_TWO_DAYS, "bkg_2"),))
    driver.store.save(with_wake(elena, driver.world.directory(NETWORK), driver.world.now()))
    driver.run_until(IN_TWO_DAYS + timedelta(hours=1))
    assert [(each.state.value, each.reason) for each in driver.log(elena.id)] == [("skipped", "budget")]


def test_the_owner_is_told_once_at_four_fifths_and_once_at_the_end(driver: SalonDriver) -> None:
    set_rules(driver, monthly_budget_usd_cents=12)
    driver.book(IN_TWO_DAYS)
    driver.run_until(IN_TWO_DAYS)
    change(driver, due=(Due("srv_cut", IN_TWO_DAYS + timedelta(hours=1), "bkg_1"),))
    driver.run_until(IN_TWO_DAYS + timedelta(days=1))
    kinds = [
        task.kind for task in driver.store.get_page(Task, network_id=NETWORK).items if "budget" in task.kind
    ]
    assert sorted(kinds) == [TaskKind.BUDGET_NEARLY_SPENT, TaskKind.BUDGET_SPENT]


def test_what_was_not_needed_of_a_slice_is_given_back(driver: SalonDriver) -> None:
    set_rules(driver, monthly_budget_usd_cents=100_000)
    driver.book(IN_TWO_DAYS)
    driver.drain()
    assert driver.store.spending(NETWORK, month_name(NOW)).reserved_micros == 50_000


def test_of_a_budget_that_was_raised_the_owner_is_told_anew(driver: SalonDriver) -> None:
    set_rules(driver, monthly_budget_usd_cents=10, daily_notice_cap=50)  # two parts at five cents
    for days in range(2):
        driver.book(IN_TWO_DAYS + timedelta(days=days))
        driver.drain()
        driver.clock.forward(minutes=2)
    set_rules(driver, monthly_budget_usd_cents=40, daily_notice_cap=50)
    assert [task.kind for task in driver.store.get_page(Task, network_id=NETWORK).items] == [
        TaskKind.BUDGET_NEARLY_SPENT
    ]
    for days in range(2, 9):
        driver.book(IN_TWO_DAYS + timedelta(days=days))
        driver.drain()
        driver.clock.forward(minutes=2)
    assert [task.kind for task in driver.store.get_page(Task, network_id=NETWORK).items] == [
        TaskKind.BUDGET_NEARLY_SPENT
    ] * 2
    assert driver.kinds_sent() == ["notice"] * 9


def test_a_network_without_a_budget_keeps_no_account_of_it(driver: SalonDriver) -> None:
    driver.book(IN_TWO_DAYS)
    driver.drain()
    assert driver.store.spending(NETWORK, month_name(NOW)).version == 0


# --- hold-out


def test_who_is_held_out_is_left_alone_and_marked_in_the_log(driver: SalonDriver) -> None:
    set_rules(driver, holdout_percent={TouchKind.REPEAT_INVITATION: 100})
    due_now(driver)
    driver.drain()
    assert states(driver, "repeat_invitation") == [("skipped", "held_out")]


# --- one message a visit


def test_two_bookings_of_a_day_make_one_request_one_reminder_and_one_thanks(driver: SalonDriver) -> None:
    first = driver.book(IN_TWO_DAYS)
    second = driver.book(IN_TWO_DAYS + timedelta(hours=2))
    driver.run_until(second.starts_at)
    assert driver.kinds_sent() == ["notice", "notice", "confirm_request", "control_reminder"]
    driver.complete(first)
    driver.run_until(second.ends_at)
    driver.complete(second)
    driver.run_until(second.ends_at + timedelta(days=1))
    assert driver.kinds_sent()[4:] == ["review_request"]
    skipped = [
        m for m in driver.log() if m.kind in ("review_request", "confirm_request") and m.state == "skipped"
    ]
    assert {message.reason for message in skipped} == {"same_visit"}


def test_the_second_booking_is_asked_about_when_the_first_is_cancelled(driver: SalonDriver) -> None:
    first = driver.book(IN_TWO_DAYS)
    driver.book(IN_TWO_DAYS + timedelta(hours=2))
    driver.run_until(NOW + timedelta(hours=1))
    driver.cancel(first)
    driver.run_until(IN_TWO_DAYS + timedelta(hours=2))
    assert driver.kinds_sent()[2:] == ["notice", "confirm_request", "control_reminder"]


def test_one_answer_to_the_one_request_confirms_the_whole_visit(driver: SalonDriver) -> None:
    first = driver.book(IN_TWO_DAYS)
    second = driver.book(IN_TWO_DAYS + timedelta(hours=2))
    driver.run_until(IN_TWO_DAYS - timedelta(hours=20))
    later = driver.book(IN_TWO_DAYS + timedelta(hours=4))
    for _ in range(2):
        confirm_visit(driver.world, access(), first.id)
    statuses = [driver.booking(each.id).status for each in (first, second, later)]
    assert statuses == [Status.CONFIRMED, Status.CONFIRMED, Status.BOOKED]  # the last one was not asked about


# --- the other kinds


def test_who_did_not_come_is_invited_the_next_day_unless_they_have_booked_again(driver: SalonDriver) -> None:
    change(driver)
    booking = driver.book(IN_TWO_DAYS)
    driver.run_until(booking.ends_at)
    mark_no_show(driver.world, access(), booking.id)
    driver.run_until(booking.ends_at + timedelta(days=2))
    assert driver.kinds_sent()[-1] == "no_show_invitation"
    (message,) = [each for each in driver.log() if each.kind == "no_show_invitation"]
    assert f"{message.recorded_at:%d %H:%M}" == "26 09:00"  # eleven in Chisinau


def test_who_has_booked_again_after_a_no_show_is_not_invited(driver: SalonDriver) -> None:
    change(driver)
    booking = driver.book(IN_TWO_DAYS)
    driver.run_until(booking.ends_at)
    mark_no_show(driver.world, access(), booking.id)
    driver.book(IN_TWO_DAYS + timedelta(days=9))
    driver.run_until(booking.ends_at + timedelta(days=2))
    assert states(driver, "no_show_invitation") == [("skipped", "has_booking")]


def test_a_birthday_is_greeted_a_week_before_once_a_year(driver: SalonDriver) -> None:
    change(driver, birth_date=date(1990, 12, 20))
    driver.run_until(NOW + timedelta(days=400))
    found = [each for each in driver.log() if each.kind == "birthday"]
    assert [f"{each.recorded_at:%Y-%m-%d}" for each in found] == ["2026-12-13", "2027-12-13"]


def test_who_stays_away_is_missed_once_and_won_back_once(driver: SalonDriver) -> None:
    visits = tuple(VisitDay(NOW.date() - timedelta(days=days), "sal_centru") for days in (1, 15, 29))
    change(driver, recent_visits=visits, visits_count=3, first_visit_on=visits[-1].on, birth_date=None)
    driver.run_until(NOW + timedelta(days=200))
    assert driver.kinds_sent() == ["at_risk", "win_back"]


def test_who_has_a_booking_ahead_is_not_missed_unless_it_falls_through(driver: SalonDriver) -> None:
    visits = (VisitDay(NOW.date() - timedelta(days=55), "sal_centru"),)
    change(driver, recent_visits=visits, visits_count=1, first_visit_on=visits[0].on, birth_date=None)
    booking = driver.book(NOW + timedelta(days=12))
    driver.run_until(NOW + timedelta(days=10))
    assert "win_back" not in driver.kinds_sent()
    driver.cancel(booking)
    driver.run_until(NOW + timedelta(days=30))
    assert driver.kinds_sent()[-1] == "win_back"


def test_points_that_expire_are_warned_of_twice_and_spent_ones_are_not(driver: SalonDriver) -> None:
    expires_on = NOW.date() + timedelta(days=30)
    post_by_hand(
        driver.world,
        access(),
        MARIA,
        PostingByHand(kind="grant", points=50, reason="gift", expires_on=expires_on),
    )
    driver.run_until(NOW + timedelta(days=60))
    found = [each for each in driver.log() if each.kind == "bonus_expiry"]
    assert [f"{each.recorded_at:%Y-%m-%d}" for each in found] == ["2026-12-09", "2026-12-20"]


def test_points_that_were_spent_meanwhile_are_not_warned_of(driver: SalonDriver) -> None:
    expires_on = NOW.date() + timedelta(days=30)
    post_by_hand(
        driver.world,
        access(),
        MARIA,
        PostingByHand(kind="grant", points=50, reason="gift", expires_on=expires_on),
    )
    driver.run_until(NOW + timedelta(days=17))
    post_by_hand(driver.world, access(), MARIA, PostingByHand(kind="redeem", points=50, reason="cream"))
    driver.run_until(NOW + timedelta(days=60))
    assert driver.kinds_sent() == ["bonus_expiry"]


def test_the_salon_is_told_once_of_a_booking_that_nobody_confirmed(driver: SalonDriver) -> None:
    booking = driver.book(IN_TWO_DAYS)
    driver.run_until(IN_TWO_DAYS - timedelta(hours=2, minutes=1))
    assert driver.store.get_page(Task, network_id=NETWORK).items == []
    driver.run_until(IN_TWO_DAYS)
    (task,) = driver.store.get_page(Task, network_id=NETWORK).items
    assert (task.kind, task.booking_id, task.salon_id) == (TaskKind.UNCONFIRMED, booking.id, "sal_centru")


def test_a_confirmed_booking_is_no_task(driver: SalonDriver) -> None:
    booking = driver.book(IN_TWO_DAYS)
    driver.run_until(IN_TWO_DAYS - timedelta(hours=20))
    driver.confirm(booking)
    driver.run_until(IN_TWO_DAYS)
    assert driver.store.get_page(Task, network_id=NETWORK).items == []
    assert driver.booking(booking.id).status is Status.CONFIRMED


@pytest.mark.parametrize(("off", "left"), [("notice", 3), ("review_request", 4)])
def test_a_kind_that_is_switched_off_is_not_made(driver: SalonDriver, off: str, left: int) -> None:
    set_rules(driver, off=(TouchKind(off),))
    booking = driver.book(IN_TWO_DAYS)
    driver.run_until(booking.ends_at)
    driver.complete(booking)
    driver.run_until(booking.ends_at + timedelta(days=1))
    assert off not in driver.kinds_sent()
    assert len(driver.kinds_sent()) == left  # without a review request the bonus notice goes alone


def test_two_bookings_that_were_missed_on_one_day_make_one_invitation(driver: SalonDriver) -> None:
    set_rules(driver, weekly_cap=9, weekly_marketing_cap=9)
    change(driver)
    missed = [driver.book(IN_TWO_DAYS), driver.book(IN_TWO_DAYS + timedelta(hours=2))]
    driver.run_until(IN_TWO_DAYS + timedelta(hours=4))
    for booking in missed:
        mark_no_show(driver.world, access(), booking.id)
    driver.run_until(IN_TWO_DAYS + timedelta(days=3))
    assert sorted(states(driver, "no_show_invitation")) == [("sent", None), ("skipped", "same_visit")]


def test_a_booking_ahead_counts_however_many_that_were_cancelled_lie_before_it(driver: SalonDriver) -> None:
    for hours in range(6):
        driver.cancel(driver.book(NOW + timedelta(days=40, hours=hours)))
    driver.book(NOW + timedelta(days=41))
    due_now(driver)
    driver.run_until(NOW + timedelta(days=1))
    assert states(driver, "repeat_invitation") == [("skipped", "has_booking")]


def test_what_was_sent_is_on_record_before_the_next_is_tried(driver: SalonDriver) -> None:
    """Two touches of one wake: our own mistake with the second costs the first nothing."""

    class Breaks(RecordingSender):
        def send(self, outgoing: Outgoing) -> Outcome:
            if self.sent:
                raise KeyError("a mistake of ours")
            return super().send(outgoing)

    driver.sender = Breaks()
    set_rules(driver, weekly_cap=9, weekly_marketing_cap=9)
    change(driver, birth_date=date(1990, 11, 30), due=(Due("srv_cut", NOW + timedelta(hours=1), "bkg_1"),))
    driver.run_until(NOW + timedelta(hours=3))
    assert states(driver, "repeat_invitation") == [("sent", None)]
    assert states(driver, "birthday") == [("unknown", "worker_lost")]
