"""Each day of a report is read once: from a page, or from the index."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.facts.fact_pages import FactPage
from chalicelib.domain.reports.questions import Question
from chalicelib.domain.reports.reading_plan import IndexSpan, needed_facts, reading_plan, without_parts

CENTRU, YORK = "sal_centru", "sal_york"
MONTHS = ("2026-01", "2026-02", "2026-03", "2026-04")
ALWAYS = date.max


def a_page(
    month: str, salon_id: str = CENTRU, days: tuple[int, ...] = (), part: str | None = "part"
) -> FactPage:
    first = date.fromisoformat(f"{month}-01")
    return FactPage(
        network_id="net_1", salon_id=salon_id, month=month, part=part and f"{month} {salon_id}",
        days=tuple(first.replace(day=day) for day in days),
    )  # fmt: skip


def test_a_salon_without_pages_is_read_from_the_index_as_a_whole() -> None:
    assert reading_plan([], [CENTRU], None, ALWAYS).gaps == (IndexSpan(CENTRU, None, None),)


def test_what_is_before_between_and_after_the_pages_is_a_gap() -> None:
    plan = reading_plan([a_page("2026-03"), a_page("2026-01")], [CENTRU], None, ALWAYS)
    assert plan.gaps == (
        IndexSpan(CENTRU, None, date(2025, 12, 31)),
        IndexSpan(CENTRU, date(2026, 2, 1), date(2026, 2, 28)),
        IndexSpan(CENTRU, date(2026, 4, 1), None),
    )


def test_marked_days_are_gaps_of_their_page_and_those_that_follow_each_other_are_read_together() -> None:
    plan = reading_plan([a_page("2026-03", days=(1, 2, 9, 31))], [CENTRU], date(2026, 3, 1), date(2026, 4, 5))
    assert plan.gaps == (
        IndexSpan(CENTRU, date(2026, 3, 1), date(2026, 3, 2)),
        IndexSpan(CENTRU, date(2026, 3, 9), date(2026, 3, 9)),
        IndexSpan(CENTRU, date(2026, 3, 31), date(2026, 4, 5)),
    )


def test_a_page_without_a_part_is_a_gap() -> None:
    plan = reading_plan([a_page("2026-03", part=None)], [CENTRU], date(2026, 3, 5), date(2026, 3, 9))
    assert (plan.pages, plan.gaps) == ((), (IndexSpan(CENTRU, date(2026, 3, 5), date(2026, 3, 9)),))


def test_pages_of_other_months_and_salons_are_left_alone() -> None:
    pages = [a_page("2026-02"), a_page("2026-03"), a_page("2026-04"), a_page("2026-03", YORK)]
    plan = reading_plan(pages, [CENTRU], date(2026, 3, 31), date(2026, 3, 31))
    assert ([page.part for page in plan.pages], plan.gaps) == (["2026-03 sal_centru"], ())


def test_a_damaged_part_makes_its_month_a_gap() -> None:
    pages = without_parts([a_page("2026-02"), a_page("2026-03")], {"2026-02 sal_centru"})
    plan = reading_plan(pages, [CENTRU], date(2026, 2, 1), date(2026, 3, 31))
    assert plan.gaps == (IndexSpan(CENTRU, date(2026, 2, 1), date(2026, 2, 28)),)


PAGES = st.lists(
    st.builds(
        a_page,
        st.sampled_from(MONTHS),
        st.sampled_from((CENTRU, YORK)),
        st.lists(st.integers(1, 28), max_size=4, unique=True).map(sorted).map(tuple),
        st.sampled_from(("part", None)),
    ),
    max_size=6,
    unique_by=lambda page: (page.month, page.salon_id),
)
DAYS = st.dates(date(2025, 12, 20), date(2026, 5, 10))


@given(PAGES, st.none() | DAYS, DAYS | st.just(ALWAYS))
def test_each_day_of_each_salon_is_read_exactly_once(
    pages: list[FactPage], first: date | None, last: date
) -> None:
    plan = reading_plan(pages, [CENTRU, YORK], first, last)
    for salon_id in (CENTRU, YORK):
        day, end = max(first or date.min, date(2025, 12, 1)), min(last, date(2026, 5, 31))
        while day <= end:
            in_pages = sum(
                page.salon_id == salon_id and page.month == f"{day:%Y-%m}" and day not in page.days
                for page in plan.pages
            )
            in_gaps = sum(
                gap.salon_id == salon_id and (gap.first or day) <= day <= (gap.last or day)
                for gap in plan.gaps
            )
            assert in_pages + in_gaps == 1, day
            day += timedelta(days=1)


SETTLED = {"first": date(2026, 3, 1), "last": date(2026, 3, 31), "days": (120,), "who": "all"}
WINDOW = Question(report="retention", definition="window", **SETTLED)  # type: ignore[arg-type]


def salons_needed(question: Question) -> list[str]:
    (visits,) = needed_facts(question, [YORK, CENTRU])
    return list(visits.salon_ids)


def test_the_categories_of_a_client_are_read_in_all_salons() -> None:
    asked = Question(report="upsell", first=date(2026, 3, 1), last=date(2026, 3, 31), salon_ids=(CENTRU,))
    assert salons_needed(asked) == [CENTRU, YORK]


@pytest.mark.parametrize(
    ("question", "salons"),
    [
        ({"returned_to": "salon"}, [CENTRU, YORK]),
        ({"returned_to": "salon", "salon_ids": (CENTRU,)}, [CENTRU]),
        ({"returned_to": "network", "salon_ids": (CENTRU,)}, [CENTRU, YORK]),
        ({"returned_to": "staff", "salon_ids": (CENTRU,)}, [CENTRU, YORK]),
        ({"returned_to": "salon", "salon_ids": (CENTRU,), "who": "new"}, [CENTRU, YORK]),
        ({"returned_to": "salon", "salon_ids": (CENTRU,), "by": "source"}, [CENTRU, YORK]),
        ({"returned_to": "salon", "salon_ids": (CENTRU,), "listed": "lost"}, [CENTRU, YORK]),
    ],
)
def test_other_salons_are_read_where_a_return_or_a_first_visit_may_be_there(
    question: dict[str, object], salons: list[str]
) -> None:
    from msgspec.structs import replace

    assert salons_needed(replace(WINDOW, **question)) == salons
