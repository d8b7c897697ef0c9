"""What a site's own id of a client leads to: a client, nobody yet, or somebody else. No link blocks a person,
no old word undoes what the desk did, and what meets another writer is tried again."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.intake.inbox import InboxItem, InboxState
from chalicelib.domain.intake.site_events import SiteClient, SiteEvent
from chalicelib.domain.loyalty.account import Account
from chalicelib.domain.networks.network import Connection
from chalicelib.domain.shared.aliases import Alias, site_client
from chalicelib.domain.shared.quotas import QuotaUse
from chalicelib.services.intake.receive_webhook import replay
from chalicelib.services.shared.ports import SaveConflict
from infra.testkit.builders import NETWORK, NOW, a_client, a_connection, save_client
from infra.testkit.delegating_store import DelegatingStore
from infra.testkit.salon_driver import MARIA_ID, SalonDriver
from infra.testkit.site_events import client_reported, reported
from infra.testkit.unsigned_site import COMPANY, UnsignedSender, a_card, a_record

IN_TWO_DAYS = NOW + timedelta(days=2, hours=2)
DESK, NOBODY = "cli_desk000000000001", "cli_nobody0000000001"
PHONE, E164 = "069500500", "+37369500500"
ELENA = SiteClient("a-1", "Elena Rusu", PHONE)
OTHER = SiteClient("a-2", "Elena R.", "069600600")
THIRD = SiteClient("a-3", "Lena Rusu", "069700700")
BOOKED = reported("e-1", 1, IN_TWO_DAYS, client=ELENA)


def card(person: SiteClient, version: int, *merged_from: str) -> SiteEvent:
    return client_reported(str(person.external_id), version, person, merged_from=merged_from)


def link(driver: SalonDriver, site: Connection, site_id: str, client_id: str) -> None:
    kind = site_client(site.id)
    driver.store.save(Alias(network_id=NETWORK, kind=kind, value=site_id, leads_to=client_id))


def led_to(driver: SalonDriver, site: Connection, person: SiteClient) -> str:
    return str(driver.store.alias(NETWORK, site_client(site.id), str(person.external_id)))


def register(driver: SalonDriver, name: str = "Elena Rusu", phone: str = E164) -> Client:
    return save_client(driver.store, a_client(DESK, name=name, phone=phone, email=None))


# --- a link without its client


def test_a_person_whose_first_visit_was_held_back_is_found_once_the_desk_registered_them(
    driver: SalonDriver,
) -> None:
    """The visit's sum was too large, so that the new client was linked and not saved."""
    site = a_connection("yclients", "con_unsigned", settings={"company_id": str(COMPANY)})
    sender = UnsignedSender(driver, driver.store.save(site)[0])
    elena = {"id": 5005, "name": "Elena Rusu", "phone": E164}
    dear = [{"id": 31, "title": "Haircut", "cost": 90_000_000}]
    date = f"{NOW - timedelta(hours=3):%Y-%m-%d %H:%M:%S}"
    held = sender.send(a_record(1, client=elena, services=dear, attendance=1, paid_full=1, date=date))
    assert held.reason == "SUM_TOO_LARGE"
    register(driver)
    replay(sender.receiving(), NETWORK, held.id)
    items = [sender.take_in(held.id), sender.send(a_record(2, client=elena))]
    assert [each.state for each in items] == [InboxState.APPLIED] * 2
    assert {each.client_id for each in driver.bookings()} == {DESK}
    assert sender.send(a_card(5005, name="Elena Rusu", phone=E164)).state is not InboxState.QUARANTINED
    assert led_to(driver, sender.connection, SiteClient("5005")) == DESK


WORDS: dict[str, SiteEvent] = {
    "a booking": BOOKED,
    "a card": card(ELENA, 1),
    "a merge into the id": card(ELENA, 2, "a-2"),
    "a merge of the id into another": card(OTHER, 2, "a-1"),
}


