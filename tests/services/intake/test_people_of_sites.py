"""Who a site's clients are here: people who share a phone, phones put right, merges on the site. Nobody is
overwritten, and nobody gets another person's messages."""

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from types import MappingProxyType
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.clients.contact_person import MAX_SHARING
from chalicelib.domain.intake.inbox import InboxState
from chalicelib.domain.intake.site_events import SiteClient, SiteEvent, SiteStatus
from chalicelib.domain.messages.replies import Reply
from chalicelib.domain.shared.aliases import Alias
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.domain.shared.touches import Purpose, TouchKind
from chalicelib.services.clients.consents import Statement, set_consents, stop_messages
from chalicelib.services.clients.register_client import change_client
from chalicelib.services.messages.process_reply import ReplyOutcome, process_reply
from chalicelib.services.networks.set_identities import answer_at
from infra.testkit.builders import NETWORK, NOW, a_client, a_connection, access, save_client
from infra.testkit.salon_driver import MARIA_ID, SalonDriver
from infra.testkit.site_events import client_reported, reported

IN_TWO_DAYS = NOW + timedelta(days=2, hours=2)
LATER = IN_TWO_DAYS + timedelta(days=1)
PHONE, E164, OWN, OURS = "069500500", "+37369500500", "069600600", "+37360000000"
MOTHER = SiteClient("m-1", "Elena Rusu", PHONE, "elena@example.com")
CHILD = SiteClient("k-1", "Tim Rusu", PHONE, "tim@example.com")
BABY = SiteClient("b-1", "Ana Rusu", PHONE)


def card(person: SiteClient, version: int, **fields: Any) -> SiteEvent:
    return client_reported(str(person.external_id), version, replace(person, **fields))


def led_to(driver: SalonDriver, kind: str, value: str) -> Client | None:
    client_id = driver.store.alias(NETWORK, kind, value)
    return driver.client(client_id) if client_id else None


def of_site(driver: SalonDriver, site: Any, person: SiteClient) -> Client:
    client = led_to(driver, f"client@{site.id}", str(person.external_id))
    assert client is not None
    return client


def names(driver: SalonDriver, site: Any, *people: SiteClient) -> list[str]:
    return [of_site(driver, site, person).name for person in people]


def booking(driver: SalonDriver, external_id: str) -> Booking:
    (found,) = [each for each in driver.bookings() if each.external_id == external_id]
    return found


def client_of(driver: SalonDriver, external_id: str) -> Client:
    return driver.client(str(booking(driver, external_id).client_id))


def tasks(driver: SalonDriver, kind: TaskKind) -> list[Task]:
    found: list[Task] = driver.store.get_all(Task, network_id=NETWORK)
    return [task for task in found if task.kind is kind]


# --- people who share a phone


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_family_of_three_under_one_phone_stays_three_in_any_order(
    driver: SalonDriver, site: Any, order: tuple[int, ...]
) -> None:
    family = [MOTHER, CHILD, BABY]
    for at in order:
        driver.hear(site, card(family[at], 1))
    for at in reversed(order):
        driver.hear(site, card(family[at], 2))
    assert names(driver, site, *family) == ["Elena Rusu", "Tim Rusu", "Ana Rusu"]
    owner = led_to(driver, "phone", E164)
    assert owner is not None
    others = [of_site(driver, site, each) for each in family if of_site(driver, site, each).id != owner.id]
    assert [(each.phone, each.contact_id) for each in others] == [(None, owner.id)] * 2
    assert set(owner.contact_of) == {each.id for each in others}


def test_each_of_a_family_is_booked_for_and_the_mother_is_told_of_all(driver: SalonDriver, site: Any) -> None:
    driver.hear(site, reported("e-1", 1, IN_TWO_DAYS, client=MOTHER))
    driver.hear(site, reported("e-2", 1, LATER, client=CHILD))
    assert (client_of(driver, "e-1").name, client_of(driver, "e-2").name) == ("Elena Rusu", "Tim Rusu")
    driver.run_until(LATER)
    assert {each.to for each in driver.sender.sent} == {E164}
    assert driver.kinds_sent().count(TouchKind.CONTROL_REMINDER) == 2


