"""What a site tells of a client beside a booking: a first phone or e-mail, and a no. It reaches that client,
whatever becomes of the booking, and the client is saved once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.intake.inbox import InboxItem, InboxState
from chalicelib.domain.intake.site_events import (
    BookingReported,
    SiteClient,
    SiteEvent,
    SiteLine,
    SiteStatus,
)
from chalicelib.domain.networks.bonus_rules import Exclusions
from chalicelib.domain.networks.network import Connection
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.domain.shared.touches import Purpose
from chalicelib.services.clients.consents import Statement, set_consents
from infra.testkit.builders import NETWORK, NOW
from infra.testkit.memory_store import MemoryStore
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.site_events import client_reported, reported, thin
from tests.services.rewarded import with_rules

AGO, IN_TWO_DAYS = NOW - timedelta(hours=3), NOW + timedelta(days=2)
LONG_AGO = NOW - timedelta(days=3)
CAME, NO_SMS = SiteStatus.COMPLETED, (("sms", Purpose.MARKETING),)
NO_EMAIL = (("email", Purpose.MARKETING),)
ELENA = SiteClient("p-1", "Elena Rusu", "069500500")
TIM = SiteClient("p-2", "Tim Rusu", "069500500")
BORIS = SiteClient("p-3", "Boris Ciobanu", None, "boris@example.com")
PAID = {"status": CAME, "paid_minor": 50_000}


def says(version: int, client: SiteClient = ELENA, starts_at: Any = AGO, **fields: Any) -> BookingReported:
    return reported("e-1", version, starts_at, client=client, **fields)


def of_site(driver: SalonDriver, site: Connection, person: SiteClient) -> Client:
    return driver.client(driver.store.alias(NETWORK, f"client@{site.id}", person.external_id))


def refused(client: Client) -> list[tuple[str, Purpose]]:
    return [(each.channel, each.purpose) for each in client.consents if not each.granted]


def questions(driver: SalonDriver) -> list[str]:
    found = driver.store.get_all(Task, network_id=NETWORK)
    return [str(task.words) for task in found if task.kind is TaskKind.SITE_DISAGREES]


def agrees_to_sms(driver: SalonDriver, client: Client) -> None:
    pairs = [("sms", Purpose.MARKETING.value)]
    set_consents(driver.world, NETWORK, client.id, pairs, Statement("at the desk"), granted=True)


@pytest.fixture
def counted(driver: SalonDriver, site: Connection) -> Booking:
    """A visit that the site completed, and that was counted for Elena."""
    for event in (says(1), says(2, **PAID)):
        driver.hear(site, event)
    return driver.only_booking()


# --- a visit taken back, with something new about its client in the same body

NEWS: dict[str, dict[str, Any]] = {
    "an e-mail": {"email": "elena@example.com"},
    "a no": {"opted_out": NO_SMS},
    "both": {"email": "elena@example.com", "opted_out": NO_SMS},
}


@pytest.mark.parametrize("news", NEWS)
@pytest.mark.parametrize("to", [SiteStatus.NO_SHOW, SiteStatus.CANCELLED, SiteStatus.BOOKED])
def test_a_visit_is_taken_back_by_a_body_that_has_something_new_of_its_client(
    driver: SalonDriver, site: Connection, counted: Booking, to: SiteStatus, news: str
) -> None:
    item = driver.hear(site, says(3, replace(ELENA, **NEWS[news]), status=to))
    elena = of_site(driver, site, ELENA)
    assert (item.state, driver.only_booking().status.value) == (InboxState.APPLIED, to.value)
    assert (elena.visits_count, dict(elena.spent_minor)) == (0, {"MDL": 0})
    assert elena.email == NEWS[news].get("email")
    assert refused(elena) == list(NEWS[news].get("opted_out", ()))
    assert driver.ledger_faults(elena.id) == []


@pytest.mark.parametrize("to", [SiteStatus.NO_SHOW, SiteStatus.BOOKED])
def test_a_visit_is_taken_back_and_given_to_somebody_who_shares_the_phone(
    driver: SalonDriver, site: Connection, counted: Booking, to: SiteStatus
) -> None:
    item = driver.hear(site, says(3, TIM, IN_TWO_DAYS, status=to))
    elena, tim = of_site(driver, site, ELENA), of_site(driver, site, TIM)
    assert (item.state, driver.only_booking().client_id) == (InboxState.APPLIED, tim.id)
    assert (elena.visits_count, elena.contact_of, tim.contact_id) == (0, (tim.id,), elena.id)


def test_the_bill_of_a_visit_is_corrected_by_a_body_with_a_no(
    driver: SalonDriver, site: Connection, counted: Booking
) -> None:
    told = replace(ELENA, email="elena@example.com", opted_out=NO_SMS)
    item = driver.hear(site, says(3, told, status=CAME, paid_minor=70_000))
    elena = of_site(driver, site, ELENA)
    assert (item.state, driver.only_booking().paid_minor) == (InboxState.APPLIED, 70_000)
    assert (dict(elena.spent_minor), elena.email) == ({"MDL": 70_000}, "elena@example.com")
    assert refused(elena) == list(NO_SMS)
    assert driver.ledger_faults(elena.id) == []


def test_points_follow_other_lines_of_a_body_with_a_no(
    driver: SalonDriver, site: Connection, counted: Booking
) -> None:
    with_rules(driver, cashback_percent=5, earn_excludes=Exclusions(service_ids=("srv_nails",)))
    nails = SiteLine(service_name="Manicure", price_minor=50_000)
    told = replace(ELENA, opted_out=NO_SMS)
    item = driver.hear(site, says(3, told, lines=(nails,), **PAID))
    elena = of_site(driver, site, ELENA)
    assert (item.state, driver.only_booking().earned_points) == (InboxState.APPLIED, 0)
    assert refused(elena) == list(NO_SMS)
    assert driver.ledger_faults(elena.id) == []


def test_a_visit_of_a_merged_client_is_completed_with_an_email_for_the_one_they_were_merged_into(
    driver: SalonDriver, site: Connection
) -> None:
    again = replace(ELENA, external_id="p-9", phone="069500501")
    for event in (client_reported("p-1", 1, ELENA), says(1, again, LONG_AGO)):
        driver.hear(site, event)
    driver.hear(site, client_reported("p-1", 2, ELENA, merged_from=("p-9",)))
    assert driver.only_booking().client_id != of_site(driver, site, ELENA).id
    told = replace(again, email="elena@example.com")
    item = driver.hear(site, says(2, told, LONG_AGO, **PAID))
    elena = of_site(driver, site, ELENA)
    assert (item.state, driver.only_booking().client_id) == (InboxState.APPLIED, elena.id)
    assert (elena.visits_count, elena.email) == (1, "elena@example.com")


def test_two_writes_of_one_item_are_refused_in_memory_as_by_the_table() -> None:
    store, task = MemoryStore(), Task(network_id=NETWORK, id="tsk_1", kind=TaskKind.SITE_PHONE, at=NOW)
    with pytest.raises(ValueError, match="two writes"):
        store.save(task, task)


# --- told with a visit that took place


def test_a_no_told_with_a_completed_visit_holds_and_its_repetition_says_nothing(
    driver: SalonDriver, site: Connection, counted: Booking
) -> None:
    told = replace(ELENA, opted_out=NO_SMS)
    driver.hear(site, says(3, told, **PAID))
    elena = of_site(driver, site, ELENA)
    assert refused(elena) == list(NO_SMS)
    agrees_to_sms(driver, elena)
    driver.hear(site, says(4, told, note="scarf", **PAID))
    assert refused(driver.client(elena.id)) == []
    booking = driver.only_booking()
    assert (booking.client_id, booking.earned_points, booking.paid_minor) == (elena.id, 25, 50_000)


def test_a_first_phone_told_with_a_completed_visit_reaches_its_client(
    driver: SalonDriver, site: Connection
) -> None:
    driver.hear(site, says(1, BORIS, **PAID))
    driver.hear(site, says(2, replace(BORIS, phone="069500999"), **PAID))
    boris = of_site(driver, site, BORIS)
    assert (boris.phone, boris.visits_count) == ("+37369500999", 1)
    assert driver.store.alias(NETWORK, "phone", "+37369500999") == boris.id


def test_a_visit_completed_at_the_desk_hears_a_no_too(driver: SalonDriver, site: Connection) -> None:
    driver.hear(site, says(1))
    driver.complete(driver.only_booking(), paid_minor=30_000)
    driver.hear(site, says(2, replace(ELENA, opted_out=NO_SMS)))
    assert refused(of_site(driver, site, ELENA)) == list(NO_SMS)
    assert (driver.only_booking().paid_minor, questions(driver)) == (30_000, [])


def test_a_no_of_another_client_whom_a_completed_visit_is_given_to_reaches_that_client(
    driver: SalonDriver, site: Connection, counted: Booking
) -> None:
    driver.hear(site, client_reported("p-3", 1, BORIS))
    for version in (3, 4):
        driver.hear(site, says(version, replace(BORIS, opted_out=NO_SMS), **PAID))
    assert refused(of_site(driver, site, BORIS)) == list(NO_SMS)
    assert refused(of_site(driver, site, ELENA)) == []
    assert driver.only_booking().client_id == counted.client_id
    assert len(questions(driver)) == 1


def test_nobody_is_made_of_a_stranger_whom_a_completed_visit_is_given_to(
    driver: SalonDriver, site: Connection, counted: Booking
) -> None:
    driver.hear(site, says(3, BORIS, **PAID))
    assert driver.store.alias(NETWORK, f"client@{site.id}", "p-3") is None
    assert len(questions(driver)) == 1


# --- told with what changes nothing of the booking


def told_with_an_older_event(driver: SalonDriver, site: Connection, told: SiteClient) -> None:
    for event in (says(1), says(5), says(3, told)):
        driver.hear(site, event)


def told_with_an_older_start(driver: SalonDriver, site: Connection, told: SiteClient) -> None:
    late = replace(says(5), starts_at=None, lines=(), partial=True)
    for event in (says(1), late, says(3, told, AGO + timedelta(minutes=10))):
        driver.hear(site, event)


def told_with_a_former_id(driver: SalonDriver, site: Connection, told: SiteClient) -> None:
    moved = reported("e-2", 2, IN_TWO_DAYS, client=ELENA, moved_from="e-1")
    for event in (says(1), moved, says(3, told)):
        driver.hear(site, event)


def told_by_id_alone(driver: SalonDriver, site: Connection, told: SiteClient) -> None:
    for event in (says(1), reported("e-2", 1, AGO, client=SiteClient("p-1", opted_out=told.opted_out))):
        driver.hear(site, event)


def told_without_an_id(driver: SalonDriver, site: Connection, told: SiteClient) -> None:
    for event in (says(1), says(2, replace(told, external_id=None))):
        driver.hear(site, event)


WAYS: list[Callable[[SalonDriver, Connection, SiteClient], None]] = [
    told_with_an_older_event,
    told_with_an_older_start,
    told_with_a_former_id,
    told_by_id_alone,
    told_without_an_id,
]


@pytest.mark.parametrize("way", WAYS)
def test_a_no_is_heard_whatever_it_is_told_with(
    driver: SalonDriver, site: Connection, way: Callable[[SalonDriver, Connection, SiteClient], None]
) -> None:
    way(driver, site, replace(ELENA, opted_out=NO_SMS))
    assert refused(of_site(driver, site, ELENA)) == list(NO_SMS)


@pytest.mark.parametrize("way", [told_with_an_older_event, told_with_an_older_start, told_with_a_former_id])
def test_a_first_email_is_heard_whatever_it_is_told_with(
    driver: SalonDriver, site: Connection, way: Callable[[SalonDriver, Connection, SiteClient], None]
) -> None:
    way(driver, site, replace(ELENA, email="elena@example.com"))
    assert of_site(driver, site, ELENA).email == "elena@example.com"


def test_a_first_phone_of_a_client_without_an_id_is_heard_with_a_later_word(
    driver: SalonDriver, site: Connection
) -> None:
    unnumbered = replace(BORIS, external_id=None)
    for event in (says(1, unnumbered), says(2, replace(unnumbered, phone="069500999"))):
        driver.hear(site, event)
    assert driver.client(str(driver.only_booking().client_id)).phone == "+37369500999"


def test_a_phone_in_an_older_event_is_not_given_to_who_took_the_others_booking(
    driver: SalonDriver, site: Connection
) -> None:
    """Both are called Rusu, and only the site's id tells whose phone it is."""
    ana, alex = SiteClient("p-4", "A. Rusu", None, "ana@example.com"), SiteClient("p-5", "A. Rusu")
    for event in (says(1, ana), says(5, alex), says(3, replace(ana, phone="069500999"))):
        driver.hear(site, event)
    assert of_site(driver, site, ana).phone == "+37369500999"
    assert of_site(driver, site, alex).phone is None


