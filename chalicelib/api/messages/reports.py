"""Reports over the log of messages."""

from typing import Annotated

from msgspec import Meta

from chalicelib.api.http.endpoint import OFFICE, Ask, endpoint, get, salons_of
from chalicelib.api.http.parsing import Body
from chalicelib.api.http.schemas import Answered, Cursor, Id, Limit, Listing, in_pages
from chalicelib.domain.shared.months import month_name
from chalicelib.services.messages.report_costs import CostLine, budget_of, costs_of, total_of
from chalicelib.services.networks.set_up import get_salon

Month = Annotated[str, Meta(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")]


class CostFilter(Body):
    """month: `2026-11` (UTC), by default the present one. limit: how many salons make a page at most."""

    month: Month | None = None
    salon_id: Id | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class CostSums(Answered):
    """messages: those that were tried, skipped: those that were not made. cost_micros: millionths of a US
    dollar, as far as is known; charged_micros: how much of that receipts have told."""

    messages: int
    skipped: int
    parts: int
    cost_micros: int
    charged_micros: int


class CostLineAnswer(CostSums):
    salon_id: str
    kind: str
    channel: str


class BudgetAnswer(Answered):
    """budget_micros null: there is no budget. reserved_micros: what was taken from it."""

    budget_micros: int | None
    reserved_micros: int


class CostAnswer(Answered):
    """totals: of this page's items. budget: for those who see the whole network, else null."""

    month: str
    items: list[CostLineAnswer]
    totals: CostSums
    budget: BudgetAnswer | None
    next_cursor: str | None


@get("/v1/reports/messages/costs")
@endpoint(roles=OFFICE, query=CostFilter, answer=CostAnswer)
def costs(ask: Ask) -> CostAnswer:
    """What messages cost in a month, by salon, kind and channel; salon after salon."""
    asked: CostFilter = ask.query
    network_id, month = ask.access.network_id, asked.month or month_name(ask.world.now())
    if asked.salon_id is not None:
        salons = [get_salon(ask.world, ask.access, asked.salon_id)]
    else:
        known = ask.world.directory(network_id).salons
        salons = [known[salon_id] for salon_id in salons_of(ask)]
    page = in_pages(salons, Listing(limit=asked.limit, cursor=asked.cursor))
    lines, counted = costs_of(ask.world, network_id, [salon.id for salon in page.items], month)
    if counted < len(page.items):
        page = in_pages(salons, Listing(limit=counted, cursor=asked.cursor))
    total, of_whole = total_of(lines), ask.access.sees_whole_network
    return CostAnswer(
        month=month,
        items=[
            CostLineAnswer(**_sums(line), salon_id=line.salon_id, kind=line.kind, channel=line.channel)
            for line in lines
        ],
        totals=CostSums(**_sums(total)),
        budget=_budget(ask, month) if of_whole else None,
        next_cursor=page.next_cursor,
    )


def _sums(line: CostLine) -> dict[str, int]:
    return {name: getattr(line, name) for name in CostSums.__struct_fields__}


def _budget(ask: Ask, month: str) -> BudgetAnswer:
    found = budget_of(ask.world, ask.access.network_id, month)
    return BudgetAnswer(budget_micros=found.budget_micros, reserved_micros=found.reserved_micros)
