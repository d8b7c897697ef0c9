"""Two who write at once: a merge beside a no, a merge beside its repetition, and two merges of one client."""

from typing import Any

import pytest

from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.touches import Purpose
from chalicelib.services.clients.consents import Statement, stop_messages
from infra.testkit.builders import NETWORK, a_client, save_client
from infra.testkit.interleaved_store import InterleavedStore
from infra.testkit.salon_driver import MARIA_ID, SalonDriver

MASHA, MARUSIA = "cli_masha00000000002", "cli_marusia000000003"


@pytest.fixture(autouse=True)
def both(driver: SalonDriver) -> None:
    save_client(driver.store, a_client(MASHA, name="Masha", phone="+37369000002", email=None))
    save_client(driver.store, a_client(MARUSIA, name="Marusia", phone="+37369000003", email=None))


def beside(driver: SalonDriver, act: Any) -> SalonDriver:
    """The salon, in which somebody else acts just before the next save."""
    return driver.on(InterleavedStore(driver.store, act))


def refuses(driver: SalonDriver, client_id: str) -> bool:
    consent = driver.client(client_id).consent("sms", Purpose.MARKETING)
    return consent is not None and not consent.granted


@pytest.mark.parametrize("who", [MASHA, MARIA_ID])
def test_a_no_said_during_the_merge_holds_for_the_surviving_client(driver: SalonDriver, who: str) -> None:
    def stop() -> None:
        stop_messages(driver.world, NETWORK, who, Statement("reply"))

    beside(driver, stop).merge(MASHA, MARIA_ID)
    assert refuses(driver, MARIA_ID)


def test_a_merge_during_a_stop_loses_no_refusal(driver: SalonDriver) -> None:
    salon = beside(driver, lambda: driver.merge(MASHA, MARIA_ID))
    stop_messages(salon.world, NETWORK, MASHA, Statement("reply"))
    assert [refuses(driver, each) for each in (MASHA, MARIA_ID)] == [True, True]


def test_two_requests_for_one_merge_make_one(driver: SalonDriver) -> None:
    done = beside(driver, lambda: driver.merge(MASHA, MARIA_ID)).merge(MASHA, MARIA_ID)
    assert [each.id for each in done.target.former] == [MASHA]


def test_a_client_is_merged_into_one_of_two(driver: SalonDriver) -> None:
    with pytest.raises(DomainError) as refusal:
        beside(driver, lambda: driver.merge(MASHA, MARUSIA)).merge(MASHA, MARIA_ID)
    assert (refusal.value.code, refusal.value.details["client_id"]) == ("CLIENT_MERGED", MARUSIA)
    assert driver.client().former == ()
