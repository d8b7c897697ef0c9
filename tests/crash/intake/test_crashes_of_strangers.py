"""Each AWS call of a stranger's webhook and of a change of a connection fails in turn. Done again, all is
there once."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.booking_sites import ADAPTERS
from chalicelib.domain.intake.inbox import InboxItem, InboxState
from chalicelib.domain.intake.site_events import SiteClient, SiteLine, SiteStatus
from chalicelib.domain.networks.network import Connection
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.quotas import QuotaUse
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.services.intake.connect_site import (
    SiteToConnect,
    change_connection,
    connect_site,
    disconnect_site,
    rotate_connection,
)
from chalicelib.services.intake.receive_webhook import known_connection
from chalicelib.services.shared.day_sums import SLICE, WHOLE
from infra.testkit.builders import NETWORK, a_connection, access
from infra.testkit.doubles import SeededRandomness
from infra.testkit.failing_calls import Failure
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.site_events import LINE, MARIA, client_reported, reported
from tests.crash.arranged import IN_TWO_DAYS, MARIA_ID, Story, fail_each_call

MANY = tuple(SiteLine(f"s-{n}", f"Service {n}", f"p-{n}", f"Person {n}") for n in range(5))
TOO_MANY = tuple(SiteLine(f"s-{n}", f"Service {n}") for n in range(51))
FORTUNE = (replace(LINE, price_minor=10**10),)
COMPANY = "71001"


def unsigned(company_id: str = COMPANY) -> Connection:
    return a_connection("yclients", "con_yclients", settings={"company_id": company_id})


def a_webhook(*events: Any, company_id: str = COMPANY) -> Callable[[SalonDriver], Any]:
    def arranged(driver: SalonDriver) -> Any:
        (site,) = driver.store.save(unsigned(company_id))
        return driver.received(site, *events)

    return arranged


def ingest(driver: SalonDriver, item: Any) -> None:
    driver.ingest(item)


def state_of(driver: SalonDriver, item: Any) -> InboxItem:
    found: InboxItem = driver.store.get(InboxItem, network_id=NETWORK, id=item.id)
    return found


def tasks(driver: SalonDriver) -> list[TaskKind]:
    return [task.kind for task in driver.store.get_all(Task, network_id=NETWORK)]


def each_new_item_is_there_once(driver: SalonDriver, item: Any) -> None:
    assert state_of(driver, item).state is InboxState.APPLIED
    directory = driver.world.fresh_directory(NETWORK)
    names = [each.name for each in (*directory.services.values(), *directory.staff.values())]
    for line in MANY:
        assert (names.count(str(line.service_name)), names.count(str(line.staff_name))) == (1, 1)
    assert len(driver.only_booking().lines) == len(MANY)


def it_waits_for_a_person(reason: str) -> Callable[[SalonDriver, Any], None]:
    def check(driver: SalonDriver, item: Any) -> None:
        found = state_of(driver, item)
        assert (found.state, found.reason) == (InboxState.QUARANTINED, reason)
        assert tasks(driver) == [TaskKind.SITE_HELD_BACK]
        assert driver.store.account(NETWORK, MARIA_ID).balance == 0

    return check


def the_desk_was_asked_once(driver: SalonDriver, item: Any) -> None:
    assert state_of(driver, item).reason == "asked_the_desk"
    assert tasks(driver) == [TaskKind.SITE_CARD]
    assert driver.client().email == "maria@example.com"


def the_company_is_known(driver: SalonDriver, item: Any) -> None:
    assert state_of(driver, item).state is InboxState.APPLIED
    driver.only_booking()
    connections = driver.world.fresh_directory(NETWORK).connections
    assert connections["con_yclients"].settings["company_id"] == COMPANY


def the_visit_and_its_sum_are_counted(driver: SalonDriver, item: Any) -> None:
    """The sum is counted before the visit: a crash between the two counts it again, and no visit twice."""
    assert state_of(driver, item).state is InboxState.APPLIED
    assert driver.only_booking().paid_minor == 100_000_00
    assert (driver.client().visits_count, driver.ledger_faults()) == (1, [])
    key = {"network_id": NETWORK, "caller": "sums of con_yclients", "day": f"{driver.clock.now:%Y-%m-%d}"}
    use = driver.store.get(QuotaUse, **key)
    assert WHOLE // 50 - SLICE <= sum(use.by_hour.values()) <= 2 * WHOLE // 50


LARGE = (replace(LINE, service_id="s-8", service_name="Wedding", price_minor=100_000_00),)
MADE = reported("e-1", 1, IN_TWO_DAYS)
OTHER_EMAIL = SiteClient(phone=MARIA.phone, email="thief@evil.example")
WEBHOOKS: dict[str, Story] = {
    name: (arranged, ingest, ingest, check)
    for name, (arranged, check) in {
        "ten new services and specialists": (
            a_webhook(replace(MADE, lines=MANY)), each_new_item_is_there_once),
        "more new services than may be": (
            a_webhook(replace(MADE, lines=TOO_MANY)), it_waits_for_a_person("TOO_MUCH_AT_ONCE")),
        "a fortune": (
            a_webhook(replace(MADE, lines=FORTUNE, status=SiteStatus.COMPLETED)),
            it_waits_for_a_person("SUM_TOO_LARGE")),
        "a large sum": (
            a_webhook(replace(MADE, lines=LARGE, status=SiteStatus.COMPLETED)),
            the_visit_and_its_sum_are_counted),
        "another card of a client": (
            a_webhook(client_reported("c-9", 1, OTHER_EMAIL)), the_desk_was_asked_once),
        "the first company": (
            a_webhook(replace(MADE, salon_external_id=COMPANY), company_id="first"), the_company_is_known),
    }.items()
}  # fmt: skip


# --- a connection's change: whoever asks again sends the same Idempotency-Key


def connected(driver: SalonDriver) -> Connection:
    site: Connection = driver.store.save(unsigned())[0]
    driver.hear(site, MADE)
    return site


def rotate(driver: SalonDriver, site: Any) -> None:
    rotate_connection(driver.world, access(), site.id, None, SeededRandomness(5))


def change(driver: SalonDriver, site: Any) -> None:
    change_connection(driver.world, access(), ADAPTERS, site.id, {"source_ranges": "203.0.113.0/24"})


def disconnected(driver: SalonDriver) -> Connection:
    site = connected(driver)
    disconnect_site(driver.world, access(), site.id)
    return site


def replace_it(driver: SalonDriver, site: Any) -> None:
    wanted = SiteToConnect("yclients", "sal_centru", None, {"company_id": COMPANY}, site.id)
    connect_site(driver.world, access(), ADAPTERS, wanted, SeededRandomness(5))


def one_connection_goes_on(driver: SalonDriver, site: Any) -> None:
    (known,) = driver.world.fresh_directory(NETWORK).connections.values()
    assert (known.id, known.token == site.token) == (site.id, False)
    assert len(driver.store.get_all(Connection, network_id=NETWORK)) == 1
    with pytest.raises(DomainError):
        known_connection(driver.world, "yclients", site.token)
    assert known_connection(driver.world, "yclients", known.token).id == site.id
    driver.hear(known, reported("e-1", 2, IN_TWO_DAYS, note="after"))
    assert driver.only_booking().note == "after"


def the_setting_is_there(driver: SalonDriver, site: Any) -> None:
    settings = driver.world.fresh_directory(NETWORK).connections[site.id].settings
    assert settings == {"company_id": COMPANY, "source_ranges": "203.0.113.0/24"}


CHANGES: dict[str, Story] = {
    "rotated": (connected, rotate, rotate, one_connection_goes_on),
    "replaced": (disconnected, replace_it, replace_it, one_connection_goes_on),
    "changed": (connected, change, change, the_setting_is_there),
}


@pytest.mark.parametrize("failure", Failure)
@pytest.mark.parametrize("name", [*WEBHOOKS, *CHANGES])
def test_any_call_may_fail_and_all_is_there_once(name: str, failure: Failure, aws: dict[str, Any]) -> None:
    assert fail_each_call(aws, (WEBHOOKS | CHANGES)[name], failure) > 1
