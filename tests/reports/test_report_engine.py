"""The engine reads pages where these are valid and the index where they are not, and counts the same either
way."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from msgspec.structs import replace

from chalicelib.analytics.engine import MOST_NETWORKS, DuckDbReports
from chalicelib.analytics.parquet import make_part
from chalicelib.domain.bookings.bookings import Booking, Line, Status
from chalicelib.domain.facts.fact_pages import VISITS, FactPage, PageName, part_key
from chalicelib.domain.reports.questions import ListedClients, Question, Report
from chalicelib.domain.shared.errors import DomainError, Unreadable
from chalicelib.services.facts.fact_files import FactFiles
from chalicelib.services.facts.renew_page import renew_page
from chalicelib.services.merging.merge_clients import merge_clients
from chalicelib.services.merging.unmerge_clients import unmerge_clients
from chalicelib.services.shared.world import World
from chalicelib.store.keys import key, place_of
from infra.admin import renew_facts
from infra.testkit.builders import NETWORK, a_booking, a_client, a_town, access, save_booking, save_client
from infra.testkit.doubles import FolderObjects, RecordingRenewals

CENTRU = "sal_centru"
MARIA, IRA, OLGA = "cli_maria00000000001", "cli_ira0000000000001", "cli_olga000000000001"
SPEND = Question(report="spend", first=date(2026, 3, 1), last=date(2026, 11, 22))


class CountedObjects(FolderObjects):
    """Counts what is fetched."""

    fetched = 0

    def get(self, key: str) -> bytes | None:
        self.fetched += 1
        return super().get(key)


@pytest.fixture
def objects(tmp_path: Path) -> CountedObjects:
    return CountedObjects(tmp_path / "bucket")


@pytest.fixture
def renewals() -> RecordingRenewals:
    return RecordingRenewals()


@pytest.fixture
def counted() -> list[str]:
    return []


@pytest.fixture
def engine(
    world: World, objects: FolderObjects, renewals: RecordingRenewals, tmp_path: Path, counted: list[str]
) -> DuckDbReports:
    a_town(world.store)
    (tmp_path / "engine").mkdir()
    return DuckDbReports(world, objects, renewals, tmp_path / "engine", memory_mb=200, count=counted.append)


@pytest.fixture
def visits(engine: DuckDbReports, world: World) -> None:
    """Maria came in March, April and June, and was billed 500 each time."""
    for month, day in ((3, 10), (4, 12), (6, 20)):
        complete(world, month, day)


def complete(
    world: World,
    month: int,
    day: int,
    *,
    paid: int = 50_000,
    salon_id: str = CENTRU,
    client_id: str = MARIA,
) -> None:
    at = datetime(2026, month, day, 9, tzinfo=UTC)
    booking_id = f"bkg_{month:08d}{day:08d}"
    booking = world.store.get(Booking, network_id=NETWORK, id=booking_id) or a_booking(
        booking_id,
        salon_id=salon_id,
        client_id=client_id,
        starts_at=at,
        lines=(Line("srv_cut", 60, "stf_anna", 50_000),),
    )
    closed = {"status": Status.COMPLETED, "closed_at": at + timedelta(hours=1), "paid_minor": paid}
    save_booking(world.store, replace(booking, **closed))


def as_before(world: World, booking_id: str, **attributes: str | None) -> None:
    """The booking's item with a status of an earlier release, which tells no facts."""
    booking = world.store.get(Booking, network_id=NETWORK, id=booking_id)
    item = world.store.item.get(place_of(booking).pk, place_of(booking).sk)
    item.status = "completed"
    for name, text in attributes.items():
        setattr(item, name, text)
    item.save()


def renew(world: World, objects: FolderObjects, month: str) -> FactPage:
    return renew_page(
        world, FactFiles(objects, make_part), NETWORK, PageName(VISITS, CENTRU, month), whole=True
    )


def spent(engine: DuckDbReports, question: Question = SPEND) -> tuple[int, int]:
    """Visits, and what was paid for them."""
    report = engine.report(NETWORK, question)
    assert isinstance(report, Report)
    return report.total["visits"], report.total["sales_minor"]


def test_without_pages_all_is_read_from_the_index_and_pages_are_handed_over(
    engine: DuckDbReports, visits: None, renewals: RecordingRenewals
) -> None:
    assert spent(engine) == (3, 150_000)
    assert [page.id for page in renewals.pages] == [f"{CENTRU}.2026-0{month}" for month in (6, 4, 3)]


