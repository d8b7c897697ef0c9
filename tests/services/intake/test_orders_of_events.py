"""Webhooks come late, twice and in any order; the booking ends as the site has it, and is one."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Status
from chalicelib.domain.intake.inbox import WAITS, InboxItem, InboxState
from chalicelib.domain.intake.site_events import SiteClient, SiteEvent, SiteStatus, guard
from chalicelib.services.bookings import step_booking
from chalicelib.services.intake.receive_webhook import Receiving, replay
from infra.testkit.builders import NETWORK, NOW, access
from infra.testkit.salon_driver import BASE_URL, SalonDriver
from infra.testkit.site_events import LINE, MARIA, client_reported, reported, thin

IN_TWO_DAYS = NOW + timedelta(days=2, hours=2)
LATER, LAST = IN_TWO_DAYS + timedelta(days=1), IN_TWO_DAYS + timedelta(days=4)
CLI = "cli_maria00000000001"


def told_all(driver: SalonDriver, site: Any, events: Sequence[SiteEvent]) -> None:
    """All in that order; what waited for others is taken in again, as its pointer asks for."""
    items = [driver.received(site, event) for event in events]
    while items:
        left = [item for item in items if driver.ingest(item) is InboxState.WAITING]
        assert len(left) < len(items), "they wait for ever"
        items = left


CREATED, MOVED = reported("e-1", 1, IN_TWO_DAYS), reported("e-1", 2, LATER)
CANCELLED = reported("e-1", 3, LATER, status=SiteStatus.CANCELLED)
COMPLETED = reported("e-1", 3, LATER, status=SiteStatus.COMPLETED, paid_minor=40_000)
NO_SHOW, BACK = (reported("e-1", 3, LATER, status=SiteStatus.NO_SHOW), reported("e-1", 4, LATER))
ELENA = SiteClient("c-2", "Elena", "069000111")
SAME_TIME = reported("e-1", 3, IN_TWO_DAYS)
CONFIRMED = reported("e-1", 2, IN_TWO_DAYS, status=SiteStatus.CONFIRMED)
STORIES = {
    "moved": ([CREATED, MOVED], Status.BOOKED, LATER),
    "cancelled": ([CREATED, MOVED, CANCELLED], Status.CANCELLED, LATER),
    "completed": ([CREATED, MOVED, COMPLETED], Status.COMPLETED, LATER),
    "no-show taken back": ([CREATED, MOVED, NO_SHOW, BACK], Status.BOOKED, LATER),
    "cancelled and booked anew": (
        [CREATED, MOVED, CANCELLED, reported("e-1", 4, LAST)], Status.BOOKED, LAST),
    "completed by mistake": ([CREATED, COMPLETED, reported("e-1", 5, LAST)], Status.BOOKED, LAST),
    "confirmed, no longer": ([CREATED, CONFIRMED, SAME_TIME], Status.BOOKED, IN_TWO_DAYS),
    "thin cancellation": ([CREATED, thin(CANCELLED)], Status.CANCELLED, IN_TWO_DAYS),
    "thin no-show taken back": ([CREATED, thin(NO_SHOW), replace(thin(BACK), status=SiteStatus.BOOKED)],
                                Status.BOOKED, IN_TWO_DAYS),
    "another client": ([CREATED, replace(CONFIRMED, client=ELENA, status=SiteStatus.BOOKED),
                        reported("e-1", 3, LATER, client=ELENA)],
                       Status.BOOKED, LATER),
}  # fmt: skip
ORDERS = [
    (name, order) for name, (events, _, _) in STORIES.items() for order in permutations(range(len(events)))
]


@pytest.mark.parametrize(
    ("name", "order"), ORDERS, ids=[f"{name}-{''.join(map(str, o))}" for name, o in ORDERS]
)
def test_any_order_of_events_ends_in_the_same_booking(
    driver: SalonDriver, site: Any, name: str, order: tuple[int, ...]
) -> None:
    events, status, starts_at = STORIES[name]
    told_all(driver, site, [events[at] for at in order])
    booking = driver.only_booking()
    assert (booking.status, booking.starts_at) == (status, starts_at)
    assert booking.guard == max(event.guard for event in events)
    last_client = next(event.client for event in reversed(events) if event.client)
    assert driver.client(str(booking.client_id)).name == last_client.name
    assert driver.ledger_faults() == []
    counted = driver.client(str(booking.client_id)).visits_count
    assert counted == len(driver.client(str(booking.client_id)).recent_visits)
    assert counted == (1 if status is Status.COMPLETED else 0)
    assert driver.store.account(NETWORK, CLI).balance == (20 if name == "completed" else 0)


def test_the_same_webhook_twice_is_applied_once(driver: SalonDriver, site: Any) -> None:
    for _ in range(3):
        driver.hear(site, CREATED)
    assert driver.only_booking().version == 1
    driver.drain()
    assert driver.kinds_sent() == ["notice"]


def test_an_order_that_ends_cancelled_sends_at_most_what_was_true_when_it_was_sent(
    driver: SalonDriver, site: Any
) -> None:
    driver.hear(site, CANCELLED)
    driver.hear(site, CREATED)
    driver.run_until(LAST)
    assert driver.kinds_sent() == []
    assert driver.only_booking().status is Status.CANCELLED


# --- Cal.com: a move gives the booking a new id

A = reported("A", 1, IN_TWO_DAYS)
B = reported("B", 2, LATER, moved_from="A")
C = reported("C", 3, LAST, moved_from="B")
B_GONE = reported("B", 3, LATER, status=SiteStatus.CANCELLED)
GONE = reported("C", 4, LAST, status=SiteStatus.CANCELLED)
OLD_GONE = reported("A", 2, IN_TWO_DAYS, status=SiteStatus.MOVING)
CHAINS = {
    "moved": ([A, B], Status.BOOKED, LATER),
    "moved twice": ([A, B, C], Status.BOOKED, LAST),
    "moved twice, cancelled": ([A, B, C, GONE], Status.CANCELLED, LAST),
    "the old one cancelled to be moved": ([A, replace(OLD_GONE, guard=guard(version=1) + "5"), B],
                                          Status.BOOKED, LATER),
    "moved, then cancelled": ([A, B, B_GONE], Status.CANCELLED, LATER),
    "moved, never made": ([B, C], Status.BOOKED, LAST),
}  # fmt: skip
CHAIN_ORDERS = [
    (name, order) for name, (events, _, _) in CHAINS.items() for order in permutations(range(len(events)))
]


@pytest.mark.parametrize(
    ("name", "order"), CHAIN_ORDERS, ids=[f"{name}-{''.join(map(str, o))}" for name, o in CHAIN_ORDERS]
)
def test_a_chain_of_moves_is_one_booking_in_any_order(
    driver: SalonDriver, site: Any, name: str, order: tuple[int, ...]
) -> None:
    events, status, starts_at = CHAINS[name]
    told_all(driver, site, [events[at] for at in order])
    booking = driver.only_booking()
    assert (booking.status, booking.starts_at) == (status, starts_at)
    assert booking.external_id == events[-1].external_id
    assert driver.client(str(booking.client_id)).name == "Maria Popescu"


def test_a_move_is_told_as_a_move_and_nobody_hears_of_a_cancellation(driver: SalonDriver, site: Any) -> None:
    driver.hear(site, A)
    driver.drain()
    driver.hear(site, B)
    driver.run_until(LAST)
    assert driver.kinds_sent() == ["notice", "notice", "confirm_request", "control_reminder"]
    assert len(driver.bookings()) == 1


def test_word_of_the_old_id_after_the_move_changes_nothing(driver: SalonDriver, site: Any) -> None:
    for event in (A, B, reported("A", 9, IN_TWO_DAYS, status=SiteStatus.CANCELLED)):
        driver.hear(site, event)
    assert driver.only_booking().status is Status.BOOKED


# --- what clients tell us themselves


def test_a_confirmation_on_our_page_is_not_undone_by_a_sites_plain_update(
    driver: SalonDriver, site: Any
) -> None:
    driver.hear(site, CREATED)
    driver.confirm(driver.only_booking())
    driver.hear(site, reported("e-1", 2, IN_TWO_DAYS, note="window seat"))
    assert (driver.only_booking().status, driver.only_booking().note) == (Status.CONFIRMED, "window seat")
    driver.hear(site, reported("e-1", 3, IN_TWO_DAYS + timedelta(minutes=5)))
    assert driver.only_booking().status is Status.CONFIRMED
    driver.hear(site, reported("e-1", 4, LATER))
    assert driver.only_booking().status is Status.BOOKED


def test_a_cancellation_on_our_page_is_not_undone_by_a_sites_plain_update(
    driver: SalonDriver, site: Any
) -> None:
    driver.hear(site, CREATED)
    booking = driver.only_booking()
    step_booking.cancel(driver.world, access(), booking.id, "client")
    driver.hear(site, reported("e-1", 2, IN_TWO_DAYS, note="x"))
    assert driver.only_booking().status is Status.CANCELLED
    driver.run_until(LAST)
    assert "control_reminder" not in driver.kinds_sent()


# --- clients


def test_a_square_booking_is_kept_until_its_customer_is_told(
    driver: SalonDriver, site: Any, clock: Any
) -> None:
    only_id = SiteClient(external_id="CUST")
    driver.hear(site, reported("e-1", 1, IN_TWO_DAYS, client=only_id))
    driver.drain()
    assert (driver.only_booking().client_id, driver.kinds_sent()) == (None, [])
    driver.hear(site, client_reported("CUST", 1, SiteClient(name="Elena", phone="069000111")))
    driver.run_until(IN_TWO_DAYS)
    booking = driver.only_booking()
    assert driver.client(str(booking.client_id)).phone == "+37369000111"
    assert booking.waiting_for is None
    assert driver.kinds_sent() == ["notice", "confirm_request", "control_reminder"]


def test_a_square_visit_completed_before_its_customer_was_told_counts_when_they_are(
    driver: SalonDriver, site: Any
) -> None:
    only_id = SiteClient(external_id="CUST")
    driver.hear(site, reported("e-1", 1, IN_TWO_DAYS, client=only_id))
    driver.hear(
        site, reported("e-1", 2, IN_TWO_DAYS, client=only_id, status=SiteStatus.COMPLETED, paid_minor=40_000)
    )
    driver.hear(site, client_reported("CUST", 1, SiteClient(name="Elena", phone="069000111")))
    booking = driver.only_booking()
    assert booking.status is Status.COMPLETED
    client = driver.client(str(booking.client_id))
    assert (client.visits_count, driver.store.account(NETWORK, client.id).balance) == (1, 20)
    assert booking.earned_points == 20


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_customer_and_booking_may_come_in_any_order(
    driver: SalonDriver, site: Any, order: tuple[int, ...]
) -> None:
    events: list[SiteEvent] = [
        client_reported("CUST", 1, SiteClient(name="Elena")),
        client_reported("CUST", 2, SiteClient(name="Elena Rusu", phone="069000111")),
        reported("e-1", 1, IN_TWO_DAYS, client=SiteClient(external_id="CUST")),
    ]
    told_all(driver, site, [events[at] for at in order])
    client = driver.client(str(driver.only_booking().client_id))
    assert (client.name, client.phone) == ("Elena Rusu", "+37369000111")


def test_two_sites_that_mean_the_same_phone_mean_the_same_client(driver: SalonDriver, site: Any) -> None:
    from infra.testkit.builders import a_connection

    (other,) = driver.store.save(a_connection("square", "con_square"))
    driver.hear(site, reported("e-1", 1, IN_TWO_DAYS))
    driver.hear(other, reported("q-1", 1, LATER, client=SiteClient("x-9", "Мария", "+373 69 123 456")))
    assert {booking.client_id for booking in driver.bookings()} == {CLI}


def test_a_client_whose_phone_we_changed_can_be_booked_under_the_old_one(
    driver: SalonDriver, site: Any
) -> None:
    """The site knows no ids of clients and still has the old number: a client of ours was made of it once."""
    from chalicelib.services.clients.register_client import change_client

    stranger = SiteClient(name="Elena", phone="069000111")
    driver.hear(site, reported("e-1", 1, IN_TWO_DAYS, client=stranger))
    first = driver.only_booking().client_id
    change_client(driver.world, access(), str(first), {"phone": "069000222"})
    item = driver.hear(site, reported("e-2", 1, LATER, client=stranger))
    assert item.state is InboxState.APPLIED
    assert len(driver.bookings()) == 2


def test_a_phone_that_changes_on_the_site_changes_here_and_frees_the_old_one(
    driver: SalonDriver, site: Any
) -> None:
    driver.hear(site, client_reported("c-1", 1, SiteClient(name="Elena", phone="069000111")))
    driver.hear(site, client_reported("c-1", 2, SiteClient(name="Elena", phone="069000222")))
    assert driver.store.alias(NETWORK, "phone", "+37369000111") is None
    elena = driver.store.alias(NETWORK, "phone", "+37369000222")
    assert driver.client(str(elena)).phone == "+37369000222"
    older = driver.hear(site, client_reported("c-1", 1, SiteClient(name="Elena B", phone="069000111")))
    assert older.state in (InboxState.APPLIED, InboxState.IGNORED)
    assert driver.client(str(elena)).phone == "+37369000222"


def test_a_phone_that_belongs_to_somebody_else_is_left_with_them(driver: SalonDriver, site: Any) -> None:
    driver.hear(site, client_reported("c-2", 1, SiteClient(name="Elena", phone="069000111")))
    driver.hear(site, client_reported("c-2", 2, SiteClient(name="Elena", phone="069123456")))
    assert driver.store.alias(NETWORK, "phone", "+37369123456") == CLI
    assert driver.client(CLI).phone == "+37369123456"


def test_a_client_deleted_on_the_site_keeps_their_visits_here(driver: SalonDriver, site: Any) -> None:
    driver.hear(site, CREATED)
    item = driver.hear(site, client_reported("c-1", 5, SiteClient(external_id="c-1"), deleted=True))
    assert (item.state, item.reason) == (InboxState.IGNORED, "deleted_on_site")
    assert driver.only_booking().client_id == CLI


# --- waiting, quarantine, replay


def test_word_of_an_unknown_booking_waits_and_is_applied_when_the_booking_comes(
    driver: SalonDriver, site: Any
) -> None:
    early = driver.hear(site, thin(CANCELLED))
    assert (early.state, early.reason) == (InboxState.WAITING, "BOOKING_UNKNOWN")
    driver.hear(site, CREATED)
    driver.ingest(early)
    assert driver.only_booking().status is Status.CANCELLED
    assert driver.store.get(InboxItem, network_id=NETWORK, id=early.id).state is InboxState.APPLIED


def test_word_of_a_booking_that_never_comes_is_quarantined_in_the_end(
    driver: SalonDriver, site: Any, clock: Any
) -> None:
    item = driver.hear(site, thin(CANCELLED))
    for wait in WAITS:
        assert item.wake is not None
        assert item.wake.at == clock.now + wait
        clock.now = item.wake.at
        driver.drain()
        (handed,) = driver.intake_queue.items[-1:]
        assert handed.id == item.id
        driver.ingest(item)
        item = driver.store.get(InboxItem, network_id=NETWORK, id=item.id)
    assert (item.state, item.reason, item.wake) == (InboxState.QUARANTINED, "BOOKING_UNKNOWN", None)


def receiving(driver: SalonDriver) -> Receiving:
    sites: Any = {"standard": driver.site}
    return Receiving(driver.world, sites, driver.intake_queue, lambda: BASE_URL)


def test_what_nobody_can_read_is_quarantined_and_replayed_once_somebody_can(
    driver: SalonDriver, site: Any
) -> None:
    item = driver.received(site, CREATED, body=b"{not json")
    driver.site.events.clear()
    driver.ingest(item)
    stuck = driver.store.inbox(NETWORK, state=InboxState.QUARANTINED).items
    assert [each.reason for each in stuck] == ["NOT_JSON"]
    assert driver.bookings() == []
    driver.site.events[item.raw] = [CREATED]
    again = replay(receiving(driver), NETWORK, item.id)
    assert driver.intake_queue.items[-1] == again
    driver.ingest(again)
    assert driver.only_booking().external_id == "e-1"
    assert driver.store.inbox(NETWORK, state=InboxState.QUARANTINED).items == []


def test_a_location_that_is_no_salon_yet_is_quarantined_until_it_is_mapped(
    driver: SalonDriver, site: Any
) -> None:
    (site,) = driver.store.save(replace(site, salon_id=None))
    item = driver.hear(site, reported("e-1", 1, IN_TWO_DAYS, salon_external_id="L-7"))
    assert (item.state, item.reason) == (InboxState.QUARANTINED, "SALON_UNKNOWN")
    driver.store.save(replace(site, settings={"salon:L-7": "sal_york"}))
    driver.ingest(replay(receiving(driver), NETWORK, item.id))
    (booking,) = driver.bookings("sal_york")
    assert booking.currency == "USD"


def test_a_webhook_that_breaks_intake_is_not_handed_on_for_ever(
    driver: SalonDriver, site: Any, clock: Any
) -> None:
    """Whatever it is, a person sees it in the end, and nobody pays for it each two minutes."""
    driver.hear(site, CREATED)
    poison = driver.received(site, reported("e-1", 2, LATER, lines=(None,)))
    poison = driver.store.save(replace(poison, wake=None))[0]
    driver.store.save(replace(poison, wake=_wake(clock.now)))
    handed = 0
    for _ in range(40):
        at = driver.next_wake_at()
        if at is None:
            break
        clock.now = max(at, clock.now)
        if clock.now > NOW + timedelta(days=1):
            break
        driver.drain()
        for item in driver.intake_queue.items:
            handed += 1
            with pytest.raises(AttributeError):
                driver.ingest(item)
        driver.intake_queue.items.clear()
    current = driver.store.get(InboxItem, network_id=NETWORK, id=poison.id)
    assert (current.state, current.wake) == (InboxState.QUARANTINED, None)
    assert handed < 10


def _wake(at: datetime) -> Any:
    from chalicelib.domain.shared.waking import Wake

    return Wake(at, "take_in")


def test_a_naive_start_is_the_salons_local_time(driver: SalonDriver, site: Any) -> None:
    for number, (day, utc_hour) in enumerate([(29, 7), (28, 8)]):
        start = (
            datetime.fromisoformat(f"2027-03-{day - 1} 10:00")
            if day == 29
            else datetime.fromisoformat("2027-03-26 10:00")
        )
        driver.hear(site, reported(f"n-{number}", 1, start))
        assert utc_hour in (7, 8)
    hours = sorted(
        (booking.starts_at.astimezone(UTC).day, booking.starts_at.hour) for booking in driver.bookings()
    )
    assert hours == [(26, 8), (28, 7)]


def test_one_client_named_by_two_sites_gets_each_service_and_specialist_made_once(
    driver: SalonDriver, site: Any
) -> None:
    new = replace(LINE, service_id="s-77", service_name="Peeling", staff_id="p-77", staff_name="Olga")
    for number in range(3):
        driver.hear(site, reported(f"e-{number}", 1, IN_TWO_DAYS + timedelta(hours=number), lines=(new, new)))
    directory = driver.store.directory(NETWORK)
    assert [service.name for service in directory.services.values() if service.unreviewed] == ["Peeling"]
    assert [person.name for person in directory.staff.values() if person.unreviewed] == ["Olga"]
    assert MARIA.name == driver.client().name
