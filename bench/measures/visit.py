"""The whole life of one visit of a new client, step by step, with what each step costs."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from bench.report.figures import Figure
from bench.report.prices import step_dollars
from bench.setting.deliveries import DELIVERIES
from bench.setting.environment import BenchEnvironment
from bench.setting.http import Http
from bench.setting.meter import Meter, Spent
from bench.setting.metered_driver import SALON, MeteredDriver, a_metered_driver
from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.facts.fact_pages import TOUCHES, VISITS
from chalicelib.domain.loyalty.ledger_check import faults
from chalicelib.domain.messages.messages import Message
from chalicelib.domain.shared.touches import TouchKind
from infra.testkit.builders import a_booking


@dataclass(frozen=True)
class Step:
    """floor: write units that any design must spend: one for each item, and each entry of an index, that must
    appear or change; none for transactions (which double), for the claim, or for the inbox's own pointer.
    what: those items. http: requests by API Gateway. beside: no part of one visit."""

    name: str
    floor: int
    what: str
    function: str
    http: int = 0
    beside: bool = False


STEPS = (
    Step("webhook received", 1, "the body, durable", "api", 1),
    Step(
        "webhook taken in",
        9,
        "booking (item, due, client's, salon's), client (item, list), phone, site's id, inbox",
        "intake",
    ),
    Step("notice", 6, "link, log line (item, salon's), booking (item, pointer moved)", "wake"),
    Step("confirm request", 5, "log line (item, salon's), booking (item, pointer moved)", "wake"),
    Step("tap: confirmed", 3, "booking (item, pointer moved: no cut-off any more)", "api", 3),
    Step("control reminder", 4, "log line (item, salon's), booking (item, pointer removed)", "wake"),
    Step("consent taken down", 2, "client, history; once, not for each visit", "api", 1, beside=True),
    Step(
        "completed, cashback",
        8,
        "booking (item, salon's, due), client (item, due, category's list), account, entry",
        "api",
        1,
    ),
    Step(
        "review request, bonus notice", 4, "log line (item, salon's), booking (item, pointer removed)", "wake"
    ),
    Step("review", 1, "booking", "api", 3),
    Step("repeat invitation", 5, "log line (item, salon's), client (item, pointer moved)", "wake"),
)


KINDS = {
    TouchKind.NOTICE,
    TouchKind.CONFIRM_REQUEST,
    TouchKind.CONTROL_REMINDER,
    TouchKind.REVIEW_REQUEST,
    TouchKind.BONUS_NOTICE,
    TouchKind.REPEAT_INVITATION,
}


class Visit:
    """One client, one booking. `live` runs all steps in order, each at its own hour, when the rules and keys
    that a process had kept are too old: they are read anew, and counted."""

    def __init__(self, driver: MeteredDriver, site: str) -> None:
        self.driver, self.site = driver, site
        self.starts_at = driver.clock.now + timedelta(days=2)
        self._http = Http(driver)

    def live(self) -> None:
        driver, start = self.driver, self.starts_at
        driver.clock.forward(minutes=2)  # what setting up has left at hand is too old
        with self._step("webhook received"):
            self._webhook()
        driver.clock.forward(minutes=2)  # another function takes it in: nothing is at hand there
        with self._step("webhook taken in"):
            assert driver.run_intake() == 1
        driver.clock.forward(minutes=2)
        self._mark_touches()
        with self._step("notice"):
            assert driver.run_wake() == 1
        self._wakes("confirm request", start - timedelta(hours=24) + timedelta(seconds=20))
        driver.clock.forward(minutes=20)
        with self._step("tap: confirmed"):
            self._tap()
        self._wakes("control reminder", start - timedelta(minutes=59))
        driver.at(start + timedelta(minutes=70))
        booking = self._booking()
        with self._step("consent taken down"):
            self._http.put(
                f"/v1/clients/{booking.client_id}/consents/sms/marketing",
                {"granted": True, "how": "at the desk"},
            )
        with self._step("an earlier visit of the salon's day"):
            self._mark_day(booking)
        driver.clock.forward(minutes=2)
        with self._step("completed, cashback"):
            self._complete(booking)
        self._wakes("review request, bonus notice", driver.clock.now + timedelta(minutes=121))
        driver.clock.forward(minutes=20)
        with self._step("review"):
            self._review()
        self._wakes("page of facts handed over", self._renewed_at())
        self._wakes("repeat invitation", self._invited_at(booking))
        self._check(booking)

    # --- steps

    def _step(self, name: str) -> Any:
        return self.driver.meter.step(name)

    def _wakes(self, name: str, at: datetime) -> None:
        """A minute's sweep finds the item, a worker sends what is due. The sweep is paid by the minute."""
        self._pass_nights(at)
        self.driver.at(at)
        self._mark_touches()
        with self._step("sweep"):
            assert len(self.driver.sweep()) == 1
        with self._step(name):
            assert self.driver.run_wake() == 1

    def _pass_nights(self, until: datetime) -> None:
        """The pages of facts of messages, which are due in the nights until then, are handed over."""
        with self._step("nights"):
            for page in self.driver.table.fact_pages(self.driver.network_id, TOUCHES):
                if page.wake is not None and page.wake.at < until - timedelta(minutes=1):
                    self.driver.at(page.wake.at + timedelta(seconds=20))
                    self.driver.sweep()
                    assert self.driver.run_wake() == 1

    def _mark_touches(self) -> None:
        """The process knows the day to be marked, and has nothing else at hand."""
        with self._step("an earlier message of the salon's day"):
            self.driver.mark_touches()
        self.driver.world.directories.forget(self.driver.network_id)

    def _webhook(self) -> None:
        raw, headers = DELIVERIES[self.site](self.starts_at, self.driver.clock.now)
        answer = self._http.post(
            f"/hooks/{self.site}/{self.driver.connections[self.site].token}", raw, headers
        )
        assert answer["status"] == "accepted", answer

    def _tap(self) -> None:
        """The client opens the page that the last message leads to, confirms, and is led back to it."""
        page = self._link("b")
        self._http.get(page)
        self._http.post(f"{page}/confirm")
        self._http.get(page)

    def _complete(self, booking: Booking) -> None:
        paid = {"amount_minor": 50_000, "currency": "MDL"}
        answer = self._http.post(f"/v1/bookings/{booking.id}/complete", {"paid": paid})
        assert answer["bonus"]["earned"] == 25, answer

    def _mark_day(self, booking: Booking) -> None:
        """Nobody's visit marks the day in the salon's page of facts, as the first visit of each day does."""
        now = self.driver.clock.now
        earlier = a_booking(
            "bkg_earlier000000001",
            booking.network_id,
            salon_id=SALON,
            client_id=None,
            starts_at=now - timedelta(hours=1),
            lines=booking.lines,
            currency=booking.currency,
        )
        self.driver.complete(self.driver.table.save(earlier)[0], paid_minor=50_000)

    def _review(self) -> None:
        page = self._link("r")
        self._http.get(page)
        self._http.post(page, urlencode({"stars": 5, "words": "Спасибо Анне, всё понравилось!"}))
        self._http.get(page)

    def _link(self, purpose: str) -> str:
        """The path of the link in the last message."""
        text = self.driver.sender.sent[-1].worded.text
        (address,) = re.findall(rf"https://[^ ]+(/{purpose}/[0-9a-z]+)", text)
        return str(address)

    # --- looking on, at nobody's cost

    def _aside(self) -> Any:
        return self.driver.meter.step("aside")

    def _booking(self) -> Booking:
        with self._aside():
            found = self.driver.table.bookings_of_salon(
                self.driver.network_id,
                SALON,
                since=self.starts_at,
                until=self.starts_at + timedelta(minutes=1),
            )
        (booking,) = found.items
        return booking

    def _invited_at(self, booking: Booking) -> datetime:
        with self._aside():
            client = self.driver.table.get(
                Client, network_id=self.driver.network_id, id=str(booking.client_id)
            )
        assert client is not None
        assert client.wake is not None
        return client.wake.at + timedelta(seconds=20)

    def _renewed_at(self) -> datetime:
        with self._aside():
            (page,) = self.driver.table.fact_pages(self.driver.network_id, VISITS)
        assert page.wake is not None
        return page.wake.at + timedelta(seconds=20)

    def _check(self, booking: Booking) -> None:
        """All six kinds went out in five messages, and the ledger is right."""
        driver = self.driver
        assert len(driver.sender.sent) == 5, [each.worded.text for each in driver.sender.sent]
        with self._aside():
            log = driver.table.get_page(
                Message, network_id=driver.network_id, client_id=str(booking.client_id)
            ).items
            account = driver.table.account(driver.network_id, str(booking.client_id))
            entries = driver.table.entries(driver.network_id, str(booking.client_id))
        assert {message.kind for message in log} == KINDS
        assert {message.state.value for message in log} == {"sent"}
        assert faults(account, entries) == []


