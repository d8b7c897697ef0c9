"""docs/webhooks.md gives the bounds on what a stranger can send that the code has."""

from chalicelib.domain.intake import trust
from chalicelib.domain.shared import currencies
from tests.house.subfolders import ROOT

PAGE = " ".join((ROOT / "docs" / "webhooks.md").read_text(encoding="utf-8").split())


def test_the_bounds_of_the_page_are_those_of_the_code() -> None:
    largest = currencies.LARGEST_VISIT
    rows = [
        f"| events of one body | {trust.MAX_EVENTS} |",
        f"| lines of one booking | {trust.MAX_LINES} |",
        f"| new services and staff of one body | {trust.MAX_NEW_OF_BODY} |",
        f"| new services and staff of one connection in a day (UTC) | {trust.MAX_NEW_OF_DAY},",
        f"| names of services and staff | {trust.MAX_RENAMED_OF_DAY} renamed in a day (UTC);",
        f"about {trust.MAX_CARDS_OF_DAY} clients a connection and day |",
        f"| {trust.PRICE_TIMES} times the price of its services",
        f"(MDL {largest['MDL']:,}, EUR {largest['EUR']:,}, RUB {largest['RUB']:,};",
        f"| {trust.LARGEST_OF_DAY} times the largest visit: "
        f"MDL {trust.LARGEST_OF_DAY * largest['MDL']:,}, EUR {trust.LARGEST_OF_DAY * largest['EUR']:,} |",
    ]
    assert [row for row in rows if row not in PAGE] == []
    assert trust.AHEAD.total_seconds() == 300
    assert "dated five minutes after its receipt" in PAGE
