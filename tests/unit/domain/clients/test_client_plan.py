"""The repeat invitation: when each service is due again, and one message for all."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Line, Status
from chalicelib.domain.bookings.dues import with_dues_after
from chalicelib.domain.clients.client_plan import next_wake, plans, services_due
from chalicelib.domain.clients.clients import Client, Due, VisitDay
from chalicelib.domain.networks.rules import MessageRules
from chalicelib.domain.shared.touches import Plan, Touch, TouchKind, TouchState, with_touches
from infra.testkit.builders import NOW, a_booking, a_client, a_service

ZONE, RULES = "Europe/Chisinau", MessageRules()
SERVICES = {
    "srv_cut": a_service(),
    "srv_nails": a_service("srv_nails", repeat_after_days=21),
    "srv_once": a_service("srv_once", repeat_after_days=None),
}
INVITATION = TouchKind.REPEAT_INVITATION


def after_visit(client: Client, *services: str, starts_at: datetime = NOW) -> Client:
    lines = tuple(Line(service, 60) for service in services)
    booking = a_booking(starts_at=starts_at, lines=lines, status=Status.COMPLETED)
    return with_dues_after(client, booking, SERVICES, starts_at + timedelta(hours=1))


def who_came(*gaps: int) -> Client:
    """With visits so many days apart, the last of them today."""
    days: list[date] = [NOW.date()]
    for gap in gaps:
        days.append(days[-1] - timedelta(days=gap))
    visits = tuple(VisitDay(day, "sal_centru") for day in days)
    return a_client(visits_count=len(days), recent_visits=visits, first_visit_on=days[-1])


def due_days(client: Client) -> dict[str, int]:
    return {due.service_id: (due.at - NOW).days for due in client.due}


def test_each_service_is_due_after_its_own_days() -> None:
    assert due_days(after_visit(who_came(), "srv_cut", "srv_nails", "srv_once")) == {
        "srv_cut": 30,
        "srv_nails": 21,
    }


def test_from_the_third_visit_the_clients_own_rhythm_counts() -> None:
    assert due_days(after_visit(who_came(40), "srv_cut")) == {"srv_cut": 30}
    assert due_days(after_visit(who_came(40, 44), "srv_cut")) == {"srv_cut": 42}


def test_a_service_had_again_is_due_once() -> None:
    client = after_visit(who_came(), "srv_cut", "srv_nails")
    again = after_visit(client, "srv_cut", starts_at=NOW + timedelta(days=10))
    assert due_days(again) == {"srv_nails": 21, "srv_cut": 40}


def test_a_visit_told_a_year_late_does_not_invite_into_the_past() -> None:
    long_ago = a_booking(starts_at=NOW - timedelta(days=365), status=Status.COMPLETED)
    client = with_dues_after(a_client(), long_ago, SERVICES, NOW)
    assert [due.at for due in client.due] == [NOW]


def plan_of(client: Client, now: datetime = NOW, rules: MessageRules = RULES) -> Plan | None:
    return next((plan for plan in plans(client, rules, ZONE, now) if plan.kind is INVITATION), None)


def at_of(client: Client) -> datetime | None:
    plan = plan_of(client)
    return plan.at if plan else None


def with_due(*days: Sequence[int] | int) -> Client:
    """Of whom no birthday is known."""
    due = tuple(Due(f"srv_{day}", NOW + timedelta(days=int(str(day))), "bkg_1") for day in days)
    return a_client(birth_date=None, due=due)


def test_the_invitation_comes_when_the_first_service_is_due_and_speaks_of_all_due_within_the_week() -> None:
    client = with_due(10, 16, 18)
    assert at_of(client) == NOW + timedelta(days=10)
    due = services_due(client, NOW + timedelta(days=10))
    assert [each.service_id for each in due] == ["srv_10", "srv_16"]


def test_an_invitation_keeps_out_of_the_night() -> None:
    late = a_client(due=(Due("srv_cut", NOW.replace(hour=20), "bkg_1"),))  # 22:00 in Chisinau
    assert at_of(late) == (NOW + timedelta(days=1)).replace(hour=7)


def test_an_invitation_missed_by_days_is_caught_up_and_by_a_month_is_not() -> None:
    client = with_due(0)
    for days, waits in ((3, True), (29, True)):
        wake = next_wake(client, RULES, ZONE, NOW + timedelta(days=days))
        assert (wake is not None) is waits
    plan = plan_of(client, NOW + timedelta(days=31))
    assert plan is not None
    assert plan.until < NOW + timedelta(days=31)


def test_who_has_nothing_due_and_no_birthday_is_not_woken() -> None:
    assert next_wake(with_due(), RULES, ZONE, NOW) is None


def test_what_is_switched_off_is_left_out_and_wakes_nobody() -> None:
    for rules in (MessageRules(enabled=False), MessageRules(off=(INVITATION,))):
        plan = plan_of(with_due(10), rules=rules)
        assert plan is not None
        assert plan.reason == "switched_off"
        assert next_wake(with_due(10), rules, ZONE, NOW) is None


def test_an_invitation_sent_is_not_sent_again_for_the_same_occurrence() -> None:
    client = with_touches(with_due(0), Touch(INVITATION, TouchState.SENT, NOW))
    assert next_wake(client, RULES, ZONE, NOW) is None
    assert next_wake(replace(client, invitations=1), RULES, ZONE, NOW) is not None
