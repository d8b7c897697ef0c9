"""What a report has at hand: the parts of pages but for their marked days, and the rest by the index."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date
from typing import Any

import msgspec
from msgspec.structs import replace

from chalicelib.analytics.parquet import make_part, read_part
from chalicelib.domain.bookings.bookings import ATTENDANCES, Booking
from chalicelib.domain.facts.fact_kinds import FACT_KINDS
from chalicelib.domain.facts.fact_pages import VISITS, FactPage, named_by
from chalicelib.domain.facts.packed_visits import facts_of
from chalicelib.domain.facts.visit_facts import VisitFact
from chalicelib.services.facts.fact_files import DamagedPart, FactFiles, FactPart
from chalicelib.services.facts.fact_ports import FactObjects
from chalicelib.services.facts.read_facts import facts_of_days, facts_of_salon
from chalicelib.services.facts.renew_page import renew_page
from infra.testkit.builders import NETWORK
from infra.testkit.salon_driver import SalonDriver

SALONS = ("sal_centru", "sal_york")


def files_of(objects: FactObjects) -> FactFiles:
    return FactFiles(objects, make_part)


def pages(driver: SalonDriver, table: str = VISITS) -> list[FactPage]:
    found: list[FactPage] = driver.store.fact_pages(NETWORK, table)
    return found


def renew_due(
    driver: SalonDriver,
    objects: FactObjects,
    files: Callable[[FactObjects], FactFiles] = files_of,
    table: str = VISITS,
) -> list[FactPage]:
    """Renews each page whose pointer is due, as the renewals function does."""
    now = driver.world.now()
    due = [page for page in pages(driver, table) if page.wake is not None and page.wake.at <= now]
    return [renew_page(driver.world, files(objects), NETWORK, named_by(page.id)) for page in due]


def reported(
    driver: SalonDriver,
    objects: FactObjects,
    read: Callable[[str, bytes], list[Any]] = read_part,
    table: str = VISITS,
) -> list[Any]:
    """The facts of a table that a report reads now."""
    found: list[Any] = []
    months: set[tuple[str, str]] = set()
    day_of = FACT_KINDS[table].day
    for page in pages(driver, table):
        content = objects.get(page.part) if page.part is not None else None
        if content is None:
            continue
        months.add((page.salon_id, page.month))
        found += [fact for fact in read(table, content) if day_of(fact) not in page.days]
        found += facts_of_days(driver.world, NETWORK, table, page.salon_id, page.days)
    for salon_id in SALONS:
        found += [
            fact
            for fact in facts_of_salon(driver.world, NETWORK, table, salon_id, None, None)
            if (salon_id, f"{day_of(fact):%Y-%m}") not in months
        ]
    return sorted(found, key=FACT_KINDS[table].order)


def lived(driver: SalonDriver) -> list[VisitFact]:
    """The facts of all bookings, read one by one."""
    bookings: Iterable[Booking] = (each for salon_id in SALONS for each in driver.bookings(salon_id))
    found = (
        replace(fact, rating=each.review.stars if each.review else None)
        for each in bookings
        if each.status in ATTENDANCES
        for fact in facts_of(each)
    )
    return sorted(found, key=FACT_KINDS[VISITS].order)


def make_plain_part(
    table: str, facts: Sequence[Any], former: bytes | None = None, days: Collection[date] = ()
) -> FactPart:
    """A part as JSON: tests that are about calls need no Parquet."""
    kind = FACT_KINDS[table]
    kept = (
        [] if former is None else [each for each in plain_part(table, former) if kind.day(each) not in days]
    )
    rows = sorted((*facts, *kept), key=kind.order)
    return FactPart(msgspec.json.encode(rows), len(rows))


def plain_part(table: str, content: bytes) -> list[Any]:
    """Raises DamagedPart."""
    try:
        return msgspec.json.decode(content, type=list[FACT_KINDS[table].fact])  # type: ignore[name-defined]
    except msgspec.DecodeError as error:
        raise DamagedPart(str(error)) from error


def plain_files_of(objects: FactObjects) -> FactFiles:
    return FactFiles(objects, make_plain_part)
