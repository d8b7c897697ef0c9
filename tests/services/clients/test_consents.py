"""What clients allow: taken down with its history, stopped, taken up again, asked anew where an address
changed; and the devices that they take push messages on."""

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.clients.clients import CHANNELS, Client, VisitDay, may_send
from chalicelib.domain.intake.site_events import ClientReported, SiteClient, guard
from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.touches import Purpose
from chalicelib.services.bookings.book import NewBooking, WantedLine, book
from chalicelib.services.clients.consents import (
    ON_STOP_PAGE,
    Statement,
    history,
    resume_messages,
    set_consents,
    stop_messages,
)
from chalicelib.services.clients.devices import add_device, remove_device
from chalicelib.services.clients.register_client import NewClient, change_client, register_client
from chalicelib.services.intake.apply_client import apply_client
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World
from infra.testkit.builders import NETWORK, NOW, a_connection, a_town, access
from infra.testkit.delegating_store import DelegatingStore
from infra.testkit.doubles import RecordingRegistry

MARIA = "cli_maria00000000001"
SERVICE, MARKETING = Purpose.SERVICE, Purpose.MARKETING
ON_PAGE = Statement(ON_STOP_PAGE)


@pytest.fixture(autouse=True)
def town(store: Any) -> Any:
    return a_town(store)


def maria(world: World) -> Client:
    client = world.store.get(Client, network_id=NETWORK, id=MARIA)
    assert client is not None
    return client


def grant(world: World, *channels: str, purpose: Purpose = MARKETING, granted: bool = True) -> Client:
    pairs = [(channel, purpose.value) for channel in channels or CHANNELS]
    return set_consents(
        world, NETWORK, MARIA, pairs, Statement("asked at the desk", "key:1"), granted=granted
    )


def history_of(world: World, client_id: str = MARIA) -> list[tuple[str, str, bool, bool, str]]:
    """The history in short: channel, purpose, granted, void, how."""
    return [
        (line.consent.channel, line.consent.purpose.value, line.consent.granted, line.void, line.consent.how)
        for line in history(world, NETWORK, client_id)
    ]


# --- history


def test_each_change_is_in_the_history_in_its_order_even_within_one_instant(world: World) -> None:
    for granted in (True, False, False, True):
        grant(world, "sms", granted=granted)
    assert [each[2] for each in history_of(world)] == [True, False, True]
    assert maria(world).consents[0].granted


def test_the_same_again_writes_nothing(world: World) -> None:
    version = grant(world, "sms").version
    assert grant(world, "sms").version == version
    assert len(history_of(world)) == 1


class InterruptedStore(DelegatingStore):
    """Saves, but its first answer is lost on the way."""

    lost = 0

    def save(self, *values: Any, **fields: Any) -> Any:
        saved = self.store.save(*values, **fields)
        if not self.lost:
            self.lost = 1
            raise SaveConflict(values[0])
        return saved


def test_a_write_whose_answer_was_lost_is_one_line(world: World) -> None:
    store: Any = InterruptedStore(world.store)
    after = grant(replace(world, store=store), "sms")
    assert (after.version, len(history_of(world))) == (2, 1)


def test_what_is_granted_at_registration_is_in_the_history(world: World) -> None:
    new = NewClient(name="Ion", phone="069222333", consents=(("sms", "marketing", True, "form"),))
    client = register_client(world, access(), new, request_id="r-1")
    assert register_client(world, access(), new, request_id="r-1").id == client.id
    assert history_of(world, client.id) == [("sms", "marketing", True, False, "form")]


def test_what_is_granted_with_a_first_booking_is_in_the_history(world: World) -> None:
    new = NewClient(name="Ion", phone="069222333", consents=(("sms", "marketing", True, "form"),))
    wanted = NewBooking(
        salon_id="sal_centru",
        client=new,
        starts_at=NOW + timedelta(days=1),
        lines=[WantedLine(service_id="srv_cut")],
    )
    booking = book(world, access(), wanted)
    assert history_of(world, str(booking.client_id)) == [("sms", "marketing", True, False, "form")]


@pytest.mark.parametrize(("channel", "purpose"), [("fax", "marketing"), ("sms", "fun")])
def test_what_is_no_channel_or_purpose_is_refused_and_nothing_taken_down(
    channel: str, purpose: str, world: World
) -> None:
    with pytest.raises(DomainError):
        set_consents(
            world, NETWORK, MARIA, [("sms", "service"), (channel, purpose)], Statement("", ""), granted=False
        )
    assert history_of(world) == []


# --- stopping


def test_one_call_stops_everything_on_all_channels_with_a_line_for_each(world: World) -> None:
    client = stop_messages(world, NETWORK, MARIA, Statement("reply STOP"))
    assert not any(may_send(client, each, purpose, False) for each in CHANNELS for purpose in Purpose)
    assert len(history_of(world)) == len(CHANNELS) * 2
    assert {each[4] for each in history_of(world)} == {"reply STOP"}


def test_marketing_stops_alone(world: World) -> None:
    client = stop_messages(world, NETWORK, MARIA, ON_PAGE, marketing_only=True)
    assert not any(may_send(client, each, MARKETING, False) for each in CHANNELS)
    assert all(may_send(client, each, SERVICE, True) for each in CHANNELS)


def test_who_takes_up_service_messages_has_not_asked_for_marketing(world: World) -> None:
    stop_messages(world, NETWORK, MARIA, ON_PAGE)
    client = resume_messages(world, NETWORK, MARIA, purpose=SERVICE)
    assert all(may_send(client, each, SERVICE, True) for each in CHANNELS)
    assert not any(may_send(client, each, MARKETING, False) for each in CHANNELS)


