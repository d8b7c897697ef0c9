"""What rules are refused, at which field, and what they may be."""

from datetime import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.domain.networks.bonus_rules import BonusRules
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.networks.rules import (
    ChannelStep,
    MessageChanges,
    MessageRules,
    Override,
    Rules,
    plan_alike,
)
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.quiet_hours import QuietHours
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.services.networks.check_rules import check_rules
from infra.testkit.builders import a_network, a_salon, a_service
from tests.profile import tries

SALON, SERVICE = "sal_centru", "srv_cut"
DIRECTORY = Directory(
    a_network(),
    {each.id: each for each in (a_salon(), a_salon("sal_york"))},
    {},
    {each.id: each for each in (a_service(), a_service("srv_nails"), a_service("srv_brows"))},
)


def of_salon(salon_id: str = SALON, **values: Any) -> Override:
    return Override(salon_id=salon_id, changes=MessageChanges(**values))


def of_service(service_id: str = SERVICE, **values: Any) -> Override:
    return Override(service_id=service_id, changes=MessageChanges(**values))


def field_refused(*overrides: Override, bonuses: Any = None, **messages: Any) -> str | None:
    """The field at which the rules are refused; None: they are not."""
    rules = Rules(
        messages=MessageRules(**messages), bonuses=BonusRules(**(bonuses or {})), overrides=overrides
    )
    try:
        check_rules(rules, DIRECTORY)
    except DomainError as error:
        return f"{error.code} {error.details['field']}".removeprefix("INVALID_RULE ").removeprefix(
            "messages."
        )
    return None


def steps(*channels: str) -> tuple[ChannelStep, ...]:
    return tuple(ChannelStep(channel) for channel in channels)


def test_the_defaults_are_in_order() -> None:
    assert field_refused() is None


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("confirm_request_hours_before", 3, 336),
        ("control_reminder_minutes_before", 5, 1440),
        ("review_request_minutes_after", 1, 10080),
        ("notice_again_when_moved_by_minutes", 1, 1440),
        ("no_show_invitation_days_after", 1, 14),
        ("birthday_days_before", 1, 60),
        ("day_touch_hour", 0, 23),
        ("weekly_cap", 1, 50),
        ("weekly_marketing_cap", 0, 50),
        ("monthly_budget_usd_cents", 0, 1_000_000_000),
    ],
)
def test_a_number_has_its_bounds(name: str, least: int, most: int) -> None:
    assert field_refused(**{name: least}) is None
    assert field_refused(**{name: most}) is None
    assert field_refused(**{name: most + 1}) == name
    assert field_refused(**{name: -1}) == name


@pytest.mark.parametrize(
    "name",
    [
        "confirm_request_hours_before",
        "control_reminder_minutes_before",
        "review_request_minutes_after",
        "no_show_invitation_days_after",
        "birthday_days_before",
    ],
)
def test_an_offset_of_nothing_is_refused(name: str) -> None:
    assert field_refused(**{name: 0}) == name


@pytest.mark.parametrize("hours", range(1, 25))
def test_a_client_is_asked_to_confirm_any_number_of_hours_before(hours: int) -> None:
    assert field_refused(confirm_request_hours_before=hours, confirm_cutoff_hours_before=0) is None


def test_the_cut_off_comes_after_the_request() -> None:
    values = {"confirm_request_hours_before": 24}
    assert field_refused(**values, confirm_cutoff_hours_before=23) is None
    assert field_refused(**values, confirm_cutoff_hours_before=24) == "confirm_cutoff_hours_before"


def quiet(start: str, end: str) -> QuietHours:
    return QuietHours(time.fromisoformat(start), time.fromisoformat(end))


