"""Reports: who returns, to whom, and what it is worth."""

from typing import Any

from chalicelib.api.http.endpoint import Answer, Ask, endpoint, get
from chalicelib.api.http.kept import kept_of
from chalicelib.api.http.schemas import PageOf
from chalicelib.api.reports.report_schemas import (
    ListedClientAnswer,
    ReportAnswer,
    ReportQuery,
    client_shown,
    clients_as_csv,
    file_of,
    question_of,
    report_as_csv,
    report_shown,
)
from chalicelib.domain.networks.network import Role
from chalicelib.domain.reports.questions import ListedClients
from chalicelib.domain.reports.report_forms import CLIENT
from chalicelib.domain.shared.quotas import CallerKind
from chalicelib.services.reports.ask_report import ask_report, clients_by_id

READERS = frozenset({Role.OWNER, Role.MANAGER, Role.SPECIALIST})


@get("/v1/reports/{name}")
@endpoint(roles=READERS, query=ReportQuery, answer=ReportAnswer)
def report(ask: Ask, name: str) -> ReportAnswer | PageOf[ListedClientAnswer] | Answer:
    """A report, or with `list` the clients behind a figure: `items` and `next_cursor`. A manager gets the
    figures of the key's salons, a specialist their own. A report counts as a request that writes."""
    asked: ReportQuery = ask.query
    access = ask.access
    kept_of(ask.world).quotas.count(access.network_id, access.actor, CallerKind(access.role.value))
    question = question_of(name, asked, asked.cursor)
    answer = ask_report(ask.world, access, ask.container.reports(), question)
    if isinstance(answer, ListedClients):
        known = clients_by_id(ask.world, access.network_id, [each.client_id for each in answer.items])
        items = [client_shown(access, each, known.get(each.client_id)) for each in answer.items]
        if asked.format == "csv":
            return file_of(name, clients_as_csv(items))
        return PageOf(items=items, next_cursor=answer.next_after)
    shown = report_shown(answer)
    if answer.definition.parameters.get("by") == CLIENT:
        shown.rows = _named(ask, shown.rows)
    return file_of(name, report_as_csv(shown)) if asked.format == "csv" else shown


def _named(ask: Ask, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows by client with the clients' names; null for a client who is gone."""
    known = clients_by_id(ask.world, ask.access.network_id, [row["key"] for row in rows])
    return [
        row | {"name": ask.access.as_shown(known[row["key"]].name) if row["key"] in known else None}
        for row in rows
    ]
