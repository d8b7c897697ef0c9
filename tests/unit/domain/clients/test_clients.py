"""What is kept of a client: consents, visits counted once, and their taking back."""

from datetime import date, timedelta

import pytest

from chalicelib.domain.clients.client_visits import with_visit, without_booking
from chalicelib.domain.clients.clients import Client, Due, VisitDay, may_send, with_consent
from chalicelib.domain.shared.touches import Purpose
from infra.testkit.builders import NOW, a_client, a_consent

DAY, SALON = date(2026, 11, 23), "sal_centru"


def after(*visits: VisitDay) -> Client:
    client = a_client()
    for visit in visits:
        client = with_visit(client, visit, "MDL", 1000)
    return client


def test_service_messages_go_unless_refused_and_marketing_needs_a_grant() -> None:
    client = a_client()
    assert may_send(client, "sms", Purpose.SERVICE, True)
    assert not may_send(client, "sms", Purpose.MARKETING, True)
    assert may_send(client, "sms", Purpose.MARKETING, False)
    assert may_send(with_consent(client, a_consent()), "sms", Purpose.MARKETING, True)
    refusing = with_consent(client, a_consent(Purpose.SERVICE, granted=False))
    assert not may_send(refusing, "sms", Purpose.SERVICE, True)


@pytest.mark.parametrize("needed", [True, False])
def test_a_refusal_counts_whatever_the_network_relies_on(needed: bool) -> None:
    assert not may_send(with_consent(a_client(), a_consent(granted=False)), "sms", Purpose.MARKETING, needed)


def test_a_consent_is_for_one_channel_and_one_purpose_and_the_last_word_counts() -> None:
    client = with_consent(with_consent(a_client(), a_consent()), a_consent(channel="email"))
    client = with_consent(client, a_consent(granted=False))
    assert not may_send(client, "sms", Purpose.MARKETING, True)
    assert may_send(client, "email", Purpose.MARKETING, True)
    assert len(client.consents) == 2


def test_two_bookings_of_one_day_in_one_salon_are_one_visit() -> None:
    client = after(VisitDay(DAY, SALON), VisitDay(DAY, SALON))
    assert (client.visits_count, client.spent_minor["MDL"]) == (1, 2000)


def test_another_salon_or_another_day_is_another_visit() -> None:
    assert (
        after(
            VisitDay(DAY, SALON), VisitDay(DAY, "sal_york"), VisitDay(DAY + timedelta(1), SALON)
        ).visits_count
        == 3
    )


def test_a_visit_told_late_is_put_in_its_place() -> None:
    client = after(VisitDay(DAY, SALON), VisitDay(DAY - timedelta(30), SALON))
    assert [visit.on for visit in client.recent_visits] == [DAY, DAY - timedelta(30)]
    assert client.first_visit_on == DAY - timedelta(30)
    assert client.last_visit_on == DAY


def test_money_of_two_currencies_is_not_added() -> None:
    client = with_visit(after(VisitDay(DAY, SALON)), VisitDay(DAY, "sal_york"), "USD", 50)
    assert dict(client.spent_minor) == {"MDL": 1000, "USD": 50}


def test_a_visit_taken_back_leaves_no_trace_in_the_counts() -> None:
    before = after(VisitDay(DAY - timedelta(30), SALON))
    visit = VisitDay(DAY, SALON)
    back = without_booking(with_visit(before, visit, "MDL", 700), "bkg_1", visit, "MDL", 700)
    assert back == before


def test_a_first_visit_taken_back_makes_the_second_the_first() -> None:
    first, second = VisitDay(DAY - timedelta(30), SALON), VisitDay(DAY, SALON)
    client = without_booking(after(first, second), "bkg_1", first, "MDL", 1000)
    assert (client.visits_count, client.first_visit_on, client.last_visit_on) == (1, DAY, DAY)


def test_the_only_visit_taken_back_makes_a_client_who_never_came() -> None:
    visit = VisitDay(DAY, SALON)
    client = without_booking(after(visit), "bkg_1", visit, "MDL", 1000)
    assert (client.visits_count, client.first_visit_on, client.last_visit_on) == (0, None, None)


def test_a_booking_taken_back_beside_another_of_the_day_leaves_the_visit() -> None:
    client = without_booking(after(VisitDay(DAY, SALON)), "bkg_1", None, "MDL", 400)
    assert (client.visits_count, client.spent_minor["MDL"]) == (1, 600)


def test_what_was_due_because_of_a_booking_is_due_no_more_when_it_is_taken_back() -> None:
    due = (Due("srv_cut", NOW, "bkg_1"), Due("srv_nails", NOW, "bkg_2"))
    client = without_booking(a_client(due=due), "bkg_1", None, "MDL", 0)
    assert client.due == due[1:]
