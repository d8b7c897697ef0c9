"""What tells nothing new changes no figure of any report: webhooks that come again, a merge that is undone,
pages that are made from nothing. tests/crash/facts shows the same of a crash: it leaves the facts, of which
all figures are made."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import to_builtins

from chalicelib.analytics.engine import DuckDbReports
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.facts.fact_pages import PageName
from chalicelib.domain.intake.site_events import BookingReported, SiteClient, SiteStatus
from chalicelib.domain.networks.network import Connection
from chalicelib.domain.reports.questions import Question
from chalicelib.domain.reports.report_forms import FORMS, STAFF
from chalicelib.services.facts.renew_page import renew_page
from chalicelib.store.keys import place_of
from infra.testkit.builders import NETWORK
from infra.testkit.doubles import FolderObjects, RecordingRenewals
from infra.testkit.salon_driver import MARIA_ID, SalonDriver
from infra.testkit.site_events import MARIA
from infra.testkit.site_events import reported as told_by_site
from tests.services.facts.pages import files_of, pages, renew_due

IRA = SiteClient(external_id="c-2", name="Ira Rusu", phone="069222333")
OLGA = SiteClient(external_id="c-3", name="Olga Munteanu", phone="069444555")
VISITS = ((9, 3, MARIA), (9, 3, IRA), (9, 28, MARIA), (10, 14, IRA), (10, 30, OLGA), (11, 20, MARIA))
PERIOD = {"first": date(2026, 9, 1), "last": date(2026, 9, 30)}
RETURN = {"return_first": date(2026, 10, 1), "return_last": date(2026, 11, 30)}

Figures = dict[str, Any]


class Network:
    """Three clients of a booking site, one refund by the desk, and an engine that goes on."""

    def __init__(self, driver: SalonDriver, site: Connection, folder: Path) -> None:
        self.driver, self.site, self.folder = driver, site, folder
        self.objects = FolderObjects(folder / "bucket")
        self.engine = self.another_engine()
        self.told = [
            self._visit(f"b-{number}", month, day, client)
            for number, (month, day, client) in enumerate(VISITS)
        ]
        for event in self.told:
            driver.hear(site, event)
        refunded = next(each for each in driver.bookings() if each.starts_at.month == 9)
        driver.refund(refunded, 5_000)

    def _visit(self, external_id: str, month: int, day: int, client: SiteClient) -> BookingReported:
        at = datetime(2026, month, day, 9, tzinfo=UTC)
        paid = {"status": SiteStatus.COMPLETED, "paid_minor": 40_000 + day * 100}
        return told_by_site(external_id, 1, at, client=client, **paid)

    def another_engine(self) -> DuckDbReports:
        kept = self.folder / f"kept-{len(list(self.folder.iterdir()))}"
        kept.mkdir()
        return DuckDbReports(self.driver.world, self.objects, RecordingRenewals(), kept, memory_mb=200)

    def figures(self) -> Figures:
        """All reports of September, and lists of some."""
        found = {}
        for (report, definition), form in FORMS.items():
            if report == STAFF and definition != "since_visit":
                continue  # retention has each definition
            asked: Figures = {"report": report, "definition": definition, **PERIOD}
            asked |= RETURN if "return_first" in form.takes else {}
            asked |= {"days": (60,)} if "days" in form.takes and form.days else {}
            by = form.dimensions[0] if "by" in form.takes and form.by is None else None
            for listed in (None, *form.lists[:1]) if definition in (None, "window") else (None,):
                question = Question(**asked, listed=listed, by=None if listed else by)
                answer = to_builtins(self.engine.report(NETWORK, question))
                found[f"{report} {definition} {listed}"] = answer | {"as_of": None}
        return found

    def client_named(self, name: str) -> Client:
        known = {each.client_id for each in self.driver.bookings() if each.client_id is not None}
        return next(each for each in map(self.driver.client, sorted(known)) if each.name == name)


@pytest.fixture
def network(driver: SalonDriver, site: Connection, tmp_path: Path) -> Network:
    return Network(driver, site, tmp_path)


def webhooks_come_again(network: Network) -> None:
    for event in [*network.told, *reversed(network.told)]:
        network.driver.hear(network.site, event)


def a_merge_is_undone(network: Network) -> None:
    def clients() -> int:
        report = network.engine.report(NETWORK, Question(report="repurchase"))
        return int(to_builtins(report)["total"]["clients"])

    source = network.client_named("Ira Rusu").id
    assert clients() == 3
    network.driver.merge(source, MARIA_ID)
    assert clients() == 2
    network.driver.unmerge(source)


def pages_are_made_from_nothing(network: Network) -> None:
    for page in pages(network.driver):
        if page.part is not None:
            network.objects.remove(page.part)
        network.driver.store.item.get(place_of(page).pk, place_of(page).sk).delete()
    assert pages(network.driver) == []
    for month in ("2026-09", "2026-10", "2026-11"):
        named = PageName("visits", "sal_centru", month)
        renew_page(network.driver.world, files_of(network.objects), NETWORK, named, whole=True)
    network.engine = network.another_engine()


def nights_pass(network: Network) -> None:
    network.driver.clock.now = max(page.wake.at for page in pages(network.driver) if page.wake is not None)
    assert renew_due(network.driver, network.objects)


def another_process_answers(network: Network) -> None:
    network.engine = network.another_engine()


@pytest.mark.parametrize(
    "happens",
    [webhooks_come_again, a_merge_is_undone, pages_are_made_from_nothing, another_process_answers],
    ids=lambda each: each.__name__,
)
def test_figures_stay(network: Network, happens: Callable[[Network], None]) -> None:
    nights_pass(network)
    before = network.figures()
    assert before["retention window None"]["total"]["clients"] == 2
    happens(network)
    assert network.figures() == before


def test_figures_stay_when_what_happened_by_day_comes_into_pages_by_night(network: Network) -> None:
    """Asked on one day: its end changes what is maturing."""
    before = network.figures()
    at = network.driver.clock.now
    nights_pass(network)
    network.driver.clock.now = at + timedelta(minutes=1)
    assert network.figures() == before
