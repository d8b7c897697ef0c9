"""What the tests of a trial share: a network in trial, going live, and what is recorded and counted."""

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.messages.messages import Message
from chalicelib.domain.networks.bonus_rules import BonusRules
from chalicelib.domain.networks.network import Network
from chalicelib.domain.networks.rules import Rules
from chalicelib.domain.networks.trial import TrialTally
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.touches import IN_TRIAL
from chalicelib.services.networks.go_live import go_live
from infra.testkit.builders import NETWORK, access
from infra.testkit.salon_driver import SalonDriver
from tests.services.rewarded import MARIA


def change_network(driver: SalonDriver, **fields: Any) -> None:
    driver.store.save(replace(driver.store.get(Network, network_id=NETWORK), **fields))
    driver.world.directories.forget(NETWORK)


def with_bonuses(driver: SalonDriver, **rules: Any) -> None:
    change_network(driver, rules=Rules(bonuses=BonusRules(**rules)))


def live(driver: SalonDriver) -> Network:
    return go_live(driver.world, access())


def tally(driver: SalonDriver) -> TrialTally:
    return driver.store.get(TrialTally, network_id=NETWORK) or TrialTally(network_id=NETWORK)


def skipped(driver: SalonDriver, client_id: str = MARIA) -> list[Message]:
    return [each for each in driver.log(client_id) if each.reason == IN_TRIAL]


def refusal(act: Any) -> str:
    with pytest.raises(DomainError) as refused:
        act()
    return refused.value.code
