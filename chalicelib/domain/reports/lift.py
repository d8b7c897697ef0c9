"""The lift of a touch: how many more clients return with it than without it, by the hold-out group
(docs/metrics.md, "Lift")."""

from datetime import timedelta

from msgspec import Struct

from chalicelib.domain.shared.touches import IN_TRIAL
from chalicelib.domain.statistics.wilson import Interval, difference

FEWEST_OF_A_GROUP = 30
"""Below so many clients of either group nothing is said about the touch."""


NOT_DUE = ("too_late", IN_TRIAL)
"""Reasons of skips that say nothing of the hold-out: it was not decided on, or the network was in trial."""

MOST_PUT_OFF = timedelta(days=62)
"""A touch that was made or skipped later than so long after it was due counts nowhere. Invitations are of
use for 30 days; a campaign may last longer."""


class TouchGroups(Struct, frozen=True, kw_only=True):
    """The clients for whom a touch was due, each once, by what the hold-out decided.

    due, held_out                      clients whose days to return are over. `due` are all who were not
    held out, also those whom the touch did not reach: the hold-out is decided on before consents and
    addresses, so that only all of them are like the held-out clients. due_returned, held_out_returned
    those with a visit within the days. maturing                           clients of both groups whose days
    are not over. They count nowhere else. cost                               of the messages to `due`, in
    any one unit."""

    due: int
    due_returned: int
    held_out: int
    held_out_returned: int
    maturing: int = 0
    cost: int = 0


class Lift(Struct, frozen=True, kw_only=True):
    """What a touch brings. Rates: of clients who returned within the days; None where a group is empty.

    verdict       `too_early`: a group has fewer than 30 clients, and days of others are not over;
    `too_few`: a group has fewer than 30; `works`: the interval is above 0; `harms`: below; `unclear`: it
    holds 0. lift          rate - held_out_rate; interval: Newcombe's, 95 %. more_returned clients who
    returned because of the touch: lift x due. cost_of_each  the cost of a client who returned because of
    the touch; None unless the touch works."""

    verdict: str
    rate: float | None
    held_out_rate: float | None
    lift: float | None
    interval: Interval | None
    more_returned: float | None
    cost_of_each: float | None


def lift_of(groups: TouchGroups) -> Lift:
    """The lift of a touch. ValueError for counts that cannot be."""
    interval = difference(groups.due_returned, groups.due, groups.held_out_returned, groups.held_out)
    rate = groups.due_returned / groups.due if groups.due else None
    held_out_rate = groups.held_out_returned / groups.held_out if groups.held_out else None
    lift = None if rate is None or held_out_rate is None else rate - held_out_rate
    verdict = _touch_verdict(groups, interval)
    more = None if lift is None else lift * groups.due
    return Lift(
        verdict=verdict,
        rate=rate,
        held_out_rate=held_out_rate,
        lift=lift,
        interval=interval,
        more_returned=more,
        cost_of_each=groups.cost / more if more and verdict == "works" else None,
    )


def _touch_verdict(groups: TouchGroups, interval: Interval | None) -> str:
    if interval is None or min(groups.due, groups.held_out) < FEWEST_OF_A_GROUP:
        return "too_early" if groups.maturing else "too_few"
    if interval[0] > 0:
        return "works"
    return "harms" if interval[1] < 0 else "unclear"
