"""Each AWS call of a webhook about people who share a phone fails in turn. Done again, each is there once."""

from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.intake.inbox import InboxItem, InboxState
from chalicelib.domain.intake.site_events import SiteClient, SiteEvent
from chalicelib.domain.shared.aliases import Alias, site_client
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.domain.shared.touches import Purpose
from chalicelib.services.clients.register_client import change_client
from infra.testkit.builders import NETWORK, a_client, a_connection, access, save_client
from infra.testkit.failing_calls import Failure
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.site_events import client_reported, reported
from tests.crash.arranged import IN_TWO_DAYS, Story, fail_each_call

MOTHER = SiteClient("m-1", "Elena Rusu", "069500500")
CHILD = SiteClient("k-1", "Tim Rusu", "069500500")
OTHER = SiteClient("d-1", "Elena R.", "069700700")
OWN, NO_MAIL = "069600600", (("email", Purpose.MARKETING),)


def card(person: SiteClient, version: int, **fields: Any) -> SiteEvent:
    return client_reported(str(person.external_id), version, replace(person, **fields))


MERGED = client_reported("m-1", 7, MOTHER, merged_from=("d-1",))
CHILD_BOOKED = reported("e-2", 1, IN_TWO_DAYS, client=CHILD)


def after(*before: SiteEvent, then: SiteEvent) -> Callable[[SalonDriver], Any]:
    def arranged(driver: SalonDriver) -> Any:
        (site,) = driver.store.save(a_connection())
        for event in before:
            driver.hear(site, event)
        return driver.received(site, then)

    return arranged


def points_and_a_merge(driver: SalonDriver) -> Any:
    item = after(card(MOTHER, 1), card(OTHER, 1), then=MERGED)(driver)
    driver.post("grant", 50, of_site(driver, OTHER).id)
    return item


def two_taken_for_one(driver: SalonDriver) -> Any:
    item = after(card(MOTHER, 1), then=card(CHILD, 5))(driver)
    mother = of_site(driver, MOTHER)
    alias = Alias(network_id=NETWORK, kind=site_client("con_standard"), value="k-1", leads_to=mother.id)
    driver.store.save(replace(mother, guards=MappingProxyType({"con_standard:m-1": "v" + "0" * 20})), alias)
    return item


def a_phone_put_right(driver: SalonDriver) -> Any:
    elena = SiteClient(name="Elena", phone="069000111")
    boris = reported("e-2", 1, IN_TWO_DAYS, client=replace(elena, name="Boris"))
    item = after(reported("e-1", 1, IN_TWO_DAYS, client=elena), then=boris)(driver)
    (first,) = driver.bookings()
    change_client(driver.world, access(), str(first.client_id), {"phone": "069000222"})
    return item


def ingest(driver: SalonDriver, item: Any) -> None:
    driver.ingest(item)


def of_site(driver: SalonDriver, person: SiteClient) -> Client:
    kind = site_client("con_standard")
    return driver.client(driver.store.alias(NETWORK, kind, str(person.external_id)))


def applied(driver: SalonDriver, item: Any) -> None:
    assert driver.store.get(InboxItem, network_id=NETWORK, id=item.id).state is InboxState.APPLIED


def people(driver: SalonDriver) -> Sequence[str]:
    return sorted(each.name for each in driver.store.clients(NETWORK).items)


def both_are_there(driver: SalonDriver, item: Any) -> None:
    applied(driver, item)
    mother, child = of_site(driver, MOTHER), of_site(driver, CHILD)
    assert people(driver) == ["Elena Rusu", "Maria Popescu", "Tim Rusu"]
    assert (child.phone, child.contact_id, mother.contact_of) == (None, mother.id, (child.id,))


def the_child_has_a_phone(driver: SalonDriver, item: Any) -> None:
    applied(driver, item)
    child = of_site(driver, CHILD)
    assert (child.phone, child.contact_id) == ("+37369600600", None)
    assert of_site(driver, MOTHER).phone == "+37369500500"
    assert driver.store.alias(NETWORK, "phone", "+37369600600") == child.id
    assert [each.granted for each in child.consents] == [False]


