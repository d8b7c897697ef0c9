"""The loyalty programme over HTTP: what GET gives PUT takes, refused with its field, kept by version."""

from operator import attrgetter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.api.http.parsing import body_of
from chalicelib.api.networks.bonus_schemas import (
    BonusRulesRequest,
    bonus_differences,
    bonuses_of_request,
    bonuses_shown,
)
from chalicelib.domain.networks import bonus_rules
from chalicelib.domain.networks.bonus_rules import BonusRules
from chalicelib.domain.networks.rules import Rules
from chalicelib.store.codec import decoded, encoded
from infra.testkit.api_client import Http

OWN: dict[str, Any] = {
    "enabled": True,
    "cashback_percent": 4,
    "tiers": [
        {"name": "Silver", "at_least": 0, "below": 5, "percent": 5},
        {"name": "Gold", "at_least": 5, "below": None, "percent": 10},
    ],
    "tiers_by": "visits",
    "tiers_months": 6,
    "earn_base": "sold",
    "earn_excludes": {"service_ids": ["srv_nails"], "categories": ["hair"], "goods": True},
    "pending_days": 2,
    "redeem_cap_percent": 30,
    "redeem_minimum_points": 20,
    "redeem_step_points": 10,
    "redeem_excludes": {"service_ids": [], "categories": [], "goods": True},
    "expiry": {"model": "month_end", "after": 6},
}
GIFT = {"points": 100, "valid_days": 30}
EVERYTHING: dict[str, Any] = {
    **OWN,
    "point_value_minor": 100,
    "point_values_minor": {"USD": 5},
    "by_hand_limit_points": 5000,
    "grace_days": 14,
    "hold_days": 1,
    "programmes": [
        {
            **OWN,
            "name": "York",
            "salon_ids": ["sal_york"],
            "tiers_by": "spend",
            "starts_on": "2027-01-01",
            "ends_on": "2027-12-31",
        },
        {**OWN, "name": "Spring", "salon_ids": [], "starts_on": None, "ends_on": None},
    ],
    "birthday": GIFT,
    "referral": {"referrer": GIFT, "friend": {"points": 50, "valid_days": 0}},
    "visit_rewards": [
        {
            "id": "three-in-two",
            "visits": 3,
            "months": 2,
            "days": 0,
            "coupon": {
                "name": "10 % on goods",
                "percent": 10,
                "amount_minor": 0,
                "service_id": None,
                "valid_days": 60,
            },
        }
    ],
    "streak": {"months": 6, "gift": GIFT},
    "surprise": {"gift": GIFT, "monthly_budget_points": 2000, "holdout_percent": 20},
    "compensation": {
        "reception": {
            "points": 200,
            "times_a_day": 3,
            "times_a_client_a_month": 1,
            "points_a_day": 500,
            "points_a_client_a_month": None,
        }
    },
}


def put(http: Http, **bonuses: Any) -> Any:
    return http.put("/v1/rules", {"version": http.get("/v1/rules").json["version"], "bonuses": bonuses})


def changes(http: Http) -> list[Any]:
    return http.get("/v1/rules/changes").json["items"][0]["changes"]


def test_a_network_that_has_decided_nothing_sees_every_rule(http: Http) -> None:
    seen = http.get("/v1/rules").json["bonuses"]
    assert set(seen) == set(EVERYTHING)
    assert (seen["cashback_percent"], seen["tiers"], seen["expiry"]) == (
        5,
        [],
        {"model": "never", "after": 0},
    )
    assert (seen["birthday"], seen["programmes"], seen["visit_rewards"]) == (None, [], [])
    assert list(seen["compensation"]) == ["manager", "reception", "specialist"]
    assert put(http, **seen).json == http.get("/v1/rules").json
    assert http.get("/v1/rules").json["version"] == 1


def test_every_bonus_rule_can_be_set_and_is_kept(http: Http) -> None:
    changed = put(http, **EVERYTHING)
    assert changed.status == 200, changed
    assert changed.json["bonuses"] == EVERYTHING
    assert http.get("/v1/rules").json == changed.json
    assert put(http, **changed.json["bonuses"]).json == changed.json
    assert changed.json["walk_id"] is not None  # there is a gift for birthdays now
    assert http.get("/v1/rules/changes").json["items"][0]["bonuses"] == EVERYTHING


