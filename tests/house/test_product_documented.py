"""docs/product.md gives the defaults, bounds and limits that the code has."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import to_builtins
from msgspec.structs import fields, replace

from chalicelib.domain.clients.category_changes import CHANGES_KEPT, CategoryCause
from chalicelib.domain.clients.clients import DEVICES_KEPT
from chalicelib.domain.intake import inbox
from chalicelib.domain.marketing import promotions
from chalicelib.domain.marketing.campaigns import Campaign
from chalicelib.domain.networks.bonus_rules import BonusRules
from chalicelib.domain.networks.category_definitions import FIRST_DEFINITIONS
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.networks.rules import MessageRules, Rules
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.services.bookings import book, desk_tasks
from chalicelib.services.loyalty import hold_points
from chalicelib.services.marketing import check_campaign, check_promotion
from chalicelib.services.merging import merge_clients
from chalicelib.services.messages import try_message
from chalicelib.services.networks.check_categories import CATEGORY_BOUNDS
from chalicelib.services.networks.check_rules import check_rules
from chalicelib.services.shared import answer_once, links
from chalicelib.services.simulations import simulate_programme
from infra.testkit.builders import a_network

PAGE = (Path(__file__).parents[2] / "docs/product.md").read_text(encoding="utf-8")
IN_WORDS = {"quiet_hours"}
"""Rules whose default the page tells in words."""
DIRECTORY = Directory(a_network(), {}, {}, {})
LIMITS = {
    "lines of a booking": f"1 to {book.MAX_LINES}",
    "length of a line": f"1 minute to {book.MAX_MINUTES // 1440} day",
    "start of a booking": f"in the future, within {book.MAX_AHEAD.days} days",
    "hold at the desk": f"{hold_points.DESK_HOLD // timedelta(hours=1)} hours",
    "a client asks for another time, or cancels: the desk answers": (
        f"within {desk_tasks.ANSWER_WITHIN // timedelta(hours=1)} hours, and before the start"
    ),
    f"a client gives {desk_tasks.LOW_STARS} stars or fewer: the desk calls": "within a day",
    "merging: bookings ahead of the source": f"{merge_clients.MAX_BOOKINGS}",
    "merging: open coupons of the source": f"{merge_clients.MAX_COUPONS}",
    "devices of a client": f"the newest {DEVICES_KEPT}",
    "changes of a client's category": f"the latest {CHANGES_KEPT}",
    "short links": f"{links.KEPT.days} days",
    "stored answers of an idempotency key": f"{answer_once.KEPT // timedelta(hours=1)} hours",
    "webhooks in the inbox": f"{inbox.KEPT.days} days",
    "test messages": f"{try_message.TESTS_AN_HOUR} an hour",
    "length of a campaign": f"{check_campaign.MAX_DAYS} days",
    "pace of a campaign": f"1 to {check_campaign.MAX_PER_MINUTE} a minute, by default 60",
    "length of a promotion": f"{check_promotion.MAX_DAYS} days",
    "multiplier of a promotion": f"{check_promotion.MULTIPLIER_LEAST} to {check_promotion.MAX_MULTIPLIER} %",
    "visits closed late for a promotion": f"{promotions.LATE_DAYS} days after its end",
    "period of a simulation": f"{simulate_programme.MAX_MONTHS} calendar months",
}


def rows(title: str) -> dict[str, list[str]]:
    """The table of a section: the first cell, without its quotes, to the others."""
    sections = re.split(r"^## ", PAGE, flags=re.MULTILINE)
    (section,) = (each for each in sections if each.startswith(f"{title}\n"))
    cells = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return {first.strip("`"): [each.strip() for each in rest] for first, *rest in cells[1:]}


BOUNDS = {
    name: tuple(map(int, found.groups()))
    for name, cells in rows("Rules of messages").items()
    if (found := re.fullmatch(r"(\d+)-(\d+)", cells[1].strip("| ")))
}


def test_every_rule_of_messages_stands_there_with_its_default() -> None:
    shown = rows("Rules of messages")
    defaults = json.loads(json.dumps(to_builtins(MessageRules(), enc_hook=dict)))
    assert list(shown) == [each.name for each in fields(MessageRules)]
    for name in set(shown) - IN_WORDS:
        assert json.loads(shown[name][0]) == defaults[name], name
    quiet = MessageRules().quiet_hours
    assert shown["quiet_hours"][0] == f"{quiet.start:%H:%M} to {quiet.end:%H:%M}"


@pytest.mark.parametrize("name", BOUNDS)
def test_a_rule_is_taken_within_its_bounds_and_refused_beyond(name: str) -> None:
    least, most = BOUNDS[name]
    wide = MessageRules(confirm_request_hours_before=336, confirm_cutoff_hours_before=0)
    for value in (least, most):
        check_rules(Rules(messages=replace(wide, **{name: value})), DIRECTORY)
    for value in (least - 1, most + 1):
        with pytest.raises(DomainError) as refused:
            check_rules(Rules(messages=replace(wide, **{name: value})), DIRECTORY)
        assert refused.value.details["field"] == f"messages.{name}"


def test_the_touches_stand_there_in_their_order() -> None:
    assert list(rows("Touches, and when they are due")) == [*TouchKind]


def test_the_limits_are_those_of_the_code() -> None:
    assert {name: cells[0] for name, cells in rows("Limits").items()} == LIMITS
    (pace,) = (each.default for each in fields(Campaign) if each.name == "per_minute")
    assert pace == 60


def test_the_categories_are_those_of_the_code() -> None:
    assert set(rows("Categories of clients")) == {
        "potential", "new", "developing", "regular", "at_risk", "lost"
    }  # fmt: skip
    assert f"a visit in each of {FIRST_DEFINITIONS.regular_months} calendar months running" in PAGE
    assert f"({FIRST_DEFINITIONS.at_risk_factor_percent} %)" in PAGE
    assert f"more than {FIRST_DEFINITIONS.at_risk_min_days_over} days over the usual gap" in PAGE


def test_the_definitions_of_categories_have_the_defaults_and_bounds_of_the_code() -> None:
    shown = rows("Definitions of categories")
    wanted = {
        name: [str(getattr(FIRST_DEFINITIONS, name)), f"{least} to {most}"]
        for name, (least, most) in CATEGORY_BOUNDS.items()
    }
    assert {name: shown[name][:2] for name in shown} == wanted


def test_each_cause_of_a_change_of_category_is_explained() -> None:
    assert set(rows("Changes of category")) == set(CategoryCause)


def test_the_limits_by_hand_are_those_of_the_code() -> None:
    shown = rows("Bonuses")
    for role in [*BonusRules().compensation, "owner"]:
        limit = BonusRules().limit_by_hand(role)
        assert [int(each) for each in shown.pop(role)] == [
            limit.points,
            limit.times_a_day,
            limit.times_a_client_a_month,
        ]
    assert shown == {}
