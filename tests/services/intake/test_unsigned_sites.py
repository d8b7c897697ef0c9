"""Who knows the address of a site that signs nothing is believed in what the site can know alone."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.booking_sites import ADAPTERS
from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.intake.inbox import InboxState
from chalicelib.domain.intake.trust import MAX_CARDS_OF_DAY
from chalicelib.domain.networks.network import Service
from chalicelib.domain.shared.aliases import site_client
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.quotas import QuotaUse
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.services.intake.connect_site import change_connection, disconnect_site
from chalicelib.services.intake.receive_webhook import replay
from chalicelib.services.shared.day_sums import MAX_REMEMBERED, SLICE, DaySums
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.wiring import CachedDirectories
from infra.testkit.builders import NETWORK, NOW, a_connection, a_town, access
from infra.testkit.delegating_store import DelegatingStore
from infra.testkit.memory_store import MemoryStore
from infra.testkit.salon_driver import MARIA_ID, SalonDriver
from infra.testkit.unsigned_site import COMPANY, UnsignedSender, a_card, a_record
from infra.testkit.world import a_world

MARIA_PHONE, THIEF_PHONE = "37369123456", "+37369000999"
CAME = {"attendance": 1, "paid_full": 1, "kind": "update"}


@pytest.fixture(params=["yclients", "altegio"])
def sender(request: Any, driver: SalonDriver) -> UnsignedSender:
    connection = a_connection(request.param, "con_unsigned", settings={"company_id": str(COMPANY)})
    return UnsignedSender(driver, driver.store.save(connection)[0])


def tasks(driver: SalonDriver, kind: TaskKind) -> list[Task]:
    found: list[Task] = driver.store.get_all(Task, network_id=NETWORK)
    return [task for task in found if task.kind is kind]


def balance(driver: SalonDriver, client_id: str = MARIA_ID) -> int:
    return int(driver.store.account(NETWORK, client_id).balance)


# --- who a client is


def test_a_card_does_not_change_a_client_who_did_not_come_from_the_site(sender: UnsignedSender) -> None:
    driver, before = sender.driver, sender.driver.client()
    sender.send(a_record(client={"id": 777, "name": "X", "phone": MARIA_PHONE}))
    assert driver.store.alias(NETWORK, site_client("con_unsigned"), "777") == MARIA_ID
    card = a_card(
        777, name="Hijacked", phone=THIEF_PHONE, email="thief@evil.example", birth_date="1999-01-01"
    )
    item = sender.send(card)
    assert (item.state, item.reason) == (InboxState.IGNORED, "asked_the_desk")
    after = driver.client()
    assert (after.name, after.phone, after.email, after.birth_date) == (
        before.name,
        before.phone,
        before.email,
        before.birth_date,
    )
    (task,) = tasks(driver, TaskKind.SITE_CARD)
    assert (task.client_id, task.salon_id) == (MARIA_ID, "sal_centru")
    assert THIEF_PHONE in str(task.words)
    assert "thief@evil.example" in str(task.words)


def test_the_desk_is_asked_once_however_often_the_site_repeats_itself(sender: UnsignedSender) -> None:
    for second in range(3):
        changed = NOW + timedelta(seconds=second)
        sender.send(a_card(777, name="Maria", phone=MARIA_PHONE, email="new@site.example", changed=changed))
        sender.driver.clock.forward(days=1)
    assert len(tasks(sender.driver, TaskKind.SITE_CARD)) == 1


def test_one_client_makes_one_task_a_day_with_the_last_word(sender: UnsignedSender) -> None:
    for number in range(5):
        sender.send(a_card(777, name="Maria", phone=MARIA_PHONE, email=f"a{number}@site.example"))
    (task,) = tasks(sender.driver, TaskKind.SITE_CARD)
    assert "a4@site.example" in str(task.words)


def test_the_desk_is_asked_about_a_hundred_clients_a_day_and_the_rest_waits(sender: UnsignedSender) -> None:
    """Who tries all phones of a country cannot bury the desk."""
    driver = sender.driver
    spent = {f"{hour:02d}": MAX_CARDS_OF_DAY // 20 for hour in range(20)}
    use = {"caller": "cards of con_unsigned", "day": "2026-11-23", "by_hour": spent}
    driver.store.save(QuotaUse(network_id=NETWORK, expires_at=NOW + timedelta(days=2), **use))
    item = sender.send(a_card(777, name="X", phone=MARIA_PHONE, email="thief@evil.example"))
    assert (item.state, item.reason) == (InboxState.QUARANTINED, "TOO_MUCH_AT_ONCE")
    assert (tasks(driver, TaskKind.SITE_CARD), len(tasks(driver, TaskKind.SITE_HELD_BACK))) == ([], 1)
    replay(sender.receiving(), NETWORK, item.id)
    assert sender.take_in(item.id).reason == "asked_the_desk"
    assert len(tasks(driver, TaskKind.SITE_CARD)) == 1


def test_a_card_that_says_nothing_new_is_no_task(sender: UnsignedSender) -> None:
    item = sender.send(a_card(777, name="Masha", phone=MARIA_PHONE))
    assert (item.state, item.reason) == (InboxState.IGNORED, "client_of_others")
    assert tasks(sender.driver, TaskKind.SITE_CARD) == []


def test_a_record_fills_in_no_address_of_a_client_of_others(sender: UnsignedSender) -> None:
    driver = sender.driver
    driver.store.save(replace(driver.client(), email=None))
    sender.send(
        a_record(client={"id": 777, "name": "X", "phone": MARIA_PHONE, "email": "thief@evil.example"})
    )
    assert driver.client().email is None
    assert driver.store.alias(NETWORK, "email", "thief@evil.example") is None


def test_a_card_changes_a_client_who_came_from_the_site(sender: UnsignedSender) -> None:
    driver = sender.driver
    sender.send(a_record(client={"id": 501, "name": "Olga", "phone": "37369000111"}))
    sender.send(a_card(501, name="Olga Rusu", phone="37369000222"))
    olga = driver.client(driver.store.alias(NETWORK, "phone", "+37369000222"))
    assert (olga.name, olga.phone) == ("Olga Rusu", "+37369000222")
    assert tasks(driver, TaskKind.SITE_CARD) == []


def test_another_card_with_the_same_phone_does_not_rewrite_the_client(sender: UnsignedSender) -> None:
    """Linking by phone gives no power: neither over clients of the desk, nor over clients of the site."""
    driver = sender.driver
    sender.send(a_record(client={"id": 501, "name": "Olga", "phone": "37369000111"}))
    olga_id = driver.store.alias(NETWORK, "phone", "+37369000111")
    sender.send(a_record(880002, client={"id": 502, "name": "X", "phone": "37369000111"}))
    olga = driver.client(olga_id)
    driver.store.save(replace(olga, phone="+37369000111", source="desk"))
    sender.send(a_card(502, name="X", phone=THIEF_PHONE, email="thief@evil.example"))
    assert driver.client(olga_id).email is None
    assert driver.client(olga_id).phone == "+37369000111"


# --- what a visit came to


def test_a_fortune_waits_for_a_person_and_makes_no_points(sender: UnsignedSender) -> None:
    driver = sender.driver
    client = {"id": 777, "name": "X", "phone": MARIA_PHONE}
    sender.send(a_record(client=client))
    fortune = [{"id": 31, "title": "Haircut", "cost": 10**8}]
    item = sender.send(a_record(client=client, services=fortune, changed=NOW + timedelta(seconds=9), **CAME))
    assert (item.state, item.reason) == (InboxState.QUARANTINED, "SUM_TOO_LARGE")
    assert (balance(driver), driver.client().visits_count) == (0, 0)
    assert driver.only_booking().status is Status.BOOKED
    (task,) = tasks(driver, TaskKind.SITE_HELD_BACK)
    assert item.id in str(task.words)


def test_a_person_who_looked_lets_the_sum_through(sender: UnsignedSender) -> None:
    driver = sender.driver
    sender.driver.store.save(
        replace(sender.connection, settings={**sender.connection.settings, "largest_visit": "300"})
    )
    driver.world.directories.forget(NETWORK)
    new = [{"id": 32, "title": "Wedding", "cost": 400}]
    body = a_record(client={"id": 777, "name": "X", "phone": MARIA_PHONE}, services=new, **CAME)
    item = sender.send(body)
    assert item.reason == "SUM_TOO_LARGE"
    replay(sender.receiving(), NETWORK, item.id)
    assert sender.take_in(item.id).state is InboxState.APPLIED
    assert driver.only_booking().paid_minor == 40_000
    assert driver.client().visits_count == 1


@pytest.mark.parametrize(("cost", "state"), [(10_000, "applied"), (10_001, "quarantined")])
def test_a_visit_comes_to_twenty_times_its_reviewed_price_at_most(
    cost: int, state: str, sender: UnsignedSender
) -> None:
    """The cut costs 500 by the network's own list."""
    client = {"id": 777, "name": "X", "phone": MARIA_PHONE}
    services = [{"id": 31, "title": "Haircut", "cost": cost}]
    assert sender.send(a_record(client=client, services=services, **CAME)).state == state