@pytest.mark.parametrize("name", sorted(EVERYTHING))
def test_what_is_not_said_stays(name: str, http: Http) -> None:
    put(http, **EVERYTHING)
    again = put(http, **{name: EVERYTHING[name]})
    assert (again.json["bonuses"], again.json["version"]) == (EVERYTHING, 2)


def test_what_is_said_replaces_lists_and_maps_as_a_whole(http: Http) -> None:
    put(http, **EVERYTHING)
    body: dict[str, Any] = {
        "programmes": [],
        "compensation": {},
        "point_values_minor": {},
        "earn_excludes": {"goods": True},
        "birthday": None,
        "tiers": [],
    }
    changed = put(http, **body).json["bonuses"]
    assert changed == {
        **EVERYTHING,
        **body,
        "earn_excludes": {"service_ids": [], "categories": [], "goods": True},
    }


def test_a_programme_of_which_only_the_name_is_said_is_at_its_defaults(http: Http) -> None:
    (programme,) = put(http, cashback_percent=9, programmes=[{"name": "York"}]).json["bonuses"]["programmes"]
    assert (programme["cashback_percent"], programme["salon_ids"], programme["starts_on"]) == (5, [], None)
    assert set(programme) == {*OWN, "name", "salon_ids", "starts_on", "ends_on"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"cashback_percent": 0}, "cashback_percent"),
        ({"cashback_percent": 101}, "cashback_percent"),
        ({"redeem_step_points": 0}, "redeem_step_points"),
        (
            {"tiers": [{**OWN["tiers"][0], "below": 4}, OWN["tiers"][1]], "tiers_by": "visits"},
            "tiers[0].below",
        ),
        ({"tiers": OWN["tiers"]}, "tiers_by"),  # by spend, in two currencies
        ({"expiry": {"model": "days"}}, "expiry.after"),
        ({"earn_excludes": {"service_ids": ["srv_none"]}}, "earn_excludes.service_ids[0]"),
        ({"programmes": [{"name": "A"}, {"name": "B"}]}, "programmes[1]"),
        ({"programmes": [{"name": "A", "redeem_cap_percent": 101}]}, "programmes[0].redeem_cap_percent"),
        ({"point_values_minor": {"EUR": 5}}, "point_values_minor.EUR"),
        ({"birthday": {"points": 0}}, "birthday.points"),
        ({"streak": {"months": 7, "gift": GIFT}}, "streak.months"),
        (
            {"surprise": {"gift": GIFT, "monthly_budget_points": 99}},
            "surprise.monthly_budget_points",
        ),
        (
            {"compensation": {"owner": EVERYTHING["compensation"]["reception"]}},
            "compensation.owner",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_its_field_and_why(body: Any, field: str, http: Http) -> None:
    answer = put(http, **body)
    assert (answer.status, answer.code) == (422, "INVALID_RULE")
    assert answer.json["details"]["field"] == f"bonuses.{field}"
    assert len(answer.json["message"]) > 20
    assert http.get("/v1/rules").json["version"] == 1
    assert http.get("/v1/rules/changes").json["items"] == []


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"cashback": 5}, "UNKNOWN_FIELD", "bonuses.cashback"),
        ({"cashback_percent": 2.5}, "INVALID_FIELD", "bonuses.cashback_percent"),
        ({"cashback_percent": True}, "INVALID_FIELD", "bonuses.cashback_percent"),
        ({"cashback_percent": 10**13}, "INVALID_FIELD", "bonuses.cashback_percent"),
        ({"cashback_percent": None}, "INVALID_FIELD", "bonuses.cashback_percent"),
        ({"tiers_by": "mood"}, "INVALID_FIELD", "bonuses.tiers_by"),
        ({"expiry": {"after": 3}}, "MISSING_FIELD", "bonuses.expiry.model"),
        ({"tiers": [{"name": "Gold", "at_least": 0}]}, "MISSING_FIELD", "bonuses.tiers[0].percent"),
        ({"programmes": [{"salon_ids": []}]}, "MISSING_FIELD", "bonuses.programmes[0].name"),
        (
            {"programmes": [{"name": "A", "starts_on": "2027-02-29"}]},
            "INVALID_FIELD",
            "bonuses.programmes[0].starts_on",
        ),
        (
            {"programmes": [{"name": "A", "starts_on": "2027-03-01T00:00:00Z"}]},
            "INVALID_FIELD",
            "bonuses.programmes[0].starts_on",
        ),
        (
            {"programmes": [{"name": "A", "grace_days": 3}]},
            "UNKNOWN_FIELD",
            "bonuses.programmes[0].grace_days",
        ),
        ({"referral": {"referrer": GIFT}}, "MISSING_FIELD", "bonuses.referral.friend"),
    ],
)
def test_what_is_no_rule_at_all_is_malformed(body: Any, code: str, field: str, http: Http) -> None:
    answer = put(http, **body)
    assert (answer.status, answer.code, answer.json["details"]["field"]) == (400, code, field)


