"""How consents change: what was said is a line of history, and a new address asks anew."""

from datetime import date, timedelta

from msgspec.structs import replace

from chalicelib.domain.clients.addresses import address_of, dead_address, is_known
from chalicelib.domain.clients.clients import (
    CHANNELS,
    Client,
    DeadAddress,
    Device,
    may_send,
    with_birth_date_learned,
)
from chalicelib.domain.clients.consents import after_contact_change, all_refused, with_consents
from chalicelib.domain.clients.devices import with_device, without_device
from chalicelib.domain.shared.touches import Purpose
from infra.testkit.builders import NOW, a_client, a_consent

MARKETING, SERVICE = Purpose.MARKETING, Purpose.SERVICE


def agreeing(**fields: object) -> Client:
    """Allows marketing by SMS, WhatsApp and e-mail; has refused service messages by SMS."""
    granted = [a_consent(channel=channel) for channel in ("sms", "whatsapp", "email")]
    return a_client(consents=(*granted, a_consent(SERVICE, granted=False)), version=3, **fields)


def moved(client: Client, **fields: object) -> Client:
    return after_contact_change(client, replace(client, **fields), NOW, "key:desk")[0]  # type: ignore[arg-type]


def test_every_change_is_a_line_and_the_same_again_is_none() -> None:
    client, lines = with_consents(a_client(), [a_consent(), a_consent(SERVICE), a_consent()])
    assert [(line.consent.channel, line.consent.purpose, line.consent.granted) for line in lines] == [
        ("sms", MARKETING, True),
        ("sms", SERVICE, True),
    ]
    assert with_consents(client, [a_consent()]) == (client, [])


def test_the_last_word_counts_where_both_were_said() -> None:
    client, lines = with_consents(a_client(), [a_consent(), a_consent(granted=False)])
    assert [line.consent.granted for line in lines] == [True, False]
    assert not may_send(client, "sms", MARKETING, True)


def test_a_repetition_from_the_same_state_makes_the_very_same_lines_and_any_other_does_not() -> None:
    fields = [a_consent(), a_consent(SERVICE)]
    first = [line.id for line in with_consents(a_client(), fields)[1]]
    assert first == [line.id for line in with_consents(a_client(), fields)[1]]
    later = [line.id for line in with_consents(a_client(version=7), fields)[1]]
    assert sorted({*first, *later}) == [*first, *later]


def test_a_changed_phone_asks_anew_on_sms_and_whatsapp_and_refusals_stand() -> None:
    client, lines = after_contact_change(
        agreeing(), replace(agreeing(), phone="+37369777777"), NOW, "key:desk"
    )
    assert [(each.channel, each.purpose, each.granted) for each in client.consents] == [
        ("email", MARKETING, True),
        ("sms", SERVICE, False),
    ]
    assert [(line.consent.channel, line.void, line.consent.granted) for line in lines] == [
        ("sms", True, False),
        ("whatsapp", True, False),
    ]
    assert {(line.consent.how, line.consent.actor, line.consent.at) for line in lines} == {
        ("phone changed", "key:desk", NOW)
    }
    assert len({line.id for line in lines}) == 2


def test_a_phone_that_is_taken_away_takes_its_consents_along() -> None:
    assert [each.channel for each in moved(agreeing(), phone=None).consents] == ["email", "sms"]


def test_a_changed_mail_asks_anew_by_mail_alone() -> None:
    client = moved(agreeing(), email="new@example.com")
    assert [each.channel for each in client.consents] == ["sms", "whatsapp", "sms"]


def test_a_first_phone_changes_nothing_that_was_said() -> None:
    client = agreeing(phone=None)
    assert after_contact_change(client, replace(client, phone="+37369777777"), NOW, "x")[1] == []


def test_what_failed_at_the_old_address_says_nothing_of_the_new() -> None:
    dead = (
        DeadAddress("sms", "+37369123456", "no_such_number", NOW),
        DeadAddress("email", "maria@example.com", "bounced", NOW),
    )
    client = agreeing(dead_addresses=dead, written_at=NOW)
    new_phone, new_mail = moved(client, phone="+37369777777"), moved(client, email="new@example.com")
    assert [each.channel for each in new_phone.dead_addresses] == ["email"]
    assert new_phone.written_at is None
    assert [each.channel for each in new_mail.dead_addresses] == ["sms"]
    assert new_mail.written_at == NOW


def test_devices_are_no_matter_of_the_phone_number() -> None:
    device = Device("arn:1", "ios", NOW)
    allowing = replace(agreeing(devices=(device,)), consents=(a_consent(channel="push"),))
    after = moved(allowing, phone="+37369777777")
    assert (after.devices, after.consents) == (allowing.devices, allowing.consents)


def test_all_is_refused_only_where_every_channel_was() -> None:
    refused = [a_consent(SERVICE, granted=False, channel=channel) for channel in CHANNELS]
    assert all_refused(a_client(consents=tuple(refused)), SERVICE, CHANNELS)
    assert not all_refused(a_client(consents=tuple(refused[1:])), SERVICE, CHANNELS)
    assert not all_refused(a_client(consents=tuple(refused)), MARKETING, ["sms"])


# --- devices and addresses


def test_five_devices_are_kept_each_once_the_newest_last() -> None:
    client = a_client()
    for number in (1, 2, 3, 4, 5, 6, 3):
        client = with_device(client, Device(f"arn:{number}", "android", NOW))
    assert [device.endpoint for device in client.devices] == ["arn:2", "arn:4", "arn:5", "arn:6", "arn:3"]
    assert address_of(client, "push") == "arn:3"


def test_a_device_that_is_registered_again_is_well_again() -> None:
    device = Device("arn:1", "ios", NOW)
    client = a_client(devices=(device,), dead_addresses=(DeadAddress("push", "arn:1", "device_gone", NOW),))
    assert (is_known(client, "push"), address_of(client, "push")) == (True, None)
    assert address_of(with_device(client, device), "push") == "arn:1"


def test_a_device_that_is_gone_leaves_nothing_behind() -> None:
    device = Device("arn:1", "ios", NOW)
    client = a_client(devices=(device,), dead_addresses=(DeadAddress("push", "arn:1", "device_gone", NOW),))
    after = without_device(client, device.id)
    assert (after.devices, after.dead_addresses, is_known(after, "push")) == ((), (), False)
    assert without_device(client, "dev_other") == client


def test_a_dead_address_is_told_while_it_is_the_clients_only_one() -> None:
    dead = DeadAddress("sms", "+37369123456", "no_such_number", NOW)
    client = a_client(dead_addresses=(dead,))
    assert dead_address(client, "sms") == dead
    assert dead_address(client, "whatsapp") is None
    assert dead_address(replace(client, phone="+37369777777"), "sms") is None


# --- the birthday


def test_a_birthday_is_known_since_it_was_told_and_a_corrected_year_changes_none() -> None:
    known = a_client(birth_date=date(1604, 5, 17))
    later = NOW + timedelta(days=1)

    def told_at(day: date | None) -> object:
        return with_birth_date_learned(known, replace(known, birth_date=day), later).birth_date_told_at

    assert told_at(date(1990, 5, 17)) is None
    assert told_at(date(1990, 5, 18)) == later
    assert told_at(None) == later
