"""docs/programme.md names every bonus rule with its default, its examples are taken as they stand there, and
its figures come out."""

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from msgspec import convert, to_builtins
from msgspec.structs import fields

from chalicelib.api.networks.bonus_schemas import BonusRulesRequest, bonuses_of_request
from chalicelib.domain.loyalty.account import Account
from chalicelib.domain.loyalty.programme import Bill, earned_points, standing, with_turnover
from chalicelib.domain.networks.bonus_rules import (
    BonusRules,
    ByHandLimit,
    CouponTerms,
    GroupProgramme,
    Programme,
    Referral,
    Streak,
    Surprise,
    Tier,
)
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.networks.rules import Rules
from chalicelib.services.networks.check_rules import check_rules
from infra.testkit.builders import NETWORK, a_network, a_salon, a_service

PAGE = (Path(__file__).parents[2] / "docs/programme.md").read_text(encoding="utf-8")
DIRECTORY = Directory(
    a_network(),
    {each: a_salon(each) for each in ("sal_centru", "sal_airport")},
    {},
    {"srv_peel": a_service("srv_peel", category="cosmetology")},
)
IN_WORDS = {"earn_excludes", "redeem_excludes", "name", "compensation"}
"""Fields whose default the page tells in words."""


def section(title: str) -> str:
    (found,) = (each for each in re.split(r"^## ", PAGE, flags=re.MULTILINE) if each.startswith(f"{title}\n"))
    return found


def rows(text: str) -> dict[str, list[str]]:
    cells = (line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| `"))
    return {name.strip("`"): [each.strip() for each in rest] for name, *rest in cells}


def examples() -> Iterator[dict[str, Any]]:
    """Indented JSON objects; a request is shown with its body."""
    for block in re.findall(r"(?:^    .*\n)+", PAGE, re.MULTILINE):
        found = json.loads(block[block.index("{") :])
        yield found.get("bonuses", found)


@pytest.mark.parametrize(
    ("title", "of", "base"),
    [
        ("The programme", Programme, None),
        ("In some salons, or for some time", GroupProgramme, Programme),
        ("For the network as a whole", BonusRules, Programme),
    ],
)
def test_every_field_stands_there_with_its_default(title: str, of: type, base: type | None) -> None:
    inherited = {each.name for each in fields(base)} if base else set()
    own = {each.name for each in fields(of)} - inherited
    shown = {name: rest for name, rest in rows(section(title)).items() if "." not in name}
    assert own <= set(shown)
    bare = of(name="") if of is GroupProgramme else of()
    defaults = json.loads(json.dumps(to_builtins(bare, enc_hook=dict)))
    for name in own - IN_WORDS:
        assert json.loads(shown[name][0]) == defaults[name], name


@pytest.mark.parametrize(
    ("place", "of"),
    [
        ("referral", Referral),
        ("streak", Streak),
        ("surprise", Surprise),
        ("compensation.{role}", ByHandLimit),
        ("coupon", CouponTerms),
    ],
)
def test_every_part_of_a_gift_stands_there(place: str, of: type) -> None:
    shown = rows(section("Gifts"))
    assert {f"{place}.{each.name}" for each in fields(of)} <= set(shown)


def test_the_examples_are_taken_as_they_stand() -> None:
    found = list(examples())
    assert len(found) == 6
    together: dict[str, Any] = {}
    for example in found:
        together |= bonuses_of_request(convert(example, BonusRulesRequest))
    check_rules(Rules(bonuses=BonusRules(**together)), DIRECTORY)


def test_the_bills_of_the_tiers_come_out() -> None:
    (said,) = (each for each in examples() if "tiers" in each)
    rules = BonusRules(**bonuses_of_request(convert(said, BonusRulesRequest)))
    assert all(f"`{each.name}`" in PAGE for each in fields(Tier) if each.name in ("at_least", "below"))
    account = Account(network_id=NETWORK, client_id="cli_x")
    bills = re.findall(r"^\| (\d{4}-\d\d-\d\d) \| (\d+) \| (\d+) \| (\w+) \| (\d+) \|$", PAGE, re.MULTILINE)
    assert len(bills) == 5
    for day, lei, before, level, points in bills:
        on = date.fromisoformat(day)
        stands = standing(account, rules, "MDL", on)
        assert stands is not None
        earned = earned_points(Bill(paid_minor=int(lei) * 100), 0, rules, stands.tier.percent, 100)
        assert (stands.turnover, stands.tier.name, earned) == (int(before) * 100, level, int(points)), day
        account = with_turnover(account, on, "MDL", int(lei) * 100, 1)
