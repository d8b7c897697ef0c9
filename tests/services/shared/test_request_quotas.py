"""Requests are counted against their caller's quota, almost without calls."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.quotas import QUOTAS, CallerKind, Quota, QuotaUse
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.request_quotas import FREE, TAKEN_AT_ONCE, RequestQuotas
from chalicelib.services.shared.world import World
from infra.testkit.builders import NETWORK, NOW
from infra.testkit.doubles import SettableClock

SMALL = Quota(hour=250, day=400)


def small(world: World) -> RequestQuotas:
    """A process whose quotas are so small that a test needs hundreds of requests rather than thousands."""
    return RequestQuotas(world, {CallerKind.PARTNER: SMALL})


def served(quotas: RequestQuotas, requests: int, caller: str = "key:one") -> int:
    """How many of these requests were not refused."""
    return sum(_is_served(quotas, caller) for _ in range(requests))


def _is_served(quotas: RequestQuotas, caller: str) -> bool:
    try:
        quotas.count(NETWORK, caller, CallerKind.PARTNER)
    except DomainError:
        return False
    return True


def stored_use(world: World) -> QuotaUse | None:
    return world.store.get(QuotaUse, network_id=NETWORK, caller="key:one", day=f"{NOW:%Y-%m-%d}")


def test_the_first_requests_of_an_hour_cost_no_call(world: World) -> None:
    assert served(small(world), FREE) == FREE
    assert stored_use(world) is None


def test_a_process_takes_many_requests_at_once(world: World) -> None:
    served(small(world), FREE + TAKEN_AT_ONCE)
    use = stored_use(world)
    assert use is not None
    assert (use.by_hour, use.version) == ({f"{NOW:%H}": TAKEN_AT_ONCE}, 1)


def test_no_more_than_the_quota_of_an_hour_is_served(world: World) -> None:
    assert served(small(world), 1000) == FREE + SMALL.hour


def test_many_processes_share_the_quota(world: World) -> None:
    processes = [small(world) for _ in range(4)]
    total = sum(_is_served(processes[number % 4], "key:one") for number in range(2000))
    assert total == SMALL.hour + 4 * FREE


def test_the_next_hour_has_a_quota_of_its_own_until_the_days_is_spent(
    world: World, clock: SettableClock
) -> None:
    quotas = small(world)
    assert served(quotas, 1000) == FREE + 250
    clock.forward(hours=1)
    assert served(quotas, 1000) == FREE + 150
    clock.forward(hours=1)
    assert served(quotas, 1000) == 0  # refused for the rest of the day, without a call
    clock.forward(days=1)
    assert served(quotas, 1000) == FREE + 250


def test_a_refusal_says_how_long_to_wait_and_costs_no_call(world: World, store: Any) -> None:
    quotas = small(world)
    served(quotas, 1000)
    with pytest.raises(DomainError) as refusal:
        quotas.count(NETWORK, "key:one", CallerKind.PARTNER)
    assert refusal.value.code == "QUOTA_SPENT"
    wait = NOW.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1) - NOW
    assert refusal.value.details["retry_after_seconds"] == wait.total_seconds()
    store.item.delete_table()
    assert served(quotas, 10) == 0


def test_one_callers_flood_costs_another_nothing(world: World) -> None:
    quotas = small(world)
    served(quotas, 1000)
    assert served(quotas, FREE, "key:two") == FREE


def test_a_process_that_was_quicker_is_counted_too(world: World) -> None:
    """Two processes take at the same moment: the second save meets the first and starts over."""
    first, second = small(world), small(world)
    served(first, FREE + 1)

    class Slower:
        """A store whose first save comes after another process has taken."""

        def __init__(self) -> None:
            self.met = False

        def __getattr__(self, name: str) -> Any:
            return getattr(world.store, name)

        def save(self, *values: Any) -> Any:
            if not self.met:
                self.met = True
                served(second, FREE + 1)
                raise SaveConflict(values[0])
            return world.store.save(*values)

    slow = small(replace(world, store=Slower()))
    served(slow, FREE + 1)
    use = stored_use(world)
    assert use is not None
    assert sum(use.by_hour.values()) == 250  # 100 each for the first two, and the last 50


def test_callers_that_are_long_gone_take_no_memory(world: World) -> None:
    quotas = RequestQuotas(world, max_callers=10)
    for number in range(100):
        served(quotas, 1, f"key:{number}")
    assert len(quotas._held) == 10


def test_a_connection_of_several_salons_has_a_quota_for_each(world: World) -> None:
    quotas = small(world)
    for _ in range(FREE + SMALL.day):
        quotas.count(NETWORK, "con_1", CallerKind.PARTNER, times=3)
    assert served(quotas, FREE + 1) == FREE + 1


def test_every_kind_of_key_has_a_quota() -> None:
    assert {CallerKind(role.value) for role in Role} <= QUOTAS.keys()
    assert all(0 < quota.hour < quota.day for quota in QUOTAS.values())
