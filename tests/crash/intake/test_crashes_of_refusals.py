"""Each AWS call fails in turn while a refused delivery is counted. The sender hears of the signature all the
same, and the connection shows the refusal at least once and at most twice."""

from typing import Any

import pytest

from chalicelib.domain.intake.site_events import UnprovenBecause
from chalicelib.domain.networks.network import Connection
from chalicelib.services.intake.receive_webhook import REFUSED_SAVED, RefusedDeliveries, deliveries
from infra.testkit.builders import a_connection
from infra.testkit.failing_calls import Calls, Failure, WorkerDied, calls
from infra.testkit.salon_driver import SalonDriver
from tests.crash.arranged import Arranged

FORGED = UnprovenBecause.BAD_SIGNATURE


def site(driver: SalonDriver) -> Connection:
    saved: Connection = driver.store.save(a_connection())[0]
    return saved


def shown(driver: SalonDriver, connection: Connection) -> int:
    return deliveries(driver.world, [connection])[connection.id].refused[FORGED]


@pytest.mark.parametrize("failure", [Failure.BEFORE, Failure.AFTER, Failure.REPEATED])
def test_a_refusal_whose_save_fails_raises_nothing_and_is_saved_with_the_next(
    failure: Failure, aws: dict[str, Any]
) -> None:
    arranged = Arranged(aws, site)
    for number in range(calls_of_a_save(arranged)):
        driver = arranged.driver()
        refused = RefusedDeliveries(driver.world)
        with calls(Calls(number, failure)):
            refused.note(arranged.subject, FORGED)
        driver.clock.forward(seconds=REFUSED_SAVED.total_seconds())
        refused.note(arranged.subject, FORGED)
        assert 2 <= shown(driver, arranged.subject) <= 2 + (failure is not Failure.BEFORE)


def test_a_process_that_ends_loses_at_most_what_it_had_not_saved(aws: dict[str, Any]) -> None:
    arranged = Arranged(aws, site)
    for number in range(calls_of_a_save(arranged)):
        driver = arranged.driver()
        RefusedDeliveries(driver.world).note(arranged.subject, FORGED)
        with calls(Calls(number, Failure.DIED)), pytest.raises(WorkerDied):
            RefusedDeliveries(driver.world).note(arranged.subject, FORGED)
        RefusedDeliveries(driver.world).note(arranged.subject, FORGED)
        assert 2 <= shown(driver, arranged.subject) <= 3


def test_what_two_processes_count_comes_to_one_sum(aws: dict[str, Any]) -> None:
    arranged = Arranged(aws, site)
    driver = arranged.driver()
    for _ in range(2):
        refused = RefusedDeliveries(driver.world)
        for _ in range(5):
            refused.note(arranged.subject, FORGED)
        driver.clock.forward(seconds=REFUSED_SAVED.total_seconds())
        refused.note(arranged.subject, FORGED)
    assert shown(driver, arranged.subject) == 12


def calls_of_a_save(arranged: Arranged) -> int:
    driver = arranged.driver()
    with calls(Calls()) as dry_run:
        RefusedDeliveries(driver.world).note(arranged.subject, FORGED)
    assert len(dry_run.made) > 1
    return len(dry_run.made)
