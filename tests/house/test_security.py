"""docs/security.md says what the code holds."""

import re

from chalicelib.domain.shared.quotas import QUOTAS
from chalicelib.services.shared.request_quotas import FREE
from tests.house.subfolders import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text()


def test_the_quotas_of_the_page_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([\d,]+) \| ([\d,]+) \|$", PAGE, re.MULTILINE)
    said = {kind: (int(hour.replace(",", "")), int(day.replace(",", ""))) for kind, hour, day in rows}
    assert said == {kind.value: (quota.hour, quota.day) for kind, quota in QUOTAS.items()}
    assert f"serves {FREE} requests more" in PAGE
