"""What is known of a source comes along where the target lacks it, and returns; the source's phone and e-mail
may be chosen by the target, and lead to the surviving client through any chain."""

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.clients.clients import Due
from chalicelib.domain.shared.aliases import PHONE
from chalicelib.domain.shared.errors import DomainError
from chalicelib.services.clients.contact_person import sharing
from chalicelib.services.clients.register_client import NewClient, change_client, register_client
from infra.testkit.builders import NETWORK, NOW, a_client, access, save_client
from infra.testkit.salon_driver import MARIA_ID, SalonDriver

MASHA, MARUSIA, BORIS = "cli_masha00000000002", "cli_marusia000000003", "cli_boris00000000004"
HER_PHONE, HER_EMAIL = "+37369000002", "masha@example.com"


@pytest.fixture(autouse=True)
def masha(driver: SalonDriver) -> None:
    save_client(driver.store, a_client(MASHA, name="Masha", phone=HER_PHONE, email=HER_EMAIL))


def known(driver: SalonDriver, client_id: str = MARIA_ID, **fields: Any) -> None:
    driver.store.save(replace(driver.client(client_id), **fields))


def changed(driver: SalonDriver, client_id: str = MARIA_ID, **fields: Any) -> Any:
    return change_client(driver.world, access(), client_id, fields)


def leads_to(driver: SalonDriver, phone: str = HER_PHONE) -> str | None:
    found: str | None = driver.store.alias(NETWORK, PHONE, phone)
    return found


def test_what_the_target_lacks_comes_along_and_returns(driver: SalonDriver) -> None:
    born = date(1990, 5, 5)
    known(driver, MASHA, language="ro", timezone="Europe/Madrid", birth_date=born, birth_date_told_at=NOW)
    known(driver, language=None, timezone=None, birth_date=None)
    before = driver.client()
    driver.merge(MASHA, MARIA_ID)
    maria = driver.client()
    found = (maria.language, maria.timezone, maria.birth_date, maria.birth_date_told_at)
    assert found == ("ro", "Europe/Madrid", born, NOW)
    driver.unmerge(MASHA)
    after = driver.client()
    assert replace(after, version=before.version, wake=before.wake) == before


def test_what_the_target_has_stays(driver: SalonDriver) -> None:
    known(driver, MASHA, language="ro", timezone="Europe/Madrid")
    known(driver, language="ru", timezone="Europe/Chisinau")
    driver.merge(MASHA, MARIA_ID)
    assert (driver.client().language, driver.client().timezone) == ("ru", "Europe/Chisinau")


def test_a_target_without_a_name_gets_the_sources(driver: SalonDriver) -> None:
    known(driver, name="")
    driver.merge(MASHA, MARIA_ID)
    assert driver.client().name == "Masha"
    driver.unmerge(MASHA)
    assert driver.client().name == ""


@pytest.mark.parametrize(
    ("of_target", "of_source", "both"),
    [
        ("Allergic to henna", "Coffee, no sugar", "Allergic to henna\nCoffee, no sugar"),
        (None, "Coffee, no sugar", "Coffee, no sugar"),
        ("Allergic to henna", None, "Allergic to henna"),
        ("Allergic to henna. Pays in cash", "Pays in cash", "Allergic to henna. Pays in cash"),
    ],
)
def test_both_notes_are_kept(
    driver: SalonDriver, of_target: str | None, of_source: str | None, both: str
) -> None:
    known(driver, MASHA, note=of_source, preferences=of_source)
    known(driver, note=of_target, preferences=of_target)
    driver.merge(MASHA, MARIA_ID)
    assert (driver.client().note, driver.client().preferences) == (both, both)
    driver.unmerge(MASHA)
    assert (driver.client().note, driver.client(MASHA).note) == (of_target, of_source)


def test_a_note_that_was_changed_since_the_merge_stays(driver: SalonDriver) -> None:
    known(driver, MASHA, note="Coffee")
    known(driver, note="Henna")
    driver.merge(MASHA, MARIA_ID)
    changed(driver, note="Henna; coffee; tea")
    driver.unmerge(MASHA)
    assert driver.client().note == "Henna; coffee; tea"


def test_a_service_is_due_once_as_the_later_visit_made_it(driver: SalonDriver) -> None:
    early, late = (Due("srv_cut", NOW + timedelta(days=n), f"bkg_{n:016d}") for n in (3, 9))
    nails = Due("srv_nails", NOW + timedelta(days=5), "bkg_nails0000000001")
    known(driver, due=(early,))
    known(driver, MASHA, due=(late, nails))
    driver.merge(MASHA, MARIA_ID)
    assert driver.client().due == (late, nails)
    driver.unmerge(MASHA)
    assert (driver.client().due, driver.client(MASHA).due) == ((early,), (late, nails))


