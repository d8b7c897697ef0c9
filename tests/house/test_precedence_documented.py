"""docs/webhooks.md has the table of precedence as the code has it."""

import re

from chalicelib.domain.intake.precedence import PRECEDENCES, Precedence
from tests.house.subfolders import ROOT

PAGE = (ROOT / "docs" / "webhooks.md").read_text(encoding="utf-8")


def row(rule: Precedence) -> str:
    columns = (
        rule.fact.value,
        words(rule.by),
        words(rule.held),
        words(rule.before),
        words(rule.says),
        "site" if rule.site_holds else "salon",
        "yes" if rule.task else "no",
    )
    return f"| {' | '.join(columns)} |"


def words(some: frozenset[str]) -> str:
    return ", ".join(sorted(some)) if some else "anything"


def test_the_page_has_the_rows_of_the_code_in_their_order() -> None:
    marked = re.search(r"<!-- precedence: begin -->\n(.*)<!-- precedence: end -->", PAGE, re.DOTALL)
    assert marked
    assert marked[1].splitlines()[2:] == [row(rule) for rule in PRECEDENCES]