def test_a_price_that_the_site_brought_along_proves_nothing(sender: UnsignedSender) -> None:
    """A new service of 100,001 lei is no measure for a visit of 100,001 lei."""
    client = {"id": 777, "name": "X", "phone": MARIA_PHONE}
    services = [{"id": 99, "title": "Gold", "cost": 100_001}]
    sender.send(a_record(client=client, services=services))
    item = sender.send(a_record(client=client, services=services, changed=NOW + timedelta(seconds=5), **CAME))
    assert item.reason == "SUM_TOO_LARGE"


def test_one_held_visit_does_not_hold_the_others_of_its_body(sender: UnsignedSender) -> None:
    fortune = [{"id": 31, "title": "Haircut", "cost": 10**8}]
    bodies = [
        a_record(880001, client={"id": 1, "name": "A", "phone": "37369000201"}, services=fortune, **CAME),
        a_record(880002, client={"id": 2, "name": "B", "phone": "37369000202"}),
    ]
    assert sender.send(bodies).state is InboxState.QUARANTINED
    assert [each.external_id for each in sender.driver.bookings()] == ["880002"]


def a_paid_visit(number: int, cost: int) -> dict[str, Any]:
    client = {"id": number, "name": f"Client {number}", "phone": f"373690{number:05d}"}
    return a_record(number, client=client, services=[{"id": 99, "title": "Gold", "cost": cost}], **CAME)


