"""A network of the demo's size, and everything that acts on it, run in this process step by step."""

import json
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from bench.setting.environment import SHARDS, BenchEnvironment
from bench.setting.meter import Meter
from chalicelib.booking_sites import ADAPTERS
from chalicelib.domain.networks.network import Connection, Directory
from chalicelib.domain.networks.rules import Rules
from chalicelib.domain.shared.ids import derived
from chalicelib.queues import SqsIntakeQueue, SqsWakeQueue
from chalicelib.services.intake.ingest import Intake, ingest
from chalicelib.services.intake.receive_webhook import Receiving
from chalicelib.services.messages.budgets import Budgets
from chalicelib.services.messages.sending import Sending
from chalicelib.services.shared.links import Links
from chalicelib.services.shared.world import World
from chalicelib.services.waking.handlers import handlers
from chalicelib.services.waking.sweep_shards import sweep
from chalicelib.services.waking.wake_items import drain_shard, wake_one
from chalicelib.store.keys import shard_names
from chalicelib.store.table import Table
from chalicelib.texts.wording import message_words
from chalicelib.wiring import CachedDirectories
from infra.testkit.builders import (
    NETWORK,
    RecordingSender,
    SeededChance,
    SettableClock,
    a_connection,
    a_network,
    a_salon,
    a_service,
    a_staff_member,
)

SALON, STAFF, SERVICE = derived("sal", "centru"), derived("stf", "anna"), derived("srv", "cut")
"""Ids as long as real ones: items are billed by their size."""

BASE_URL = "https://lotos.example"
SITES = ("standard", "yclients", "square", "calcom")


class MeteredDriver:
    """The network with its services as the functions run them; the clock is set by whoever measures.

    meter: sees every call, those of the set-up as the step `set-up`; it sees none where nobody watches, and
    costs no time there.
    """

    def __init__(
        self, environment: BenchEnvironment, *, watched: bool = True, rules: Rules | None = None
    ) -> None:
        self.environment = environment
        self._rules = rules or Rules()
        self.meter: Meter = environment.meter()
        self.table: Table = environment.new_table()
        if watched:
            self.meter.watch_table(self.table)
        self.clock = SettableClock()
        self.sender = RecordingSender()
        self._sqs = self.meter.watch(environment.connect("sqs"))
        self._worker = environment.client("sqs")  # Lambda's own polling is no call of ours
        self.wake_url, self.intake_url = environment.new_queue(), environment.new_queue()
        wake_queue = SqsWakeQueue(lambda: self._sqs, self.wake_url, self.table.locate)
        intake_queue = SqsIntakeQueue(lambda: self._sqs, self.intake_url)
        self.directories = CachedDirectories(self._read_rules, self.clock)
        self.world = World(self.table, self.directories, self.clock, SeededChance(), wake_queue, time.sleep)
        self.links = Links(b"k" * 32, BASE_URL)
        budgets = Budgets(self.world)
        self.sending = Sending(self.world, {"sms": self.sender}, self.links, message_words, budgets)
        self.handlers = handlers(self.sending, intake_queue)
        self.receiving = Receiving(self.world, ADAPTERS, intake_queue, lambda: BASE_URL)
        self.intake = Intake(self.world, ADAPTERS, lambda: BASE_URL)
        with self.meter.step("set-up"):
            self.connections = self._set_up()

    def _set_up(self) -> dict[str, Connection]:
        salons = [a_salon(SALON), *(a_salon(_id("sal", place), name=f"Lotos {place}") for place in range(2))]
        staff = [
            a_staff_member(STAFF, salon_ids=(SALON,)),
            *(a_staff_member(_id("stf", place), name=f"Olga {place}") for place in range(11)),
        ]
        services = [
            a_service(SERVICE),
            *(a_service(_id("srv", place), name=f"Service {place}") for place in range(19)),
        ]
        connections = [a_connection(site, derived("con", site), salon_id=SALON) for site in SITES]
        for value in (a_network(rules=self._rules), *salons, *staff, *services, *connections):
            self.table.save(value)
        return {connection.site: connection for connection in connections}

    def _read_rules(self, network_id: str) -> Directory | None:
        before = self.meter.spent.read
        found = self.table.directory(network_id)
        self.meter.spent.rules_read += self.meter.spent.read - before
        return found

    # --- the functions

    def run_intake(self) -> int:
        """What the intake function does with all that is in its queue."""
        return self._consume(
            self.intake_url, lambda body: ingest(self.intake, body["network_id"], body["inbox_id"])
        )

    def run_wake(self) -> int:
        """What the wake function does with all that is in its queue."""
        return self._consume(self.wake_url, self._wake)

    def run_sweep(self) -> list[str]:
        return sweep(self.world, self.shards())

    def shards(self) -> list[str]:
        return shard_names(SHARDS)

    def wake(self, value: Any) -> None:
        """What a worker does that is given one item."""
        pk, sk, _ = self.table.locate(value)
        self._wake({"pk": pk, "sk": sk})
        self.sending.budgets.close()

    def _wake(self, body: dict[str, str]) -> None:
        if "pk" in body:
            trouble = wake_one(self.world, self.handlers, body["pk"], body["sk"])
            assert trouble == "", trouble
            return
        drained = drain_shard(self.world, self.handlers, body["shard"], lambda: True)
        assert (drained.failed, drained.unfinished) == (0, False), drained

    def _consume(self, url: str, handle: Callable[[dict[str, str]], Any]) -> int:
        done = 0
        while True:
            got = self._worker.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
            for message in got:
                handle(json.loads(message["Body"]))
                self._worker.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                done += 1
            if not got:
                return done

    # --- the passing of time

    def at(self, instant: datetime) -> None:
        """Time goes on to then. What a process had kept of the rules and keys is too old after a minute."""
        assert instant >= self.clock.now
        self.clock.now = instant

    @property
    def network_id(self) -> str:
        return NETWORK


def _id(prefix: str, place: int) -> str:
    return derived(prefix, str(place))
