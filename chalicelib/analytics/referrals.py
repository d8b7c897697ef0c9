"""Referrals: which clients bring friends, and what these do (docs/metrics.md, "Referrals")."""

from chalicelib.analytics.retention import retention_figures
from chalicelib.analytics.spending import KeyedSpending, spending_by_key, visits_and_sales
from chalicelib.analytics.statements import Asked, Figures
from chalicelib.domain.reports.questions import about_sources
from chalicelib.domain.reports.report_forms import FIRST_TIME

MOST_REFERRERS = 200
"""How many rows there are at most: names are read for them."""

MOST_LEVELS = 5
"""How far friends of friends are followed."""


def referrals(asked: Asked) -> tuple[list[Figures], Figures]:
    """A row for each of the referrers with the most friends. levels: friends, friends of friends, and so on.
    The total is of all referrers."""
    asked.keep("kept_friends", "asked_lines", "places", FIRST_TIME, "friends")
    found = asked.rows("referrers", most_rows=MOST_REFERRERS, most_levels=MOST_LEVELS)
    spending = _spending(asked, tuple(referrer for referrer, *_ in found))
    of_all = _spending(asked, None)
    asked.drop("kept_friends")
    rows = [
        {"key": referrer, "name": None, "friends": clients + maturing}
        | retention_figures(clients, returned, maturing)
        | {"levels": levels, "further_friends": sum(levels[1:])}
        | visits_and_sales(spending.get(referrer, ()))
        for referrer, clients, returned, maturing, levels, *_ in found
    ]
    referrers, clients, returned, maturing = found[0][5:] if found else (0, 0, 0, 0)
    total = {"referrers": referrers, "friends": clients + maturing}
    return rows, total | retention_figures(clients, returned, maturing) | visits_and_sales(of_all.get("", ()))


def _spending(asked: Asked, referrers: tuple[str, ...] | None) -> dict[str, list[KeyedSpending]]:
    """What the friends of these referrers spent, by referrer; None: all friends, under the key ""."""
    about = about_sources(asked.question)
    return spending_by_key(asked, "asked_lines", "friends_lines", referrers=referrers, needs_firsts=about)
