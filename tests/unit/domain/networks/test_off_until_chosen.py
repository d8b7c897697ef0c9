"""What a release adds is off until a network chooses it: a kind of message, or something that is given."""

from typing import Any

from msgspec import NODEFAULT
from msgspec.structs import fields

from chalicelib.domain.networks.bonus_rules import BonusRules, Programme
from chalicelib.domain.networks.rules import MessageChanges, MessageRules
from chalicelib.domain.shared.touches import ON_BY_DEFAULT, TouchKind

LATER: Any = "a_kind_of_later"
"""In place of a kind that a later release brings."""

OF_FIRST_RELEASE = {
    "notice", "confirm_request", "control_reminder", "review_request", "bonus_notice", "bonus_expiry",
    "repeat_invitation", "no_show_invitation", "birthday", "at_risk", "win_back", "campaign",
}  # fmt: skip
"""Never to be added to: a kind of later is off by default."""

LIMITS = {
    "point_value_minor", "point_values_minor", "by_hand_limit_points", "grace_days", "hold_days",
    "compensation",
}  # fmt: skip
"""Fields of the bonus rules that give nothing by themselves."""


def test_the_kinds_that_are_on_by_default_are_those_of_the_first_release() -> None:
    assert {kind.value for kind in ON_BY_DEFAULT} == OF_FIRST_RELEASE


def test_every_kind_that_came_later_is_off_by_default() -> None:
    assert [kind for kind in TouchKind if not MessageRules().is_off(kind)] == [
        kind for kind in TouchKind if kind.value in OF_FIRST_RELEASE
    ]


def test_a_kind_that_came_later_is_made_where_it_was_chosen_unless_it_is_switched_off() -> None:
    assert MessageRules().is_off(LATER)
    assert not MessageRules(on=(LATER,)).is_off(LATER)
    assert MessageRules(on=(LATER,), off=(LATER,)).is_off(LATER)
    assert MessageRules(on=(LATER,), enabled=False).is_off(LATER)


def test_a_salon_that_switches_kinds_off_does_not_switch_others_on() -> None:
    assert "on" not in {each.name for each in fields(MessageChanges)}


def test_what_the_bonus_rules_give_besides_the_programme_is_nothing_by_default() -> None:
    """A field that is added gives nothing until a network sets it. One that limits is named in LIMITS."""
    programme = {each.name for each in fields(Programme)}
    rewards = [each for each in fields(BonusRules) if each.name not in programme | LIMITS]
    assert {each.name for each in rewards} >= {"birthday", "referral", "visit_rewards", "streak", "surprise"}
    assert [each.name for each in rewards if each.default is NODEFAULT or each.default] == []
