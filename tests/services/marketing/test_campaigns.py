"""A campaign goes out: to its segment, once each, at its pace, by the rules that hold for every message."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Line, Status
from chalicelib.domain.clients.clients import Client, VisitDay
from chalicelib.domain.marketing.campaigns import Campaign, CampaignState, Recipient
from chalicelib.domain.messages.messages import MessageState
from chalicelib.domain.networks.network import Network
from chalicelib.domain.networks.rules import ChannelStep, MessageRules, Rules
from chalicelib.domain.networks.segments import Segment
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.domain.waking.walks import Walk
from chalicelib.services.marketing import campaigns, run_campaign
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.waking.walk_on import walk_on
from infra.testkit.builders import NETWORK, NOW, a_booking, a_client, a_consent, access
from infra.testkit.paged_store import PagedStore
from infra.testkit.salon_driver import SalonDriver

SPRING = Segment(sources=("spring",))
"""Those whom these tests are about, and not Maria."""


def people(driver: SalonDriver, number: int, **said: Any) -> list[Client]:
    """So many more of the segment, who agreed to marketing."""
    given: dict[str, Any] = {"source": "spring", "email": None, "consents": (a_consent(),)}
    made = []
    for _ in range(number):
        place = len(driver.store.clients(NETWORK, limit=200).items)
        own = {"phone": f"+3736900{place:04d}", "created_at": NOW - timedelta(days=place)}
        made += driver.store.save(a_client(f"cli_{place:016d}", **{**given, **own, **said}))
    return made


def draft(driver: SalonDriver, **said: Any) -> Campaign:
    given: dict[str, Any] = {
        "name": "Spring",
        "texts": {"ru": "{client}, -20 %"},
        "segment": SPRING,
        "starts_at": driver.world.now(),
        "ends_at": driver.world.now() + timedelta(days=7),
        "per_minute": 1,
    }
    return campaigns.make_campaign(driver.world, access(), {**given, **said})


def started(driver: SalonDriver, **said: Any) -> Campaign:
    return run_campaign.start(driver.world, access(), draft(driver, **said).id)


def seen(driver: SalonDriver, campaign: Campaign) -> Campaign:
    return campaigns.get_campaign(driver.world, access(), campaign.id)


def forward(driver: SalonDriver, **parts: float) -> None:
    driver.run_until(driver.world.now() + timedelta(**parts), step=timedelta(seconds=5))


def with_rules(driver: SalonDriver, **messages: Any) -> None:
    network = driver.store.get(Network, network_id=NETWORK)
    driver.store.save(replace(network, rules=Rules(messages=MessageRules(**messages))))
    driver.world.directories.forget(NETWORK)


def in_zone(driver: SalonDriver, zone: str) -> None:
    driver.store.save(replace(driver.store.get(Network, network_id=NETWORK), timezone=zone))
    driver.world.directories.forget(NETWORK)


def sent_to(driver: SalonDriver) -> Counter[str]:
    return Counter(outgoing.client_id for outgoing in driver.sender.sent)


def reasons(driver: SalonDriver, clients: list[Client]) -> list[str | None]:
    """Why each got nothing; None for those who got it."""
    found = []
    for client in clients:
        (message,) = [each for each in driver.log(client.id) if each.kind is TouchKind.CAMPAIGN]
        found.append(message.reason)
    return found


def sent_at(driver: SalonDriver, clients: list[Client]) -> list[datetime]:
    return sorted(
        message.sent_at for client in clients for message in driver.log(client.id) if message.sent_at
    )


# --- it goes out


def test_a_campaign_goes_to_its_segment_once_each_at_its_pace(driver: SalonDriver) -> None:
    invited, others = people(driver, 4), people(driver, 2, source="google")
    campaign = started(driver)
    forward(driver, minutes=10)
    assert sent_to(driver) == Counter(client.id for client in invited)
    assert all(driver.log(client.id) == [] for client in others)
    planned = sorted(driver.log(client.id)[0].planned_at for client in invited)
    assert planned == [NOW + timedelta(minutes=number) for number in range(4)]
    late = [sent - due for sent, due in zip(sent_at(driver, invited), planned, strict=True)]
    assert max(late) <= timedelta(seconds=5)
    stands = seen(driver, campaign)
    assert (stands.state, stands.invited) == (CampaignState.RUNNING, 4)
    assert stands.found_at is not None
    assert {message.campaign_id for message in driver.log(invited[0].id)} == {campaign.id}


def test_everybody_of_many_pages_gets_one_place(driver: SalonDriver) -> None:
    invited = people(driver, 7)
    driver.world = replace(driver.world, store=PagedStore(driver.store))
    campaign = started(driver, per_minute=60)
    forward(driver, minutes=30)
    assert sent_to(driver) == Counter(client.id for client in invited)
    assert seen(driver, campaign).invited == 7
    walk = driver.store.get(Walk, network_id=NETWORK, id=campaign.invite_walk_id)
    assert (walk.seen, walk.changed, walk.stage) == (8, 7, "done")


def test_a_slice_that_is_done_twice_sends_nothing_twice(driver: SalonDriver) -> None:
    """As by a worker that was thought dead: it begins where the other had begun."""
    invited = people(driver, 3)
    campaign = started(driver)
    walk = driver.store.get(Walk, network_id=NETWORK, id=campaign.invite_walk_id)
    walk_on(driver.world, walk)
    forward(driver, minutes=5)
    with pytest.raises(SaveConflict):
        walk_on(driver.world, walk)
    forward(driver, minutes=5)
    assert sent_to(driver) == Counter(client.id for client in invited)
    assert seen(driver, campaign).invited == 3


def test_the_night_holds_it_back_and_the_morning_keeps_the_pace(driver: SalonDriver) -> None:
    invited = people(driver, 4)
    evening = datetime(2026, 11, 23, 18, 58, tzinfo=UTC)  # 20:58 in Chisinau
    started(driver, starts_at=evening, ends_at=evening + timedelta(days=2))
    driver.run_until(evening + timedelta(days=1))
    at = sent_at(driver, invited)
    assert [f"{each:%d %H:%M}" for each in at] == ["23 18:58", "23 18:59", "24 07:00", "24 07:01"]


def test_the_night_is_that_of_the_networks_own_time_zone(driver: SalonDriver) -> None:
    invited = people(driver, 2)
    in_zone(driver, "Asia/Yerevan")
    evening = datetime(2026, 11, 23, 16, 59, tzinfo=UTC)  # 20:59 in Yerevan, 18:59 in Chisinau
    started(driver, starts_at=evening, ends_at=evening + timedelta(days=2))
    driver.run_until(evening + timedelta(days=1))
    at = sent_at(driver, invited)
    assert [f"{each:%d %H:%M}" for each in at] == ["23 16:59", "24 07:00"]


def test_a_year_of_the_plan_begins_in_the_networks_own_time_zone(driver: SalonDriver) -> None:
    in_zone(driver, "Asia/Yerevan")
    new_year = datetime(2026, 12, 31, 21, tzinfo=UTC)  # 1:00 in Yerevan, 23:00 in Chisinau
    campaign = draft(driver, starts_at=new_year, ends_at=new_year + timedelta(days=1))
    assert campaigns.planned_campaigns(driver.world, access(), 2026) == []
    assert campaigns.planned_campaigns(driver.world, access(), 2027) == [campaign]


def test_who_lives_elsewhere_is_not_woken_at_night(driver: SalonDriver) -> None:
    (client,) = people(driver, 1, timezone="America/New_York")
    started(driver)  # at ten in Chisinau, at three in New York
    forward(driver, hours=12)
    assert sent_at(driver, [client]) == [datetime(2026, 11, 23, 14, tzinfo=UTC)]


def test_recipients_are_found_shortly_before_the_start_not_when_it_is_planned(driver: SalonDriver) -> None:
    in_a_month = NOW + timedelta(days=30)
    campaign = started(driver, starts_at=in_a_month, ends_at=in_a_month + timedelta(days=1))
    invited = people(driver, 2)  # who came only then
    driver.run_until(in_a_month - timedelta(hours=2))
    assert seen(driver, campaign).state is CampaignState.INVITING
    driver.run_until(in_a_month + timedelta(minutes=5))
    assert sent_at(driver, invited) == [in_a_month, in_a_month + timedelta(minutes=1)]


def test_who_could_not_be_written_to_before_the_end_gets_no_place(driver: SalonDriver) -> None:
    people(driver, 5)
    campaign = started(driver, ends_at=NOW + timedelta(minutes=3))
    forward(driver, minutes=10)
    assert seen(driver, campaign).invited == len(driver.sender.sent) == 3


# --- to whom


def test_lost_clients_are_those_without_a_booking_ahead(driver: SalonDriver) -> None:
    visits = (VisitDay(NOW.date() - timedelta(days=90), "sal_centru"),)
    gone, back = people(driver, 2, visits_count=1, recent_visits=visits)
    driver.store.save(a_booking(client_id=back.id))
    started(driver, segment=Segment(categories=("lost",)))
    forward(driver, minutes=5)
    assert sent_to(driver)[gone.id] == 1
    assert not [message for message in driver.log(back.id) if message.kind is TouchKind.CAMPAIGN]


def test_a_service_is_one_that_was_done_not_one_that_is_booked(driver: SalonDriver) -> None:
    visits = (VisitDay(NOW.date() - timedelta(days=9), "sal_centru"),)
    had, wants = people(driver, 2, visits_count=1, recent_visits=visits)
    nails = (Line("srv_nails", 45, "stf_vera", 40_000),)
    was = NOW - timedelta(days=9)
    driver.store.save(
        a_booking("bkg_1", client_id=had.id, starts_at=was, lines=nails, status=Status.COMPLETED)
    )
    driver.store.save(a_booking("bkg_2", client_id=wants.id, lines=nails))
    started(driver, segment=Segment(service_ids=("srv_nails",)))
    forward(driver, minutes=5)
    assert sent_to(driver) == Counter([had.id])


# --- the rules that hold for every message


def test_who_has_not_agreed_or_is_held_out_gets_nothing_and_the_log_says_why(driver: SalonDriver) -> None:
    agreed, others = people(driver, 1), people(driver, 1, consents=())
    silent = people(driver, 1, phone=None)
    started(driver)
    forward(driver, minutes=5)
    assert reasons(driver, [*agreed, *others, *silent]) == [None, "no_consent", "no_phone"]


def test_a_group_that_is_held_out_gets_nothing(driver: SalonDriver) -> None:
    with_rules(driver, holdout_percent={TouchKind.CAMPAIGN: 100})
    clients = people(driver, 2)
    started(driver)
    forward(driver, minutes=5)
    assert reasons(driver, clients) == ["held_out"] * 2


def test_a_second_campaign_within_a_week_waits_for_the_cap(driver: SalonDriver) -> None:
    (client,) = people(driver, 1)
    started(driver)
    forward(driver, minutes=5)
    started(driver, ends_at=NOW + timedelta(days=10))
    forward(driver, days=6)
    assert sent_to(driver) == {client.id: 1}
    forward(driver, days=3)
    assert sent_to(driver) == {client.id: 2}


def test_a_spent_budget_stops_it(driver: SalonDriver) -> None:
    with_rules(driver, monthly_budget_usd_cents=10, part_price_micros={"sms": 50_000})  # two messages
    clients = people(driver, 3)
    started(driver)
    forward(driver, minutes=10)
    assert sorted(map(str, reasons(driver, clients))) == ["None", "None", "budget"]


# --- pause, resume, stop


def test_a_paused_campaign_sends_nothing_and_does_not_keep_asking(driver: SalonDriver) -> None:
    invited = people(driver, 3)
    campaign = started(driver)
    run_campaign.pause(driver.world, access(), campaign.id)
    forward(driver, minutes=10)
    versions = [
        driver.store.get(Recipient, network_id=NETWORK, client_id=client.id, campaign_id=campaign.id).version
        for client in invited
    ]
    forward(driver, days=3)
    assert driver.sender.sent == []
    assert versions == [
        driver.store.get(Recipient, network_id=NETWORK, client_id=each.id, campaign_id=campaign.id).version
        for each in invited
    ]
    assert seen(driver, campaign).invited == 3


def test_a_campaign_that_goes_on_keeps_its_pace(driver: SalonDriver) -> None:
    invited = people(driver, 4)
    driver.world = replace(driver.world, store=PagedStore(driver.store))
    campaign = started(driver)
    run_campaign.pause(driver.world, access(), campaign.id)
    forward(driver, hours=1)
    assert run_campaign.resume(driver.world, access(), campaign.id).state is CampaignState.RUNNING
    forward(driver, minutes=30)
    assert sent_to(driver) == Counter(client.id for client in invited)
    at = sent_at(driver, invited)
    assert all(later - earlier >= timedelta(seconds=55) for earlier, later in pairwise(at))


def test_what_is_paused_to_the_end_is_skipped_on_record(driver: SalonDriver) -> None:
    invited = people(driver, 2)
    campaign = started(driver)
    run_campaign.pause(driver.world, access(), campaign.id)
    forward(driver, days=8)
    assert reasons(driver, invited) == ["campaign_paused"] * 2
    stands = seen(driver, campaign)
    assert (stands.state, stands.results.outcomes) == (CampaignState.DONE, {"skipped": 2})


def test_stopping_ends_the_search_and_skips_who_was_found(driver: SalonDriver) -> None:
    people(driver, 5)
    driver.world = replace(driver.world, store=PagedStore(driver.store))
    campaign = started(driver, per_minute=1, starts_at=NOW + timedelta(minutes=30))
    walk_on(driver.world, driver.store.get(Walk, network_id=NETWORK, id=campaign.invite_walk_id))
    run_campaign.stop(driver.world, access(), campaign.id)
    forward(driver, hours=2)
    walk = driver.store.get(Walk, network_id=NETWORK, id=campaign.invite_walk_id)
    assert (walk.changed, walk.wake, walk.stage) == (2, None, "superseded")
    log = [message for client in driver.store.clients(NETWORK).items for message in driver.log(client.id)]
    assert [(each.state, each.reason) for each in log] == [(MessageState.SKIPPED, "campaign_stopped")] * 2
    assert seen(driver, campaign).state is CampaignState.STOPPED


# --- dry runs and results


def test_a_dry_run_tells_numbers_and_cost_and_writes_to_nobody(driver: SalonDriver) -> None:
    with_rules(driver, channels=(ChannelStep("sms"),), holdout_percent={}, part_price_micros={"sms": 30_000})
    people(driver, 3)
    people(driver, 1, consents=())
    people(driver, 1, phone=None)
    driver.world = replace(driver.world, store=PagedStore(driver.store))
    campaign = run_campaign.dry_run(driver.world, access(), draft(driver).id)
    forward(driver, minutes=30)
    forecast = seen(driver, campaign).forecast
    assert forecast is not None
    assert (forecast.clients, forecast.outcomes) == (5, {"sms": 3})
    assert forecast.reasons == {"no_consent": 1, "no_phone": 1}
    assert forecast.micros == 90_000
    assert forecast.last_at is not None
    assert forecast.last_at >= NOW + timedelta(minutes=4)
    assert driver.sender.sent == []
    assert seen(driver, campaign).state is CampaignState.DRAFT


def test_a_change_makes_a_dry_run_void_and_another_counts_anew(driver: SalonDriver) -> None:
    people(driver, 1)
    campaign = run_campaign.dry_run(driver.world, access(), draft(driver).id)
    changed = campaigns.change_campaign(
        driver.world, access(), campaign.id, {"segment": Segment(sources=("none",))}
    )
    assert changed.count_walk_id is None
    forward(driver, minutes=5)
    assert seen(driver, campaign).forecast is None
    run_campaign.dry_run(driver.world, access(), campaign.id)
    forward(driver, minutes=5)
    assert seen(driver, campaign).forecast.clients == 0  # type: ignore[union-attr]


def test_a_dry_run_that_is_under_way_is_not_begun_again(driver: SalonDriver) -> None:
    first = run_campaign.dry_run(driver.world, access(), draft(driver).id)
    assert run_campaign.dry_run(driver.world, access(), first.id) == first


def test_what_became_of_it_is_counted_at_its_end_and_whenever_asked(driver: SalonDriver) -> None:
    clients = people(driver, 3)
    people(driver, 1, consents=())
    campaign = started(driver)
    forward(driver, minutes=2)
    run_campaign.count_results(driver.world, access(), campaign.id)
    forward(driver, seconds=1)
    first = seen(driver, campaign).results
    assert first is not None
    assert first.outcomes["waiting"] == 4 - sum(n for name, n in first.outcomes.items() if name != "waiting")
    forward(driver, minutes=5)
    (message,) = driver.log(clients[0].id)
    driver.store.save(replace(message, state=MessageState.DELIVERED, cost_micros=41_000, charged=True))
    forward(driver, days=8)
    stands = seen(driver, campaign)
    assert stands.results is not None
    assert stands.results.outcomes == {"delivered": 1, "sent": 2, "skipped": 1}
    assert stands.results.reasons == {"no_consent": 1}
    assert stands.results.micros == 41_000 + sum(
        m.cost_micros or 0 for c in clients[1:] for m in driver.log(c.id)
    )
    assert stands.state is CampaignState.DONE


# --- what cannot be


def code_of(do: Any) -> str:
    with pytest.raises(DomainError) as refused:
        do()
    return refused.value.code


def test_what_has_begun_is_changed_no_more(driver: SalonDriver) -> None:
    campaign = started(driver)
    world, owner = driver.world, access()
    assert (
        code_of(lambda: campaigns.change_campaign(world, owner, campaign.id, {"name": "x"})) == "WRONG_STATE"
    )
    assert code_of(lambda: run_campaign.dry_run(world, owner, campaign.id)) == "WRONG_STATE"
    assert code_of(lambda: run_campaign.resume(world, owner, draft(driver).id)) == "WRONG_STATE"
    assert code_of(lambda: run_campaign.pause(world, owner, draft(driver).id)) == "WRONG_STATE"
    assert code_of(lambda: run_campaign.count_results(world, owner, draft(driver).id)) == "WRONG_STATE"
    assert run_campaign.start(world, owner, campaign.id) == campaign
    run_campaign.stop(world, owner, campaign.id)
    assert code_of(lambda: run_campaign.start(world, owner, campaign.id)) == "WRONG_STATE"
    assert code_of(lambda: run_campaign.pause(world, owner, campaign.id)) == "WRONG_STATE"


def test_a_draft_that_has_grown_old_is_not_started(driver: SalonDriver) -> None:
    campaign = draft(driver, ends_at=NOW + timedelta(hours=1))
    driver.world.clock.now += timedelta(hours=2)  # type: ignore[attr-defined]
    assert code_of(lambda: run_campaign.start(driver.world, access(), campaign.id)) == "INVALID_DATES"


def test_what_the_rules_switch_off_meanwhile_is_skipped_on_record(driver: SalonDriver) -> None:
    clients = people(driver, 3)
    started(driver)
    forward(driver, seconds=30)
    with_rules(driver, enabled=False)
    forward(driver, minutes=10)
    with_rules(driver, enabled=True)
    forward(driver, days=1)
    assert Counter(reasons(driver, clients)) == {None: 1, "switched_off": 2}