def test_the_history_tells_each_field_that_changed(http: Http) -> None:
    put(http, **EVERYTHING)
    york, spring = EVERYTHING["programmes"]
    (reward,) = EVERYTHING["visit_rewards"]
    weekly = {**reward, "id": "two-in-a-week", "visits": 2, "months": 0, "days": 7}
    put(
        http,
        expiry={"model": "days", "after": 6},
        programmes=[{**york, "cashback_percent": 8, "ends_on": None}],
        streak=None,
        visit_rewards=[{**reward, "visits": 4}, weekly],
        point_values_minor={"USD": 5, "MDL": 100},
        tiers=[OWN["tiers"][0], {**OWN["tiers"][1], "percent": 12}],
        compensation={"reception": {**EVERYTHING["compensation"]["reception"], "times_a_day": 4}},
    )
    found = {each["field"]: (each["before"], each["after"]) for each in changes(http)}
    assert found == {
        "bonuses.expiry.model": ("month_end", "days"),
        "bonuses.programmes[York].cashback_percent": (4, 8),
        "bonuses.programmes[York].ends_on": ("2027-12-31", None),
        "bonuses.programmes[Spring]": (spring, None),
        "bonuses.streak": (EVERYTHING["streak"], None),
        "bonuses.visit_rewards[three-in-two].visits": (3, 4),
        "bonuses.visit_rewards[two-in-a-week]": (None, weekly),
        "bonuses.point_values_minor.MDL": (None, 100),
        "bonuses.tiers": (OWN["tiers"], [OWN["tiers"][0], {**OWN["tiers"][1], "percent": 12}]),
        "bonuses.compensation.reception.times_a_day": (3, 4),
    }


def test_a_manager_of_some_salons_sees_the_programme_and_changes_none(http: Http) -> None:
    body = {"role": "manager", "name": "York", "salon_ids": ["sal_york"]}
    york = http.with_key(http.post("/v1/keys", body).json["secret"])
    assert york.get("/v1/rules").json["bonuses"]["cashback_percent"] == 5
    assert put(york, cashback_percent=50).code == "FORBIDDEN"


# --- any rules at all

by_name, by_id = attrgetter("name"), attrgetter("id")


def in_order(by: Any) -> Any:
    """The history does not tell of another order alone."""
    return lambda found: tuple(sorted(found, key=by))