@pytest.mark.parametrize("registered", [False, True])
@pytest.mark.parametrize("name", WORDS)
def test_a_link_that_leads_to_nobody_is_moved_to_whoever_it_is(
    driver: SalonDriver, site: Connection, name: str, registered: bool
) -> None:
    link(driver, site, "a-1", NOBODY)
    if registered:
        register(driver)
    for event in (card(OTHER, 1), WORDS[name], card(ELENA, 3), BOOKED):
        assert driver.hear(site, event).state is InboxState.APPLIED
    client = driver.client(str(driver.only_booking().client_id))
    assert f"{site.id}:a-1" in client.guards
    found = driver.client(led_to(driver, site, ELENA))
    assert client.id in (found.id, found.merged and found.merged.into)
    assert (client.id == DESK) == (registered and name != "a merge of the id into another")


def test_an_id_that_leads_to_somebody_else_is_moved_to_its_own_person_whom_the_desk_knows(
    driver: SalonDriver, site: Connection
) -> None:
    """An earlier version linked the son's id to the mother; the desk has registered the son since."""
    driver.hear(site, card(ELENA, 1))
    link(driver, site, "k-1", led_to(driver, site, ELENA))
    register(driver, "Tim Rusu", "+37369800800")
    son = SiteClient("k-1", "Tim Rusu", "069800800")
    for event in (reported("e-1", 1, IN_TWO_DAYS, client=son), card(son, 5)):
        assert driver.hear(site, event).state is InboxState.APPLIED
    assert (driver.only_booking().client_id, led_to(driver, site, son)) == (DESK, DESK)
    assert driver.client(led_to(driver, site, ELENA)).name == "Elena Rusu"


def test_an_id_that_leads_to_somebody_else_is_moved_by_a_merge_on_the_site(
    driver: SalonDriver, site: Connection
) -> None:
    driver.hear(site, card(ELENA, 1))
    link(driver, site, "k-1", led_to(driver, site, ELENA))
    former = SiteClient("k-0", "Tim R.", "069800801")
    driver.hear(site, card(former, 1))
    son = SiteClient("k-1", "Tim Rusu", "069800800")
    assert driver.hear(site, card(son, 5, "k-0")).state is InboxState.APPLIED
    assert led_to(driver, site, son) == led_to(driver, site, former) != led_to(driver, site, ELENA)
    assert driver.client(led_to(driver, site, ELENA)).name == "Elena Rusu"


def test_a_client_who_was_made_before_and_lost_their_link_is_linked_again(
    driver: SalonDriver, site: Connection
) -> None:
    driver.hear(site, card(ELENA, 1))
    made = led_to(driver, site, ELENA)
    lost = Alias(network_id=NETWORK, kind=site_client(site.id), value="a-1", leads_to=NOBODY, moved=True)
    driver.store.save(lost)
    moved = replace(ELENA, name="Elena Munteanu", phone="069900900")
    assert driver.hear(site, card(moved, 2)).state is InboxState.APPLIED
    assert led_to(driver, site, ELENA) == made
    assert (driver.client(made).name, driver.client(made).phone) == ("Elena Munteanu", "+37369900900")


# --- what the desk undid


def unmerged(driver: SalonDriver, site: Connection) -> tuple[str, str]:
    """The ids of source and target, whom the site merged and the desk unmerged."""
    for event in (card(ELENA, 1), card(OTHER, 1), card(ELENA, 5, "a-2")):
        driver.hear(site, event)
    source, target = led_to(driver, site, OTHER), led_to(driver, site, ELENA)
    driver.unmerge(source)
    return source, target


@pytest.mark.parametrize("version", [3, 5, 10])
def test_a_merge_that_the_site_repeats_leaves_what_the_desk_unmerged(
    driver: SalonDriver, site: Connection, version: int
) -> None:
    source, _ = unmerged(driver, site)
    event = replace(card(ELENA, version, "a-2"), odd=(f"sent as {version}",))
    assert driver.hear(site, event).state is not InboxState.QUARANTINED
    assert driver.client(source).merged is None
    driver.hear(site, reported("e-2", 1, IN_TWO_DAYS, client=OTHER))
    assert driver.only_booking().client_id == source


