"""What an index tells of clients whom the salon may want to call: enough to choose from, without reading any
client. Who is chosen is read afterwards, and what is written here is checked again."""

from collections.abc import Mapping
from datetime import date, datetime

from msgspec import Struct

from chalicelib.domain.clients.calls import CallResult
from chalicelib.domain.clients.categories import OVERDUE
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.clients.consents import BY_PHONE
from chalicelib.domain.loyalty.account import Account, expiry_day
from chalicelib.domain.shared.touches import TouchKind

_NOTHING = "-"
_ONE_DAY_EITHER_SIDE = 2


class OverdueHint(Struct, frozen=True, kw_only=True):
    """A client who is at risk or lost, and may be called.

    since     the local date of the change.
    salon_id  of the last visit. was: the category at that time.
    spent_minor  in all, by currency.
    called, called_at  the last call; None: there was none.
    """

    client_id: str
    since: date
    salon_id: str
    last_visit_on: date
    was: str
    spent_minor: Mapping[str, int]
    called: CallResult | None = None
    called_at: datetime | None = None


class PointsHint(Struct, frozen=True, kw_only=True):
    """An account with points that expire soon, of which the client was to be warned.

    since     the UTC date of the expiry.
    salon_id  the salon that granted them; None: no salon did.
    """

    client_id: str
    since: date
    salon_id: str | None
    points: int


def may_be_phoned(client: Client) -> bool:
    """Whether there is a number of the client's own, and no refusal of messages to it."""
    refused = any(not each.granted for each in client.consents if each.channel in BY_PHONE)
    return bool(client.phone) and not refused and client.merged is None


# --- overdue clients


def packed_overdue(client: Client) -> str | None:
    """The text of the hint; None of a client who is not overdue, or cannot be called. It changes only where a
    visit, a refund, a call, the phone or a consent does: not with each save of the client."""
    if client.category not in OVERDUE or client.last_visit_on is None or not may_be_phoned(client):
        return None
    spent = ",".join(f"{code}:{minor}" for code, minor in sorted(client.spent_minor.items()))
    call = client.last_call
    called = f"{call.result.value}@{call.at.isoformat(timespec='minutes')}" if call else _NOTHING
    visit = client.recent_visits[0]
    return " ".join(
        (visit.salon_id, str(visit.on), _category_at_last_visit(client), spent or _NOTHING, called)
    )


def overdue_hint(client_id: str, since: str, text: str) -> OverdueHint:
    salon_id, last_visit_on, was, spent, call = text.split(" ")
    amounts = [each.split(":") for each in spent.split(",")] if spent != _NOTHING else []
    result, _, at = call.partition("@")
    return OverdueHint(
        client_id=client_id,
        since=date.fromisoformat(since),
        salon_id=salon_id,
        last_visit_on=date.fromisoformat(last_visit_on),
        was=was,
        spent_minor={code: int(minor) for code, minor in amounts},
        called=CallResult(result) if at else None,
        called_at=datetime.fromisoformat(at) if at else None,
    )


def _category_at_last_visit(client: Client) -> str:
    last = client.last_visit_on
    since = (each.before for each in client.category_changes if last is not None and each.on > last)
    return next(since, None) or str(client.category)


def was_regular(client: Client) -> bool:
    """Whether an overdue client was regular when they last came."""
    return _category_at_last_visit(client) == "regular"


# --- points


def packed_points(account: Account) -> tuple[str, str] | None:
    """The UTC date of the next expiry, and the text of the hint. None where no warning of these points was
    ever due: nothing is written for an account until that warning, which saves it anyway."""
    warned = account.touches.get(TouchKind.BONUS_EXPIRY)
    ends = [lot.expires_at for lot in account.lots if lot.expires_at is not None and lot.remaining > 0]
    if warned is None or not ends or account.moved_to is not None:
        return None
    end = min(ends)
    if (end.date() - expiry_day(warned.occurrence)).days > _ONE_DAY_EITHER_SIDE:
        return None
    lots = [lot for lot in account.lots if lot.expires_at == end and lot.remaining > 0]
    salon_id = max(lots, key=lambda lot: lot.remaining).salon_id
    points = sum(lot.remaining for lot in lots)
    return end.date().isoformat(), f"{salon_id or _NOTHING} {points}"


def points_hint(client_id: str, since: str, text: str) -> PointsHint:
    salon_id, points = text.split(" ")
    return PointsHint(
        client_id=client_id,
        since=date.fromisoformat(since),
        salon_id=None if salon_id == _NOTHING else salon_id,
        points=int(points),
    )
