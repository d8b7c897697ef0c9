"""Whom a network's messages come from, and which networks answer at a number."""

import pytest

from chalicelib.domain.networks.network import Network
from chalicelib.domain.shared.aliases import InboundNumber
from chalicelib.domain.shared.errors import DomainError
from chalicelib.services.networks.set_identities import answer_at, set_identities
from chalicelib.services.networks.set_up import change_network
from infra.admin import senders_of
from infra.testkit.builders import NETWORK, OTHER_NETWORK, a_town, access
from infra.testkit.interleaved_store import InterleavedStore
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


@pytest.mark.parametrize(
    "identities", [{"sms": PHONE}, {"sms": "LOTOS"}, {"whatsapp": WHATSAPP}, {"email": "salon@lotos.example"}]
)
def test_an_identity_belongs_to_one_network(driver: SalonDriver, identities: dict[str, str]) -> None:
    a_town(driver.store, OTHER_NETWORK)
    set_identities(driver.world, OTHER_NETWORK, identities)
    with pytest.raises(DomainError, match="IDENTITY_TAKEN"):
        set_identities(driver.world, NETWORK, identities)
    (identity,) = identities.values()
    assert answers_at(driver, identity) == (OTHER_NETWORK,)
    set_identities(driver.world, OTHER_NETWORK, dict.fromkeys(identities))
    assert set_identities(driver.world, NETWORK, identities).identities == identities


def test_two_networks_at_once_do_not_both_take_a_number(driver: SalonDriver) -> None:
    a_town(driver.store, OTHER_NETWORK)
    late = InterleavedStore(driver.store, lambda: set_identities(driver.world, OTHER_NETWORK, {"sms": PHONE}))
    with pytest.raises(DomainError, match="IDENTITY_TAKEN"):
        set_identities(driver.on(late).world, NETWORK, {"sms": PHONE})
    assert answers_at(driver, PHONE) == (OTHER_NETWORK,)


def test_nobody_takes_what_the_deployment_sends_as(driver: SalonDriver) -> None:
    own = {PHONE, WHATSAPP, "salon@perennial.example"}
    for channel, text in (("sms", PHONE), ("whatsapp", WHATSAPP), ("email", "Salon@Perennial.example")):
        with pytest.raises(DomainError, match="IDENTITY_TAKEN"):
            set_identities(driver.world, NETWORK, {channel: text}, own=own)
    with pytest.raises(DomainError, match="IDENTITY_TAKEN"):
        change_network(driver.world, access(), {"identities": {"email": "salon@perennial.example"}}, own)
    assert driver.world.fresh_directory(NETWORK).network.identities == {}


def test_a_whatsapp_number_is_known_by_its_arn_or_its_id(driver: SalonDriver) -> None:
    arn = f"arn:aws:social-messaging:us-east-1:123456789012:{WHATSAPP.replace('id-', 'id/')}"
    assert set_identities(driver.world, NETWORK, {"whatsapp": arn}).identities == {"whatsapp": WHATSAPP}
    assert answers_at(driver, WHATSAPP) == (NETWORK,)


@pytest.mark.parametrize("identities", [{"sms": PHONE}, {"sms": "VictoriaBnk"}, {"whatsapp": WHATSAPP}])
def test_an_owner_takes_no_number_and_no_sender_id(driver: SalonDriver, identities: dict[str, str]) -> None:
    before = driver.store.get(Network, network_id=NETWORK)
    with pytest.raises(DomainError) as error:
        change_network(driver.world, access(), {"name": "Other", "identities": identities})
    assert (error.value.code, error.value.details["channel"]) == ("OPERATOR_ONLY", *identities)
    assert driver.store.get(Network, network_id=NETWORK) == before


def test_an_owner_keeps_or_gives_up_what_the_operator_gave(driver: SalonDriver) -> None:
    given = {"sms": PHONE, "whatsapp": WHATSAPP, "email": "salon@lotos.example"}
    before = set_identities(driver.world, NETWORK, given)
    assert change_network(driver.world, access(), {"identities": given}) == before
    network = change_network(driver.world, access(), {"identities": dict.fromkeys(given)})
    assert (network.identities, network.email_proof) == ({}, None)
    assert answers_at(driver, PHONE) == answers_at(driver, WHATSAPP) == ()


def test_an_owner_asks_for_no_address_of_another_network(driver: SalonDriver) -> None:
    a_town(driver.store, OTHER_NETWORK)
    set_identities(driver.world, OTHER_NETWORK, {"email": "salon@lotos.example"})
    with pytest.raises(DomainError, match="IDENTITY_TAKEN"):
        change_network(driver.world, access(), {"identities": {"email": "salon@lotos.example"}})


def test_replies_to_a_networks_own_number_reach_no_other_network(driver: SalonDriver) -> None:
    a_town(driver.store, OTHER_NETWORK)
    set_identities(driver.world, NETWORK, {"sms": PHONE})
    with pytest.raises(DomainError, match="IDENTITY_TAKEN"):
        answer_at(driver.world, OTHER_NETWORK, PHONE)
    assert answers_at(driver, PHONE) == (NETWORK,)


def test_several_networks_answer_at_a_number_that_is_nobodys_own(driver: SalonDriver) -> None:
    a_town(driver.store, OTHER_NETWORK)
    for network_id in (NETWORK, OTHER_NETWORK):
        answer_at(driver.world, network_id, PHONE)
    assert answers_at(driver, PHONE) == (NETWORK, OTHER_NETWORK)
    with pytest.raises(DomainError, match="IDENTITY_TAKEN"):
        set_identities(driver.world, NETWORK, {"sms": PHONE})


def test_the_operator_sees_which_identities_are_proven(driver: SalonDriver) -> None:
    assert senders_of(driver.world, NETWORK) == f"{NETWORK} sends as the deployment"
    set_identities(driver.world, NETWORK, {"sms": PHONE, "email": "salon@lotos.example"})
    email, sms = senders_of(driver.world, NETWORK).splitlines()
    assert email == "email     salon@lotos.example   no proof: review it"
    assert sms.startswith(f"sms       {PHONE}   given by the operator")


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
