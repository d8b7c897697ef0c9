"""Every AWS call of a merge, or of its undoing, fails in turn; run again, each consent, note and device is
where it belongs, once."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.clients.clients import DeadAddress, Device
from chalicelib.domain.shared.aliases import PHONE
from chalicelib.domain.shared.touches import Purpose
from chalicelib.services.clients.consents import Statement, history, set_consents, stop_messages
from chalicelib.services.clients.register_client import change_client
from chalicelib.services.clients.suppress_address import suppress_address
from infra.testkit.builders import NETWORK, NOW, a_client, access, save_client
from infra.testkit.failing_calls import Failure
from infra.testkit.salon_driver import SalonDriver
from tests.crash.arranged import MARIA_ID, Story, fail_each_call

MASHA = "cli_masha00000000002"
HER_PHONE = "+37369000002"
DEAD = DeadAddress("whatsapp", HER_PHONE, "invalid", NOW)


def says(driver: SalonDriver, client_id: str, *, yes: bool) -> None:
    statement = Statement("asked", "key:desk")
    set_consents(driver.world, NETWORK, client_id, [("sms", "marketing")], statement, granted=yes)


def two_who_differ(driver: SalonDriver) -> None:
    device = Device("arn:phone", "android", NOW)
    masha = a_client(MASHA, name="Masha", phone=HER_PHONE, email=None, note="Coffee", devices=(device,))
    save_client(driver.store, replace(masha, dead_addresses=(DEAD,)))
    driver.store.save(replace(driver.client(), note="Henna"))
    says(driver, MASHA, yes=False)
    says(driver, MARIA_ID, yes=True)
    driver.clock.now += timedelta(days=1)


def merged_two(driver: SalonDriver) -> None:
    two_who_differ(driver)
    merge(driver, None)
    driver.clock.now += timedelta(days=1)


def merged_two_of_whom_one_chose(driver: SalonDriver) -> None:
    merged_two(driver)
    choose(driver, None)


def merge(driver: SalonDriver, _: Any) -> None:
    driver.merge(MASHA, MARIA_ID)


def unmerge(driver: SalonDriver, _: Any) -> None:
    if driver.client(MASHA).merged is not None:  # again: NOT_MERGED
        driver.unmerge(MASHA)


def choose(driver: SalonDriver, _: Any) -> None:
    change_client(driver.world, access(), MARIA_ID, {"phone": HER_PHONE})


def stop(driver: SalonDriver, _: Any) -> None:
    stop_messages(driver.world, NETWORK, MASHA, Statement("reply", at=driver.clock.now))


def fail_for_good(driver: SalonDriver, _: Any) -> None:
    suppress_address(driver.world, NETWORK, MASHA, replace(DEAD, channel="sms"))


def words(driver: SalonDriver, client_id: str) -> list[bool]:
    """What the client said of marketing by SMS, as the history has it."""
    lines = [line.consent for line in history(driver.world, NETWORK, client_id)]
    return [each.granted for each in lines if (each.channel, each.purpose) == ("sms", Purpose.MARKETING)]


def all_is_the_targets(driver: SalonDriver, _: Any) -> None:
    maria = driver.client()
    assert (maria.note, len(maria.devices), maria.dead_addresses) == ("Henna\nCoffee", 1, (DEAD,))
    assert words(driver, MARIA_ID) == [True, False]
    assert driver.store.alias(NETWORK, PHONE, HER_PHONE) == MARIA_ID


def each_has_their_own(driver: SalonDriver, _: Any) -> None:
    maria, masha = driver.client(), driver.client(MASHA)
    assert (maria.note, maria.devices, maria.dead_addresses) == ("Henna", (), ())
    assert (masha.note, len(masha.devices), masha.dead_addresses) == ("Coffee", 1, (DEAD,))
    assert (words(driver, MARIA_ID), words(driver, MASHA)) == ([True, False, True], [False])
    assert driver.store.alias(NETWORK, PHONE, HER_PHONE) == MASHA


def the_source_has_the_phone(driver: SalonDriver, _: Any) -> None:
    """Maria's yes was for the phone that she gave up."""
    assert (driver.client().phone, driver.client(MASHA).phone) == (None, HER_PHONE)
    assert driver.store.alias(NETWORK, PHONE, HER_PHONE) == MASHA
    assert driver.client().consents == ()


def she_has_the_phone(driver: SalonDriver, _: Any) -> None:
    assert (driver.client().phone, driver.store.alias(NETWORK, PHONE, HER_PHONE)) == (HER_PHONE, MARIA_ID)


def both_say_no(driver: SalonDriver, _: Any) -> None:
    for client_id in (MASHA, MARIA_ID):
        consents = driver.client(client_id).consents
        assert len(consents) == 8
        assert not any(each.granted for each in consents)


def both_are_suppressed(driver: SalonDriver, _: Any) -> None:
    for client_id in (MASHA, MARIA_ID):
        assert [each.channel for each in driver.client(client_id).dead_addresses] == ["whatsapp", "sms"]


STORIES: dict[str, Story] = {
    "two who differ are merged": (two_who_differ, merge, merge, all_is_the_targets),
    "two who differ are unmerged": (merged_two, unmerge, unmerge, each_has_their_own),
    "the merged phone is chosen": (merged_two, choose, choose, she_has_the_phone),
    "the chosen phone returns": (merged_two_of_whom_one_chose, unmerge, unmerge, the_source_has_the_phone),
    "an old link stops both": (merged_two, stop, stop, both_say_no),
    "an old message's address fails": (merged_two, fail_for_good, fail_for_good, both_are_suppressed),
}  # fmt: skip


@pytest.mark.parametrize("failure", [Failure.BEFORE, Failure.AFTER])
@pytest.mark.parametrize("story", STORIES)
def test_any_call_of_a_merge_may_fail(aws: dict[str, Any], story: str, failure: Failure) -> None:
    assert fail_each_call(aws, STORIES[story], failure) > 1