@pytest.mark.parametrize(
    "older",
    [
        lambda told: client_reported("p-1", 3, told),
        lambda told: says(3, told),
    ],
)
def test_an_older_word_of_refusals_takes_none_back(
    driver: SalonDriver, site: Connection, older: Callable[[SiteClient], SiteEvent]
) -> None:
    """The consent that was given here since would else be withdrawn by the next repetition of the no."""
    told = replace(ELENA, opted_out=NO_SMS)
    for event in (says(1), client_reported("p-1", 5, told), says(5, told)):
        driver.hear(site, event)
    elena = of_site(driver, site, ELENA)
    agrees_to_sms(driver, elena)
    driver.hear(site, older(replace(ELENA, opted_out=NO_EMAIL)))
    driver.hear(site, client_reported("p-1", 6, told))
    assert refused(driver.client(elena.id)) == list(NO_EMAIL)


# --- one person under two ids


AGAIN = replace(ELENA, external_id="p-9", phone="069500501")


def merged_on_site(driver: SalonDriver, site: Connection) -> None:
    driver.hear(site, client_reported("p-1", 9, ELENA, merged_from=("p-9",)))


def merged_at_the_desk(driver: SalonDriver, site: Connection) -> None:
    driver.merge(of_site(driver, site, AGAIN).id, of_site(driver, site, ELENA).id)


