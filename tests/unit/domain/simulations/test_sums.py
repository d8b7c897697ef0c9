"""Sums of a simulation are kept by names, and a name says again what was counted."""

import pytest

from chalicelib.domain.simulations.sums import TIER, SumKey, key_of, named


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (SumKey("cashback", "2026-03", "MDL"), "cashback 2026-03 MDL"),
        (SumKey("outstanding", currency="MDL"), "outstanding MDL"),
        (SumKey("clients"), "clients"),
        (SumKey(TIER, tier="Gold"), "tier Gold"),
        (SumKey(TIER, tier="Old Gold 2026"), "tier Old Gold 2026"),
    ],
)
def test_a_key_has_a_name_and_a_name_its_key(key: SumKey, name: str) -> None:
    assert key.name == name
    assert key_of(name) == key
    assert named({key: 3}) == {name: 3}
