"""docs/webhooks.md has the table of settings as the adapters list them."""

import re

from chalicelib.booking_sites import ADAPTERS
from tests.house.subfolders import ROOT

PAGE = (ROOT / "docs" / "webhooks.md").read_text(encoding="utf-8")


def test_the_page_has_the_settings_of_each_site_by_their_names() -> None:
    marked = re.search(r"<!-- settings: begin -->\n(.*)<!-- settings: end -->", PAGE, re.DOTALL)
    assert marked
    rows = [line.split(" | ")[:3] for line in marked[1].splitlines()[2:]]
    sites: dict[tuple[str, str], list[str]] = {}
    for site, adapter in sorted(ADAPTERS.items()):
        for setting in adapter.SETTINGS:
            sites.setdefault((setting.shown, setting.written), []).append(site)
    assert rows == [
        [f"| `{name}`", "all" if len(of) == len(ADAPTERS) else ", ".join(of), written]
        for (name, written), of in sorted(sites.items())
    ]