def test_the_card_of_one_does_not_silence_the_card_of_the_other(driver: SalonDriver, site: Any) -> None:
    driver.hear(site, card(MOTHER, 9))
    driver.hear(site, card(CHILD, 1))
    driver.hear(site, card(CHILD, 2, name="Timofei Rusu"))
    assert names(driver, site, MOTHER, CHILD) == ["Elena Rusu", "Timofei Rusu"]


def test_a_phone_of_their_own_moves_only_the_child(driver: SalonDriver, site: Any) -> None:
    driver.hear(site, reported("e-1", 1, IN_TWO_DAYS, client=MOTHER))
    driver.hear(site, reported("e-2", 1, LATER, client=CHILD))
    driver.drain()
    driver.sender.sent.clear()
    driver.hear(site, card(CHILD, 5, phone=OWN))
    mother, child = of_site(driver, site, MOTHER), of_site(driver, site, CHILD)
    assert (mother.name, mother.phone, child.phone, child.contact_id) == (
        "Elena Rusu", E164, "+37369600600", None)  # fmt: skip
    driver.run_until(LATER)
    assert {(each.to, each.kind) for each in driver.sender.sent} >= {
        (E164, "control_reminder"), ("+37369600600", "control_reminder")}  # fmt: skip


def test_the_child_who_gives_up_their_phone_is_reached_through_the_mother_again(
    driver: SalonDriver, site: Any
) -> None:
    for event in (card(MOTHER, 1), card(CHILD, 1), card(CHILD, 2, phone=OWN), card(CHILD, 3)):
        driver.hear(site, event)
    mother, child = of_site(driver, site, MOTHER), of_site(driver, site, CHILD)
    assert (child.phone, child.contact_id, mother.contact_of) == (None, mother.id, (child.id,))
    assert led_to(driver, "phone", "+37369600600") is None


def test_a_known_client_keeps_their_name_when_somebody_else_comes_with_their_phone(
    driver: SalonDriver, site: Any
) -> None:
    """Maria was registered at the desk; her son's card is the first that the site tells."""
    son = SiteClient("s-1", "Ion Popescu", "069123456")
    driver.hear(site, card(son, 1))
    driver.hear(site, card(son, 2))
    assert (driver.client().name, of_site(driver, site, son).contact_id) == ("Maria Popescu", MARIA_ID)


@pytest.mark.parametrize("name", ["Мария", "Masha Popescu", "Popescu Maria", "M. Popescu", "Maria Rusu"])
def test_another_way_to_write_a_name_is_no_other_person(driver: SalonDriver, site: Any, name: str) -> None:
    driver.hear(site, reported("e-1", 1, IN_TWO_DAYS, client=SiteClient("c-1", name, "069123456")))
    assert driver.only_booking().client_id == MARIA_ID


def test_a_stop_of_the_mother_stops_what_is_sent_to_her_about_the_child(
    driver: SalonDriver, site: Any
) -> None:
    for event in (card(MOTHER, 1), reported("e-2", 1, LATER, client=CHILD)):
        driver.hear(site, event)
    stop_messages(driver.world, NETWORK, of_site(driver, site, MOTHER).id, Statement("reply"))
    driver.run_until(LATER)
    assert driver.kinds_sent() == []


def test_a_stop_under_a_message_about_the_child_leaves_the_mothers_own_messages(
    driver: SalonDriver, site: Any
) -> None:
    for event in (reported("e-1", 1, IN_TWO_DAYS, client=MOTHER), reported("e-2", 1, LATER, client=CHILD)):
        driver.hear(site, event)
    stop_messages(driver.world, NETWORK, of_site(driver, site, CHILD).id, Statement("stop page"))
    driver.run_until(LATER)
    assert driver.kinds_sent() == ["notice", "confirm_request", "control_reminder"]


