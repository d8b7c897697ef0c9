"""What the engine makes of the demo's clients: each stage comes out as it is meant to."""

import pytest
from msgspec.structs import replace

from chalicelib.domain.messages.messages import Message
from chalicelib.domain.networks.rules import Rules
from chalicelib.domain.shared.quiet_hours import QuietHours
from chalicelib.domain.shared.tasks import Task
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.services.networks.check_rules import check_rules
from chalicelib.services.shared.world import World
from infra.demo.year.rules import lived_by
from infra.demo.year.stages import STAGES, staged
from infra.testkit.doubles import RecordingIntake, RecordingSender, SettableClock
from infra.testkit.salon_driver import SalonDriver
from tests.demo.demo_network import NETWORK, NOW, bonuses, directory, rules, year

STAGED = sum(count for _, count in STAGES)
OUTCOMES = {
    "confirm": {"confirm_request sent"},
    "remind": {"control_reminder sent"},
    "unconfirmed": set(),
    "thank": {"review_request sent", "bonus_notice sent"},
    "praised": {"bonus_notice sent"},
    "thank_once": {"review_request sent", "bonus_notice sent",
                   "review_request same_visit", "bonus_notice same_visit"},
    "missed": {"no_show_invitation sent"},
    "invite": {"repeat_invitation sent"},
    "not_asked": {"repeat_invitation no_consent"},
    "booked_again": {"repeat_invitation has_booking"},
    "birthday": {"birthday sent"},
    "invite_birthday": {"repeat_invitation sent", "birthday weekly_marketing_cap"},
    "at_risk": {"at_risk sent"},
    "lost": {"win_back sent"},
    "expiring": {"bonus_expiry sent"},
    "warned_late": {"bonus_expiry too_late", "bonus_expiry sent"},
    "written_often": {"bonus_expiry weekly_cap"},
    "expired": set(),
    "comes_often": set(),
}  # fmt: skip


@pytest.fixture
def driver(
    world: World, clock: SettableClock, sender: RecordingSender, intake_queue: RecordingIntake
) -> SalonDriver:
    """One client of each stage, laid out; nobody is left alone, so that they get what the stage is about."""
    known = directory(holdout_percent={})
    for value in (known.network, *known.salons.values(), *known.staff.values(), *known.services.values()):
        world.store.save(value)
    for client, *others in year(clients=STAGED):
        if client.id in {staged(NETWORK, stage)[0] for stage, _ in STAGES}:
            world.store.save(client)
            for value in others:
                world.store.save(value)
    clock.now = NOW
    return SalonDriver(world, sender, intake_queue)


def test_every_stage_comes_out_as_it_is_meant_to(driver: SalonDriver) -> None:
    for _ in range(3):
        driver.drain()
    for stage, wanted in OUTCOMES.items():
        log = driver.store.get_page(
            Message, network_id=NETWORK, client_id=staged(NETWORK, stage)[0], limit=20
        ).items
        said = {f"{each.kind} {each.reason or each.state}" for each in log if each.provider_id or each.reason}
        assert said == wanted, stage
    (task,) = driver.store.get_page(Task, network_id=NETWORK, limit=20).items
    assert (task.kind, task.client_id) == ("unconfirmed", staged(NETWORK, "unconfirmed")[0])


def test_all_kinds_are_among_what_is_due_or_made_over_http() -> None:
    due = {outcome.split()[0] for outcomes in OUTCOMES.values() for outcome in outcomes}
    assert set(TouchKind) - due == {TouchKind.NOTICE, TouchKind.CAMPAIGN}


def test_the_owners_rules_are_ones_that_may_be_set() -> None:
    check_rules(Rules(messages=rules(NOW), bonuses=bonuses()), directory())


def test_the_year_was_lived_by_other_rules_which_ask_earlier() -> None:
    """So that the walk has something to plan anew, and makes nothing due by that."""
    before, after = lived_by(directory()).rules.messages, directory().rules.messages
    assert before.confirm_request_hours_before > after.confirm_request_hours_before
    alike = replace(before, confirm_request_hours_before=after.confirm_request_hours_before)
    assert alike == after
    assert isinstance(after.quiet_hours, QuietHours)
