"""The clients to call today. The index by category tells whom to choose from, and what is shown of a client,
or keeps them from being called, is read of those who are chosen alone."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date, timedelta
from itertools import islice

from msgspec import Struct, field
from msgspec.structs import replace

from chalicelib.domain.clients.categories import AT_RISK, LOST, usual_gap_days
from chalicelib.domain.clients.client_plan import salon_of, salon_zone, today_of
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.clients.kept_category import category_alone
from chalicelib.domain.clients.rhythm import rhythm_of
from chalicelib.domain.loyalty.account import Account
from chalicelib.domain.loyalty.account_plan import last_day
from chalicelib.domain.messages.caps import WEEK
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.reports.call_hints import OverdueHint, PointsHint, may_be_phoned, was_regular
from chalicelib.domain.reports.call_list import (
    EXPIRES_WITHIN,
    LOST_LATELY,
    MOST_CALLS,
    CallReason,
    Candidate,
    Grounds,
    dealt,
    is_big,
    is_capped,
    of_overdue,
    of_tasks,
    rests,
    usual_staff,
    was_called_on,
)
from chalicelib.domain.shared.tasks import Task
from chalicelib.domain.shared.zones import day_start, local_date
from chalicelib.services.clients.surviving_client import surviving_client
from chalicelib.services.clients.tasks import reaches_task
from chalicelib.services.messages.message_log import messages_reaching
from chalicelib.services.shared.world import World

LISTED = 150
"""How many entries of an index are looked at in one go: the latest of those who stay away, and the latest of
those who have done so for a week. The others were written to when they came to be at risk or lost."""
TASKS, TASK_PAGES = 100, 3
TASKS_OF = timedelta(days=30)
READ_AT_ONCE, MOST_READ = 30, 90
"""How many clients are read in one go, and at most. So many may turn out not to be called."""
VISITS_LOOKED_AT = 3
_AHEAD = timedelta(days=800)
_A_DAY = timedelta(days=1)


class ClientToCall(Struct, frozen=True, kw_only=True):
    """A client to call. grounds: as of now. staff_id: who served them most often of late."""

    client: Client
    grounds: tuple[Grounds, ...]
    account: Account
    staff_id: str | None = None


class CallList(Struct, frozen=True, kw_only=True):
    """on: the local date of the network. called: how many clients of today's list were called already."""

    on: date
    items: tuple[ClientToCall, ...]
    called: int


def call_list(world: World, access: Access, salon_ids: Collection[str] = ()) -> CallList:
    """The clients to call today, best first: at most MOST_CALLS, with those of them who were called already.
    The order stays all day. salon_ids: of these salons; empty: of all that the key reaches."""
    return _CallList(world, access, frozenset(salon_ids or access.salon_ids)).made()


class _Chosen(Struct, frozen=True):
    """grounds empty: a client who was called today, whose place stays taken."""

    client: Client
    account: Account
    grounds: tuple[Grounds, ...] = ()
    bookings: tuple[str, ...] = ()