@pytest.mark.parametrize("site", ["yclients", "altegio"])
def test_the_visits_of_a_day_come_to_fifty_of_the_largest_at_most(site: str) -> None:
    """A thousand forged visits below the bound are no way around it; the next day begins anew."""
    store = MemoryStore()
    a_town(store)
    driver = SalonDriver(a_world(store))
    sender = UnsignedSender(driver, store.save(a_connection(site, "con_unsigned"))[0])
    change_connection(driver.world, access(), ADAPTERS, "con_unsigned", {"largest_visit": "1000"})
    sums = DaySums()
    states = [sender.send(a_paid_visit(n, 1000), sums).state for n in range(1, 55)]
    applied = states.count(InboxState.APPLIED)
    assert 50 <= applied <= 51  # and one free hundredth for each process
    assert set(states[applied:]) == {InboxState.QUARANTINED}
    assert sum(booking.paid_minor or 0 for booking in driver.bookings()) == applied * 100_000
    assert len(tasks(driver, TaskKind.SITE_HELD_BACK)) == 1
    driver.clock.forward(days=1)
    assert sender.send(a_paid_visit(90, 1000), sums).state is InboxState.APPLIED


def test_a_usual_day_is_counted_without_a_call(sender: UnsignedSender) -> None:
    sums = DaySums()
    found = [sender.send(a_paid_visit(n, 500), sums) for n in range(1, 11)]
    assert {item.state for item in found} == {InboxState.APPLIED}
    key = {"network_id": NETWORK, "caller": "sums of con_unsigned", "day": "2026-11-23"}
    assert sender.driver.store.get(QuotaUse, **key) is None