def they_are_one(driver: SalonDriver, item: Any) -> None:
    applied(driver, item)
    target = of_site(driver, MOTHER)
    source = next(each for each in driver.store.clients(NETWORK).items if each.merged is not None)
    assert (source.merged.into, target.phone) == (target.id, "+37369500500")
    assert driver.store.account(NETWORK, target.id).balance == 50
    assert (driver.ledger_faults(target.id), driver.ledger_faults(source.id)) == ([], [])


def the_later_id_leads_to_her(driver: SalonDriver, item: Any) -> None:
    applied(driver, item)
    assert of_site(driver, OTHER).id == of_site(driver, MOTHER).id
    assert people(driver) == ["Elena Rusu", "Maria Popescu"]


def the_desk_was_asked_once(driver: SalonDriver, item: Any) -> None:
    applied(driver, item)
    assert [each.kind for each in driver.store.get_all(Task, network_id=NETWORK)] == [TaskKind.SITE_PHONE]
    assert len(driver.bookings()) == 1


def the_next_owner_is_another(driver: SalonDriver, item: Any) -> None:
    applied(driver, item)
    assert people(driver) == ["Boris", "Elena", "Maria Popescu"]


NEW = SiteClient("n-1", "Nadia Popa", "069300300")


def ingest_after_the_desk(driver: SalonDriver, item: Any) -> None:
    """Meanwhile reception has registered the person, unless the site's word came to an end before."""
    if driver.store.alias(NETWORK, "phone", "+37369300300") is None:
        save_client(driver.store, a_client("cli_desk", name="Nadia Popa", phone="+37369300300", email=None))
    driver.ingest(item)


def a_link_to_nobody(driver: SalonDriver) -> Any:
    item = after(then=card(NEW, 1))(driver)
    kind = site_client("con_standard")
    driver.store.save(Alias(network_id=NETWORK, kind=kind, value="n-1", leads_to="cli_nobody"))
    return item


def she_is_there_once(driver: SalonDriver, item: Any) -> None:
    applied(driver, item)
    assert people(driver) == ["Maria Popescu", "Nadia Popa"]
    assert driver.store.alias(NETWORK, "phone", "+37369300300") == of_site(driver, NEW).id
    assert {each.client_id for each in driver.bookings()} <= {of_site(driver, NEW).id}


WRONG = reported("e-1", 1, IN_TWO_DAYS, client=SiteClient("w-1", "Wanda", "12 45"))
STORIES: dict[str, Story] = {
    name: (arranged, ingest, ingest, check)
    for name, (arranged, check) in {
        "a card of the child": (after(card(MOTHER, 1), then=card(CHILD, 1)), both_are_there),
        "a booking of the child": (after(card(MOTHER, 1), then=CHILD_BOOKED), both_are_there),
        "a phone of their own, and a no": (
            after(card(MOTHER, 1), card(CHILD, 1), then=card(CHILD, 2, phone=OWN, opted_out=NO_MAIL)),
            the_child_has_a_phone),
        "the shared phone again": (
            after(card(MOTHER, 1), card(CHILD, 1), card(CHILD, 2, phone=OWN), then=card(CHILD, 3)),
            both_are_there),
        "two taken for one part": (two_taken_for_one, both_are_there),
        "a merge on the site": (points_and_a_merge, they_are_one),
        "a merge of people who are not known yet": (after(then=MERGED), the_later_id_leads_to_her),
        "a wrong phone": (after(then=WRONG), the_desk_was_asked_once),
        "the next owner of a phone": (a_phone_put_right, the_next_owner_is_another),
    }.items()
}  # fmt: skip
STORIES |= {
    f"{name} whom the desk registers meanwhile": (
        arranged,
        ingest,
        ingest_after_the_desk,
        she_is_there_once,
    )
    for name, arranged in {
        "a booking of somebody new": after(then=reported("e-1", 1, IN_TWO_DAYS, client=NEW)),
        "a card of somebody new": after(then=card(NEW, 1)),
        "a card under a link to nobody": a_link_to_nobody,
    }.items()
}


@pytest.mark.parametrize("failure", Failure)
@pytest.mark.parametrize("name", STORIES)
def test_any_call_may_fail_and_each_person_is_there_once(
    name: str, failure: Failure, aws: dict[str, Any]
) -> None:
    assert fail_each_call(aws, STORIES[name], failure) > 1