def test_a_valid_page_is_fetched_once_and_its_month_is_not_read_from_the_index(
    engine: DuckDbReports, visits: None, world: World, objects: CountedObjects
) -> None:
    whole = spent(engine)
    pages = [renew(world, objects, f"2026-0{month}") for month in (3, 4, 6)]
    unmarked = [replace(page, days=(), renew_at=None, wake=None) for page in pages]
    world.store.save(*unmarked)
    for booking_id in ("bkg_0000000300000010", "bkg_0000000400000012", "bkg_0000000600000020"):
        booking = world.store.get(Booking, network_id=NETWORK, id=booking_id)
        world.store.item(place_of(booking).pk, place_of(booking).sk).delete()
    assert spent(engine) == whole
    fetched = objects.fetched
    assert fetched == 3
    assert spent(engine) == whole
    assert objects.fetched == fetched


def test_a_marked_day_is_read_as_it_is_now(
    engine: DuckDbReports, visits: None, world: World, objects: CountedObjects
) -> None:
    renew(world, objects, "2026-04")
    assert spent(engine) == (3, 150_000)
    complete(world, 4, 12, paid=70_000)
    complete(world, 4, 13)
    assert spent(engine) == (4, 220_000)


def test_a_renewed_page_takes_the_place_of_what_was_read_before(
    engine: DuckDbReports, visits: None, world: World, objects: CountedObjects
) -> None:
    renew(world, objects, "2026-04")
    spent(engine)
    complete(world, 4, 12, paid=70_000)
    renew(world, objects, "2026-04")
    assert spent(engine) == (3, 170_000)