# --- what it came to


def lived(environment: BenchEnvironment, site: str) -> Meter:
    driver = a_metered_driver(environment)
    Visit(driver, site).live()
    environment.drop(driver.table)
    return driver.meter


def total(meter: Meter, *, beside: bool = False) -> Spent:
    """The sum over the steps of a visit; with those beside it too, if asked."""
    found = Spent()
    for step in STEPS:
        if beside or not step.beside:
            spent = meter.steps[step.name]
            for name in ("write", "read", "reported_write", "reported_read", "rules_read"):
                setattr(found, name, getattr(found, name) + getattr(spent, name))
            found.calls += spent.calls
    return found


def rows(meter: Meter) -> list[dict[str, Any]]:
    """Each step: units beside the floor, calls, and dollars."""
    found = []
    for step in STEPS:
        spent = meter.steps[step.name]
        row: dict[str, Any] = {
            "step": step.name, "beside": step.beside, "function": step.function, "http": step.http,
            "write": spent.write, "floor": step.floor, "what": step.what,
            "read": spent.read, "of_rules": spent.rules_read,
            "reported_write": spent.reported_write, "reported_read": spent.reported_read,
            "dynamodb_calls": spent.dynamodb_calls, "sqs_calls": spent.calls["sqs.SendMessage"],
            "largest_bytes": dict(sorted(spent.largest.items())),
        }  # fmt: skip
        found.append(row | {"dollars_per_1000": round(sum(step_dollars(row).values()) * 1000, 4)})
    return found


