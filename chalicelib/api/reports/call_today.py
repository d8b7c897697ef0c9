"""The clients to call today."""

from datetime import date, datetime
from typing import Any, Literal

from chalicelib.api.clients.client_schemas import shown_name
from chalicelib.api.clients.statement_schemas import CallAnswer, call_answer
from chalicelib.api.http.endpoint import DESK, Answer, Ask, endpoint, get
from chalicelib.api.http.kept import kept_of
from chalicelib.api.http.parsing import Body
from chalicelib.api.http.schemas import Answered, Money
from chalicelib.api.reports.report_schemas import Salons, csv_text, file_of, flat_row, salons_named
from chalicelib.domain.clients.client_plan import salon_of, today_of
from chalicelib.domain.clients.kept_category import category_alone
from chalicelib.domain.clients.rhythm import rhythm_of
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.reports.call_list import Grounds
from chalicelib.domain.shared.masks import masked_phone
from chalicelib.domain.shared.quotas import CallerKind
from chalicelib.services.networks.set_up import get_salon
from chalicelib.services.reports.call_today import ClientToCall, call_list
from chalicelib.texts.call_reasons import call_reason_name


class CallQuery(Body):
    """salon_id: one or several, by commas; by default all that the key reaches. format: csv, the same as a
    file."""

    salon_id: Salons | None = None
    format: Literal["json", "csv"] = "json"


class Balance(Answered):
    """Points: all, and those that can be spent now."""

    balance: int
    available: int


class ClientToCallAnswer(Answered):
    """reasons: each with its `code`, what it `says` in the network's language, and its figures. salon_id: of
    the salon that speaks to the client. staff_id: the specialist who served the client most often in the last
    three visits."""

    client_id: str
    name: str
    phone: str | None
    reasons: list[dict[str, Any]]
    category: str
    salon_id: str | None
    staff_id: str | None
    staff_name: str | None
    last_visit_on: date | None
    visits_count: int
    usual_gap_days: int | None
    expected_on: date | None
    spent: list[Money]
    bonus: Balance
    last_call: CallAnswer | None


class CallListAnswer(Answered):
    """on: the network's local date. called: how many clients of today's list were called already; they and
    `items` are 20 together at most. next_cursor: always null."""

    report: str
    as_of: datetime
    on: date
    called: int
    items: list[ClientToCallAnswer]
    next_cursor: None = None


@get("/v1/reports/call-today")
@endpoint(roles=DESK, query=CallQuery, answer=CallListAnswer)
def call_today(ask: Ask) -> CallListAnswer | Answer:
    """Best first. Counts as a request that writes, since it reads some 100 units."""
    asked: CallQuery = ask.query
    access = ask.access
    kept_of(ask.world).quotas.count(access.network_id, access.actor, CallerKind(access.role.value))
    salon_ids = salons_named(asked.salon_id) or ()
    for salon_id in salon_ids:
        get_salon(ask.world, access, salon_id)
    directory = ask.world.directory(access.network_id)
    found = call_list(ask.world, access, salon_ids)
    items = [_shown(ask, directory, each) for each in found.items]
    if asked.format == "csv":
        return file_of("call-today", csv_text([_row(each) for each in items], COLUMNS))
    return CallListAnswer(
        report="call-today", as_of=ask.world.now(), on=found.on, called=found.called, items=items
    )


def _shown(ask: Ask, directory: Directory, each: ClientToCall) -> ClientToCallAnswer:
    access, client, by = ask.access, each.client, directory.rules.categories
    now = ask.world.now()
    rhythm, salon = rhythm_of(client, by), salon_of(client, directory)
    staff = directory.staff.get(each.staff_id or "")
    return ClientToCallAnswer(
        client_id=client.id,
        name=access.as_shown(shown_name(client, directory)),
        phone=client.phone if access.sees_contacts else masked_phone(client.phone),
        reasons=[_reason(grounds, directory.network.language) for grounds in each.grounds],
        category=category_alone(client, by, today_of(client, directory, now)),
        salon_id=salon.id if salon else None,
        staff_id=each.staff_id,
        staff_name=staff.name if staff else None,
        last_visit_on=client.last_visit_on,
        visits_count=client.visits_count,
        usual_gap_days=rhythm.usual_gap_days,
        expected_on=rhythm.expected_on,
        spent=[
            Money(amount_minor=minor, currency=code) for code, minor in sorted(client.spent_minor.items())
        ],
        bonus=Balance(balance=each.account.balance, available=each.account.available(now)),
        last_call=call_answer(client.last_call),
    )


def _reason(grounds: Grounds, language: str) -> dict[str, Any]:
    says = call_reason_name(grounds.reason, language)
    return {"code": grounds.reason.value, "says": says, **grounds.figures}


COLUMNS = ["client_id", "name", "phone", "reasons", "says"]


def _row(each: ClientToCallAnswer) -> dict[str, Any]:
    same = ("client_id", "name", "phone", "category", "salon_id", "staff_id", "staff_name", "last_visit_on",
            "visits_count", "usual_gap_days", "expected_on")  # fmt: skip
    return {
        **flat_row({name: getattr(each, name) for name in same}),
        "reasons": " ".join(reason["code"] for reason in each.reasons),
        "says": "; ".join(reason["says"] for reason in each.reasons),
        **{f"spent_{amount.currency}": amount.amount_minor for amount in each.spent},
        "balance": each.bonus.balance,
        "available": each.bonus.available,
        "last_call": each.last_call.result if each.last_call else None,
    }
