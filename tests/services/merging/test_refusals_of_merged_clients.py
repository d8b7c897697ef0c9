"""A no of source or target holds for both while they are merged, by whichever way it comes; unmerging gives
each what they had said, but for a no that was said in between."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.clients.clients import DeadAddress, Device
from chalicelib.domain.shared.touches import Purpose
from chalicelib.services.clients.consents import Statement, history, set_consents, stop_messages
from chalicelib.services.clients.suppress_address import suppress_address
from infra.testkit.builders import NETWORK, NOW, a_client, a_consent, save_client
from infra.testkit.salon_driver import MARIA_ID, SalonDriver

MASHA, MARUSIA = "cli_masha00000000002", "cli_marusia000000003"
HER_PHONE = "+37369000002"
IN_TWO_DAYS = NOW + timedelta(days=2, hours=2)
SMS_MARKETING = ("sms", "marketing")


@pytest.fixture(autouse=True)
def masha(driver: SalonDriver) -> None:
    save_client(driver.store, a_client(MASHA, name="Masha", phone=HER_PHONE, email=None))


def says(driver: SalonDriver, client_id: str, *, yes: bool, pair: tuple[str, str] = SMS_MARKETING) -> None:
    set_consents(driver.world, NETWORK, client_id, [pair], Statement("asked", "key:desk"), granted=yes)


def stops(driver: SalonDriver, client_id: str) -> None:
    """As by a link in an old message, a reply, or a complaint to the provider."""
    stop_messages(driver.world, NETWORK, client_id, Statement("reply"))


def word(driver: SalonDriver, client_id: str = MARIA_ID) -> bool | None:
    """Whether marketing by SMS is allowed; None: nothing was said."""
    consent = driver.client(client_id).consent("sms", Purpose.MARKETING)
    return consent.granted if consent is not None else None


def test_who_said_stop_gets_nothing_after_a_merge(driver: SalonDriver) -> None:
    stops(driver, MASHA)
    driver.store.save(replace(driver.client(), phone=None))
    driver.merge(MASHA, MARIA_ID)
    driver.book(IN_TWO_DAYS)
    driver.drain()
    assert driver.kinds_sent() == []


@pytest.mark.parametrize(
    ("of_source", "of_target", "holds"),
    [
        (False, None, False),
        (False, True, False),
        (True, False, False),
        (None, False, False),
        (None, True, True),
        (True, True, True),
        (True, None, None),  # her yes was for her own phone, and Maria keeps another
    ],
)
def test_the_stricter_consent_holds_and_each_has_their_own_again(
    driver: SalonDriver, clock: Any, of_source: bool | None, of_target: bool | None, holds: bool | None
) -> None:
    for client_id, yes in ((MASHA, of_source), (MARIA_ID, of_target)):
        if yes is not None:
            says(driver, client_id, yes=yes)
    clock.forward(days=1)
    driver.merge(MASHA, MARIA_ID)
    assert word(driver) is holds
    clock.forward(days=1)
    driver.unmerge(MASHA)
    assert (word(driver, MASHA), word(driver)) == (of_source, of_target)


def test_a_no_keeps_who_said_it_when_and_how_and_its_line_of_history(driver: SalonDriver, clock: Any) -> None:
    says(driver, MASHA, yes=False)
    says(driver, MARIA_ID, yes=True)
    clock.forward(days=3)
    driver.merge(MASHA, MARIA_ID)
    brought = driver.client().consent("sms", Purpose.MARKETING)
    assert brought is not None
    assert (brought.at, brought.actor, brought.how, brought.merged_from) == (NOW, "key:desk", "asked", MASHA)
    lines = history(driver.world, NETWORK, MARIA_ID)
    found = [(line.consent.granted, line.consent.merged_from) for line in lines]
    assert found == [(True, None), (False, MASHA)]
    driver.unmerge(MASHA)
    assert history(driver.world, NETWORK, MARIA_ID)[-1].consent.granted


def test_a_yes_goes_over_with_the_address_it_was_said_for(driver: SalonDriver) -> None:
    says(driver, MASHA, yes=True)
    maria = driver.client()
    driver.store.save(replace(maria, phone=None))
    driver.merge(MASHA, MARIA_ID)
    assert (driver.client().phone, word(driver)) == (HER_PHONE, True)
    driver.unmerge(MASHA)
    assert (driver.client().phone, word(driver), word(driver, MASHA)) == (None, None, True)


@pytest.mark.parametrize("before", [None, True, False])
@pytest.mark.parametrize("at_whom", [MASHA, MARIA_ID])
def test_a_no_said_while_merged_holds_for_both_afterwards(
    driver: SalonDriver, clock: Any, before: bool | None, at_whom: str
) -> None:
    """However often it is said, and whatever the two had said before."""
    if before is not None:
        says(driver, MARIA_ID, yes=before)
    says(driver, MASHA, yes=True)
    clock.forward(days=1)
    driver.merge(MASHA, MARIA_ID)
    clock.forward(days=1)
    stops(driver, at_whom)
    stops(driver, at_whom)
    clock.forward(days=1)
    driver.unmerge(MASHA)
    assert (word(driver, MASHA), word(driver)) == (False, False)


def test_a_no_repeated_after_the_merge_is_the_targets_own(driver: SalonDriver, clock: Any) -> None:
    """It came with Masha first; then Maria says it herself, so that it stays when Masha leaves."""
    says(driver, MASHA, yes=False)
    says(driver, MARIA_ID, yes=True)
    clock.forward(days=1)
    driver.merge(MASHA, MARIA_ID)
    clock.forward(days=1)
    says(driver, MARIA_ID, yes=False)
    driver.unmerge(MASHA)
    assert word(driver) is False


def test_a_yes_said_while_merged_is_the_targets_alone(driver: SalonDriver, clock: Any) -> None:
    says(driver, MASHA, yes=False)
    clock.forward(days=1)
    driver.merge(MASHA, MARIA_ID)
    clock.forward(days=1)
    says(driver, MARIA_ID, yes=True)
    assert word(driver) is True
    driver.unmerge(MASHA)
    assert (word(driver, MASHA), word(driver)) == (False, True)


@pytest.mark.parametrize("first", [MASHA, MARUSIA])
def test_of_two_sources_who_say_no_the_one_who_stays_still_says_it(driver: SalonDriver, first: str) -> None:
    save_client(driver.store, a_client(MARUSIA, name="Marusia", phone="+37369000003", email=None))
    says(driver, MARIA_ID, yes=True)
    for source in (MASHA, MARUSIA):
        says(driver, source, yes=False)
        driver.merge(source, MARIA_ID)
    driver.unmerge(first)
    assert word(driver) is False
    driver.unmerge(MARUSIA if first == MASHA else MASHA)
    assert word(driver) is True
    assert driver.client().consents_apart == ()


def test_a_no_goes_through_a_chain_of_merges_and_back(driver: SalonDriver, clock: Any) -> None:
    save_client(driver.store, a_client(MARUSIA, name="Marusia", phone="+37369000003", email=None))
    says(driver, MARUSIA, yes=True)
    driver.merge(MASHA, MARIA_ID)
    driver.merge(MARIA_ID, MARUSIA)
    clock.forward(days=1)
    stops(driver, MASHA)
    assert [word(driver, each) for each in (MASHA, MARIA_ID, MARUSIA)] == [False, False, False]
    driver.unmerge(MARIA_ID)
    driver.unmerge(MASHA)
    assert [word(driver, each) for each in (MASHA, MARIA_ID, MARUSIA)] == [False, False, False]


def test_two_are_merged_and_unmerged_again_and_again(driver: SalonDriver, clock: Any) -> None:
    says(driver, MASHA, yes=False)
    says(driver, MARIA_ID, yes=True)
    for _ in range(3):
        clock.forward(days=1)
        driver.merge(MASHA, MARIA_ID)
        assert word(driver) is False
        driver.unmerge(MASHA)
        assert (word(driver, MASHA), word(driver)) == (False, True)


def test_a_yes_for_a_former_phone_does_not_come_back(driver: SalonDriver) -> None:
    """Maria's yes waits apart while Masha's no holds; meanwhile Maria gets another phone."""
    from chalicelib.services.clients.register_client import change_client
    from infra.testkit.builders import access

    says(driver, MARIA_ID, yes=True)
    says(driver, MASHA, yes=False)
    driver.merge(MASHA, MARIA_ID)
    change_client(driver.world, access(), MARIA_ID, {"phone": "+37369000009"})
    driver.unmerge(MASHA)
    assert word(driver) is None


# --- addresses that failed


def dead(address: str = HER_PHONE) -> DeadAddress:
    return DeadAddress("sms", address, "invalid", NOW)


def test_an_address_that_failed_stays_suppressed_after_a_merge(driver: SalonDriver) -> None:
    driver.store.save(replace(driver.client(), phone=None))
    suppress_address(driver.world, NETWORK, MASHA, dead())
    driver.merge(MASHA, MARIA_ID)
    driver.book(IN_TWO_DAYS)
    driver.drain()
    assert (driver.client().phone, driver.kinds_sent()) == (HER_PHONE, [])
    driver.unmerge(MASHA)
    assert driver.client().dead_addresses == ()


def test_an_address_that_fails_after_a_merge_is_suppressed_for_both(driver: SalonDriver) -> None:
    """The receipt of a message to the source reaches the target; what fails on the target is the source's."""
    driver.store.save(replace(driver.client(), phone=None))
    driver.merge(MASHA, MARIA_ID)
    suppress_address(driver.world, NETWORK, MASHA, dead())
    suppress_address(driver.world, NETWORK, MARIA_ID, replace(dead(), channel="whatsapp"))
    assert {each.channel for each in driver.client().dead_addresses} == {"sms", "whatsapp"}
    driver.unmerge(MASHA)
    assert {each.channel for each in driver.client(MASHA).dead_addresses} == {"sms", "whatsapp"}
    assert driver.client().dead_addresses == ()


# --- devices


def test_devices_come_along_with_a_yes_for_push_and_return(driver: SalonDriver) -> None:
    phone, tablet = (Device(f"arn:{name}", "android", NOW) for name in ("phone", "tablet"))
    driver.store.save(replace(driver.client(MASHA), devices=(phone,), consents=(a_consent(channel="push"),)))
    driver.merge(MASHA, MARIA_ID)
    maria = driver.client()
    assert (maria.devices, [each.channel for each in maria.consents]) == ((phone,), ["push"])
    driver.store.save(replace(maria, devices=(phone, tablet)))
    driver.unmerge(MASHA)
    assert (driver.client().devices, driver.client().consents) == ((tablet,), ())
    assert driver.client(MASHA).devices == (phone,)
