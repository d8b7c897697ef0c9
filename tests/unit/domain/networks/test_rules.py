"""Which rules hold where: the network's, a salon's own, a service's own; and what makes plans differ."""

from datetime import time

import pytest
from msgspec.structs import fields, replace

from chalicelib.domain.networks.bonus_rules import BonusRules, Gift
from chalicelib.domain.networks.rules import (
    UNPLANNED,
    ChannelStep,
    MessageChanges,
    MessageRules,
    Override,
    Rules,
    plan_alike,
)
from chalicelib.domain.shared.quiet_hours import QuietHours
from chalicelib.domain.shared.touches import TouchKind

REMINDER, BIRTHDAY = TouchKind.CONTROL_REMINDER, TouchKind.BIRTHDAY
PUSH, SMS, EMAIL = ChannelStep("push", 30), ChannelStep("sms"), ChannelStep("email")


def of_salon(salon_id: str = "sal_centru", **changes: object) -> Override:
    return Override(salon_id=salon_id, changes=MessageChanges(**changes))


def of_service(service_id: str, **changes: object) -> Override:
    return Override(service_id=service_id, changes=MessageChanges(**changes))


def rules(*overrides: Override, **messages: object) -> Rules:
    return Rules(messages=MessageRules(**messages), overrides=overrides)


def hours(found: Rules, salon_id: str = "sal_centru", *service_ids: str) -> int:
    return found.messages_for(salon_id, service_ids).confirm_request_hours_before


def test_without_overrides_the_networks_rules_hold_everywhere() -> None:
    network = rules(confirm_request_hours_before=30)
    assert network.messages_for("sal_centru", ["srv_cut"]) is network.messages


def test_a_salons_own_numbers_hold_in_that_salon_only() -> None:
    found = rules(of_salon(confirm_request_hours_before=12))
    assert (hours(found), hours(found, "sal_york")) == (12, 24)


def test_a_services_own_numbers_prevail_over_the_salons_and_hold_in_every_salon() -> None:
    found = rules(
        of_salon(confirm_request_hours_before=12), of_service("srv_dye", confirm_request_hours_before=72)
    )
    assert hours(found, "sal_centru", "srv_dye") == 72
    assert hours(found, "sal_york", "srv_dye") == 72
    assert hours(found, "sal_centru", "srv_cut") == 12


def test_of_several_services_the_first_named_prevails() -> None:
    found = rules(
        of_service("srv_dye", confirm_request_hours_before=72),
        of_service("srv_cut", confirm_request_hours_before=6, control_reminder_minutes_before=30),
    )
    assert hours(found, "sal_centru", "srv_dye", "srv_cut") == 72
    assert hours(found, "sal_centru", "srv_cut", "srv_dye") == 6
    both = found.messages_for("sal_centru", ["srv_dye", "srv_cut"])
    assert both.control_reminder_minutes_before == 30


def test_what_an_override_does_not_say_stays_as_it_is() -> None:
    found = rules(of_salon(day_touch_hour=15), control_reminder_minutes_before=45, weekly_cap=7)
    here = found.messages_for("sal_centru")
    assert here == replace(found.messages, day_touch_hour=15)


def test_an_override_may_switch_on_what_the_network_has_off_and_the_other_way_round() -> None:
    found = rules(of_salon(enabled=True, off=()), enabled=False, off=(REMINDER,))
    assert not found.messages_for("sal_centru").is_off(REMINDER)
    assert found.messages_for("sal_york").is_off(REMINDER)
    quiet = rules(of_salon(off=(BIRTHDAY,)))
    assert quiet.messages_for("sal_centru").is_off(BIRTHDAY)
    assert not quiet.messages_for("sal_centru").is_off(REMINDER)


def test_whatever_is_off_altogether_is_off_kind_by_kind() -> None:
    assert all(MessageRules(enabled=False).is_off(kind) for kind in TouchKind)


def test_the_names_of_what_may_be_overridden_are_those_of_the_rules() -> None:
    own = {each.name for each in fields(MessageChanges)}
    assert own < {each.name for each in fields(MessageRules)}


# --- cascades


def test_a_kind_may_have_a_cascade_of_its_own() -> None:
    found = MessageRules(channels=(PUSH, SMS), channels_of={BIRTHDAY: (EMAIL,)})
    assert found.cascade(BIRTHDAY) == (EMAIL,)
    assert found.cascade(REMINDER) == (PUSH, SMS)


def test_a_salons_cascade_takes_the_place_of_the_networks_as_a_whole() -> None:
    found = rules(of_salon(channels=(EMAIL, SMS)), channels=(PUSH, SMS), channels_of={BIRTHDAY: (EMAIL,)})
    here = found.messages_for("sal_centru")
    assert here.cascade(REMINDER) == (EMAIL, SMS)
    assert here.cascade(BIRTHDAY) == (EMAIL,)


def test_a_step_says_how_long_it_may_take() -> None:
    assert PUSH.wait.total_seconds() == 30 * 60
    assert not SMS.wait


# --- whether anything has to be planned anew

OTHER = {
    "enabled": False,
    "off": (REMINDER,),
    "on": (REMINDER,),
    "confirm_request_hours_before": 36,
    "confirm_cutoff_hours_before": 3,
    "control_reminder_minutes_before": 90,
    "review_request_minutes_after": 60,
    "no_show_invitation_days_after": 2,
    "birthday_days_before": 3,
    "bonus_expiry_days_before": (7,),
    "day_touch_hour": 12,
    "quiet_hours": QuietHours(time(22), time(8)),
    "sms_countries": ("RO",),
}
"""Another value for each rule that says when something is due."""


def test_every_rule_either_plans_or_is_named_as_one_that_does_not() -> None:
    assert {each.name for each in fields(MessageRules)} == set(OTHER) | UNPLANNED


@pytest.mark.parametrize("name", sorted(OTHER))
def test_a_rule_that_says_when_something_is_due_is_planned_anew(name: str) -> None:
    assert not plan_alike(rules(), rules(**{name: OTHER[name]}))
    if name in {each.name for each in fields(MessageChanges)}:
        assert not plan_alike(rules(), rules(of_salon(**{name: OTHER[name]})))


def test_rules_that_are_asked_when_something_is_due_need_no_new_plan() -> None:
    changed = rules(
        weekly_cap=9, weekly_marketing_cap=0, monthly_budget_usd_cents=5, marketing_needs_consent=False,
        channels=(EMAIL,), channels_of={BIRTHDAY: (SMS,)}, holdout_percent={BIRTHDAY: 10},
        part_price_micros={"sms": 1}, notice_again_when_moved_by_minutes=60,
    )  # fmt: skip
    assert plan_alike(rules(), changed)
    assert plan_alike(rules(), rules(of_salon(channels=(EMAIL,))))
    assert plan_alike(rules(), replace(rules(), bonuses=BonusRules(cashback_percent=9)))


def test_a_birthday_gift_that_comes_or_goes_sets_pointers_anew() -> None:
    giving = replace(rules(), bonuses=BonusRules(birthday=Gift(200)))
    assert not plan_alike(rules(), giving)
    assert not plan_alike(giving, replace(giving, bonuses=BonusRules(birthday=Gift(200), enabled=False)))
    assert plan_alike(giving, replace(giving, bonuses=BonusRules(birthday=Gift(300))))
