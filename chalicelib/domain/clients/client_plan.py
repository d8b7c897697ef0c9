"""Which touches a client calls for apart from a booking, and when the client next wakes. The touches are the
repeat invitation, the birthday greeting, and the messages to clients who stay away."""

from calendar import isleap
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.clients.birthdays import birthday_of
from chalicelib.domain.clients.categories import at_risk_from, lost_from
from chalicelib.domain.clients.category_changes import CategoryCause
from chalicelib.domain.clients.clients import Client, Due
from chalicelib.domain.clients.kept_category import next_change_on, with_category
from chalicelib.domain.networks.bonus_rules import birthday_gift
from chalicelib.domain.networks.category_definitions import FIRST_DEFINITIONS, CategoryDefinitions
from chalicelib.domain.networks.network import Directory, Salon
from chalicelib.domain.networks.rules import MessageRules
from chalicelib.domain.shared.touches import (
    IN_FLIGHT,
    Plan,
    TouchKind,
    due_at,
    is_open,
    is_over,
    open_plans,
    timely,
    touch_of,
)
from chalicelib.domain.shared.waking import Wake, first_wake
from chalicelib.domain.shared.zones import day_start, local_date, local_instant

INVITATION_USEFUL = timedelta(days=30)
WIN_BACK_USEFUL = timedelta(days=30)
BIRTHDAY_KNOWN_BEFORE = timedelta(days=30)
BIRTHDAY_GIFT = "birthday_gift"
"""The reason of a client's pointer for a birthday gift."""
CATEGORY = "category"
"""The reason of a client's pointer for a change of category that no touch comes with."""
TOGETHER = timedelta(days=7)


def plans(
    client: Client,
    rules: MessageRules,
    zone: str,
    now: datetime,
    by: CategoryDefinitions = FIRST_DEFINITIONS,
) -> tuple[Plan, ...]:
    """Every touch that the client's present state calls for, each due at an instant or left out for a reason.

    zone: whose days and quiet hours count (the client's, else the salon's). by: the definitions of at risk
    and lost.
    """
    wanted = [
        *_invitation(client),
        *_birthday(client, rules, zone, now),
        *_lapse(client, rules, zone, by),
    ]
    return tuple(
        replace(plan, reason="switched_off")
        if rules.is_off(plan.kind)
        else timely(plan, touch_of(client.touches, plan), rules.quiet_hours, zone, made_at=plan.at, now=now)
        for plan in wanted
    )


def _invitation(client: Client) -> list[Plan]:
    """The one invitation for all services that are due, at the time of the first of them. Before that time it
    is the last invitation, while that is on its way: its channel may fail after the due services were used
    up."""
    last = client.touches.get(TouchKind.REPEAT_INVITATION)
    if last is not None and last.state in IN_FLIGHT and last.occurrence < client.invitations:
        return [Plan(last.kind, last.at, last.at + INVITATION_USEFUL, occurrence=last.occurrence)]
    if not client.due:
        return []
    first = min(due.at for due in client.due)
    plan = Plan(TouchKind.REPEAT_INVITATION, first, first + INVITATION_USEFUL)
    return [replace(plan, occurrence=client.invitations)]


def services_due(client: Client, now: datetime) -> tuple[Due, ...]:
    """The services that an invitation made now is for: all that are due within a week make one message."""
    return tuple(due for due in client.due if due.at <= now + TOGETHER)


def birthday_in(year: int, born: date) -> date:
    """The birthday of a year; the 28th takes the place of 29 February in years without one."""
    if (born.month, born.day) == (2, 29) and not isleap(year):
        return date(year, 2, 28)
    return born.replace(year=year)


class Birthday(Struct, frozen=True):
    """over: the end of its local day. gift_at: when the gift for it is given."""

    year: int
    day: date
    gift_at: datetime
    over: datetime


def _birthdays(client: Client, rules: MessageRules, zone: str, now: datetime) -> Iterator[Birthday]:
    """The next birthdays, the earliest first. A birth date that became known less than 30 days ahead counts
    from the next year on. A placeholder that an earlier version stored is no birthday."""
    if client.birth_date is None or birthday_of(client.birth_date, now.date()).day is None:
        return
    known_on = local_date(client.birth_date_told_at or client.created_at, zone)
    this_year = local_date(now, zone).year
    for year in range(this_year, this_year + 3):
        day = birthday_in(year, client.birth_date)
        over = day_start(day + timedelta(days=1), zone)
        if day - known_on >= BIRTHDAY_KNOWN_BEFORE and now < over:
            yield Birthday(year, day, day_start(day - timedelta(rules.birthday_days_before), zone), over)


def _birthday(client: Client, rules: MessageRules, zone: str, now: datetime) -> list[Plan]:
    """The greeting for the first birthday that is not over and has none yet. The occurrence is its year."""
    for each in _birthdays(client, rules, zone, now):
        at = local_instant(each.day - timedelta(rules.birthday_days_before), time(rules.day_touch_hour), zone)
        plan = Plan(TouchKind.BIRTHDAY, at, each.over, occurrence=each.year)
        if is_over(client.touches, plan):
            continue
        if is_open(touch_of(client.touches, plan), now, each.over):
            return [plan]
    return []


