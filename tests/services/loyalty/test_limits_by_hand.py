"""All that a person gives by hand counts against the one limit of their role, whatever it is called."""

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.loyalty.account import EntryKind
from chalicelib.domain.marketing.promotions import Promotion
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.bonus_rules import BonusRules, ByHandLimit, CouponTerms, Gift
from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.operations import Tally
from chalicelib.services.loyalty.coupons import issue_coupon
from chalicelib.services.loyalty.post_bonus import PostingByHand, post_by_hand
from chalicelib.services.loyalty.reverse_entry import reverse_entry
from chalicelib.services.marketing import promotions
from chalicelib.services.networks.set_rules import set_rules
from infra.testkit.builders import NETWORK, a_client, access, save_client
from infra.testkit.salon_driver import SalonDriver
from tests.services.rewarded import MARIA, balance, racing, with_rules

RECEPTION, MANAGER, OWNER = access(Role.RECEPTION), access(Role.MANAGER), access()
LIMITS = {"reception": ByHandLimit(300, 3, 2), "manager": ByHandLimit(3000, 4, 3)}
GOODS = CouponTerms("20 % off goods", percent=20)


@pytest.fixture
def limited(driver: SalonDriver) -> SalonDriver:
    with_rules(driver, compensation=LIMITS)
    for number in range(1, 6):
        save_client(driver.store, a_client(client_no(number), phone=f"+3736900000{number}", email=None))
    return driver


def client_no(number: int) -> str:
    return f"cli_client000000000{number}"


def given(driver: SalonDriver, by: Access, kind: str, points: int, client_id: str = MARIA) -> str:
    asked = PostingByHand(kind=kind, points=points, reason="she waited")
    return post_by_hand(driver.world, by, client_id, asked).id


def over(give: Callable[[], object]) -> dict[str, Any]:
    with pytest.raises(DomainError, match="OVER_LIMIT") as refused:
        give()
    return dict(refused.value.details)


@pytest.mark.parametrize("kind", ["grant", "compensation", "correction"])
def test_no_kind_gives_what_another_refuses(kind: str, limited: SalonDriver) -> None:
    told = over(partial(given, limited, RECEPTION, kind, 301))
    assert (told["which"], told["limit"], told["may"]) == ("points", 300, ["manager", "owner"])
    assert given(limited, RECEPTION, kind, 300)
    assert balance(limited) == 300


def test_the_kinds_count_together_a_day(limited: SalonDriver) -> None:
    for number, kind in enumerate(("grant", "compensation", "correction"), 1):
        given(limited, RECEPTION, kind, 10, client_no(number))
    told = over(partial(given, limited, RECEPTION, "grant", 10, client_no(4)))
    assert (told["which"], told["limit"], told["left"]) == ("times_a_day", 3, 0)


def test_the_kinds_count_together_for_a_client(limited: SalonDriver) -> None:
    given(limited, RECEPTION, "grant", 10)
    given(limited, access(Role.RECEPTION, actor="key:another"), "compensation", 10)
    told = over(partial(given, limited, access(Role.RECEPTION, actor="key:third"), "correction", 10))
    assert (told["which"], told["may"]) == ("times_a_client_a_month", ["manager", "owner"])


def test_points_a_day_and_a_client_are_limited_apart_from_the_times(driver: SalonDriver) -> None:
    with_rules(driver, compensation={"reception": ByHandLimit(300, 50, 50, 500, 400)})
    given(driver, RECEPTION, "grant", 300)
    told = over(partial(given, driver, RECEPTION, "grant", 101))
    assert (told["which"], told["limit"], told["left"]) == ("points_a_client_a_month", 400, 100)
    other = save_client(driver.store, a_client(client_no(1), phone="+37369000001", email=None)).id
    told = over(partial(given, driver, RECEPTION, "grant", 201, other))
    assert (told["which"], told["limit"], told["left"]) == ("points_a_day", 500, 200)
    given(driver, RECEPTION, "grant", 200, other)


def test_a_limit_of_an_earlier_version_bounds_points_by_its_times(limited: SalonDriver) -> None:
    limit = BonusRules(compensation=LIMITS).limit_by_hand("reception")
    assert (limit.day_points, limit.client_points) == (900, 600)


