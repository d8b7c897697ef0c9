"""What needs an item that cannot be read waits until that item is mended; what does not need it goes on."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.intake.inbox import InboxState
from chalicelib.domain.intake.site_events import SiteLine
from chalicelib.domain.networks.network import Connection, Key, Network, Salon, Template
from chalicelib.domain.shared.errors import Unreadable
from chalicelib.domain.shared.ids import digest
from chalicelib.domain.shared.operations import Parked
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.services.bookings.book import WantedLine
from chalicelib.services.waking.retry_parked import list_parked, remove_parked, retry_parked
from infra.admin import parked_items
from infra.testkit.builders import (
    NETWORK,
    NOW,
    OTHER_NETWORK,
    a_client,
    a_salon,
    a_town,
    access,
    save_client,
)
from infra.testkit.doubles import SettableClock
from infra.testkit.salon_driver import MARIA_ID, SalonDriver
from infra.testkit.site_events import reported
from tests.services.waking.damaged import (
    IN_TWO_DAYS,
    Damage,
    damage,
    mend,
    no_json,
    parked,
    raw,
)


def test_without_its_text_a_message_waits_and_the_others_go(
    driver: SalonDriver, clock: SettableClock
) -> None:
    template = a_template(driver)
    damage(driver, no_json, "TEMPLATE", network_id=NETWORK, kind="notice", channel="sms", language="ru")
    booking = driver.book(IN_TWO_DAYS)
    clock.forward(minutes=2)
    driver.drain()
    assert driver.kinds_sent() == []
    (touch,) = driver.booking(booking.id).touches.values()
    assert (touch.state, touch.reason) == ("deferred", "unreadable")
    assert parked(driver) == ["TEMPLATE notice.sms.ru"]
    clock.now = IN_TWO_DAYS - timedelta(hours=24)
    driver.drain()
    assert driver.kinds_sent() == ["confirm_request"]
    mend(driver, template)
    retry_parked(driver.world, NETWORK, "notice.sms.ru")
    clock.forward(minutes=11)
    driver.drain()
    assert parked(driver) == []
    assert driver.booking(booking.id).touches[TouchKind.NOTICE].reason != "unreadable"


def a_template(driver: SalonDriver) -> Any:
    driver.store.save(
        Template(
            network_id=NETWORK, kind=TouchKind.NOTICE, channel="sms", language="ru", text="Ждём вас",
            changed_at=NOW, actor="key:owner",
        )
    )  # fmt: skip
    return raw(driver, "TEMPLATE", network_id=NETWORK, kind="notice", channel="sms", language="ru")


def test_without_a_service_its_bookings_wait_and_the_others_go(
    driver: SalonDriver, clock: SettableClock
) -> None:
    waits = driver.book(IN_TWO_DAYS)
    driver.book(IN_TWO_DAYS + timedelta(days=1), lines=[WantedLine(service_id="srv_nails")])
    good = damage(driver, no_json, "SERVICE", network_id=NETWORK, id="srv_cut")
    driver.world.directories.forget(NETWORK)
    for _ in range(2):
        clock.forward(minutes=1)
        driver.drain()
    assert driver.kinds_sent() == ["notice"]
    assert parked(driver) == ["SERVICE srv_cut"]
    with pytest.raises(Unreadable):
        driver.book(IN_TWO_DAYS)
    good.body = '{"name":"Haircut"}'
    mend(driver, good)
    retry_parked(driver.world, NETWORK, "srv_cut")
    clock.forward(minutes=11)
    driver.drain()
    assert driver.booking(waits.id).touches[TouchKind.NOTICE].state == "sent"


def test_without_a_salon_its_bookings_wait_and_those_of_others_go(
    driver: SalonDriver, clock: SettableClock
) -> None:
    driver.store.save(a_salon("sal_aaa", name="First"))
    waits = driver.book(IN_TWO_DAYS, salon_id="sal_aaa", lines=[WantedLine(service_id="srv_cut")])
    save_client(driver.store, a_client("cli_elena0000000001", phone="+37369000999", email=None))
    driver.book(IN_TWO_DAYS, client="cli_elena0000000001")
    good = raw(driver, "SALON", network_id=NETWORK, id="sal_aaa")
    damage(driver, no_json, "SALON", network_id=NETWORK, id="sal_aaa")
    driver.world.directories.forget(NETWORK)
    for _ in range(2):
        clock.forward(minutes=1)
        driver.drain()
    assert driver.kinds_sent() == ["notice"]
    assert driver.booking(waits.id).touches == {}
    assert parked(driver) == ["SALON sal_aaa"]
    mend(driver, good)
    retry_parked(driver.world, NETWORK, "sal_aaa")
    driver.run_until(clock.now + timedelta(minutes=10))
    assert driver.kinds_sent() == ["notice", "notice"]
    assert parked(driver) == []


@pytest.mark.parametrize("end", ["mended", "removed"])
@pytest.mark.parametrize(
    ("kind", "item_id"),
    [("SERVICE", "srv_cut"), ("STAFF", "stf_anna"), ("SERVICE", "of the site"), ("STAFF", "of the site")],
)
def test_a_webhook_that_names_an_unreadable_service_or_specialist_waits_and_makes_no_second_one(
    driver: SalonDriver, site: Connection, clock: SettableClock, kind: str, item_id: str, end: str
) -> None:
    """Whether the desk made the item, or an earlier webhook did."""
    of_site = item_id == "of the site"
    if of_site:
        driver.hear(site, reported("e-1", 1, IN_TWO_DAYS, lines=(SiteLine("s-9", "Shave", "p-9", "Ion"),)))
        (item_id,) = (each.id for each in of_kind(driver, kind) if each.made_by == site.id)
    before = [each.id for each in of_kind(driver, kind)]
    names = SiteLine("s-9", "Shave", "p-9", "Ion") if of_site else SiteLine(None, "Haircut", None, "Anna")
    good = raw(driver, kind, network_id=NETWORK, id=item_id)
    damage(driver, no_json, kind, network_id=NETWORK, id=item_id)
    driver.world.directories.forget(NETWORK)
    item = driver.hear(site, reported("e-2", 1, IN_TWO_DAYS + timedelta(days=1), lines=(names,)))
    assert (item.state, item.reason) == (InboxState.WAITING, "UNREADABLE_ITEM")
    assert [each.id for each in of_kind(driver, kind)] == [each for each in before if each != item_id]
    assert parked(driver) == [f"{kind} {item_id}"]
    if end == "mended":
        mend(driver, good)
    else:
        remove_parked(driver.world, access(), item_id)
    driver.intake_queue.items.clear()
    clock.forward(minutes=2)
    driver.drain()
    (handed,) = driver.intake_queue.items
    assert driver.ingest(handed) is InboxState.APPLIED
    assert len(of_kind(driver, kind)) == len(before)


NEWER = '{"name":"Shave","external_ids":["con_standard:s-9","con_standard:p-9"],"unreviewed":"since 2026"}'


@pytest.mark.parametrize("kind", ["SERVICE", "STAFF"])
@pytest.mark.parametrize(
    ("names", "waits"),
    [
        (SiteLine("s-9", "Cut", "p-9", "Ion"), True),
        (SiteLine("s-7", "SHAVE", "p-7", "shave"), True),
        (SiteLine("s-7", "Colour", "p-7", "Ion"), False),
        (SiteLine(None, "Colour", None, "Ion"), False),
    ],
    ids=["of its id", "of its name", "of another id and name", "of another name"],
)
def test_of_an_item_that_a_newer_release_wrote_the_name_is_known_so_that_others_are_made_at_once(
    driver: SalonDriver, site: Connection, kind: str, names: SiteLine, waits: bool
) -> None:
    item_id = "srv_nails" if kind == "SERVICE" else "stf_vera"
    damage(driver, holding(NEWER), kind, network_id=NETWORK, id=item_id)
    driver.world.directories.forget(NETWORK)
    item = driver.hear(site, reported("e-1", 1, IN_TWO_DAYS, lines=(names,)))
    assert item.state is (InboxState.WAITING if waits else InboxState.APPLIED)
    assert [each.name for each in of_kind(driver, kind) if each.unreviewed] == (
        [] if waits else ["Colour" if kind == "SERVICE" else "Ion"]
    )


@pytest.mark.parametrize("known", [True, False], ids=["its name is known", "nothing is known"])
def test_a_webhook_waits_eleven_minutes_for_an_item_that_tells_nothing_of_itself(
    driver: SalonDriver, site: Connection, clock: SettableClock, known: bool
) -> None:
    """One whose name is known, and named, is waited for as long as a booking that is unknown."""
    damage(driver, holding(NEWER) if known else no_json, "SERVICE", network_id=NETWORK, id="srv_nails")
    driver.world.directories.forget(NETWORK)
    item = driver.hear(site, reported("e-1", 1, IN_TWO_DAYS, lines=(SiteLine("s-7", "Shave"),)))
    states = []
    for pause in (timedelta(minutes=1), timedelta(minutes=10)):
        clock.forward(seconds=pause.total_seconds())
        states.append(driver.ingest(item))
    assert states == [InboxState.WAITING, InboxState.WAITING if known else InboxState.APPLIED]
    made = [each.name for each in of_kind(driver, "SERVICE") if each.unreviewed]
    assert made == ([] if known else ["Shave"])


def holding(body: str) -> Damage:
    def damaged(item: Any) -> None:
        item.body, item.packed = body, None

    return damaged


def of_kind(driver: SalonDriver, kind: str) -> list[Any]:
    directory = driver.world.fresh_directory(NETWORK)
    return [*(directory.services if kind == "SERVICE" else directory.staff).values()]


def test_without_a_client_their_bookings_wait_and_are_not_parked(
    driver: SalonDriver, clock: SettableClock
) -> None:
    booking = driver.book(IN_TWO_DAYS)
    good = raw(driver, "CLIENT", network_id=NETWORK, id=MARIA_ID)
    damage(driver, no_json, "CLIENT", network_id=NETWORK, id=MARIA_ID)
    for _ in range(90):
        clock.forward(minutes=1)
        driver.drain()
    assert parked(driver) == [f"CLIENT {MARIA_ID}"]
    assert driver.booking(booking.id).wake is not None
    mend(driver, good)
    retry_parked(driver.world, NETWORK, MARIA_ID)
    driver.run_until(clock.now + timedelta(minutes=20))
    assert driver.kinds_sent() == ["notice"]


def test_a_network_that_cannot_be_read_fails_by_itself(driver: SalonDriver, clock: SettableClock) -> None:
    a_town(driver.store, OTHER_NETWORK)
    driver.book(IN_TWO_DAYS)
    damage(driver, no_json, "NETWORK", network_id=NETWORK)
    driver.world.directories.forget(NETWORK)
    clock.forward(minutes=2)
    driver.drain()
    with pytest.raises(Unreadable):
        driver.world.directory(NETWORK)
    assert driver.world.directory(OTHER_NETWORK).salons
    assert parked(driver) == [f"NETWORK {NETWORK}"]


def test_lists_leave_an_unreadable_item_out_and_say_so(driver: SalonDriver) -> None:
    save_client(driver.store, a_client("cli_elena0000000001", phone="+37369000999", email=None))
    damage(driver, no_json, "CLIENT", network_id=NETWORK, id=MARIA_ID)
    first = driver.book(IN_TWO_DAYS, client="cli_elena0000000001")
    second = driver.book(IN_TWO_DAYS, client="cli_elena0000000001")
    damage(driver, no_json, "BOOKING", network_id=NETWORK, id=first.id)
    store = driver.store
    assert [each.id for each in store.clients(NETWORK).items] == ["cli_elena0000000001"]
    assert store.clients_named(NETWORK, [MARIA_ID]) == []
    assert [each.id for each in driver.bookings()] == [second.id]
    with pytest.raises(Unreadable):
        store.get(Client, network_id=NETWORK, id=MARIA_ID)
    assert sorted(parked(driver)) == [f"BOOKING {first.id}", f"CLIENT {MARIA_ID}"]


def test_points_that_are_added_up_are_never_left_out(driver: SalonDriver) -> None:
    entry = driver.post("grant", 10)
    damage(driver, no_json, "ENTRY", network_id=NETWORK, client_id=MARIA_ID, id=entry.id)
    with pytest.raises(Unreadable):
        driver.store.entries(NETWORK, MARIA_ID)


def test_an_account_whose_entries_cannot_be_read_differs_and_the_audit_goes_on(driver: SalonDriver) -> None:
    from chalicelib.services.clearing.audit_accounts import audit_page

    save_client(driver.store, a_client("cli_elena0000000001", phone="+37369000999", email=None))
    entry = driver.post("grant", 10)
    driver.post("grant", 10, "cli_elena0000000001")
    damage(driver, no_json, "ENTRY", network_id=NETWORK, client_id=MARIA_ID, id=entry.id)
    found = audit_page(driver.world, NETWORK, cursor=None)
    (differing,) = found.differing
    assert differing.client_id == MARIA_ID
    assert "cannot be read" in differing.faults[0]


def test_whoever_runs_the_deployment_sees_retries_and_removes_without_a_key(
    driver: SalonDriver, clock: SettableClock
) -> None:
    assert parked_items(driver.world, NETWORK) == "nothing is parked"
    good = raw(driver, "STAFF", network_id=NETWORK, id="stf_anna")
    damage(driver, no_json, "STAFF", network_id=NETWORK, id="stf_anna")
    damage(driver, no_json, "STAFF", network_id=NETWORK, id="stf_vera")
    assert len(parked_items(driver.world, NETWORK).splitlines()) == 2
    mend(driver, good)
    assert "anna" not in parked_items(driver.world, NETWORK, retry="stf_anna")
    assert parked_items(driver.world, NETWORK, remove="stf_vera") == "nothing is parked"
    (record,) = list_parked(driver.world, NETWORK, removed_ones=True)
    assert record.removed_by == "system:admin"


def test_no_secret_stands_in_the_list(driver: SalonDriver) -> None:
    from infra.testkit.builders import a_connection

    connection = a_connection()
    driver.store.save(connection, Key(network_id=NETWORK, id="key_x", hash="h" * 40, role="owner",
                                      name="x", created_at=NOW))  # fmt: skip
    damage(driver, no_json, "HOOK", network_id=NETWORK, token=connection.token)
    driver.world.directories.forget(NETWORK)
    assert parked(driver) == [f"HOOK {digest(connection.token, length=12)}"]
    with pytest.raises(Unreadable):
        assert "con_else" in driver.world.directory(NETWORK).connections


def test_a_network_whose_salons_lie_in_several_zones_has_none_while_the_first_cannot_be_read(
    driver: SalonDriver,
) -> None:
    driver.store.save(a_salon("sal_aaa"), a_salon("sal_zzz", timezone="Europe/London"))
    damage(driver, no_json, "SALON", network_id=NETWORK, id="sal_aaa")
    directory = driver.world.fresh_directory(NETWORK)
    with pytest.raises(Unreadable):
        assert directory.zone
    network = driver.store.get(Network, network_id=NETWORK)
    assert network is not None
    assert network.timezone is None
    assert isinstance(next(iter(directory.salons.values())), Salon)
    assert driver.store.get_all(Parked, network_id=NETWORK) == []
