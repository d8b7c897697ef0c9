"""A network in trial: it takes in, decides and shows everything, and nothing leaves it before its owner says
so."""

from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import replace

from chalicelib.domain.messages.messages import MessageState
from chalicelib.domain.networks.bonus_rules import (
    BonusRules,
)
from chalicelib.domain.networks.network import Network, Role
from chalicelib.domain.networks.readiness import REVIEWABLE, gaps_of
from chalicelib.domain.networks.rules import ChannelStep, MessageRules, Rules
from chalicelib.domain.networks.trial import TrialSum, TrialTally
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.links import LinkPurpose
from chalicelib.domain.shared.touches import IN_TRIAL, TouchKind, TouchState
from chalicelib.services.marketing import campaigns, run_campaign
from chalicelib.services.messages.explain_touch import Decision, explain
from chalicelib.services.networks import set_up
from chalicelib.services.networks.go_live import go_live
from chalicelib.services.networks.set_rules import set_rules
from chalicelib.texts.wording import message_words
from infra.testkit.builders import NETWORK, NOW, a_client, access, save_client
from infra.testkit.interleaved_store import InterleavedStore
from infra.testkit.salon_driver import SalonDriver
from tests.services.in_trial import change_network, live, refusal, skipped, tally
from tests.services.rewarded import MARIA, visited_on

IN_TWO_DAYS = NOW + timedelta(days=2, hours=2)
ION = "cli_ion0000000000001"
NOTICE, CONFIRM, REMINDER = TouchKind.NOTICE, TouchKind.CONFIRM_REQUEST, TouchKind.CONTROL_REMINDER
DAYS = [date(2026, 11, day) for day in (24, 25, 26, 27)]


@pytest.fixture
def driver(driver: SalonDriver) -> SalonDriver:
    """The salon, whose network is in trial."""
    change_network(driver, trial=True)
    return driver


# --- messages


def test_each_message_is_shown_with_its_text_address_and_cost_and_none_goes_out(driver: SalonDriver) -> None:
    booking = driver.book(IN_TWO_DAYS)
    driver.run_until(IN_TWO_DAYS)
    assert driver.sender.sent == []
    log = skipped(driver)
    assert [each.kind for each in log] == [NOTICE, CONFIRM, REMINDER]
    for each in log:
        assert (each.state, each.channel, each.to) == (MessageState.SKIPPED, "sms", "+37369123456")
        assert each.text.startswith(each.kind.value)
        assert each.parts == 1
        assert each.cost_micros
    touches = driver.booking(booking.id).touches
    assert {(each.state, each.reason) for each in touches.values()} == {(TouchState.SKIPPED, IN_TRIAL)}


def test_the_tally_adds_up_what_the_log_shows(driver: SalonDriver) -> None:
    driver.book(IN_TWO_DAYS)
    driver.drain()
    driver.clock.forward(minutes=2)
    driver.book(IN_TWO_DAYS + timedelta(days=9))
    driver.drain()
    cost = sum(each.cost_micros or 0 for each in skipped(driver))
    assert cost > 0
    assert tally(driver).messages == (TrialSum("notice", "sms", 2, 2, cost),)


def test_a_message_that_is_recorded_twice_is_counted_once(driver: SalonDriver) -> None:
    """As after a crash between the record and the item."""
    booking = driver.book(IN_TWO_DAYS)
    before = driver.booking(booking.id)
    driver.drain()
    after = driver.booking(booking.id)
    driver.store.save(replace(before, version=after.version))
    driver.drain()
    assert [each.messages for each in tally(driver).messages] == [1]
    assert len(skipped(driver)) == 1


def test_two_workers_that_count_at_once_count_both(driver: SalonDriver) -> None:
    save_client(driver.store, a_client(ION, phone="+37369000111", email=None))
    first, second = driver.book(IN_TWO_DAYS), driver.book(IN_TWO_DAYS, client=ION)
    racing = driver.on(InterleavedStore(driver.store, lambda: driver.wake(second)))
    racing.wake(first)
    assert [each.messages for each in tally(driver).messages] == [2]