class ConflictingStore(DelegatingStore):
    """Where the next saves of a booking, so many, meet another writer, or fail for another reason."""

    conflicts = errors = 0

    def save(self, *values: Any, **more: Any) -> Any:
        if any(isinstance(each, Booking) for each in values):
            if self.conflicts:
                self.conflicts -= 1
                raise SaveConflict(values[0])
            if self.errors:
                self.errors -= 1
                raise ConnectionError("no answer")
        return self.store.save(*values, **more)


def test_a_visit_whose_save_meets_a_conflict_is_counted_once(sender: UnsignedSender) -> None:
    sums, store = DaySums(), ConflictingStore(sender.driver.store)
    sender.driver.world = replace(sender.driver.world, store=store)
    sender.send(a_paid_visit(1, 500), sums)
    counted = SLICE - sums.held[NETWORK, "sums of con_unsigned"].left
    store.conflicts = 3
    assert sender.send(a_paid_visit(2, 500), sums).state is InboxState.APPLIED
    assert (store.conflicts, SLICE - sums.held[NETWORK, "sums of con_unsigned"].left) == (0, 2 * counted)


def test_a_visit_that_is_delivered_again_after_an_error_is_counted_once(sender: UnsignedSender) -> None:
    """The queue delivers it to the process that has counted it; a later event of the booking counts anew."""
    sums, store = DaySums(), ConflictingStore(sender.driver.store)
    sender.driver.world = replace(sender.driver.world, store=store)
    store.errors = 2
    receipt = sender.deliver(a_paid_visit(1, 500))
    for _ in range(2):
        with pytest.raises(ConnectionError):
            sender.take_in(receipt.inbox_id, sums)
    assert sender.take_in(receipt.inbox_id, sums).state is InboxState.APPLIED
    counted = SLICE - sums.held[NETWORK, "sums of con_unsigned"].left
    sender.send(a_paid_visit(2, 500), sums)
    assert SLICE - sums.held[NETWORK, "sums of con_unsigned"].left == 2 * counted


def test_a_process_remembers_the_latest_events_only(sender: UnsignedSender) -> None:
    sums, world = DaySums(), sender.driver.world
    for number in range(MAX_REMEMBERED + 5):
        assert sums.fits(world, NETWORK, "sums of con_unsigned", (f"bkg_{number}", "t1"), 1, 1_000_000)
    assert next(iter(sums.held[NETWORK, "sums of con_unsigned"].counted)) == ("bkg_5", "t1")
    assert len(sums.held[NETWORK, "sums of con_unsigned"].counted) == MAX_REMEMBERED


# --- when it happened


def test_an_event_of_the_future_does_not_freeze_its_booking(sender: UnsignedSender) -> None:
    driver = sender.driver
    sender.send(a_record(comment="first", changed=NOW + timedelta(days=20_000)))
    driver.clock.forward(minutes=6)
    item = sender.send(a_record(comment="second", changed=driver.clock.now, kind="update"))
    assert item.state is InboxState.APPLIED
    assert driver.only_booking().note == "second"


def test_a_booking_that_was_frozen_before_is_free_again(sender: UnsignedSender) -> None:
    driver = sender.driver
    sender.send(a_record())
    booking = driver.only_booking()
    driver.store.save(replace(booking, guard="t2099-01-01T00:00:00.000000000000000"))
    sender.send(a_record(comment="true", changed=NOW + timedelta(seconds=1), kind="update"))
    assert driver.only_booking().note == "true"


