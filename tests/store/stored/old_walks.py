"""The walks of the network whose autumn old_life.py lives through: of every kind one that has ended, and one
that is in the middle. The draw that is in the middle is that of another network.

Belongs to make_items.py, and runs where that runs.
"""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

from msgspec.structs import replace
from old_life import BEGIN, Autumn, anybody

from chalicelib.domain.bonus_rules import Gift, Surprise
from chalicelib.domain.campaigns import Segment
from chalicelib.domain.clients import VisitDay
from chalicelib.domain.ledger_check import faults
from chalicelib.domain.walks import Count, Walk, WalkKind
from chalicelib.services import (
    answer_once,
    audit_accounts,
    audit_nightly,
    clear_month,
    connect_site,
    hold_points,
    keep_campaigns,
    keep_passes,
    keep_promotions,
    run_campaign,
    set_rules,
    simulate_programme,
    step_booking,
    undo_entry,
)
from chalicelib.services.draw_surprises import walk_id
from chalicelib.services.wake_items import wake_one
from chalicelib.services.wakers import wakers
from chalicelib.services.walk_on import walk_on
from chalicelib.services.world import World
from chalicelib.store.keys import place_of
from chalicelib.wiring import CachedDirectories
from tests.builders import (
    NETWORK,
    OTHER_NETWORK,
    RecordingIntake,
    RecordingSender,
    RecordingWakeQueue,
    SeededChance,
    SettableClock,
    a_client,
    a_town,
    access,
    no_pause,
)
from tests.life import Life, reported, thin

FAILURES, FEW = 6, 5
LEFT_ALONE = (WalkKind.COUNT, WalkKind.AUDIT_SAMPLE, WalkKind.REPLAN, WalkKind.AUDIT)
DRAWN_AT = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


def live(table: Any) -> None:
    clock = SettableClock(BEGIN)
    directories = CachedDirectories(table.directory, clock)
    world = World(table, directories, clock, SeededChance(7), RecordingWakeQueue(), no_pause)
    autumn = WholeAutumn(Life(world, RecordingSender(), RecordingIntake()))
    autumn.live()
    for id in autumn.people.values():
        assert faults(table.account(NETWORK, id), table.entries(NETWORK, id)) == []


class Died(BaseException):
    """The worker is no more."""


class Dying(RecordingSender):
    def send(self, outgoing: Any) -> Any:
        raise Died


