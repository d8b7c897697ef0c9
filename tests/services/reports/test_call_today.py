"""The clients to call today: who is in the list, in which order, and who never is."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Line, Status
from chalicelib.domain.clients.calls import CallResult
from chalicelib.domain.clients.category_changes import CategoryCause, CategoryChange
from chalicelib.domain.clients.clients import Client, Merge, VisitDay
from chalicelib.domain.loyalty.account import Account
from chalicelib.domain.messages.messages import Message, MessageState
from chalicelib.domain.networks.network import Role
from chalicelib.domain.reports.call_list import MOST_CALLS, CallReason
from chalicelib.domain.shared.ids import time_ordered
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.domain.shared.touches import Purpose, TouchKind
from chalicelib.services.clients.leaving import record_call
from chalicelib.services.reports.call_today import CallList, call_list
from infra.testkit.builders import NETWORK, a_booking, a_client, a_consent, access, save_booking, save_client
from infra.testkit.salon_driver import SalonDriver

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
TODAY = NOW.date()
DAY = timedelta(days=1)


def overdue(
    number: int, *, category: str = "at_risk", last: int = 45, gap: int = 20, was: str = "regular",
    spent: int = 100_000, salon_id: str = "sal_centru", currency: str = "MDL", **fields: Any,
) -> Client:  # fmt: skip
    """A client who came every `gap` days, the last time `last` days ago."""
    days = [TODAY - (last + gap * ago) * DAY for ago in range(8)]
    since = days[0] + (gap + max(gap // 4, 7) + 1) * DAY if category == "at_risk" else lost_on(days[0])
    return a_client(
        f"cli_{number:016d}",
        **{
            "name": f"Client {number}",
            "phone": f"+373691{number:05d}",
            "email": None,
            "visits_count": 12,
            "first_visit_on": days[-1],
            "recent_visits": tuple(VisitDay(day, salon_id) for day in days),
            "spent_minor": {currency: spent},
            "category": category,
            "category_since": since,
            "category_changes": (CategoryChange(was, category, since, CategoryCause.TIME_PASSED),),
            **fields,
        },
    )


def lost_on(last: date) -> date:
    month = last.month + 2
    return date(last.year + (month - 1) // 12, (month - 1) % 12 + 1, min(last.day, 28)) + DAY


def lost(number: int, *, last: int = 70, **fields: Any) -> Client:
    return overdue(number, category="lost", last=last, **fields)


def the_list(driver: SalonDriver, **scope: Any) -> CallList:
    return call_list(driver.world, access(**scope))


def names(found: CallList) -> list[str]:
    return [each.client.name for each in found.items]


def reasons(found: CallList) -> dict[str, list[str]]:
    return {each.client.name: [grounds.reason.value for grounds in each.grounds] for each in found.items}


def called(driver: SalonDriver, client: Client, result: CallResult) -> None:
    record_call(driver.world, access(), client.id, result)


def sent(driver: SalonDriver, client: Client, kind: TouchKind, ago: timedelta) -> None:
    at = driver.clock.now - ago
    message = Message(
        network_id=NETWORK, id=time_ordered("msg", at, f"{kind}{ago}"[:10]), client_id=client.id, kind=kind,
        channel="sms", state=MessageState.SENT, planned_at=at, recorded_at=at,
    )  # fmt: skip
    driver.store.save(message)


# --- who is in it


def test_a_regular_at_risk_comes_with_the_figures_of_their_rhythm(driver: SalonDriver) -> None:
    driver.store.save(overdue(1))
    driver.store.save(overdue(2, was="developing"))
    (found,) = the_list(driver).items
    (grounds,) = found.grounds
    assert (found.client.name, grounds.reason) == ("Client 1", CallReason.REGULAR_AT_RISK)
    assert grounds.figures == {
        "usual_gap_days": 20, "expected_on": TODAY - 25 * DAY, "days_over": 25
    }  # fmt: skip


def test_a_regular_who_missed_a_month_before_the_lapse_was_regular_all_the_same(driver: SalonDriver) -> None:
    first, second = TODAY - 20 * DAY, TODAY - 10 * DAY
    changes = (
        CategoryChange("regular", "developing", first, CategoryCause.TIME_PASSED),
        CategoryChange("developing", "at_risk", second, CategoryCause.TIME_PASSED),
    )
    driver.store.save(overdue(1, category_changes=changes))
    assert names(the_list(driver)) == ["Client 1"]


def test_of_those_lost_lately_the_quarter_comes_that_spent_most(driver: SalonDriver) -> None:
    for number in range(1, 6):
        driver.store.save(lost(number, spent=number * 10_000))
    driver.store.save(lost(6, spent=0))
    driver.store.save(lost(7, spent=900_000, last=200))
    found = the_list(driver)
    assert names(found) == ["Client 5", "Client 4"]
    (grounds,) = found.items[0].grounds
    assert grounds.figures == {
        "spent_minor": 50_000, "currency": "MDL", "lost_on": date(2026, 11, 15)
    }  # fmt: skip


def test_amounts_of_two_currencies_are_not_compared(driver: SalonDriver) -> None:
    for number, spent in ((1, 900_000), (2, 800_000)):
        driver.store.save(overdue(number, spent=spent))
    driver.store.save(overdue(3, spent=1_000, currency="USD", salon_id="sal_york"))
    assert names(the_list(driver)) == ["Client 1", "Client 3", "Client 2"]


def test_low_ratings_and_replies_that_nobody_answered_come_first(driver: SalonDriver) -> None:
    driver.store.save(overdue(1))
    for number, kind, words in (
        (2, TaskKind.LOW_RATING, "★★★ so-so"),
        (3, TaskKind.LOW_RATING, "★ ★ is what I give"),
        (4, TaskKind.CALL_CLIENT, "no"),
        (5, TaskKind.MOVE_WISH, "later"),
    ):
        client = a_client(
            f"cli_{number:016d}", name=f"Client {number}", phone=f"+373691{number:05d}", email=None
        )
        at = NOW - number * DAY
        task = Task(
            network_id=NETWORK, id=time_ordered("tsk", at, f"{number:010d}"), kind=kind, at=at,
            salon_id="sal_centru", client_id=client.id, words=words,
        )  # fmt: skip
        driver.store.save(client, task)
        if number == 4:
            done = replace(task, id=task.id + "x", client_id="cli_maria00000000001", done_at=NOW)
            driver.store.save(done)
    found = the_list(driver)
    assert names(found) == ["Client 3", "Client 4", "Client 1", "Client 2"]
    assert [each.grounds[0].figures.get("stars") for each in found.items] == [1, None, None, 3]


def test_a_big_balance_that_expires_within_a_week_is_a_reason(driver: SalonDriver) -> None:
    driver.post("grant", 500, expires_on=TODAY + 14 * DAY)
    driver.run_until(NOW + 2 * DAY)
    assert the_list(driver).items == ()
    driver.clock.now = NOW + 8 * DAY
    (found,) = the_list(driver).items
    assert [(each.reason, each.figures) for each in found.grounds] == [
        (
            CallReason.BALANCE_EXPIRING,
            {"points": 500, "worth_minor": 50_000, "currency": "MDL", "expires_on": TODAY + 14 * DAY},
        )
    ]
    assert found.account.available(driver.clock.now) == 500
    driver.post("redeem", 500)
    assert the_list(driver).items == ()


def test_few_points_of_one_who_spends_much_are_no_reason(driver: SalonDriver) -> None:
    client = driver.client()
    spender = replace(client, spent_minor={"MDL": 6_000_000}, visits_count=10)
    driver.store.save(spender)
    driver.post("grant", 500, expires_on=TODAY + 14 * DAY)
    driver.run_until(NOW + 2 * DAY)
    driver.clock.now = NOW + 8 * DAY
    assert the_list(driver).items == ()


def test_a_client_comes_once_with_all_reasons(driver: SalonDriver) -> None:
    client = overdue(1)
    task = Task(
        network_id=NETWORK, id=time_ordered("tsk", NOW, "0000000001"), kind=TaskKind.LOW_RATING, at=NOW,
        salon_id="sal_centru", client_id=client.id, words="★",
    )  # fmt: skip
    driver.store.save(client, task)
    assert reasons(the_list(driver)) == {"Client 1": ["low_rating", "regular_at_risk"]}


def test_the_specialist_is_who_served_the_last_three_visits_most_often(driver: SalonDriver) -> None:
    client = overdue(1)
    driver.store.save(client)
    staff = ("stf_vera", "stf_anna", "stf_anna", "stf_vera", "stf_vera")
    for visit, staff_id in zip(client.recent_visits, staff, strict=False):
        save_booking(driver.store, visit_of(client, visit.on, staff_id))
    (found,) = the_list(driver).items
    assert found.staff_id == "stf_anna"


def visit_of(client: Client, day: date, staff_id: str = "stf_anna", **fields: Any) -> Booking:
    at = datetime(day.year, day.month, day.day, 10, tzinfo=UTC)
    given = {"status": Status.COMPLETED, "closed_at": at, **fields}
    lines = (Line("srv_cut", 60, staff_id, 50_000),)
    booking_id = f"bkg_{day:%y%m%d}{client.id[-10:]}"
    return a_booking(booking_id, client_id=client.id, starts_at=at, lines=lines, **given)


# --- the order, and the bound


def test_reasons_name_their_clients_in_turn_and_the_order_stays_all_day(driver: SalonDriver) -> None:
    for number in range(1, 31):
        driver.store.save(overdue(number, spent=1_000_000 - number))
    for number in range(31, 63):
        driver.store.save(lost(number, spent=1_000_000 - number))
    first = names(the_list(driver))
    assert first[:4] == ["Client 1", "Client 31", "Client 2", "Client 32"]
    assert len(first) == MOST_CALLS
    driver.clock.now = NOW + timedelta(hours=9)
    assert names(the_list(driver)) == first


def test_the_worked_example(driver: SalonDriver) -> None:
    """docs/metrics.md."""
    anna, boris = overdue(1, name="Anna", spent=900_000), overdue(2, name="Boris", spent=800_000)
    clara = lost(3, name="Clara", spent=700_000)
    dan = a_client("cli_dan0000000000000", name="Dan", email=None)
    at = NOW - DAY
    task = Task(
        network_id=NETWORK, id=time_ordered("tsk", at, "0000000001"), kind=TaskKind.LOW_RATING, at=at,
        salon_id="sal_centru", client_id=dan.id, words="★",
    )  # fmt: skip
    driver.store.save(anna, boris, clara, dan, task)
    assert names(the_list(driver)) == ["Dan", "Anna", "Clara", "Boris"]
    called(driver, anna, CallResult.NO_ANSWER)
    assert names(the_list(driver)) == ["Dan", "Clara", "Boris"]
    for days, is_there in ((1, False), (2, False), (3, True)):
        driver.clock.now = NOW + days * DAY
        assert ("Anna" in names(the_list(driver))) is is_there


def test_who_was_called_keeps_their_place_today_and_is_not_in_the_list_tomorrow(driver: SalonDriver) -> None:
    clients = [overdue(number, spent=1_000_000 - number) for number in range(1, 41)]
    for client in clients:
        driver.store.save(client)
    before = names(the_list(driver))
    called(driver, clients[0], CallResult.NO_ANSWER)
    called(driver, clients[1], CallResult.REFUSED)
    today = the_list(driver)
    assert (names(today), today.called) == (before[2:], 2)
    driver.clock.now = NOW + DAY
    tomorrow = the_list(driver)
    assert (len(tomorrow.items), tomorrow.called) == (MOST_CALLS, 0)
    assert {"Client 1", "Client 2"}.isdisjoint(names(tomorrow))
    driver.clock.now = NOW + 3 * DAY
    assert names(the_list(driver))[0] == "Client 1"


@pytest.mark.parametrize(
    ("result", "days"), [(CallResult.NO_ANSWER, 3), (CallResult.BOOKED, 7), (CallResult.WILL_THINK, 14)]
)
def test_a_called_client_rests_for_some_days(driver: SalonDriver, result: CallResult, days: int) -> None:
    client = overdue(1, last=40, gap=28)
    driver.store.save(client)
    called(driver, client, result)
    for later in (days - 1, days):
        driver.clock.now = NOW + later * DAY
        assert names(the_list(driver)) == (["Client 1"] if later == days else [])


# --- who is never in it


def refused(channel: str, purpose: Purpose) -> Any:
    return (a_consent(purpose, granted=False, channel=channel),)


FORBIDDEN: dict[str, Callable[[SalonDriver, Client], object]] = {
    "no phone": lambda driver, client: driver.store.save(replace(client, phone=None)),
    "merged": lambda driver, client: driver.store.save(
        replace(client, merged=Merge(into="cli_gone", at=NOW, actor="key:x", out_id="", in_id=""))
    ),
    "said no to messages": lambda driver, client: driver.store.save(
        replace(client, consents=refused("sms", Purpose.MARKETING))
    ),
    "said no by WhatsApp": lambda driver, client: driver.store.save(
        replace(client, consents=refused("whatsapp", Purpose.SERVICE))
    ),
    "refused": lambda driver, client: earlier_call(driver, client, CallResult.REFUSED),
    "wrong number": lambda driver, client: earlier_call(driver, client, CallResult.WRONG_NUMBER),
    "thinks": lambda driver, client: earlier_call(driver, client, CallResult.WILL_THINK, 13),
    "has a booking": lambda driver, client: driver.store.save(client, upcoming(client, 3)),
    "has a booking today": lambda driver, client: driver.store.save(client, upcoming(client, 0)),
    "was written to": lambda driver, client: (
        driver.store.save(client), sent(driver, client, TouchKind.WIN_BACK, 6 * DAY),
    ),
    "was written to on that day of the last week": lambda driver, client: (
        driver.store.save(client), sent(driver, client, TouchKind.WIN_BACK, 7 * DAY + timedelta(hours=3)),
    ),
    "got three messages": lambda driver, client: (
        driver.store.save(client),
        *(sent(driver, client, TouchKind.BONUS_NOTICE, days * DAY) for days in (1, 2, 3)),
    ),
}  # fmt: skip


def upcoming(client: Client, days: int) -> Booking:
    return visit_of(client, TODAY + days * DAY, status=Status.BOOKED, closed_at=None)


def earlier_call(driver: SalonDriver, client: Client, result: CallResult, days: int = 10) -> None:
    driver.store.save(client)
    driver.clock.now = NOW - days * DAY
    called(driver, client, result)
    driver.clock.now = NOW


@pytest.mark.parametrize("name", FORBIDDEN)
def test_some_are_never_called(driver: SalonDriver, name: str) -> None:
    driver.store.save(overdue(2))
    FORBIDDEN[name](driver, overdue(1))
    assert names(the_list(driver)) == ["Client 2"]


@pytest.mark.parametrize(
    "allowed",
    [
        lambda driver, client: driver.store.save(client, upcoming_cancelled(client)),
        lambda driver, client: (
            driver.store.save(client), sent(driver, client, TouchKind.WIN_BACK, 8 * DAY)
        ),
        lambda driver, client: (
            driver.store.save(client), sent(driver, client, TouchKind.BONUS_NOTICE, DAY)
        ),
    ],
)  # fmt: skip
def test_others_are(driver: SalonDriver, allowed: Any) -> None:
    allowed(driver, overdue(1))
    assert names(the_list(driver)) == ["Client 1"]


def upcoming_cancelled(client: Client) -> Booking:
    return replace(upcoming(client, 3), status=Status.CANCELLED)


@pytest.mark.parametrize("seed", range(6))
def test_of_any_base_nobody_who_may_not_be_called_is_in_the_list(driver: SalonDriver, seed: int) -> None:
    random = Random(seed)
    allowed = set()
    for number in range(1, 60):
        made = random.choice((overdue, lost))
        client = made(number, spent=random.randrange(1, 10**6))
        if random.random() < 0.5:
            FORBIDDEN[random.choice(list(FORBIDDEN))](driver, client)
        else:
            driver.store.save(client)
            allowed.add(client.name)
    found = the_list(driver)
    assert 0 < len(found.items) <= MOST_CALLS
    assert set(names(found)) <= allowed
    for each in found.items[:5]:
        called(driver, each.client, random.choice(list(CallResult)))
    driver.clock.now = NOW + DAY
    assert {each.client.id for each in found.items[:5]}.isdisjoint(
        each.client.id for each in the_list(driver).items
    )


# --- whose clients


def test_a_manager_calls_the_clients_of_the_keys_salons(driver: SalonDriver) -> None:
    driver.store.save(overdue(1))
    driver.store.save(overdue(2, salon_id="sal_york", currency="USD"))
    assert names(the_list(driver, role=Role.MANAGER, salon_ids=("sal_york",))) == ["Client 2"]
    assert sorted(names(the_list(driver, role=Role.RECEPTION))) == ["Client 1", "Client 2"]


def test_a_low_rating_of_a_merged_client_is_answered_to_the_target(driver: SalonDriver) -> None:
    source = a_client("cli_source0000000000", name="Source", phone="+37369100077", email=None)
    task = Task(
        network_id=NETWORK, id=time_ordered("tsk", NOW, "0000000001"), kind=TaskKind.LOW_RATING, at=NOW,
        salon_id="sal_centru", client_id=source.id, words="★",
    )  # fmt: skip
    save_client(driver.store, source)
    driver.store.save(task)
    driver.merge(source.id, "cli_maria00000000001")
    (found,) = the_list(driver).items
    assert (found.client.id, found.grounds[0].reason) == ("cli_maria00000000001", CallReason.LOW_RATING)


def test_an_account_is_in_the_list_of_points_from_its_warning_on(driver: SalonDriver) -> None:
    def listed() -> list[str]:
        hints = driver.store.points_hints(NETWORK, TODAY, TODAY + 400 * DAY, limit=9)
        return [each.client_id for each in hints]

    driver.post("grant", 500, expires_on=TODAY + 20 * DAY)
    assert listed() == []
    driver.run_until(NOW + 8 * DAY)
    assert listed() == ["cli_maria00000000001"]
    account = driver.store.account(NETWORK, "cli_maria00000000001")
    assert isinstance(account, Account)
    driver.run_until(NOW + 25 * DAY)
    assert (listed(), driver.store.account(NETWORK, account.client_id).balance) == ([], 0)