@pytest.mark.parametrize("content", [None, b"", b"PAR1 no parquet PAR1", "another"])
def test_a_missing_or_damaged_part_is_named_and_made_again_and_changes_no_figure(
    content: bytes | str | None,
    engine: DuckDbReports,
    visits: None,
    world: World,
    objects: CountedObjects,
    renewals: RecordingRenewals,
    counted: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    page = renew(world, objects, "2026-04")
    assert page.part is not None
    objects.remove(page.part)
    if content == "another":
        other = renew(world, objects, "2026-06")
        content = objects.get(str(other.part))
    if isinstance(content, bytes):
        objects.put(page.part, content)
    assert spent(engine) == (3, 150_000)
    assert counted == ["FactsDamaged"]
    assert renewals.damaged == [f"{CENTRU}.2026-04"]
    assert [record.part for record in caplog.records if hasattr(record, "part")] == [page.part]
    renew(world, objects, "2026-04")
    assert spent(engine) == (3, 150_000)
    assert counted == ["FactsDamaged"]


def test_a_report_that_failed_in_the_middle_leaves_nothing_half_done(
    engine: DuckDbReports, visits: None, world: World, objects: CountedObjects
) -> None:
    page = renew(world, objects, "2026-04")
    whole = spent(engine)
    no_parquet = b"what its key names, and yet no Parquet"
    broken = world.store.save(replace(page, part=part_key(page, no_parquet)))[0]
    objects.put(broken.part, no_parquet)
    for _ in range(2):
        with pytest.raises(duckdb.Error):
            spent(engine)
    renew(world, objects, "2026-04")
    assert spent(engine) == whole


def with_bound(
    most_read: int, world: World, objects: FolderObjects, renewals: RecordingRenewals, tmp_path: Path
) -> DuckDbReports:
    folder = tmp_path / f"bound-{most_read}"
    folder.mkdir()
    return DuckDbReports(world, objects, renewals, folder, memory_mb=200, most_read=most_read)


def test_more_than_can_be_read_at_once_is_refused_until_its_pages_are_made(
    engine: DuckDbReports, visits: None, world: World, objects: CountedObjects, renewals: RecordingRenewals,
    tmp_path: Path,
) -> None:  # fmt: skip
    small = with_bound(2, world, objects, renewals, tmp_path)
    with pytest.raises(DomainError) as refusal:
        spent(small)
    assert (refusal.value.kind, refusal.value.code) == ("unavailable", "FACTS_NOT_READY")
    assert len(renewals.pages) == 3
    for page in renewals.pages:
        page = renew(world, objects, page.month)
        world.store.save(replace(page, days=(), renew_at=None, wake=None))
    assert spent(small) == (3, 150_000)


def test_no_more_is_listed_than_pages_are_made_of(
    engine: DuckDbReports, visits: None, world: World, objects: CountedObjects, renewals: RecordingRenewals,
    tmp_path: Path,
) -> None:  # fmt: skip
    for day in (1, 2, 3, 4):
        complete(world, 7, day)
    small = with_bound(1, world, objects, renewals, tmp_path)
    with pytest.raises(DomainError):
        spent(small)
    assert [page.month for page in renewals.pages] == ["2026-07", "2026-06", "2026-04", "2026-03"]
    renewals.pages.clear()
    complete(world, 2, 1)
    with pytest.raises(DomainError):
        spent(small, replace(SPEND, first=date(2026, 2, 1)))
    assert [page.month for page in renewals.pages] == ["2026-06", "2026-04", "2026-03", "2026-02"]


def test_a_visit_of_an_earlier_release_counts_as_many_since_its_booking_is_read(
    engine: DuckDbReports, visits: None, world: World, objects: CountedObjects, renewals: RecordingRenewals,
    tmp_path: Path,
) -> None:  # fmt: skip
    as_before(world, "bkg_0000000400000012")
    assert spent(engine) == (3, 150_000)
    with pytest.raises(DomainError):
        spent(with_bound(2 + 19, world, objects, renewals, tmp_path))
    assert spent(with_bound(2 + 20, world, objects, renewals, tmp_path)) == (3, 150_000)


def test_a_visit_that_cannot_be_read_is_named_and_no_figure_is_given_without_it(
    engine: DuckDbReports, visits: None, world: World
) -> None:
    as_before(world, "bkg_0000000400000012", body="{", packed=None)
    with pytest.raises(Unreadable) as refusal:
        spent(engine)
    assert refusal.value.item == "booking bkg_0000000400000012"


def test_a_salon_that_cannot_be_read_is_named_too(engine: DuckDbReports, visits: None, world: World) -> None:
    pk, sk = key("SALON", network_id=NETWORK, id="sal_york")
    item = world.store.item.get(pk, sk)
    item.body = "{"
    item.save()
    with pytest.raises(Unreadable) as refusal:
        spent(engine)
    assert refusal.value.item == "salon sal_york"


def test_all_pages_are_made_again_by_hand(
    engine: DuckDbReports, visits: None, world: World, objects: CountedObjects, renewals: RecordingRenewals
) -> None:
    for month in ("2026-03", "2026-04"):
        renew(world, objects, month)
    whole = spent(engine)
    assert renew_facts(world, renewals, NETWORK) == "3 pages of facts are being made again"
    assert renewals.damaged == [f"{CENTRU}.2026-0{month}" for month in (3, 4, 6)]
    for page in world.store.fact_pages(NETWORK, VISITS):
        renew(world, objects, page.month)
    assert spent(engine) == whole


def test_the_clients_behind_a_figure_are_listed(engine: DuckDbReports, visits: None) -> None:
    question = Question(
        report="retention",
        definition="window",
        first=date(2026, 3, 1),
        last=date(2026, 3, 31),
        listed="returned",
    )
    listed = engine.report(NETWORK, question)
    assert isinstance(listed, ListedClients)
    assert [(each.client_id, each.visits_count) for each in listed.items] == [("cli_maria00000000001", 3)]


def test_salons_that_are_not_asked_about_are_not_read(
    engine: DuckDbReports, visits: None, world: World, renewals: RecordingRenewals
) -> None:
    complete(world, 5, 5, salon_id="sal_york")
    only = replace(SPEND, salon_ids=(CENTRU,))
    assert spent(engine, only) == (3, 150_000)
    assert {page.salon_id for page in renewals.pages} == {CENTRU}
    assert spent(engine, replace(SPEND, salon_ids=("sal_york",)))[0] == 1


def test_a_merged_client_counts_as_the_target_and_as_two_once_the_merge_is_undone(
    engine: DuckDbReports, visits: None, world: World
) -> None:
    for client_id, into, phone in ((IRA, MARIA, "+37369000001"), (OLGA, IRA, "+37369000002")):
        save_client(world.store, a_client(client_id, phone=phone, email=None))
        complete(world, 5, int(into == IRA) + 1, client_id=client_id)
    clients = Question(report="repurchase", first=date(2026, 3, 1), last=date(2026, 11, 22))

    def counted() -> tuple[int, int]:
        total = engine.report(NETWORK, clients).total
        return total["clients"], total["repeated"]

    assert counted() == (3, 1)
    merge_clients(world, access(), OLGA, IRA)
    assert counted() == (2, 2)
    merge_clients(world, access(), IRA, MARIA)
    assert counted() == (1, 1)
    unmerge_clients(world, access(), IRA)
    assert counted() == (2, 2)
    unmerge_clients(world, access(), OLGA)
    assert counted() == (3, 1)


def test_a_process_keeps_the_facts_of_few_networks(
    engine: DuckDbReports, visits: None, world: World, tmp_path: Path
) -> None:
    others = [f"net_lotos0000{number}" for number in range(2, 2 + MOST_NETWORKS)]
    for network_id in others:
        a_town(world.store, network_id)
        engine.report(network_id, SPEND)
    assert spent(engine) == (3, 150_000)
    assert len(list((tmp_path / "engine").glob("*.duckdb"))) == MOST_NETWORKS