numbers = st.integers(0, 10**6)
words = st.text("aăя ]{.", min_size=1, max_size=5)
several_words = st.lists(words, max_size=2).map(tuple)
gifts = st.builds(bonus_rules.Gift, numbers, numbers)
excludes = st.builds(bonus_rules.Exclusions, several_words, several_words, st.booleans())
coupons = st.builds(bonus_rules.CouponTerms, words, numbers, numbers, st.none() | words, numbers)
limits = st.builds(bonus_rules.ByHandLimit, numbers, numbers, numbers)
rewards = st.builds(
    bonus_rules.VisitReward, id=words, visits=numbers, months=numbers, days=numbers, coupon=coupons
)
of_a_programme: dict[str, Any] = {
    "enabled": st.booleans(),
    "tiers": st.lists(
        st.builds(bonus_rules.Tier, words, numbers, st.none() | numbers, numbers), max_size=2
    ).map(tuple),
    "tiers_by": st.sampled_from(bonus_rules.TiersBy),
    "earn_base": st.sampled_from(bonus_rules.EarnBase),
    "earn_excludes": excludes,
    "redeem_excludes": excludes,
    "expiry": st.builds(bonus_rules.Expiry, st.sampled_from(bonus_rules.ExpiryModel), numbers),
    **{
        name: numbers
        for name, default in {each: getattr(BonusRules(), each) for each in OWN}.items()
        if type(default) is int
    },
}
programmes = st.builds(
    bonus_rules.GroupProgramme,
    name=words,
    salon_ids=several_words,
    starts_on=st.none() | st.dates(),
    ends_on=st.none() | st.dates(),
    **of_a_programme,
)
any_rules = st.builds(
    BonusRules,
    **of_a_programme,
    point_values_minor=st.dictionaries(st.sampled_from(["MDL", "USD"]), numbers),
    hold_days=numbers,
    programmes=st.lists(programmes, max_size=2, unique_by=by_name).map(in_order(by_name)),
    birthday=st.none() | gifts,
    referral=st.none() | st.builds(bonus_rules.Referral, gifts, gifts),
    visit_rewards=st.lists(rewards, max_size=2, unique_by=by_id).map(in_order(by_id)),
    streak=st.none() | st.builds(bonus_rules.Streak, numbers, gifts),
    surprise=st.none()
    | st.builds(bonus_rules.Surprise, gift=gifts, monthly_budget_points=numbers, holdout_percent=numbers),
    compensation=st.dictionaries(words, limits, max_size=2),
)


@given(any_rules, any_rules)
def test_any_rules_are_sent_back_as_they_are_seen_kept_as_they_are_and_told_apart(
    rules: BonusRules, other: BonusRules
) -> None:
    seen = msgspec.json.encode(bonuses_shown(rules))
    assert BonusRules(**bonuses_of_request(body_of(seen, BonusRulesRequest))) == rules
    assert decoded(Rules, encoded(Rules(bonuses=rules), ())).bonuses == rules
    assert list(bonus_differences(rules, rules)) == []
    assert bool(list(bonus_differences(rules, other))) == (rules != other)


# --- the network's zone, at whose midnights points expire


def test_a_network_has_its_first_salons_zone_until_it_says_another(http: Http) -> None:
    assert http.get("/v1/network").json["timezone"] is None
    changed = http.patch("/v1/network", {"timezone": "Europe/Bucharest"})
    assert (changed.status, changed.json["timezone"]) == (200, "Europe/Bucharest")
    assert http.get("/v1/network").json == changed.json
    assert http.patch("/v1/network", {"name": "Lotos & Co"}).json["timezone"] == "Europe/Bucharest"
    assert http.patch("/v1/network", {"timezone": None}).json["timezone"] is None


@pytest.mark.parametrize(
    ("zone", "status", "code"),
    [
        ("Europe/Kishinev City", 422, "UNKNOWN_TIMEZONE"),
        ("../../etc/passwd", 422, "UNKNOWN_TIMEZONE"),
        ("localtime", 422, "UNKNOWN_TIMEZONE"),
        ("", 400, "INVALID_FIELD"),
        (2, 400, "INVALID_FIELD"),
    ],
)
def test_a_zone_that_is_none_is_refused(zone: Any, status: int, code: str, http: Http) -> None:
    answer = http.patch("/v1/network", {"timezone": zone})
    assert (answer.status, answer.code) == (status, code)
    assert http.get("/v1/network").json["timezone"] is None


def test_another_zone_of_the_network_plans_anew_and_the_same_one_does_not(http: Http) -> None:
    http.patch("/v1/network", {"timezone": "America/New_York"})
    assert [each["kind"] for each in http.get("/v1/walks").json["items"]] == ["replan"]
    http.patch("/v1/network", {"timezone": "America/New_York", "name": "Lotos & Co"})
    assert len(http.get("/v1/walks").json["items"]) == 1
    http.patch("/v1/network", {"timezone": None})
    assert len(http.get("/v1/walks").json["items"]) == 2


def test_a_salon_has_a_zone_always(http: Http) -> None:
    assert http.patch("/v1/salons/sal_centru", {"timezone": None}).code == "INVALID_FIELD"
