"""An owner proves that they read the address from which the network is to send."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.messages.messages import MessageState, Outcome
from chalicelib.domain.networks.email_proof import MAX_MAILS, MAX_TRIES
from chalicelib.domain.networks.network import Network
from chalicelib.domain.shared.aliases import InboundNumber
from chalicelib.domain.shared.errors import DomainError
from chalicelib.services.messages.mail_code import mail_code
from chalicelib.services.networks.prove_email import prove_email
from chalicelib.services.networks.set_identities import set_identities
from chalicelib.services.networks.set_up import change_network
from chalicelib.texts.code_mail import code_mail
from infra.testkit.builders import NETWORK, OTHER_NETWORK, a_town, access
from infra.testkit.doubles import RecordingSender
from infra.testkit.interleaved_store import InterleavedStore
from infra.testkit.salon_driver import SalonDriver

ADDRESS, OTHER_ADDRESS = "hello@lotos.example", "salon@lotos.example"


def ask(driver: SalonDriver, address: str | None = ADDRESS, network_id: str = NETWORK) -> Network:
    return change_network(driver.world, access(network_id=network_id), {"identities": {"email": address}})


def mailed(driver: SalonDriver, network_id: str = NETWORK) -> str:
    """The code as the mail shows it."""
    mailbox = RecordingSender("email")
    mail_code(driver.world, {"email": mailbox}, code_mail, network_id)
    return code_in(mailbox)


def code_in(mailbox: RecordingSender) -> str:
    return mailbox.sent[-1].worded.text.split("Код: ")[1].split(".")[0]


def prove(driver: SalonDriver, code: str, network_id: str = NETWORK) -> Network:
    return prove_email(driver.world, access(network_id=network_id), code)


def refused(driver: SalonDriver, code: str, network_id: str = NETWORK) -> DomainError:
    with pytest.raises(DomainError) as error:
        prove(driver, code, network_id)
    return error.value


def test_an_address_is_used_once_its_code_is_entered(driver: SalonDriver) -> None:
    assert ask(driver).identities == {}
    code = mailed(driver)
    assert driver.world.fresh_directory(NETWORK).network.identities == {}
    assert prove(driver, code).identities == {"email": ADDRESS}
    assert driver.world.directory(NETWORK).network.identities == {"email": ADDRESS}
    number = driver.store.get(InboundNumber, number=ADDRESS)
    assert number is not None
    assert number.network_ids == (NETWORK,)


def test_the_mail_goes_to_the_address_from_the_deployment_and_names_no_network(driver: SalonDriver) -> None:
    ask(driver)
    mailbox = RecordingSender("email")
    mail_code(driver.world, {"email": mailbox}, code_mail, NETWORK)
    (mail,) = mailbox.sent
    assert (mail.to, mail.identity, mail.worded.subject) == (ADDRESS, None, f"Код для {ADDRESS}")
    assert "Lotos" not in mail.worded.text.replace(ADDRESS, "")


def test_a_code_is_read_as_people_write_it(driver: SalonDriver) -> None:
    ask(driver)
    code = mailed(driver)
    assert prove(driver, f" {code.lower().replace('-', ' ').replace('0', 'o').replace('1', 'l')} ").identities


def test_a_code_that_is_entered_again_answers_the_same(driver: SalonDriver) -> None:
    ask(driver)
    code = mailed(driver)
    assert prove(driver, code) == prove(driver, code)
    assert refused(driver, "0000-0000-0000").code == "NO_PENDING_ADDRESS"


def test_only_the_hash_of_a_code_is_kept(driver: SalonDriver) -> None:
    ask(driver)
    code = mailed(driver).replace("-", "").lower()
    assert code not in repr(driver.store.get(Network, network_id=NETWORK))


def test_a_code_is_guessed_a_few_times_only(driver: SalonDriver) -> None:
    ask(driver)
    code = mailed(driver)
    left = [refused(driver, f"AAAA-AAAA-AAA{number}").details["tries_left"] for number in range(MAX_TRIES)]
    assert left == [4, 3, 2, 1, 0]
    assert refused(driver, code).code == "CODE_EXPIRED"
    assert prove(driver, mailed(driver)).identities == {"email": ADDRESS}


def test_a_code_ends_after_a_day(driver: SalonDriver, clock: Any) -> None:
    ask(driver)
    code = mailed(driver)
    clock.now += timedelta(hours=24)
    assert refused(driver, code).code == "CODE_EXPIRED"


def test_a_new_code_ends_the_one_before(driver: SalonDriver) -> None:
    ask(driver)
    first, second = mailed(driver), mailed(driver)
    assert refused(driver, first).code == "WRONG_CODE"
    assert prove(driver, second).identities == {"email": ADDRESS}


def test_a_code_proves_its_own_address_and_network_alone(driver: SalonDriver) -> None:
    a_town(driver.store, OTHER_NETWORK)
    ask(driver)
    code = mailed(driver)
    ask(driver, ADDRESS, OTHER_NETWORK)
    mailed(driver, OTHER_NETWORK)
    assert refused(driver, code, OTHER_NETWORK).code == "WRONG_CODE"
    ask(driver, OTHER_ADDRESS)
    assert refused(driver, code).code == "CODE_EXPIRED"
    mailed(driver)
    assert refused(driver, code).code == "WRONG_CODE"


def test_few_codes_are_mailed_a_day_whatever_the_address(driver: SalonDriver, clock: Any) -> None:
    for number in range(MAX_MAILS):
        ask(driver, f"somebody{number}@lotos.example")
        mailed(driver)
        ask(driver, None)
    ask(driver)
    with pytest.raises(DomainError, match="TOO_MANY") as error:
        mailed(driver)
    assert error.value.details["retry_after_seconds"] == 24 * 3600 + 1
    clock.now += timedelta(hours=24)
    assert prove(driver, mailed(driver)).identities == {"email": ADDRESS}


def test_the_present_address_stays_until_another_is_proven(driver: SalonDriver) -> None:
    set_identities(driver.world, NETWORK, {"email": OTHER_ADDRESS})
    assert ask(driver).identities == {"email": OTHER_ADDRESS}
    assert prove(driver, mailed(driver)).identities == {"email": ADDRESS}
    former = driver.store.get(InboundNumber, number=OTHER_ADDRESS)
    assert former is not None
    assert former.network_ids == ()


@pytest.mark.parametrize("address", [None, OTHER_ADDRESS])
def test_what_was_asked_for_is_taken_back(driver: SalonDriver, address: str | None) -> None:
    """By none, or by the present address."""
    set_identities(driver.world, NETWORK, {"email": OTHER_ADDRESS})
    ask(driver)
    code = mailed(driver)
    ask(driver, address)
    assert refused(driver, code).code == "NO_PENDING_ADDRESS"


def test_the_first_of_two_networks_that_prove_an_address_has_it(driver: SalonDriver) -> None:
    a_town(driver.store, OTHER_NETWORK)
    codes = []
    for network_id in (NETWORK, OTHER_NETWORK):
        ask(driver, ADDRESS, network_id)
        codes.append(mailed(driver, network_id))
    late = driver.on(InterleavedStore(driver.store, lambda: prove(driver, codes[0])))
    assert refused(late, codes[1], OTHER_NETWORK).code == "IDENTITY_TAKEN"
    assert driver.world.fresh_directory(NETWORK).network.identities == {"email": ADDRESS}
    assert driver.world.fresh_directory(OTHER_NETWORK).network.identities == {}


def test_guesses_at_once_are_all_counted(driver: SalonDriver) -> None:
    ask(driver)
    mailed(driver)
    late = driver.on(InterleavedStore(driver.store, lambda: refused(driver, "AAAA-AAAA-AAA0")))
    assert refused(late, "AAAA-AAAA-AAA1").details["tries_left"] == MAX_TRIES - 2


def test_a_mail_that_does_not_leave_is_told_of(driver: SalonDriver) -> None:
    ask(driver)
    mailbox = RecordingSender("email", answers=[Outcome(MessageState.FAILED, reason="rejected")])
    with pytest.raises(DomainError, match="MAIL_FAILED"):
        mail_code(driver.world, {"email": mailbox}, code_mail, NETWORK)
    assert prove(driver, mailed(driver)).identities == {"email": ADDRESS}


def test_without_an_address_that_is_pending_no_code_is_made(driver: SalonDriver) -> None:
    for step in (lambda: mailed(driver), lambda: prove(driver, "AAAA-AAAA-AAAA")):
        with pytest.raises(DomainError, match="NO_PENDING_ADDRESS"):
            step()
    ask(driver)
    assert refused(driver, "AAAA-AAAA-AAAA").code == "CODE_EXPIRED"  # nothing was mailed yet