def test_a_yes_of_the_mother_confirms_the_childs_booking_if_she_was_asked_about_it(
    driver: SalonDriver, site: Any
) -> None:
    answer_at(driver.world, NETWORK, OURS)
    for event in (card(MOTHER, 1), reported("e-2", 1, IN_TWO_DAYS, client=CHILD)):
        driver.hear(site, event)
    driver.run_until(IN_TWO_DAYS - timedelta(hours=23))
    yes = Reply(id="in-1", channel="sms", to=OURS, sender=E164, text="+", at=driver.world.now())
    assert process_reply(driver.world, yes) is ReplyOutcome.CONFIRMED
    assert booking(driver, "e-2").status is Status.CONFIRMED


def test_a_phone_gets_no_more_notices_a_day_because_many_share_it(driver: SalonDriver, site: Any) -> None:
    most = driver.world.directory(NETWORK).messages_for("sal_centru").daily_notice_cap
    driver.hear(site, card(MOTHER, 1))
    for number in range(most + 3):
        person = SiteClient(f"p-{number}", f"{'ABCDEFGHIJK'[number] * 3}ina", PHONE)
        start = IN_TWO_DAYS + timedelta(days=number)
        driver.hear(site, reported(f"e-{number}", 1, start, client=person))
    driver.drain()
    assert driver.kinds_sent() == ["notice"] * min(most, MAX_SHARING)


def test_too_many_under_one_phone_are_not_reached_and_the_desk_is_asked(
    driver: SalonDriver, site: Any
) -> None:
    driver.hear(site, card(MOTHER, 1))
    for number in range(MAX_SHARING + 1):
        driver.hear(site, card(SiteClient(f"p-{number}", f"Person {number}", PHONE), 1))
    assert len(of_site(driver, site, MOTHER).contact_of) == MAX_SHARING
    (task,) = tasks(driver, TaskKind.SITE_PHONE)
    assert PHONE[1:] in str(task.words)


def test_a_family_that_an_earlier_version_took_for_one_person_parts_at_the_next_card(
    driver: SalonDriver, site: Any
) -> None:
    """Both ids led to one client, whose one guard was the connection's."""
    driver.hear(site, card(MOTHER, 1))
    mixed = of_site(driver, site, MOTHER)
    guards = MappingProxyType({site.id: "v" + "0" * 20})
    driver.store.save(replace(mixed, name="Tim Rusu", guards=guards, site_words=MappingProxyType({})))
    kind = f"client@{site.id}"
    driver.store.save(Alias(network_id=NETWORK, kind=kind, value="k-1", leads_to=mixed.id))
    driver.hear(site, card(MOTHER, 5))
    driver.hear(site, card(CHILD, 5))
    driver.hear(site, card(MOTHER, 6))
    assert names(driver, site, MOTHER, CHILD) == ["Elena Rusu", "Tim Rusu"]
    assert of_site(driver, site, CHILD).contact_id == mixed.id


def test_whoever_shares_a_phone_is_reached_through_its_owner_after_a_merge_and_after_its_undoing(
    driver: SalonDriver, site: Any
) -> None:
    for event in (card(MOTHER, 1), reported("e-2", 1, IN_TWO_DAYS, client=CHILD)):
        driver.hear(site, event)
    mother, child = of_site(driver, site, MOTHER), of_site(driver, site, CHILD)
    driver.merge(mother.id, MARIA_ID)
    answer_at(driver.world, NETWORK, OURS)
    assert driver.client().contact_of == (child.id,)
    driver.run_until(IN_TWO_DAYS - timedelta(hours=23))
    yes = Reply(id="in-1", channel="sms", to=OURS, sender=driver.client().phone or "", text="+", at=NOW)
    assert {each.to for each in driver.sender.sent} == {driver.client().phone}
    assert process_reply(driver.world, replace(yes, at=driver.world.now())) is ReplyOutcome.CONFIRMED
    driver.unmerge(mother.id)
    driver.run_until(IN_TWO_DAYS)
    assert driver.sender.sent[-1].to == E164