class _CallList(Struct, frozen=True):
    world: World
    access: Access
    salon_ids: frozenset[str]
    seen: set[str] = field(default_factory=set)

    @property
    def directory(self) -> Directory:
        return self.world.directory(self.access.network_id)

    def made(self) -> CallList:
        chosen = list(islice(self._chosen(), MOST_CALLS))
        to_call = [each for each in chosen if each.grounds]
        wanted = [booking_id for each in to_call for booking_id in each.bookings]
        bookings = {each.id: each for each in self.world.store.bookings(self.access.network_id, wanted)}
        items = tuple(
            ClientToCall(
                client=each.client,
                account=each.account,
                grounds=each.grounds,
                staff_id=usual_staff(bookings[id_] for id_ in each.bookings if id_ in bookings),
            )
            for each in to_call
        )
        return CallList(on=self._today(), items=items, called=len(chosen) - len(items))

    def _today(self) -> date:
        return local_date(self.world.now(), self.directory.zone)

    # --- whom to choose from

    def _candidates(self) -> Iterator[Candidate]:
        currencies = {salon.id: salon.currency for salon in self.directory.salons.values()}
        at_risk, lost = self._overdue(AT_RISK, date.min), self._overdue(LOST, self._today() - LOST_LATELY)
        return dealt(
            [*of_tasks(self._tasks()), *of_overdue(at_risk, lost, currencies), *self._expiring(currencies)]
        )

    def _overdue(self, category: str, since: date) -> list[OverdueHint]:
        found: dict[str, OverdueHint] = {}
        tomorrow = self._today() + _A_DAY  # a salon further east may have it already
        for until in (tomorrow, self._today() - WEEK - _A_DAY):
            if until >= since:
                hints = self.world.store.overdue_hints(
                    self.access.network_id, category, since, until, limit=LISTED
                )
                found |= {each.client_id: each for each in hints if self._reaches(each.salon_id)}
        return [each for each in found.values() if not self._rests(each)]

    def _rests(self, hint: OverdueHint) -> bool:
        salon = self.directory.salons.get(hint.salon_id)
        zone = salon.timezone if salon else self.directory.zone
        today = local_date(self.world.now(), zone)
        if hint.called_at is None or local_date(hint.called_at, zone) == today:
            return False
        return rests(hint.called, hint.called_at, hint.last_visit_on, today, zone)

    def _expiring(self, currencies: dict[str, str]) -> list[Grounds]:
        today = self._today()
        found = self.world.store.points_hints(
            self.access.network_id, today, today + EXPIRES_WITHIN + 2 * _A_DAY, limit=LISTED
        )
        rules = self.directory.rules.bonuses

        def worth(hint: PointsHint) -> int:
            return hint.points * rules.point_value(currencies.get(hint.salon_id or "", ""))

        reached = [each for each in found if each.salon_id is None or self._reaches(each.salon_id)]
        best = sorted(reached, key=lambda each: (-worth(each), each.client_id))
        return [Grounds(each.client_id, CallReason.BALANCE_EXPIRING, {}) for each in best]

    def _tasks(self) -> list[Task]:
        found: list[Task] = []
        cursor, oldest = None, self.world.now() - TASKS_OF
        for _ in range(TASK_PAGES):
            page = self.world.store.get_page(
                Task, network_id=self.access.network_id, limit=TASKS, cursor=cursor
            )
            found += [each for each in page.items if each.at > oldest and reaches_task(self.access, each)]
            cursor = page.cursor
            if cursor is None or (page.items and page.items[-1].at <= oldest):
                break
        return [each for each in found if each.salon_id is None or self._reaches(each.salon_id)]

    def _reaches(self, salon_id: str) -> bool:
        return not self.salon_ids or salon_id in self.salon_ids

    # --- who of them is called

    def _chosen(self) -> Iterator[_Chosen]:
        candidates = islice(self._candidates(), MOST_READ)
        while some := list(islice(candidates, READ_AT_ONCE)):
            known = self._clients(some)
            ids = [each.id for each in known.values()]
            accounts = {
                each.client_id: each for each in self.world.store.accounts_named(self.access.network_id, ids)
            }
            for candidate in some:
                client = known.get(candidate.client_id)
                if client is not None and client.id not in self.seen:
                    self.seen.add(client.id)
                    empty = Account(network_id=client.network_id, client_id=client.id)
                    yield from self._verified(candidate, client, accounts.get(client.id, empty))

    def _clients(self, candidates: Iterable[Candidate]) -> dict[str, Client]:
        """The client of each candidate who has a phone and may be called; after a merge the target."""
        ids = [each.client_id for each in candidates]
        found: dict[str, Client] = {}
        for named in self.world.store.clients_named(self.access.network_id, ids):
            client = surviving_client(self.world, named)
            if client is not None and may_be_phoned(client):
                found[named.id] = client
        return found

    def _verified(self, candidate: Candidate, client: Client, account: Account) -> Iterator[_Chosen]:
        today, zone = today_of(client, self.directory, self.world.now()), salon_zone(client, self.directory)
        call = client.last_call
        grounds = tuple(self._present(candidate, client, account, today))
        if not grounds:
            return
        if was_called_on(call, today, zone):
            yield _Chosen(client, account)
            return
        if call is not None and rests(call.result, call.at, client.last_visit_on, today, zone):
            return
        days = [visit.on for visit in client.recent_visits][:VISITS_LOOKED_AT]
        midnight = day_start(today, zone)
        since = day_start(min(days), zone) if days else midnight
        starts = self.world.store.starts_of_client(
            client.network_id, client.id, min(since, midnight), self.world.now() + _AHEAD
        )
        if self._has_booking(client, [id_ for id_, at in starts if at >= midnight]):
            return
        salon = salon_of(client, self.directory)
        rules = self.directory.messages_for(salon.id) if salon else self.directory.rules.messages
        if is_capped(messages_reaching(self.world.store, client, midnight - WEEK), rules):
            return  # who was written to seven days ago is left alone until midnight: the list stays all day
        yield _Chosen(client, account, grounds, tuple(id_ for id_, at in starts if at < midnight))

    def _has_booking(self, client: Client, booking_ids: list[str]) -> bool:
        """Whether the client has a booking of today, or ahead."""
        if not booking_ids:
            return False
        return any(each.is_upcoming for each in self.world.store.bookings(client.network_id, booking_ids))

    # --- why

    def _present(
        self, candidate: Candidate, client: Client, account: Account, today: date
    ) -> Iterator[Grounds]:
        """The grounds that hold as of now, with their figures."""
        salon = salon_of(client, self.directory)
        for each in candidate.grounds:
            reached = each.salon_id or (salon.id if salon else "")
            if not self._reaches(reached):
                continue
            figures = self._figures(each, client, account, today)
            if figures is not None:
                yield replace(each, client_id=client.id, figures=figures)

    def _figures(
        self, grounds: Grounds, client: Client, account: Account, today: date
    ) -> dict[str, object] | None:
        by = self.directory.rules.categories
        category, rhythm = category_alone(client, by, today), rhythm_of(client, by)
        match grounds.reason:
            case CallReason.LOW_RATING | CallReason.REPLY_UNANSWERED:
                return dict(grounds.figures)
            case CallReason.REGULAR_AT_RISK:
                if category != AT_RISK or not was_regular(client) or rhythm.expected_on is None:
                    return None
                return {
                    "usual_gap_days": usual_gap_days([visit.on for visit in client.recent_visits]),
                    "expected_on": rhythm.expected_on,
                    "days_over": (today - rhythm.expected_on).days,
                }
            case CallReason.HIGH_VALUE_LOST:
                lost_on, currency = rhythm.lost_on, self._currency(client)
                spent = client.spent_minor.get(currency, 0)
                if category != LOST or lost_on is None or today - lost_on > LOST_LATELY or spent <= 0:
                    return None
                return {"spent_minor": spent, "currency": currency, "lost_on": lost_on}
            case CallReason.BALANCE_EXPIRING:
                return self._points(client, account, today)

    def _points(self, client: Client, account: Account, today: date) -> dict[str, object] | None:
        now, zone, currency = self.world.now(), self.directory.zone, self._currency(client)
        held = account.held_by_lot()
        soon: dict[date, int] = {}
        for lot in account.lots:
            if lot.expires_at is not None and lot.is_available(now):
                day = last_day(lot.expires_at, zone)
                soon[day] = soon.get(day, 0) + lot.remaining - held.get(lot.number, 0)
        days = [day for day, points in soon.items() if points > 0 and day <= today + EXPIRES_WITHIN]
        if not days:
            return None
        points = soon[min(days)]
        worth = points * self.directory.rules.bonuses.point_value(currency)
        if not is_big(worth, client.spent_minor.get(currency, 0), client.visits_count):
            return None
        return {
            "points": points, "worth_minor": worth, "currency": currency, "expires_on": min(days),
        }  # fmt: skip

    def _currency(self, client: Client) -> str:
        salon = salon_of(client, self.directory)
        return salon.currency if salon else ""
