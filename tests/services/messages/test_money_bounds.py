"""No path that costs money is without a bound: types of numbers, countries, one phone, one site or partner,
the network, the deployment. What is over a bound waits, on record."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client, Device
from chalicelib.domain.intake.site_events import SiteClient
from chalicelib.domain.messages.bounds import bounds_of
from chalicelib.domain.messages.messages import MessageState, Outcome
from chalicelib.domain.messages.spending import Bounds, Ceilings, Cost
from chalicelib.domain.networks.network import Connection, Network, Role
from chalicelib.domain.networks.rules import ChannelStep, MessageRules, Rules
from chalicelib.domain.shared.months import month_name
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.domain.shared.touches import Plan, TouchKind, TouchState
from chalicelib.services.bookings import book
from chalicelib.services.clients.register_client import NewClient
from chalicelib.services.messages.about_client import about_client
from chalicelib.services.messages.budgets import Budgets
from chalicelib.services.messages.decide_touch import Case, stopped_by
from chalicelib.services.networks.set_rules import set_rules as set_rules_by_owner
from chalicelib.services.waking.wake_items import drain_shard
from infra.testkit.builders import NETWORK, NOW, a_client, a_connection, a_salon, access, save_client
from infra.testkit.doubles import RecordingSender
from infra.testkit.salon_driver import MARIA_ID, SalonDriver
from infra.testkit.site_events import reported

IN_THREE_DAYS = NOW + timedelta(days=3)
PREMIUM_AND_SATELLITE = [
    f"{start}{number}"
    for start, first in (("+1900555", 1000), ("+4490987", 90100), ("+88216123", 45600), ("+979123456", 100))
    for number in range(first, first + 5)
]


def set_rules(driver: SalonDriver, **fields: Any) -> None:
    network = driver.store.get(Network, network_id=NETWORK)
    driver.store.save(replace(network, rules=Rules(messages=MessageRules(**fields))))
    driver.world.directories.forget(NETWORK)


def unsigned(driver: SalonDriver, **fields: Any) -> Connection:
    (saved,) = driver.store.save(a_connection("yclients", "con_yclients", secret=None, **fields))
    driver.world.directories.forget(NETWORK)
    return saved  # type: ignore[no-any-return]


def phones(number: int) -> list[str]:
    return [f"+37369{each:06d}" for each in range(200_000, 200_000 + number)]


def report(driver: SalonDriver, connection: Connection, numbers: Sequence[str], **fields: Any) -> None:
    """One delivery that books for each of the numbers."""
    clients = [SiteClient(external_id=phone, name="X", phone=phone) for phone in numbers]
    events = (reported(f"b-{each.phone}", 1, IN_THREE_DAYS, client=each, **fields) for each in clients)
    driver.hear(connection, *events)


def book_as_partner(driver: SalonDriver, phone: str, hours: int = 0) -> Booking:
    partner = access(Role.PARTNER, actor="key:key_partner", source="aggregator")
    wanted = book.NewBooking(
        salon_id="sal_centru",
        client=NewClient(name="V", phone=phone),
        starts_at=IN_THREE_DAYS + timedelta(hours=hours),
        lines=[book.WantedLine(service_id="srv_cut")],
    )
    return book.book(driver.world, partner, wanted)


def notices(driver: SalonDriver) -> list[tuple[str, str | None]]:
    """State and reason of every booking's notice."""
    touches = [each.touches.get(TouchKind.NOTICE) for each in driver.bookings()]
    return [(touch.state.value, touch.reason) for touch in touches if touch is not None]


def tasks(driver: SalonDriver) -> list[tuple[TaskKind, str | None]]:
    found = driver.store.get_page(Task, network_id=NETWORK, limit=100).items
    return sorted((task.kind, task.words) for task in found)


def of_phone(phone: str, **fields: Any) -> Client:
    return a_client("cli_elena0000000001", phone=phone, email=None, birth_date=None, **fields)


# --- which numbers


def test_one_unsigned_delivery_sends_nothing_to_premium_and_satellite_numbers(
    driver: SalonDriver, sender: RecordingSender
) -> None:
    report(driver, unsigned(driver), PREMIUM_AND_SATELLITE)
    driver.drain()
    assert sender.sent == []
    assert notices(driver) == [("skipped", "number_type")] * 20
    assert tasks(driver) == [(TaskKind.NUMBERS_REFUSED, "number_type")]


def test_a_number_that_gets_no_sms_is_written_to_by_the_next_channel(driver: SalonDriver) -> None:
    by_sms, by_email = RecordingSender("sms"), RecordingSender("email")
    set_rules(driver, channels=(ChannelStep("sms"), ChannelStep("email")))
    client = save_client(driver.store, replace(of_phone("+37390012345"), email="elena@example.com"))
    driver.book(IN_THREE_DAYS, client=client.id)
    replace(driver, sender={"sms": by_sms, "email": by_email}).drain()
    assert (by_sms.sent, [each.to for each in by_email.sent]) == ([], ["elena@example.com"])