def test_a_phone_that_the_site_changes_to_somebody_elses_changes_nothing(
    driver: SalonDriver, site: Any
) -> None:
    """They never shared a phone: it may be a slip of the pen."""
    driver.hear(site, card(MOTHER, 1))
    driver.hear(site, card(MOTHER, 2, phone="069123456"))
    assert (of_site(driver, site, MOTHER).phone, driver.client().phone) == (E164, "+37369123456")


# --- sites without ids


def test_a_booking_for_somebody_else_names_them_and_renames_nobody(driver: SalonDriver, site: Any) -> None:
    """Cal.com knows no ids of people: the same phone is one client, and the booking keeps the name."""
    driver.hear(site, reported("e-1", 1, IN_TWO_DAYS, client=SiteClient(name="Elena Rusu", phone=PHONE)))
    for version in (1, 2):
        child = SiteClient(name="Tim Rusu", phone=PHONE, email="tim@example.com")
        driver.hear(site, reported("e-2", version, LATER, client=child))
    elena = client_of(driver, "e-1")
    assert (elena.name, elena.email, client_of(driver, "e-2").id) == ("Elena Rusu", None, elena.id)
    assert (booking(driver, "e-1").booked_for, booking(driver, "e-2").booked_for) == (None, "Tim Rusu")


def test_a_shared_email_alone_keeps_the_name_too(driver: SalonDriver, site: Any) -> None:
    for number, name in enumerate(["Elena Rusu", "Boris"]):
        person = SiteClient(name=name, email="both@example.com")
        driver.hear(site, reported(f"e-{number}", 1, IN_TWO_DAYS, client=person))
    assert [booking(driver, f"e-{number}").booked_for for number in (0, 1)] == [None, "Boris"]
    assert client_of(driver, "e-1").name == "Elena Rusu"


@pytest.mark.parametrize(
    ("field", "wrong", "right"),
    [("phone", "069000111", "069000222"), ("email", "wrong@example.com", "right@example.com")],
)
def test_a_phone_or_email_that_was_put_right_leads_its_real_owner_to_nobody_else(
    driver: SalonDriver, site: Any, field: str, wrong: str, right: str
) -> None:
    driver.hear(site, reported("e-1", 1, IN_TWO_DAYS, client=SiteClient(name="Elena", **{field: wrong})))
    elena = client_of(driver, "e-1")
    change_client(driver.world, access(), elena.id, {field: right})
    for name in ("e-2", "e-3"):
        boris = SiteClient(name="Boris", **{field: wrong})
        driver.hear(site, reported(name, 1, LATER, client=boris))
    owner = client_of(driver, "e-2")
    assert (owner.name, owner.id == elena.id) == ("Boris", False)
    assert client_of(driver, "e-3").id == owner.id
    assert driver.client(elena.id).name == "Elena"


def test_a_phone_goes_from_owner_to_owner(driver: SalonDriver, site: Any) -> None:
    seen = set()
    for number, name in enumerate(["Elena", "Boris", "Viorica"]):
        driver.hear(site, reported(f"e-{number}", 1, LATER, client=SiteClient(name=name, phone="069000111")))
        owner = client_of(driver, f"e-{number}")
        seen.add((owner.name, owner.id))
        change_client(driver.world, access(), owner.id, {"phone": f"06900022{number}"})
    assert len({client_id for _, client_id in seen}) == 3


# --- merges


def test_two_customers_who_are_merged_on_the_site_are_merged_here(driver: SalonDriver, site: Any) -> None:
    other = SiteClient("d-1", "Elena R.", OWN)
    for event in (card(MOTHER, 1), card(other, 1)):
        driver.hear(site, event)
    source, target = of_site(driver, site, other), of_site(driver, site, MOTHER)
    driver.post("grant", 50, source.id)
    merged = client_reported("m-1", 2, MOTHER, merged_from=("d-1",))
    for _ in range(2):
        driver.hear(site, merged)
    assert driver.store.account(NETWORK, target.id).balance == 50
    assert driver.client(source.id).merged is not None
    driver.hear(site, reported("e-1", 1, IN_TWO_DAYS, client=other))
    assert booking(driver, "e-1").client_id == target.id
    driver.unmerge(source.id)
    assert driver.store.account(NETWORK, source.id).balance == 50


