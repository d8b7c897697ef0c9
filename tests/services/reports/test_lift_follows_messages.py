"""The lift is the same by pages and by the index, after a page was lost, and after a receipt came again. A
merged client counts once, in the group that came first."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.analytics.engine import DuckDbReports
from chalicelib.domain.facts.fact_pages import TOUCHES, VISITS
from chalicelib.domain.messages.messages import Message, MessageState
from chalicelib.domain.reports.questions import Question, Report
from chalicelib.domain.shared.touches import TouchKind
from infra.testkit.builders import NETWORK, a_client, save_client
from infra.testkit.doubles import FolderObjects, RecordingRenewals
from infra.testkit.salon_driver import MARIA_ID, SalonDriver
from tests.services.facts.pages import pages, renew_due
from tests.services.facts.touches import delivered

ION, OLGA = "cli_ion0000000000001", "cli_olga000000000001"
NOVEMBER = Question(
    report="lift", kind="win_back", first=date(2026, 11, 1), last=date(2026, 11, 30), days=(14,)
)


class Network:
    """Maria was written to and came again; Ion was held out and came, Olga was held out and did not."""

    def __init__(self, driver: SalonDriver, folder: Path) -> None:
        self.driver, self.objects = driver, FolderObjects(folder / "bucket")
        self.renewals = RecordingRenewals()
        kept = folder / "kept"
        kept.mkdir()
        self.engine = DuckDbReports(driver.world, self.objects, self.renewals, kept, memory_mb=200)
        driver.clock.now = datetime(2026, 11, 10, 9, tzinfo=UTC)
        for client_id in (ION, OLGA):
            save_client(driver.store, a_client(client_id, name=client_id, phone=None, email=None))
        self.message = self.touch(MARIA_ID, 1, state=MessageState.SENT, cost_micros=60_000)
        self.touch(ION, 2, state=MessageState.SKIPPED, reason="held_out")
        self.touch(OLGA, 3, state=MessageState.SKIPPED, reason="held_out")
        for client_id in (MARIA_ID, ION):
            driver.clock.forward(days=3)
            booking = driver.book(driver.world.now() + timedelta(hours=1), client=client_id)
            driver.complete(booking, paid_minor=45_000)
        driver.clock.now = datetime(2026, 12, 20, 9, tzinfo=UTC)

    def touch(self, client_id: str, number: int, **fields: Any) -> Message:
        now = self.driver.world.now() + timedelta(minutes=number)
        message = Message(
            network_id=NETWORK, id=f"msg_{number}", client_id=client_id, salon_id="sal_centru",
            kind=TouchKind.WIN_BACK, channel="sms", planned_at=now, recorded_at=now, **fields,
        )  # fmt: skip
        (saved,) = self.driver.store.save(message)
        return saved  # type: ignore[no-any-return]

    def night(self) -> None:
        for table in (VISITS, TOUCHES):
            nights = [page.wake.at for page in pages(self.driver, table) if page.wake is not None]
            self.driver.clock.now = max([self.driver.clock.now, *nights])
            renew_due(self.driver, self.objects, table=table)

    def counted(self) -> tuple[Any, ...]:
        report = self.engine.report(NETWORK, NOVEMBER)
        assert isinstance(report, Report)
        names = "clients", "returned", "held_out", "held_out_returned", "cost_micros"
        return tuple(report.total[name] for name in names)


@pytest.fixture
def network(driver: SalonDriver, tmp_path: Path) -> Network:
    return Network(driver, tmp_path)


LIVED = (1, 1, 2, 1, 60_000)


def test_the_index_and_the_pages_tell_the_same_lift(network: Network) -> None:
    assert network.counted() == LIVED
    assert {page.table for page in network.renewals.pages} == {VISITS, TOUCHES}
    network.night()
    assert [page.rows for page in pages(network.driver, TOUCHES)] == [3]
    assert network.counted() == LIVED


def test_a_receipt_after_the_night_is_in_the_figures_at_once(network: Network) -> None:
    network.night()
    delivered(network.driver, network.message)
    assert network.counted() == (*LIVED[:4], 70_000)
    delivered(network.driver, network.message)
    network.night()
    assert network.counted() == (*LIVED[:4], 70_000)


@pytest.mark.parametrize("content", [None, b"PAR1 damaged"])
def test_a_lost_page_of_messages_is_named_and_no_figure_changes(
    network: Network, content: bytes | None
) -> None:
    network.night()
    (page,) = pages(network.driver, TOUCHES)
    network.objects.remove(str(page.part))
    if content is not None:
        network.objects.put(str(page.part), content)
    assert network.counted() == LIVED
    assert network.renewals.damaged == [page.id]


def test_a_report_without_touches_reads_no_page_of_them(network: Network) -> None:
    network.night()
    (page,) = pages(network.driver, TOUCHES)
    network.objects.remove(str(page.part))
    network.engine.report(NETWORK, Question(report="spend", first=date(2026, 11, 1), last=date(2026, 11, 30)))
    assert network.renewals.damaged == []


def test_a_merged_client_counts_once_in_the_group_that_came_first(network: Network) -> None:
    network.driver.merge(ION, MARIA_ID)
    assert network.counted() == (1, 1, 1, 0, 60_000)
    network.driver.unmerge(ION)
    assert network.counted() == LIVED
