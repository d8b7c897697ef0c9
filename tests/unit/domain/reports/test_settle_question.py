"""A question gets the defaults of its definition, or a stable code that says what is wrong with it."""

from datetime import date, timedelta
from typing import Any

import pytest

from chalicelib.domain.reports.questions import Question, base_period, final_on, needed_days
from chalicelib.domain.reports.settle_question import MOST_DAYS, settled
from chalicelib.domain.shared.errors import DomainError

TODAY = date(2026, 3, 31)
MARCH = {"first": date(2026, 3, 1), "last": date(2026, 3, 31)}


def retention(definition: str | None = "window", **said: Any) -> Question:
    return Question(report="retention", definition=definition, **said)


def refusal(question: Question) -> tuple[str, Any]:
    """The code, and the field that it names."""
    with pytest.raises(DomainError) as raised:
        settled(question, TODAY)
    return raised.value.code, raised.value.details.get("field")


@pytest.mark.parametrize(
    ("question", "code", "field"),
    [
        (Question(report="horoscope"), "NOT_FOUND", None),
        (retention(None), "UNKNOWN_DEFINITION", None),
        (retention("rolling"), "UNKNOWN_DEFINITION", None),
        (retention(by="city"), "UNKNOWN_DIMENSION", None),
        (Question(report="spend", by="weekday"), "UNKNOWN_DIMENSION", None),
        (retention(who="men"), "UNKNOWN_CHOICE", "who"),
        (retention(returned_to="city"), "UNKNOWN_CHOICE", "returned_to"),
        (retention(listed="everybody"), "UNKNOWN_CHOICE", "list"),
        (retention(days=(0,)), "OUT_OF_RANGE", "days"),
        (retention(days=(-1,)), "OUT_OF_RANGE", "days"),
        (retention(days=(10_000,)), "OUT_OF_RANGE", "days"),
        (retention(days=(30, 60)), "ONE_WINDOW_NEEDED", "days"),
        (retention("since_visit", days=tuple(range(1, 14))), "OUT_OF_RANGE", "days"),
        (retention("since_visit", days=(30, 0)), "OUT_OF_RANGE", "days"),
        (retention("since_visit", listed="lost"), "ONE_WINDOW_NEEDED", "days"),
        (retention("since_visit", listed="lost", days=(30, 60)), "ONE_WINDOW_NEEDED", "days"),
        (retention("period", days=(30,)), "UNUSED_PARAMETER", "days"),
        (retention(return_first=TODAY, return_last=TODAY), "UNUSED_PARAMETER", "return_from"),
        (Question(report="spend", days=(30,)), "UNUSED_PARAMETER", "days"),
        (Question(report="spend", definition="window"), "UNUSED_PARAMETER", "definition"),
        (Question(report="upsell", listed="base"), "UNUSED_PARAMETER", "list"),
        (retention(first=date(2026, 3, 2), last=date(2026, 3, 1)), "INVALID_PERIOD", "to"),
        (retention(first=date(2026, 3, 1)), "INVALID_PERIOD", "to"),
        (retention(last=date(2026, 3, 1)), "INVALID_PERIOD", "from"),
        (retention(first=date(2026, 4, 1), last=date(2026, 4, 30)), "INVALID_PERIOD", "from"),
        (retention(first=date(1999, 12, 31), last=date(2026, 3, 1)), "INVALID_PERIOD", "from"),
        (retention(first=date(2026, 3, 1), last=date.max), "INVALID_PERIOD", "to"),
        (retention("period", **MARCH, return_first=date(2026, 3, 31), return_last=TODAY),
         "INVALID_PERIOD", "return_from"),
        (retention("period", **MARCH, return_first=date(2026, 4, 1), return_last=date(2026, 4, 30)),
         "INVALID_PERIOD", "return_from"),
        (retention("period", **MARCH, return_first=date(2026, 3, 31), return_last=date(2026, 3, 30)),
         "INVALID_PERIOD", "return_to"),
        (retention("period", first=date(2026, 1, 1), last=date(2026, 1, 31), return_first=TODAY),
         "INVALID_PERIOD", "return_to"),
        (Question(report="cohorts", first=date(2020, 1, 1), last=TODAY), "OUT_OF_RANGE", "to"),
        (retention(limit=0), "INVALID_FIELD", "limit"),
        (retention(limit=201), "INVALID_FIELD", "limit"),
    ],
)  # fmt: skip
def test_a_bad_question_is_refused_by_a_stable_code(question: Question, code: str, field: str | None) -> None:
    assert refusal(question) == (code, field)


