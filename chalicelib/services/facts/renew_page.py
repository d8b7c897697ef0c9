"""Renew a page of facts: read its marked days from the salon's index, write a new Parquet object beside the
old one, then name the new one in the page.

A crash at any call leaves the page as it was, and perhaps an object that no page names: the next renewal
removes that. Two renewals at once, or a mark during one, meet at the version of the page.
"""

import logging
from contextlib import suppress
from functools import partial

from chalicelib.domain.facts.fact_pages import (
    FactPage,
    PageName,
    is_intact,
    is_superseded,
    part_key,
    parts_prefix,
    renewed,
    waits_for_renewal,
)
from chalicelib.domain.shared.months import first_day_of_month, last_day_of_month, number_of_month
from chalicelib.services.facts.fact_files import DamagedPart, FactFiles, FactPart
from chalicelib.services.facts.read_facts import facts_of_days, facts_of_salon
from chalicelib.services.shared.world import World

log = logging.getLogger(__name__)


def renew_page(
    world: World, files: FactFiles, network_id: str, named: PageName, *, whole: bool = False
) -> FactPage:
    """The page with a valid part. Nothing is written where its part is whole and its marks may not be taken
    away yet.

    whole: all of the month is read from the index, whatever the part is. Raises TRY_AGAIN.
    """
    page = world.retrying(partial(_renew_once, world, files, network_id, named, whole))
    _remove_superseded(files, page)
    return page


def _renew_once(world: World, files: FactFiles, network_id: str, named: PageName, whole: bool) -> FactPage:
    found = world.store.get(FactPage, network_id=network_id, **named.key)
    page = found or FactPage(network_id=network_id, **named.key)
    now = world.now()
    former = None if whole else _valid_part(files, page)
    if former is not None and not waits_for_renewal(page, now):
        return page
    part = None if former is None else _part_of_marked_days(world, files, page, former)
    part = part or _part_of_month(world, files, page)
    key = part_key(page, part.content)
    files.objects.put(key, part.content)
    return world.store.save(renewed(page, key, part.rows, now))[0]


def _valid_part(files: FactFiles, page: FactPage) -> bytes | None:
    """The content of the page's part; None where that is missing or damaged, or was never made."""
    if page.part is None:
        return None
    content = files.objects.get(page.part)
    if content is not None and is_intact(page.part, content):
        return content
    log.error("a part of facts is missing or damaged, and is made again", extra={"part": page.part})
    return None


def _part_of_marked_days(world: World, files: FactFiles, page: FactPage, former: bytes) -> FactPart | None:
    """The page's part with its marked days as they are now; None where a part turns out to be damaged."""
    facts = facts_of_days(world, page.network_id, page.table, page.salon_id, page.days)
    with suppress(DamagedPart):
        return files.make_part(page.table, facts, former, page.days)
    log.error("a part of facts is damaged, and is made again", extra={"part": page.part})
    return None


def _part_of_month(world: World, files: FactFiles, page: FactPage) -> FactPart:
    number = number_of_month(page.month)
    first, last = first_day_of_month(number), last_day_of_month(number)
    facts = facts_of_salon(world, page.network_id, page.table, page.salon_id, first, last)
    return files.make_part(page.table, facts)


def _remove_superseded(files: FactFiles, page: FactPage) -> None:
    for key in files.objects.keys(parts_prefix(page)):
        if is_superseded(page, key):
            files.objects.remove(key)
