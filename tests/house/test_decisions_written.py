"""Every decision states its date, status, context, choice and price, and the index lists every page."""

import re
from pathlib import Path

import pytest

PLACE = Path(__file__).parents[2] / "docs/decisions"
INDEX = PLACE / "README.md"
PAGES = sorted(set(PLACE.glob("*.md")) - {INDEX})
NOT_DECISIONS = ("Traps",)
FORM = re.compile(
    r"\n\n\d{4}-\d\d-\d\d · (?P<status>[^\n]+(\n[^\n]+)*)\n\n"
    r"- \*\*Context\*\*: .+\n- \*\*Choice\*\*: .+\n- \*\*Price\*\*: .+",
    re.DOTALL,
)


def decisions(page: Path) -> dict[str, str]:
    """Heading -> the text below it."""
    parts = page.read_text(encoding="utf-8").split("\n## ")[1:]
    found = {heading: "\n" + text for heading, _, text in (part.partition("\n") for part in parts)}
    return {heading: text for heading, text in found.items() if heading not in NOT_DECISIONS}


HEADINGS = [heading for page in PAGES for heading in decisions(page)]


def fault(text: str) -> str | None:
    found = FORM.match(text)
    if found is None:
        return "has another form than docs/decisions/README.md asks for"
    status = " ".join(found["status"].split())
    by = re.fullmatch(r'replaced by "(.+)"', status)
    if status != "in force" and (by is None or by[1] not in HEADINGS):
        return f"is neither in force nor replaced by another decision: {status}"
    return None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_each_decision_has_date_status_context_choice_and_price(page: Path) -> None:
    faults = {heading: fault(text) for heading, text in decisions(page).items()}
    assert {heading: each for heading, each in faults.items() if each} == {}


def test_no_two_decisions_have_one_heading() -> None:
    assert sorted(set(HEADINGS)) == sorted(HEADINGS)


def test_the_index_lists_every_page() -> None:
    listed = re.findall(r"^\| \[\w+\]\((\w+\.md)\)", INDEX.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == [page.name for page in PAGES]


def test_links_lead_to_files() -> None:
    for page in (INDEX, *PAGES):
        for link in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            assert (PLACE / link).resolve().is_file(), f"{page.name}: {link}"
