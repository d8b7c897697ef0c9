"""What clients are worth: worked examples, sums that must agree, and what is not told."""

from datetime import date, timedelta
from random import Random

import pytest

from chalicelib.domain.reports.value import base_kept, cohort_values, value_of_base
from chalicelib.domain.reports.visit_forecast import ClientVisits
from tests.unit.domain.reports.bases import UNTIL, at_random, lives


def client(name: str, *visits: tuple[str, int]) -> ClientVisits:
    return ClientVisits(
        name, tuple(date.fromisoformat(day) for day, _ in visits), tuple(bill for _, bill in visits)
    )


ANNA = client("anna", ("2026-01-31", 500), ("2026-02-01", 700), ("2026-03-31", 300))
BORIS = client("boris", ("2026-01-05", 400))
CLARA = client("clara", ("2026-03-08", 900), ("2026-04-01", 100))


def test_the_value_of_a_cohort_is_told_month_by_month() -> None:
    """The worked example of docs/metrics.md."""
    january, march = cohort_values([ANNA, BORIS, CLARA], date(2026, 3, 31))
    assert (january.month, january.clients, january.spent) == ("2026-01", 2, (900, 700, 300))
    assert (march.month, march.clients, march.spent) == ("2026-03", 1, (900,))


def test_what_was_paid_is_the_same_by_client_and_by_cohort() -> None:
    random = Random(5)
    clients = [
        ClientVisits(each.client, each.days, tuple(random.randrange(0, 90_000) for _ in each.days))
        for each in lives(random, 300, at_random)
    ]
    found = value_of_base(clients, UNTIL)
    by_hand = sum(
        bill for each in clients for day, bill in zip(each.days, each.bills, strict=True) if day <= UNTIL
    )
    assert sum(each.realised for each in found.clients) == by_hand
    assert sum(sum(cohort.spent) for cohort in found.cohorts) == by_hand
    assert sum(cohort.clients for cohort in found.cohorts) == len(found.clients)


def test_expected_value_is_expected_visits_times_the_expected_bill() -> None:
    """Clients spend 200 to 1,000 a visit, each about their own mean."""
    random = Random(8)
    clients = []
    for each in lives(random, 1500, at_random):
        mean = random.uniform(200, 1000)
        bills = tuple(max(1, round(random.gauss(mean, mean / 5))) for _ in each.days)
        clients.append(ClientVisits(each.client, each.days, bills))
    found = value_of_base(clients, UNTIL)
    assert (found.visits.method, found.spend_refused) == ("bg_nbd", None)
    assert found.frequency_correlation == pytest.approx(0, abs=0.1)
    later = sum(
        bill for each in clients for day, bill in zip(each.days, each.bills, strict=True)
        if UNTIL < day <= UNTIL + timedelta(days=365)
    )  # fmt: skip
    assert sum(each.expected or 0 for each in found.clients) == pytest.approx(later, rel=0.15)


def test_what_is_not_foretold_has_no_value() -> None:
    found = value_of_base([ANNA, BORIS, CLARA], date(2026, 4, 30))
    assert found.visits.method is None
    assert (found.spend_refused, found.frequency_correlation) == ("too_few_clients", None)
    assert [(each.client, each.realised, each.expected_visits, each.expected) for each in found.clients] == [
        ("anna", 1500, None, None),
        ("boris", 400, None, None),
        ("clara", 1000, None, None),
    ]


def test_equal_bills_have_no_model_of_spending() -> None:
    clients = [client(f"c{n}", ("2026-01-05", 500), ("2026-02-05", 500)) for n in range(40)]
    assert value_of_base(clients, date(2026, 4, 30)).spend_refused == "not_converged"


def test_clients_who_come_later_are_left_out() -> None:
    found = value_of_base([ANNA, BORIS, CLARA], date(2026, 1, 31))
    assert [(each.client, each.realised) for each in found.clients] == [("anna", 500), ("boris", 400)]
    assert value_of_base([], UNTIL).clients == ()


def test_the_base_kept_and_the_advertising_saved() -> None:
    """The worked example of docs/metrics.md: 700 of 1,000 kept, after 1,200 of 2,000; a new client costs
    80."""
    found = base_kept(700, 1000, 1200, 2000, 8_000)
    assert (found.rate, found.former_rate) == (0.7, 0.6)
    assert found.kept_more == pytest.approx(100)
    assert found.saved == 800_000
    assert found.interval is not None
    assert [round(end) for end in found.interval] == [64, 135]
    assert found.saved_interval == (round(found.interval[0] * 8000), round(found.interval[1] * 8000))
    assert "cost of a new client" in found.assumes


def test_without_a_known_cost_or_a_former_base_nothing_is_saved() -> None:
    assert base_kept(700, 1000, 1200, 2000, None).saved is None
    assert base_kept(700, 1000, 0, 0, 8_000).kept_more is None
    assert base_kept(0, 0, 0, 0, 8_000).rate is None


def test_a_base_that_was_kept_worse_saves_less_than_nothing() -> None:
    found = base_kept(500, 1000, 1200, 2000, 8_000)
    assert found.saved == -800_000