def figures(meters: dict[str, Meter]) -> list[Figure]:
    return [figure for site, meter in meters.items() for figure in _of_site(site, meter)]


def _of_site(site: str, meter: Meter) -> list[Figure]:
    """Targets are for the standard site: what others send is larger."""
    spent, asked = total(meter), total(meter, beside=True)
    written, read = (61, 40) if site == "standard" else (None, None)
    floor = sum(step.floor for step in STEPS if not step.beside)
    largest = max(step.largest["BOOKING"] for step in meter.steps.values())
    calls = ", ".join(f"{name} {number}" for name, number in sorted(spent.calls.items()))
    consent = f"with the consent that the invitation needs: {asked.write:g} written, {asked.read:g} read"
    return [
        Figure(
            f"visit ({site}): written",
            spent.write,
            "write units",
            written,
            f"sum of the ten steps by DynamoDB's rules; the local cloud reports {spent.reported_write:g};"
            f" the floor is {floor}; the booking is at most {largest} bytes; {consent}",
        ),
        Figure(
            f"visit ({site}): read, by the local cloud's count",
            spent.reported_read,
            "read units",
            read,
            "rules and keys read anew in every step; the local cloud counts a query as one of 4 KB at most",
        ),
        Figure(
            f"visit ({site}): read, rules at hand",
            spent.read - spent.rules_read,
            "read units",
            read,
            "by DynamoDB's rules, where each function has read the network's rules within the last minute",
        ),
        Figure(
            f"visit ({site}): read, nothing at hand",
            spent.read,
            "read units",
            None,
            f"by DynamoDB's rules, where every step reads the rules anew ({spent.rules_read:g} units: 40"
            " items, 7 kB); clients open, act, and are led back to the page, three requests each",
        ),
        Figure(f"visit ({site}): calls of AWS", sum(spent.calls.values()), "calls", None, calls),
    ]