def test_a_merge_of_one_more_id_merges_that_one_alone(driver: SalonDriver, site: Connection) -> None:
    source, target = unmerged(driver, site)
    for event in (card(THIRD, 1), card(ELENA, 10, "a-2", "a-3")):
        driver.hear(site, event)
    third = driver.client(led_to(driver, site, THIRD))
    assert driver.client(source).merged is None
    assert (third.merged and third.merged.into) == target


def test_a_repeated_merge_says_nothing_after_the_desk_merged_its_target_too(
    driver: SalonDriver, site: Connection
) -> None:
    source, target = unmerged(driver, site)
    driver.merge(target, MARIA_ID)
    driver.hear(site, card(ELENA, 10, "a-2"))
    assert driver.client(source).merged is None


def test_a_repeated_merge_still_brings_what_is_new_in_the_card(driver: SalonDriver, site: Connection) -> None:
    _, target = unmerged(driver, site)
    driver.hear(site, card(replace(ELENA, name="Elena Munteanu"), 10, "a-2"))
    assert driver.client(target).name == "Elena Munteanu"


# --- somebody else was quicker


class BusyStore(DelegatingStore):
    """Where saves of that kind meet another writer, as long as it is busy. meanwhile: what that writer does
    with the first of them."""

    busy = True
    meanwhile: Callable[[], Any] | None = None

    def __init__(self, store: Any, kind: type[Any]) -> None:
        super().__init__(store)
        self.kind = kind

    def save(self, *values: Any, **more: Any) -> Any:
        if self.busy and any(isinstance(each, self.kind) for each in values):
            if self.meanwhile is not None:
                self.busy = False
                self.meanwhile()
            raise SaveConflict(values[0])
        return self.store.save(*values, **more)


def stored(driver: SalonDriver, item: InboxItem) -> InboxItem:
    found: InboxItem = driver.store.get(InboxItem, network_id=NETWORK, id=item.id)
    return found


def test_a_merge_that_others_keep_from_being_saved_is_tried_again(
    driver: SalonDriver, site: Connection
) -> None:
    for event in (card(ELENA, 1), card(OTHER, 1)):
        driver.hear(site, event)
    store = BusyStore(driver.store, Account)
    item = driver.received(site, card(ELENA, 5, "a-2"))
    with pytest.raises(SaveConflict):
        driver.on(store).ingest(item)
    assert stored(driver, item).state is InboxState.RECEIVED
    store.busy = False
    assert driver.ingest(item) is InboxState.APPLIED
    assert driver.client(led_to(driver, site, OTHER)).merged is not None


def test_a_merge_whose_source_the_desk_merges_at_that_moment_looks_again(
    driver: SalonDriver, site: Connection
) -> None:
    for event in (card(ELENA, 1), card(OTHER, 1)):
        driver.hear(site, event)
    source, target = led_to(driver, site, OTHER), led_to(driver, site, ELENA)
    store = BusyStore(driver.store, Account)
    store.meanwhile = lambda: driver.merge(source, MARIA_ID)
    assert driver.on(store).hear(site, card(ELENA, 5, "a-2")).state is InboxState.APPLIED
    maria = driver.client()
    assert (maria.merged and maria.merged.into) == target


def test_a_sum_that_cannot_be_counted_now_is_tried_again(driver: SalonDriver) -> None:
    settings = {"company_id": str(COMPANY), "largest_visit": "1000"}
    (site,) = driver.store.save(a_connection("yclients", "con_unsigned", settings=settings))
    store = BusyStore(driver.store, QuotaUse)
    sender = UnsignedSender(driver.on(store), site)
    visit = a_record(
        services=[{"id": 31, "title": "Gold", "cost": 900}],
        date=f"{NOW - timedelta(hours=3):%Y-%m-%d %H:%M:%S}",
        attendance=1,
        paid_full=1,
    )
    receipt = sender.deliver(visit)
    with pytest.raises(SaveConflict):
        sender.take_in(receipt.inbox_id)
    store.busy = False
    assert sender.take_in(receipt.inbox_id).state is InboxState.APPLIED
    assert driver.only_booking().paid_minor == 90_000
