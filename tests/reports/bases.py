"""Bases of clients who come at random or by the clock, and leave with a probability of their own."""

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

from tests.reports.value_oracle import ClientVisits

START = date(2023, 1, 1)
UNTIL = date(2025, 11, 29)
YEAR_LATER = UNTIL + timedelta(days=365)


def lives(random: Random, clients: int, gap: Callable[[Random, float], float]) -> list[ClientVisits]:
    """Clients who join over three years, until a year after UNTIL. Each has a mean gap and a probability of
    leaving of their own."""
    found = []
    for number in range(clients):
        day, mean = START + timedelta(days=random.randrange(1000)), random.uniform(20, 80)
        days, leaves = [day], random.betavariate(1, 7)
        while random.random() > leaves:
            day += timedelta(days=max(1, round(gap(random, mean))))
            if day > YEAR_LATER:
                break
            days.append(day)
        found.append(ClientVisits(f"client-{number}", tuple(days), (300,) * len(days)))
    return found


def at_random(random: Random, mean: float) -> float:
    return random.expovariate(1 / mean)


def by_the_clock(random: Random, mean: float) -> float:
    return random.gammavariate(6, mean / 6)