@pytest.mark.parametrize(
    ("start", "end", "refused"),
    [
        ("21:00", "09:00", False),
        ("09:00", "09:00", False),  # no hour is quiet
        ("09:00", "08:00", False),
        ("09:00", "08:01", True),
        ("09:00", "08:59", True),
        ("00:00", "23:00", False),
        ("00:00", "23:59", True),
    ],
)
def test_quiet_hours_leave_an_hour_of_the_day(start: str, end: str, refused: bool) -> None:
    values = quiet(start, end)
    assert (field_refused(quiet_hours=values) == "quiet_hours") is refused
    of_one = field_refused(of_salon(quiet_hours=values))
    assert (of_one == "overrides[0].messages.quiet_hours") is refused


@pytest.mark.parametrize(
    ("days", "field"),
    [
        ((14, 3), None),
        ((1,), None),
        ((), "bonus_expiry_days_before"),
        ((3, 3), "bonus_expiry_days_before"),
        ((0,), "bonus_expiry_days_before"),
        (tuple(range(1, 12)), "bonus_expiry_days_before"),
    ],
)
def test_warnings_of_expiry_come_on_different_days(days: tuple[int, ...], field: str | None) -> None:
    assert field_refused(bonus_expiry_days_before=days) == field


@pytest.mark.parametrize(
    ("cascade", "field"),
    [
        (steps("push", "whatsapp", "email", "sms"), None),
        ((ChannelStep("push", 30), ChannelStep("sms", 5)), None),  # the last waits for nothing
        ((), "channels"),
        (steps("sms", "sms"), "channels"),
        (steps("pigeon"), "channels[0].channel"),
        ((ChannelStep("sms"), ChannelStep("email", -1)), "channels[1].wait_minutes"),
        ((ChannelStep("sms", 1441),), "channels[0].wait_minutes"),
    ],
)
def test_a_cascade_names_different_channels_that_there_are(cascade: Any, field: str | None) -> None:
    assert field_refused(channels=cascade) == field
    of_kind = field.replace("channels", "channels_of.birthday", 1) if field else None
    assert field_refused(channels_of={TouchKind.BIRTHDAY: cascade}) == of_kind
    of_one = f"overrides[0].messages.{field}" if field else None
    assert field_refused(of_service(channels=cascade)) == of_one


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({TouchKind.WIN_BACK: 100, TouchKind.BIRTHDAY: 0}, None),
        ({TouchKind.WIN_BACK: 101}, "holdout_percent.win_back"),
        ({TouchKind.WIN_BACK: -1}, "holdout_percent.win_back"),
        ({TouchKind.CONTROL_REMINDER: 10}, "holdout_percent.control_reminder"),
        ({TouchKind.REVIEW_REQUEST: 0}, "holdout_percent.review_request"),
    ],
)
def test_only_marketing_is_held_out_and_in_per_cent(values: Any, field: str | None) -> None:
    assert field_refused(holdout_percent=values) == field


def test_a_part_has_a_price_by_channel() -> None:
    assert field_refused(part_price_micros={"sms": 45_000}) is None
    assert field_refused(part_price_micros={"sms": -1}) == "part_price_micros.sms"
    assert field_refused(part_price_micros={"telex": 1}) == "part_price_micros.telex"


def test_bonuses_are_checked_too() -> None:
    assert field_refused(bonuses={"cashback_percent": 101}) == "bonuses.cashback_percent"


# --- overrides


def test_an_override_is_of_one_salon_or_one_service_that_there_is() -> None:
    assert field_refused(of_salon(), of_service()) is None
    assert field_refused(of_salon("sal_none")) == "overrides[0].salon_id"
    assert field_refused(of_salon(), of_service("srv_none")) == "overrides[1].service_id"
    assert field_refused(Override()) == "overrides[0]"
    assert field_refused(Override(salon_id=SALON, service_id=SERVICE)) == "overrides[0]"
    assert field_refused(of_salon(), of_service(), of_salon(enabled=False)) == "overrides[2]"