class WholeAutumn(Autumn):
    def live(self) -> None:
        super().live()
        self.walks_that_ended()
        self.november()
        self.left_in_the_middle()
        self.another_network()

    def walks_that_ended(self) -> None:
        world, owner = self.world, self.owner
        audit_nightly.ensure_nightly(world, NETWORK)
        audit_accounts.start_audit(world, NETWORK)
        clear_month.start_clearing(world, NETWORK, "2026-10")
        self.campaign("Autumn", per_minute=30)
        campaign = self.draft("Counted", ends_at=datetime(2026, 12, 1, tzinfo=UTC))
        run_campaign.dry_run(world, owner, campaign.id)
        made = keep_promotions.make_promotion
        made(world, owner, self.promotion("All get 50", grant=Gift(50, 30), cap_points=10_000))
        self.double = made(world, owner, self.promotion(
            "Double", multiplier_percent=200, cap_points=5_000, client_cap_points=90,
            audience=Segment(salon_ids=("sal_centru",)), ends_on=date(2026, 11, 25),
        ))  # fmt: skip
        later = self.promotion("Winter", multiplier_percent=150)
        made(world, owner, {**later, "starts_on": date(2026, 12, 1), "ends_on": date(2026, 12, 9)})
        stopped = made(world, owner, self.promotion("Stopped", multiplier_percent=300))
        keep_promotions.stop_promotion(world, owner, stopped.id)
        self.until(11, 3)
        simulate_programme.begin_simulation(
            world, owner, lambda present: replace(present, cashback_percent=10), warm_up_months=1,
            from_on=date(2026, 9, 20), to_on=date(2026, 10, 31), redeem_share_percent=50,
        )  # fmt: skip
        self.until(11, 4)

    def draft(self, name: str, **said: Any) -> Any:
        now = self.clock.now
        given: dict[str, Any] = {
            "name": name,
            "texts": {"ru": "{client}, -20 %", "ro": "{client}, -20 %", "en": "{client}, 20 % off"},
            "subjects": {"ru": "-20 %", "ro": "-20 %", "en": "20 % off"},
            "segment": Segment(sources=("instagram", "google")),
            "starts_at": now + timedelta(hours=1),
            "ends_at": now + timedelta(days=2),
            "per_minute": 1,
        }
        return keep_campaigns.make_campaign(self.world, self.owner, {**given, **said})

    def campaign(self, name: str, **said: Any) -> Any:
        return run_campaign.start(self.world, self.owner, self.draft(name, **said).id)

    def promotion(self, name: str, **said: Any) -> dict[str, Any]:
        first = self.clock.now.date() + timedelta(days=1)
        return {"name": name, "starts_on": first, "ends_on": first + timedelta(days=9), **said}

    def november(self) -> None:
        """The third month of a streak, multiplied; bookings to come, with points on hold."""
        for name in ("Maria", "Ana", "Ion", "Irina"):
            self.visited(name, 60_000)
        self.refund(self.visited("Elena", 50_000), 20_000)
        self.until(11, 20)
        for number, name in enumerate(("Maria", "Ana", "Ion", "Lena")):
            booking = self.booked(name, self.clock.now + timedelta(days=6, hours=number))
            if name == "Ana":
                step_booking.confirm(self.world, NETWORK, booking.id, anybody)
            if name in ("Maria", "Lena"):
                hold_points.hold_for_booking(self.world, NETWORK, booking.id, 20, None, anybody, "key:test")
        self.until(11, 22)
        said = ("owner", "POST", "/bookings")
        for key, do in (("key-1", _answers), ("key-2", _dies)):
            with suppress(ValueError):
                answer_once.answer_once(self.world, NETWORK, said, key, key.encode(), do)

    def left_in_the_middle(self) -> None:
        """Nothing is woken from here on."""
        world, owner = self.world, self.owner
        self.fails(self.booked("Dan", self.clock.now + timedelta(days=9)), FAILURES)
        self.fails(self.life.client(self.people["Vera"]), 2)
        self.worker_dies("Maria")
        keep_passes.forget_gone(world, self.store.pass_devices(NETWORK, self.people["Ana"])[0])
        connection = connect_site.connections_of(world, owner)[0]
        self.life.told(connection, reported("e-7", 1, self.clock.now + timedelta(days=2)))
        self.life.hear(connection, thin(reported("e-8", 1, None)))
        network = self.store.network(NETWORK)
        set_rules.set_rules(
            world, owner, network.rules_version, messages={"day_touch_hour": 12}, bonuses={}, overrides=None
        )
        replanning = next(walk for walk in self.store.walks(NETWORK).items if walk.kind is WalkKind.REPLAN)
        self.few_of(replanning, changed=2)
        sums = audit_accounts.audit_page(world, NETWORK, cursor=None, clients=FEW).sums
        self.few_of(audit_accounts.start_audit(world, NETWORK), audit=sums)
        clear_month.start_clearing(world, NETWORK, "2026-09")
        simulate_programme.begin_simulation(
            world, owner, lambda present: replace(present, cashback_percent=1, tiers=()), warm_up_months=1,
            from_on=date(2026, 9, 20), to_on=date(2026, 10, 31),
        )  # fmt: skip
        paused = self.campaign("Paused", starts_at=self.clock.now, per_minute=1)
        self.campaign("Under way", starts_at=self.clock.now, per_minute=1)
        run_campaign.stop(world, owner, self.campaign("Stopped", starts_at=self.clock.now).id)
        counting = run_campaign.dry_run(world, owner, self.draft("Being counted").id)
        count = Count(at=self.clock.now, clients=FEW, outcomes={"sms": 2}, reasons={"no_consent": 1})
        self.few_of(self.walk(str(counting.count_walk_id)), count=count)
        walk_on(world, self.walk(self.store.campaign(NETWORK, paused.id).invite_walk_id))
        run_campaign.pause(world, owner, paused.id)
        self.clock.forward(minutes=5)
        run_campaign.resume(world, owner, paused.id)
        run_campaign.count_results(world, owner, paused.id)
        given = keep_promotions.make_promotion(world, owner, {
            **self.promotion("All get 30", grant=Gift(30)), "starts_on": self.clock.now.date(),
        })  # fmt: skip
        self.wake(given)
        for walk in self.store.walks(NETWORK, limit=200).items:
            if walk.finished_at is None and walk.kind not in LEFT_ALONE:
                self.one_slice(walk)
        self.owes("Dan")

    def owes(self, name: str) -> None:
        owed = self.post(name, "grant", 100)
        account = self.store.account(NETWORK, self.people[name])
        self.post(name, "redeem", account.available(self.clock.now))
        undo_entry.reverse(self.world, self.owner, owed.id, "given twice")

    def few_of(self, walk: Walk, **said: Any) -> None:
        """As a walk is of which a slice does all of so small a network, had the slice been smaller."""
        page = self.store.client_ids(NETWORK, limit=FEW)
        place = {"stage": "clients", "cursor": page.cursor, "seen": FEW}
        self.store.save(replace(walk, **place, **said))

    def worker_dies(self, name: str) -> None:
        """With a message of a booking claimed, and not yet recorded."""
        booking = self.booked(name, self.clock.now + timedelta(days=11))
        sender = self.life.sender
        self.life.sender = Dying()
        with suppress(Died):
            self.wake(booking)
        self.life.sender = sender

    def wake(self, value: Any) -> None:
        sending = self.life.sending()
        place = place_of(value)
        wake_one(self.world, wakers(sending, self.life.intake_queue), place.pk, place.sk)

    def fails(self, value: Any, times: int) -> None:
        place = place_of(value)
        for _ in range(times):
            self.clock.forward(hours=1)
            kept = self.store.read(place.pk, place.sk)
            wake_one(self.world, {type(kept): _broken}, place.pk, place.sk)

    def another_network(self) -> None:
        """Six regulars, of whom the draw has counted one."""
        a_town(self.store, OTHER_NETWORK)
        days = [date(2026, month, day) for month in range(6, 12) for day in (5, 20)]
        visits = tuple(VisitDay(day, "sal_centru") for day in reversed(days))
        for number in range(6):
            said = {"phone": None, "email": None, "visits_count": 12, "recent_visits": visits}
            made_at = BEGIN - timedelta(days=number)
            self.store.save(a_client(f"cli_{number:016d}", OTHER_NETWORK, created_at=made_at, **said))
        surprise = Surprise(gift=Gift(100, 30), monthly_budget_points=300, holdout_percent=1)
        set_rules.set_rules(
            self.world, access(network_id=OTHER_NETWORK), 1, messages={}, bonuses={"surprise": surprise}
        )
        self.clock.now = DRAWN_AT
        for _ in range(2):
            walk = self.store.walk(OTHER_NETWORK, walk_id(OTHER_NETWORK))
            self.one_slice(walk)


def _broken(value: Any) -> None:
    raise RuntimeError("the provider is on fire")


def _answers(seed: str) -> answer_once.Given:
    return answer_once.Given(201, f'{{"id":"{seed}"}}')


def _dies(seed: str) -> Any:
    raise ValueError("in the middle of it")
