"""What a report has at hand: the parts of pages but for their marked days, and the rest by the index."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date

import msgspec

from chalicelib.analytics.parquet import make_part, read_part
from chalicelib.domain.bookings.bookings import ATTENDANCES, Booking
from chalicelib.domain.facts.fact_pages import FactPage
from chalicelib.domain.facts.packed_visits import facts_of
from chalicelib.domain.facts.visit_facts import VisitFact
from chalicelib.services.facts.fact_files import DamagedPart, FactFiles, FactPart
from chalicelib.services.facts.fact_ports import FactObjects
from chalicelib.services.facts.read_visits import order, visit_facts_of_days, visit_facts_of_salon
from chalicelib.services.facts.renew_page import renew_page
from infra.testkit.builders import NETWORK
from infra.testkit.salon_driver import SalonDriver

SALONS = ("sal_centru", "sal_york")


def files_of(objects: FactObjects) -> FactFiles:
    return FactFiles(objects, make_part)


def pages(driver: SalonDriver) -> list[FactPage]:
    found: list[FactPage] = driver.store.fact_pages(NETWORK)
    return found


def renew_due(
    driver: SalonDriver, objects: FactObjects, files: Callable[[FactObjects], FactFiles] = files_of
) -> list[FactPage]:
    """Renews each page whose pointer is due, as the renewals function does."""
    now = driver.world.now()
    due = [page for page in pages(driver) if page.wake is not None and page.wake.at <= now]
    return [renew_page(driver.world, files(objects), NETWORK, page.salon_id, page.month) for page in due]


def reported(
    driver: SalonDriver, objects: FactObjects, read: Callable[[bytes], list[VisitFact]] = read_part
) -> list[VisitFact]:
    """The facts that a report reads now."""
    found: list[VisitFact] = []
    months: set[tuple[str, str]] = set()
    for page in pages(driver):
        content = objects.get(page.part) if page.part is not None else None
        if content is None:
            continue
        months.add((page.salon_id, page.month))
        found += [fact for fact in read(content) if fact.visit_on not in page.days]
        found += visit_facts_of_days(driver.world, NETWORK, page.salon_id, page.days)
    for salon_id in SALONS:
        found += [
            fact
            for fact in visit_facts_of_salon(driver.world, NETWORK, salon_id, None, None)
            if (salon_id, f"{fact.visit_on:%Y-%m}") not in months
        ]
    return sorted(found, key=order)


def lived(driver: SalonDriver) -> list[VisitFact]:
    """The facts of all bookings, read one by one."""
    bookings: Iterable[Booking] = (each for salon_id in SALONS for each in driver.bookings(salon_id))
    found = (facts_of(each) for each in bookings if each.status in ATTENDANCES)
    return sorted((fact for facts in found for fact in facts), key=order)


def make_plain_part(
    facts: Sequence[VisitFact], former: bytes | None = None, days: Collection[date] = ()
) -> FactPart:
    """A part as JSON: tests that are about calls need no Parquet."""
    kept = [] if former is None else [each for each in plain_part(former) if each.visit_on not in days]
    rows = sorted((*facts, *kept), key=order)
    return FactPart(msgspec.json.encode(rows), len(rows))


def plain_part(content: bytes) -> list[VisitFact]:
    """Raises DamagedPart."""
    try:
        return msgspec.json.decode(content, type=list[VisitFact])
    except msgspec.DecodeError as error:
        raise DamagedPart(str(error)) from error


def plain_files_of(objects: FactObjects) -> FactFiles:
    return FactFiles(objects, make_plain_part)
