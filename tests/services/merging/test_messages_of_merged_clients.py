"""Whoever is merged gets each message once: caps and once-only touches count what the sources got, and what
was begun under a source's name reaches the surviving client."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.clients.client_plan import with_wake
from chalicelib.domain.clients.clients import Due, VisitDay
from chalicelib.domain.marketing.campaigns import Campaign, Recipient
from chalicelib.domain.messages.messages import Message, MessageState
from chalicelib.domain.messages.receipts import Receipt
from chalicelib.domain.messages.replies import Reply
from chalicelib.domain.networks.segments import Segment
from chalicelib.domain.shared.aliases import InboundNumber
from chalicelib.domain.shared.ids import digest, time_ordered
from chalicelib.domain.shared.touches import Purpose, Touch, TouchKind, TouchState
from chalicelib.domain.shared.waking import Wake
from chalicelib.services.clients.consents import Statement, stop_messages
from chalicelib.services.marketing import campaigns, run_campaign
from chalicelib.services.messages.process_receipt import process_receipt
from chalicelib.services.messages.process_reply import ReplyOutcome, process_reply
from infra.testkit.builders import NETWORK, NOW, a_client, a_consent, access, save_client
from infra.testkit.salon_driver import MARIA_ID, SalonDriver

MASHA, MARUSIA = "cli_masha00000000002", "cli_marusia000000003"
HER_PHONE = "+37369000002"
IN_TWO_DAYS = NOW + timedelta(days=2, hours=2)


@pytest.fixture(autouse=True)
def masha(driver: SalonDriver) -> None:
    save_client(driver.store, a_client(MASHA, name="Masha", phone=HER_PHONE, email=None, source="spring"))


def known(driver: SalonDriver, client_id: str = MARIA_ID, **fields: Any) -> None:
    """The client with new fields and a consent to marketing, planned again."""
    client = replace(driver.client(client_id), **{"consents": (a_consent(),), **fields})
    driver.store.save(with_wake(client, driver.world.directory(NETWORK), driver.world.now()))


def got(driver: SalonDriver, client_id: str, kind: TouchKind, days_ago: float, **fields: Any) -> Message:
    at = driver.world.now() - timedelta(days=days_ago)
    message = Message(
        network_id=NETWORK,
        id=time_ordered("msg", at, digest(client_id, kind, length=10)),
        client_id=client_id,
        kind=kind,
        channel="sms",
        state=MessageState.SENT,
        planned_at=at,
        recorded_at=at,
        **fields,
    )
    driver.store.save(message)
    return message


# --- caps


@pytest.mark.parametrize("chain", [False, True])
def test_the_weekly_cap_counts_what_the_sources_got(driver: SalonDriver, chain: bool) -> None:
    got(driver, MASHA, TouchKind.BIRTHDAY, 4)
    survivor = MARIA_ID
    driver.merge(MASHA, MARIA_ID)
    if chain:
        save_client(driver.store, a_client(MARUSIA, name="Marusia", phone="+37369000003", email=None))
        driver.merge(MARIA_ID, MARUSIA)
        survivor = MARUSIA
    known(driver, survivor, due=(Due("srv_cut", NOW, "bkg_1"),))
    driver.run_until(NOW + timedelta(days=2, hours=23))
    assert driver.kinds_sent() == []
    driver.run_until(NOW + timedelta(days=3, hours=1))
    assert driver.kinds_sent() == ["repeat_invitation"]


def test_an_unmerged_client_has_caps_of_their_own(driver: SalonDriver) -> None:
    got(driver, MASHA, TouchKind.BIRTHDAY, 4)
    driver.merge(MASHA, MARIA_ID)
    driver.unmerge(MASHA)
    known(driver, due=(Due("srv_cut", NOW, "bkg_1"),))
    driver.drain()
    assert driver.kinds_sent() == ["repeat_invitation"]


# --- once a birthday, once a lapse


def test_a_birthday_is_greeted_once(driver: SalonDriver, clock: Any) -> None:
    born = {"birth_date": date(1990, 11, 30), "birth_date_told_at": NOW - timedelta(days=99)}
    known(driver, MASHA, **born)
    driver.run_until(datetime(2026, 11, 26, tzinfo=UTC))
    known(driver, MASHA, **born)
    driver.run_until(datetime(2026, 11, 28, 12, tzinfo=UTC))
    sent = driver.kinds_sent()
    assert sent == ["birthday"]
    known(driver, **born)
    driver.merge(MASHA, MARIA_ID)
    driver.run_until(datetime(2026, 12, 10, tzinfo=UTC))
    assert driver.kinds_sent() == ["birthday"]
    driver.unmerge(MASHA)
    assert TouchKind.BIRTHDAY not in driver.client().touches


@pytest.mark.parametrize("state", [TouchState.SENT, TouchState.SENDING, TouchState.SKIPPED])
def test_a_lapse_is_told_once_unless_nothing_went_out(driver: SalonDriver, state: TouchState) -> None:
    last = date(2026, 9, 20)
    lapsed = {
        "recent_visits": (VisitDay(last, "sal_centru"),),
        "visits_count": 1,
        "created_at": NOW - timedelta(days=99),
    }
    touch = Touch(TouchKind.WIN_BACK, state, NOW - timedelta(days=1), last.toordinal())
    known(driver, MASHA, touches={touch.kind: touch}, **lapsed)
    driver.merge(MASHA, MARIA_ID)
    known(driver, created_at=NOW - timedelta(days=99))
    driver.run_until(NOW + timedelta(days=2))
    expected = ["win_back"] if state is TouchState.SKIPPED else []
    assert driver.kinds_sent() == expected


# --- what was begun under the source's name


def test_a_review_is_asked_of_the_surviving_client_with_their_refusals(
    driver: SalonDriver, clock: Any
) -> None:
    visit = driver.book(IN_TWO_DAYS, client=MASHA)
    clock.now = visit.ends_at + timedelta(days=2)
    driver.complete(visit)
    driver.merge(MASHA, MARIA_ID)
    driver.run_until(clock.now + timedelta(days=1))
    asked = [each for each in driver.sender.sent if each.kind == "review_request"]
    assert [each.to for each in asked] == [driver.client().phone]


def test_who_stops_after_a_merge_is_asked_for_no_review_of_the_source(
    driver: SalonDriver, clock: Any
) -> None:
    visit = driver.book(IN_TWO_DAYS, client=MASHA)
    clock.now = visit.ends_at + timedelta(days=2)
    driver.complete(visit)
    driver.merge(MASHA, MARIA_ID)
    stop_messages(driver.world, NETWORK, MARIA_ID, Statement("reply"))
    driver.run_until(clock.now + timedelta(days=1))
    assert "review_request" not in driver.kinds_sent()


def test_a_failed_message_of_a_source_is_not_repeated_to_the_source(driver: SalonDriver) -> None:
    known(driver, MASHA, due=(Due("srv_cut", NOW, "bkg_1"),))
    driver.drain()
    (message,) = driver.log(MASHA)
    driver.merge(MASHA, MARIA_ID)
    failed = Receipt(
        network_id=NETWORK,
        client_id=MASHA,
        message_id=message.id,
        state=MessageState.FAILED,
        at=driver.world.now(),
        reason="invalid",
        bad_address=True,
    )
    process_receipt(driver.world, failed)
    assert driver.client(MASHA).wake is None
    assert [each.address for each in driver.client().dead_addresses] == [message.to]


def test_a_complaint_about_an_old_message_reaches_the_surviving_client(driver: SalonDriver) -> None:
    message = got(driver, MASHA, TouchKind.BIRTHDAY, 1, to=HER_PHONE)
    driver.merge(MASHA, MARIA_ID)
    complaint = Receipt(
        network_id=NETWORK,
        client_id=MASHA,
        message_id=message.id,
        state=MessageState.DELIVERED,
        at=driver.world.now(),
        complaint=True,
    )
    process_receipt(driver.world, complaint)
    consent = driver.client().consent("sms", Purpose.SERVICE)
    assert consent is not None
    assert not consent.granted


def test_a_reply_from_a_former_phone_is_the_surviving_clients(driver: SalonDriver, clock: Any) -> None:
    driver.store.save(InboundNumber(number="1312", network_ids=(NETWORK,)))
    save_client(driver.store, a_client(MARUSIA, name="Marusia", phone="+37369000003", email=None))
    driver.merge(MASHA, MARIA_ID)
    driver.merge(MARIA_ID, MARUSIA)
    reply = Reply(id="r-1", channel="sms", sender=HER_PHONE, to="1312", text="СТОП", at=clock.now)
    assert process_reply(driver.world, reply) is ReplyOutcome.STOPPED
    consent = driver.client(MARUSIA).consent("sms", Purpose.SERVICE)
    assert consent is not None
    assert not consent.granted


# --- campaigns


def campaign(driver: SalonDriver, segment: Segment) -> Campaign:
    draft = campaigns.make_campaign(
        driver.world,
        access(),
        {
            "name": "Spring",
            "texts": {"ru": "{client}, -20 %"},
            "segment": segment,
            "starts_at": NOW,
            "ends_at": NOW + timedelta(days=7),
            "per_minute": 1,
        },
    )
    return run_campaign.start(driver.world, access(), draft.id)


def recipient(driver: SalonDriver, of: Campaign, client_id: str) -> Recipient | None:
    found = driver.store.recipients_named(NETWORK, of.id, [client_id])
    return found[0] if found else None


@pytest.mark.parametrize("is_invited", [False, True])
def test_a_campaign_that_waits_for_the_source_reaches_the_surviving_client_once(
    driver: SalonDriver, is_invited: bool
) -> None:
    for client_id in (MASHA, MARIA_ID):
        known(driver, client_id)
    spring = campaign(driver, Segment(sources=("nobody",)))
    at = NOW + timedelta(hours=1)
    wake = Wake(at, TouchKind.CAMPAIGN.value)
    for client_id in (MASHA, MARIA_ID) if is_invited else (MASHA,):
        driver.store.save(
            Recipient(network_id=NETWORK, client_id=client_id, campaign_id=spring.id, at=at, wake=wake)
        )
    driver.merge(MASHA, MARIA_ID)
    driver.run_until(NOW + timedelta(hours=2))
    assert [each.to for each in driver.sender.sent] == [driver.client().phone]
    ended = recipient(driver, spring, MASHA)
    assert ended is not None
    assert ended.touches[TouchKind.CAMPAIGN].reason == "merged"


def test_a_campaign_that_reached_the_source_is_not_sent_to_the_target(driver: SalonDriver) -> None:
    for client_id in (MASHA, MARIA_ID):
        known(driver, client_id)
    everybody = campaign(driver, Segment())
    while not driver.kinds_sent():
        driver.run_until(driver.world.now() + timedelta(seconds=5), step=timedelta(seconds=1))
    (first,) = driver.sender.sent
    source, target = (MASHA, MARIA_ID) if first.to == HER_PHONE else (MARIA_ID, MASHA)
    driver.merge(source, target)
    driver.run_until(NOW + timedelta(days=6))
    assert driver.kinds_sent() == ["campaign"]
    left_out = recipient(driver, everybody, target)
    assert left_out is not None
    assert left_out.touches[TouchKind.CAMPAIGN].reason == "merged"
