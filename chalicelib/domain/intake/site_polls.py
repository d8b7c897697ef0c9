"""The poll of a booking site that repeats no webhook: its API is asked what has changed, page by page.

A poll is an item that wakes. It keeps its own place, so that it goes on after a crash.
"""

from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.intake.trust import companies
from chalicelib.domain.networks.network import UNSIGNED_SITES, Connection
from chalicelib.domain.shared.waking import Trouble, Wake

POLLED_SITES = UNSIGNED_SITES | {"calcom"}
"""Sites that do not repeat a webhook which was lost, and whose API tells what has changed."""

LOOK_BACK = timedelta(days=1)
"""How far back the first poll looks."""
OVERLAP = timedelta(minutes=5)
"""How much of the time before the last poll is asked for again: clocks differ."""
INTERVAL = timedelta(minutes=15)
GO_ON = timedelta(minutes=1)
"""When a poll that has more pages goes on."""
MAX_WAIT = timedelta(hours=6)
"""The longest time between two polls of a site that gives no answer."""
FAILURES_BEFORE_TASK = 6
"""So many polls in a row without an answer are a task for the network."""
EVERYWHERE = ""
"""The place of a site that names no location."""


class SitePoll(Struct, frozen=True, kw_only=True):
    """Where the poll of a connection stands.

    id        of the connection.
    since     what the site changed before (UTC) is known.
    began_at  when the walk through the pages began; None: no walk is on.
    location  the site's location that is asked about next; "" before the first, and where there are none.
    page      the page of that location that is asked for next, from 1.
    failures  how many polls in a row got no answer.
    """

    network_id: str
    id: str
    since: datetime
    began_at: datetime | None = None
    location: str = EVERYWHERE
    page: int = 1
    failures: int = 0
    wake: Wake | None = None
    trouble: Trouble | None = None
    version: int = 0


def locations_of(connection: Connection) -> list[str]:
    """The site's locations that are asked about, in their order; empty where none is known yet."""
    if connection.site not in UNSIGNED_SITES:
        return [EVERYWHERE]
    mapped = {name.removeprefix("salon:") for name in connection.settings if name.startswith("salon:")}
    return sorted(companies(connection.settings) or mapped)


def interval_of(connection: Connection) -> timedelta:
    """The time between two polls: the setting `poll_minutes`, else a quarter of an hour."""
    minutes = connection.settings.get("poll_minutes", "")
    return timedelta(minutes=int(minutes)) if minutes.isdigit() else INTERVAL


def started(poll: SitePoll, now: datetime) -> SitePoll:
    """The poll, due now; it goes on where it stands."""
    return replace(poll, failures=0, trouble=None, wake=_wake(now))


def with_page(poll: SitePoll, now: datetime, locations: list[str], *, is_last: bool) -> SitePoll:
    """The poll after one page. Without a next page of this location it stands before the next location, and
    behind the last location its walk is at its end (`began_at` None). is_last: of the location."""
    after = replace(poll, began_at=poll.began_at or now, failures=0, trouble=None)
    if not is_last:
        return replace(after, page=poll.page + 1)
    later = [each for each in locations if each > poll.location]
    if later:
        return replace(after, location=later[0], page=1)
    since = max(poll.since, (poll.began_at or now) - OVERLAP)
    return replace(after, since=since, began_at=None, location=EVERYWHERE, page=1)


def resting(poll: SitePoll, now: datetime, interval: timedelta) -> SitePoll:
    """The poll with its next wake: soon where pages are left, else after the interval."""
    return replace(poll, wake=_wake(now + (interval if poll.began_at is None else GO_ON)))


def unanswered(poll: SitePoll, now: datetime, interval: timedelta, wished: timedelta) -> SitePoll:
    """The poll after one without an answer: it waits twice as long each time, and no less than the site
    wishes."""
    wait = max(wished, min(interval * 2 ** min(poll.failures, 10), max(interval, MAX_WAIT)))
    return replace(poll, failures=poll.failures + 1, wake=_wake(now + wait))


def _wake(at: datetime) -> Wake:
    return Wake(at, "poll")