def test_a_card_of_a_customer_who_was_merged_away_changes_nobody(driver: SalonDriver, site: Any) -> None:
    other = SiteClient("d-1", "Ecaterina", OWN)
    events = [card(MOTHER, 1), card(other, 1), client_reported("m-1", 2, MOTHER, merged_from=("d-1",))]
    for event in [*events, card(other, 7, name="Somebody")]:
        driver.hear(site, event)
    assert names(driver, site, MOTHER) == ["Elena Rusu"]


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_a_merge_on_the_site_may_come_in_any_order(
    driver: SalonDriver, site: Any, order: tuple[int, ...]
) -> None:
    other = SiteClient("d-1", "Elena R.", OWN)
    events = [
        card(MOTHER, 1),
        card(other, 1),
        reported("e-1", 1, IN_TWO_DAYS, client=SiteClient("d-1")),
        client_reported("m-1", 2, MOTHER, merged_from=("d-1",)),
    ]
    for at in order:
        driver.hear(site, events[at])
    driver.run_until(IN_TWO_DAYS - timedelta(days=1, hours=1))
    survivor = of_site(driver, site, MOTHER)
    assert (survivor.name, booking(driver, "e-1").client_id) == ("Elena Rusu", survivor.id)


def test_the_card_of_a_client_with_a_phone_that_a_merge_brought_is_applied(
    driver: SalonDriver, site: Any
) -> None:
    """The phone leads to the client already: it is no new alias, which the table would refuse for ever."""
    elena = "cli_elena00000000001"
    save_client(driver.store, a_client(elena, name="Maria P.", phone="+37369000222", email=None))
    driver.hear(site, client_reported("c-1", 1, SiteClient("c-1", "Maria Popescu", "069123456")))
    driver.merge(elena, MARIA_ID)
    item = driver.hear(site, client_reported("c-1", 2, SiteClient("c-1", "Maria Popescu", "069000222")))
    assert (item.state, driver.client().phone) == (InboxState.APPLIED, "+37369000222")


def test_two_cards_of_clients_merged_at_the_desk_do_not_rewrite_each_other(
    driver: SalonDriver, site: Any
) -> None:
    for event in (card(MOTHER, 1), card(CHILD, 1, phone=OWN)):
        driver.hear(site, event)
    source, target = of_site(driver, site, CHILD), of_site(driver, site, MOTHER)
    driver.merge(source.id, target.id)
    driver.hear(site, card(CHILD, 2, name="Timofei", phone=OWN))
    driver.hear(site, card(MOTHER, 2))
    assert (driver.client(target.id).name, driver.client(target.id).phone) == ("Elena Rusu", E164)


# --- what sites say of messages


def refused(client: Client) -> set[tuple[str, Purpose]]:
    return {(each.channel, each.purpose) for each in client.consents if not each.granted}


NO_SMS = (("sms", Purpose.MARKETING),)


@pytest.mark.parametrize("known_before", [False, True])
def test_a_no_on_the_site_is_a_consent_withdrawn(driver: SalonDriver, site: Any, known_before: bool) -> None:
    if known_before:
        driver.hear(site, card(MOTHER, 1))
    driver.hear(site, card(MOTHER, 2, opted_out=NO_SMS))
    client = of_site(driver, site, MOTHER)
    assert refused(client) == set(NO_SMS)
    assert [(each.how, each.actor) for each in client.consents] == [("site", f"connection:{site.id}")]


