"""Specialists on equal terms: the retention of each, and what the comparison says (docs/metrics.md, "On equal
terms")."""

from datetime import date, timedelta

from msgspec.structs import replace

from chalicelib.analytics.retention import retention
from chalicelib.analytics.statements import Asked, Figures
from chalicelib.domain.reports.equal_terms import OnEqualTerms, StaffStratum, on_equal_terms
from chalicelib.domain.reports.questions import Question, base_period

NOT_COMPARED: Figures = {
    "verdict": None, "compared_with": None, "covered": None, "effective_clients": None, "equal_rate": None,
    "equal_interval": None, "others_rate": None, "difference": None, "difference_interval": None,
}  # fmt: skip
"""Figures of visits without a specialist, and of a specialist whose clients are all maturing."""


def staff_on_equal_terms(asked: Asked) -> tuple[list[Figures], Figures]:
    """A row for each specialist. rate and interval are the plain ones; those of the comparison are equal_rate
    and equal_interval. The total is the retention of all."""
    rows, total = retention(asked)
    former = Asked(asked.connection, _former(asked.question), asked.today)
    compared = {each.staff: each for each in on_equal_terms(strata_of_staff(asked), strata_of_staff(former))}
    return [row | _figures(compared.get(str(row["key"]))) for row in rows], total


def strata_of_staff(asked: Asked) -> list[StaffStratum]:
    """The strata of all specialists, without visits of no specialist and without clients who are maturing."""
    assert asked.question.definition is not None
    files = "asked_lines", "places", asked.question.definition, "staff_strata"
    return [
        StaffStratum(staff=staff, service_category=category, new=new, clients=clients, returned=returned)
        for staff, category, new, clients, returned in asked.rows(*files, by="staff", needs_firsts=True)
    ]


def _former(question: Question) -> Question:
    """The same question about the time before: all its dates are as many days earlier as its base is long."""
    first, last = base_period(question)
    length = timedelta(days=(last - first).days + 1)

    def earlier(day: date | None) -> date | None:
        return None if day is None else day - length

    return replace(
        question,
        first=earlier(question.first),
        last=earlier(question.last),
        return_first=earlier(question.return_first),
        return_last=earlier(question.return_last),
    )


def _figures(found: OnEqualTerms | None) -> Figures:
    if found is None:
        return NOT_COMPARED
    return {
        "verdict": found.verdict,
        "compared_with": found.compared_with,
        "covered": found.covered,
        "effective_clients": found.effective_clients,
        "equal_rate": found.rate,
        "equal_interval": found.interval,
        "others_rate": found.other_rate,
        "difference": found.difference,
        "difference_interval": found.difference_interval,
    }
