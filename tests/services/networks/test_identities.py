"""Whom a network's messages come from, and which networks answer at a number."""

import pytest

from chalicelib.domain.networks.network import Network
from chalicelib.domain.shared.aliases import InboundNumber
from chalicelib.domain.shared.errors import DomainError
from chalicelib.services.networks.set_identities import answer_at, set_identities
from chalicelib.services.networks.set_up import change_network
from infra.testkit.builders import NETWORK, OTHER_NETWORK, a_town, access
from infra.testkit.salon_driver import SalonDriver

PHONE, OTHER_PHONE, WHATSAPP = "+37360000000", "+37360000001", "phone-number-id-976c72a700aac43eaf573ae050ex"


def answers_at(driver: SalonDriver, number: str) -> tuple[str, ...]:
    found = driver.store.get(InboundNumber, number=number)
    return found.network_ids if found else ()


def test_a_networks_own_number_is_answered_by_it(driver: SalonDriver) -> None:
    network = set_identities(driver.world, NETWORK, {"sms": PHONE, "email": "Salon@Lotos.example"})
    assert network.identities == {"sms": PHONE, "email": "salon@lotos.example"}
    assert answers_at(driver, PHONE) == (NETWORK,)
    assert driver.world.directory(NETWORK).network.identities == network.identities


def test_the_same_again_writes_nothing(driver: SalonDriver) -> None:
    first = set_identities(driver.world, NETWORK, {"sms": PHONE})
    assert set_identities(driver.world, NETWORK, {"sms": PHONE}) == first


def test_another_number_frees_the_former(driver: SalonDriver) -> None:
    set_identities(driver.world, NETWORK, {"sms": PHONE})
    set_identities(driver.world, NETWORK, {"sms": OTHER_PHONE})
    assert (answers_at(driver, PHONE), answers_at(driver, OTHER_PHONE)) == ((), (NETWORK,))
    network = set_identities(driver.world, NETWORK, {"sms": None})
    assert (network.identities, answers_at(driver, OTHER_PHONE)) == ({}, ())


def test_networks_may_share_a_number(driver: SalonDriver) -> None:
    a_town(driver.store, OTHER_NETWORK)
    for network_id in (NETWORK, OTHER_NETWORK):
        set_identities(driver.world, network_id, {"sms": PHONE})
    assert answers_at(driver, PHONE) == (NETWORK, OTHER_NETWORK)
    set_identities(driver.world, NETWORK, {"sms": ""})
    assert answers_at(driver, PHONE) == (OTHER_NETWORK,)


def test_a_whatsapp_number_is_known_by_its_arn_or_its_id(driver: SalonDriver) -> None:
    arn = f"arn:aws:social-messaging:us-east-1:123456789012:{WHATSAPP.replace('id-', 'id/')}"
    assert set_identities(driver.world, NETWORK, {"whatsapp": arn}).identities == {"whatsapp": WHATSAPP}
    assert answers_at(driver, WHATSAPP) == (NETWORK,)


@pytest.mark.parametrize(
    "identities", [{"sms": PHONE}, {"sms": "LOTOS"}, {"whatsapp": WHATSAPP}, {"email": "salon@lotos.example"}]
)
def test_no_owner_takes_what_another_network_sends_as(
    driver: SalonDriver, identities: dict[str, str]
) -> None:
    a_town(driver.store, OTHER_NETWORK)
    set_identities(driver.world, OTHER_NETWORK, identities)
    before = driver.store.get(Network, network_id=NETWORK)
    with pytest.raises(DomainError) as error:
        change_network(driver.world, access(), {"identities": identities})
    assert error.value.code == "IDENTITY_TAKEN"
    assert driver.store.get(Network, network_id=NETWORK) == before
    set_identities(driver.world, OTHER_NETWORK, dict.fromkeys(identities))
    assert change_network(driver.world, access(), {"identities": identities}).identities == identities


def test_a_short_code_can_be_written_to(driver: SalonDriver) -> None:
    set_identities(driver.world, NETWORK, {"sms": "12345"})
    assert answers_at(driver, "12345") == (NETWORK,)


def test_a_network_answers_at_a_pools_number_too(driver: SalonDriver) -> None:
    for _ in range(2):
        answer_at(driver.world, NETWORK, PHONE)
    assert answers_at(driver, PHONE) == (NETWORK,)


@pytest.mark.parametrize(
    ("channel", "text", "code"),
    [
        ("sms", "069123456", "INVALID_IDENTITY"),
        ("sms", "+", "INVALID_IDENTITY"),
        ("sms", "A name too long", "INVALID_IDENTITY"),
        ("sms", "+373600\n00000", "INVALID_IDENTITY"),
        ("whatsapp", "+37360000000", "INVALID_IDENTITY"),
        ("email", "no address", "INVALID_IDENTITY"),
        ("push", "arn", "UNKNOWN_CHANNEL"),
        ("pigeon", "Martha", "UNKNOWN_CHANNEL"),
    ],
)
def test_what_nothing_can_be_sent_as_is_refused(
    driver: SalonDriver, channel: str, text: str, code: str
) -> None:
    with pytest.raises(DomainError) as error:
        set_identities(driver.world, NETWORK, {channel: text})
    assert error.value.code == code


def test_a_network_that_is_none_sends_as_nobody(driver: SalonDriver) -> None:
    for step in (lambda: set_identities(driver.world, "net_x", {"sms": PHONE}),
                 lambda: answer_at(driver.world, "net_x", PHONE)):  # fmt: skip
        with pytest.raises(DomainError) as error:
            step()
        assert error.value.code == "NOT_FOUND"