@pytest.mark.parametrize("merge", [merged_on_site, merged_at_the_desk])
@pytest.mark.parametrize("is_told_now", [ELENA, replace(ELENA, email="elena@example.com")])
def test_past_visits_of_a_merged_client_are_no_question_once_the_site_names_the_one_who_stays(
    driver: SalonDriver,
    site: Connection,
    merge: Callable[[SalonDriver, Connection], None],
    is_told_now: SiteClient,
) -> None:
    driver.hear(site, client_reported("p-1", 1, ELENA))
    visits = [(f"e-{n}", AGO - timedelta(days=n)) for n in range(3)]
    for name, at in visits:
        driver.hear(site, reported(name, 1, at, client=AGAIN, **PAID))
    merge(driver, site)
    for name, at in visits:
        driver.hear(site, reported(name, 2, at, client=is_told_now, note="scarf", **PAID))
    elena = of_site(driver, site, ELENA)
    assert (questions(driver), elena.visits_count, elena.email) == ([], 3, is_told_now.email)
    driver.hear(site, says(3, BORIS, AGO, **PAID))
    assert len(questions(driver)) == 1


def test_a_booking_of_a_merged_client_does_not_begin_again_for_the_same_person(
    driver: SalonDriver, site: Connection
) -> None:
    for event in (client_reported("p-1", 1, ELENA), says(1, AGAIN, LONG_AGO)):
        driver.hear(site, event)
    merged_on_site(driver, site)
    before = driver.only_booking()
    driver.hear(site, says(2, ELENA, LONG_AGO))
    after = driver.only_booking()
    assert (after.client_id, after.moves) == (of_site(driver, site, ELENA).id, before.moves)


def test_an_email_put_right_after_the_visit_makes_no_other_client_of_who_came(
    driver: SalonDriver, site: Connection
) -> None:
    """Of a site without ids, name, phone and e-mail say who is meant."""
    unnumbered = replace(ELENA, external_id=None, email="elena@example")
    for event in (says(1, unnumbered, **PAID), says(2, replace(unnumbered, email="e@example.com"), **PAID)):
        driver.hear(site, event)
    assert questions(driver) == []
    assert driver.client(str(driver.only_booking().client_id)).email == "e@example.com"


def test_the_thin_word_of_a_no_show_leaves_the_clients_no_alone(
    driver: SalonDriver, site: Connection, counted: Booking
) -> None:
    driver.hear(site, says(3, replace(ELENA, opted_out=NO_SMS), **PAID))
    item: InboxItem = driver.hear(site, thin(says(4, status=SiteStatus.NO_SHOW)))
    assert (item.state, driver.only_booking().status) == (InboxState.APPLIED, Status.NO_SHOW)
    assert refused(of_site(driver, site, ELENA)) == list(NO_SMS)
