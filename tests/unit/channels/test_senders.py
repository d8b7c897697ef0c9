"""Which channels a deployment has follows from its settings."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from chalicelib import settings, wiring
from chalicelib.channels.end_user_sms import EndUserSms
from chalicelib.channels.fresh_connections import FreshConnections
from chalicelib.channels.paced import Paced
from chalicelib.channels.sns_sms import SnsSms
from chalicelib.services.shared.ports import PlatformMissing, Sender
from tests.unit.channels.channels import ENDPOINT, an_outgoing
from tests.unit.channels.unreliable import a_provider, hanging_up

Senders = Callable[..., Mapping[str, Sender]]


@pytest.fixture
def senders(monkeypatch: pytest.MonkeyPatch) -> Iterator[Senders]:
    """The senders that wiring makes in an environment."""
    kept = (wiring.settings, wiring.senders, wiring._aws)

    def made(**environment: str) -> Mapping[str, Sender]:
        for name, value in {"TABLE_NAME": "any", "WAKE_SHARDS": "8", **environment}.items():
            monkeypatch.setenv(name, value)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "test")
        for each in kept:
            each.cache_clear()
        return wiring.senders()

    yield made
    for each in kept:
        each.cache_clear()


def within(sender: Any) -> list[type]:
    """The classes of a sender and of what it goes around."""
    kinds = [type(sender)]
    while hasattr(sender, "_sender"):
        sender = sender._sender
        kinds.append(type(sender))
    return kinds


def test_without_settings_there_is_no_channel(senders: Senders) -> None:
    assert senders(SMS_CHANNEL="") == {}


def test_every_channel_that_is_set_is_there(senders: Senders) -> None:
    made = senders(
        SMS_CHANNEL="end_user_messaging",
        WHATSAPP_PHONE_ID="phone-number-id-1",
        EMAIL_FROM="salon@example.com",
        PUSH_APPLICATIONS="android=arn:aws:sns:us-east-1:0:app/GCM/p, ios=arn:aws:sns:us-east-1:0:app/APNS/p",
    )
    assert made.keys() == {"sms", "whatsapp", "email", "push"}
    assert all(channel == sender.channel for channel, sender in made.items())


@pytest.mark.parametrize(("setting", "kind"), [("sns", SnsSms), ("end_user_messaging", EndUserSms)])
def test_sms_goes_by_the_service_that_is_set(senders: Senders, setting: str, kind: type) -> None:
    assert within(senders(SMS_CHANNEL=setting)["sms"]) == [FreshConnections, kind]


def test_a_sender_with_a_limit_is_paced(senders: Senders) -> None:
    assert within(senders(SMS_CHANNEL="sns", SMS_PER_SECOND="20")["sms"]) == [Paced, FreshConnections, SnsSms]


def test_a_channel_for_sms_that_is_none_stops_the_deployment() -> None:
    with pytest.raises(ValueError, match="pigeon"):
        settings.from_environment({"TABLE_NAME": "any", "SMS_CHANNEL": "pigeon"})


def test_an_endpoint_needs_an_application_of_its_platform(senders: Senders) -> None:
    senders(PUSH_APPLICATIONS=f"ios={ENDPOINT}")
    with pytest.raises(PlatformMissing):
        wiring.push_registry().register("android", "token-1")


def test_the_clients_of_senders_ask_once_and_not_for_long(senders: Senders) -> None:
    from chalicelib.channels.attempt import READ_SECONDS

    with a_provider(hanging_up) as provider:
        made = senders(SMS_CHANNEL="end_user_messaging", AWS_ENDPOINT_URL=provider.url)
        config = wiring._provider("pinpoint-sms-voice-v2")().meta.config
        assert config.retries["total_max_attempts"] == 1
        assert config.read_timeout == READ_SECONDS <= 5
        assert made["sms"].send(an_outgoing()).reason == "connection_lost"
        assert provider.requests == 1
