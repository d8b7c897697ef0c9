"""How much a network, and all networks together, may send and spend. What is over a bound waits."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from chalicelib.domain.clients.clients import Device
from chalicelib.domain.messages.messages import MessageState, Outcome
from chalicelib.domain.messages.spending import Ceilings, Cost
from chalicelib.domain.networks.rules import ChannelStep
from chalicelib.domain.shared.months import month_name
from chalicelib.domain.shared.tasks import TaskKind
from chalicelib.domain.shared.touches import Plan, TouchKind, TouchState
from chalicelib.services.clients.register_client import NewClient
from chalicelib.services.messages.about_client import about_client
from chalicelib.services.messages.budgets import Budgets
from chalicelib.services.messages.decide_touch import Case, stopped_by
from chalicelib.services.networks.set_rules import set_rules as set_rules_by_owner
from chalicelib.services.waking.wake_items import drain_shard
from infra.testkit.builders import NETWORK, NOW, access
from infra.testkit.doubles import RecordingSender
from infra.testkit.salon_driver import SalonDriver
from tests.services.messages.bounded import (
    IN_THREE_DAYS,
    book_as_partner,
    notices,
    phones,
    report,
    set_rules,
    tasks,
    unsigned,
)

# --- the network and the deployment


def test_the_network_sends_so_many_messages_a_day(driver: SalonDriver, sender: RecordingSender) -> None:
    set_rules(driver, network_daily_cap=5)
    for phone in phones(12):
        driver.book(IN_THREE_DAYS, client=NewClient(name="V", phone=phone))
    driver.drain()
    assert len(sender.sent) == 5
    assert notices(driver).count(("deferred", "network_daily_cap")) == 7
    set_rules(driver, network_daily_cap=100)
    driver.run_until(NOW + timedelta(hours=1))
    assert len(sender.sent) == 12, "they go on as soon as the bound is lifted"


def test_the_networks_messages_of_a_day_cost_so_much_at_most(driver: SalonDriver) -> None:
    set_rules(driver, network_daily_usd_cents=17)  # three parts at five cents
    for phone in phones(6):
        driver.book(IN_THREE_DAYS, client=NewClient(name="V", phone=phone))
    driver.drain()
    assert len(driver.sender.sent) == 3
    assert tasks(driver) == [(TaskKind.MESSAGES_HELD_BACK, "network_daily_usd_cents")]


@pytest.mark.parametrize(
    ("ceilings", "reason"),
    [
        (Ceilings(network_messages=4), "network_daily_cap"),
        (Ceilings(network_usd_cents=20), "network_daily_usd_cents"),
        (Ceilings(deployment_messages=4), "deployment_daily_cap"),
    ],
)
def test_what_the_operator_allows_holds_in_networks_without_rules_of_their_own(
    driver: SalonDriver, ceilings: Ceilings, reason: str
) -> None:
    for phone in phones(14):
        book_as_partner(driver, phone)
    replace(driver, ceilings=ceilings).drain()
    assert len(driver.sender.sent) == 4
    assert notices(driver).count(("deferred", reason)) == 10


def test_a_network_with_high_bounds_counts_nothing_while_it_sends_little(driver: SalonDriver) -> None:
    driver = replace(driver, ceilings=Ceilings(network_messages=5_000, deployment_messages=100_000))
    for phone in phones(8):
        driver.book(IN_THREE_DAYS, client=NewClient(name="V", phone=phone))
    driver.drain()
    assert len(driver.sender.sent) == 8
    assert driver.store.spending(NETWORK, month_name(NOW)).version == 0
    for phone in phones(9)[8:]:
        driver.book(IN_THREE_DAYS, client=NewClient(name="V", phone=phone))
    driver.drain()


def test_of_many_messages_of_one_worker_all_are_counted(driver: SalonDriver) -> None:
    driver = replace(driver, ceilings=Ceilings(network_messages=5_000))
    for phone in phones(30):
        driver.book(IN_THREE_DAYS, client=NewClient(name="V", phone=phone))
    driver.drain()
    spending = driver.store.spending(NETWORK, month_name(NOW))
    assert 30 <= spending.day_messages <= 30 + 16
    assert spending.version <= 3, "a few writes for thirty messages"


# --- the month


def test_with_a_budget_of_0_nothing_is_sent_until_it_is_raised(driver: SalonDriver) -> None:
    set_rules(driver, monthly_budget_usd_cents=0)
    driver.book(IN_THREE_DAYS)
    driver.drain()
    assert driver.kinds_sent() == []
    assert notices(driver) == [("deferred", "budget")]
    assert TaskKind.BUDGET_SPENT in [kind for kind, _ in tasks(driver)]
    set_rules(driver, monthly_budget_usd_cents=1_000)
    driver.run_until(NOW + timedelta(hours=1))
    assert driver.kinds_sent() == ["notice"]


def test_with_a_budget_of_0_what_costs_nothing_is_sent(driver: SalonDriver) -> None:
    by_push = RecordingSender("push")
    set_rules(driver, monthly_budget_usd_cents=0, channels=(ChannelStep("push"),))
    driver.store.save(replace(driver.client(), devices=(Device("arn:device", "ios", NOW),)))
    driver.book(IN_THREE_DAYS)
    replace(driver, sender=by_push).drain()
    assert [each.kind for each in by_push.sent] == ["notice"]


def test_the_essential_has_a_ceiling_above_the_budget(driver: SalonDriver) -> None:
    set_rules(driver, monthly_budget_usd_cents=10)  # two parts at five cents; twice as much for the essential
    for phone in phones(7):
        driver.book(IN_THREE_DAYS, client=NewClient(name="V", phone=phone))
        driver.drain()
    assert len(driver.sender.sent) == 4
    assert notices(driver).count(("deferred", "essential_budget_percent")) == 3
    assert (TaskKind.MESSAGES_HELD_BACK, "essential_budget_percent") in tasks(driver)


def test_what_is_held_back_until_it_is_of_no_use_is_skipped_for_that_reason(
    driver: SalonDriver,
) -> None:
    set_rules(driver, monthly_budget_usd_cents=0)
    driver.book(NOW + timedelta(hours=5))
    driver.run_until(NOW + timedelta(hours=6))
    assert {(each.kind.value, each.state.value, each.reason) for each in driver.log()} == {
        ("notice", "skipped", "budget"),
        ("control_reminder", "skipped", "budget"),
    }


def test_the_metric_of_the_alarm_counts_what_a_bound_holds_back(driver: SalonDriver) -> None:
    set_rules(driver, network_daily_cap=0)
    driver.book(IN_THREE_DAYS)
    counted: list[str] = []
    sending = replace(driver.sending(), count=counted.append)
    awake = driver.handlers(sending)
    for shard in driver.sweep():
        drain_shard(driver.world, awake, shard, lambda: True)
    assert counted == ["MessagesHeldBack"]


def test_a_worker_that_keeps_older_rules_reserves_nothing_by_them(driver: SalonDriver) -> None:
    """Set-up is kept for a minute; a bound that was lowered holds at once for what strangers book."""
    book_as_partner(driver, "+37369600777")
    driver.drain()
    kept = driver.world.directory(NETWORK)
    budget_of_0 = {"monthly_budget_usd_cents": 0}
    set_rules_by_owner(driver.world, access(), 1, messages=budget_of_0, bonuses={})
    cost = Cost(channel="sms", micros=50_000, essential=True, origin="key:key_partner")
    assert Budgets(driver.world).take(kept, cost, driver.clock.now) == "budget"


def test_what_was_reserved_by_older_rules_is_not_spent_by_newer_ones(driver: SalonDriver) -> None:
    directory = driver.world.directory(NETWORK)
    cost = Cost(channel="sms", micros=50_000, essential=True, origin="key:key_partner")
    worker = Budgets(driver.world)
    assert [worker.take(directory, cost, NOW) for _ in range(2)] == [None, None]  # one more is in hand
    set_rules_by_owner(driver.world, access(), 1, messages={"origin_hourly_cap": 2}, bonuses={})
    assert worker.take(driver.world.fresh_directory(NETWORK), cost, NOW) == "origin_hourly_cap"


# --- races and retries


def test_workers_at_once_never_exceed_a_bound(driver: SalonDriver) -> None:
    set_rules(driver, origin_hourly_cap=50)
    unsigned(driver)
    cost = Cost(channel="sms", micros=50_000, essential=True, origin="connection:con_yclients")
    workers = [Budgets(driver.world) for _ in range(4)]
    directory = driver.world.directory(NETWORK)
    taken = sum(worker.take(directory, cost, NOW) is None for _ in range(30) for worker in workers)
    assert 50 - 4 * 16 < taken <= 50
    died = Budgets(driver.world)
    assert died.take(directory, cost, NOW) == "origin_hourly_cap"


@pytest.mark.parametrize("processes", [1, 4, 8])
def test_what_processes_keep_does_not_use_up_the_bound_of_an_ordinary_day(
    driver: SalonDriver, processes: int
) -> None:
    """Ten messages an hour through the day, by whichever process: far below 60 an hour and 300 a day."""
    unsigned(driver)
    cost = Cost(channel="sms", micros=50_000, essential=True, origin="connection:con_yclients")
    workers = [Budgets(driver.world) for _ in range(processes)]
    directory, morning = driver.world.directory(NETWORK), NOW.replace(hour=6)
    refused = [
        worker_refusal
        for number in range(11 * 10)
        if (
            worker_refusal := workers[number * 7 % processes].take(
                directory, cost, morning + timedelta(hours=number // 10, minutes=number % 10 * 5)
            )
        )
    ]
    assert refused == []


def test_a_campaign_over_the_bound_of_a_day_waits_for_the_next(driver: SalonDriver) -> None:
    """A decision an hour for each of its recipients would be as many writes."""
    maria = about_client(driver.client(), driver.world.directory(NETWORK))
    for reason in ("network_daily_cap", "network_daily_usd_cents", "deployment_daily_cap"):
        campaign = Plan(TouchKind.CAMPAIGN, NOW, NOW + timedelta(days=5))
        held = stopped_by(Case(maria, campaign, None, driver.store, NOW, {"sms"}), reason)
        assert held.until is not None
        assert held.until >= NOW.replace(hour=0, minute=0) + timedelta(days=1)
        reminder = Plan(TouchKind.CONTROL_REMINDER, NOW, NOW + timedelta(days=5))
        held = stopped_by(Case(maria, reminder, None, driver.store, NOW, {"sms"}), reason)
        assert held.until == NOW + timedelta(hours=1)


def test_an_attempt_that_fails_gives_back_what_it_took(driver: SalonDriver) -> None:
    set_rules(driver, origin_hourly_cap=3)
    driver.sender.answers[:] = [Outcome(MessageState.FAILED, reason="refused")] * 5
    report(driver, unsigned(driver), phones(8))
    driver.drain()
    states = [state for state, _ in notices(driver)]
    assert (states.count("failed"), states.count("sent")) == (5, 3)


def test_an_old_item_of_spending_has_no_day_yet(driver: SalonDriver) -> None:
    set_rules(driver, monthly_budget_usd_cents=1_000)
    before = driver.store.spending(NETWORK, month_name(NOW))
    driver.store.save(replace(before, reserved_micros=100_000))
    driver.book(IN_THREE_DAYS)
    driver.drain()
    after = driver.store.spending(NETWORK, month_name(NOW))
    assert (after.reserved_micros, after.day_messages, after.day_micros) == (150_000, 1, 50_000)
    assert driver.only_booking().touches[TouchKind.NOTICE].state is TouchState.SENT
