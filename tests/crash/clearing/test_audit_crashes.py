"""Every call of an audit, of a night and of a clearing fails in turn; gone on with, each comes to the
same."""

import contextlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.clearing.clearing import Clearing
from chalicelib.domain.loyalty.account import EntryKind
from chalicelib.domain.shared.tasks import Task
from chalicelib.domain.waking.walks import Walk
from chalicelib.services.clearing.audit_accounts import start_audit
from chalicelib.services.clearing.clear_month import start_clearing
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.walks import NIGHTLY_ID, nightly_walk
from chalicelib.services.waking.walk_on import walk_on
from infra.testkit.builders import NETWORK
from infra.testkit.failing_calls import Calls, Failure, WorkerDied
from tests.ledgers import CLIENTS, ZONE, Ledgers

Job = Callable[[Ledgers], None]


def prepared() -> Ledgers:
    """Two salons, four clients, one account that was spoilt."""
    ledgers = Ledgers()
    for number, each_id in enumerate(CLIENTS):
        ledgers.post(each_id, 10 + number, EntryKind.GRANT, "sal_centru")
        ledgers.post(each_id, -number - 1, EntryKind.REDEEM, "sal_york")
    spoilt = ledgers.account(CLIENTS[1])
    ledgers.store.save(replace(spoilt, balance=spoilt.balance + 1))
    ledgers.store.save(nightly_walk(NETWORK, ledgers.clock(), ZONE))
    ledgers.clock.forward(days=10)  # in December: November's books are closed
    return ledgers


def the_audit(ledgers: Ledgers) -> None:
    to_its_end(ledgers, start_audit(ledgers.world, NETWORK))


def the_clearing(ledgers: Ledgers) -> None:
    to_its_end(ledgers, start_clearing(ledgers.world, NETWORK, "2026-11"))


def to_its_end(ledgers: Ledgers, walk: Walk) -> None:
    while walk.finished_at is None:
        walk_on(ledgers.world, walk)
        walk = ledgers.store.get(Walk, network_id=NETWORK, id=walk.id)


def the_night(ledgers: Ledgers) -> None:
    walk = ledgers.store.get(Walk, network_id=NETWORK, id=NIGHTLY_ID)
    if walk.wake.at <= ledgers.clock():
        walk_on(ledgers.world, walk)


def as_it_is(ledgers: Ledgers) -> tuple[Any, ...]:
    store = ledgers.store
    walks = store.get_page(Walk, network_id=NETWORK).items
    clearing = store.get(Clearing, network_id=NETWORK, month="2026-11")
    parts = list(store.clearing_parts(NETWORK, clearing.walk_id)) if clearing else []
    return (
        [(walk.state, walk.stage, walk.seen, walk.changed) for walk in walks],
        [(task.client_id, task.words) for task in store.get_page(Task, network_id=NETWORK).items],
        clearing and (clearing.period, clearing.is_final),
        [(part.number, part.sums) for part in parts],
    )


@pytest.mark.parametrize("job", [the_audit, the_clearing, the_night])
@pytest.mark.parametrize("failure", [Failure.BEFORE, Failure.AFTER, Failure.DIED])
def test_whichever_call_fails_gone_on_with_all_is_there_once(job: Job, failure: Failure) -> None:
    ledgers = prepared()
    with ledgers.store.calls(Calls()) as dry:
        job(ledgers)
    expected = as_it_is(ledgers)
    assert len(dry.made) > 5
    for number in range(len(dry.made)):
        ledgers = prepared()
        with (
            ledgers.store.calls(Calls(number, failure)),
            contextlib.suppress(ConnectionError, WorkerDied, SaveConflict),
        ):
            job(ledgers)
        ledgers.clock.forward(seconds=timedelta(minutes=1).total_seconds())
        job_again(ledgers, job)
        assert as_it_is(ledgers) == expected, dry.made[number]


def job_again(ledgers: Ledgers, job: Job) -> None:
    """What is under way is gone on with; what was done is not done anew."""
    if job is the_night:
        the_night(ledgers)
        return
    begun = [walk for walk in ledgers.store.get_page(Walk, network_id=NETWORK).items if walk.id != NIGHTLY_ID]
    if begun:
        to_its_end(ledgers, begun[0])
    else:
        job(ledgers)