def test_the_smaller_of_both_stored_limits_holds_at_once(driver: SalonDriver) -> None:
    with_rules(driver, compensation=LIMITS, by_hand_limit_points=200)
    assert over(partial(given, driver, RECEPTION, "grant", 201))["limit"] == 200
    given(driver, RECEPTION, "grant", 200)


def test_what_is_taken_is_limited_at_once_and_not_counted(driver: SalonDriver) -> None:
    with_rules(driver, compensation=LIMITS, by_hand_limit_points=1000)
    given(driver, OWNER, "grant", 9000)
    for _ in range(5):
        given(driver, RECEPTION, "redeem", 1000)
    for kind, points in (("redeem", 1001), ("correction", -1001)):
        told = over(partial(given, driver, RECEPTION, kind, points))
        assert (told["which"], told["limit"], told["may"]) == ("points", 1000, ["owner"])
    assert balance(driver) == 4000


def test_the_owner_has_a_ceiling(limited: SalonDriver) -> None:
    told = over(partial(given, limited, OWNER, "grant", 1_000_001))
    assert (told["limit"], told["may"]) == (1_000_000, [])
    for _ in range(10):
        given(limited, OWNER, "grant", 1_000_000, client_no(1))
    told = over(partial(given, limited, OWNER, "grant", 1, client_no(2)))
    assert (told["which"], told["limit"], told["left"]) == ("points_a_day", 10_000_000, 0)


# --- reversals that give points back


def test_a_reversal_that_gives_points_back_counts(limited: SalonDriver) -> None:
    given(limited, OWNER, "grant", 5000, client_no(1))
    spent = given(limited, OWNER, "redeem", 3001, client_no(1))
    told = over(lambda: reverse_entry(limited.world, MANAGER, spent, "a mistake"))
    assert (told["which"], told["limit"], told["may"]) == ("points", 3000, ["owner"])
    assert reverse_entry(limited.world, OWNER, spent, "a mistake").points == 3001
    assert reverse_entry(limited.world, MANAGER, spent, "a mistake").points == 3001  # it stands


def test_a_reversal_that_takes_points_back_does_not_count(limited: SalonDriver) -> None:
    granted = given(limited, OWNER, "grant", 100_000)
    assert reverse_entry(limited.world, MANAGER, granted, "a mistake").points == -100_000
    name = "compensation by key:manager 2026-11-23"
    assert limited.store.get(Tally, network_id=NETWORK, name=name) is None


# --- coupons


def coupon(
    driver: SalonDriver,
    by: Access,
    terms: CouponTerms = GOODS,
    *,
    to: str = MARIA,
    request: str | None = None,
) -> str:
    currency = "MDL" if terms.amount_minor else None
    client = driver.client(to)
    return issue_coupon(driver.world, by, client, terms, "sorry", currency=currency, request_id=request).id


def test_coupons_count_with_points(limited: SalonDriver) -> None:
    coupon(limited, MANAGER)
    given(limited, MANAGER, "grant", 10)
    coupon(limited, MANAGER)
    assert over(partial(coupon, limited, MANAGER))["which"] == "times_a_client_a_month"
    assert over(partial(given, limited, MANAGER, "grant", 10))["which"] == "times_a_client_a_month"
    coupon(limited, MANAGER, to=client_no(1))
    assert over(partial(coupon, limited, MANAGER, to=client_no(2)))["which"] == "times_a_day"
    assert len(limited.store.coupons(NETWORK, MARIA)) == 2


@pytest.mark.parametrize(
    ("terms", "points"),
    [
        (CouponTerms("three thousand lei", amount_minor=300_000), 3000),
        (CouponTerms("and a ban", amount_minor=300_001), 3001),
        (CouponTerms("a cut", percent=10, service_id="srv_cut"), 50),
        (CouponTerms("all of her goods", percent=100), 1000),
        (CouponTerms("goods", percent=1), 10),
    ],
)
def test_a_coupon_counts_for_what_it_is_worth(terms: CouponTerms, points: int, limited: SalonDriver) -> None:
    if points > 3000:
        assert over(partial(coupon, limited, MANAGER, terms))["which"] == "points"
        return
    coupon(limited, MANAGER, terms)
    tally = limited.store.get(Tally, network_id=NETWORK, name=f"compensation to {MARIA} 2026-11")
    assert tally is not None
    assert (tally.times, tally.points) == (1, points)


