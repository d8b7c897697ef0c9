"""A network of the demo's size, and everything that acts on it, run in this process step by step."""

import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from bench.setting.environment import BenchEnvironment
from bench.setting.meter import Meter
from chalicelib.booking_sites import ADAPTERS
from chalicelib.domain.messages.messages import Message, MessageState
from chalicelib.domain.networks.network import Connection, Directory
from chalicelib.domain.networks.rules import Rules
from chalicelib.domain.shared.ids import derived
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.queues import SqsIntakeQueue, SqsWakeQueue
from chalicelib.services.intake.ingest import ingest
from chalicelib.services.messages.sending import Sending
from chalicelib.services.waking.wake_items import Handlers, drain_shard, wake_one
from chalicelib.store.keys import shard_names
from chalicelib.store.table import Table
from chalicelib.texts.wording import message_words
from chalicelib.wiring import CachedDirectories
from infra.testkit.builders import NETWORK, a_connection, a_network, a_salon, a_service, a_staff_member
from infra.testkit.doubles import SettableClock
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.world import a_world

SALON, STAFF, SERVICE = derived("sal", "centru"), derived("stf", "anna"), derived("srv", "cut")
"""Ids as long as real ones: items are billed by their size."""

BASE_URL = "https://lotos.example"
SITES = ("standard", "yclients", "square", "calcom")


class MeteredDriver(SalonDriver, kw_only=True):
    """The network with its services as the functions run them; the clock is set by whoever measures.

    meter        sees every call, those of the set-up as the step `set-up`; it sees none where nobody watches,
                 and costs no time there.
    kept         what the process of a worker keeps from one item to the next.
    """

    environment: BenchEnvironment
    meter: Meter
    table: Table
    wake_url: str
    intake_url: str
    connections: dict[str, Connection]
    kept: tuple[Sending, Handlers] | None = None

    def sending(self) -> Sending:
        return self._kept()[0]

    def handlers(self, sending: Sending) -> Handlers:
        return self._kept()[1]

    def _kept(self) -> tuple[Sending, Handlers]:
        if self.kept is None:
            sending = super().sending()
            self.kept = sending, super().handlers(sending)
        return self.kept

    def adapters(self) -> Mapping[str, Any]:
        return ADAPTERS

    # --- the functions

    def run_intake(self) -> int:
        """What the intake function does with all that is in its queue."""
        return self._consume(
            self.intake_url, lambda body: ingest(self.intake(), body["network_id"], body["inbox_id"])
        )

    def run_wake(self) -> int:
        """What the wake function does with all that is in its queue."""
        return self._consume(self.wake_url, self._wake)

    def shards(self) -> list[str]:
        return shard_names(self.table.shards)

    def wake(self, value: Any) -> str:
        trouble = super().wake(value)
        assert trouble == "", trouble
        return trouble

    def _wake(self, body: dict[str, str]) -> None:
        awake = self.handlers(self.sending())
        if "pk" in body:
            trouble = wake_one(self.world, awake, body["pk"], body["sk"])
            assert trouble == "", trouble
            return
        drained = drain_shard(self.world, awake, body["shard"], lambda: True)
        assert (drained.failed, drained.unfinished) == (0, False), drained

    def _consume(self, url: str, handle: Callable[[dict[str, str]], Any]) -> int:
        queue, done = self.environment.client("sqs"), 0  # Lambda's own polling is no call of ours
        while True:
            got = queue.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
            for message in got:
                handle(json.loads(message["Body"]))
                queue.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                done += 1
            if not got:
                return done

    # --- the passing of time

    def at(self, instant: datetime) -> None:
        """Time goes on to then. What a process had kept of the rules and keys is too old after a minute."""
        assert instant >= self.clock.now
        self.clock.now = instant

    def mark_touches(self) -> None:
        """Earlier messages of the salon have marked today and yesterday in its pages of facts, as the first
        ones of each day do. The process remembers it."""
        for days in (0, 1):
            at = self.clock.now - timedelta(days=days)
            self.table.prepare(
                Message(
                    network_id=NETWORK,
                    id="msg_earlier",
                    client_id="cli_earlier",
                    salon_id=SALON,
                    kind=TouchKind.NOTICE,
                    channel="sms",
                    state=MessageState.SENT,
                    planned_at=at,
                    recorded_at=at,
                )
            )

    @property
    def network_id(self) -> str:
        return NETWORK


def a_metered_driver(
    environment: BenchEnvironment, *, watched: bool = True, rules: Rules | None = None
) -> MeteredDriver:
    """On a new table and new queues of the environment, with the network set up."""
    meter, table, clock = environment.meter(), environment.new_table(), SettableClock()
    if watched:
        meter.watch_table(table)
    sqs = meter.watch(environment.connect("sqs"))
    wake_url, intake_url = environment.new_queue(), environment.new_queue()

    def read_rules(network_id: str) -> Directory | None:
        before = meter.spent.read
        found = table.directory(network_id)
        meter.spent.rules_read += meter.spent.read - before
        return found

    world = a_world(
        table,
        clock,
        directories=CachedDirectories(read_rules, clock),
        wake_queue=SqsWakeQueue(lambda: sqs, wake_url, table.locate),
        pause=time.sleep,
    )
    with meter.step("set-up"):
        connections = _set_up(table, rules or Rules())
    return MeteredDriver(
        world=world,
        intake_queue=SqsIntakeQueue(lambda: sqs, intake_url),
        texts=message_words,
        base_url=BASE_URL,
        environment=environment,
        meter=meter,
        table=table,
        wake_url=wake_url,
        intake_url=intake_url,
        connections=connections,
    )


def _set_up(table: Table, rules: Rules) -> dict[str, Connection]:
    salons = [a_salon(SALON), *(a_salon(_id("sal", place), name=f"Lotos {place}") for place in range(2))]
    staff = [
        a_staff_member(STAFF, salon_ids=(SALON,), external_ids=_site_ids(standard="Anna", yclients="9")),
        *(a_staff_member(_id("stf", place), name=f"Olga {place}") for place in range(11)),
    ]
    services = [
        a_service(SERVICE, external_ids=_site_ids(standard="Haircut", yclients="1")),
        *(a_service(_id("srv", place), name=f"Service {place}") for place in range(19)),
    ]
    connections = [a_connection(site, derived("con", site), salon_id=SALON) for site in SITES]
    for value in (a_network(rules=rules), *salons, *staff, *services, *connections):
        table.save(value)
    return {connection.site: connection for connection in connections}


def _site_ids(**ids: str) -> tuple[str, ...]:
    """What the sites call one, as after the first webhook that named it: that one saves the id, once."""
    return tuple(f"{derived('con', site)}:{site_id}" for site, site_id in ids.items())


def _id(prefix: str, place: int) -> str:
    return derived(prefix, str(place))