def birthday_to_give(client: Client, rules: MessageRules, zone: str, now: datetime) -> Birthday | None:
    """The next birthday for which no gift was given yet. The gift is given from the local midnight that
    begins the day of the greeting, also where there is no greeting. It is given until the birthday is
    over."""
    not_given = (each for each in _birthdays(client, rules, zone, now) if each.year > client.gifted_year)
    return next(not_given, None)


def _lapse(client: Client, rules: MessageRules, zone: str, by: CategoryDefinitions) -> list[Plan]:
    """When a client who does not book becomes at risk, and when lost. Each lapse counts once; the last visit
    before it names it. A client who had lapsed already when they were registered gets no message: they would
    not know its cause."""
    last = client.last_visit_on
    if last is None:
        return []
    days = [visit.on for visit in client.recent_visits]
    lost_on = lost_from(last, by)
    lost_at = local_instant(lost_on, time(rules.day_touch_hour), zone)
    win_back = Plan(TouchKind.WIN_BACK, lost_at, lost_at + WIN_BACK_USEFUL, occurrence=last.toordinal())
    found = [win_back]
    risk_on = at_risk_from(client.visits_count, days, by)
    if risk_on is not None and risk_on < lost_on:
        risk_at = local_instant(risk_on, time(rules.day_touch_hour), zone)
        found.append(Plan(TouchKind.AT_RISK, risk_at, lost_at, occurrence=last.toordinal()))
    known = client.created_at
    return [replace(plan, reason="long_ago") if plan.at <= known else plan for plan in found]


def next_wake(
    client: Client,
    rules: MessageRules,
    zone: str,
    now: datetime,
    *,
    gives_birthday: bool = False,
    by: CategoryDefinitions = FIRST_DEFINITIONS,
    category_at: datetime | None = None,
) -> Wake | None:
    """The instant at which the client next needs attention; None for a client who was merged into another.

    gives_birthday: the programme has a gift for birthdays. category_at: when the category may change by time.
    """
    if client.merged is not None:
        return None
    open_now = open_plans(plans(client, rules, zone, now, by), client.touches, now)
    wakes = [Wake(due_at(plan, touch_of(client.touches, plan)), plan.kind.value) for plan in open_now]
    if gives_birthday and (birthday := birthday_to_give(client, rules, zone, now)) is not None:
        wakes.append(Wake(birthday.gift_at, BIRTHDAY_GIFT))
    if category_at is not None:
        wakes.append(Wake(category_at, CATEGORY))
    return first_wake(wakes, client.trouble)


ZONE_OF_NOWHERE = "UTC"
"""The zone of a network that has no salon yet."""


def with_wake(
    client: Client,
    directory: Directory,
    now: datetime,
    cause: CategoryCause = CategoryCause.TIME_PASSED,
    *,
    on: date | None = None,
    looked: bool = False,
) -> Client:
    """The client with the category and the pointer that their present state asks for. cause, on, looked: as
    of `with_category`."""
    salon, by = salon_of(client, directory), directory.rules.categories
    today = today_of(client, directory, now)
    client = with_category(client, by, today, cause, on=on, looked=looked)
    rules = directory.messages_for(salon.id) if salon else directory.rules.messages
    wake = next_wake(
        client,
        rules,
        zone_of(client, directory),
        now,
        gives_birthday=birthday_gift(directory.rules.bonuses) is not None,
        by=by,
        category_at=_category_at(client, directory, rules, today),
    )
    return replace(client, wake=wake)


def _category_at(client: Client, directory: Directory, rules: MessageRules, today: date) -> datetime | None:
    """When the client wakes for the next change of category by time: at the hour of that day's touches, so
    that a message about it needs no wake of its own. By the salon's days it is that day by then."""
    day = next_change_on(client, directory.rules.categories, today)
    if day is None:
        return None
    zone = zone_of(client, directory)
    begins = day_start(day, salon_zone(client, directory))
    at = local_instant(day, time(rules.day_touch_hour), zone)
    return rules.quiet_hours.ends_after(max(at, begins), zone)


def today_of(client: Client, directory: Directory, now: datetime) -> date:
    """The local date by which the client's visits are counted and their category is told."""
    return local_date(now, salon_zone(client, directory))


def salon_of(client: Client, directory: Directory) -> Salon | None:
    """The salon that speaks to the client: the existing one that was visited last, else the network's first
    that is not archived. None while the network has none."""
    visited = (directory.salons.get(visit.salon_id) for visit in client.recent_visits)
    return next((salon for salon in visited if salon), None) or min(
        directory.salons.values(), key=lambda salon: salon.archived, default=None
    )


def salon_zone(client: Client, directory: Directory) -> str:
    """The zone by whose days the client's visits are counted: that of the salon that speaks to the client."""
    salon = salon_of(client, directory)
    return salon.timezone if salon else ZONE_OF_NOWHERE


def zone_of(client: Client, directory: Directory) -> str:
    """The zone of the client's clock: their own, else the salon's."""
    return client.timezone or salon_zone(client, directory)


def language_of(client: Client, directory: Directory, salon: Salon | None = None) -> str:
    """The language in which the client is written to: their own, else the salon's, else the network's. Each
    message, page and pass asks here.

    salon: the one that the message is about; None: the salon that speaks to the client.
    """
    salon = salon or salon_of(client, directory)
    return client.language or (salon.language if salon else None) or directory.network.language
