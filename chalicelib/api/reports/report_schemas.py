"""Questions and answers of reports."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType, to_builtins

from chalicelib.api.http.endpoint import Answer
from chalicelib.api.http.parsing import Body
from chalicelib.api.http.schemas import Answered, Cursor, Id, Limit, Money, Word
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.networks.access import Access
from chalicelib.domain.reports.questions import ClientValue, ListedClient, Question, Report
from chalicelib.domain.reports.report_forms import FORMS
from chalicelib.domain.shared.errors import malformed
from chalicelib.domain.shared.months import first_day_of_month, last_day_of_month, month_number

UNKNOWN = "-"
"""A filter for visits of which the value is unknown: an empty parameter is refused."""
DayOrMonth = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}(-\d{2})?$")]
Days = Annotated[str, Meta(pattern=r"^\d{1,6}(,\d{1,6}){0,20}$")]
Salons = Annotated[str, Meta(min_length=1, max_length=4000)]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]
Cell = str | int | float | None


class ReportQuery(Body, rename={"from_": "from"}):
    """What a report can be asked; docs/metrics.md says which report takes what.

    from, to      local dates of the salons, both included; of `cohorts` months, `2026-03`; of `flows` either.
    days          lengths of windows, by commas.
    salon_id      one or several, by commas; by default all that the key reaches.
    staff_id, service_id, service_category, source
                  `-`: visits of which it is unknown.
    currency      of `value`: the visits that were paid in it; by default the one of most visits.
    before, after of `flows`: the category that a client had, and the one that they came to.
    reason        of a list of `leaving`: the key of a row.
    kind          of `lift`: one kind of marketing, such as `win_back`.
    list          the clients behind the figure: base, returned, lost or maturing; of `rebooking`, returned:
                  who rebooked at one visit at least; of `lift`, held_out: who was left alone.
    format        csv: the rows as a file; where there are none, the total.
    """

    definition: Word | None = None
    from_: DayOrMonth | None = None
    to: DayOrMonth | None = None
    return_from: date | None = None
    return_to: date | None = None
    days: Days | None = None
    who: Word | None = None
    returned_to: Word | None = None
    by: Word | None = None
    salon_id: Salons | None = None
    staff_id: Id | None = None
    service_id: Id | None = None
    service_category: Word | None = None
    source: Word | None = None
    currency: Currency | None = None
    before: Word | None = None
    after: Word | None = None
    reason: Word | None = None
    kind: Word | None = None
    list: Word | None = None
    format: Literal["json", "csv"] = "json"
    limit: Limit = 50
    cursor: Cursor | None = None


class DefinitionAnswer(Answered):
    """parameters: those of the question, with the defaults that were filled in."""

    id: str
    version: int
    says: str
    parameters: dict[str, Any]


class ReportAnswer(Answered):
    """Rates are fractions from 0 to 1; a rate of nobody is null. docs/metrics.md has each figure.

    zone      the network's time zone. as_of: the instant up to which visits are counted.
    final_on  the first local date on which no window is open any more; null: there are no windows.
    rows      `key`, `name` and figures, one row for each value of `by`. With `list` the answer has `items`
              and `next_cursor` instead.
    """

    report: str
    definition: DefinitionAnswer
    zone: str
    as_of: datetime
    final_on: date | None
    rows: list[dict[str, Any]]
    total: dict[str, Any]


class ClientValueAnswer(Answered):
    """What a client is worth, in one currency. expected, expected_visits: of the next 365 days; null: not
    foretold."""

    realised: Money
    expected: Money | None
    expected_visits: float | None


class ListedClientAnswer(Answered):
    """last_visit_on, visits_count and spent are of all visits until now; what is spent has its refunds taken
    off; last_visit_on is null where all were undone. staff_id: the specialist of the latest visit of the
    base. name: null for a client who is gone. value: in lists of the report `value`."""

    client_id: str
    name: str | None
    last_visit_on: date | None
    visits_count: int
    spent: list[Money]
    staff_id: str | None
    value: ClientValueAnswer | UnsetType = UNSET


def question_of(report: str, asked: ReportQuery, after: str | None) -> Question:
    """after: the last client of the page before. Raises INVALID_FIELD."""
    return Question(
        report=report,
        definition=asked.definition,
        first=_day(asked.from_, "from", report),
        last=_day(asked.to, "to", report),
        return_first=asked.return_from,
        return_last=asked.return_to,
        days=tuple(int(each) for each in asked.days.split(",")) if asked.days else (),
        who=asked.who,
        returned_to=asked.returned_to,
        by=asked.by,
        salon_ids=salons_named(asked.salon_id),
        staff_id=_filter(asked.staff_id),
        service_id=_filter(asked.service_id),
        service_category=_filter(asked.service_category),
        source=_filter(asked.source),
        currency=asked.currency,
        category_before=asked.before,
        category_after=asked.after,
        reason=asked.reason,
        kind=asked.kind,
        listed=asked.list,
        limit=asked.limit,
        after=after,
    )


_BY_MONTHS = frozenset(name for (name, _), form in FORMS.items() if form.whole_months)
"""The reports whose period is named by months."""
_BY_MONTHS_TOO = frozenset(name for (name, _), form in FORMS.items() if form.names_months)


def _day(text: str | None, field: str, report: str) -> date | None:
    """A date; of a month that is named, its first or its last day."""
    if text is None:
        return None
    try:
        if len(text) == len("2026-03") and report in _BY_MONTHS | _BY_MONTHS_TOO:
            month = month_number(date.fromisoformat(f"{text}-01"))
            return first_day_of_month(month) if field == "from" else last_day_of_month(month)
        return date.fromisoformat(text)
    except ValueError as error:
        wanted = "a month, such as 2026-03" if report in _BY_MONTHS else "a date, such as 2026-03-31"
        raise malformed("INVALID_FIELD", f"{field}: {wanted}.", field=field) from error


def salons_named(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    return tuple(sorted({each.strip() for each in text.split(",")}))


def _filter(value: str | None) -> str | None:
    return "" if value == UNKNOWN else value


# --- answering


def report_shown(report: Report) -> ReportAnswer:
    definition = report.definition
    return ReportAnswer(
        report=report.report,
        definition=DefinitionAnswer(
            id=definition.id,
            version=definition.version,
            says=definition.says,
            parameters=dict(definition.parameters),
        ),
        zone=report.zone,
        as_of=report.as_of,
        final_on=report.final_on,
        rows=[dict(row) for row in report.rows],
        total=dict(report.total),
    )


def client_shown(access: Access, listed: ListedClient, client: Client | None) -> ListedClientAnswer:
    return ListedClientAnswer(
        client_id=listed.client_id,
        name=access.as_shown(client.name) if client is not None else None,
        last_visit_on=listed.last_visit_on,
        visits_count=listed.visits_count,
        spent=[
            Money(amount_minor=amount, currency=currency)
            for currency, amount in sorted(listed.spent_minor.items())
        ],
        staff_id=listed.staff_id,
        value=_value_shown(listed.value),
    )


def _value_shown(value: ClientValue | None) -> ClientValueAnswer | UnsetType:
    if value is None:
        return UNSET
    expected = value.expected_minor
    return ClientValueAnswer(
        realised=Money(amount_minor=value.realised_minor, currency=value.currency),
        expected=None if expected is None else Money(amount_minor=expected, currency=value.currency),
        expected_visits=value.expected_visits,
    )


# --- files

CSV = "text/csv; charset=utf-8"


def file_of(name: str, text: str) -> Answer:
    headers = {"Content-Type": CSV, "Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Answer(text, 200, headers)


def report_as_csv(report: ReportAnswer) -> str:
    rows = report.rows or [{"key": "total", "name": "", **report.total}]
    return csv_text([flat_row(row) for row in rows])


def clients_as_csv(clients: list[ListedClientAnswer]) -> str:
    """A page of a list; its amounts in a column for each currency, `spent_MDL`."""
    names = [name for name in ListedClientAnswer.__struct_fields__ if name not in {"spent", "value"}]
    rows = [
        {name: _cell(getattr(each, name)) for name in names}
        | {f"spent_{amount.currency}": amount.amount_minor for amount in each.spent}
        | (flat_row({"value": to_builtins(each.value)}) if each.value is not UNSET else {})
        for each in clients
    ]
    return csv_text(rows, names)


def flat_row(row: Mapping[str, Any], prefix: str = "") -> dict[str, Cell]:
    """`{"interval": [0.1, 0.2]}` becomes `interval_0` and `interval_1`."""
    found: dict[str, Cell] = {}
    for name, value in row.items():
        inner = dict(enumerate(value)) if isinstance(value, list | tuple) else value
        if isinstance(inner, Mapping):
            found |= flat_row({str(key): each for key, each in inner.items()}, f"{prefix}{name}_")
        else:
            found[f"{prefix}{name}"] = _cell(value)
    return found


def _cell(value: Any) -> Cell:
    return value if value is None or isinstance(value, str | int | float) else str(value)


def csv_text(rows: list[dict[str, Cell]], first: list[str] | None = None) -> str:
    """The rows as a file, with a byte order mark: without it spreadsheets misread Cyrillic."""
    columns = list(dict.fromkeys([*(first or ()), *(name for row in rows for name in row)]))
    lines = [columns, *([_text(row.get(name)) for name in columns] for row in rows)]
    return "\ufeff" + "".join(",".join(_quoted(line)) + "\r\n" for line in lines)


def _text(value: Cell) -> str:
    """No spreadsheet takes a name for a formula."""
    text = "" if value is None else str(value)
    is_formula = isinstance(value, str) and re.match(r"[=+\-@\t\r]", value)
    return f"'{text}" if is_formula else text


def _quoted(cells: list[str]) -> Iterator[str]:
    for cell in cells:
        yield '"' + cell.replace('"', '""') + '"' if re.search(r'[",\r\n]', cell) else cell