def test_no_site_gives_a_consent_back(driver: SalonDriver, site: Any) -> None:
    driver.hear(site, card(MOTHER, 1, opted_out=NO_SMS))
    driver.hear(site, card(MOTHER, 2, opted_out=()))
    assert refused(of_site(driver, site, MOTHER)) == set(NO_SMS)


def test_a_no_that_the_site_repeats_does_not_undo_what_the_client_said_since(
    driver: SalonDriver, site: Any
) -> None:
    driver.hear(site, card(MOTHER, 1, opted_out=NO_SMS))
    client_id = of_site(driver, site, MOTHER).id
    pairs = [("sms", "marketing")]
    set_consents(driver.world, NETWORK, client_id, pairs, Statement("at the desk"), granted=True)
    driver.hear(site, card(MOTHER, 2, opted_out=NO_SMS))
    assert refused(driver.client(client_id)) == set()
    for version, told in ((3, ()), (4, NO_SMS)):
        driver.hear(site, card(MOTHER, version, opted_out=told))
    assert refused(driver.client(client_id)) == set(NO_SMS)


def test_a_no_and_a_new_phone_in_one_card_are_both_kept(driver: SalonDriver, site: Any) -> None:
    driver.hear(site, card(MOTHER, 1))
    client_id = of_site(driver, site, MOTHER).id
    for channel in ("sms", "whatsapp"):
        pairs = [(channel, "marketing")]
        set_consents(driver.world, NETWORK, client_id, pairs, Statement("at the desk"), granted=True)
    item = driver.hear(site, card(MOTHER, 2, phone=OWN, opted_out=(("email", Purpose.MARKETING),)))
    client = driver.client(client_id)
    assert (item.state, client.phone) == (InboxState.APPLIED, "+37369600600")
    assert refused(client) == {("email", Purpose.MARKETING)}


# --- who cannot be reached


@pytest.mark.parametrize(
    "told",
    [
        lambda person: reported("e-1", 1, IN_TWO_DAYS, client=person),
        lambda person: client_reported("w-1", 1, person),
    ],
)
def test_a_wrong_phone_of_the_site_is_one_task_with_what_the_site_has(
    driver: SalonDriver, site: Any, told: Callable[[SiteClient], SiteEvent]
) -> None:
    driver.hear(site, told(SiteClient("w-1", "Wanda", "12 45")))
    driver.hear(site, client_reported("w-1", 2, SiteClient("w-1", "Wanda", "12 45 6")))
    driver.hear(site, reported("e-9", 1, LATER, client=SiteClient("w-1", "Wanda", "12 45")))
    (task,) = tasks(driver, TaskKind.SITE_PHONE)
    assert task.client_id == of_site(driver, site, SiteClient("w-1")).id
    assert "Wanda: 12 45" in str(task.words)


def test_a_client_with_an_email_needs_no_phone(driver: SalonDriver, site: Any) -> None:
    driver.hear(site, client_reported("w-1", 1, SiteClient("w-1", "Wanda", "12 45", "w@example.com")))
    assert tasks(driver, TaskKind.SITE_PHONE) == []


def test_a_completed_visit_counts_for_the_one_who_came(driver: SalonDriver, site: Any) -> None:
    driver.hear(site, card(MOTHER, 1))
    done = {"status": SiteStatus.COMPLETED, "paid_minor": 40_000}
    driver.hear(site, reported("e-2", 1, NOW - timedelta(hours=2), client=CHILD, **done))
    mother, child = of_site(driver, site, MOTHER), of_site(driver, site, CHILD)
    assert (mother.visits_count, child.visits_count) == (0, 1)
    assert driver.store.account(NETWORK, child.id).balance == 20


def test_two_connections_of_sites_mean_one_person_by_phone(driver: SalonDriver, site: Any) -> None:
    (other,) = driver.store.save(a_connection("square", "con_square"))
    driver.hear(site, card(MOTHER, 1))
    driver.hear(other, client_reported("x-9", 1, SiteClient("x-9", "Елена Русу", PHONE)))
    assert of_site(driver, other, SiteClient("x-9")).id == of_site(driver, site, MOTHER).id