def allow(driver: SalonDriver, *countries: str) -> None:
    """The owner names the countries in the rules, and the walk that plans again comes to its end."""
    version = driver.store.get(Network, network_id=NETWORK).rules_version
    set_rules_by_owner(driver.world, access(), version, messages={"sms_countries": countries}, bonuses={})
    driver.run_until(driver.clock() + timedelta(minutes=5))


def test_what_is_for_a_foreign_number_goes_out_once_its_country_is_allowed(driver: SalonDriver) -> None:
    client = save_client(driver.store, of_phone("+40721234567"))
    driver.book(IN_THREE_DAYS, client=client.id)
    driver.run_until(NOW + timedelta(hours=30))
    assert (driver.sender.sent, driver.log(client.id)) == ([], [])
    assert notices(driver) == [("deferred", "country_not_allowed")]
    first = (TaskKind.NUMBERS_REFUSED, "country_not_allowed")
    assert tasks(driver) == [first, first], "one a day"
    allow(driver, "MD", "BG")
    assert driver.sender.sent == [], "Romania is not among them"
    allow(driver, "MD", "RO")
    assert [each.to for each in driver.sender.sent] == ["+40721234567"]
    assert notices(driver) == [("sent", None)]
    driver.run_until(IN_THREE_DAYS)
    assert driver.kinds_sent() == ["notice", "confirm_request", "control_reminder"]


def test_what_no_country_was_allowed_for_is_skipped_on_record(driver: SalonDriver) -> None:
    client = save_client(driver.store, of_phone("+40721234567"))
    driver.book(IN_THREE_DAYS, client=client.id)
    driver.run_until(IN_THREE_DAYS + timedelta(hours=1))
    found = [(each.kind.value, each.state.value, each.reason) for each in driver.log(client.id)]
    kinds = ("notice", "confirm_request", "control_reminder")
    assert sorted(found) == sorted((kind, "skipped", "country_not_allowed") for kind in kinds)


def test_a_message_waits_for_a_country_with_one_write_a_day(driver: SalonDriver) -> None:
    client = save_client(driver.store, of_phone("+40721234567"))
    booking = driver.book(NOW + timedelta(days=9), client=client.id)
    driver.drain()
    before = driver.booking(booking.id).version
    driver.run_until(NOW + timedelta(days=5))
    assert driver.booking(booking.id).version - before <= 5


def test_what_waits_for_a_country_also_goes_out_when_a_salon_there_opens(driver: SalonDriver) -> None:
    client = save_client(driver.store, of_phone("+40721234567"))
    driver.book(IN_THREE_DAYS, client=client.id)
    driver.drain()
    driver.store.save(a_salon("sal_abroad", timezone="Europe/Bucharest"))
    driver.world.directories.forget(NETWORK)
    driver.run_until(NOW + timedelta(days=1, hours=1))
    assert driver.kinds_sent() == ["notice"]


@pytest.mark.parametrize("salon", [{"timezone": "Europe/Bucharest"}, {"phone": "+40212345678"}])
def test_the_countries_of_all_salons_get_sms(driver: SalonDriver, salon: dict[str, str]) -> None:
    driver.store.save(a_salon("sal_abroad", **salon))
    driver.world.directories.forget(NETWORK)
    client = save_client(driver.store, of_phone("+40721234567"))
    driver.book(IN_THREE_DAYS, client=client.id)
    driver.drain()
    assert driver.kinds_sent() == ["notice"]


def test_rules_that_name_countries_leave_out_all_others(driver: SalonDriver) -> None:
    set_rules(driver, sms_countries=("RO",))
    driver.book(IN_THREE_DAYS)
    driver.drain()
    assert notices(driver) == [("deferred", "country_not_allowed")]


# --- one phone


def test_one_phone_gets_three_notices_within_24_hours(driver: SalonDriver) -> None:
    for _ in range(10):
        book_as_partner(driver, "+37369600777")
        driver.clock.forward(seconds=1)
    for _ in range(3):
        driver.drain()
    assert driver.kinds_sent() == ["notice"] * 3
    waiting = [each for each in notices(driver) if each == ("deferred", "daily_notice_cap")]
    assert (len(waiting), len(notices(driver))) == (7, 10)
    assert tasks(driver) == [(TaskKind.MESSAGES_HELD_BACK, "daily_notice_cap")]
    driver.run_until(NOW + timedelta(hours=25))
    assert driver.kinds_sent() == ["notice"] * 6