def test_a_message_in_trial_keeps_no_link_and_spends_no_budget(driver: SalonDriver) -> None:
    change_network(driver, rules=Rules(messages=MessageRules(monthly_budget_usd_cents=1)))
    booking = driver.book(IN_TWO_DAYS)
    driver.drain()
    link = driver.links.link(NETWORK, MARIA, booking.id, IN_TWO_DAYS)
    assert driver.store.get(type(link), id=link.id) is None
    assert driver.store.spending(NETWORK, "2026-11").reserved_micros == 0


def test_the_links_that_are_shown_lead_nowhere(driver: SalonDriver) -> None:
    worded = replace(driver, texts=message_words)
    worded.book(IN_TWO_DAYS)
    worded.drain()
    (message,) = skipped(driver)
    token = message.text.rpartition("/b/")[2].split()[0]
    assert len(token) >= 16
    with pytest.raises(DomainError):
        driver.links.opened(driver.store, token, LinkPurpose.BOOKING, NOW)


def test_what_no_rule_would_send_is_not_shown_as_what_would_go_out(driver: SalonDriver) -> None:
    change_network(
        driver, rules=Rules(messages=MessageRules(off=(NOTICE,), channels=(ChannelStep("email"),)))
    )
    driver.book(IN_TWO_DAYS)
    driver.run_until(IN_TWO_DAYS)
    assert [each.reason for each in driver.log()] == ["no_channel", "no_channel"]
    assert tally(driver).messages == ()


def test_caps_count_what_would_have_gone_out_and_no_longer_after_going_live(driver: SalonDriver) -> None:
    once = Rules(messages=MessageRules(weekly_cap=1), bonuses=BonusRules(enabled=False))
    change_network(driver, rules=once)
    for day in DAYS[:2]:
        visited_on(driver, day)
        driver.run_until(datetime(2026, 11, day.day, 20, tzinfo=UTC))
    shown = [each.kind for each in skipped(driver)]
    assert shown.count(TouchKind.REVIEW_REQUEST) == 1
    live(driver)
    visited_on(driver, DAYS[2])
    driver.run_until(datetime(2026, 11, 26, 20, tzinfo=UTC))
    assert driver.kinds_sent().count("review_request") == 1


def test_one_booking_of_a_visit_asks_for_both_in_trial_too(driver: SalonDriver) -> None:
    driver.book(IN_TWO_DAYS)
    driver.book(IN_TWO_DAYS + timedelta(hours=1))
    driver.run_until(IN_TWO_DAYS - timedelta(hours=20))
    assert [each.kind for each in skipped(driver)].count(CONFIRM) == 1
    assert [each.reason for each in driver.log() if each.kind is CONFIRM] == [IN_TRIAL, "same_visit"]


def test_the_bonus_notice_goes_along_in_the_review_request_with_what_would_be_earned(
    driver: SalonDriver,
) -> None:
    worded = replace(driver, texts=message_words)
    visited_on(worded, DAYS[0])
    worded.run_until(datetime(2026, 11, 24, 20, tzinfo=UTC))
    carried, carrying = sorted(skipped(driver), key=lambda each: each.kind.value)
    assert (carried.kind, carrying.kind) == (TouchKind.BONUS_NOTICE, TouchKind.REVIEW_REQUEST)
    assert (carried.with_message, carrying.carries) == (carrying.id, carried.id)
    assert (carried.parts, carried.cost_micros) == (0, None)
    assert "25" in carrying.text
    assert [each.kind for each in tally(driver).messages] == ["review_request"]


def test_an_explanation_names_the_trial(driver: SalonDriver) -> None:
    booking = driver.book(IN_TWO_DAYS)
    found = explain(driver.world, ["sms"], booking, driver.client(), CONFIRM)
    assert (found.decision, found.decided_by, found.reason) == (Decision.SKIP, "live", IN_TRIAL)


# --- going live


def test_what_was_due_in_the_trial_never_goes_out_and_what_is_due_later_does(driver: SalonDriver) -> None:
    driver.book(IN_TWO_DAYS)
    driver.drain()
    live(driver)
    driver.run_until(IN_TWO_DAYS)
    assert driver.kinds_sent() == ["confirm_request", "control_reminder"]


