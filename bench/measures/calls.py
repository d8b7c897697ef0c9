"""How many calls of AWS stand between a request and its answer."""

import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from bench.report.figures import Figure
from bench.setting.deliveries import DELIVERIES
from bench.setting.environment import BenchEnvironment
from bench.setting.http import Http
from bench.setting.metered_driver import SALON, SERVICE, STAFF, a_metered_driver


class Desk:
    """The reception of a salon, whose process has the network's rules and its key at hand."""

    def __init__(self, environment: BenchEnvironment) -> None:
        self.driver = a_metered_driver(environment)
        self.http = Http(self.driver)
        self._phones: Iterator[int] = itertools.count(37369000000)
        with self.driver.meter.step("warming"):
            self.http.get("/v1/salons")
        self.known = self._register()

    def phone(self) -> str:
        return f"+{next(self._phones)}"

    def _register(self) -> dict[str, Any]:
        given = {"name": "Maria Popescu", "phone": self.phone(), "email": "maria@example.com"}
        with self.driver.meter.step("warming"):
            client: dict[str, Any] = self.http.post("/v1/clients", given)
        return client

    def book(self, client: dict[str, Any], headers: dict[str, str] | None = None) -> int:
        """Makes a booking; how many calls it took."""
        starts_at = (self.driver.clock.now + timedelta(days=3)).isoformat()
        body = {
            "salon_id": SALON,
            "starts_at": starts_at,
            "lines": [{"service_id": SERVICE, "staff_id": STAFF}],
        }
        return self._counted(lambda: self.http.post("/v1/bookings", {**body, **client}, headers))

    def webhook(self) -> int:
        """Takes a webhook of each site that signs or not; the most calls that one took."""
        most = 0
        for site, make in DELIVERIES.items():
            raw, headers = make(self.driver.clock.now + timedelta(days=2), self.driver.clock.now)
            address = f"/hooks/{site}/{self.driver.connections[site].token}"
            most = max(most, self._counted(lambda: self.http.post(address, raw, headers)))  # noqa: B023 - called at once
        return most

    def _counted(self, ask: Callable[[], Any]) -> int:
        self.driver.meter.steps.pop("asked", None)
        with self.driver.meter.step("asked") as spent:
            ask()
        return sum(spent.calls.values())


def figures(environment: BenchEnvironment) -> list[Figure]:
    desk = Desk(environment)
    by_id = desk.book({"client_id": desk.known["id"]})
    by_phone = desk.book({"client": {"name": "Maria Popescu", "phone": desk.known["phone"]}})
    new = desk.book({"client": {"name": "Ion Rusu", "phone": desk.phone()}})
    new_mail = desk.book({"client": {"name": "Ana Rusu", "phone": desk.phone(), "email": "ana@example.com"}})
    once = desk.book({"client_id": desk.known["id"]}, {"Idempotency-Key": "bench-1"})
    found = [
        Figure(
            "calls before a webhook is answered",
            desk.webhook(),
            "calls",
            3,
            "the largest of the sites', through the HTTP handler: connection, inbox, queue",
        ),
        Figure(
            "calls to book: client by id",
            by_id,
            "calls",
            3,
            "through the HTTP handler, rules and key at hand: client, booking, wake queue",
        ),
        Figure("calls to book: client by phone", by_phone, "calls", 3, "phone, client, booking, wake queue"),
        Figure(
            "calls to book: new client",
            new,
            "calls",
            3,
            "phone (free), one transaction with client and phone, wake queue",
        ),
        Figure(
            "calls to book: new client with e-mail",
            new_mail,
            "calls",
            None,
            "phone, e-mail, transaction, queue",
        ),
        Figure(
            "calls to book: with Idempotency-Key", once, "calls", None, "client by id; the key's answer too"
        ),
    ]
    environment.drop(desk.driver.table)
    return found