@pytest.mark.parametrize(
    ("question", "base", "final"),
    [
        (retention("period"), (date(2026, 1, 1), date(2026, 1, 31)), date(2026, 3, 1)),
        (retention("trailing"), (date(2025, 12, 31), date(2026, 2, 28)), date(2026, 4, 1)),
        (retention("window"), (date(2025, 11, 1), date(2025, 11, 30)), date(2026, 3, 31)),
        (retention("since_visit"), (date(2025, 9, 1), date(2025, 9, 30)), date(2026, 3, 30)),
        (retention("first_time"), (date(2025, 11, 1), date(2025, 11, 30)), date(2026, 3, 1)),
        (Question(report="spend"), (date(2026, 2, 1), date(2026, 2, 28)), date(2026, 3, 1)),
        (Question(report="cohorts"), (date(2025, 4, 1), date(2026, 3, 31)), date(2026, 4, 1)),
    ],
)
def test_each_definition_has_a_period_of_its_own_where_none_is_named(
    question: Question, base: tuple[date, date], final: date
) -> None:
    asked = settled(question, TODAY)
    assert (base_period(asked), final_on(asked)) == (base, final)


@pytest.mark.parametrize("definition", ["period", "trailing", "window", "since_visit", "first_time"])
@pytest.mark.parametrize("today", [date(2024, 2, 29) + timedelta(days=each) for each in (0, 1, 31, 306, 337)])
def test_a_settled_question_stays_as_it_is(definition: str, today: date) -> None:
    asked = settled(retention(definition), today)
    assert settled(asked, today) == asked
    assert base_period(asked)[1] <= final_on(asked)


def test_windows_are_asked_once_and_in_order() -> None:
    assert settled(retention("since_visit", days=(90, 30, 90)), TODAY).days == (30, 90)
    assert settled(retention(days=(MOST_DAYS,)), TODAY).days == (MOST_DAYS,)


def test_cohorts_are_of_whole_months() -> None:
    asked = settled(Question(report="cohorts", first=date(2024, 2, 10), last=date(2024, 2, 10)), TODAY)
    assert (asked.first, asked.last) == (date(2024, 2, 1), date(2024, 2, 29))


@pytest.mark.parametrize(
    ("question", "since", "until"),
    [
        (retention("window", days=(10,), **MARCH), date(2026, 3, 1), date(2026, 4, 10)),
        (retention("trailing", days=(10,), **MARCH), date(2026, 2, 19), date(2026, 3, 31)),
        (retention("since_visit", days=(1, 10), **MARCH), date(2026, 3, 1), date(2026, 4, 10)),
        (Question(report="spend", **MARCH), date(2026, 3, 1), date(2026, 3, 31)),
        (retention("window", who="new", days=(10,), **MARCH), None, date(2026, 4, 10)),
        (retention("first_time", days=(10,), **MARCH), None, date(2026, 4, 10)),
        (Question(report="spend", by="source", **MARCH), None, date(2026, 3, 31)),
        (Question(report="cohorts", **MARCH), None, date.max),
        (retention("window", listed="lost", **MARCH), None, date.max),
    ],
)
def test_a_question_needs_no_more_days_than_it_counts(
    question: Question, since: date | None, until: date
) -> None:
    assert needed_days(settled(question, TODAY)) == (since, until)
