"""Any history of words by a site (each in its own format; repeated, late), by the desk and by the client ends
as a simple model of precedence says: status, time, money, points and questions to the desk."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.booking_sites import ADAPTERS
from chalicelib.domain.bookings.booking_access import LinkVisitor
from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.intake.inbox import InboxItem, InboxState
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.ids import derived
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.services.bookings import step_booking
from chalicelib.services.intake.ingest import Intake, ingest
from infra.testkit.builders import NETWORK, a_connection, a_town
from infra.testkit.memory_store import MemoryStore
from infra.testkit.salon_driver import BASE_URL, MARIA_ID, SalonDriver
from infra.testkit.world import a_world
from tests.authority.model import Held, is_early
from tests.authority.sites import FIRST_START, MOVED_BY_DESK, SITES, SpeakingSite, Spoken, spoken_next
from tests.profile import LONG, tries

MINUTE = timedelta(minutes=1)
DAYS_AHEAD = FIRST_START + timedelta(days=3)


@dataclass
class Salon:
    """One booking of one site, beside its model."""

    site: SpeakingSite
    driver: SalonDriver
    connection: Any
    held: Held
    spoken: list[Spoken]
    late: list[Spoken] = field(default_factory=list)
    received: int = 0

    # --- steps

    def says(self, word: str, late: bool) -> None:
        last = self.spoken[-1]
        if word not in self.site.says or (self.site.in_order and last.status == "cancelled"):
            return
        spoken = spoken_next(self.site, last, word, self.driver.world.now())
        self.spoken.append(spoken)
        if late and not self.site.in_order:
            self.late.append(spoken)
        else:
            self.hears(spoken)

    def comes_late(self) -> None:
        if self.late:
            self.hears(self.late.pop(0))

    def comes_again(self, number: int) -> None:
        """A body that came before comes again, perhaps by another delivery: it changes nothing."""
        known = [each for each in self.spoken if each not in self.late]
        before = self.facts()
        self.deliver(self.site.raw(known[number % len(known)]))
        assert self.facts() == before

    def hears(self, spoken: Spoken) -> None:
        self.deliver(self.site.raw(spoken))
        self.held.hears(spoken)

    def waits(self) -> None:
        """Until the day of the visit."""
        if is_early(self.held.start, self.driver.clock.now):
            self.driver.clock.now = self.held.start - timedelta(hours=2)

    def steps(self, step: str, by_client: bool) -> None:
        if step in ("complete", "no_show"):
            self.waits()
        at, booking = self.driver.world.now(), self.booking
        paid_minor = 30_000
        may = self.held.may(step)
        if not may or (step == "move" and self.held.start + MOVED_BY_DESK <= at):
            with pytest.raises(DomainError, match="START_IN_PAST" if may else "WRONG_STATUS"):
                self._step(step, booking, paid_minor, by_client=by_client)
            return
        self._step(step, booking, paid_minor, by_client=by_client)
        self.held.desk(step, at, paid_minor)

    def _step(self, step: str, booking: Booking, paid_minor: int, *, by_client: bool) -> None:
        driver, visitor = self.driver, LinkVisitor(NETWORK, MARIA_ID)
        if by_client:
            act = {"confirm": step_booking.confirm, "cancel": step_booking.cancel}[step]
            act(driver.world, visitor, booking.id)
        elif step == "move":
            driver.move(booking, booking.starts_at + MOVED_BY_DESK)
        elif step == "complete":
            driver.complete(booking, paid_minor=paid_minor)
        else:
            steps: dict[str, Any] = {"confirm": driver.confirm, "cancel": driver.cancel,
                                     "no_show": driver.mark_no_show, "reopen": driver.reopen}  # fmt: skip
            steps[step](booking)

    # --- looking

    @property
    def booking(self) -> Booking:
        (found,) = self.driver.bookings()
        return found

    def questions(self) -> int:
        tasks = self.driver.store.get_page(Task, network_id=NETWORK, limit=200).items
        return sum(task.kind is TaskKind.SITE_DISAGREES for task in tasks)

    def facts(self) -> tuple[Any, ...]:
        booking, client = self.booking, self.driver.client()
        points = self.driver.store.account(NETWORK, MARIA_ID).balance
        return (booking.status.value, booking.starts_at, booking.paid_minor, points, client.visits_count,
                dict(client.spent_minor).get("MDL", 0), booking.client_id, self.questions())  # fmt: skip

    def agrees(self) -> None:
        held = self.held
        paid_minor = held.paid_minor if held.status == "completed" else None
        came = held.status == "completed"
        points = (paid_minor or 0) // 2000
        expected = (held.status, held.start, paid_minor, points, int(came), paid_minor or 0, MARIA_ID,
                    held.questions)  # fmt: skip
        assert self.facts() == expected
        assert self.driver.ledger_faults() == []

    def deliver(self, raw: bytes) -> None:
        self.received += 1
        item = InboxItem(
            network_id=NETWORK,
            id=derived("inb", str(self.received)),
            connection_id=self.connection.id,
            site=self.site.name,
            raw=raw,
            received_at=self.driver.world.now(),
        )
        self.driver.store.save(item)
        state = ingest(Intake(self.driver.world, ADAPTERS, lambda: BASE_URL), NETWORK, item.id)
        assert state in (InboxState.APPLIED, InboxState.IGNORED)


def opened(site: SpeakingSite, start: datetime) -> Salon:
    store: Any = MemoryStore()
    a_town(store)
    (connection,) = store.save(a_connection(site.name, settings=dict(site.settings)))
    salon = Salon(site, SalonDriver(a_world(store)), connection, Held(start), [Spoken(start=start)])
    if site.before is not None:
        salon.deliver(json.dumps(site.before()).encode())
    salon.hears(salon.spoken[0])
    return salon


WORDS = ["note", "move", "booked", "confirmed", "completed", "cancelled", "no_show"]
STEPS = ["confirm", "cancel", "no_show", "complete", "reopen", "move"]
step = st.one_of(
    st.tuples(st.just("says"), st.sampled_from(WORDS), st.booleans()),
    st.tuples(st.just("desk"), st.sampled_from(STEPS), st.just(False)),
    st.tuples(st.just("client"), st.sampled_from(["confirm", "cancel"]), st.just(True)),
    st.tuples(st.just("late"), st.just(""), st.just(False)),
    st.tuples(st.just("again"), st.integers(0, 20), st.just(False)),
    st.tuples(st.just("wait"), st.just(""), st.just(False)),
)


@pytest.mark.parametrize("name", SITES)
@given(history=st.lists(step, max_size=16), start=st.sampled_from([FIRST_START, DAYS_AHEAD]))
@tries(few=80)
def test_any_history_of_words_ends_as_the_model_says(
    name: str, history: list[tuple[str, Any, bool]], start: datetime
) -> None:
    lived(name, history, start)


BEFORE = (*WORDS, None) if LONG else (None,)


@pytest.mark.parametrize("name", SITES)
@pytest.mark.parametrize("first", [*STEPS, "cancel by link"])
def test_each_step_against_each_two_words_of_the_site_ends_as_the_model_says(name: str, first: str) -> None:
    by_link = first.endswith("by link")
    own = ("client" if by_link else "desk", first.split()[0], by_link)
    for before, one, other in product(BEFORE, WORDS, WORDS):
        said = [("says", before, False)] if before else []
        lived(name, [*said, own, ("says", one, False), ("says", other, False)])


def lived(name: str, history: Sequence[tuple[str, Any, bool]], start: datetime = FIRST_START) -> None:
    """The history, after each step of which the booking is as the model has it."""
    salon = opened(SITES[name], start)
    salon.agrees()
    for kind, what, flag in history:
        salon.driver.clock.now += MINUTE
        if kind == "says":
            salon.says(what, flag)
        elif kind == "wait":
            salon.waits()
        elif kind == "late":
            salon.comes_late()
        elif kind == "again":
            salon.comes_again(what)
        else:
            salon.steps(what, by_client=flag)
        salon.agrees()