def test_a_card_of_the_future_does_not_freeze_its_client(sender: UnsignedSender) -> None:
    driver = sender.driver
    sender.send(a_card(501, name="Olga", phone="37369000111", changed=NOW + timedelta(days=20_000)))
    driver.clock.forward(minutes=6)
    sender.send(a_card(501, name="Olga Rusu", phone="37369000111", changed=driver.clock.now))
    olga = driver.client(driver.store.alias(NETWORK, "phone", "+37369000111"))
    assert olga.name == "Olga Rusu"


# --- from which company, and from where


@pytest.mark.parametrize(
    "body",
    [
        a_record(company=666),
        a_card(501, company=666, name="X", phone=MARIA_PHONE),
        {"company_id": 666, "resource": "goods_operations_sale", "status": "create", "data": {}},
        {"resource": "record", "resource_id": 1, "status": "create", "data": {}},
    ],
)  # fmt: skip
def test_events_of_another_company_are_kept_and_not_applied(body: Any, sender: UnsignedSender) -> None:
    item = sender.send(body)
    assert (item.state, item.reason) == (InboxState.QUARANTINED, "WRONG_COMPANY")
    assert sender.driver.bookings() == []


def test_a_connection_without_a_company_is_bound_to_the_first_that_books(sender: UnsignedSender) -> None:
    driver = sender.driver
    change_connection(driver.world, access(), ADAPTERS, "con_unsigned", {"company_id": "first"})
    assert sender.send(a_record(company=5)).state is InboxState.APPLIED
    known = driver.world.fresh_directory(NETWORK).connections["con_unsigned"]
    assert known.settings["company_id"] == "5"
    assert sender.send(a_record(880002, company=6)).reason == "WRONG_COMPANY"
    assert sender.send(a_record(880003, company=5)).state is InboxState.APPLIED


def test_a_connection_of_before_goes_on_with_every_company(sender: UnsignedSender) -> None:
    change_connection(sender.driver.world, access(), ADAPTERS, "con_unsigned", {"company_id": None})
    assert sender.send(a_record(company=5)).state is InboxState.APPLIED
    assert sender.send(a_record(880002, company=6)).state is InboxState.APPLIED


@pytest.mark.parametrize(
    ("sent_from", "heard"),
    [
        ("203.0.113.7", True),
        ("2001:db8::5", True),
        ("198.51.100.1", False),
        (None, False),
        ("nonsense", False),
    ],
)
def test_only_the_named_networks_are_heard(
    sent_from: str | None, heard: bool, sender: UnsignedSender
) -> None:
    ranges = {"source_ranges": "203.0.113.0/24, 2001:db8::/32"}
    change_connection(sender.driver.world, access(), ADAPTERS, "con_unsigned", ranges)
    if heard:
        assert sender.deliver(a_record(), sent_from).status == "accepted"
        return
    with pytest.raises(DomainError) as refused:
        sender.deliver(a_record(), sent_from)
    assert refused.value.code == "SOURCE_REFUSED"


def test_a_deleted_connection_is_refused_at_once_where_its_set_up_is_still_kept(
    sender: UnsignedSender,
) -> None:
    """Another process has deleted it; this one keeps the set-up for a minute."""
    driver = sender.driver
    sender.send(a_record())
    elsewhere = replace(driver.world, directories=CachedDirectories(driver.store.directory, driver.clock))
    disconnect_site(elsewhere, access(), "con_unsigned")
    assert "con_unsigned" in driver.world.directory(NETWORK).connections
    with pytest.raises(DomainError) as refused:
        sender.deliver(a_record(880002))
    assert refused.value.code == "NOT_FOUND"


def test_services_of_the_site_are_marked_with_who_named_them(sender: UnsignedSender) -> None:
    sender.send(a_record(services=[{"id": 99, "title": "Peeling", "cost": 300}]))
    services = sender.driver.world.fresh_directory(NETWORK).services.values()
    (peeling,) = [each for each in services if each.name == "Peeling"]
    assert isinstance(peeling, Service)
    assert (peeling.made_by, peeling.made_at, peeling.unreviewed) == ("con_unsigned", NOW, True)
