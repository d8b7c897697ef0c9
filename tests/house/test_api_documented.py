"""docs/api.md names every route of the app, and no other: with who may call it, its status and its errors."""

import re
from pathlib import Path

from app import app
from chalicelib.api.http.endpoint import DESK, EVERYBODY, OFFICE, OWNER
from chalicelib.api.http.openapi import routes
from chalicelib.domain.networks.network import Role

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "api.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([A-Z]+ /[^`]*)` \| ([a-z, ]+) \| (\d{3}) \| .{4,} \|$", re.MULTILINE)
NAMED = re.compile(r"`((?:GET|HEAD|POST|PUT|PATCH|DELETE) /[^`?\s]*)")
GROUPS: dict[str, frozenset[Role]] = {
    "all": EVERYBODY,
    "desk": DESK,
    "office": OFFICE,
    "owner": OWNER,
    "specialist": frozenset({Role.SPECIALIST}),
    "partner": frozenset({Role.PARTNER}),
}

Rights = frozenset[Role] | None
"""None: no key is needed."""


def routes_of_the_app() -> dict[str, tuple[Rights, int]]:
    return {
        f"{route.method} {route.path}": (route.contract.roles, route.contract.status)
        for route in routes(app.routes)
    }


def rights(words: str) -> Rights:
    if words == "anybody":
        return None
    return frozenset[Role]().union(*(GROUPS[word] for word in words.split(", ")))


def test_the_page_names_every_route_with_who_may_call_it_and_its_status() -> None:
    rows = ROW.findall(PAGE)
    documented = {route: (rights(who), int(status)) for route, who, status in rows}
    assert len(rows) == len(documented), "a route stands in two rows"
    assert documented == routes_of_the_app()


def test_the_page_names_no_route_that_does_not_exist() -> None:
    assert set(NAMED.findall(PAGE)) <= set(routes_of_the_app())


def test_the_errors_of_the_page_stand_in_the_table_of_errors() -> None:
    table = (DOCS / "errors.md").read_text(encoding="utf-8")
    known = set(re.findall(r"^\| `([A-Z_]+)` \|", table, re.MULTILINE))
    paragraphs = [each for each in PAGE.split("\n\n") if each.startswith("Errors: ")]
    assert len(paragraphs) > 10
    named = {code for each in paragraphs for code in re.findall(r"`([A-Z_]+)`", each)}
    assert named <= known