def test_a_function_that_knew_the_network_in_trial_sends_as_soon_as_it_is_live(driver: SalonDriver) -> None:
    driver.world.directory(NETWORK)
    driver.store.save(replace(driver.store.get(Network, network_id=NETWORK), trial=False))  # elsewhere
    booking = driver.book(IN_TWO_DAYS)
    driver.drain()
    assert driver.kinds_sent() == ["notice"]
    driver.clock.now = IN_TWO_DAYS
    assert driver.complete(booking).booking.earned_points == 25


def test_a_live_network_keeps_when_it_went_live_and_by_whom(driver: SalonDriver) -> None:
    first = live(driver)
    assert (first.trial, first.live_since, first.live_by) == (False, NOW, "key:owner")
    driver.clock.forward(days=1)
    assert live(driver) == first


def test_a_network_that_was_made_before_there_were_trials_is_live(driver: SalonDriver) -> None:
    change_network(driver, trial=False)
    driver.book(IN_TWO_DAYS)
    driver.drain()
    assert driver.kinds_sent() == ["notice"]
    assert driver.store.get(TrialTally, network_id=NETWORK) is None


def test_a_new_network_is_in_trial_and_lacks_everything(driver: SalonDriver) -> None:
    made = set_up.make_network(driver.world, name="Orchid", country="MD", language="ru")
    gaps = gaps_of(driver.world.directory(made.network_id))
    assert made.trial
    assert [gap.item for gap in gaps] == ["salon", "staff", "service", *REVIEWABLE]
    owner = access(network_id=made.network_id)
    assert refusal(lambda: go_live(driver.world, owner)) == "NO_SALON"


def test_only_a_key_of_the_whole_network_goes_live(driver: SalonDriver) -> None:
    asking = access(Role.OWNER, salon_ids=("sal_centru",))
    assert refusal(lambda: go_live(driver.world, asking)) == "FORBIDDEN"


def test_two_owners_who_go_live_at_once_make_one_beginning(driver: SalonDriver) -> None:
    racing = driver.on(InterleavedStore(driver.store, lambda: live(driver)))
    driver.clock.forward(minutes=1)
    assert live(racing) == driver.store.get(Network, network_id=NETWORK)


def test_what_is_archived_is_missing_and_stops_nobody(driver: SalonDriver) -> None:
    for service in driver.world.directory(NETWORK).services.values():
        driver.store.save(replace(service, archived=True))
    driver.world.directories.forget(NETWORK)
    assert "service" in [gap.item for gap in gaps_of(driver.world.directory(NETWORK))]
    assert not live(driver).trial


def test_what_is_set_up_or_reviewed_is_no_longer_missing(driver: SalonDriver) -> None:
    def items() -> list[str]:
        return [gap.item for gap in gaps_of(driver.world.directory(NETWORK))]

    assert items() == list(REVIEWABLE)
    set_rules(driver.world, access(), 1, messages={"monthly_budget_usd_cents": 100}, bonuses={})
    assert items() == ["connection", "texts", "hours", "programme"]
    set_up.change_network(driver.world, access(), {"reviewed": ["texts"]})
    set_up.change_network(driver.world, access(), {"reviewed": ["hours", "programme"]})
    assert items() == ["connection"]


def test_a_campaign_is_tried_dry_and_not_started(driver: SalonDriver) -> None:
    fields = {
        "name": "Spring",
        "texts": {"ru": "{client}, -20 %"},
        "starts_at": NOW,
        "ends_at": NOW + timedelta(days=7),
    }
    draft = campaigns.make_campaign(driver.world, access(), fields)
    assert refusal(lambda: run_campaign.start(driver.world, access(), draft.id)) == "NOT_LIVE"
    run_campaign.dry_run(driver.world, access(), draft.id)
    driver.run_until(NOW + timedelta(minutes=5))
    assert campaigns.get_campaign(driver.world, access(), draft.id).forecast is not None
    live(driver)
    assert run_campaign.start(driver.world, access(), draft.id).state.value == "inviting"


def test_a_visit_in_trial_costs_a_live_network_nothing(driver: SalonDriver) -> None:
    """Neither a visit nor a message of a live network reads or writes the tally."""
    change_network(driver, trial=False)
    visited_on(driver, DAYS[0])
    driver.run_until(datetime(2026, 11, 24, 20, tzinfo=UTC))
    assert driver.kinds_sent() == ["review_request"]
    assert driver.store.get(TrialTally, network_id=NETWORK) is None