def test_an_override_holds_upon_the_networks_rules() -> None:
    """Each is in order by itself; together they are not."""
    assert field_refused(of_salon(confirm_request_hours_before=2)) == (
        "overrides[0].messages.confirm_request_hours_before"
    )
    assert field_refused(of_salon(confirm_cutoff_hours_before=30)) == (
        "overrides[0].messages.confirm_cutoff_hours_before"
    )
    assert field_refused(of_salon(confirm_request_hours_before=2, confirm_cutoff_hours_before=1)) is None


def test_overrides_that_may_meet_in_one_booking_do_not_contradict_each_other() -> None:
    asks_late = of_service(confirm_request_hours_before=5)
    closes_early = of_salon(confirm_cutoff_hours_before=6)
    assert field_refused(asks_late) is None
    assert field_refused(closes_early) is None
    assert field_refused(closes_early, asks_late) == "overrides[1].messages.confirm_request_hours_before"
    nails_close_early = of_service("srv_nails", confirm_cutoff_hours_before=6)
    assert field_refused(nails_close_early) is None
    assert field_refused(asks_late, nails_close_early) is not None
    both = of_service("srv_nails", confirm_request_hours_before=48, confirm_cutoff_hours_before=30)
    assert field_refused(both, of_service("srv_brows", confirm_cutoff_hours_before=12)) is None
    assert field_refused(both, asks_late) == "overrides[1].messages.confirm_request_hours_before"


def test_a_birthday_is_of_no_service() -> None:
    assert field_refused(of_salon(birthday_days_before=3)) is None
    assert field_refused(of_service(birthday_days_before=3)) == "overrides[0].messages.birthday_days_before"


hours = st.none() | st.integers(1, 12)
changes = st.builds(MessageChanges, confirm_request_hours_before=hours, confirm_cutoff_hours_before=hours)


@tries(300)
@given(
    st.dictionaries(st.sampled_from(list(DIRECTORY.salons)), changes),
    st.dictionaries(st.sampled_from(list(DIRECTORY.services)), changes),
    st.integers(2, 12),
)
def test_of_rules_that_are_saved_no_booking_has_its_cut_off_before_its_request(
    salons: dict[str, MessageChanges], services: dict[str, MessageChanges], request: int
) -> None:
    overrides = (
        *(Override(salon_id=each_id, changes=each) for each_id, each in salons.items()),
        *(Override(service_id=each_id, changes=each) for each_id, each in services.items()),
    )
    messages = MessageRules(confirm_request_hours_before=request, confirm_cutoff_hours_before=1)
    rules = Rules(messages=messages, overrides=overrides)
    try:
        check_rules(rules, DIRECTORY)
    except DomainError:
        return
    ids = list(DIRECTORY.services)
    lists = [[], *([a] for a in ids), *([a, b] for a in ids for b in ids), ids, ids[::-1]]
    for salon_id in DIRECTORY.salons:
        for service_ids in lists:
            held = rules.messages_for(salon_id, service_ids)
            assert held.confirm_cutoff_hours_before < held.confirm_request_hours_before


# --- what has to be planned anew


@pytest.mark.parametrize(
    ("changed", "alike"),
    [
        ({"weekly_cap": 5}, True),
        ({"channels": steps("email")}, True),
        ({"monthly_budget_usd_cents": 5000}, True),
        ({"quiet_hours": quiet("22:00", "08:00")}, False),
        ({"off": (TouchKind.BIRTHDAY,)}, False),
        ({"confirm_request_hours_before": 48}, False),
    ],
)
def test_only_what_is_planned_otherwise_is_planned_anew(changed: Any, alike: bool) -> None:
    current = Rules()
    assert plan_alike(current, replace(current, messages=replace(current.messages, **changed))) is alike
    names = set(MessageChanges.__struct_fields__)
    if set(changed) <= names:
        assert plan_alike(current, replace(current, overrides=(of_salon(**changed),))) is alike


def test_taking_an_override_away_is_a_change_of_plans() -> None:
    own = Rules(overrides=(of_salon(confirm_request_hours_before=48),))
    assert not plan_alike(own, Rules())
    assert plan_alike(own, replace(own, bonuses=BonusRules(cashback_percent=9)))
