"""Which facts a report reads from pages, and which from the index of a salon. Pure; days are of the salon."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta

from msgspec import Struct

from chalicelib.domain.facts.fact_pages import TOUCHES, VISITS, FactPage
from chalicelib.domain.reports.lift import MOST_PUT_OFF
from chalicelib.domain.reports.questions import Question, form_of, needed_days
from chalicelib.domain.reports.report_forms import LIFT_DAYS
from chalicelib.domain.shared.months import last_day_of_month, month_number

ONE_DAY = timedelta(days=1)


class IndexSpan(Struct, frozen=True):
    """Days whose facts stand in no page, both ends included; None: from the first visit, or to the last
    one."""

    salon_id: str
    first: date | None
    last: date | None


class ReadingPlan(Struct, frozen=True):
    """pages: whose parts count, but for their marked days. gaps: what is read from the index; no day is in a
    page and in a gap."""

    pages: tuple[FactPage, ...]
    gaps: tuple[IndexSpan, ...]


class NeededFacts(Struct, frozen=True):
    """The facts of a table that a report needs, of these salons and days, both ends included. first: None:
    from the first one on. last: date.max: until now."""

    table: str
    salon_ids: tuple[str, ...]
    first: date | None
    last: date


def needed_facts(question: Question, salon_ids: Iterable[str]) -> list[NeededFacts]:
    """What a settled question needs. salon_ids: all of the network."""
    found = [NeededFacts(VISITS, _needed_salons(question, salon_ids), *needed_days(question))]
    if TOUCHES in form_of(question).tables:
        salons = tuple(sorted(salon_ids if question.salon_ids is None else question.salon_ids))
        found.append(NeededFacts(TOUCHES, salons, *needed_touch_days(question)))
    return found


def needed_touch_days(question: Question) -> tuple[date, date]:
    """The days (UTC) of the messages whose touches were due in the period, or within the days after it. A
    salon may be a day ahead of UTC, or behind it."""
    assert question.first is not None
    assert question.last is not None
    after = max(question.days or LIFT_DAYS)
    return question.first - ONE_DAY, question.last + timedelta(days=after) + MOST_PUT_OFF + ONE_DAY


def _needed_salons(question: Question, salon_ids: Iterable[str]) -> tuple[str, ...]:
    """The salons of the base, unless a visit elsewhere may be a return, a first visit, or of another
    category."""
    everywhere = tuple(sorted(salon_ids))
    stays_in_salon = needed_days(question)[0] is not None and question.returned_to in (None, "salon")
    if question.salon_ids is None or not stays_in_salon or form_of(question).everywhere:
        return everywhere
    return tuple(each for each in everywhere if each in question.salon_ids)


def reading_plan(
    pages: Iterable[FactPage], salon_ids: Sequence[str], first: date | None, last: date
) -> ReadingPlan:
    """How the facts of these salons and days are read. A month that has no page with a part is a gap.

    first: None: from the first visit on."""
    begin = first or date.min
    wanted = [
        page
        for page in pages
        if page.part is not None
        and page.salon_id in salon_ids
        and _first_day(page) <= last
        and begin <= _last_day(page)
    ]
    gaps = []
    for salon_id in salon_ids:
        of_salon = sorted((page for page in wanted if page.salon_id == salon_id), key=_first_day)
        gaps += _gaps(salon_id, of_salon, first, last)
    return ReadingPlan(tuple(wanted), tuple(gaps))


def without_parts(pages: Iterable[FactPage], damaged: Collection[str]) -> list[FactPage]:
    """The pages but for those whose part is damaged: their months become gaps."""
    return [page for page in pages if page.part not in damaged]


def _gaps(salon_id: str, pages: Sequence[FactPage], first: date | None, last: date) -> list[IndexSpan]:
    found: list[IndexSpan] = []
    begin = first
    for page in pages:
        if begin is None or begin < _first_day(page):
            found.append(IndexSpan(salon_id, begin, _first_day(page) - ONE_DAY))
        marked = (day for day in page.days if (first or day) <= day <= last)
        found += [IndexSpan(salon_id, day, day) for day in marked]
        begin = _last_day(page) + ONE_DAY
    if begin is None or begin <= last:
        found.append(IndexSpan(salon_id, begin, None if last == date.max else last))
    return _as_few(found)


def _as_few(gaps: Iterable[IndexSpan]) -> list[IndexSpan]:
    """The gaps, those that follow one another as one."""
    found: list[IndexSpan] = []
    for gap in gaps:
        before = found[-1] if found else None
        if before is not None and before.last is not None and before.last + ONE_DAY == gap.first:
            found[-1] = IndexSpan(gap.salon_id, before.first, gap.last)
        else:
            found.append(gap)
    return found


def _first_day(page: FactPage) -> date:
    return date.fromisoformat(f"{page.month}-01")


def _last_day(page: FactPage) -> date:
    return last_day_of_month(month_number(_first_day(page)))