def test_marketing_is_taken_up_where_service_messages_come(world: World) -> None:
    stop_messages(world, NETWORK, MARIA, ON_PAGE, marketing_only=True)
    stop_messages(world, NETWORK, MARIA, ON_PAGE, channels=["sms"])
    client = resume_messages(world, NETWORK, MARIA, purpose=MARKETING)
    assert [each for each in CHANNELS if may_send(client, each, MARKETING, True)] == [
        "whatsapp",
        "email",
        "push",
    ]


# --- a changed phone asks anew


def test_a_phone_changed_at_the_desk_asks_anew(world: World) -> None:
    grant(world)
    client = change_client(world, access(), MARIA, {"phone": "069 77 77 77"})
    assert sorted(each.channel for each in client.consents) == ["email", "push"]
    assert history_of(world)[4:] == [
        ("sms", "marketing", False, True, "phone changed"),
        ("whatsapp", "marketing", False, True, "phone changed"),
    ]


def test_a_phone_written_in_another_form_is_the_same_phone(world: World) -> None:
    grant(world)
    assert change_client(world, access(), MARIA, {"phone": "069 123-456"}).consents == maria(world).consents
    assert len(history_of(world)) == 4


def reported(number: int, **fields: Any) -> ClientReported:
    client = SiteClient(external_id="77", name="Maria", **fields)
    return ClientReported("77", guard(version=number), client)


def test_a_phone_changed_on_a_booking_site_asks_anew_once(world: World) -> None:
    (site,) = world.store.save(a_connection())
    apply_client(world, site, reported(1, phone="+37369123456"))
    grant(world)
    for _ in range(2):
        apply_client(world, site, reported(2, phone="+37369777777"))
    client = maria(world)
    assert client.phone == "+37369777777"
    assert not may_send(client, "sms", MARKETING, True)
    assert [each for each in history_of(world) if each[3]] == [
        ("sms", "marketing", False, True, "phone changed"),
        ("whatsapp", "marketing", False, True, "phone changed"),
    ]


def test_a_phone_that_is_somebody_elses_changes_nothing(world: World) -> None:
    (site,) = world.store.save(a_connection())
    apply_client(world, site, reported(1, phone="+37369123456"))
    register_client(world, access(), NewClient(name="Ion", phone="+37369777777"))
    grant(world)
    apply_client(world, site, reported(2, phone="+37369777777"))
    assert maria(world).phone == "+37369123456"
    assert may_send(maria(world), "sms", MARKETING, True)


# --- the pointer follows what is known


def test_a_registered_birth_date_is_planned_for(world: World) -> None:
    client = register_client(world, access(), NewClient(name="Ion", birth_date=date(1990, 5, 17)))
    assert client.wake is not None
    assert (client.wake.why, client.wake.at.date()) == ("birthday", date(2027, 5, 10))


def test_a_birth_date_told_late_counts_from_the_next_year_on(world: World) -> None:
    client = change_client(world, access(), MARIA, {"birth_date": date(1990, 12, 10)})
    assert client.birth_date_told_at == NOW
    assert client.wake is not None
    assert (client.wake.why, client.wake.at.date()) == ("birthday", date(2027, 12, 3))


def test_a_birth_date_told_by_a_site_counts_from_then_on(world: World) -> None:
    (site,) = world.store.save(a_connection())
    apply_client(world, site, reported(1, phone="+37369123456"))
    apply_client(world, site, reported(2, phone="+37369123456", birth_date=date(1990, 12, 10)))
    assert maria(world).birth_date_told_at == NOW


def test_another_zone_plans_anew(world: World) -> None:
    here = change_client(world, access(), MARIA, {"note": "x"}).wake
    there = change_client(world, access(), MARIA, {"timezone": "America/New_York"}).wake
    assert here is not None
    assert there is not None
    assert there.at - here.at == timedelta(hours=7)


def test_the_salon_visited_last_gives_the_zone(world: World) -> None:
    visit = VisitDay(date(2026, 11, 1), "sal_york")
    world.store.save(replace(maria(world), visits_count=1, recent_visits=(visit,)))
    client = change_client(world, access(), MARIA, {"birth_date": None})
    assert client.wake is not None
    assert (client.wake.why, client.wake.at.isoformat()) == ("win_back", "2027-01-02T16:00:00+00:00")


# --- devices


def test_a_device_is_registered_and_kept_once(world: World) -> None:
    registry = RecordingRegistry()
    for token in ("token-1", "token-2", "token-2"):
        client = add_device(world, access(), registry, MARIA, "android", token)
    assert [device.endpoint[-7:] for device in client.devices] == ["token-1", "token-2"]
    assert client.version == 3
    left = remove_device(world, access(), MARIA, client.devices[0].id)
    assert [device.endpoint[-7:] for device in left.devices] == ["token-2"]
    assert remove_device(world, access(), MARIA, client.devices[0].id).version == left.version


@pytest.mark.parametrize(
    ("platform", "token", "code"),
    [("android", "bad-token", "INVALID_DEVICE_TOKEN"), ("ios", "token-1", "UNKNOWN_PLATFORM")],
)
def test_a_device_that_cannot_be_reached_is_refused(
    platform: str, token: str, code: str, world: World
) -> None:
    with pytest.raises(DomainError) as refusal:
        add_device(world, access(), RecordingRegistry(), MARIA, platform, token)
    assert refusal.value.code == code
    assert maria(world).devices == ()


def test_a_partner_registers_no_devices_of_others_clients(world: World) -> None:
    registry = RecordingRegistry()
    with pytest.raises(DomainError):
        add_device(world, access(Role.PARTNER, source="x"), registry, MARIA, "android", "token-1")
    assert registry.registered == []