def test_a_coupon_that_is_asked_for_again_counts_once(limited: SalonDriver) -> None:
    first = coupon(limited, MANAGER, request="r-1")
    coupon(limited, MANAGER, request="r-2")
    coupon(limited, MANAGER, request="r-3")
    assert coupon(limited, MANAGER, request="r-1") == first
    assert over(partial(coupon, limited, MANAGER, request="r-4"))["left"] == 0


def test_two_coupons_at_once_cannot_both_be_the_last(limited: SalonDriver) -> None:
    coupon(limited, MANAGER)
    coupon(limited, MANAGER)
    late = racing(limited, lambda: coupon(limited, MANAGER))
    assert over(partial(coupon, late, MANAGER))["which"] == "times_a_client_a_month"
    assert len(limited.store.coupons(NETWORK, MARIA)) == 3


# --- promotions and rules


def test_promotions_that_grant_count_for_their_maker(limited: SalonDriver) -> None:
    for number in range(3):
        promotion_of(limited, MANAGER, 10, f"r-{number}")
    given(limited, MANAGER, "grant", 10)
    told = over(partial(promotion_of, limited, MANAGER, 10))
    assert (told["which"], told["limit"], told["client_id"]) == ("times_a_day", 4, None)
    assert promotion_of(limited, MANAGER, 10, "r-0").grant == Gift(10)  # it was made before
    assert promotion_of(limited, OWNER, 10).grant == Gift(10)


def promotion_of(driver: SalonDriver, by: Access, points: int, request_id: str | None = None) -> Promotion:
    day = date(2026, 11, 25)
    fields = {"name": "Thanks", "starts_on": day, "ends_on": day, "grant": Gift(points)}
    return promotions.make_promotion(driver.world, by, fields, request_id)


def test_a_promotion_grants_a_client_no_more_than_its_maker_gives_at_once(limited: SalonDriver) -> None:
    told = over(partial(promotion_of, limited, MANAGER, 3001))
    assert (told["which"], told["limit"], told["may"]) == ("points", 3000, ["owner"])
    made = promotion_of(limited, MANAGER, 3000)
    change = partial(promotions.change_promotion, limited.world, MANAGER, made.id)
    over(partial(change, {"grant": Gift(3001)}))
    by_owner = promotions.change_promotion(limited.world, OWNER, made.id, {"grant": Gift(3001)})
    assert change({"name": "Many thanks"}).grant == by_owner.grant


@pytest.mark.parametrize(
    "bonuses",
    [{"compensation": {"manager": ByHandLimit(9000, 90, 9)}}, {"by_hand_limit_points": 1_000_000},
     {"point_value_minor": 1_000_000}, {"point_values_minor": {"MDL": 1_000_000}}],
)  # fmt: skip
def test_a_manager_raises_no_limit_and_no_worth_of_a_point(
    bonuses: dict[str, Any], limited: SalonDriver
) -> None:
    with_rules(limited, compensation=LIMITS, cashback_percent=5)
    with pytest.raises(DomainError, match="FORBIDDEN"):
        set_rules(limited.world, MANAGER, 1, messages={}, bonuses=bonuses)
    set_rules(limited.world, MANAGER, 1, messages={}, bonuses={"compensation": LIMITS, "grace_days": 31})
    assert set_rules(limited.world, OWNER, 2, messages={}, bonuses=bonuses).rules_version == 3


def test_a_tally_of_an_earlier_version_counts(limited: SalonDriver, clock: Any) -> None:
    name = f"compensation to {MARIA} 2026-11"
    limited.store.save(Tally(network_id=NETWORK, name=name, done=("ent_1", "ent_2"), expires_at=clock.now))
    assert over(partial(given, limited, RECEPTION, "grant", 1))["which"] == "times_a_client_a_month"


def test_a_retry_of_a_grant_stands_whatever_is_left(limited: SalonDriver) -> None:
    asked = PostingByHand(kind="grant", points=300, reason="she waited")
    first = post_by_hand(limited.world, RECEPTION, MARIA, asked, "r-1")
    with_rules(limited, compensation={})
    assert post_by_hand(limited.world, RECEPTION, MARIA, asked, "r-1") == first
    assert first.kind is EntryKind.GRANT
    told = over(partial(given, limited, replace(RECEPTION, actor="key:other"), "grant", 1))
    assert told["may"] == ["owner"]