# --- the phone that a merge brought


def test_the_merged_phone_can_be_chosen(driver: SalonDriver) -> None:
    driver.merge(MASHA, MARIA_ID)
    for _ in range(2):
        changed(driver, phone="069 000 002")
    changed(driver, email=HER_EMAIL)
    assert (driver.client().phone, driver.client().email) == (HER_PHONE, HER_EMAIL)
    assert leads_to(driver) == MARIA_ID


def test_a_phone_of_a_chain_leads_to_the_surviving_client_and_can_be_chosen(driver: SalonDriver) -> None:
    save_client(driver.store, a_client(MARUSIA, name="Marusia", phone="+37369000003", email=None))
    driver.merge(MASHA, MARIA_ID)
    driver.merge(MARIA_ID, MARUSIA)
    assert leads_to(driver) == MARUSIA
    with pytest.raises(DomainError) as refusal:
        register_client(driver.world, access(), NewClient(name="New", phone=HER_PHONE))
    assert refusal.value.details["client_id"] == MARUSIA
    changed(driver, MARUSIA, phone=HER_PHONE)
    driver.unmerge(MARIA_ID)
    assert (driver.client(MARUSIA).phone, leads_to(driver)) == (None, MARIA_ID)
    driver.unmerge(MASHA)
    assert (leads_to(driver), driver.client(MASHA).phone) == (MASHA, HER_PHONE)


def test_a_phone_of_somebody_else_is_still_refused(driver: SalonDriver) -> None:
    save_client(driver.store, a_client(BORIS, name="Boris", phone="+37369000004", email=None))
    driver.merge(MASHA, MARIA_ID)
    with pytest.raises(DomainError) as refusal:
        changed(driver, phone="+37369000004", email=HER_EMAIL)
    assert (refusal.value.code, refusal.value.details["client_id"]) == ("CLIENT_EXISTS", BORIS)


def test_a_chosen_phone_is_the_sources_again_after_unmerging(driver: SalonDriver) -> None:
    driver.merge(MASHA, MARIA_ID)
    changed(driver, phone=HER_PHONE)
    driver.unmerge(MASHA)
    assert (driver.client(MASHA).phone, driver.client().phone, leads_to(driver)) == (HER_PHONE, None, MASHA)


def test_a_phone_that_failed_as_the_sources_stays_suppressed_when_chosen(driver: SalonDriver) -> None:
    from chalicelib.domain.clients.addresses import address_of
    from chalicelib.domain.clients.clients import DeadAddress

    known(driver, MASHA, dead_addresses=(DeadAddress("sms", HER_PHONE, "invalid", NOW),))
    driver.merge(MASHA, MARIA_ID)
    assert address_of(driver.client(), "sms") == driver.client().phone
    changed(driver, phone=HER_PHONE)
    assert address_of(driver.client(), "sms") is None


def test_a_phone_that_the_target_gave_up_returns_to_the_source(driver: SalonDriver) -> None:
    known(driver, phone=None)
    driver.merge(MASHA, MARIA_ID)
    changed(driver, phone="+37369000009")
    assert leads_to(driver) is None
    driver.unmerge(MASHA)
    assert (leads_to(driver), driver.client().phone) == (MASHA, "+37369000009")


def test_a_phone_that_somebody_else_has_by_now_does_not_hinder_unmerging(driver: SalonDriver) -> None:
    known(driver, phone=None)
    driver.merge(MASHA, MARIA_ID)
    changed(driver, phone="+37369000009")
    save_client(driver.store, a_client(BORIS, name="Boris", phone=HER_PHONE, email=None))
    driver.unmerge(MASHA)
    assert (leads_to(driver), driver.client(MASHA).phone) == (BORIS, None)


# --- who shares a phone


def test_who_shares_the_sources_phone_is_reached_through_the_target(driver: SalonDriver) -> None:
    save_client(driver.store, a_client(BORIS, name="Boris", phone=None, email=None, contact_id=MASHA))
    known(driver, MASHA, contact_of=(BORIS,))
    driver.merge(MASHA, MARIA_ID)
    assert [each.id for each in sharing(driver.world, driver.client())] == [BORIS]
    driver.unmerge(MASHA)
    assert (driver.client().contact_of, driver.client(MASHA).contact_of) == ((), (BORIS,))


def test_a_child_merged_into_the_contact_person_shares_no_phone_any_more(driver: SalonDriver) -> None:
    save_client(driver.store, a_client(BORIS, name="Boris", phone=None, email=None, contact_id=MASHA))
    known(driver, MASHA, contact_of=(BORIS,))
    driver.merge(BORIS, MASHA)
    assert driver.client(MASHA).contact_of == ()
    driver.unmerge(BORIS)
    assert driver.client(MASHA).contact_of == (BORIS,)