def test_one_phone_is_asked_and_reminded_by_three_salons_a_day(driver: SalonDriver) -> None:
    salons = [f"sal_{number}" for number in range(5)]
    driver.store.save(*(a_salon(salon_id) for salon_id in salons))
    driver.world.directories.forget(NETWORK)
    for number, salon_id in enumerate(salons):
        lines = [book.WantedLine(service_id="srv_cut")]
        driver.book(IN_THREE_DAYS + timedelta(hours=number), salon_id=salon_id, lines=lines)
    driver.run_until(IN_THREE_DAYS + timedelta(hours=6))
    sent = driver.kinds_sent()
    assert (sent.count("confirm_request"), sent.count("control_reminder")) == (3, 3)
    skipped = [each.kind for each in driver.log() if each.reason == "daily_notice_cap"]
    assert sorted(skipped) == ["confirm_request"] * 2 + ["control_reminder"] * 2


def test_moves_count_like_bookings(driver: SalonDriver) -> None:
    booking = driver.book(IN_THREE_DAYS)
    for hours in range(1, 9):
        driver.drain()
        booking = driver.move(driver.booking(booking.id), IN_THREE_DAYS + timedelta(hours=hours))
    driver.drain()
    assert driver.kinds_sent() == ["notice"] * 3


def test_the_first_notice_of_a_new_client_reads_no_log(driver: SalonDriver) -> None:
    asked: list[str] = []

    class Watched:
        def __getattr__(self, name: str) -> Any:
            asked.append(name)
            return getattr(driver.store, name)

    book_as_partner(driver, "+37369600777")
    driver.on(Watched()).drain()
    assert driver.kinds_sent() == ["notice"]
    assert "messages_since" not in asked


# --- one site or partner


def test_an_unsigned_site_causes_so_many_messages_an_hour_and_a_day(
    driver: SalonDriver, sender: RecordingSender
) -> None:
    set_rules(driver, origin_hourly_cap=3, origin_daily_cap=8)
    report(driver, unsigned(driver), phones(12))
    driver.drain()
    assert len(sender.sent) == 3
    assert notices(driver).count(("deferred", "origin_hourly_cap")) == 9
    assert tasks(driver) == [(TaskKind.MESSAGES_HELD_BACK, "origin_hourly_cap")]
    for hours, sent in ((1, 6), (2, 8), (3, 8)):
        driver.clock.now = NOW + timedelta(hours=hours, minutes=1)
        driver.drain()
        assert len(sender.sent) == sent
    assert notices(driver).count(("deferred", "origin_daily_cap")) == 4
    driver.run_until(NOW + timedelta(days=1, hours=1))
    assert len(sender.sent) == 12, "nothing is lost"


def test_a_delivery_that_comes_twice_is_sent_once(driver: SalonDriver, sender: RecordingSender) -> None:
    connection = unsigned(driver)
    for _ in range(2):
        report(driver, connection, phones(2))
        driver.drain()
    assert len(sender.sent) == 2
    assert driver.store.spending(NETWORK, month_name(NOW)).origins["connection:con_yclients"].in_hour <= 3


@pytest.mark.parametrize(
    ("site", "salon_id", "hour", "day"),
    [("yclients", "sal_centru", 60, 300), ("altegio", None, 120, 600), ("standard", "sal_centru", 600, 3000)],
)
def test_the_bounds_of_a_connection_follow_its_salons_and_its_signature(
    driver: SalonDriver, site: str, salon_id: str | None, hour: int, day: int
) -> None:
    """Every connection has a secret, also one whose site does not sign."""
    driver.store.save(a_connection(site, "con_1", salon_id=salon_id))
    found = bounds_of(driver.store.directory(NETWORK), "connection:con_1", Ceilings(), essential=True)
    assert found == Bounds(origin_hour=hour, origin_day=day)


def test_a_connection_of_all_salons_may_cause_as_much_for_each(
    driver: SalonDriver, sender: RecordingSender
) -> None:
    set_rules(driver, origin_hourly_cap=3)
    connection = unsigned(driver, salon_id=None, settings={"salon:north": "sal_centru"})
    report(driver, connection, phones(8), salon_external_id="north")
    driver.drain()
    assert len(driver.world.directory(NETWORK).salons) == 2
    assert len(sender.sent) == 6


def test_a_partner_causes_so_many_messages_an_hour(driver: SalonDriver) -> None:
    set_rules(driver, origin_hourly_cap=4)
    for phone in phones(9):
        book_as_partner(driver, phone)
    for booking in driver.bookings():
        driver.wake(booking)  # each by a worker that has just begun
    assert driver.kinds_sent() == ["notice"] * 4


def test_what_the_salon_books_itself_is_not_held_back_by_a_sites_bound(driver: SalonDriver) -> None:
    set_rules(driver, origin_hourly_cap=0)
    report(driver, unsigned(driver), phones(2))
    driver.book(IN_THREE_DAYS)
    driver.drain()
    assert [each.client_id for each in driver.sender.sent] == [MARIA_ID]


def test_a_site_that_signs_may_cause_ten_times_as_much(driver: SalonDriver, site: Connection) -> None:
    set_rules(driver, origin_hourly_cap=1)
    driver.world.directories.forget(NETWORK)
    report(driver, site, phones(13))
    driver.drain()
    assert len(driver.sender.sent) == 10


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
