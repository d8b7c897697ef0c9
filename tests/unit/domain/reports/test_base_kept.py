"""The base kept, and the advertising saved."""

import pytest

from chalicelib.domain.reports.base_kept import base_kept


def test_the_base_kept_and_the_advertising_saved() -> None:
    """The worked example of docs/metrics.md: 700 of 1,000 kept, after 1,200 of 2,000; a new client costs
    80."""
    found = base_kept(700, 1000, 1200, 2000, 8_000)
    assert (found.rate, found.former_rate) == (0.7, 0.6)
    assert found.kept_more == pytest.approx(100)
    assert found.saved == 800_000
    assert found.interval is not None
    assert [round(end) for end in found.interval] == [64, 135]
    assert found.saved_interval == (round(found.interval[0] * 8000), round(found.interval[1] * 8000))
    assert "cost of a new client" in found.assumes


def test_without_a_known_cost_or_a_former_base_nothing_is_saved() -> None:
    assert base_kept(700, 1000, 1200, 2000, None).saved is None
    assert base_kept(700, 1000, 0, 0, 8_000).kept_more is None
    assert base_kept(0, 0, 0, 0, 8_000).rate is None


def test_a_base_that_was_kept_worse_saves_less_than_nothing() -> None:
    found = base_kept(500, 1000, 1200, 2000, 8_000)
    assert found.saved == -800_000
