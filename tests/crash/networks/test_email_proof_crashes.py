"""Every AWS call of an address's proof fails in turn; done again, the address is proven once."""

from typing import Any

import pytest

from chalicelib.domain.networks.network import Network
from chalicelib.domain.shared.aliases import InboundNumber
from chalicelib.services.messages.mail_code import mail_code
from chalicelib.services.networks.prove_email import make_code, prove_email
from chalicelib.services.networks.set_up import change_network
from chalicelib.texts.code_mail import code_mail
from infra.testkit.builders import NETWORK, access
from infra.testkit.doubles import RecordingSender
from infra.testkit.failing_calls import Failure
from infra.testkit.salon_driver import SalonDriver
from tests.crash.arranged import Story, fail_each_call

ADDRESS = "hello@lotos.example"


def ask(driver: SalonDriver, _: Any) -> None:
    change_network(driver.world, access(), {"identities": {"email": ADDRESS}})


def asked(driver: SalonDriver) -> None:
    ask(driver, None)


def mail(driver: SalonDriver, _: Any) -> None:
    mail_code(driver.world, {"email": RecordingSender("email")}, code_mail, NETWORK)


def mailed(driver: SalonDriver) -> str:
    asked(driver)
    return make_code(driver.world, NETWORK)[1]


def prove(driver: SalonDriver, code: str) -> None:
    assert prove_email(driver.world, access(), code).identities == {"email": ADDRESS}


def it_is_pending(driver: SalonDriver, _: Any) -> None:
    network = driver.store.get(Network, network_id=NETWORK)
    assert network.email_proof.address == ADDRESS
    assert network.identities == {}


def a_code_is_open(driver: SalonDriver, _: Any) -> None:
    it_is_pending(driver, None)
    proof = driver.store.get(Network, network_id=NETWORK).email_proof
    assert proof.is_open(driver.world.now())
    assert len(proof.mailed) in (1, 2)  # a code whose answer was lost counts


def it_is_proven(driver: SalonDriver, code: str) -> None:
    prove(driver, code)
    assert driver.store.get(InboundNumber, number=ADDRESS).network_ids == (NETWORK,)


STORIES: dict[str, Story] = {
    "asking for an address": (lambda driver: None, ask, ask, it_is_pending),
    "mailing a code": (asked, mail, mail, a_code_is_open),
    "entering the code": (mailed, prove, prove, it_is_proven),
}


@pytest.mark.parametrize("failure", list(Failure))
@pytest.mark.parametrize("story", STORIES)
def test_any_call_may_fail_and_the_address_is_proven_once(
    aws: dict[str, Any], story: str, failure: Failure
) -> None:
    assert fail_each_call(aws, STORIES[story], failure) > 1
